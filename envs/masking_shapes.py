"""What was drawn between two pictures of a screen: shapes that were not there before.

A button that wakes up when a field is no longer empty changes its colours and not its shape; a
text that appears has edges where all was flat. That tells apart what may be typed text from most
that changes besides.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..model.chat import Pixels
from .settle import TILE_PX, patches

Mask = NDArray[np.bool_]

_GAP_X, _GAP_Y = 3, 1
"""Changed tiles this near belong together: letters, words, lines."""
_FLAT = 2
"""Neighbouring pixels that differ by no more, in any channel, are flat."""
_EDGE = 16
"""Neighbouring pixels that differ by more, in any channel, are an edge."""
_FAINT = 8
"""So many times stronger may the edges of a faint shape become, when it lights up."""
_MOSTLY = 0.5
"""A picture of which less is flat hides edges: there, anything may be text."""
_MANY_TILES = 8000
"""More changed tiles than this are one area: to sort them takes too long."""


class Area(NamedTuple):
    """A part of a picture, in physical pixels; right and bottom are outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def height(self) -> int:
        """In pixels."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """In pixels."""
        return self.right - self.left

    @property
    def size(self) -> int:
        """How many pixels."""
        return max(0, self.width) * max(0, self.height)

    def wider(self, x: int, y: int) -> "Area":
        """Give it with so many pixels more on either side."""
        return Area(self.left - x, self.top - y, self.right + x, self.bottom + y)

    def moved(self, x: int, y: int) -> "Area":
        """Give it somewhere else."""
        return Area(self.left + x, self.top + y, self.right + x, self.bottom + y)

    def within(self, other: "Area") -> "Area":
        """Give what both have in common; its size is 0 where that is nothing."""
        left, top = max(self.left, other.left), max(self.top, other.top)
        return Area(
            left, top, max(left, min(self.right, other.right)),
            max(top, min(self.bottom, other.bottom)),
        )  # fmt: skip

    def with_(self, other: "Area") -> "Area":
        """Give the smallest that holds both."""
        return Area(
            min(self.left, other.left), min(self.top, other.top),
            max(self.right, other.right), max(self.bottom, other.bottom),
        )  # fmt: skip

    def meets(self, other: "Area") -> bool:
        """Whether they have a pixel in common."""
        return self.within(other).size > 0

    def of(self, pixels: Pixels) -> Pixels:
        """Give this part of a picture."""
        return pixels[self.top : self.bottom, self.left : self.right]


def whole(pixels: Pixels) -> Area:
    """Give all of a picture."""
    return Area(0, 0, pixels.shape[1], pixels.shape[0])


def differing(one: Pixels, two: Pixels) -> Mask:
    """Which pixels differ between two pictures of one size: ``bool[H, W]``."""
    found = np.zeros(one.shape[:2], np.bool_)
    if not one.size:
        return found
    rows = np.flatnonzero(
        (np.ascontiguousarray(one).reshape(len(one), -1)
         != np.ascontiguousarray(two).reshape(len(two), -1)).any(axis=1)
    )  # fmt: skip
    if rows.size:
        used = slice(int(rows[0]), int(rows[-1]) + 1)
        other = one[used] != two[used]
        found[used] = other[..., 0] | other[..., 1] | other[..., 2]
    return found


def drawn(before: Pixels, after: Pixels) -> list[tuple[Area, Mask]]:
    """Give the areas in which shapes appeared, and which of their pixels changed.

    Args:
        before: ``uint8[H, W, 3]``.
        after: The same screen later, of the same size.

    Returns:
        Areas, none touching another, each with ``bool`` of its size.
    """
    changed = differing(before, after)
    found = []
    for area in clusters(changed):
        if _appeared(before, after, changed, area):
            inside = changed[area.top : area.bottom, area.left : area.right]
            found.append((area, inside.copy()))
    return found


def clusters(changed: Mask) -> list[Area]:
    """Group pixels that lie near each other, and give the smallest areas that hold each group."""
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    if not rows.size:
        return []
    height, width = changed.shape
    bounds = Area(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    down, across = -(-height // TILE_PX), -(-width // TILE_PX)
    padded = np.zeros((down * TILE_PX, across * TILE_PX), np.bool_)
    padded[:height, :width] = changed
    blocks = padded.reshape(down, TILE_PX, across, TILE_PX)
    tiles: Mask = np.asarray(blocks.any(axis=(1, 3)))
    if int(tiles.sum()) > _MANY_TILES:
        return [bounds]
    grown = tiles.copy()
    for step in range(1, _GAP_X + 1):
        grown[:, step:] |= tiles[:, :-step]
        grown[:, :-step] |= tiles[:, step:]
    wide = grown.copy()
    for step in range(1, _GAP_Y + 1):
        grown[step:] |= wide[:-step]
        grown[:-step] |= wide[step:]
    found = []
    for patch in patches(grown):
        ys, xs = np.transpose([tile for tile in patch if tiles[tile]])
        area = Area(
            int(xs.min()) * TILE_PX,
            int(ys.min()) * TILE_PX,
            min(width, (int(xs.max()) + 1) * TILE_PX),
            min(height, (int(ys.max()) + 1) * TILE_PX),
        )
        found.append(tight(changed, area))
    return sorted(found)


def tight(pixels: Mask, area: Area) -> Area:
    """Give the smallest part of an area that holds every pixel of it that is set; some are."""
    inside = pixels[area.top : area.bottom, area.left : area.right]
    ys, xs = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not ys.size:
        return area
    return Area(
        area.left + int(xs[0]),
        area.top + int(ys[0]),
        area.left + int(xs[-1]) + 1,
        area.top + int(ys[-1]) + 1,
    )


def steps(pixels: Pixels) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """How much each pixel differs from its neighbour to the right, and from the one below.

    Returns:
        ``int16[H, W - 1]`` and ``int16[H - 1, W]``: the largest difference of a channel.
    """
    signed = pixels.astype(np.int16)
    right = np.abs(signed[:, 1:] - signed[:, :-1])
    below = np.abs(signed[1:] - signed[:-1])
    return largest(right), largest(below)


def largest(channels: NDArray[np.int16]) -> NDArray[np.int16]:
    """Give the largest of three channels; ``max(axis=2)`` takes ten times as long."""
    return np.maximum(np.maximum(channels[..., 0], channels[..., 1]), channels[..., 2])


def all_three(channels: Mask) -> Mask:
    """Whether all three channels are set."""
    return channels[..., 0] & channels[..., 1] & channels[..., 2]


def edges(pixels: Pixels, least: int = 8) -> Mask:
    """Which pixels differ from their neighbour to the right or below: ``bool[H, W]``."""
    right, below = steps(pixels)
    found = np.zeros(pixels.shape[:2], np.bool_)
    found[:, :-1] |= right > least
    found[:-1] |= below > least
    return found


def _appeared(before: Pixels, after: Pixels, changed: Mask, area: Area) -> bool:
    """Whether edges appeared in an area where it was flat."""
    wider = area.wider(1, 1).within(whole(before))
    touched = changed[wider.top : wider.bottom, wider.left : wider.right]
    pairs = zip(steps(wider.of(before)), steps(wider.of(after)), strict=True)
    flat = total = new = 0
    for axis, (old, now) in zip((1, 0), pairs, strict=True):
        one = touched[:, 1:] | touched[:, :-1] if axis else touched[1:] | touched[:-1]
        was_flat = old <= _FLAT
        flat, total = flat + int(was_flat.sum()), total + was_flat.size
        # What was all but flat was perhaps a shape in faint colours, which light up.
        new += int((was_flat & (now > _EDGE + _FAINT * old) & one).sum())
    return new > 0 or (total > 0 and flat < _MOSTLY * total)
