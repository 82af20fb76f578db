"""Writing a token: ours beside transformers' cached pass, with the same weights.

Both hold as many tokens as are asked for, with keys and values drawn at random, and write one token
after another greedily. Transformers (sdpa) runs over the very same tensors in the same process with
the same threads; its pass is called by hand, without what ``generate`` adds.

    python benchmarks/model_decode.py [--checkpoint Qwen2-VL-2B] [--held 300,3000] [--tokens 20]
"""

import argparse
import statistics
import time
from typing import Any

import torch
from common import machine
from peers import checkpoint, read_rate, reference_on
from transformers import DynamicCache

from eyehand.model.cache import KVCache
from eyehand.model.cost import kv_bytes
from eyehand.model.memory import held_bytes
from eyehand.model.qwen_vl import QwenVL


def drawn(model: QwenVL, held: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    text = model.config.text
    torch.manual_seed(0)
    shape = (1, text.kv_heads, held, text.head_width)
    both = [torch.randn(2, *shape).to(model.device, model.dtype) for _ in range(text.layers)]
    return [(x[0], x[1]) for x in both]


@torch.inference_mode()
def ours(model: QwenVL, held: int, tokens: int) -> tuple[float, list[int]]:
    cache = KVCache(model.config.text.layers)
    for layer, (keys, values) in enumerate(drawn(model, held)):
        cache.append(layer, keys, values)
    cache.length = held
    token, times, said = 9707, [], []
    for number in range(tokens):
        began = time.perf_counter()
        place = torch.full((3, 1, 1), held + number, device=model.device)
        x = model.network.model.embed_tokens(torch.tensor([[token]], device=model.device))
        token = int(model.network.logits(model.network(x, place, cache))[0, -1].argmax())
        times.append(time.perf_counter() - began)
        said.append(token)
    return statistics.median(times[2:]), said


@torch.inference_mode()
def theirs(reference: Any, model: QwenVL, held: int, tokens: int) -> tuple[float, list[int]]:
    cache = DynamicCache()
    for layer, (keys, values) in enumerate(drawn(model, held)):
        cache.update(keys, values, layer)
    token, times, said = 9707, [], []
    for number in range(tokens):
        began = time.perf_counter()
        out = reference(
            input_ids=torch.tensor([[token]], device=model.device),
            position_ids=torch.full((3, 1, 1), held + number, device=model.device),
            past_key_values=cache,
            use_cache=True,
        )
        token = int(out.logits[0, -1].argmax())
        times.append(time.perf_counter() - began)
        said.append(token)
    return statistics.median(times[2:]), said


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--checkpoint", default="Qwen2-VL-2B", help="toy, a size, or a folder")
    parser.add_argument("--held", default="300,3000", help="tokens held")
    parser.add_argument("--tokens", type=int, default=20, help="written; at least 3")
    given = parser.parse_args()
    folder = checkpoint(given.checkpoint)
    lengths = [int(length) for length in given.held.split(",")]
    print(f"{machine()}; torch {torch.__version__}, {torch.get_num_threads()} threads")
    rate = read_rate(torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    print(f"{folder.name}; memory read {rate / 1e9:.1f} GB/s\n")
    print(
        "| held | who | ms a token | transformers bf16 / it | share of the memory's rate | same |"
    )
    print("|---|---|---|---|---|---|", flush=True)
    peers: dict[int, tuple[float, list[int]]] = {}
    for kind in ("bfloat16", "float32", "int8", "int4"):
        packed: Any = kind if kind.startswith("int") else None
        dtype = torch.bfloat16 if packed else getattr(torch, kind)
        model = QwenVL.load(folder, dtype=dtype, quantize=packed)
        reference = None if packed else reference_on(model)
        text = model.config.text
        weights = held_bytes(model.network) - held_bytes(model.network.visual)
        if not text.tied:
            weights -= held_bytes(model.network.model.embed_tokens)
        for held in lengths:
            if reference is not None:
                peer = theirs(reference, model, held, given.tokens)
                peers.setdefault(held, peer)
                ratio = f"{peers[held][0] / peer[0]:.2f}"
                print(f"| {held} | transformers, {kind} | {peer[0] * 1e3:.1f} | {ratio} | | |")
                same = peer[1]
            else:
                same = peers[held][1]
            took, said = ours(model, held, given.tokens)
            read = (weights + held * kv_bytes(text, dtype.itemsize)) / took / rate
            agree = sum(a == b for a, b in zip(said, same, strict=True))
            print(
                f"| {held} | eyehand, {kind} | {took * 1e3:.1f} | {peers[held][0] / took:.2f} | "
                f"{read:.0%} | {agree}/{len(said)} |",
                flush=True,
            )
        model.close()
        del model, reference


if __name__ == "__main__":
    main()
