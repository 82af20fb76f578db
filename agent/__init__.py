"""The front door: an agent works a task in an env, with a model, and can be replayed."""

from . import conditions as _conditions  # noqa: F401 - they register themselves
from . import phone_conditions as _phone_conditions  # noqa: F401
from .checks import Look, Verdict, check
from .control import Control, State
from .errors import BadUsage, ResumeRefused, TaskError
from .events import Hooks
from .guard import Guard, Leave
from .loop import Agent
from .places import AndroidSpec, DesktopSpec, PracticeSpec
from .policy import Policy, load_policy
from .replaying import RecordedModel, Replayed, replay
from .resuming import ResumedAgent
from .secret_sources import parse_sources, read_secrets
from .secret_store import Secrets
from .task import Limits, Task, TaskStep
from .taskfile import load_task

__all__ = [
    "Agent",
    "AndroidSpec",
    "BadUsage",
    "Control",
    "DesktopSpec",
    "Guard",
    "Hooks",
    "Leave",
    "Limits",
    "Look",
    "Policy",
    "PracticeSpec",
    "RecordedModel",
    "Replayed",
    "ResumeRefused",
    "ResumedAgent",
    "Secrets",
    "State",
    "Task",
    "TaskError",
    "TaskStep",
    "Verdict",
    "check",
    "load_policy",
    "load_task",
    "parse_sources",
    "read_secrets",
    "replay",
]
