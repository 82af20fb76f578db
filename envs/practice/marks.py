"""Accents, vowel points and tones: where they stand on the letter that carries them.

Fonts say this in tables that Pillow's simple layout does not read, so the ink itself is measured.
"""

import re
import unicodedata

from .faces import SUB, Face

_FONT_PLACES_IT = frozenset((0, 7, 9, 103))
_THAI_TONE = 107
_THAI_ABOVE = frozenset("\u0e31\u0e33\u0e34\u0e35\u0e36\u0e37\u0e47\u0e4d")
"""Vowels over the letter; a tone then stands over them."""
_THAI_TALL = frozenset("ปฝฟฬ")
"""Letters that reach up where marks stand."""
_BINDUS = frozenset("\u0901\u0902")
_OVER = re.compile("[\u0945-\u094c]|^\u0930\u094d.")
"""Devanagari vowels over the letter, and an r at the beginning of a syllable."""
_UNDER = frozenset((*range(10, 19), 20, 22, 29, 32, 202, 218, 220, 222, 233, 240))
_THROUGH = frozenset((1, 21, 24, 25))


class Marks:
    """Places marks on one letter, each farther out than the one before.

    Args:
        face: The letter's font.
        character: The letter.
        cluster: It with all its marks.
        px: Pixels of the em.
    """

    def __init__(self, face: Face, character: str, cluster: str, px: int) -> None:
        ink, left, top = face.glyph(character, px, 0)
        self._character, self._cluster, self._px = character, cluster, px
        self._gap = max(1, px // 16)
        self._middle = left + ink.shape[1] / 2
        self._above, self._below = top, top + ink.shape[0]

    def place(self, face: Face, mark: str, pen: int) -> tuple[int, int]:
        """Give a mark's place: 64ths of a pixel from the letter's left, pixels down.

        Args:
            face: The mark's font.
            mark: One character.
            pen: Where it would stand without us, 64ths of a pixel.
        """
        if mark in _BINDUS:
            # Right of the vowel signs that end in the same place.
            return pen + (self._px * SUB // 8 if _OVER.search(self._cluster) else 0), 0
        rank = unicodedata.combining(mark)
        if rank == _THAI_TONE or mark in _THAI_ABOVE:
            return self._thai(face, mark, pen)
        if rank in _FONT_PLACES_IT:
            return pen, 0
        ink, left, top = face.glyph(mark, self._px, 0)
        height = ink.shape[0]
        y = 0
        if rank in _UNDER:
            y = max(0, self._below + self._gap - top)
            self._below = top + height + y
        elif rank not in _THROUGH:
            y = min(0, self._above - self._gap - top - height)
            self._above = top + y
        return round((self._middle - left - ink.shape[1] / 2) * SUB), y

    def _thai(self, face: Face, mark: str, pen: int) -> tuple[int, int]:
        shift = self._px * SUB // 8 if self._character in _THAI_TALL and mark != "\u0e33" else 0
        vowels = _THAI_ABOVE.intersection(self._cluster)
        y = 0
        if mark not in _THAI_ABOVE and vowels:
            vowel = "\u0e4d" if "\u0e33" in vowels else min(vowels)
            y = -face.glyph(vowel, self._px, 0).ink.shape[0] - self._gap // 2
        return pen - shift, y


def carried(character: str) -> bool:
    """Whether a character is a mark on the one before it."""
    if character in _THAI_ABOVE or character in _BINDUS:
        return True
    return unicodedata.combining(character) != 0
