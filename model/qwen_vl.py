"""Qwen2-VL and Qwen2.5-VL, from a folder of safetensors or a name on the hub."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

try:
    import torch
    from torch import Tensor
except ImportError as missing:
    raise ImportError(f'{missing.msg}: models need the extra: pip install "eyehand[model]"') from (
        missing
    )

from .base import MODEL_THREAD
from .config import Config, read_config
from .constrain import Grammars
from .files import Files, find
from .generate import Sampling, stop_ids
from .image import Processor
from .memory import refuse_if_too_large
from .network import Network
from .prompt import Layout, Visual
from .quantized import Precision
from .session import QwenSession, see
from .size import Size
from .tokenizer import END_OF_TEXT, Tokenizer
from .weights import Progress, load

T = TypeVar("T")


class QwenVL:
    """A checkpoint that is loaded and ready; made by `load`.

    Attributes:
        folder: Where its files lie.
        config: What it is.
        network: The towers.
        tokenizer: Its vocabulary.
        processor: How it wants pictures.
        grammars: What replies can be made to follow.
        sampling: How tokens are chosen unless a call says otherwise.
        max_tokens: Longest reply unless a call says otherwise.
        device: Where it runs.
        dtype: What it computes in.
        chunk: Prompt tokens read in one pass.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        fingerprint: str,
        config: Config,
        network: Network,
        tokenizer: Tokenizer,
        processor: Processor,
        *,
        sampling: Sampling,
        stops: tuple[int, ...],
        device: torch.device,
        dtype: torch.dtype,
        max_tokens: int = 1024,
        vision_cache_bytes: int = 512 << 20,
    ) -> None:
        self.folder = folder
        self.config, self.network = config, network
        self.tokenizer, self.processor = tokenizer, processor
        self.sampling, self.stop_ids = sampling, frozenset(stops)
        self.device, self.dtype = device, dtype
        self.max_tokens = max_tokens
        self.grammars = Grammars(tokenizer, stops, config.text.vocabulary)
        self.chunk = 512 if device.type == "cpu" else 4096
        self.layout = Layout.of(config, tokenizer, processor)
        self._name, self._fingerprint = name, fingerprint
        self._seen = _VisionCache(vision_cache_bytes)
        # One pass at a time: two would share the cores and each take twice as long.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=MODEL_THREAD)

    @classmethod
    def load(
        cls,
        name: str | Path,
        *,
        device: str | None = None,
        dtype: torch.dtype | str | None = None,
        quantize: Precision | None = None,
        exact: bool = False,
        image_tokens: int | None = None,
        max_tokens: int = 1024,
        offline: bool = False,
        progress: Progress | None = None,
    ) -> "QwenVL":
        """Load a checkpoint.

        Args:
            name: A folder, or a name on the hub.
            device: Such as ``cpu`` or ``cuda:0``; default the first GPU, else the CPU.
            dtype: Also by name, such as ``bfloat16``. Default: the checkpoint's own, where the
                device is quick in it.
            quantize: Pack the language model's layers to 8 or 4 bits while loading.
            exact: Multiply GPTQ and AWQ weights out instead of running them packed.
            image_tokens: Most tokens that a picture becomes: fewer are quicker, and show less.
                None: as many as the checkpoint allows, usually 16384.
            max_tokens: Longest reply.
            offline: Never ask the hub.
            progress: Told (bytes read, bytes in all).

        Raises:
            BadCheckpoint: It cannot be found, is damaged, or is of a model not known here.
            NotEnoughMemory: It would not fit; nothing was read.
            ValueError: The arguments contradict the checkpoint or the machine.
        """
        folder = find(str(name), offline=offline)
        config = read_config(folder)
        where = device_named(device)
        kind = _dtype(dtype) or default_dtype(config, where)
        if where.type == "cpu" and kind == torch.float16:
            raise ValueError(
                "float16 on a CPU is computed number by number (2 to 4 GFLOP/s measured): use "
                "float32, bfloat16, or quantize='int8'"
            )
        tokenizer = Tokenizer.load(folder)
        tokenizer.check(config)
        processor = Processor.read(folder, config.vision)
        if image_tokens is not None:
            processor = processor.at_most(image_tokens)
        if max_tokens < 1:
            raise ValueError(f"max_tokens must be at least 1, not {max_tokens}")
        files = Files(folder)
        refuse_if_too_large(config, files, kind, where, quantize, exact)
        network = load(
            files, config, dtype=kind, device=where, quantize=quantize, exact=exact,
            progress=progress,
        )  # fmt: skip
        default = [tokenizer.im_end]
        if (end := tokenizer.special(END_OF_TEXT)) is not None:
            default.append(end)
        return cls(
            folder.name if Path(name).is_dir() else str(name),
            folder,
            files.fingerprint(),
            config,
            network,
            tokenizer,
            processor,
            sampling=Sampling.read(folder),
            stops=stop_ids(folder, default),
            device=where,
            dtype=kind,
            max_tokens=max_tokens,
        )

    @property
    def name(self) -> str:
        """The folder's name, or the name on the hub."""
        return self._name

    @property
    def fingerprint(self) -> str:
        """Names the weights by their content; see `Files.fingerprint`."""
        return self._fingerprint

    def plan(self, size: Size) -> Size:
        """Choose the size that a screenshot is resized to."""
        return self.processor.plan(size)

    @property
    def family(self) -> str:
        """Such as ``qwen2_5_vl``."""
        return self.config.family

    def session(self, *, repetition_penalty: float | None = None) -> QwenSession:
        """Begin a conversation with an empty cache.

        Args:
            repetition_penalty: Instead of the one that the checkpoint's settings ask for.
        """
        sampling = self.sampling
        if repetition_penalty is not None:
            sampling = replace(sampling, repetition_penalty=repetition_penalty)
        return QwenSession(self, sampling)

    def submit(self, work: Callable[[], T]) -> "Future[T]":
        """Run something in the model's thread, after what was submitted before."""
        return self._thread.submit(work)

    def see(self, visual: Visual, check: Callable[[], None]) -> Tensor:
        """Embed a picture or video, or give what the same one became before."""
        held = self._seen.get(visual.key)
        if held is None:
            held = see(self, visual, check)
            self._seen.put(visual.key, held)
        return held

    def forget_pictures(self) -> None:
        """Drop all embeddings that are kept."""
        self._seen.clear()

    def close(self) -> None:
        """End the model's thread; closing twice is harmless."""
        self._thread.shutdown(wait=False, cancel_futures=True)


