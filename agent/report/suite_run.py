"""One file of a suite's results taken in: its trials in order, and its figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import BadUsage
from ..suites.base import Trial
from ..suites.beside import require_same_suite
from ..suites.known import subsets_of
from ..suites.results import Header, Result
from ..suites.results_file import read_suite_results
from ..suites.scores import SuiteScored, score_suite


@dataclass(frozen=True, slots=True)
class Run:
    """A suite's results.

    Attributes:
        path: The file; recordings lie beside it.
        scored: Its figures, as the terminal shows them.
        trials: By task, then by seed.
    """

    path: Path
    scored: SuiteScored
    trials: tuple[Result, ...]

    @property
    def header(self) -> Header:
        """The first line."""
        return self.scored.header

    @property
    def failed(self) -> list[Result]:
        """Those without success."""
        return [trial for trial in self.trials if not trial.success]

    def folder(self, trial: Result) -> Path | None:
        """Give where a trial was recorded; None where it was not."""
        return None if trial.episode is None else self.path.parent / trial.episode


def take_in(path: Path) -> Run:
    """Read a file whole. Blocks.

    Raises:
        BadUsage: It cannot be read, is damaged, or holds no trial yet.
    """
    _, results = read_suite_results(path)
    trials = tuple(sorted(results, key=lambda trial: (trial.task, trial.seed)))
    if not trials:
        raise BadUsage(f"{path} holds no trial yet: there is nothing to report")
    return Run(path, score_suite(path, subsets_of), trials)


def require_comparable(now: Run, before: Run) -> None:
    """Check that two files are of the same suite and have trials in common.

    Raises:
        BadUsage: They are not, or have none.
    """
    require_same_suite(now.path, now.header, before.path, before.header)
    if not trials_of(now) & trials_of(before):
        raise BadUsage(
            f"{now.path} and {before.path} cannot be compared: they have no trial in common"
        )


def trials_of(run: Run) -> set[Trial]:
    """Give which trials a run has."""
    return {Trial(trial.task, trial.seed) for trial in run.trials}


def matched(now: Run, before: Run | None) -> Sequence[Result | None]:
    """Give the same task with the same seed of the other run for each trial; None: not there."""
    there = {} if before is None else {Trial(t.task, t.seed): t for t in before.trials}
    return [there.get(Trial(trial.task, trial.seed)) for trial in now.trials]
