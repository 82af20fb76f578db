"""How quick a loaded checkpoint is here, measured on a little and reckoned from the operations."""

import time
from dataclasses import dataclass

import torch

from .cache import KVCache
from .cost import prefill_flops, vision_flops
from .qwen_vl import QwenVL
from .rope import Grid
from .size import Size

_SEEN = Grid(1, 16, 16)
_READ = 96
_DECODED = 4


@dataclass(frozen=True, slots=True)
class Rates:
    """How quick it is.

    Attributes:
        vision: Operations a second in the vision tower.
        prefill: Alike, reading a prompt.
        decode_s: Seconds a token written.
    """

    vision: float
    prefill: float
    decode_s: float


@dataclass(frozen=True, slots=True)
class Expected:
    """What a step with a new screenshot takes.

    Attributes:
        resized: The size that the screenshot is resized to.
        tokens: How many it becomes.
        vision_s: Seconds to embed it.
        prefill_s: Seconds to read it.
        decode_s: Seconds to write the reply.
    """

    resized: Size
    tokens: int
    vision_s: float
    prefill_s: float
    decode_s: float

    @property
    def seconds(self) -> float:
        """The step without the screen's own time."""
        return self.vision_s + self.prefill_s + self.decode_s


@torch.inference_mode()
def measure(model: QwenVL) -> Rates:
    """Time a small picture, a short prompt and a few tokens, each the second time it is done."""
    config, network = model.config, model.network
    values = config.vision.channels * config.vision.temporal_patch * config.vision.patch**2
    patches = torch.zeros(_SEEN.patches, values, device=model.device)
    # Which token it is takes no time: one that every vocabulary has, however small.
    ids = torch.full((1, _READ), model.tokenizer.im_start, device=model.device)

    def clock() -> float:
        if model.device.type == "cuda":
            torch.cuda.synchronize(model.device)
        return time.perf_counter()

    def places(start: int, count: int) -> torch.Tensor:
        counted = torch.arange(start, start + count, device=model.device)
        return counted.expand(3, 1, -1)

    began = seen = read = ended = 0.0
    for _ in range(2):
        began = clock()
        network.see(patches, [_SEEN])
        seen = clock()
        cache = KVCache(config.text.layers)
        network.logits(network(network.embed(ids), places(0, _READ), cache)[:, -1])
        read = clock()
        for number in range(_DECODED):
            hidden = network(network.embed(ids[:, :1]), places(_READ + number, 1), cache)
            int(network.logits(hidden[:, -1]).argmax())
        ended = clock()
    return Rates(
        vision_flops(config.vision, [_SEEN]) / (seen - began),
        prefill_flops(config.text, _READ) / (read - seen),
        (ended - read) / _DECODED,
    )


def expected_step(
    model: QwenVL, rates: Rates, screen: Size, *, written: int, image_tokens: int | None = None
) -> Expected:
    """Reckon a step with a new screenshot, whose prompt before it is held.

    Args:
        model: Which.
        rates: From `measure`.
        screen: The screenshot's size.
        written: Tokens of the reply.
        image_tokens: Most tokens of the screenshot; None: as the model is loaded.
    """
    how = model.processor if image_tokens is None else model.processor.at_most(image_tokens)
    resized = how.plan(screen)
    tokens = how.tokens(resized)
    return Expected(
        resized,
        tokens,
        vision_flops(model.config.vision, [how.grid(resized)]) / rates.vision,
        prefill_flops(model.config.text, tokens) / rates.prefill,
        written * rates.decode_s,
    )
