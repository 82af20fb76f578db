"""Where the phone's shell runs, and what keeps it away from this machine."""

import asyncio
import contextlib
import logging
import os
import shutil
import socket
import sys
from collections.abc import Awaitable, Callable
from itertools import product
from pathlib import Path
from typing import Any, cast

from ...errors import BackendMissing
from .console import Console
from .files import Files
from .furnish import INTERPRETERS, PROBE, Home, furnish
from .pipes import Pipes
from .programs.call import Read, Write

_log = logging.getLogger(__name__)

RunProgram = Callable[[tuple[str, ...], str, Read, Write, Write], Awaitable[int]]

KINDS = ("namespace", "chroot", "restricted")
"""What may shut the shell in, the best first."""

_START_S = 20.0
_LONGEST_ARGV = 4 * 1024 * 1024


class _Probe:
    """A console that keeps what it is told."""

    merged = True

    def __init__(self) -> None:
        self.output = bytearray()
        self.on_resize: Callable[[int, int], None] = lambda rows, columns: None

    async def read(self) -> bytes:
        """Nothing."""
        return b""

    async def write(self, data: bytes | bytearray) -> None:
        """Keep it."""
        self.output += data

    async def write_error(self, data: bytes | bytearray) -> None:
        """Keep it."""
        self.output += data

    async def finish(self, code: int) -> None:
        """Nobody asks."""

    async def gone(self) -> None:
        """Never."""
        await asyncio.Event().wait()


class LineTooLong(ValueError):
    """A command line is longer than a system call takes."""


