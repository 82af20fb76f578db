"""What differs between two pictures in RGB: of whole screens, quickly, and of small parts."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..actions.geometry import Point
from ..model.chat import Pixels
from ..model.size import Size
from .settle import MANY_TILES, TILE_PX, Mask, difference, is_caret, patches
from .x11_windows import Box

Area = tuple[int, int, int, int]
"""Left, top, right, bottom in physical pixels; right and bottom are outside."""

_WORDS = TILE_PX * 3 // 8
"""A row of a tile is three words of eight bytes."""
_CELLS = 500
"""Places are told apart on a grid of about so many cells."""
_ROWS = 512
_NEAR_PX = 24
_NEAR_SHARE = 20


@dataclass(frozen=True, slots=True, eq=False)
class Differing:
    """What differs between two pictures of one size; something does.

    Attributes:
        size: Of the pictures.
        tiles: Which tiles, ``bool[ceil(H / 8), ceil(W / 8)]``.
        top: Pixel row at which ``bytes`` begins, a multiple of 8.
        bytes: ``uint8[rows, ceil(W / 8) * 24]``: where a byte differs it is not zero. Only the
            rows in which there is a difference, from the first tile to the last.
    """

    size: Size
    tiles: Mask
    top: int
    bytes: NDArray[np.uint8]

    @classmethod
    def of(cls, before: Pixels, after: Pixels) -> "Differing | None":
        """Compare two pictures, ``uint8[H, W, 3]`` both; None if they are equal."""
        if before is after:
            return None
        height, width = before.shape[:2]
        one = np.ascontiguousarray(before).reshape(height, width * 3)
        two = np.ascontiguousarray(after).reshape(height, width * 3)
        # Most changes are small: all that follows looks only at the rows they lie in.
        word = next(kind for kind in ("<u8", "<u4", "u1") if width * 3 % int(kind[-1]) == 0)
        rows = np.flatnonzero((one.view(word) != two.view(word)).any(axis=1))
        if not rows.size:
            return None
        top = int(rows[0]) // TILE_PX * TILE_PX
        bottom = min(height, (int(rows[-1]) // TILE_PX + 1) * TILE_PX)
        down, across = -(-(bottom - top) // TILE_PX), -(-width // TILE_PX)
        found = np.zeros((down * TILE_PX, across * TILE_PX * 3), np.uint8)
        np.bitwise_xor(one[top:bottom], two[top:bottom], out=found[: bottom - top, : width * 3])
        words = found.view("<u8").reshape(down, TILE_PX, -1)
        strips = np.bitwise_or.reduce(words, axis=1).reshape(down, across, _WORDS)
        tiles = np.zeros((-(-height // TILE_PX), across), np.bool_)
        tiles[top // TILE_PX : top // TILE_PX + down] = (strips != 0).any(axis=2)
        return cls(Size(width, height), tiles, top, found)

    @property
    def share(self) -> float:
        """How many of the pixels differ, from 0 to 1; where many do, every few rows are counted."""
        step = max(1, len(self.bytes) // _ROWS)
        found = self.bytes[::step]
        pixels = np.count_nonzero(found[:, 0::3] | found[:, 1::3] | found[:, 2::3])
        whole = len(self.bytes) / len(found)  # rows that one that was counted stands for
        return min(1.0, int(pixels) * whole / (self.size.width * self.size.height))

    def within(self, area: Area) -> bool:
        """Whether a tile differs that an area touches."""
        left, top, right, bottom = area
        rows = slice(top // TILE_PX, -(-bottom // TILE_PX))
        return bool(self.tiles[rows, left // TILE_PX : -(-right // TILE_PX)].any())

    def areas(self) -> list[Area]:
        """Give the places that differ, the largest first; every pixel that does is in one.

        What lies close together, as the letters of a line, is one place.
        """
        tall, wide = self.tiles.shape
        step = max(2, round((tall * wide / _CELLS) ** 0.5))
        down, across = -(-tall // step), -(-wide // step)
        padded = np.zeros((down * step, across * step), np.bool_)
        padded[:tall, :wide] = self.tiles
        cells: Mask = np.any(padded.reshape(down, step, across, step), axis=(1, 3))
        found = [self._hull(padded, patch, step) for patch in patches(cells)]
        return sorted(found, key=lambda it: ((it[0] - it[2]) * (it[3] - it[1]), it))

    def _hull(self, tiles: Mask, patch: list[tuple[int, int]], step: int) -> Area:
        """The smallest area around all that differs in the cells of a patch."""
        places = np.array(patch)
        (first_row, first_column), (last_row, last_column) = places.min(axis=0), places.max(axis=0)
        cells = np.zeros((last_row - first_row + 1, last_column - first_column + 1), np.bool_)
        cells[places[:, 0] - first_row, places[:, 1] - first_column] = True
        above, before = int(first_row) * step, int(first_column) * step
        member = cells.repeat(step, axis=0).repeat(step, axis=1)
        member &= tiles[above : above + len(member), before : before + member.shape[1]]
        rows, columns = np.flatnonzero(member.any(axis=1)), np.flatnonzero(member.any(axis=0))
        top, bottom = (above + int(rows[0])) * TILE_PX, (above + int(rows[-1]) + 1) * TILE_PX
        left, right = (
            (before + int(columns[0])) * TILE_PX,
            (before + int(columns[-1]) + 1) * TILE_PX,
        )
        # From the tiles' edges to the pixels': only the outermost tiles are looked into.
        band = self.bytes[top - self.top : bottom - self.top, left * 3 : right * 3]
        upper = np.flatnonzero(band[:TILE_PX].any(axis=1))[0]
        lower = np.flatnonzero(band[-TILE_PX:].any(axis=1))[-1]
        first = np.flatnonzero(band[:, : TILE_PX * 3].any(axis=0))[0] // 3
        last = np.flatnonzero(band[:, -TILE_PX * 3 :].any(axis=0))[-1] // 3
        return (
            left + int(first),
            top + int(upper),
            right - TILE_PX + int(last) + 1,
            bottom - TILE_PX + int(lower) + 1,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """A part of a picture, to be compared as whole ones are: a ``settle.Picture``."""

    box: Box
    raw: bytes
    caret: tuple[int, int]

    @classmethod
    def of(cls, pixels: NDArray[np.uint8], area: Area, caret: tuple[int, int]) -> "Crop":
        """Cut it out of ``uint8[H, W, 3]``."""
        left, top, right, bottom = area
        part = np.zeros((bottom - top, right - left, 4), np.uint8)
        part[..., :3] = pixels[top:bottom, left:right]
        box = Box(left, top, right - left, bottom - top)
        return cls(box, part.tobytes(), caret)

    def same(self, other: Any) -> bool:
        """Whether both are the same part and show the same."""
        return bool(self.box == other.box and self.raw == other.raw)


def is_flat(pixels: Pixels) -> bool:
    """Whether a picture is of one colour."""
    if (pixels[::16, ::16] != pixels[0, 0]).any():  # most screens are through with this
        return False
    return bool((pixels[0] == pixels[0, 0]).all() and (pixels == pixels[0]).all())


def caret_size(size: Size) -> tuple[int, int]:
    """Give width and height of the largest text caret there may be on a screen, in pixels.

    Android's is 2 dp wide; most phones are 360 dp across and more. A desktop's is narrower.
    """
    return max(3, round(min(size) / 180)), max(64, min(size) // 12)


def is_caret_alone(before: Pixels, after: Pixels, differing: Differing) -> bool:
    """Whether all that differs looks like one text caret that came or went."""
    if int(differing.tiles.sum()) > MANY_TILES:
        return False
    rows = np.flatnonzero(differing.tiles.any(axis=1)) * TILE_PX
    columns = np.flatnonzero(differing.tiles.any(axis=0)) * TILE_PX
    width, height = differing.size
    area = (
        int(columns[0]),
        int(rows[0]),
        min(width, int(columns[-1]) + TILE_PX),
        min(height, int(rows[-1]) + TILE_PX),
    )
    caret = caret_size(differing.size)
    change = difference(Crop.of(before, area, caret), Crop.of(after, area, caret))
    if change is None:
        return False
    found = patches(change.tiles)
    return len(found) == 1 and is_caret(found[0], change)


def around(point: Point, size: Size) -> Area:
    """Give the surroundings of a point, as large as what people aim at: a button, a row's label.

    Args:
        point: Physical pixels.
        size: Of the picture.

    Returns:
        An area with the point at its middle, or at its edge where the picture ends there.
    """
    reach = max(_NEAR_PX, min(size) // _NEAR_SHARE)
    x, y = min(max(int(point.x), 0), size.width - 1), min(max(int(point.y), 0), size.height - 1)
    return (
        max(0, x - reach),
        max(0, y - reach),
        min(size.width, x + reach + 1),
        min(size.height, y + reach + 1),
    )
