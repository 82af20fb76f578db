"""The vision tower: patches in, one embedding for each 2 x 2 of them out.

Qwen2-VL attends within whole frames. Qwen2.5-VL cuts each frame into windows of 112 pixels and
lets only a few blocks see the whole frame. Names of parameters are those of the checkpoints.

Sources: Wang et al. 2024 (arXiv 2409.12191), Bai et al. 2025 (arXiv 2502.13923); orders and
precisions as in transformers 5.23.0.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .attention import Segments, attend_segments
from .config import VisionConfig
from .linear import Linear, linear
from .norm import RMSNorm
from .rope import Grid, Rotation, rotate, vision_rotation


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything about a batch of grids that does not depend on the pixels.

    Attributes:
        order: int64 ``[tokens]``: which merged token stands at each place inside the tower; None
            for the order they arrive in.
        back: The inverse of it.
        windows: What a windowed block attends within; the frames where there are no windows.
        frames: What a full block attends within.
        rotation: float32 ``[patches, 1, head_width]``, in the tower's order.
    """

    order: Tensor | None
    back: Tensor | None
    windows: Segments
    frames: Segments
    rotation: Rotation


@lru_cache(maxsize=32)
def layout(config: VisionConfig, grids: tuple[Grid, ...], device: torch.device) -> Layout:
    """Work out the layout; a GUI session has one screen size, so it is kept."""
    # Outside of inference mode, whoever asks first: a training pass may ask for the same later.
    with torch.inference_mode(False):
        return _layout(config, grids, device)


def _layout(config: VisionConfig, grids: tuple[Grid, ...], device: torch.device) -> Layout:
    turned = vision_rotation(config, grids)
    frames = Segments.of([g.height * g.width for g in grids for _ in range(g.time)])
    unit = config.merge**2
    order = back = None
    windows = frames
    cos, sin = turned.cos, turned.sin
    if config.window is not None:
        order, lengths = _windows(config, grids)
        back = order.argsort()
        windows = Segments.of([length * unit for length in lengths])
        cos, sin = (x.view(-1, unit, x.shape[-1])[order].flatten(0, 1) for x in (cos, sin))
        order, back = order.to(device), back.to(device)
    rotation = Rotation(cos[:, None].to(device), sin[:, None].to(device))
    return Layout(order, back, windows, frames, rotation)


def _windows(config: VisionConfig, grids: Sequence[Grid]) -> tuple[Tensor, list[int]]:
    """Sort merged tokens by frame, then window; windows of equal size side by side.

    Which window comes first changes nothing: blocks see a window or a whole frame, and what
    leaves the tower is sorted back.
    """
    side = (config.window or 0) // config.factor
    orders, lengths, start = [], [], 0
    for grid in grids:
        rows, columns = grid.height // config.merge, grid.width // config.merge
        places = torch.arange(rows * columns).view(rows, columns)
        found = [
            places[top : top + side, left : left + side].flatten()
            for top in range(0, rows, side)
            for left in range(0, columns, side)
        ]
        found.sort(key=len, reverse=True)
        frame = torch.cat(found)
        for number in range(grid.time):
            orders.append(frame + start + number * rows * columns)
            lengths += [len(window) for window in found]
        start += grid.time * rows * columns
    return torch.cat(orders), lengths


class PatchEmbed(nn.Module):
    """One linear map of a patch.

    Stored as a 3-D convolution, which is up to 50,000 times slower where libraries have no kernel
    for it (transformers#45750).
    """

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        patch = (config.temporal_patch, config.patch, config.patch)
        self.proj = nn.Conv3d(config.channels, config.width, patch, patch, bias=False)

    def forward(self, patches: Tensor) -> Tensor:
        """``[N, values]`` to ``[N, width]``."""
        return linear(patches, self.proj.weight.flatten(1))


