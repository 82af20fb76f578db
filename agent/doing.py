"""Doing one action of a run: may it pass, is it durable, what came of it, is it recorded."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from typing import Any, Literal

from ..actions.dialects import Parsed
from ..actions.errors import ActionError
from ..actions.schema import TALK, Action, Answer, AskUser, Done
from ..envs.base import Effect, Observation
from ..envs.records import Box, Decision, Handover, Intent, Picture, Probe, Step, View
from ..model.chat import Image
from .acting import failed, locate
from .control import State, TakenOver
from .events import Acting, Asking, Decided, GivenBack, InTrouble, Paused
from .guard import Doing
from .run import Run, TooSlow, to_disk
from .verdict import judge, words

_TAKEN = Decision(
    verdict="refuse",
    rule="hand-over",
    why="a person took over before it was done",
    allowed=False,
    by="take_over",
)


@dataclass(slots=True)
class Given:
    """What was decided, and all that its record says besides what comes of it.

    Attributes:
        part: Which step of the task it belongs to.
        source: Who decided.
        seen: The screen it was decided on.
        view: The record of that, its frame planned where a model was asked.
        goal: What the user wants.
        seconds: Time of the phases so far.
        fields: Further fields of the step.
        parsed: The reply, understood; None where no model was asked.
        target: Where a point may lie and mean the same.
    """

    part: int
    source: Literal["model", "task"]
    seen: Observation
    view: View
    goal: str
    seconds: dict[str, float]
    fields: dict[str, Any] = field(default_factory=dict)
    parsed: Parsed | None = None
    target: Box | None = None


async def do(run: Run, action: Action, given: Given, shown: list[Image]) -> Step:
    """Carry out one action and record it: the intent before, the step after.

    Args:
        run: Which it is part of.
        action: What to do.
        given: What else is known of it.
        shown: Gets the pictures that a tool returned.

    Raises:
        Stop, Halted, EnvError, ModelError: The run is over.
    """
    index, seen, view = run.index, given.seen, given.view
    began = time.monotonic()
    decision, probes = await _leave(run, action, given)
    asked_s = time.monotonic() - began
    begun = False

    async def intend() -> None:
        nonlocal begun
        intent = Intent(
            index=index,
            seen=view,
            action=action,
            probes=probes,
            **{k: v for k, v in given.fields.items() if k in ("reply", "finished", "stats")},
        )
        for recorder in run.recorders:
            await to_disk(recorder.intend, intent, seen)
        run.require_hand()  # a stop may have come meanwhile: nothing is sent any more
        await run.emit(Acting(index, action))
        begun = True

    clamps = given.parsed.clamps if given.parsed is not None else ()
    if decision is not None and not decision.allowed:
        acted = failed(action, refusal(decision))
        with contextlib.suppress(ActionError):  # it is refused either way
            acted.points = locate(action, view.frame, clamps)
    else:
        work = run.actor.act(action, seen, view.frame, clamps, given.goal, intend)
        try:
            if action.action in TALK:
                acted = await run.bounded(work)
            else:
                limit_s = run.task.limits.action_seconds + float(getattr(action, "seconds", 0.0))
                acted = await run.bounded(work, limit_s=limit_s, what=action.action)
        except TooSlow as error:
            acted = failed(action, str(error), delivered=begun)
        except TakenOver:
            acted = failed(action, "a person took over in the middle of it", delivered=begun)
    seconds = {**given.seconds, "act": time.monotonic() - began - asked_s}
    if decision is not None:
        seconds["guard"] = asked_s
    step = Step(
        index=index,
        part=given.part,
        source=given.source,
        seen=view,
        action=action,
        target=given.target,
        points=acted.points,
        probes=(*probes, *acted.probes),
        log=acted.log,
        pictures=tuple(Picture.of(image) for image in acted.shown),
        ended=acted.ended,
        decision=decision,
        result=acted.result,
        after=None if acted.after is None else View.of(acted.after),
        error=acted.error,
        told=acted.told,
        seconds=seconds,
        **given.fields,
    )
    shown.extend(acted.shown)
    step = await watched(run, step, seen, acted.after)
    return await run.record(step, seen, acted.after, acted.shown)


async def _leave(
    run: Run, action: Action, given: Given
) -> tuple[Decision | None, tuple[Probe, ...]]:
    """Ask the guard, and wait while a person holds the run; what they take over is not done."""
    index = run.index
    if run.control.was_taken(index):
        return _TAKEN, ()
    try:
        if run.control.state is State.PAUSED:
            await _hold(run)
        decision, probes = await _decide(run, action, given)
        if run.control.state is State.PAUSED:
            await _hold(run)
        run.require_hand()
    except TakenOver:
        return _TAKEN, ()
    return decision, probes


async def _hold(run: Run) -> None:
    await run.emit(Paused(run.index, taken=False))
    held_s = await run.held()
    await run.emit(GivenBack(run.index, held_s))


async def _decide(
    run: Run, action: Action, given: Given
) -> tuple[Decision | None, tuple[Probe, ...]]:
    if run.guard is None or isinstance(action, Answer | AskUser | Done):
        return None, ()
    index = run.index

    async def asking(words: str) -> None:
        await run.emit(Asking(index, "leave", words))

    thought = "" if given.parsed is None else given.parsed.thought
    doing = Doing(action, given.source, given.seen, given.goal, thought)
    began = time.monotonic()
    decision, probes = await run.bounded(run.guard.decide(doing, run.env, asking))
    if decision.by != "policy":
        run.wait_was(time.monotonic() - began)
    await run.emit(Decided(index, action, decision))
    return decision, probes


def refusal(decision: Decision) -> str:
    """Say why an action was not done, for the model."""
    who = {
        "policy": "the user's policy does not allow it",
        "person": "the user was asked and said no",
        "nobody": "the user would have to allow it, and nobody is there to ask",
        "timeout": "the user was asked and did not answer in time",
        "take_over": "",
    }[decision.by]
    rule = "" if decision.by == "take_over" else f"rule {decision.rule!r}"
    return "; ".join(filter(None, (who, rule, decision.why)))


async def watched(run: Run, step: Step, seen: Observation, after: Observation | None) -> Step:
    """Give a step with what is said where the run gets nowhere, before it is recorded.

    Where a person is to be asked, they are; where nobody is there, the run is to stop.
    """
    if run.watch is None or step.source != "model":
        return step
    trouble = await asyncio.to_thread(run.watch.note, step, seen, after)
    if trouble is None:
        return step
    await run.emit(InTrouble(step.index, trouble))
    told, probes = f"{step.told}\n{trouble.words}".strip(), step.probes
    if trouble.grade == "ask":
        question = f"{trouble.words} What shall be done?"
        await run.emit(Asking(step.index, "stuck", question))
        began = time.monotonic()
        answer, probe = await run.bounded(run.actor.question(question))
        run.wait_was(time.monotonic() - began)
        probes = (*probes, probe)
        if answer is None:
            trouble = trouble.model_copy(update={"grade": "stop"})
        else:
            told += f"\nThe user says: {answer}"
    return step.model_copy(update={"trouble": trouble, "told": told, "probes": probes})


async def handed(run: Run, part: int) -> Step | None:
    """Wait as long as a person holds the run; where they acted, record what they did.

    Called between rounds. Gives the step that says so, after which the screen is another.
    """
    recorded = run.control.recorded(run.index)
    if recorded is not None:
        seen, seconds = await run.look()
        step = recorded.step.model_copy(update={"seconds": {"observe": seconds}})
        return await run.record(step, seen, recorded.after)
    before = run.last
    if run.control.state is State.RUNNING and not run.taken:
        return None
    taken = run.control.state is State.TAKEN
    await run.emit(Paused(run.index, taken))
    held_s = await run.held()
    if not run.taken:
        await run.emit(GivenBack(run.index, held_s))
        return None
    note = run.control.note
    run.takings_seen()
    after, observe_s = await run.look()
    before = before or after
    effect = Effect.UNCHANGED if before.hash == after.hash else Effect.CHANGED
    change = await asyncio.to_thread(judge, before, after, effect)
    heard = f"; they say: {note}" if note.strip() else ""
    told = (
        f"The user took over for {held_s:.0f} s and gave back{heard}. "
        f"Since then: {words(change) or 'the screen may have changed'}. Look at it anew."
    )
    handover = Handover(seconds=held_s, note=note, change=change, words=told)
    step = Step(
        index=run.index,
        part=part,
        source="person",
        seen=View.of(before),
        handover=handover,
        after=View.of(after),
        told=told,
        seconds={"observe": observe_s},
    )
    step = await run.record(step, before, after)
    await run.emit(GivenBack(run.index, held_s, handover))
    return step
