"""``eyehand demos``: training data from who knows the way."""

import asyncio
import json
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console

from ..actions.dialects import dialect_named
from .asking import plain
from .bars import counting
from .errors import BadUsage
from .exits import DONE, NOT_DONE, run_command
from .export_cli import Form, show_export
from .model_cli import AsJson
from .opening import ModelOptions
from .say_cli import require_dialect
from .suite_cli import SuiteAsked, episodes_folder, run_suite
from .suite_options import ScaleOption, TasksOption, ViaOption

if TYPE_CHECKING:
    from .exporting import Choice
    from .suites.results import Header, Result

DEMOS_EXIT_CODES = """Exit codes: 0 there are examples; 1 there is none; 2 bad usage, or the folder
holds something else; 3 browser, display or device lost; 130 interrupted. After 3 and 130 the same
command goes on."""

_MOST_STEPS = 200
"""Who knows the way is not stopped on it."""
_LISTED = 10


def demos(
    suite: Annotated[
        str, typer.Argument(metavar="SUITE", help="miniwob or practice: see docs/SUITES.md.")
    ],
    out: Annotated[
        Path,
        typer.Option(
            metavar="DIR", help="Folder for data and recordings. Where it has some, it goes on."
        ),
    ],
    tasks: TasksOption = None,
    episodes: Annotated[int, typer.Option(min=1, help="Trials a task.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Of each task's first trial.")] = 0,
    jobs: Annotated[
        int, typer.Option(min=1, max=64, help="How many trials are run at a time.")
    ] = 2,
    dialect: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Who is to learn from it; `eyehand dialects` lists them. Default: Qwen2.5-VL's "
            "own, computer_use or mobile_use.",
        ),
    ] = None,
    image_tokens: Annotated[
        int | None,
        typer.Option(
            min=4,
            help="Most tokens that a screenshot becomes; pictures are then written as small as "
            "that. Default: as Qwen2.5-VL allows, 16384.",
        ),
    ] = None,
    form: Annotated[
        Form,
        typer.Option(
            "--format",
            "--form",
            help="sharegpt, as LLaMA-Factory reads, or messages, as TRL does.",
        ),
    ] = "sharegpt",
    per: Annotated[
        Literal["step", "episode"],
        typer.Option(help="An example for each step, or for each task with all its steps."),
    ] = "step",
    via: ViaOption = "browser",
    scale: ScaleOption = 1.0,
    as_json: AsJson = False,
) -> None:
    """Let the oracle of a suite solve its tasks, and write what it did as training data.

    Only what succeeded is kept. DIR/data is as `eyehand export` writes it, from the recordings in
    DIR/results-episodes.

    \b
    Examples:
      eyehand demos practice --out demos/phone --episodes 20
      eyehand demos miniwob --out demos/web --tasks 'click-*' --dialect qwen3-computer
      eyehand demos miniwob --out demos/trl --scale 2 --format messages --per episode
    """  # noqa: D301
    from .exporting import Choice
    from .suites.known import PHONES, SUITES, Place

    if suite not in SUITES:
        raise typer.BadParameter(f"there is no suite {suite!r}; there are {', '.join(SUITES)}")
    if suite != "miniwob" and (via, scale) != ("browser", 1.0):
        raise typer.BadParameter("--via and --scale are for miniwob")
    asked = SuiteAsked(
        suite,
        "oracle",
        out / "results.jsonl",
        tasks,
        episodes,
        seed,
        jobs,
        max_steps=_MOST_STEPS,
        keep="successes",
        place=Place(via, scale) if suite == "miniwob" else None,
        dialect=dialect or ("mobile_use" if suite in PHONES else "computer_use"),
        options=ModelOptions(image_tokens=image_tokens or 16_384),
        command=_command(suite, tasks, episodes, seed, dialect, image_tokens, via, scale),
    )
    choice = Choice(
        form=form,
        per=per,
        loss="last" if per == "step" else "all",
        only=None,  # what was a success is known, however it ended
        resize=image_tokens is not None,
    )
    run_command(_demos(asked, out, choice, as_json), as_json)


def _command(
    suite: str,
    tasks: str | None,
    episodes: int,
    seed: int,
    dialect: str | None,
    image_tokens: int | None,
    via: str,
    scale: float,
) -> str:
    """Give what runs the same trials again, in words."""
    words = ["eyehand", "demos", suite, "--episodes", str(episodes), "--seed", str(seed)]
    given: dict[str, Any] = {"tasks": tasks, "dialect": dialect, "image-tokens": image_tokens}
    if suite == "miniwob":
        given |= {"via": via, "scale": f"{scale:g}"}
    for name, value in given.items():
        if value is not None:
            words += [f"--{name}", str(value)]
    return shlex.join([*words, "--out"]) + " DIR"


