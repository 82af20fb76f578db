"""Settings: what is on the phone's tables, shown and changed."""

from random import Random
from typing import Any

from ..app import App, Page, Screen
from ..controls import Slider
from ..layout import Row
from ..rows import Item, heading, padded, switch_item
from ..style import THEMES
from ..view import Act, View
from ..widgets import Avatar, Bar, Icon, Text
from ..words import World

NETWORKS = (
    "Harbour", "Blue Fox", "Attic 5G", "Garden House", "Library Guest", "Cafe Linden", "Nordlicht",
    "Router 42", "Upstairs", "Workshop",
)  # fmt: skip
DEVICES = ("Kitchen Speaker", "Car", "Headphones", "Keyboard", "Watch", "Printer", "Lamp")
LANGUAGES = (
    "English",
    "Deutsch",
    "Español",
    "Français",
    "Ελληνικά",
    "Русский",
    "日本語",
    "العربية",
)
TIMEOUTS = {
    "30 seconds": "30000",
    "1 minute": "60000",
    "2 minutes": "120000",
    "5 minutes": "300000",
}
FONT_SIZES = {"Small": "0.85", "Default": "1.0", "Large": "1.15", "Largest": "1.3"}


def _seed(world: World, rng: Random) -> dict[str, Any]:
    parts = {
        name: round(rng.uniform(1, 18), 1) for name in ("Apps", "Photos", "Music", "Documents")
    }
    return {
        "networks": [
            {"name": name, "locked": rng.random() < 0.7, "strength": rng.randrange(1, 5)}
            for name in rng.sample(NETWORKS, 6)
        ],
        "network": None,
        "saved": [],
        "devices": rng.sample(DEVICES, 4),
        "paired": [],
        "language": "English",
        "storage": parts,
        "total": rng.choice((64, 128)),
        "model": f"Practice {rng.choice('ABCDEFG')}{rng.randrange(10, 99)}",
        "serial": "".join(rng.choice("0123456789ABCDEF") for _ in range(10)),
        "version": f"{rng.randrange(10, 16)}.{rng.randrange(0, 4)}",
        "battery": rng.randrange(21, 100),
    }


app = App("settings", "Settings", "settings", (96, 104, 116), _seed)

_MAIN = (
    ("Network", "wifi", "network", "Wi-Fi, airplane mode"),
    ("Connected devices", "bluetooth", "devices", "Bluetooth, pairing"),
    ("Display", "brightness_medium", "display", "Brightness, dark theme, font size"),
    ("Sound", "volume_up", "sound", "Volume, silent mode"),
    ("Storage", "storage", "storage", "What takes up space"),
    ("Location", "location_on", "location", "Which apps know where you are"),
    ("Permissions", "security", "permissions", "What apps may do"),
    ("Language", "language", "language", "Of the whole phone"),
    ("Battery", "battery_full", "battery", "Charge"),
    ("About phone", "phone_android", "about", "Name, model, version"),
)


@app.page("main")
def main(s: Screen) -> Page:
    """Show what there is to set."""
    wanted = s.text("query").lower()
    rows = [
        Item(
            title,
            detail,
            before=Avatar(title, icon=icon, dp=36),
            on_tap=s.opens(page),
            id=page,
        )
        for title, icon, page, detail in _MAIN
        if wanted in f"{title} {detail}".lower()
    ]
    return Page("Settings", rows, above=s.search(hint="Search settings"))


def _flag(s: Screen, title: str, table: str, key: str, detail: str = "", icon: str = "") -> View:
    on = s.phone.on(table, key)
    return switch_item(
        title, on, lambda: s.phone.put(table, key, not on), detail, icon=icon, id=key
    )


@app.page("network")
def network(s: Screen) -> Page:
    """Wi-Fi and what can be reached with it."""
    on, flying = s.phone.on("global", "wifi_on"), s.phone.on("global", "airplane_mode_on")
    rows: list[View] = [
        _flag(s, "Wi-Fi", "global", "wifi_on", icon="wifi"),
        _flag(s, "Airplane mode", "global", "airplane_mode_on", icon="airplanemode_active"),
        Item("Saved networks", f"{len(s.data['saved'])}", on_tap=s.opens("saved")),
    ]
    if on and not flying:
        rows.append(heading("Available networks"))
        if s.loading(0.8):
            rows.append(s.spinner())
        else:
            rows += [_network(s, entry) for entry in s.data["networks"]]
    return Page("Network", rows)


