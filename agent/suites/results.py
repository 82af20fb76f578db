"""The results of a suite: one append-only file, a line a trial, in whatever order they end.

The first line says what was run and how (``Header``). A line is durable before it is counted, so a
killed evaluation goes on with the trials that have none. Scores follow from the lines alone.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ...envs.records import StopReason

FORMAT = 1
"""Version of the file. Readers refuse a newer one."""


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Header(_Line):
    """What was run. The first line."""

    kind: Literal["suite"] = "suite"
    format: int = FORMAT
    started: str
    """Local time with offset, ISO 8601."""
    suite: str
    digest: str
    """Of all that decides what a trial is, SHA-256 in hex."""
    tasks: tuple[str, ...]
    """Those that are run, sorted."""
    excluded: dict[str, str] = {}
    """What is published with the suite and was not run, each with the reason."""
    episodes: int
    """Trials a task."""
    seed: int
    """Of the first trial of each task."""
    player: dict[str, str]
    """``name`` and ``fingerprint``."""
    dialect: str
    settings: dict[str, Any]
    """All else that changes a result: most steps, where it runs, scale, time limit, dtype, ..."""
    versions: dict[str, str]
    command: str
    """What to type to get the same, with shell quotes."""


class Result(_Line):
    """How one trial went."""

    kind: Literal["trial"] = "trial"
    task: str
    seed: int
    goal: str
    success: bool
    reward: float | None = None
    """As the suite gives it; None where the task did not come to its own end, or gave NaN."""
    raw_reward: float | None = None
    """Without what the suite takes off for time."""
    ended: bool = False
    """Whether the task came to its own end."""
    reason: str = ""
    """In the suite's words."""
    steps: int
    stop: StopReason
    """Why the run ended."""
    detail: str = ""
    """Of the run's end: the error that broke it off."""
    episode: str | None = None
    """Folder of the recording, relative to the results' own folder; None: it was not kept."""
    seconds: dict[str, float] = Field(default={})
    """``all``, ``think``, ``act``."""
    step_seconds: tuple[float, ...] = ()
    """From screenshot to reply, of each reply; of a checkpoint, without the wait for its turn where
    it plays several trials at a time."""
