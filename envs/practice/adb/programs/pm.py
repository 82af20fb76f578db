"""``pm`` and ``cmd``: what is installed, and the other services by another door."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from .am import Intent, read_intent, resolve, run_am
from .apps import LAUNCHER, Package, full, packages
from .call import Call, Programs, Wrong
from .inputs import run_input
from .prefs import run_settings, run_wm

_LAUNCH = "android.intent.category.LAUNCHER"
_MATCH = "priority=0 preferredOrder=0 match=0x108000 specificIndex=-1"


async def run_pm(call: Call) -> int:
    """The program ``pm``."""
    command, *rest = call.args or ("",)
    run = _COMMANDS.get(command)
    if run is None:
        known = ", ".join(_COMMANDS)
        await call.complain(f"Unknown command: {command}\nThis phone knows: {known}")
        return 255
    return await run(call, tuple(rest))


async def _list(call: Call, words: tuple[str, ...]) -> int:
    if words[:1] == ("users",):
        await call.say("Users:\n\tUserInfo{0:Owner:4c13} running")
        return 0
    if words[:1] not in (("packages",), ("package",)):
        raise Wrong(f"Error: unknown list type '{' '.join(words[:1])}'", 255)
    options = {word for word in words[1:] if word.startswith("-")}
    sought = next((word for word in words[1:] if word[:1] != "-" and not word.isdigit()), "")
    for app in packages(call.system).values():
        hidden = ("-3" in options and app.own) or ("-s" in options and not app.own)
        if hidden or "-d" in options or sought not in app.name:
            continue
        line = f"{app.path}={app.name}" if "-f" in options else app.name
        line += " versionCode:1" if "--show-versioncode" in options else ""
        line += f" uid:{app.uid}" if "-U" in options else ""
        line += "  installer=null" if "-i" in options else ""
        await call.say(f"package:{line}")
    return 0


async def _path(call: Call, words: tuple[str, ...]) -> int:
    app = packages(call.system).get(_name(words, "path"))
    if app is None:
        return 1
    await call.say(f"package:{app.path}")
    return 0


def _name(words: tuple[str, ...], command: str) -> str:
    names = [word for word in words if word[:1] != "-" and not word.isdigit()]
    if not names:
        raise Wrong(f'Error: Argument expected after "{command}"', 255)
    return names[0]


async def _refuse(call: Call, words: tuple[str, ...]) -> int:
    del words
    await call.complain("Failure [INSTALL_FAILED_USER_RESTRICTED: apps of this phone are fixed]")
    return 1


async def _clear(call: Call, words: tuple[str, ...]) -> int:
    app = packages(call.system).get(_name(words, "clear"))
    if app is None:
        await call.say("Failed")
        return 1
    raise Wrong("Failed: what apps of this phone hold is cleared where the phone was started")


async def _resolve(call: Call, words: tuple[str, ...]) -> int:
    brief = "--brief" in words
    intent, _ = read_intent(
        tuple(word for word in words if word not in ("--brief", "--components"))
    )
    intent = replace(intent, action=intent.action or "android.intent.action.MAIN")
    package = resolve(call.system, intent)
    app = packages(call.system).get(package or "")
    if app is None:
        await call.say("No activity found")
        return 0
    if app.name == LAUNCHER:
        app = replace(app, activity=".HomeActivity")
    if brief:
        await call.say(f"{_MATCH} isDefault=true\n{app.component}")
    else:
        await call.say(f"{_MATCH} isDefault=true\n{_described(app, '')}")
    return 0


async def _query(call: Call, words: tuple[str, ...]) -> int:
    plain = tuple(word for word in words if word not in ("--brief", "--components"))
    intent, _ = read_intent(plain)
    found = [app for app in packages(call.system).values() if app.activity and _fits(app, intent)]
    if not found:
        await call.say("No activities found")
        return 0
    if "--components" in words:
        await call.say("\n".join(app.component for app in found))
        return 0
    await call.say(f"{len(found)} activities found:")
    for number, app in enumerate(found):
        await call.say(f"  Activity #{number}:\n    {_MATCH} isDefault=false")
        await call.say(f"    {app.component}" if "--brief" in words else _described(app, "    "))
    return 0


def _fits(app: Package, intent: Intent) -> bool:
    starts = intent.action in ("", "android.intent.action.MAIN")
    return starts and set(intent.categories) <= {_LAUNCH} and intent.package in ("", app.name)


def _described(app: Package, indent: str) -> str:
    name = full(app.activity, app.name)
    lines = (
        "ActivityInfo:",
        f"  name={name}",
        f"  packageName={app.name}",
        f"  labelRes=0x0 nonLocalizedLabel={app.label} icon=0x7f0d0000 banner=0x0",
        "  enabled=true exported=true directBootAware=false",
        f"  taskAffinity={app.name} targetActivity=null persistableMode=PERSIST_ROOT_ONLY",
        "  ApplicationInfo:",
        f"    name={app.name}.App",
        f"    packageName={app.name}",
        f"    labelRes=0x0 nonLocalizedLabel={app.label} icon=0x7f0d0000 banner=0x0",
        f"    processName={app.name}",
        f"    uid={app.uid} flags=0x3 privateFlags=0x0 theme=0x0",
    )
    return "\n".join(indent + line for line in lines)


async def _nothing(call: Call, words: tuple[str, ...]) -> int:
    del call, words  # permissions and the like: nobody on this phone asks for them
    return 0


_Command = Callable[[Call, tuple[str, ...]], Awaitable[int]]
_COMMANDS: dict[str, _Command] = {
    "list": _list,
    "path": _path,
    "clear": _clear,
    "install": _refuse,
    "install-create": _refuse,
    "uninstall": _refuse,
    "resolve-activity": _resolve,
    "query-activities": _query,
    "grant": _nothing,
    "revoke": _nothing,
}


async def run_cmd(call: Call) -> int:
    """The program ``cmd``, which hands on to services."""
    if not call.args:
        await call.complain("cmd: No service specified; use -l to list all services")
        return 20
    name, *rest = call.args
    if name == "-l":
        await call.say("Currently running services:")
        await call.say("\n".join(f"  {service}" for service in sorted(_SERVICES)))
        return 0
    service = _SERVICES.get(name)
    if service is None:
        await call.complain(f"cmd: Can't find service: {name}")
        return 20
    return await service(replace(call, argv=(name, *rest)))


async def _status_bar(call: Call) -> int:
    match call.args:
        case ("expand-notifications" | "expand-settings", *_):
            call.system.phone.open_shade()
        case ("collapse", *_):
            call.system.phone.close_overlay()
        case _:
            raise Wrong("Status bar commands: expand-notifications, expand-settings, collapse", 255)
    return 0


async def _night_mode(call: Call) -> int:
    if call.args[:1] != ("night",):
        raise Wrong("UiModeManager service (uimode) commands: night [yes|no]", 255)
    wanted = call.args[1] if len(call.args) > 1 else None
    if wanted in ("yes", "no"):
        call.system.phone.settings["secure"]["ui_night_mode"] = "2" if wanted == "yes" else "1"
    elif wanted is not None:
        raise Wrong("Error: mode must be 'yes' or 'no'", 255)
    dark = call.system.phone.settings["secure"].get("ui_night_mode") == "2"
    await call.say(f"Night mode: {'yes' if dark else 'no'}")
    return 0


_SERVICES: dict[str, Callable[[Call], Awaitable[int]]] = {
    "activity": run_am,
    "input": run_input,
    "package": run_pm,
    "settings": run_settings,
    "statusbar": _status_bar,
    "uimode": _night_mode,
    "window": run_wm,
}

PROGRAMS: Programs = {"pm": run_pm, "cmd": run_cmd}
