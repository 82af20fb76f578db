"""A training run on the disk: what it needs to go on as if nothing had happened.

``run.json`` says what was begun. A state is one file of safetensors with what is learnt (weights
that stay as they were are read from where they came) and the optimiser's moments. Both are written
beside and renamed: what bears the name is whole.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from safetensors.torch import save_file
from torch import Tensor

from ..errors import BadRun
from ..files import opened

FORMAT = 1
_KEPT = 2
"""States that are left in place: the one before may be all there is after a disk filled up."""


@dataclass(frozen=True, slots=True)
class State:
    """A moment of a run.

    Attributes:
        step: Steps done.
        tensors: By name: ``weight.``, ``exp_avg.`` and ``exp_avg_sq.`` of what is learnt,
            ``average.`` where one is kept, ``updates``.
    """

    step: int
    tensors: Mapping[str, Tensor]


def write_state(folder: Path, state: State) -> Path:
    """Write a state, and take away all but the last two.

    Raises:
        OSError: It cannot be written; those before are as they were.
    """
    states = folder / "states"
    states.mkdir(parents=True, exist_ok=True)
    for rest in states.glob("*.part"):  # of a process that was killed: nobody else writes here
        rest.unlink(missing_ok=True)
    path = states / f"{state.step:09}.safetensors"
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in state.tensors.items()}
    header = {"eyehand": json.dumps({"format": FORMAT, "step": state.step})}
    with _beside(path) as temporary:
        save_file(tensors, temporary, header)
    for old in state_files(folder)[:-_KEPT]:
        old.unlink()
    return path


def state_files(folder: Path) -> list[Path]:
    """Give a run's states, oldest first."""
    return sorted((folder / "states").glob("[0-9]*.safetensors"))


def read_state(path: Path) -> State:
    """Read a state into memory.

    Raises:
        BadCheckpoint: The file is damaged.
        BadRun: It is none of a training run, or of a newer version.
    """
    with opened(path) as file:
        try:
            header = json.loads((file.metadata() or {})["eyehand"])
            made_by, step = header["format"], int(header["step"])
        except (KeyError, ValueError, TypeError) as error:
            raise BadRun(f"{path} is no state of a training run: {error!r}") from error
        if made_by != FORMAT:
            raise BadRun(f"{path} is of format {made_by}; this version reads {FORMAT}")
        return State(step, {name: file.get_tensor(name) for name in [*file.keys()]})


def begin_run(folder: Path, about: Mapping[str, Any]) -> None:
    """Write down what a folder's run is made of, or compare with what it was begun with.

    Args:
        folder: The run's.
        about: Plain data: the recipe, and what the data and the beginning are called.

    Raises:
        BadRun: It was begun with something else; says with what.
    """
    path = folder / "run.json"
    wanted = json.loads(json.dumps(about))
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with _beside(path) as temporary:
            temporary.write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")
        return
    try:
        found = dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise BadRun(f"{path} is damaged: {error}") from error
    other = [
        f"{name} was {found.get(name)!r} and is {wanted.get(name)!r}"
        for name in sorted(found.keys() | wanted.keys())
        if found.get(name) != wanted.get(name)
    ]
    if other:
        raise BadRun(
            f"{folder} holds another training run: {'; '.join(other)}. Give what it was begun "
            "with, or another folder"
        )


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Keep other processes from a run's folder, even if this one is killed.

    Where the system knows no such locks nobody is kept away.

    Raises:
        BadRun: Another process trains in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("wb") as file:
        _lock(file, folder)
        yield


def _lock(file: IO[bytes], folder: Path) -> None:
    try:
        import fcntl
    except ImportError:  # not a POSIX system
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise BadRun(f"another process trains in {folder}: wait for it, or end it") from error


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """Give a file to write, which takes the place of another when it is on the disk."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if os.name == "posix":  # other systems cannot open a folder
        handle = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
