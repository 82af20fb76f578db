"""How much memory a checkpoint takes, and whether there is that much."""

import re
from pathlib import Path

import torch
from torch import nn

from .config import Config
from .errors import NotEnoughMemory
from .files import Files
from .quantized import Int8Linear, Precision
from .weights import is_packed

GIB = 1 << 30


def ran_out(error: RuntimeError) -> bool:
    """Whether an error of torch says that there is no more memory, on whichever device."""
    if isinstance(error, torch.OutOfMemoryError):
        return True
    return "not enough memory" in str(error) or "can't allocate memory" in str(error)


def weight_bytes(
    config: Config,
    files: Files,
    dtype: torch.dtype,
    quantize: Precision | None = None,
    exact: bool = False,
) -> int:
    """Work out what the weights take once loaded, in bytes, from the files' headers."""
    total = 0
    per_value = {"int8": 1.0, "int4": 0.5 + 2 * dtype.itemsize / 32}
    for name, entry in files.entries.items():
        values = 1
        for side in entry.shape:
            values *= side
        module = name.rpartition(".")[0]
        if (how := config.quantization) is not None and is_packed(module, config):
            if name.endswith(".qweight"):
                dense = values * 32 // how.bits
                packed = dense * (0.5 + 2 * dtype.itemsize / max(how.group, 1))
                total += int(packed if how.bits == 4 and not exact else dense * dtype.itemsize)
        elif quantize and re.match(r"model\.layers\.\d+\.(self_attn|mlp)\..*weight", name):
            total += int(values * per_value[quantize])
        elif quantize == "int8" and name == "lm_head.weight":
            total += values
        elif quantize == "int8" and name == "model.embed_tokens.weight" and config.text.tied:
            total += values * (dtype.itemsize + 1)  # looked up as it is, and packed as the head
        else:
            total += values * dtype.itemsize
    return total


def held_bytes(network: nn.Module) -> int:
    """Count what a loaded network's weights hold, in bytes."""
    tensors = [*network.parameters(), *network.buffers()]
    total = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
    packed = (m for m in network.modules() if isinstance(m, Int8Linear) and m.on_cpu)
    return total + sum(module.outputs * module.inputs for module in packed)


def available_bytes(device: torch.device) -> int:
    """Give the memory that is free on a device; on a CPU, in the cgroup's limit if there is one."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return free
    found = []
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            found.append(int(line.split()[1]) * 1024)
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
        used = Path("/sys/fs/cgroup/memory.current").read_text(encoding="ascii").strip()
        if limit != "max":
            found.append(int(limit) - int(used))
    except OSError:
        pass  # no second version of cgroups here, so no limit by one
    return max(0, min(found))


def refuse_if_too_large(
    config: Config,
    files: Files,
    dtype: torch.dtype,
    device: torch.device,
    quantize: Precision | None,
    exact: bool,
) -> None:
    """Refuse a checkpoint that would not fit, before anything is read.

    Raises:
        NotEnoughMemory: With what is needed, what is there, and what would fit.
    """
    needed = int(weight_bytes(config, files, dtype, quantize, exact) * 1.15)
    free = available_bytes(device)
    if needed <= free:
        return
    precisions: tuple[Precision, ...] = () if config.quantization else ("int8", "int4")
    sizes = {p: int(weight_bytes(config, files, dtype, p) * 1.15) for p in precisions}
    fitting = [f"quantize={p!r} ({n / GIB:.1f} GiB)" for p, n in sizes.items() if n <= free]
    advice = f"{' or '.join(fitting)} would fit" if fitting else "use a smaller checkpoint"
    kind = str(dtype).removeprefix("torch.")
    raise NotEnoughMemory(
        f"loading {files.folder} in {kind} needs {needed / GIB:.1f} GiB and {device} has "
        f"{free / GIB:.1f} GiB free: {advice}"
    )
