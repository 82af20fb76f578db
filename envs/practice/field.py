"""Text fields: what is in them, where the caret is, and how they are drawn."""

import unicodedata
from functools import lru_cache
from typing import Any, Literal

from . import fonts
from .draw import Box, Canvas
from .fonts import Font
from .style import Style
from .view import Act, View

Kind = Literal["text", "number", "phone", "password", "multiline"]

_TAKEN = {"number": "0123456789.,-", "phone": "0123456789+*#()- "}


class Field:
    """The text of a field and what is selected of it, kept in the plain data of its page.

    Positions are between characters, 0 before the first. A caret never stands inside a
    grapheme's combining marks after a move.

    Args:
        local: The page's own data.
        key: The field's name on the page.
        kind: What it takes; ``multiline`` takes line feeds.
    """

    def __init__(self, local: dict[str, Any], key: str, kind: Kind = "text") -> None:
        self._local, self.key, self.kind = local, key, kind

    @property
    def text(self) -> str:
        """What is in it."""
        return str(self._local.setdefault("fields", {}).get(self.key, ""))

    @property
    def secret(self) -> bool:
        """Whether it shows dots."""
        return self.kind == "password"

    @property
    def selection(self) -> tuple[int, int]:
        """From where to where; equal where nothing is selected."""
        anchor, cursor = self._caret()
        return min(anchor, cursor), max(anchor, cursor)

    @property
    def cursor(self) -> int:
        """Where the caret stands."""
        return self._caret()[1]

    @property
    def selected(self) -> str:
        """The text that is selected."""
        start, end = self.selection
        return self.text[start:end]

    def _caret(self) -> tuple[int, int]:
        far = len(self.text)
        anchor, cursor = self._local.setdefault("carets", {}).get(self.key, (far, far))
        return min(anchor, far), min(cursor, far)

    def select(self, anchor: int, cursor: int) -> None:
        """Select a part; two equal numbers set the caret."""
        far = len(self.text)
        places = [max(0, min(place, far)) for place in (anchor, cursor)]
        self._local.setdefault("carets", {})[self.key] = places

    def put(self, text: str) -> None:
        """Replace all of it; the caret goes to the end."""
        self._local.setdefault("fields", {})[self.key] = text
        self.select(len(text), len(text))

    def insert(self, text: str) -> None:
        """Write in place of what is selected, as much as the field takes."""
        if self.kind != "multiline":
            text = text.replace("\r\n", " ").replace("\n", " ").replace("\r", " ")
        if (taken := _TAKEN.get(self.kind)) is not None:
            text = "".join(letter for letter in text if letter in taken)
        start, end = self.selection
        whole = self.text
        self._local["fields"][self.key] = whole[:start] + text + whole[end:]
        self.select(start + len(text), start + len(text))

    def erase(self, step: int) -> None:
        """Remove what is selected, or one grapheme before (-1) or after (1) the caret."""
        start, end = self.selection
        if start == end:
            other = self._next(start, step)
            start, end = min(start, other), max(start, other)
        whole = self.text
        self._local["fields"][self.key] = whole[:start] + whole[end:]
        self.select(start, start)

    def move(self, step: int, *, select: bool = False) -> None:
        """Move the caret by one grapheme."""
        anchor, cursor = self._caret()
        if anchor != cursor and not select:
            place = self.selection[0 if step < 0 else 1]
        else:
            place = self._next(cursor, step)
        self.select(anchor if select else place, place)

    def edge(self, step: int, *, select: bool = False) -> None:
        """Move the caret to the beginning (-1) or the end (1) of its line."""
        anchor, cursor = self._caret()
        if step < 0:
            place = self.text.rfind("\n", 0, cursor) + 1
        else:
            end = self.text.find("\n", cursor)
            place = len(self.text) if end < 0 else end
        self.select(anchor if select else place, place)

    def select_word(self, place: int) -> None:
        """Select the word around a place."""
        text = self.text
        start = end = max(0, min(place, len(text)))
        while start > 0 and not text[start - 1].isspace():
            start -= 1
        while end < len(text) and not text[end].isspace():
            end += 1
        self.select(start, end)

    def _next(self, place: int, step: int) -> int:
        text = self.text
        place += step
        while 0 < place < len(text) and _joins(text, place):
            place += step
        return max(0, min(place, len(text)))


def _joins(text: str, place: int) -> bool:
    """Whether a character belongs to the one before it, roughly as Unicode's UAX 29 has it."""
    after, before = text[place], text[place - 1]
    return (
        unicodedata.category(after) in ("Mn", "Me", "Mc")
        or after in "\u200d\ufe0f\ufe0e"
        or before == "\u200d"
        or 0x1F3FB <= ord(after) <= 0x1F3FF
    )


@lru_cache(maxsize=32)
def _broken(text: str, font: Font, width: int) -> tuple[tuple[int, int], ...]:
    """Where the lines of a text begin and end; a long note is not broken anew for every frame."""
    return fonts.spans(text, font, width)


