"""A small vocabulary of one's own, for a network of one's own.

Qwen2's has 151,643 tokens: an embedding of 39 million numbers at a width of 256, four times what
all the rest of a small network has.
"""

import json
from collections.abc import Iterable

from tokenizers import models, pre_tokenizers, trainers

from ..tokenizer import SPECIAL, Tokenizer, around


def train_vocabulary(texts: Iterable[str], size: int = 4096) -> Tokenizer:
    """Make a byte-level vocabulary with Qwen2's words, and Qwen2-VL's special tokens at the end.

    All 256 bytes are tokens, so any text can be written with it; digits stay single. The same
    texts give the same vocabulary.

    Args:
        texts: What it is to be short for, as the network will read and write it.
        size: Most tokens, special ones included. Where the texts have fewer pairs that come
            twice, there are fewer.

    Raises:
        ValueError: The size leaves no room for all bytes and special tokens.

    Source: Sennrich et al. 2016 (arXiv 1508.07909), on bytes as in Radford et al. 2019, section
    2.2.
    """
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    least = len(letters) + len(SPECIAL)
    if size < least:
        raise ValueError(
            f"a vocabulary needs {least} tokens for bytes and special tokens: {size} are too few"
        )
    backend = around(models.BPE())
    trainer = trainers.BpeTrainer(
        vocab_size=size - len(SPECIAL),
        min_frequency=2,
        initial_alphabet=letters,
        show_progress=False,
    )
    backend.train_from_iterator(texts, trainer)
    learnt = json.loads(backend.to_str())["model"]
    vocabulary: dict[str, int] = learnt["vocab"]
    special = {name: len(vocabulary) + place for place, name in enumerate(SPECIAL)}
    merges = [(one, two) for one, two in learnt["merges"]]
    return Tokenizer.from_vocabulary(vocabulary, merges, special)
