"""What a suite is: tasks by name and seed, a place to run them, and who plays.

A ``Trial`` is one task with one seed. A ``Stage`` (a browser, a phone) runs trials one after
another; so many stages, so many at a time. A ``Player`` gives the model that decides in a trial: a
checkpoint, a baseline, or an oracle that may look behind the screen, and acts by points and keys
all the same. Each trial is an ordinary run of an ``Agent``, so it is recorded, replayed and
reported as any other.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from ...envs.base import Env
from ...model.base import Model
from ..task import Task


@dataclass(frozen=True, slots=True, order=True)
class Trial:
    """One task with one seed.

    Attributes:
        task: Its name in the suite, such as ``click-button``.
        seed: What is on the page or phone.
    """

    task: str
    seed: int

    def __str__(self) -> str:
        """Give its name for people and files, such as ``click-button.7``."""
        return f"{self.task}.{self.seed}"


@dataclass(frozen=True, slots=True)
class Judged:
    """What the suite itself says of a trial that was run.

    Attributes:
        success: By the suite's own rule.
        reward: As the suite gives it; None where it gives none, as before the task's own end, or
            none that is a number.
        raw_reward: Without what the suite takes off for time; None as above.
        ended: Whether the task came to its own end.
        reason: In the suite's words, where it has any.
    """

    success: bool
    reward: float | None = None
    raw_reward: float | None = None
    ended: bool = False
    reason: str = ""


class Stage(Protocol):
    """Where trials are run, one at a time."""

    async def begin(self, trial: Trial) -> tuple[Env, Task]:
        """Set the place up for a trial.

        Returns:
            The env for one run of an agent, which resets and closes it, and the task: its goal,
            then a check that asks what ``judged`` says, so that it is in the recording.

        Raises:
            EnvError: The place is broken; ``close`` it and open another.
            ValueError: The suite has no such trial.
        """
        ...

    async def judged(self) -> Judged:
        """Say how the trial that was begun last has gone. After its run."""
        ...

    async def close(self) -> None:
        """Give everything back. Twice is harmless."""
        ...


@dataclass(frozen=True, slots=True)
class Subset:
    """Some tasks of a suite that are reported together, as by a publication.

    Attributes:
        name: Such as ``seeclick-55``.
        tasks: Names.
        source: Who lists them, and where.
    """

    name: str
    tasks: tuple[str, ...]
    source: str


class Suite(Protocol):
    """A set of tasks."""

    @property
    def name(self) -> str:
        """As on the command line."""
        ...

    @property
    def digest(self) -> str:
        """Of all that decides what a trial is (pages, their version), SHA-256 in hex."""
        ...

    @property
    def tasks(self) -> Sequence[str]:
        """Names, sorted."""
        ...

    @property
    def excluded(self) -> Mapping[str, str]:
        """Names of what is published with it and is no task here, each with the reason."""
        ...

    @property
    def subsets(self) -> Sequence[Subset]:
        """Those that publications report."""
        ...

    @property
    def settings(self) -> Mapping[str, Any]:
        """All else that changes a result, such as where it runs, the scale, the time limit."""
        ...

    def seeds(self, task: str, first: int, count: int) -> Sequence[int]:
        """Give the seeds of a task's trials from one on; a suite may pass over unfit ones."""
        ...

    def stage(self) -> AbstractAsyncContextManager[Stage]:
        """Open a place of its own to run trials in."""
        ...


class Player(Protocol):
    """Who plays."""

    @property
    def name(self) -> str:
        """As on the command line, such as ``oracle`` or ``random:1``, or the model's name."""
        ...

    @property
    def fingerprint(self) -> str:
        """Content hash of what decides."""
        ...

    def plays(self, task: str) -> bool:
        """Say whether it can play a task at all; an oracle knows some."""
        ...

    def model(self, env: Env, task: Task, trial: Trial, dialect: str) -> Model:
        """Give who decides in one trial.

        Args:
            env: As ``begin`` gave it.
            task: As ``begin`` gave it.
            trial: Which.
            dialect: How it is to write its replies.
        """
        ...
