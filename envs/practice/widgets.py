"""What screens are furnished with: text, buttons, rows of lists, switches, sliders."""

from typing import Any, Literal

from . import fonts
from .draw import Box, Canvas
from .style import Colour, Style
from .view import Act, View, colour_of

Align = Literal["left", "centre", "right"]


class Text(View):
    """A text, broken into lines where it must be.

    Args:
        text: What it says.
        sp: Size.
        bold: Whether it is strong.
        colour: A colour, or its name in the style.
        lines: At most so many; the last then ends in an ellipsis. None: as many as it takes.
        align: Where shorter lines stand.
        **more: As ``View`` takes it.
    """

    role = "text"

    def __init__(
        self,
        text: str,
        *,
        sp: float = 16,
        bold: bool = False,
        colour: str | Colour = "text",
        lines: int | None = None,
        align: Align = "left",
        **more: Any,
    ) -> None:
        super().__init__(**more)
        self.text, self.sp, self.bold = text, sp, bold
        self.colour, self.lines, self.align = colour, lines, align

    def _broken(self, s: Style, width: int) -> tuple[str, ...]:
        return fonts.wrap(self.text, s.font(self.sp, bold=self.bold), max(1, width), self.lines)

    def width_of(self, s: Style) -> int:
        """Of its longest paragraph, unbroken."""
        font = s.font(self.sp, bold=self.bold)
        return max(fonts.width(line, font) for line in self.text.split("\n"))

    def height_of(self, s: Style, width: int) -> int:
        """Of all its lines."""
        font = s.font(self.sp, bold=self.bold)
        return fonts.line_height(font) * len(self._broken(s, width))

    def draw(self, c: Canvas, s: Style) -> None:
        """Write the lines."""
        font = s.font(self.sp, bold=self.bold)
        colour = colour_of(s, self.colour if self.enabled else "line")
        y, step = self.box.top, fonts.line_height(font)
        for line in self._broken(s, self.box.width):
            spare = self.box.width - fonts.width(line, font)
            along = {"left": 0, "centre": spare // 2, "right": spare}[self.align]
            if self.align == "left" and fonts.leftward(line):
                along = spare
            x = self.box.left + along
            c.text(x, y, line, font, colour)
            y += step


class Icon(View):
    """A symbol.

    Args:
        name: One of ``icons.ICONS``.
        dp: Its size.
        colour: A colour, or its name in the style.
        **more: As ``View`` takes it.
    """

    role = "image"

    def __init__(
        self, name: str, *, dp: float = 24, colour: str | Colour = "muted", **more: Any
    ) -> None:
        super().__init__(**more)
        self.name, self.dp, self.colour = name, dp, colour

    def width_of(self, s: Style) -> int:
        """Its size."""
        return s.dp(self.dp)

    def height_of(self, s: Style, width: int) -> int:
        """Its size."""
        return s.dp(self.dp)

    def draw(self, c: Canvas, s: Style) -> None:
        """Draw it in the middle of its place."""
        px = s.dp(self.dp)
        x, y = self.box.centre
        colour = colour_of(s, self.colour if self.enabled else "line")
        c.icon(x - px // 2, y - px // 2, px, self.name, colour)


class IconButton(Icon):
    """A symbol to tap, in a square of 48 dp."""

    role = "button"

    def __init__(self, name: str, label: str, on_tap: Act | None, **more: Any) -> None:
        super().__init__(name, label=label, on_tap=on_tap, **more)

    def width_of(self, s: Style) -> int:
        """What a finger needs."""
        return s.dp(48)

    def height_of(self, s: Style, width: int) -> int:
        """What a finger needs."""
        return s.dp(48)


class Avatar(View):
    """A round badge with a letter or an icon.

    Args:
        name: Its first letter is shown, and its colour follows from it.
        icon: Shown in place of the letter.
        dp: Its size.
        colour: Other than the name's own.
        **more: As ``View`` takes it.
    """

    role = "image"

    def __init__(
        self,
        name: str,
        *,
        icon: str = "",
        dp: float = 40,
        colour: Colour | None = None,
        **more: Any,
    ) -> None:
        super().__init__(**more)
        self.name, self.icon, self.dp, self.colour = name, icon, dp, colour or badge_colour(name)

    def width_of(self, s: Style) -> int:
        """Its size."""
        return s.dp(self.dp)

    def height_of(self, s: Style, width: int) -> int:
        """Its size."""
        return s.dp(self.dp)

    def draw(self, c: Canvas, s: Style) -> None:
        """Draw the disc, and what is on it."""
        size = s.dp(self.dp)
        x, y = self.box.centre
        disc = Box(x - size // 2, y - size // 2, x - size // 2 + size, y - size // 2 + size)
        c.fill(disc, self.colour, size // 2)
        if self.icon:
            px = round(size * 0.58)
            c.icon(x - px // 2, y - px // 2, px, self.icon, (255, 255, 255))
            return
        letter = self.name.strip()[:1].upper() or "?"
        font = fonts.Font(s.theme.family, max(6, round(size * 0.45)), bold=True)
        wide = fonts.width(letter, font)
        top = y - fonts.line_height(font) // 2
        c.text(x - wide // 2, top, letter, font, (255, 255, 255))


def badge_colour(name: str) -> Colour:
    """Give a name the colour it always has."""
    palette: tuple[Colour, ...] = (
        (194, 78, 70),
        (178, 106, 32),
        (96, 128, 46),
        (36, 134, 110),
        (44, 116, 172),
        (92, 96, 190),
        (150, 78, 172),
        (186, 70, 122),
    )
    return palette[sum(name.encode()) % len(palette)]


class Button(View):
    """A button with words on it.

    Args:
        text: What it says.
        on_tap: What it does.
        kind: ``filled``, ``tonal`` or ``plain`` (words alone).
        icon: Before the words.
        colour: Of a plain button's words, other than the accent.
        **more: As ``View`` takes it.
    """

    role = "button"

    def __init__(
        self,
        text: str,
        on_tap: Act | None,
        *,
        kind: Literal["filled", "tonal", "plain"] = "filled",
        icon: str = "",
        colour: str = "accent",
        **more: Any,
    ) -> None:
        super().__init__(on_tap=on_tap, **more)
        self.text, self.kind, self.icon, self.colour = text, kind, icon, colour

    def width_of(self, s: Style) -> int:
        """Of its words, with room beside them."""
        icon = s.dp(26) if self.icon else 0
        side = 12 if self.kind == "plain" else 20
        return fonts.width(self.text, s.font(15, bold=True)) + icon + 2 * s.dp(side)

    def height_of(self, s: Style, width: int) -> int:
        """What a finger needs."""
        return max(s.dp(48), fonts.line_height(s.font(15, bold=True)) + s.dp(12))

    def draw(self, c: Canvas, s: Style) -> None:
        """Draw the ground, the icon and the words."""
        font = s.font(15, bold=True)
        ground = self.box.inset(s.dp(3)) if self.kind != "plain" else self.box
        colour: Colour = getattr(s, self.colour)
        if self.kind == "filled":
            c.fill(ground, colour if self.enabled else s.line, s.dp(s.theme.radius))
            colour = s.on_accent if self.enabled else s.muted
        elif self.kind == "tonal":
            c.fill(ground, s.soft if self.enabled else s.raised, s.dp(s.theme.radius))
            colour = s.text if self.enabled else s.muted
        elif not self.enabled:
            colour = s.muted
        room = self.box.width - s.dp(8)
        icon = s.dp(26) if self.icon else 0
        words = fonts.ellipsize(self.text, font, room - icon)
        wide = fonts.width(words, font) + icon
        x, y = self.box.centre
        left = x - wide // 2
        if self.icon:
            c.icon(left, y - s.dp(10), s.dp(20), self.icon, colour)
        c.text(left + icon, y - fonts.line_height(font) // 2, words, font, colour)


class Line(View):
    """A thin line between things."""

    def height_of(self, s: Style, width: int) -> int:
        """1 dp."""
        return s.dp(1)

    def draw(self, c: Canvas, s: Style) -> None:
        """Draw it."""
        c.fill(self.box, s.line)


class Chip(View):
    """A small choice among several.

    Args:
        text: What it says.
        on: Whether it is chosen.
        on_tap: What it does.
        **more: As ``View`` takes it.
    """

    role = "button"

    def __init__(self, text: str, on: bool, on_tap: Act | None, **more: Any) -> None:
        super().__init__(on_tap=on_tap, **more)
        self.text, self.selected = text, on

    def width_of(self, s: Style) -> int:
        """Of its words, with room beside them."""
        return fonts.width(self.text, s.font(14)) + s.dp(28)

    def height_of(self, s: Style, width: int) -> int:
        """What a finger needs."""
        return max(s.dp(44), fonts.line_height(s.font(14)) + s.dp(12))

    def draw(self, c: Canvas, s: Style) -> None:
        """Draw it."""
        font = s.font(14)
        ground = self.box.inset(s.dp(3))
        c.fill(ground, s.accent if self.selected else s.soft, s.dp(s.theme.radius))
        words = fonts.ellipsize(self.text, font, self.box.width - s.dp(8))
        x, y = self.box.centre
        colour = s.on_accent if self.selected else s.text
        left = x - fonts.width(words, font) // 2
        c.text(left, y - fonts.line_height(font) // 2, words, font, colour)


class Spinner(View):
    """Something is on its way.

    Args:
        seconds: Of the phone's time: it turns once a second.
    """

    role = "progress"

    def __init__(self, seconds: float) -> None:
        super().__init__(label="Loading")
        self.angle = int(seconds * 12) % 12 * 30

    def height_of(self, s: Style, width: int) -> int:
        """With room around it."""
        return s.dp(120)

    def draw(self, c: Canvas, s: Style) -> None:
        """Draw it."""
        size = s.dp(36)
        x, y = self.box.centre
        box = Box(x - size // 2, y - size // 2, x - size // 2 + size, y - size // 2 + size)
        c.arc(box, s.accent, s.dp(4), self.angle)


class Bar(View):
    """How full something is.

    Args:
        share: 0 to 1.
        **more: As ``View`` takes it.
    """

    role = "progress"

    def __init__(self, share: float, **more: Any) -> None:
        super().__init__(**more)
        self.share = min(1.0, max(0.0, share))

    def height_of(self, s: Style, width: int) -> int:
        """8 dp."""
        return s.dp(8)

    def draw(self, c: Canvas, s: Style) -> None:
        """Draw it."""
        c.fill(self.box, s.line, s.dp(4))
        right = self.box.left + round(self.box.width * self.share)
        c.fill(Box(self.box.left, self.box.top, right, self.box.bottom), s.accent, s.dp(4))
