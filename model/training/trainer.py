"""The training run: steps, states, the log, and a checkpoint at the end."""

import contextlib
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from ..errors import BadRun, NotFinite
from ..network import Network
from ..prompt import Layout
from .batches import StepBatches, load
from .encode import encode
from .learner import Learner, Learnt
from .log import Log, Row, curves
from .lora import merge_lora
from .packing import pack
from .recipe import Pace, Recipe
from .sample import Sample, Source
from .save import DTYPES, save_checkpoint
from .schedule import learning_rate
from .state import begin_run, only_one, read_state, state_files, write_state

_STREAK = 10
"""Steps in a row whose gradient is not finite, after which nothing better is to be expected."""


@dataclass(frozen=True, slots=True)
class Summary:
    """How a run stands.

    Attributes:
        step: Steps done.
        steps: In all.
        finished: Whether all are.
        samples: Learnt from, in this call.
        tokens: Read, in this call.
        skipped: Steps of this call whose gradient was not finite.
        seconds: Of this call.
        last: The last step's row; None where this call took no step.
    """

    step: int
    steps: int
    finished: bool
    samples: int
    tokens: int
    skipped: int
    seconds: float
    last: Row | None

    def plain(self) -> dict[str, Any]:
        """Give it as plain data."""
        return asdict(self)


