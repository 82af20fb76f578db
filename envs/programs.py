"""Programs that are started for a run, and end with everything they started."""

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .errors import DeviceNotFound

_TERM_S = 2.0
"""How long what was started may take to end when asked to; then it is killed."""
_AT_ONCE_S = 0.25
"""A program that fails within this time is said to have failed to start."""
_POLL_S = 0.01
_TAIL_BYTES = 600


@dataclass(slots=True)
class Program:
    """Something started, with what it printed."""

    name: str
    process: asyncio.subprocess.Process
    log: IO[bytes]

    def tail(self) -> str:
        """The end of what it printed."""
        # Read in place: the program writes where the offset, which both share, points.
        end = os.fstat(self.log.fileno()).st_size
        said = os.pread(self.log.fileno(), _TAIL_BYTES, max(0, end - _TAIL_BYTES))
        return said.decode("utf-8", "replace").strip()

    def ended(self) -> str | None:
        """How it ended badly, in words; None if it runs or ended well."""
        code = self.process.returncode
        if not code:
            return None
        said = self.tail()
        return f"{self.name} ended with code {code}" + (f" and said: {said}" if said else "")

    async def require_running(self) -> None:
        """Wait a moment, and see whether it still runs or has ended well.

        Raises:
            DeviceNotFound: It failed at once; the message holds the end of what it printed.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_AT_ONCE_S):
                await self.process.wait()
        if failure := self.ended():
            raise DeviceNotFound(failure)

    def signal_group(self, number: signal.Signals) -> None:
        """Signal it and all its children that did not leave its group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)

    def group_lives(self) -> bool:
        """Whether any process of its group is left; one that waits to be reaped is none."""
        if self.process.returncode is None:
            return True
        try:
            os.killpg(self.process.pid, 0)
        except (ProcessLookupError, PermissionError):
            return False
        return True


async def start_program(
    argv: Sequence[str],
    environment: Mapping[str, str],
    cwd: Path | str | None,
    *,
    keep: tuple[int, ...] = (),
) -> Program:
    """Start a program in a process group of its own.

    Args:
        argv: The program and its arguments; no shell reads them.
        environment: All of it.
        cwd: The folder to start it in.
        keep: File descriptors that it gets.

    Raises:
        DeviceNotFound: It cannot be started.
    """
    if not argv:
        raise DeviceNotFound("there is no program to start: the list of words is empty")
    words = [str(word) for word in argv]
    # A relative path is meant from the folder that the program is started in.
    where = os.path.join(cwd or "", words[0]) if os.sep in words[0] else words[0]
    if shutil.which(where) is None:
        raise DeviceNotFound(f"{words[0]} cannot be started: there is no such program")
    # The kernel ends it with us, also when we are killed and can clean nothing up.
    bond = ["setpriv", "--pdeathsig", "TERM", "--"] if shutil.which("setpriv") else []
    log = tempfile.TemporaryFile(prefix="eyehand-log-")  # noqa: SIM115 - lives with the program
    try:
        process = await asyncio.create_subprocess_exec(
            *bond,
            *words,
            cwd=cwd,
            env=dict(environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            pass_fds=keep,
        )
    except OSError as error:
        log.close()
        raise DeviceNotFound(f"{words[0]} cannot be started: {error.strerror}") from error
    return Program(words[0], process, log)


async def end_programs(programs: Sequence[Program]) -> None:
    """End programs and all that they started: asked first, killed after two seconds."""
    for number, patience_s in ((signal.SIGTERM, _TERM_S), (signal.SIGKILL, 0.5)):
        alive = [program for program in programs if program.group_lives()]
        for program in alive:
            program.signal_group(number)
        end = time.monotonic() + patience_s
        while alive and time.monotonic() < end:
            await asyncio.sleep(_POLL_S)
            alive = [program for program in alive if program.group_lives()]
    for program in programs:
        program.log.close()
