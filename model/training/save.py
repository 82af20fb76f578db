"""From a network to a checkpoint in the published layout: what `weights.load` does, undone."""

import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from ..config import Config, read_config, read_json
from ..network import Network, laid_out
from ..weights import part_sizes, sources

SHARD_BYTES = 5_000_000_000
"""Largest file of weights, as the reference writes them."""
DTYPES = {torch.float32: "float32", torch.bfloat16: "bfloat16", torch.float16: "float16"}

_COPIED = (
    "generation_config.json", "preprocessor_config.json", "video_preprocessor_config.json",
    "processor_config.json", "tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt",
    "added_tokens.json", "special_tokens_map.json", "chat_template.json", "chat_template.jinja",
    "LICENSE", "LICENSE.txt", "NOTICE",
)  # fmt: skip
"""What a checkpoint has beside config and weights. A fine-tune is under its base's licence."""


def save_checkpoint(
    network: Network,
    like: Path,
    out: Path,
    *,
    dtype: torch.dtype | None = None,
    made: Mapping[str, Any] | None = None,
    shard_bytes: int = SHARD_BYTES,
) -> None:
    """Write a network as a checkpoint that `QwenVL.load` and the reference load.

    It is written into a folder beside and renamed when all of it is on the disk: what bears the
    name is whole.

    Args:
        network: Dense: neither packed layers nor adapters.
        like: The checkpoint that it was loaded from: its config, tokenizer and preprocessor are
            taken over, its weights are not read.
        out: Where to. It may be there, and must then be empty.
        dtype: Of the weights in the files; None: the network's own.
        made: How it was made, for ``training.json``; None: no such file.
        shard_bytes: Most bytes of weights in a file.

    Raises:
        BadCheckpoint: ``like`` cannot be read.
        FileExistsError: ``out`` is a file, or a folder that is not empty.
        ValueError: ``like`` is of another shape, the dtype is none that checkpoints have, or the
            network has packed layers or adapters.
        TypeError: ``made`` cannot be written as JSON.
    """
    kind = next(network.parameters()).dtype if dtype is None else dtype
    if kind not in DTYPES:
        raise ValueError(f"weights are saved as {', '.join(DTYPES.values())}, not as {kind}")
    if _shape(read_config(like)) != _shape(network.config):
        raise ValueError(f"{like} is a checkpoint of another shape than the network that is saved")
    parts = _parts(network)
    config = json.dumps(_config(like, DTYPES[kind]), indent=2) + "\n"
    story = None if made is None else json.dumps(dict(made), indent=2) + "\n"
    with whole_folder(out) as folder:
        (folder / "config.json").write_text(config, encoding="utf-8")
        for name in _COPIED:
            if (like / name).is_file():
                shutil.copyfile(like / name, folder / name)
        if story is not None:
            (folder / "training.json").write_text(story, encoding="utf-8")
        _write(parts, kind, folder, shard_bytes)


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """Give a folder to write into, which becomes ``out`` when all went well, and else nothing.

    Raises:
        FileExistsError: ``out`` is a file, or a folder that is not empty.
    """
    out = out.absolute()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FileExistsError(f"{out} is there already: give a folder that is new or empty")
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = out.with_name(f".{out.name}.{uuid.uuid4().hex}.partial")
    folder.mkdir()
    try:
        yield folder
        for path in folder.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        if out.exists():
            out.rmdir()
        folder.rename(out)
    except BaseException:
        shutil.rmtree(folder)
        raise


def _shape(config: Config) -> Config:
    return replace(config, dtype=None, quantization=None)


def _config(like: Path, dtype: str) -> dict[str, Any]:
    """Give the config of a checkpoint with another dtype and dense weights."""
    config = read_json(like / "config.json") or {}
    config.pop("quantization_config", None)
    nested = [config[key] for key in ("text_config", "vision_config") if key in config]
    for part in (config, *nested):
        for key in ("dtype", "torch_dtype"):
            if part.get(key) is not None:
                part[key] = dtype
    if "dtype" not in config:
        config["torch_dtype"] = dtype  # the older name, which newer libraries read too
    return config


def _parts(network: Network) -> dict[str, Tensor]:
    """Give the tensors by their names in files: views of the network's own."""
    plain = laid_out(network.config)
    held, wanted = network.state_dict(), plain.state_dict()
    if other := sorted(held.keys() ^ wanted.keys()):
        raise ValueError(
            f"the network has packed layers or adapters, at {other[0]} and {len(other) - 1} more "
            "places: merge adapters first, and load what is to be saved without quantize"
        )
    sizes = part_sizes(network.config)
    parts: dict[str, Tensor] = {}
    for target, whole in held.items():
        names = sources(target)
        lengths = [sizes[name.split(".")[-2]] for name in names] if len(names) > 1 else [len(whole)]
        parts.update(zip(names, whole.split(lengths), strict=True))
    return parts


def _write(parts: Mapping[str, Tensor], dtype: torch.dtype, folder: Path, most: int) -> None:
    """Write tensors in as few files as hold no more than so many bytes each, but one at least."""
    shards: list[list[str]] = [[]]
    held = 0
    for name, part in parts.items():
        size = part.numel() * dtype.itemsize
        if held + size > most and shards[-1]:
            shards.append([])
            held = 0
        shards[-1].append(name)
        held += size
    places: dict[str, str] = {}
    for number, names in enumerate(shards, 1):
        several = f"model-{number:05}-of-{len(shards):05}.safetensors"
        file = several if len(shards) > 1 else "model.safetensors"
        # Copied, because parts of a joined matrix share its memory; one shard at a time.
        copies = {
            name: parts[name].detach().to("cpu", dtype, copy=True).contiguous() for name in names
        }
        save_file(copies, folder / file, {"format": "pt"})
        places.update(dict.fromkeys(names, file))
    if len(shards) > 1:
        total = sum(part.numel() * dtype.itemsize for part in parts.values())
        index = {"metadata": {"total_size": total}, "weight_map": places}
        text = json.dumps(index, indent=2) + "\n"
        (folder / "model.safetensors.index.json").write_text(text, encoding="utf-8")