class VisionAttention(nn.Module):
    """Attention within segments, with fused query, key and value."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.qkv = Linear(config.width, 3 * config.width)
        self.proj = Linear(config.width, config.width)

    def forward(
        self, x: Tensor, segments: Segments, bounds: Tensor | None, rotation: Rotation
    ) -> Tensor:
        """``[N, width]`` to the same."""
        q, k, v = self.qkv(x).view(len(x), 3, self.heads, -1).unbind(1)  # [N, heads, width]
        q, k = (rotate(t.float(), rotation).to(x.dtype) for t in (q, k))
        return self.proj(attend_segments(q, k, v, segments, bounds).flatten(1))  # type: ignore[no-any-return]


class QuickGeluMLP(nn.Module):
    """Qwen2-VL's MLP: ``x * sigmoid(1.702 x)`` between two layers."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.fc1 = Linear(config.width, config.intermediate)
        self.fc2 = Linear(config.intermediate, config.width)

    def forward(self, x: Tensor) -> Tensor:
        """``[N, width]`` to the same."""
        x = self.fc1(x)
        return self.fc2(x * torch.sigmoid(1.702 * x))  # type: ignore[no-any-return]


class SwigluMLP(nn.Module):
    """Qwen2.5-VL's MLP: gated, with biases on all three layers."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.gate_proj = Linear(config.width, config.intermediate)
        self.up_proj = Linear(config.width, config.intermediate)
        self.down_proj = Linear(config.intermediate, config.width)

    def forward(self, x: Tensor) -> Tensor:
        """``[N, width]`` to the same."""
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))  # type: ignore[no-any-return]


def _norm(config: VisionConfig) -> nn.Module:
    if config.norm == "layer":
        return nn.LayerNorm(config.width, eps=1e-6)
    return RMSNorm(config.width, 1e-6)


class VisionBlock(nn.Module):
    """Attention and MLP, each behind a norm and added."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.norm1 = _norm(config)
        self.norm2 = _norm(config)
        self.attn = VisionAttention(config)
        self.mlp = QuickGeluMLP(config) if config.mlp == "quick_gelu" else SwigluMLP(config)

    def forward(
        self, x: Tensor, segments: Segments, bounds: Tensor | None, rotation: Rotation
    ) -> Tensor:
        """``[N, width]`` to the same."""
        x = x + self.attn(self.norm1(x), segments, bounds, rotation)
        return x + self.mlp(self.norm2(x))  # type: ignore[no-any-return]


class PatchMerger(nn.Module):
    """Joins the patches of a block, which follow each other, to one token."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        width = config.width * config.merge**2
        self.ln_q = _norm(config)
        self.mlp = nn.Sequential(Linear(width, width), nn.GELU(), Linear(width, config.out_width))
        self.width = width

    def forward(self, x: Tensor) -> Tensor:
        """``[N, width]`` to ``[N / merge^2, out_width]``."""
        return self.mlp(self.ln_q(x).view(-1, self.width))  # type: ignore[no-any-return]


class VisionTower(nn.Module):
    """Patches in, tokens of the language model out."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.config = config
        self.patch_embed = PatchEmbed(config)
        self.blocks = nn.ModuleList(VisionBlock(config) for _ in range(config.depth))
        self.merger = PatchMerger(config)

    def forward(
        self,
        patches: Tensor,
        grids: Sequence[Grid],
        check: Callable[[], None] | None = None,
    ) -> Tensor:
        """Embed pictures and videos.

        Args:
            patches: ``[N, channels * frames * patch * patch]``, those of all grids in order.
            grids: One a picture or video.
            check: Called before each block; what it raises ends the pass.

        Returns:
            ``[N / merge^2, out_width]``, in the tower's dtype.
        """
        config = self.config
        plan = layout(config, tuple(grids), patches.device)
        x: Tensor = self.patch_embed(patches.to(self.patch_embed.proj.weight.dtype))
        unit = config.merge**2
        if plan.order is not None:
            x = x.view(-1, unit, x.shape[-1])[plan.order].flatten(0, 1)
        windows = plan.windows.bounds(x.device) if x.is_cuda else None
        frames = plan.frames.bounds(x.device) if x.is_cuda else None
        for number, block in enumerate(self.blocks):
            if check is not None:
                check()
            if config.window is None or number in config.full_blocks:
                x = block(x, plan.frames, frames, plan.rotation)
            else:
                x = block(x, plan.windows, windows, plan.rotation)
        x = self.merger(x)
        if plan.back is not None:
            x = x[plan.back]
        return x
