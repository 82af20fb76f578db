"""A pass through the network: what is told right, and how far off the rest is."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from ..image import Processor
from ..network import Network
from .packing import Pass
from .pointing import Pointer, aiming_loss, pointing_losses

SCORES = 1 << 26
"""Scores held at a time: with their gradients and copies in float32 under 1 GB."""


@dataclass(frozen=True, slots=True)
class Read:
    """What came of a pass. Sums, so that passes add up.

    Attributes:
        loss: Cross entropy of the learnt tokens, each times its weight, added up.
        dense: Binary cross entropy of what is drawn, added up over tokens and labels.
        right: bool ``[L]``: whether the likeliest token was the one to be told.
        meant: Cross entropy of the tokens that are meant, added up over pictures.
        lies: Cross entropy of where picture tokens lie, added up.
        hit: Pictures whose token that is meant scored best.
        aim: Cross entropy of where a head looks, added up over all that was to be looked at.
    """

    loss: Tensor
    dense: Tensor
    right: Tensor
    meant: Tensor
    lies: Tensor
    hit: Tensor
    aim: Tensor


def read(
    network: Network,
    one: Pass,
    processor: Processor,
    head: nn.Module | None,
    pointer: Pointer | None = None,
) -> Read:
    """Read a pass that lies on the network's device.

    Args:
        network: Any family.
        one: From `pack`.
        processor: Of the checkpoint.
        head: From a picture's token to a score for each label; None: no dense loss.
        pointer: From the language model's states to what is meant; None: no pointing loss.
    """
    seen = None
    none = dense = torch.zeros((), device=one.ids.device)
    if one.order is not None:
        patches = torch.cat([alike.patches(processor) for alike in one.pictures])
        grids = [alike.grid for alike in one.pictures for _ in range(len(alike.frames))]
        seen = network.see(patches, grids)[one.order]
        if head is not None and len(one.drawn_rows):
            dense = _dense(head, seen[one.drawn_rows], one.drawn_hits)
    if not len(one.ids):
        return Read(none, dense, one.targets.bool(), none, none, none, none)
    x = network.embed(one.ids[None], None if seen is None else seen[: one.placed])
    meant, lies, hit, aim = none, none, none, none
    if pointer is None or not (one.placed or len(one.aims)):
        hidden = network(x, one.positions[:, None], segments=one.segments)
    else:
        with pointer.listening(network) as heard:
            hidden = network(x, one.positions[:, None], segments=one.segments)
        config = network.config
        shown = (one.ids == config.image_token) | (one.ids == config.video_token)
        states = heard.states[0][shown]
        meant, lies, hit = pointing_losses(pointer, states, one.pointed, one.lies)
        aim = aiming_loss(*heard.looks(), one.aims)
    losses, right = _scored(network, hidden[0, one.places], one.targets)
    loss = (losses * one.weights.to(losses.dtype)).sum()
    return Read(loss, dense, right, meant, lies, hit, aim)


def _dense(head: nn.Module, seen: Tensor, hits: Tensor) -> Tensor:
    scores: Tensor = head(seen).float()
    labels = torch.zeros_like(scores)
    labels[hits[0], hits[1]] = 1
    return F.binary_cross_entropy_with_logits(scores, labels, reduction="sum")


def _scored(network: Network, hidden: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Give each target's cross entropy, and whether it scores best.

    A vocabulary of 152,000 makes a gigabyte of scores from 1,700 tokens. Where there are more,
    they are scored a part at a time, and again on the way back.
    """
    rows = max(1, SCORES // network.config.text.vocabulary)
    if len(hidden) <= rows:
        return _score(network, hidden, targets)
    parts = [
        checkpoint(_score, network, *part, use_reentrant=False, preserve_rng_state=False)
        for part in zip(torch.split(hidden, rows), torch.split(targets, rows), strict=True)
    ]
    return torch.cat([losses for losses, _ in parts]), torch.cat([right for _, right in parts])


def _score(network: Network, hidden: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    scores = network.logits(hidden).float()
    return F.cross_entropy(scores, targets, reduction="none"), scores.argmax(-1) == targets
