"""Replies under a grammar: what the masks cost, and how many passes a call takes.

- masks: milliseconds a mask of the whole vocabulary, beside those of a pass of the network that
  reads one token, both at the places of the same calls
- calls: replies of random weights under the grammar of a click, their tokens and passes

    python benchmarks/model_constrain.py [--checkpoint Qwen2-VL-2B] [--held 300] [--calls 5]
"""

import argparse
import asyncio
import json
import statistics
import time

import torch
from common import machine
from peers import checkpoint

from eyehand.model import Message
from eyehand.model.generate import Sampling
from eyehand.model.qwen_vl import QwenVL

POINT = (
    '"[" %json {"type": "integer", "minimum": 0, "maximum": 1287} ", " '
    '%json {"type": "integer", "minimum": 0, "maximum": 727} "]"'
)
CALL = (
    r'call: <tool_call> "\n{\"name\": \"computer_use\", \"arguments\": {\"action\": '
    rf'\"left_click\", \"coordinate\": " point "}}}}\n" </tool_call>'
    f"\npoint: {POINT}\n"
)
GRAMMARS = {
    "a click": f"start: call\n{CALL}",
    "a thought, then a click": f"start: THOUGHT call\nTHOUGHT: /[^<]{{200,2000}}/\n{CALL}",
    "text in JSON": 'start: %json {"type": "string", "minLength": 200}',
}


async def reply_of(
    model: QwenVL, grammar: str, held: int, seed: int, most: int
) -> dict[str, float]:
    session = model.session(repetition_penalty=1.0)
    messages = [Message.of("user", " word" * held)]
    how = Sampling(temperature=1.0, seed=seed)
    reply = await session.reply(messages, grammar=grammar, sampling=how, max_tokens=most)
    await session.close()
    return dict(reply.stats)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--checkpoint", default="Qwen2-VL-2B", help="toy, a size, or a folder")
    parser.add_argument("--held", type=int, default=300, help="tokens of the prompt")
    parser.add_argument("--calls", type=int, default=5, help="replies under each grammar")
    parser.add_argument("--tokens", type=int, default=40, help="longest reply")
    given = parser.parse_args()
    if given.tokens < 40:
        parser.error("--tokens must be at least 40: what a click begins with is no choice")
    model = QwenVL.load(checkpoint(given.checkpoint), dtype=torch.bfloat16)
    print(f"{machine()}; torch {torch.__version__}, {torch.get_num_threads()} threads")
    began = time.perf_counter()
    model.submit(lambda: model.grammars.begin(GRAMMARS["a click"])).result()
    first = time.perf_counter() - began
    began = time.perf_counter()
    model.submit(lambda: model.grammars.begin(GRAMMARS["a click"])).result()
    print(
        f"{given.checkpoint}, {model.tokenizer.size} tokens; the first grammar {first:.2f} s, "
        f"another {time.perf_counter() - began:.4f} s; {given.held} tokens held\n"
    )
    print(
        "| grammar | tokens | chosen | passes | ms a pass | ms of grammar a token chosen | share |"
    )
    print("|---|---|---|---|---|---|---|", flush=True)
    rows = []
    for name, grammar in GRAMMARS.items():
        found = [
            asyncio.run(reply_of(model, grammar, given.held, seed, given.tokens))
            for seed in range(given.calls)
        ]
        mean = {key: statistics.mean(one[key] for one in found) for key in found[0]}
        spent = mean["decode_s"] - mean["mask_s"]
        row = {
            "grammar": name,
            "tokens": mean["decoded_tokens"] + mean["forced_tokens"],
            "chosen": mean["decoded_tokens"],
            "passes": mean["forwards"],
            "pass_ms": 1e3 * spent / max(1, mean["forwards"]),
            "mask_ms": 1e3 * mean["mask_s"] / max(1, mean["decoded_tokens"]),
            "share": mean["mask_s"] / mean["decode_s"],
        }
        rows.append(row)
        print(
            f"| {name} | {row['tokens']:.1f} | {row['chosen']:.1f} | {row['passes']:.1f} | "
            f"{row['pass_ms']:.1f} | {row['mask_ms']:.2f} | {row['share']:.1%} |",
            flush=True,
        )
    print(f"\n{json.dumps(rows)}")
    model.close()


if __name__ == "__main__":
    main()
