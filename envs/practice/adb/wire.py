"""Messages of adb's transport protocol, as bytes.

A message is a header of six little-endian 32-bit words (command, two arguments, length of what
follows, its checksum, and the command inverted) and up to ``max_data`` bytes. Since version
``0x01000001`` nobody computes the checksum and nobody may check it; before, it is the sum of the
bytes.

Source: AOSP, packages/modules/adb/protocol.txt.
"""

import asyncio
import struct
from dataclasses import dataclass

SYNC, CNXN, AUTH, OPEN, OKAY, CLSE, WRTE, STLS = (
    int.from_bytes(name, "little")
    for name in (b"SYNC", b"CNXN", b"AUTH", b"OPEN", b"OKAY", b"CLSE", b"WRTE", b"STLS")
)

VERSION_CHECKED = 0x01000000
VERSION_UNCHECKED = 0x01000001
MAX_DATA = 1024 * 1024

_HEADER = struct.Struct("<6I")
_COMMANDS = frozenset({SYNC, CNXN, AUTH, OPEN, OKAY, CLSE, WRTE, STLS})


class WireError(Exception):
    """What came over the connection is not the protocol. The connection is of no more use."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One message.

    Attributes:
        command: One of the eight words above.
        arg0: What it means depends on the command; for streams, the sender's id.
        arg1: For streams, the receiver's id.
        data: The bytes that follow the header.
    """

    command: int
    arg0: int
    arg1: int
    data: bytes = b""

    def encode(self, *, checked: bool) -> bytes:
        r"""The message as bytes.

        Args:
            checked: Whether the checksum is computed, for a peer older than ``0x01000001``.

        Example:
            >>> Packet(OKAY, 1, 2).encode(checked=False)[:12]
            b'OKAY\x01\x00\x00\x00\x02\x00\x00\x00'
        """
        total = sum(self.data) & 0xFFFFFFFF if checked else 0
        words = (self.command, self.arg0, self.arg1, len(self.data), total)
        return _HEADER.pack(*words, self.command ^ 0xFFFFFFFF) + self.data


async def read_packet(
    reader: asyncio.StreamReader, *, limit: int = MAX_DATA, checked: bool = False
) -> Packet:
    """The next message.

    Args:
        reader: Where it comes from.
        limit: The most bytes that may follow a header.
        checked: Whether the checksum must be right.

    Raises:
        WireError: The bytes are no message.
        asyncio.IncompleteReadError: The connection ended.
    """
    header = await reader.readexactly(_HEADER.size)
    command, arg0, arg1, length, total, magic = _HEADER.unpack(header)
    if command not in _COMMANDS or magic != command ^ 0xFFFFFFFF:
        raise WireError(f"{header[:4]!r} is no command of the adb protocol")
    if length > limit:
        raise WireError(f"a message of {length} bytes, where at most {limit} were agreed on")
    data = await reader.readexactly(length)
    if checked and total != sum(data) & 0xFFFFFFFF:
        raise WireError(f"a message of {length} bytes came with a wrong checksum")
    return Packet(command, arg0, arg1, data)
