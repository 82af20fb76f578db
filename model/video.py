"""Recorded frames to a `Video`: which frames are taken, and at which size the network sees them.

eyehand decodes no video files: decode with a library of your own, and give frames as arrays.

Source: ``vision_process.py`` of qwen-vl-utils 0.0.14 (``smart_nframes``, ``fetch_video``), which
the published checkpoints are used with. ``sample_frames`` of transformers 5.23.0 takes other
frames, the first of each of so many equal parts, and there no total is bounded by default.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .chat import Pixels, Video, pixel_hash
from .size import Size, smart_resize

if TYPE_CHECKING:
    from .image import Processor  # it brings torch, and nothing here needs that


@dataclass(frozen=True, slots=True)
class VideoLimits:
    """How much of a video is shown.

    Two frames share a grid step of one frame's tokens, so ``frames / 2`` times the tokens of a
    frame is what a video costs.

    Attributes:
        fps: Frames a second that are taken.
        min_frames: Taken at least, from a video that has so many.
        max_frames: Taken at most.
        min_tokens: A frame's size is at least so many tokens of 28 x 28 pixels.
        max_tokens: A frame's size is at most so many.
        total_tokens: Of the whole video; longer ones get smaller frames. The smallest frame goes
            before it, as in the source: with the other defaults more than 366 frames cost more,
            768 frames of a screen about 51,000. The default is what Qwen's README recommends; the
            source's own is 115,200.
    """

    fps: float = 2.0
    min_frames: int = 4
    max_frames: int = 768
    min_tokens: int = 128
    max_tokens: int = 768
    total_tokens: int = 24_576

    def __post_init__(self) -> None:
        """Check the bounds.

        Raises:
            ValueError: They leave nothing to show.
        """
        _check_rate("fps of the limits", self.fps)
        for low, high in (("min_frames", "max_frames"), ("min_tokens", "max_tokens")):
            if not 1 <= getattr(self, low) <= getattr(self, high):
                raise ValueError(
                    f"{low} and {high} must be from 1 on and in this order, not "
                    f"{getattr(self, low)} and {getattr(self, high)}"
                )
        if self.max_frames < 2:
            raise ValueError("max_frames must be at least 2: two frames share a grid step")
        if self.total_tokens < 1:
            raise ValueError(f"total_tokens must be at least 1, not {self.total_tokens}")

    def choose(self, frames: int, fps: float, step: int = 2) -> list[int]:
        """Choose which frames are taken: evenly, the first and the last among them.

        Args:
            frames: How many there are.
            fps: How many of them a second.
            step: Frames in a grid step: so many are taken, or a multiple.

        Returns:
            Ascending indices. A video never gets frames that it does not have: of 3 frames 2 are
            taken, and a single one is (the network sees it as a picture that stands still).

        Raises:
            ValueError: There is no frame, or ``fps`` is no rate.

        Example:
            >>> VideoLimits().choose(300, 30.0)[:3]
            [0, 16, 31]
        """
        if frames < 1:
            raise ValueError("a video needs at least one frame")
        _check_rate("fps of the frames", fps)
        lowest = math.ceil(self.min_frames / step) * step
        highest = min(self.max_frames, frames) // step * step
        wanted = min(max(frames / fps * self.fps, lowest), highest)
        count = math.floor(wanted / step) * step or min(frames, step)
        if count == 1:
            return [0]
        # As torch.linspace computes it, in float32 from both ends, each place rounded once. Its
        # last bits decide between two frames where a place falls midway. Done here so that all
        # machines take the same frames: a recorded prompt holds their hash.
        gap = np.float64(np.float32(frames - 1) / np.float32(count - 1))
        number = np.arange(count)
        first_half, second_half = gap * number, frames - 1 - gap * (count - 1 - number)
        places = np.where(number < count // 2, first_half, second_half).astype(np.float32)
        return [int(place) for place in np.rint(places)]

    def plan(self, size: Size, frames: int, *, factor: int = 28, step: int = 2) -> Size:
        """Choose the size that the network sees each frame at.

        Args:
            size: Of the frames as recorded.
            frames: How many are taken.
            factor: What both sides must be a multiple of.
            step: Frames in a grid step.

        Raises:
            ValueError: A side is not positive, or one is over 200 times the other.

        Example:
            >>> VideoLimits().plan(Size(1920, 1080), 20), VideoLimits().plan(Size(1920, 1080), 300)
            (Size(width=1008, height=560), Size(width=476, height=252))
        """
        area = factor**2
        low = self.min_tokens * area
        share = self.total_tokens * area / math.ceil(frames / step)
        # Not whole pixels: 120 frames of 1280x800 have a share of 321126.4, and 448 rows fit it
        # exactly; cut to 321126 it leaves room for 420.
        high = max(min(self.max_tokens * area, share), int(low * 1.05))
        return smart_resize(size, factor=factor, min_pixels=low, max_pixels=high)


def to_video(
    frames: Sequence[Pixels] | Pixels,
    fps: float,
    processor: "Processor",
    limits: VideoLimits | None = None,
) -> Video:
    """Take what the network shall see of recorded frames.

    Args:
        frames: ``uint8[T, H, W, 3]``, RGB, or a sequence of ``uint8[H, W, 3]`` of one size. Only
            those that are taken are looked at, and copied: a sequence that decodes a frame when
            it is asked for one needs no memory for the others.
        fps: Frames a second of those given, before any is left out.
        processor: The model's.
        limits: How much is shown; None: the defaults.

    Returns:
        The frames taken, not resized yet, with the exact size that they are resized to. Its
        ``fps`` is theirs: Qwen2.5-VL's clock runs by it, Qwen2-VL has none.

    Raises:
        ValueError: There is no frame, they differ in size, one is no picture, ``fps`` is no rate,
            or one side is over 200 times the other.
    """
    limits = limits or VideoLimits()
    taken = limits.choose(len(frames), fps, processor.frames)
    height, width = _checked(frames[0], 0).shape[:2]
    resized = limits.plan(
        Size(width, height),
        len(taken),
        factor=processor.patch * processor.merge,
        step=processor.frames,
    )
    pixels = np.empty((len(taken), height, width, 3), np.uint8)
    for place, index in enumerate(taken):
        frame = _checked(frames[index], index)
        if frame.shape != pixels.shape[1:]:
            raise ValueError(
                f"frame {index} is {Size(frame.shape[1], frame.shape[0])}, frame 0 is "
                f"{Size(width, height)}: all frames of a video have one size"
            )
        pixels[place] = frame
    # The names of the frames have one length each, so no two lists of them join alike.
    names = "".join(pixel_hash(frame) for frame in pixels)
    digest = hashlib.sha256(names.encode()).hexdigest()[:32]
    return Video(pixels, resized, len(taken) / len(frames) * fps, digest)


def _checked(frame: Pixels, index: int) -> Pixels:
    if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != np.uint8:
        raise ValueError(
            f"a frame is uint8[H, W, 3] in RGB, and frame {index} {frame.dtype}{list(frame.shape)}"
        )
    return frame


def _check_rate(name: str, fps: float) -> None:
    if not (math.isfinite(fps) and fps > 0):
        raise ValueError(f"{name} must be a number of frames a second above 0, not {fps}")
