"""Settings: what is on the phone's tables, shown and changed."""

from typing import Any

from ..app import App, Page, Screen
from ..controls import Slider
from ..layout import Row
from ..rows import Item, heading, padded, switch_item
from ..style import THEMES
from ..view import View
from ..widgets import Avatar, Bar, Icon, Text
from . import settings_links
from .settings_data import FONT_SIZES, LANGUAGES, TIMEOUTS, app, flag

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
        flag(s, "Dark theme", "secure", "ui_night_mode", icon="dark_mode"),
        flag(s, "Auto-rotate screen", "system", "accelerometer_rotation", icon="screen_rotation"),
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
        flag(s, "Silent mode", "global", "zen_mode", "Nothing rings", "do_not_disturb_on"),
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
        "Location", [flag(s, "Use location", "secure", "location_mode", icon="location_on")]
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


__all__ = ["app", "settings_links"]
