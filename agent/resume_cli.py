"""``eyehand resume``: going on with an interrupted run on the command line."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from ..envs.episode import Episode
from . import console
from .attending import (
    SecretOption,
    TraceOption,
    UnattendedOption,
    attending,
    keys_help,
)
from .errors import BadUsage, ResumeRefused
from .exits import run_command
from .mcp_cli import McpOption, add_tools
from .model_cli import (
    Allow,
    AsJson,
    Constrain,
    Device,
    DtypeOption,
    ImageTokens,
    MaxTokens,
    Quantize,
)
from .opening import (
    ModelOptions,
    open_env,
    open_model,
    open_secrets,
    open_tools,
    shared_display,
)
from .places import AndroidSpec, BrowserSpec, DesktopSpec, Place, PracticeSpec
from .replaying import recorded_task
from .resuming import ResumedAgent, resumable
from .running import show_run
from .task import Task
from .taskfile import SCRATCH


def resume(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The recording of the run.")],
    env: Annotated[
        str | None,
        typer.Option(help="desktop, android:SERIAL or practice:SEED. Default: where the run was."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="The model that the run had: pocket, a checkpoint, or script:FILE."),
    ] = None,
    another_model: Annotated[
        bool, typer.Option("--another-model", help="Let another model go on.")
    ] = False,
    tools: Annotated[
        Path | None, typer.Option(help="The Python file with @tool functions that the run had.")
    ] = None,
    mcp: McpOption = None,
    constrain: Constrain = True,
    allow: Allow = None,
    secret: SecretOption = None,
    unattended: UnattendedOption = False,
    trace: TraceOption = False,
    device: Device = None,
    dtype: DtypeOption = None,
    quantize: Quantize = None,
    image_tokens: ImageTokens = None,
    max_tokens: MaxTokens = 1024,
    base: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="What relative paths of the task are relative to. Default: here."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Go on with a run that was interrupted: killed, cancelled, or its device lost.

    What was recorded is gone through again with nothing sent. Then the run goes on in the same
    folder. What was under way when it was interrupted is not done again: the model looks at the
    screen first. The policy is the recorded one; secrets and tools are given again.

    \b
    Examples:
      eyehand resume runs/save --model checkpoints/Qwen2.5-VL-3B-Instruct
      eyehand resume runs/pay --model CHECKPOINT --secret pin=env:BANK_PIN
      eyehand resume runs/contact --env android:R58M123456A
    """  # noqa: D301
    options = ModelOptions(device, dtype, quantize, image_tokens, max_tokens)
    run_command(
        _resume(
            folder, env, model, another_model, tools, mcp or [], constrain, allow or [], options,
            secret or [], unattended, trace,
            (base or Path()).absolute(), as_json,
        ),
        as_json,
    )  # fmt: skip


async def _resume(
    folder: Path,
    env: str | None,
    model: str | None,
    another_model: bool,
    tools: Path | None,
    mcp: Sequence[str],
    constrain: bool,
    allow: Sequence[str],
    options: ModelOptions,
    secret: Sequence[str],
    unattended: bool,
    trace: bool,
    base: Path,
    as_json: bool,
) -> int:
    own_tools = open_tools(tools)  # first: a task may use the conditions that the file registers
    episode = resumable(folder)  # before anything is started
    task = recorded_task(episode).model_copy(update={"folder": base})
    if task.asks_model and model is None:
        had = (episode.header.model or {}).get("name", "a model")
        raise BadUsage(f"the run had {had}: add --model with it")
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(_scratch(task))
        secrets = await open_secrets(task, secret)
        mind = await stack.enter_async_context(open_model(model, options, quiet=as_json))
        own_tools = await add_tools(stack, mcp, own_tools)
        view = console.display(as_json=as_json, keys=keys_help(unattended=unattended))
        where = task.model_copy(update={"env": place_of(episode, task) if env is None else None})
        place = await stack.enter_async_context(open_env(env, where))
        there = await stack.enter_async_context(
            attending(view, shared_display(place, where), unattended=unattended, trace=trace)
        )
        agent = ResumedAgent(
            folder,
            place,
            mind,
            tools=own_tools,
            allow=allow,
            constrain=constrain,
            another_model=another_model,
            secrets=secrets,
            ask=there.ask,
            approve=there.approve,
            control=there.control,
            hooks=there.hooks,
        )
        title = f"{task.name}, from step {len(episode.steps)} on"
        return await show_run(agent, title, agent.steps(task), view, folder)


def place_of(episode: Episode, task: Task) -> Place:
    """Give where a run was, from what its env said of itself.

    Raises:
        ResumeRefused: It was somewhere that has no name on the command line.
    """
    said = episode.header.env
    kinds: dict[str, type[Place]] = {
        "desktop": DesktopSpec, "android": AndroidSpec, "practice": PracticeSpec,
        "browser": BrowserSpec,
    }  # fmt: skip
    kind = kinds.get(str(said.get("kind")))
    if kind is None:
        raise ResumeRefused(f"the run was on {said.get('name')}: say where to go on with --env")
    kept = task.env.model_dump() if isinstance(task.env, kind) else {}
    if kept.get("virtual") is None:  # a private display is gone: another one is started
        kept.update({name: said[name] for name in kind.model_fields if said.get(name) is not None})
    try:
        return kind.model_validate(kept)
    except ValueError as error:
        raise ResumeRefused(
            f"where the run was cannot be read ({said.get('name')}): say it with --env"
        ) from error


@contextlib.contextmanager
def _scratch(task: Task) -> Iterator[None]:
    """Make the task's own empty folder again where it went with the process that had made it."""
    named = task.variables.get(SCRATCH)
    path = None if named is None else Path(named)
    ours = path is not None and path.parent == Path(tempfile.gettempdir())
    if path is None or not ours or not path.name.startswith("eyehand-") or path.exists():
        yield
        return
    path.mkdir(mode=0o700)
    try:
        yield
    finally:
        shutil.rmtree(path, ignore_errors=True)
