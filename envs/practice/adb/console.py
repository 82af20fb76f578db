"""What a command reads from and writes to: a stream, with or without the shell protocol.

The shell protocol (``shell,v2``) puts a byte and a length before each piece, so that standard
output, standard error and the exit status stay apart. Without it everything is one stream, and
the exit status is lost.

Source: AOSP, packages/modules/adb/shell_protocol.h.
"""

import asyncio
import struct
from collections.abc import Callable
from typing import Protocol

from .transport import Stream

_HEADER = struct.Struct("<BI")
_STDIN, _STDOUT, _STDERR, _EXIT, _CLOSE_STDIN, _WINDOW = range(6)
_LONGEST = 1024 * 1024
_PIECE = 256 * 1024 - _HEADER.size


class Console(Protocol):
    """Where a command reads and writes."""

    merged: bool
    on_resize: Callable[[int, int], None]

    async def read(self) -> bytes:
        """The next bytes of standard input; none at its end."""
        ...

    async def write(self, data: bytes | bytearray) -> None:
        """Write to standard output."""
        ...

    async def write_error(self, data: bytes | bytearray) -> None:
        """Write to standard error."""
        ...

    async def finish(self, code: int) -> None:
        """Tell the exit status, where it can be told."""
        ...

    async def gone(self) -> None:
        """Wait until the host has left."""
        ...


class PlainConsole:
    """A stream as it is: standard error is among the output, exit statuses are lost."""

    merged = True

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.on_resize: Callable[[int, int], None] = lambda rows, columns: None

    async def read(self) -> bytes:
        """The next bytes of standard input; none at its end."""
        return await self._stream.read()

    async def write(self, data: bytes | bytearray) -> None:
        """Write to standard output."""
        await self._stream.write(data)

    async def write_error(self, data: bytes | bytearray) -> None:
        """Write to standard error, which is the same stream."""
        await self._stream.write(data)

    async def finish(self, code: int) -> None:
        """Nothing: there is no way to tell it."""

    async def gone(self) -> None:
        """Wait until the host has left."""
        await self._stream.closed.wait()


class ShellConsole:
    """A stream of the shell protocol. ``pump`` must run for input to arrive."""

    merged = False

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._input: asyncio.Queue[bytes] = asyncio.Queue(maxsize=16)
        self._over = False
        self.on_resize: Callable[[int, int], None] = lambda rows, columns: None

    async def read(self) -> bytes:
        """The next bytes of standard input; none at its end."""
        if self._over:
            return b""
        data = await self._input.get()
        self._over = not data
        return data

    async def write(self, data: bytes | bytearray) -> None:
        """Write to standard output."""
        await self._send(_STDOUT, data)

    async def write_error(self, data: bytes | bytearray) -> None:
        """Write to standard error."""
        await self._send(_STDERR, data)

    async def finish(self, code: int) -> None:
        """Tell the exit status, 0 to 255."""
        await self._stream.write(_HEADER.pack(_EXIT, 1) + bytes([code & 0xFF]))

    async def gone(self) -> None:
        """Wait until the host has left."""
        await self._stream.closed.wait()

    async def _send(self, kind: int, data: bytes | bytearray) -> None:
        for at in range(0, len(data), _PIECE):
            piece = data[at : at + _PIECE]
            await self._stream.write(_HEADER.pack(kind, len(piece)) + piece)

    async def pump(self) -> None:
        """Sort what the host sends, until it has left or sends what makes no sense."""
        held = bytearray()
        while data := await self._stream.read():
            held += data
            while len(held) >= _HEADER.size:
                kind, length = _HEADER.unpack_from(held)
                if length > _LONGEST:
                    await self._stream.close()
                    break
                if len(held) < _HEADER.size + length:
                    break
                body = bytes(held[_HEADER.size : _HEADER.size + length])
                del held[: _HEADER.size + length]
                await self._take(kind, body)
        await self._input.put(b"")

    async def _take(self, kind: int, body: bytes) -> None:
        if kind == _STDIN and body:
            await self._input.put(body)
        elif kind == _CLOSE_STDIN:
            await self._input.put(b"")
        elif kind == _WINDOW:
            # "rows x columns , pixels x pixels", and a zero byte.
            words = body.rstrip(b"\0").split(b",")[0].split(b"x")
            if len(words) == 2 and all(word.isdigit() for word in words):
                rows, columns = (min(int(word), 0xFFFF) for word in words)
                self.on_resize(rows, columns)
