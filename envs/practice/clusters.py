"""Text cut into what a reader takes for one letter, so that nothing comes between its parts."""

import unicodedata

from . import devanagari

JOINER, NON_JOINER = "\u200d", "\u200c"
TONES = range(0x1F3FB, 0x1F400)
"""Colours of skin, after a hand or a person."""

_DEVANAGARI = range(0x900, 0x980)
_FLAGS = range(0x1F1E6, 0x1F200)
_TAGS = range(0xE0020, 0xE0080)
_SARA_AM = "\u0e33"
"""A Thai vowel of two parts, one of them over the letter before it."""
_FIRST_MARK = "\u0300"


def _belongs(character: str, before: str) -> bool:
    """Whether a character belongs to the cluster before it."""
    if before == "\n":
        return False
    code = ord(character)
    if character in (JOINER, NON_JOINER, _SARA_AM) or unicodedata.category(character)[0] == "M":
        return True
    if before[-1] == JOINER and code not in _DEVANAGARI:
        return code >= 0x2000  # parts of one emoji; elsewhere it only shapes letters
    if code in TONES or code in _TAGS:
        return ord(before[0]) >= 0x2000
    if code in _FLAGS:
        return len(before) == 1 and ord(before) in _FLAGS
    if devanagari.joins(before, character):
        return True
    if 0x1160 <= code <= 0x11FF:  # later parts of a Korean syllable
        return 0x1100 <= ord(before[0]) <= 0x11FF
    return False


def clusters(text: str) -> list[str]:
    """Cut a text into letters with their marks, and emoji with their parts; joined, it is whole."""
    if text.isascii():
        return list(text)
    found: list[str] = []
    for character in text:
        if character >= _FIRST_MARK and found and _belongs(character, found[-1]):
            found[-1] += character
        else:
            found.append(character)
    return found
