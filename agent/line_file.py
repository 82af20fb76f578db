"""Append-only files of JSON lines: one writer, each line durable, gone on with after a kill.

The first line says what the file is of. What a kill leaves is a prefix, perhaps with half a line at
its end, which is dropped when the file is gone on with.
"""

import contextlib
import io
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ValidationError

from ..envs.errors import EpisodeInUse
from ..envs.file_lock import lock_file
from .errors import BadUsage

M = TypeVar("M", bound=BaseModel)
H = TypeVar("H")
R = TypeVar("R")


class LinesBroken(BadUsage):
    """A file of lines is damaged, of a newer version, or something else; says which line."""


class ResultsDiffer(BadUsage):
    """A file belongs to another evaluation. Nothing was written."""


class WholeLines:
    """The whole lines of a file, from where it stands; with them, how many they are.

    Args:
        file: Open for reading.
        after: Others of the same file, that were read before.

    Attributes:
        bytes: Of the file, up to the end of the last line that was given.
        number: Of that line, from 1.
        half: What stands after the last whole line.
    """

    def __init__(self, file: io.BufferedReader, after: "WholeLines | None" = None) -> None:
        self._file = file
        self.bytes: int = after.bytes if after else 0
        self.number: int = after.number if after else 0
        self.half = b""

    def __iter__(self) -> Iterator[bytes]:
        """Give those that are left."""
        for line in self._file:
            if not line.endswith(b"\n"):
                self.half = line
                return
            self.bytes += len(line)
            self.number += 1
            yield line

    def first(self, path: Path, *, kind: str, newest: int, writer: str) -> bytes | None:
        """Read the first line.

        Args:
            path: The file, for messages.
            kind: What its field ``kind`` must be; ``kind`` is the first field of a header.
            newest: The newest ``format`` that can be read.
            writer: The command that writes such files, for messages.

        Returns:
            The line; None where a kill left nothing, or half of it.

        Raises:
            LinesBroken: It is no header of that kind, or a newer one.
        """
        line = next(iter(self), None)
        if line is None:
            begins = f'{{"kind":"{kind}"'.encode()
            if self.half[: len(begins)] == begins[: len(self.half)]:
                return None
            line = self.half
        none = f"{path} is no file of {kind} as `{writer}` writes it"
        try:
            data = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise LinesBroken(f"{none}: its first line is no JSON ({error})") from error
        found = data.get("kind") if isinstance(data, dict) else None
        if found != kind:
            raise LinesBroken(
                f"{none}: its first line must say so"
                + (f", and says {found}" if isinstance(found, str) else "")
            )
        version = data.get("format", newest)
        if isinstance(version, int) and version > newest:
            raise LinesBroken(
                f"{path} is of format {version}, and this eyehand reads up to {newest}: upgrade it"
            )
        return line

    def parsed(self, path: Path, line: bytes, kind: type[M]) -> M:
        """Read the line that was given last.

        Raises:
            LinesBroken: It is none of that kind; names it.
        """
        try:
            return kind.model_validate_json(line)
        except ValidationError as error:
            item = error.errors(include_url=False)[0]
            where = ".".join(map(str, item["loc"]))
            what = f"{where}: {item['msg']}" if where else item["msg"]
            raise LinesBroken(f"{path}:{self.number}: {what}") from error


class LineFile:
    """A file of lines, held open for writing. While it is, nobody else can write to it.

    Args:
        path: It need not be there; its folder is made.

    Raises:
        BadUsage: Another process writes to it, or it cannot be written to.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: int | None
            self._file, self._made = _opened(path)
        except OSError as error:
            raise BadUsage(f"cannot write {path}: {error.strerror or error}") from error
        try:
            self._hold(self._file)
        except BaseException:
            self.close()
            raise

    def _hold(self, file: int) -> None:
        """Keep others from it."""
        try:
            locked = lock_file(file)
        except EpisodeInUse:
            raise BadUsage(
                f"{self.path} is written to by a command that is alive: stop that one, or wait for "
                "its end"
            ) from None
        if not locked and os.fstat(file).st_size:
            raise BadUsage(
                f"{self.path} is on a file system without locks, so nobody can tell whether "
                "another command writes to it: copy it to a disk of this machine and go on there"
            )

    @contextlib.contextmanager
    def held(self) -> Iterator[WholeLines]:
        """Give the lines that it holds; all must be taken. Then half a line at its end is dropped.

        Raises:
            BadUsage: It cannot be read, or written to.
        """
        with reading(self.path) as lines:
            yield lines
        if lines.half and self._file is not None:
            with self._writing():
                os.ftruncate(self._file, lines.bytes)

    def append(self, line: bytes) -> None:
        """Write a line, durably. Blocks, about a millisecond.

        Args:
            line: With its line feed.

        Raises:
            BadUsage: It cannot be written, as on a full disk; what was there before is whole, and
                the file is closed.
        """
        if self._file is None:
            raise ValueError(f"{self.path} is closed")
        rest = memoryview(line)
        with self._writing():
            before = os.fstat(self._file).st_size
            try:
                while rest:
                    rest = rest[os.write(self._file, rest) :]
                os.fsync(self._file)
            except OSError:
                # Half a line must stay the last. If it cannot be cut off now, going on later does.
                with contextlib.suppress(OSError):
                    os.ftruncate(self._file, before)
                self.close()
                raise

    def close(self) -> None:
        """Let it go; made here and still empty, it is removed. Closing twice is harmless."""
        if self._file is not None:
            with contextlib.suppress(OSError):  # an empty file is no harm
                if self._made and not os.fstat(self._file).st_size:
                    self.path.unlink()
            os.close(self._file)
            self._file = None

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let it go."""
        self.close()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise BadUsage(
                f"cannot write {self.path}: {error.strerror or error}; what it holds is kept, and "
                "the same command goes on from there"
            ) from error


