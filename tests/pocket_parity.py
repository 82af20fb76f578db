"""The shipped checkpoint beside the reference: what both say about the same screens."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import torch
from transformers import AutoTokenizer, Qwen2_5_VLForConditionalGeneration, Qwen2VLImageProcessorPil

from eyehand.agent.pocket.grounding import spoken
from eyehand.agent.pocket.lessons import lesson_on
from eyehand.agent.pocket.looks import SCREEN, Looks
from eyehand.agent.pocket.pictures import picture
from eyehand.agent.pocket.recipe import ACTING
from eyehand.envs.practice.style import THEMES
from eyehand.model import Image, Message
from eyehand.model.qwen_vl import QwenVL

SHIPPED = Path(__file__).parents[1] / "agent/pocket/eyehand-pocket"
MOST_TOKENS = 64
PICTURE = "<|image_pad|>"


def screens(count: int) -> Iterator[list[Message]]:
    """Give prompts about phones that were never trained on: a goal, and where its task begins."""
    looks, number, given = Looks(themes=(*THEMES,), sizes=(SCREEN,)), 0, 0
    while given < count:
        draw = Random(f"parity {number}")
        lesson = lesson_on(looks.phone(draw, number), draw.choice(ACTING.families))
        number += 1
        if lesson is None:
            continue
        if draw.random() < 0.7:
            lesson.phone.open_app(draw.choice([*lesson.phone.apps]))
            lesson.phone.advance(3.0)
        shown = picture(lesson.phone.pixels())
        yield spoken(lesson.tools).messages(lesson.task.goal, (), shown)
        given += 1


class Reference:
    """The checkpoint as transformers loads it: its network, its tokenizer, its picture processor.

    Args:
        folder: The checkpoint.
    """

    def __init__(self, folder: Path) -> None:
        load: Any = Qwen2_5_VLForConditionalGeneration.from_pretrained
        self.network = load(folder, dtype=torch.float32, attn_implementation="sdpa").eval()
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        self.processor: Any = Qwen2VLImageProcessorPil.from_pretrained(folder)

    def said(self, messages: list[Message]) -> list[int]:
        """Give the ids that it says, greedily, the end included."""
        plain = [
            {"role": message.role, "content": [_plain(part) for part in message.parts]}
            for message in messages
        ]
        pictures = [p.pixels for m in messages for p in m.parts if isinstance(p, Image)]
        seen = self.processor(images=pictures, return_tensors="pt")
        text = self.tokenizer.apply_chat_template(plain, tokenize=False, add_generation_prompt=True)
        for grid in seen["image_grid_thw"]:
            text = text.replace(PICTURE, "<|room|>" * int(grid.prod() // 4), 1)
        text = text.replace("<|room|>", PICTURE)
        ids = self.tokenizer(text, return_tensors="pt")["input_ids"]
        out = self.network.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            mm_token_type_ids=(ids == self.tokenizer.convert_tokens_to_ids(PICTURE)).long(),
            max_new_tokens=MOST_TOKENS,
            do_sample=False,
            **seen,
        )
        return out[0, ids.shape[1] :].tolist()  # type: ignore[no-any-return]


def _plain(part: Any) -> dict[str, Any]:
    return {"type": "image"} if isinstance(part, Image) else {"type": "text", "text": part.text}


async def ours(model: QwenVL, messages: list[Message]) -> list[int]:
    """Give the ids that eyehand says, with nothing forced, the end included."""
    emitted: list[int] = []
    await model.session().reply(
        messages, max_tokens=MOST_TOKENS, on_token=lambda token: emitted.append(token.id)
    )
    if len(emitted) < MOST_TOKENS:
        emitted.append(model.tokenizer.im_end)
    return emitted
