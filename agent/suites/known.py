"""The suites that come along, by name; each is imported when it is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ..errors import BadUsage
from ..places import PracticeSpec
from .base import Subset, Suite
from .players import OraclePlayer

SUITES = ("miniwob", "practice")
"""Their names."""

PHONES = frozenset({"practice"})
"""Those that are worked on a phone; the others are worked with mouse and keys."""

Via = Literal["browser", "desktop"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where MiniWoB++ runs, and how.

    Attributes:
        via: A browser that is told what to do, or a window on a private display.
        scale: Physical pixels a CSS pixel.
        time_limit_s: Of a task, in seconds; ``page``: as each page has it; None: switched off.
    """

    via: Via = "browser"
    scale: float = 1.0
    time_limit_s: float | Literal["page"] | None = None


def open_suite(name: str, place: Place | PracticeSpec | None = None) -> Suite:
    """Make a suite; nothing is started yet.

    Args:
        name: One of ``SUITES``.
        place: Where and how it runs: ``Place`` for MiniWoB++, a phone for the practice suite.

    Raises:
        BadUsage: There is none of that name, or it cannot be like that.
        BackendMissing: A package that it needs is not there; says which.
    """
    try:
        if name == "practice":
            from .practice import Practice

            return Practice(place if isinstance(place, PracticeSpec) else None)
        if name == "miniwob":
            from .miniwob.suite import MiniWob

            place = place if isinstance(place, Place) else Place()
            return MiniWob(via=place.via, scale=place.scale, time_limit_s=place.time_limit_s)
    except ValueError as error:
        raise BadUsage(str(error)) from error
    raise BadUsage(f"there is no suite {name!r}; there are {', '.join(SUITES)}")


def oracle_of(name: str, image_tokens: int | None = None) -> OraclePlayer:
    """Give who knows the way in a suite.

    Args:
        name: One of ``SUITES``.
        image_tokens: See ``Speaker``.

    Raises:
        BadUsage: There is no suite of that name.
    """
    if name == "practice":
        from .practice import practice_oracle

        return practice_oracle(image_tokens)
    if name == "miniwob":
        from .miniwob.playing import miniwob_oracle

        return miniwob_oracle(image_tokens)
    raise BadUsage(f"there is no suite {name!r}; there are {', '.join(SUITES)}")


def subsets_of(name: str) -> Sequence[Subset]:
    """Give the subsets of a suite; none of one that is not known here. Needs no extra."""
    if name == "miniwob":
        from .miniwob.subsets import SUBSETS

        return SUBSETS
    if name == "practice":
        from .practice import SUBSETS as FAMILIES

        return FAMILIES
    return ()
