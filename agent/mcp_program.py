"""A program that is an MCP server, spoken to through its standard input and output.

The SDK has a transport for this. Ours differs in two things: the program is ended at once, with
whatever it started, also where asyncio itself is ending and cancels every wait; and what the
program wrote to standard error is kept, to say why it died.
"""

import asyncio
import contextlib
import os
import shlex
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import anyio
import mcp_types as types
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client.stdio import get_default_environment
from mcp.shared.message import SessionMessage

from ..actions.errors import ToolError

GRACE_S = 2.0
"""How long a program may take to end by itself, and again after it was asked to."""

_LINGER_S = 0.5
"""How long after a program's end something that it started may still write for it."""
_LONGEST_MESSAGE = 64 * 1024 * 1024
"""In bytes. Pictures come as text in one line."""
_WAITING = 10_000
"""Most messages that wait to be read; a program that writes more floods us."""

Messages = MemoryObjectReceiveStream[SessionMessage | Exception]


class Program(asyncio.SubprocessProtocol):
    """A program, between ``async with program.running()``.

    Args:
        command: The program and its arguments; no shell is involved.
        environ: Variables beside the few that the SDK hands on (``HOME``, ``PATH`` and such):
            what else is in ours may be secret.
    """

    _incoming: MemoryObjectSendStream[SessionMessage | Exception]

    def __init__(
        self,
        command: Sequence[str],
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.name = shlex.join([Path(command[0]).name, *command[1:]])[:60]
        self._command = command
        self._environ = {**get_default_environment(), **(environ or {})}
        self._transport: asyncio.SubprocessTransport | None = None
        self._line = bytearray()
        self._words = bytearray()
        self._said: deque[str] = deque(maxlen=20)
        self._ended = asyncio.Event()
        self._fault = ""

    @asynccontextmanager
    async def running(
        self,
    ) -> AsyncIterator[tuple[Messages, anyio.abc.ObjectSendStream[SessionMessage]]]:
        """Start the program, give what it says and takes, and end it with all it started.

        Raises:
            ToolError: It cannot be started.
        """
        self._incoming, messages = anyio.create_memory_object_stream[SessionMessage | Exception](
            _WAITING
        )
        # Without bound: no call waits here, so that no cancelled one does.
        outgoing, to_write = anyio.create_memory_object_stream[SessionMessage](float("inf"))
        with self._incoming, messages, outgoing, to_write:
            transport = await self._start()
            stdin = cast("asyncio.WriteTransport", transport.get_pipe_transport(0))

            async def write() -> None:
                async for message in to_write:
                    text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
                    stdin.write(text.encode() + b"\n")

            writing = asyncio.ensure_future(write())
            try:
                yield messages, outgoing
            finally:
                writing.cancel()
                stdin.close()
                try:
                    await self._end(transport)
                finally:
                    transport.close()

    async def _start(self) -> asyncio.SubprocessTransport:
        try:
            transport, _ = await asyncio.get_running_loop().subprocess_exec(
                lambda: self,
                *self._command,
                env=self._environ,
                start_new_session=True,  # its group is its own: Ctrl-C is for us to hand on
            )
        except (OSError, ValueError) as error:
            raise ToolError(f"{self._command[0]!r} cannot be started: {error}") from error
        return transport

    def last_words(self) -> str:
        """Say how it ended, as far as is known, and what it last wrote to standard error."""
        transport = self._transport
        code = None if transport is None else transport.get_returncode()
        parts = [self._fault, "" if code is None else _how(code)]
        if self._said:
            parts.append("its last words: " + " | ".join([*self._said][-3:]))
        return "; ".join(filter(None, parts))

    async def ended(self, timeout_s: float = _LINGER_S) -> bool:
        """Wait for its end, and say whether it came."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._ended.wait()
        return self._ended.is_set()

    async def _end(self, transport: asyncio.SubprocessTransport) -> None:
        """Wait for its end, then ask for it, then force it."""
        try:
            if not await self.ended(GRACE_S):
                self._signal(transport, signal.SIGTERM)
                await self.ended(GRACE_S)
        finally:
            # Also where that was cancelled: nothing of its group is left.
            self._signal(transport, signal.SIGKILL)
            await self.ended(GRACE_S)

    def _signal(self, transport: asyncio.SubprocessTransport, number: signal.Signals) -> None:
        """Send a signal to the program and everything of its group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(transport.get_pid(), number)

    # What asyncio tells ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take note of the program's transport."""
        self._transport = cast("asyncio.SubprocessTransport", transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Take what the program wrote."""
        if fd == 2:
            self._words += data
            *lines, rest = self._words.split(b"\n")
            self._words = bytearray(rest[-1000:])
            for line in lines:
                self._hear(line)
            return
        self._line += data
        if b"\n" in data:
            *lines, rest = self._line.split(b"\n")
            self._line = bytearray(rest)
            for line in lines:
                self._take(line)
        if len(self._line) > _LONGEST_MESSAGE:
            self._give_up(f"it wrote a message of more than {_LONGEST_MESSAGE} bytes")

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """End the messages: it says no more, or takes no more."""
        if fd == 2:
            self._hear(self._words)
        else:
            self._incoming.close()

    def process_exited(self) -> None:
        """End the messages soon, though something that it started may hold its output open."""
        self._ended.set()
        asyncio.get_running_loop().call_later(_LINGER_S, self._incoming.close)

    def _take(self, line: bytes | bytearray) -> None:
        if not line.strip():
            return
        message: SessionMessage | Exception
        try:
            message = SessionMessage(
                types.jsonrpc_message_adapter.validate_json(line, by_name=False)
            )
        except ValueError as error:
            self._hear(b"(no message of the protocol) " + line[:200])
            message = error
        try:
            self._incoming.send_nowait(message)
        except anyio.WouldBlock:
            self._give_up(f"it wrote {_WAITING} messages faster than they can be read")
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            pass  # nobody listens any more: it is about to be ended

    def _hear(self, line: bytes | bytearray) -> None:
        """Pass on a line of standard error, without what a terminal would obey."""
        text = "".join(c if c.isprintable() else " " for c in line.decode("utf-8", "replace"))
        if text.strip():
            self._said.append(text.strip()[:300])
            print(f"{self.name}: {text.rstrip()}", file=sys.stderr, flush=True)

    def _give_up(self, why: str) -> None:
        self._fault = why
        self._incoming.close()
        if self._transport is not None:
            self._signal(self._transport, signal.SIGKILL)


def _how(code: int) -> str:
    if code >= 0:
        return f"it ended with exit code {code}"
    return f"it was ended by signal {-code}"
