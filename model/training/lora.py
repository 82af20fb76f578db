"""Low-rank adapters: a few trained numbers beside weights that stay as they are.

A linear layer ``W x`` becomes ``W x + (alpha / rank) B A x``, where A has ``rank`` rows and B as
many columns. A begins random and B at zero, so an adapter that has learnt nothing changes nothing.

What is one matrix here and several in files (query, key and value; gate and up) gets an A and a B
for each of them: so peft, which sees them apart, trains and stores them, and adapters of either
run in both.

Source: Hu et al. 2021 (arXiv 2106.09685).
"""

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..linear import linear
from ..network import Network
from ..weights import part_sizes, sources


class LoraLinear(nn.Module):
    """A linear layer with an adapter beside each of its parts.

    Args:
        base: The layer; it is kept as it is, frozen.
        sizes: How many outputs each part has, in order.
        rank: Rows of an A.
        alpha: What is learnt is multiplied by ``alpha / rank``.
        generator: Of the A's first numbers, uniform in ``±1 / sqrt(inputs)``: Kaiming's with a
            slope of sqrt(5), as torch has for a linear layer and peft for an A.

    Attributes:
        a: float32 ``[rank, inputs]``, one a part. Float32 whatever the base is: steps of a
            learning rate of 1e-4 are lost in bfloat16.
        b: float32 ``[outputs of the part, rank]``, one a part.
    """

    def __init__(
        self,
        base: nn.Linear,
        sizes: tuple[int, ...],
        rank: int,
        alpha: float,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.rank, self.alpha, self.sizes = rank, alpha, sizes
        device, inputs = base.weight.device, base.in_features
        # Drawn on the CPU, so that a seed gives the same numbers on every device.
        drawn = [torch.rand(rank, inputs, generator=generator) * 2 - 1 for _ in sizes]
        self.a = nn.ParameterList(x.to(device) / math.sqrt(inputs) for x in drawn)
        self.b = nn.ParameterList(torch.zeros(size, rank, device=device) for size in sizes)

    @property
    def scale(self) -> float:
        """What ``B A x`` is multiplied by."""
        return self.alpha / self.rank

    def forward(self, x: Tensor) -> Tensor:
        """``[..., inputs]`` to ``[..., outputs]``, in the base's dtype."""
        out: Tensor = self.base(x)
        low = linear(x.to(self.a[0].dtype), torch.cat([*self.a]))
        parts = torch.tensor_split(low, len(self.sizes), dim=-1)
        learnt = [F.linear(part, b) for part, b in zip(parts, self.b, strict=True)]
        return (out + self.scale * torch.cat(learnt, dim=-1)).to(out.dtype)

    @torch.no_grad()
    def merged(self) -> nn.Linear:
        """Add what was learnt to the base's weight, and give the base."""
        learnt = torch.cat([b @ a for a, b in zip(self.a, self.b, strict=True)])
        weight = self.base.weight
        weight.copy_(weight.to(learnt.dtype) + self.scale * learnt)  # rounded once
        return self.base


def add_lora(
    network: Network,
    rank: int,
    *,
    alpha: float | None = None,
    seed: int = 0,
    vision: bool = False,
) -> None:
    """Put an adapter beside each linear layer, and let nothing but adapters be trained.

    Those of the language model's attention and MLPs; neither the embedding nor the head.

    Args:
        network: Changed in place.
        rank: 1 or more; more learn more, and weigh more.
        alpha: See `LoraLinear`; None: twice the rank.
        seed: Of the A's first numbers.
        vision: Put adapters into the vision tower too: blocks and merger.

    Raises:
        ValueError: The rank is below 1, alpha is not above 0, or the network has adapters or
            packed layers.
    """
    alpha = 2.0 * rank if alpha is None else alpha
    if rank < 1 or not (alpha > 0 and math.isfinite(alpha)):
        raise ValueError(f"an adapter needs a rank >= 1 and an alpha > 0, not {rank} and {alpha}")
    refuse_adapters(network)
    names = lora_targets(network, vision)
    for name in names:
        dense_layer(network, name)  # all are looked at before one is changed
    generator = torch.Generator().manual_seed(seed)
    network.requires_grad_(False)
    for name in names:
        put_lora(network, name, rank, alpha, generator)


def refuse_adapters(network: Network) -> None:
    """Refuse a network that has adapters already.

    Raises:
        ValueError: It has.
    """
    if (found := next(adapters(network), None)) is not None:
        raise ValueError(f"{found[0]} has an adapter already: merge it first")


def lora_targets(network: Network, vision: bool) -> list[str]:
    """Give the names of the layers that get adapters."""
    names = [
        f"model.layers.{number}.{part}"
        for number in range(network.config.text.layers)
        for part in ("self_attn.qkv_proj", "self_attn.o_proj", "mlp.gate_up_proj", "mlp.down_proj")
    ]
    if vision:
        names += [
            f"visual.{name}"
            for name, module in network.visual.named_modules()
            if isinstance(module, nn.Linear)
        ]
    return names


def put_lora(
    network: Network, name: str, rank: int, alpha: float, generator: torch.Generator
) -> LoraLinear:
    """Put an adapter beside one layer, and give it.

    Raises:
        ValueError: It is packed.
    """
    base = dense_layer(network, name)
    made = LoraLinear(base, part_lengths(network, name), rank, alpha, generator)
    parent, _, leaf = name.rpartition(".")
    setattr(network.get_submodule(parent), leaf, made)
    return made


def dense_layer(network: Network, name: str) -> nn.Linear:
    """Give a layer that can be adapted.

    Raises:
        ValueError: It is packed.
    """
    layer = network.get_submodule(name)
    if not isinstance(layer, nn.Linear):
        raise ValueError(
            f"{name} is {type(layer).__name__}: adapters are put beside dense layers, because "
            "packed ones pass no gradients: load without quantize, and GPTQ and AWQ checkpoints "
            "with exact=True"
        )
    return layer


def part_lengths(network: Network, name: str) -> tuple[int, ...]:
    """Give how many outputs each part of a linear layer has, in order: one part for most."""
    parts = [source.split(".")[-2] for source in sources(f"{name}.weight")]
    known = part_sizes(network.config)
    if len(parts) > 1:
        return tuple(known[part] for part in parts)
    return (dense_layer(network, name).out_features,)


def adapters(network: Network) -> Iterator[tuple[str, LoraLinear]]:
    """Give the adapted layers by name."""
    for name, module in network.named_modules():
        if isinstance(module, LoraLinear):
            yield name, module


def merge_lora(network: Network) -> None:
    """Add what the adapters learnt to the weights, and take the adapters away.

    All weights are frozen afterwards. The weights keep their dtype: in bfloat16 what is added
    is rounded to it.

    Raises:
        ValueError: There are no adapters.
    """
    found = [*adapters(network)]
    if not found:
        raise ValueError("there is nothing to merge: the network has no adapters")
    for name, adapter in found:
        parent, _, leaf = name.rpartition(".")
        setattr(network.get_submodule(parent), leaf, adapter.merged())


def trainable(network: Network) -> list[nn.Parameter]:
    """Give the parameters that are trained, in the network's order."""
    return [weight for weight in network.parameters() if weight.requires_grad]
