"""The shape of the pocket network: Qwen2.5-VL's, small enough to lie in a wheel."""

from typing import Any

from ..tokenizer import END_OF_TEXT, IM_END, Tokenizer

TOKENS = 4096
"""Most tokens of its vocabulary."""

THETA = 1_000.0
SECTIONS = (4, 8, 20)
"""Base of the rotary frequencies, and how many of the 32 pairs turn with time, rows and columns.

Of M-RoPE's axes the columns have the slowest. With 1,000,000 and (16, 24, 24) of 64 pairs, as the
published checkpoints have it, the next of ten columns would be 0.0002 rad away at best; here it is
0.075 in the first of their pairs. The last twelve turn by less than half a radian in 37 positions,
and a screen has 22: by them a word in a goal and the same word on it are alike wherever they stand.
"""


def pocket_config(tokenizer: Tokenizer) -> dict[str, Any]:
    """Give its ``config.json``, flat as Qwen2.5-VL's is.

    Its vision tower attends within windows of 112 pixels, in the last block to the whole picture:
    a third quicker on a screen, and what is learnt on small pictures holds on large ones.

    Args:
        tokenizer: Its vocabulary.

    Raises:
        ValueError: The vocabulary is larger than `TOKENS`, or lacks a special token of Qwen2-VL.
    """
    if tokenizer.size > TOKENS:
        raise ValueError(f"the vocabulary has {tokenizer.size} tokens: more than {TOKENS}")
    ids = {}
    for key, name in (
        ("bos_token_id", END_OF_TEXT),
        ("eos_token_id", IM_END),
        ("pad_token_id", END_OF_TEXT),
        ("vision_start_token_id", "<|vision_start|>"),
        ("vision_end_token_id", "<|vision_end|>"),
        ("vision_token_id", "<|vision_pad|>"),
        ("image_token_id", "<|image_pad|>"),
        ("video_token_id", "<|video_pad|>"),
    ):
        ids[key] = tokenizer.special(name)
        if ids[key] is None:
            raise ValueError(f"the vocabulary has no special token {name}")
    return {
        "architectures": ["Qwen2_5_VLForConditionalGeneration"],
        "model_type": "qwen2_5_vl",
        **ids,
        "attention_dropout": 0.0,
        "hidden_act": "silu",
        "hidden_size": 256,
        "initializer_range": 0.02,
        "intermediate_size": 704,
        "max_position_embeddings": 8192,
        "num_attention_heads": 4,
        "num_hidden_layers": 6,
        "num_key_value_heads": 2,
        "rms_norm_eps": 1e-6,
        "rope_scaling": {"type": "mrope", "mrope_section": [*SECTIONS]},
        "rope_theta": THETA,
        "tie_word_embeddings": True,
        "torch_dtype": "float32",
        "use_cache": True,
        "use_sliding_window": False,
        "vocab_size": tokenizer.size,
        "vision_config": {
            "depth": 5,
            "fullatt_block_indexes": [4],
            "hidden_act": "silu",
            "hidden_size": 192,
            "in_channels": 3,
            "in_chans": 3,
            "intermediate_size": 640,
            "model_type": "qwen2_5_vl",
            "num_heads": 4,
            "out_hidden_size": 256,
            "patch_size": 14,
            "spatial_merge_size": 2,
            "spatial_patch_size": 14,
            "temporal_patch_size": 2,
            "tokens_per_second": 2,
            "window_size": 112,
        },
    }
