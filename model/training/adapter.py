"""Adapters as files, in the layout of peft: what peft and vLLM load, and what peft trained.

A folder of ``adapter_config.json`` and ``adapter_model.safetensors``. Layers are named there as
the reference (transformers from 4.52 on) names its modules; adapters that were trained with older
ones are read too.

Source: peft 0.21.2, ``utils/save_and_load.py`` and ``tuners/lora/config.py``.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from ..config import read_json
from ..errors import BadCheckpoint
from ..files import listed, opened, plain_name
from ..network import Network, laid_out
from ..weights import sources
from .lora import adapters, dense_layer, part_lengths, put_lora, refuse_adapters
from .save import whole_folder

_PREFIX, _A, _B = "base_model.model.", ".lora_A.weight", ".lora_B.weight"
_PLAIN = {
    "peft_type": ("LORA",),
    "bias": ("none",),
    "use_dora": (False,),
    "fan_in_fan_out": (False,),
    "modules_to_save": (None, []),
    "rank_pattern": ({}, None),
    "alpha_pattern": ({}, None),
    "layer_replication": (None,),
    "trainable_token_indices": (None,),
    "lora_bias": (False,),
    "target_parameters": (None, []),
    "use_qalora": (False,),
    "use_bdlora": (None, False),
    "alora_invocation_tokens": (None,),
    "arrow_config": (None,),
    "kasa_config": (None,),
    # Others, such as pissa, change the weights that the adapter belongs to.
    "init_lora_weights": (True, False, "gaussian", "eva", "orthogonal"),
}
"""What an adapter's config may say: all else makes it more than ``W x + (alpha / rank) B A x``."""


def save_lora(
    network: Network, out: Path, *, base: str, made: Mapping[str, Any] | None = None
) -> None:
    """Write a network's adapters; its weights are not written.

    Args:
        network: With adapters.
        out: Where to; new or empty. It gets its name when all of it is written.
        base: The checkpoint that they belong to: a name on the hub, or a folder.
        made: How they were made, for ``training.json``; None: no such file.

    Raises:
        FileExistsError: ``out`` is a file, or a folder that is not empty.
        ValueError: There are no adapters.
    """
    found = [*adapters(network)]
    if not found:
        raise ValueError("there is nothing to save: the network has no adapters")
    tensors: dict[str, Tensor] = {}
    for name, adapter in found:
        stems = [source.removesuffix(".weight") for source in sources(f"{name}.weight")]
        for stem, a, b in zip(stems, adapter.a, adapter.b, strict=True):
            if bool(a.any()):  # a part that `load_lora` found none for has zeros
                tensors[f"{_PREFIX}{_module(stem)}{_A}"] = a.detach().cpu().contiguous()
                tensors[f"{_PREFIX}{_module(stem)}{_B}"] = b.detach().cpu().contiguous()
    first = found[0][1]
    alpha = first.alpha
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base,
        "r": first.rank,
        "lora_alpha": int(alpha) if alpha == int(alpha) else alpha,
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
        "target_modules": sorted(
            key.removeprefix(_PREFIX).removesuffix(_A) for key in tensors if key.endswith(_A)
        ),
    }
    story = None if made is None else json.dumps(dict(made), indent=2) + "\n"
    with whole_folder(out) as folder:
        text = json.dumps(config, indent=2) + "\n"
        (folder / "adapter_config.json").write_text(text, encoding="utf-8")
        if story is not None:
            (folder / "training.json").write_text(story, encoding="utf-8")
        save_file(tensors, folder / "adapter_model.safetensors", {"format": "pt"})


