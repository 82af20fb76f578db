"""Parity with transformers on a device: scores, greedy ids, peak memory. For GPUs above all.

The tests hold us to the reference in float32 on the CPU; this does the same wherever ``--device``
says, in either dtype, over the very same tensors, and prints how far apart the two are.

    python benchmarks/model_parity.py --checkpoint Qwen2-VL-2B --device cuda --dtype bfloat16
    python benchmarks/model_parity.py --checkpoint toy --attention torch
"""

import argparse
import asyncio
import sys
from typing import Any

import torch
from common import machine
from peers import checkpoint, given, reference_on, screen, system_turn

from eyehand.model import Image, Message, Size, pixel_hash
from eyehand.model.qwen_vl import QwenVL
from eyehand.model.rope import positions_of
from eyehand.model.selfcheck import drawn

SIZES = (Size(588, 336), Size(1000, 700), Size(140, 1120))


def pictures(model: QwenVL) -> list[Image]:
    made = []
    for number, size in enumerate(SIZES):
        pixels = drawn(size, number)
        made.append(Image(pixels, model.plan(size), pixel_hash(pixels)))
    return made


@torch.inference_mode()
def scores(model: QwenVL, reference: Any, messages: list[Message]) -> tuple[float, float, float]:
    """Give the largest difference, the relative error, and the share of equal best tokens."""
    prompt = model.layout.prompt(messages)
    positions, _ = positions_of(prompt.spans(), model.config.vision.merge)
    ids = torch.tensor([prompt.ids], device=model.device)
    seen = [model.see(visual, lambda: None) for visual in prompt.visuals]
    x = model.network.embed(ids, torch.cat(seen) if seen else None)
    hidden = model.network(x, positions[:, None].to(model.device))
    ours = model.network.logits(hidden)[0].float()
    shown = [visual.part for visual in prompt.visuals if isinstance(visual.part, Image)]
    kinds = (ids == model.config.image_token).long()
    more = given(model, shown) if shown else {}
    theirs = reference(input_ids=ids, mm_token_type_ids=kinds, **more).logits[0].float()
    return (
        float((ours - theirs).abs().max()),
        float((ours - theirs).norm() / theirs.norm()),
        float((ours.argmax(-1) == theirs.argmax(-1)).float().mean()),
    )


@torch.inference_mode()
def greedy(model: QwenVL, reference: Any, tokens: int) -> tuple[int, int]:
    """Give how many greedy tokens agree from the first on, of how many."""
    messages = [system_turn(model), Message.of("user", screen(model, 1), "What is this?")]
    prompt = model.layout.prompt(messages)
    session = model.session(repetition_penalty=1.0)
    reply = asyncio.run(session.reply(messages, max_tokens=tokens))
    ours = session._said[(len(messages), 0, reply.text)].ids
    ids = torch.tensor([prompt.ids], device=model.device)
    out = reference.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        mm_token_type_ids=(ids == model.config.image_token).long(),
        max_new_tokens=tokens,
        do_sample=False,
        eos_token_id=None,
        pad_token_id=151643,
        **given(model, [screen(model, 1)]),
    )
    theirs = out[0, ids.shape[1] :].tolist()
    pairs = zip(ours, theirs, strict=True)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), len(ours)), len(ours)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--checkpoint", default="toy", help="toy, a size, or a folder")
    parser.add_argument("--device", default=None)
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16", "float16"])
    parser.add_argument("--attention", default="flash", choices=["flash", "torch"])
    parser.add_argument("--tokens", type=int, default=64)
    options = parser.parse_args()
    if options.attention == "torch":
        sys.modules["flash_attn"] = None  # type: ignore[assignment]  # as if it were not installed
    model = QwenVL.load(checkpoint(options.checkpoint), device=options.device, dtype=options.dtype)
    model.stop_ids = frozenset()
    reference = reference_on(model)
    where = torch.cuda.get_device_name() if model.device.type == "cuda" else "CPU"
    print(f"{machine()}; torch {torch.__version__}; {where}")
    print(f"{model.name}, {options.dtype}, attention: {options.attention}\n")
    print("| prompt | largest difference | relative error | same best token |\n|---|---|---|---|")
    shown = pictures(model)
    prompts: dict[str, list[str | Image]] = {
        "text": ["What is the capital of France?"],
        "one picture": [shown[0], "What is this?"],
        "three pictures": [*shown, "What are these?"],
    }
    for name, parts in prompts.items():
        largest, relative, same = scores(model, reference, [Message.of("user", *parts)])
        print(f"| {name} | {largest:.1e} | {relative:.1e} | {same:.1%} |", flush=True)
    agree, of = greedy(model, reference, options.tokens)
    print(f"\n- greedy ids: the first {agree} of {of} are equal")
    if model.device.type == "cuda":
        print(f"- peak memory: {torch.cuda.max_memory_allocated() / 2**30:.2f} GiB")
    model.close()


if __name__ == "__main__":
    main()
