"""What two pictures of a screen say of an action, and how that is told in one line.

The verdict follows from the two observations, the env's effect and the points alone, so a replay
comes to the same one from the recorded pictures.
"""

from collections.abc import Sequence
from typing import Literal

from ..actions.geometry import Point
from ..envs.base import Effect, Observation
from ..envs.differing import Area, Differing, around, is_caret_alone, is_flat
from ..envs.records import Change, Step
from ..envs.settle import CLOCK_TILES
from ..model.size import Size

_BOXES = 4
_BARS = 0.06
"""Bars of system or desktop may be left at top and bottom of a black screen; share of its height.
"""
_EDGE = 0.045
"""A clock stands in a bar at the screen's edge, no higher than this share of the screen; ..."""
_CORNER = 0.12
"""... on a desktop at its right end, of this share of the screen's width."""
_SMALL = 0.002
"""Of the screen's pixels: no film is as small, and no caret or clock larger."""
_WHOLE = 0.8
"""A place as large as this share of the screen is the whole screen, ..."""
_DENSE = 0.2
"""... if so many of the screen's tiles changed."""

Kind = Literal["changed", "unchanged", "noise", "unknown"]
Looks = Literal["", "black", "blank", "secure", "off"]


def judge(
    before: Observation, after: Observation, effect: Effect, points: Sequence[Point] = ()
) -> Change:
    """Judge what changed between two pictures.

    Args:
        before: The screen that the action was decided on.
        after: The settled screen after it.
        effect: What the env says, which saw more pictures than these two.
        points: Where the action was, in physical pixels.
    """
    looks, keyboard = _looks(after), _keyboard(before, after)
    size = after.frame.physical
    if before.pixels.shape != after.pixels.shape:
        return Change(
            kind="changed",
            boxes=((0, 0, size.width, size.height),),
            share=1.0,
            resized=True,
            at_point=True if points else None,
            screen=looks,
            keyboard=keyboard,
        )
    differing = Differing.of(before.pixels, after.pixels)
    if differing is None:
        kind: Kind = "changed" if effect is Effect.CHANGED else "unchanged"
        if looks in ("black", "secure", "off") and effect is not Effect.CHANGED:
            kind = "unknown"  # whatever happened there, nobody could see it
        at_point = False if points and kind != "unknown" else None
        return Change(kind=kind, at_point=at_point, screen=looks, keyboard=keyboard)
    areas = differing.areas()
    near = [around(point, size) for point in points]
    at_point = any(map(differing.within, near)) if points else None
    return Change(
        kind=_kind(before, after, effect, differing, areas, at_point),
        boxes=tuple(areas[:_BOXES]),
        more=len(areas[_BOXES:]),
        places=_places(areas, near if at_point else (), size, differing),
        share=differing.share,
        at_point=at_point,
        screen=looks,
        keyboard=keyboard,
    )


def _kind(
    before: Observation,
    after: Observation,
    effect: Effect,
    differing: Differing,
    areas: Sequence[Area],
    at_point: bool | None,
) -> Kind:
    if effect is Effect.UNCHANGED:
        return "noise"  # the env saw it move before anything was sent, or while nothing was
    doubtful = effect is Effect.UNKNOWN and not at_point
    if doubtful and is_caret_alone(before.pixels, after.pixels, differing):
        return "noise"
    # Of a click somewhere else. What is typed may well appear in a bar at the edge.
    if at_point is False and _is_clock(differing, areas):
        return "noise"
    return "changed" if effect is Effect.CHANGED else "unknown"


def _is_clock(differing: Differing, areas: Sequence[Area]) -> bool:
    """Whether all that changed is as small as a clock and stands where clocks do."""
    if int(differing.tiles.sum()) > CLOCK_TILES:
        return False
    width, height = differing.size
    edge = max(24, round(height * _EDGE))
    if height > width:  # a phone: the bar at its top shows nothing but its state
        return all(bottom <= edge for _, _, _, bottom in areas)
    right = width * (1 - _CORNER)  # what else is at the edge of a desktop may answer to a click
    return all(
        left >= right and (bottom <= edge or top >= height - edge) for left, top, _, bottom in areas
    )


