"""What else an action comes to: a swipe that goes nowhere is a tap, Enter presses a button.

Phones and desktops take a finger that hardly moves, or that stays on one button, for a tap of it.
A rule about taps would be no rule if a swipe by one pixel passed it by.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import hypot

from ..actions.geometry import Point
from ..actions.schema import Click, Drag, HoldKey, Key, LongPress, Scroll, Swipe, Type
from .guard_facts import Facts

_SHORT_SHARE = 0.06
"""Of the screen's shorter side: what moves less may be taken for a tap. Android's bound is 8 dp,
which is 2 % of a phone; fingers of a mouse are steadier."""
_STILL_S = 0.4
"""What stays down so long may be a long press."""
_PRESSES = frozenset({frozenset({"enter"}), frozenset({"space"})})


def taps(facts: Facts) -> Sequence[Facts]:
    """Give the facts of each tap that an action may come to beside what it says; mostly none.

    Args:
        facts: Of the action; where its target is known, that decides, too.
    """
    action, target = facts.action, facts.target
    if _presses(facts):
        known = target is not None and target.known
        return [replace(facts, action=Click())] if known else []
    if not isinstance(action, Swipe | Drag | Scroll):
        return []
    begins, length = _path(facts)
    known = target is not None and target.known
    same = known and target is not None and len({*target.names}) == 1 and bool(target.names[0])
    short = length is None or length < _SHORT_SHARE * min(facts.size)
    if not short and (isinstance(action, Scroll) or not same):
        return []
    if target is not None and target.known:
        target = replace(target, names=target.names[:1])
    found = [replace(facts, action=Click(point=begins), target=target)]
    if getattr(action, "seconds", 0.0) >= _STILL_S and begins is not None:
        found.append(replace(facts, action=LongPress(point=begins), target=target))
    return found


def may_press(facts: Facts) -> bool:
    """Whether it is a tap of what has the focus, and nobody has asked yet what that is."""
    return facts.target is None and _presses(facts)


def _presses(facts: Facts) -> bool:
    """Whether it sends a key that presses what has the focus; a text does with its line feeds."""
    keys = isinstance(facts.action, Key | HoldKey | Type)
    return keys and not _PRESSES.isdisjoint(facts.chords)


def _path(facts: Facts) -> tuple[Point | None, float | None]:
    """Give where a movement begins, and how far it goes in pixels; None: nobody knows."""
    match facts.action:
        case Swipe(start=start, end=end) | Drag(start=Point() as start, end=end):
            return start, hypot(end.x - start.x, end.y - start.y)
        case Drag(end=end):
            return end, None
        case Scroll(point=point):
            right, down = facts.action.delta
            # A notch is a stroke of some 64 dp on a phone; a screen is a screen.
            unit = min(facts.size) / (5.6 if facts.action.unit == "notches" else 1)
            return point, hypot(right, down) * unit
    return None, 0.0
