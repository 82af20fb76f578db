"""How far a training run is: a bar on a terminal, a line a minute in a log, nothing for scripts.

All of it on standard error.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from rich.console import Console

from .bars import progress_bar

if TYPE_CHECKING:
    from ..model.training.log import Row

_EVERY_S = 60.0

OnStep = Callable[["Row"], None]


def figures(row: "Row") -> str:
    """Give ``loss 0.213, tokens 94.1 %, replies 71.9 %``."""
    words = [
        f"loss {row.loss:.3f}",
        f"tokens {100 * row.token_accuracy:.1f} %",
        f"replies {100 * row.exact_replies:.1f} %",
    ]
    if row.held_loss is not None:
        words.append(f"held out {row.held_loss:.3f}")
    if row.skipped:
        words.append("skipped: the gradient is not finite")
    return ", ".join(words)


@contextlib.contextmanager
def training(
    steps: int,
    *,
    done: int = 0,
    quiet: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[OnStep]:
    """Show how far a run is; what is given is told each step's row, in any thread.

    Args:
        steps: In all.
        done: Were done before.
        quiet: Show nothing.
        clock: Gives seconds.
    """
    from rich.progress import TextColumn

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with progress_bar(TextColumn("{task.fields[figures]}", markup=False), quiet=quiet) as bar:
        task = bar.add_task("training", total=steps, completed=done, figures="")
        lines = _Lines(console, steps, done, clock)

        def on_step(row: "Row") -> None:
            bar.update(task, completed=row.step, figures=figures(row))
            if not quiet and not console.is_terminal:
                lines.row(row)

        yield on_step


class _Lines:
    """Prints a line a minute, and one where something was measured or went wrong."""

    def __init__(self, console: Console, steps: int, done: int, clock: Callable[[], float]) -> None:
        self._console, self._steps, self._before, self._clock = console, steps, done, clock
        self._began = self._last = clock()

    def row(self, row: "Row") -> None:
        now = self._clock()
        told = row.held_loss is not None or row.skipped or row.step == self._steps
        if not told and now - self._last < _EVERY_S:
            return
        self._last = now
        left = (now - self._began) / max(1, row.step - self._before) * (self._steps - row.step)
        to_go = timedelta(seconds=round(left))
        self._console.print(
            f"step {row.step} of {self._steps}: {figures(row)}; {to_go} to go", markup=False
        )
