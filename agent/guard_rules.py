"""Judging an action by a policy: which rule is the first that fits."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ..actions.schema import Click
from .guard_facts import Facts, holds, target_holds
from .guard_touch import may_press, taps
from .policy import Policy, Rule, Verb, When

STRICTNESS: dict[Verb, int] = {"allow": 0, "ask": 1, "refuse": 2}


@dataclass(frozen=True, slots=True)
class Judged:
    """What a policy says of an action.

    Attributes:
        verdict: What is to be done.
        rule: Name of the rule; ``default`` where none fits.
        why: As the rule says.
        counted: Rules with a rate that it came to; it counts for them if it is done.
        unattended: Whether it would be another verdict if somebody were there.
    """

    verdict: Verb
    rule: str
    why: str = ""
    counted: tuple[str, ...] = ()
    unattended: bool = False


@dataclass(slots=True)
class Rates:
    """How often something was done of late, by the times of the screens it was decided on."""

    _times: dict[str, deque[float]] = field(default_factory=dict)
    _last: tuple[str, ...] = ()

    def within(self, rule: str, seconds: float, now: float) -> int:
        """Count what was done for a rule less than so many seconds ago."""
        return sum(now - time < seconds for time in self._times.get(rule, ()))

    def count(self, rules: Sequence[str], now: float) -> None:
        """Note that something was done."""
        self._last = tuple(rules)
        for rule in rules:
            # No rate asks for more than ``Rate.at_most`` may be.
            self._times.setdefault(rule, deque(maxlen=100_000)).append(now)

    def uncount(self) -> None:
        """Forget what was noted last: it was not done after all."""
        for rule in self._last:
            self._times[rule].pop()
        self._last = ()


def judge(
    policy: Policy, facts: Facts, rates: Rates, *, attended: bool, offset_s: int
) -> Judged | None:
    """Find the first rule that fits an action.

    Args:
        policy: The rules.
        facts: Of the action.
        rates: How often what was done.
        attended: Whether somebody is there to be asked.
        offset_s: Of local time from UTC.

    Returns:
        None where the target must be known first, and ``facts`` has none.
    """
    counted: list[str] = []
    for rule in policy.rules:
        fit = _fits(rule, facts, offset_s)
        if fit == "look":
            return None
        if fit == "unknown" and rule.unknown_target is not None:
            verdict = rule.unknown_target
            return Judged(verdict, rule.name, _not_seen(rule), tuple(counted))
        if fit is not True:
            continue
        rate = None if rule.when is None else rule.when.rate
        if rate is not None:
            counted.append(rule.name)
            over = rates.within(rule.name, rate.seconds, facts.time) >= rate.at_most
            if over is (rule.verdict == "allow"):
                continue
        return Judged(rule.verdict, rule.name, rule.why, tuple(counted))
    if attended:
        return Judged(policy.default, "default", counted=tuple(counted))
    alone: Verb = "allow" if policy.unattended == "allow" else "refuse"
    return Judged(alone, "default", counted=tuple(counted), unattended=alone != policy.default)


def judge_fully(
    policy: Policy, facts: Facts, rates: Rates, *, attended: bool, offset_s: int
) -> Judged | None:
    """Judge an action as what it says, and as each tap that it may come to: the strictest holds.

    Args, Returns: as of ``judge``.
    """
    found = judge(policy, facts, rates, attended=attended, offset_s=offset_s)
    if found is not None and found.verdict != "refuse" and may_press(facts):
        # Only where a tap would be judged otherwise is it asked what has the focus.
        press = replace(facts, action=Click())
        other = judge(policy, press, rates, attended=attended, offset_s=offset_s)
        if other is None or STRICTNESS[other.verdict] > STRICTNESS[found.verdict]:
            return None
    for tap in () if found is None else taps(facts):
        other = judge(policy, tap, rates, attended=attended, offset_s=offset_s)
        if other is None:
            return None
        if found is not None:
            counted = tuple(dict.fromkeys((*found.counted, *other.counted)))
            stricter = STRICTNESS[other.verdict] > STRICTNESS[found.verdict]
            found = replace(other if stricter else found, counted=counted)
    return found


def _not_seen(rule: Rule) -> str:
    seen = "the screen does not say what is there"
    return f"{rule.why}; {seen}" if rule.why else seen


def _fits(rule: Rule, facts: Facts, offset_s: int) -> bool | Literal["unknown", "look"]:
    """Whether all but the rate holds.

    ``unknown``: but for the target, which the system does not tell. ``look``: it must be asked.
    """
    loose = rule.verdict == "allow"
    when = _cheap(rule.when, facts, offset_s, loose=loose)
    if when is False or (when is None and loose):
        return False
    spared = False if rule.unless is None else _cheap(rule.unless, facts, offset_s, loose=not loose)
    whole = rule.unless is not None and not rule.unless.asks_screen
    if spared is True and whole:
        return False
    if spared is None and whole and loose:
        return False
    if facts.has_target and facts.target is None:
        wanted = (rule.when is not None and rule.when.asks_screen and when is True) or (
            rule.unless is not None and rule.unless.asks_screen and spared is not False
        )
        if wanted:
            return "look"
    there: bool | None = True
    if rule.when is not None and rule.when.asks_screen:
        there = target_holds(rule.when, facts, loose=loose)
    if rule.unless is not None and rule.unless.asks_screen and spared is not False:
        spared = _both(spared, target_holds(rule.unless, facts, loose=not loose))
    if spared is True or (loose and spared is None):
        return False
    if when is True and there is None:
        return "unknown"
    return when is True and there is True


def _cheap(when: When | None, facts: Facts, offset_s: int, *, loose: bool) -> bool | None:
    return True if when is None else holds(when, facts, loose=loose, offset_s=offset_s)


def _both(one: bool | None, two: bool | None) -> bool | None:
    if one is False or two is False:
        return False
    return True if one and two else None
