"""What of a suite is run, and how."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ..task import Limits

Keep = Literal["all", "failures", "successes", "none"]
"""Which recordings stay."""

_STEPS_A_REPLY = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run, and how.

    Attributes:
        tasks: Names.
        dialect: How the model is spoken to.
        excluded: Names of tasks that are not run, each with the reason.
        episodes: Trials a task.
        seed: Of the first trial of each.
        jobs: How many stages at a time.
        replies: Most replies in a trial.
        seconds: Longest that a trial may take.
        constrain: Whether a model that decodes here can say nothing but valid actions.
        keep: Which recordings stay.
        episodes_in: Folder for the recordings; None: none are made.
        settings: Whatever else changes a result, for the record.
        command: What to type to get the same.
    """

    tasks: tuple[str, ...]
    dialect: str
    excluded: dict[str, str] = field(default_factory=dict)
    episodes: int = 10
    seed: int = 0
    jobs: int = 1
    replies: int = 30
    seconds: float = 600.0
    constrain: bool = True
    keep: Keep = "none"
    episodes_in: Path | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    command: str = ""

    def __post_init__(self) -> None:
        """Check it.

        Raises:
            ValueError: It asks for nothing, or for recordings in no folder.
        """
        if not self.tasks:
            raise ValueError("a suite is run on at least one task")
        for name in ("episodes", "jobs", "replies", "seconds"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive, not {getattr(self, name)}")
        if self.keep != "none" and self.episodes_in is None:
            raise ValueError("recordings that are kept need a folder")

    @property
    def count(self) -> int:
        """How many trials there are."""
        return len(self.tasks) * self.episodes

    @property
    def limits(self) -> Limits:
        """Of each trial. Being stuck changes nothing: a benchmark asks every trial alike."""
        return Limits(
            steps=self.replies * _STEPS_A_REPLY + 10,
            replies=self.replies,
            seconds=self.seconds,
            reply_seconds=self.seconds,
            action_seconds=min(60.0, self.seconds),
            stuck=False,
        )