async def _demos(asked: SuiteAsked, out: Path, choice: "Choice", as_json: bool) -> int:
    choice.check()
    results = out / "results.jsonl"
    if choice.per == "episode" and asked.dialect is not None:
        require_dialect(asked.dialect)
        if dialect_named(asked.dialect, ()).pictures == 1:
            raise BadUsage(
                f"{asked.dialect} tells the past in words, so a task is no one conversation: give "
                "--per step"
            )
    if not await asyncio.to_thread(_is_ours, out, results):
        raise BadUsage(f"{out} is no empty folder, and holds no demonstrations: give a new one")
    await run_suite(asked, results, quiet=as_json)
    header, won, lost = await asyncio.to_thread(_read, results)
    made = await _exported(won, out, choice, quiet=as_json)
    counts = {"trials": len(won) + len(lost), "kept": len(won), "failed": len(lost)}
    if as_json:
        failed = [{"task": one.task, "seed": one.seed, "why": _why(one)} for one in lost]
        where = {"data": str(out / "data"), "reproduce": header.command}
        data = {"type": "end", **counts, **where, "failures": failed, "export": made}
        print(json.dumps(data, ensure_ascii=False, allow_nan=False), flush=True)
    else:
        screen = Console(highlight=False, soft_wrap=True)
        screen.print(
            f"{counts['trials']} trials: {counts['kept']} are kept, {counts['failed']} failed"
        )
        for one in lost[:_LISTED]:
            screen.print(f"  {one.task}.{one.seed}: {plain(_why(one))}", markup=False)
        if len(lost) > _LISTED:
            screen.print(f"  and {len(lost) - _LISTED} more; --json has all")
        show_export(made, out / "data")
        screen.print(f"the same again: {header.command}", markup=False)
    return DONE if made["examples"] else NOT_DONE


def _is_ours(out: Path, results: Path) -> bool:
    """Whether a folder can be written to: it is new, empty, or of demonstrations."""
    return results.exists() or not out.exists() or (out.is_dir() and not any(out.iterdir()))


def _why(result: "Result") -> str:
    return result.detail or result.reason or result.stop.value


def _read(path: Path) -> "tuple[Header, list[Result], list[Result]]":
    """Give the trials that were won and those that were lost, each by task and seed."""
    from .suites.results_file import read_suite_results

    header, results = read_suite_results(path)
    found = sorted(results, key=lambda one: (one.task, one.seed))
    return header, [r for r in found if r.success], [r for r in found if not r.success]


async def _exported(
    won: "list[Result]", out: Path, choice: "Choice", *, quiet: bool
) -> dict[str, Any]:
    """Export the recordings, into the place of an earlier export; give the manifest.

    Nothing is done where the same was exported before.
    """
    from .exporting import export

    names = [Path(one.episode).name for one in won if one.episode is not None]
    folders = [episodes_folder(out / "results.jsonl") / name for name in names]
    data, part = out / "data", out / "data.part"
    before = await asyncio.to_thread(_manifest, data)
    if before is not None and before["options"] == _plain(choice):
        there = {one["id"] for one in before["episodes"]}
        if there == set(await asyncio.to_thread(lambda: [*map(_id_of, folders)])):
            return before
    await asyncio.to_thread(shutil.rmtree, part, ignore_errors=True)
    with counting("exporting", sum(one.steps for one in won), quiet=quiet) as advance:
        made = await export(folders, part, choice, progress=advance)
    await asyncio.to_thread(_replace, data, part)
    return made


def _plain(choice: "Choice") -> Any:
    """Give the options as a manifest has them."""
    return json.loads(json.dumps(choice.plain()))


def _manifest(data: Path) -> dict[str, Any] | None:
    """Read the manifest of an export; None where there is no whole one."""
    try:
        read: dict[str, Any] = json.loads((data / "manifest.json").read_bytes())
    except (OSError, ValueError):
        return None
    return read


def _id_of(folder: Path) -> str:
    from ..envs.episode import Episode

    return Episode.load(folder).header.id


def _replace(data: Path, part: Path) -> None:
    """Put a whole export into the place of another.

    Raises:
        BadUsage: It cannot be put there.
    """
    try:
        if data.exists():
            shutil.rmtree(data)
        part.rename(data)
    except OSError as error:
        raise BadUsage(
            f"cannot put the export at {data}: {error.strerror}; it lies in {part}"
        ) from error
