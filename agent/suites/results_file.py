"""The results of a suite on disk: gone on with after a kill, and read again line by line."""

import json
from collections.abc import Iterator
from pathlib import Path

from ..line_file import (
    LineFile,
    LinesBroken,
    WholeLines,
    reading,
    require_same,
    results_of,
    to_line,
)
from .base import Trial
from .results import FORMAT, Header, Result

_NEW = {"started", "command"}
"""What may differ in a header when a suite is gone on with: nothing of it changes a result. The
file keeps what it began with."""


class SuiteFile(LineFile):
    """One suite's file, held open for writing. While it is, nobody else can write to it.

    Args:
        path: It need not be there; its folder is made.

    Attributes:
        path: The file.
        header: What it began with; None where it is new.
        done: The trials that it holds.

    Raises:
        LinesBroken: It is no file of a suite's results, or damaged. A line that a kill cut short is
            no damage.
        BadUsage: Another process writes to it, or it cannot be written to.
    """

    def __init__(self, path: Path) -> None:
        self.header: Header | None = None
        self.done: set[Trial] = set()
        super().__init__(path)
        try:
            with self.held() as lines:
                self.header = _header(path, lines)
                for result in _results(path, lines, self.header):
                    self.done.add(Trial(result.task, result.seed))
        except BaseException:
            self.close()
            raise

    def begin(self, header: Header) -> None:
        """Write the header of a new file, or check that of an old one. Blocks.

        Raises:
            ResultsDiffer: The file is of something else; says what differs.
            BadUsage: It cannot be written to.
        """
        if self.header is None:
            self.append(to_line(header))
            self.header = header
            return
        require_same(self.path, self.header, header, _NEW, "other trials")

    def add(self, result: Result) -> None:
        """Write a result, durably. Blocks, about a millisecond. One call at a time.

        Raises:
            BadUsage: It cannot be written, as on a full disk; what was there before is whole.
        """
        trial = Trial(result.task, result.seed)
        if trial in self.done:
            raise ValueError(f"{self.path} holds a result of {trial}")
        self.append(to_line(result))
        self.done.add(trial)


def read_suite_results(path: Path) -> tuple[Header, Iterator[Result]]:
    """Read the results of a suite that was run, was interrupted or is under way.

    Args:
        path: The file.

    Returns:
        Its header, and its results one by one in the order in which they ended. Half a line at the
        end is left out.

    Raises:
        LinesBroken: It is no such file, or damaged; also while the results are read.
        BadUsage: It cannot be read.
    """
    return results_of(path, _header, _results)


def is_suite_file(path: Path) -> bool:
    """Whether a file says that it holds a suite's results.

    Raises:
        BadUsage: It cannot be read.
    """
    with reading(path) as lines:
        line = next(iter(lines), lines.half)
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return line.startswith(b'{"kind":"suite"')
    return isinstance(data, dict) and data.get("kind") == "suite"


def _header(path: Path, lines: WholeLines) -> Header | None:
    """Read the first line; None where a kill left nothing, or half of it."""
    line = lines.first(path, kind="suite", newest=FORMAT, writer="eyehand eval")
    return None if line is None else lines.parsed(path, line, Header)


def _results(path: Path, lines: WholeLines, header: Header | None) -> Iterator[Result]:
    seen: set[Trial] = set()
    counts: dict[str, int] = {}
    for line in lines:
        result = lines.parsed(path, line, Result)
        trial, where = Trial(result.task, result.seed), f"{path}:{lines.number}"
        if trial in seen:
            raise LinesBroken(f"{where}: {trial} stands there before")
        seen.add(trial)
        counts[trial.task] = counts.get(trial.task, 0) + 1
        if header is not None and trial.task not in header.tasks:
            raise LinesBroken(f"{where}: its header names no task {trial.task}")
        if header is not None and counts[trial.task] > header.episodes:
            raise LinesBroken(
                f"{where}: more than the {header.episodes} trials of {trial.task} of its header"
            )
        yield result
