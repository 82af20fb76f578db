"""One run: its clock, its recorders, what was seen last, and its end whatever happens."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from ..envs.base import Env, Observation
from ..envs.episode import Episode
from ..envs.errors import (
    EnvError,
    EnvTimeout,
    EpisodeUnwritable,
    RecordingEnded,
    ReplayDiverged,
    StoppedByUser,
)
from ..envs.journal import Recorder
from ..envs.records import End, Step, StopReason, View
from ..model.chat import Image
from ..model.errors import ModelError
from .acting import Actor
from .control import Control, Halted, TakenOver
from .events import Ended, Event, Hooks, Looked, Stepped
from .guard import Guard
from .stuck import Watch
from .task import Limits, Task

T = TypeVar("T")

CLOSE_TIMEOUT_S = 10.0
_CANCELLED_WAIT_S = 0.02


class Stop(Exception):
    """The run is over for a reason that is no error."""

    def __init__(self, reason: StopReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Spent:
    """How much of its budget a run has used.

    Attributes:
        steps: Made so far.
        seconds: Of real time, without what a person held the run.
        tokens: Read anew and written by the model.
        limits: The budget.
    """

    steps: int
    seconds: float
    tokens: int
    limits: Limits

    def __str__(self) -> str:
        """Give ``step 3 of 50, 12 of 600 s, 4,512 of 2,000,000 tokens``."""
        parts = [
            f"step {self.steps} of {self.limits.steps}",
            f"{self.seconds:.0f} of {self.limits.seconds:g} s",
        ]
        if self.tokens:
            parts.append(f"{self.tokens:,} of {self.limits.tokens:,} tokens")
        return ", ".join(parts)


class TooSlow(Exception):
    """Something took longer than one step may; says what and how long. Never leaves the loop."""


class Run:
    """One run of one task.

    Args:
        task: What is to be done.
        env: Where; closed at the end.
        actor: Carries out single actions.
        episode: Filled step by step.
        recorders: Told of every step, in this order; those that compare come first.
        guard: Lets actions pass or not; None: all pass.
        control: A person's hand on the run.
        hooks: Told of everything.
    """

    def __init__(
        self,
        task: Task,
        env: Env,
        actor: Actor,
        episode: Episode,
        recorders: Sequence[Recorder],
        *,
        guard: Guard | None,
        control: Control,
        hooks: Sequence[Hooks],
    ) -> None:
        self.task = task
        self.env = env
        self.actor = actor
        self.episode = episode
        self.recorders = recorders
        self.guard = guard
        self.control = control
        self.watch = Watch() if task.limits.stuck else None
        self.closing: asyncio.Future[None] | None = None
        self._hooks = hooks
        self._began = time.monotonic()
        self._held_s = 0.0
        self._tokens = 0.0
        self._takings = control.takings
        self._errors_in_a_row = 0
        self._last: Observation | None = None

    @asynccontextmanager
    async def ending(self) -> AsyncIterator[None]:
        """Whatever happens, say why the run ended, write it down, and close the env."""
        stop, detail = StopReason.DONE, ""
        try:
            yield
        except Stop as error:
            stop, detail = error.reason, error.detail
        except (StoppedByUser, Halted) as error:
            stop, detail = StopReason.STOPPED_BY_USER, str(error)
        except BaseException as error:
            stop, detail = _reason(error), str(error)
            raise
        finally:
            end = End(
                steps=len(self.episode.steps),
                stop=stop,
                detail=detail,
                seconds=time.monotonic() - self._began,
                last=None if self._last is None else View.of(self._last),
            )
            self.episode.end = end
            self.closing = closing = asyncio.ensure_future(self._close(end))
            if stop is StopReason.CANCELLED:
                # The caller gets its turn back within 100 ms; what is still to be written and
                # given back goes on, and Agent.closed() waits for it.
                await asyncio.wait([closing], timeout=_CANCELLED_WAIT_S)
                closing.add_done_callback(lambda done: done.cancelled() or done.exception())
            else:
                await asyncio.shield(closing)

    async def _close(self, end: End) -> None:
        """Write the end and give everything back."""
        failed: ReplayDiverged | None = None
        try:
            for recorder in self.recorders:
                try:
                    await to_disk(recorder.finish, end, self._last)
                except ReplayDiverged as error:
                    failed = error
                    update = {"stop": StopReason.DIVERGED, "detail": str(error)}
                    self.episode.end = end = end.model_copy(update=update)
        finally:
            try:
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await self.env.close()
            except TimeoutError as error:
                raise EnvTimeout("closing the env", CLOSE_TIMEOUT_S) from error
            finally:
                await self.emit(Ended(end))
        if failed is not None:
            raise failed

    @property
    def index(self) -> int:
        """The number of the step to come."""
        return len(self.episode.steps)

    @property
    def last(self) -> Observation | None:
        """What was seen last; None before the first look."""
        return self._last

    @property
    def spent(self) -> Spent:
        """How much of the budget is used."""
        seconds = time.monotonic() - self._began - self._held_s
        return Spent(self.index, seconds, round(self._tokens), self.task.limits)

    @property
    def taken(self) -> bool:
        """Whether a person took over since the last hand-over was seen."""
        return self.control.takings != self._takings

    def takings_seen(self) -> None:
        """Take note that a hand-over is dealt with."""
        self._takings = self.control.takings

    def require_hand(self) -> None:
        """Raise where the run is stopped, or no longer in our hands.

        Raises:
            Halted, TakenOver: See there.
        """
        self.control.check()
        if self.taken:
            raise TakenOver

    async def emit(self, event: Event) -> None:
        """Tell everybody who is to be told."""
        for hook in self._hooks:
            await hook.on_event(event)

    async def look(self) -> tuple[Observation, float]:
        """Begin a round: check the limits, then look."""
        limits = self.task.limits
        if self.index >= limits.steps:
            raise Stop(StopReason.STEP_LIMIT, f"{limits.steps} steps were made")
        if self._tokens >= limits.tokens:
            raise Stop(StopReason.TOKEN_LIMIT, f"{self._tokens:.0f} tokens were read and written")
        began = time.monotonic()
        self._last = seen = await self.bounded(self.env.observe())
        await asyncio.to_thread(getattr, seen, "hash")  # 4 ms at 1080p: not in the event loop
        took_s = time.monotonic() - began
        await self.emit(Looked(seen, took_s))
        return seen, took_s

    async def held(self) -> float:
        """Wait as long as a person holds the run; that time does not count. Gives it in seconds.

        Raises:
            Halted: They stopped it.
            Stop: They held it longer than anybody may.
        """
        limit_s = self.task.limits.handover_seconds
        try:
            held_s = await self.control.freed(limit_s)
        except TimeoutError:
            raise Stop(
                StopReason.TIME_LIMIT, f"a person held the run longer than {limit_s:g} s"
            ) from None
        self._held_s += held_s
        return held_s

    def wait_was(self, seconds: float) -> None:
        """Leave time out that was spent on waiting for a person."""
        self._held_s += seconds

    def count_tokens(self, stats: Mapping[str, float]) -> None:
        """Add up what a reply cost."""
        names = ("prefilled_tokens", "decoded_tokens", "forced_tokens")
        self._tokens += sum(stats.get(name, 0) for name in names)

    def count_success(self) -> None:
        """Forget the errors before it."""
        self._errors_in_a_row = 0

    async def record(
        self,
        step: Step,
        seen: Observation,
        after: Observation | None = None,
        pictures: Sequence[Image] = (),
    ) -> Step:
        """Make a step durable and part of the episode: both or neither, also when cancelled."""

        def write() -> None:
            for recorder in self.recorders:
                recorder.record(step, seen, after, pictures)
            self.episode.steps.append(step)
            self._last = after or seen

        await to_disk(write)
        await self.emit(Stepped(step))
        return step

    async def bounded(
        self, work: Awaitable[T], *, limit_s: float | None = None, what: str = ""
    ) -> T:
        """Wait for something at most as long as it and the run may still take.

        Args:
            work: What is waited for; cancelled where it takes too long.
            limit_s: How long it may take itself, in seconds; None: as long as the run.
            what: How ``TooSlow`` calls it.

        Raises:
            Stop: The run is at its limit.
            TooSlow: It was too slow.
            Halted, TakenOver: A person stopped the run, or took it over; ``work`` is cancelled.
        """
        if not self.env.live:
            return await work
        run_s = self.task.limits.seconds
        rest_s = self._began + self._held_s + run_s - time.monotonic()
        clock = asyncio.timeout(rest_s if limit_s is None else min(rest_s, limit_s))
        try:
            with self.control.striking(clock):
                async with clock:
                    return await work
        except (Halted, TakenOver):
            if asyncio.iscoroutine(work):
                work.close()
            raise
        except TimeoutError:
            if not clock.expired():
                raise
        self.control.check()
        if limit_s is not None and limit_s < rest_s:
            raise TooSlow(f"{what} took longer than the {limit_s:g} s that it may take")
        raise Stop(StopReason.TIME_LIMIT, f"{run_s:g} s have passed")

    def count_error(self, message: str) -> None:
        """Count something that came to nothing.

        Raises:
            Stop: It was one too many in a row.
        """
        self._errors_in_a_row += 1
        if self._errors_in_a_row >= self.task.limits.errors:
            raise Stop(
                StopReason.ERROR_LIMIT,
                f"{self._errors_in_a_row} in a row came to nothing, the last: {message}",
            )


async def to_disk(write: Callable[..., None], *arguments: Any) -> None:
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
        (EpisodeUnwritable, StopReason.UNRECORDED),
        (EnvError, StopReason.ENV_LOST),
        (ModelError, StopReason.MODEL_FAILED),
    ):
        if isinstance(error, kind):
            return reason
    return StopReason.CRASHED
