"""``dumpsys``: what services say of themselves, as far as clients of adb read it.

Lines are those of Android 14; where older ones said it otherwise and clients look for that, both
are there.
"""

from collections.abc import Callable

from .. import screen
from ..system import System
from .apps import LAUNCHER, SYSTEM_UI, full, packages
from .call import Call, Programs

_HOME_ACTIVITY = (LAUNCHER, ".HomeActivity")
_SIDES = ("ROTATION_0", "ROTATION_90", "ROTATION_180", "ROTATION_270")


async def run_dumpsys(call: Call) -> int:
    """The program ``dumpsys``."""
    words = list(call.args)
    while words and words[0] in ("-t", "-T", "--priority"):
        del words[:2]
    if words[:1] == ["-l"]:
        await call.say("Currently running services:\n  " + "\n  ".join(sorted(_SERVICES)))
        return 0
    if not words:
        for name in sorted(_SERVICES):
            await call.say(f"{'-' * 79}\nDUMP OF SERVICE {name}:")
            await call.say(_SERVICES[name](call.system, []))
        return 0
    service = _SERVICES.get(words[0])
    if service is None:
        await call.complain(f"Can't find service: {words[0]}")
        return 0
    await call.say(service(call.system, words[1:]))
    return 0


def _number(text: str) -> str:
    """Something like an address, always the same for the same thing."""
    return f"{sum(ord(char) * 31**at for at, char in enumerate(text)) % 0xFFFFFFF:07x}"


def _long(activity: tuple[str, str]) -> str:
    return f"{activity[0]}/{full(activity[1], activity[0])}"


def _short(activity: tuple[str, str]) -> str:
    return "/".join(activity)


def _tasks(system: System) -> list[tuple[str, str]]:
    """Open tasks, the front one first; the home screen is the last, or the first in front."""
    tasks = system.phone.tasks_open()
    current = system.phone.current
    if current[0] == LAUNCHER:
        return [current, *tasks]
    return [*tasks, _HOME_ACTIVITY]


def _record(system: System, activity: tuple[str, str]) -> str:
    number = 1 + [task[0] for task in _tasks(system)].index(activity[0])
    return f"ActivityRecord{{{_number(_short(activity))} u0 {_short(activity)} t{number}}}"


def _focus(system: System) -> str:
    """Lines of what has the input: a window of the system's own may lie over the app."""
    phone = system.phone
    current = phone.current
    if not phone.awake:
        window = "null"
    elif current[0] == SYSTEM_UI or phone.locked:
        window = f"Window{{{_number('shade')} u0 NotificationShade}}"
    else:
        window = f"Window{{{_number(_long(current))} u0 {_long(current)}}}"
    app = _tasks(system)[0]
    return f"  mCurrentFocus={window}\n  mFocusedApp={_record(system, app)}"


def _window(system: System, words: list[str]) -> str:
    parts: dict[str, Callable[[System], str]] = {
        "policy": _window_policy,
        "displays": _window_displays,
        "windows": _window_windows,
    }
    wanted = {"p": "policy", "d": "displays", "w": "windows", "visible": "windows"}
    chosen = [wanted.get(word, word) for word in words if not word.startswith("-")]
    names = [name for name in chosen if name in parts] or list(parts)
    return "\n".join(parts[name](system) for name in names)


def _window_policy(system: System) -> str:
    phone = system.phone
    locked, awake = str(phone.locked).lower(), "ON" if phone.awake else "OFF"
    state = "AWAKE" if phone.awake else "SLEEP"
    return (
        "WINDOW MANAGER POLICY STATE (dumpsys window policy)\n"
        "    mSafeMode=false mSystemReady=true mSystemBooted=true\n"
        f"    interactiveState=INTERACTIVE_STATE_{state}\n"
        f"    mShowingLockscreen={locked} mShowingDream=false mDreamingLockscreen={locked}\n"
        "    KeyguardServiceDelegate\n"
        f"      showing={locked}\n      inputRestricted={locked}\n      secure=false\n"
        f"      screenState=SCREEN_STATE_{awake}\n"
        f"      interactiveState=INTERACTIVE_STATE_{state}"
    )


def _window_displays(system: System) -> str:
    phone = system.phone
    width, height = phone.size
    upright = (height, width) if phone.rotation % 2 else (width, height)
    base = "" if upright == tuple(phone.natural) else f" base={upright[0]}x{upright[1]}"
    return (
        "WINDOW MANAGER DISPLAY CONTENTS (dumpsys window displays)\n"
        "  Display: mDisplayId=0 (organized)\n"
        f"    init={phone.natural.width}x{phone.natural.height} {system.density}dpi{base} "
        f"cur={width}x{height} app={width}x{height} rng={min(upright)}x{min(upright)}-"
        f"{max(upright)}x{max(upright)}\n"
        "    deferred=false mLayoutNeeded=false\n"
        f"{_focus(system)}\n"
        "  DisplayRotation\n"
        f"    mRotation={phone.rotation} mDeferredRotationPauseCount=0\n"
        f"    mCurrentRotation={_SIDES[phone.rotation]}"
    )


