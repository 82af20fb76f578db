"""Linear layers with packed weights: what checkpoints bring, and what is made while loading.

A GPTQ or AWQ file is unpacked to whole numbers, scales and zero points, ``W = scale * (code -
zero)``, and from there either multiplied out (exact, and as large as a dense model) or packed for
one of torch's own kernels.

Layouts: AutoGPTQ's and GPTQModel 7.7.0's packers; AutoAWQ 0.2.9's ``gemm``.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from .config import Quantization
from .errors import BadCheckpoint

Precision = Literal["int8", "int4"]

_AWQ_ORDER = (0, 2, 4, 6, 1, 3, 5, 7)
"""Nibble i of an AWQ word is the channel of this number."""


def packed_parts(
    how: Quantization, shape: tuple[int, ...]
) -> dict[str, tuple[set[str], tuple[int, ...]]]:
    """Give what files hold in the place of a weight of a shape: (kinds, shape) by name.

    Raises:
        BadCheckpoint: The shape cannot be packed so.
    """
    outputs, inputs = shape
    group = inputs if how.group == -1 else how.group
    per_word = 32 // how.bits
    if inputs % group or outputs % per_word or inputs % per_word:
        raise BadCheckpoint(
            f"a weight of {outputs} x {inputs} cannot be packed in groups of {group} inputs and "
            f"{per_word} numbers a word"
        )
    groups = inputs // group
    parts: dict[str, tuple[set[str], tuple[int, ...]]] = {
        "qzeros": ({"I32"}, (groups, outputs // per_word)),
        "scales": ({"F16", "BF16", "F32"}, (groups, outputs)),
    }
    if how.method == "awq":
        parts["qweight"] = ({"I32"}, (inputs, outputs // per_word))
    else:
        parts["qweight"] = ({"I32"}, (inputs // per_word, outputs))
    return parts


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A weight in whole numbers: ``W[o, i] = scales[g, o] * (codes[o, i] - zeros[g, o])``.

    Attributes:
        codes: uint8 ``[outputs, inputs]``.
        scales: float32 ``[groups, outputs]``.
        zeros: float32 ``[groups, outputs]``.
        groups: int64 ``[inputs]``, the g of each input; None where they follow each other in
            equal groups.
    """

    codes: Tensor
    scales: Tensor
    zeros: Tensor
    groups: Tensor | None = None

    @property
    def group(self) -> int:
        """Inputs that share a scale."""
        return self.codes.shape[1] // len(self.scales)

    def weight(self) -> Tensor:
        """Multiply out: float32 ``[outputs, inputs]``."""
        places = self.groups
        if places is None:
            places = torch.arange(self.codes.shape[1]) // self.group
        weight: Tensor = (self.codes.float() - self.zeros[places].T) * self.scales[places].T
        return weight


def _words(packed: Tensor, bits: int) -> Tensor:
    """Split int32 words into their numbers, lowest first: ``[..., 32 / bits]``, uint8."""
    shifts = torch.arange(0, 32, bits, dtype=torch.int32)
    numbers: Tensor = (packed[..., None] >> shifts) & (2**bits - 1)
    return numbers.to(torch.uint8)


