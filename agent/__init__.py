"""The front door: an agent works a task in an env, with a model, and can be replayed."""

from . import conditions as _conditions  # noqa: F401 - they register themselves
from . import phone_conditions as _phone_conditions  # noqa: F401
from .checks import Look, Verdict, check
from .errors import TaskError
from .loop import Agent
from .places import AndroidSpec, DesktopSpec, PracticeSpec
from .replaying import RecordedModel, Replayed, replay
from .task import Limits, Task, TaskStep
from .taskfile import load_task

__all__ = [
    "Agent",
    "AndroidSpec",
    "DesktopSpec",
    "Limits",
    "Look",
    "PracticeSpec",
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
