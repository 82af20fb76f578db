"""What is set by a finger: switches, ticks, sliders."""

from collections.abc import Callable
from typing import Any

from .draw import Box, Canvas
from .style import Style
from .view import Act, View
from .widgets import Icon


class Switch(View):
    """On or off, at the end of a row. Where the whole row is tapped it does nothing itself."""

    role = "switch"
    checkable = True

    def __init__(self, on: bool, on_tap: Act | None = None, **more: Any) -> None:
        super().__init__(on_tap=on_tap, **more)
        self.checked = on

    def width_of(self, s: Style) -> int:
        """52 dp."""
        return s.dp(52)

    def height_of(self, s: Style, width: int) -> int:
        """What a finger needs."""
        return s.dp(48)

    def draw(self, c: Canvas, s: Style) -> None:
        """Draw the track and the thumb."""
        x, y = self.box.centre
        wide, high = s.dp(44), s.dp(24)
        track = Box(x - wide // 2, y - high // 2, x - wide // 2 + wide, y - high // 2 + high)
        on = self.checked
        ground = (s.accent if on else s.line) if self.enabled else s.raised
        c.fill(track, ground, high // 2)
        size = s.dp(18)
        left = track.right - size - s.dp(3) if on else track.left + s.dp(3)
        top = y - size // 2
        c.fill(Box(left, top, left + size, top + size), s.on_accent if on else s.muted, size // 2)


class Tick(Icon):
    """A check box, or one of several radio buttons.

    Args:
        on: Whether it is ticked.
        on_tap: What it does; None where the whole row is tapped.
        radio: Whether it is one of several.
        **more: As ``View`` takes it.
    """

    checkable = True

    def __init__(
        self, on: bool, on_tap: Act | None = None, *, radio: bool = False, **more: Any
    ) -> None:
        names = ("radio_button_unchecked", "radio_button_checked")
        name = names[on] if radio else ("check_box_outline_blank", "check_box")[on]
        super().__init__(name, colour="accent" if on else "muted", on_tap=on_tap, **more)
        self.role = "radio" if radio else "checkbox"
        self.checked = on

    def width_of(self, s: Style) -> int:
        """What a finger needs."""
        return s.dp(40)

    def height_of(self, s: Style, width: int) -> int:
        """What a finger needs."""
        return s.dp(48)


class Slider(View):
    """A value between 0 and 1, set by tapping or dragging.

    Args:
        value: Where it stands.
        on_move: Told the new value.
        steps: How many equal steps there are; values lie on them.
        **more: As ``View`` takes it.
    """

    role = "slider"

    def __init__(
        self, value: float, on_move: Callable[[float], None], *, steps: int = 100, **more: Any
    ) -> None:
        super().__init__(**{"grow": 1, **more})
        self.value, self.on_move, self.steps = value, on_move, steps
        self.text = f"{round(100 * value)}"
        self.focusable = True
        self.scale = 1.0

    def width_of(self, s: Style) -> int:
        """Enough to hit it."""
        return s.dp(160)

    def height_of(self, s: Style, width: int) -> int:
        """What a finger needs."""
        return s.dp(48)

    def place(self, s: Style, box: Box) -> None:
        """Remember how wide the ends are."""
        super().place(s, box)
        self.end = s.dp(14)

    def at(self, value: float) -> tuple[int, int]:
        """Where on the screen a value lies."""
        length = self.box.width - 2 * self.end
        return self.box.left + self.end + round(length * value), self.box.centre[1]

    def slide(self, x: float) -> None:
        """Set it to where a finger is."""
        length = max(1, self.box.width - 2 * self.end)
        share = min(1.0, max(0.0, (x - self.box.left - self.end) / length))
        self.on_move(round(share * self.steps) / self.steps)

    def draw(self, c: Canvas, s: Style) -> None:
        """Draw the line and the thumb."""
        x, y = self.at(self.value)
        high = s.dp(4)
        left, right = self.box.left + self.end, self.box.right - self.end
        c.fill(Box(left, y - high // 2, right, y - high // 2 + high), s.line, high // 2)
        c.fill(Box(left, y - high // 2, x, y - high // 2 + high), s.accent, high // 2)
        size = s.dp(20)
        thumb = Box(x - size // 2, y - size // 2, x - size // 2 + size, y - size // 2 + size)
        c.fill(thumb, s.accent, size // 2)
