"""The on-screen keyboard."""

from collections.abc import Callable
from typing import Any

from PIL import Image

from . import fonts
from .draw import Box, Canvas
from .style import Style
from .view import Act, View

LAYERS: dict[str, tuple[str, ...]] = {
    "letters": ("qwertyuiop", "asdfghjkl", "zxcvbnm"),
    "symbols": ("1234567890", "@#$_&-+()/", "*\"':;!?"),
    "more": ("~`|•√π÷×¶∆", "£€¥^°={}\\%", "©®™<>[]"),
    "digits": ("123", "456", "789"),
}
"""What the keys say, layer by layer; ``digits`` is shown for numbers."""


_DRAWN: dict[Any, Image.Image] = {}
_KEPT = 16


class _Key(View):
    role = "key"

    def __init__(
        self,
        text: str,
        on_tap: Act,
        *,
        icon: str = "",
        label: str = "",
        wide: float = 1,
        strong: bool = False,
    ) -> None:
        super().__init__(on_tap=on_tap, label=label or text)
        self.text, self.icon, self.wide_units, self.strong = text, icon, wide, strong

    def draw(self, c: Canvas, s: Style) -> None:
        side, down = s.dp(2), s.dp(3)
        key = Box(
            self.box.left + side, self.box.top + down, self.box.right - side, self.box.bottom - down
        )
        plain = self.text and not self.strong
        c.fill(
            key,
            s.surface if plain else (s.accent if self.strong else s.line),
            s.dp(min(8, s.theme.radius + 2)),
        )
        x, y = key.centre
        colour = s.on_accent if self.strong else s.text
        if self.icon:
            px = s.dp(20)
            c.icon(x - px // 2, y - px // 2, px, self.icon, colour)
            return
        # Keys do not grow with the user's font size: their place is fixed.
        font = fonts.Font(s.theme.family, s.dp(18 if len(self.text) == 1 else 13))
        words = fonts.ellipsize(self.text, font, key.width)
        top = y - fonts.line_height(font) // 2
        c.text(x - fonts.width(words, font) // 2, top, words, font, colour)


class Keyboard(View):
    """Rows of keys at the bottom of the screen.

    Args:
        state: Which layer is shown and whether the next letter is a capital; plain data.
        numbers: Whether the field takes numbers alone.
        screen_height: Of the phone as it lies now, in pixels: a low screen gets low keys.
        write: Takes a character.
        erase: Removes one.
        enter: The Enter key.
        hide: The key that puts it away.
    """

    def __init__(
        self,
        state: dict[str, Any],
        *,
        numbers: bool,
        screen_height: int,
        write: Callable[[str], object],
        erase: Act,
        enter: Act,
        hide: Act,
    ) -> None:
        super().__init__(id="keyboard")
        self.screen_height = screen_height
        layer = "digits" if numbers else state.get("layer", "letters")
        shift = bool(state.get("shift"))

        def turn(name: str) -> Act:
            return lambda: state.update(layer=name, shift=False)

        def letter(character: str, label: str = "", wide: float = 1) -> _Key:
            shown = character.upper() if shift and layer == "letters" else character

            def tap() -> None:
                write(shown)
                state["shift"] = False

            return _Key(shown, tap, label=label, wide=wide)

        rows = [[letter(character) for character in row] for row in LAYERS[layer]]
        delete = _Key("", erase, icon="backspace", label="Delete", wide=1.5)
        enter_key = _Key(
            "", enter, icon="keyboard_return", label="Enter", wide=1.5 + numbers, strong=True
        )
        away = _Key("", hide, icon="keyboard_hide", label="Hide keyboard")
        if layer == "digits":
            for row, key in zip(rows, (delete, letter("-"), away), strict=True):
                row.append(key)
            rows.append([letter("."), letter("0"), letter("+"), enter_key])
        else:
            if layer == "letters":
                state_name = "Capital letters"
                left = _Key(
                    "",
                    lambda: state.update(shift=not shift),
                    icon="arrow_upward",
                    label=state_name,
                    wide=1.5,
                    strong=shift,
                )
            else:
                other = "more" if layer == "symbols" else "symbols"
                left = _Key("=\\<" if layer == "symbols" else "?123", turn(other), wide=1.5)
            rows[2] = [left, *rows[2], delete]
            swap = ("?123", "symbols") if layer == "letters" else ("abc", "letters")
            rows.append(
                [
                    _Key(swap[0], turn(swap[1]), wide=1.5),
                    letter(","),
                    away,
                    letter(" ", "Space", 4),
                    letter("."),
                    enter_key,
                ]
            )
        self.looks = (layer, shift)
        self.rows = rows
        self.children = [key for row in rows for key in row]

    def height_of(self, s: Style, width: int) -> int:
        """Four rows."""
        return min(s.dp(48), self.screen_height // 9) * 4 + s.dp(8)

    def place(self, s: Style, box: Box) -> None:
        """Centre each row; keys have the width of a tenth, unless they are wider."""
        self.box = box
        top, high = box.top + s.dp(4), (box.height - s.dp(8)) // 4
        units = max(sum(key.wide_units for key in row) for row in self.rows)
        unit = box.width / units
        for number, row in enumerate(self.rows):
            x = box.left + (box.width - unit * sum(key.wide_units for key in row)) / 2
            for key in row:
                right = x + unit * key.wide_units
                y = top + number * high
                key.place(s, Box(round(x), y, round(right), y + high))
                x = right

    def draw(self, c: Canvas, s: Style) -> None:
        """Draw the ground and the keys; once for all times that it looks the same."""
        if c.written is not None:
            c.fill(self.box, s.raised)
            super().draw(c, s)
            return
        key = (self.looks, s, self.box.width, self.box.height)
        if key not in _DRAWN:
            if len(_DRAWN) >= _KEPT:
                _DRAWN.clear()
            picture = Image.new("RGB", (self.box.width, self.box.height), s.raised)
            canvas = Canvas(picture, self.box.left, self.box.top, wordless=s.wordless)
            super().draw(canvas, s)
            _DRAWN[key] = picture
        c.image.paste(_DRAWN[key], (self.box.left - c.left, self.box.top - c.top))
