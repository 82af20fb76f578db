"""What a run begins with: the checkpoint of the part before, and what was learnt beside it."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from ...model.config import read_config
from ...model.errors import BadCheckpoint
from ...model.files import Files
from ...model.prompt import Layout
from ...model.size import Size
from ...model.tokenizer import Tokenizer
from ...model.training.sample import Sample
from ...model.training.save import save_checkpoint
from ...model.weights import load
from .beginning import begin_to_speak
from .looking import Looking, seen
from .looks import EVERY
from .pictures import labels, piece_labels
from .screens import wandered
from .words import Words

HEAD = "head.safetensors"
"""What was learnt beside the network: its names as `Learner.weights` has them."""
DENSE, POINTER = "dense.", "pointer."
"""How those of the dense loss begin, and those of the pointing loss."""
_USUAL = 16
"""Screens by which what the tower shows is measured."""


def copied(after: Path, begun: Path, speaks: Words | None) -> None:
    """Put a run's checkpoint, or another one, where a run begins, with the head if there is one.

    Args:
        after: The run, or the checkpoint.
        begun: Where to; it gets its name when all is done.
        speaks: The language model begins to speak, and these words are read; None: it goes on.

    Raises:
        BadCheckpoint: It is to begin, and nobody knows what the tower sees.
    """
    if speaks is not None and not (after / HEAD).exists():
        raise BadCheckpoint(
            f"there is no {HEAD} in {after}, which says what a tower sees: name a run (--after), "
            "and not the checkpoint in it"
        )
    head_of(begun).unlink(missing_ok=True)  # of a process that was killed here
    checkpoint = after / "checkpoint" if (after / "checkpoint").is_dir() else after
    read_config(checkpoint)  # says what is missing
    begun.parent.mkdir(parents=True, exist_ok=True)
    if (after / HEAD).exists():
        shutil.copy(after / HEAD, head_of(begun))
    new = begun.with_name(".begun-new")
    shutil.rmtree(new, ignore_errors=True)  # of a process that was killed here
    shutil.copytree(checkpoint, new)
    if speaks is not None:
        _spoken(new, speaks)
    new.rename(begun)


def head_of(begun: Path) -> Path:
    """Say where what was learnt beside a network lies, of the one that a run begins with."""
    return begun.with_name(f"begun-{HEAD}")


def labels_of(words: Words, tokenizer: Tokenizer) -> tuple[str, ...]:
    """Give the labels of the dense loss: letters in their places, things, pieces of words."""
    return (*labels(words.alphabet), *piece_labels(tokenizer).values())


def _spoken(begun: Path, words: Words) -> None:
    """Have the language model begin, if nothing was said before.

    Where it has pointed, it has spoken: a run that goes on with another one keeps its words.
    """
    kept, config = head_of(begun), read_config(begun)
    layout = Layout.read(begun, config)
    names = labels_of(words, layout.tokenizer)
    held = held_in(kept, names)
    if any(name.startswith(POINTER) for name in held):
        return
    network = load(Files(begun), config, dtype=torch.float32, device=torch.device("cpu"))
    head = torch.nn.Linear(config.text.width, len(names))
    head.load_state_dict(dense(held))
    begin_to_speak(network, layout, head, names, _usual_pictures(layout.tokenizer))
    new = begun.with_name(".begun-spoken")
    shutil.rmtree(new, ignore_errors=True)
    save_checkpoint(network, begun, new, dtype=torch.float32)
    beside = {f"{DENSE}{n}": w for n, w in head.state_dict().items()}
    save_file(beside, kept, {"labels": json.dumps(names)})
    shutil.rmtree(begun)
    new.rename(begun)


def _usual_pictures(tokenizer: Tokenizer) -> list[Sample]:
    kind = Looking((Size(10, 22),))
    draws = (Random(f"usual {number}") for number in range(_USUAL))
    screens = ((draw, wandered(draw, EVERY, tokenizer)) for draw in draws)
    return [one for draw, screen in screens for one in seen(draw, kind, screen, 1)]


def dense(held: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Give the head of the dense loss of it, as its layer has it."""
    return {n.removeprefix(DENSE): w for n, w in held.items() if n.startswith(DENSE)}


def held_in(path: Path, names: Sequence[str]) -> dict[str, torch.Tensor]:
    """Read what was learnt beside a network.

    Raises:
        BadCheckpoint: It is of other labels.
    """
    with safe_open(path, "pt") as file:
        if json.loads((file.metadata() or {}).get("labels", "[]")) != [*names]:
            raise BadCheckpoint(f"{path} is of other labels: begin anew, without it")
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
