"""Covering in pictures what must not be seen: typed text, for as long as it can be found.

What typing drew is told from the pictures before and after it. Its place is covered with a solid
colour as long as what lies around is still there, whatever happens inside (more is typed, dots
become letters, it is selected). What was drawn is kept in memory and looked for in every later
picture, so that the cover follows when the page scrolls or a keyboard slides in, and comes back
when the page does. When in doubt, more is covered.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..model.chat import Pixels
from .differing import is_flat
from .masking_find import Glyphs, alike, find, packed
from .masking_shapes import Area, Mask, differing, drawn, tight, whole
from .masking_spots import Spot, along, as_before, caret_only, marks_around, spot_at, stays

MASK_RGB = (128, 128, 128)
"""What covers."""

_MOST_GLYPHS = 12
"""How many pieces are looked for; the oldest are forgotten."""
_MOST_ALIKE = 2
"""How many of them, the latest, are looked for also where they may be drawn otherwise."""
_LARGE = 0.25
"""What changed over more of the screen than this is no text, but a page."""
_MOSTLY_INK = 0.6
"""A text leaves more than the rest of its place as it was."""


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """What was drawn, and what is covered with it.

    Attributes:
        glyphs: What to look for.
        text: Where text was.
        area: What to cover then.
        before: The screen before it was typed; None where that was not seen.
        moved: How far ``glyphs`` were from where they were typed.
    """

    glyphs: Glyphs
    text: Area
    area: Area
    before: Pixels | None
    moved: tuple[int, int]


class Masker:
    """Covers typed text in the pictures of one screen, which must be given in order.

    It never raises because of what is in a picture. Calls may come from several threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: Pixels | None = None
        self._cover: list[Area] = []
        self._spots: list[Spot] = []
        self._kept: list[_Kept] = []
        self._last: Pixels | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing was typed yet."""
        return self._pending is None and not (self._spots or self._kept or self._cover)

    @property
    def awaiting(self) -> bool:
        """Whether something was typed, and nothing was done since: it may still appear."""
        return self._pending is not None

    def typing(self, before: Pixels) -> None:
        """Say that text is about to be typed that must not be seen.

        Args:
            before: The screen now, ``uint8[H, W, 3]``, uncovered.
        """
        with self._lock:
            self._pending = before

    def acting(self) -> None:
        """Say that something else is about to be done: what was typed has appeared by now."""
        with self._lock:
            self._pending = None
            self._cover = []

    def forget(self) -> None:
        """Forget everything; nothing is covered any more."""
        with self._lock:
            self._pending = self._last = None
            self._spots, self._kept, self._cover = [], [], []

    def look(
        self, pixels: Pixels, told: Sequence[Area] = (), clear: Sequence[Area] | None = None
    ) -> Pixels:
        """Give a picture with everything covered that must not be seen.

        Args:
            pixels: The screen, ``uint8[H, W, 3]``; not written to.
            told: Where the system says that something is that must not be seen.
            clear: Where it says that something else is; None where it says nothing.

        Returns:
            The same picture where there is nothing to cover, else a copy.
        """
        with self._lock:
            if is_flat(pixels):
                return pixels  # nothing can be seen: it is off, or keeps itself from screenshots
            last, self._last = self._last, pixels
            told = [a.within(whole(pixels)) for a in told]
            told = [area for area in told if 0 < area.size <= _LARGE * whole(pixels).size]
            self._follow(last, pixels)
            blind = self._learn(pixels, told, clear)
            for area in told:
                if not any(area == area.within(spot.area) for spot in self._spots):
                    text = area.wider(-area.height // 6, -area.height // 6)  # not its outline
                    spot = spot_at(pixels, area, text, None, (0, 0))
                    self._remember(pixels, spot)
                    self._spots.append(spot)
            areas = [spot.area for spot in self._spots] + self._cover
            if blind:
                areas = [whole(pixels)]
            if not areas:
                return pixels
            made = pixels.copy()
            for area in areas:
                area.within(whole(pixels)).of(made)[...] = MASK_RGB
            made.flags.writeable = False
            return made

    # What was just typed -------------------------------------------------------------------------

    def _learn(self, pixels: Pixels, told: Sequence[Area], clear: Sequence[Area] | None) -> bool:
        """Find what typing drew, soon or late; give whether all has to be covered."""
        before = self._pending
        if before is None:
            return False
        if before.shape != pixels.shape:
            return True  # turned while it was typed on: nothing can be compared
        found = drawn(before, pixels)
        self._cover = []
        limit = _LARGE * whole(pixels).size
        for area, changed in found:
            if clear is not None and _explained(area, changed, clear, told):
                continue
            field = [one for one in told if one.meets(area)]
            if area.size > limit:
                # A new page. Where the system tells what is on it, that is known; else it is
                # covered until something is done.
                if clear is None:
                    self._cover.append(area)
                continue
            place = area.wider(4 + area.height // 4, 2 + area.height // 4)
            if not field:
                place = along(before, pixels, area, place)
            for one in field:
                place = place.with_(one)
            place = place.within(whole(pixels))
            if any(area == area.within(spot.area) for spot in self._spots):
                continue  # seen already, and followed since
            glyphs = Glyphs(area.of(pixels).copy(), changed, (area.left, area.top))
            self._keep(_Kept(glyphs, area, place, before, (0, 0)))
            self._spots.append(spot_at(pixels, place, area, before, (0, 0)))
        return False

    def _remember(self, pixels: Pixels, spot: Spot) -> None:
        """Keep what is drawn in a place now, to look for it later."""
        text = spot.text.within(whole(pixels))
        inside = text.of(pixels)
        if not inside.size:
            return
        ink = np.ones(inside.shape[:2], np.bool_)
        old = text.moved(-spot.moved[0], -spot.moved[1])
        before = spot.before
        if before is not None and before.shape == pixels.shape and old == old.within(whole(before)):
            ink = differing(old.of(before), inside)
        if ink.mean() > _MOSTLY_INK:  # what lies behind the text is another colour now
            colours, counts = np.unique(inside.reshape(-1, 3), axis=0, return_counts=True)
            ink = (inside != colours[counts.argmax()]).any(axis=2)
        if not ink.any():
            return
        part = tight(ink, Area(0, 0, text.width, text.height))
        glyphs = Glyphs(
            part.of(inside).copy(),
            ink[part.top : part.bottom, part.left : part.right].copy(),
            (text.left + part.left, text.top + part.top),
        )
        self._keep(_Kept(glyphs, text, spot.area, before, spot.moved))

    def _keep(self, kept: _Kept) -> None:
        raw = kept.glyphs.pixels.tobytes()
        if any(raw == one.glyphs.pixels.tobytes() for one in self._kept):
            return
        self._kept = [*self._kept, kept][-_MOST_GLYPHS:]

    # What was typed earlier ----------------------------------------------------------------------

    def _follow(self, last: Pixels | None, pixels: Pixels) -> None:
        """Bring the places up to date with a picture."""
        same_size = last is not None and last.shape == pixels.shape
        stayed: list[Spot] = []
        lost: list[Spot] = []
        for spot in self._spots:
            if same_size and stays(spot, pixels):
                if (now := self._grown(spot, pixels)) is not None:
                    stayed.append(now)
            else:
                lost.append(spot)
        found = self._found(pixels, stayed)
        if lost and not found:
            for kept in self._kept[: -_MOST_ALIKE - 1 : -1]:
                corner = alike(kept.glyphs, pixels)
                if corner is not None:
                    found.append(self._at(kept, corner, pixels))
                    break

        self._spots = _few([*stayed, *found])

    def _found(self, pixels: Pixels, stayed: Sequence[Spot]) -> list[Spot]:
        """Look for everything that was typed, all over a picture."""
        if not self._kept:
            return []
        numbers = packed(pixels)
        found: list[Spot] = []
        for kept in self._kept:
            for corner in find(kept.glyphs, numbers, pixels):
                height, width = kept.glyphs.ink.shape
                here = Area(*corner, corner[0] + width, corner[1] + height)
                here = here.within(whole(pixels))
                if here.size and not any(
                    here == here.within(spot.area) for spot in [*stayed, *found]
                ):
                    found.append(self._at(kept, corner, pixels))
        return found

    def _at(self, kept: _Kept, corner: tuple[int, int], pixels: Pixels) -> Spot:
        x, y = corner[0] - kept.glyphs.at[0], corner[1] - kept.glyphs.at[1]
        area = kept.area.moved(x, y).within(whole(pixels))
        moved = (kept.moved[0] + x, kept.moved[1] + y)
        return spot_at(pixels, area, kept.text.moved(x, y), kept.before, moved)

    def _grown(self, spot: Spot, pixels: Pixels) -> Spot | None:
        """Give a place that stayed as it is now; None where it is as it was before typing."""
        now = spot.near.of(pixels)
        if not differing(spot.around, now).any():
            return spot
        if as_before(spot, pixels):
            return None
        text, area = spot.text, spot.area
        reach = max(8, text.height)
        rows = Area(0, text.top - reach // 2, pixels.shape[1], text.bottom + reach // 2)
        for part, _ in drawn(spot.around, now):
            beside = part.moved(spot.near.left, spot.near.top).within(rows)
            if beside.size and beside.meets(area.wider(reach, 0)):
                area = area.with_(beside.wider(2, 2)).within(whole(pixels))
                text = text.with_(Area(beside.left, text.top, beside.right, text.bottom))
        inside = spot.area.moved(-spot.near.left, -spot.near.top)
        if area != spot.area:
            grown = spot_at(pixels, area, text, spot.before, spot.moved)
        else:
            marks = marks_around(now, inside)
            grown = replace(spot, text=text, around=now.copy(), marks=marks)
        if not caret_only(differing(inside.of(spot.around), inside.of(now)), pixels):
            self._remember(pixels, grown)
        return grown


def _explained(area: Area, changed: Mask, clear: Sequence[Area], told: Sequence[Area]) -> bool:
    """Whether the system says that something else is all that was drawn in an area."""
    left = changed.copy()
    for one in clear:
        here = one.wider(2, 2).within(area).moved(-area.left, -area.top)
        left[here.top : here.bottom, here.left : here.right] = False
    for one in told:
        here = one.within(area).moved(-area.left, -area.top)
        if here.size:
            return False
    return not left.any()


def _few(spots: list[Spot]) -> list[Spot]:
    """Leave out places that lie in others."""
    kept: list[Spot] = []
    for spot in sorted(spots, key=lambda one: -one.area.size):
        if spot.area.size and not any(spot.area == spot.area.within(other.area) for other in kept):
            kept.append(spot)
    return kept
