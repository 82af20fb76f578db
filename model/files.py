"""The files of a checkpoint: found, and known by their headers before anything is read.

Only safetensors are read: a pickle runs code when it is opened.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import Tensor

from .errors import BadCheckpoint

_SAMPLE = 4096
LISTED = 12
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
                f"{folder} lacks {len(missing)} of {len(names)} shards: {listed(missing)}"
            )
        return [folder / name for name in sorted(names)]
    found = sorted(folder.glob("*.safetensors"))
    if found:
        return found
    pickles = sorted(path.name for kind in ("*.bin", "*.pt", "*.pth") for path in folder.glob(kind))
    if pickles:
        raise BadCheckpoint(
            f"{folder} holds pickles only ({listed(pickles)}); opening one runs code, so eyehand "
            "never does: use a checkpoint in safetensors"
        )
    raise BadCheckpoint(f"{folder} holds no *.safetensors")


def listed(names: Sequence[str]) -> str:
    """Give names for a message, the first `LISTED` and how many more."""
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more
