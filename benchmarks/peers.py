"""What the model's benchmarks share: the reference over our weights, and one episode."""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import nn

from eyehand.model import Image, Message, Size, pixel_hash
from eyehand.model.files import plain_name
from eyehand.model.image import frame_tensor
from eyehand.model.qwen_vl import QwenVL
from eyehand.model.selfcheck import drawn
from eyehand.model.weights import sources

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

SCREEN = Size(588, 336)
"""252 tokens at its own size."""


def checkpoint(name: str) -> Path:
    """Give a checkpoint with random weights; what is made is kept in ``build/``.

    ``toy`` (about 20M, and the genuine vocabulary), a published size such as ``Qwen2-VL-2B``, or
    the folder of that name.
    """
    import published
    import toys

    if Path(name).is_dir():
        return Path(name)
    folder = Path(__file__).parents[1] / "build" / "checkpoints" / name
    if name == "toy":
        if not (folder / "config.json").is_file():
            folder.mkdir(parents=True, exist_ok=True)
            toys.save(toys.reference("qwen2_vl", tied=True), folder)
        return folder
    return published.random_checkpoint(name, folder)


def reference_on(model: QwenVL) -> Any:
    """Make transformers' model (sdpa) over the very tensors of ours: nothing is held twice."""
    config: Any = transformers.AutoConfig.from_pretrained(model.folder)
    kind = getattr(transformers, config.architectures[0])
    with torch.device("meta"):
        reference = kind._from_config(config, attn_implementation="sdpa", dtype=model.dtype)
    whole = dict(model.network.named_parameters())
    parts: dict[str, torch.Tensor] = {}
    for name, weight in whole.items():
        names = sources(name)
        sizes = [weight.shape[0]] if len(names) == 1 else _heights(model, names)
        parts.update(zip(names, torch.split(weight, sizes), strict=True))
    for name, _ in [*reference.named_parameters()]:
        module, _, leaf = name.rpartition(".")
        held = nn.Parameter(parts[plain_name(name)], requires_grad=False)
        setattr(reference.get_submodule(module), leaf, held)
    reference.tie_weights()
    for module in reference.modules():  # rotary frequencies are no weights
        for leaf in [name for name, value in module.named_buffers(recurse=False) if value.is_meta]:
            setattr(module, leaf, getattr(type(module)(module.config), leaf).to(model.device))
    return reference.eval()


def _heights(model: QwenVL, names: Sequence[str]) -> list[int]:
    text = model.config.text
    heights = {"q_proj": text.heads, "k_proj": text.kv_heads, "v_proj": text.kv_heads}
    return [
        heights[part] * text.head_width if (part := name.split(".")[-2]) in heights
        else text.intermediate
        for name in names
    ]  # fmt: skip


def screen(model: QwenVL, number: int) -> Image:
    """Give the screenshot of a step."""
    pixels = drawn(SCREEN, number)
    return Image(pixels, model.plan(SCREEN), pixel_hash(pixels))


def system_turn(model: QwenVL, tokens: int = 300) -> Message:
    """Give a system turn of so many tokens in all."""
    text = "You work a computer by looking at screenshots and acting on them. " * 40
    ids = model.tokenizer.encode(text)[: tokens - 5]
    return Message.of("system", model.tokenizer.decode(ids))


def given(model: QwenVL, pictures: Sequence[Image]) -> dict[str, torch.Tensor]:
    """Give pictures as the reference takes them."""
    cut = [
        model.processor.patches(frame_tensor(picture.pixels, model.device), picture.resized)
        for picture in pictures
    ]
    grids = [list(model.processor.grid(picture.resized)) for picture in pictures]
    return {
        "pixel_values": torch.cat(cut),
        "image_grid_thw": torch.tensor(grids, device=model.device),
    }


def gemm_rate(dtype: torch.dtype, device: torch.device) -> float:
    """Measure a device's products, in operations a second."""
    x, w = (torch.randn(rows, 1536, dtype=dtype, device=device) for rows in (1024, 8960))
    return 2 * x.numel() * w.shape[0] / best(lambda: torch.nn.functional.linear(x, w), 5)


def read_rate(device: torch.device) -> float:
    """Measure how quick a device's memory is read, in bytes a second: a sum over 1 GB."""
    x = torch.ones(1 << 28, device=device)
    return x.numel() * 4 / best(lambda: x.sum(), 5)


def best(work: Callable[[], object], times: int) -> float:
    """Time something, the quickest of several times, in seconds."""
    took = []
    for _ in range(times + 1):
        began = time.perf_counter()
        work()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        took.append(time.perf_counter() - began)
    return min(took[1:])
