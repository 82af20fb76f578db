"""Emoji: small pictures in colour, one for a character or for several that mean one thing."""

import io
import zipfile
from functools import cache, lru_cache

from PIL import Image

from .faces import FOLDER, SUB

_CELL = (64, 60)
"""Width and height of every picture in the file."""
_WIDTH, _BELOW = 1.2, 0.22
"""Ems that a picture is wide, and that it reaches below the baseline."""

TEXT_FORM, EMOJI_FORM = "\ufe0e", "\ufe0f"
"""After a character that can be either a letter or a picture, these say which."""

_BY_NATURE = frozenset(
    "⌚⌛⏩⏪⏫⏬⏰⏳◽◾☔☕♈♉♊♋♌♍♎♏♐♑♒♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛎⛔⛪⛲⛳⛵⛺⛽✅✊✋✨❌❎❓❔❕❗➕➖➗➰➿⬛⬜⭐⭕"
)
"""Emoji_Presentation of Unicode's emoji-data.txt, below U+10000."""


@cache
def _file() -> tuple[zipfile.ZipFile, frozenset[str]]:
    pictures = zipfile.ZipFile(io.BytesIO((FOLDER / "emoji.zip").read_bytes()))
    return pictures, frozenset(pictures.namelist())


def _name(text: str) -> str:
    return "-".join(f"{ord(character):x}" for character in text if character != EMOJI_FORM)


def covers(text: str) -> bool:
    """Whether there is one picture for a character or a sequence of them."""
    return _name(text) in _file()[1]


def by_nature(character: str) -> bool:
    """Whether a character is a picture rather than a letter where nothing says which."""
    return character in _BY_NATURE or character >= "\U0001f000"


def size(px: int) -> tuple[int, int]:
    """Width and height of every picture beside letters whose em is ``px`` pixels."""
    width = max(1, round(px * _WIDTH))
    return width, max(1, round(width * _CELL[1] / _CELL[0]))


def advance(px: int) -> int:
    """How far the pen moves, in 64ths of a pixel."""
    return size(px)[0] * SUB


def top(px: int) -> int:
    """Where a picture begins, in pixels down from the baseline."""
    return round(px * _BELOW) - size(px)[1]


@lru_cache(maxsize=2048)
def picture(text: str, px: int) -> Image.Image:
    """Draw one, RGBA."""
    with Image.open(io.BytesIO(_file()[0].read(_name(text)))) as image:
        return image.convert("RGBA").resize(size(px), Image.Resampling.LANCZOS)