def load_lora(network: Network, folder: Path) -> None:
    """Put adapters from files into a network, and let nothing but them be trained.

    Layers that the files do not name get none. Of a matrix that is joined here (query, key and
    value), parts that they do not name get zeros for A and B, which stay so: their gradients are
    zero.

    Args:
        network: Dense, without adapters; changed in place.
        folder: As `save_lora` or peft wrote it.

    Raises:
        BadCheckpoint: Files are missing or damaged, do not fit the network, or are of another
            kind of adapter.
        ValueError: The network has packed layers or adapters.
    """
    refuse_adapters(network)
    config = read_json(folder / "adapter_config.json")
    if config is None:
        raise BadCheckpoint(f"{folder} has no adapter_config.json: it is no adapter")
    rank, alpha = _rank(folder, config)
    found = _read(folder, network, rank)
    for name in found:
        dense_layer(network, name)  # all are looked at before one is changed
    generator = torch.Generator()
    network.requires_grad_(False)
    for name, parts in found.items():
        adapter = put_lora(network, name, rank, alpha, generator)
        with torch.no_grad():
            for part, (a, b) in enumerate(zip(adapter.a, adapter.b, strict=True)):
                held = parts.get(part)
                a.copy_(held[0]) if held else a.zero_()
                b.copy_(held[1]) if held else b.zero_()


def _module(stem: str) -> str:
    """Give the name of a layer's module in the reference, from its name in files."""
    if stem.startswith("visual."):
        return f"model.{stem}"
    if stem.startswith("model."):
        return f"model.language_{stem}"
    return stem


def _rank(folder: Path, config: Mapping[str, Any]) -> tuple[int, float]:
    for key, allowed in _PLAIN.items():
        if key in config and config[key] not in allowed:
            raise BadCheckpoint(
                f"{folder}: {key} is {config[key]!r}: eyehand reads adapters with {allowed[0]!r}"
            )
    rank, alpha = config.get("r"), config.get("lora_alpha")
    if not isinstance(rank, int) or rank < 1:
        raise BadCheckpoint(f"{folder}: r is {rank!r}: it must be a whole number >= 1")
    if not isinstance(alpha, int | float) or not 0 < alpha < math.inf:
        raise BadCheckpoint(f"{folder}: lora_alpha is {alpha!r}: it must be a number above 0")
    # Kalajdzievski 2023 (arXiv 2312.03732) divides by the rank's root.
    return rank, alpha * math.sqrt(rank) if config.get("use_rslora") else float(alpha)


Pair = tuple[Tensor, Tensor]
"""An A and its B."""


def _read(folder: Path, network: Network, rank: int) -> dict[str, dict[int, Pair]]:
    """Read the pairs of each layer by the number of the part, and see that they fit."""
    plain = laid_out(network.config)
    layers: dict[str, tuple[str, int, int, int]] = {}
    for name, module in plain.named_modules():
        if isinstance(module, nn.Linear):
            stems = [source.removesuffix(".weight") for source in sources(f"{name}.weight")]
            for part, (stem, size) in enumerate(zip(stems, part_lengths(plain, name), strict=True)):
                layers[stem] = name, part, size, module.in_features
    path = folder / "adapter_model.safetensors"
    with opened(path) as file:
        tensors = {key: file.get_tensor(key).float() for key in [*file.keys()]}
    found: dict[str, dict[int, Pair]] = {}
    wrong = []
    for key, a in tensors.items():
        stem = plain_name(key.removeprefix(_PREFIX).removesuffix(_A))
        if key.endswith(_B) and key.removesuffix(_B) + _A in tensors:
            continue
        b = tensors.get(key.removesuffix(_A) + _B)
        if not key.endswith(_A) or b is None or stem not in layers:
            wrong.append(key)
            continue
        name, part, size, inputs = layers[stem]
        if (*a.shape, *b.shape) != (rank, inputs, size, rank):
            wrong.append(f"{key} of {list(a.shape)} and {list(b.shape)}")
            continue
        found.setdefault(name, {})[part] = a, b
    if wrong or not found:
        raise BadCheckpoint(
            f"{path} holds no adapters of rank {rank} that fit this network: "
            + (f"{len(wrong)} do not: {listed(wrong)}" if wrong else "it is empty")
        )
    return found
