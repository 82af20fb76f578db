"""Pictures to patches: resized, normalised, cut, in the order that the tower reads.

uint8 goes in, so that all of it can also run on the device that the network is on: a 1080p
screenshot is 6 MB as uint8 and 50 MB as what the tower reads.

Source: transformers 5.23.0, ``image_processing_qwen2_vl.py`` (its default backend).
"""

import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image as Pillow
from torch import Tensor

from .chat import Pixels
from .config import VisionConfig, read_json
from .errors import BadCheckpoint
from .rope import Grid
from .size import Size, smart_resize

MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)
MIN_PIXELS, MAX_RESIZED = 56 * 56, 12_845_056
"""Limits of the published checkpoints, which the reference's class does not have as defaults."""
MAX_PIXELS = 100_000_000
"""Of a picture that is given, before resizing: no screen has more."""


@dataclass(frozen=True, slots=True)
class Processor:
    """How a checkpoint wants its pictures.

    Attributes:
        min_pixels: Smallest area that a picture is resized to.
        max_pixels: Largest.
        mean: Of red, green and blue, 0 to 1.
        std: Alike.
        patch: Side of a patch in pixels.
        merge: Patches to a side of a merged token.
        frames: Frames in a patch.
    """

    min_pixels: int = MIN_PIXELS
    max_pixels: int = MAX_RESIZED
    mean: tuple[float, float, float] = MEAN
    std: tuple[float, float, float] = STD
    patch: int = 14
    merge: int = 2
    frames: int = 2

    @classmethod
    def read(cls, folder: Path, config: VisionConfig) -> "Processor":
        """Read ``preprocessor_config.json``; what it does not say is as published.

        Raises:
            BadCheckpoint: It is damaged, or says something that cannot be.
        """
        path = folder / "preprocessor_config.json"
        data = read_json(path) or {}
        size = data.get("size") or {}
        try:
            low = data.get("min_pixels") or size.get("shortest_edge") or size.get("min_pixels")
            high = data.get("max_pixels") or size.get("longest_edge") or size.get("max_pixels")
            made = cls(
                min_pixels=int(low or MIN_PIXELS),
                max_pixels=int(high or MAX_RESIZED),
                mean=_three(data.get("image_mean", MEAN)),
                std=_three(data.get("image_std", STD)),
                patch=int(data.get("patch_size", config.patch)),
                merge=int(data.get("merge_size", config.merge)),
                frames=int(data.get("temporal_patch_size", config.temporal_patch)),
            )
        except (TypeError, ValueError, AttributeError) as error:
            raise BadCheckpoint(f"{path}: {error}") from error
        ours = (made.patch, made.merge, made.frames)
        theirs = (config.patch, config.merge, config.temporal_patch)
        if ours != theirs:
            raise BadCheckpoint(
                f"{path} cuts patches as (side, merge, frames) {ours}, config.json as {theirs}"
            )
        if not 0 < made.min_pixels <= made.max_pixels:
            raise BadCheckpoint(
                f"{path}: min_pixels {made.min_pixels} and max_pixels {made.max_pixels} leave "
                "no size"
            )
        return made

    def at_most(self, tokens: int) -> "Processor":
        """Give a processor whose pictures become so many tokens at most.

        Raises:
            ValueError: So few tokens are below the checkpoint's own least.
        """
        limit = tokens * (self.patch * self.merge) ** 2
        if limit < self.min_pixels:
            least = -(-self.min_pixels // (self.patch * self.merge) ** 2)
            raise ValueError(f"a picture becomes at least {least} tokens, so not {tokens} at most")
        return replace(self, max_pixels=min(limit, self.max_pixels))

    def plan(self, size: Size) -> Size:
        """Choose the size that a picture is resized to; see `smart_resize`."""
        return smart_resize(
            size,
            factor=self.patch * self.merge,
            min_pixels=self.min_pixels,
            max_pixels=self.max_pixels,
        )

    def tokens(self, resized: Size) -> int:
        """Give how many tokens a resized picture becomes."""
        return resized.width * resized.height // (self.patch * self.merge) ** 2

    def grid(self, resized: Size, frames: int = 1) -> Grid:
        """Give the patches of a resized picture, or of so many frames of a video.

        Raises:
            ValueError: A side is no multiple of the merged patch.
        """
        factor = self.patch * self.merge
        if resized.width % factor or resized.height % factor or min(resized) < factor:
            raise ValueError(f"a resized picture has sides of multiples of {factor}, not {resized}")
        steps = -(-frames // self.frames)
        return Grid(steps, resized.height // self.patch, resized.width // self.patch)

    def patches(self, frames: Tensor, resized: Size) -> Tensor:
        """Resize, normalise and cut, on the device that the frames are on.

        Args:
            frames: uint8 ``[T, H, W, 3]``, RGB; a picture is one frame. The last frame is
                repeated until they fill patches.
            resized: From `plan`.

        Returns:
            float32 ``[patches, 3 * frames * patch * patch]``, patches by time, then by blocks of
            ``merge`` x ``merge``, values by colour, frame, row, column.

        Bicubic with antialiasing, rounded to uint8: bit for bit what the reference's default
        backend gives (the same torch kernel, rows first). Its Pillow backend rounds between rows
        and columns too: where Pillow does rows first, under 1 % of the values differ, by 2 grey
        levels at most; Pillow 13 does columns first where that is less work, and up to 3 % of a
        phone's screenshot differ, by up to 21 levels at hard edges.
        """
        grid = self.grid(resized, len(frames))
        x = frames.permute(0, 3, 1, 2)  # channels last in memory: torch has a fast kernel for it
        if (x.shape[3], x.shape[2]) != resized:
            size = (resized.height, resized.width)
            x = F.interpolate(x, size=size, mode="bicubic", antialias=True)
        # A picture's one frame is normalised once and repeated last.
        distinct = 1 if len(x) == 1 else self.frames
        if missing := grid.time * distinct - len(x):
            x = torch.cat((x, x[-1:].expand(missing, -1, -1, -1)))
        m, p = self.merge, self.patch
        x = x.reshape(
            grid.time, distinct, 3, grid.height // m, m, p, grid.width // m, m, p
        ).permute(0, 3, 6, 4, 7, 2, 1, 5, 8)
        cut = x.reshape(grid.patches, 3, distinct, p * p).float()
        device = frames.device
        mean = 255 * torch.tensor(self.mean, device=device).view(3, 1, 1)
        std = 255 * torch.tensor(self.std, device=device).view(3, 1, 1)
        cut = cut.sub_(mean).div_(std)
        return cut.expand(-1, -1, self.frames, -1).reshape(grid.patches, -1)


def frame_tensor(pixels: Pixels, device: torch.device) -> Tensor:
    """Give a picture as ``uint8[1, H, W, 3]`` on a device.

    Raises:
        ValueError: It is no such picture, or one of more than 100 megapixels.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
        raise ValueError(
            f"a picture is uint8[H, W, 3] in RGB, not {pixels.dtype}{list(pixels.shape)}"
            + (": `flatten` joins RGBA" if pixels.ndim == 3 and pixels.shape[2] == 4 else "")
        )
    if pixels.shape[0] * pixels.shape[1] > MAX_PIXELS:
        raise ValueError(
            f"a picture of {pixels.shape[1]}x{pixels.shape[0]} has more than {MAX_PIXELS} pixels"
        )
    with warnings.catch_warnings():
        # torch warns of arrays that may not be written; nothing here writes.
        warnings.simplefilter("ignore", UserWarning)
        return torch.from_numpy(np.ascontiguousarray(pixels))[None].to(device)


def flatten(picture: Pillow.Image) -> Pixels:
    """Give any picture as ``uint8[H, W, 3]``: what is transparent becomes white.

    As qwen-vl-utils 0.0.14 does; the reference's processor drops the alpha channel instead, and
    shows whatever colour lies under it.
    """
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = Pillow.new("RGBA", picture.size, (255, 255, 255, 255))
        picture = Pillow.alpha_composite(white, picture)
    return np.asarray(picture.convert("RGB"))


def _three(values: object) -> tuple[float, float, float]:
    if not isinstance(values, list | tuple) or len(values) != 3:
        raise ValueError(f"three numbers were expected, not {values!r}")
    red, green, blue = (float(value) for value in values)
    return red, green, blue
