"""What narrower numbers cost: scores and greedy choices beside float32, on the same weights.

A prompt with a screenshot and 200 tokens of English, read at once; every token's scores are
compared. With random weights the best scores lie near each other, so choices agree less than a
trained checkpoint's would; give a trained one with ``--checkpoint`` to see its own.

    python benchmarks/model_accuracy.py [--checkpoint Qwen2-VL-2B]
"""

import argparse
import gc
from typing import Any

import torch
from common import machine
from peers import checkpoint, screen, system_turn

from eyehand.model import Message
from eyehand.model.memory import GIB, held_bytes
from eyehand.model.qwen_vl import QwenVL
from eyehand.model.rope import positions_of

READ = 200


@torch.inference_mode()
def scores(model: QwenVL) -> torch.Tensor:
    """Score each of the last tokens of the prompt: float32 ``[READ, vocabulary]``."""
    text = system_turn(model, READ + 5).text
    prompt = model.layout.prompt([Message.of("user", screen(model, 1), text)])
    positions, _ = positions_of(prompt.spans(), model.config.vision.merge)
    seen = torch.cat([model.see(visual, lambda: None) for visual in prompt.visuals])
    x = model.network.embed(torch.tensor([prompt.ids]), seen)
    return model.network.logits(model.network(x, positions[:, None])[0, -READ:]).float()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--checkpoint", default="Qwen2-VL-2B", help="toy, a size, or a folder")
    folder = checkpoint(parser.parse_args().checkpoint)
    print(f"{machine()}; torch {torch.__version__}")
    print(f"{folder.name}\n")
    print("| numbers | GiB | error of scores | divergence, nats | same best token |")
    print("|---|---|---|---|---|", flush=True)
    exact = torch.empty(0)
    for kind in ("float32", "bfloat16", "int8", "int4"):
        packed: Any = kind if kind.startswith("int") else None
        dtype = torch.float32 if kind == "float32" else torch.bfloat16
        model = QwenVL.load(folder, dtype=dtype, quantize=packed)
        found = scores(model)
        if kind == "float32":
            exact = found
        error = float((found - exact).norm() / exact.norm())
        ours, right = found.log_softmax(-1), exact.log_softmax(-1)
        divergence = float((right.exp() * (right - ours)).sum(-1).mean())
        same = float((found.argmax(-1) == exact.argmax(-1)).float().mean())
        held = held_bytes(model.network) / GIB
        print(f"| {kind} | {held:.2f} | {error:.2%} | {divergence:.4f} | {same:.0%} |", flush=True)
        model.close()
        del model, found, ours, right
        gc.collect()


if __name__ == "__main__":
    main()
