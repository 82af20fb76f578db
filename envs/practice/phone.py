"""The practice phone itself: what it shows, what touches and keys do, and how its time passes.

Everything is synchronous and deterministic: the same seed and the same calls give the same
pixels. Time is the phone's own and passes in ``advance`` only, so that a test can let an hour
pass in no time, and a server can let it pass as on a wall.
"""

import datetime
from random import Random
from typing import Any, Literal

import numpy as np
from PIL import Image

from ...model.chat import Pixels
from ...model.size import Size
from . import keys, system
from .apps import APPS
from .apps.settings_data import FONT_SIZES
from .draw import Box
from .hardware import DENSITIES, SIDES, first_settings
from .layout import Scroll
from .state import State
from .style import THEMES
from .surfaces import wallpaper
from .system import LAUNCHER, SYSTEM, Scene
from .touch import Touch
from .view import UiNode
from .words import World
from .writing import Writing

TouchKind = Literal["down", "move", "up", "cancel"]

_FRAME_S = 1 / 60
_TAP_S = 0.06
_SLIDE_S = 0.2


class Phone(Writing):
    """A phone.

    Args:
        seed: What everything about it follows from.
        size: Of the hardware held upright, in pixels.
        density: In dots per inch; None: such that the screen is about 360 dp wide.
        theme: A name of ``style.THEMES``; None: by the seed.
        dark: Light on dark; None: by the seed.
        font_scale: What the user set the size of text to: 1 is the usual one.
        wordless: Texts take their room on the screen, and are not drawn: icons, shapes and layout
            are as ever. What cannot read is told apart so from what can.

    Raises:
        ValueError: There is no such theme or size of text, or a size that is no phone's.
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        size: Size = Size(540, 1200),  # noqa: B008 - a tuple
        density: int | None = None,
        theme: str | None = None,
        dark: bool | None = None,
        font_scale: float = 1.0,
        wordless: bool = False,
    ) -> None:
        if theme is not None and theme not in THEMES:
            raise ValueError(f"there is no theme {theme!r}; there are {', '.join(THEMES)}")
        if not all(SIDES[0] <= side <= SIDES[1] for side in size):
            raise ValueError(f"a phone's sides are {SIDES[0]} to {SIDES[1]} pixels, not {size}")
        if density is None:
            density = max(120, min(DENSITIES[1], round(min(size) * 160 / 360)))
        if not DENSITIES[0] <= density <= DENSITIES[1]:
            low, high = DENSITIES
            raise ValueError(f"a phone's density is {low} to {high} dots per inch, not {density}")
        scales = {float(scale): scale for scale in FONT_SIZES.values()}
        if font_scale not in scales:
            known = ", ".join(scales.values())
            raise ValueError(f"a phone's font scale is one of {known}, not {font_scale:g}")
        rng = Random(f"{seed}/phone")
        looks = rng.choice(list(THEMES)), rng.random() < 0.4
        world = World.make(seed)
        time = datetime.time(rng.randrange(8, 20), rng.randrange(60))
        self.state = State(
            seed=seed,
            natural=(size.width, size.height),
            density=density,
            start=datetime.datetime.combine(world.today, time).isoformat(),
            theme=theme or looks[0],
            wordless=wordless,
            settings=first_settings(
                rng, dark=looks[1] if dark is None else dark, font_scale=scales[font_scale]
            ),
            home=rng.sample(list(APPS), len(APPS)),
            permissions={
                app.id: None if app.permission and rng.random() < 0.3 else True
                for app in APPS.values()
            },
        )
        for app in APPS.values():
            self.state.data[app.id] = app.seed(world, Random(f"{seed}/{app.id}"))
        self._begin()

    def _begin(self) -> None:
        self.apps = APPS
        self._touch = Touch(self)
        self._scene: Scene | None = None
        self._shown = None
        self._pixels: Pixels | None = None
        self._wake = 0.0
        self._turning = False
        self._slide: tuple[float, Image.Image] | None = None
        self._paper: Image.Image | None = None
        self._drawn: Scene | None = None
        """What is drawn on the paper."""
        self._caret_drawn: Box | None = None

    def save(self) -> dict[str, Any]:
        """Give the whole phone as plain data; a finger on the glass is not part of it."""
        return self.state.save()

    @classmethod
    def load(cls, data: dict[str, Any]) -> "Phone":
        """Make a phone of what ``save`` gave.

        Raises:
            ValueError: It is none.
        """
        phone = cls.__new__(cls)
        phone.state = State.load(data)
        phone._begin()
        return phone

    def advance(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            ValueError: Backwards, or without end.
        """
        if not 0 <= seconds < 1e7:
            raise ValueError(f"time passes by 0 to 1e7 seconds, not {seconds}")
        end = self.state.now + seconds
        while True:
            due = min((timer["at"] for timer in self.state.timers), default=float("inf"))
            event = min(due, self._touch.next_event())
            if event > end:
                break
            self.state.now = max(self.state.now, event)
            self._run_due()
        self.state.now = end
        self._run_due()
        if end >= self._wake or self._touch.flinging:
            self._changed()

    def _run_due(self) -> None:
        self._touch.run(self.state.now)
        for timer in [timer for timer in self.state.timers if timer["at"] <= self.state.now]:
            self.state.timers.remove(timer)
            self.do(timer["app"], timer["do"], timer["given"])

    @property
    def moving(self) -> bool:
        """Whether a page slides, a list runs on or a spinner turns; no caret, no clock."""
        self.scene()
        return self._turning or self._touch.flinging or self._sliding

    @property
    def _sliding(self) -> bool:
        return self._slide is not None and self.state.now < self._slide[0] + _SLIDE_S

    def _changed(self) -> None:
        self._scene = self._pixels = self._shown = None
        self._wake, self._turning = float("inf"), False

    def scene(self) -> Scene:
        """Give the screen as it is laid out now."""
        if self._scene is None:
            now = self.state.now
            minute = now + 60 - self.clock.second - self.clock.microsecond / 1e6
            self._wake = min(self._wake, minute)
            self._scene = system.build(self)
        return self._scene

    def pixels(self) -> Pixels:
        """Give the picture that the phone shows.

        Returns:
            ``uint8[H, W, 3]``, RGB, read-only. Black where the page forbids pictures, or while the
            screen is off.
        """
        # A slide that is over is drawn once more: its last picture was a little beside the end.
        if self._pixels is None or self._slide is not None or self._caret_drawn != self._caret():
            if not self.state.awake or self.secure:
                pixels = np.zeros((self.size.height, self.size.width, 3), np.uint8)
                caret = None
            else:
                picture = self._draw()
                caret = self._caret()
                # A caret is put upon the picture: to draw all anew twice a second is dear.
                pixels = np.asarray(picture) if caret is None else np.array(picture)
            if caret is not None:
                pixels[caret.top : caret.bottom, caret.left : caret.right] = self.style.accent
            pixels.flags.writeable = False
            self._pixels, self._caret_drawn = pixels, caret
        return self._pixels

    def _caret(self) -> Box | None:
        """Where a caret shows just now; None where none does."""
        if not self.caret_on or not self.state.awake:
            return None
        scene = self.scene()
        view = self.focused_view(scene)
        if view is None or view.field.selected:
            return None
        box = view.caret_box(scene.style).clipped(view.box).clipped(scene.area)
        for layer in scene.layers:
            for scroll in layer.view.walk():
                if isinstance(scroll, Scroll) and any(one is view for one in scroll.walk()):
                    box = box.clipped(scroll.box)
        return box if box.width and box.height else None

    def _draw(self) -> Image.Image:
        width, height = self.size
        scene = self.scene()
        # One picture is drawn upon again and again: new memory costs a millisecond.
        if self._paper is None or self._paper.size != (width, height):
            self._paper = Image.new("RGB", (width, height))
        picture = self._paper
        if self._drawn is not scene:
            if self.state.front is None or self.state.locked:
                picture.paste(wallpaper(self.size, self.style))
            scene.draw(picture, self._touch.pressed)
            self._drawn = scene
        if self._slide is not None:
            began, before = self._slide
            share = (self.state.now - began) / _SLIDE_S
            if share >= 1 or before.size != picture.size:
                self._slide = None
            else:
                moved = before.copy()
                moved.paste(picture, (round(width * (1 - share) ** 2), 0))
                return moved
        return picture

    @property
    def secure(self) -> bool:
        """Whether pictures of what is shown are forbidden."""
        if self.state.no_pictures:
            return True
        if self.state.front is None or self.state.locked or not self.state.awake:
            return False
        return any(page.secure for _, page in self.shown_pages())

    @secure.setter
    def secure(self, secure: bool) -> None:
        self.state.no_pictures = secure
        self._changed()

    def tree(self) -> UiNode:
        """Give what is on the screen as a tree, the topmost window's package at its root."""
        scene = self.scene()
        whole = Box(0, 0, *scene.size)
        found: list[UiNode] = []
        for layer in scene.layers if self.state.awake else []:
            over = self.state.overlay != "" and layer.box == scene.area
            if layer.outside is not None or over:
                found = []  # a dialog's own window is what is dumped
            node = layer.view.node(layer.package, whole)
            if node is not None:
                found.append(node)
        return UiNode(
            role="box", text="", label="", id="", box=whole, clickable=False, checkable=False,
            checked=False, enabled=True, focused=False, focusable=False, scrollable=False,
            long_clickable=False, password=False, selected=False, package=self.current[0],
            children=tuple(found),
        )  # fmt: skip

    @property
    def current(self) -> tuple[str, str]:
        """Package and activity in front."""
        if self.state.locked or not self.state.awake:
            return SYSTEM, ".LockScreen"
        if self.state.overlay == "shade":
            return SYSTEM, ".NotificationShade"
        if self.state.overlay == "recents":
            return LAUNCHER, ".RecentsActivity"
        if self.state.front is None:
            return LAUNCHER, ".HomeActivity"
        return self.apps[self.state.front].package, self._activity(self.state.front)

    def touch(self, kind: TouchKind, x: float, y: float) -> None:
        """One event of a finger, in pixels of the screen as it lies now.

        Raises:
            ValueError: No such kind, or the point is not on the screen.
        """
        width, height = self.size
        if kind not in ("down", "move", "up", "cancel"):
            raise ValueError(f"a finger goes down, move, up or cancel, not {kind!r}")
        if not (0 <= x < width and 0 <= y < height):
            raise ValueError(f"({x}, {y}) is not on the {width}x{height} screen")
        if not self.state.awake:
            return
        idle = self._touch.idle
        if kind == "cancel":
            self._touch.cancel()
        else:
            {"down": self._touch.down, "move": self._touch.move, "up": self._touch.up}[kind](x, y)
        if not (self._touch.idle if kind == "down" else idle and kind == "up"):
            self._changed()

    def tap(self, x: float, y: float) -> None:
        """Tap; takes 60 ms."""
        self.touch("down", x, y)
        self.advance(_TAP_S)
        self.touch("up", x, y)

    def press(self, x: float, y: float, seconds: float) -> None:
        """Hold a finger still for a while."""
        self.touch("down", x, y)
        self.advance(seconds)
        self.touch("up", x, y)

    def swipe(self, x0: float, y0: float, x1: float, y1: float, seconds: float) -> None:
        """Draw a finger in a straight line, as fast at its end as at its beginning."""
        self.touch("down", x0, y0)
        steps = max(1, round(seconds / _FRAME_S))
        for step in range(1, steps + 1):
            self.advance(seconds / steps)
            share = step / steps
            self.touch("move", x0 + (x1 - x0) * share, y0 + (y1 - y0) * share)
        self.touch("up", x1, y1)

    def wheel(self, x: float, y: float, dx: float, dy: float) -> None:
        """Turn a mouse's wheel by notches; down shows what is below."""
        for view in self.scene().hits(x, y):
            if isinstance(view, Scroll) and view.far > 0 and dy:
                view.move(dy * self.style.dp(64))
                self._changed()
                return

    def key(self, code: int, *, meta: frozenset[int] = frozenset(), long: bool = False) -> None:
        """Press a key.

        Args:
            code: Android's ``KeyEvent`` code.
            meta: Codes of the modifiers that are held.
            long: Held for half a second.
        """
        keys.press(self, code, meta, long=long)
        self._changed()

    def back(self) -> None:
        """Go back: the keyboard goes first, then overlays, dialogs and pages."""
        state = self.state
        if state.locked or not state.awake:
            return
        if state.overlay:
            self.close_overlay()
        elif self.keyboard_shown:
            self.hide_keyboard()
        elif state.front is not None:
            record = state.stacks[state.front][-1]
            page = self._page(state.front, record)[1]
            if record["page"] == "permission":
                self.go_home()
            elif page.back is not None:
                page.back()
            elif len(state.stacks[state.front]) == 1:
                self.go_home()
            else:
                self.pop(record)
        self._changed()

    def _animate(self) -> None:
        if self.on("global", "animator_off") or not self.state.awake:
            return
        picture = None if self._pixels is None else Image.fromarray(self._pixels)
        if picture is not None:
            self._slide = (self.state.now, picture)

    def _let_go(self) -> None:
        self._touch.cancel()
