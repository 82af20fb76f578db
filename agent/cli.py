"""The command line: run, replay, show, doctor."""

import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from PIL import Image
from rich.console import Console

from ..envs.episode import Episode
from ..envs.records import Step, StopReason
from . import console
from .errors import BadUsage
from .exits import DONE, EXIT_CODES, NOT_DONE, run_command
from .guard_cli import policies
from .mcp_cli import mcp
from .model_cli import AsJson, models
from .opening import open_tools
from .practice_cli import practice
from .replaying import replay as replay_episode
from .resume_cli import resume
from .run_cli import run
from .say_cli import dialects, say

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


@app.command(epilog=EXIT_CODES)
def replay(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A recorded episode.")],
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
    as_json: AsJson = False,
) -> None:
    """Run a recorded episode again, with no display, no device and no model.

    Exits with 0 where the run met the recording at every step and ended as done, with 1 where it
    met the recording but the recording itself is not done.

    \b
    Examples:
      eyehand replay runs/note
      eyehand replay runs/note --tolerant 5 --json
    """  # noqa: D301
    if strict and tolerant is not None:
        raise typer.BadParameter("give --strict or --tolerant, not both")
    run_command(_replay(folder, tolerant, tools, picture, as_json), as_json)


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


app.command(epilog=EXIT_CODES)(run)
app.command(epilog=EXIT_CODES)(resume)
app.command(epilog=EXIT_CODES)(mcp)
app.command(epilog=EXIT_CODES)(say)
app.command(epilog=EXIT_CODES)(dialects)


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
