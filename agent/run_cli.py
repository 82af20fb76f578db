"""``eyehand run``: working a task on the command line."""

import contextlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from ..envs.journal import require_free
from ..envs.replay import ReplayEnv
from . import console
from .attending import (
    Guarded,
    PolicyOption,
    SecretOption,
    TraceOption,
    UnattendedOption,
    attending,
    keys_help,
)
from .errors import BadUsage
from .exits import run_command
from .guard import Guard
from .loop import Agent
from .mcp_cli import McpOption, add_tools
from .model_cli import (
    Allow,
    AsJson,
    Constrain,
    Device,
    DialectOption,
    DtypeOption,
    ImageTokens,
    MaxTokens,
    Quantize,
    Variables,
)
from .opening import (
    ModelOptions,
    Spoken,
    open_env,
    open_model,
    open_secrets,
    open_task,
    open_tools,
    shared_display,
)
from .policy import load_policy
from .replaying import RecordedControl, recorded_guard
from .running import show_run
from .say_cli import require_dialect


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
            help="desktop, android:SERIAL, browser:URL, practice:SEED (settings may follow: "
            "practice:3,size=280x616), or replay:DIR. Default: what the task says, else desktop."
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="pocket (comes with eyehand, for practice phones), a checkpoint's folder, its "
            "name on the hub, or script:FILE (replies from a YAML, JSON or JSON Lines file)."
        ),
    ] = None,
    dialect: DialectOption = None,
    constrain: Constrain = True,
    allow: Allow = None,
    policy: PolicyOption = "careful",
    secret: SecretOption = None,
    unattended: UnattendedOption = False,
    trace: TraceOption = False,
    device: Device = None,
    dtype: DtypeOption = None,
    quantize: Quantize = None,
    image_tokens: ImageTokens = None,
    max_tokens: MaxTokens = 1024,
    record: Annotated[
        Path | None, typer.Option(help="Folder to record into; must not exist or be empty.")
    ] = None,
    variables: Variables = None,
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
      eyehand run "Pay the bill" --model CHECKPOINT --secret pin=env:BANK_PIN --policy my.yaml
      eyehand run examples/note.yaml --env replay:runs/note --json
      eyehand run examples/contact.yaml --env practice:3
      eyehand run examples/contact.yaml --env android:R58M123456A
      eyehand run examples/browser.yaml --record runs/browser
      eyehand run practice:add_contact --env practice:7 --model checkpoints/Qwen2.5-VL-3B-Instruct
      eyehand run "Note tomorrow's weather" --model script:replies.yaml --mcp "python weather.py"
    """  # noqa: D301
    options = ModelOptions(device, dtype, quantize, image_tokens, max_tokens)
    spoken = Spoken(dialect, constrain, frozenset(allow or ()))
    guarded = Guarded(policy, tuple(secret or ()), unattended, trace)
    run_command(
        _run(
            task, tools, mcp or [], env, model, spoken, options, guarded, record, variables or [],
            as_json,
        ),
        as_json,
    )  # fmt: skip


async def _run(
    task: str,
    tools: Path | None,
    mcp: Sequence[str],
    env: str | None,
    model: str | None,
    spoken: Spoken,
    options: ModelOptions,
    guarded: Guarded,
    record: Path | None,
    variables: Sequence[str],
    as_json: bool,
) -> int:
    if record is not None:
        require_free(record)  # before anything is started
    require_dialect(spoken.dialect)
    policy = load_policy(guarded.policy)
    own_tools = open_tools(tools)  # first: a task may use the conditions that the file registers
    async with contextlib.AsyncExitStack() as stack:
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="eyehand-"))
        plan = open_task(task, variables, scratch, env)
        if plan.asks_model and model is None:
            raise BadUsage("a goal in words needs a model: add --model script:FILE or CHECKPOINT")
        secrets = await open_secrets(plan, guarded.secrets)
        mind = await stack.enter_async_context(open_model(model, options, quiet=as_json))
        own_tools = await add_tools(stack, mcp, own_tools)
        view = console.display(as_json=as_json, keys=keys_help(unattended=guarded.unattended))
        place = await stack.enter_async_context(open_env(env, plan))
        there = await stack.enter_async_context(
            attending(
                view,
                shared_display(place, plan),
                unattended=guarded.unattended,
                trace=guarded.trace,
            )
        )
        guard: Guard | None = Guard(policy, there.approve)
        control = there.control
        if isinstance(place, ReplayEnv):  # decided as it was, and met by the same hands
            guard, control = recorded_guard(place.episode), RecordedControl(place.episode)
        try:
            agent = Agent(
                place,
                mind,
                dialect=spoken.dialect,
                constrain=spoken.constrain,
                tools=own_tools,
                allow=spoken.allow,
                record=record,
                ask=there.ask,
                guard=guard,
                secrets=secrets,
                control=control,
                hooks=there.hooks,
            )
        except ValueError as error:  # a tool's name that the dialect has already
            raise BadUsage(str(error)) from error
        return await show_run(agent, plan.name, agent.steps(plan), view, record)
