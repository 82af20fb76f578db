"""What the oracles share: where something can be clicked, how it is reached, how it is awaited."""

from collections.abc import Sequence
from typing import Any

from .....actions import schema as a
from .....actions.geometry import Point
from ..oracle import Moves
from ..page import Page

WIDTH, HEIGHT = 160, 210
"""Size of a task in CSS pixels; nothing outside is part of it."""

_MOST_SCROLLS = 60
_LEAST_NOTCH = 1 / 8
_MOST_WAITS = 8
_WAIT_S = 0.4

_FIND = r"""
const all = (selector) => [...document.querySelectorAll(selector)];
const found = ({selector, text, nth}) => all(selector).filter(
  (one) => {
    const box = one.getBoundingClientRect();
    const said = (one.textContent ?? "").replace(/\s+/g, " ").trim();
    return box.width > 0 && box.height > 0 && getComputedStyle(one).visibility !== "hidden"
      && (text === null || said === text);
  }
)[nth];"""

_SPOT = (
    "(wanted) => {"
    + _FIND
    + r"""
  const one = found(wanted);
  if (!one) return null;
  const [width, height] = wanted.size, box = one.getBoundingClientRect();
  const x = (box.left + box.right) / 2, y = (box.top + box.bottom) / 2;
  const hits = (x, y) => {
    if (x < 0 || y < 0 || x >= width || y >= height) return false;
    const top = document.elementFromPoint(x, y);
    return top !== null && one.contains(top);
  };
  if (hits(x, y)) return {x, y, centre: true};
  const places = [];
  for (let dx = 0; dx <= box.width / 2; dx += 2)
    for (let dy = 0; dy <= box.height / 2; dy += 2)
      for (const [h, v] of [[1, 1], [1, -1], [-1, 1], [-1, -1]])
        if (hits(x + h * dx, y + v * dy)) places.push([x + h * dx, y + v * dy, dx * dx + dy * dy]);
  places.sort((one, other) => one[2] - other[2]);
  // A pixel at the very edge is hard to hit: take one with room about it, if there is any.
  const room = ([x, y]) => hits(x - 2, y) && hits(x + 2, y) && hits(x, y - 2) && hits(x, y + 2);
  const best = places.find(room) ?? places[0];
  return best ? {x: best[0], y: best[1], centre: false} : null;
}"""
)
"""Where something shows and nothing lies over it: its middle, or else the nearest place to it."""

_WAY = (
    "(wanted) => {"
    + _FIND
    + r"""
  const one = found(wanted);
  if (!one) return null;
  const [width, height] = wanted.size, inner = one.getBoundingClientRect();
  for (let box = one.parentElement; box; box = box.parentElement) {
    if (box.scrollHeight <= box.clientHeight) continue;
    if (!["auto", "scroll"].includes(getComputedStyle(box).overflowY)) continue;
    const outer = box.getBoundingClientRect();
    const top = Math.max(outer.top, 0), bottom = Math.min(outer.bottom, height);
    const left = Math.max(outer.left, 0), right = Math.min(outer.right, width);
    const below = (inner.top + inner.bottom) / 2 > (top + bottom) / 2;
    return {x: (left + right) / 2, y: (top + bottom) / 2, below, at: box.scrollTop};
  }
  return null;
}"""
)
"""What has to be scrolled, and which way, to bring something into view."""


async def spot(page: Page, selector: str, *, text: str | None = None, nth: int = 0) -> Point | None:
    """Find where something can be clicked: its middle, or a place of it that nothing covers.

    Args:
        page: Where.
        selector: CSS.
        text: All that is written in it; None: whatever.
        nth: Which of those that are shown and fit, from 0.

    Returns:
        CSS pixels; None where there is no such thing or none of it can be clicked.
    """
    found = await page.read(_SPOT, _wanted(selector, text, nth))
    return Point(found["x"], found["y"]) if found else None


async def tap(
    page: Page, selector: str, *, text: str | None = None, nth: int = 0, count: int = 1
) -> a.Click:
    """Give a click on something.

    Raises:
        LookupError: There is no such thing, or none of it can be clicked.
    """
    place = await spot(page, selector, text=text, nth=nth)
    if place is None:
        raise LookupError(f"nothing to click fits {selector} {text or ''}".rstrip())
    return a.Click(point=place, count=count)


async def reach(page: Page, selector: str, *, text: str | None = None, nth: int = 0) -> Moves:
    """Scroll by notches, by less where that is too far, until something's middle is in view."""
    wanted, before = _wanted(selector, text, nth), None
    below, notches = None, 1.0
    for _ in range(_MOST_SCROLLS):
        found = await page.read(_SPOT, wanted)
        if found and found["centre"]:
            return
        way = await page.read(_WAY, wanted)
        if way is None or way["at"] == before:
            return  # nothing scrolls, or it is at its end
        if below not in (None, way["below"]):
            if found:
                return  # some of it shows, and a wheel may know no less than a notch
            notches = max(_LEAST_NOTCH, notches / 2)
        before, below = way["at"], way["below"]
        yield a.Scroll(
            point=Point(way["x"], way["y"]), direction="down" if below else "up", amount=notches
        )


async def press(page: Page, selector: str, *, text: str | None = None, nth: int = 0) -> Moves:
    """Scroll to something and click it."""
    async for move in reach(page, selector, text=text, nth=nth):
        yield move
    yield await tap(page, selector, text=text, nth=nth)


async def awaited(page: Page, selector: str, *, text: str | None = None) -> Moves:
    """Wait, a little at a time, until something is shown: some menus open late."""
    for _ in range(_MOST_WAITS):
        if await spot(page, selector, text=text) is not None:
            return
        yield a.Wait(seconds=_WAIT_S)
    raise LookupError(f"nothing to click fits {selector} {text or ''}, however long one waits")


async def texts(page: Page, selector: str) -> list[str]:
    """Give what is written in all that is shown and fits."""
    return [one.text for one in await page.all(selector)]


def between(goal: str, before: str, after: str) -> str:
    """Give what a goal says between two phrases, the first of the one and the last of the other.

    Raises:
        LookupError: It does not have both.
    """
    _, found, rest = goal.partition(before)
    inner, end, _ = rest.rpartition(after)
    if not found or not end:
        raise LookupError(f"the goal says nothing between {before!r} and {after!r}: {goal}")
    return inner


def quoted(goal: str) -> str:
    """Give what stands between a goal's first and last quotation mark."""
    return between(goal, '"', '"')


def middle(box: Sequence[float]) -> Point:
    """Give the middle of left, top, right, bottom."""
    left, top, right, bottom = box
    return Point((left + right) / 2, (top + bottom) / 2)


def _wanted(selector: str, text: str | None, nth: int) -> dict[str, Any]:
    return {"selector": selector, "text": text, "nth": nth, "size": [WIDTH, HEIGHT]}
