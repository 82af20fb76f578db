"""One connection of an adb server, and the streams on it."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from . import wire
from .faults import Faults
from .wire import Packet, WireError

_log = logging.getLogger(__name__)

# What a gate that waits for a fault to be switched off looks at it every so often, in seconds.
_POLL_S = 0.02
# A peer has one message in flight on each stream; one that sends more without waiting is cut off.
_INBOX = 4

Serve = Callable[["Stream", str], Awaitable[None]]
Authorise = Callable[["Connection"], Awaitable[None]]


class Stream:
    """One stream: bytes both ways, one message in flight each way."""

    def __init__(self, connection: "Connection", local: int, remote: int) -> None:
        self._connection = connection
        self.local = local
        self.remote = remote
        self._inbox: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._ready = asyncio.Event()
        self._turn = asyncio.Lock()
        self._sent = 0
        self._accepted = False
        self.closed = asyncio.Event()

    async def read(self) -> bytes:
        """The next bytes of the host; none where it has closed the stream."""
        data = await self._inbox.get()
        if data is None:
            self._inbox.put_nowait(None)
            return b""
        if not self.closed.is_set():
            await self._connection.send(Packet(wire.OKAY, self.local, self.remote))
        return data

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes; each message waits until the host has taken the one before.

        Raises:
            BrokenPipeError: The stream or the connection is closed.
        """
        view = memoryview(data)
        # Pieces of one write stay together, whoever else writes.
        async with self._turn:
            while view:
                await self._may_send()
                piece = view[: self._connection.max_data]
                limit = self._connection.faults.truncate
                if limit is not None and self._sent + len(piece) > limit:
                    piece = piece[: max(0, limit - self._sent)]
                self._ready.clear()
                if piece:
                    await self._connection.send(
                        Packet(wire.WRTE, self.local, self.remote, bytes(piece))
                    )
                    self._sent += len(piece)
                if limit is not None and self._sent >= limit:
                    await self.close()
                    raise BrokenPipeError("truncated on purpose")
                view = view[len(piece) :]

    async def _may_send(self) -> None:
        while not self._ready.is_set() and not self.closed.is_set():
            ready = asyncio.ensure_future(self._ready.wait())
            closed = asyncio.ensure_future(self.closed.wait())
            try:
                await asyncio.wait((ready, closed), return_when=asyncio.FIRST_COMPLETED)
            finally:
                ready.cancel()
                closed.cancel()
        if self.closed.is_set():
            raise BrokenPipeError("the host closed the stream")

    async def accept(self) -> None:
        """Tell the host that the service is there."""
        self._accepted = True
        self._ready.set()
        await self._connection.send(Packet(wire.OKAY, self.local, self.remote))

    async def close(self) -> None:
        """End the stream, or refuse it. Closing twice is harmless."""
        if self.ended():
            # The host looks for a stream that was never there unless the phone's id is 0.
            local = self.local if self._accepted else 0
            await self._connection.send(Packet(wire.CLSE, local, self.remote))

    def ended(self) -> bool:
        """Note that the stream is over; False where that was known."""
        if self.closed.is_set():
            return False
        self.closed.set()
        self._connection.streams.pop(self.local, None)
        self._inbox.put_nowait(None)
        return True

    def taken(self) -> None:
        """The host has taken the last message."""
        self._ready.set()

    def receive(self, data: bytes) -> None:
        """Bytes of the host arrived."""
        if self._inbox.qsize() >= _INBOX:
            raise WireError("the host sends on a stream without waiting for its turn")
        self._inbox.put_nowait(data)


