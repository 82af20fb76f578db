"""From a checkpoint's files to a network: checked as a whole, then read.

What is missing, too much, or of the wrong shape or kind is found from the files' headers, before
any weight is read, and is told all at once.
"""

import re
from collections.abc import Callable

import torch
from torch import nn

from .config import Config, Quantization
from .errors import BadCheckpoint
from .files import Entry, Files, listed
from .network import Network, laid_out
from .quantized import (
    Int4Linear,
    Int8Linear,
    Precision,
    fits_int4_kernel,
    joined,
    packed_parts,
    quantize_int4,
    unpack,
)

JOINED = {
    "self_attn.qkv_proj": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "mlp.gate_up_proj": ("mlp.gate_proj", "mlp.up_proj"),
}
"""What is one matrix here and several in files, joined along the outputs."""

_FLOATS = {"F64", "F32", "F16", "BF16"}


def sources(target: str) -> list[str]:
    """Give the names in files of what one of the network's tensors is made of."""
    for whole, parts in JOINED.items():
        if f".{whole}." in target and target.startswith("model."):
            return [target.replace(whole, part) for part in parts]
    return [target]


def check_names(network: Network, files: Files) -> None:
    """Compare a network on the meta device with what the files hold.

    Raises:
        BadCheckpoint: With everything that is missing, not known, or of the wrong shape or kind.
    """
    config = network.config
    expected = _expected(network)
    entries = files.entries
    missing = sorted(name for name in expected if name not in entries)
    extra = sorted(name for name in entries if name not in expected and not _harmless(name, config))
    wrong = []
    for name, (shape, kinds) in sorted(expected.items()):
        if (entry := entries.get(name)) is not None:
            if entry.shape != shape:
                wrong.append(f"{name} is {list(entry.shape)}, not {list(shape)}")
            elif entry.dtype not in kinds:
                wrong.append(f"{name} is {entry.dtype}, not {' or '.join(sorted(kinds))}")
    problems = []
    if missing:
        problems.append(f"{len(missing)} missing: {listed(missing)}")
    if extra:
        problems.append(f"{len(extra)} not of this model: {listed(extra)}")
    if wrong:
        problems.append(f"{len(wrong)} of the wrong kind: {listed(wrong)}")
    if problems:
        raise BadCheckpoint(
            f"the tensors in {files.folder} do not fit its config.json ({config.family}): "
            + "; ".join(problems)
        )


Shape = tuple[int, ...]


def _expected(network: Network) -> dict[str, tuple[Shape, set[str]]]:
    config = network.config
    expected: dict[str, tuple[Shape, set[str]]] = {}
    sizes, how = part_sizes(config), config.quantization
    for target, tensor in network.state_dict().items():
        parts = sources(target)
        module = target.rpartition(".")[0]
        for part in parts:
            shape = tuple(tensor.shape)
            if len(parts) > 1:
                shape = (sizes[part.split(".")[-2]], *shape[1:])
            if how is not None and target.endswith(".weight") and is_packed(module, config):
                stem = part.removesuffix(".weight")
                for name, (kind, packed) in packed_parts(how, shape).items():
                    expected[f"{stem}.{name}"] = (packed, kind)
            else:
                expected[part] = (shape, _FLOATS)
    return expected


def part_sizes(config: Config) -> dict[str, int]:
    """Give how many outputs each part of a joined matrix has, by the part's name."""
    text = config.text
    return {
        "q_proj": text.heads * text.head_width,
        "k_proj": text.kv_heads * text.head_width,
        "v_proj": text.kv_heads * text.head_width,
        "gate_proj": text.intermediate,
        "up_proj": text.intermediate,
    }


def is_packed(module: str, config: Config) -> bool:
    """Whether a linear layer's weight is packed in the files: those of the language model are."""
    if config.quantization is None or not re.match(
        r"model\.layers\.\d+\.(self_attn|mlp)\.", module
    ):
        return False
    return not any(part in module for part in config.quantization.skipped)


def _harmless(name: str, config: Config) -> bool:
    """Tensors that files may hold beside the weights."""
    if name.endswith("rotary_emb.inv_freq"):
        return True
    if name == "lm_head.weight":
        return config.text.tied
    quantized = config.quantization is not None
    # Exporters write zero biases where the model has none; `load` refuses those that are not.
    return quantized and name.endswith((".bias", ".g_idx")) and name.startswith("model.layers.")


Progress = Callable[[int, int], None]


