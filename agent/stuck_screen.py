"""Whether two screens are the same for somebody who wants to get on, whatever moves by itself.

A caret blinks, a clock ticks, a film plays: to the byte, such a screen is never the same twice. So
a screen is kept as the mean colours of its blocks, the edges where systems show the time are left
out, and so are places that were seen to change while nothing was done.
"""

from collections import OrderedDict, deque
from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from ..envs.base import Observation
from ..model.chat import Pixels

Blocks = NDArray[np.uint8]
"""Mean colours, ``uint8[3, rows, columns]``."""
Mask = NDArray[np.bool_]

_BLOCKS = 48
"""On the shorter side of a screen: a digit or a tick is seen, a gradient's dithering is not."""
_SMALLEST_PX = 8
_NEAR = 3
"""Levels of 255 by which the mean of a block may differ, and be the same."""

_STATUS = 0.1
"""Height of a phone's status bar as a part of the screen's shorter side, with a camera in it."""
_PANEL_TOP, _PANEL_BOTTOM = 0.03, 0.045
"""Heights of a desktop's panels as parts of the screen's height."""

_KEPT = 32
"""Different screens that are remembered."""
_STILL = 12
"""Times of doing nothing that are remembered."""
_RESTLESS = 2
"""In so many of them a place that moves by itself has moved."""
_MOST_RESTLESS = 0.5
"""Part of the screen: where more moves, there is nothing to compare any more."""
_MEANWHILE = 0.03
"""Part of the screen that may differ where an action is said to have changed nothing: with more,
something arrived meanwhile."""
_SLIGHT = 0.01
"""Part of the screen: a clock that ticks, or a mark that comes, changes no more."""


