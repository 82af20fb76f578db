"""Figures of a suite's results: per task, over tasks, over trials, over named subsets.

A task's success is a share with Wilson's 95 % interval. The mean over tasks gives each task the
same weight however often it was run, as publications do; its interval is put together from those of
the tasks (MOVER: G. Y. Zou and A. Donner, "Construction of confidence limits about effect
measures", Statistics in Medicine 27, 2008), so it says how sure the figure is for these very tasks.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path
from statistics import median
from textwrap import shorten
from typing import Any

from ..metrics.summary import Figure, wilson
from .base import Subset
from .results import Header, Result
from .results_file import read_suite_results

_LONGEST = 200


@dataclass(slots=True)
class TaskScore:
    """How one task went.

    Attributes:
        task: Its name.
        trials: How many were run.
        won: How many of them were successes.
        steps: Of the model, over all trials.
        rewards: Their sum; trials without one count as 0.
        rewarded: How many trials had one.
        stops: Why the runs ended, and how many.
        step_s: What each reply took, in seconds.
    """

    task: str
    trials: int = 0
    won: int = 0
    steps: int = 0
    rewards: float = 0.0
    rewarded: int = 0
    stops: Counter[str] = field(default_factory=Counter)
    step_s: list[float] = field(default_factory=list)

    @property
    def success(self) -> Figure:
        """The share that was won. At least one trial."""
        low, high = wilson(self.won, self.trials)
        return Figure(self.task, self.won / self.trials, low, high, self.trials)

    @property
    def reward(self) -> float | None:
        """Mean over its trials; None where no trial had one."""
        return self.rewards / self.trials if self.rewarded else None

    @property
    def mean_steps(self) -> float:
        """Mean over its trials."""
        return self.steps / self.trials

    @property
    def median_step_s(self) -> float | None:
        """From screenshot to reply, in seconds; None where no reply was timed."""
        return median_step_s((self,))


@dataclass(frozen=True, slots=True)
class Failed:
    """A trial that was lost.

    Attributes:
        task: Of which task.
        seed: Its seed.
        goal: What was asked.
        stop: Why the run ended.
        why: In words: of the suite, or of what broke it off.
        steps: Of the model.
        episode: Folder of the recording, relative to the results' own; None: it was not kept.
    """

    task: str
    seed: int
    goal: str
    stop: str
    why: str
    steps: int
    episode: str | None


@dataclass(frozen=True, slots=True)
class SubsetScore:
    """How the tasks of a subset went.

    Attributes:
        subset: Which.
        run: How many of its tasks have trials.
        figure: Mean over its tasks; None where not all of them were run.
    """

    subset: Subset
    run: int
    figure: Figure | None


@dataclass(slots=True)
class SuiteScored:
    """Results with their figures.

    Attributes:
        path: The file.
        header: Its first line.
        tasks: By name; those that were run at least once.
        failed: The first that were lost, a few of each task.
        lost: How many were lost.
        subsets: Those of which any task was run.
        seconds: That all trials took together.
    """

    path: Path
    header: Header
    tasks: dict[str, TaskScore] = field(default_factory=dict)
    failed: list[Failed] = field(default_factory=list)
    lost: int = 0
    subsets: tuple[SubsetScore, ...] = ()
    seconds: float = 0.0

    @property
    def trials(self) -> int:
        """How many were run."""
        return sum(one.trials for one in self.tasks.values())

    @property
    def count(self) -> int:
        """How many there are to run."""
        return len(self.header.tasks) * self.header.episodes

    @property
    def complete(self) -> bool:
        """Whether all were run."""
        return self.trials == self.count

    @property
    def over_tasks(self) -> Figure | None:
        """Mean over tasks; None where nothing was run."""
        return mean_over_tasks("mean over tasks", [*self.tasks.values()])

    @property
    def over_trials(self) -> Figure | None:
        """Share of all trials; None where nothing was run."""
        if not self.trials:
            return None
        won = sum(one.won for one in self.tasks.values())
        low, high = wilson(won, self.trials)
        return Figure("mean over trials", won / self.trials, low, high, self.trials)

    @property
    def reward(self) -> float | None:
        """Mean over tasks; trials without one count as 0. None where no trial had one."""
        found = [one.reward for one in self.tasks.values() if one.reward is not None]
        return sum(found) / len(self.tasks) if found else None

    @property
    def mean_steps(self) -> float:
        """Mean over trials; 0 where nothing was run."""
        return sum(one.steps for one in self.tasks.values()) / max(1, self.trials)

    @property
    def median_step_s(self) -> float | None:
        """Over all replies, in seconds; None where none was timed."""
        return median_step_s(self.tasks.values())

    @property
    def stops(self) -> dict[str, int]:
        """Why the runs ended, and how many."""
        found: Counter[str] = Counter()
        for one in self.tasks.values():
            found.update(one.stops)
        return dict(found.most_common())


SubsetsOf = Callable[[str], Sequence[Subset]]
"""Gives the subsets of a suite by its name."""


def score_suite(path: Path, subsets: SubsetsOf, *, failures: int = 10) -> SuiteScored:
    """Score a results file. Blocks; nothing is run, and memory holds a row a task.

    Args:
        path: The file.
        subsets: Of the suite.
        failures: How many of the lost trials are kept, those of different tasks first.

    Raises:
        BadUsage: It cannot be read, or is damaged.
    """
    header, results = read_suite_results(path)
    scored = SuiteScored(path, header)
    lost: dict[str, list[Failed]] = {}
    for result in results:
        _add(scored, result)
        if not result.success and len(lost.setdefault(result.task, [])) < failures:
            lost[result.task].append(_failed(result))
    scored.tasks = dict(sorted(scored.tasks.items()))
    turns = [[*of_task] for _, of_task in sorted(lost.items())]
    while len(scored.failed) < failures and any(turns):
        scored.failed += [of_task.pop(0) for of_task in turns if of_task]
    scored.failed = sorted(scored.failed[:failures], key=lambda one: (one.task, one.seed))
    scored.subsets = tuple(_subsets(scored.tasks, subsets(header.suite)))
    return scored


def _add(scored: SuiteScored, result: Result) -> None:
    score = scored.tasks.setdefault(result.task, TaskScore(result.task))
    score.trials += 1
    score.won += result.success
    score.steps += result.steps
    score.stops[result.stop.value] += 1
    score.step_s += result.step_seconds
    if result.reward is not None:
        score.rewards += result.reward
        score.rewarded += 1
    scored.lost += not result.success
    scored.seconds += result.seconds.get("all", 0.0)


def _failed(result: Result) -> Failed:
    # What broke a run off, or why an oracle gave up, says more than the suite's verdict.
    why = result.detail or result.reason
    return Failed(
        result.task,
        result.seed,
        shorten(result.goal, _LONGEST, placeholder="…"),
        result.stop.value,
        shorten(why, _LONGEST, placeholder="…"),
        result.steps,
        result.episode,
    )


def _subsets(tasks: Mapping[str, TaskScore], known: Sequence[Subset]) -> list[SubsetScore]:
    found = []
    for subset in known:
        run = [tasks[name] for name in subset.tasks if name in tasks]
        if run:
            whole = len(run) == len(subset.tasks)
            figure = mean_over_tasks(subset.name, run) if whole else None
            found.append(SubsetScore(subset, len(run), figure))
    return found


def mean_over_tasks(name: str, tasks: Sequence[TaskScore]) -> Figure | None:
    """Give the mean of the tasks' success with its 95 % interval; None of no task.

    Args:
        name: Of the figure.
        tasks: Each with at least one trial.
    """
    if not tasks:
        return None
    figures = [task.success for task in tasks]
    mean = sum(figure.value for figure in figures) / len(figures)
    below = sqrt(sum((figure.value - figure.low) ** 2 for figure in figures)) / len(figures)
    above = sqrt(sum((figure.high - figure.value) ** 2 for figure in figures)) / len(figures)
    return Figure(name, mean, max(0.0, mean - below), min(1.0, mean + above), len(figures))


def median_step_s(tasks: Iterable[TaskScore]) -> float | None:
    """Give the median over the replies of all trials of tasks, in seconds; None: none was timed."""
    times = [seconds for task in tasks for seconds in task.step_s]
    return median(times) if times else None


def suite_json(scored: SuiteScored) -> dict[str, Any]:
    """Give everything as plain data, for scripts."""
    header = scored.header
    return {
        "type": "suite",
        "results": str(scored.path),
        **header.model_dump(mode="json", exclude={"kind", "format", "tasks", "command"}),
        "trials": scored.trials,
        "count": scored.count,
        "complete": scored.complete,
        "lost": scored.lost,
        "figures": [
            plain_figure(f) for f in (scored.over_tasks, scored.over_trials) if f is not None
        ],
        "reward": scored.reward,
        "mean_steps": scored.mean_steps,
        "median_step_s": scored.median_step_s,
        "seconds": round(scored.seconds, 2),
        "stops": scored.stops,
        "tasks": {
            name: {
                **plain_figure(score.success),
                "won": score.won,
                "reward": score.reward,
                "mean_steps": score.mean_steps,
                "median_step_s": score.median_step_s,
                "stops": dict(score.stops.most_common()),
            }
            for name, score in scored.tasks.items()
        },
        "subsets": [
            {
                "name": one.subset.name,
                "source": one.subset.source,
                "tasks": len(one.subset.tasks),
                "run": one.run,
                "figure": None if one.figure is None else plain_figure(one.figure),
            }
            for one in scored.subsets
        ],
        "failures": [
            {
                "task": one.task,
                "seed": one.seed,
                "goal": one.goal,
                "stop": one.stop,
                "why": one.why,
                "steps": one.steps,
                "episode": one.episode,
            }
            for one in scored.failed
        ],
        "reproduce": header.command,
    }


def plain_figure(figure: Figure) -> dict[str, Any]:
    """Give a figure as plain data."""
    return {
        "name": figure.name,
        "value": figure.value,
        "low": figure.low,
        "high": figure.high,
        "count": figure.count,
    }
