"""Several runs of one suite side by side: a model, and baselines that say what it is worth."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import BadUsage
from ..metrics.summary import Figure
from .results import Header
from .scores import SuiteScored, TaskScore, mean_over_tasks, median_step_s, plain_figure


@dataclass(frozen=True, slots=True)
class Beside:
    """Runs of one suite; figures over all of them are over the tasks that all have.

    Attributes:
        runs: In the order in which they stand.
        names: Of each: who played, and what of its settings tells it from others of that name.
        tasks: Names of those that any run has, sorted.
        common: Those that all have.
    """

    runs: tuple[SuiteScored, ...]
    names: tuple[str, ...]
    tasks: tuple[str, ...]
    common: tuple[str, ...]

    @classmethod
    def of(cls, runs: Sequence[SuiteScored]) -> "Beside":
        """Put runs side by side; at least one."""
        sets = [set(run.tasks) for run in runs]
        tasks, common = set.union(*sets), set.intersection(*sets)
        return cls(tuple(runs), _names(runs), tuple(sorted(tasks)), tuple(sorted(common)))

    def figure(self, number: int) -> Figure | None:
        """Give a run's mean over the tasks that all have; None: there are none."""
        return mean_over_tasks(self.names[number], self._common(number))

    def mean_steps(self, number: int) -> float:
        """Give a run's mean over its trials of those tasks; 0 where there are none."""
        scores = self._common(number)
        trials = sum(score.trials for score in scores)
        return sum(score.steps for score in scores) / max(1, trials)

    def step_s(self, number: int) -> float | None:
        """Give a run's median over its replies in those tasks; None where none was timed."""
        return median_step_s(self._common(number))

    def _common(self, number: int) -> list[TaskScore]:
        return [self.runs[number].tasks[name] for name in self.common]

    def plain(self) -> dict[str, Any]:
        """Give everything as plain data."""
        return {
            "common": list(self.common),
            "runs": [self._plain(number) for number in range(len(self.runs))],
        }

    def _plain(self, number: int) -> dict[str, Any]:
        run, figure = self.runs[number], self.figure(number)
        return {
            "name": self.names[number],
            "results": str(run.path),
            "player": run.header.player,
            "dialect": run.header.dialect,
            "settings": run.header.settings,
            "figure": None if figure is None else plain_figure(figure),
            "mean_steps": self.mean_steps(number),
            "median_step_s": self.step_s(number),
            "tasks": {name: plain_figure(score.success) for name, score in run.tasks.items()},
        }


def require_same_suite(path: Path, header: Header, other: Path, theirs: Header) -> None:
    """Check that two files are of the same suite, with the same pages or phones, and share tasks.

    Raises:
        BadUsage: They are not; says what differs.
    """
    for name in ("suite", "digest"):
        mine, its = getattr(header, name), getattr(theirs, name)
        if mine != its:
            raise BadUsage(
                f"{path} and {other} cannot be compared: {name} is {mine} in the first and {its} "
                "in the second"
            )
    if not set(header.tasks) & set(theirs.tasks):
        raise BadUsage(f"{path} and {other} cannot be compared: they have no task in common")


def setting_words(name: str, value: Any) -> str:
    """Give a setting in words, such as ``max steps 30`` or ``wordless``."""
    words = name.replace("_", " ")
    return words if value is True else f"{words} {value}"


def _names(runs: Sequence[SuiteScored]) -> tuple[str, ...]:
    made = []
    for run in runs:
        player = run.header.player["name"]
        alike = [one.header for one in runs if one.header.player["name"] == player]
        told: dict[str, list[Any]] = {
            "dialect": [one.dialect for one in alike],
            "seed": [one.seed for one in alike],
        }
        for name in sorted({name for one in alike for name in one.settings}):
            told[name] = [one.settings.get(name) for one in alike]
        mine = {"dialect": run.header.dialect, "seed": run.header.seed, **run.header.settings}
        words = [
            setting_words(name, mine[name])
            for name, values in told.items()
            if name in mine and any(value != values[0] for value in values)
        ]
        made.append(", ".join([player, *words]))
    return tuple(
        f"{name} ({run.path.name})" if made.count(name) > 1 else name
        for name, run in zip(made, runs, strict=True)
    )