def unpack(how: Quantization, parts: dict[str, Tensor]) -> Unpacked:
    """Unpack what a checkpoint holds for one weight.

    Args:
        how: The checkpoint's packing.
        parts: ``qweight``, ``qzeros``, ``scales`` and, for GPTQ, perhaps ``g_idx``.
    """
    scales = parts["scales"].float()
    if how.method == "awq":
        order = torch.tensor(_AWQ_ORDER).argsort()
        codes = _words(parts["qweight"], 4)[..., order].flatten(-2)  # [in, out]
        zeros = _words(parts["qzeros"], 4)[..., order].flatten(-2)
    else:
        # GPTQ packs weights along the inputs, zero points along the outputs.
        codes = _words(parts["qweight"], how.bits).transpose(1, 2).flatten(0, 1)
        zeros = _words(parts["qzeros"], how.bits).flatten(-2)
    groups = parts.get("g_idx")
    if groups is not None:
        groups = groups.long()
        size = codes.shape[0] // len(scales)
        if bool((groups == torch.arange(len(groups)) // size).all()):
            groups = None
    return Unpacked(codes.T.contiguous(), scales, zeros.float() + how.zero_offset, groups)


def joined(parts: Sequence[Unpacked]) -> Unpacked | None:
    """Join weights along the outputs; None where they order their inputs differently."""
    if len(parts) == 1:
        return parts[0]
    if any(part.groups is not None for part in parts):
        return None
    return Unpacked(
        torch.cat([part.codes for part in parts]),
        torch.cat([part.scales for part in parts], dim=1),
        torch.cat([part.zeros for part in parts], dim=1),
    )


def quantize_int4(weight: Tensor, group: int = 32) -> Unpacked:
    """Round a weight to 4 bits with a scale and a zero point for each group of inputs."""
    outputs, inputs = weight.shape
    grouped = weight.float().view(outputs, inputs // group, group)
    low, high = grouped.amin(-1).clamp(max=0), grouped.amax(-1).clamp(min=0)
    scales = ((high - low) / 15).clamp(min=1e-8)
    zeros = (-low / scales).round()
    codes = (grouped / scales[..., None] + zeros[..., None]).round().clamp(0, 15)
    return Unpacked(codes.to(torch.uint8).flatten(1), scales.T.contiguous(), zeros.T.contiguous())


class Int4Linear(nn.Module):
    """A linear layer over 4-bit weights, by torch's ``_weight_int4pack_mm`` kernels.

    They run in bfloat16 whatever the activations are: CUDA knows no other, and a CPU computes
    others number by number (27 ms instead of 2 for one row of 1536 x 17920, 8 s for 290).

    Args:
        weight: With codes below 16 and groups of 32, 64, 128 or 256 inputs in order.
        bias: ``[outputs]``.
        dtype: Of the activations.
        device: Where it runs; packings differ.
    """

    packed: Tensor
    scales_and_zeros: Tensor
    bias: Tensor | None

    def __init__(
        self, weight: Unpacked, bias: Tensor | None, dtype: torch.dtype, device: torch.device
    ) -> None:
        super().__init__()
        self.group = weight.group
        self.inputs = weight.codes.shape[1]
        # The kernels count from 8: scale * (code - 8) + zero.
        zeros = (8 - weight.zeros) * weight.scales
        both = torch.stack((weight.scales, zeros), dim=-1).to(device, torch.bfloat16).contiguous()
        self.register_buffer("scales_and_zeros", both)
        aten: Any = torch.ops.aten
        if device.type == "cpu":
            packed = aten._convert_weight_to_int4pack_for_cpu(weight.codes.int(), 1)
        else:
            codes = weight.codes.to(device)
            packed = aten._convert_weight_to_int4pack((codes[:, ::2] << 4) | codes[:, 1::2], 8)
        self.register_buffer("packed", packed)
        self.register_buffer("bias", None if bias is None else bias.to(device, dtype))

    def forward(self, x: Tensor) -> Tensor:
        """Multiply: ``[..., inputs]`` to ``[..., outputs]``."""
        rows = x.reshape(-1, self.inputs).to(torch.bfloat16)
        aten: Any = torch.ops.aten
        kernel = (
            aten._weight_int4pack_mm_for_cpu
            if x.device.type == "cpu"
            else (aten._weight_int4pack_mm)
        )
        out = kernel(rows, self.packed, self.group, self.scales_and_zeros).to(x.dtype)
        if self.bias is not None:
            out = out + self.bias
        return out.view(*x.shape[:-1], -1)  # type: ignore[no-any-return]


def fits_int4_kernel(weight: Unpacked) -> bool:
    """Whether torch's kernels can run it."""
    outputs, inputs = weight.codes.shape
    return (
        weight.groups is None
        and weight.group in (32, 64, 128, 256)
        and outputs % 16 == 0
        and inputs % 32 == 0
        and int(weight.codes.max()) < 16
    )


class Int8Linear(nn.Module):
    """A linear layer over 8-bit weights, one scale an output.

    On a CPU the activations are rounded to 8 bits too, one scale a row, and the product runs in
    whole numbers (torch's ``quantized.linear_dynamic``); on CUDA the weights alone are. A row has a
    scale of its own because Qwen's first tokens are a thousand times larger than the others, which
    one scale for all would round to nothing.

    Args:
        weight: ``[outputs, inputs]``.
        bias: ``[outputs]``.
        dtype: Of the activations.
        device: Where it runs.
    """

    packed: Any
    scales: Tensor
    bias: Tensor | None

    def __init__(
        self, weight: Tensor, bias: Tensor | None, dtype: torch.dtype, device: torch.device
    ) -> None:
        super().__init__()
        weight = weight.float()
        self.outputs = weight.shape[0]
        scales = weight.abs().amax(dim=1).clamp(min=1e-12) / 127
        self.inputs = weight.shape[1]
        self.on_cpu = device.type == "cpu"
        if self.on_cpu:
            with warnings.catch_warnings():
                # torch announces that these give way to torchao, which has no eager CPU kernel.
                warnings.simplefilter("ignore", UserWarning)
                codes = torch.quantize_per_channel(
                    weight, scales.double(), torch.zeros(self.outputs, dtype=torch.int64), 0,
                    torch.qint8,
                )  # fmt: skip
                ops: Any = torch.ops.quantized
                self.packed = ops.linear_prepack(codes, None)
            self.register_buffer("bias", None if bias is None else bias.float())
            # Without VNNI the kernel adds two products in 16 bits: 8 x 8 bits would overflow.
            self.reduce_range = torch.backends.cpu.get_cpu_capability() == "AVX2"
            self.dtype = dtype
        else:
            codes = (weight / scales[:, None]).round().to(torch.int8)
            self.register_buffer("packed", codes.to(device))
            self.register_buffer("scales", scales.to(device, dtype))
            self.register_buffer("bias", None if bias is None else bias.to(device, dtype))

    def forward(self, x: Tensor) -> Tensor:
        """Multiply: ``[..., inputs]`` to ``[..., outputs]``."""
        if self.on_cpu:
            ops: Any = torch.ops.quantized
            rows = x.float()
            # The kernel has one scale a call: rows are brought to one size before it.
            size = rows.abs().amax(-1, keepdim=True).clamp(min=1e-12)
            out = ops.linear_dynamic(rows / size, self.packed, self.reduce_range) * size
            if self.bias is not None:
                out += self.bias
            return out.to(self.dtype)  # type: ignore[no-any-return]
        rows = x.reshape(-1, self.inputs)
        aten: Any = torch.ops.aten
        out = aten._weight_int8pack_mm(rows, self.packed, self.scales)
        if self.bias is not None:
            out = out + self.bias
        return out.view(*x.shape[:-1], -1)  # type: ignore[no-any-return]