def _opened(path: Path) -> tuple[int, bool]:
    """Open a file for writing at its end, and say whether it was made by that."""
    how = os.O_RDWR | os.O_APPEND | os.O_CREAT
    try:
        return os.open(path, how | os.O_EXCL, 0o644), True
    except FileExistsError:
        return os.open(path, how, 0o644), False


@contextlib.contextmanager
def reading(path: Path, after: WholeLines | None = None) -> Iterator[WholeLines]:
    """Give the lines of a file, from its beginning or after those that were read before.

    Raises:
        BadUsage: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            file.seek(after.bytes if after else 0)
            yield WholeLines(file, after)
    except OSError as error:
        raise BadUsage(f"cannot read {path}: {error.strerror or error}") from error


def to_line(record: BaseModel) -> bytes:
    """Give a record that has a ``kind`` as its line, with its line feed; defaults are left out."""
    fields = record.model_dump(mode="json", exclude_defaults=True)
    data = {"kind": record.model_dump(include={"kind"})["kind"], **fields}
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace") + b"\n"


def results_of(
    path: Path,
    header_of: Callable[[Path, WholeLines], H | None],
    results: Callable[[Path, WholeLines, H], Iterator[R]],
) -> tuple[H, Iterator[R]]:
    """Read a file of results: its header at once, its results one by one as they are asked for.

    Raises:
        LinesBroken: It is empty, or damaged; also while the results are read.
        BadUsage: It cannot be read.
    """
    with reading(path) as first:
        header = header_of(path, first)
    if header is None:
        raise LinesBroken(f"{path} is empty: the evaluation ended before its first line")

    def rest() -> Iterator[R]:
        with reading(path, first) as lines:
            yield from results(path, lines, header)

    return header, rest()


def require_same(path: Path, there: BaseModel, now: BaseModel, apart: set[str], what: str) -> None:
    """Check that a file of results is gone on with as it was begun.

    Args:
        path: The file.
        there: Its header, which has a ``command``.
        now: What would be its header now.
        apart: Names of fields that may differ.
        what: What else it would hold, such as ``other trials``.

    Raises:
        ResultsDiffer: It is of something else; says what differs.
    """
    if not (different := differences(there, now, apart)):
        return
    name, old, new = different[0]
    more = f" (and {', '.join(n for n, *_ in different[1:])})" if different[1:] else ""
    command = there.model_dump(include={"command"})["command"]
    raise ResultsDiffer(
        f"{path} holds {what}: {name} is {old!r} there, and now it is {new!r}{more}. Give another "
        f"--out, or go on with what it began with:\n  {command}"
    )


def differences(there: BaseModel, now: BaseModel, apart: set[str]) -> list[tuple[str, Any, Any]]:
    """Give the fields in which two headers differ, with both values.

    Args:
        there: The older one.
        now: The newer one.
        apart: Names of fields that may differ.
    """
    old, new = (_flat(header.model_dump(mode="json", exclude=apart)) for header in (there, now))
    names = [*new, *(name for name in old if name not in new)]
    return [(n, old.get(n), new.get(n)) for n in names if old.get(n) != new.get(n)]


def _flat(data: Any, lead: str = "") -> dict[str, Any]:
    if isinstance(data, dict | list) and data:
        items = data.items() if isinstance(data, dict) else enumerate(data)
        dot = f"{lead}." if lead else ""
        return {n: v for name, value in items for n, v in _flat(value, f"{dot}{name}").items()}
    return {lead: data}
