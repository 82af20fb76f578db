"""The published checkpoints' configs, and checkpoints of their shapes with random weights."""

import json
from pathlib import Path
from typing import Any

import torch
import toys
from safetensors.torch import save_file

# Written from what is known of the published files (sizes, heads, tied, theta), not copied.
PUBLISHED: dict[str, dict[str, Any]] = {
    "Qwen2-VL-2B": {
        "family": "qwen2_vl", "hidden_size": 1536, "num_hidden_layers": 28,
        "num_attention_heads": 12, "num_key_value_heads": 2, "intermediate_size": 8960,
        "vocab_size": 151936, "tie_word_embeddings": True, "billions": 2.21,
    },
    "Qwen2-VL-7B": {
        "family": "qwen2_vl", "hidden_size": 3584, "num_hidden_layers": 28,
        "num_attention_heads": 28, "num_key_value_heads": 4, "intermediate_size": 18944,
        "vocab_size": 152064, "tie_word_embeddings": False, "billions": 8.29,
    },
    "Qwen2-VL-72B": {
        "family": "qwen2_vl", "hidden_size": 8192, "num_hidden_layers": 80,
        "num_attention_heads": 64, "num_key_value_heads": 8, "intermediate_size": 29568,
        "vocab_size": 152064, "tie_word_embeddings": False, "billions": 73.4,
    },
    "Qwen2.5-VL-3B": {
        "family": "qwen2_5_vl", "hidden_size": 2048, "num_hidden_layers": 36,
        "num_attention_heads": 16, "num_key_value_heads": 2, "intermediate_size": 11008,
        "vocab_size": 151936, "tie_word_embeddings": True, "billions": 3.75, "vision": 3420,
    },
    "Qwen2.5-VL-7B": {
        "family": "qwen2_5_vl", "hidden_size": 3584, "num_hidden_layers": 28,
        "num_attention_heads": 28, "num_key_value_heads": 4, "intermediate_size": 18944,
        "vocab_size": 152064, "tie_word_embeddings": False, "billions": 8.29, "vision": 3420,
    },
    "Qwen2.5-VL-32B": {
        "family": "qwen2_5_vl", "hidden_size": 5120, "num_hidden_layers": 64,
        "num_attention_heads": 40, "num_key_value_heads": 8, "intermediate_size": 27648,
        "vocab_size": 152064, "tie_word_embeddings": False, "billions": 33.4, "vision": 3456,
    },
    "Qwen2.5-VL-72B": {
        "family": "qwen2_5_vl", "hidden_size": 8192, "num_hidden_layers": 80,
        "num_attention_heads": 64, "num_key_value_heads": 8, "intermediate_size": 29568,
        "vocab_size": 152064, "tie_word_embeddings": False, "billions": 73.4, "vision": 3456,
    },
}  # fmt: skip
ARCHITECTURES = {
    "qwen2_vl": "Qwen2VLForConditionalGeneration",
    "qwen2_5_vl": "Qwen2_5_VLForConditionalGeneration",
}


def published(name: str, *, nested: bool = False) -> dict[str, Any]:
    """Give a config as the file of that name has it."""
    facts = dict(PUBLISHED[name])
    family, vision, _ = facts.pop("family"), facts.pop("vision", None), facts.pop("billions")
    tied = facts.pop("tie_word_embeddings")
    text = {
        **facts, "rms_norm_eps": 1e-6, "rope_theta": 1e6, "hidden_act": "silu",
        "use_sliding_window": False, "max_position_embeddings": 32768,
        "rope_scaling": {"type": "mrope", "mrope_section": [16, 24, 24]},
    }  # fmt: skip
    eyes = (
        {"hidden_size": text["hidden_size"], "in_chans": 3, "spatial_patch_size": 14}
        if family == "qwen2_vl"
        else {
            "depth": 32, "hidden_size": 1280, "num_heads": 16, "intermediate_size": vision,
            "out_hidden_size": text["hidden_size"], "fullatt_block_indexes": [7, 15, 23, 31],
            "window_size": 112, "tokens_per_second": 2, "in_chans": 3,
        }
    )  # fmt: skip
    whole = {
        "architectures": [ARCHITECTURES[family]], "model_type": family,
        "vision_config": eyes, "tie_word_embeddings": tied, "torch_dtype": "bfloat16",
    }  # fmt: skip
    return {**whole, "text_config": text} if nested else {**whole, **text}


def random_checkpoint(name: str, folder: Path, *, seed: int = 0) -> Path:
    """Write a checkpoint of a published one's shapes with random weights in bfloat16.

    Named and laid out as the reference saves it; one tensor is held at a time. A folder that is
    complete is left as it is.
    """
    if (folder / "complete").is_file():
        return folder
    import transformers

    folder.mkdir(parents=True, exist_ok=True)
    config = published(name)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with torch.device("meta"):
        network = getattr(transformers, config["architectures"][0])._from_config(
            transformers.AutoConfig.from_pretrained(folder)
        )
    generator = torch.Generator().manual_seed(seed)
    shard: dict[str, torch.Tensor] = {}
    places: dict[str, str] = {}
    held, number = 0, 1
    for key, weight in network.named_parameters():
        made = torch.empty(weight.shape, dtype=torch.bfloat16)
        if key.endswith(("norm.weight", "norm1.weight", "norm2.weight", "ln_q.weight")):
            made.fill_(1.0)
        else:
            # Kept near one in size, so that no layer's output drowns the others'.
            spread = 0.02 if weight.dim() == 1 else 0.7 / weight[0].numel() ** 0.5
            made.normal_(0, 0.02 if "embed_tokens" in key else spread, generator=generator)
        shard[key], places[key] = made, f"model-{number:05}.safetensors"
        held += made.numel() * 2
        if held > 2 << 30:
            save_file(shard, folder / places[key])
            shard, held, number = {}, 0, number + 1
    if shard:
        save_file(shard, folder / f"model-{number:05}.safetensors")
    index = {"metadata": {}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    toys.save_tokenizer(folder)
    (folder / "complete").touch()
    return folder
