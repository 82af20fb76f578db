"""The command line: run, replay, show, doctor."""

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from PIL import Image
from rich.console import Console

from ..envs.episode import Episode
from ..envs.journal import require_free
from ..envs.records import Step, StopReason
from . import console
from .errors import BadUsage
from .exits import DONE, EXIT_CODES, NOT_DONE, code_of, run_command
from .loop import Agent
from .mcp_cli import McpOption, add_tools, mcp
from .model_cli import AsJson, Device, DtypeOption, ImageTokens, Quantize, models
from .opening import ModelOptions, Spoken, open_env, open_model, open_task, open_tools
from .practice_cli import practice
from .replaying import replay as replay_episode
from .say_cli import dialects, require_dialect, say

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


@app.command(epilog=EXIT_CODES)
def run(
    task: Annotated[
        str,
        typer.Argument(metavar="TASK", help="A task file, a goal in words, or practice:FAMILY."),
    ],
    tools: Annotated[
        Path | None, typer.Option(help="Python file with @tool functions and @check conditions.")
    ] = None,
    mcp: McpOption = None,
    env: Annotated[
        str | None,
        typer.Option(
            help="desktop, android:SERIAL, practice:SEED, or replay:DIR. Default: what the task "
            "says, else desktop."
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="A checkpoint's folder, its name on the hub, or script:FILE (replies from a "
            "YAML, JSON or JSON Lines file)."
        ),
    ] = None,
    dialect: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="How the model is spoken to; `eyehand dialects` lists them. Default: as it was "
            "trained.",
        ),
    ] = None,
    constrain: Annotated[
        bool,
        typer.Option(
            "--constrain/--no-constrain",
            help="Whether a checkpoint can say nothing but valid actions. Default: so it is.",
        ),
    ] = True,
    allow: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A sensitive tool that may be called; repeatable."),
    ] = None,
    device: Device = None,
    dtype: DtypeOption = None,
    quantize: Quantize = None,
    image_tokens: ImageTokens = None,
    max_tokens: Annotated[int, typer.Option(min=1, help="Longest reply in tokens.")] = 1024,
    record: Annotated[
        Path | None, typer.Option(help="Folder to record into; must not exist or be empty.")
    ] = None,
    variables: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Set a variable of the task; repeatable."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Work a task.

    \b
    Examples:
      eyehand run examples/note.yaml --record runs/note
      eyehand run examples/note.yaml --set text="Grüße, 世界"
      eyehand run "Save the file" --model script:replies.yaml
      eyehand run "Save the file" --model checkpoints/Qwen2.5-VL-3B-Instruct
      eyehand run "Save the file" --model Qwen/Qwen2.5-VL-3B-Instruct --quantize int8 \\
          --image-tokens 1280 --record runs/save
      eyehand run examples/note.yaml --env replay:runs/note --json
      eyehand run examples/contact.yaml --env practice:3
      eyehand run examples/contact.yaml --env android:R58M123456A
      eyehand run practice:add_contact --env practice:7 --model checkpoints/Qwen2.5-VL-3B-Instruct
      eyehand run "Note tomorrow's weather" --model script:replies.yaml --mcp "python weather.py"
    """  # noqa: D301
    options = ModelOptions(device, dtype, quantize, image_tokens, max_tokens)
    given = variables or []
    spoken = Spoken(dialect, constrain, frozenset(allow or ()))
    run_command(
        _run(task, tools, mcp or [], env, model, spoken, options, record, given, as_json), as_json
    )


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


app.command(epilog=EXIT_CODES)(mcp)
app.command(epilog=EXIT_CODES)(say)
app.command(epilog=EXIT_CODES)(dialects)


def main() -> NoReturn:
    """Run the command line and exit."""
    app()
    raise SystemExit(DONE)


async def _run(
    task: str,
    tools: Path | None,
    mcp: Sequence[str],
    env: str | None,
    model: str | None,
    spoken: Spoken,
    options: ModelOptions,
    record: Path | None,
    variables: Sequence[str],
    as_json: bool,
) -> int:
    if record is not None:
        require_free(record)  # before anything is started
    require_dialect(spoken.dialect)
    own_tools = open_tools(tools)  # first: a task may use the conditions that the file registers
    async with contextlib.AsyncExitStack() as stack:
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="eyehand-"))
        plan = open_task(task, variables, scratch, env)
        if plan.asks_model and model is None:
            raise BadUsage("a goal in words needs a model: add --model script:FILE or CHECKPOINT")
        mind = await stack.enter_async_context(open_model(model, options, quiet=as_json))
        own_tools = await add_tools(stack, mcp, own_tools)
        view = console.display(as_json=as_json)
        place = await stack.enter_async_context(open_env(env, plan))
        ask = _ask if sys.stdin.isatty() else None
        try:
            agent = Agent(
                place,
                mind,
                dialect=spoken.dialect,
                constrain=spoken.constrain,
                tools=own_tools,
                allow=spoken.allow,
                record=record,
                ask=ask,
            )
        except ValueError as error:  # a tool's name that the dialect has already
            raise BadUsage(str(error)) from error
        view.begin(plan.name)
        try:
            async with aclosing(agent.steps(plan)) as steps:
                async for step in steps:
                    view.step(step)
        except BaseException:
            with contextlib.suppress(Exception):  # what ends the run is told, not what followed
                await agent.closed()
            raise
        finally:
            episode = agent.episode
            if episode is not None and episode.end is not None:
                end = episode.end
                facts: dict[str, Any] = {"steps": end.steps, "seconds": round(end.seconds, 2)}
                if tokens := _tokens(episode):
                    facts["tokens"] = tokens
                if episode.answers:
                    facts["answers"] = episode.answers
                if record is not None:
                    facts["episode"] = str(record)
                view.end(end.stop, end.detail, facts)
            view.close()
    return code_of(agent.episode.stop if agent.episode else None)


def _tokens(episode: Episode) -> dict[str, int]:
    """Add up tokens: read anew, read before, chosen, forced; empty where nothing is counted."""
    names = {
        "read": "prefilled_tokens",
        "reused": "reused_tokens",
        "written": "decoded_tokens",
        "forced": "forced_tokens",
    }
    counted = [step.stats for step in episode.steps if "decoded_tokens" in step.stats]
    return {
        word: int(sum(stats.get(name, 0) for stats in counted))
        for word, name in names.items()
        if counted
    }


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


async def _ask(question: str) -> str:
    """Ask at the terminal, in a way that Ctrl-C ends at once: no thread waits for a line."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[str] = loop.create_future()

    def read() -> None:
        if not answer.done():
            line = sys.stdin.readline()
            answer.set_result(line.strip() if line else "(no answer: the input has ended)")

    print(f"\n{question} (answer, then Enter)", file=sys.stderr, flush=True)
    loop.add_reader(sys.stdin, read)
    try:
        return await answer
    finally:
        loop.remove_reader(sys.stdin)


if __name__ == "__main__":
    main()
