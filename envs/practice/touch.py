"""Fingers on the glass: what is a tap, a long press, a drag, a fling."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .controls import Slider
from .field import TextField
from .layout import Scroll
from .view import View

if TYPE_CHECKING:
    from .phone import Phone

LONG_PRESS_S = 0.5
DOUBLE_TAP_S = 0.3
_SLOP_DP = 8
_FLING_S = 0.5
_FLING_DP_S = 120
"""Slower fingers let go of a list that stays where it is."""
_FLING_SHARE = 0.22
"""How far a list runs on, in seconds of the speed it was let go at."""


@dataclass(slots=True)
class _Finger:
    x: float
    y: float
    began: float
    hits: list[View]
    trail: list[tuple[float, float, float]] = field(default_factory=list)
    moved: bool = False
    held: bool = False
    lasted: bool = False
    """Whether it lay still for as long as a long press takes, whatever came of it."""
    drags: View | None = None
    from_top: bool = False
    anchor: float = 0.0
    """Where a dragged list would be scrolled to with the finger at 0."""


@dataclass(slots=True)
class _Fling:
    scroll: Scroll
    start: int
    far: float
    began: float


class Touch:
    """One finger, and what it does to a phone.

    Args:
        phone: The phone.
    """

    def __init__(self, phone: "Phone") -> None:
        self._phone = phone
        self._finger: _Finger | None = None
        self._fling: _Fling | None = None
        self._last_tap: tuple[float, float, float] = (-9.0, 0.0, 0.0)

    @property
    def pressed(self) -> View | None:
        """What a finger lies on and would tap."""
        finger = self._finger
        if finger is None or finger.moved:
            return None
        return next((view for view in finger.hits if view.on_tap and view.enabled), None)

    @property
    def flinging(self) -> bool:
        """Whether a list runs on by itself."""
        return self._fling is not None

    @property
    def idle(self) -> bool:
        """Whether a finger lies still, and on nothing that heeds it."""
        finger = self._finger
        return finger is not None and not (
            finger.moved or finger.held or any(_heeds(view) for view in finger.hits)
        )

    def next_event(self) -> float:
        """When something happens by itself, in the phone's seconds."""
        finger = self._finger
        if finger is not None and not (finger.moved or finger.lasted):
            return finger.began + LONG_PRESS_S
        return float("inf")

    def down(self, x: float, y: float) -> None:
        """Lay the finger down."""
        self._fling = None
        scene = self._phone.scene()
        bar = scene.style.dp(28)
        self._finger = _Finger(
            x, y, self._phone.now, scene.hits(x, y), [(self._phone.now, x, y)], from_top=y < bar
        )
        slider = next((v for v in self._finger.hits if isinstance(v, Slider)), None)
        if slider is not None and slider.enabled:
            self._finger.drags, self._finger.moved = slider, True
            slider.slide(x)

    def move(self, x: float, y: float) -> None:
        """Move it."""
        finger = self._finger
        if finger is None:
            return
        finger.trail.append((self._phone.now, x, y))
        del finger.trail[:-20]
        slop = self._phone.style.dp(_SLOP_DP)
        if not finger.moved and max(abs(x - finger.x), abs(y - finger.y)) > slop:
            finger.moved = True
            if not finger.held:
                scrolls = (v for v in finger.hits if isinstance(v, Scroll) and v.far > 0)
                finger.drags = scroll = next(scrolls, None)
                if scroll is not None:
                    finger.anchor = scroll.offset + finger.y
        if isinstance(finger.drags, Slider):
            finger.drags.slide(x)
        elif isinstance(finger.drags, Scroll):
            scroll = finger.drags
            scroll.move(finger.anchor - y - scroll.offset)
            finger.anchor = scroll.offset + y if scroll.offset in (0, scroll.far) else finger.anchor

    def up(self, x: float, y: float) -> None:
        """Lift it: that is what taps."""
        finger = self._finger
        if finger is None:
            return
        # Trailing events at the same place are a finger that rests; they count for its speed.
        finger.trail.append((self._phone.now, x, y))
        self._finger = None
        phone = self._phone
        if finger.moved:
            height = phone.size.height
            if finger.from_top and y - finger.y > height * 0.08:
                phone.open_shade()
            elif phone.state.locked and finger.y - y > height * 0.15:
                phone.unlock()
            elif (
                phone.state.overlay == "shade"
                and finger.y - y > height * 0.15
                and not isinstance(finger.drags, Scroll)
            ):
                phone.close_overlay()
            elif isinstance(finger.drags, Scroll):
                self._let_go(finger, finger.drags)
            return
        if finger.held:
            return
        for view in finger.hits:
            if isinstance(view, TextField) and view.enabled:
                self._tap_field(view, finger)
                return
            if view.on_tap is not None:
                if view.enabled:
                    view.on_tap()
                return

    def cancel(self) -> None:
        """Take it away with no effect."""
        self._finger = None

    def run(self, now: float) -> None:
        """Do what is due by a time: a long press, a list that runs on."""
        finger, fling = self._finger, self._fling
        if finger is not None and now >= self.next_event():
            finger.lasted = True
            self._hold(finger)
        if fling is not None:
            share = min(1.0, (now - fling.began) / _FLING_S)
            place = fling.start + fling.far * (1 - (1 - share) ** 3)
            fling.scroll.move(place - fling.scroll.offset)
            if share >= 1:
                self._fling = None

    def _let_go(self, finger: _Finger, scroll: Scroll) -> None:
        now, _, y = finger.trail[-1]
        recent = [place for place in finger.trail if now - place[0] <= 0.1]
        seconds = now - recent[0][0]
        if seconds <= 0:
            return
        speed = (recent[0][2] - y) / seconds
        if abs(speed) > self._phone.style.dp(_FLING_DP_S):
            self._fling = _Fling(scroll, scroll.offset, speed * _FLING_SHARE, now)

    def _hold(self, finger: _Finger) -> None:
        for view in finger.hits:
            if isinstance(view, TextField) and view.enabled:
                finger.held = True
                self._focus(view)
                place = view.index_at(self._phone.style, finger.x, finger.y)
                view.field.select_word(place)
                self._phone.show_toolbar()
                return
            if view.on_long is not None and view.enabled:
                finger.held = True
                view.on_long()
                return
            if view.on_tap is not None:
                return  # released later, it is still a tap

    def _tap_field(self, view: TextField, finger: _Finger) -> None:
        now = self._phone.now
        then, x, y = self._last_tap
        near = max(abs(x - finger.x), abs(y - finger.y)) < self._phone.style.dp(24)
        self._last_tap = (now, finger.x, finger.y)
        place = view.index_at(self._phone.style, finger.x, finger.y)
        self._focus(view)
        if near and finger.began - then < DOUBLE_TAP_S:
            view.field.select_word(place)
            self._phone.show_toolbar()
        else:
            view.field.select(place, place)

    def _focus(self, view: TextField) -> None:
        if view.on_tap is not None:
            view.on_tap()


def _heeds(view: View) -> bool:
    acts = view.on_tap is not None or view.on_long is not None
    return acts or isinstance(view, Slider | TextField)
