"""Standard input, output and error of a shell, carried between it and the host."""

import asyncio
import contextlib
import fcntl
import os
import pty
import struct
import termios
from collections.abc import Awaitable, Callable

from .console import Console

_CHUNK = 256 * 1024
# How long the last output may take to arrive after a terminal's shell has ended, in seconds.
_LAST_S = 0.2


class Pipes:
    """Both ends of what a shell reads and writes.

    Attributes:
        theirs: The shell's three ends, for standard input, output and error.
    """

    def __init__(self, theirs: tuple[int, int, int], stdin: int, outputs: tuple[int, ...]) -> None:
        self.theirs = theirs
        self._stdin = stdin
        self._outputs = outputs
        self._open = {*theirs, stdin, *outputs}

    @classmethod
    def plain(cls, *, merged: bool) -> "Pipes":
        """Pipes.

        Args:
            merged: Standard error goes the way of standard output, so that order is kept.
        """
        stdin_read, stdin_write = os.pipe()
        out_read, out_write = os.pipe()
        if merged:
            return cls((stdin_read, out_write, out_write), stdin_write, (out_read,))
        error_read, error_write = os.pipe()
        return cls((stdin_read, out_write, error_write), stdin_write, (out_read, error_read))

    @classmethod
    def terminal(cls, console: Console) -> "Pipes":
        """A terminal, as wide and high as the host's window."""
        ours, theirs = pty.openpty()

        def resize(rows: int, columns: int) -> None:
            with contextlib.suppress(OSError):
                fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))

        console.on_resize = resize
        return cls((theirs, theirs, theirs), ours, (ours,))

    def handed_over(self) -> None:
        """Close the shell's ends here: its outputs then end when it does."""
        for file in set(self.theirs):
            self._close(file)

    def close(self) -> None:
        """Close what is open."""
        for file in list(self._open):
            self._close(file)

    def _close(self, file: int) -> None:
        if file in self._open:
            self._open.discard(file)
            os.close(file)

    async def carry(self, console: Console) -> None:
        """Carry bytes until the shell, and whatever it left running, has closed its outputs."""
        writes = (console.write, console.write_error)
        outward = [
            asyncio.create_task(self._outward(file, write))
            for file, write in zip(self._outputs, writes, strict=False)
        ]
        inward = asyncio.create_task(self._inward(console.read))
        try:
            await asyncio.gather(*outward)
        finally:
            for task in (inward, *outward):
                task.cancel()
            await asyncio.gather(inward, *outward, return_exceptions=True)

    async def _outward(self, file: int, write: Callable[[bytes], Awaitable[None]]) -> None:
        listening = True
        while data := await _read(file):
            if listening:
                try:
                    await write(data)
                except BrokenPipeError:
                    listening = False  # nobody hears it, but the command goes on

    async def _inward(self, read: Callable[[], Awaitable[bytes]]) -> None:
        while data := await read():
            view = memoryview(data)
            while view:
                try:
                    view = view[await _write(self._stdin, view) :]
                except OSError:
                    return  # nobody reads it any more
        if self._stdin not in self._outputs:
            self._close(self._stdin)
        else:
            # A terminal has no end of input of its own; Ctrl-D at the start of a line is one.
            with contextlib.suppress(OSError):
                await _write(self._stdin, memoryview(b"\x04"))


async def _ready(file: int, *, write: bool) -> None:
    """Wait until a file can be read or written without waiting."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    add, remove = (
        (loop.add_writer, loop.remove_writer) if write else (loop.add_reader, loop.remove_reader)
    )
    add(file, lambda: None if ready.done() else ready.set_result(None))
    try:
        await ready
    finally:
        remove(file)


async def _read(file: int) -> bytes:
    """The next bytes of a pipe or terminal; none at its end."""
    await _ready(file, write=False)
    try:
        return os.read(file, _CHUNK)
    except OSError:
        return b""  # a terminal whose shell is gone


async def _write(file: int, data: memoryview) -> int:
    """Write as much as there is room for; returns how much that was."""
    await _ready(file, write=True)
    # A pipe that is ready takes at least one page at once.
    return os.write(file, data[:4096])
