"""Finding a piece of a picture in other pictures: exactly, and where need be, about."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..model.chat import Pixels
from .masking_shapes import Area, Mask, all_three

_CELL_PX = 40
"""How far the needles are apart that are looked for, in pixels."""
_MOST_NEEDLES = 8
_MOST_HITS = 3000
_FEW_INK = 80
"""With fewer pixels than this, nearly all must agree; else this is no evidence."""
_SHARE, _SHARE_OF_FEW = 0.4, 0.9
_ALIKE = 0.6
"""Correlation from which a piece counts as the same, drawn otherwise."""
_CHANNELS = 3
_TURNS = 3
"""With fewer changes of colour, a stretch of pixels is found in every letter."""

Packed = NDArray[np.uint32]


@dataclass(frozen=True, slots=True, eq=False)
class Glyphs:
    """What typing drew.

    Attributes:
        pixels: The piece of the picture, ``uint8[h, w, 3]``.
        ink: Which of its pixels were drawn, ``bool[h, w]``; the others are what lies behind.
        at: Where its left top corner was.
    """

    pixels: Pixels
    ink: Mask
    at: tuple[int, int]

    def needles(self) -> list[tuple[int, int, Packed]]:
        """Give stretches of rows that are worth looking for: row, column, packed pixels."""
        height, width = self.ink.shape
        pixels = packed(self.pixels)
        turns = pixels[:, 1:] != pixels[:, :-1]
        found: dict[bytes, tuple[int, int, Packed]] = {}
        columns = max(1, min(_MOST_NEEDLES // 2, width // _CELL_PX))
        halves = 2 if height >= 6 else 1
        for column in range(columns):
            left, right = column * width // columns, (column + 1) * width // columns
            for half in range(halves):
                top, bottom = half * height // halves, (half + 1) * height // halves
                counts = turns[top:bottom, left : max(left, right - 1)].sum(axis=1)
                if counts.size and counts.max() >= _TURNS:
                    row = top + int(counts.argmax())
                    # From its first turn to its last: what is flat is found everywhere.
                    at = left + np.flatnonzero(turns[row, left : max(left, right - 1)])
                    start, end = int(at[0]), int(at[-1]) + 2
                    needle = pixels[row, start:end]
                    found.setdefault(needle.tobytes(), (row, start, needle))
        if not found and turns.size and turns.sum(axis=1).max() >= 1:
            row = int(turns.sum(axis=1).argmax())
            found[b""] = (row, 0, pixels[row])
        return list(found.values())


def packed(pixels: Pixels) -> Packed:
    """Give a picture with one number for each pixel: ``uint32[H, W]``."""
    made = np.zeros((*pixels.shape[:2], 4), np.uint8)
    made[..., :_CHANNELS] = pixels
    return made.view(np.uint32)[..., 0]


def find(glyphs: Glyphs, numbers: Packed, pixels: Pixels) -> list[tuple[int, int]]:
    """Look for a piece, exactly, all over a picture.

    Some of it may be another: where a caret stands in it, or its edge lies under something.

    Args:
        glyphs: The piece.
        numbers: The picture, packed.
        pixels: The picture, ``uint8[H, W, 3]``.

    Returns:
        Left top corners, which may lie off the picture where only a part of it is on it.
    """
    width = pixels.shape[1]
    tried: set[tuple[int, int]] = set()
    found: list[tuple[int, int]] = []
    ink = int(glyphs.ink.sum())
    least = ink * (_SHARE if ink >= _FEW_INK else _SHARE_OF_FEW)
    for row, column, needle in glyphs.needles():
        for place in _places(needle, numbers)[:_MOST_HITS]:
            y, x = divmod(int(place), width)
            corner = (x - column, y - row)
            if x + needle.size > width or corner in tried:
                continue
            tried.add(corner)
            if _agreeing(glyphs, pixels, corner) >= least:
                found.append(corner)
    return found


def _places(needle: Packed, numbers: Packed) -> NDArray[np.intp]:
    """Where in a packed picture, row after row, a stretch of pixels begins."""
    flat = numbers.reshape(-1)
    # The rarest of its colours first, as far as it tells: few pixels are left for the others.
    colours, counts = np.unique(needle, return_counts=True)
    rarity = dict(zip(colours.tolist(), counts.tolist(), strict=True))
    order = sorted(range(needle.size), key=lambda at: (rarity[int(needle[at])], at))
    first = order[0]
    places = np.flatnonzero(flat == needle[first]) - first
    places = places[(places >= 0) & (places + needle.size <= flat.size)]
    for at in order[1:]:
        if not places.size:
            break
        places = places[flat[places + at] == needle[at]]
    return places


def _agreeing(glyphs: Glyphs, pixels: Pixels, corner: tuple[int, int]) -> int:
    """Count the pixels of ink that are the same in a picture, with the piece at a corner."""
    x, y = corner
    height, width = glyphs.ink.shape
    there = Area(x, y, x + width, y + height)
    seen = there.within(Area(0, 0, pixels.shape[1], pixels.shape[0]))
    here = seen.moved(-x, -y)
    same = all_three(here.of(glyphs.pixels) == seen.of(pixels))
    return int((same & glyphs.ink[here.top : here.bottom, here.left : here.right]).sum())


def alike(glyphs: Glyphs, pixels: Pixels) -> tuple[int, int] | None:
    """Look for a piece that may be drawn in other colours, half faded, or a part of a pixel off.

    Compared is how light and dark alternate. Takes some hundred milliseconds.

    Returns:
        The left top corner of what is most alike; None where nothing is alike enough.
    """
    height, width = glyphs.ink.shape
    down, across = pixels.shape[0] - height + 1, pixels.shape[1] - width + 1
    if down < 1 or across < 1:
        return None
    # Green is most of what is light; half the picture would do, and this is a third.
    piece = glyphs.pixels[..., 1].astype(np.float32)
    piece -= piece.mean()
    energy = float((piece * piece).sum())
    if energy < 1:
        return None
    picture = pixels[..., 1].astype(np.float32)
    picture -= picture.mean()
    shape = (_even(picture.shape[0]), _even(picture.shape[1]))
    product = np.fft.rfft2(picture, shape) * np.conj(np.fft.rfft2(piece, shape))
    match = np.fft.irfft2(product, shape)[:down, :across]
    sums = _sums(picture, height, width)
    spread = _sums(picture * picture, height, width) - sums * sums / (height * width)
    # Where a piece of the picture is all but flat, noise would agree with anything.
    spread = np.where(spread > 0.02 * energy, spread, np.inf)
    score = np.abs(match) / np.sqrt(spread * energy)
    best = int(score.argmax())
    y, x = divmod(best, across)
    return (x, y) if score[y, x] >= _ALIKE else None


def _even(side: int) -> int:
    """Give a length not below this one that is quickly transformed."""
    size = side
    while True:
        rest = size
        for factor in (2, 3, 5):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return size
        size += 1


def _sums(values: NDArray[np.float32], height: int, width: int) -> NDArray[np.float64]:
    """Give the sum of every window of a size."""
    table = np.zeros((values.shape[0] + 1, values.shape[1] + 1))
    np.cumsum(np.cumsum(values, axis=0, dtype=np.float64), axis=1, out=table[1:, 1:])
    return np.asarray(
        table[height:, width:] - table[:-height, width:] - table[height:, :-width]
        + table[:-height, :-width]
    )  # fmt: skip
