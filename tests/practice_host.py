"""The host side of adb's protocol, by hand: for what a real adb server never does."""

import asyncio
import base64
import struct
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from eyehand.envs.practice.adb import wire
from eyehand.envs.practice.adb.wire import Packet, read_packet

_DIGEST = bytes.fromhex("3021300906052b0e03021a05000414")


class Key:
    """An RSA key, as adb writes it."""

    def __init__(self, path: Path) -> None:
        text = path.read_bytes()
        lines = [line for line in text.splitlines() if not line.startswith(b"-----")]
        outer = _items(_items(base64.b64decode(b"".join(lines)))[0])
        inner = _items(_items(outer[2])[0])
        self.modulus, self.exponent, self.secret = (
            int.from_bytes(number, "big") for number in inner[1:4]
        )
        self.size = (self.modulus.bit_length() + 7) // 8

    def sign(self, token: bytes) -> bytes:
        filling = b"\xff" * (self.size - 3 - len(_DIGEST) - len(token))
        padded = int.from_bytes(b"\0\1" + filling + b"\0" + _DIGEST + token, "big")
        return pow(padded, self.secret, self.modulus).to_bytes(self.size, "big")


def _items(data: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(data):
        length, at = data[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            length, at = int.from_bytes(data[at : at + count], "big"), at + count
        found.append(data[at : at + length])
        at += length
    return found


class RawHost:
    """One connection to a device. Use as an async context manager."""

    def __init__(
        self, port: int, key: Key | None = None, *, version: int = 0x01000001, max_data: int = 4096
    ) -> None:
        self._port = port
        self._key = key
        self._version = version
        self._max_data = max_data
        self.banner = b""

    async def __aenter__(self) -> "RawHost":
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self._port)
        if self._key is not None:
            self.send(Packet(wire.CNXN, self._version, self._max_data, b"host::features=shell_v2"))
            token = await self.receive()
            assert (token.command, token.arg0, len(token.data)) == (wire.AUTH, 1, 20)
            self.send(Packet(wire.AUTH, 2, 0, self._key.sign(token.data)))
            hello = await self.receive()
            assert hello.command == wire.CNXN
            self.hello = hello
            self.banner = hello.data
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.writer.close()

    @property
    def checked(self) -> bool:
        return self._version < 0x01000001

    def send(self, packet: Packet) -> None:
        self.writer.write(packet.encode(checked=True))

    async def receive(self, seconds: float = 5) -> Packet:
        async with asyncio.timeout(seconds):
            return await read_packet(self.reader, checked=self.checked)

    async def closed(self, seconds: float = 5) -> bool:
        """Whether the device ends the connection; what it says before is passed over."""
        async with asyncio.timeout(seconds):
            try:
                while await self.reader.read(65536):
                    pass
            except ConnectionError:
                pass
        return True

    def open(self, service: str | bytes, local: int = 1) -> None:
        name = service.encode() if isinstance(service, str) else service
        self.send(Packet(wire.OPEN, local, 0, name + b"\0"))

    async def all(self, service: str | bytes, local: int = 1) -> bytes:
        """Everything that a service says until it closes."""
        self.open(service, local)
        said = bytearray()
        while True:
            packet = await self.receive()
            if packet.command == wire.WRTE:
                said += packet.data
                self.send(Packet(wire.OKAY, local, packet.arg0))
            elif packet.command == wire.CLSE:
                self.send(Packet(wire.CLSE, local, packet.arg0))
                return bytes(said)


def shell_pieces(data: bytes) -> list[tuple[int, bytes]]:
    """The pieces of a stream in the shell protocol."""
    found, at = [], 0
    while at < len(data):
        kind, length = struct.unpack_from("<BI", data, at)
        found.append((kind, data[at + 5 : at + 5 + length]))
        at += 5 + length
    return found


def only(pieces: Sequence[tuple[int, bytes]], kind: int) -> bytes:
    """What was said of one kind."""
    return b"".join(data for number, data in pieces if number == kind)
