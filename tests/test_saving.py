"""A network written as a checkpoint: read back to the byte, by eyehand and by the reference."""

import json
from pathlib import Path
from typing import Any

import pytest
import small
import torch
import toys
from safetensors.torch import load_file

from eyehand.model.config import read_config
from eyehand.model.qwen_vl import QwenVL
from eyehand.model.training.lora import add_lora
from eyehand.model.training.save import save_checkpoint, whole_folder


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.small_checkpoint(tmp_path_factory.mktemp("saved") / "small", "qwen2_vl")


def said(folder: Path, name: str = "config.json") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / name).read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("tied", [False, True], ids=["own head", "tied"])
@pytest.mark.parametrize("family", small.FAMILIES)
def test_what_the_reference_saved_comes_back_to_the_byte(
    family: str, tied: bool, tmp_path: Path
) -> None:
    published = tmp_path / "published"
    toys.reference(family, tied=tied, vocab_size=151_660).save_pretrained(published)
    out = tmp_path / "out"
    save_checkpoint(small.opened(published), published, out)
    before, after = load_file(published / "model.safetensors"), load_file(out / "model.safetensors")
    assert before.keys() == after.keys()
    assert ("lm_head.weight" in after) is not tied
    for name, tensor in before.items():
        assert after[name].dtype == tensor.dtype
        assert torch.equal(after[name], tensor), name
    assert said(out) == said(published)


@pytest.mark.parametrize("family", small.FAMILIES)
def test_both_load_what_was_changed_and_agree_with_the_network_in_memory(
    family: str, tmp_path: Path
) -> None:
    made = small.small_checkpoint(tmp_path / "made", family, tied=False)
    network = small.opened(made)
    with torch.no_grad():
        for weight in network.parameters():
            weight.mul_(1.1)
        expected = small.scores(network)
        out = tmp_path / "out"
        save_checkpoint(network, made, out)
        assert torch.equal(small.scores(QwenVL.load(out).network), expected)
    torch.testing.assert_close(
        small.reference_scores(small.reference(out)), expected, atol=1e-4, rtol=1e-4
    )


def test_all_files_that_a_checkpoint_needs_go_along(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "like").mkdir()
    for path in checkpoint.iterdir():
        (tmp_path / "like" / path.name).write_bytes(path.read_bytes())
    for name in ("LICENSE", "merges.txt", "README.md", "training.json", "optimizer.pt"):
        (tmp_path / "like" / name).write_text("{}")
    made = {"steps": 3, "data": ["episodes/one"]}
    save_checkpoint(small.opened(checkpoint), tmp_path / "like", tmp_path / "out", made=made)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "LICENSE", "chat_template.json", "config.json", "generation_config.json", "merges.txt",
        "model.safetensors", "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json",
        "training.json",
    }  # fmt: skip
    assert said(tmp_path / "out", "training.json") == made
    for name in ("tokenizer.json", "generation_config.json", "chat_template.json"):
        assert (tmp_path / "out" / name).read_bytes() == (checkpoint / name).read_bytes()


def test_the_config_says_the_dtype_that_the_files_have(checkpoint: Path, tmp_path: Path) -> None:
    network = small.opened(checkpoint)
    half = tmp_path / "half"
    save_checkpoint(network, checkpoint, half, dtype=torch.bfloat16)
    assert said(half) == {**said(checkpoint), "torch_dtype": "bfloat16"}
    tensors = load_file(half / "model.safetensors")
    whole = load_file(checkpoint / "model.safetensors")
    assert all(torch.equal(tensors[name], whole[name].bfloat16()) for name in whole)
    assert QwenVL.load(half).dtype == torch.bfloat16
    # As newer libraries write it, and in all places where they do.
    nested = said(half)
    del nested["torch_dtype"]
    nested |= {"dtype": "bfloat16"}
    nested["vision_config"]["dtype"] = "bfloat16"
    (half / "config.json").write_text(json.dumps(nested))
    save_checkpoint(network, half, tmp_path / "again")
    assert said(tmp_path / "again")["dtype"] == "float32"
    assert said(tmp_path / "again")["vision_config"]["dtype"] == "float32"
    assert "torch_dtype" not in said(tmp_path / "again")


