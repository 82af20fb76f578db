"""Layers that are computed again on the way back, so that a pass keeps only what enters them.

Put around the layers from outside: the network's own files know nothing of it, nor do names of
weights change.

Source: Chen et al. 2016 (arXiv 1604.06174).
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from ..network import Network


def recompute(network: Network) -> None:
    """Let every block of the tower and every layer of the language model be computed again.

    Without gradients nothing is kept anyway, and nothing changes.
    """
    for layer in [*network.visual.blocks, *network.model.layers]:
        _wrap(layer)


def _wrap(layer: nn.Module) -> None:
    if "forward" in vars(layer):
        return  # it is wrapped already
    forward: Callable[..., Any] = layer.forward

    def again(*args: Any) -> Any:
        if not torch.is_grad_enabled():
            return forward(*args)
        # Nothing in a layer draws random numbers.
        return checkpoint(forward, *args, use_reentrant=False, preserve_rng_state=False)

    layer.forward = again
