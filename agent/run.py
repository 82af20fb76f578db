"""One run: its clock, its recorders, what was seen last, and its end whatever happens."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from ..envs.base import Env, Observation
from ..envs.episode import Episode
from ..envs.errors import EnvError, EnvTimeout, RecordingEnded, ReplayDiverged, StoppedByUser
from ..envs.journal import Recorder
from ..envs.records import End, Step, StopReason, View
from ..model.chat import Image
from ..model.errors import ModelError
from .acting import Actor
from .task import Task

T = TypeVar("T")

CLOSE_TIMEOUT_S = 10.0
_CANCELLED_WAIT_S = 0.02


class Stop(Exception):
    """The run is over for a reason that is no error."""

    def __init__(self, reason: StopReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Run:
    """One run of one task.

    Args:
        task: What is to be done.
        env: Where; closed at the end.
        actor: Carries out single actions.
        episode: Filled step by step.
        recorders: Told of every step, in this order; those that compare come first.
    """

    def __init__(
        self,
        task: Task,
        env: Env,
        actor: Actor,
        episode: Episode,
        recorders: Sequence[Recorder],
    ) -> None:
        self.task = task
        self.env = env
        self.actor = actor
        self.episode = episode
        self.recorders = recorders
        self.closing: asyncio.Future[None] | None = None
        self._began = time.monotonic()
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
        if failed is not None:
            raise failed

    @property
    def index(self) -> int:
        """The number of the step to come."""
        return len(self.episode.steps)

    async def look(self) -> tuple[Observation, float]:
        """Begin a round: check the limits, then look."""
        limits = self.task.limits
        if self.index >= limits.steps:
            raise Stop(StopReason.STEP_LIMIT, f"{limits.steps} steps were made")
        began = time.monotonic()
        self._last = await self.bounded(self.env.observe())
        await asyncio.to_thread(getattr, self._last, "hash")  # 4 ms at 1080p: not in the event loop
        return self._last, time.monotonic() - began

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
        return step

    async def bounded(self, work: Awaitable[T]) -> T:
        """Wait for something at most as long as the run may still take."""
        if not self.env.live:
            return await work
        limit = self.task.limits.seconds
        clock = asyncio.timeout(self._began + limit - time.monotonic())
        try:
            async with clock:
                return await work
        except TimeoutError:
            if not clock.expired():
                raise
            raise Stop(StopReason.TIME_LIMIT, f"{limit:g} s have passed") from None

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
        (EnvError, StopReason.ENV_LOST),
        (ModelError, StopReason.MODEL_FAILED),
    ):
        if isinstance(error, kind):
            return reason
    return StopReason.CRASHED
