"""``eyehand train``: a checkpoint is taught what recorded episodes show."""

import asyncio
import json
import math
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console

from .errors import BadUsage
from .exits import DONE, run_command
from .model_cli import AsJson, Device, ImageTokens
from .train_progress import training

TRAIN_EXIT_CODES = """Exit codes: 0 trained; 2 bad usage or data, or the folder holds another run;
4 the checkpoint cannot be loaded, memory ran out, or the gradients stay infinite; 130 interrupted.
After 130, and after a kill, the same command goes on."""

Precision = Literal["float32", "bfloat16"]
GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class TrainAsked:
    """What the command line asks for; None: as it suits data and machine."""

    data: tuple[Path, ...]
    model: str
    out: Path
    epochs: float
    steps: int | None
    batch: int
    rate: float | None
    warmup: int | None
    schedule: Literal["cosine", "linear", "constant"]
    lora: int | None
    freeze_vision: bool
    hold_out: float
    every: int | None
    image_tokens: int | None
    seed: int
    max_tokens: int | None
    dtype: Precision | None
    recompute: bool
    device: str | None
    workers: int
    save_minutes: float
    tensorboard: bool


def train(
    data: Annotated[
        list[Path],
        typer.Argument(metavar="DATA...", help="Folders of `eyehand export` or `eyehand demos`."),
    ],
    model: Annotated[
        str,
        typer.Option(
            metavar="CHECKPOINT", help="What to start from: pocket, a folder, or OWNER/NAME."
        ),
    ],
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder of the run. Where it holds it, it goes on.")
    ],
    epochs: Annotated[
        float, typer.Option(min=0.01, help="How often each example is learnt from.")
    ] = 1.0,
    steps: Annotated[
        int | None, typer.Option(min=1, help="How many steps to take, instead of --epochs.")
    ] = None,
    batch: Annotated[int, typer.Option(min=1, help="Examples of a step.")] = 16,
    lr: Annotated[
        float | None,
        typer.Option(min=0, help="Highest learning rate. Default: 1e-5, with --lora 1e-4."),
    ] = None,
    warmup: Annotated[
        int | None,
        typer.Option(min=0, help="Steps until it is reached. Default: 3 % of them."),
    ] = None,
    schedule: Annotated[
        Literal["cosine", "linear", "constant"],
        typer.Option(help="How it falls from there, to a tenth."),
    ] = "cosine",
    lora: Annotated[
        int | None,
        typer.Option(
            metavar="RANK", min=1, help="Learn matrices of this rank beside the weights, alone."
        ),
    ] = None,
    freeze_vision: Annotated[
        bool, typer.Option("--freeze-vision", help="Leave the vision tower as it is.")
    ] = False,
    hold_out: Annotated[
        float,
        typer.Option(
            min=0, max=0.9, help="Share of the episodes that is measured and never learnt."
        ),
    ] = 0.05,
    every: Annotated[
        int | None,
        typer.Option(min=1, help="Steps between two measurements. Default: ten in a run."),
    ] = None,
    max_tokens: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Most tokens of a pass. Fewer take less memory. Default: 4096, or as many as the "
            "longest example has.",
        ),
    ] = None,
    recompute: Annotated[
        bool,
        typer.Option("--recompute", help="Compute layers twice: much less memory, a third longer."),
    ] = False,
    dtype: Annotated[
        Precision | None,
        typer.Option(help="What products are computed in. Default: bfloat16 on GPUs that can."),
    ] = None,
    device: Device = None,
    image_tokens: ImageTokens = None,
    workers: Annotated[
        int, typer.Option(min=0, max=64, help="Processes that read and lay out examples.")
    ] = 2,
    seed: Annotated[int, typer.Option(min=0, help="Of orders, and of what begins at random.")] = 0,
    save_minutes: Annotated[
        float, typer.Option(min=0, help="Minutes between two states to go on from.")
    ] = 10.0,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write TensorBoard's files, too.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Say what would be learnt and what it takes, and stop."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Teach a checkpoint what recorded episodes show: the replies, and nothing else.

    DIR/checkpoint is a checkpoint like the one that was started from. DIR also has log.csv,
    curves.png, and states to go on from: the same command goes on, also on another device.

    \b
    Examples:
      eyehand train data/clicks --model Qwen/Qwen2.5-VL-3B-Instruct --out tuned --dry-run
      eyehand train data/clicks --model my/Qwen2-VL-2B --out tuned --lora 16 --epochs 3
      eyehand run "Save the file" --model tuned/checkpoint
    """  # noqa: D301
    asked = TrainAsked(
        tuple(data), model, out, epochs, steps, batch, lr, warmup, schedule, lora, freeze_vision,
        hold_out, every, image_tokens, seed, max_tokens, dtype, recompute, device, workers,
        save_minutes, tensorboard,
    )  # fmt: skip
    run_command(_train(asked, dry_run, as_json), as_json)


async def _train(asked: TrainAsked, dry_run: bool, as_json: bool) -> int:
    try:
        from .training import opened
    except ImportError as error:
        raise BadUsage(f'{error}: training needs the extra: pip install "eyehand[train]"') from (
            error
        )
    # In a thread, so that Ctrl-C is heard; the checkpoint's files may come from the hub.
    run = await asyncio.to_thread(opened, asked)
    if dry_run:
        _tell(run.facts(), as_json=as_json)
        return DONE
    if not as_json:
        _tell(run.facts(), as_json=False)
    stop = threading.Event()
    with training(run.source.steps, done=run.done(), quiet=as_json) as on_step:
        work = asyncio.ensure_future(asyncio.to_thread(run.train, on_step, stop))
        try:
            made = await asyncio.shield(work)
        except asyncio.CancelledError:
            # The pass that it is in is ended, and a state is written.
            stop.set()
            await work
            raise
    _end(made, as_json=as_json)
    return DONE


def _tell(facts: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"type": "plan", **facts}, ensure_ascii=False), flush=True)
        return
    screen = Console(highlight=False, soft_wrap=True)
    for line in plan_lines(facts):
        screen.print(line, markup=False)


def plan_lines(facts: dict[str, Any]) -> list[str]:
    """Say what is to be learnt, and what it takes."""
    memory = facts["memory"]
    held = facts["held_out"]
    lines = [
        f"{facts['samples']:,} examples of {facts['episodes']:,} episodes: {facts['tokens']:,} "
        f"tokens, {facts['learnt_tokens']:,} of them learnt; the longest has {facts['longest']:,}",
        f"held out: {held['samples']:,} examples of {held['episodes']:,} episodes"
        + ("" if held["samples"] else ": the share is less than one of them"),
        f"{facts['steps']:,} steps of {facts['batch']} examples, passes of {facts['max_tokens']:,} "
        f"tokens, on {facts['device']} in {facts['dtype']}",
        f"{facts['learnt_weights']:,} weights are learnt, {facts['frozen_weights']:,} stay",
        f"memory: {_gib(memory['weights'])} of weights, {_gib(memory['moments'])} of gradients and "
        f"moments, about {_gib(memory['activations'])} for a full pass: {_gib(memory['total'])}; "
        f"{_gib(memory['free'])} are free",
    ]
    if memory["total"] > memory["free"]:
        lines.append(
            "that is more than is free: try --lora 16, --freeze-vision, --recompute, fewer "
            "--max-tokens"
        )
    return lines


def _gib(count: int) -> str:
    return f"{count / GIB:.2f} GiB"


def _end(made: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"type": "end", **_finite(made)}, ensure_ascii=False), flush=True)
        return
    screen = Console(highlight=False, soft_wrap=True)
    last = made["last"]
    if last is None:
        screen.print(f"all {made['steps']} steps were done before")
    else:
        screen.print(
            f"{made['step']} steps; the last one's loss {last['loss']:.4f}, tokens told right "
            f"{100 * last['token_accuracy']:.1f} %, replies {100 * last['exact_replies']:.1f} %",
            markup=False,
        )
        if last["held_loss"] is not None:
            screen.print(
                f"held out: loss {last['held_loss']:.4f}, tokens {100 * last['held_accuracy']:.1f} "
                f"%, replies {100 * last['held_exact']:.1f} %",
                markup=False,
            )
    if made["skipped"]:
        screen.print(f"{made['skipped']} steps were skipped: their gradients were not finite")
    screen.print(
        f"{made['checkpoint']}: eyehand run GOAL --model {made['checkpoint']}", markup=False
    )


def _finite(value: Any) -> Any:
    """Give plain data with None for what JSON cannot say."""
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
