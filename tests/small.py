"""Checkpoints of a few hundred kilobytes with a vocabulary of their own, of either family."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import torch

from eyehand.model.config import read_config
from eyehand.model.files import Files
from eyehand.model.image import Processor
from eyehand.model.network import Network
from eyehand.model.rope import Grid, Span, positions_of
from eyehand.model.tokenizer import Tokenizer
from eyehand.model.training.new import new_checkpoint
from eyehand.model.training.pocket import pocket_config
from eyehand.model.training.save import save_checkpoint
from eyehand.model.training.vocabulary import train_vocabulary
from eyehand.model.weights import load

CPU = torch.device("cpu")
TEXTS = 2 * ("Open the settings and turn on the light at 7:30. Turn off the sound in settings.",)
FAMILIES = ["qwen2_vl", "qwen2_5_vl"]
ARCHITECTURES = {
    "qwen2_vl": "Qwen2VLForConditionalGeneration",
    "qwen2_5_vl": "Qwen2_5_VLForConditionalGeneration",
}


@cache
def vocabulary() -> Tokenizer:
    """Give a vocabulary of bytes and a few words."""
    return train_vocabulary(TEXTS, 300)


def small_config(family: str, *, tied: bool = True) -> dict[str, Any]:
    """Give a config of two layers to a tower; the language model's heads are 16 wide."""
    eyes: dict[str, Any] = {"depth": 2, "num_heads": 2, "in_channels": 3, "model_type": family}
    if family == "qwen2_vl":
        eyes |= {"embed_dim": 32, "hidden_size": 64, "mlp_ratio": 2}
    else:
        eyes |= {
            "hidden_size": 32, "intermediate_size": 52, "out_hidden_size": 64, "window_size": 112,
            "fullatt_block_indexes": [1], "tokens_per_second": 2,
        }  # fmt: skip
    return pocket_config(vocabulary()) | {
        "architectures": [ARCHITECTURES[family]], "model_type": family, "vision_config": eyes,
        "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "tie_word_embeddings": tied,
        "rope_scaling": {"type": "mrope", "mrope_section": [2, 3, 3]},
    }  # fmt: skip


def small_checkpoint(folder: Path, family: str, *, tied: bool = True, seed: int = 0) -> Path:
    """Write one whose weights are far from those of a new one, so that each of them matters."""
    new = folder.with_name(f"{folder.name}-new")
    new_checkpoint(new, small_config(family, tied=tied), vocabulary(), Processor(), seed=seed)
    network = opened(new)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in network.named_parameters():
            noise = torch.randn(weight.shape, generator=generator)
            if weight.dim() == 1:
                weight.add_(0.2 * noise)
            else:
                spread = 0.5 if "embed_tokens" in name else 1.0
                weight.copy_(noise * spread / weight[0].numel() ** 0.5)
    save_checkpoint(network, new, folder)
    return folder


def opened(folder: Path, **options: Any) -> Network:
    """Load a checkpoint's network in float32 on the CPU."""
    options = {"dtype": torch.float32, "device": CPU, **options}
    return load(Files(folder), read_config(folder), **options)


GRID = Grid(1, 8, 10)


def ids() -> list[int]:
    """Give a prompt with a picture of `GRID`."""
    words = vocabulary()
    start, end, pad = (
        words.special(f"<|{name}|>") for name in ("vision_start", "vision_end", "image_pad")
    )
    assert start is not None
    assert end is not None
    assert pad is not None
    return [
        words.im_start, *words.letters("user\n"),
        start, *[pad] * (GRID.patches // 4), end,
        *words.letters("Open the settings"), words.im_end,
    ]  # fmt: skip


def patches() -> torch.Tensor:
    """Give the picture's patches."""
    return torch.randn(GRID.patches, 1176, generator=torch.Generator().manual_seed(5))


def scores(network: Network, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Give the network's scores for the whole prompt, ``[1, tokens, vocabulary]``."""
    prompt = ids()
    before = next(n for n, i in enumerate(prompt) if i == network.config.image_token)
    count = GRID.patches // 4
    spans = [Span(before), Span(count, GRID), Span(len(prompt) - before - count)]
    positions, _ = positions_of(spans, network.config.vision.merge)
    seen = network.see(patches().to(dtype), [GRID])
    x = network.embed(torch.tensor([prompt]), seen)
    return network.logits(network(x, positions[:, None]))


def reference_scores(model: Any) -> torch.Tensor:
    """Give those of the reference's model."""
    prompt = torch.tensor([ids()])
    with torch.no_grad():
        found: torch.Tensor = model(
            input_ids=prompt,
            mm_token_type_ids=(prompt == model.config.image_token_id).long(),
            image_grid_thw=torch.tensor([list(GRID)]),
            pixel_values=patches(),
        ).logits
    return found


def reference(folder: Path) -> Any:
    """Load a checkpoint with the reference, in float32."""
    import transformers

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    kind = getattr(transformers, config["architectures"][0])
    return kind.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
