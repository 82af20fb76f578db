"""Font files: which characters each has, how wide they are, and how they look at a size.

Letters are drawn by FreeType through Pillow, one at a time, at quarters of a pixel, unhinted: as a
phone does it, and the same on every machine. Laying them out is ours (``lines.py``), because
Pillow's other engine takes whatever libraries the machine has.
"""

import struct
from bisect import bisect_right
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

FOLDER = Path(__file__).parent / "font-files"

PHASES = 4
"""A letter may begin at so many places within a pixel."""
SUB = 64
"""Widths are whole numbers of this part of a pixel, so that sums are exact."""


class Glyph(NamedTuple):
    """One letter as coverage, ``uint8[h, w]``, and its place from the pen on the baseline.

    ``left`` and ``top`` are pixels; ``top`` is negative above the baseline.
    """

    ink: NDArray[np.uint8]
    left: int
    top: int


class Face:
    """One font file.

    Args:
        file: Its name in the folder of fonts.
        thicken: Make its letters bolder than they are drawn.
    """

    def __init__(self, file: str, *, thicken: bool = False) -> None:
        self.path = FOLDER / file
        self.thicken = thicken
        content = self.path.read_bytes()
        tables = _tables(content)
        self.units: int
        (self.units,) = struct.unpack_from(">H", content, tables["head"] + 18)
        ascent, descent = struct.unpack_from(">hh", content, tables["hhea"] + 4)
        self.ascent: float
        self.descent: float
        self.ascent, self.descent = ascent / self.units, -descent / self.units
        self._firsts, self._lasts = _ranges(content, tables["cmap"])
        self._advances: dict[str, int] = {}

    def covers(self, character: str) -> bool:
        """Whether it has a letter for a character."""
        code = ord(character)
        at = bisect_right(self._firsts, code) - 1
        return at >= 0 and code <= self._lasts[at]

    def advance(self, character: str, px: int) -> int:
        """How far the pen moves, in 64ths of a pixel, if the em is ``px`` pixels."""
        units = self._advances.get(character)
        if units is None:
            units = round(_opened(self.path, self.units).getlength(character))
            self._advances[character] = units
        return (units * px * SUB + self.units // 2) // self.units

    def glyph(self, character: str, px: int, phase: int) -> Glyph:
        """Draw a character whose pen stands ``phase`` quarters of a pixel right of a whole one."""
        return _drawn(self, character, px, phase)


def _tables(content: bytes) -> dict[str, int]:
    (count,) = struct.unpack_from(">H", content, 4)
    entries = (struct.unpack_from(">4sLLL", content, 12 + 16 * n) for n in range(count))
    return {tag.decode("latin-1"): offset for tag, _, offset, _ in entries}


def _ranges(content: bytes, cmap: int) -> tuple[list[int], list[int]]:
    """Read the first and last code points of each run that a font covers."""
    (offset,) = struct.unpack_from(">L", content, cmap + 8)
    form, _, _, _, groups = struct.unpack_from(">HHLLL", content, cmap + offset)
    if form != 12:
        raise ValueError("the font's table of characters is of another kind than .ci/subset-fonts'")
    at = cmap + offset + 16
    runs = [struct.unpack_from(">LL", content, at + 12 * n) for n in range(groups)]
    return [first for first, _ in runs], [last for _, last in runs]


@cache
def face(file: str, thicken: bool = False) -> Face:
    """Open a font file, once."""
    return Face(file, thicken=thicken)


@lru_cache(maxsize=256)
def _opened(path: Path, px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, px, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=20_000)
def _drawn(face: Face, character: str, px: int, phase: int) -> Glyph:
    font = _opened(face.path, px)
    left, top, right, bottom = (int(side) for side in font.getbbox(character, anchor="ls"))
    pad = 2
    extra = max(1.0, px / 24) if face.thicken else 0.0
    size = (right - left + 2 * pad + 1 + int(extra), bottom - top + 2 * pad)
    origin = (pad - left, pad - top)

    def ink(shift: float) -> Image.Image:
        image = Image.new("L", size, 0)
        place = (origin[0] + phase / PHASES + shift, origin[1])
        ImageDraw.Draw(image).text(place, character, 255, font, anchor="ls")
        return image

    pixels = np.asarray(ink(0.0))
    if extra:
        for part in (0.5, 1.0):
            pixels = np.maximum(pixels, np.asarray(ink(extra * part)))
    ys, xs = np.nonzero(pixels)
    if not len(xs):
        return Glyph(np.zeros((0, 0), np.uint8), 0, 0)
    x0, x1, y0, y1 = int(xs.min()), int(xs.max()) + 1, int(ys.min()), int(ys.max()) + 1
    return Glyph(pixels[y0:y1, x0:x1].copy(), x0 - origin[0], y0 - origin[1])
