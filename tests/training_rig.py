"""What tests of the trainer share: samples with pictures, and sources of them."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import small
import torch
from PIL import Image as Pictures

from eyehand.model import Image, Message, Size, pixel_hash
from eyehand.model.chat import Marked
from eyehand.model.prompt import Layout
from eyehand.model.training.recipe import Recipe
from eyehand.model.training.sample import Sample
from eyehand.model.training.trainer import Trainer

QUICK = Recipe(learning_rate=3e-3, warmup=3, weight_decay=0.0)
WORDS = ("turn on", "light", "the settings", "7:30", "Open", "sound", "off", "in the light at 7")


WIDE = Size(112, 56)


def picture(number: int, size: Size = WIDE, resized: Size | None = None) -> Image:
    """A picture of coloured noise in coarse blocks; another for each number."""
    random = np.random.default_rng(number)
    coarse = random.integers(0, 256, (size.height // 14, size.width // 14, 3), dtype=np.uint8)
    pixels = coarse.repeat(14, axis=0).repeat(14, axis=1)
    return Image(pixels, resized or size, pixel_hash(pixels))


def sample(number: int, **more: Any) -> Sample:
    """One turn: a picture, of one of three sizes, and a word for it."""
    size = (Size(56, 56), Size(112, 56), Size(84, 112))[number % 3]
    asked = Message.of("user", picture(number, size), "What is it?" if number % 2 else "Read.")
    said = Message.of("assistant", Marked(WORDS[number % len(WORDS)]))
    return Sample((asked, said), learn=(1,), **more)


def several(number: int) -> Sample:
    """Three turns with two pictures, of which the second and last replies are learnt."""
    return Sample(
        (
            Message.of("system", "Turn it on."),
            Message.of("user", picture(number), "Open"),
            Message.of("assistant", Marked("light")),
            Message.of("user", "and", picture(number + 100, Size(56, 84))),
            Message.of("assistant", Marked("the sound <|box_start|>7<|box_end|>")),
            Message.of("user", "then?"),
            Message.of("assistant", Marked(WORDS[number % len(WORDS)])),
        ),
        learn=(4, 6),
        weight=0.5,
    )


@dataclass(frozen=True)
class Fixed:
    """The same samples at each step."""

    samples: Sequence[Sample]
    steps: int

    def batch(self, step: int) -> Sequence[Sample]:
        return self.samples


@dataclass(frozen=True)
class Changing:
    """Other samples at each step, some of them long."""

    steps: int
    size: int = 4

    def batch(self, step: int) -> Sequence[Sample]:
        first = step * self.size
        return [sample(n) if n % 3 else several(n) for n in range(first, first + self.size)]


@dataclass(frozen=True)
class Failing:
    """Gives something at its third step that nobody can learn."""

    steps: int = 30

    def batch(self, step: int) -> Sequence[Sample]:
        return [Sample((Message.of("user", "Open"),), (0,)) if step == 2 else sample(step)]


def written(
    folder: Path, rows: Sequence[dict[str, Any]], *, rereads: bool = False, **manifest: Any
) -> Path:
    """Write an export by hand: each example an episode of its own with one picture of 112x56."""
    (folder / "images").mkdir(parents=True)
    for row in rows:
        for name in row["images"]:
            Pictures.fromarray(picture(len(name)).pixels).save(folder / name)
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    (folder / "data.jsonl").write_bytes(data)
    told = [
        {"episode": f"e{n}", "rereads": rereads, "resized": [[112, 56]] * len(row["images"])}
        for n, row in enumerate(rows)
    ]
    lines = "".join(json.dumps(row) + "\n" for row in told)
    (folder / "provenance.jsonl").write_text(lines, encoding="utf-8")
    about = {
        "format": 1, "other_sizes": 0, "data_sha256": hashlib.sha256(data).hexdigest(), **manifest,
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(about), encoding="utf-8")
    return folder


def row(number: int, asked: str = "<image>Open", said: str = "off") -> dict[str, Any]:
    return {
        "conversations": [{"from": "human", "value": asked}, {"from": "gpt", "value": said}],
        "system": "Turn it on.",
        "images": [f"images/{number}.png"] * asked.count("<image>"),
        "loss_mask": [0, 1],
    }


def layout(folder: Path) -> Layout:
    """Give the layout of a checkpoint of `small`."""
    return Layout.read(folder, small.opened(folder).config)


def trainer(checkpoint: Path, folder: Path, source: Any, **options: Any) -> Trainer:
    """Begin or go on with a run of a checkpoint in float32 on the CPU."""
    torch.set_num_threads(1)
    options = {"recipe": QUICK, **options}
    return Trainer(
        small.opened(checkpoint),
        layout(checkpoint),
        source,
        options.pop("recipe"),
        folder,
        **options,
    )


LONG = 14
"""Steps of a run that is killed."""
AVERAGED = replace(QUICK, ema=0.9, labels=("a", "b", "c"))


def rows(folder: Path) -> list[list[str]]:
    """Give what the log says, but for the time it took."""
    lines = (folder / "log.csv").read_text(encoding="utf-8").splitlines()
    seconds = lines[0].split(",").index("seconds")
    return [line.split(",")[:seconds] + line.split(",")[seconds + 1 :] for line in lines]
