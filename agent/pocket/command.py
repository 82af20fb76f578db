"""``eyehand practice train``: the pocket model's training on the command line."""

import asyncio
import json
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ..errors import BadUsage
from ..exits import DONE, run_command
from ..train_progress import training

if TYPE_CHECKING:
    from .training import PocketRun

TRAIN_EXIT_CODES = """Exit codes: 0 trained to the end, or for as long as was asked for; 2 bad
usage; 4 training failed, or the folder holds another run; 130 interrupted. After 130, and after
--minutes, the same command goes on."""


def train(
    part: Annotated[
        str,
        typer.Argument(
            help="Of the training: looking, seeing, speaking, acting, practising, one after the "
            "other."
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Folder of the run. Where it holds one, that goes on."),
    ],
    after: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Run, or checkpoint, to begin with. Default: new weights, or, where DIR holds a "
            "run, those.",
        ),
    ] = None,
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
        int, typer.Option(min=4096, help="Most tokens of a pass; a step takes several.")
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
    ] = 16,
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
      eyehand practice train looking --out runs/looking --minutes 30
      eyehand practice train seeing --out runs/seeing --after runs/looking --workers 4
    """  # noqa: D301
    options = {
        "part": part, "after": after, "steps": steps, "device": device, "dtype": dtype,
        "workers": workers, "seed": seed,
        "max_tokens": max_tokens, "every": every, "tasks": tasks, "rollouts": rollouts,
    }  # fmt: skip
    run_command(_train(out, minutes, options, as_json), as_json)


async def _train(out: Path, minutes: float | None, options: dict[str, Any], as_json: bool) -> int:
    stop = threading.Event()
    # In a thread, so that Ctrl-C is heard.
    run = await asyncio.to_thread(_opened, out, options, as_json)
    timer = None if minutes is None else threading.Timer(60 * minutes, stop.set)
    if timer is not None:
        timer.daemon = True
        timer.start()
    with training(run.trainer.steps, done=run.trainer.step, quiet=as_json) as on_step:
        run.on_step = on_step
        work = asyncio.ensure_future(asyncio.to_thread(run.run, stop))
        try:
            summary = await asyncio.shield(work)
        except asyncio.CancelledError:
            stop.set()  # it ends after the pass that it is in, and writes where it stands
            await work
            raise
        finally:
            if timer is not None:
                timer.cancel()
    checkpoint = str(out / "checkpoint")
    if as_json:
        made = {**summary.plain(), "checkpoint": checkpoint, "figures": dict(run.figures)}
        print(json.dumps({"type": "end", **made}), flush=True)
        return DONE
    print(f"step {summary.step} of {summary.steps}, in {summary.seconds:.0f} s of this call")
    for name, value in run.figures.items():
        print(f"  {name}: {100 * value:.1f} %")
    print(f"checkpoint: {checkpoint}")
    if not summary.finished:
        print("the same command goes on")
    return DONE


def _opened(out: Path, options: dict[str, Any], as_json: bool) -> "PocketRun":
    """Begin the run, or go on with it.

    Raises:
        BadUsage: torch is not installed, there is no such device, or it cannot be trained there.
    """
    try:
        from ...model.errors import BadCheckpoint
        from ...model.qwen_vl import device_named
        from ...model.training.recipe import Pace
        from .recipe import PARTS
        from .training import PocketRun, Watched
    except ImportError as error:
        raise BadUsage('training needs the extra: pip install "eyehand[train]"') from error
    try:
        device = device_named(options["device"])
    except ValueError as error:
        raise BadUsage(str(error)) from error
    pace = Pace(
        max_tokens=options["max_tokens"],
        precision=options["dtype"] or ("bfloat16" if device.type == "cuda" else "float32"),
        workers=options["workers"],
    )
    if options["part"] not in PARTS:
        raise BadUsage(f"there is no part {options['part']!r}: it is one of {', '.join(PARTS)}")
    seed, recipe = options["seed"], PARTS[options["part"]]
    learning = replace(recipe.learning, seed=seed)

    def told(words: str) -> None:
        if not as_json:
            print(words, file=sys.stderr, flush=True)

    try:
        return PocketRun(
            out,
            recipe=replace(recipe, seed=seed, learning=learning),
            after=options["after"],
            steps=options["steps"],
            device=device,
            pace=pace,
            watched=Watched(
                every=options["every"], tasks=options["tasks"], rollouts=options["rollouts"]
            ),
            told=told,
        )
    except (ValueError, BadCheckpoint) as error:
        raise BadUsage(str(error)) from error
    except OSError as error:
        raise BadUsage(f"cannot train in {out}: {error.strerror or error}") from error
