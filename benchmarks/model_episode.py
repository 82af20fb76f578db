"""An episode of ten screenshots: our session beside transformers, with the same weights.

Each step brings a screenshot of 588x336 (252 tokens) and 40 tokens of reply, after a system turn of
300 tokens. Beside us in the same process, over the very same tensors, with the same threads:

- transformers' ``generate`` with sdpa, which reads the whole conversation at each step
- transformers with its cache carried over by hand: only what is new is read, positions are given

Their pictures are cut into patches beforehand, outside of the clock; ours within it. Replies are
greedy; whether all three choose the same tokens is said.

    python benchmarks/model_episode.py [--checkpoint Qwen2-VL-2B] [--dtype float32] [--reply 40]
"""

import argparse
import asyncio
import time
from collections.abc import Sequence
from typing import Any

import torch
from common import machine
from peers import checkpoint, gemm_rate, given, read_rate, reference_on, screen, system_turn
from transformers import DynamicCache

from eyehand.model import Message
from eyehand.model.cost import prefill_flops, vision_flops
from eyehand.model.prompt import Prompt
from eyehand.model.qwen_vl import QwenVL
from eyehand.model.rope import positions_of


class Clock:
    """Tells the passes of a reference's language model apart."""

    def __init__(self, reference: Any) -> None:
        self.passes: list[float] = []
        language = reference.model.language_model
        language.register_forward_hook(lambda *_: self.passes.append(time.perf_counter()))

    def split(self, began: float, ended: float) -> tuple[float, float]:
        """Give seconds until the first token, and after it."""
        first = self.passes[0]
        self.passes.clear()
        return first - began, ended - first


@torch.inference_mode()
def stateless(
    reference: Any, clock: Clock, model: QwenVL, prompt: Prompt, room: int
) -> tuple[list[int], float, float]:
    """Answer a whole conversation by ``generate``."""
    ids = torch.tensor([prompt.ids], device=model.device)
    pictures = given(model, [v.part for v in prompt.visuals])  # type: ignore[misc]
    began = time.perf_counter()
    out = reference.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        mm_token_type_ids=(ids == model.config.image_token).long(),
        max_new_tokens=room,
        do_sample=False,
        eos_token_id=None,
        pad_token_id=151643,
        **pictures,
    )
    split = clock.split(began, time.perf_counter())
    return out[0, ids.shape[1] :].tolist(), *split


class ByHand:
    """Transformers with a cache that the caller carries from step to step."""

    def __init__(self, reference: Any, clock: Clock, model: QwenVL) -> None:
        self.reference, self.clock, self.model = reference, clock, model
        self.cache = DynamicCache()
        self.held = 0

    @torch.inference_mode()
    def step(self, prompt: Prompt, room: int) -> tuple[list[int], float, float]:
        """Read what is new of a conversation and answer."""
        model = self.model
        positions, counter = positions_of(prompt.spans(), model.config.vision.merge)
        new = torch.tensor([prompt.ids[self.held :]], device=model.device)
        fresh = [v.part for v in prompt.visuals if v.start >= self.held]
        pictures = given(model, fresh)  # type: ignore[arg-type]
        began = time.perf_counter()
        out = self.reference(
            input_ids=new,
            position_ids=positions[:, None, self.held :].to(model.device),
            past_key_values=self.cache,
            use_cache=True,
            logits_to_keep=1,
            **pictures,
        )
        said: list[int] = []
        while True:
            token = int(out.logits[0, -1].argmax())
            said.append(token)
            if len(said) == room:
                break
            out = self.reference(
                input_ids=torch.tensor([[token]], device=model.device),
                position_ids=torch.full((3, 1, 1), counter, device=model.device),
                past_key_values=self.cache,
                use_cache=True,
            )
            counter += 1
        split = self.clock.split(began, time.perf_counter())
        self.held = self.cache.get_seq_length()
        return said, *split


def row(label: str, number: int, first: float, rest: float, ratio: str = "") -> str:
    return f"| {number} | {label} | {first:.2f} | {rest:.2f} | {first + rest:.2f} | {ratio} |"


