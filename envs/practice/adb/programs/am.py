"""``am`` and ``monkey``: starts and ends apps, and sends broadcasts.

Source: AOSP, frameworks/base/services/core/java/com/android/server/am/ActivityManagerShellCommand
and frameworks/base/cmds/monkey, for what they print.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from ..system import System
from .adb_keyboard import receive
from .apps import LAUNCHER, full, packages
from .call import Call, Programs, Wrong

_MAIN = "android.intent.action.MAIN"
_HOME = "android.intent.category.HOME"
_KEY_HOME = 3
# What apps answer to besides their icons.
_ACTIONS = {"android.settings.SETTINGS": "org.eyehand.settings"}
_START_S = 0.05


@dataclass(slots=True)
class Intent:
    """What an intent says, as far as this phone cares."""

    action: str = ""
    data: str = ""
    component: str = ""
    package: str = ""
    flags: int = 0
    categories: list[str] = field(default_factory=list)
    extras: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        parts = [f"act={self.action}" if self.action else ""]
        parts.append(f"cat=[{','.join(self.categories)}]" if self.categories else "")
        parts.append(f"dat={self.data}" if self.data else "")
        parts.append(f"flg=0x{self.flags:x}" if self.flags else "")
        parts.append(f"pkg={self.package}" if self.package else "")
        parts.append(f"cmp={self.component}" if self.component else "")
        parts.append("(has extras)" if self.extras else "")
        return f"Intent {{ {' '.join(part for part in parts if part)} }}"


_EXTRAS_OF_TWO_TEXT = """
    -e --es --ez --ei --el --ef --ed --eu --ecn --eia --ela --efa --esa --eial