class Jail:
    """Runs mksh on the phone's own folders.

    Attributes:
        kind: ``namespace`` or ``chroot``: the shell sees nothing but the phone's folders.
            ``restricted``: this machine allows neither, so mksh runs with ``-r``: it runs only
            the phone's programs and writes no file, redirections to ``/dev/null`` included. It
            could read files, but only whoever holds the user's key can ask it to. Empty before
            ``start``.
        longest: The longest command line, in bytes.
    """

    # Linux' MAX_ARG_STRLEN, which phones have too: the line is one argument of the shell.
    longest = 128 * 1024

    def __init__(self, files: Files) -> None:
        self.kind = ""
        self._files = files
        self._kinds = KINDS
        self._interpreters = INTERPRETERS
        self._program: RunProgram | None = None
        self._server: asyncio.Server | None = None
        self._launcher: asyncio.subprocess.Process | None = None
        self._orders: socket.socket | None = None
        self._listener: asyncio.Task[None] | None = None
        self._exits: dict[int, asyncio.Future[int]] = {}
        self._last = 0
        self._prelude = b""
        self._calls: set[asyncio.Task[None]] = set()

    async def start(self, program: RunProgram) -> None:
        """Get ready to run lines.

        Args:
            program: Runs one of the phone's programs: argv, folder, read, write, write errors.

        Raises:
            BackendMissing: mksh is not installed.
        """
        shell = shutil.which("mksh")
        if shell is None:
            raise BackendMissing(
                "the practice phone runs command lines in mksh, Android's shell, which is not "
                "installed. Debian and Ubuntu: apt-get install mksh"
            )
        self._program = program
        address = self._files.root / "dev/socket/phone"
        # Kept before it begins to serve: a start that is cancelled must leave nothing open.
        self._server = await asyncio.start_unix_server(self._called, address, start_serving=False)
        address.chmod(0o666)
        await self._server.start_serving()
        reason: str | None = "there is nothing to try"
        for kind, interpreter in product(self._kinds, self._interpreters):
            reason = await self._try(kind, interpreter, shell)
            if reason is None:
                self.kind = kind
                self._files.seal()
                return
            _log.warning("no shell in a %s with programs in %s: %s", kind, interpreter, reason)
        raise BackendMissing(f"the practice phone's shell does not start: {reason}")

    async def _try(self, kind: str, interpreter: str, shell: str) -> str | None:
        """Start the launcher; returns why that did not work."""
        try:
            home = await _to_its_end(furnish, self._files, kind, interpreter, shell)
        except (OSError, ValueError) as error:
            return f"its folder could not be filled: {error}"
        self._prelude = home.prelude
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        self._orders = ours
        with theirs:
            self._launcher = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-I", "-S", str(Path(__file__).with_name("launch.py")), str(theirs.fileno())),
                *(kind, str(self._files.root), str(len(home.env)), *home.env, *home.shell),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        try:
            async with asyncio.timeout(_START_S):
                loop = asyncio.get_running_loop()
                answer = (await loop.sock_recv(ours, 4096)).decode() or "failed without a word"
                if not answer.startswith("ready"):
                    await self._stop_launcher()
                    return answer
                self._listener = asyncio.create_task(self._listen(ours))
                # The proof: a program of the phone, run by this shell.
                code, output = await self._probe()
        except TimeoutError:
            code, output = -1, b"no answer in time"
        if code == 0 and output == b"practice\n":
            return None
        await self._stop_launcher()
        return f"its first command said {output!r}"

    async def _probe(self) -> tuple[int, bytes]:
        console = _Probe()
        code = await self.run(console, PROBE.encode(), terminal=False)
        return code, bytes(console.output)

    async def close(self) -> None:
        """End everything in it. Closing twice is harmless."""
        await self._stop_launcher()
        if self._server is not None:
            self._server.close()
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)

    async def _stop_launcher(self) -> None:
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
        if self._orders is not None:
            self._orders.close()
        if self._launcher is not None:
            try:
                async with asyncio.timeout(5):
                    await self._launcher.wait()
            except TimeoutError:
                self._launcher.kill()
                await self._launcher.wait()
        for ended in self._exits.values():
            if not ended.done():
                ended.set_result(129)
        self._listener = self._orders = self._launcher = None

    async def _listen(self, orders: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while data := await loop.sock_recv(orders, 4096):
            _, number, code = data.split()
            ended = self._exits.pop(int(number), None)
            if ended is not None and not ended.done():
                ended.set_result(int(code))

    async def run(self, console: Console, line: bytes, *, terminal: bool) -> int:
        """Run a line in a shell of its own.

        Args:
            console: What it reads and writes.
            line: The line; empty: the shell reads lines from the console.
            terminal: Whether it gets a terminal.

        Returns:
            Its exit status.

        Raises:
            LineTooLong: No shell could be given this line.
        """
        if len(line) >= self.longest:
            raise LineTooLong("exec '/system/bin/sh' failed: Argument list too long")
        if self._orders is None:
            raise RuntimeError("the phone's shell is used before start or after close")
        pipes = Pipes.terminal(console) if terminal else Pipes.plain(merged=console.merged)
        self._last += 1
        number = self._last
        ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._exits[number] = ended
        try:
            order = f"run {number} {int(terminal)}".encode() + b"\0"
            order += self._prelude + line if line else b""
            await self._order(order, pipes.theirs)
            pipes.handed_over()
            await pipes.carry(console)
            return await ended
        finally:
            self._exits.pop(number, None)
            pipes.close()
            if not ended.done():
                with contextlib.suppress(OSError):
                    await self._order(f"kill {number}".encode(), ())

    async def _order(self, data: bytes, files: tuple[int, ...]) -> None:
        orders = self._orders
        while orders is not None:
            try:
                socket.send_fds(orders, [data], files)
                return
            except BlockingIOError:
                await asyncio.sleep(0.01)

    async def _called(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A program of the phone was started by a shell."""
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._calls.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._answer(reader, writer)
        except asyncio.CancelledError:
            pass  # the task belongs to the server's callback, which would report it
        finally:
            self._calls.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = int.from_bytes(await reader.readexactly(4), "little")
        if length > _LONGEST_ARGV or self._program is None:
            return
        folder, *argv = (
            os.fsdecode(word) for word in (await reader.readexactly(length)).split(b"\0")
        )
        root = str(self._files.root)
        cwd = folder.removeprefix(root) or "/"

        async def send(kind: bytes, data: bytes | bytearray) -> None:
            writer.write(kind + len(data).to_bytes(4, "little"))
            writer.write(data)
            await writer.drain()

        async def read() -> bytes:
            writer.write(b"r")
            await writer.drain()
            size = int.from_bytes(await reader.readexactly(4), "little")
            return await reader.readexactly(size)

        if argv == [PROBE]:
            await send(b"o", b"practice\n")
            code = 0
        else:
            code = await self._program(
                tuple(argv),
                cwd,
                read,
                lambda data: send(b"o", data),
                lambda data: send(b"e", data),
            )
        await send(b"x", str(code).encode())


async def _to_its_end(work: Callable[..., Home], *args: Any) -> Home:
    """Do something in a thread; when cancelled, wait for the thread, which nothing can stop."""
    task = asyncio.create_task(asyncio.to_thread(work, *args))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.gather(task, return_exceptions=True)
        raise
