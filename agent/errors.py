"""What can be wrong with what a user hands to the agent.

::

    BadUsage             what a command was given cannot be used
      ResumeRefused        a run cannot be gone on with, or not with what is given
    TaskError            a task or its file; carries file and line where there are some
"""

from pathlib import Path


class BadUsage(Exception):
    """What a command was given cannot be used: an option, a name, a file."""


class ResumeRefused(BadUsage):
    """A recorded run cannot be gone on with, or not with what is given. Nothing was done."""


class TaskError(Exception):
    """A task cannot be understood.

    Attributes:
        path: The file; None for a task made in Python.
        line: Its line, from 1; None where the whole file is meant.
    """

    def __init__(self, message: str, *, path: Path | None = None, line: int | None = None) -> None:
        where = "" if path is None else f"{path}: " if line is None else f"{path}:{line}: "
        super().__init__(f"{where}{message}")
        self.path = path
        self.line = line
