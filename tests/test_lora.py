"""Adapters: they learn alone, merge exactly, and are peft's own in files."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
import small
import torch
from safetensors.torch import load_file, save_file

from eyehand.model.errors import BadCheckpoint
from eyehand.model.network import Network
from eyehand.model.training.adapter import load_lora, save_lora
from eyehand.model.training.lora import LoraLinear, adapters, add_lora, merge_lora, trainable

PREFIX = "base_model.model."
Q = "model.language_model.layers.0.self_attn.q_proj"


@pytest.fixture(scope="module", params=small.FAMILIES)
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.small_checkpoint(tmp_path_factory.mktemp("saved") / "small", request.param)


def taught(checkpoint: Path, *, seed: int = 0, vision: bool = True) -> Network:
    """Give a network with adapters that have learnt something, each another thing."""
    network = small.opened(checkpoint)
    add_lora(network, 3, alpha=5, seed=seed, vision=vision)
    generator = torch.Generator().manual_seed(seed + 1)
    with torch.no_grad():
        for _, adapter in adapters(network):
            for b in adapter.b:
                b.normal_(0, 0.1, generator=generator)
    return network


@torch.no_grad()
def quiet(network: Network) -> torch.Tensor:
    return small.scores(network)


def test_what_has_learnt_nothing_changes_nothing(checkpoint: Path) -> None:
    network = small.opened(checkpoint)
    before = quiet(network)
    add_lora(network, 4, vision=True)
    assert torch.equal(quiet(network), before)
    merge_lora(network)
    assert torch.equal(quiet(network), before)


@pytest.mark.parametrize("vision", [False, True], ids=["language", "vision too"])
def test_merged_answers_as_it_ran(checkpoint: Path, vision: bool) -> None:
    plain = quiet(small.opened(checkpoint))
    network = taught(checkpoint, vision=vision)
    ran = quiet(network)
    assert (ran - plain).abs().max() > 0.5
    merge_lora(network)
    torch.testing.assert_close(quiet(network), ran, atol=1e-4, rtol=1e-4)
    assert network.state_dict().keys() == small.opened(checkpoint).state_dict().keys()
    assert trainable(network) == []


def test_only_adapters_learn_and_all_of_them_do(checkpoint: Path) -> None:
    network = taught(checkpoint)
    weights = {id(weight) for weight in trainable(network)}
    own = [x for _, adapter in adapters(network) for x in (*adapter.a, *adapter.b)]
    assert weights == {id(x) for x in own}
    before = {name: weight.clone() for name, weight in network.named_parameters()}
    optimizer = torch.optim.SGD(trainable(network), lr=0.1)
    loss = small.scores(network).log_softmax(-1)[..., 0].mean()
    loss.backward()  # type: ignore[no-untyped-call]
    for name, weight in network.named_parameters():
        if id(weight) in weights:
            assert weight.grad is not None, name
            assert bool(weight.grad.any()), name
        else:
            assert weight.grad is None, name
    optimizer.step()
    for name, weight in network.named_parameters():
        assert torch.equal(weight, before[name]) is (id(weight) not in weights), name


def test_every_layer_of_the_language_model_has_one_and_the_tower_when_asked(
    checkpoint: Path,
) -> None:
    network = small.opened(checkpoint)
    add_lora(network, 2)
    found = dict(adapters(network))
    assert len(found) == 4 * 2
    assert found["model.layers.1.self_attn.qkv_proj"].sizes == (64, 32, 32)
    assert found["model.layers.1.mlp.gate_up_proj"].sizes == (96, 96)
    assert not any(isinstance(module, LoraLinear) for module in network.visual.modules())
    both = small.opened(checkpoint)
    add_lora(both, 2, vision=True)
    per_block = 5 if both.config.family == "qwen2_5_vl" else 4
    assert len([*adapters(both)]) == 8 + 2 * per_block + 2


def test_a_seed_gives_the_same_numbers_and_another_gives_others(checkpoint: Path) -> None:
    def drawn(seed: int) -> list[torch.Tensor]:
        network = small.opened(checkpoint)
        torch.manual_seed(seed + 99)  # the global one must not matter
        add_lora(network, 2, seed=seed)
        return [a.detach() for _, adapter in adapters(network) for a in adapter.a]

    one, same, other = drawn(1), drawn(1), drawn(2)
    assert all(torch.equal(a, b) for a, b in zip(one, same, strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(one, other, strict=True))
    assert all(bool((a.abs() <= 1 / math.sqrt(a.shape[1])).all()) for a in one)
    # Query, key and value do not share an A.
    assert not torch.equal(one[0], one[1])


def test_beside_bfloat16_adapters_keep_small_steps(checkpoint: Path) -> None:
    network = small.opened(checkpoint, dtype=torch.bfloat16)
    add_lora(network, 2, vision=True)
    assert {weight.dtype for weight in trainable(network)} == {torch.float32}
    found = small.scores(network, torch.bfloat16)
    assert found.dtype == torch.bfloat16
    merge_lora(network)
    assert {weight.dtype for weight in network.parameters()} == {torch.bfloat16}


def test_what_cannot_be_adapted_is_refused_and_left_as_it_is(checkpoint: Path) -> None:
    network = small.opened(checkpoint)
    with pytest.raises(ValueError, match="rank >= 1 and an alpha > 0, not 0 and"):
        add_lora(network, 0)
    with pytest.raises(ValueError, match="not 2 and nan"):
        add_lora(network, 2, alpha=math.nan)
    with pytest.raises(ValueError, match="nothing to merge"):
        merge_lora(network)
    add_lora(network, 2)
    with pytest.raises(ValueError, match="has an adapter already: merge it first"):
        add_lora(network, 2, vision=True)
    packed = small.opened(checkpoint, quantize="int8")
    with pytest.raises(ValueError, match=r"is Int8Linear: .* load without quantize"):
        add_lora(packed, 2)
    assert not [*adapters(packed)]


def test_files_name_the_modules_that_the_reference_has(checkpoint: Path, tmp_path: Path) -> None:
    network = taught(checkpoint)
    expected = quiet(network)
    save_lora(network, tmp_path / "adapter", base="some/checkpoint", made={"steps": 1})
    config = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text())
    tensors = load_file(tmp_path / "adapter" / "adapter_model.safetensors")
    assert config["base_model_name_or_path"] == "some/checkpoint"
    assert json.loads((tmp_path / "adapter" / "training.json").read_text()) == {"steps": 1}
    # What peft does with them when it merges, on the reference's model.
    model = small.reference(checkpoint)
    assert len(tensors) == 2 * len(config["target_modules"])
    for name in config["target_modules"]:
        a, b = (tensors[f"{PREFIX}{name}.lora_{part}.weight"] for part in "AB")
        with torch.no_grad():
            model.get_submodule(name).weight += config["lora_alpha"] / config["r"] * b @ a
    torch.testing.assert_close(small.reference_scores(model), expected, atol=1e-4, rtol=1e-4)


def test_files_give_the_same_adapters_again(checkpoint: Path, tmp_path: Path) -> None:
    network = taught(checkpoint)
    save_lora(network, tmp_path / "adapter", base="x")
    read = small.opened(checkpoint)
    load_lora(read, tmp_path / "adapter")
    assert torch.equal(quiet(read), quiet(network))
    assert len(trainable(read)) == len(trainable(network))
    save_lora(read, tmp_path / "again", base="x")
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        one, two = (tmp_path / folder / name for folder in ("adapter", "again"))
        assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("layers", ["model.language_model.layers", "model.layers"])
def test_adapters_of_some_parts_leave_the_others_alone(
    layers: str, checkpoint: Path, tmp_path: Path
) -> None:
    """Query and value only, as many of peft's are; names of today and of before."""
    generator = torch.Generator().manual_seed(0)
    tensors = {}
    for name, size in (("q_proj", 64), ("v_proj", 32)):
        stem = f"{PREFIX}{layers}.1.self_attn.{name}"
        tensors[f"{stem}.lora_A.weight"] = torch.randn(4, 64, generator=generator).bfloat16()
        tensors[f"{stem}.lora_B.weight"] = torch.randn(size, 4, generator=generator).bfloat16()
    save_file(tensors, tmp_path / "adapter_model.safetensors")
    said = {"peft_type": "LORA", "r": 4, "lora_alpha": 2, "use_rslora": True, "lora_dropout": 0.1}
    (tmp_path / "adapter_config.json").write_text(json.dumps(said))
    network = small.opened(checkpoint)
    before = network.get_parameter("model.layers.1.self_attn.qkv_proj.weight").clone()
    load_lora(network, tmp_path)
    save_lora(network, tmp_path / "again", base="x")
    assert len(load_file(tmp_path / "again" / "adapter_model.safetensors")) == 4
    # The part without an adapter stays without one however long is trained.
    small.scores(network).square().mean().backward()  # type: ignore[no-untyped-call]
    key = dict(adapters(network))["model.layers.1.self_attn.qkv_proj"]
    assert key.a[1].grad is not None
    assert not bool(key.a[1].grad.any())
    merge_lora(network)
    changed = network.get_parameter("model.layers.1.self_attn.qkv_proj.weight") - before
    q, v = (
        tensors[f"{PREFIX}{layers}.1.self_attn.{name}.lora_B.weight"].float()
        @ tensors[f"{PREFIX}{layers}.1.self_attn.{name}.lora_A.weight"].float()
        for name in ("q_proj", "v_proj")
    )
    expected = torch.cat((q, torch.zeros(32, 64), v)) * 2 / math.sqrt(4)
    torch.testing.assert_close(changed.detach(), expected, atol=1e-5, rtol=1e-5)


