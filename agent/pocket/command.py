"""``eyehand practice train``: the pocket model's training on the command line."""

import asyncio
import json
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ..bars import progress_bar
from ..errors import BadUsage
from ..exits import DONE, run_command

if TYPE_CHECKING:
    from ...model.training.log import Row
    from ...model.training.recipe import Precision
    from .training import PocketRun

_LINE_EVERY_S = 60.0

TRAIN_EXIT_CODES = """Exit codes: 0 trained to the end, or for as long as was asked for; 2 bad
usage; 4 training failed, or the folder holds another run; 130 interrupted. After 130, and after
--minutes, the same command goes on."""


def train(
    out: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Folder of the run. Where it holds one, that goes on."),
    ],
    minutes: Annotated[
        float | None, typer.Option(min=0.01, help="Stop after so long; the same command goes on.")
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Of the whole run, every stage shorter alike. Default: the recipe's.",
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=0, max=64, help="Processes that draw samples; 0: this one does.")
    ] = 0,
    device: Annotated[
        str | None,
        typer.Option(help="Such as cuda:0. Default: the first GPU, else the CPU."),
    ] = None,
    dtype: Annotated[
        Literal["float32", "bfloat16"] | None,
        typer.Option(help="What products are computed in. Default: bfloat16 on a GPU."),
    ] = None,
    max_tokens: Annotated[
        int, typer.Option(min=512, help="Most tokens of a pass; a step takes several.")
    ] = 16_384,
    every: Annotated[
        int, typer.Option(min=1, help="Steps between two looks at what it can do.")
    ] = 1000,
    tasks: Annotated[
        int, typer.Option(min=0, help="Tasks on held-out phones that it plays at each look.")
    ] = 0,
    rollouts: Annotated[
        int,
        typer.Option(
            min=0,
            help="Tasks that it plays at each look in the last stage, to learn from its slips.",
        ),
    ] = 64,
    seed: Annotated[int, typer.Option(min=0, help="Of weights and samples.")] = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON lines on standard output, for scripts.")
    ] = False,
) -> None:
    """Train a small network to work practice phones, from nothing.

    It learns to read, to find, and to act, from samples without end. DIR/checkpoint is as published
    checkpoints are: `eyehand run --model DIR/checkpoint --dialect pocket`. DIR/log.csv and
    DIR/curves.png say how it went, DIR/figures.csv what it could do on phones never trained on.

    \b
    Examples:
      eyehand practice train --out runs/pocket --minutes 30
      eyehand practice train --out runs/pocket --workers 16 --device cuda
      eyehand practice train --out runs/short --steps 2000 --every 200
    """  # noqa: D301
    options = {
        "steps": steps, "device": device, "dtype": dtype, "workers": workers, "seed": seed,
        "max_tokens": max_tokens, "every": every, "tasks": tasks, "rollouts": rollouts,
    }  # fmt: skip
    run_command(_train(out, minutes, options, as_json), as_json)


async def _train(out: Path, minutes: float | None, options: dict[str, Any], as_json: bool) -> int:
    stop = threading.Event()
    timer = None if minutes is None else threading.Timer(60 * minutes, stop.set)
    if timer is not None:
        timer.daemon = True
        timer.start()
    work = asyncio.ensure_future(asyncio.to_thread(_run, out, options, stop, as_json))
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        stop.set()  # it ends after the pass that it is in, and writes where it stands
        await work
        raise
    finally:
        if timer is not None:
            timer.cancel()
    return DONE


def _run(out: Path, options: dict[str, Any], stop: threading.Event, as_json: bool) -> None:
    """Train; blocks."""
    say = _Said(as_json)
    run = _opened(out, options, say)
    with progress_bar(quiet=as_json) as bar:
        task = bar.add_task("", total=run.trainer.steps, completed=run.trainer.step)

        def shown(row: "Row") -> None:
            stage = run.source.stage(row.step - 1).name
            words = f"{stage}: loss {row.loss:.3f}, {100 * row.exact_replies:.1f} % right"
            bar.update(task, completed=row.step, description=words)
            say.row(row, stage, quiet=not bar.disable)

        say.shown = shown
        summary = run.run(stop)
    found = {**summary.plain(), "checkpoint": str(out / "checkpoint"), "figures": run.figures}
    if as_json:
        print(json.dumps({"type": "end", **found}), flush=True)
        return
    print(f"step {summary.step} of {summary.steps}, in {summary.seconds:.0f} s of this call")
    for name, value in run.figures.items():
        print(f"  {name}: {value:.3f}")
    print(f"checkpoint: {out / 'checkpoint'}")
    if not summary.finished:
        print("the same command goes on")


def _precision(asked: str | None, device: str) -> "Precision":
    if asked is None:
        return "bfloat16" if device.startswith("cuda") else "float32"
    return "bfloat16" if asked == "bfloat16" else "float32"


def _opened(out: Path, options: dict[str, Any], say: "_Said") -> "PocketRun":
    """Begin the run, or go on with it.

    Raises:
        BadUsage: torch is not installed, or there is no such device.
    """
    try:
        import torch

        from ...model.training.recipe import Pace
        from .recipe import POCKET_RECIPE
        from .training import PocketRun, Watched
    except ImportError as error:
        raise BadUsage(f"training needs the extras model and train ({error})") from error
    device = options["device"] or ("cuda" if torch.cuda.is_available() else "cpu")
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise BadUsage(f"--device {device}: there is no GPU that torch can use")
    pace = Pace(
        max_tokens=options["max_tokens"],
        precision=_precision(options["dtype"], device),
        workers=options["workers"],
    )
    seed = options["seed"]
    learning = replace(POCKET_RECIPE.learning, seed=seed)
    return PocketRun(
        out,
        recipe=replace(POCKET_RECIPE, seed=seed, learning=learning),
        steps=options["steps"],
        device=device,
        pace=pace,
        watched=Watched(
            every=options["every"], tasks=options["tasks"], rollouts=options["rollouts"]
        ),
        on_step=say.step,
        told=say.words,
    )


class _Said:
    """What is told while it trains: a bar on a terminal, a line a minute elsewhere."""

    def __init__(self, as_json: bool) -> None:
        self._json, self._told_at = as_json, 0.0
        self.shown: Callable[[Row], None] = lambda row: None

    def words(self, words: str) -> None:
        """Say what is being done."""
        if not self._json:
            print(words, file=sys.stderr, flush=True)

    def step(self, row: "Row") -> None:
        """Hear of a step."""
        self.shown(row)

    def row(self, row: "Row", stage: str, *, quiet: bool) -> None:
        """Say how a step went, now and then."""
        now = time.monotonic()
        if quiet or now - self._told_at < _LINE_EVERY_S:
            return
        self._told_at = now
        if self._json:
            data = {"type": "step", "step": row.step, "stage": stage, "loss": row.loss,
                    "exact": row.exact_replies, "seconds": row.seconds}  # fmt: skip
            print(json.dumps(data), flush=True)
        else:
            print(
                f"step {row.step}, {stage}: loss {row.loss:.3f}, dense {row.dense_loss:.4f}, "
                f"{100 * row.exact_replies:.1f} % right, {row.seconds:.2f} s",
                file=sys.stderr,
                flush=True,
            )
