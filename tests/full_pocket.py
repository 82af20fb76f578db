"""The shipped checkpoint beside transformers, on screens of phones that it was never trained on.

The tests look at a few. All of them:

    .venv/bin/python tests/full_pocket.py
    .venv/bin/python tests/full_pocket.py --checkpoint runs/acting/checkpoint --screens 200

Ends with 1 where the ids of one reply differ.
"""

import argparse
import asyncio
import sys
from pathlib import Path

import torch
from pocket_parity import SHIPPED, Reference, ours, screens

from eyehand.model.qwen_vl import QwenVL


async def compared(folder: Path, count: int) -> int:
    """Say how many replies differ."""
    reference, model = Reference(folder), QwenVL.load(folder, dtype=torch.float32)
    tokens = differing = 0
    for number, messages in enumerate(screens(count)):
        mine, theirs = await ours(model, messages), reference.said(messages)
        tokens += len(theirs)
        if mine != theirs:
            differing += 1
            print(f"screen {number}: {model.tokenizer.decode(mine)!r}, the reference "
                  f"{model.tokenizer.decode(theirs)!r}")  # fmt: skip
    model.close()
    print(f"{count} screens, {tokens} tokens, {differing} replies differ")
    return differing


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--checkpoint", type=Path, default=SHIPPED)
    parser.add_argument("--screens", type=int, default=50)
    options = parser.parse_args()
    sys.exit(bool(asyncio.run(compared(options.checkpoint, options.screens))))


if __name__ == "__main__":
    main()
