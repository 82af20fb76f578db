"""A checkpoint that has learnt nothing: both libraries load it and see the same."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small
import torch
from PIL import Image as Pillow
from transformers import AutoConfig, AutoTokenizer, GenerationConfig
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from eyehand.model import Image, Message, Size, pixel_hash
from eyehand.model.chatml import chatml
from eyehand.model.errors import BadCheckpoint
from eyehand.model.image import Processor, frame_tensor
from eyehand.model.qwen_vl import QwenVL
from eyehand.model.selfcheck import read_template, template_difference
from eyehand.model.training.new import new_checkpoint
from eyehand.model.training.pocket import pocket_config

SCREEN = Processor(min_pixels=28 * 28, max_pixels=280 * 616)


@pytest.fixture(scope="module")
def pocket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoints") / "pocket"
    words = small.vocabulary()
    new_checkpoint(folder, pocket_config(words), words, SCREEN, seed=3)
    return folder


@pytest.fixture(scope="module")
def model(pocket: Path) -> QwenVL:
    return QwenVL.load(pocket)


def test_both_give_the_same_scores_for_a_picture(pocket: Path, model: QwenVL) -> None:
    with torch.no_grad():
        ours = small.scores(model.network)
    theirs = small.reference_scores(small.reference(pocket))
    assert ours.std() > 0.1
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)


def test_the_reference_reads_the_special_tokens_of_a_small_vocabulary(pocket: Path) -> None:
    config, words = AutoConfig.from_pretrained(pocket), small.vocabulary()
    for key, name in (
        ("image_token_id", "<|image_pad|>"),
        ("video_token_id", "<|video_pad|>"),
        ("vision_start_token_id", "<|vision_start|>"),
        ("vision_end_token_id", "<|vision_end|>"),
    ):
        assert getattr(config, key) == words.special(name)
    assert config.text_config.vocab_size == words.size
    ends = GenerationConfig.from_pretrained(pocket).eos_token_id
    assert ends == [words.im_end, words.special("<|endoftext|>")]
    read = AutoTokenizer.from_pretrained(pocket)
    assert (read.eos_token, read.pad_token) == ("<|im_end|>", "<|endoftext|>")
    assert read.encode("<|im_end|>") == [words.im_end]


def test_a_session_stops_where_the_reference_does(model: QwenVL) -> None:
    words = small.vocabulary()
    assert model.stop_ids == {words.im_end, words.special("<|endoftext|>")}
    assert model.sampling.greedy


def test_the_template_writes_what_the_network_is_taught(pocket: Path, model: QwenVL) -> None:
    template = read_template(pocket)
    assert template is not None
    assert template_difference(model, template) is None
    theirs: Any = AutoTokenizer.from_pretrained(pocket)
    pixels = np.zeros((56, 56, 3), np.uint8)
    shown = Image(pixels, Size(56, 56), pixel_hash(pixels))
    for messages, plain in (
        ([Message.of("user", "Hello")], [{"role": "user", "content": "Hello"}]),
        (
            [
                Message.of("system", "Be brief."),
                Message.of("user", shown, "Where?"),
                Message.of("assistant", "There."),
                Message.of("user", "And now?", shown),
            ],
            [
                {"role": "system", "content": "Be brief."},
                {
                    "role": "user",
                    "content": [{"type": "image"}, {"type": "text", "text": "Where?"}],
                },
                {"role": "assistant", "content": [{"type": "text", "text": "There."}]},
                {
                    "role": "user",
                    "content": [{"type": "text", "text": "And now?"}, {"type": "image"}],
                },
            ],
        ),
    ):
        text: str = theirs.apply_chat_template(plain, tokenize=False, add_generation_prompt=True)
        assert text == chatml(messages)
        ids = theirs.encode(text.replace("<|image_pad|>", "<|image_pad|>" * 4))
        assert ids == model.layout.prompt(messages).ids


def test_the_reference_cuts_a_screen_alike(pocket: Path, model: QwenVL) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (616, 280, 3), dtype=np.uint8)
    plan = model.plan(Size(280, 616))
    assert plan == Size(280, 616)
    assert model.processor.tokens(plan) == 220
    theirs = Qwen2VLImageProcessorPil.from_pretrained(pocket)
    cut = theirs(images=[Pillow.fromarray(pixels)], return_tensors="pt")
    assert cut["image_grid_thw"].tolist() == [[1, 44, 20]]
    ours = model.processor.patches(frame_tensor(pixels, torch.device("cpu")), plan)
    torch.testing.assert_close(ours, cut["pixel_values"], atol=1e-5, rtol=1e-5)
    # Larger ones are made as small by both.
    large = model.plan(Size(1080, 2376))
    assert large.width * large.height <= 280 * 616
    big = np.zeros((2376, 1080, 3), np.uint8)
    grid = theirs(images=[Pillow.fromarray(big)], return_tensors="pt")["image_grid_thw"].tolist()
    assert grid == [[1, large.height // 14, large.width // 14]]


def test_a_pocket_network_of_the_full_vocabulary_fits_a_wheel() -> None:
    from eyehand.model.config import parse_config
    from eyehand.model.network import Network

    config = pocket_config(small.vocabulary()) | {"vocab_size": 4096}
    with torch.device("meta"):
        network = Network(parse_config(config))
    assert sum(weight.numel() for weight in network.parameters()) < 10_000_000


def test_weights_begin_as_the_docstring_says(model: QwenVL) -> None:
    shape = model.config
    for name, weight in model.network.named_parameters():
        if name.endswith("bias"):
            assert not bool(weight.any()), name
        elif weight.dim() == 1:
            assert bool((weight == 1).all()), name
        else:
            ends = name.endswith(("o_proj.weight", "down_proj.weight", "fc2.weight"))
            ends |= name.endswith("attn.proj.weight")
            spread = 0.02 if "embed_tokens" in name else weight[0].numel() ** -0.5
            blocks = shape.vision.depth if name.startswith("visual.") else shape.text.layers
            spread /= math.sqrt(2 * blocks) if ends else 1
            assert float(weight.std()) == pytest.approx(spread, rel=0.02), name


def test_a_seed_gives_the_same_bytes_and_another_gives_others(pocket: Path, tmp_path: Path) -> None:
    words = small.vocabulary()
    for name, seed in (("same", 3), ("other", 4)):
        torch.manual_seed(7 + seed)  # the global one must not matter
        new_checkpoint(tmp_path / name, pocket_config(words), words, SCREEN, seed=seed)
    for path in pocket.iterdir():
        assert (tmp_path / "same" / path.name).read_bytes() == path.read_bytes()
    weights = "model.safetensors"
    assert (tmp_path / "other" / weights).read_bytes() != (pocket / weights).read_bytes()
    assert json.loads((pocket / "training.json").read_text()) == {"new": True, "seed": 3}


@pytest.mark.parametrize("family", small.FAMILIES)
def test_new_ones_of_both_families_are_loaded_by_both(family: str, tmp_path: Path) -> None:
    folder = small.small_checkpoint(tmp_path / "small", family, tied=False)
    with torch.no_grad():
        ours = small.scores(QwenVL.load(folder).network)
    theirs = small.reference_scores(small.reference(folder))
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "llama", "architectures": None}, "model_type is 'llama'"),
        ({"num_key_value_heads": 3}, "no multiple of num_key_value_heads 3"),
        (
            {"vision_config": {"patch_size": 16, "window_size": 128}},
            r"patches as \(side, merge, frames\) \(14, 2, 2\)",
        ),
    ],
)
def test_configs_of_no_network_leave_nothing_behind(
    change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    words = small.vocabulary()
    config = pocket_config(words)
    for key, value in change.items():
        config[key] = {**config[key], **value} if isinstance(value, dict) else value
    with pytest.raises(BadCheckpoint, match=message):
        new_checkpoint(tmp_path / "new", config, words, SCREEN, seed=0)
    assert [*tmp_path.iterdir()] == []
