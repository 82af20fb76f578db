"""The rounds of a run: a goal that a model reaches, an action, a condition."""

import asyncio
import os
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from ..actions.dialects import Dialect, Parsed, Turn
from ..actions.errors import ActionError
from ..actions.schema import Action
from ..envs.base import Observation
from ..envs.records import Box, Check, Intent, Probe, Step, StopReason, View
from ..model.base import Model
from ..model.chat import Image, prompt_hash
from ..model.errors import ModelError
from ..model.size import Size
from .checks import CHECKS, Look, Verdict
from .history import History
from .run import Run, Stop, to_disk
from .task import Condition


async def goal_rounds(
    run: Run, model: Model, dialect: Dialect, part: int, goal: str
) -> AsyncGenerator[Step]:
    """Ask the model until it says that it is done."""
    history = History()
    session = model.session(repetition_penalty=1.0)
    try:
        while True:
            seen, observe_s = await run.look()
            frame = seen.frame.planned(_plan(model, seen))
            image = Image(seen.pixels, frame.image or frame.physical, seen.hash)
            messages = dialect.messages(goal, history.turns, image)
            began = time.monotonic()
            reply = await run.bounded(session.reply(messages))
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
                async with aclosing(_actions(run, parsed, seen, view, goal, common)) as steps:
                    async for step in steps:
                        told.append(step.told)
                        yield step
                        if step.action is not None and step.action.action == "done":
                            if step.action.status == "infeasible":
                                raise Stop(StopReason.GAVE_UP, step.action.reason)
                            return
            history.add(Turn(image, text, "\n".join(told)))
    finally:
        await session.close()


async def _actions(
    run: Run, parsed: Parsed, seen: Observation, view: View, goal: str, common: dict[str, Any]
) -> AsyncGenerator[Step]:
    """Carry out the actions of one reply, until one comes to nothing."""
    for number, action in enumerate(parsed.actions):
        if number:  # the reply belongs to the first; the screen has moved on since
            seen, observe_s = await run.look()
            view = View.of(seen).model_copy(update={"frame": view.frame})
            common = {**common, "prompt": None, "reply": None, "stats": {}}
            common["seconds"] = {"observe": observe_s}
        else:
            common = {**common, "thought": parsed.thought}
        step = await _act(run, action, seen, view, common, parsed, goal)
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
    step = await _act(run, action, seen, View.of(seen), common, None, run.task.name)
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
        result=acted.result,
        after=None if acted.after is None else View.of(acted.after),
        error=acted.error,
        told=acted.told,
        seconds=seconds,
        **common,
    )
    return await run.record(step, seen, acted.after)


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


def _plan(model: Model, seen: Observation) -> Size:
    try:
        return model.plan(seen.frame.physical)
    except ValueError as error:
        raise ModelError(f"{model.name} cannot be shown this screen: {error}") from error


def _environ(seen: Observation) -> dict[str, str]:
    """The environment for a check's command: that of the process, on the task's display."""
    display = seen.frame.display
    return {**os.environ, **({"DISPLAY": display} if display.startswith(":") else {})}