def _network(s: Screen, entry: dict[str, Any]) -> View:
    joined = s.data["network"] == entry["name"]

    def tap() -> None:
        if joined:
            s.ask("Disconnect?", entry["name"], "Disconnect", "leave")
        elif entry["locked"] and entry["name"] not in s.data["saved"]:
            s.open("join_dialog", name=entry["name"])
        else:
            s.phone.do("settings", "join", {"name": entry["name"]})

    lock = Icon("lock", dp=16) if entry["locked"] else None
    return Item(
        entry["name"],
        "Connected" if joined else ("Saved" if entry["name"] in s.data["saved"] else ""),
        before=Icon("wifi", colour="accent" if joined else "muted"),
        after=lock,
        on_tap=tap,
    )


@app.does("leave")
def leave(s: Screen) -> None:
    """Disconnect from the network."""
    s.data["network"] = None


@app.does("join")
def join(s: Screen, name: str) -> None:
    """Connect to a network."""
    s.data["network"] = name
    if name not in s.data["saved"]:
        s.data["saved"].append(name)
    s.toast(f"Connected to {name}")


@app.page("join_dialog")
def join_page(s: Screen) -> Page:
    """Ask for a network's password; no picture is to be taken of it."""

    def finish() -> None:
        if len(s.text("password")) < 8:
            s.toast("A password has at least 8 characters")
            return
        name = s.args["name"]
        s.close()
        s.phone.do("settings", "join", {"name": name})

    field = s.field("password", "Password", kind="password", on_submit=finish)
    buttons = [("Cancel", s.close), ("Connect", finish)]
    return Page(s.args["name"], [padded(field, across=24)], dialog=True, buttons=buttons)


@app.page("saved")
def saved(s: Screen) -> Page:
    """Networks that were joined before."""
    rows: list[View] = [
        Item(
            name,
            on_tap=_asking(s, name),
            before=Icon("wifi"),
        )
        for name in s.data["saved"]
    ]
    return Page("Saved networks", rows or [padded(Text("No saved networks", colour="muted"))])


def _asking(s: Screen, name: str) -> Act:
    return lambda: s.ask("Forget network?", name, "Forget", "forget", name=name)


@app.does("forget")
def forget(s: Screen, name: str) -> None:
    """Forget a network."""
    s.data["saved"].remove(name)
    if s.data["network"] == name:
        s.data["network"] = None


@app.page("devices")
def devices(s: Screen) -> Page:
    """Bluetooth, and what is paired."""
    rows: list[View] = [_flag(s, "Bluetooth", "global", "bluetooth_on", icon="bluetooth")]
    if s.phone.on("global", "bluetooth_on"):
        if s.data["paired"]:
            rows.append(heading("Paired devices"))
            rows += [
                Item(name, "Paired", before=Icon("bluetooth", colour="accent"),
                     on_tap=_unpairing(s, name))
                for name in s.data["paired"]
            ]  # fmt: skip
        rows.append(heading("Available devices"))
        if s.loading(1.2):
            rows.append(s.spinner())
        else:
            rows += [
                Item(name, before=Icon("bluetooth"), on_tap=_pairing(s, name))
                for name in s.data["devices"]
                if name not in s.data["paired"]
            ]
    return Page("Connected devices", rows)


def _pairing(s: Screen, name: str) -> Act:
    return lambda: s.ask(
        f"Pair with {name}?", "It will see your contacts.", "Pair", "pair", name=name
    )


def _unpairing(s: Screen, name: str) -> Act:
    return lambda: s.ask(f"Unpair {name}?", "", "Unpair", "unpair", name=name)


@app.does("pair")
def pair(s: Screen, name: str) -> None:
    """Pair with a device."""
    s.data["paired"].append(name)
    s.toast(f"Paired with {name}")


@app.does("unpair")
def unpair(s: Screen, name: str) -> None:
    """Forget a device."""
    s.data["paired"].remove(name)


@app.page("display")
def display(s: Screen) -> Page:
    """Brightness, dark theme, size of text."""
    level = int(s.phone.state.settings["system"]["screen_brightness"])
    scale = s.phone.state.settings["system"]["font_scale"]
    size = next((name for name, value in FONT_SIZES.items() if value == scale), scale)
    off = s.phone.state.settings["system"]["screen_off_timeout"]
    timeout = next((name for name, value in TIMEOUTS.items() if value == off), f"{off} ms")

    def brighten(value: float) -> None:
        s.phone.put("system", "screen_brightness", round(255 * value))

    rows: list[View] = [
        heading("Brightness"),
        _slider("Brightness", "brightness_medium", level / 255, brighten, 20),
        _flag(s, "Dark theme", "secure", "ui_night_mode", icon="dark_mode"),
        _flag(s, "Auto-rotate screen", "system", "accelerometer_rotation", icon="screen_rotation"),
        Item("Font size", size, before=Icon("text_fields"),
             on_tap=lambda: s.choose("Font size", [*FONT_SIZES], size, "font_size")),
        Item("Screen timeout", timeout, before=Icon("timer"),
             on_tap=lambda: s.choose("Screen timeout", [*TIMEOUTS], timeout, "timeout")),
        Item("Theme", s.phone.state.theme.title(), before=Icon("palette"),
             on_tap=lambda: s.choose("Theme", [name.title() for name in THEMES],
                                     s.phone.state.theme.title(), "theme")),
    ]  # fmt: skip
    return Page("Display", rows)


