"""The rounds of a run: a goal that a model reaches, an action, a condition."""

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Container
from contextlib import aclosing
from typing import Any

from ..actions.dialects import Dialect, Parsed, Turn
from ..actions.errors import ActionError
from ..actions.schema import Action
from ..envs.base import Effect, Observation
from ..envs.records import Box, Check, Intent, Picture, Probe, Step, StopReason, View
from ..model.base import Model
from ..model.chat import Image, prompt_hash
from ..model.errors import ModelError
from ..model.size import Size
from .checks import CHECKS, Look, Verdict
from .history import History
from .run import Run, Stop, to_disk
from .task import Condition


async def goal_rounds(
    run: Run,
    model: Model,
    dialect: Dialect,
    part: int,
    goal: str,
    allowed: Container[str] | None = None,
) -> AsyncGenerator[Step]:
    """Ask the model until it says that it is done.

    Args:
        run: Which this is part of.
        model: Who is asked.
        dialect: How.
        part: Which step of the task this is.
        goal: What is to be reached.
        allowed: Names of the actions that a reply is constrained to; None: it is free.
    """
    history = History(dialect.pictures)
    session = model.session(repetition_penalty=1.0)
    try:
        while True:
            seen, observe_s = await run.look()
            frame = seen.frame.planned(_plan(model, seen))
            image = Image(seen.pixels, frame.image or frame.physical, seen.hash)
            messages = dialect.messages(goal, history.turns, image)
            began = time.monotonic()
            grammar = None if allowed is None else dialect.grammar(frame, allowed)
            reply = await run.bounded(session.reply(messages, grammar=grammar, stops=dialect.stops))
            think_s = time.monotonic() - began
            # A lone surrogate can be neither tokenised nor recorded.
            text = reply.text.encode("utf-8", "replace").decode()
            common: dict[str, Any] = {
                "part": part,
                "source": "model",
                "prompt": prompt_hash(messages),
                "reply": text,
                "finished": reply.finished,
                "stats": dict(reply.stats),
                "seconds": {"observe": observe_s, "think": think_s},
            }
            view = View.of(seen).model_copy(update={"frame": frame})
            told: list[str] = []
            plain = False
            shown: list[Image] = []
            try:
                if not reply.finished:  # whole actions in it may be half of what was meant
                    raise ActionError(
                        "it was cut off at the longest that a reply may be: think less, and "
                        "answer with one action"
                    )
                parsed = dialect.parse(text, frame)
            except ActionError as error:
                told.append(f"Your reply could not be used: {error}")
                yield await run.record(
                    Step(index=run.index, seen=view, error=str(error), told=told[0], **common),
                    seen,
                )
                run.count_error(str(error))
            else:
                steps = _actions(run, parsed, seen, view, goal, common, shown)
                async with aclosing(steps):
                    async for step in steps:
                        told.append(step.told)
                        plain = _plain(step)
                        yield step
                        if step.ended:
                            return
                        if step.action is not None and step.action.action == "done":
                            if step.action.status == "infeasible":
                                raise Stop(StopReason.GAVE_UP, step.action.reason)
                            return
            plain = plain and len(told) == 1
            history.add(Turn(image, text, "\n".join(told), plain, tuple(shown)))
    finally:
        await session.close()


async def _actions(
    run: Run,
    parsed: Parsed,
    seen: Observation,
    view: View,
    goal: str,
    common: dict[str, Any],
    shown: list[Image],
) -> AsyncGenerator[Step]:
    """Carry out the actions of one reply, until one comes to nothing; add what tools showed."""
    for number, action in enumerate(parsed.actions):
        if number:  # the reply belongs to the first; the screen has moved on since
            seen, observe_s = await run.look()
            view = View.of(seen).model_copy(update={"frame": view.frame})
            common = {**common, "prompt": None, "reply": None, "stats": {}, "repairs": ()}
            common["seconds"] = {"observe": observe_s}
        else:
            repairs = tuple(map(str, parsed.repairs))
            common = {**common, "thought": parsed.thought, "repairs": repairs}
        step = await _act(run, action, seen, view, common, parsed, goal, shown)
        yield step
        if step.error is not None:
            run.count_error(step.error)
            return
        run.count_success()