async def episode(model: QwenVL, steps: int, whole: Sequence[int], room: int) -> None:
    session = model.session(repetition_penalty=1.0)
    reference = reference_on(model)
    clock = Clock(reference)
    by_hand = ByHand(reference, clock, model)
    messages = [system_turn(model)]
    # Whoever touches the weights first pays for it, so both have done so before the clock runs.
    warm = [Message.of("user", screen(model, 0), "What is this?")]
    await model.session().reply(warm, max_tokens=2)
    ByHand(reference, clock, model).step(model.layout.prompt(warm), 2)
    wide = torch.float32 if model.device.type == "cpu" else model.dtype
    gemm, read = gemm_rate(wide, model.device), read_rate(model.device)
    print(f"products {gemm / 1e9:.0f} GFLOP/s ({wide}), memory read {read / 1e9:.1f} GB/s\n")
    print("| step | who | seeing and reading, s | writing, s | all, s | all / ours |")
    print("|---|---|---|---|---|---|", flush=True)
    notes, later = [], []
    config = model.config
    for number in range(1, steps + 1):
        messages.append(Message.of("user", screen(model, number), "What is to be done now?"))
        prompt = model.layout.prompt(messages, session._said)
        reply = await session.reply(messages, max_tokens=room)
        said = session._said[(len(messages), 0, reply.text)].ids
        stats = reply.stats
        first = stats["prompt_s"] + stats["vision_s"] + stats["prefill_s"]
        rest, all_ours = stats["decode_s"], first + stats["decode_s"]
        print(row("eyehand", number, first, rest), flush=True)
        seen = vision_flops(config.vision, [prompt.visuals[-1].grid]) / stats["vision_s"]
        reading = (
            prefill_flops(config.text, int(stats["prefilled_tokens"]), int(stats["reused_tokens"]))
            / stats["prefill_s"]
        )
        # The head is the embedding, or as large.
        weights = sum(p.numel() * p.element_size() for p in model.network.model.parameters())
        writing = weights * (room - 1) / rest
        notes.append(
            f"step {number}: vision {stats['vision_s']:.2f} s at {seen / gemm:.0%} of the "
            f"products' rate, prefill {stats['prefill_s']:.2f} s at {reading / gemm:.0%}, writing "
            f"reads weights at {writing / read:.0%} of the memory's rate"
        )
        theirs, first, rest = by_hand.step(prompt, room)
        same = "" if theirs == said else " (other tokens)"
        ratio = f"{(first + rest) / all_ours:.2f}"
        print(row("transformers, cache by hand" + same, number, first, rest, ratio), flush=True)
        if number in whole:
            later.append((number, prompt, said, all_ours))
        messages.append(Message.of("assistant", reply.text))
    # Last, because it takes and frees so much memory that what comes after it is slowed down.
    for number, prompt, said, all_ours in later:
        theirs, first, rest = stateless(reference, clock, model, prompt, room)
        same = "" if theirs == said else " (other tokens)"
        ratio = f"{(first + rest) / all_ours:.2f}"
        print(row("transformers generate" + same, number, first, rest, ratio), flush=True)
    print()
    for note in notes:
        print(f"- {note}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--checkpoint", default="Qwen2-VL-2B", help="toy, a size, or a folder")
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--reply", type=int, default=40, help="tokens of each reply")
    parser.add_argument("--whole", default="1,5,10", help="steps that generate reads whole")
    parser.add_argument("--threads", type=int, default=0, help="0: as many as torch takes")
    given = parser.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    model = QwenVL.load(checkpoint(given.checkpoint), dtype=getattr(torch, given.dtype))
    model.stop_ids = frozenset()
    print(f"{machine()}; torch {torch.__version__}, {torch.get_num_threads()} threads")
    print(f"{model.name}, {given.dtype}, {model.device}")
    whole = [int(n) for n in given.whole.split(",") if n]
    asyncio.run(episode(model, given.steps, whole, given.reply))
    model.close()


if __name__ == "__main__":
    main()
