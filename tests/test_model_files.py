"""Checkpoints as they lie on disk: read, or refused with all that is wrong."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import toys
from PIL import Image as Pillow
from published import PUBLISHED, published
from safetensors.torch import load_file, save_file

from eyehand.model import Size
from eyehand.model.config import parse_config, read_config
from eyehand.model.errors import BadCheckpoint, NotEnoughMemory
from eyehand.model.files import Files, find
from eyehand.model.generate import Sampling
from eyehand.model.image import flatten
from eyehand.model.qwen_vl import QwenVL
from eyehand.model.tokenizer import SPECIAL, Tokenizer

Edit = Callable[[Path], object]


@pytest.mark.parametrize("nested", [False, True], ids=["flat", "nested"])
@pytest.mark.parametrize("name", PUBLISHED)
def test_every_published_size_is_understood(name: str, nested: bool) -> None:
    config = parse_config(published(name, nested=nested))
    from eyehand.model.network import Network

    with torch.device("meta"):
        network = Network(config)
    billions = sum(weight.numel() for weight in network.parameters()) / 1e9
    assert billions == pytest.approx(PUBLISHED[name]["billions"], rel=0.005)
    assert config.text.head_width == 128
    assert config.vision.depth == 32
    assert config.vision.full_blocks == ((7, 15, 23, 31) if "2.5" in name else ())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"architectures": ["LlamaForCausalLM"]}, "the architecture is LlamaForCausalLM"),
        ({"model_type": "qwen3_vl", "architectures": None}, "model_type is 'qwen3_vl'"),
        ({"model_type": "qwen2_vl"}, "but the architecture is Qwen2_5_VL"),
        ({"hidden_act": "gelu"}, "hidden_act is 'gelu': eyehand knows 'silu'"),
        ({"use_sliding_window": True}, "use_sliding_window is True"),
        ({"num_hidden_layers": 0}, "num_hidden_layers is 0: it must be a whole number"),
        ({"num_hidden_layers": "36"}, "num_hidden_layers is '36'"),
        ({"rms_norm_eps": float("nan")}, "rms_norm_eps is nan"),
        ({"num_key_value_heads": 3}, "no multiple of num_key_value_heads 3"),
        ({"rope_scaling": {"type": "linear"}}, "rope_type is 'linear'"),
        ({"rope_scaling": {"mrope_section": [16, 24]}}, "mrope_section is"),
        ({"rope_scaling": {"type": "yarn"}}, "factor is missing"),
        ({"vision_config": {"hidden_act": "relu"}}, "vision_config.hidden_act is 'relu'"),
        ({"vision_config": {"window_size": 100}}, "window_size 100 is no multiple of 28"),
        ({"vision_config": {"out_hidden_size": 7}}, "writes 7 values a token"),
        ({"vision_config": {"fullatt_block_indexes": [99]}}, "blocks outside 0 to 31"),
        ({"image_token_id": 999_999}, "not below vocab_size"),
        ({"quantization_config": {"quant_method": "fp8"}}, "'gptq' or 'awq'"),
        ({"quantization_config": {"quant_method": "gptq", "bits": 3}}, "bits is 3"),
    ],
)
def test_what_is_not_known_is_refused_by_name(change: dict[str, Any], message: str) -> None:
    with pytest.raises(BadCheckpoint) as caught:
        parse_config({**published("Qwen2.5-VL-3B"), **change})
    assert message in str(caught.value)


def test_missing_fields_have_the_reference_defaults() -> None:
    config = parse_config({"model_type": "qwen2_5_vl"})
    assert (config.text.layers, config.text.width, config.text.eps) == (80, 8192, 1e-5)
    assert (config.vision.width, config.vision.intermediate) == (1280, 3420)
    assert config.vision.tokens_per_second == 2


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toys.save(toys.reference("qwen2_5_vl"), tmp_path_factory.mktemp("saved"))


@pytest.fixture
def checkpoint(saved: Path, tmp_path: Path) -> Path:
    """A copy that a test may break."""
    for path in saved.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def tensors(folder: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    path = folder / "model.safetensors"
    held = load_file(path)
    change(held)
    save_file(held, path)


def cut(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])


def pickle_only(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def shards(folder: Path) -> None:
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


NORM = "model.norm.weight"


@pytest.mark.parametrize(
    ("damage", "messages"),
    [
        (cut, ["model.safetensors is damaged or cut off"]),
        (pickle_only, ["pickles only (pytorch_model.bin)"]),
        (lambda f: (f / "model.safetensors").unlink(), ["holds no *.safetensors"]),
        (shards, ["lacks 1 of 2 shards: model-00001-of-00002.safetensors"]),
        (lambda f: (f / "config.json").unlink(), ["config.json: there is no such file"]),
        (lambda f: (f / "config.json").write_text("{"), ["config.json is not valid JSON"]),
        (lambda f: (f / "vocab.json").unlink(), ["neither tokenizer.json nor vocab.json"]),
        (lambda f: (f / "vocab.json").write_text('{"a": 0}'), ["tokenizer in", "cannot be read"]),
        (
            lambda f: (f / "preprocessor_config.json").write_text('{"patch_size": 16}'),
            ["(16, 2, 2), config.json as (14, 2, 2)"],
        ),
        (
            lambda f: tensors(f, lambda t: t.update(other=t.pop(NORM))),
            ["1 missing: model.norm.weight", "1 not of this model: other"],
        ),
        (
            lambda f: tensors(f, lambda t: t.update({NORM: t[NORM][:7].clone()})),
            ["model.norm.weight is [7], not [128]"],
        ),
        (
            lambda f: tensors(f, lambda t: t.update({NORM: t[NORM].to(torch.int64)})),
            ["model.norm.weight is I64, not BF16 or F16"],
        ),
    ],
)
def test_a_broken_checkpoint_is_refused_with_all_that_is_wrong(
    checkpoint: Path, damage: Edit, messages: list[str]
) -> None:
    damage(checkpoint)
    with pytest.raises(BadCheckpoint) as caught:
        QwenVL.load(checkpoint)
    for message in messages:
        assert message in str(caught.value)


def test_a_name_that_is_nowhere_is_told() -> None:
    with pytest.raises(BadCheckpoint, match="no folder nowhere, and it is no name on the hub"):
        find("nowhere")
    with pytest.raises(BadCheckpoint, match="the hub gives no model of that name"):
        find("nobody/nothing", offline=True)


def test_what_would_not_fit_is_refused_before_it_is_read(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eyehand.model.memory.available_bytes", lambda _: 1 << 20)
    monkeypatch.setattr("eyehand.model.weights.Files.read", lambda *_: pytest.fail("it was read"))
    with pytest.raises(NotEnoughMemory, match=r"needs 0\.2 GiB and cpu has 0\.0 GiB"):
        QwenVL.load(checkpoint)


def test_float16_on_a_cpu_is_refused(checkpoint: Path) -> None:
    with pytest.raises(ValueError, match="float16 on a CPU"):
        QwenVL.load(checkpoint, dtype=torch.float16, device="cpu")


def test_the_fingerprint_names_the_weights(checkpoint: Path) -> None:
    before = Files(checkpoint).fingerprint()
    assert Files(checkpoint).fingerprint() == before
    tensors(checkpoint, lambda t: t[NORM].mul_(1.01))
    assert Files(checkpoint).fingerprint() != before


def test_limits_come_from_the_checkpoint(checkpoint: Path) -> None:
    limits = {"size": {"shortest_edge": 3136, "longest_edge": 1_003_520}}
    (checkpoint / "preprocessor_config.json").write_text(json.dumps(limits))
    model = QwenVL.load(checkpoint)
    assert model.plan(Size(1920, 1080)) == Size(1316, 728)
    model.close()


def test_sampling_comes_from_the_checkpoint(checkpoint: Path) -> None:
    assert Sampling.read(checkpoint).greedy
    said = {"do_sample": True, "temperature": 0.7, "top_k": 20, "top_p": 0.8}
    (checkpoint / "generation_config.json").write_text(json.dumps(said))
    assert Sampling.read(checkpoint) == Sampling(0.7, 20, 0.8)
    (checkpoint / "generation_config.json").write_text('{"do_sample": true, "temperature": -1}')
    with pytest.raises(BadCheckpoint, match="temperature must be from 0"):
        Sampling.read(checkpoint)


def test_special_tokens_have_their_numbers(checkpoint: Path) -> None:
    tokenizer = Tokenizer.load(checkpoint)
    assert {name: tokenizer.special(name) for name in SPECIAL} == SPECIAL
    tokenizer.check(read_config(checkpoint))
    assert tokenizer.encode("Hello, 世界!") == [9707, 11, 220, 99489, 0]
    for name, number in SPECIAL.items():
        assert number not in tokenizer.encode(f"a {name} b")
        assert tokenizer.decode([number]) == name
        assert tokenizer.decode(tokenizer.encode(f"a {name} b")) == f"a {name} b"


def test_what_is_transparent_becomes_white() -> None:
    picture = Pillow.new("RGBA", (2, 1), (255, 0, 0, 0))
    picture.putpixel((1, 0), (255, 0, 0, 255))
    assert flatten(picture).tolist() == [[[255, 255, 255], [255, 0, 0]]]


def test_without_the_extra_its_name_is_told() -> None:
    code = "import sys; sys.modules['torch'] = None; import eyehand.model.qwen_vl"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert 'pip install "eyehand[model]"' in done.stderr.splitlines()[-1]
