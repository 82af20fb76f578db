"""Pictures of a phone: what ``screencap`` sends, checked to its last byte before it is believed.

A connection that breaks in the middle looks like the end of the picture, and a failed capture
looks like an empty one; other tools then hand on a black picture. Here a PNG must end with its
last chunk and a raw picture must have every byte, else there is no picture.
"""

import io
import time
from math import ceil
from typing import Literal, Protocol

import numpy as np
from PIL import Image

from ..model.chat import Pixels
from ..model.size import Size
from .adb_link import Link
from .adb_wire import Useless
from .errors import CaptureFailed
from .worker import Stop
from .x11_windows import Box

Way = Literal["png", "raw"]
Order = tuple[int, int, int]

_WAYS: tuple[Way, ...] = ("png", "raw")

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_END = b"IEND\xaeB`\x82"
_WARNINGS = 1 << 14
"""Warnings that may stand before a picture are not longer, in bytes."""

# Bytes of a pixel by AOSP's PixelFormat: RGBA_8888, RGBX_8888, BGRA_8888.
_ORDERS: dict[int, Order] = {1: (0, 1, 2), 2: (0, 1, 2), 5: (2, 1, 0)}
_LARGEST = 16384


class BadPicture(Useless):
    """What came is no whole picture."""


class PhoneShot:
    """One picture of a phone's screen, unpacked when it is first looked into.

    Args:
        data: As it came, from the picture's first byte: two equal pictures are equal here.
        size: In pixels, as the picture itself says.
        order: Where red, green and blue lie in the four bytes of a raw pixel; None for a PNG.
        start: Where they begin.
    """

    __slots__ = ("_order", "_raw", "_rgb", "_start", "box", "data", "size", "time")

    def __init__(self, data: bytes, size: Size, order: Order | None = None, start: int = 0) -> None:
        self.data, self.size, self.time = data, size, time.time()
        self.box = Box(0, 0, size.width, size.height)
        self._order, self._start = order, start
        self._rgb: Pixels | None = None
        self._raw: bytes | None = None

    @property
    def raw(self) -> bytes:
        """``height * width * 4`` bytes: red, green, blue, and one of no meaning."""
        if self._raw is None:
            self._raw = Image.fromarray(self.rgb()).convert("RGBA").tobytes()
        return self._raw

    @property
    def caret(self) -> tuple[int, int]:
        """Width and height of the largest text caret there may be, in pixels.

        Android's is 2 dp wide; most phones are 320 to 420 dp across.
        """
        dp = min(self.size) / 320
        return max(3, ceil(2 * dp)), max(64, round(48 * dp))

    def same(self, other: "PhoneShot") -> bool:
        """Whether both came as the same bytes."""
        return self.data == other.data

    def rgb(self) -> Pixels:
        """Give ``uint8[H, W, 3]``, RGB, read-only.

        Raises:
            BadPicture: It is damaged inside.
        """
        if self._rgb is None:
            if self._order is None:
                self._rgb = self._unpacked()
            else:
                rows = np.frombuffer(self.data, np.uint8, offset=self._start)
                pixels = rows.reshape(self.size.height, self.size.width, 4)
                self._rgb = np.ascontiguousarray(pixels[..., list(self._order)])
            self._rgb.flags.writeable = False
        return self._rgb

    def _unpacked(self) -> Pixels:
        try:
            return np.asarray(Image.open(io.BytesIO(self.data)).convert("RGB"))
        except (OSError, ValueError, SyntaxError) as error:  # Pillow's words for damage
            raise BadPicture(f"the screenshot is damaged: {error}") from error


class FrameSource(Protocol):
    """Where pictures of a phone come from. Another, such as a video stream, fits in here."""

    def shot(self, stop: Stop) -> PhoneShot:
        """Take a picture.

        Raises:
            CaptureFailed: There is none; never a black one in its place.
            DeviceLost: The phone is gone.
        """
        ...

    def facts(self) -> dict[str, object]:
        """Say how pictures are taken, for the record."""
        ...


