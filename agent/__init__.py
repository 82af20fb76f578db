"""The front door: an agent works a task in an env, with a model, and can be replayed."""

from . import conditions as _conditions  # noqa: F401 - they register themselves
from .checks import Look, Verdict, check
from .errors import TaskError
from .loop import Agent
from .replaying import RecordedModel, Replayed, replay
from .task import DesktopSpec, Limits, Task, TaskStep
from .taskfile import load_task

__all__ = [
    "Agent",
    "DesktopSpec",
    "Limits",
    "Look",
    "RecordedModel",
    "Replayed",
    "Task",
    "TaskError",
    "TaskStep",
    "Verdict",
    "check",
    "load_task",
    "replay",
]
