"""The command line: its commands, put together; and replay, show, doctor."""

import importlib.metadata
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from PIL import Image
from rich.console import Console

from ..envs.episode import Episode
from ..envs.records import Step, StopReason
from . import console, decide_cli
from .demo_cli import DEMO_EXIT_CODES, demo
from .demos_cli import DEMOS_EXIT_CODES, demos
from .errors import BadUsage
from .eval_cli import EVAL_EXIT_CODES, evaluate, rescore
from .exits import DONE, EXIT_CODES, NOT_DONE, run_command
from .export_cli import export_episodes
from .guard_cli import policies
from .help_panels import PanelCommand
from .mcp_cli import mcp
from .model_cli import AsJson, Device, DtypeOption, ImageTokens, MaxTokens, Quantize, models
from .opening import ModelOptions, open_tools
from .practice_cli import practice
from .record_cli import record
from .replaying import replay as replay_episode
from .report_cli import report
from .resume_cli import resume
from .run_cli import run
from .say_cli import dialects, say
from .train_cli import TRAIN_EXIT_CODES, train

app = typer.Typer(
    help="Work a desktop or a phone through pixels.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.add_typer(models, name="model")
app.add_typer(practice, name="practice")
app.add_typer(policies, name="policy")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"eyehand {importlib.metadata.version('eyehand')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Say which, and exit."),
    ] = False,
) -> None:
    pass


@app.command(epilog=EXIT_CODES)
def replay(
    folders: Annotated[
        list[Path],
        typer.Argument(metavar="DIR...", help="A recorded episode; with --decide, or several."),
    ],
    strict: Annotated[
        bool, typer.Option("--strict", help="Everything must be equal. The default.")
    ] = False,
    tolerant: Annotated[
        float | None,
        typer.Option(
            metavar="PX", min=0, help="Points may be PX pixels off, or inside the recorded target."
        ),
    ] = None,
    tools: Annotated[
        Path | None, typer.Option(help="Python file with the task's own @check conditions.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Folder for the picture of a divergence.")
    ] = None,
    decide: decide_cli.Decide = False,
    model: decide_cli.DecideModel = None,
    dialect: decide_cli.DecideDialect = None,
    constrain: decide_cli.DecideConstrain = None,
    within: decide_cli.Within = None,
    against: decide_cli.Against = None,
    out: decide_cli.Out = None,
    device: Device = None,
    dtype: DtypeOption = None,
    quantize: Quantize = None,
    image_tokens: ImageTokens = None,
    max_tokens: MaxTokens = 1024,
    as_json: AsJson = False,
) -> None:
    """Run a recorded episode again, with no display, no device and no model.

    Exits with 0 where the run met the recording at every step and ended as done, with 1 where it
    met the recording but the recording itself is not done.

    With --decide a model decides each recorded frame anew, in its recorded context; nothing is
    performed. Exits with 0 where it agrees with every step, else with 1.

    \b
    Examples:
      eyehand replay runs/note
      eyehand replay runs/note --tolerant 5 --json
      eyehand replay runs/* --decide --model my/Qwen2.5-VL-3B --out decided.jsonl
    """  # noqa: D301
    if strict and tolerant is not None:
        raise typer.BadParameter("give --strict or --tolerant, not both")
    chosen = {
        "--model": model,
        "--dialect": dialect,
        "--constrain": constrain,
        "--within": within,
        "--against": against,
        "--out": out,
        "--device": device,
        "--dtype": dtype,
        "--quantize": quantize,
        "--image-tokens": image_tokens,
    }
    if not decide:
        given = [name for name, value in chosen.items() if value is not None]
        if given:
            raise typer.BadParameter(f"{given[0]} is for --decide: a replay asks no model")
        if len(folders) != 1:
            raise typer.BadParameter("give one episode; only --decide takes several")
        run_command(_replay(folders[0], tolerant, tools, picture, as_json), as_json)
    if model is None:
        raise typer.BadParameter("--decide needs --model CHECKPOINT")
    if strict or tolerant is not None or picture is not None:
        raise typer.BadParameter("--strict, --tolerant and --picture are not for --decide")
    options = decide_cli.DecideOptions(
        model,
        ModelOptions(device, dtype, quantize, image_tokens, max_tokens),
        dialect,
        constrain,
        within,
        out,
        against,
    )
    run_command(_decide(folders, options, tools, as_json), as_json)