class _VisionCache:
    """Embeddings of the pictures seen last, up to a number of bytes."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._held: OrderedDict[str, Tensor] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: str) -> Tensor | None:
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def clear(self) -> None:
        with self._lock:
            self._held.clear()
            self._bytes = 0

    def put(self, key: str, value: Tensor) -> None:
        with self._lock:
            self._held[key] = value
            self._bytes += value.numel() * value.element_size()
            while self._bytes > self._limit and self._held:
                _, oldest = self._held.popitem(last=False)
                self._bytes -= oldest.numel() * oldest.element_size()


_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def _dtype(given: torch.dtype | str | None) -> torch.dtype | None:
    kind = _DTYPES.get(given) if isinstance(given, str) else given
    if given is not None and kind not in _DTYPES.values():
        raise ValueError(f"unknown dtype {given!r}: there are {', '.join(_DTYPES)}")
    return kind


def device_named(name: str | None) -> torch.device:
    """Give a device; None: the first GPU, else the CPU.

    Raises:
        ValueError: There is none of that name here.
    """
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cpu", "cuda"):
        raise ValueError(f"unknown device {name!r}: there are cpu and cuda:NUMBER")
    if device.type == "cuda":
        count = torch.cuda.device_count()
        if (device.index or 0) >= count:
            raise ValueError(f"there is no device {name}: CUDA devices found: {count}")
    return device


def default_dtype(config: Config, device: torch.device) -> torch.dtype:
    """Choose what to compute in: the checkpoint's dtype, where the device is quick in it.

    float16 is quick on GPUs only: a CPU computes it in float32. bfloat16 is quick on every CPU, see
    `linear`.
    """
    saved = {"bfloat16": torch.bfloat16, "float16": torch.float16}.get(
        (config.dtype or "").removeprefix("torch."), torch.float32
    )
    return torch.float32 if device.type == "cpu" and saved == torch.float16 else saved