def test_large_checkpoints_lie_in_shards_that_both_find(checkpoint: Path, tmp_path: Path) -> None:
    network, out = small.opened(checkpoint), tmp_path / "out"
    save_checkpoint(network, checkpoint, out, shard_bytes=100_000)
    index = said(out, "model.safetensors.index.json")
    files = sorted(out.glob("*.safetensors"))
    assert len(files) > 2
    assert {path.name for path in files} == set(index["weight_map"].values())
    held = [load_file(path) for path in files]
    sizes = [sum(t.numel() * 4 for t in tensors.values()) for tensors in held]
    assert all(
        size <= 100_000 or len(tensors) == 1 for size, tensors in zip(sizes, held, strict=True)
    )
    assert index["metadata"]["total_size"] == sum(sizes)
    with torch.no_grad():
        expected = small.scores(network)
        assert torch.equal(small.scores(small.opened(out)), expected)
    torch.testing.assert_close(
        small.reference_scores(small.reference(out)), expected, atol=1e-4, rtol=1e-4
    )


def test_a_packed_checkpoint_multiplied_out_is_saved_as_a_dense_one(
    checkpoint: Path, tmp_path: Path
) -> None:
    like = tmp_path / "like"
    like.mkdir()
    packed = {"quant_method": "gptq", "bits": 4, "group_size": 32}
    (like / "config.json").write_text(
        json.dumps({**said(checkpoint), "quantization_config": packed})
    )
    save_checkpoint(small.opened(checkpoint), like, tmp_path / "out")
    assert read_config(tmp_path / "out").quantization is None


@pytest.mark.parametrize("there", ["file", "folder"])
def test_nothing_that_is_there_is_written_over(
    there: str, checkpoint: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    kept = out if there == "file" else out / "notes.txt"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("mine")
    with pytest.raises(FileExistsError, match="there already: give a folder that is new or empty"):
        save_checkpoint(small.opened(checkpoint), checkpoint, out)
    assert kept.read_text() == "mine"
    assert [*tmp_path.iterdir()] == [out]


def test_an_empty_folder_is_filled(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    save_checkpoint(small.opened(checkpoint), checkpoint, tmp_path / "out")
    assert QwenVL.load(tmp_path / "out").config == read_config(checkpoint)


def test_what_is_half_written_never_bears_the_name(tmp_path: Path) -> None:
    def cut_off() -> None:
        with whole_folder(tmp_path / "out") as folder:
            (folder / "config.json").write_text("{}")
            assert not (tmp_path / "out").exists()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut_off()
    assert [*tmp_path.iterdir()] == []


def test_a_story_that_is_no_json_leaves_nothing_behind(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="PosixPath is not JSON serializable"):
        save_checkpoint(
            small.opened(checkpoint), checkpoint, tmp_path / "out", made={"data": tmp_path}
        )
    assert [*tmp_path.iterdir()] == []


def test_networks_that_are_not_the_checkpoint_s_own_are_refused(
    checkpoint: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    network = small.opened(checkpoint)
    with pytest.raises(ValueError, match=r"saved as float32, bfloat16, float16, not as torch.int8"):
        save_checkpoint(network, checkpoint, out, dtype=torch.int8)
    other = small.small_checkpoint(tmp_path / "other", "qwen2_5_vl")
    with pytest.raises(ValueError, match="a checkpoint of another shape"):
        save_checkpoint(network, other, out)
    with pytest.raises(ValueError, match=r"packed layers or adapters, at .*_proj"):
        save_checkpoint(small.opened(checkpoint, quantize="int8"), checkpoint, out)
    add_lora(network, 2)
    with pytest.raises(ValueError, match="merge adapters first"):
        save_checkpoint(network, checkpoint, out)
    assert not out.exists()
