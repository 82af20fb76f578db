"""Pictures of the phone's screen, as ``screencap`` and ``framebuffer:`` give them."""

import asyncio
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ..phone import Phone

DISPLAY_ID = "4619827259835644672"
_RGBA_8888 = 1
_SRGB = 1


def raw(pixels: NDArray[np.uint8]) -> bytearray:
    """A picture as ``screencap`` without ``-p`` gives it.

    Args:
        pixels: ``uint8[H, W, 3]``, RGB.

    Returns:
        Width, height, format (1) and colour space as little-endian 32-bit words, then RGBA.
    """
    height, width = pixels.shape[:2]
    return _with_head(struct.pack("<4I", width, height, _RGBA_8888, _SRGB), pixels)


def framebuffer(pixels: NDArray[np.uint8]) -> bytearray:
    """A picture as the ``framebuffer:`` service gives it, version 2: 14 words, then RGBA.

    Source: AOSP, packages/modules/adb/daemon/framebuffer_service.cpp.
    """
    height, width = pixels.shape[:2]
    size = width * height * 4
    colours = (0, 8, 16, 8, 8, 8, 24, 8)  # offset and length of red, blue, green, alpha
    head = struct.pack("<14I", 2, 32, _SRGB, size, width, height, *colours)
    return _with_head(head, pixels)


def png(pixels: NDArray[np.uint8]) -> bytes:
    """A picture as PNG, 8-bit RGBA as phones write it, packed for speed.

    Each row is written as what differs from the row above. Screens are made of flat parts, so
    most of that is zeros, which zlib's quickest level packs well.
    """
    height, width = pixels.shape[:2]
    rows = np.empty((height, width * 4), np.uint8)
    _fill(rows.reshape(height, width, 4), pixels)
    lines = np.empty((height, width * 4 + 1), np.uint8)
    lines[:, 0] = 2  # filter "up"; the row above the first is black and clear
    lines[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=lines[1:, 1:])
    head = struct.pack(">2I5B", width, height, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(lines.data, 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _with_head(head: bytes, pixels: NDArray[np.uint8]) -> bytearray:
    height, width = pixels.shape[:2]
    whole = bytearray(len(head) + width * height * 4)
    whole[: len(head)] = head
    body = np.frombuffer(whole, np.uint8)[len(head) :]
    _fill(body.reshape(height, width, 4), pixels)
    return whole


def _fill(rgba: NDArray[np.uint8], pixels: NDArray[np.uint8]) -> None:
    # Channel by channel takes a fifth of the time of all three at once.
    for channel in range(3):
        rgba[..., channel] = pixels[..., channel]
    rgba[..., 3] = 255


class Screen:
    """Takes pictures; the last PNG is kept for as long as no pixel changes."""

    def __init__(self) -> None:
        self._last: tuple[NDArray[np.uint8], NDArray[np.uint8], asyncio.Task[bytes]] | None = None

    async def png(self, phone: "Phone") -> bytes:
        """The screen as PNG. It shows the moment of the call."""
        pixels = phone.pixels()
        last = self._last
        if last is None or not (pixels is last[0] or np.array_equal(pixels, last[1])):
            copy = pixels.copy()
            # A task of its own: who asked first may give up, and others wait for the same one.
            last = (pixels, copy, asyncio.create_task(asyncio.to_thread(png, copy)))
            self._last = last
        return await asyncio.shield(last[2])