class TextField(View):
    """A field on the screen.

    Args:
        field: What is in it.
        hint: Shown while it is empty, and what it is called.
        focused: Whether it has the keyboard.
        focus: Gives it the keyboard.
        on_submit: Done on Enter; None: on to the next field, or the keyboard goes.
        lines: How many it shows at least, where it takes several.
        plain: Without an outline.
        **more: As ``View`` takes it.
    """

    role = "field"
    focusable = True

    def __init__(
        self,
        field: Field,
        hint: str,
        *,
        focused: bool,
        focus: Act,
        on_submit: Act | None = None,
        lines: int = 1,
        plain: bool = False,
        sp: float = 16,
        bold: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(**{"label": hint, "on_tap": focus, "id": field.key, **more})
        self.field, self.hint, self.on_submit = field, hint, on_submit
        self.focused, self.lines, self.plain = focused, lines, plain
        self.sp, self.bold = sp, bold
        self.password = field.secret
        self.text = "•" * len(field.text) if field.secret else field.text

    def _font(self, s: Style) -> Font:
        return s.font(self.sp, bold=self.bold)

    def _pad(self, s: Style) -> int:
        return s.dp(4) if self.plain else s.dp(12)

    def width_of(self, s: Style) -> int:
        """As much as a name takes."""
        return s.dp(160)

    def height_of(self, s: Style, width: int) -> int:
        """Of its lines, and at least what a finger needs."""
        line = fonts.line_height(self._font(s))
        count = 1
        if self.field.kind == "multiline":
            count = max(self.lines, len(self._broken(s, width - 2 * self._pad(s))))
        label = 0 if self.plain else fonts.line_height(s.font(12)) // 2
        return max(s.dp(48), line * count + 2 * s.dp(12)) + label

    def _broken(self, s: Style, width: int) -> tuple[tuple[int, int], ...]:
        if self.field.kind != "multiline":
            return ((0, len(self.text)),)
        return _broken(self.text, self._font(s), max(1, width))

    def _frame(self, s: Style) -> tuple[Box, int, int]:
        """The box with the outline, and where the text begins."""
        label = 0 if self.plain else fonts.line_height(s.font(12)) // 2
        frame = Box(self.box.left, self.box.top + label, self.box.right, self.box.bottom)
        line = fonts.line_height(self._font(s))
        top = frame.top + (
            s.dp(12) if self.field.kind == "multiline" else (frame.height - line) // 2
        )
        return frame, frame.left + self._pad(s), top

    def _shift(self, s: Style, room: int) -> int:
        """How far a line that is too long is moved to the left, so that the caret shows."""
        if self.field.kind == "multiline":
            return 0
        font = self._font(s)
        cursor = self.field.cursor if self.focused else 0
        return max(0, fonts.caret(self.text, font, cursor) - room + s.dp(2))

    def index_at(self, s: Style, x: float, y: float) -> int:
        """Give the place in the text that is nearest to a point of the screen."""
        _, left, top = self._frame(s)
        font = self._font(s)
        room = self.box.width - 2 * self._pad(s)
        broken = self._broken(s, room)
        row = int((y - top) // fonts.line_height(font))
        start, end = broken[max(0, min(row, len(broken) - 1))]
        along = int(x - left + self._shift(s, room))
        return start + fonts.index_at(self.text[start:end], font, along)

    def caret_box(self, s: Style) -> Box:
        """Where on the screen the caret stands."""
        _, left, top = self._frame(s)
        font = self._font(s)
        room = self.box.width - 2 * self._pad(s)
        cursor, line = self.field.cursor, fonts.line_height(font)
        for row, (start, end) in reversed([*enumerate(self._broken(s, room))]):
            if cursor >= start:
                x = left + fonts.caret(self.text[start:end], font, min(cursor, end) - start)
                x -= self._shift(s, room)
                return Box(x, top + row * line, x + s.dp(2), top + (row + 1) * line)
        return Box(left, top, left + s.dp(2), top + line)

    def draw(self, c: Canvas, s: Style) -> None:
        """Draw outline, hint or text, and selection; the phone draws the caret."""
        frame, left, top = self._frame(s)
        font, small = self._font(s), s.font(12)
        room = self.box.width - 2 * self._pad(s)
        if not self.plain:
            colour, thick = (s.accent, s.dp(2)) if self.focused else (s.line, s.dp(1))
            c.outline(frame, colour, s.dp(min(s.theme.radius, 12)), thick)
            if self.text or self.focused:
                name = fonts.ellipsize(self.hint, small, room - s.dp(8))
                place = Box(
                    left - s.dp(3),
                    frame.top - fonts.line_height(small) // 2,
                    left + fonts.width(name, small) + s.dp(3),
                    frame.top + fonts.line_height(small) // 2 + 1,
                )
                c.fill(place, c.colour_at(place.left, frame.top - s.dp(2)))
                c.text(left, place.top, name, small, s.accent if self.focused else s.muted)
        if not self.text and (self.plain or not self.focused):
            c.text(left, top, fonts.ellipsize(self.hint, font, room), font, s.muted)
        inner = Box(left, frame.top, left + room + s.dp(2), frame.bottom)
        with c.within(inner) as inside:
            self._write(inside, s, left, top, room)

    def _write(self, c: Canvas, s: Style, left: int, top: int, room: int) -> None:
        font, line = self._font(s), fonts.line_height(self._font(s))
        shift, (chosen, last) = self._shift(s, room), self.field.selection
        for row, (start, end) in enumerate(self._broken(s, room)):
            y = top + row * line
            if y > c.box.bottom or y + line < c.box.top:
                continue
            words = self.text[start:end]
            if self.focused and max(chosen, start) < min(last, end):
                x0 = left + fonts.caret(words, font, max(chosen, start) - start) - shift
                x1 = left + fonts.caret(words, font, min(last, end) - start) - shift
                c.fill(Box(min(x0, x1), y, max(x0, x1), y + line), s.soft)
            x = left - shift
            if len(words) > 200:  # one line without end: only what can be seen of it
                first = max(0, fonts.index_at(words, font, shift) - 1)
                x += fonts.caret(words, font, first)
                words = words[first : first + 400]
            c.text(x, y, words, font, s.text)
