"""What `eyehand mcp` serves through: standard input and output, or HTTP on this machine alone."""

import asyncio
import contextlib
import os
import queue
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, cast

import anyio
import uvicorn
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from ..envs.errors import BackendMissing

_CHUNK = 65_536
_LONGEST_MESSAGE = 16 * 1024 * 1024
_GRACE_S = 2.0


@contextmanager
def standard_streams() -> Iterator[tuple[int, int]]:
    """Take standard input and output for the protocol alone, and give them as descriptors.

    Meanwhile what is printed goes to standard error, and programs that are started find standard
    input empty, so that nothing gets between the messages.
    """
    wires = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    try:
        yield wires
    finally:
        sys.stdout.flush()
        for number, wire in enumerate(wires):
            os.dup2(wire, number)
            # The wire itself stays open: a thread may still wait on it, and its number must not
            # become another file's.


async def serve_streams(server: Server[Any], wires: tuple[int, int]) -> None:
    """Serve until the input ends, or the reader of the output has left.

    The SDK's own streams read in threads that cannot be left while they wait, so that Ctrl-C
    would need one more line of input.
    """
    incoming = _Incoming(wires[0])
    outgoing = _Outgoing(wires[1], incoming.end)
    # The SDK iterates over one and writes to the other; both are less than whole files.
    stdin = cast("anyio.AsyncFile[str]", incoming)
    stdout = cast("anyio.AsyncFile[str]", outgoing)
    async with stdio_server(stdin, stdout) as (read, write):
        await server.run(read, write, server.create_initialization_options())


class _Incoming:
    """The lines of a descriptor."""

    def __init__(self, wire: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._reader = asyncio.StreamReader(limit=_LONGEST_MESSAGE)
        self._wire = wire
        threading.Thread(target=self._work, name="eyehand-mcp-input", daemon=True).start()

    def end(self) -> None:
        """Give no more lines."""
        self._reader.feed_eof()

    async def __aiter__(self) -> AsyncIterator[str]:
        while True:
            try:
                line = await self._reader.readline()
            except ValueError:  # no message is so long: whoever writes it does not speak MCP
                return
            if not line:
                return
            yield line.decode("utf-8", "replace")

    def _feed(self, chunk: bytes) -> None:
        if chunk:
            self._reader.feed_data(chunk)
        else:
            self._reader.feed_eof()

    def _work(self) -> None:
        chunk = b"?"
        while chunk:
            try:
                chunk = os.read(self._wire, _CHUNK)
            except OSError:
                chunk = b""
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody reads any more
                self._loop.call_soon_threadsafe(self._feed, chunk)


class _Outgoing:
    """Writes to a descriptor, from a thread: who reads it may be slow."""

    def __init__(self, wire: int, lost: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._wire = wire
        self._lost = lost
        self._work: queue.SimpleQueue[tuple[bytes, asyncio.Future[None]]] = queue.SimpleQueue()
        self._written = b""
        threading.Thread(target=self._write, name="eyehand-mcp-output", daemon=True).start()

    async def write(self, text: str) -> None:
        """Keep a text until ``flush``."""
        self._written += text.encode()

    async def flush(self) -> None:
        """Write what was kept."""
        done: asyncio.Future[None] = self._loop.create_future()
        self._work.put((self._written, done))
        self._written = b""
        await done

    def _write(self) -> None:
        while True:
            data, done = self._work.get()
            call: Callable[[], None] = self._lost
            with contextlib.suppress(OSError):  # nobody reads any more: then nobody asks either
                while data:
                    data = data[os.write(self._wire, data) :]
                call = _nothing
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(_finish, done, call)


def _nothing() -> None:
    """Do nothing."""


def _finish(done: "asyncio.Future[None]", call: Callable[[], None]) -> None:
    call()
    if not done.done():
        done.set_result(None)


class _Uvicorn(uvicorn.Server):
    """Leaves signals to the command line."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def http_port(port: int) -> AsyncIterator[socket.socket]:
    """Take a port of this machine, which no other machine can reach. 0: one that is free.

    Raises:
        BackendMissing: It cannot be had.
    """
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", port))
            taken.listen()  # now: whoever is told the address may come before uvicorn is there
        except OSError as error:
            raise BackendMissing(
                f"port {port} cannot be had ({error.strerror}): --http 0 takes a free one"
            ) from error
        yield taken
    finally:
        taken.close()


async def serve_http(server: Server[Any], taken: socket.socket) -> None:
    """Serve streamable HTTP at ``/mcp`` until cancelled.

    Requests that name another host, or come from a page of another origin, are refused: a web page
    may make any name point to this machine.
    """
    app = server.streamable_http_app(host="127.0.0.1")  # turns that protection on
    http = _Uvicorn(
        uvicorn.Config(
            app,
            log_config=None,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=int(_GRACE_S),
        )
    )
    serving = asyncio.ensure_future(http.serve([taken]))
    try:
        await asyncio.shield(serving)
    finally:
        http.should_exit = True
        await asyncio.wait([serving], timeout=2 * _GRACE_S)
