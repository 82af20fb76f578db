"""Our network beside llama.cpp's: an implementation that shares no code with ours or transformers.

They agree where the picture is shown at a size that needs no resizing. Where it must be resized,
llama.cpp chooses the same size and resizes by rules of its own: the scores differ, and agree again
once the picture is resized by us. Pictures of under 8 tokens are larger for llama.cpp than for the
published processor, so none is compared.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
import toys
from llama_files import Llama, write_gguf
from PIL import Image as Pillow

from eyehand.model import Image, Message, Pixels, Size, pixel_hash
from eyehand.model.image import frame_tensor
from eyehand.model.qwen_vl import QwenVL
from eyehand.model.selfcheck import drawn, next_scores, patches_back

TOKENS = 16
NEAR = 0.01
"""In log probability: llama.cpp rounds its activations' tables to float16."""
SCREEN = next((Path(__file__).parent / "data" / "episodes").rglob("*.png"))


class Pair(NamedTuple):
    model: QwenVL
    llama: Llama


@pytest.fixture(scope="module", params=["qwen2_vl", "qwen2_5_vl"])
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    folder = toys.save(toys.reference(request.param), tmp_path_factory.mktemp("toy"))
    model = QwenVL.load(folder, dtype=torch.float32, max_tokens=TOKENS)
    model.stop_ids = frozenset()
    yield Pair(model, Llama(*write_gguf(folder, tmp_path_factory.mktemp("gguf"), "F32")))
    model.close()


def asked(pair: Pair, text: str, pictures: Sequence[Pixels]) -> tuple[list[Message], str]:
    """Give one question as each of the two takes it."""
    shown = [
        Image(pixels, pair.model.plan(Size(pixels.shape[1], pixels.shape[0])), pixel_hash(pixels))
        for pixels in pictures
    ]
    messages = [Message.of("system", "Be brief."), Message.of("user", *shown, text)]
    prompt = (
        f"<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n"
        f"{pair.llama.marker * len(pictures)}{text}<|im_end|>\n<|im_start|>assistant\n"
    )
    return messages, prompt


def apart(pair: Pair, pixels: Pixels) -> float:
    """Give how far the log probabilities of llama.cpp's ten best tokens lie apart."""
    messages, prompt = asked(pair, "what?", [pixels])
    answer = pair.llama.complete(prompt, [pixels], n_predict=1, n_probs=10, cache_prompt=False)
    assert answer["timings"]["prompt_n"] == len(pair.model.layout.prompt(messages).ids)
    scores = next_scores(pair.model, messages).log_softmax(-1)
    found = answer["completion_probabilities"][0]["top_logprobs"]
    return max(abs(float(scores[each["id"]]) - float(each["logprob"])) for each in found)


def resized(model: QwenVL, pixels: Pixels) -> Pixels:
    size = model.plan(Size(pixels.shape[1], pixels.shape[0]))
    frames = frame_tensor(pixels, torch.device("cpu"))
    return patches_back(model, model.processor.patches(frames, size), size)


NOISE = np.random.default_rng(0)
PICTURES = {
    "text alone": [],
    "whole windows": [NOISE.integers(0, 256, (224, 336, 3), dtype=np.uint8)],
    "windows that do not fit": [NOISE.integers(0, 256, (140, 308, 3), dtype=np.uint8)],
    "two pictures": [
        NOISE.integers(0, 256, (112, 168, 3), dtype=np.uint8),
        drawn(Size(252, 140), 2),
    ],
}


@pytest.mark.parametrize("pictures", PICTURES.values(), ids=list(PICTURES))
async def test_both_choose_the_same_tokens(pair: Pair, pictures: list[Pixels]) -> None:
    messages, prompt = asked(pair, "what is it? 你好 🙂", pictures)
    session = pair.model.session()
    await session.reply(messages)
    answer = pair.llama.complete(prompt, pictures, n_predict=TOKENS, n_probs=2)
    ours, theirs = next(iter(session._said.values())), answer["tokens"]
    if ours != theirs:  # only where their two best are as near as the two networks are
        place = next(n for n, (one, two) in enumerate(zip(ours, theirs, strict=True)) if one != two)
        best = answer["completion_probabilities"][place]["top_logprobs"]
        assert {each["id"] for each in best} == {ours[place], theirs[place]}
        assert best[0]["logprob"] - best[1]["logprob"] < NEAR


@pytest.mark.parametrize("kind", ["noise", "drawn"])
def test_a_picture_that_must_be_resized_agrees_once_we_resized_it(pair: Pair, kind: str) -> None:
    pixels = drawn(Size(300, 200), 1)
    if kind == "noise":
        pixels = np.random.default_rng(1).integers(0, 256, (100, 150, 3), dtype=np.uint8)
    assert apart(pair, resized(pair.model, pixels)) < NEAR
    # llama.cpp's own resizing: not the published one.
    assert NEAR < apart(pair, pixels) < 2


def test_a_real_screen_agrees_once_we_resized_it(pair: Pair) -> None:
    pixels = np.asarray(Pillow.open(SCREEN).convert("RGB"))
    assert apart(pair, resized(pair.model, pixels)) < 0.1
