"""A checkpoint that has learnt nothing yet, laid out as the published ones."""

import json
import math
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ..chatml import DEFAULT_SYSTEM
from ..config import parse_config
from ..errors import BadCheckpoint
from ..image import Processor
from ..network import Network, laid_out
from ..tokenizer import END_OF_TEXT, IM_END, Tokenizer
from .save import save_checkpoint

_EMBEDDING = 0.02
_ENDS = {"o_proj", "down_proj", "proj", "fc2"}
"""What ends a residual branch; the patch embedding's ``proj`` does not."""
_TEMPLATE = (
    "{% if messages[0]['role'] != 'system' %}"
    f"<|im_start|>system\n{DEFAULT_SYSTEM}<|im_end|>\n"
    "{% endif %}"
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}"
    "{% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif part['type'] == 'video' %}<|vision_start|><|video_pad|><|vision_end|>"
    "{% elif part['type'] == 'text' %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""Writes what Qwen2-VL's published template writes; `prompt.Layout` says the same in ids."""


def new_checkpoint(
    folder: Path,
    config: Mapping[str, Any],
    tokenizer: Tokenizer,
    processor: Processor,
    *,
    seed: int,
) -> None:
    """Write a checkpoint with fresh weights, in float32.

    Args:
        folder: New or empty; it gets its name when all of it is written.
        config: What ``config.json`` says, such as `pocket_config` gives.
        tokenizer: Its vocabulary.
        processor: How it will want pictures.
        seed: Of the weights.

    Raises:
        BadCheckpoint: The config is of no network that is known here, or does not fit tokenizer
            or processor.
        FileExistsError: The folder is a file, or not empty.
    """
    known = parse_config(config)
    tokenizer.check(known)
    cut = (processor.patch, processor.merge, processor.frames)
    if cut != (known.vision.patch, known.vision.merge, known.vision.temporal_patch):
        raise BadCheckpoint(f"the config does not cut patches as (side, merge, frames) {cut}")
    network = laid_out(known)
    network.to_empty(device="cpu")
    initialise(network, seed)
    with tempfile.TemporaryDirectory() as place:
        like = Path(place)
        for name, said in _small_files(config, tokenizer, processor).items():
            (like / name).write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
        (like / "tokenizer.json").write_text(tokenizer.to_json(), encoding="utf-8")
        save_checkpoint(network, like, folder, made={"new": True, "seed": seed})


@torch.no_grad()
def initialise(network: Network, seed: int) -> None:
    """Give a network its first weights, drawn on the CPU: the same seed, the same weights.

    ===========================  ================================================================
    norms                        weights 1, biases 0
    biases                       0
    embedding                    normal, 0.02
    all else                     normal, 1 / sqrt(numbers that each output is made of)
    what ends a residual branch  likewise, / sqrt(branches of its tower)
    ===========================  ================================================================

    What ends a branch is the output projection of attention and the last layer of an MLP, two a
    block: their sum keeps its size however many there are. The published configs' 0.02 is for
    widths of thousands: 192 numbers times that are a fifth of what went in, and what tells one
    picture from another was lost on its way through the tower.

    Sources: Radford et al. 2019, section 2.3, for the branches; LeCun et al. 1998, "Efficient
    BackProp", section 4.6, for the width.
    """
    generator = torch.Generator().manual_seed(seed)
    branches = {
        "visual": 2 * network.config.vision.depth,
        "model": 2 * network.config.text.layers,
    }
    for name, weight in network.named_parameters():
        path = name.split(".")
        if path[-1] == "bias":
            weight.zero_()
        elif weight.dim() == 1:
            weight.fill_(1.0)
        else:
            ends = path[-2] in _ENDS and path[1] in ("blocks", "layers")
            spread = _EMBEDDING if path[-2] == "embed_tokens" else weight[0].numel() ** -0.5
            if ends:
                spread /= math.sqrt(branches[path[0]])
            weight.copy_(torch.empty(weight.shape).normal_(0, spread, generator=generator))


def _small_files(
    config: Mapping[str, Any], tokenizer: Tokenizer, processor: Processor
) -> dict[str, dict[str, Any]]:
    """Give the JSON files beside the weights."""
    end_of_text = tokenizer.special(END_OF_TEXT)
    family = "Qwen2VL" if config["model_type"] == "qwen2_vl" else "Qwen2_5_VL"
    limits = {"min_pixels": processor.min_pixels, "max_pixels": processor.max_pixels}
    return {
        "config.json": dict(config),
        "generation_config.json": {
            "bos_token_id": end_of_text,
            "do_sample": False,
            "eos_token_id": [tokenizer.im_end, end_of_text],
            "pad_token_id": end_of_text,
        },
        "preprocessor_config.json": {
            **limits,
            "patch_size": processor.patch,
            "temporal_patch_size": processor.frames,
            "merge_size": processor.merge,
            "image_mean": list(processor.mean),
            "image_std": list(processor.std),
            "image_processor_type": "Qwen2VLImageProcessor",
            "processor_class": f"{family}Processor",
        },
        "chat_template.json": {"chat_template": _TEMPLATE},  # processors look there
        "tokenizer_config.json": {
            "add_prefix_space": False,
            "bos_token": None,
            "chat_template": _TEMPLATE,
            "clean_up_tokenization_spaces": False,
            "eos_token": IM_END,
            "errors": "replace",
            "pad_token": END_OF_TEXT,
            "processor_class": f"{family}Processor",
            "split_special_tokens": False,
            "tokenizer_class": "Qwen2Tokenizer",
            "unk_token": None,
        },
    }
