"""What the language model begins with, once the tower sees: words that look like words.

The tower has learnt to tell pieces of words apart, and a new embedding knows nothing. So a token of
text begins as what tells it on a picture: a word in a goal is close to the same word on a screen
from the first step on, and to say what is seen is to go on with it. And a layer's queries begin as
its keys, so that what is alike is looked at.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ...model.network import Network
from ...model.prompt import Layout
from ...model.training.encode import encode
from ...model.training.sample import Sample
from .pictures import piece_labels

_TEXT = 0.3
"""Size (root mean square) of an embedding. A layer's first words are as loud: 0.3."""
_PICTURE = 0.6
"""Likewise of a picture's token. As the tower alone leaves it, it is six times that, most of it the
same in every token, and no layer would be heard beside it."""
_CHANCE = 0.3
"""Of an embedding, what stays as it was drawn: tokens that look alike differ."""


@torch.no_grad()
def begin_to_speak(
    network: Network,
    layout: Layout,
    head: torch.nn.Linear,
    names: Sequence[str],
    pictures: Sequence[Sample],
) -> None:
    """Even out what the tower shows, and give the language model what it begins with.

    Nothing of it changes what the head tells of a picture.

    Args:
        network: Its language model has not learnt anything yet.
        layout: Of its checkpoint.
        head: Of the dense loss.
        names: Of its labels.
        pictures: Some that are usual, to measure what the tower shows.

    Queries that begin as keys: Trockman and Kolter 2023, "Mimetic Initialization of Self-Attention
    Layers" (arXiv 2305.09828).
    """
    shown = []
    for sample in pictures:
        for one in encode(sample, layout).pictures:
            patches = layout.processor.patches(one.frames, one.resized)
            shown.append(network.see(patches, [one.grid]))
    tokens = torch.cat(shown)
    middle = tokens.mean(0)
    scale = _PICTURE / _size(tokens - middle)
    last: Any = network.visual.merger.mlp[-1]
    last.bias.sub_(middle).mul_(scale)
    last.weight.mul_(scale)
    head.bias.add_(head.weight @ middle)
    head.weight.div_(scale)
    _embed(network, layout, dict(zip(names, head.weight, strict=True)))
    for layer in network.model.layers:
        _mimic(layer.self_attn)


def _embed(network: Network, layout: Layout, rows: Mapping[str, Tensor]) -> None:
    tokenizer = layout.tokenizer
    labels = piece_labels(tokenizer)
    usual = torch.stack([rows[label] for label in labels.values()]).mean(0)
    looks = {token: _sized(rows[label] - usual) for token, label in labels.items()}
    # Words on pictures are learnt as they stand behind a blank; at the beginning of a line, and
    # behind a quotation mark, they look the same.
    pieces = tokenizer.pieces()
    behind = {pieces[token]: row for token, row in looks.items()}
    weight = network.model.embed_tokens.weight
    for token, row in enumerate(weight):
        drawn = _sized(row)
        if token in looks:
            drawn = behind.get(f" {pieces[token].strip()}", looks[token]) + _CHANCE * drawn
        weight[token] = _TEXT * _sized(drawn)
    # The head is the embedding: what it scores stays of size 1.
    network.model.norm.weight.fill_(1 / (_TEXT * network.config.text.width**0.5))


def _mimic(attention: Any) -> None:
    """Have the first of the query heads of each key head begin as that."""
    heads, kv_heads, width = attention.heads, attention.kv_heads, attention.width
    parts = attention.qkv_proj.weight.view(heads + 2 * kv_heads, width, -1)
    for number in range(kv_heads):
        parts[number * (heads // kv_heads)] = parts[heads + number]


def _size(rows: Tensor) -> Tensor:
    return rows.pow(2).mean().sqrt()


def _sized(row: Tensor) -> Tensor:
    return row / _size(row)
