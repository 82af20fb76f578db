"""The checkpoint that eyehand ships: whole, as its card says, and the same to transformers."""

import torch
from pocket_parity import SHIPPED, Reference, ours, screens

from eyehand.model.files import Files
from eyehand.model.qwen_vl import QwenVL


def test_its_card_names_its_weights() -> None:
    card = (SHIPPED / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert Files(SHIPPED).fingerprint() in card
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 40_000_000


async def test_transformers_says_the_same_about_screens_never_trained_on() -> None:
    reference, model = Reference(SHIPPED), QwenVL.load(SHIPPED, dtype=torch.float32)
    for messages in screens(3):
        assert await ours(model, messages) == reference.said(messages)
    model.close()
