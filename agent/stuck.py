"""Noticing that a run gets nowhere, and what is done about it, step by step harder."""

from collections import deque

from ..envs.base import Effect, Observation
from ..envs.records import Step, Trouble
from .stuck_deeds import Deed
from .stuck_screen import Screens
from .stuck_signs import LOOKED_AT, Judged, Round, Sign, judged
from .stuck_text import degenerate

_GRADES = ("tell", "change", "ask")

_PATIENCE = 2.0
"""Further fruitless steps before it gets harder; waiting counts half."""

_WELL = 10
"""So many steps with something new, after a person has answered, and they may be asked again."""

_ADVICE = {
    "tell": "Do not do that again. Look closely, and try another place or another way.",
    "change": "That way leads nowhere: begin anew, with another plan.",
}
_OTHERWISE = {
    "errors": "Read it, and do it otherwise or do something else.",
    "degenerate": "Think in a sentence or two, then give one action.",
}
"""What is told in place of that, by the kind of trouble."""


class Watch:
    """Watches the steps that a model decided on.

    What it says follows from the steps and pictures alone, so a replay says the same.

    A run is in trouble when it does again what has brought nothing, goes round in a circle, sees
    nothing new for long, makes one error again and again, or talks in circles. Then the model is
    told; if it goes on so, it begins anew; then a person is asked; and where that has not helped,
    the run is stopped. Anything new on the screen calms all that down.
    """

    def __init__(self) -> None:
        self._screens = Screens()
        self._part: int | None = None
        self._begin()

    def _begin(self) -> None:
        self._rounds: deque[Round] = deque(maxlen=LOOKED_AT)
        self._since = 0
        self._last: tuple[int, str] | None = None
        self._asked = 0
        self._calm()

    def _begin_over(self) -> None:
        """Forget what was done, but not what was seen."""
        self._since = len(self._rounds)
        self._calm()

    def _calm(self) -> None:
        self._level = 0
        self._fruitless = 0.0

    def note(self, step: Step, seen: Observation, after: Observation | None) -> Trouble | None:
        """Take note of a step before it is recorded, and say whether the run gets nowhere.

        Args:
            step: What was decided and what came of it; ``told`` holds no trouble yet.
            seen: The screen before it.
            after: The settled screen after it, where there was an action on it.
        """
        if step.part != self._part:
            self._begin()  # what led nowhere for one goal may be right for the next
            self._part = step.part
        if step.decision is not None and step.decision.by == "take_over":
            return None
        if step.ended or (step.action is not None and step.action.action == "done"):
            return None
        if self._level == len(_GRADES):  # asked, and the run goes on: there was an answer
            self._asked = _WELL
            self._begin_over()
        if self._last is not None and step.index != self._last[0] + 1:
            self._begin_over()  # a person has acted meanwhile
            self._last = None
        if len(self._rounds) == LOOKED_AT:
            self._since = max(0, self._since - 1)
        self._rounds.append(self._round(step, seen, after))
        found = judged(tuple(self._rounds), self._screens, self._since)
        return self._grade(found, _talk(step) or found.sign)

    def _round(self, step: Step, seen: Observation, after: Observation | None) -> Round:
        before = self._screens.see(seen)
        if self._last is not None:
            self._screens.stood(self._last[1], before)
        then = before
        if after is not None:
            then = self._screens.see(after)
            if _nothing_changed(step):
                self._screens.nothing_changed(before, then)
        self._last = (step.index, then)
        deed = Deed.of(step)
        # What a tool or a person said is as good as a new screen.
        news = step.told if deed.kind in ("call_tool", "ask_user") and not step.error else None
        return Round(deed, before, then, step.error, news)

    def _grade(self, found: Judged, sign: Sign | None) -> Trouble | None:
        goes_on = sign is not None and (sign.despite or not found.new)
        if not goes_on and found.new:
            self._asked = max(0, self._asked - 1)
            self._calm()
            return None
        if self._level == 0:
            if sign is None or not goes_on:
                return None
        else:
            self._fruitless += max(found.weight, 1.0 if sign is not None and sign.despite else 0.0)
            if self._fruitless < _PATIENCE:
                return None
        grade = "stop" if self._asked and self._level == 2 else _GRADES[self._level]
        self._level += 1
        self._fruitless = 0.0
        if sign is None:
            sign = Sign("no_progress", "It goes on so: nothing new came of the last steps.")
        advice = _ADVICE.get(grade, "")
        if grade == "tell":
            advice = _OTHERWISE.get(sign.kind, advice)
        words = f"{sign.words} {advice}".strip()
        return Trouble.model_validate({"kind": sign.kind, "grade": grade, "words": words})


def _nothing_changed(step: Step) -> bool:
    """Whether the env or the pictures say that only what moves by itself has changed."""
    if step.result is None:
        return False
    change = step.result.change
    if change is not None and change.kind in ("unchanged", "noise"):
        return True
    return step.result.effect is Effect.UNCHANGED


def _talk(step: Step) -> Sign | None:
    """Whether the model talks in circles: in its thoughts, or in a reply that is no action."""
    texts = [step.thought, (step.reply or "") if step.action is None else ""]
    if any(map(degenerate, texts)):
        return Sign("degenerate", "The reply says the same over and over.", despite=True)
    return None
