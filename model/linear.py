"""A linear layer that goes around two things a CPU is slow at.

Products of many rows in bfloat16, where the CPU has no instructions for it (AVX2 only): 20 GFLOP/s
where float32 runs at 150 (2 cores, measured). The weights are widened to float32, a block at a time
so that a block stays in the cache. Widening is exact, and the product is rounded to bfloat16 once,
as a bfloat16 product is. Few rows are multiplied as they are: then bytes count.

A product of one row in float32, which torch hands to a routine that reads memory at 20 GB/s of 33
(measured). As a batch of products with parts of the weight it reads at 32, in all threads.
"""

from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_FEW_ROWS = 5
"""From so many rows on widening pays, measured at 1536 x 8960."""
_BLOCK_BYTES = 8 << 20
_SMALL = 1 << 18
"""Weights of so many numbers are in the cache anyway."""


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Give ``x W^T + b``: ``[..., inputs]`` to ``[..., outputs]``.

    Args:
        x: Rows.
        weight: ``[outputs, inputs]``, of the same dtype.
        bias: ``[outputs]``.
    """
    if x.device.type == "cpu":
        rows = x.numel() // x.shape[-1]
        if rows >= _FEW_ROWS and is_slow(x):
            return _widened(x, weight, bias)
        if rows == 1 and x.dtype == torch.float32 and weight.numel() > _SMALL:
            return _one_row(x, weight, bias)
    return F.linear(x, weight, bias)


class Linear(nn.Linear):
    """A layer of `linear`."""

    def forward(self, input: Tensor) -> Tensor:
        """``[..., inputs]`` to ``[..., outputs]``."""
        return linear(input, self.weight, self.bias)


def is_slow(x: Tensor) -> bool:
    """Whether products of many rows are slow in this dtype on this device."""
    return x.dtype == torch.bfloat16 and x.device.type == "cpu" and not _multiplies_bfloat16()


@cache
def _multiplies_bfloat16() -> bool:
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _widened(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    outputs, inputs = weight.shape
    rows = x.reshape(-1, inputs).float()
    height = min(outputs, max(1, _BLOCK_BYTES // (4 * inputs)))
    block = torch.empty(height, inputs)
    out = torch.empty(len(rows), outputs, dtype=x.dtype)
    for start in range(0, outputs, height):
        part = weight[start : start + height]
        wide = block[: len(part)].copy_(part)
        added = None if bias is None else bias[start : start + height].float()
        out[:, start : start + height] = F.linear(rows, wide, added)
    return out.view(*x.shape[:-1], outputs)


def _one_row(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    outputs, inputs = weight.shape
    parts = _parts(outputs, torch.get_num_threads())
    rows = x.reshape(1, 1, inputs).expand(parts, 1, inputs)
    out = torch.bmm(rows, weight.view(parts, outputs // parts, inputs).transpose(1, 2))
    out = out.view(*x.shape[:-1], outputs)
    return out if bias is None else out + bias


@cache
def _parts(outputs: int, threads: int) -> int:
    """Give the most parts of equal size, up to four a thread."""
    return next(parts for parts in range(4 * threads, 0, -1) if outputs % parts == 0)