def _slider(label: str, icon: str, value: float, act: Any, steps: int) -> View:
    slider = Slider(value, act, steps=steps, label=label, id=label.lower().replace(" ", "_"))
    share = Text(f"{round(100 * value)} %", sp=14, colour="muted")
    return Row(Icon(icon), slider, share, gap=8, pad=(16, 0, 16, 0))


@app.does("font_size")
def font_size(s: Screen, value: str) -> None:
    """Set the size of text."""
    s.phone.put("system", "font_scale", FONT_SIZES[value])


@app.does("timeout")
def set_timeout(s: Screen, value: str) -> None:
    """Set when the screen goes off."""
    s.phone.put("system", "screen_off_timeout", TIMEOUTS[value])


@app.does("theme")
def theme(s: Screen, value: str) -> None:
    """Set the look of the whole phone."""
    s.phone.state.theme = value.lower()


@app.page("sound")
def sound(s: Screen) -> Page:
    """How loud it is."""
    system = s.phone.state.settings["system"]

    def volume(label: str, icon: str, key: str) -> View:
        def set_level(value: float) -> None:
            s.phone.put("system", key, round(15 * value))

        return _slider(label, icon, int(system[key]) / 15, set_level, 15)

    rows: list[View] = [
        heading("Media volume"),
        volume("Media volume", "music_note", "volume_music"),
        heading("Ring volume"),
        volume("Ring volume", "notifications", "volume_ring"),
        _flag(s, "Silent mode", "global", "zen_mode", "Nothing rings", "do_not_disturb_on"),
    ]
    return Page("Sound", rows)


@app.page("storage")
def storage(s: Screen) -> Page:
    """What takes up space."""
    if s.loading(0.6):
        return Page("Storage", [s.spinner()])
    used, total = sum(s.data["storage"].values()), s.data["total"]
    rows: list[View] = [
        padded(Text(f"{used:.1f} GB of {total} GB used", sp=20, bold=True), Bar(used / total))
    ]
    rows += [
        Item(name, f"{size} GB", before=Icon("folder")) for name, size in s.data["storage"].items()
    ]
    return Page("Storage", rows)


@app.page("location")
def location(s: Screen) -> Page:
    """Whether apps may know where the phone is."""
    return Page(
        "Location", [_flag(s, "Use location", "secure", "location_mode", icon="location_on")]
    )


@app.page("permissions")
def permissions(s: Screen) -> Page:
    """What apps may do that ask for it."""

    def row(other: App) -> View:
        allowed = s.phone.state.permissions.get(other.id)

        def flip() -> None:
            s.phone.state.permissions[other.id] = not allowed

        asked = " · has not asked yet" if allowed is None else ""
        detail = f"May {other.permission}{asked}"
        return switch_item(other.label, bool(allowed), flip, detail, icon=other.icon, lines=2)

    rows = [row(other) for other in s.phone.apps.values() if other.permission]
    return Page("Permissions", rows)


@app.page("language")
def language(s: Screen) -> Page:
    """Which language the phone would speak; its words stay English here."""

    def pick() -> None:
        s.choose("Language", LANGUAGES, s.data["language"], "language")

    row = Item("Phone language", s.data["language"], before=Icon("language"), on_tap=pick)
    return Page("Language", [row])


@app.does("language")
def set_language(s: Screen, value: str) -> None:
    """Set the language."""
    s.data["language"] = value


@app.page("battery")
def battery(s: Screen) -> Page:
    """How full the battery is."""
    share = s.data["battery"]
    return Page("Battery", [padded(Text(f"{share} %", sp=40, bold=True), Bar(share / 100))])


@app.page("about")
def about(s: Screen) -> Page:
    """What phone this is."""
    name = s.phone.state.settings["global"]["device_name"]
    rows: list[View] = [
        Item("Device name", name, on_tap=lambda: s.prompt("Device name", "Name", name, "rename")),
        Item("Model", s.data["model"]),
        Item("Serial number", s.data["serial"]),
        Item("System version", s.data["version"]),
    ]
    return Page("About phone", rows)


@app.does("rename")
def rename(s: Screen, text: str) -> None:
    """Give the phone another name."""
    if text.strip():
        s.phone.put("global", "device_name", text.strip())
    else:
        s.toast("A name cannot be empty")
