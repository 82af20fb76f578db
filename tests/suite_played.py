"""Results of a suite to report on: the practice phone, played by one who is good at some tasks."""

from collections.abc import Collection
from pathlib import Path

from eyehand.agent.suites.base import Player, Trial
from eyehand.agent.suites.plan import Plan
from eyehand.agent.suites.players import RandomPlayer
from eyehand.agent.suites.practice import Practice, practice_oracle
from eyehand.agent.suites.results_file import SuiteFile
from eyehand.agent.suites.running import SuiteRun
from eyehand.agent.task import Task
from eyehand.envs.base import Env
from eyehand.model.base import Model

TASKS = ("clear_notifications", "dismiss_notification", "set_volume")
EXCLUDED = {"order_food": "needs a network"}


class Mixed:
    """Solves trials, but those of some names, where it clicks anywhere until it is stopped."""

    name = "mixed"
    fingerprint = "f" * 32

    def __init__(self, fails: Collection[str]) -> None:
        self._fails = fails
        self._good: Player = practice_oracle()
        self._bad: Player = RandomPlayer(3)

    def plays(self, task: str) -> bool:
        return True

    def model(self, env: Env, task: Task, trial: Trial, dialect: str) -> Model:
        bad = trial.task in self._fails or str(trial) in self._fails
        return (self._bad if bad else self._good).model(env, task, trial, dialect)


async def played(path: Path, fails: Collection[str]) -> None:
    """Run a suite into a file, two trials a task, every one recorded beside it.

    Args:
        path: The results.
        fails: Tasks, and single trials such as ``set_volume.7``, that are not solved.
    """
    plan = Plan(
        TASKS,
        "mobile_use",
        excluded=EXCLUDED,
        episodes=2,
        replies=4,
        keep="all",
        episodes_in=path.with_suffix(".episodes"),
        command=f"eyehand eval practice --out {path.name}",
    )
    run = SuiteRun(Practice(), Mixed(fails), plan)
    with SuiteFile(path) as file:
        file.begin(run.header())
        try:
            await run.run(file)
        finally:
            await run.closed()
