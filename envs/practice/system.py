"""What belongs to no app: bars, home screen, recent apps, the shade, the lock screen, toasts."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from . import fonts
from .app import dialog_view, page_view
from .draw import Box, Canvas
from .keyboard import Keyboard
from .layout import Column, Fixed, Grid, Row, Scroll
from .rows import Item, padded
from .style import Colour, Style
from .view import NOWHERE, Act, View
from .widgets import Avatar, Button, Icon, IconButton, Text

if TYPE_CHECKING:
    from .phone import Phone

STATUS_DP = 28
NAVIGATION_DP = 44
LAUNCHER = "org.eyehand.launcher"
SYSTEM = "org.eyehand.systemui"
QUICK: tuple[tuple[str, str, str, str], ...] = (
    ("Wi-Fi", "wifi", "global", "wifi_on"),
    ("Bluetooth", "bluetooth", "global", "bluetooth_on"),
    ("Airplane", "airplanemode_active", "global", "airplane_mode_on"),
    ("Torch", "flashlight_on", "secure", "flashlight_on"),
    ("Silent", "do_not_disturb_on", "global", "zen_mode"),
    ("Dark", "dark_mode", "secure", "ui_night_mode"),
)
"""Quick settings: what they are called, their icon, table and key."""


@dataclass(slots=True)
class Layer:
    """Something that lies on the screen.

    Attributes:
        view: What.
        package: Whose it is.
        box: Where, in pixels of the screen.
        dim: Whether what is below is darkened.
        outside: Done when it is not what is tapped; where None, taps go on to what is below.
    """

    view: View
    package: str
    box: Box
    dim: bool = False
    outside: Act | None = None


@dataclass(slots=True)
class Scene:
    """A whole screen, laid out."""

    size: tuple[int, int]
    style: Style
    layers: list[Layer] = field(default_factory=list)
    area: Box = NOWHERE

    def add(self, layer: Layer) -> None:
        """Put something on top."""
        layer.view.place(self.style, layer.box)
        self.layers.append(layer)

    def hits(self, x: float, y: float) -> list[View]:
        """Give what lies under a point, the topmost first."""
        found: list[View] = []
        for layer in reversed(self.layers):
            if layer.box.holds(x, y):
                found += layer.view.hits(x, y)
                break
            if layer.outside is not None:
                outside = View(on_tap=layer.outside)
                outside.box = Box(0, 0, *self.size)
                return [outside]
        return found

    def draw(self, ground: Image.Image, pressed: View | None) -> Image.Image:
        """Draw everything onto a picture and give it."""
        canvas = Canvas(ground)
        for layer in self.layers:
            if layer.dim:
                canvas.dim(self.area, 0.5)
            layer.view.draw(canvas, self.style)
        if pressed is not None and pressed.box.width > 0:
            canvas.outline(pressed.box, self.style.accent, self.style.dp(4), self.style.dp(2))
        return ground


def build(phone: "Phone") -> Scene:
    """Lay out what a phone shows now."""
    style, (width, height) = phone.style, phone.size
    scene = Scene((width, height), style)
    status, navigation = style.dp(STATUS_DP), style.dp(NAVIGATION_DP)
    if phone.state.locked:
        scene.area = Box(0, 0, width, height)
        scene.add(Layer(_lock(phone), SYSTEM, Box(0, 0, width, height)))
        scene.add(Layer(_status(phone), SYSTEM, Box(0, 0, width, status)))
        return scene
    scene.area = Box(0, status, width, height - navigation)
    top, bottom = status, height - navigation
    keyboard = _keyboard(phone)
    if keyboard is not None:
        bottom -= keyboard.high(style, width)
    if phone.state.front is None:
        scene.add(Layer(_home(phone), LAUNCHER, Box(0, 0, width, height)))
    else:
        _pages(phone, scene, Box(0, top, width, bottom))
    if keyboard is not None:
        place = Box(0, bottom, width, height - navigation)
        scene.add(Layer(keyboard, "org.eyehand.keyboard", place))
        _toolbar(phone, scene, Box(0, top, width, bottom))
    if phone.state.overlay == "recents":
        scene.add(Layer(_recents(phone), LAUNCHER, scene.area))
    elif phone.state.overlay == "shade":
        scene.add(Layer(_shade(phone), SYSTEM, scene.area))
    scene.add(Layer(_status(phone), SYSTEM, Box(0, 0, width, status)))
    scene.add(Layer(_navigation(phone), SYSTEM, Box(0, height - navigation, width, height)))
    _toast(phone, scene)
    return scene


def _pages(phone: "Phone", scene: Scene, area: Box) -> None:
    pages = phone.shown_pages()
    style = scene.style
    for s, page in pages:
        package = s.app.package
        if not page.dialog:
            view = page_view(s, page, back=phone.back)
            # The bars' place is coloured, too.
            scene.add(
                Layer(Column(fill="background"), package, Box(0, 0, area.right, scene.size[1]))
            )
            scene.add(Layer(view, package, area))
            if page.add is not None:
                icon, label, act = page.add
                size = style.dp(56)
                x, y = area.right - size - style.dp(16), area.bottom - size - style.dp(16)
                if page.below is not None:
                    y -= page.below.high(style, area.width)
                button = Avatar("", icon=icon, dp=56, colour=style.accent, label=label, on_tap=act)
                button.role = "button"
                scene.add(Layer(button, package, Box(x, y, x + size, y + size)))
            continue
        view = dialog_view(s, page)
        if s.name == "menu":
            wide = min(style.dp(220), area.width)
            high = min(view.high(style, wide), area.height)
            box = Box(
                area.right - wide - style.dp(4), area.top + style.dp(4), area.right - style.dp(4),
                area.top + style.dp(4) + high,
            )  # fmt: skip
        else:
            wide = min(style.dp(420), area.width - 2 * style.dp(20))
            high = min(view.high(style, wide), area.height - 2 * style.dp(8))
            left, top = area.left + (area.width - wide) // 2, area.top + (area.height - high) // 2
            box = Box(left, top, left + wide, top + high)
        if view.high(style, wide) > box.height:
            view = Scroll(view, s.local.setdefault("scroll", {}))
        outside = (lambda: None) if s.name == "permission" else s.close
        scene.add(Layer(view, package, box, dim=s.name != "menu", outside=outside))


def _keyboard(phone: "Phone") -> Keyboard | None:
    if not phone.keyboard_shown:
        return None
    field = phone.field
    return Keyboard(
        phone.state.keyboard,
        numbers=field is not None and field.kind in ("number", "phone"),
        screen_height=phone.size.height,
        write=phone.commit,
        erase=phone.erase,
        enter=phone.enter,
        hide=phone.hide_keyboard,
    )


def _toolbar(phone: "Phone", scene: Scene, area: Box) -> None:
    """Cut, copy, paste, above the field that has the keyboard."""
    focus, field = phone.state.focus, phone.field
    if focus is None or field is None or not focus.get("toolbar"):
        return
    target = phone.focused_view(scene)
    if target is None:
        return
    chosen = bool(field.selected) and not field.secret
    names = (
        *((("Cut", phone.cut), ("Copy", phone.copy)) if chosen else ()),
        *((("Paste", phone.paste),) if phone.state.clipboard else ()),
        ("Select all", phone.select_all),
    )
    buttons = Row(
        *(Button(word, act, kind="plain") for word, act in names), fill="raised", radius=8
    )
    style = scene.style
    wide = min(buttons.wide(style), area.width)
    high = buttons.high(style, wide)
    top = target.box.top - high - style.dp(4)
    if top < area.top:
        top = min(target.box.bottom + style.dp(4), area.bottom - high)
    left = max(0, min(target.box.left, area.right - wide))
    scene.add(Layer(buttons, SYSTEM, Box(left, top, left + wide, top + high)))


class _OnPicture(Text):
    """Words on a wallpaper: a shadow keeps them readable."""

    def draw(self, c: Canvas, s: Style) -> None:
        font = s.font(self.sp, bold=self.bold)
        y = self.box.top
        for line in self._broken(s, self.box.width):
            x = self.box.left + (self.box.width - fonts.width(line, font)) // 2
            c.text(x + 1, y + 1, line, font, (20, 20, 20))
            c.text(x, y, line, font, (255, 255, 255))
            y += fonts.line_height(font)


def _status(phone: "Phone") -> View:
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


def _navigation(phone: "Phone") -> View:
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


def _home(phone: "Phone") -> View:
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


def _recents(phone: "Phone") -> View:
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


def _shade(phone: "Phone") -> View:
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


def _lock(phone: "Phone") -> View:
    return Column(
        Fixed(height=STATUS_DP + 60),
        _OnPicture(phone.clock.strftime("%H:%M"), sp=64),
        _OnPicture(phone.clock.strftime("%A, %-d %B"), sp=16),
        Column(grow=1),
        _OnPicture("Swipe up to unlock", sp=14, id="lock_hint"),
        Fixed(height=32),
    )


def _toast(phone: "Phone", scene: Scene) -> None:
    toast = phone.state.toast
    if toast is None or not phone.until(toast["until"]):
        return
    style, area = scene.style, scene.area
    words = Text(toast["text"], sp=14, align="centre", lines=3)
    view = Column(words, pad=(16, 10, 16, 10), fill="raised", radius=20, id="toast")
    wide = min(view.wide(style), area.width - style.dp(48))
    high = view.high(style, wide)
    left = (area.left + area.right - wide) // 2
    bottom = area.bottom - style.dp(88)
    scene.add(Layer(view, SYSTEM, Box(left, bottom - high, left + wide, bottom)))


@lru_cache(maxsize=8)
def wallpaper(width: int, height: int, low: Colour, high: Colour) -> Image.Image:
    """Draw a picture for the home screen: one colour turning into another."""
    down = np.linspace(0, 1, height)[:, None, None]
    across = np.linspace(0, 1, width)[None, :, None]
    share = 0.75 * down + 0.25 * across
    mixed = np.array(low) * (1 - share) + np.array(high) * share
    return Image.fromarray(mixed.astype(np.uint8))
