"""Rotary positions: two axes in the vision tower, three in the language model.

Sources: Su et al. 2021 (arXiv 2104.09864) for the rotation; Wang et al. 2024 (arXiv 2409.12191,
section 2.1) for M-RoPE; Peng et al. 2023 (arXiv 2309.00071) for YaRN. Numbers and orders are
those of transformers 5.23.0, which the parity tests compare against.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import torch
from torch import Tensor

from .config import TextConfig, VisionConfig, Yarn


class Grid(NamedTuple):
    """Patches of an image or video: frames (after joining), rows, columns. Before merging."""

    time: int
    height: int
    width: int

    @property
    def patches(self) -> int:
        """How many patches."""
        return self.time * self.height * self.width


@dataclass(frozen=True, slots=True)
class Rotation:
    """Cosines and sines, ``[..., tokens, head_width]``."""

    cos: Tensor
    sin: Tensor


def rotate(x: Tensor, by: Rotation) -> Tensor:
    """Rotate pairs (j, j + half) of the last axis.

    Args:
        x: ``[..., tokens, head_width]``.
        by: Broadcast against ``x``.
    """
    half = x.shape[-1] // 2
    swapped = torch.cat((-x[..., half:], x[..., :half]), dim=-1)
    return x * by.cos + swapped * by.sin


def vision_rotation(config: VisionConfig, grids: Sequence[Grid]) -> Rotation:
    """Give the rotation of every patch, in the order that patches arrive in: by merge blocks.

    Half of a head's frequencies follow the row, half the column; base 10000.

    Returns:
        float32 ``[patches, head_width]``: the tower rotates in float32.
    """
    axis = config.width // config.heads // 2
    inverse = 1.0 / (10000.0 ** (torch.arange(0, axis, 2, dtype=torch.float32) / axis))
    m = config.merge
    places = []
    for grid, same in groupby(grids):
        rows = torch.arange(grid.height).view(-1, 1).expand(grid.height, grid.width)
        columns = torch.arange(grid.width).expand(grid.height, grid.width)
        blocks = torch.stack((rows, columns), dim=-1)  # [H, W, 2]
        blocks = blocks.view(grid.height // m, m, grid.width // m, m, 2).transpose(1, 2)
        places.append(blocks.reshape(-1, 2).repeat(grid.time * len([*same]), 1))
    angles = torch.cat(places).float()[:, :, None] * inverse  # [N, 2, axis / 2]
    angles = angles.flatten(1).repeat(1, 2)  # row and column frequencies, then both again
    return Rotation(angles.cos(), angles.sin())


def frequencies(config: TextConfig) -> Tensor:
    """Give the language model's inverse frequencies, float32 ``[head_width / 2]``."""
    width = config.head_width
    plain = 1.0 / (config.theta ** (torch.arange(0, width, 2, dtype=torch.float32) / width))
    return plain if config.yarn is None else _stretched(plain, config.yarn, config.theta, width)


def _stretched(plain: Tensor, yarn: Yarn, theta: float, width: int) -> Tensor:
    """YaRN: slow frequencies are divided by the factor, fast ones kept, a ramp between."""

    def index(rotations: float) -> float:
        turns = yarn.original_positions / (rotations * 2 * math.pi)
        return width * math.log(turns) / (2 * math.log(theta))

    low = max(math.floor(index(yarn.beta_fast)), 0)
    high = min(math.ceil(index(yarn.beta_slow)), width - 1)
    span = high - low if high != low else 0.001
    ramp = ((torch.arange(width // 2, dtype=torch.float32) - low) / span).clamp(0, 1)
    return plain / yarn.factor * ramp + plain * (1 - ramp)


def text_rotation(config: TextConfig, inverse: Tensor, positions: Tensor) -> Rotation:
    """Give the rotation of tokens at three-axis positions.

    Each frequency follows one axis: the first ``sections[0]`` time, then height, then width.

    Args:
        config: The language model's.
        inverse: From `frequencies`, on the device of ``positions``.
        positions: int64 ``[3, B, T]``.

    Returns:
        float32 ``[B, 1, T, head_width]``, to be cast to the model's dtype: unlike the tower, the
        language model rotates in its own.
    """
    angles = positions[..., None].float() * inverse  # [3, B, T, head_width / 2]
    chunks = torch.split(angles, list(config.sections), dim=-1)
    joined = torch.cat([chunk[axis] for axis, chunk in enumerate(chunks)], dim=-1)
    joined = joined.repeat(1, 1, 2)[:, None]
    scale = 1.0 if config.yarn is None else config.yarn.scale
    return Rotation(joined.cos() * scale, joined.sin() * scale)


@dataclass(frozen=True, slots=True)
class Span:
    """A run of tokens in a prompt: text, or what a picture or video becomes.

    Attributes:
        tokens: How many.
        grid: Of the picture or video, before merging; None for text.
        interval: Temporal positions from one grid step to the next; 1 for pictures.
    """

    tokens: int
    grid: Grid | None = None
    interval: float = 1.0


def positions_of(
    spans: Iterable[Span], merge: int, start: int = 0, *, overlap: bool = False
) -> tuple[Tensor, int]:
    """Give every token's position on the three axes.

    Text counts on alike on all three. A picture's tokens stand at their row and column from the
    counter on, and in a video at their time too; then the counter goes on after the largest.

    Args:
        spans: The prompt, or a stretch of it.
        merge: Patches to a side of a merged token.
        start: The counter before it: the position that the first token gets.
        overlap: Go on after a video by its rows and columns alone, as transformers from 5.3 on
            does. The checkpoints were trained with the other rule, and text after a long video
            then stands at positions that frames of it hold: for parity tests only.

    Returns:
        int64 ``[3, T]``, and the counter after it.

    Source: ``get_rope_index`` of the Qwen2.5-VL training code and of transformers 4.49.
    """
    pieces, counter = [], start
    for span in spans:
        if span.grid is None:
            pieces.append(torch.arange(counter, counter + span.tokens).expand(3, -1))
            counter += span.tokens
            continue
        frames, rows, columns = span.grid.time, span.grid.height // merge, span.grid.width // merge
        # The product is truncated, not the interval (transformers#48669).
        time = torch.tensor([int(frame * span.interval) for frame in range(frames)])
        piece = torch.stack(
            (
                time.view(-1, 1, 1).expand(frames, rows, columns),
                torch.arange(rows).view(1, -1, 1).expand(frames, rows, columns),
                torch.arange(columns).view(1, 1, -1).expand(frames, rows, columns),
            )
        ).flatten(1)
        pieces.append(piece + counter)
        extent = max(rows, columns) if overlap else int(piece.max()) + 1
        counter += extent
    if not pieces:
        return torch.zeros(3, 0, dtype=torch.int64), counter
    return torch.cat(pieces, dim=1), counter
