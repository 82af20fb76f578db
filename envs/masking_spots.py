"""A place on the screen that is covered, and what tells whether it is still there."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..model.chat import Pixels
from .masking_shapes import Area, Mask, differing, edges, whole

_NEAR_ENOUGH = 200
"""So many pixels of edges around a place tell it."""
_SAME_INSIDE, _OTHER_INSIDE = 0.4, 0.8
"""How much of the edges around must be there still, by whether what is inside is."""


@dataclass(frozen=True, slots=True, eq=False)
class Spot:
    """A place that is covered now.

    Attributes:
        area: The place.
        text: Where in it text is.
        near: It and what is around it.
        around: The picture of ``near``.
        marks: The edges in it that tell the place: ``bool`` of the size of ``near``.
        before: The screen before it was typed; None where that was not seen.
        moved: How far it is from where it was typed.
    """

    area: Area
    text: Area
    near: Area
    around: Pixels
    marks: Mask
    before: Pixels | None
    moved: tuple[int, int]


def spot_at(
    pixels: Pixels, area: Area, text: Area, before: Pixels | None, moved: tuple[int, int]
) -> Spot:
    """Give a place with as much around it as tells it from others.

    Args:
        pixels: The screen.
        area: What is covered.
        text: Where in it text is.
        before: The screen before it was typed; None where that was not seen.
        moved: How far it is from where it was typed.
    """
    margin, near = max(8, area.height), area
    while True:
        near = area.wider(margin, margin).within(whole(pixels))
        around = near.of(pixels)
        marks = marks_around(around, area.moved(-near.left, -near.top))
        if int(marks.sum()) >= _NEAR_ENOUGH or near == whole(pixels):
            return Spot(area, text, near, around.copy(), marks, before, moved)
        margin *= 2


def marks_around(around: Pixels, inside: Area) -> Mask:
    """Give the edges in what is around a place, without those inside."""
    marks = edges(around)
    # The pixel before the place, too: its edge may be with what is inside.
    marks[max(0, inside.top - 1) : inside.bottom, max(0, inside.left - 1) : inside.right] = False
    return marks


def stays(spot: Spot, pixels: Pixels) -> bool:
    """Whether a place is still where it was: by the edges around it, in whatever colours."""
    if spot.near != spot.near.within(whole(pixels)) or not spot.area.size:
        return False
    now = spot.near.of(pixels)
    inside = spot.area.moved(-spot.near.left, -spot.near.top)
    same = caret_only(differing(inside.of(spot.around), inside.of(now)), pixels)
    count = int(spot.marks.sum())
    if count < _NEAR_ENOUGH // 4:  # an empty screen tells nothing
        outside = differing(spot.around, now)
        outside[inside.top : inside.bottom, inside.left : inside.right] = False
        return same or outside.mean() < 0.02
    share = int((spot.marks & edges(now)).sum()) / count
    return share >= (_SAME_INSIDE if same else _OTHER_INSIDE)


def as_before(spot: Spot, pixels: Pixels) -> bool:
    """Whether a place shows again what it showed before anything was typed there."""
    if spot.before is None or spot.before.shape != pixels.shape:
        return False
    old = spot.area.moved(-spot.moved[0], -spot.moved[1])
    if old != old.within(whole(pixels)):
        return False
    return caret_only(differing(old.of(spot.before), spot.area.of(pixels)), pixels)


def caret_only(changed: Mask, pixels: Pixels) -> bool:
    """Whether nothing changed, or only something as thin as a caret."""
    columns = np.flatnonzero(changed.any(axis=0))
    thin = max(3, round(min(pixels.shape[:2]) / 160))
    return not columns.size or int(columns[-1] - columns[0]) < thin


def along(before: Pixels, after: Pixels, area: Area, place: Area) -> Area:
    """Give a place with the empty room beside it: more text would go there."""
    top, bottom = area.top, area.bottom
    reach = 6 * area.height
    left, right = area.left, area.right
    width = before.shape[1]
    flat = np.ones(width, np.bool_)
    for pixels in (before, after):
        band = pixels[top:bottom].astype(np.int16)
        flat &= (band.max(axis=0) - band.min(axis=0) <= 2).all(axis=1)
    # An upright line, such as the field's outline, is flat too, in another colour.
    row = after[top].astype(np.int16)
    while (
        left > max(0, area.left - reach) and flat[left - 1] and _near(row, left - 1, area.left - 1)
    ):
        left -= 1
    while right < min(width, area.right + reach) and flat[right] and _near(row, right, area.right):
        right += 1
    return place.with_(Area(left, top, right, bottom))


def _near(row: NDArray[np.int16], one: int, two: int) -> bool:
    return bool((np.abs(row[one] - row[two]) <= 2).all())
