"""An env in the hands of a caller from outside: it looks, acts, and hands over whole tasks."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import aclosing
from typing import Any, TypeVar, cast

from ..actions.errors import ActionSchemaError
from ..actions.geometry import Clamp, Frame, Point, Space
from ..actions.schema import TALK, Action, parse_action
from ..envs.base import Env, Observation
from ..envs.episode import Episode
from ..envs.errors import EnvError, StoppedByUser
from ..envs.records import Step, StopReason
from ..envs.replay import ReplayEnv
from ..model.base import Model
from ..model.size import Size
from .acting import Acted, Actor, failed
from .calling import Caller
from .doing import refusal
from .errors import TaskError
from .guard import Doing, Guard
from .loop import Agent
from .run import CLOSE_TIMEOUT_S
from .task import Task, TaskStep

T = TypeVar("T")
OnStep = Callable[[Step], Awaitable[None]]


class Hand:
    """Looks at an env and acts in it for whoever calls, one call at a time.

    A call that is cancelled returns at once; the env is told to stop, and the next call waits
    until it has.

    Args:
        env: Where; reset by ``open`` and closed by ``close``.
        model: For goals in words; None: there are none.
        dialect: How the model is spoken to; None: as it was trained.
        guard: Lets actions pass or not; None: every one passes.
        longest: Longest side in pixels of the pictures that are shown; None: as they are. Points
            are in pixels of the picture, and are mapped back by the frame that made it.
    """

    def __init__(
        self,
        env: Env,
        *,
        model: Model | None = None,
        dialect: str | None = None,
        guard: Guard | None = None,
        longest: int | None = None,
    ) -> None:
        self.env = env
        self.model = model
        self._dialect = dialect
        self._guard = guard
        self._longest = longest
        self._actor = Actor(env, Caller(env, {}, (), None, None), None)
        self._seen: Observation | None = None
        self._stopped: str | None = None
        self._alone = asyncio.Lock()
        self._works: set[asyncio.Task[Any]] = set()

    @property
    def action_space(self) -> frozenset[str]:
        """Names of the actions that `act` takes."""
        return self.env.action_space - TALK

    async def open(self) -> None:
        """Connect to the device.

        Raises:
            EnvError: It cannot be used.
        """
        await self.env.reset()

    async def observe(self) -> Observation:
        """Look. The frame of what is given has its image size planned: the picture to show.

        Raises:
            EnvError: There is no picture.
        """
        return await self._in_turn(self._observe)

    async def act(self, data: object) -> Acted:
        """Carry out one action; what was wrong with it becomes the ``error`` of what is given.

        Args:
            data: An action as plain data; its points in pixels of the picture shown last.

        Raises:
            ActionError: It is no action of this env, or a point is not on the picture. Nothing
                was done.
            EnvError: The device is gone, or the user has stopped it.
        """
        return await self._in_turn(lambda: self._act(data))

    def on_screen(self, steps: tuple[TaskStep, ...]) -> tuple[TaskStep, ...]:
        """Map the points of steps from the picture shown last to the screen.

        Raises:
            PointOutsideImage: One is not on the picture.
            TaskError: Pictures are shrunk, and none was shown yet or a condition has a point.
        """
        if self._longest is None:
            return steps
        mapped = []
        for step in steps:
            condition = step.check or step.wait_for
            if condition is not None and "point" in condition.arguments:
                raise TaskError(f"{condition.name} needs pictures that are not shrunk")
            if step.action is not None and [*step.action.points()]:
                if self._seen is None:
                    raise TaskError("points are pixels of the picture shown last: observe first")
                action, _ = _on_screen(step.action, self._seen.frame)
                step = step.model_copy(update={"action": action})
            mapped.append(step)
        return tuple(mapped)

    async def run(self, task: Task, on_step: OnStep) -> Episode:
        """Work a task to its end.

        Raises:
            TaskError: It has a goal and there is no model, or the env is a recording.
            EnvError, ModelError: Display, device or model failed.
        """
        return await self._in_turn(lambda: self._run(task, on_step))

    async def close(self) -> None:
        """Stop what is under way and close the env. Bounded by twice ``CLOSE_TIMEOUT_S``."""
        for work in self._works:
            if not work.cancelling():  # a second time would strike where keys are released
                work.cancel()
        if self._works:
            await asyncio.wait(self._works, timeout=CLOSE_TIMEOUT_S)
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await self.env.close()

    async def _in_turn(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Work in a task of its own, so that it is cancelled once and not at every await.

        The SDK cancels a request's scope, which strikes again wherever what it strikes awaits:
        also where an env releases its keys.
        """

        async def alone() -> T:
            async with self._alone:
                if self._stopped is not None:
                    raise StoppedByUser(f"{self._stopped}; start eyehand anew to go on")
                try:
                    return await work()
                except StoppedByUser as error:
                    self._stopped = str(error)
                    raise

        task = asyncio.get_running_loop().create_task(alone())
        self._works.add(task)
        task.add_done_callback(self._works.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.cancel()
            raise

    async def _observe(self) -> Observation:
        if isinstance(self.env, ReplayEnv):
            _pass_over(self.env)
        return self._show(await self.env.observe())

    async def _act(self, data: object) -> Acted:
        named = data.get("action") if isinstance(data, Mapping) else None
        if isinstance(named, str) and named not in self.action_space:
            raise ActionSchemaError(
                f"{named:.80} is not possible here; possible are "
                f"{', '.join(sorted(self.action_space))}"
            )
        action = parse_action(data)
        if isinstance(self.env, ReplayEnv):
            _pass_over(self.env)
        # What was shown is what was decided on: the env refuses where it is another by now.
        seen = self._seen or await self.env.observe()
        frame = self._planned(seen.frame)
        action, clamps = _on_screen(action, frame)
        refused = await self._refused(action, seen)
        if refused is not None:
            return failed(action, refused)
        acted = await self._actor.act(action, seen, frame, clamps, "", _no_record)
        if isinstance(self.env, ReplayEnv):
            _next(self.env)
        if acted.after is not None:
            acted.after = self._show(acted.after)
        return acted

    async def _refused(self, action: Action, seen: Observation) -> str | None:
        """Ask the guard; give why the action may not be done. A recording was asked when made."""
        if self._guard is None or not self.env.live:
            return None

        async def asking(words: str) -> None:
            """Whoever is asked sees it where they are asked."""

        decision, _ = await self._guard.decide(Doing(action, "model", seen, ""), self.env, asking)
        return None if decision.allowed else refusal(decision)

    async def _run(self, task: Task, on_step: OnStep) -> Episode:
        if isinstance(self.env, ReplayEnv):
            raise TaskError("this is a recording: it can be acted through, not given tasks")
        agent = Agent(
            cast("Env", _Lent(self.env)), self.model, dialect=self._dialect, guard=self._guard
        )
        self._seen = None
        try:
            async with aclosing(agent.steps(task)) as steps:
                async for step in steps:
                    await on_step(step)
        except asyncio.CancelledError:
            with contextlib.suppress(EnvError):  # that it was cancelled is told, not what followed
                await agent.closed()
            raise
        if agent.episode is None:
            raise RuntimeError("the run made no episode")
        if agent.episode.stop is StopReason.STOPPED_BY_USER and agent.episode.end is not None:
            self._stopped = agent.episode.end.detail
        return agent.episode

    def _show(self, seen: Observation) -> Observation:
        self._seen = Observation(
            seen.pixels,
            self._planned(seen.frame),
            time=seen.time,
            extras=seen.extras,
            hash=seen.hash,
        )
        return self._seen

    def _planned(self, frame: Frame) -> Frame:
        size = frame.physical
        if self._longest is None or max(size) <= self._longest:
            return frame.planned(size)
        scale = self._longest / max(size)
        return frame.planned(Size(*(max(1, round(side * scale)) for side in size)))


class _Lent:
    """An env for a run that does not own it: a reset only looks, and closing leaves it open.

    It passes for what it stands for, since conditions ask for an env's class.
    """

    def __init__(self, env: Env) -> None:
        self._env = env

    @property  # type: ignore[misc]
    def __class__(self) -> type:  # pyright: ignore[reportIncompatibleMethodOverride]
        return type(self._env)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._env, name)

    async def reset(self) -> Observation:
        return await self._env.observe()

    async def close(self) -> None:
        return None


def _on_screen(action: Action, frame: Frame) -> tuple[Action, list[Clamp]]:
    """Map an action's points from the picture to the screen.

    Raises:
        PointOutsideImage: One is not on it.
    """
    points: dict[str, Point] = {}
    clamps = []
    for name, said in action.points():
        points[name], clamp = frame.from_model(said.x, said.y, Space.IMAGE)
        if clamp is not None:
            clamps.append(clamp)
    return action.model_copy(update=points), clamps


async def _no_record() -> None:
    """Nothing is recorded."""


def _pass_over(env: ReplayEnv) -> None:
    """Go past recorded steps that nobody makes here: checks, talk, replies that were no use."""
    while (step := _coming(env)) is not None and (
        step.action is None or step.action.action in TALK
    ):
        _next(env)


def _next(env: ReplayEnv) -> None:
    """Go on to the next recorded step: ``perform`` has compared the action already."""
    if (step := _coming(env)) is not None:
        env.record(step, env.episode.observation(step.seen), None)


def _coming(env: ReplayEnv) -> Step | None:
    steps = env.episode.steps
    return steps[env.replayed] if env.replayed < len(steps) else None