def _window_windows(system: System) -> str:
    phone = system.phone
    width, height = phone.size
    front = _tasks(system)[0]
    secure = " SECURE" if phone.secure else ""
    shown = "true" if phone.keyboard_shown else "false"
    return (
        "WINDOW MANAGER WINDOWS (dumpsys window windows)\n"
        f"  Window #0 Window{{{_number('input')} u0 InputMethod}}:\n"
        f"    mDisplayId=0 package={phone.ime.partition('/')[0]} isVisible={shown}\n"
        f"  Window #1 Window{{{_number(_long(front))} u0 {_long(front)}}}:\n"
        f"    mDisplayId=0 rootTaskId=1 mSession=Session{{1}} package={front[0]}\n"
        f"    mAttrs={{(0,0)(fillxfill) sim={{adjust=resize}} ty=BASE_APPLICATION\n"
        f"      fl=LAYOUT_IN_SCREEN{secure} HARDWARE_ACCELERATED}}\n"
        f"    mFrame=[0,0][{width},{height}] isOnScreen=true isVisible=true\n"
        f"{_focus(system)}"
    )


def _activity(system: System, words: list[str]) -> str:
    part = next((word for word in words if not word.startswith("-")), "activities")
    tasks = _tasks(system)
    if part == "recents":
        lines = [
            f"  * Recent #{number}: Task{{{_number(task[0])} #{number + 1} type=standard "
            f"A=10000:{task[0]} U=0}}"
            for number, task in enumerate(system.phone.tasks_open())
        ]
        return "\n".join(["ACTIVITY MANAGER RECENT TASKS (dumpsys activity recents)", *lines])
    if part == "top":
        lines = [
            f"TASK {package} id={number + 1} userId=0\n"
            f"  ACTIVITY {package}/{activity} {_number(package)} pid={_pid(package)}"
            for number, (package, activity) in reversed(list(enumerate(tasks)))
        ]
        return "\n".join(lines)
    resumed = _record(system, tasks[0]) if system.phone.awake else "null"
    lines = [
        "ACTIVITY MANAGER ACTIVITIES (dumpsys activity activities)",
        "Display #0 (activities from top to bottom):",
    ]
    for number, task in enumerate(tasks):
        kind = "home" if task[0] == LAUNCHER else "standard"
        lines.append(
            f"  * Task{{{_number(task[0])} #{number + 1} type={kind} A=10000:{task[0]} U=0 "
            f"visible={str(number == 0).lower()}}}"
        )
        if number == 0:
            lines.append(f"    mResumedActivity: {resumed}")
        lines.append(f"      * Hist #0: {_record(system, task)}")
    lines += [
        f"  topResumedActivity={resumed}",
        f"  mFocusedApp={_record(system, tasks[0])}",
        f"  ResumedActivity: {resumed}",
    ]
    return "\n".join(lines)


def _pid(package: str) -> int:
    return 2000 + sum(package.encode()) % 20000


def _input_method(system: System, words: list[str]) -> str:
    del words
    phone = system.phone
    shown = str(phone.keyboard_shown).lower()
    served = "null" if phone.field is None else f"android.widget.EditText{{{_number('field')}}}"
    return (
        "Current Input Method Manager state:\n"
        f"  mCurMethodId={phone.ime}\n"
        f"  mCurId={phone.ime} mHaveConnection=true mBoundToMethod=true mVisibleBound={shown}\n"
        f"  mShowRequested={shown} mShowExplicitlyRequested=false mShowForced=false "
        f"mInputShown={shown}\n"
        f"  mSystemReady=true mInteractive={str(phone.awake).lower()}\n"
        f"  mIsInputViewShown={shown}\n"
        f"  mServedView={served}\n"
        f"  mCurrentEditorInfo:\n    inputType={_input_type(system)} imeOptions=0x6"
    )


def _input_type(system: System) -> str:
    """What the field takes, as ``android.text.InputType`` numbers it."""
    kinds = {"multiline": "0x20001", "password": "0x81", "number": "0x2", "phone": "0x3"}
    field = system.phone.field
    return "0x0" if field is None else kinds.get(getattr(field, "kind", "text"), "0x1")