def _looks(after: Observation) -> Looks:
    """Say what is wrong with a screen, if it is all of one colour."""
    pixels = after.pixels
    bars = int(len(pixels) * _BARS)
    middle = pixels[bars : len(pixels) - bars]
    if not is_flat(middle):
        return ""
    if middle[0, 0].any():
        return "blank"
    if after.extras.get("awake") is False:
        return "off"
    return "secure" if after.extras.get("secure") else "black"


def _keyboard(before: Observation, after: Observation) -> Literal["", "shown", "hidden"]:
    was, now = before.extras.get("keyboard"), after.extras.get("keyboard")
    if was is False and now is True:
        return "shown"
    return "hidden" if was is True and now is False else ""


def _places(
    areas: Sequence[Area], near: Sequence[Area], size: Size, differing: Differing
) -> tuple[str, ...]:
    """Name the largest places, but those where the action was."""
    left, top, right, bottom = areas[0]
    whole = (right - left) * (bottom - top) >= _WHOLE * size.width * size.height
    if whole and differing.tiles.mean() >= _DENSE:
        return ("all over",)
    elsewhere = [it for it in areas[:_BOXES] if not any(_touch(it, place) for place in near)]
    return tuple(dict.fromkeys(_place(it, size) for it in elsewhere))


def _touch(one: Area, two: Area) -> bool:
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]


def _place(area: Area, size: Size) -> str:
    """Name a part of the screen."""
    left, top, right, bottom = area
    across = _third(left, right, size.width, ("left", "middle", "right"))
    down = _third(top, bottom, size.height, ("upper", "middle", "lower"))
    if not across and not down:
        return "most of it"
    if not across:
        return {"upper": "top", "middle": "middle", "lower": "bottom"}[down]
    if not down or down == "middle":
        return across
    return {"upper": "top", "lower": "bottom"}[down] if across == "middle" else f"{down} {across}"


def _third(begin: int, end: int, length: int, names: tuple[str, str, str]) -> str:
    """Name the third in which a stretch has its middle; nothing where it is longer than two."""
    if (end - begin) * 3 > length * 2:
        return ""
    return names[min(2, (begin + end) * 3 // (2 * length))]


def is_stale(step: Step) -> bool:
    """Whether an action met another screen than it was decided on, so that nothing was sent."""
    change = None if step.result is None else step.result.change
    return change is not None and change.kind == "stale"


def words(change: Change) -> str:
    """Say it in a line for the model; empty where there is nothing to say."""
    keyboard = {"shown": "the keyboard came up", "hidden": "the keyboard went away", "": ""}
    looks = {
        "black": "the screen is black: the app may not allow screenshots",
        "secure": "the screen cannot be seen: the app allows no screenshots of it",
        "blank": "the screen is empty, all of one colour",
        "off": "the screen is off",
        "": "",
    }
    said = (_said(change), looks[change.screen], keyboard[change.keyboard])
    return "; ".join(filter(None, said))


def _said(change: Change) -> str:
    where = ", ".join(change.places)
    if change.more and where and where != "all over":
        where += " and more"
    match change.kind:
        case "unchanged":
            return "nothing changed on the screen"
        case "stale":
            return "the screen had changed before anything was sent"
        case "noise":
            if change.share < _SMALL:
                return "nothing changed on the screen but what moves by itself (a caret, a clock)"
            return f"nothing changed on the screen but by itself: {where or 'where you acted'}"
        case "unknown" if not change.boxes:
            return ""
        case "unknown" if change.at_point and not where:
            return "the screen changed where you acted, though perhaps by itself"
        case "unknown":
            return f"the screen changed, though perhaps by itself: {where}"
    if change.resized:
        return "the screen changed: it was turned or has another size"
    if not change.boxes:
        return "the screen changed, and looks again as it did before"
    if where == "all over":
        return "the screen changed all over"
    if change.at_point is None:
        return f"the screen changed: {where}"
    if change.at_point:
        return f"the screen changed where you acted{where and f', and elsewhere: {where}'}"
    return f"the screen changed, but not where you acted: {where}"
