"""Parts of a conversation: bubbles, and the place where one writes."""

from typing import Any

from ..draw import Box
from ..layout import Column, Scroll
from ..style import Style
from ..view import View
from ..widgets import Text

_SHARE = 0.8
"""Of the width, at most."""


class Bubble(Column):
    """A message with its time below.

    Args:
        text: What it says.
        when: Written below it, small.
        mine: Whether it stands at the right.
        **more: As ``View`` takes it.
    """

    role = "item"

    def __init__(self, text: str, when: str, *, mine: bool, **more: Any) -> None:
        stamp = Text(when, sp=12, colour="muted", align="right" if mine else "left")
        inside = Column(
            Text(text),
            stamp,
            fill="soft" if mine else "raised",
            radius=14,
            pad=(12, 8, 12, 6),
        )
        super().__init__(inside, pad=(12, 3, 12, 3), **more)
        self.mine = mine

    def _room(self, s: Style, width: int) -> int:
        """How wide the bubble itself is, in pixels."""
        inner = width - 2 * s.dp(12)
        return min(self.children[0].wide(s), round(inner * _SHARE))

    def height_of(self, s: Style, width: int) -> int:
        """As many lines as it takes."""
        return self.children[0].high(s, self._room(s, width)) + 2 * s.dp(3)

    def place(self, s: Style, box: Box) -> None:
        """Stand at one side."""
        self.box = box
        side, wide = s.dp(12), self._room(s, box.width)
        left = box.right - side - wide if self.mine else box.left + side
        self.children[0].place(s, Box(left, box.top + s.dp(3), left + wide, box.bottom - s.dp(3)))


class Writing(Scroll):
    """Something to write in that grows with its text, but not over the whole screen.

    Args:
        child: The field.
        offsets: Of the page, as ``Scroll`` takes them.
        most: Its greatest height, in pixels; what is longer scrolls.
    """

    def __init__(self, child: View, offsets: dict[str, int], most: int) -> None:
        super().__init__(child, offsets, key="writing", from_end=True)
        self.most = most

    def height_of(self, s: Style, width: int) -> int:
        """Of the field, up to the most."""
        return min(self.most, super().height_of(s, width))
