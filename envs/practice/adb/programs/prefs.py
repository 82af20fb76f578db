"""``settings``, ``wm``, ``ime`` and ``svc``: what can be set.

Source: AOSP, frameworks/base: SettingsService.java, WindowManagerShellCommand.java,
InputMethodManagerService.java, for what they print.
"""

import re

from .....model.size import Size
from ..system import System
from .call import Call, Programs, Wrong

_TABLES = ("system", "secure", "global")


async def run_settings(call: Call) -> int:
    """The program ``settings``."""
    words = [word for word in call.args]
    if "--user" in words:
        at = words.index("--user")
        del words[at : at + 2]
    match words:
        case ["get", table, key] if table in _TABLES:
            await call.say(read_setting(call.system, table, key) or "null")
        case ["put", table, key, value, *_] if table in _TABLES:
            write_setting(call.system, table, key, value)
        case ["delete", table, key] if table in _TABLES:
            there = call.system.phone.settings[table].pop(key, None) is not None
            await call.say(f"Deleted {int(there)} rows")
        case ["list", table] if table in _TABLES:
            own = {key: read_setting(call.system, table, key) for key in _KEYS.get(table, ())}
            values = call.system.phone.settings[table] | own
            for key in sorted(values):
                await call.say(f"{key}={values[key]}")
        case ["get" | "put" | "delete" | "list", table, *_] if table not in _TABLES:
            await call.complain(f"Invalid namespace '{table}'")
            return 255
        case _:
            await call.complain(
                "Settings provider (settings) commands:\n"
                "  get [--user <USER_ID> | current] NAMESPACE KEY\n"
                "  put [--user <USER_ID> | current] NAMESPACE KEY VALUE\n"
                "  delete [--user <USER_ID> | current] NAMESPACE KEY\n"
                "  list [--user <USER_ID> | current] NAMESPACE\n"
                "NAMESPACE is one of {system, secure, global}, case-insensitive"
            )
            return 255
    return 0


# What other parts of the phone keep, and this program shows.
_KEYS = {"secure": ("default_input_method", "enabled_input_methods"), "system": ("user_rotation",)}


def read_setting(system: System, table: str, key: str) -> str | None:
    """A setting's value; None where it has none."""
    phone = system.phone
    match table, key:
        case "secure", "default_input_method":
            return phone.ime
        case "secure", "enabled_input_methods":
            return ":".join(name for name, enabled in phone.imes.items() if enabled)
        case "system", "user_rotation":
            return str(phone.rotation)
    return phone.settings[table].get(key)


def write_setting(system: System, table: str, key: str, value: str) -> None:
    """Set a setting, and do what follows from it."""
    phone = system.phone
    match table, key:
        case "secure", "default_input_method":
            if value in phone.imes:
                phone.ime = value
        case "secure", "enabled_input_methods":
            enabled = value.split(":")
            for name in phone.imes:
                phone.imes[name] = name in enabled
        case "system", "user_rotation":
            # Only a phone that does not turn by itself can be turned by this.
            turned = value in ("0", "1", "2", "3")
            if turned and phone.settings["system"].get("accelerometer_rotation") != "1":
                phone.rotate(int(value))
        case _:
            phone.settings[table][key] = value


async def run_wm(call: Call) -> int:
    """The program ``wm``."""
    command, *rest = call.args or ("",)
    words = [word for word in rest if word not in ("-d", "0")] if "-d" in rest else rest
    phone = call.system.phone
    match command, words:
        case "size", []:
            await call.say(_sizes(call.system))
        case "size", ["reset"]:
            phone.resize(None)
        case "size", [word]:
            found = re.fullmatch(r"(\d{1,6})x(\d{1,6})", word)
            try:
                if found is None:
                    raise ValueError(word)
                phone.resize(Size(int(found[1]), int(found[2])))
            except ValueError as error:
                raise Wrong(f"Error: bad size {error}", 255) from error
        case "density", []:
            line = f"Physical density: {call.system.density}"
            if phone.density != call.system.density:
                line += f"\nOverride density: {phone.density}"
            await call.say(line)
        case "density", ["reset"]:
            phone.set_density(None)
        case "density", [word]:
            try:
                phone.set_density(int(word))
            except ValueError as error:
                raise Wrong(f"Error: bad density {error}", 255) from error
        case (("user-rotation" | "set-user-rotation"), words):
            await _rotation(call, words)
        case "dismiss-keyguard", _:
            phone.wake()
            phone.unlock()
        case _:
            raise Wrong(
                "Window manager (window) commands: size [reset|WxH], density [reset|DENSITY], "
                "user-rotation [free|lock] [rotation], dismiss-keyguard",
                255,
            )
    return 0


