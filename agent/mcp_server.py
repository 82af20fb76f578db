"""Eyehand's env as an MCP server: the tools it offers, and what they answer."""

import asyncio
import base64
import importlib.metadata
import io
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from PIL import Image
from pydantic import ValidationError

from ..actions.errors import ActionError
from ..actions.schema import action_schema
from ..envs.base import Observation
from ..envs.episode import Episode
from ..envs.errors import EnvError
from ..envs.records import Step, StopReason
from ..model.errors import ModelError
from . import console
from .checks import CHECKS
from .errors import TaskError
from .mcp_hand import Hand, OnStep
from .task import Limits, Task, TaskStep

Context = ServerRequestContext[Any]
Answer = Callable[[Mapping[str, Any], OnStep], Awaitable[types.CallToolResult]]

_OF_THE_PHONE = {"shows", "practice_task"}
"""Conditions that ask the device, and nothing of the machine eyehand runs on."""


class BadArguments(Exception):
    """A tool was called with arguments that it does not take; says which and what it takes."""


def make_server(hand: Hand, task: Task | None = None) -> Server[Any]:
    """Offer an env as an MCP server.

    Args:
        hand: The env, opened.
        task: What is asked for here; ``run_task`` without arguments works it.
    """
    offer = Offer(hand, task)

    async def list_tools(
        context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=offer.tools())

    async def call_tool(
        context: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        async def on_step(step: Step) -> None:
            await context.session.report_progress(step.index + 1, message=_line(step))

        return await offer.call(params.name, params.arguments or {}, on_step)

    return Server(
        "eyehand",
        version=importlib.metadata.version("eyehand"),
        instructions=offer.instructions(),
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


class Offer:
    """The tools by name, without the protocol around them.

    Args:
        hand: The env, opened.
        task: See `make_server`.
    """

    def __init__(self, hand: Hand, task: Task | None) -> None:
        self._hand = hand
        self._task = task
        self._answers: dict[str, Answer] = {
            "observe": self._observe,
            "act": self._act,
            "run_task": self._run_task,
        }

    def instructions(self) -> str:
        """Say what this is, for the model that works it."""
        lines = [
            f"eyehand works one screen ({self._hand.env.name}) through pixels: observe shows it, "
            "act does one thing and shows what came of it. Points are pixels of the picture shown "
            "last."
        ]
        if self._task is not None:
            lines.append(f"What is asked for here ({self._task.name}):")
            lines += [f"- {step}" for step in self._task.steps]
        return "\n".join(lines)

    def tools(self) -> list[types.Tool]:
        """Describe the tools."""
        actions = sorted(self._hand.action_space)
        goal = "a goal in words, " if self._hand.model is not None else ""
        return [
            types.Tool(
                name="observe",
                description="Look at the screen: a picture, its size, and what can be done.",
                input_schema=_schema(),
                annotations=types.ToolAnnotations(read_only_hint=True, open_world_hint=False),
            ),
            types.Tool(
                name="act",
                description=(
                    f"Do one thing ({', '.join(actions)}), wait until the screen stands still, and "
                    "see what came of it. Points are [x, y] in pixels of the picture shown last. "
                    'Example: {"do": {"action": "click", "point": [10, 20]}}'
                ),
                input_schema=_schema({"do": act_schema(self._hand.action_space)}, ["do"]),
                annotations=types.ToolAnnotations(destructive_hint=True, open_world_hint=True),
            ),
            types.Tool(
                name="run_task",
                description=(
                    f"Work a task to its end: {goal}steps that are named one by one"
                    + (", or what is asked for here (without arguments)." if self._task else ".")
                ),
                input_schema=self._task_schema(),
                annotations=types.ToolAnnotations(destructive_hint=True, open_world_hint=True),
            ),
        ]

    async def call(
        self, name: str, arguments: Mapping[str, Any], on_step: OnStep
    ) -> types.CallToolResult:
        """Call a tool; what goes wrong is told to whoever called.

        Raises:
            MCPError: There is no such tool.
        """
        answer = self._answers.get(name)
        if answer is None:
            raise MCPError(
                types.INVALID_PARAMS,
                f"there is no tool {name!r:.80}; there are {', '.join(self._answers)}",
            )
        try:
            return await answer(arguments, on_step)
        except (ActionError, BadArguments, TaskError, EnvError, ModelError) as error:
            return await _told(f"{name}: {error}", failed=True)

    async def _observe(self, arguments: Mapping[str, Any], on_step: OnStep) -> types.CallToolResult:
        _require("observe", arguments)
        seen = await self._hand.observe()
        actions = ", ".join(sorted(self._hand.action_space))
        return await _told(f"The picture is {seen.frame.image}. Possible actions: {actions}.", seen)

    async def _act(self, arguments: Mapping[str, Any], on_step: OnStep) -> types.CallToolResult:
        _require("act", arguments, "do")
        if "do" not in arguments:
            raise BadArguments(
                'act takes {"do": ACTION}, such as {"do": {"action": "click", "point": [10, 20]}}'
            )
        acted = await self._hand.act(arguments["do"])
        return await _told(acted.told, acted.after, failed=acted.error is not None)

    async def _run_task(
        self, arguments: Mapping[str, Any], on_step: OnStep
    ) -> types.CallToolResult:
        episode = await self._hand.run(self._named(arguments), on_step)
        return await self._report(episode)

    def _named(self, arguments: Mapping[str, Any]) -> Task:
        """Give the task that arguments name.

        Raises:
            BadArguments: They name none.
        """
        _require("run_task", arguments, "goal", "steps", "limits")
        goal, steps = arguments.get("goal"), arguments.get("steps")
        try:
            limits = Limits.model_validate(arguments.get("limits", {}))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise BadArguments(f"limits: {where}: {first['msg']}") from error
        if goal is None and steps is None and self._task is not None:
            if "limits" in arguments:
                return self._task.model_copy(update={"limits": limits})
            return self._task
        if (goal is None) == (steps is None):
            raise BadArguments("give goal or steps, one of the two")
        if goal is not None:
            if not isinstance(goal, str) or not goal.strip():
                raise BadArguments("goal is a text that says what is wanted")
            return Task.goal(goal, limits=limits)
        if not isinstance(steps, list) or not steps:
            raise BadArguments("steps is a list of one or more steps")
        made = tuple(_step(number, step) for number, step in enumerate(steps))
        return Task(name="steps", limits=limits, steps=self._hand.on_screen(made))

    async def _report(self, episode: Episode) -> types.CallToolResult:
        end = episode.end
        stop, detail = (None, "") if end is None else (end.stop, end.detail)
        lines = [*map(_line, episode.steps), console.summary(stop, detail)]
        lines += [f"answer: {answer}" for answer in episode.answers]
        done = stop is StopReason.DONE
        return await _told("\n".join(lines), await self._hand.observe(), failed=not done)

    def _task_schema(self) -> dict[str, Any]:
        checks = ", ".join(name for name in sorted(CHECKS) if _harmless(name))
        properties: dict[str, Any] = {
            "steps": {
                "type": "array",
                "minItems": 1,
                "items": {"type": "object"},
                "description": (
                    'Each {ACTION: ITS FIELDS}, such as {"click": {"point": [10, 20]}}, or '
                    '{"check": {NAME: ARGUMENTS}}, or {"wait_for": {NAME: ARGUMENTS}} with '
                    f"timeout_s beside it. Conditions: {checks}. Points are pixels of the picture "
                    "shown last."
                ),
            },
            "limits": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "steps": {"type": "integer", "minimum": 1},
                    "seconds": {"type": "number", "exclusiveMinimum": 0},
                    "errors": {"type": "integer", "minimum": 1},
                },
                "description": "When to stop: steps made, seconds passed, errors in a row.",
            },
        }
        if self._hand.model is not None:
            properties["goal"] = {"type": "string", "description": "What is wanted, in words."}
        return _schema(properties)


