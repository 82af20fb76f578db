"""What belongs to no app: bars, home screen, recent apps, the shade, the lock screen."""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ...model.size import Size
from . import fonts
from .draw import Box, Canvas
from .layout import Column, Fixed, Grid, Row, Scroll
from .rows import Item, padded
from .style import Colour, Style
from .view import Act, View
from .widgets import Avatar, Button, Icon, IconButton, Text

if TYPE_CHECKING:
    from .phone import Phone


STATUS_DP = 28


NAVIGATION_DP = 44


QUICK: tuple[tuple[str, str, str, str], ...] = (
    ("Wi-Fi", "wifi", "global", "wifi_on"),
    ("Bluetooth", "bluetooth", "global", "bluetooth_on"),
    ("Airplane", "airplanemode_active", "global", "airplane_mode_on"),
    ("Torch", "flashlight_on", "secure", "flashlight_on"),
    ("Silent", "do_not_disturb_on", "global", "zen_mode"),
    ("Dark", "dark_mode", "secure", "ui_night_mode"),
)
"""Quick settings: what they are called, their icon, table and key."""


class _OnPicture(Text):
    """Words on a wallpaper: a shadow keeps them readable."""

    def draw(self, c: Canvas, s: Style) -> None:
        font = s.font(self.sp, bold=self.bold)
        y = self.box.top
        for line in self._broken(s, self.box.width):
            x = self.box.left + (self.box.width - fonts.width(line, font)) // 2
            c.text(x, y, line, font, (255, 255, 255), shadow=(20, 20, 20))
            y += fonts.line_height(font)


def status_view(phone: "Phone") -> View:
    """Give the bar at the top: clock, notifications, connections, battery."""
    colour: Colour = phone.style.text
    if phone.state.front is None or phone.state.locked:
        colour = (255, 255, 255)
    icons = ["notifications"] if phone.state.notifications else []
    right = []
    if phone.on("global", "zen_mode"):
        right.append("do_not_disturb_on")
    if phone.on("global", "bluetooth_on"):
        right.append("bluetooth")
    if phone.on("global", "airplane_mode_on"):
        right.append("airplanemode_active")
    elif phone.on("global", "wifi_on"):
        right.append("wifi")
    else:
        right.append("signal_cellular_4_bar")
    right.append("battery_full")
    clock = Text(phone.clock.strftime("%H:%M"), sp=13, bold=True, colour=colour, id="clock")
    left = [Icon(name, dp=15, colour=colour, label=name) for name in icons]
    end = [Icon(name, dp=16, colour=colour, label=name) for name in right]
    return Row(clock, *left, Column(grow=1), *end, gap=6, pad=(14, 0, 14, 0), id="status_bar")


def navigation_view(phone: "Phone") -> View:
    """Give the bar at the bottom: back, home, recent apps."""
    light = phone.state.front is None and not phone.state.overlay
    colour: Colour = (255, 255, 255) if light else phone.style.text
    fill = None if light else "background"
    buttons = (
        ("arrow_back", "Back", phone.back),
        ("circle", "Home", phone.go_home),
        ("crop_square", "Recent apps", phone.show_recents),
    )
    views = [IconButton(icon, label, act, colour=colour, dp=20) for icon, label, act in buttons]
    spaced: list[View] = [Column(grow=1)]
    for view in views:
        spaced += [view, Column(grow=1)]
    return Row(*spaced, fill=fill, id="navigation_bar")


class _AppIcon(View):
    """An app's badge with its name below."""

    role = "button"

    def __init__(self, name: str, icon: str, colour: Colour, on_tap: Act) -> None:
        super().__init__(on_tap=on_tap, label=name)
        self.text = name
        self.children = [Avatar(name, icon=icon, colour=colour, dp=52)]
        self.words = _OnPicture(name, sp=13, lines=1)

    def height_of(self, s: Style, width: int) -> int:
        return s.dp(52 + 8 + 16) + self.words.high(s, width)

    def place(self, s: Style, box: Box) -> None:
        self.box = box
        middle = box.top + s.dp(8) + s.dp(52)
        self.children[0].place(s, Box(box.left, box.top + s.dp(8), box.right, middle))
        self.words.place(s, Box(box.left, middle + s.dp(4), box.right, box.bottom))

    def draw(self, c: Canvas, s: Style) -> None:
        super().draw(c, s)
        self.words.draw(c, s)


