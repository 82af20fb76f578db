"""Running a suite: trials on several stages at a time, each result durable before the next begins.

Tasks take turns, so that whatever part was run says something of all of them. A trial that a kill
or Ctrl-C cut short has no result, and is run again from its beginning. A stage that breaks costs
the trial that was on it, and another one is opened.
"""

import asyncio
import importlib.metadata
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

from ...envs.errors import EnvError
from ...envs.records import StopReason
from ..errors import BadUsage
from ..eval_ahead import aside
from ..threads import to_disk
from .base import Player, Suite, Trial
from .keeping import Held
from .plan import Plan
from .results import Header, Result
from .results_file import SuiteFile
from .trial_run import FATAL, TrialRun, remove

Tell = Callable[[Result], None]

BROKEN = 5
"""So many stages broken in a row, with no trial that came to its end between, are no accident."""
_ENDING_S = 60.0


class SuiteRun:
    """One run of a suite. ``closed`` is to be awaited after it, whatever came of it.

    Args:
        suite: What is run.
        player: Who plays.
        plan: How.
    """

    def __init__(self, suite: Suite, player: Player, plan: Plan) -> None:
        self.suite, self.player, self.plan = suite, player, plan
        self._ending: set[asyncio.Future[Any]] = set()
        self._waiting: list[Trial] = []
        self._turn = asyncio.Lock()
        self._write = asyncio.Lock()
        self._again: set[Trial] = set()
        self._opened = False
        self._broken = 0

    def header(self) -> Header:
        """Say what will be done: the first line of the results. May hash some files: some 50 ms."""
        plan = self.plan
        settings = {
            **self.suite.settings,
            "max_steps": plan.replies,
            "trial_seconds": plan.seconds,
            **plan.settings,
        }
        return Header(
            started=datetime.now(UTC).astimezone().isoformat(timespec="seconds"),
            suite=self.suite.name,
            digest=self.suite.digest,
            tasks=tuple(sorted(plan.tasks)),
            excluded=dict(sorted(plan.excluded.items())),
            episodes=plan.episodes,
            seed=plan.seed,
            player={"name": self.player.name, "fingerprint": self.player.fingerprint},
            dialect=plan.dialect,
            settings={name: value for name, value in settings.items() if value is not None},
            versions={n: importlib.metadata.version(n) for n in ("eyehand", "numpy", "pillow")},
            command=plan.command,
        )

    async def run(self, file: SuiteFile, tell: Tell | None = None) -> None:
        """Run what has no result yet.

        Cancelled, it returns at once; ``closed`` waits for what is then given back.

        Args:
            file: Begun with ``header()``.
            tell: Told each result as it is durable.

        Raises:
            EnvError: No stage can be opened, or one after the other breaks.
            ModelError: No reply can be given. What was run is written; a next run goes on.
            BadUsage: The suite has no such trial, or the file cannot be written to.
        """
        if file.header is None:
            raise ValueError("begin the file with the header first")
        left = self.plan.count - len(file.done)
        if left <= 0:
            return
        async with aclosing(self._trials(file)) as trials:
            jobs = [
                asyncio.create_task(self._work(trials, file, tell))
                for _ in range(min(self.plan.jobs, left))
            ]
            try:
                done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_EXCEPTION)
                for job in done:
                    job.result()
            finally:
                for job in jobs:
                    job.cancel()
                await asyncio.gather(*jobs, return_exceptions=True)

    async def closed(self) -> None:
        """Wait until every stage is given back and every recording has its end. Bounded."""
        if self._ending:
            await asyncio.wait(self._ending, timeout=_ENDING_S)

    async def _trials(self, file: SuiteFile) -> AsyncGenerator[Trial]:
        """Give the trials without a result, the first of each task first."""
        seeds: dict[str, list[int]] = {}
        plan = self.plan
        for number in range(plan.episodes):
            for task in sorted(plan.tasks):
                if task not in seeds:
                    try:
                        found = await aside(
                            lambda task=task: self.suite.seeds(task, plan.seed, plan.episodes)  # type: ignore[misc]
                        )
                    except ValueError as error:
                        raise BadUsage(str(error)) from error
                    seeds[task] = list(found)
                trial = Trial(task, seeds[task][number])
                if trial not in file.done:
                    yield trial

    async def _next(self, trials: AsyncGenerator[Trial]) -> Trial | None:
        async with self._turn:
            if self._waiting:
                return self._waiting.pop(0)
            return await anext(trials, None)

    async def _work(
        self, trials: AsyncGenerator[Trial], file: SuiteFile, tell: Tell | None
    ) -> None:
        """Run trials on one stage after another, until there are no more."""
        held: Held | None = None
        one: TrialRun | None = None
        try:
            while (trial := await self._next(trials)) is not None:
                if held is None:
                    held = Held(self.suite)
                try:
                    stage = await held.stage()
                except EnvError as error:
                    if isinstance(error, FATAL) or not self._opened:
                        raise
                    self._require_fewer(error)
                    self._waiting.append(trial)
                    await self._give_back(held)
                    held = None
                    continue
                self._opened = True
                one = TrialRun(self.suite, self.player, self.plan, trial)
                try:
                    result = await one.run(stage)
                except FATAL:
                    raise
                except EnvError as error:  # nothing was asked: the first time it is not to blame
                    self._require_fewer(error)
                    await self._give_back(held)
                    held = None
                    if trial not in self._again:
                        self._again.add(trial)
                        self._waiting.append(trial)
                        continue
                    result = one.result(StopReason.ENV_LOST, str(error))
                else:
                    if one.broken is not None:
                        self._require_fewer(one.broken)
                        await self._give_back(held)
                        held = None
                    else:
                        self._broken = 0
                await self._keep(one, result, file, tell)
                one = None
            if held is not None:
                closing, held = held, None
                if (error_over_it := await self._give_back(closing)) is not None:
                    raise error_over_it
        finally:
            if held is not None:
                self._later(_wound_up(one, held))

    async def _give_back(self, held: Held) -> BaseException | None:
        return await asyncio.shield(self._later(held.close()))

    def _later(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Have something given back, by now or after a cancelled caller has returned."""
        task = asyncio.create_task(work)
        self._ending.add(task)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        task.add_done_callback(self._ending.discard)
        return task

    def _require_fewer(self, error: EnvError) -> None:
        """Count a stage that broke.

        Raises:
            EnvError: It was one too many in a row.
        """
        self._broken += 1
        if self._broken >= BROKEN:
            raise EnvError(
                f"{self._broken} stages of {self.suite.name} broke in a row, the last: {error}; "
                "what was run is kept"
            ) from error

    async def _keep(
        self, one: TrialRun, result: Result, file: SuiteFile, tell: Tell | None
    ) -> None:
        """Make a result durable; a recording that nobody wants goes before it."""
        wanted = self.plan.keep == "all" or result.success == (self.plan.keep == "successes")
        if one.folder is not None and (not wanted or not one.folder.exists()):
            await to_disk(remove, one.folder)
            result = result.model_copy(update={"episode": None})
        async with self._write:
            await to_disk(file.add, result)
        if tell is not None:
            tell(result)


async def _wound_up(one: TrialRun | None, held: Held) -> None:
    """Give a stage back once the trial on it has been ended."""
    try:
        if one is not None:
            await one.closed()
    finally:
        await held.close()
