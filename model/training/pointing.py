"""The pointing loss: which of a picture's tokens is meant, and where on the picture each lies.

A reply such as ``click 161 301`` is a few digits, and says to a network that has found nothing yet
neither where to look nor how to say it. What comes before the picture (a goal) is known while the
picture is read; so each of its tokens is asked, in the middle of the language model, whether it is
the one that is meant, and in which row and column it lies. The layers above have but to write that
down. Only training asks: nothing of it is in a checkpoint.

And before a reply, and while its numbers are said, a head of the next layer is asked to look at the
token that it is about, or at the end of the picture where that is not on it: what has been found
before, and how to look back at it, need not be learnt from digits. While a word of the user's is
repeated, the same head is asked to look at where it stands, piece by piece: that is what an
induction head does (Olsson et al. 2022, arXiv 2209.11895), and to be shown it is sooner than to
find it.

That a token of the picture can be pointed at, and learnt as a choice among all of them, by what is
attended to: Wu et al. 2025, "GUI-Actor" (arXiv 2506.03143). There a layer of its own acts by it;
here it only teaches.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..language import Attention
from ..network import Network
from ..rope import Rotation, rotate

SIDE = 64
"""Rows, and columns, that are told apart."""


@dataclass(slots=True)
class Heard:
    """What was in the middle of a language model while it read ``N`` tokens.

    Attributes:
        states: Behind the pointer's layers, ``[1, N, width]``.
        inside: What the attention of the next layer was given: the same, normed, and the rotation.
        attention: That.
    """

    attention: Attention
    states: Tensor = field(init=False)
    inside: tuple[Tensor, Rotation] = field(init=False)

    def looks(self) -> tuple[Tensor, Tensor]:
        """Give queries and keys of its first head, rotated, ``[N, head_width]``."""
        (x, rotation), attention = self.inside, self.attention
        project, width = attention.qkv_proj, attention.width
        parts = []
        for number in (0, attention.heads):  # queries come first, then keys
            rows = slice(number * width, (number + 1) * width)
            parts.append(F.linear(x[0], project.weight[rows], project.bias[rows]))
        turned = Rotation(rotation.cos.reshape(-1, width), rotation.sin.reshape(-1, width))
        return rotate(parts[0], turned), rotate(parts[1], turned)


class Pointer(nn.Module):
    """Reads the state of a picture's token: a score of being meant, its row, its column.

    Args:
        network: Whose states it reads: behind two thirds of its layers.
        seed: Of its first weights.

    Raises:
        ValueError: It has one layer.
    """

    def __init__(self, network: Network, seed: int) -> None:
        super().__init__()
        config = network.config.text
        self.layer = max(1, min(2 * config.layers // 3, config.layers - 1))
        """So many layers are below it, and one at least above."""
        if self.layer >= config.layers:
            raise ValueError("pointing needs a language model of two layers at least")
        self.meant = nn.Linear(config.width, 1, bias=False)
        self.lies = nn.Linear(config.width, 2 * SIDE)
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for weight in (self.meant.weight, self.lies.weight):
                weight.normal_(0, config.width**-0.5, generator=generator)
            self.lies.bias.zero_()

    def forward(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Give scores ``[n]``, and scores of rows and columns ``[n, 2, SIDE]``."""
        even = F.rms_norm(states, states.shape[-1:])
        return self.meant(even)[:, 0], self.lies(even).unflatten(-1, (2, SIDE))

    @contextmanager
    def listening(self, network: Network) -> Iterator[Heard]:
        """Keep what it reads of what the network reads meanwhile."""
        layers: Any = network.model.layers
        above = layers[self.layer].self_attn
        heard = Heard(above)

        def hear(_: nn.Module, __: object, out: Tensor) -> None:
            heard.states = out

        def look(_: nn.Module, given: tuple[Any, ...]) -> None:
            heard.inside = given[0], given[1]

        hooks = (
            layers[self.layer - 1].register_forward_hook(hear),
            (above.register_forward_pre_hook(look)),
        )
        try:
            yield heard
        finally:
            for hook in hooks:
                hook.remove()


def pointing_losses(
    pointer: Pointer, states: Tensor, pointed: Tensor, lies: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Compare with what is meant, and with where the tokens lie.

    Args:
        pointer: Reads the states.
        states: Of all tokens of pictures, ``[n, width]``.
        pointed: int64 ``[P, 3]``: where a picture begins among them, how many tokens it has, and
            which of these is meant; that number again: none of them, which scores 0.
        lies: int64 ``[n, 2]``: rows and columns; those from `SIDE` on are not told apart.

    Returns:
        Cross entropy of what is meant, added up over pictures; that of rows and columns, added up
        over tokens; how often what is meant scored best.
    """
    meant, where = pointer(states)
    meant, where = meant.float(), where.float()
    known = (lies < SIDE).all(1)
    spread = F.cross_entropy(where[known].flatten(0, 1), lies[known].flatten(), reduction="sum")
    if not len(pointed):
        return torch.zeros_like(spread), spread, pointed.sum()
    longest = int(pointed[:, 1].max())
    places = torch.arange(longest, device=pointed.device)
    inside = places < pointed[:, 1:2]
    rows = (pointed[:, :1] + places).clamp(max=len(meant) - 1)
    scores = F.pad(meant[rows].masked_fill(~inside, -torch.inf), (0, 1))
    right = torch.where(pointed[:, 2] == pointed[:, 1], longest, pointed[:, 2])
    found = F.cross_entropy(scores, right, reduction="sum")
    return found, spread, (scores.argmax(1) == right).sum()


def aiming_loss(queries: Tensor, keys: Tensor, aims: Tensor) -> Tensor:
    """Compare what is looked at with what is to be.

    Args:
        queries: Of a head, rotated, ``[N, head_width]``.
        keys: Likewise.
        aims: int64 ``[A, 3]``: which token looks, the first that it may look at, and at which it is
            to.

    Returns:
        Cross entropy over all that it may look at, itself the last, added up.
    """
    places = torch.arange(len(keys), device=aims.device)
    scores = (queries[aims[:, 0]] @ keys.T).float() * keys.shape[-1] ** -0.5
    seen = (places >= aims[:, 1:2]) & (places <= aims[:, :1])
    return F.cross_entropy(scores.masked_fill(~seen, -torch.inf), aims[:, 2], reduction="sum")
