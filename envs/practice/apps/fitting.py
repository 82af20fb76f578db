"""A text that grows smaller where it has little room."""

from ..style import Style
from ..widgets import Text


class Fitting(Text):
    """A text as large as fits into one line, but not smaller than 9 sp; then it wraps."""

    def height_of(self, s: Style, width: int) -> int:
        """Of the size that fits."""
        while self.sp > 9 and self.width_of(s) > width:
            self.sp = max(9, self.sp - (4 if self.sp > 24 else 1))
        return super().height_of(s, width)
