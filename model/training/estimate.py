"""What a training run takes, from the sizes of the network alone: before anything is loaded."""

from dataclasses import dataclass

import torch
from torch import nn

from ..config import Config
from ..network import laid_out
from .lora import add_lora
from .reading import SCORES
from .recipe import Pace, Recipe


@dataclass(frozen=True, slots=True)
class Estimate:
    """Memory of a run.

    Attributes:
        learnt: Numbers that are learnt.
        frozen: Numbers that stay as they are.
        weights: Bytes of the weights.
        moments: Bytes of their gradients, the optimiser's two moments, and the average.
        activations: Bytes that a full pass keeps for the way back, about; and of its scores.
    """

    learnt: int
    frozen: int
    weights: int
    moments: int
    activations: int

    @property
    def bytes(self) -> int:
        """All together."""
        return self.weights + self.moments + self.activations


def estimate(config: Config, recipe: Recipe, pace: Pace, frozen_dtype: torch.dtype) -> Estimate:
    """Work out what a run takes.

    Weights and moments are counted: a number that is learnt takes 4 bytes, its gradient 4, its
    moments 8. What a pass keeps is worked out from the shapes of what each layer needs on the way
    back, as if all of its tokens were a picture's: a rough figure. (Of a network of 8 million
    numbers, on a CPU in float32, 0.65 MB a token were measured where this gives 0.84, and with
    layers computed again 0.37 where it gives 0.33.)

    Args:
        config: The network's.
        recipe: What is learnt.
        pace: Tokens of a pass, precision, whether layers are computed again.
        frozen_dtype: Of the weights that stay as they are.
    """
    network = laid_out(config)
    if recipe.lora is not None:
        with torch.device("meta"):
            add_lora(network, recipe.lora, alpha=recipe.lora_alpha)
    else:
        network.visual.requires_grad_(not recipe.freeze_vision)
    learnt = sum(weight.numel() for weight in network.parameters() if weight.requires_grad)
    frozen = sum(weight.numel() for weight in network.parameters() if not weight.requires_grad)
    copies = 3 if recipe.ema is None else 4
    return Estimate(
        learnt,
        frozen,
        4 * learnt + frozen_dtype.itemsize * frozen,
        4 * copies * learnt,
        _activations(config, pace, tower=_learns(network.visual)),
    )


def _learns(module: nn.Module) -> bool:
    return any(weight.requires_grad for weight in module.parameters())


def _activations(config: Config, pace: Pace, *, tower: bool) -> int:
    text, vision = config.text, config.vision
    size = 2 if pace.precision == "bfloat16" else 4
    heads = (text.heads + 2 * text.kv_heads) * text.head_width
    # Into each norm in float32, twice (as it is and normalised); products and what they are of.
    layer = 4 * 4 * text.width + size * (4 * text.width + 3 * heads + 5 * text.intermediate)
    block = 4 * 4 * vision.width + size * (14 * vision.width + 4 * vision.intermediate)
    layers, blocks = text.layers * layer, vision.depth * block
    if pace.recompute:  # of one layer all is there, and its gradients as it is gone back through
        layers = text.layers * 4 * text.width + 2 * layer
        blocks = vision.depth * 4 * vision.width + 2 * block
    patches = vision.merge**2
    cut = 2 * 4 * vision.channels * vision.temporal_patch * vision.patch**2  # cut, and normalised
    kept = pace.max_tokens * (layers + patches * (cut + (blocks if tower else block)))
    # Scores in float32, their gradient, and the copy that the softmax makes.
    scores = 3 * 4 * min(SCORES, pace.max_tokens * text.vocabulary)
    return kept + scores
