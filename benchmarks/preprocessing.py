"""A 1080p screenshot to patches: ours beside the reference's processor.

Theirs is transformers' image processor on Pillow, for these checkpoints. Ours runs in torch.

    python benchmarks/preprocessing.py [--size 1920x1080]
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
import transformers
from common import machine
from PIL import Image as Pillow

from eyehand.model import Size
from eyehand.model.image import Processor, frame_tensor
from eyehand.model.selfcheck import drawn


def median(work: Callable[[], object], times: int = 15) -> float:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return statistics.median(took[2:])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", default="1920x1080")
    size = Size(*(int(side) for side in parser.parse_args().size.split("x")))
    pixels = drawn(size, 1)
    picture = Pillow.fromarray(pixels)
    limits = {"shortest_edge": 3136, "longest_edge": 12_845_056}
    ours, device = Processor(), torch.device("cpu")
    resized = ours.plan(size)
    reference = transformers.Qwen2VLImageProcessorPil(size=limits)
    rows = {
        "eyehand": median(lambda: ours.patches(frame_tensor(pixels, device), resized)),
        "transformers, Pillow": median(lambda: reference(picture, return_tensors="pt")),
    }
    print(f"{machine()}; torch {torch.__version__}, {torch.get_num_threads()} threads")
    print(f"{size} to {resized}\n\n| who | ms | it / ours |\n|---|---|---|")
    for name, took in rows.items():
        print(f"| {name} | {took * 1e3:.1f} | {took / rows['eyehand']:.1f} |")


if __name__ == "__main__":
    main()
