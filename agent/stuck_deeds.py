"""When two actions come to the same, though their points or figures differ a little."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import dist

from ..actions.geometry import Point
from ..actions.schema import Action, CallTool, Click, Drag, Key, Scroll, Swipe, Type
from ..envs.records import Step
from .stuck_text import shortened

_NEAR = 0.02
"""Of the screen's shorter side: points so near are the same place."""
_NEAR_FLICK = 0.2
"""The same for scrolling, where the place only says what is scrolled."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What was done, such that it can be compared.

    Attributes:
        kind: Name of the action; ``wait`` for all that only looks or lets time pass, ``said`` for
            a reply that could not be used.
        exact: What must be equal.
        points: What must be near, in physical pixels.
        near_px: How near.
        words: The action in words.
    """

    kind: str
    exact: tuple[object, ...]
    points: tuple[Point, ...]
    near_px: float
    words: str

    @classmethod
    def of(cls, step: Step) -> "Deed":
        """Give the deed of a step."""
        if step.action is None:
            return cls("said", (step.reply,), (), 0.0, "an unusable reply")
        action = step.action
        size = step.seen.frame.physical
        near = _NEAR_FLICK if isinstance(action, Swipe | Scroll) else _NEAR
        points = tuple(point for _, point in action.points())
        if isinstance(action, Swipe):
            points = points[:1]
        kind = "wait" if action.action in ("wait", "screenshot") else action.action
        near_px = near * min(size.width, size.height)
        return cls(kind, _exact(action), points, near_px, shortened(str(action), 80))

    def same(self, other: "Deed") -> bool:
        """Whether both come to the same."""
        return (
            self.kind == other.kind
            and self.exact == other.exact
            and len(self.points) == len(other.points)
            and all(
                dist(a, b) <= self.near_px for a, b in zip(self.points, other.points, strict=True)
            )
        )

    @property
    def way(self) -> tuple[int, int] | None:
        """Which way it scrolls, right and down, each -1, 0 or 1; None where it does not."""
        if self.kind not in ("scroll", "swipe"):
            return None
        right, down = self.exact
        return (int(str(right)), int(str(down)))

    @property
    def writes(self) -> bool:
        """Whether it types words, and no single character as on a calculator."""
        return self.kind == "type" and len(str(self.exact[0])) > 1


def _exact(action: Action) -> tuple[object, ...]:
    """Give what must be equal: neither how long, nor how far, nor how often."""
    match action:
        case Click():
            return (action.button, action.count)
        case Drag():
            return (action.button,)
        case Swipe():
            right, down = action.end.x - action.start.x, action.end.y - action.start.y
            # The view moves against the finger.
            return (-_sign(right), 0) if abs(right) > abs(down) else (0, -_sign(down))
        case Scroll():
            right, down = action.delta
            return (_sign(right), _sign(down))
        case Type():
            return (action.text,)
        case Key():
            return (action.keys,)
        case CallTool():
            return (action.name, json.dumps(action.arguments, sort_keys=True))
    named = action.to_json()
    return tuple(named[name] for name in ("keys", "name", "text", "question") if name in named)


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def there_and_back(deeds: Sequence[Deed], least: int) -> bool:
    """Whether the last deeds scroll one way and the other way in turn.

    Args:
        deeds: In order.
        least: So many of them.
    """
    ways = [deed.way for deed in deeds[-least:]]
    if len(ways) < least:
        return False
    return all(
        one is not None and two is not None and one != (0, 0) and one == (-two[0], -two[1])
        for one, two in pairwise(ways)
    )