class Screencap:
    """Pictures by the phone's own ``screencap``.

    Packed or raw, whichever came sooner when both were tried: a phone packs slowly, and a cable
    carries ten megabytes slowly.

    Args:
        link: The phone.
        display: The display's id as ``dumpsys SurfaceFlinger --display-id`` lists it; None: the
            default display.
        way: Packed or raw, without trying; None: try.
    """

    def __init__(self, link: Link, display: str | None = None, way: Way | None = None) -> None:
        self._link = link
        self._options = "" if display is None else f" -d {display}"
        self._way: Way | None = way
        self._tried_ms: dict[Way, float] = {}

    def shot(self, stop: Stop) -> PhoneShot:
        """Take a picture; see ``FrameSource``."""
        if self._way is None:
            return self._try_both(stop)
        return self._take(self._way, stop)

    def facts(self) -> dict[str, object]:
        """Say how pictures are taken, and how long either way took when it was tried."""
        tried = {f"{way}_ms": round(ms, 1) for way, ms in self._tried_ms.items()}
        return {"capture": self._way, **tried}

    def _try_both(self, stop: Stop) -> PhoneShot:
        shots: dict[Way, PhoneShot] = {}
        for way in _WAYS:
            start = time.perf_counter()
            try:
                shots[way] = self._take(way, stop)
            except CaptureFailed:
                if way == "raw" and "png" in shots:
                    continue
                if way == "raw":
                    raise
                continue
            shots[way].rgb()
            self._tried_ms[way] = (time.perf_counter() - start) * 1000
        best = min(shots, key=lambda way: self._tried_ms[way])
        self._way = best
        return shots[best]

    def _take(self, way: Way, stop: Stop) -> PhoneShot:
        command = f"screencap{' -p' if way == 'png' else ''}{self._options}"
        said = ""

        def check(data: bytearray) -> PhoneShot:
            nonlocal said
            said = _words(data)
            return (read_png if way == "png" else read_raw)(data)

        try:
            return self._link.fetch(command, check, stop)
        except BadPicture as error:
            words = f", it said: {said}" if said else ""
            raise CaptureFailed(f"no screenshot of {self._link.serial}: {error}{words}") from error


def read_png(data: bytes | bytearray) -> PhoneShot:
    """Find the PNG in what ``screencap -p`` sent.

    Raises:
        BadPicture: There is none, or not all of it.
    """
    start = data.find(_SIGNATURE, 0, _WARNINGS + len(_SIGNATURE))
    if start < 0:
        raise BadPicture(
            f"{len(data)} bytes came, and no PNG" if data else "nothing came from screencap"
        )
    end = data.rfind(_END)
    if end < start:
        raise BadPicture(f"the PNG breaks off after {len(data) - start} bytes")
    packed = bytes(memoryview(data)[start : end + len(_END)])
    if packed[12:16] != b"IHDR":
        raise BadPicture("the PNG does not begin with its sizes")
    size = Size(int.from_bytes(packed[16:20]), int.from_bytes(packed[20:24]))
    _require_size(size)
    return PhoneShot(packed, size)


def read_raw(data: bytes | bytearray) -> PhoneShot:
    """Find the picture in what ``screencap`` sent: sizes, format, perhaps colours, then pixels.

    Raises:
        BadPicture: There is none, or not all of it.
    """
    start = 0
    while True:
        head = data[start : start + 16]
        width, height, format = (int.from_bytes(head[at : at + 4], "little") for at in (0, 4, 8))
        # Printed warnings come before it: read as numbers, letters are sizes of no screen.
        if 0 < width <= _LARGEST and 0 < height <= _LARGEST and format in _ORDERS:
            break
        start = data.find(b"\n", start, _WARNINGS) + 1
        if not start:
            raise BadPicture(f"{len(data)} bytes came, and no picture" if data else "nothing came")
    # Since Android 9 the colour space follows: 16 bytes before the pixels, and not 12.
    for header in (16, 12):
        if len(data) - start - header == width * height * 4:
            whole = bytes(memoryview(data)[start:])
            return PhoneShot(whole, Size(width, height), _ORDERS[format], header)
    raise BadPicture(f"the picture of {width}x{height} breaks off: {len(data) - start} bytes came")


def _require_size(size: Size) -> None:
    if not (0 < size.width <= _LARGEST and 0 < size.height <= _LARGEST):
        raise BadPicture(f"a picture of {size} is no screen")


def _words(data: bytearray) -> str:
    """What stands there in words, where it is words."""
    text = bytes(data[:300])
    if not text or any(byte < 0x20 and byte not in b"\r\n\t" for byte in text):
        return ""
    return " ".join(text.decode("utf-8", "replace").split())
