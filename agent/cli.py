"""The command line: run, replay, show, doctor."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from PIL import Image
from rich.console import Console

from ..actions.errors import NoTools, ToolError
from ..actions.tools import Tool, load_tools
from ..envs.base import Env
from ..envs.episode import Episode
from ..envs.errors import (
    EnvError,
    EpisodeBroken,
    EpisodeExists,
    EpisodeUnwritable,
    RecordingEnded,
    ReplayDiverged,
)
from ..envs.journal import require_free
from ..envs.records import Step, StopReason
from ..envs.replay import ReplayEnv
from ..model.base import Model
from ..model.errors import ModelError
from ..model.scripted import ScriptedModel
from . import console
from .checks import CHECKS
from .errors import TaskError
from .loop import Agent
from .replaying import replay as replay_episode
from .task import DesktopSpec, Task
from .taskfile import SCRATCH, load_task

DONE, NOT_DONE, BAD_INPUT, ENV_LOST, MODEL_FAILED, DIVERGED, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

EXIT_CODES = """Exit codes: 0 done; 1 not done (failed, gave up, limit reached); 2 bad usage or
input file; 3 display or device lost; 4 model failed; 5 replay diverged; 130 interrupted."""

_BAD_INPUT = (TaskError, ToolError, EpisodeBroken, EpisodeExists, EpisodeUnwritable)

app = typer.Typer(
    help="Work a desktop or a phone through pixels.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

AsJson = Annotated[bool, typer.Option("--json", help="JSON lines on standard output, for scripts.")]


class _Exit(Exception):
    """Ends the command with a code and a message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@app.command(epilog=EXIT_CODES)
