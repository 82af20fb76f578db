"""Rows of lists, and what stands between them."""

from collections.abc import Callable, Sequence
from typing import Any

from .controls import Switch
from .draw import Box
from .layout import Column, Fixed, Row
from .style import Style
from .view import Act, View
from .widgets import Chip, Icon, Text


class Item(Row):
    """A row of a list: something before, a title with perhaps a second line, something after.

    Args:
        title: Its first line.
        detail: Its second line; empty: none.
        before: Such as an ``Icon`` or an ``Avatar``.
        after: Such as a ``Switch``.
        on_tap: What a tap anywhere on it does.
        lines: Of the detail, at most.
        **more: As ``View`` takes it.
    """

    role = "item"

    def __init__(
        self,
        title: str,
        detail: str = "",
        *,
        before: View | None = None,
        after: View | None = None,
        on_tap: Act | None = None,
        lines: int = 1,
        bold: bool = False,
        **more: Any,
    ) -> None:
        enabled = more.get("enabled", True)
        words = Column(
            Text(title, lines=2, bold=bold, enabled=enabled),
            Text(detail, sp=14, colour="muted", lines=lines) if detail else None,
            grow=1,
        )
        super().__init__(before, words, after, gap=16, pad=(16, 8, 12, 8), on_tap=on_tap, **more)
        self.title = title

    def height_of(self, s: Style, width: int) -> int:
        """At least what the theme wants."""
        return max(s.dp(s.theme.item), super().height_of(s, width))


def switch_item(
    title: str, on: bool, flip: Act, detail: str = "", *, icon: str = "", **more: Any
) -> Item:
    """Give a row that is switched on and off by a tap anywhere on it."""
    before = Icon(icon) if icon else None
    enabled = more.get("enabled", True)
    switch = Switch(on, label=title, enabled=enabled)
    item = Item(title, detail, before=before, after=switch, on_tap=flip, **more)
    item.checkable, item.checked = True, on
    return item


def heading(text: str) -> Text:
    """Give the name of a group of rows."""
    return _Heading(text, sp=14, bold=True, colour="accent", lines=2)


class _Heading(Text):
    def height_of(self, s: Style, width: int) -> int:
        return super().height_of(s, width - s.dp(32)) + s.dp(20)

    def place(self, s: Style, box: Box) -> None:
        self.box = Box(box.left + s.dp(16), box.top + s.dp(14), box.right - s.dp(16), box.bottom)


def card(*children: View | None, gap: float = 0, **more: Any) -> Column:
    """Give a raised group with round corners, in a margin."""
    inner = Column(*children, gap=gap, pad=(0, 4, 0, 4), fill="raised", radius=None, **more)
    return Column(inner, pad=(12, 6, 12, 6))


def padded(*children: View | None, gap: float = 8, across: float = 16, down: float = 8) -> Column:
    """Give views below each other in a margin."""
    return Column(*children, gap=gap, pad=(across, down, across, down))


def empty(text: str, icon: str = "info") -> Column:
    """Say that there is nothing here."""
    return Column(
        Fixed(height=48),
        Icon(icon, dp=48),
        Fixed(height=8),
        Text(text, colour="muted", align="centre"),
        pad=(24, 0, 24, 0),
    )


def chips(choices: Sequence[str], chosen: str, choose: Callable[[str], None]) -> Row:
    """Give chips of which one is chosen."""

    def chip(name: str) -> Chip:
        return Chip(name, name == chosen, lambda: choose(name), grow=1)

    return Row(*(chip(name) for name in choices), gap=4, pad=(12, 4, 12, 4))
