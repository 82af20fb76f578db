"""Our network beside llama.cpp's: an implementation that shares no code with ours or transformers.

Where the picture needs no resizing, both choose the same tokens and score them alike. Where it
does, they differ: we stretch it as the published processor does, llama.cpp keeps its shape between
black edges. Shown the same pixels, whichever of the two, they agree. A side midway between two
multiples of 28 is rounded up by llama.cpp and to even by the processor, and no picture of
llama.cpp's has under 8 tokens: there even the number of tokens differs.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
import toys
from llama_files import Llama, Stored, framed, write_gguf
from PIL import Image as Pillow

from eyehand.model import Image, Message, Pixels, Size, pixel_hash
from eyehand.model.image import frame_tensor
from eyehand.model.qwen_vl import QwenVL
from eyehand.model.rope import positions_of
from eyehand.model.selfcheck import drawn, patches_back

TOKENS = 16
NEAR = 0.01
"""In log probability. Seen: up to 0.003. Queries and keys that change places in the tower, other
sections of the rotary frequencies or other full blocks: 0.03 to 0.7.
"""
ROUNDED: dict[str, tuple[Stored, float]] = {"qwen2_vl": ("BF16", 0.05), "qwen2_5_vl": ("Q8_0", 0.2)}
"""A shorter kind for each family, and how far scores may then lie from float32's.

Qwen2.5-VL's tower has rows of 100 values, which Q8_0 cannot store.
"""
SCREEN = min((Path(__file__).parent / "data" / "episodes").rglob("*.png"))


class Pair(NamedTuple):
    folder: Path
    model: QwenVL
    llama: Llama


@pytest.fixture(scope="module", params=["qwen2_vl", "qwen2_5_vl"])
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    folder = toys.save(toys.reference(request.param), tmp_path_factory.mktemp("toy"))
    model = QwenVL.load(folder, dtype=torch.float32, max_tokens=TOKENS)
    model.stop_ids = frozenset()
    files = write_gguf(folder, tmp_path_factory.mktemp("gguf"), "F32")
    llama = Llama(*files, exact=True, timeout_s=60)
    yield Pair(folder, model, llama)
    llama.close()
    model.close()


def asked(
    model: QwenVL, llama: Llama, text: str, pictures: Sequence[Pixels]
) -> tuple[list[Message], str]:
    """Give one question as each of the two takes it."""
    shown = [
        Image(pixels, model.plan(Size(pixels.shape[1], pixels.shape[0])), pixel_hash(pixels))
        for pixels in pictures
    ]
    messages = [Message.of("system", "Be brief."), Message.of("user", *shown, text)]
    prompt = (
        f"<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n"
        f"{llama.marker * len(pictures)}{text}<|im_end|>\n<|im_start|>assistant\n"
    )
    return messages, prompt


@torch.inference_mode()
def scores(model: QwenVL, messages: Sequence[Message], said: Sequence[int]) -> torch.Tensor:
    """Give our log probabilities where each token was said: ``[tokens, vocabulary]``, no cache."""
    prompt = model.layout.prompt(messages)
    places, following = positions_of(prompt.spans(), model.config.vision.merge)
    more = torch.arange(following, following + len(said) - 1).expand(3, -1)
    seen = [model.see(visual, lambda: None) for visual in prompt.visuals]
    ids = torch.tensor([[*prompt.ids, *said[:-1]]])
    x = model.network.embed(ids, torch.cat(seen) if seen else None)
    hidden = model.network(x, torch.cat((places, more), 1)[:, None])
    return model.network.logits(hidden[0, -len(said) :]).float().log_softmax(-1)


def apart(model: QwenVL, messages: Sequence[Message], answer: dict[str, Any]) -> float:
    """Give how far the scores of llama.cpp's best tokens lie from ours, over its whole answer."""
    said, steps = answer["tokens"], answer["completion_probabilities"]
    assert 2 * len(steps) > len(said)
    ours, gaps, place = scores(model, messages, said), [], -1
    for step in steps:
        # A token that ends within a character has no step.
        place = said.index(step["id"], place + 1)
        for each in step["top_logprobs"]:
            gaps.append(abs(float(ours[place, each["id"]]) - float(each["logprob"])))
    return max(gaps)


def apart_at_first(pair: Pair, given: Pixels, *shown: Pixels) -> list[float]:
    """Give llama.cpp one picture, and show us each of others; see `apart`."""
    _, prompt = asked(pair.model, pair.llama, "what?", [given])
    answer = pair.llama.complete(prompt, [given], n_predict=1, n_probs=10, cache_prompt=False)
    found = []
    for pixels in shown:
        messages, _ = asked(pair.model, pair.llama, "what?", [pixels])
        assert answer["timings"]["prompt_n"] == len(pair.model.layout.prompt(messages).ids)
        found.append(apart(pair.model, messages, answer))
    return found