Damage = Callable[[dict[str, object], dict[str, torch.Tensor]], object]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda c, t: c.update(use_dora=True), "use_dora is True: eyehand reads .* False"),
        (lambda c, t: c.update(peft_type="IA3"), "peft_type is 'IA3'"),
        (lambda c, t: c.update(modules_to_save=["lm_head"]), "modules_to_save is"),
        (lambda c, t: c.update(init_lora_weights="pissa"), "init_lora_weights is 'pissa'"),
        (lambda c, t: c.update(r=0), "r is 0: it must be a whole number"),
        (lambda c, t: c.pop("lora_alpha"), "lora_alpha is None"),
        (lambda c, t: c.update(r=4), r"adapters of rank 4 that fit .*q_proj.lora_A.weight of \[3"),
        (lambda c, t: t.pop(f"{PREFIX}{Q}.lora_B.weight"), "1 do not: .*q_proj.lora_A.weight"),
        (lambda c, t: t.pop(f"{PREFIX}{Q}.lora_A.weight"), "1 do not: .*q_proj.lora_B.weight"),
        (lambda c, t: t.clear(), "it is empty"),
        (
            lambda c, t: t.update({f"{PREFIX}model.layers.9.mlp.up_proj.lora_A.weight": t[
                f"{PREFIX}{Q}.lora_A.weight"].clone()}),
            "1 do not: .*layers.9.mlp.up_proj",
        ),
    ],
)  # fmt: skip
def test_other_adapters_are_refused_by_name(
    damage: Damage, message: str, checkpoint: Path, tmp_path: Path
) -> None:
    save_lora(taught(checkpoint), tmp_path / "adapter", base="x")
    said, weights = (
        tmp_path / "adapter" / name for name in ("adapter_config.json", "adapter_model.safetensors")
    )
    config, tensors = json.loads(said.read_text()), load_file(weights)
    damage(config, tensors)
    said.write_text(json.dumps(config))
    save_file(tensors, weights)
    network = small.opened(checkpoint)
    with pytest.raises(BadCheckpoint, match=message):
        load_lora(network, tmp_path / "adapter")
    assert not [*adapters(network)]


def test_folders_that_hold_no_adapter_are_told(checkpoint: Path, tmp_path: Path) -> None:
    network = small.opened(checkpoint)
    with pytest.raises(BadCheckpoint, match=r"has no adapter_config.json: it is no adapter"):
        load_lora(network, checkpoint)
    with pytest.raises(ValueError, match="nothing to save: the network has no adapters"):
        save_lora(network, tmp_path / "adapter", base="x")
    save_lora(taught(checkpoint), tmp_path / "adapter", base="x")
    (tmp_path / "adapter" / "adapter_model.safetensors").unlink()
    with pytest.raises(BadCheckpoint, match=r"adapter_model.safetensors cannot be read"):
        load_lora(network, tmp_path / "adapter")