def home_view(phone: "Phone") -> View:
    """Give the home screen, with the apps in the order the user put them."""

    def icon(name: str) -> View:
        app = phone.apps[name]
        return _AppIcon(app.label, app.icon, app.colour, lambda: phone.open_app(name))

    wide = phone.size.width > phone.size.height
    cells = [icon(name) for name in phone.state.home]
    day = phone.clock.strftime("%A, %-d %B")
    grid = Grid(cells, 6 if wide else 4, gap=4)
    parts = Column(
        Fixed(height=STATUS_DP + (8 if wide else 40)),
        None if wide else _OnPicture(phone.clock.strftime("%H:%M"), sp=56),
        None if wide else _OnPicture(day, sp=16),
        Fixed(height=8 if wide else 40),
        Column(grid, pad=(12, 0, 12, 0)),
        Fixed(height=NAVIGATION_DP + 8),
    )
    return Scroll(parts, phone.state.scroll, key="home")


def recents_view(phone: "Phone") -> View:
    """Give the apps that are open, the last used first."""

    def one(name: str) -> View:
        app = phone.apps[name]
        return Row(
            Item(
                app.label,
                phone.title_of(name),
                before=Avatar(app.label, icon=app.icon, colour=app.colour),
                on_tap=lambda: phone.open_app(name),
                grow=1,
            ),
            IconButton("close", f"Close {app.label}", lambda: phone.stop_app(app.package)),
            fill="raised",
            radius=None,
            pad=(0, 4, 4, 4),
        )

    cards = [one(name) for name in phone.state.recent]
    body: list[View] = [padded(Text("Recent apps", sp=20, bold=True), down=16)]
    if cards:
        body += [Column(*cards, gap=8, pad=(12, 0, 12, 12))]
        clear = Button("Clear all", phone.clear_recents, kind="tonal")
        body.append(Column(clear, centre=True))
    else:
        body.append(padded(Text("No recent apps", colour="muted")))
    scroll = Scroll(Column(*body), phone.state.scroll, key="recents")
    return Column(scroll, fill="background")


def shade_view(phone: "Phone") -> View:
    """Give what is pulled down from the top: quick settings and notifications."""

    def quick(name: str, icon: str, table: str, key: str) -> View:
        on = phone.on(table, key)

        def flip() -> None:
            phone.put(table, key, not on)

        button = Button(name, flip, kind="filled" if on else "tonal", icon=icon, label=name)
        button.selected = on
        return button

    def note(number: int) -> View:
        entry = phone.state.notifications[number]
        app = phone.apps[entry["app"]]
        return Item(
            entry["title"],
            entry["text"],
            before=Avatar(app.label, icon=app.icon, colour=app.colour, dp=32),
            after=IconButton("close", f"Dismiss {entry['title']}", lambda: phone.dismiss(number)),
            on_tap=lambda: phone.open_notification(number),
            lines=2,
        )

    columns = 3 if phone.size.width > phone.size.height else 2
    tiles = Grid([quick(*entry) for entry in QUICK], columns, gap=4)
    entries = [note(number) for number in range(len(phone.state.notifications))]
    day = Text(phone.clock.strftime("%A, %-d %B"), sp=14, colour="muted")
    body: list[View] = [padded(day), Column(tiles, pad=(12, 4, 12, 12))]
    if entries:
        body += entries
        body.append(
            Column(Button("Clear all", phone.clear_notifications, kind="plain"), centre=True)
        )
    else:
        body.append(padded(Text("No notifications", colour="muted"), down=16))
    return Column(Scroll(Column(*body), phone.state.scroll, key="shade"), fill="surface")


def lock_view(phone: "Phone") -> View:
    """Give the lock screen."""
    return Column(
        Fixed(height=STATUS_DP + 60),
        _OnPicture(phone.clock.strftime("%H:%M"), sp=64),
        _OnPicture(phone.clock.strftime("%A, %-d %B"), sp=16),
        Column(grow=1),
        _OnPicture("Swipe up to unlock", sp=14, id="lock_hint"),
        Fixed(height=32),
    )


@lru_cache(maxsize=8)
def wallpaper(size: Size, style: Style) -> Image.Image:
    """Draw a picture for the home screen: one shade of the accent turning into another."""
    light, low = (5, 3) if style.dark else (4 / 3, 3)
    shades = [np.array(style.accent) / part for part in (light, low)]
    down = np.linspace(0, 1, size.height)[:, None, None]
    across = np.linspace(0, 1, size.width)[None, :, None]
    share = 0.75 * down + 0.25 * across
    return Image.fromarray((shades[0] * (1 - share) + shades[1] * share).astype(np.uint8))
