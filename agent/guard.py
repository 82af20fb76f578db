"""The guard: whether an action may pass. Decided by the runtime's rules, never by the model."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from ..actions.schema import Action, Click, Drag, Scroll
from ..envs.base import Env, Observation
from ..envs.errors import EpisodeBroken
from ..envs.records import Decision, Probe
from .guard_facts import Facts
from .guard_labels import Target, target_of
from .guard_rules import Judged, Rates, judge_fully
from .policy import Policy

SHOWN_AT = "shown_at"
"""The question what lies under an action's points; its answer is ``Target.to_json``."""
LEAVE = "leave"
"""The question to a person; its answer has ``answer`` and the ``words`` that they were asked."""

_STEPS = Path("steps.jsonl")
_CANCEL_S = 0.02
"""How long whoever asks a person may take to hear that nobody wants to know any more."""
_LONGEST_WORDS = 400
_LONGEST_NAME = 80
_CHANGED = "the user said yes, but what is there changed meanwhile: look at the screen again"
_NOBODY = "no rule allows it, and nobody is there to ask"


@dataclass(frozen=True, slots=True)
class Doing:
    """What is about to be done.

    Attributes:
        action: With its points in physical pixels; secrets are references.
        source: Who decided on it.
        seen: The screen it was decided on.
        goal: What the user wants.
        thought: What the model said beside the action.
    """

    action: Action
    source: Literal["model", "task"]
    seen: Observation
    goal: str
    thought: str = ""


@dataclass(frozen=True, slots=True)
class Leave:
    """What a person is asked: whether an action may be done.

    Attributes:
        words: The question in one line.
        doing: What it is about.
        rule: Which rule asks.
        timeout_s: After so long without an answer it is no.
    """

    words: str
    doing: Doing
    rule: str
    timeout_s: float


Approve = Callable[[Leave], Awaitable[bool]]
"""Asks a person for leave, and gives their answer. Cancelled when it takes too long."""


class Guard:
    """Decides about actions by a policy. One guard is for one run.

    Args:
        policy: The rules.
        approve: Asks a person; None: nobody is there, and what would be asked is refused.

    Example::

        guard = Guard(load_policy("careful"), approve)
        agent = Agent(env, model, guard=guard)
    """

    def __init__(self, policy: Policy, approve: Approve | None = None) -> None:
        self.policy = policy
        self.approve = approve
        self._attended = approve is not None
        # What the clock on the wall says must be the same in a replay, wherever that is.
        offset = datetime.now().astimezone().utcoffset()
        self._offset_s = 0 if offset is None else int(offset.total_seconds())
        self._rates = Rates()
        self._last: Observation | None = None

    async def decide(
        self, doing: Doing, env: Env, asking: Callable[[str], Awaitable[None]]
    ) -> tuple[Decision, tuple[Probe, ...]]:
        """Decide about one action, asking a person where the policy says so.

        Whatever is asked of the world goes through ``env.probe``, so that a replay gets the same
        answers and asks nobody.

        Args:
            doing: What is about to be done.
            env: Where.
            asking: Told the question when a person is asked.

        Returns:
            The decision, and the record of what was asked.

        Raises:
            DeviceLost: The device is gone.
            EpisodeBroken: What a replay answers is no answer.
            TypeError: ``approve`` gave neither True nor False.
            Exception: What ``approve`` raised. Nothing was done.
        """
        probes: list[Probe] = []
        facts = facts_of(doing)
        # Long texts and many patterns take up to 0.2 s: not in the event loop.
        judged = await asyncio.to_thread(self._judge, facts)
        if judged is None:
            facts.target = await self._look(doing, env, probes)
            judged = await asyncio.to_thread(self._judge, facts)
            if judged is None:
                raise RuntimeError("a policy was not decided though the target is known")
        decision = self._unasked(judged)
        if decision is None:
            decision = await self._asked(doing, judged, facts.target, env, asking, probes)
        self._last = None
        if decision.allowed:
            self._rates.count(judged.counted, facts.time)
            self._last = doing.seen
        return decision, tuple(probes)

    def take_back(self, seen: Observation) -> None:
        """Count what was allowed last as not done, if it was decided on this screen."""
        if self._last is seen:
            self._rates.uncount()
            self._last = None

    def recorded(self) -> dict[str, Any]:
        """Give the policy as plain data for the episode's header; ``of_record`` reads it."""
        return {
            "policy": self.policy.model_dump(mode="json", by_alias=True, exclude_defaults=True),
            "attended": self._attended,
            "utc_offset_s": self._offset_s,
        }

    @classmethod
    def of_record(cls, data: dict[str, Any]) -> "Guard":
        """Make the guard of a recorded episode, for its replay.

        Raises:
            ValueError: It is no policy.
        """
        attended, offset_s = data.get("attended"), data.get("utc_offset_s")
        if not isinstance(attended, bool) or type(offset_s) is not int:
            raise ValueError("it does not say whether somebody was there, or which time it was")
        guard = cls(Policy.model_validate(data.get("policy")))
        guard._attended, guard._offset_s = attended, offset_s
        return guard

    def _judge(self, facts: Facts) -> Judged | None:
        return judge_fully(
            self.policy, facts, self._rates, attended=self._attended, offset_s=self._offset_s
        )

    def _unasked(self, judged: Judged) -> Decision | None:
        """Give the decision where nobody needs to be asked; else None."""
        if judged.verdict == "ask":
            return None
        why = judged.why
        if judged.unattended and judged.verdict == "refuse":
            why = _NOBODY
        allowed = judged.verdict == "allow"
        return Decision(verdict=judged.verdict, rule=judged.rule, why=why, allowed=allowed)

    async def _asked(
        self,
        doing: Doing,
        judged: Judged,
        target: Target | None,
        env: Env,
        asking: Callable[[str], Awaitable[None]],
        probes: list[Probe],
    ) -> Decision:
        words = question(doing, judged.why, target)
        leave = Leave(words, doing, judged.rule, self.policy.ask_timeout_s)

        async def read() -> dict[str, str]:
            if self.approve is None:
                return {"answer": "nobody", "words": words}
            await asking(words)
            return {"answer": await _answer(self.approve, leave), "words": words}

        arguments = {"rule": judged.rule}
        found = await env.probe(LEAVE, arguments, read)
        probes.append(Probe(name=LEAVE, arguments=arguments, value=found))
        answer = found.get("answer") if isinstance(found, dict) else None
        if answer not in _BY:
            raise EpisodeBroken(
                f"{found!r:.80} is no answer of a person who was asked", path=_STEPS
            )
        allowed, by, why = answer == "yes", _BY[answer], judged.why
        if allowed and target is not None and target.known:
            # They may have taken a minute: what they said yes to must still be there.
            now = await self._look(doing, env, probes, again=True)
            if now.names != target.names:
                allowed, by, why = False, "policy", _CHANGED
        return Decision(verdict="ask", rule=judged.rule, why=why, allowed=allowed, by=by)

    async def _look(
        self, doing: Doing, env: Env, probes: list[Probe], *, again: bool = False
    ) -> Target:
        """Ask what the action is done to."""
        points = [point for _, point in doing.action.points()]

        async def read() -> dict[str, Any]:
            if _at_pointer(doing.action):
                return Target(False, why="nobody says where the pointer is").to_json()
            return (await target_of(env, points, doing.seen.frame.physical)).to_json()

        # Not the points: a tolerant replay lets them differ.
        arguments = {"of": doing.action.action, **({"again": True} if again else {})}
        found = await env.probe(SHOWN_AT, arguments, read)
        probes.append(Probe(name=SHOWN_AT, arguments=arguments, value=found))
        try:
            return Target.of_json(found)
        except ValueError as error:
            raise EpisodeBroken(str(error), path=_STEPS) from error


