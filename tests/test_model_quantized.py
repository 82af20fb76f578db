"""Packed weights: unpacked by the rules they were packed by, and run as what they mean."""

import dataclasses
from pathlib import Path

import pytest
import torch
import toys
from safetensors.torch import load_file, save_file

from eyehand.model.config import Quantization, parse_config, read_config
from eyehand.model.errors import BadCheckpoint
from eyehand.model.files import Files
from eyehand.model.memory import held_bytes, weight_bytes
from eyehand.model.quantized import Int4Linear, Int8Linear, quantize_int4, unpack
from eyehand.model.rope import Span, positions_of
from eyehand.model.weights import load

CPU = torch.device("cpu")
AWQ_ORDER = [0, 2, 4, 6, 1, 3, 5, 7]


def words(numbers: torch.Tensor, bits: int) -> torch.Tensor:
    """Pack the last axis into int32, lowest first."""
    per_word = 32 // bits
    grouped = numbers.to(torch.int64).reshape(*numbers.shape[:-1], -1, per_word)
    packed = sum(grouped[..., place] << (bits * place) for place in range(per_word))
    assert isinstance(packed, torch.Tensor)
    return torch.where(packed >= 2**31, packed - 2**32, packed).to(torch.int32)


def packed(
    how: Quantization, codes: torch.Tensor, zeros: torch.Tensor, scales: torch.Tensor
) -> dict[str, torch.Tensor]:
    """Pack ``codes[in, out]`` and ``zeros[groups, out]`` as the reference packers do."""
    if how.method == "awq":

        def order(numbers: torch.Tensor) -> torch.Tensor:
            return numbers.reshape(*numbers.shape[:-1], -1, 8)[..., AWQ_ORDER].flatten(-2)

        return {
            "qweight": words(order(codes), 4),
            "qzeros": words(order(zeros), 4),
            "scales": scales,
        }
    return {
        "qweight": words(codes.T, how.bits).T.contiguous(),
        "qzeros": words(zeros - how.zero_offset, how.bits),
        "scales": scales,
    }


WAYS = [
    Quantization("gptq", 4, 32, 1),
    Quantization("gptq", 8, 32, 1),
    Quantization("gptq", 4, 32, 0),
    Quantization("awq", 4, 32, 0),
]


@pytest.mark.parametrize("how", WAYS, ids=["gptq 4", "gptq 8", "gptq v2", "awq"])
def test_what_a_packer_packed_is_unpacked(how: Quantization) -> None:
    draw = torch.Generator().manual_seed(1)
    top = 2**how.bits
    codes = torch.randint(0, top, (64, 48), generator=draw)
    zeros = torch.randint(1, top, (2, 48), generator=draw)
    scales = torch.rand(2, 48, generator=draw).half()
    found = unpack(how, packed(how, codes, zeros, scales))
    assert torch.equal(found.codes, codes.T.to(torch.uint8))
    weight = (codes - zeros.repeat_interleave(32, 0)) * scales.float().repeat_interleave(32, 0)
    assert torch.equal(found.weight(), weight.T)


