"""The command line of MCP: eyehand's env for other programs, and their tools for eyehand."""

import json
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Annotated

import typer

from ..actions.errors import ToolError
from ..actions.tools import Tool
from ..envs.errors import BackendMissing
from .asking import Terminal
from .attending import somebody_is_there
from .errors import BadUsage
from .exits import DONE, run_command
from .guard import Guard
from .model_cli import (
    AsJson,
    Device,
    DialectOption,
    DtypeOption,
    ImageTokens,
    Quantize,
    Variables,
)
from .opening import ModelOptions, open_env, open_model, open_task
from .policy import load_policy
from .say_cli import require_dialect
from .task import Task, TaskStep

McpOption = Annotated[
    list[str] | None,
    typer.Option(
        "--mcp",
        metavar="COMMAND|URL",
        help="Tools of an MCP server: a command to start it, or its http:// address; repeatable.",
    ),
]

_EXTRA = 'MCP needs the extra: pip install "eyehand[mcp]"'
_NOTHING_ASKED = Task(name="nothing", steps=(TaskStep(goal="nothing"),))
"""In place of a task, where an env is opened for whatever comes."""


def mcp(
    task: Annotated[
        str | None,
        typer.Argument(
            metavar="TASK", help="What is asked for: a task file, a goal, or practice:FAMILY."
        ),
    ] = None,
    env: Annotated[
        str | None,
        typer.Option(
            help="desktop, android:SERIAL, practice:SEED, or replay:DIR. Default: what the task "
            "says, else desktop."
        ),
    ] = None,
    http: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            metavar="PORT",
            help="Serve HTTP on this machine alone, in place of standard input and output. 0: a "
            "port that is free.",
        ),
    ] = None,
    longest: Annotated[
        int | None,
        typer.Option(
            min=64,
            metavar="PX",
            help="Shrink pictures to this many pixels on their longest side. Default: as they are.",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="For goals in words: pocket, a checkpoint's folder, its name on the hub, or "
            "script:FILE."
        ),
    ] = None,
    dialect: DialectOption = None,
    policy: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="What may be done: read-only, careful, trusted, or a policy file. Leave is asked "
            "for at the terminal, with --http; else what would be asked is refused.",
        ),
    ] = "careful",
    device: Device = None,
    dtype: DtypeOption = None,
    quantize: Quantize = None,
    image_tokens: ImageTokens = None,
    variables: Variables = None,
    as_json: AsJson = False,
) -> None:
    """Offer a screen to other programs as an MCP server: observe, act, run_task.

    \b
    Examples:
      eyehand mcp --env practice:3
      eyehand mcp practice:add_contact --env practice:7
      eyehand mcp --env android:R58M123456A --http 8931
      eyehand mcp --env desktop --longest 1280 --model checkpoints/Qwen2.5-VL-3B-Instruct
    """  # noqa: D301
    options = ModelOptions(device, dtype, quantize, image_tokens)
    run_command(
        _serve(task, env, http, longest, model, dialect, policy, options, variables or [], as_json),
        as_json and http is not None,  # else standard output is the protocol's
    )


async def _serve(
    task: str | None,
    env: str | None,
    http: int | None,
    longest: int | None,
    model: str | None,
    dialect: str | None,
    policy: str,
    options: ModelOptions,
    variables: Sequence[str],
    as_json: bool,
) -> int:
    try:
        from .mcp_hand import Hand
        from .mcp_server import make_server
        from .mcp_wires import http_port, serve_http, serve_streams, standard_streams
    except ImportError as error:
        raise BackendMissing(f"{error.msg}: {_EXTRA}") from error
    require_dialect(dialect)
    rules = load_policy(policy)
    if task is None and variables:
        raise BadUsage("--set is for task files, and there is no task")
    async with AsyncExitStack() as stack:
        wires = stack.enter_context(standard_streams()) if http is None else None
        taken = None if http is None else await stack.enter_async_context(http_port(http))
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="eyehand-"))
        plan = None if task is None else open_task(task, variables, scratch, env)
        mind = await stack.enter_async_context(open_model(model, options, quiet=as_json))
        place = await stack.enter_async_context(open_env(env, plan or _NOTHING_ASKED))
        # With standard input and output the terminal is the protocol's.
        asks = http is not None and somebody_is_there(unattended=False)
        guard = Guard(rules, Terminal().approve if asks else None)
        hand = Hand(place, model=mind, dialect=dialect, guard=guard, longest=longest)
        stack.push_async_callback(hand.close)
        await hand.open()
        server = make_server(hand, plan)
        if wires is not None:
            await serve_streams(server, wires)
        elif taken is not None:
            _say(f"http://127.0.0.1:{taken.getsockname()[1]}/mcp", place.name, as_json)
            await serve_http(server, taken)
    return DONE


def _say(address: str, name: str, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"type": "serving", "address": address}), flush=True)
    else:
        print(f"{name} is at {address}, for programs of this machine alone. Ctrl-C ends it.")


async def add_tools(
    stack: AsyncExitStack, servers: Sequence[str], own: Sequence[Tool]
) -> list[Tool]:
    """Connect to MCP servers and put their tools behind one's own.

    Args:
        stack: What is started ends with it.
        servers: A command or a URL each.
        own: Tools that there are already.

    Raises:
        BackendMissing: The SDK is not installed.
        ToolError: A server cannot be used, or two tools have the same name.
    """
    if not servers:
        return [*own]
    try:
        from .mcp_tools import mcp_tools
    except ImportError as error:
        raise BackendMissing(str(error)) from error
    places = {each.name: "--tools" for each in own}
    found = [*own]
    for server in servers:
        for each in await stack.enter_async_context(mcp_tools(server)):
            if each.name in places:
                raise ToolError(
                    f"two tools are called {each.name!r}: one of {places[each.name]}, one of "
                    f"--mcp {server!r}; in Python, mcp_tools(..., prefix=...) renames them"
                )
            places[each.name] = f"--mcp {server!r}"
            found.append(each)
    return found
