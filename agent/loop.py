"""The loop: observe, reason, act, and write everything down."""

import asyncio
import importlib.metadata
import os
import platform
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from ..actions.dialects import Dialect, NativeDialect, Parsed, Turn
from ..actions.errors import ActionError
from ..actions.schema import TALK, Action
from ..actions.tools import Tool, tools_by_name
from ..envs.base import Env, Observation
from ..envs.episode import Episode
from ..envs.errors import EnvError, EnvTimeout, RecordingEnded, ReplayDiverged, StoppedByUser
from ..envs.journal import Journal, Recorder
from ..envs.records import Box, Check, End, Header, Intent, Probe, Step, StopReason, View
from ..model.base import Model, Session
from ..model.chat import Image, prompt_hash
from ..model.errors import ModelError
from .acting import Acted, Actor, Ask
from .checks import CHECKS, Look, Verdict
from .errors import TaskError
from .history import History
from .task import Condition, Task, TaskStep

T = TypeVar("T")

CLOSE_TIMEOUT_S = 10.0
_CANCELLED_WAIT_S = 0.02
_RECORDED_VERSIONS = ("eyehand", "numpy", "pillow", "pydantic")


class _Stop(Exception):
    """The run is over for a reason that is no error."""

    def __init__(self, reason: StopReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Agent:
    """Works a task in an env, with a model where the task has goals in words.

    Args:
        env: Where actions happen. The agent resets it at the start of a run and closes it at the
            end, so an env is for one run.
        model: Who decides; None for tasks that name every action.
        dialect: How the model is spoken to; by default the plain JSON one.
        tools: Functions that the model may call.
        record: Folder to record into; must not exist or be empty.
        ask: Answers the model's questions to the user; None if nobody is there.

    Attributes:
        episode: The run so far; set as soon as a run begins.
    """

    def __init__(
        self,
        env: Env,
        model: Model | None = None,
        *,
        dialect: Dialect | None = None,
        tools: Sequence[Tool] = (),
        record: str | Path | None = None,
        ask: Ask | None = None,
    ) -> None:
        self.env = env
        self.model = model
        self.tools = tools_by_name(tools)
        self.record = record
        self._ask = ask
        self._specs = [
            {"name": t.name, "description": t.description, "parameters": t.parameters}
            for t in self.tools.values()
        ]
        talk = TALK if self.tools else TALK - {"call_tool"}
        self.dialect = dialect or NativeDialect(env.action_space | talk, self._specs)
        self.episode: Episode | None = None
        self._closing: asyncio.Future[None] | None = None

    async def closed(self) -> None:
        """Wait until a run that was cancelled has written its end and given everything back.

        Bounded by ``CLOSE_TIMEOUT_S``. After a run that was not cancelled there is nothing to
        wait for.
        """
        if self._closing is not None:
            await asyncio.shield(self._closing)

    async def run(self, task: Task | str) -> Episode:
        """Work a task to its end.

        Args:
            task: A task, or a goal in words.

        Returns:
            The episode; ``episode.stop`` says why it ended.

        Raises:
            TaskError: The task needs a model and there is none. Nothing was done.
            EpisodeExists, EpisodeUnwritable: It cannot be recorded. Nothing was done.
            EnvError, ModelError: Display, device or model failed; the episode is saved and says
                so. So it is when the caller cancels.
        """
        async with aclosing(self.steps(task)) as steps:
            async for _ in steps:
                pass
        if self.episode is None:
            raise RuntimeError("the run made no episode")
        return self.episode

    async def steps(self, task: Task | str) -> AsyncGenerator[Step]:
        """Work a task step by step; ``run`` says what may be raised.

        Yields:
            Each step when it is finished and recorded. Leaving the iteration ends the run.
        """
        task = Task.goal(task) if isinstance(task, str) else task
        if task.asks_model and self.model is None:
            raise TaskError("a goal in words needs a model, and there is none")
        run = _Run(self, task)
        self.episode = run.episode
        async with aclosing(run.steps()) as steps:
            async for step in steps:
                yield step


class _Run:
    """One run of one task."""

    def __init__(self, agent: Agent, task: Task) -> None:
        self.agent = agent
        self.task = task
        self.env = agent.env
        header = _header(agent, task, agent._specs)
        self.recorders: list[Recorder] = []
        if agent.record is not None:
            self.recorders.append(Journal(agent.record, header))
        if isinstance(agent.env, Recorder):
            self.recorders.append(agent.env)
        folder = None if agent.record is None else Path(agent.record)
        self.episode = Episode(header, [], None, folder=folder)
        self.actor = Actor(agent.env, agent.tools, agent._ask)
        self.began = time.monotonic()
        self.errors_in_a_row = 0
        self.last: Observation | None = None

    async def steps(self) -> AsyncGenerator[Step]:
        async with self._ending():
            await self._bounded(self.env.reset())
            for part, step in enumerate(self.task.steps):
                async with aclosing(self._part(part, step)) as rounds:
                    async for done in rounds:
                        yield done

    @asynccontextmanager
    async def _ending(self) -> AsyncIterator[None]:
        """Whatever happens, say why the run ended, write it down, and close the env."""
        stop, detail = StopReason.DONE, ""
        try:
            yield
        except _Stop as error:
            stop, detail = error.reason, error.detail
        except StoppedByUser as error:
            stop, detail = StopReason.STOPPED_BY_USER, str(error)
        except BaseException as error:
            stop, detail = _reason(error), str(error)
            raise
        finally:
            end = End(
                steps=len(self.episode.steps),
                stop=stop,
                detail=detail,
                seconds=time.monotonic() - self.began,
                last=None if self.last is None else View.of(self.last),
            )
            self.episode.end = end
            self.agent._closing = closing = asyncio.ensure_future(self._close(end))
            if stop is StopReason.CANCELLED:
                # The caller gets its turn back within 100 ms; what is still to be written and
                # given back goes on, and Agent.closed() waits for it.
                await asyncio.wait([closing], timeout=_CANCELLED_WAIT_S)
            else:
                await asyncio.shield(closing)

    async def _close(self, end: End) -> None:
        """Write the end and give everything back."""
        try:
            for recorder in self.recorders:
                await _to_disk(recorder.finish, end, self.last)
        except ReplayDiverged:
            self.episode.end = end.model_copy(update={"stop": StopReason.DIVERGED})
            raise
        finally:
            try:
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await self.env.close()
            except TimeoutError as error:
                raise EnvTimeout("closing the env", CLOSE_TIMEOUT_S) from error

    def _part(self, part: int, step: TaskStep) -> AsyncGenerator[Step]:
        if step.goal is not None:
            return self._goal(part, step.goal)
        if step.action is not None:
            return self._action(part, step.action, step.target)
        if step.check is not None:
            return self._condition(part, step.check)
        if step.wait_for is not None:
            return self._condition(part, step.wait_for, step.timeout_s, step.every_s)
        raise TaskError("a step of the task says nothing to do")

    async def _goal(self, part: int, goal: str) -> AsyncGenerator[Step]:
        """Ask the model until it says that it is done."""
        model = self.agent.model
        if model is None:
            raise TaskError("a goal in words needs a model, and there is none")
        history = History()
        session = model.session()
        try:
            while True:
                seen, observe_s = await self._look()
                frame = seen.frame.planned(_plan(model, seen))
                image = Image(seen.pixels, frame.image or frame.physical, seen.hash)
                messages = self.agent.dialect.messages(goal, history.turns, image)
                reply, think_s = await self._reply(session, messages)
                common: dict[str, Any] = {
                    "part": part,
                    "source": "model",
                    "prompt": prompt_hash(messages),
                    "reply": reply,
                    "seconds": {"observe": observe_s, "think": think_s},
                }
                view = View.of(seen).model_copy(update={"frame": frame})
                told: list[str] = []
                try:
                    parsed = self.agent.dialect.parse(reply, frame)
                except ActionError as error:
                    told.append(f"Your reply could not be used: {error}")
                    yield await self._record(
                        Step(
                            index=self._index, seen=view, error=str(error), told=told[0], **common
                        ),
                        seen,
                    )
                    self._count_error(str(error))
                else:
                    async with aclosing(self._actions(parsed, seen, view, goal, common)) as steps:
                        async for step in steps:
                            told.append(step.told)
                            yield step
                            if step.action is not None and step.action.action == "done":
                                if step.action.status == "infeasible":
                                    raise _Stop(StopReason.GAVE_UP, step.action.reason)
                                return
                history.add(Turn(image, reply, "\n".join(told)))
        finally:
            await session.close()

    async def _actions(
        self, parsed: Parsed, seen: Observation, view: View, goal: str, common: dict[str, Any]
    ) -> AsyncGenerator[Step]:
        """Carry out the actions of one reply, until one comes to nothing."""
        for number, action in enumerate(parsed.actions):
            if number:  # the reply belongs to the first; the screen has moved on since
                seen, observe_s = await self._look()
                view = View.of(seen).model_copy(update={"frame": view.frame})
                common = {**common, "prompt": None, "reply": None}
                common["seconds"] = {"observe": observe_s}
            else:
                common = {**common, "thought": parsed.thought}
            step = await self._act(action, seen, view, common, parsed, goal)
            yield step
            if step.error is not None:
                self._count_error(step.error)
                return
            self.errors_in_a_row = 0

    async def _action(self, part: int, action: Action, target: Box | None) -> AsyncGenerator[Step]:
        """Carry out an action that the task itself names."""
        seen, observe_s = await self._look()
        common: dict[str, Any] = {"part": part, "source": "task", "target": target}
        common["seconds"] = {"observe": observe_s}
        step = await self._act(action, seen, View.of(seen), common, None, self.task.name)
        yield step
        if step.error is not None:
            raise _Stop(StopReason.FAILED, f"{action}: {step.error}")

    async def _act(
        self,
        action: Action,
        seen: Observation,
        view: View,
        common: dict[str, Any],
        parsed: Parsed | None,
        goal: str,
    ) -> Step:
        """Carry out one action and record it: the intent before, the step after."""
        began = time.monotonic()
        index = self._index

        async def intend() -> None:
            intent = Intent(index=index, seen=view, action=action)
            for recorder in self.recorders:
                await _to_disk(recorder.intend, intent, seen)

        clamps = parsed.clamps if parsed is not None else ()
        acted: Acted = await self._bounded(
            self.actor.act(action, seen, view.frame, clamps, goal, intend)
        )
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
        return await self._record(step, seen, acted.after)

    async def _condition(
        self, part: int, condition: Condition, timeout_s: float = 0.0, every_s: float = 0.2
    ) -> AsyncGenerator[Step]:
        """Check a condition, or look again until it holds."""
        kind = CHECKS[condition.name]
        arguments = kind.validated(condition.arguments)
        began = time.monotonic()
        polls = 0
        while True:
            seen, observe_s = await self._look()
            look = Look(seen, self.task.folder, _environ(seen))

            async def read(look: Look = look) -> dict[str, Any]:
                verdict = await kind(look, arguments)
                return {"passed": verdict.passed, "detail": verdict.detail}

            probes: tuple[Probe, ...] = ()
            if kind.reads == "world":
                found = await self._bounded(self.env.probe(f"check:{kind.name}", arguments, read))
                verdict = Verdict(**found)
                probes = (Probe(name=f"check:{kind.name}", arguments=arguments, value=found),)
            else:
                verdict = await self._bounded(kind(look, arguments))
            polls += 1
            waited_s = time.monotonic() - began if self.env.live else polls * every_s
            if verdict.passed or waited_s >= timeout_s:
                break
            if self.env.live:
                await self._bounded(asyncio.sleep(every_s))
        check = Check(
            name=kind.name, arguments=arguments, passed=verdict.passed, detail=verdict.detail
        )
        yield await self._record(
            Step(
                index=self._index,
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
            raise _Stop(StopReason.FAILED, f"{kind.name} did not hold{late}: {verdict.detail}")

    @property
    def _index(self) -> int:
        return len(self.episode.steps)

    async def _look(self) -> tuple[Observation, float]:
        """Begin a round: check the limits, then look."""
        limits = self.task.limits
        if self._index >= limits.steps:
            raise _Stop(StopReason.STEP_LIMIT, f"{limits.steps} steps were made")
        began = time.monotonic()
        self.last = await self._bounded(self.env.observe())
        return self.last, time.monotonic() - began

    async def _reply(self, session: Session, messages: Any) -> tuple[str, float]:
        began = time.monotonic()
        reply = await self._bounded(session.reply(messages))
        # A lone surrogate can be neither tokenised nor recorded.
        text = reply.text.encode("utf-8", "replace").decode()
        return text, time.monotonic() - began

    async def _record(
        self, step: Step, seen: Observation, after: Observation | None = None
    ) -> Step:
        for recorder in self.recorders:
            await _to_disk(recorder.record, step, seen, after)
        self.episode.steps.append(step)
        self.last = after or seen
        return step

    async def _bounded(self, work: Awaitable[T]) -> T:
        """Wait for something at most as long as the run may still take."""
        if not self.env.live:
            return await work
        limit = self.task.limits.seconds
        try:
            async with asyncio.timeout(self.began + limit - time.monotonic()) as clock:
                return await work
        except TimeoutError:
            if not clock.expired():
                raise
            raise _Stop(StopReason.TIME_LIMIT, f"{limit:g} s have passed") from None

    def _count_error(self, message: str) -> None:
        self.errors_in_a_row += 1
        if self.errors_in_a_row >= self.task.limits.errors:
            raise _Stop(
                StopReason.ERROR_LIMIT,
                f"{self.errors_in_a_row} in a row came to nothing, the last: {message}",
            )


async def _to_disk(write: Callable[..., None], *arguments: Any) -> None:
    """Run a short write in a thread, to its end even when cancelled: lines are never half done."""
    work = asyncio.ensure_future(asyncio.to_thread(write, *arguments))
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        if not work.done():
            await asyncio.wait([work])
        raise


def _reason(error: BaseException) -> StopReason:
    for kind, reason in (
        (asyncio.CancelledError | GeneratorExit | RecordingEnded, StopReason.CANCELLED),
        (ReplayDiverged, StopReason.DIVERGED),
        (EnvError, StopReason.ENV_LOST),
        (ModelError, StopReason.MODEL_FAILED),
    ):
        if isinstance(error, kind):
            return reason
    return StopReason.CRASHED


def _plan(model: Model, seen: Observation) -> Any:
    try:
        return model.plan(seen.frame.physical)
    except ValueError as error:
        raise ModelError(f"{model.name} cannot be shown this screen: {error}") from error


def _environ(seen: Observation) -> dict[str, str]:
    """The environment for a check's command: that of the process, on the task's display."""
    display = seen.frame.display
    return {**os.environ, **({"DISPLAY": display} if display.startswith(":") else {})}


def _header(agent: Agent, task: Task, tools: list[dict[str, Any]]) -> Header:
    env, model = agent.env, agent.model
    return Header(
        id=secrets.token_hex(8),
        started=datetime.now(UTC).astimezone().isoformat(timespec="seconds"),
        task=task.model_dump(mode="json", exclude_defaults=True),
        env={**env.describe(), "name": env.name, "action_space": sorted(env.action_space)},
        model=None if model is None else {"name": model.name, "fingerprint": model.fingerprint},
        dialect=agent.dialect.name,
        tools=tools,
        versions={
            "python": platform.python_version(),
            "platform": f"{platform.system()} {platform.machine()}",
            **{
                p: importlib.metadata.version(p) for p in ("eyehand", "numpy", "pillow", "pydantic")
            },
        },
    )
