"""How views lie: below each other, beside each other, in a grid, behind a window that scrolls."""

from collections.abc import Sequence
from typing import Any

from .draw import Box, Canvas
from .style import Style
from .view import View


class Column(View):
    """Views one below the other.

    Args:
        *children: From the top; None is left out.
        gap: Between them, in dp.
        pad: Left, top, right, bottom, in dp.
        fill: Colour behind them; a name of the style's, such as ``raised``.
        radius: Of the corners, in dp; None: as the theme has it.
        centre: Whether they stand in the middle, as wide as they need, and not the full width.
        **more: As ``View`` takes it.
    """

    def __init__(
        self,
        *children: View | None,
        gap: float = 0,
        pad: tuple[float, float, float, float] = (0, 0, 0, 0),
        fill: str | None = None,
        radius: float | None = 0,
        centre: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(**more)
        self._inside: Sequence[View] = [child for child in children if child is not None]
        self._unlaid: Style | None = None
        self.gap, self.pad, self.fill, self.radius, self.centre = gap, pad, fill, radius, centre

    @property
    def children(self) -> Sequence[View]:  # type: ignore[override]
        """What is inside. Laid out when somebody looks: of a long list few rows are ever seen."""
        if (style := self._unlaid) is not None:
            self._unlaid = None
            self._lay(style, self.box)
        return self._inside

    def place(self, s: Style, box: Box) -> None:
        """Lie there; what is inside is laid out when somebody looks."""
        self.box, self._unlaid = box, s

    def _pad(self, s: Style) -> tuple[int, int, int, int]:
        if self.pad == (0, 0, 0, 0):
            return 0, 0, 0, 0
        left, top, right, bottom = (s.dp(side) if side else 0 for side in self.pad)
        return left, top, right, bottom

    def width_of(self, s: Style) -> int:
        """The widest child's."""
        left, _, right, _ = self._pad(s)
        return super().width_of(s) + left + right

    def height_of(self, s: Style, width: int) -> int:
        """All children's, with gaps."""
        left, top, right, bottom = self._pad(s)
        inner = width - left - right
        gaps = s.dp(self.gap) * (len(self._inside) - 1) if self.gap and self._inside else 0
        return top + bottom + gaps + sum(child.high(s, inner) for child in self._inside)

    def _lay(self, s: Style, box: Box) -> None:
        """Give each its height; what is left goes to those that grow."""
        left, top, right, bottom = self._pad(s)
        inner = box.width - left - right
        gap = s.dp(self.gap) if self.gap else 0
        heights = [child.high(s, inner) for child in self._inside]
        shares = sum(child.grow for child in self._inside)
        if shares:
            fixed = sum(h for h, child in zip(heights, self._inside, strict=True) if not child.grow)
            room = max(0, box.height - top - bottom - fixed - gap * (len(heights) - 1))
            given = 0.0
            for place, child in enumerate(self._inside):
                if child.grow:  # from the sum so far, so that all together are no pixel too high
                    start, given = given, given + child.grow
                    heights[place] = int(room * given / shares) - int(room * start / shares)
        y = box.top + top
        for child, height in zip(self._inside, heights, strict=True):
            start, end = box.left + left, box.right - right
            if self.centre:
                wide = min(inner, child.wide(s))
                start += (inner - wide) // 2
                end = start + wide
            child.place(s, Box(start, y, end, y + height))
            y += height + gap

    def draw(self, c: Canvas, s: Style) -> None:
        """Draw the ground, then the children."""
        if self.fill is not None:
            radius = s.theme.radius if self.radius is None else self.radius
            c.fill(self.box, getattr(s, self.fill), s.dp(radius) if radius else 0)
        super().draw(c, s)


class Row(Column):
    """Views beside each other, in the middle of the row's height.

    Those that grow share the room that the others leave.
    """

    _shares: tuple[int, list[int]] | None = None

    def width_of(self, s: Style) -> int:
        """All children's, with gaps."""
        left, _, right, _ = self._pad(s)
        gaps = s.dp(self.gap) * (len(self._inside) - 1) if self.gap and self._inside else 0
        return left + right + gaps + sum(child.wide(s) for child in self._inside)

    def _widths(self, s: Style, width: int) -> list[int]:
        if self._shares is not None and self._shares[0] == width:
            return self._shares[1]
        left, _, right, _ = self._pad(s)
        gaps = s.dp(self.gap) * (len(self._inside) - 1) if self.gap and self._inside else 0
        widths = [0 if child.grow else child.wide(s) for child in self._inside]
        shares = sum(child.grow for child in self._inside)
        room = max(0, width - left - right - gaps - sum(widths))
        given = [
            int(room * child.grow / shares) if child.grow else wide
            for wide, child in zip(widths, self._inside, strict=True)
        ]
        self._shares = (width, given)
        return given

    def height_of(self, s: Style, width: int) -> int:
        """The highest child's."""
        _, top, _, bottom = self._pad(s)
        widths = self._widths(s, width)
        heights = (child.high(s, wide) for child, wide in zip(self._inside, widths, strict=True))
        return top + bottom + max(heights, default=0)

    def _lay(self, s: Style, box: Box) -> None:
        """Lay them out from the left."""
        left, top, _, bottom = self._pad(s)
        gap = s.dp(self.gap) if self.gap else 0
        x, room = box.left + left, box.height - top - bottom
        for child, wide in zip(self._inside, self._widths(s, box.width), strict=True):
            height = min(room, child.high(s, wide))
            y = box.top + top + (room - height) // 2
            child.place(s, Box(x, y, x + wide, y + height))
            x += wide + gap


class Grid(View):
    """Views in columns of equal width, all cells as high as the highest.

    Args:
        children: Row by row.
        columns: How many beside each other.
        gap: Between them, in dp.
        **more: As ``View`` takes it.
    """

    def __init__(
        self, children: Sequence[View], columns: int, *, gap: float = 0, **more: Any
    ) -> None:
        super().__init__(**more)
        self.children, self.columns, self.gap = list(children), columns, gap

    def _cell(self, s: Style, width: int) -> tuple[int, int]:
        gap = s.dp(self.gap) if self.gap else 0
        wide = (width - gap * (self.columns - 1)) // self.columns
        return wide, max((child.high(s, wide) for child in self.children), default=0)

    def width_of(self, s: Style) -> int:
        """Columns of the widest child."""
        gap = s.dp(self.gap) if self.gap else 0
        return super().width_of(s) * self.columns + gap * (self.columns - 1)

    def height_of(self, s: Style, width: int) -> int:
        """All rows."""
        rows = -(-len(self.children) // self.columns)
        gap = s.dp(self.gap) if self.gap else 0
        return rows * self._cell(s, width)[1] + gap * max(0, rows - 1)

    def place(self, s: Style, box: Box) -> None:
        """Fill the rows from the top left."""
        self.box = box
        gap = s.dp(self.gap) if self.gap else 0
        wide, high = self._cell(s, box.width)
        if self.grow:  # stretched: a keypad fills its place
            rows = -(-len(self.children) // self.columns)
            high = max(high, (box.height - gap * (rows - 1)) // max(1, rows))
        for index, child in enumerate(self.children):
            row, column = divmod(index, self.columns)
            x, y = box.left + column * (wide + gap), box.top + row * (high + gap)
            child.place(s, Box(x, y, x + wide, y + high))


class Scroll(View):
    """A window on something higher than itself.

    Args:
        child: What is inside.
        offsets: Where the place is remembered: plain data of the page.
        key: Its name there.
        from_end: Whether it begins at the end, as conversations do.
        **more: As ``View`` takes it.
    """

    role = "list"
    scrollable = True

    def __init__(
        self,
        child: View,
        offsets: dict[str, int],
        *,
        key: str = "body",
        from_end: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(**{"grow": 1, **more})
        self.children = [child]
        self.offsets, self.key, self.from_end = offsets, key, from_end
        self.far = 0
        """The greatest offset, in pixels."""

    def place(self, s: Style, box: Box) -> None:
        """Lay out what is inside, moved up by the offset."""
        self.box = box
        child = self.children[0]
        height = max(box.height, child.high(s, box.width))
        self.far = height - box.height
        top = box.top - self.offset
        child.place(s, Box(box.left, top, box.right, top + height))
        self.scrollable = self.far > 0

    @property
    def offset(self) -> int:
        """How far it is scrolled down, in pixels."""
        place = self.offsets.get(self.key, self.far if self.from_end else 0)
        return max(0, min(place, self.far))

    def move(self, pixels: float) -> bool:
        """Scroll down by so many pixels; whether it moved."""
        wanted = max(0, min(round(self.offset + pixels), self.far))
        moved = wanted != self.offset
        self.offsets[self.key] = wanted
        return moved

    def draw(self, c: Canvas, s: Style) -> None:
        """Draw what can be seen of it, and where one is."""
        _draw_part(self.children[0], c, s, self.box.clipped(c.box))
        if self.far > 0:
            share = self.box.height / (self.box.height + self.far)
            length = max(s.dp(24), round(self.box.height * share))
            top = self.box.top + round((self.box.height - length) * self.offset / self.far)
            left = self.box.right - s.dp(4)
            c.fill(Box(left, top, left + s.dp(3), top + length), s.line, s.dp(1.5))


def _draw_part(view: View, c: Canvas, s: Style, clip: Box) -> None:
    """Draw what lies in a rectangle; only what crosses its edge has to be cut, which is slow."""
    box = view.box
    seen = box.clipped(clip)
    if seen.width <= 0 or seen.height <= 0:
        return
    if seen == box:
        view.draw(c, s)
    elif isinstance(view, Column | Grid) and getattr(view, "fill", None) is None:
        for child in view.children:
            _draw_part(child, c, s, clip)
    else:
        with c.within(seen) as part:
            view.draw(part, s)


class Fixed(View):
    """An empty place of a size, or a child given one.

    Args:
        child: What is inside; None: nothing.
        width: In dp; None: as the child wants.
        height: Likewise.
        **more: As ``View`` takes it.
    """

    def __init__(
        self,
        child: View | None = None,
        *,
        width: float | None = None,
        height: float | None = None,
        **more: Any,
    ) -> None:
        super().__init__(**more)
        self.children = [child] if child else []
        self.width, self.height = width, height

    def width_of(self, s: Style) -> int:
        """As given, or the child's."""
        return super().width_of(s) if self.width is None else s.dp(self.width)

    def height_of(self, s: Style, width: int) -> int:
        """As given, or the child's."""
        return super().height_of(s, width) if self.height is None else s.dp(self.height)
