"""How fast is learnt at a step, and which weights decay."""

import math
from collections.abc import Iterable
from typing import Any

from torch import nn

from .recipe import Recipe


def learning_rate(recipe: Recipe, step: int, steps: int) -> float:
    """Give the rate of a step.

    It rises in a straight line, reaches its highest at the last step of the warm-up, and falls from
    there to ``final`` of it at the last step of all.

    Args:
        recipe: Says how.
        step: From 0.
        steps: In all.
    """
    if step < recipe.warmup:
        return recipe.learning_rate * (step + 1) / recipe.warmup
    if recipe.schedule == "constant":
        return recipe.learning_rate
    done = (step - recipe.warmup) / max(1, steps - 1 - recipe.warmup)
    left = 1 - min(1.0, done)
    if recipe.schedule == "cosine":
        left = (1 - math.cos(math.pi * left)) / 2
    return recipe.learning_rate * (recipe.final + (1 - recipe.final) * left)


def groups(named: Iterable[tuple[str, nn.Parameter]], decay: float) -> list[dict[str, Any]]:
    """Sort weights into those that decay and those that do not, as an optimiser takes them.

    Norms and biases have one axis. Embeddings do not decay because the rows of tokens that never
    come would go to zero.
    """
    decaying: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, weight in named:
        plain = weight.dim() > 1 and "embed_tokens" not in name
        (decaying if plain else others).append(weight)
    made = [{"params": decaying, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]
    return [group for group in made if group["params"]]
