"""RMS norm, used by both towers."""

import torch
from torch import Tensor, nn


class RMSNorm(nn.Module):
    """Divides by the root mean square, then multiplies by a weight.

    Normalised in float32, cast to the input's dtype, and only then multiplied: the order that the
    checkpoints were trained with. Source: Zhang and Sennrich 2019 (arXiv 1910.07467).
    """

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """``[..., width]`` to the same."""
        wide = x.float()
        # Not `square`: its way back raises to a power, for a tenth of a training step.
        wide = wide * torch.rsqrt((wide * wide).mean(-1, keepdim=True) + self.eps)
        return self.weight * wide.to(x.dtype)
