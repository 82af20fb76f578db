"""Messages between a run of an agent and the harness that outlives it, over a socket."""

import asyncio
import pickle
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

_HEAD = struct.Struct("<I")


class Gone(Exception):
    """The other side is no more."""


class Wire:
    """One end. Both ends may ask, and both are told what is no question.

    Args:
        answer: Called for each message with its name and arguments; what it gives is the answer.
            Called at once and in order; what it awaits holds nobody else up.
    """

    def __init__(
        self, end: socket.socket, answer: Callable[..., Awaitable[Any]] | None = None
    ) -> None:
        self._end, self._answer = end, answer
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._asked = 0
        self._tasks: set[asyncio.Task[Any]] = set()
        self._writer: asyncio.StreamWriter | None = None
        self.closed = asyncio.Event()

    async def open(self) -> None:
        reader, self._writer = await asyncio.open_connection(sock=self._end)
        task = asyncio.create_task(self._read(reader))
        self._tasks.add(task)

    def tell(self, name: str, *arguments: Any) -> None:
        """Say something that needs no answer."""
        self._send((0, name, arguments))

    async def ask(self, name: str, *arguments: Any) -> Any:
        """Ask, and wait for the answer; what the other side raised is raised here."""
        self._asked += 1
        number = self._asked
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            self._send((number, name, arguments))
            return await future
        finally:
            self._waiting.pop(number, None)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._writer is not None:
            self._writer.close()

    def _send(self, message: tuple[int, str, tuple[Any, ...]]) -> None:
        if self._writer is None or self._writer.is_closing() or self.closed.is_set():
            raise Gone
        body = pickle.dumps(message)
        self._writer.write(_HEAD.pack(len(body)) + body)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                (size,) = _HEAD.unpack(await reader.readexactly(_HEAD.size))
                number, name, given = pickle.loads(await reader.readexactly(size))
                if name == "":
                    self._answered(number, *given)
                    continue
                task = asyncio.create_task(self._serve(number, name, given))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        except (asyncio.IncompleteReadError, ConnectionError):
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(Gone())
        finally:
            self.closed.set()

    def _answered(self, number: int, well: bool, value: Any) -> None:
        future = self._waiting.get(number)
        if future is None or future.done():
            return
        if well:
            future.set_result(value)
        else:
            future.set_exception(value)

    async def _serve(self, number: int, name: str, given: tuple[Any, ...]) -> None:
        if self._answer is None:
            raise RuntimeError(f"nobody answers {name} here")
        try:
            well, value = True, await self._answer(name, *given)
        except Exception as error:
            well, value = False, error
        if number and self._writer is not None and not self._writer.is_closing():
            body = pickle.dumps((number, "", (well, value)))
            self._writer.write(_HEAD.pack(len(body)) + body)
