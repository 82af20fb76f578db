"""Pictures of an X display: a monitor, all of them, a region or a window.

One ``mss`` connection stays open for an env's life: opening one for every picture costs 16 ms,
a picture itself about 1 ms. Raw pictures (BGRX) are what waiting for stillness compares; only the
picture handed out is turned into RGB.
"""

import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from PIL import Image

from ..actions.geometry import Frame
from ..model.chat import Pixels
from ..model.size import Size
from . import x11
from .errors import CaptureFailed, DeviceNotFound
from .x11_windows import Box, Windows

Monitor = int | Literal["all"]

_CARET = (3, 64)


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One raw picture.

    Attributes:
        raw: ``height * width * 4`` bytes, rows from the top, blue, green, red, and one of no
            meaning.
        box: Where on the desktop, in pixels.
        time: Seconds since 1970.
    """

    raw: bytearray
    box: Box
    time: float

    @property
    def caret(self) -> tuple[int, int]:
        """Width and height of the largest text caret there may be, in pixels."""
        return _CARET

    def same(self, other: "Shot") -> bool:
        """Whether both are the same picture, to the byte."""
        return self.box == other.box and self.raw == other.raw

    def view(self) -> Pixels:
        """Give ``uint8[H, W, 3]``, RGB, as a view: at once, and slower to read than ``rgb``."""
        pixels = np.frombuffer(self.raw, np.uint8).reshape(self.box.height, self.box.width, 4)
        return pixels[..., 2::-1]

    def rgb(self) -> Pixels:
        """Give ``uint8[H, W, 3]``, RGB, read-only."""
        size = (self.box.width, self.box.height)
        # PIL's raw decoder takes 2.6 ms for 1920x1080; mss's own conversion 11.
        picture = Image.frombuffer("RGB", size, self.raw, "raw", "BGRX", 0, 1)
        pixels = np.asarray(picture)
        pixels.flags.writeable = False
        return pixels


class Capture:
    """Takes pictures of one area of one display.

    Args:
        name: The display, such as ``:0``.
        windows: Finds the window, if one is wanted.
        monitor: Number of the monitor from 1, or ``all``.
        region: Left, top, width, height on the desktop, in pixels; goes before ``monitor``.
        window: Part of a window's title; goes before both. The picture follows the window.

    Raises:
        BackendMissing: mss is not installed.
        DeviceNotFound: No such display, monitor, region or window.
    """

    def __init__(
        self,
        name: str,
        windows: Windows,
        *,
        monitor: Monitor = 1,
        region: tuple[int, int, int, int] | None = None,
        window: str | None = None,
    ) -> None:
        self._name = name
        self._windows = windows
        self._monitor = monitor
        self._region = None if region is None else Box(*region)
        self._window = window
        self._window_id: int | None = None
        self._mss = _open(name)
        self.monitors: tuple[Box, ...] = ()
        """Every monitor's place on the desktop; the last time anyone looked."""

    def locate(self) -> Box:
        """Give the area's place on the desktop, as it is now.

        Raises:
            CaptureFailed: The display is gone.
            DeviceNotFound: The monitor, region or window is not there.
        """
        # mss reads the monitors once per connection, so a new connection is asked: 2 ms.
        try:
            with _open(self._name) as fresh:
                found = [_box(monitor) for monitor in fresh.monitors]
        except Exception as error:  # of as many kinds as in `shot`
            raise self._failed(error) from error
        whole, *monitors = found
        self.monitors = tuple(monitors) or (whole,)
        if self._window is not None:
            return self._locate_window(whole, self._window)
        if self._region is not None:
            if self._region.clipped(whole) != self._region:
                raise DeviceNotFound(
                    f"the region {self._region} is not on the {whole.width}x{whole.height} screen"
                )
            return self._region
        if isinstance(self._monitor, str):
            return whole
        if not 1 <= self._monitor <= len(self.monitors):
            raise DeviceNotFound(
                f"there is no monitor {self._monitor} on {self._name}: "
                f"{_counted(self.monitors)}, or monitor='all'"
            )
        return self.monitors[self._monitor - 1]

    def _locate_window(self, whole: Box, title: str) -> Box:
        # A title may change with every page; a window once found is followed by its id.
        box = None if self._window_id is None else self._windows.box(self._window_id)
        if box is None:
            self._window_id = self._windows.find(title)
            box = self._windows.box(self._window_id)
        area = None if box is None else box.clipped(whole)
        if area is None:
            raise DeviceNotFound(f"the window {title!r} is not on the screen")
        return area

    def frame(self, box: Box) -> Frame:
        """Give the frame of pictures of an area. X's pointer units are its pixels."""
        size = Size(box.width, box.height)
        return Frame(self._name, physical=size, logical=size, origin=(box.left, box.top))

    def shot(self, box: Box) -> Shot:
        """Take a picture.

        Raises:
            CaptureFailed: There is none; never a black one in its place.
        """
        area = {"left": box.left, "top": box.top, "width": box.width, "height": box.height}
        try:
            raw = self._mss.grab(area).raw
        # mss 10.2 says that a display died by AssertionError, AttributeError or its own XError.
        except Exception as error:
            raise self._failed(error) from error
        if len(raw) != box.width * box.height * 4:
            raise CaptureFailed(f"the picture of {self._name} has {len(raw)} bytes for {box}")
        return Shot(raw, box, time.time())

    def _failed(self, error: Exception) -> CaptureFailed:
        said = str(error).strip().splitlines()
        detail = f" ({said[0]})" if said else ""
        return CaptureFailed(f"no picture: the display {self._name} is gone or refuses{detail}")

    def close(self) -> None:
        """Close the connection; harmless if the display has died."""
        try:
            self._mss.close()
        except Exception:  # the connection died: nothing is left to close
            return


def _open(name: str) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            import mss
    except ImportError as error:
        raise x11.missing_extra("mss") from error
    try:
        with x11.authority():
            return mss.MSS(display=name)
    except Exception as error:
        raise DeviceNotFound(f"cannot take pictures of the display {name!r}: {error}") from error


def _box(monitor: Mapping[str, Any]) -> Box:
    return Box(*(int(monitor[side]) for side in ("left", "top", "width", "height")))


def _counted(monitors: tuple[Box, ...]) -> str:
    listed = ", ".join(f"{n} is {box}" for n, box in enumerate(monitors, start=1))
    return f"it has {len(monitors)} ({listed})"