def test_symmetric_zero_points_read_as_published_files_have_them() -> None:
    for bits, stored, true in ((4, 0x77777777, 8), (8, 0x7F7F7F7F, 128)):
        how = Quantization("gptq", bits, 32, 1)
        parts = {
            "qweight": torch.zeros(32 * bits // 32, 32, dtype=torch.int32),
            "qzeros": torch.full((1, 32 * bits // 32), stored, dtype=torch.int32),
            "scales": torch.ones(1, 32),
        }
        assert torch.equal(unpack(how, parts).zeros, torch.full((1, 32), float(true)))


def test_inputs_in_another_order_find_their_scale() -> None:
    how = Quantization("gptq", 4, 32, 1)
    codes = torch.full((64, 32), 9)
    parts = packed(how, codes, torch.full((2, 32), 8), torch.tensor([[1.0], [10.0]]).expand(2, 32))
    order = torch.arange(64) % 2
    found = unpack(how, {**parts, "g_idx": order.int()})
    assert torch.equal(found.weight()[0], torch.where(order == 0, 1.0, 10.0))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_four_bits_run_as_they_multiply_out(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    weight = quantize_int4(torch.randn(96, 128))
    bias, x = torch.randn(96), torch.randn(3, 5, 128).to(dtype)
    found = Int4Linear(weight, bias, dtype, CPU)(x)
    expected = x.float() @ weight.weight().T + bias
    assert found.dtype == dtype
    # Computed in bfloat16 either way: eight bits of mantissa in rows, scales and products.
    assert float((found.float() - expected).norm() / expected.norm()) < 0.01


def test_eight_bits_stay_near() -> None:
    torch.manual_seed(0)
    weight, bias, x = torch.randn(96, 128), torch.randn(96), torch.randn(3, 5, 128)
    found = Int8Linear(weight, bias, torch.float32, CPU)(x)
    expected = x @ weight.T + bias
    assert float((found - expected).norm() / expected.norm()) < 0.03


def test_a_row_that_is_a_thousand_times_larger_does_not_spoil_the_others() -> None:
    torch.manual_seed(0)
    weight, bias, x = torch.randn(96, 128), torch.randn(96), torch.randn(6, 128)
    x[2] *= 3000
    found = Int8Linear(weight, bias, torch.float32, CPU)(x)
    expected = x @ weight.T + bias
    apart = (found - expected).norm(dim=1) / expected.norm(dim=1)
    assert float(apart.max()) < 0.03


@pytest.mark.parametrize("tied", [True, False])
def test_eight_bits_pack_the_head_too(tmp_path: Path, tied: bool) -> None:
    toys.reference("qwen2_vl", tied=tied).save_pretrained(tmp_path)
    files, config = Files(tmp_path), read_config(tmp_path)
    ids = torch.tensor([[100, 200, 300]])
    positions, _ = positions_of([Span(3)], 2)
    scores, held = [], []
    for quantize in (None, "int8"):
        net = load(files, config, dtype=torch.bfloat16, device=CPU, quantize=quantize)
        with torch.no_grad():
            scores.append(net.logits(net(net.embed(ids), positions[:, None])).float())
        held.append(held_bytes(net))
        reckoned = weight_bytes(config, files, torch.bfloat16, quantize)
        assert held[-1] == pytest.approx(reckoned, rel=0.01)
    assert isinstance(net.lm_head, Int8Linear)
    assert float((scores[1] - scores[0]).norm() / scores[0].norm()) < 0.1


@pytest.fixture(scope="module")
def dense(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dense")
    toys.reference("qwen2_vl").save_pretrained(folder)
    return folder


def repacked(dense: Path, folder: Path, how: Quantization) -> Path:
    """Write the language model's layers packed, and zero biases where some exporters do."""
    held = {}
    for name, value in load_file(dense / "model.safetensors").items():
        stem, _, leaf = name.rpartition(".")
        if not (".layers." in name and leaf == "weight" and "proj" in stem):
            held[name] = value.half()
            continue
        made = quantize_int4(value)
        parts = packed(how, made.codes.T.long(), made.zeros.long().clamp(1, 15), made.scales.half())
        held |= {f"{stem}.{part}": part_value for part, part_value in parts.items()}
        if "o_proj" in stem:
            held[f"{stem}.bias"] = torch.zeros(len(value)).half()
    folder.mkdir()
    save_file({name: value.contiguous() for name, value in held.items()}, folder / "m.safetensors")
    (folder / "config.json").write_text((dense / "config.json").read_text())
    return folder


@pytest.mark.parametrize("how", [WAYS[0], WAYS[3]], ids=["gptq", "awq"])
def test_a_packed_checkpoint_equals_its_dequantised_twin(
    dense: Path, tmp_path: Path, how: Quantization
) -> None:
    folder = repacked(dense, tmp_path / "p", how)
    config = read_config(folder)
    config = dataclasses.replace(config, quantization=how)
    ids = torch.tensor([[100, 200, 300, 400, 500]])
    positions, _ = positions_of([Span(5)], 2)
    scores = []
    for exact in (True, False):
        net = load(Files(folder), config, dtype=torch.float32, device=CPU, exact=exact)
        kinds = {type(module).__name__ for module in net.model.layers.modules()}
        assert ("Int4Linear" in kinds) != exact
        with torch.no_grad():
            scores.append(net.logits(net(net.embed(ids), positions[:, None])))
    apart = float((scores[1] - scores[0]).norm() / scores[0].norm())
    assert 0 < apart < 0.01  # the kernels round rows and scales to bfloat16


def test_a_bias_that_the_model_has_no_place_for_is_refused(dense: Path, tmp_path: Path) -> None:
    folder = repacked(dense, tmp_path / "p", WAYS[0])
    held = load_file(folder / "m.safetensors")
    name = next(name for name in held if name.endswith("o_proj.bias"))
    held[name][0] = 1
    save_file(held, folder / "m.safetensors")
    config = dataclasses.replace(read_config(folder), quantization=WAYS[0])
    with pytest.raises(BadCheckpoint, match=r"o_proj\.bias is not zero"):
        load(Files(folder), config, dtype=torch.float32, device=CPU)


def test_a_packed_checkpoint_is_not_packed_again(dense: Path, tmp_path: Path) -> None:
    folder = repacked(dense, tmp_path / "p", WAYS[0])
    config = dataclasses.replace(read_config(folder), quantization=WAYS[0])
    with pytest.raises(ValueError, match="is GPTQ already"):
        load(Files(folder), config, dtype=torch.float32, device=CPU, quantize="int8")


def test_the_config_says_how_it_is_packed() -> None:
    base = {"model_type": "qwen2_vl"}
    gptq = {"quant_method": "gptq", "bits": 4, "group_size": 128, "sym": True}
    found = parse_config({**base, "quantization_config": gptq}).quantization
    assert found == Quantization("gptq", 4, 128, 1)
    newer = {**gptq, "checkpoint_format": "gptq_v2"}
    found = parse_config({**base, "quantization_config": newer}).quantization
    assert found == Quantization("gptq", 4, 128, 0)
    awq = {"quant_method": "awq", "bits": 4, "modules_to_not_convert": ["visual"]}
    found = parse_config({**base, "quantization_config": awq}).quantization
    assert found == Quantization("awq", 4, 128, 0, ("visual",))
