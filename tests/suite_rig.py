"""Suites of the practice phone for tests of the runner: some of it breaks, or waits."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from eyehand.actions.schema import Action
from eyehand.agent.suites.base import Stage, Trial
from eyehand.agent.suites.practice import Practice
from eyehand.agent.suites.results import Result
from eyehand.agent.suites.results_file import read_suite_results
from eyehand.agent.task import Task
from eyehand.envs.base import Env, Observation, Outcome
from eyehand.envs.errors import DeviceLost, EnvError
from eyehand.model.base import Model

QUICK = ("alarm_missing", "close_app", "tell_alarm")
"""Families that take two steps: one that cannot be done, one that can, and a question."""


def results_of(path: Path) -> dict[str, Result]:
    """Read a file's results, by trial, without what they took."""
    found = {}
    for one in read_suite_results(path)[1]:
        untimed: dict[str, Any] = {"seconds": {}, "step_seconds": ()}
        found[str(Trial(one.task, one.seed))] = one.model_copy(update=untimed)
    return found


def lines_of(path: Path) -> list[dict[str, Any]]:
    """Read a file's whole lines."""
    whole = path.read_bytes().rpartition(b"\n")[0] if path.exists() else b""
    return [json.loads(line) for line in whole.splitlines()]


class Fragile(Practice):
    """Breaks where it is told to, and counts its stages.

    Args:
        during: Trials whose device is lost at their first action.
        before: How often each of these trials cannot be begun.
        opening: How often no stage can be opened, after the first.

    Attributes:
        hang: How many actions still hang for ever; ``hanging`` is set by the last.
    """

    def __init__(
        self,
        during: Sequence[str] = (),
        before: Mapping[str, int] | None = None,
        opening: int = 0,
    ) -> None:
        super().__init__()
        self.during, self.before, self.opening = during, dict(before or {}), opening
        self.opened = self.open = 0
        self.begun: list[str] = []
        self.hang = 0
        self.hanging = asyncio.Event()

    @asynccontextmanager
    async def stage(self) -> AsyncIterator[Stage]:
        """Count it."""
        if self.opened and self.opening:
            self.opening -= 1
            raise EnvError("it does not open")
        self.opened += 1
        self.open += 1
        try:
            async with super().stage() as stage:
                yield _FragileStage(stage, self)
        finally:
            self.open -= 1


class _FragileStage:
    def __init__(self, stage: Stage, suite: Fragile) -> None:
        self._stage, self._suite = stage, suite
        self.judged, self.close = stage.judged, stage.close

    async def begin(self, trial: Trial) -> tuple[Env, Task]:
        """Break, or set it up."""
        name, suite = str(trial), self._suite
        suite.begun.append(name)
        if suite.before.get(name, 0) > 0:
            suite.before[name] -= 1
            raise DeviceLost("the browser was killed", delivered="nothing")
        env, task = await self._stage.begin(trial)
        perform = env.perform

        async def broken(action: Action, seen: Observation) -> Outcome:
            if suite.hang:
                suite.hang -= 1
                if not suite.hang:
                    suite.hanging.set()
                await asyncio.Event().wait()
            if name in suite.during:
                raise DeviceLost("the browser was killed")
            return await perform(action, seen)

        env.perform = broken  # type: ignore[method-assign]
        return env, task


class Asked:
    """A player that gives one model, whoever asks."""

    name, fingerprint = "asked", "0" * 32

    def __init__(self, model: Model) -> None:
        self._model = model

    def plays(self, task: str) -> bool:
        """Any."""
        return True

    def model(self, env: Env, task: Task, trial: Trial, dialect: str) -> Model:
        """Give it."""
        return self._model
