"""What is learnt, and how a step changes it: weights, optimiser, average, and their state."""

import math
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ..errors import BadRun, NotEnoughMemory
from ..image import Processor
from ..linear import is_slow
from ..memory import ran_out
from ..network import Network
from ..quantized import Int4Linear, Int8Linear
from .lora import add_lora
from .packing import StepBatch
from .pointing import Pointer
from .reading import read
from .recipe import Pace, Recipe
from .recompute import recompute
from .schedule import groups
from .state import State

_SELDOM = -5.0
"""Log-odds of a letter in a token, before anything is learnt: 1 in 150. From 1 in 2 the way down is
so steep that all pictures come to look alike on it, and what tells them apart is lost for good."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """What came of a batch.

    Attributes:
        loss: Mean cross entropy of the learnt tokens, by weight; 0 where nothing was to be said.
        dense: Binary cross entropy of what is drawn, added up over labels, the mean over tokens;
            None where nothing is known of it.
        right: Learnt tokens that scored best.
        exact: Samples of which all did.
        meant: Mean cross entropy of the pictures' tokens that are meant; None where none is.
        hit: Share of them that scored best; likewise.
        aim: Mean cross entropy of where a head looks; None where nothing was to be looked at.
        norm: Length of the gradient before clipping; NaN where there was none.
        skipped: Whether nothing was learnt, because the gradient was not finite.
    """

    loss: float
    dense: float | None
    right: int
    exact: int
    meant: float | None = None
    hit: float | None = None
    aim: float | None = None
    norm: float = math.nan
    skipped: bool = False


_SOON = 9.0
"""Of the newest N weights the average is made where it has followed for 10 N steps."""


class _Stopped(Exception):
    """The step is wanted no more."""


class Learner:
    """Holds a network's learnt weights and their optimiser.

    Args:
        network: On the device that it is trained on. Adapters are put into it where the recipe
            wants them; which weights have gradients is decided here.
        processor: Of its checkpoint.
        recipe: What to do.
        pace: How.

    Raises:
        ValueError: It cannot be trained: packed layers, or learnt weights that are not float32; or
            this machine cannot compute so.
    """

    def __init__(self, network: Network, processor: Processor, recipe: Recipe, pace: Pace) -> None:
        # Read by oneDNN when it first multiplies. It keeps what it made for each length it met,
        # 1,024 of them unless told otherwise: 6 GB after 1,000 steps, as no two are as long.
        os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
        self.network, self._processor, self._recipe = network, processor, recipe
        self.device = network.model.embed_tokens.weight.device
        self._precision = pace.precision
        if pace.precision == "bfloat16" and is_slow(
            torch.empty(0, dtype=torch.bfloat16, device=self.device)
        ):
            raise ValueError("this CPU has no instructions for bfloat16: train in float32")
        if packed := [
            n for n, m in network.named_modules() if isinstance(m, Int8Linear | Int4Linear)
        ]:
            raise ValueError(f"{packed[0]} is packed: load without quantize, GPTQ and AWQ exact")
        if recipe.lora is not None:
            add_lora(network, recipe.lora, alpha=recipe.lora_alpha, seed=recipe.seed)
        else:
            network.requires_grad_(True)
            network.visual.requires_grad_(not recipe.freeze_vision)
        if pace.recompute:
            recompute(network)
        self.head = self._head()
        self.pointer: Pointer | None = None
        if recipe.pointing and recipe.lora is None:
            self.pointer = Pointer(network, recipe.seed).to(self.device)
        self.weights: dict[str, nn.Parameter] = {
            name: weight for name, weight in network.named_parameters() if weight.requires_grad
        }
        for name, beside in (("dense", self.head), ("pointer", self.pointer)):
            if beside is not None:
                self.weights |= {f"{name}.{n}": w for n, w in beside.named_parameters()}
        for name, weight in self.weights.items():
            if weight.dtype not in (torch.float32, torch.float64):
                raise ValueError(
                    f"{name} is {weight.dtype}: small steps are lost in it; load what is learnt "
                    "in float32"
                )
        grouped = groups(self.weights.items(), recipe.weight_decay)
        self._optimizer = torch.optim.AdamW(
            grouped,
            lr=recipe.learning_rate,
            betas=recipe.betas,
            eps=recipe.epsilon,
            fused=True,
        )
        names = {id(weight): name for name, weight in self.weights.items()}
        self._order = [names[id(weight)] for group in grouped for weight in group["params"]]
        """Names in the order that the optimiser numbers them."""
        self._average: dict[str, Tensor] | None = None
        self._followed = 0
        if recipe.ema is not None:
            self._average = {n: w.detach().clone() for n, w in self.weights.items()}

    def _head(self) -> nn.Linear | None:
        recipe = self._recipe
        if not recipe.labels or recipe.freeze_vision or recipe.lora is not None:
            return None
        config, generator = self.network.config, torch.Generator().manual_seed(self._recipe.seed)
        head = nn.Linear(config.text.width, len(self._recipe.labels))
        with torch.no_grad():
            head.weight.normal_(0, 0.02, generator=generator)
            head.bias.fill_(_SELDOM)
        return head.to(self.device)

    @torch.no_grad()
    def begin_beside(self, held: Mapping[str, Tensor]) -> None:
        """Give what is learnt beside the network, by the names in ``weights``, other weights.

        Those of the dense loss's head are to be of the same labels.
        """
        for name, value in held.items():
            self.weights[name].copy_(value)
            if self._average is not None:
                self._average[name].copy_(value)

    def learn(
        self, batch: StepBatch, rate: float, stop: threading.Event | None = None
    ) -> Learnt | None:
        """Take a step.

        Args:
            batch: Of the step.
            rate: Its learning rate.
            stop: Looked at before each pass; where it is set nothing is learnt.

        Returns:
            What came of it; None where it was stopped.

        Raises:
            NotEnoughMemory: A pass does not fit; nothing was learnt.
        """
        try:
            return self._learnt(batch, rate, stop)
        except _Stopped:
            return None
        except RuntimeError as error:
            if not ran_out(error):
                raise
            raise self._too_large(batch) from error
        finally:
            self._optimizer.zero_grad()

    def _learnt(self, batch: StepBatch, rate: float, stop: threading.Event | None) -> Learnt:
        found = self._sums(batch, stop)
        limit = math.inf if self._recipe.clip is None else self._recipe.clip
        norm = float(nn.utils.clip_grad_norm_(self.weights.values(), limit))
        finite = math.isfinite(norm)
        if finite:
            for group in self._optimizer.param_groups:
                group["lr"] = rate
            self._optimizer.step()
            self._follow()
        return replace(found, norm=norm, skipped=not finite)

    def _too_large(self, batch: StepBatch) -> NotEnoughMemory:
        return NotEnoughMemory(
            f"memory ran out in a step of {batch.tokens} tokens on {self.device}: allow fewer "
            "in a pass (--max-tokens), compute layers again (--recompute), learn beside the "
            "weights (--lora), or show smaller pictures (--image-tokens)"
        )

    @torch.no_grad()
    def measure(self, batch: StepBatch) -> Learnt:
        """Read a batch and learn nothing from it.

        Raises:
            NotEnoughMemory: It does not fit.
        """
        try:
            return self._sums(batch)
        except RuntimeError as error:
            if not ran_out(error):
                raise
            raise self._too_large(batch) from error

    def _sums(self, batch: StepBatch, stop: threading.Event | None = None) -> Learnt:
        """Read all passes; where gradients are on, add up those."""
        sums = torch.zeros(7, dtype=torch.float64, device=self.device)
        drawn = batch.drawn if self.head is not None else 0
        for cut in batch.passes:
            if stop is not None and stop.is_set():
                raise _Stopped
            one = cut.to(self.device)
            with self._computing():
                got = read(self.network, one, self._processor, self.head, self.pointer)
            if torch.is_grad_enabled():
                total = got.loss / batch.weight if batch.said else got.loss
                if drawn:
                    total = total + self._recipe.dense_weight * got.dense / drawn
                if self.pointer is not None:
                    meant = got.meant / max(1, batch.pointed) + got.lies / max(1, batch.placed)
                    meant = meant + got.aim / max(1, batch.aimed)
                    total = total + self._recipe.pointing * meant
                if total.requires_grad:  # pictures alone teach a tower nothing that stays as it is
                    torch.autograd.backward(total)
            wrong = torch.zeros(one.samples, device=self.device)
            wrong.index_add_(0, one.owners, (~got.right).float())
            found = (
                got.loss, got.dense, got.right.sum(), (wrong == 0).sum(), got.meant, got.hit,
                got.aim,
            )  # fmt: skip
            sums += torch.stack([value.detach().double() for value in found])
        loss, dense, right, exact, meant, hit, aim = sums.tolist()
        shown = dense / drawn if drawn else None
        loss = loss / batch.weight if batch.said else 0.0
        learnt = Learnt(loss, shown, int(right), int(exact))
        if self.pointer is not None and batch.pointed:
            learnt = replace(learnt, meant=meant / batch.pointed, hit=hit / batch.pointed)
        if self.pointer is not None and batch.aimed:
            learnt = replace(learnt, aim=aim / batch.aimed)
        return learnt

    def _computing(self) -> AbstractContextManager[object]:
        if self._precision == "float32":
            return nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)

    @torch.no_grad()
    def _follow(self) -> None:
        """Let the average follow the weights: closely at first, to forget where they began."""
        if self._average is None or self._recipe.ema is None:
            return
        self._followed += 1
        stays = min(self._recipe.ema, self._followed / (self._followed + _SOON))
        for name, weight in self.weights.items():
            self._average[name].lerp_(weight, 1 - stays)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Put the average in the weights' place for a while; nothing happens where none is kept."""
        if self._average is None:
            yield
            return
        own = {name: weight.data for name, weight in self.weights.items()}
        try:
            for name, weight in self.weights.items():
                weight.data = self._average[name]
            yield
        finally:
            for name, weight in self.weights.items():
                weight.data = own[name]

    def state(self, step: int) -> State:
        """Give all that is needed to go on from here.

        No state of a random generator is among it: a step draws nothing, and its batch is made
        from its number alone.
        """
        tensors: dict[str, Tensor] = {f"weight.{n}": w for n, w in self.weights.items()}
        # Weights that no sample has used so far (a tower without pictures) have no moments.
        held = self._optimizer.state_dict()["state"]
        updates = torch.zeros(len(self._order))
        for number, name in enumerate(self._order):
            if number in held:
                updates[number] = float(held[number]["step"])
                tensors[f"exp_avg.{name}"] = held[number]["exp_avg"]
                tensors[f"exp_avg_sq.{name}"] = held[number]["exp_avg_sq"]
        if self._average is not None:
            tensors |= {f"average.{name}": value for name, value in self._average.items()}
            tensors["followed"] = torch.tensor(self._followed)
        return State(step, {**tensors, "updates": updates})

    @torch.no_grad()
    def go_on(self, state: State) -> None:
        """Take up a state, of this device or another.

        Raises:
            BadRun: It is of another network.
        """
        held = state.tensors
        other = [
            name
            for name, weight in self.weights.items()
            if (kept := held.get(f"weight.{name}")) is None or kept.shape != weight.shape
        ]
        strange = [
            name
            for name in held
            if name.startswith("weight.") and name.removeprefix("weight.") not in self.weights
        ]
        if other or strange:
            raise BadRun(f"the state is of another network: {[*other, *strange][0]} differs")
        for name, weight in self.weights.items():
            weight.copy_(held[f"weight.{name}"])
        if self._average is not None:
            for name, value in self._average.items():
                value.copy_(held[f"average.{name}"])
            self._followed = int(held["followed"])
        now = self._optimizer.state_dict()
        now["state"] = {
            number: {
                "step": held["updates"][number].clone(),
                "exp_avg": held[f"exp_avg.{name}"],
                "exp_avg_sq": held[f"exp_avg_sq.{name}"],
            }
            for number, name in enumerate(self._order)
            if held["updates"][number] > 0
        }
        self._optimizer.load_state_dict(now)
