"""Steps of training: ours beside the reference's model, with the same weights and samples.

A network of the pocket model's size, samples of different lengths with a picture each, AdamW,
float32. Theirs: transformers' model with its own loss, samples padded to the longest, patches cut
beforehand (ours are cut within the step). Counted are tokens that are no padding. The losses of
the steps are printed side by side: they must agree.

    python benchmarks/training.py [--samples 16] [--steps 5] [--device cuda]
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from common import machine

from eyehand.model import Image, Message, Size, pixel_hash
from eyehand.model.chat import Marked
from eyehand.model.config import read_config
from eyehand.model.files import Files
from eyehand.model.image import Processor
from eyehand.model.prompt import Layout
from eyehand.model.training.encode import Encoded, encode
from eyehand.model.training.learner import Learner
from eyehand.model.training.new import new_checkpoint
from eyehand.model.training.packing import pack
from eyehand.model.training.pocket import pocket_config
from eyehand.model.training.recipe import Pace, Recipe
from eyehand.model.training.sample import Sample
from eyehand.model.training.vocabulary import train_vocabulary
from eyehand.model.weights import load

TEXT = "Open the settings and turn on the light at 7:30, then answer with what is written there. "
RATE = 1e-4
RECIPE = Recipe(learning_rate=RATE, schedule="constant", weight_decay=0.0, clip=None)


def sample(number: int) -> Sample:
    """Make one of a few hundred tokens: a third of them as long as a phone's screen makes it."""
    random = np.random.default_rng(number)
    size = (Size(280, 616), Size(140, 140), Size(84, 56))[number % 3]
    pixels = random.integers(0, 256, (size.height, size.width, 3), dtype=np.uint8)
    shown = Image(pixels, size, pixel_hash(pixels))
    asked = Message.of("user", shown, TEXT * int(random.integers(1, 5)))
    return Sample((asked, Message.of("assistant", Marked(TEXT[: 10 + number % 40]))), (1,))


def padded(samples: list[Encoded], layout: Layout, device: torch.device) -> dict[str, Any]:
    """Give the samples as the reference takes them."""
    longest = max(one.length for one in samples)
    ids = torch.zeros(len(samples), longest, dtype=torch.int64)
    labels = torch.full_like(ids, -100)
    mask = torch.zeros_like(ids)
    for n, one in enumerate(samples):
        ids[n, : one.length], mask[n, : one.length] = one.ids, 1
        labels[n, : one.length] = torch.where(one.learnt, one.ids, -100)
    shown = [picture for one in samples for picture in one.pictures]
    made = {
        "input_ids": ids,
        "labels": labels,
        "attention_mask": mask,
        "mm_token_type_ids": ((ids == layout.image_token) & (mask > 0)).long(),
        "image_grid_thw": torch.tensor([list(picture.grid) for picture in shown]),
        "pixel_values": torch.cat(
            [layout.processor.patches(picture.frames, picture.resized) for picture in shown]
        ),
    }
    return {name: tensor.to(device) for name, tensor in made.items()}


def timed(step: Callable[[], float], steps: int, device: torch.device) -> tuple[float, list[float]]:
    """Give the median seconds of a step, the first left out, and the losses."""
    took, losses = [], []
    for _ in range(steps + 1):
        began = time.perf_counter()
        losses.append(step())
        if device.type == "cuda":
            torch.cuda.synchronize()
        took.append(time.perf_counter() - began)
    return statistics.median(took[1:]), losses


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    asked = parser.parse_args()
    device = torch.device(asked.device)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "new"
        words = train_vocabulary([TEXT], 400)
        new_checkpoint(folder, pocket_config(words), words, Processor(), seed=0)
        config = read_config(folder)
        layout = Layout.read(folder, config)
        network = load(Files(folder), config, dtype=torch.float32, device=device)
        kind: Any = getattr(transformers, "Qwen2VLForConditionalGeneration")  # noqa: B009
        model = kind.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa")
    samples = [encode(sample(n), layout) for n in range(asked.samples)]
    learner = Learner(network, layout.processor, RECIPE, Pace())
    batch = pack(samples, sum(one.length for one in samples), merge=2)
    model = model.to(device).train()
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=RATE, betas=RECIPE.betas, weight_decay=0.0, fused=True
    )
    given = padded(samples, layout, device)

    def ours() -> float:
        found = learner.learn(batch, RATE)
        if found is None:
            raise RuntimeError("nobody stopped it")
        return found.loss

    def theirs() -> float:
        loss = model(**given).loss
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        return float(loss.detach())

    print(f"{machine()}; torch {torch.__version__}, {torch.get_num_threads()} threads, {device}; "
          f"transformers {transformers.__version__}")  # fmt: skip
    slots = given["input_ids"].numel()
    print(f"{asked.samples} samples of {batch.tokens} tokens, padded to {slots}\n")
    print("| who | tokens/s | s a step | losses |\n|---|---|---|---|")
    for name, step in (("eyehand, packed", ours), ("transformers, padded", theirs)):
        took, losses = timed(step, asked.steps, device)
        told = ", ".join(f"{loss:.4f}" for loss in losses[:4])
        print(f"| {name} | {batch.tokens / took:,.0f} | {took:.3f} | {told} |")


if __name__ == "__main__":
    main()