def _sizes(system: System) -> str:
    phone = system.phone
    width, height = phone.natural
    line = f"Physical size: {width}x{height}"
    now = phone.size
    if phone.rotation % 2:
        now = Size(now.height, now.width)
    return line if now == phone.natural else f"{line}\nOverride size: {now.width}x{now.height}"


async def _rotation(call: Call, words: list[str]) -> None:
    phone = call.system.phone
    match words:
        case []:
            free = phone.settings["system"].get("accelerometer_rotation") == "1"
            await call.say("free" if free else f"lock {phone.rotation}")
        case ["free"]:
            phone.settings["system"]["accelerometer_rotation"] = "1"
        case ["lock", *rest] if rest in ([], ["0"], ["1"], ["2"], ["3"]):
            phone.settings["system"]["accelerometer_rotation"] = "0"
            if rest:
                phone.rotate(int(rest[0]))
        case _:
            raise Wrong("Error: expecting 'free', or 'lock' and a rotation of 0 to 3", 255)


async def run_ime(call: Call) -> int:
    """The program ``ime``."""
    phone = call.system.phone
    command, *rest = call.args or ("",)
    words = [word for word in rest if not word.startswith("-") and word != "0"]
    name = words[0] if words else ""
    if command == "list":
        for each, enabled in phone.imes.items():
            if enabled or "-a" in rest:
                await call.say(each if "-s" in rest else _described(each))
    elif command == "reset":
        first = next(iter(phone.imes))
        for each in phone.imes:
            phone.imes[each] = each == first
        phone.ime = first
        await call.say(f"Reset current and enabled IMEs for user #0\nNewly selected IME: {first}")
    elif command not in ("enable", "disable", "set"):
        raise Wrong("ime <command>: list [-a] [-s], enable ID, disable ID, set ID, reset", 255)
    elif name not in phone.imes:
        known = "selected" if command == "set" else f"{command}d"
        raise Wrong(f"Unknown input method {name} cannot be {known} for user #0", 255)
    elif command == "enable":
        was = "already" if phone.imes[name] else "now"
        phone.imes[name] = True
        await call.say(f"Input method {name}: {was} enabled for user #0")
    elif command == "disable":
        was = "now" if phone.imes[name] else "already"
        if phone.ime == name:
            phone.ime = next((each for each in phone.imes if each != name), name)
        phone.imes[name] = False
        await call.say(f"Input method {name}: {was} disabled for user #0")
    elif not phone.imes[name]:
        raise Wrong(f"Unknown input method {name} cannot be selected for user #0", 255)
    else:
        phone.ime = name
        await call.say(f"Input method {name} selected for user #0")
    return 0


def _described(name: str) -> str:
    package = name.partition("/")[0]
    return (
        f"{name}:\n  mId={name} mSettingsActivityName=null mIsVrOnly=false\n"
        f"  mIsDefaultResId=0x0\n  Service:\n    packageName={package}"
    )


async def run_svc(call: Call) -> int:
    """The program ``svc``."""
    keys = {"wifi": "wifi_on", "bluetooth": "bluetooth_on", "data": "mobile_data"}
    match call.args:
        case (what, ("enable" | "disable") as wanted) if what in keys:
            value = "1" if wanted == "enable" else "0"
            call.system.phone.settings["global"][keys[what]] = value
        case ("power", "stayon", value):
            on = {"true": "7", "false": "0", "ac": "1", "usb": "2", "wireless": "4"}.get(value)
            if on is None:
                raise Wrong("usage: svc power stayon [true|false|usb|ac|wireless]")
            call.system.phone.settings["global"]["stay_on_while_plugged_in"] = on
        case ("power", "reboot" | "shutdown", *_):
            raise Wrong("svc: a practice phone is switched off where it was started")
        case _:
            raise Wrong("Available commands: wifi, bluetooth, data (enable|disable), power stayon")
    return 0


PROGRAMS: Programs = {
    "settings": run_settings,
    "wm": run_wm,
    "ime": run_ime,
    "svc": run_svc,
}