async def action_round(
    run: Run, part: int, action: Action, target: Box | None
) -> AsyncGenerator[Step]:
    """Carry out an action that the task itself names."""
    seen, observe_s = await run.look()
    common: dict[str, Any] = {"part": part, "source": "task", "target": target}
    common["seconds"] = {"observe": observe_s}
    step = await _act(run, action, seen, View.of(seen), common, None, run.task.name, [])
    yield step
    if step.error is not None:
        raise Stop(StopReason.FAILED, f"{action}: {step.error}")


async def _act(
    run: Run,
    action: Action,
    seen: Observation,
    view: View,
    common: dict[str, Any],
    parsed: Parsed | None,
    goal: str,
    shown: list[Image],
) -> Step:
    """Carry out one action and record it: the intent before, the step after."""
    began = time.monotonic()
    index = run.index

    async def intend() -> None:
        intent = Intent(index=index, seen=view, action=action)
        for recorder in run.recorders:
            await to_disk(recorder.intend, intent, seen)

    clamps = parsed.clamps if parsed is not None else ()
    acted = await run.bounded(run.actor.act(action, seen, view.frame, clamps, goal, intend))
    seconds = {**common.pop("seconds", {}), "act": time.monotonic() - began}
    step = Step(
        index=index,
        seen=view,
        action=action,
        points=acted.points,
        probes=acted.probes,
        log=acted.log,
        pictures=tuple(Picture.of(image) for image in acted.shown),
        ended=acted.ended,
        result=acted.result,
        after=None if acted.after is None else View.of(acted.after),
        error=acted.error,
        told=acted.told,
        seconds=seconds,
        **common,
    )
    shown.extend(acted.shown)
    return await run.record(step, seen, acted.after, acted.shown)


async def condition_rounds(
    run: Run, part: int, condition: Condition, timeout_s: float = 0.0, every_s: float = 0.2
) -> AsyncGenerator[Step]:
    """Check a condition, or look again until it holds."""
    kind = CHECKS[condition.name]
    arguments = kind.validated(condition.arguments)
    began = time.monotonic()
    polls = 0
    while True:
        seen, observe_s = await run.look()
        look = Look(seen, run.task.folder, _environ(seen), run.env, tuple(run.episode.answers))

        async def read(look: Look = look) -> dict[str, Any]:
            verdict = await kind(look, arguments)
            return {"passed": verdict.passed, "detail": verdict.detail}

        probes: tuple[Probe, ...] = ()
        if kind.reads == "world":
            found = await run.bounded(run.env.probe(f"check:{kind.name}", arguments, read))
            verdict = Verdict(**found)
            probes = (Probe(name=f"check:{kind.name}", arguments=arguments, value=found),)
        else:
            verdict = await run.bounded(kind(look, arguments))
        polls += 1
        waited_s = time.monotonic() - began if run.env.live else polls * every_s
        if verdict.passed or waited_s >= timeout_s:
            break
        if run.env.live:
            await run.bounded(asyncio.sleep(every_s))
    check = Check(name=kind.name, arguments=arguments, passed=verdict.passed, detail=verdict.detail)
    yield await run.record(
        Step(
            index=run.index,
            part=part,
            source="task",
            seen=View.of(seen),
            check=check,
            probes=probes,
            error=None if verdict.passed else verdict.detail,
            seconds={"observe": observe_s, "act": time.monotonic() - began},
        ),
        seen,
    )
    if not verdict.passed:
        late = f" within {timeout_s:g} s" if timeout_s else ""
        raise Stop(StopReason.FAILED, f"{kind.name} did not hold{late}: {verdict.detail}")


def _plain(step: Step) -> bool:
    """Whether the next screenshot says all that there is to say of a step."""
    if step.result is None or step.error is not None or step.probes:
        return False
    return step.result.effect is Effect.CHANGED and not step.result.detail


def _plan(model: Model, seen: Observation) -> Size:
    try:
        return model.plan(seen.frame.physical)
    except ValueError as error:
        raise ModelError(f"{model.name} cannot be shown this screen: {error}") from error


def _environ(seen: Observation) -> dict[str, str]:
    """The environment for a check's command: that of the process, on the task's display."""
    display = seen.frame.display
    return {**os.environ, **({"DISPLAY": display} if display.startswith(":") else {})}