def _power(system: System, words: list[str]) -> str:
    del words
    awake = system.phone.awake
    on = str(awake).lower()
    return (
        "POWER MANAGER (dumpsys power)\n\nPower Manager State:\n"
        f"  mIsPowered=true\n  mWakefulness={'Awake' if awake else 'Asleep'}\n"
        f"  mWakefulnessChanging=false\n  mHoldingDisplaySuspendBlocker={on}\n"
        f"Display Power: state={'ON' if awake else 'OFF'}"
    )


def _battery(system: System, words: list[str]) -> str:
    del system, words
    return (
        "Current Battery Service state:\n  AC powered: false\n  USB powered: true\n"
        "  Wireless powered: false\n  Dock powered: false\n  Max charging current: 500000\n"
        "  Max charging voltage: 5000000\n  Charge counter: 3120000\n  status: 2\n  health: 2\n"
        "  present: true\n  level: 87\n  scale: 100\n  voltage: 4212\n  temperature: 271\n"
        "  technology: Li-ion"
    )


def _display(system: System, words: list[str]) -> str:
    del words
    phone = system.phone
    width, height = phone.size
    on = "ON" if phone.awake else "OFF"
    return (
        "DISPLAY MANAGER (dumpsys display)\n"
        f"  mGlobalDisplayState={on}\n"
        "  mViewports=[DisplayViewport{type=INTERNAL, valid=true, isActive=true, displayId=0, "
        f"uniqueId='local:{screen.DISPLAY_ID}', physicalPort=0, orientation={phone.rotation}, "
        f"logicalFrame=Rect(0, 0 - {width}, {height}), physicalFrame=Rect(0, 0 - {width}, "
        f"{height}), deviceWidth={width}, deviceHeight={height}}}]\n"
        f"  mCurrentOrientation={phone.rotation}\n"
        f'  mBaseDisplayInfo=DisplayInfo{{"Built-in Screen", displayId 0, real '
        f"{phone.natural.width} x {phone.natural.height}, density {system.density}, state {on}, "
        f'rotation 0, uniqueId "local:{screen.DISPLAY_ID}"}}\n'
        f'  mOverrideDisplayInfo=DisplayInfo{{"Built-in Screen", displayId 0, real '
        f"{width} x {height}, density {phone.density}, state {on}, rotation {phone.rotation}, "
        f'uniqueId "local:{screen.DISPLAY_ID}"}}\n'
        f"  mScreenState={on}"
    )


def _input(system: System, words: list[str]) -> str:
    del words
    phone = system.phone
    width, height = phone.size
    return (
        "INPUT MANAGER (dumpsys input)\n\nInput Reader State:\n"
        "  Device 3: practice_touch\n    Classes: TOUCH | TOUCH_MT\n"
        f"    Viewport INTERNAL: displayId=0, port=0, orientation={phone.rotation}, "
        f"logicalFrame=[0, 0, {width}, {height}], isActive=[1]\n"
        f"      SurfaceWidth: {width}px\n      SurfaceHeight: {height}px\n"
        f"      SurfaceOrientation: {phone.rotation}"
    )


def _surface_flinger(system: System, words: list[str]) -> str:
    line = f"Display {screen.DISPLAY_ID} (HWC display 0): port=0 pnpId=EYE"
    if words[:1] == ["--display-id"]:
        return f'{line} displayName="{system.model}"'
    width, height = system.phone.size
    return f"{line}\n  orientation={_SIDES[system.phone.rotation]}, size=[{width} {height}]"


def _package(system: System, words: list[str]) -> str:
    known = packages(system)
    chosen = [known[word] for word in words if word in known] or list(known.values())
    if words and not any(word in known for word in words):
        return f"Unable to find package: {words[0]}"
    lines = ["Packages:"]
    for app in chosen:
        number = _number(app.name)
        flags = "SYSTEM HAS_CODE" if app.own else "HAS_CODE ALLOW_BACKUP"
        lines += [
            f"  Package [{app.name}] ({number}):",
            f"    userId={app.uid}",
            f"    pkg=Package{{{number} {app.name}}}",
            f"    codePath={app.path.rpartition('/')[0]}",
            "    versionCode=1 minSdk=26 targetSdk=34",
            "    versionName=1.0",
            f"    signatures=PackageSignatures{{{number} version:3, signatures:[5f3a1c22], past "
            "signatures:[]}",
            "    firstInstallTime=2026-01-01 09:00:00",
            "    lastUpdateTime=2026-01-01 09:00:00",
            f"    pkgFlags=[ {flags} ]",
        ]
    return "\n".join(lines)


_SERVICES: dict[str, Callable[[System, list[str]], str]] = {
    "SurfaceFlinger": _surface_flinger,
    "activity": _activity,
    "battery": _battery,
    "display": _display,
    "input": _input,
    "input_method": _input_method,
    "package": _package,
    "power": _power,
    "window": _window,
}

PROGRAMS: Programs = {"dumpsys": run_dumpsys}