@app.command(epilog=EXIT_CODES)
def show(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A recorded episode.")],
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Save the last screen as a picture.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show a recorded episode as a table.

    \b
    Examples:
      eyehand show runs/note
      eyehand show runs/note --picture end.png
    """  # noqa: D301
    run_command(_show(folder, picture, as_json), as_json)


@app.command(epilog="Exit codes: 0 nothing failed; 1 something failed; 130 interrupted.")
def doctor(
    display: Annotated[
        str | None, typer.Option(help="X display to look at, such as :0. Default: $DISPLAY.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look at this machine and say what works, what does not, and what to do about it."""
    from .doctor import examine  # imports every optional part, to see whether it is there

    async def look() -> int:
        findings = await examine(display)
        for finding in findings:
            console.finding(finding, as_json=as_json)
        return NOT_DONE if any(finding.grade == "fail" for finding in findings) else DONE

    run_command(look(), as_json)


app.command(epilog=DEMO_EXIT_CODES)(demo)
app.command(epilog=EXIT_CODES)(run)
app.command(epilog=EXIT_CODES)(resume)
app.command(epilog=EXIT_CODES)(mcp)
app.command(epilog=EXIT_CODES)(say)
app.command(epilog=EXIT_CODES)(dialects)
app.command("eval", cls=PanelCommand, epilog=EVAL_EXIT_CODES)(evaluate)
app.command(epilog=EVAL_EXIT_CODES)(rescore)
app.command(epilog=EXIT_CODES)(report)
app.command(epilog=EXIT_CODES)(record)
app.command("export", epilog=EXIT_CODES)(export_episodes)
app.command(epilog=DEMOS_EXIT_CODES)(demos)
app.command(epilog=TRAIN_EXIT_CODES)(train)


def main() -> NoReturn:
    """Run the command line and exit."""
    app()
    raise SystemExit(DONE)


async def _replay(
    folder: Path, tolerant: float | None, tools: Path | None, picture: Path | None, as_json: bool
) -> int:
    open_tools(tools)
    episode = Episode.load(folder)
    view = console.display(as_json=as_json)

    async def on_step(step: Step) -> None:
        view.step(step)

    view.begin(f"replay of {folder}")
    try:
        done = await replay_episode(
            episode, tolerance_px=tolerant, pictures=picture, on_step=on_step
        )
        facts: dict[str, Any] = {
            "replayed": done.steps,
            "complete": done.complete,
            "seconds": round(done.seconds, 2),
        }
        detail = "" if done.complete else "replayed up to where the recording stops"
        view.end(done.stop, detail, facts)
    finally:
        view.close()
    return DONE if done.complete and done.stop is StopReason.DONE else NOT_DONE


async def _decide(
    folders: list[Path], options: decide_cli.DecideOptions, tools: Path | None, as_json: bool
) -> int:
    open_tools(tools)
    return await decide_cli.decide_recorded(folders, options, as_json=as_json)


async def _show(folder: Path, picture: Path | None, as_json: bool) -> int:
    episode = Episode.load(folder)
    end = episode.end
    facts: dict[str, Any] = {"steps": len(episode.steps)}
    if episode.pending is not None:
        facts["pending"] = f"{episode.pending.action} was begun; what became of it is unknown"
    if end is not None:
        facts["seconds"] = round(end.seconds, 2)
    if episode.answers:
        facts["answers"] = episode.answers
    last = episode.last_view()
    if picture is not None:
        if last is None:
            raise BadUsage(f"{folder} holds no screen to save")
        try:
            Image.fromarray(episode.pixels(last.picture)).save(picture)
        except (OSError, ValueError) as error:
            raise BadUsage(f"cannot save the picture {picture}: {error}") from error
        facts["picture"] = str(picture)
    stop, detail = (None, "") if end is None else (end.stop, end.detail)
    if as_json:
        lines = console.JsonLines(sys.stdout)
        for step in episode.steps:
            lines.step(step)
        lines.end(stop, detail, facts)
    else:
        screen = Console(width=None if sys.stdout.isatty() else 160)
        screen.print(console.episode_table(episode))
        screen.print(console.summary(stop, detail), markup=False)
        for name, value in facts.items():
            screen.print(f"  {name}: {value}", markup=False, highlight=False)
    return DONE


if __name__ == "__main__":
    main()