def load(
    files: Files,
    config: Config,
    *,
    dtype: torch.dtype,
    device: torch.device,
    quantize: Precision | None = None,
    exact: bool = False,
    progress: Progress | None = None,
) -> Network:
    """Build the network of a checkpoint.

    It is laid out without memory, then each layer gets its weights: at most one layer's tensors
    are held twice.

    Args:
        files: The checkpoint's tensors.
        config: Its config.
        dtype: Of dense weights and of activations.
        device: Where it will run.
        quantize: Pack the language model's layers while loading; not for packed checkpoints.
        exact: Multiply packed weights out instead of running them packed: as exact and as large
            as a dense model.
        progress: Told (bytes read, bytes in all).

    Raises:
        BadCheckpoint: The tensors do not fit the config, or a packed one cannot be read.
        ValueError: ``quantize`` is given for a checkpoint that is packed already.
    """
    if quantize is not None and config.quantization is not None:
        raise ValueError(
            f"the checkpoint is {config.quantization.method.upper()} already: load it without "
            "quantize"
        )
    network = laid_out(config)
    network.requires_grad_(False).eval()
    check_names(network, files)
    done, total = 0, sum(_size(entry) for entry in files.entries.values())
    for name, module in [*network.named_modules()]:
        own = [*module._parameters.items()]
        if not own:
            continue
        how = config.quantization
        if how is not None and is_packed(name, config) and isinstance(module, nn.Linear):
            replacement, read = _packed_layer(
                files, config, how, name, module, dtype, device, exact
            )
        else:
            replacement, read = _dense_layer(files, name, module, dtype, device)
            dense = replacement if name.startswith("model.layers.") else None
            if quantize is not None and isinstance(dense, nn.Linear):
                replacement = _quantized(dense, quantize, dtype, device)
        if name == "lm_head" and quantize == "int8" and isinstance(module, nn.Linear):
            replacement = Int8Linear(module.weight, None, dtype, device)
        if replacement is not module:
            parent, _, leaf = name.rpartition(".")
            setattr(network.get_submodule(parent), leaf, replacement)
        done += read
        if progress is not None:
            progress(done, total)
    if quantize == "int8" and config.text.tied:  # the embedding itself is only looked up
        network.lm_head = Int8Linear(network.model.embed_tokens.weight, None, dtype, device)
    return network


def _size(entry: Entry) -> int:
    width = 1
    for side in entry.shape:
        width *= side
    return width * {"F64": 8, "I64": 8, "F32": 4, "I32": 4}.get(entry.dtype, 2)


def _dense_layer(
    files: Files, name: str, module: nn.Module, dtype: torch.dtype, device: torch.device
) -> tuple[nn.Module, int]:
    read = 0
    for leaf in [*module._parameters]:
        if module._parameters[leaf] is None:
            continue
        names = sources(f"{name}.{leaf}")
        parts = files.read(names)
        read += sum(_size(files.entries[part]) for part in names)
        whole = parts[0] if len(parts) == 1 else torch.cat([part.to(dtype) for part in parts])
        whole = whole.to(device, dtype)
        setattr(module, leaf, nn.Parameter(whole, requires_grad=False))
    return module, read


def _quantized(
    module: nn.Linear, precision: Precision, dtype: torch.dtype, device: torch.device
) -> nn.Module:
    if precision == "int8":
        return Int8Linear(module.weight, module.bias, dtype, device)
    inputs = module.weight.shape[1]
    if inputs % 32 or module.weight.shape[0] % 16:
        return module  # no kernel for it
    return Int4Linear(quantize_int4(module.weight), module.bias, dtype, device)


def _packed_layer(
    files: Files,
    config: Config,
    how: Quantization,
    name: str,
    module: nn.Linear,
    dtype: torch.dtype,
    device: torch.device,
    exact: bool,
) -> tuple[nn.Module, int]:
    unpacked, biases, read = [], [], 0
    for stem in (source.removesuffix(".weight") for source in sources(f"{name}.weight")):
        held = [part for part in ("qweight", "qzeros", "scales", "g_idx", "bias")
                if f"{stem}.{part}" in files.entries]  # fmt: skip
        names = [f"{stem}.{part}" for part in held]
        parts = dict(zip(held, files.read(names), strict=True))
        read += sum(_size(files.entries[part]) for part in names)
        bias = parts.pop("bias", None)
        if bias is not None:
            if module.bias is None and bool(bias.any()):
                raise BadCheckpoint(f"{stem}.bias is not zero, and {config.family} has none there")
            biases.append(bias.to(dtype))
        unpacked.append(unpack(how, parts))
    bias = torch.cat(biases) if module.bias is not None else None
    whole = joined(unpacked)
    if whole is not None and not exact and fits_int4_kernel(whole):
        return Int4Linear(whole, bias, dtype, device), read
    weight = torch.cat([part.weight().to(dtype) for part in unpacked]).to(device)
    module.weight = nn.Parameter(weight, requires_grad=False)
    if bias is not None:
        module.bias = nn.Parameter(bias.to(device), requires_grad=False)
    return module, read