"""
_EXTRAS_OF_TWO = frozenset(_EXTRAS_OF_TWO_TEXT.split())
_SWITCHES = frozenset(
    {"-W", "-S", "-D", "-N", "--activity-clear-top", "--include-stopped-packages"}
)
_OPTIONS = frozenset({"--user", "-R", "--display", "--windowingMode", "--receiver-permission"})


def read_intent(words: tuple[str, ...]) -> tuple[Intent, set[str]]:
    """An intent out of the words that describe one, and the switches among them.

    Raises:
        Wrong: A word is missing or unknown.
    """
    intent, switches = Intent(), set[str]()
    rest = iter(words)

    def after(option: str) -> str:
        found = next(rest, None)
        if found is None:
            raise Wrong(f'Error: Argument expected after "{option}"', 255)
        return found

    for word in rest:
        match word:
            case "-a":
                intent.action = after(word)
            case "-d":
                intent.data = after(word)
            case "-n":
                intent.component = after(word)
            case "-p":
                intent.package = after(word)
            case "-f":
                intent.flags = _flags(after(word))
            case "-c":
                intent.categories.append(after(word))
            case "-t" | "-i":
                after(word)
            case "--esn":
                intent.extras[after(word)] = ""
            case _ if word in _EXTRAS_OF_TWO:
                name = after(word)
                intent.extras[name] = after(word)
            case _ if word in _OPTIONS:
                after(word)
            case _ if word in _SWITCHES or word.startswith("--activity-"):
                switches.add(word)
            case _ if word.startswith("-"):
                raise Wrong(f"Error: Unknown option: {word}", 255)
            case _ if "/" in word:
                intent.component = word
            case _ if ":" in word:
                intent.data = word
            case _:
                intent.package = word
    return intent, switches


def _flags(word: str) -> int:
    try:
        return int(word, 0)
    except ValueError:
        raise Wrong(f"Error: Invalid flags: {word}", 255) from None


def resolve(system: System, intent: Intent) -> str | None:
    """The package that an intent starts; LAUNCHER for the home screen; None where there is none."""
    known = packages(system)
    if intent.component:
        package, _, activity = intent.component.partition("/")
        app = known.get(package)
        if app is None or not app.activity:
            return None
        return package if full(activity, package) == full(app.activity, package) else None
    if _HOME in intent.categories:
        return LAUNCHER
    if intent.package and intent.action in ("", _MAIN):
        app = known.get(intent.package)
        return app.name if app is not None and app.activity else None
    return _ACTIONS.get(intent.action)


def open_package(system: System, package: str) -> None:
    """Bring an app to the front, or the home screen."""
    if package == LAUNCHER:
        system.phone.key(_KEY_HOME)
    else:
        system.phone.launch(package)


async def run_am(call: Call) -> int:
    """The program ``am``."""
    command, *rest = call.args or ("",)
    run = _COMMANDS.get(command)
    if run is None:
        known = ", ".join(_COMMANDS)
        await call.complain(f"Unknown command: {command}\nThis phone knows: {known}")
        return 255
    return await run(call, tuple(rest))


async def _start(call: Call, words: tuple[str, ...]) -> int:
    intent, switches = read_intent(words)
    if not intent.component and not intent.action:
        intent.action = _MAIN
        if intent.package:
            intent.categories.append("android.intent.category.LAUNCHER")
    intent.flags = intent.flags or (0x10000000 if intent.package or intent.data else 0)
    await call.say(f"Starting: {intent}")
    package = resolve(call.system, intent)
    if package is None:
        if intent.component:
            name, _, activity = intent.component.partition("/")
            await call.complain(
                "Error type 3\n"
                f"Error: Activity class {{{name}/{full(activity, name)}}} does not exist."
            )
        else:
            await call.complain(f"Error: Activity not started, unable to resolve {intent}")
        return 1
    if "-S" in switches and package != LAUNCHER:
        call.system.phone.stop_app(package)
    if call.system.phone.current[0] == package:
        await call.complain(
            "Warning: Activity not started, intent has been delivered to currently running "
            "top-most instance."
        )
    open_package(call.system, package)
    if "-W" in switches:
        await asyncio.sleep(_START_S)
        current = "/".join(call.system.phone.current)
        await call.say(
            f"Status: ok\nLaunchState: COLD\nActivity: {current}\nTotalTime: 50\nWaitTime: 52\n"
            "Complete"
        )
    return 0


async def _stop(call: Call, words: tuple[str, ...]) -> int:
    names = [word for word in words if not word.startswith("-") and not word.isdigit()]
    if len(names) != 1:
        raise Wrong('Error: Argument expected after "force-stop"', 255)
    # A package that is not there is stopped already, for Android.
    call.system.phone.stop_app(names[0])
    return 0


async def _broadcast(call: Call, words: tuple[str, ...]) -> int:
    intent, _ = read_intent(words)
    intent.flags |= 0x400000
    await call.say(f"Broadcasting: {intent}")
    result = receive(call.system, intent.action, intent.package, intent.extras)
    await call.say(f"Broadcast completed: {result}")
    return 0


async def _stack(call: Call, words: tuple[str, ...]) -> int:
    if words[:1] != ("list",):
        raise Wrong("Error: unknown command; try: am stack list", 255)
    width, height = call.system.phone.size
    bounds = f"bounds=[0,0][{width},{height}]"
    current = call.system.phone.current
    tasks = call.system.phone.tasks_open()
    for number, (package, activity) in enumerate([*tasks, (LAUNCHER, ".HomeActivity")], start=1):
        visible = str((package, activity) == current).lower()
        component = f"{package}/{full(activity, package)}"
        await call.say(
            f"RootTask id={number} {bounds} displayId=0 userId=0\n"
            f" configuration={{1.0 {width}x{height}}}\n"
            f"  taskId={number}: {component} {bounds} userId=0 visible={visible} "
            f"topActivity=ComponentInfo{{{component}}}\n"
        )
    return 0


async def _user(call: Call, words: tuple[str, ...]) -> int:
    del words
    await call.say("0")
    return 0


_Command = Callable[[Call, tuple[str, ...]], Awaitable[int]]
_COMMANDS: dict[str, _Command] = {
    "start": _start,
    "start-activity": _start,
    "force-stop": _stop,
    "kill": _stop,
    "broadcast": _broadcast,
    "stack": _stack,
    "get-current-user": _user,
}


async def run_monkey(call: Call) -> int:
    """The program ``monkey``, which people use to start an app they know the package of."""
    options = {
        word: after
        for word, after in zip(call.args, call.args[1:], strict=False)
        if word[:1] == "-"
    }
    count = call.args[-1] if call.args else ""
    if not count.isdigit():
        await call.complain("** Error: Count not specified or not a number")
        return 255
    for word in call.args:
        await call.complain(f"  bash arg: {word}")
    app = packages(call.system).get(options.get("-p", ""))
    if app is None or not app.activity:
        await call.say("** No activities found to run, monkey aborted.")
        return 252
    open_package(call.system, app.name)
    await call.say(
        "Events injected: 1\n## Network stats: elapsed time=12ms (0ms mobile, 0ms wifi, "
        "12ms not connected)"
    )
    return 0


PROGRAMS: Programs = {"am": run_am, "monkey": run_monkey}
