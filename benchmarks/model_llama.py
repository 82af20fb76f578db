"""An episode of ten screenshots: our session beside llama.cpp's server with its prompt cache.

The same weights (bfloat16 beside BF16, int8 beside Q8_0), the same pictures, as many threads. One
after the other in one script: both hold the whole checkpoint. Each step brings a screenshot of
588x336 (252 tokens, which neither resizes) and 40 tokens of reply, after a system turn of 300.
Each goes on with what it said itself.

    python benchmarks/model_llama.py [--checkpoint Qwen2-VL-2B] [--kind bfloat16|int8] [--steps 10]
"""

import argparse
import asyncio
import gc
import time
from pathlib import Path
from typing import Any

import torch
from common import machine
from peers import SCREEN, checkpoint, screen, system_turn

from eyehand.model import Message
from eyehand.model.qwen_vl import QwenVL
from eyehand.model.selfcheck import drawn

REPLY = 40
STORED: Any = {"bfloat16": "BF16", "float32": "F32", "int8": "Q8_0"}
QUESTION = "What is to be done now?"

Row = tuple[float, float, int]
"""Seconds until the first token, seconds after it, tokens that were read."""


async def ours(model: QwenVL, steps: int) -> list[Row]:
    session, messages, rows = model.session(repetition_penalty=1.0), [system_turn(model)], []
    for number in range(1, steps + 1):
        messages.append(Message.of("user", screen(model, number), QUESTION))
        reply = await session.reply(messages, max_tokens=REPLY)
        stats = reply.stats
        first = stats["prompt_s"] + stats["vision_s"] + stats["prefill_s"]
        rows.append((first, stats["decode_s"], int(stats["prefilled_tokens"])))
        messages.append(Message.of("assistant", reply.text))
    return rows


def theirs(files: tuple[Path, Path], system: str, steps: int) -> list[Row]:
    from llama_files import Llama

    llama = Llama(*files, context=8192)
    prompt, pictures, rows = f"<|im_start|>system\n{system}<|im_end|>\n", [], []
    for number in range(1, steps + 1):
        prompt += f"<|im_start|>user\n{llama.marker}{QUESTION}<|im_end|>\n<|im_start|>assistant\n"
        pictures.append(drawn(SCREEN, number))
        began = time.perf_counter()
        answer = llama.complete(prompt, pictures, n_predict=REPLY)
        took = time.perf_counter() - began
        rest = answer["timings"]["predicted_ms"] / 1e3
        rows.append((took - rest, rest, answer["timings"]["prompt_n"]))
        prompt += f"{answer['content']}<|im_end|>\n"
    llama.close()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--checkpoint", default="Qwen2-VL-2B", help="toy, a size, or a folder")
    parser.add_argument("--kind", default="bfloat16", choices=list(STORED))
    parser.add_argument("--steps", type=int, default=10)
    given = parser.parse_args()
    folder = checkpoint(given.checkpoint)
    from llama_files import write_gguf

    out = Path(__file__).parents[1] / "build" / "gguf" / folder.name
    kind = STORED[given.kind]
    files = out / f"text-{kind}.gguf", out / f"vision-{kind}.gguf"
    written = out / f"complete-{kind}"
    if not written.is_file():
        write_gguf(folder, out, kind)
        written.touch()
    packed: Any = given.kind if given.kind == "int8" else None
    dtype = torch.float32 if given.kind == "float32" else torch.bfloat16
    model = QwenVL.load(folder, dtype=dtype, quantize=packed)
    model.stop_ids = frozenset()
    print(f"{machine()}; torch {torch.__version__}, {torch.get_num_threads()} threads")
    print(f"{model.name}, {given.kind} beside {kind}\n", flush=True)
    mine = asyncio.run(ours(model, given.steps))
    system = system_turn(model).text
    model.close()
    del model
    gc.collect()
    peer = theirs(files, system, given.steps)
    print("| step | eyehand: before, writing, all | llama.cpp: before, writing, all | it / ours |")
    print("|---|---|---|---|")
    for number, (one, two) in enumerate(zip(mine, peer, strict=True), start=1):
        cells = [f"{a:.2f} + {b:.2f} = {a + b:.2f} s ({n} read)" for a, b, n in (one, two)]
        ratio = (two[0] + two[1]) / (one[0] + one[1])
        print(f"| {number} | {cells[0]} | {cells[1]} | {ratio:.2f} |")
    whole = [sum(a + b for a, b, _ in rows) for rows in (mine, peer)]
    print(f"| all | {whole[0]:.1f} s | {whole[1]:.1f} s | {whole[1] / whole[0]:.2f} |")


if __name__ == "__main__":
    main()
