"""The practice phone itself: what it shows, what touches and keys do, and how its time passes.

Everything is synchronous and deterministic: the same seed and the same calls give the same
pixels. Time is the phone's own and passes in ``advance`` only, so that a test can let an hour
pass in no time, and a server can let it pass as on a wall.
"""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

import numpy as np
from PIL import Image

from ...model.chat import Pixels
from ...model.size import Size
from . import keys, system
from .app import App, Page, Screen, nothing_there
from .apps import APPS
from .dialogs import DIALOGS
from .draw import Box
from .field import Field, Kind, TextField
from .state import ADB_KEYBOARD, Record, State
from .style import THEMES, Style, style_of
from .system import LAUNCHER, SYSTEM, Scene
from .touch import Touch
from .view import Scroll, UiNode
from .words import World

TouchKind = Literal["down", "move", "up", "cancel"]

_FRAME_S = 1 / 60
_TAP_S = 0.06
_SLIDE_S = 0.2
_TOAST_S = 2.5
_SIZES = (240, 4096)
_DENSITIES = (80, 720)


@dataclass(frozen=True, slots=True)
class AppInfo:
    """What the system knows of an app: its name, and the activity it starts with."""

    label: str
    activity: str


class Phone:
    """A phone.

    Args:
        seed: What everything about it follows from.
        size: Of the hardware held upright, in pixels.
        density: In dots per inch; None: such that the screen is about 360 dp wide.
        theme: A name of ``style.THEMES``; None: by the seed.
        dark: Light on dark; None: by the seed.

    Raises:
        ValueError: There is no such theme, or a size that is no phone's.
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        size: Size = Size(540, 1200),  # noqa: B008 - a tuple
        density: int | None = None,
        theme: str | None = None,
        dark: bool | None = None,
    ) -> None:
        if theme is not None and theme not in THEMES:
            raise ValueError(f"there is no theme {theme!r}; there are {', '.join(THEMES)}")
        if not all(_SIZES[0] <= side <= _SIZES[1] for side in size):
            raise ValueError(f"a phone's sides are {_SIZES[0]} to {_SIZES[1]} pixels, not {size}")
        if density is None:
            density = max(120, min(_DENSITIES[1], round(min(size) * 160 / 360)))
        if not _DENSITIES[0] <= density <= _DENSITIES[1]:
            low, high = _DENSITIES
            raise ValueError(f"a phone's density is {low} to {high} dots per inch, not {density}")
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
            settings=_settings(rng, dark=looks[1] if dark is None else dark),
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
        self.apps: dict[str, App] = APPS
        self._touch = Touch(self)
        self._scene: Scene | None = None
        self._shown: list[tuple[Screen, Page]] | None = None
        self._pixels: Pixels | None = None
        self._wake = 0.0
        self._turning = False
        self._slide: tuple[float, Image.Image] | None = None
        self._paper: Image.Image | None = None
        self._drawn: Scene | None = None
        """What is drawn on the paper."""
        self._caret_drawn: Box | None = None

    # As plain data

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

    def data(self, app: str) -> dict[str, Any]:
        """Give an app's data, to be changed in place."""
        return self.state.data[app]

    # What it is

    @property
    def size(self) -> Size:
        """Of the screen as it lies now, in pixels."""
        width, height = self.state.size_override or self.state.natural
        return Size(height, width) if self.state.rotation % 2 else Size(width, height)

    @property
    def natural(self) -> Size:
        """Of the hardware, held upright, in pixels."""
        return Size(*self.state.natural)

    @property
    def density(self) -> int:
        """In dots per inch, the override included."""
        return self.state.density_override or self.state.density

    @property
    def rotation(self) -> int:
        """Quarter turns, 0 to 3, as Android's ``Surface.ROTATION_*``."""
        return self.state.rotation

    @property
    def style(self) -> Style:
        """How everything looks now."""
        dark = self.on("secure", "ui_night_mode")
        scale = float(self.state.settings["system"].get("font_scale", "1.0"))
        return style_of(self.state.theme, dark, self.density, scale)

    def rotate(self, rotation: int) -> None:
        """Turn it.

        Raises:
            ValueError: It is not 0 to 3.
        """
        if rotation not in (0, 1, 2, 3):
            raise ValueError(f"a rotation is 0, 1, 2 or 3 quarter turns, not {rotation}")
        self.state.rotation = rotation
        self._touch.cancel()
        self._changed()

    def resize(self, size: Size | None) -> None:
        """Pretend to have another size, in pixels, held upright; None: its own.

        Raises:
            ValueError: No phone has it.
        """
        if size is not None and not all(_SIZES[0] <= side <= _SIZES[1] for side in size):
            raise ValueError(f"a phone's sides are {_SIZES[0]} to {_SIZES[1]} pixels, not {size}")
        self.state.size_override = None if size is None else (size.width, size.height)
        self._changed()

    def set_density(self, density: int | None) -> None:
        """Draw everything larger or smaller, in dots per inch; None: as it was made.

        Raises:
            ValueError: Nothing could be read.
        """
        if density is not None and not _DENSITIES[0] <= density <= _DENSITIES[1]:
            low, high = _DENSITIES
            raise ValueError(f"a phone's density is {low} to {high} dots per inch, not {density}")
        self.state.density_override = density
        self._changed()

    # Time

    @property
    def now(self) -> float:
        """Seconds since it was switched on."""
        return self.state.now

    @property
    def clock(self) -> datetime.datetime:
        """What its clock shows."""
        start = datetime.datetime.fromisoformat(self.state.start)
        return start + datetime.timedelta(seconds=self.state.now)

    @property
    def slowness(self) -> float:
        """What loading times are multiplied by."""
        return self.state.slowness

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

    def until(self, when: float) -> bool:
        """Whether a time is still to come; when it comes, the screen is built anew."""
        if self.state.now < when:
            self._wake = min(self._wake, when)
            return True
        return False

    def turning(self) -> None:
        """Say, while a screen is built, that something on it turns."""
        self._turning = True
        self._wake = min(self._wake, self.state.now + 1 / 12)

    def later(self, app: str, seconds: float, do: str, given: dict[str, Any]) -> None:
        """Have an app do something after so many seconds."""
        timer = {"at": self.state.now + seconds, "app": app, "do": do, "given": given}
        self.state.timers.append(timer)

    def do(self, app: str, name: str, given: dict[str, Any]) -> None:
        """Have an app do something it has a name for."""
        stack = self.state.stacks.get(app)
        record = stack[-1] if stack else _record(0, "main", {})
        self.apps[app].doings[name](Screen(self, self.apps[app], record), **given)
        self._changed()

    # What it shows

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
        if self._pixels is None or self._sliding or self._caret_drawn != self._caret():
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
                picture.paste(system.wallpaper(width, height, *self._colours()))
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

    def _colours(self) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        style = self.style
        red, green, blue = style.accent
        if style.dark:
            return (red // 5, green // 5, blue // 5), (red // 3, green // 3, blue // 3)
        return (red * 3 // 4, green * 3 // 4, blue * 3 // 4), (red // 3, green // 3, blue // 3)

    @property
    def secure(self) -> bool:
        """Whether pictures of what is shown are forbidden."""
        if self.state.front is None or self.state.locked or not self.state.awake:
            return False
        return any(page.secure for _, page in self.shown_pages())

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

    # Hands

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
        if kind == "cancel":
            self._touch.cancel()
        else:
            {"down": self._touch.down, "move": self._touch.move, "up": self._touch.up}[kind](x, y)
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

    def type_ascii(self, text: str) -> None:
        """Type on a hardware keyboard.

        Raises:
            ValueError: A character has no key; nothing was typed.
        """
        for letter in text:
            if not (" " <= letter <= "~" or letter == "\n"):
                raise ValueError(f"{letter!r} has no key")
        for letter in text:
            if letter == "\n":
                self.enter()
            else:
                self.commit(letter)

    # The field that has the keyboard

    @property
    def field(self) -> Field | None:
        """The field that has the keyboard."""
        focus = self.state.focus
        if focus is None or self.state.front is None or self.state.locked:
            return None
        record = self._top()
        if record is None or record["number"] != focus["page"]:
            return None
        return Field(record["local"], focus["key"], focus["kind"])

    @property
    def keyboard_shown(self) -> bool:
        """Whether the on-screen keyboard takes a part of the screen."""
        hidden = self.state.keyboard.get("hidden", False) or self.state.ime == ADB_KEYBOARD
        return self.field is not None and not hidden

    @property
    def caret_on(self) -> bool:
        """Whether a caret shows just now: half a second on, half a second off."""
        focus = self.state.focus
        if focus is None or self.field is None:
            return False
        return bool((self.state.now - focus["since"]) % 1.0 < 0.5)

    def has_focus(self, record: Record, key: str) -> bool:
        """Whether a field of a page has the keyboard."""
        focus = self.state.focus
        return (
            focus is not None
            and (focus["page"], focus["key"]) == (record["number"], key)
            and record is self._top()
        )

    def focus(self, record: Record, key: str, kind: Kind) -> None:
        """Give a field the keyboard."""
        self.state.focus = {
            "page": record["number"], "key": key, "kind": kind, "since": self.state.now,
        }  # fmt: skip
        self.state.keyboard = {"layer": "letters", "shift": False, "hidden": False}
        self._changed()

    def edited(self) -> None:
        """Say that the field changed: its caret begins to blink anew."""
        if self.state.focus is not None:
            self.state.focus["since"] = self.state.now
            self.state.focus["toolbar"] = False
        self._changed()

    def _edit(self, act: Callable[[Field], object]) -> bool:
        field = self.field
        if field is None or not self.state.awake:
            return False
        act(field)
        self.edited()
        return True

    def commit(self, text: str) -> bool:
        """Write a text into the field that has the keyboard; False where none has."""
        return self._edit(lambda field: field.insert(text))

    def clear_field(self) -> bool:
        """Empty the field that has the keyboard; False where none has."""
        return self._edit(lambda field: field.put(""))

    def erase(self) -> None:
        """Remove what is before the caret, or what is selected."""
        self._edit(lambda field: field.erase(-1))

    def select_all(self) -> None:
        """Select all of the field's text."""
        if self._edit(lambda field: field.select(0, len(field.text))):
            self.show_toolbar()

    def copy(self) -> None:
        """Copy what is selected."""
        field = self.field
        if field is not None and field.selected and not field.secret:
            self.state.clipboard = field.selected
            self.edited()

    def cut(self) -> None:
        """Copy what is selected, and remove it."""
        self.copy()
        self._edit(lambda field: field.erase(-1) if field.selected and not field.secret else None)

    def paste(self) -> None:
        """Write what was copied."""
        if self.state.clipboard:
            self.commit(self.state.clipboard)

    @property
    def clipboard(self) -> str:
        """What was copied."""
        return self.state.clipboard

    @clipboard.setter
    def clipboard(self, text: str) -> None:
        self.state.clipboard = text

    def show_toolbar(self) -> None:
        """Show cut, copy and paste."""
        if self.state.focus is not None:
            self.state.focus["toolbar"] = True
        self._changed()

    def hide_keyboard(self) -> None:
        """Put the keyboard away; the field keeps the focus."""
        self.state.keyboard["hidden"] = True
        self._changed()

    def focused_view(self, scene: Scene) -> TextField | None:
        """Give the field on the screen that has the keyboard."""
        for layer in scene.layers:
            for view in layer.view.walk():
                if isinstance(view, TextField) and view.focused:
                    return view
        return None

    def enter(self) -> None:
        """Press the Enter key: a line feed, what the field is for, or on to the next one."""
        field = self.field
        if field is None:
            return
        if field.kind == "multiline":
            self.commit("\n")
            return
        view = self.focused_view(self.scene())
        if view is not None and view.on_submit is not None:
            view.on_submit()
            self._changed()
        elif not self.next_field():
            self.hide_keyboard()

    def next_field(self) -> bool:
        """Give the keyboard to the next field of the page; False where there is none."""
        views = [v for layer in self.scene().layers for v in layer.view.walk()]
        fields = [view for view in views if isinstance(view, TextField)]
        places = [n for n, view in enumerate(fields) if view.focused]
        if not places or places[0] + 1 >= len(fields):
            return False
        act = fields[places[0] + 1].on_tap
        if act is not None:
            act()
        self._changed()
        return True

    # Settings

    @property
    def settings(self) -> dict[str, dict[str, str]]:
        """Android's tables ``system``, ``secure`` and ``global``."""
        self._changed()  # whoever asks may write
        return self.state.settings

    def on(self, table: str, key: str) -> bool:
        """Whether something is switched on."""
        value = self.state.settings[table].get(key, "0")
        return value == ("2" if key == "ui_night_mode" else "1")

    def put(self, table: str, key: str, value: bool | int | float | str) -> None:
        """Set a setting; True and False are written as Android does."""
        if isinstance(value, bool):
            yes, no = ("2", "1") if key == "ui_night_mode" else ("1", "0")
            value = yes if value else no
        self.state.settings[table][key] = str(value)
        self._changed()

    @property
    def ime(self) -> str:
        """The input method in use."""
        return self.state.ime

    @ime.setter
    def ime(self, name: str) -> None:
        self.state.ime = name
        self._changed()

    @property
    def imes(self) -> dict[str, bool]:
        """The input methods installed, and whether each is enabled."""
        return self.state.imes

    # Power

    @property
    def awake(self) -> bool:
        """Whether the screen is on."""
        return self.state.awake

    @property
    def locked(self) -> bool:
        """Whether the lock screen is shown."""
        return self.state.locked

    def screen_off(self) -> None:
        """Switch the screen off; it will be locked."""
        self.state.awake, self.state.locked = False, True
        self._touch.cancel()
        self._changed()

    def wake(self) -> None:
        """Switch the screen on."""
        self.state.awake = True
        self._changed()

    def unlock(self) -> None:
        """Leave the lock screen."""
        self.state.locked = False
        self._changed()

    # Apps and pages

    @property
    def packages(self) -> dict[str, AppInfo]:
        """Every app by its package."""
        return {app.package: AppInfo(app.label, ".MainActivity") for app in self.apps.values()}

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

    def _activity(self, app: str) -> str:
        own = (r for r in reversed(self.state.stacks[app]) if r["page"] not in DIALOGS)
        words = next(own, {"page": "main"})["page"].split("_")
        return f".{''.join(word.title() for word in words)}Activity"

    def tasks_open(self) -> list[tuple[str, str]]:
        """Package and activity of each open app, the last used first."""
        return [(self.apps[app].package, self._activity(app)) for app in self.state.recent]

    def launch(self, package: str) -> None:
        """Start an app, or bring it to the front.

        Raises:
            KeyError: There is none of that package.
        """
        self.open_app(
            next(app.id for app in self.apps.values() if app.package == package)
            if package in self.packages
            else _missing(package)
        )

    def open_app(self, app: str) -> None:
        """Start an app, or bring it to the front, by its id."""
        self._animate()
        state = self.state
        state.overlay, state.focus = "", None
        stack = state.stacks.setdefault(app, [])
        if not stack:
            stack.append(self._new("main", {}))
            if state.permissions.get(app, True) is None:
                stack.append(self._new("permission", {}))
        state.front = app
        state.recent = [app, *(other for other in state.recent if other != app)]
        self._changed()

    def stop_app(self, package: str) -> None:
        """End an app; its data stay."""
        app = next((one.id for one in self.apps.values() if one.package == package), None)
        if app is None or app not in self.state.stacks:
            return
        del self.state.stacks[app]
        self.state.recent.remove(app)
        if self.state.front == app:
            self.state.front, self.state.focus = None, None
        self._changed()

    def _new(self, page: str, args: dict[str, Any]) -> Record:
        self.state.count += 1
        return _record(self.state.count, page, args)

    def _top(self) -> Record | None:
        front = self.state.front
        return self.state.stacks[front][-1] if front is not None else None

    def push(self, app: str, page: str, args: dict[str, Any]) -> None:
        """Show a page of an app over what it shows now."""
        if page not in DIALOGS:
            self._animate()
        self.state.stacks[app].append(self._new(page, args))
        self.state.focus = None
        self._changed()

    def pop(self, record: Record) -> None:
        """Leave a page, and all above it."""
        for app, stack in self.state.stacks.items():
            for place, one in enumerate(stack):
                if one is record:
                    del stack[place:]
                    if not stack:
                        del self.state.stacks[app]
                        self.state.recent.remove(app)
                        if self.state.front == app:
                            self.state.front = None
                    self.state.focus = None
                    self._changed()
                    return

    def pop_to(self, app: str, page: str) -> None:
        """Leave all pages above the last one of a name."""
        stack = self.state.stacks[app]
        while len(stack) > 1 and stack[-1]["page"] != page:
            stack.pop()
        self.state.focus = None
        self._changed()

    def _screen(self, app: str, record: Record) -> Screen:
        return Screen(self, self.apps[app], record)

    def _page(self, app: str, record: Record) -> tuple[Screen, Page]:
        s = self._screen(app, record)
        build = self.apps[app].pages.get(record["page"]) or DIALOGS[record["page"]]
        try:
            return s, build(s)
        except LookupError:
            if record["page"] in DIALOGS:
                raise
            return s, nothing_there(s)  # what it showed was deleted elsewhere

    def shown_pages(self) -> list[tuple[Screen, Page]]:
        """Give the page in front and the dialogs over it, from the bottom."""
        if self._shown is None:
            front = self.state.front or ""
            found: list[tuple[Screen, Page]] = []
            for record in reversed(self.state.stacks.get(front, [])):
                found.insert(0, self._page(front, record))
                if not found[0][1].dialog:
                    break
            self._shown = found
        return self._shown

    def page_below(self, dialog: Screen) -> Page:
        """Give the page that a dialog lies over."""
        stack = self.state.stacks[dialog.app.id]
        own = next(n for n, record in enumerate(stack) if record["local"] is dialog.local)
        return self._page(dialog.app.id, stack[own - 1])[1]

    def title_of(self, app: str) -> str:
        """Give the title that an open app shows."""
        stack = self.state.stacks[app]
        return (
            self._page(app, stack[0])[1].title
            if len(stack) == 1
            else next(
                page.title
                for record in reversed(stack)
                if not (page := self._page(app, record)[1]).dialog
            )
        )

    # The system's own buttons

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

    def go_home(self) -> None:
        """Go to the home screen."""
        if not self.state.locked:
            self.state.front, self.state.overlay, self.state.focus = None, "", None
            self._changed()

    def show_recents(self) -> None:
        """Show the apps that are open."""
        if not self.state.locked:
            self.state.overlay, self.state.focus = "recents", None
            self.state.scroll.pop("recents", None)
            self._changed()

    def open_shade(self) -> None:
        """Pull down notifications and quick settings."""
        if not self.state.locked:
            self.state.overlay = "shade"
            self.state.scroll.pop("shade", None)
            self._changed()

    def close_overlay(self) -> None:
        """Leave the shade, or the recent apps."""
        self.state.overlay = ""
        self._changed()

    def clear_recents(self) -> None:
        """End all apps."""
        for app in list(self.state.recent):
            self.stop_app(self.apps[app].package)
        self.go_home()

    def toast(self, text: str) -> None:
        """Say something in passing."""
        self.state.toast = {"text": text, "until": self.state.now + _TOAST_S}
        self._changed()

    def notify(self, app: str, title: str, text: str, page: str, **args: Any) -> None:
        """Put a notification into the shade."""
        entry = {"app": app, "title": title, "text": text, "page": page, "args": args}
        self.state.notifications.insert(0, entry)
        self._changed()

    def dismiss(self, number: int) -> None:
        """Take a notification away."""
        del self.state.notifications[number]
        self._changed()

    def clear_notifications(self) -> None:
        """Take all notifications away."""
        self.state.notifications.clear()
        self._changed()

    def open_notification(self, number: int) -> None:
        """Go where a notification leads."""
        entry = self.state.notifications.pop(number)
        self.open_app(entry["app"])
        if entry["page"] != "main":
            self.push(entry["app"], entry["page"], entry["args"])

    def _animate(self) -> None:
        if self.on("global", "animator_off") or not self.state.awake:
            return
        picture = None if self._pixels is None else Image.fromarray(self._pixels)
        if picture is not None:
            self._slide = (self.state.now, picture)


def _record(number: int, page: str, args: dict[str, Any]) -> Record:
    return {"number": number, "page": page, "args": args, "local": {}}


def _missing(package: str) -> str:
    raise KeyError(package)


def _settings(rng: Random, *, dark: bool) -> dict[str, dict[str, str]]:
    def coin() -> str:
        return str(rng.randrange(2))

    return {
        "system": {
            "screen_brightness": str(rng.randrange(40, 220)),
            "accelerometer_rotation": coin(),
            "font_scale": "1.0",
            "volume_ring": str(rng.randrange(1, 15)),
            "volume_music": str(rng.randrange(1, 15)),
            "screen_off_timeout": rng.choice(("30000", "60000", "120000")),
        },
        "secure": {
            "ui_night_mode": "2" if dark else "1",
            "location_mode": coin(),
            "flashlight_on": "0",
        },
        "global": {
            "wifi_on": coin(),
            "bluetooth_on": coin(),
            "airplane_mode_on": "0",
            "zen_mode": "0",
            "device_name": f"{rng.choice(('Pocket', 'Pebble', 'Lantern', 'Comet'))} "
            f"{rng.randrange(2, 9)}",
        },
    }