_BY: dict[str, Literal["policy", "person", "nobody", "timeout"]] = {
    "yes": "person",
    "no": "person",
    "nobody": "nobody",
    "timeout": "timeout",
}


def facts_of(doing: Doing) -> Facts:
    """Give what a policy judges an action by."""
    seen = doing.seen
    return Facts(
        doing.action,
        doing.source,
        seen.frame.physical,
        seen.extras,
        seen.time,
        doing.goal,
        doing.thought,
    )


def question(doing: Doing, why: str, target: Target | None) -> str:
    """Word the question to a person, in one line."""
    words = str(doing.action)
    if target is not None and target.known and target.title:
        words += f" on {target.title[:_LONGEST_NAME]!r}"
    where = doing.seen.extras.get("window") or doing.seen.extras.get("app")
    if where:
        words += f" in {str(where)[:_LONGEST_NAME]}"
    room = _LONGEST_WORDS - len(why)
    words = words if len(words) <= room else f"{words[:room]}…"
    return " ".join(f"May I: {words}?{f' ({why})' if why else ''}".split())


def _at_pointer(action: Action) -> bool:
    """Whether a point of it is where the pointer happens to be."""
    return (isinstance(action, Click | Scroll) and action.point is None) or (
        isinstance(action, Drag) and action.start is None
    )


async def _answer(approve: Approve, leave: Leave) -> str:
    """Ask a person: yes, no, or timeout.

    A cancellation, and a person's silence, do not wait for ``approve`` to notice.
    """
    task = asyncio.ensure_future(approve(leave))
    try:
        await asyncio.wait([task], timeout=leave.timeout_s)
        if not task.done():
            return "timeout"
        answer = task.result()
    finally:
        if not task.done():
            task.cancel()
            # What it raises now concerns nobody any more.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            await asyncio.wait([task], timeout=_CANCEL_S)
    if not isinstance(answer, bool):
        raise TypeError(f"approve gave {answer!r:.60}: it must give True or False")
    return "yes" if answer else "no"
