"""What a training run does, in numbers: what decides on the weights, and what only on the time."""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

Schedule = Literal["cosine", "linear", "constant"]
Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What decides on the weights: another recipe is another run.

    Attributes:
        learning_rate: The highest, after warming up.
        warmup: Steps in which it rises from 0.
        schedule: How it falls from there to the last step.
        final: Share of it that is left at the last step; ``constant`` never falls.
        betas: Of AdamW.
        epsilon: Of AdamW.
        weight_decay: Of AdamW, for matrices; never for norms, biases and embeddings.
        clip: Longest gradient; a longer one is scaled down to it. None: as it comes.
        freeze_vision: Leave the vision tower as it is.
        lora: Rank of what is learnt beside each matrix of the language model, and nothing else
            is; None: the weights themselves are learnt.
        lora_alpha: Scale of it: ``alpha / rank``; None: twice the rank.
        labels: Of the dense loss: names of what may stand in a picture's token; empty: there is
            none. There is none where the vision tower stays as it is, either: nothing would be
            learnt from it.
        dense_weight: What the dense loss, added up over labels and the mean over tokens, is
            multiplied by.
        pointing: What the pointing loss is multiplied by, with that of where tokens lie; 0: there
            is none, and with LoRA never.
        ema: How much of the average of the weights stays at a step, such as 0.999; what is
            written at the end is then the average. None: the last weights.
        seed: Of what begins at random: LoRA, and what the dense and the pointing loss read with.
    """

    learning_rate: float = 1e-5
    warmup: int = 0
    schedule: Schedule = "cosine"
    final: float = 0.1
    betas: tuple[float, float] = (0.9, 0.95)
    epsilon: float = 1e-8
    weight_decay: float = 0.01
    clip: float | None = 1.0
    freeze_vision: bool = False
    lora: int | None = None
    lora_alpha: float | None = None
    labels: tuple[str, ...] = ()
    dense_weight: float = 0.1
    pointing: float = 0.0
    ema: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the bounds.

        Raises:
            ValueError: A value is out of them.
        """
        for name, low, high in (
            ("learning_rate", 0, 10),
            ("warmup", 0, 10**9),
            ("final", 0, 1),
            ("epsilon", 0, 1),
            ("weight_decay", 0, 10),
            ("dense_weight", 0, 1e6),
            ("pointing", 0, 1e6),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name} must be from {low} to {high}, not {value}")
        if not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(f"betas must be from 0 to below 1, not {self.betas}")
        if self.clip is not None and not self.clip > 0:
            raise ValueError(f"clip must be above 0, or None, not {self.clip}")
        if self.lora is not None and self.lora < 1:
            raise ValueError(f"lora is a rank of at least 1, or None, not {self.lora}")
        if self.ema is not None and not 0 < self.ema < 1:
            raise ValueError(f"ema must be between 0 and 1, or None, not {self.ema}")
        if self.schedule not in ("cosine", "linear", "constant"):
            raise ValueError(f"schedule is cosine, linear or constant, not {self.schedule!r}")
        if twice := [name for name, count in Counter(self.labels).items() if count > 1]:
            raise ValueError(f"labels are named once: {twice[0]!r} is not")


@dataclass(frozen=True, slots=True)
class Pace:
    """What decides on time and memory alone: may change when a run goes on.

    Attributes:
        max_tokens: Most tokens of a pass, pictures' among them; a step takes as many passes as it
            needs.
        precision: What products are computed in. The weights that are learnt stay in float32.
        recompute: Keep only what enters each layer, and compute the rest again on the way back:
            about a third more time, and a fraction of the memory.
        workers: Processes that make batches; 0: this one does.
        save_every_s: Seconds between two training checkpoints.
    """

    max_tokens: int = 8192
    precision: Precision = "float32"
    recompute: bool = False
    workers: int = 0
    save_every_s: float = 600.0

    def __post_init__(self) -> None:
        """Check the bounds.

        Raises:
            ValueError: A value is out of them.
        """
        if self.max_tokens < 1:
            raise ValueError(f"max_tokens must be at least 1, not {self.max_tokens}")
        if self.workers < 0:
            raise ValueError(f"workers must be at least 0, not {self.workers}")
        if self.precision not in ("float32", "bfloat16"):
            raise ValueError(f"precision is float32 or bfloat16, not {self.precision!r}")
