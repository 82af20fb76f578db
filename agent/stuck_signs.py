"""Signs that a run gets nowhere, read off its last rounds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .stuck_deeds import Deed, there_and_back
from .stuck_screen import Screens
from .stuck_text import bare, shortened

Kind = Literal["repeat", "cycle", "no_progress", "errors", "degenerate"]

LOOKED_AT = 32
"""Rounds; what was before them is forgotten."""

_AGAIN = {1: 2.0, 2: 2.0, 3: 2.0, 4: 3.0, 5: 4.0, 6: 5.0}
"""By the length of a cycle: so much of it must have come again. Three times around three screens
takes long; that two steps of it come again, in order and with nothing new, is enough."""
_AGAIN_HERE = 2.0
"""So much must have come again since anything new was seen, in whatever order."""
_DWELT, _DEEDS, _SCREENS = 5, 2, 3
"""So many steps, that were so many different deeds and led to so many different screens."""
_FRUITLESS = 5.0
"""So many rounds without anything new are a sign by themselves."""
_SAME_ERRORS, _AMONG = 3, 6
_WRITTEN = {1: 2, 2: 3, 3: 6}
"""By the length of a cycle in which the same words are typed: so many rounds must equal those a
cycle before, whatever the screen shows: it shows the words once more, and is new each time."""
_TO_AND_FRO = 5
_BLIND = 8
"""So often may the same be done where so much moves that screens cannot be compared."""

_TICKS = 6
"""So many steps back, the same deed that changed nothing tells a clock from an effect."""

_HALF = 0.5
"""What waiting counts: a slow app needs some."""


@dataclass(frozen=True, slots=True)
class Round:
    """One round of the run.

    Attributes:
        deed: What was done.
        before: Name of the screen before it.
        after: Name of the screen after it; as before where there is none.
        error: Why it came to nothing; None where it did not.
        news: What it brought that is on no screen, such as a tool's result; None where nothing.
    """

    deed: Deed
    before: str
    after: str
    error: str | None
    news: str | None


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign that the run gets nowhere.

    Attributes:
        kind: What it is.
        words: What was seen, as a sentence.
        despite: Whether it holds though the screen shows something new.
    """

    kind: Kind
    words: str
    despite: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rounds say.

    Attributes:
        sign: The sign in the last of them, if any.
        new: Whether the last of them showed or brought anything new.
        weight: What the last of them counts as a fruitless one, from 0 to 1.
    """

    sign: Sign | None
    new: bool
    weight: float


@dataclass(frozen=True, slots=True)
class _Placed:
    """A round, its screens by number."""

    round: Round
    before: int
    after: int
    new: bool
    ticked: bool
    """Whether it brought something new that may come by itself: the screen changed slightly, as by
    a clock, though the same had just changed nothing; or a tool gave another answer than before."""

    def again(self, other: "_Placed") -> bool:
        """Whether it is the other round once more: the same done on the same screen."""
        return self.before == other.before and self.round.deed.same(other.round.deed)

    @property
    def slow(self) -> bool:
        return self.round.deed.kind in ("wait", "answer")


def judged(rounds: Sequence[Round], screens: Screens, since: int) -> Judged:
    """Judge the last of some rounds by those before it.

    Args:
        rounds: In order; at least one.
        screens: Where they were.
        since: Rounds before this one only say what is known already.
    """
    placed, fresh = _placed(rounds, screens)
    last = placed[-1]
    stretch = placed[max(fresh, since) :]
    weight = 0.0 if last.new else _fruitless(placed, len(placed) - 1)
    sign = (
        _errors(placed[since:])
        or _written(placed[since:])
        or _to_and_fro(placed[since:])
        or (_blind(placed[since:]) if screens.restless else None)
    )
    if sign is None and not last.new:
        sign = _round_and_round(placed[since:]) or _here(stretch) or _few(placed[since:])
    if sign is None and not last.new:
        total = sum(_fruitless(placed, at) for at in range(len(placed) - len(stretch), len(placed)))
        if total >= _FRUITLESS:
            words = f"The last {len(stretch)} steps have shown nothing that was not seen before."
            sign = Sign("no_progress", words)
    return Judged(sign, last.new, weight)


def _placed(rounds: Sequence[Round], screens: Screens) -> tuple[list[_Placed], int]:
    """Place rounds on the screens; also say from where on nothing new was seen."""
    labels, slight = screens.labels, screens.slight
    placed: list[_Placed] = []
    known: set[int] = set()
    heard: set[tuple[str, object, str]] = set()
    fresh = 0
    for at, one in enumerate(rounds):
        # A screen of long ago is none of those that are compared.
        before, after = labels.get(one.before, -1 - at), labels.get(one.after, -1 - at)
        if before not in known and before not in slight:
            fresh = at
        known.add(before)
        new, ticked = after not in known, False
        known.add(after)
        if new and after in slight:
            past = [p for p in placed[-_TICKS:] if not p.new and p.round.deed.same(one.deed)]
            new, ticked = not past, bool(past)
        if one.news is not None:
            asked = (one.deed.kind, one.deed.exact, "")
            told = (one.deed.kind, one.deed.exact, one.news)
            new = new or asked not in heard
            ticked = told not in heard  # asked again, and told something else
            heard.update((asked, told))
        if new:
            fresh = at + 1
        placed.append(_Placed(one, before, after, new, ticked and not new))
    return placed, fresh


def _fruitless(placed: Sequence[_Placed], at: int) -> float:
    one = placed[at]
    if one.new or one.ticked:
        return 0.0
    if one.slow:
        return _HALF
    if one.before == one.after or any(one.again(earlier) for earlier in placed[:at]):
        return 1.0
    return _HALF  # on a way that is known, such as back to where it came from


def _counts(one: _Placed) -> float:
    if one.ticked:
        return 0.0
    return _HALF if one.slow else 1.0


def _round_and_round(placed: Sequence[_Placed]) -> Sign | None:
    for length, needed in _AGAIN.items():
        again, at = 0.0, len(placed) - 1
        while at >= length and not placed[at].new and placed[at].again(placed[at - length]):
            again += _counts(placed[at])
            at -= 1
        if again < needed:
            continue
        deeds = [one.round.deed for one in placed[-length:]]
        times = len(placed) - 1 - at + length
        if length == 1:
            return Sign("repeat", _repeated(deeds[0], times, placed[-1]))
        return Sign("cycle", f"The last {times} steps go round in a circle: {_named(deeds)}.")
    return None


def _repeated(deed: Deed, times: int, last: _Placed) -> str:
    if deed.kind == "said":
        return f"The same unusable reply came {times} times."
    if deed.kind == "wait":
        return f"You have waited {times} times, and the screen shows nothing new."
    came = "came to nothing" if last.round.error is not None else "nothing new came of it"
    return f"You have done the same {times} times, and {came}: {deed.words}."


def _here(stretch: Sequence[_Placed]) -> Sign | None:
    again = [
        one for at, one in enumerate(stretch) if any(one.again(other) for other in stretch[:at])
    ]
    if sum(map(_counts, again)) < _AGAIN_HERE:
        return None
    deeds = [one.round.deed for one in again]
    return Sign("cycle", f"You do again what has just brought nothing new: {_named(deeds)}.")


def _few(placed: Sequence[_Placed]) -> Sign | None:
    """Find what leads to and fro between few screens, though not in step: a message comes and goes.

    A switch that says each time what it did is one.
    """
    part = placed[-_DWELT:]
    if len(part) < _DWELT or len({one.after for one in part}) > _SCREENS:
        return None
    if any(one.slow for one in part):
        return None
    deeds: list[Deed] = []
    for one in part:
        if not any(one.round.deed.same(deed) for deed in deeds):
            deeds.append(one.round.deed)
    if len(deeds) > _DEEDS:
        return None
    words = f"The last {_DWELT} steps lead to and fro between few screens: {_named(deeds)}."
    return Sign("cycle", words)


def _named(deeds: Sequence[Deed]) -> str:
    return "; ".join(dict.fromkeys(deed.words for deed in deeds))


def _errors(placed: Sequence[_Placed]) -> Sign | None:
    error = placed[-1].round.error
    if error is None:
        return None
    others = [one.round.error for one in placed[-_AMONG:] if one.round.error is not None]
    same = sum(bare(other) == bare(error) for other in others)
    if same < _SAME_ERRORS:
        return None
    return Sign(
        "errors", f"The same error came {same} times of late: {shortened(error).rstrip('.')}."
    )


def _written(placed: Sequence[_Placed]) -> Sign | None:
    deeds = [one.round.deed for one in placed]
    for length, needed in _WRITTEN.items():
        part = deeds[-needed - length :]
        if len(part) < needed + length or not any(deed.writes for deed in part[-length:]):
            continue
        if all(one.same(two) for one, two in zip(part[length:], part, strict=False)):
            text = next(deed.words for deed in part if deed.writes)
            words = f"You have typed the same text {needed // length + 1} times: {text}."
            return Sign("repeat" if length == 1 else "cycle", words, despite=True)
    return None


def _to_and_fro(placed: Sequence[_Placed]) -> Sign | None:
    if not there_and_back([one.round.deed for one in placed], _TO_AND_FRO):
        return None
    words = f"You have scrolled there and back {_TO_AND_FRO} times."
    return Sign("cycle", words, despite=True)


def _blind(placed: Sequence[_Placed]) -> Sign | None:
    part = [one.round.deed for one in placed[-_BLIND:]]
    if len(part) < _BLIND or not all(deed.same(part[-1]) for deed in part):
        return None
    words = f"You have done the same {_BLIND} times: {part[-1].words}."
    return Sign("no_progress", words, despite=True)
