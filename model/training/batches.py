"""Steps to batches, in worker processes or in this one: the same either way."""

import ctypes
import multiprocessing
import os
import pickle
import signal
import sys
from collections.abc import Generator, Sequence
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset, get_worker_info

from ..prompt import Layout
from .encode import encode
from .packing import StepBatch, pack
from .sample import Source

_PR_SET_PDEATHSIG = 1


class StepBatches(Dataset[Any]):
    """Makes the batch of a step from its number alone.

    Args:
        source: Gives the samples.
        layout: Of the checkpoint.
        max_tokens: Most of a pass.
        context: Positions that the checkpoint was made for.
        labels: Of the dense loss.
    """

    def __init__(
        self,
        source: Source,
        layout: Layout,
        max_tokens: int,
        context: int,
        labels: Sequence[str] = (),
    ) -> None:
        self._source, self._layout = source, layout
        self._max_tokens, self._context, self._labels = max_tokens, context, labels

    def batch(self, step: int) -> StepBatch:
        """Make the batch of a step.

        Raises:
            ValueError: A sample cannot be learnt; says which step it is of.
        """
        try:
            encoded = [
                encode(sample, self._layout, self._context) for sample in self._source.batch(step)
            ]
            merge = self._layout.processor.merge
            return pack(encoded, self._max_tokens, merge=merge, labels=self._labels)
        except ValueError as error:
            raise ValueError(f"step {step}: {error}") from error

    def __getitem__(self, step: int) -> Any:
        if get_worker_info() is None:
            return self.batch(step)
        # As one run of bytes: each tensor that is shared between processes holds an open file, and
        # a few steps ahead of several workers would be more than a process may have.
        try:
            return pickle.dumps(self.batch(step))
        except Exception as error:
            return _Failed(error)


class _Failed:
    """What a worker met. Told here, it keeps its kind and its words; torch would wrap it."""

    def __init__(self, error: Exception) -> None:
        self.error = error


def load(batches: StepBatches, steps: range, workers: int) -> Generator[StepBatch]:
    """Give the batches of steps in order.

    Args:
        batches: Makes them.
        steps: Which.
        workers: Processes that make them ahead; 0: this one, when it is asked.

    Raises:
        Exception: What making one raised.
    """
    more: dict[str, Any] = {}
    if workers:
        # Begun anew and not forked: this process has threads, and perhaps a GPU.
        more = {
            "multiprocessing_context": "spawn",
            "prefetch_factor": 4,
            "worker_init_fn": _begin_worker,
        }
    loader = DataLoader(
        batches,
        batch_size=None,
        sampler=steps,
        num_workers=workers,
        collate_fn=_as_it_is,
        generator=torch.Generator(),  # or it would draw from the one that others use
        **more,
    )
    for made in loader:
        if isinstance(made, _Failed):
            raise made.error
        yield pickle.loads(made) if isinstance(made, bytes) else made


def _begin_worker(_: int) -> None:
    # Ctrl-C reaches every process of a terminal; who trains decides when its workers end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        # Who is killed ends no worker, and one that waits for its queue waits for ever.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        parent = multiprocessing.parent_process()
        if parent is None or parent.pid != os.getppid():  # it was too late
            os._exit(1)


def _as_it_is(made: Any) -> Any:
    return made