class Connection:
    """What one adb server says on one TCP connection.

    Attributes:
        faults: Consulted at every message.
        version: The protocol's version that both sides speak.
        max_data: The most bytes of one message that both sides take.
        streams: Open streams, by the phone's id.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        faults: Faults,
        version: int = wire.VERSION_UNCHECKED,
        max_data: int = wire.MAX_DATA,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self.faults = faults
        self.version = version
        self.max_data = max_data
        self._agreed = False
        self.streams: dict[int, Stream] = {}
        self._last = 0
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def _checked(self) -> bool:
        return self._agreed and self.version < wire.VERSION_UNCHECKED

    async def read(self) -> Packet:
        """The next message of the host; waits while the phone is offline."""
        limit = self.max_data if self._agreed else wire.MAX_DATA
        packet = await wire.read_packet(self._reader, limit=limit, checked=self._checked)
        await self._online()
        return packet

    async def _online(self) -> None:
        # Faults are a plain object that anybody changes: there is no event to wait for.
        while self.faults.offline:  # noqa: ASYNC110
            await asyncio.sleep(_POLL_S)

    async def send(self, packet: Packet) -> None:
        """Send a message, after whatever faults are switched on.

        A connection that is gone swallows it: whoever waits for an answer is told by the end
        of its stream.
        """
        async with self._turn:
            if self.faults.delay_s > 0:
                await asyncio.sleep(self.faults.delay_s)
            await self._online()
            cut = False
            left = self.faults.drop_after
            if left is not None and packet.command == wire.WRTE:
                cut = len(packet.data) >= left
                packet = Packet(packet.command, packet.arg0, packet.arg1, packet.data[:left])
                self.faults.drop_after = None if cut else left - len(packet.data)
            if self._writer.is_closing():
                return
            # Checksums are summed by whoever may still be an old peer: it does no harm.
            checked = self._checked or not self._agreed
            with contextlib.suppress(ConnectionError):
                if packet.data or not cut:
                    self._writer.write(packet.encode(checked=checked))
                if cut:
                    self._writer.close()
                await self._writer.drain()

    def drop(self) -> None:
        """Cut the connection, in the middle of whatever is under way."""
        self._writer.close()

    def agree(self, version: int, max_data: int) -> None:
        """Settle on what both sides can do, from the host's first message."""
        self.version = min(version, self.version)
        self.max_data = max(4096, min(max_data, self.max_data))
        self._agreed = True

    async def run(self, authorise: Authorise, serve: Serve) -> None:
        """Serve the host until the connection ends. What is garbage ends it.

        Args:
            authorise: Speaks to the host until it is let in.
            serve: Called for each stream that the host opens, with the service's name.
        """
        try:
            await authorise(self)
            while True:
                await self._handle(await self.read(), authorise, serve)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the host went away, which is its right
        except WireError as error:
            _log.warning("connection cut: %s", error)
        finally:
            for stream in list(self.streams.values()):
                stream.ended()
            self._writer.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _handle(self, packet: Packet, authorise: Authorise, serve: Serve) -> None:
        stream = self.streams.get(packet.arg1)
        match packet.command:
            case wire.OPEN:
                self._open(packet, serve)
            case wire.OKAY if stream is not None and stream.remote == packet.arg0:
                stream.taken()
            case wire.WRTE if stream is not None and stream.remote == packet.arg0:
                stream.receive(packet.data)
            case wire.WRTE:
                await self.send(Packet(wire.CLSE, packet.arg1, packet.arg0))
            case wire.CLSE if stream is not None:
                if stream.ended():
                    await self.send(Packet(wire.CLSE, stream.local, stream.remote))
            case wire.CNXN | wire.STLS:
                raise WireError("the host began anew on a connection that is up")
            case _:
                pass  # what is for a stream that has ended

    def _open(self, packet: Packet, serve: Serve) -> None:
        if packet.arg0 == 0:
            raise WireError("a stream without an id")
        self._last = self._last % 0xFFFFFFFF + 1
        stream = Stream(self, self._last, packet.arg0)
        self.streams[stream.local] = stream
        # The host ends the name with a zero byte; what follows one is not a name.
        name = packet.data.split(b"\0")[0].decode("utf-8", "surrogateescape")
        task = asyncio.create_task(self._serve(stream, name, serve))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, stream: Stream, name: str, serve: Serve) -> None:
        try:
            await serve(stream, name)
        except BrokenPipeError:
            pass  # the host closed the stream before the answer was over
        except Exception:
            _log.exception("service %s broke", name[:200])
        finally:
            await stream.close()