def stretched(model: QwenVL, pixels: Pixels) -> Pixels:
    size = model.plan(Size(pixels.shape[1], pixels.shape[0]))
    frames = frame_tensor(pixels, torch.device("cpu"))
    return patches_back(model, model.processor.patches(frames, size), size)


def noise(width: int, height: int, seed: int = 0) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


PICTURES = {
    "text alone": [],
    "whole windows": [noise(336, 224)],
    "windows that do not fit": [noise(308, 140)],
    "two pictures": [noise(168, 112), drawn(Size(252, 140), 2)],
}
RESIZED = {
    "noise, smaller": noise(150, 100, 1),
    "wide": drawn(Size(300, 200), 1),
    "tall": drawn(Size(250, 430), 1),
    "a real screen": np.asarray(Pillow.open(SCREEN).convert("RGB")),
}


@pytest.mark.parametrize("pictures", PICTURES.values(), ids=list(PICTURES))
async def test_both_choose_the_same_tokens_and_score_them_alike(
    pair: Pair, pictures: list[Pixels]
) -> None:
    messages, prompt = asked(pair.model, pair.llama, "what is it? 你好 🙂", pictures)
    session = pair.model.session()
    await session.reply(messages)
    answer = pair.llama.complete(prompt, pictures, n_predict=TOKENS, n_probs=5)
    ours, theirs = next(iter(session._said.values())).ids, answer["tokens"]
    assert len(theirs) == TOKENS
    assert answer["timings"]["cache_n"] + answer["timings"]["prompt_n"] == len(
        pair.model.layout.prompt(messages).ids
    )
    # The scores of each step's best tokens tell more than which of them was the best.
    assert apart(pair.model, messages, answer) < NEAR
    if ours != theirs:  # only where their two best are as near as the two networks are
        place = next(n for n, (one, two) in enumerate(zip(ours, theirs, strict=True)) if one != two)
        row = scores(pair.model, messages, theirs)[place]
        assert abs(float(row[ours[place]] - row[theirs[place]])) < 2 * NEAR


@pytest.mark.parametrize("pixels", RESIZED.values(), ids=list(RESIZED))
def test_a_picture_is_resized_otherwise_and_nothing_else_differs(
    pair: Pair, pixels: Pixels
) -> None:
    ours = stretched(pair.model, pixels)
    theirs = framed(pixels, Size(ours.shape[1], ours.shape[0]))
    [same] = apart_at_first(pair, ours, ours)
    as_theirs, as_ours = apart_at_first(pair, pixels, theirs, ours)
    assert max(same, as_theirs) < NEAR
    assert as_ours > 5 * NEAR
    # In grey levels: 2 for the screen, 10 to 15 for what is drawn, 70 for noise.
    assert np.abs(ours.astype(np.int16) - theirs).mean() > 1


@pytest.mark.parametrize(
    ("size", "ours", "theirs"),
    [
        pytest.param(Size(70, 140), 2 * 5, 3 * 5, id="2.5 and 5 times 28"),
        pytest.param(Size(126, 154), 4 * 6, 5 * 6, id="4.5 and 5.5 times 28"),
        pytest.param(Size(56, 56), 2 * 2, 3 * 3, id="under 8 tokens"),
    ],
)
def test_llama_cpp_has_more_tokens_for_a_size_midway_and_a_small_one(
    pair: Pair, size: Size, ours: int, theirs: int
) -> None:
    pixels = drawn(size, 1)
    messages, prompt = asked(pair.model, pair.llama, "what?", [pixels])
    answer = pair.llama.complete(prompt, [pixels], n_predict=1, cache_prompt=False)
    read = len(pair.model.layout.prompt(messages).ids)
    assert pair.model.processor.tokens(pair.model.plan(size)) == ours
    assert answer["timings"]["prompt_n"] - read == theirs - ours


def test_weights_in_a_shorter_kind_are_the_same_weights(pair: Pair, tmp_path: Path) -> None:
    kind, bound = ROUNDED[pair.model.config.family]
    llama = Llama(*write_gguf(pair.folder, tmp_path, kind), exact=True, timeout_s=60)
    try:
        pixels = PICTURES["whole windows"]
        messages, prompt = asked(pair.model, llama, "what?", pixels)
        answer = llama.complete(prompt, pixels, n_predict=4, n_probs=5)
    finally:
        llama.close()
    assert apart(pair.model, messages, answer) < bound
