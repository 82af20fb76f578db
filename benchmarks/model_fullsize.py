"""A published size with random weights: loading, parity with transformers, one real step.

- loading: seconds, and the process's peak memory over what it held before, beside the weights
- parity: float32 scores of a prompt with a small picture, beside transformers (sdpa)
- a step on a real screenshot of a private 1920x1080 display, at native resolution

    python benchmarks/model_fullsize.py [--checkpoint Qwen2-VL-2B] [--dtype bfloat16]
"""

import argparse
import asyncio
import gc
import resource
import time

import torch
from common import machine
from peers import checkpoint, given, reference_on, system_turn

from eyehand.envs import DesktopEnv, VirtualDisplay
from eyehand.model import Image, Message, Pixels, Size, pixel_hash
from eyehand.model.memory import GIB, held_bytes
from eyehand.model.qwen_vl import QwenVL
from eyehand.model.selfcheck import drawn, next_scores


def peak() -> int:
    """Give the process's largest size so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


async def screenshot() -> Pixels:
    """Take a picture of an editor on a display of its own."""
    async with VirtualDisplay(Size(1920, 1080)) as display:
        await display.launch(["l3afpad"])
        await asyncio.sleep(2)
        env = DesktopEnv(display.display, environment=display.environment)
        try:
            return (await env.reset()).pixels
        finally:
            await env.close()


def picture(model: QwenVL, pixels: Pixels) -> Image:
    size = Size(pixels.shape[1], pixels.shape[0])
    return Image(pixels, model.plan(size), pixel_hash(pixels))


@torch.inference_mode()
def parity(model: QwenVL) -> str:
    messages = [Message.of("user", picture(model, drawn(Size(224, 168), 1)), "What is this?")]
    ours = next_scores(model, messages)
    prompt = model.layout.prompt(messages)
    ids = torch.tensor([prompt.ids])
    pictures = given(model, [v.part for v in prompt.visuals if isinstance(v.part, Image)])
    kinds = (ids == model.config.image_token).long()
    out = reference_on(model)(input_ids=ids, mm_token_type_ids=kinds, **pictures)
    theirs = out.logits[0, -1].float()
    torch.testing.assert_close(ours, theirs, atol=1e-3, rtol=1e-3)
    return (
        f"{len(prompt.ids)} tokens with a picture: the scores lie at most "
        f"{float((ours - theirs).abs().max()):.1e} apart, relative error "
        f"{float((ours - theirs).norm() / theirs.norm()):.1e}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--checkpoint", default="Qwen2-VL-2B", help="a size, or a folder")
    parser.add_argument("--dtype", default="bfloat16", choices=["float32", "bfloat16"])
    options = parser.parse_args()
    folder = checkpoint(options.checkpoint)
    pixels = asyncio.run(screenshot())
    print(f"{machine()}; torch {torch.__version__}, {torch.get_num_threads()} threads")
    before, began = peak(), time.perf_counter()
    model = QwenVL.load(folder, dtype=getattr(torch, options.dtype))
    model.stop_ids = frozenset()
    weights = held_bytes(model.network)
    print(
        f"- loading {folder.name} in {options.dtype}: {time.perf_counter() - began:.1f} s; "
        f"{weights / GIB:.2f} GiB of weights, peak {(peak() - before) / GIB:.2f} GiB more than "
        f"before = {(peak() - before) / weights:.3f} x",
        flush=True,
    )
    session = model.session(repetition_penalty=1.0)
    messages = [system_turn(model), Message.of("user", picture(model, pixels), "Save the file.")]
    began = time.perf_counter()
    reply = asyncio.run(session.reply(messages, max_tokens=40))
    print(
        f"- a step at {pixels.shape[1]}x{pixels.shape[0]}: {time.perf_counter() - began:.1f} s; "
        f"{dict(reply.stats)}; peak {(peak() - before) / GIB:.2f} GiB more than before",
        flush=True,
    )
    model.close()
    del model, session
    gc.collect()
    wide = QwenVL.load(folder, dtype=torch.float32)
    print(f"- {parity(wide)} (float32)")
    wide.close()


if __name__ == "__main__":
    main()