def act_schema(actions: frozenset[str]) -> dict[str, Any]:
    """Give the JSON Schema of an action, of these only, without references.

    Many clients cannot follow references, and take no choice at the top of a tool's schema.
    """
    whole = action_schema()
    kinds: dict[str, str] = whole["discriminator"]["mapping"]
    plain = []
    for name, reference in kinds.items():
        if name in actions:
            kind = _inlined({"$ref": reference}, whole["$defs"])
            kind["required"] = ["action", *kind.get("required", ())]
            plain.append(kind)
    return {"description": "One action.", "oneOf": plain}


def _inlined(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """Put every definition where it is referred to, and leave titles out."""
    if isinstance(schema, list):
        return [_inlined(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(schema.get("$ref"), str):
        found = definitions[schema["$ref"].rpartition("/")[2]]
        schema = {**found, **{name: value for name, value in schema.items() if name != "$ref"}}
    return {
        name: _inlined(value, definitions)
        for name, value in schema.items()
        if not (name == "title" and isinstance(value, str))
    }


def _schema(
    properties: dict[str, Any] | None = None, required: list[str] | None = None
) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties or {},
        "required": required or [],
        "additionalProperties": False,
    }


def _require(tool: str, arguments: Mapping[str, Any], *known: str) -> None:
    """Refuse arguments of other names."""
    for name in arguments:
        if name not in known:
            takes = ", ".join(known) or "no arguments"
            raise BadArguments(f"unknown argument {name!r:.80}; {tool} takes {takes}")


def _step(number: int, data: Any) -> TaskStep:
    """Read a step of a task that came over the wire.

    A condition that reads files or runs commands would let the caller do so.
    """
    try:
        step = TaskStep.of(data)
    except ValidationError as error:
        message = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise BadArguments(f"step {number}: {message}") from error
    except ValueError as error:
        raise BadArguments(f"step {number}: {error}") from error
    condition = step.check or step.wait_for
    if condition is not None and not _harmless(condition.name):
        allowed = ", ".join(name for name in sorted(CHECKS) if _harmless(name))
        raise BadArguments(
            f"step {number}: {condition.name} reads this machine, which is not offered here; "
            f"conditions are {allowed}"
        )
    return step


def _harmless(condition: str) -> bool:
    return CHECKS[condition].reads == "screen" or condition in _OF_THE_PHONE


def _line(step: Step) -> str:
    number, _, what, came, _ = console.row(step)
    return f"{number}. {what} -> {came}"


async def _told(
    text: str, seen: Observation | None = None, *, failed: bool = False
) -> types.CallToolResult:
    """Give a result: words, and a picture where there is one."""
    content: list[types.ContentBlock] = [types.TextContent(text=text)]
    if seen is not None:
        data = await asyncio.to_thread(_png, seen)
        content.append(types.ImageContent(data=data, mime_type="image/png"))
    return types.CallToolResult(content=content, is_error=failed)


def _png(seen: Observation) -> str:
    """Give the picture as it is shown: of the size that the frame has planned."""
    picture = Image.fromarray(seen.pixels)
    size = seen.frame.image
    if size is not None and size != seen.frame.physical:
        picture = picture.resize((size.width, size.height), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=3)
    return base64.b64encode(file.getvalue()).decode()