def run(
    task: Annotated[str, typer.Argument(metavar="TASK", help="A task file, or a goal in words.")],
    tools: Annotated[
        Path | None, typer.Option(help="Python file with @tool functions and @check conditions.")
    ] = None,
    env: Annotated[
        str | None,
        typer.Option(help="desktop, or replay:DIR. Default: what the task says, else desktop."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="script:FILE (replies from a YAML, JSON or JSON Lines file).")
    ] = None,
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
      eyehand run examples/note.yaml --env replay:runs/note --json
    """  # noqa: D301
    _main(_run(task, tools, env, model, record, variables or [], as_json), as_json)


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
    _main(_replay(folder, tolerant, tools, picture, as_json), as_json)


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
    _main(_show(folder, picture, as_json), as_json)


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
        if as_json:
            for finding in findings:
                print(json.dumps(finding.to_json(), ensure_ascii=False))
        else:
            marks = {"pass": "[green]pass[/]", "warn": "[yellow]warn[/]", "fail": "[red]fail[/]"}
            screen = Console(highlight=False, soft_wrap=True)
            for finding in findings:
                screen.print(f"{marks[finding.grade]}  {finding.name:<12}", end="")
                screen.print(finding.text, markup=False)
                if finding.advice:
                    screen.print(f"      {'':<12}-> {finding.advice}", markup=False)
        return NOT_DONE if any(finding.grade == "fail" for finding in findings) else DONE

    _main(look(), as_json)


def main() -> NoReturn:
    """Run the command line and exit."""
    app()
    raise SystemExit(DONE)


async def _run(
    task: str,
    tools: Path | None,
    env: str | None,
    model: str | None,
    record: Path | None,
    variables: Sequence[str],
    as_json: bool,
) -> int:
    if record is not None:
        require_free(record)  # before anything is started
    own_tools = _tools(tools)  # first: a task may use the conditions that the file registers
    mind = _model(model)
    async with contextlib.AsyncExitStack() as stack:
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="eyehand-"))
        plan = _task(task, variables, scratch)
        if plan.asks_model and mind is None:
            raise _Exit(BAD_INPUT, "a goal in words needs a model: add --model script:FILE")
        view = console.display(as_json=as_json)
        place = await stack.enter_async_context(_env(env, plan))
        agent = Agent(
            place, mind, tools=own_tools, record=record, ask=_ask if sys.stdin.isatty() else None
        )
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
                if episode.answers:
                    facts["answers"] = episode.answers
                if record is not None:
                    facts["episode"] = str(record)
                view.end(end.stop, end.detail, facts)
            view.close()
    return _code(agent.episode.stop if agent.episode else None)


async def _replay(
    folder: Path, tolerant: float | None, tools: Path | None, picture: Path | None, as_json: bool
) -> int:
    _tools(tools)
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
            raise _Exit(BAD_INPUT, f"{folder} holds no screen to save")
        try:
            Image.fromarray(episode.pixels(last.picture)).save(picture)
        except (OSError, ValueError) as error:
            raise _Exit(BAD_INPUT, f"cannot save the picture {picture}: {error}") from error
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


@asynccontextmanager
async def _env(choice: str | None, task: Task) -> AsyncIterator[Env]:
    """Open the env that the command line or the task names."""
    if choice is not None and choice.startswith("replay:"):
        yield ReplayEnv(Path(choice.removeprefix("replay:")))
        return
    if choice not in (None, "desktop"):
        raise _Exit(BAD_INPUT, f"unknown env {choice!r}; there are desktop and replay:DIR")
    from .desktop import open_desktop  # needs the extra "desktop"

    async with open_desktop(task.env or DesktopSpec(), task.folder) as env:
        yield env


def _task(text: str, variables: Sequence[str], scratch: str) -> Task:
    values: dict[str, str] = {}
    for pair in variables:
        name, separator, value = pair.partition("=")
        if not separator:
            raise _Exit(BAD_INPUT, f"--set takes NAME=VALUE, not {pair!r}")
        values[name.strip()] = value
    path = Path(text)
    if path.suffix in (".yaml", ".yml") or _is_file(path):
        return load_task(path, {SCRATCH: scratch, **values})
    if values:
        raise _Exit(BAD_INPUT, "--set is for task files; this is a goal in words")
    if not text.strip():
        raise _Exit(BAD_INPUT, "the task is empty: give a task file or a goal in words")
    return Task.goal(text)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a goal may be longer than any file name
        return False


def _model(choice: str | None) -> Model | None:
    if choice is None:
        return None
    kind, _, rest = choice.partition(":")
    if kind != "script" or not rest:
        raise _Exit(BAD_INPUT, f"unknown model {choice!r}; there is script:FILE")
    try:
        return ScriptedModel.from_file(rest)
    except ModelError as error:
        raise _Exit(BAD_INPUT, str(error)) from error


def _tools(path: Path | None) -> list[Tool]:
    if path is None:
        return []
    before = set(CHECKS)
    try:
        return load_tools(path)
    except NoTools:
        if set(CHECKS) != before:  # a file of conditions alone is as good
            return []
        raise


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


def _main(work: Coroutine[Any, Any, int], as_json: bool) -> None:
    """Run a command to its exit code; every failure is one clear message."""
    code, message = INTERRUPTED, "interrupted"
    try:
        code, message = asyncio.run(_interruptible(work)), ""
    except (KeyboardInterrupt, asyncio.CancelledError):
        pass
    except BrokenPipeError:
        message = "nobody reads the output any more"
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - Python flushes it once more
    except _Exit as error:
        code, message = error.code, str(error)
    except RecordingEnded as error:
        code, message = NOT_DONE, str(error)
    except _BAD_INPUT as error:
        code, message = BAD_INPUT, str(error)
    except ReplayDiverged as error:
        code, message = DIVERGED, str(error)
    except EnvError as error:
        code, message = ENV_LOST, str(error)
    except ModelError as error:
        code, message = MODEL_FAILED, str(error)
    if message:
        if as_json:
            print(json.dumps({"type": "error", "exit_code": code, "message": message}))
        print(f"eyehand: {message}", file=sys.stderr)
    raise typer.Exit(code)


async def _interruptible(work: Coroutine[Any, Any, int]) -> int:
    """Let Ctrl-C and a polite kill cancel the work, so that everything is given back."""
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)
    signals = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP"):
        signals.append(signal.SIGHUP)

    def stop(number: signal.Signals) -> None:
        loop.remove_signal_handler(number)  # the second time, the system's own way
        task.cancel()

    with contextlib.suppress(NotImplementedError):  # Windows: asyncio.run handles Ctrl-C
        # What was started by nohup, or in the background of a script, ignores some of them.
        for number in (n for n in signals if signal.getsignal(n) is not signal.SIG_IGN):
            loop.add_signal_handler(number, stop, number)
    return await task


def _code(stop: StopReason | None) -> int:
    return {
        StopReason.DONE: DONE,
        StopReason.STOPPED_BY_USER: INTERRUPTED,
        StopReason.CANCELLED: INTERRUPTED,
        StopReason.ENV_LOST: ENV_LOST,
        StopReason.MODEL_FAILED: MODEL_FAILED,
        StopReason.DIVERGED: DIVERGED,
    }.get(stop or StopReason.CRASHED, NOT_DONE)


if __name__ == "__main__":
    main()
