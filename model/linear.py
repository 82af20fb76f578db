"""A linear layer that is quick in bfloat16 on CPUs that cannot multiply it.

Without instructions for it (AVX2 only), a product in bfloat16 runs at 20 GFLOP/s where float32 runs
at 150 (2 cores, measured). Weights in bfloat16 are half as many bytes all the same, which is what
counts where one token is read: 20 GB/s in either. So few rows are multiplied as they are, and for
many the weights are widened to float32, a block at a time, so that a block stays in the cache.
Widening is exact, and the product is rounded to bfloat16 once, as a bfloat16 product is.
"""

from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_FEW_ROWS = 5
"""From so many rows on widening pays, measured at 1536 x 8960."""
_BLOCK_BYTES = 8 << 20


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Give ``x W^T + b``: ``[..., inputs]`` to ``[..., outputs]``.

    Args:
        x: Rows.
        weight: ``[outputs, inputs]``, of the same dtype.
        bias: ``[outputs]``.
    """
    if is_slow(x) and x.numel() >= _FEW_ROWS * x.shape[-1]:
        return _widened(x, weight, bias)
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