class Trainer:
    """Trains a network on what a source gives, and goes on where a folder holds a run.

    The same arguments give the same weights to the last bit on the same CPU, however often the
    run was ended and however many workers make its batches. In the folder: ``run.json`` (what was
    begun), ``log.csv``, ``figures.csv``, ``curves.png``, ``states/``.

    Args:
        network: On the device that it is trained on, what is learnt in float32. It is changed.
        layout: Of its checkpoint.
        source: What is learnt from; its steps are the run's.
        recipe: What to do.
        folder: The run's.
        pace: How; may change when the run goes on.
        about: Names of the data and of the checkpoint that was started from, by their content:
            where they change it is another run.
        held_out: What is measured and never learnt. May load its samples when it is asked.
        every: Steps between two measurements; 0: after the last alone.
        watch: Called with the number of steps done, when it is measured; what it gives goes into
            ``figures.csv``. It may let the network speak (`replies.greedy`).
        on_step: Told each step's row.
        tensorboard: Write TensorBoard's files, too.

    Raises:
        BadRun: The folder holds another run, or a damaged one.
        ValueError: The network cannot be trained so.

    Attributes:
        step: Steps done.
        steps: In all.
        learner: Weights and optimiser.
    """

    def __init__(
        self,
        network: Network,
        layout: Layout,
        source: Source,
        recipe: Recipe,
        folder: Path,
        *,
        pace: Pace | None = None,
        about: Mapping[str, str] | None = None,
        held_out: Sequence[Sample] = (),
        every: int = 0,
        watch: Callable[[int], Mapping[str, float]] | None = None,
        on_step: Callable[[Row], None] | None = None,
        tensorboard: bool = False,
    ) -> None:
        self.network, self.layout, self.recipe, self.folder = network, layout, recipe, folder
        self._pace = pace or Pace()
        self.steps = source.steps
        self._held_out, self._every, self._watch = held_out, every, watch
        self._on_step, self._tensorboard = on_step, tensorboard
        self._context = network.config.text.positions
        self._batches = StepBatches(
            source, layout, self._pace.max_tokens, self._context, recipe.labels
        )
        self.learner = Learner(network, layout.processor, recipe, self._pace)
        begin_run(folder, {"steps": self.steps, **asdict(recipe), **(about or {})})
        self.step = 0
        self._ended = False
        if states := state_files(folder):
            state = read_state(states[-1])
            self.learner.go_on(state)
            self.step = state.step

    def run(self, stop: threading.Event | None = None, *, until: int | None = None) -> Summary:
        """Train to the end, or until told to stop; blocks.

        Ctrl-C, where this is the main thread, ends it after the pass it is in; a state is
        written, and then ``KeyboardInterrupt`` is raised.

        Args:
            stop: Ends it likewise, without an error.
            until: Steps done, after which to stop; None: all.

        Raises:
            NotFinite: Ten gradients in a row were NaN or infinite.
            NotEnoughMemory: A pass does not fit.
            BadRun: Another process trains in the folder, or has since this was opened.
        """
        if self._ended:
            raise ValueError("the adapters were merged: make another trainer to go on")
        stop = stop or threading.Event()
        with _ctrl_c(stop) as pressed, only_one(self.folder):
            self._require_newest()
            made = self._run(stop, self.steps if until is None else min(until, self.steps))
        if pressed.is_set():
            raise KeyboardInterrupt
        return made

    def _require_newest(self) -> None:
        """See that nobody else has gone on with the run meanwhile: its log would be cut off."""
        states = state_files(self.folder)
        if states and (newest := int(states[-1].stem)) > self.step:
            raise BadRun(
                f"{self.folder} has gone on to step {newest}, and this is at {self.step}: open it "
                "anew"
            )

    def _run(self, stop: threading.Event, until: int) -> Summary:
        began = saved_at = time.monotonic()
        samples = tokens = skipped = streak = 0
        saved, last = self.step, None
        log = Log(self.folder, self.step, tensorboard=self._tensorboard)
        batches = load(self._batches, range(self.step, until), self._pace.workers)
        try:
            while self.step < until and not stop.is_set():
                row = self._step(batches, log, stop)
                if row is None:
                    break
                last = row
                samples, tokens = samples + row.samples, tokens + row.tokens
                skipped, streak = skipped + row.skipped, (streak + 1) * row.skipped
                if streak == _STREAK:
                    raise NotFinite(
                        f"the gradients of {_STREAK} steps in a row, up to step {self.step}, are "
                        "NaN or infinite: in another folder, learn slower (--lr), warm up longer, "
                        "or train in float32"
                    )
                if time.monotonic() - saved_at > self._pace.save_every_s:
                    self._save(log)
                    saved, saved_at = self.step, time.monotonic()
            if saved != self.step:
                self._save(log)
        finally:
            batches.close()
            log.close()
        if last is not None:
            with contextlib.suppress(ImportError):  # without matplotlib there is the log
                curves(self.folder)
        return Summary(
            self.step,
            self.steps,
            self.step == self.steps,
            samples,
            tokens,
            skipped,
            round(time.monotonic() - began, 3),
            last,
        )

    def _step(self, batches: Iterator[Any], log: Log, stop: threading.Event) -> Row | None:
        """Take a step; None where it was told to stop in the middle of it."""
        began = time.monotonic()
        batch = next(batches)
        rate = learning_rate(self.recipe, self.step, self.steps)
        found = self.learner.learn(batch, rate, stop)
        if found is None:
            return None
        seconds = round(time.monotonic() - began, 3)
        self.step += 1
        held: tuple[float | None, float | None, float | None] = (None, None, None)
        if self.step == self.steps or (self._every and self.step % self._every == 0):
            held = self._look(log) or held
        row = Row(
            self.step,
            batch.samples,
            batch.tokens,
            found.loss,
            found.dense,
            found.right / max(1, batch.learnt),
            found.exact / max(1, batch.said),
            found.norm,
            rate,
            seconds,
            int(found.skipped),
            *held,
            found.meant,
            found.hit,
            found.aim,
        )
        log.row(row)
        if self._on_step is not None:
            self._on_step(row)
        return row

    def _look(self, log: Log) -> tuple[float, float, float] | None:
        """Measure what was held out, and ask who watches."""
        with self.learner.averaged():
            if self._watch is not None:
                log.figures(self.step, self._watch(self.step))
            return self.measure(self._held_out) if len(self._held_out) else None

    def measure(self, samples: Sequence[Sample]) -> tuple[float, float, float]:
        """Give mean loss, share of tokens told right, and share of samples told right throughout.

        Each token of a reply is told from the true ones before it.
        """
        loss = weight = 0.0
        right = learnt = exact = said = 0
        for sample in samples:
            encoded = encode(sample, self.layout, self._context)
            batch = pack(
                [encoded], max(encoded.length, 1), merge=self.layout.processor.merge,
                labels=self.recipe.labels,
            )  # fmt: skip
            found: Learnt = self.learner.measure(batch)
            loss, weight = loss + found.loss * batch.weight, weight + batch.weight
            right, learnt = right + found.right, learnt + batch.learnt
            exact, said = exact + found.exact, said + batch.said
        return loss / (weight or 1), right / max(1, learnt), exact / max(1, said)

    def _save(self, log: Log) -> None:
        log.sync()  # first: a state must not know of steps that the log does not
        write_state(self.folder, self.learner.state(self.step))

    def finish(
        self,
        like: Path,
        *,
        dtype: torch.dtype | None = None,
        made: Mapping[str, Any] | None = None,
    ) -> Path:
        """Write what was learnt as a checkpoint, in ``checkpoint`` of the run's folder.

        The averaged weights where there are such, adapters merged, without what the dense and the
        pointing loss read with. One that is there is replaced. After adapters were merged the
        trainer cannot go on; the folder can.

        Args:
            like: The checkpoint that was started from.
            dtype: Of its weights; None: as ``like`` has them.
            made: How it came to be, for ``training.json``.

        Returns:
            Where it is.

        Raises:
            BadRun: Another process trains in the folder.
        """
        if dtype is None:
            named = (self.network.config.dtype or "").removeprefix("torch.")
            dtype = next((kind for kind, name in DTYPES.items() if name == named), torch.float32)
        out, new, old = (
            self.folder / name for name in ("checkpoint", ".checkpoint-new", ".checkpoint-old")
        )
        with only_one(self.folder):
            for rest in (new, *self.folder.glob(f".{new.name}.*")):  # of a process that was killed
                shutil.rmtree(rest, ignore_errors=True)
            with self.learner.averaged():
                if self.recipe.lora is not None:
                    self._ended = True
                    merge_lora(self.network)
                save_checkpoint(self.network, like, new, dtype=dtype, made=made)
            shutil.rmtree(old, ignore_errors=True)  # until now perhaps the only whole one
            if out.exists():
                out.rename(old)
            new.rename(out)
            shutil.rmtree(old, ignore_errors=True)
        return out


@contextlib.contextmanager
def _ctrl_c(stop: threading.Event) -> Iterator[threading.Event]:
    """Let Ctrl-C set an event where this is the main thread; the second is the system's own."""
    pressed = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield pressed
        return
    before = signal.getsignal(signal.SIGINT)

    def press(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        pressed.set()
        stop.set()

    signal.signal(signal.SIGINT, press)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)
