"""A training run that a command line asks for: data and checkpoint opened, trained, written."""

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch

from ..model.config import Config, read_config
from ..model.errors import BadRun, BadTrainingData, NotEnoughMemory
from ..model.files import Files, find
from ..model.memory import available_bytes
from ..model.prompt import Layout
from ..model.qwen_vl import device_named
from ..model.training.data import Epochs, Examples, Sizes, sizes
from ..model.training.estimate import Estimate, estimate
from ..model.training.log import Row
from ..model.training.recipe import Pace, Recipe
from ..model.training.state import state_files
from ..model.training.trainer import Trainer
from ..model.weights import load
from .decisions import versions
from .errors import BadUsage
from .opening import checkpoint_named
from .train_cli import GIB, TrainAsked

_PASS = 4096
"""Tokens of a pass, where the longest example has no more."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A run whose data and checkpoint were looked at, but not loaded.

    Attributes:
        asked: The command line's.
        files: The checkpoint's.
        config: What it is.
        layout: Its vocabulary, and how it sees pictures.
        source: What is learnt in which step.
        held_out: What is measured.
        sizes: Of all examples, those held out included.
        recipe: What to do.
        pace: How.
        device: Where.
        memory: What it takes.
    """

    asked: TrainAsked
    files: Files
    config: Config
    layout: Layout
    source: Epochs
    held_out: Examples
    sizes: Sizes
    recipe: Recipe
    pace: Pace
    device: torch.device
    memory: Estimate

    def facts(self) -> dict[str, Any]:
        """Give what is to be learnt and what it takes, as plain data."""
        learnt, held = self.source.examples, self.held_out
        memory = self.memory
        return {
            "samples": len(learnt),
            "episodes": _episodes(learnt),
            "held_out": {"samples": len(held), "episodes": _episodes(held)},
            "tokens": self.sizes.tokens,
            "learnt_tokens": self.sizes.learnt,
            "longest": self.sizes.longest,
            "steps": self.source.steps,
            "batch": self.source.size,
            "max_tokens": self.pace.max_tokens,
            "device": str(self.device),
            "dtype": self.pace.precision,
            "learnt_weights": memory.learnt,
            "frozen_weights": memory.frozen,
            "memory": {
                "weights": memory.weights,
                "moments": memory.moments,
                "activations": memory.activations,
                "total": memory.bytes,
                "free": available_bytes(self.device),
            },
        }

    def done(self) -> int:
        """How many steps were done before."""
        states = state_files(self.asked.out)
        return int(states[-1].stem) if states else 0

    def train(self, on_step: Callable[[Row], None], stop: threading.Event) -> dict[str, Any]:
        """Load the checkpoint, train it, and write it; blocks.

        Args:
            on_step: Told each step's row.
            stop: Ends it at the next pass; a state is written, and no checkpoint.

        Returns:
            How it stands, as plain data.

        Raises:
            BadUsage: The folder holds another run, or an example cannot be learnt.
            ModelError: The checkpoint cannot be loaded, memory runs out, or the gradients stay
                infinite.
        """
        asked = self.asked
        needed = self.memory.weights + self.memory.moments
        free = available_bytes(self.device)
        if needed > free:
            raise NotEnoughMemory(
                f"weights, gradients and moments take {needed / GIB:.1f} GiB, and {self.device} "
                f"has {free / GIB:.1f} GiB free: --lora 16 learns beside the weights, "
                "--freeze-vision leaves the tower"
            )
        network = load(
            self.files, self.config, dtype=_dtype(asked, self.pace), device=self.device, exact=True
        )
        about = {
            "data": self.source.examples.name,
            "started_from": self.files.fingerprint(),
            "order": f"{self.source.total} examples, {self.source.size} a step",
            "held_out": f"{asked.hold_out:g} of the episodes, by seed {asked.seed}",
            "image_tokens": str(asked.image_tokens),
        }
        try:
            trainer = Trainer(
                network,
                self.layout,
                self.source,
                self.recipe,
                asked.out,
                pace=self.pace,
                about=about,
                held_out=self.held_out,
                every=asked.every or max(1, self.source.steps // 10),
                on_step=on_step,
                tensorboard=asked.tensorboard,
            )
            summary = trainer.run(stop)
            made = {**summary.plain(), "folder": str(asked.out), "checkpoint": None}
            if summary.finished:
                recipe = asdict(self.recipe)
                story = {"recipe": recipe, **about, **versions(), "steps": summary.steps}
                made["checkpoint"] = str(trainer.finish(self.files.folder, made=story))
        except (ValueError, BadRun, BadTrainingData, ImportError) as error:
            raise BadUsage(str(error)) from error
        except OSError as error:
            raise BadUsage(
                f"cannot write {asked.out}: {error.strerror or error}; the same command goes on "
                "from the last state"
            ) from error
        return made


def opened(asked: TrainAsked) -> Opened:
    """Look at data and checkpoint; nothing is loaded and nothing written.

    Raises:
        BadUsage: Something cannot be used; says what to do.
        BadCheckpoint: The checkpoint is damaged, or cannot be found.
    """
    out = asked.out
    free = not out.exists() or (out.is_dir() and not any(out.iterdir()))
    if not free and not (out / "run.json").is_file():
        raise BadUsage(f"{out} holds something else: give a folder that is new or empty")
    try:
        examples = Examples.open(asked.data)
        device = device_named(asked.device)
        folder = find(checkpoint_named(asked.model))
        config = read_config(folder)
        layout = Layout.read(folder, config, asked.image_tokens)
        for export in examples.exports:
            export.check_pictures(layout.processor)
        counted = sizes(examples, layout)
        most = asked.max_tokens or max(_PASS, counted.longest)
        if counted.longest > most:
            raise BadUsage(
                f"the longest example has {counted.longest} tokens, and a pass {most}: "
                f"give --max-tokens {counted.longest}, or export with a shorter --history"
            )
        learnt, held = examples.held_out(asked.hold_out, asked.seed)
        total = round(len(learnt) * asked.epochs)
        if asked.steps is not None:
            total = asked.steps * asked.batch
        source = Epochs(learnt, asked.batch, max(1, total), asked.seed)
        rate = asked.rate
        if rate is None:
            rate = 1e-5 if asked.lora is None else 1e-4
        recipe = Recipe(
            learning_rate=rate,
            warmup=round(0.03 * source.steps) if asked.warmup is None else asked.warmup,
            schedule=asked.schedule,
            freeze_vision=asked.freeze_vision,
            lora=asked.lora,
            seed=asked.seed,
        )
        pace = Pace(
            max_tokens=most,
            precision=asked.dtype or _precision(device),
            recompute=asked.recompute,
            workers=asked.workers,
            save_every_s=60 * asked.save_minutes,
        )
    except (ValueError, BadTrainingData) as error:
        raise BadUsage(str(error)) from error
    memory = estimate(config, recipe, pace, _dtype(asked, pace))
    return Opened(
        asked, Files(folder), config, layout, source, held, counted, recipe, pace, device, memory
    )


def _episodes(examples: Examples) -> int:
    return len({examples.episode(number) for number in examples.chosen})


def _precision(device: torch.device) -> Any:
    """Choose bfloat16 where it is quick and a GPU's: on CPUs what it saves is small."""
    quick = device.type == "cuda" and torch.cuda.is_bf16_supported()
    return "bfloat16" if quick else "float32"


def _dtype(asked: TrainAsked, pace: Pace) -> torch.dtype:
    """Choose what the weights are held in: narrow where none of them is learnt."""
    narrow = asked.lora is not None and pace.precision == "bfloat16"
    return torch.bfloat16 if narrow else torch.float32
