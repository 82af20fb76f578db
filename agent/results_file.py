"""The results of an evaluation on disk: gone on with after a kill, and read again line by line."""

from collections.abc import Iterator
from pathlib import Path

from .line_file import LineFile, LinesBroken, WholeLines, require_same, results_of, to_line
from .results import FORMAT, Header, Result

_NEW = {"started", "path", "command"}
"""What may differ in a header when an evaluation is gone on with: nothing of it changes an answer.
The file keeps what it began with."""


class ResultsFile(LineFile):
    """One evaluation's file, held open for writing. While it is, nobody else can write to it.

    Args:
        path: It need not be there; its folder is made.

    Attributes:
        header: What it began with; None where it is new.
        count: How many results it holds.
        tail: Those of the last episode that it holds, oldest first: an evaluation that goes on in
            the middle of one asks them again, so that the model is in the state that it was in.

    Raises:
        LinesBroken: It is no results file, or damaged. A line that a kill cut short is no damage.
        BadUsage: Another process writes to it, or it cannot be written to.
    """

    def __init__(self, path: Path) -> None:
        self.header: Header | None = None
        self.count = 0
        self.tail: list[Result] = []
        super().__init__(path)
        try:
            with self.held() as lines:
                self.header = _header(path, lines)
                for result in _results(path, lines, self.header):
                    if self.tail and self.tail[-1].episode != result.episode:
                        self.tail.clear()
                    self.tail.append(result)
                    self.count += 1
        except BaseException:
            self.close()
            raise

    def begin(self, header: Header) -> None:
        """Write the header of a new file, or check that of an old one. Blocks.

        Raises:
            ResultsDiffer: The file is of another evaluation; says what differs.
            BadUsage: It cannot be written to.
        """
        if self.header is None:
            self.append(to_line(header))
            self.header = header
            return
        require_same(self.path, self.header, header, _NEW, "another evaluation")

    def add(self, result: Result) -> None:
        """Write a result, durably. Blocks, about a millisecond.

        Raises:
            BadUsage: It cannot be written, as on a full disk; what was there before is whole.
        """
        if result.number != self.count:
            raise ValueError(f"result {self.count} is the next, not {result.number}")
        self.append(to_line(result))
        self.count += 1


def read_results(path: Path) -> tuple[Header, Iterator[Result]]:
    """Read a results file, of an evaluation that ended, was interrupted or is under way.

    Args:
        path: The file.

    Returns:
        Its header, and its results one by one as they are asked for: memory holds one of them.
        Half a line at the end is left out.

    Raises:
        LinesBroken: It is no results file, or damaged; also while the results are read.
        BadUsage: It cannot be read.
    """
    return results_of(path, _header, _results)


def _header(path: Path, lines: WholeLines) -> Header | None:
    """Read the first line; None where a kill left nothing, or half of it."""
    line = lines.first(path, kind="evaluation", newest=FORMAT, writer="eyehand eval")
    return None if line is None else lines.parsed(path, line, Header)


def _results(path: Path, lines: WholeLines, header: Header | None) -> Iterator[Result]:
    for count, line in enumerate(lines):
        result = lines.parsed(path, line, Result)
        if result.number != count:
            raise LinesBroken(
                f"{path}:{lines.number}: result {result.number} where {count} comes next: lines "
                "are missing, or are of two files"
            )
        if header is not None and count >= header.count:
            raise LinesBroken(f"{path}:{lines.number}: more than the {header.count} of its header")
        yield result