def blocks(pixels: Pixels, *, phone: bool) -> Blocks:
    """Give the mean colours of a screen's blocks, the edges blackened that show the time.

    Args:
        pixels: ``uint8[H, W, 3]``.
        phone: Whether it has a status bar in place of panels.
    """
    height, width, _ = pixels.shape
    side = max(_SMALLEST_PX, min(height, width) // _BLOCKS)
    rows, columns = max(1, height // side), max(1, width // side)
    down, across = min(side, height), min(side, width)
    used = pixels[: rows * down, : columns * across].reshape(rows, down, columns * across * 3)
    sums = used.sum(axis=1, dtype=np.uint16 if down <= 256 else np.uint32)
    # Whole numbers below 2**24 are exact as float32, in whatever order they are added.
    wide = sums.astype(np.float32).reshape(rows * columns, across * 3)
    means = (wide @ np.tile(np.eye(3, dtype=np.float32), (across, 1))) / np.float32(down * across)
    made: Blocks = np.ascontiguousarray(means.astype(np.uint8).T).reshape(3, rows, columns)
    if phone:
        made[:, : _strip(_STATUS * min(height, width), side)] = 0
    else:
        made[:, : _strip(_PANEL_TOP * height, side)] = 0
        made[:, rows - _strip(_PANEL_BOTTOM * height, side) :] = 0
    return made


def _strip(pixels: float, side: int) -> int:
    return -(-int(pixels) // side)


def _is_phone(seen: Observation) -> bool:
    size = seen.frame.physical
    return size.height > size.width or "keyboard" in seen.extras


def _apart(one: Blocks, other: Blocks) -> Mask:
    """Tell which blocks differ, ``bool[rows, columns]``; for stacks of screens, too."""
    far = np.maximum(one, other) - np.minimum(one, other) > _NEAR
    return np.asarray(far[..., 0, :, :] | far[..., 1, :, :] | far[..., 2, :, :])


def _or_nothing(mask: Mask | None) -> Mask:
    return np.zeros((0, 0), np.bool_) if mask is None else mask


class Screens:
    """The screens of a run, and which of them are the same."""

    def __init__(self) -> None:
        self._seen: dict[str, Blocks] = {}
        self._used: OrderedDict[str, None] = OrderedDict()
        self._same: dict[str, str] = {}
        self._still: deque[Mask] = deque(maxlen=_STILL)
        self._mask: Mask | None = None
        self._labels: dict[str, int] = {}
        self._slight: set[int] = set()
        self._next = 0

    @property
    def labels(self) -> Mapping[str, int]:
        """A number for each screen by its name: equal for those that are the same.

        Screens of long ago are forgotten and not in it.
        """
        return self._labels

    @property
    def slight(self) -> Collection[int]:
        """The numbers of screens that differ but slightly from one seen before them."""
        return self._slight

    @property
    def restless(self) -> bool:
        """Whether so much moves by itself that screens cannot be compared."""
        moving = self._moving()
        return moving is not None and bool(moving.mean() > _MOST_RESTLESS)

    def see(self, seen: Observation) -> str:
        """Take note of a screen, and give its name for ``labels``."""
        name = seen.hash
        self._used[name] = None
        self._used.move_to_end(name)
        if name in self._seen:
            return name
        self._seen[name] = blocks(seen.pixels, phone=_is_phone(seen))
        if len(self._used) > _KEPT:
            gone, _ = self._used.popitem(last=False)
            del self._seen[gone], self._labels[gone]
            self._same.pop(gone, None)
        self._compare(name)
        return name

    def stood(self, before: str, after: str) -> None:
        """Take note that nothing was done between two screens: what differs moves by itself."""
        one, two = self._seen[before], self._seen[after]
        if one.shape != two.shape:
            return
        self._still.append(_apart(one, two))
        mask = self._new_mask()
        if not np.array_equal(_or_nothing(mask), _or_nothing(self._mask)):
            self._mask = mask
            self._labels.clear()
            self._slight.clear()
            for name in self._seen:
                self._compare(name)

    def nothing_changed(self, before: str, after: str) -> None:
        """Take note that an action between two screens is known to have changed nothing."""
        one, two = self._seen[before], self._seen[after]
        if before == after or one.shape != two.shape:
            return
        self.stood(before, after)
        if _apart(one, two).mean() <= _MEANWHILE and self._same.get(before) != after:
            self._same[after] = before
            self._join(after)

    def _compare(self, name: str) -> None:
        """Give a screen its number, by those that have theirs."""
        made = self._masked(self._seen[name])
        others = [other for other in self._labels if self._seen[other].shape == made.shape]
        label, self._next = self._next, self._next + 1
        if others:
            looks = self._masked(np.stack([self._seen[other] for other in others]))
            apart = _apart(looks, made).mean(axis=(1, 2))
            nearest = int(apart.argmin())
            if apart[nearest] == 0:
                label = self._labels[others[nearest]]
            elif apart[nearest] <= _SLIGHT:
                self._slight.add(label)
        self._labels[name] = label
        self._join(name)

    def _join(self, name: str) -> None:
        """Make a screen, and all that are the same, one with that which is known to be its like."""
        before = self._same.get(name)
        if before is None or before not in self._labels:
            return
        ours, theirs = self._labels[name], self._labels[before]
        self._labels.update({n: theirs for n, label in self._labels.items() if label == ours})

    def _masked(self, made: Blocks) -> Blocks:
        if self._mask is None or self._mask.shape != made.shape[-2:]:
            return made
        return np.where(self._mask, np.uint8(0), made)

    def _moving(self) -> Mask | None:
        """Tell which blocks moved by themselves; None where nothing is known."""
        if not self._still:
            return None
        shape = self._still[-1].shape
        times = np.zeros(shape, np.int32)
        for moved in self._still:
            if moved.shape == shape:
                times += moved
        return np.asarray(times >= _RESTLESS)

    def _new_mask(self) -> Mask | None:
        moving = self._moving()
        if moving is None or not moving.any() or moving.mean() > _MOST_RESTLESS:
            return None
        # A digit may be broader than the one before it.
        rows, columns = moving.shape
        padded = np.pad(moving, 1)
        near = [padded[y : y + rows, x : x + columns] for y in range(3) for x in range(3)]
        return np.asarray(np.logical_or.reduce(near))
