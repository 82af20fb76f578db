"""From a checkpoint's files to a network: found, checked as a whole, then read.

Only safetensors are read: a pickle runs code when it is opened. What is missing, too much, or of
the wrong shape or kind is found from the files' headers, before any weight is read, and is told
all at once.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from .config import Config, Quantization
from .errors import BadCheckpoint
from .network import Network
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
_SAMPLE = 4096
_LISTED = 12
"""Names of a kind in an error message; the rest is counted."""


def find(name: str, *, offline: bool = False) -> Path:
    """Give the folder of a checkpoint.

    Args:
        name: A folder, or a name on the hub such as ``Qwen/Qwen2.5-VL-3B-Instruct``, which is
            downloaded into the hub's own cache once.
        offline: Look only into that cache; ``HF_HUB_OFFLINE=1`` does the same.

    Raises:
        BadCheckpoint: There is no such folder, or it cannot be downloaded.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    if folder.exists():
        raise BadCheckpoint(f"{name} is a file: give the folder that it lies in")
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        raise BadCheckpoint(f"there is no folder {name}, and it is no name on the hub (OWNER/NAME)")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    wanted = ["*.safetensors", "*.json", "merges.txt", "*.jinja"]
    try:
        return Path(snapshot_download(name, allow_patterns=wanted, local_files_only=offline))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise BadCheckpoint(
            f"there is no folder {name}, and the hub gives no model of that name: {error}"
        ) from error


@dataclass(frozen=True, slots=True)
class Entry:
    """A tensor in a file, as the file's header says."""

    file: Path
    stored: str
    """Its name in the file."""
    dtype: str
    shape: tuple[int, ...]


class Files:
    """The tensors of a folder by the names of the older layout, without reading any.

    Args:
        folder: The checkpoint's.

    Raises:
        BadCheckpoint: There are no safetensors, a shard is missing or damaged, or two tensors
            bear the same name.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries: dict[str, Entry] = {}
        for path in _shards(folder):
            with opened(path) as file:
                for stored in [*file.keys()]:
                    name = plain_name(stored)
                    part = file.get_slice(stored)
                    entry = Entry(path, stored, part.get_dtype(), tuple(part.get_shape()))
                    if name in self.entries:
                        other = self.entries[name]
                        raise BadCheckpoint(
                            f"{stored} of {path} is there already, as {other.stored} of "
                            f"{other.file.name}"
                        )
                    self.entries[name] = entry

    def read(self, names: Sequence[str]) -> list[Tensor]:
        """Read tensors into memory of their own.

        Each call maps and unmaps its files: pages that were read do not stay in the process.
        """
        found: dict[str, Tensor] = {}
        for path in dict.fromkeys(self.entries[name].file for name in names):
            with opened(path) as file:
                for name in names:
                    if self.entries[name].file == path:
                        found[name] = file.get_tensor(self.entries[name].stored).clone()
        return [found[name] for name in names]

    def fingerprint(self) -> str:
        """Name the weights by their content: 32 hex digits.

        Over each file's header, and the first, middle and last 4 KiB of every tensor: a
        fine-tune, another dtype or one other tensor gives another name, and a 72B checkpoint is
        named in a second. It is no proof against forgery.
        """
        digest = hashlib.sha256()
        for path in sorted({entry.file for entry in self.entries.values()}):
            with path.open("rb") as file:
                head = file.read(8)
                start = 8 + int.from_bytes(head, "little")
                header = file.read(start - 8)
                digest.update(head + header)
                for name, about in sorted(json.loads(header).items()):
                    if name == "__metadata__":
                        continue
                    first, end = about["data_offsets"]
                    for place in sorted({first, (first + end) // 2, max(first, end - _SAMPLE)}):
                        file.seek(start + place)
                        digest.update(file.read(min(_SAMPLE, end - place)))
        return digest.hexdigest()[:32]


def plain_name(stored: str) -> str:
    """Give a tensor's name in the older layout, whichever of the three it has in the file.

    ``model.visual.*`` and ``model.language_model.*`` (saved by transformers from 4.52 on), and
    ``visual.*`` and ``language_model.*`` (a bare model's) become ``visual.*`` and ``model.*``.
    """
    for new, old in (
        ("model.visual.", "visual."),
        ("model.language_model.", "model."),
        ("language_model.model.", "model."),
        ("language_model.lm_head.", "lm_head."),
        ("language_model.", "model."),
    ):
        if stored.startswith(new):
            return old + stored[len(new) :]
    return stored


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open a file of safetensors.

    Raises:
        BadCheckpoint: It is missing or damaged.
    """
    try:
        with safe_open(path, "pt") as file:
            yield file
    except SafetensorError as error:
        raise BadCheckpoint(f"{path} is damaged or cut off: {error}") from error
    except OSError as error:
        raise BadCheckpoint(f"{path} cannot be read: {error.strerror or error}") from error


def _shards(folder: Path) -> list[Path]:
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        try:
            names = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        except (ValueError, KeyError, AttributeError) as error:
            raise BadCheckpoint(f"{index} is no index of shards: {error!r}") from error
        missing = sorted(name for name in names if not (folder / name).is_file())
        if missing:
            raise BadCheckpoint(
                f"{folder} lacks {len(missing)} of {len(names)} shards: {_list(missing)}"
            )
        return [folder / name for name in sorted(names)]
    found = sorted(folder.glob("*.safetensors"))
    if found:
        return found
    pickles = sorted(path.name for kind in ("*.bin", "*.pt", "*.pth") for path in folder.glob(kind))
    if pickles:
        raise BadCheckpoint(
            f"{folder} holds pickles only ({_list(pickles)}); opening one runs code, so eyehand "
            "never does: use a checkpoint in safetensors"
        )
    raise BadCheckpoint(f"{folder} holds no *.safetensors")


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


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
        problems.append(f"{len(missing)} missing: {_list(missing)}")
    if extra:
        problems.append(f"{len(extra)} not of this model: {_list(extra)}")
    if wrong:
        problems.append(f"{len(wrong)} of the wrong kind: {_list(wrong)}")
    if problems:
        raise BadCheckpoint(
            f"the tensors in {files.folder} do not fit its config.json ({config.family}): "
            + "; ".join(problems)
        )


Shape = tuple[int, ...]


def _expected(network: Network) -> dict[str, tuple[Shape, set[str]]]:
    config = network.config
    expected: dict[str, tuple[Shape, set[str]]] = {}
    sizes, how = _part_sizes(config), config.quantization
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


def _part_sizes(config: Config) -> dict[str, int]:
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
    with torch.device("meta"):
        network = Network(config)
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
        if name == "lm_head" and quantize == "int8":
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
