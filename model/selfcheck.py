"""Looks at a loaded checkpoint: its template, its pictures, its scores.

What is wrong with a checkpoint rarely raises: a template that differs by a newline, colours that
are swapped, or a tower whose weights are noise all give fluent text and wrong clicks.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image as Pillow

from .chat import Image, Message, Pixels, pixel_hash
from .config import read_json
from .errors import BadCheckpoint
from .image import MEAN, STD, frame_tensor
from .qwen_vl import QwenVL
from .rope import positions_of
from .size import Size

SENTENCE = (
    "The sun rises in the east and sets in the west. Water boils at one hundred degrees, and a "
    "week has seven days."
)
TRAINED_BELOW = 7.0
"""Surprise in nats a token. Noise gives ln(151,936) = 11.9 and more."""


def read_template(folder: Path) -> str | None:
    """Give the chat template that a checkpoint brings; None if it brings none.

    Raises:
        BadCheckpoint: Its file is damaged.
    """
    path = folder / "chat_template.jinja"
    if path.is_file():
        try:
            return path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise BadCheckpoint(f"{path} is not UTF-8: {error}") from error
    for name in ("chat_template.json", "tokenizer_config.json"):
        template = (read_json(folder / name) or {}).get("chat_template")
        if isinstance(template, list):  # several by name
            template = next((t["template"] for t in template if t.get("name") == "default"), None)
        if isinstance(template, str):
            return template
    return None


def template_difference(model: QwenVL, template: str) -> str | None:
    """Render a conversation by a checkpoint's template and by eyehand.

    Returns:
        None if both are equal, else where they part.
    """
    from jinja2 import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    shown = _picture(model, Size(56, 56), 0)
    for messages in (
        [Message.of("user", "hello")],
        [
            Message.of("system", "Be brief."),
            Message.of("user", "look: ", shown, "and?\n"),
            Message.of("assistant", "A screen."),
            Message.of("user", "next", shown),
        ],
    ):
        ids = model.layout.prompt(messages).ids
        pad = re.escape("<|image_pad|>")
        ours = re.sub(f"(?:{pad})+", "<|image_pad|>", model.tokenizer.decode(ids))
        plain = [
            {"role": message.role, "content": [_plain(part) for part in message.parts]}
            for message in messages
        ]
        # As transformers renders it: blocks leave no lines behind.
        world = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        world.globals["raise_exception"] = _refuse
        try:
            theirs = world.from_string(template).render(
                messages=plain, add_generation_prompt=True, add_vision_id=False
            )
        except (TemplateError, TypeError, ValueError) as error:
            return f"the checkpoint's template cannot be rendered: {error}"
        if theirs != ours:
            place = next(
                (n for n, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b),
                min(len(ours), len(theirs)),
            )
            start = max(0, place - 20)
            end = place + 30
            return f"{theirs[start:end]!r} by the checkpoint, {ours[start:end]!r} here"
    return None


def _refuse(message: str) -> None:
    raise ValueError(message)


def _plain(part: object) -> dict[str, Any]:
    if isinstance(part, Image):
        return {"type": "image", "image": "screen.png"}
    return {"type": "text", "text": getattr(part, "text", "")}


def _picture(model: QwenVL, size: Size, seed: int) -> Image:
    pixels = drawn(size, seed)
    return Image(pixels, model.plan(size), pixel_hash(pixels))


def drawn(size: Size, seed: int) -> Pixels:
    """Draw a picture whose every region differs: blocks of many colours on a slope of grey."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (9, 16, 3), dtype=np.uint8)
    blocks = Pillow.fromarray(coarse).resize((size.width, size.height), Pillow.Resampling.NEAREST)
    slope = np.linspace(0, 1, size.width)[None, :, None]
    return (np.asarray(blocks) * (0.5 + 0.5 * slope)).astype(np.uint8)


def patches_back(model: QwenVL, patches: torch.Tensor, resized: Size) -> Pixels:
    """Put a picture's patches together again: ``uint8[H, W, 3]`` at its resized size."""
    how = model.processor
    grid, m, p = how.grid(resized), how.merge, how.patch
    x = patches.view(grid.height // m, grid.width // m, m, m, 3, how.frames, p, p)[:, :, :, :, :, 0]
    x = x.permute(0, 2, 5, 1, 3, 6, 4).reshape(resized.height, resized.width, 3)
    grey = (x * torch.tensor(how.std) + torch.tensor(how.mean)) * 255
    return grey.round().clamp(0, 255).to(torch.uint8).numpy()


def picture_error(model: QwenVL, size: Size) -> float:
    """Give how far a picture is off, in grey levels on average, after resizing and cutting.

    Compared with Pillow's bicubic of the same size, whose rounding differs by under 1.
    """
    pixels, resized = drawn(size, 1), model.plan(size)
    frames = frame_tensor(pixels, torch.device("cpu"))
    back = patches_back(model, model.processor.patches(frames, resized), resized)
    expected = Pillow.fromarray(pixels).resize(
        (resized.width, resized.height), Pillow.Resampling.BICUBIC
    )
    return float(np.abs(back.astype(np.int16) - np.asarray(expected, dtype=np.int16)).mean())


def as_published(model: QwenVL) -> bool:
    """Whether colours are normalised as in the published checkpoints."""
    return bool(
        np.allclose(model.processor.mean, MEAN, atol=1e-4)
        and np.allclose(model.processor.std, STD, atol=1e-4)
    )


@torch.inference_mode()
def next_scores(model: QwenVL, messages: Sequence[Message]) -> torch.Tensor:
    """Score what comes next, without a cache: float32 ``[vocabulary]``."""
    prompt = model.layout.prompt(messages)
    positions, _ = positions_of(prompt.spans(), model.config.vision.merge)
    seen = [model.see(visual, lambda: None) for visual in prompt.visuals]
    ids = torch.tensor([prompt.ids], device=model.device)
    x = model.network.embed(ids, torch.cat(seen) if seen else None)
    hidden = model.network(x, positions[:, None].to(model.device))
    return model.network.logits(hidden[:, -1])[0].float().cpu()


def sight(model: QwenVL) -> tuple[bool, float]:
    """Show two pictures of one size and compare the scores.

    Returns:
        Whether all scores are finite, and how far they lie apart, relative to their spread. 0:
        no picture reaches the language model.
    """
    size = Size(224, 224)
    one, two = (
        next_scores(model, [Message.of("user", _picture(model, size, seed), "What is this?")])
        for seed in (1, 2)
    )
    finite = bool(torch.isfinite(one).all() and torch.isfinite(two).all())
    return finite, float((one - two).norm() / (one - one.mean()).norm().clamp(min=1e-9))


@torch.inference_mode()
def surprise(model: QwenVL) -> float:
    """Give how unlikely the network finds plain English, in nats a token."""
    ids = torch.tensor([model.tokenizer.encode(SENTENCE)], device=model.device)
    places = torch.arange(ids.shape[1], device=model.device).expand(3, 1, -1)
    hidden = model.network(model.network.embed(ids), places)
    scores = model.network.logits(hidden)[0, :-1].float()
    return float(F.cross_entropy(scores, ids[0, 1:]))


def words_survive(model: QwenVL) -> str | None:
    """Encode and decode text of many scripts; None if it survives, else what became of it."""
    for text in (
        "Grüße, 世界 👩‍💻",
        "мир العربية हिन्दी ไทย",
        'x = {"a": [1, 20.5]}\r\n\tend',
        json.dumps("<|im_end|>"),
    ):
        back = model.tokenizer.decode(model.tokenizer.encode(text))
        if back != text:
            return f"{text!r} comes back as {back!r}"
    return None
