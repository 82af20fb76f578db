"""The whole screen: what lies on it, in which order, and what a finger meets first."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PIL import Image

from .app import dialog_view, page_view
from .draw import Box, Canvas
from .keyboard import Keyboard
from .layout import Column, Row, Scroll
from .style import Style
from .surfaces import (
    NAVIGATION_DP,
    STATUS_DP,
    home_view,
    lock_view,
    navigation_view,
    recents_view,
    shade_view,
    status_view,
)
from .view import NOWHERE, Act, View
from .widgets import Avatar, Button, Text

if TYPE_CHECKING:
    from .phone import Phone
    from .written import Written

LAUNCHER = "org.eyehand.launcher"
SYSTEM = "org.eyehand.systemui"


@dataclass(slots=True)
class Layer:
    """Something that lies on the screen.

    Attributes:
        view: What.
        package: Whose it is.
        box: Where, in pixels of the screen.
        dim: Whether what is below is darkened.
        outside: Done when it is not what is tapped; where None, taps go on to what is below.
        looks: All that its picture depends on, what is below included: it is drawn once. None:
            it is drawn every time.
    """

    view: View
    package: str
    box: Box
    dim: bool = False
    outside: Act | None = None
    looks: Hashable = None


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

    def draw(
        self, ground: Image.Image, pressed: View | None, written: "Written | None" = None
    ) -> Image.Image:
        """Draw everything onto a picture and give it.

        Args:
            ground: The picture.
            pressed: What a finger lies on.
            written: Told what is written; None: nobody wants to know, which is quicker.
        """
        canvas = Canvas(ground, written=written, wordless=self.style.wordless)
        for layer in self.layers:
            if layer.dim:
                canvas.dim(self.area, 0.5)
            if layer.looks is None or written is not None:
                layer.view.draw(canvas, self.style)
            else:
                _draw_once(layer, canvas, self.style)
        if pressed is not None and pressed.box.width > 0:
            canvas.outline(pressed.box, self.style.accent, self.style.dp(4), self.style.dp(2))
        return ground


_DRAWN: dict[Hashable, Image.Image] = {}
_KEPT = 64


def _draw_once(layer: Layer, canvas: Canvas, style: Style) -> None:
    if layer.looks not in _DRAWN:
        if len(_DRAWN) >= _KEPT:
            _DRAWN.clear()
        layer.view.draw(canvas, style)
        _DRAWN[layer.looks] = canvas.image.crop(layer.box)
    canvas.image.paste(_DRAWN[layer.looks], layer.box[:2])


def build(phone: "Phone") -> Scene:
    """Lay out what a phone shows now."""
    style, (width, height) = phone.style, phone.size
    scene = Scene((width, height), style)
    status, navigation = style.dp(STATUS_DP), style.dp(NAVIGATION_DP)
    if phone.state.locked:
        scene.area = Box(0, 0, width, height)
        scene.add(Layer(lock_view(phone), SYSTEM, Box(0, 0, width, height)))
        scene.add(Layer(status_view(phone), SYSTEM, Box(0, 0, width, status)))
        return scene
    scene.area = Box(0, status, width, height - navigation)
    top, bottom = status, height - navigation
    keyboard = _keyboard(phone)
    if keyboard is not None:
        bottom -= keyboard.high(style, width)
    ground: Hashable = (style, width)
    if phone.state.front is None:
        time, down = phone.clock.strftime("%F %H:%M"), phone.state.scroll.get("home", 0)
        ground = (style, width, height, tuple(phone.state.home), time, down)
        home = Layer(home_view(phone), LAUNCHER, Box(0, 0, width, height), looks=ground)
        scene.add(home)
    else:
        _pages(phone, scene, Box(0, top, width, bottom))
    if keyboard is not None:
        place = Box(0, bottom, width, height - navigation)
        scene.add(Layer(keyboard, "org.eyehand.keyboard", place))
        _toolbar(phone, scene, Box(0, top, width, bottom))
    if phone.state.overlay == "recents":
        scene.add(Layer(recents_view(phone), LAUNCHER, scene.area))
    elif phone.state.overlay == "shade":
        scene.add(Layer(shade_view(phone), SYSTEM, scene.area))
    bar = status_view(phone)
    shown = (ground, *(one.label or one.text for one in bar.walk()))
    scene.add(Layer(bar, SYSTEM, Box(0, 0, width, status), looks=shown))
    keys = Box(0, height - navigation, width, height)
    looks = (ground, "navigation", phone.state.overlay)
    scene.add(Layer(navigation_view(phone), SYSTEM, keys, looks=looks))
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
