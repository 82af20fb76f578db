"""The plain dialect: an action as JSON, points in pixels of the picture that was seen.

For scripts, tests and people. A reply is any text and then one JSON object (or a list of them) as
``Action.to_json`` writes it, bare or in a code fence::

    The file is not saved yet.
    {"action": "key", "keys": "ctrl+s"}
"""

import functools
import json
import re
from collections.abc import Container, Iterable, Sequence
from typing import Any

from ...model.chat import Image, Message
from ..errors import ActionParseError, ActionSchemaError
from ..geometry import Frame, Space, whole
from ..schema import ACTIONS, Action, parse_action
from .base import Parsed, Tools, Turn
from .history import DROPPED, in_turns
from .kinds import KeysKind
from .lark import Lark, object_schema
from .points import PointKind
from .reading import Reading

_SYSTEM = """You work a computer by looking at screenshots and acting on them.
Answer with a short thought and then one action as a JSON object on a line of its own, such as
{"action": "click", "point": [640, 360]}
Points are [x, y] in pixels of the last picture, from its top left corner.
When the goal is reached: {"action": "done"}. When it cannot be reached:
{"action": "done", "status": "infeasible", "reason": "..."}

The actions:
"""


class NativeDialect:
    """The plain JSON dialect."""

    name = "native"
    space = Space.IMAGE
    pictures: int | None = None
    stops: tuple[str, ...] = ()

    def __init__(self, actions: Iterable[str] = ACTIONS, tools: Tools = ()) -> None:
        """Write the system turn once.

        Args:
            actions: Names of the actions that can be taken.
            tools: What can be called by ``call_tool``, each with ``name``, ``description`` and
                ``parameters`` (JSON Schema).
        """
        self._actions = allowed = frozenset(actions)
        self._tools = [dict(tool) for tool in tools]
        self._system = _SYSTEM + "\n".join(_describe(name) for name in ACTIONS if name in allowed)
        if tools:
            lines = (json.dumps(dict(each), ensure_ascii=False) for each in tools)
            self._system += "\n\nThe tools that call_tool can call:\n" + "\n".join(lines)

    def messages(self, goal: str, past: Sequence[Turn], now: Image) -> list[Message]:
        """System turn, then goal and screenshots in user turns, replies in assistant turns."""
        turns = in_turns(
            [f"Goal: {goal}\n"], past, now, told=lambda turn: f"{turn.outcome}\n", dropped=DROPPED
        )
        return [Message.of("system", self._system), *turns]

    def parse(self, reply: str, frame: Frame) -> Parsed:
        """Read the JSON at the end of a reply."""
        reading = Reading(reply, frame, self.space)
        data, start = _last_json(reading)
        items = data if isinstance(data, list) else [data]
        if not items:
            reading.fail("the list of actions is empty", start)
        actions = tuple(_mapped(parse_action(item), reading) for item in items)
        thought = reading.reply[:start].rstrip()
        if reading.reply.rstrip().endswith("```"):
            thought = _OPENS_FENCE.sub("", thought)
        return reading.parsed(actions, thought)

    def render(self, action: Action, frame: Frame, thought: str = "") -> str:
        """Write the action as one line of JSON, points rounded to pixels of the picture."""
        data = action.to_json()
        for name, point in action.points():
            data[name] = list(whole(frame.to_model(point, Space.IMAGE)))
        text = json.dumps(data, ensure_ascii=False)
        return f"{thought}\n{text}" if thought else text

    def grammar(self, frame: Frame, actions: Container[str] | None = None) -> str | None:
        """A thought of a line, then one action on a line of its own."""
        lark = Lark()
        names = [n for n in ACTIONS if n in self._actions and (actions is None or n in actions)]
        calls = [
            lark.json(f"act_{name}_{number}", schema)
            for name in names
            if name != "call_tool"
            for number, schema in enumerate(_schemas(name, frame))
        ]
        if "call_tool" in names:
            for number, tool in enumerate(self._tools):
                what = {"action": {"const": "call_tool"}, "name": {"const": tool["name"]}}
                call = object_schema({**what, "arguments": tool["parameters"]})
                calls.append(lark.json(f"tool_{number}", call))
        thought = lark.rule("SENTENCE", r"/[^\n{\[][^\n]*/")
        return lark.made(f'({thought} "\\n")? ({" | ".join(calls)})')


def _schemas(name: str, frame: Frame) -> list[dict[str, Any]]:
    """Give the JSON Schemas of an action: one for each way to write it."""
    schema = _schema_of(name)
    members: dict[str, Any] = {}
    for field, spec in schema["properties"].items():
        kind = spec.get("anyOf", [spec])[0]  # of an optional field: what it is when given
        members[field] = {word: kind[word] for word in _BOUNDS if word in kind}
        if "$ref" in kind:
            members[field] = PointKind().schema(frame, Space.IMAGE)
        elif field == "keys":
            members[field] = KeysKind("+").schema(frame, Space.IMAGE)
    members["action"] = {"const": name}
    whole = object_schema(members) | {"required": ["action", *schema.get("required", ())]}
    if name == "scroll":  # by a direction, or by two numbers
        ways = [("direction", "amount"), ("dx", "dy"), ("dy",)]
        shared = ("action", "point", "unit")
        return [
            object_schema({n: m for n, m in members.items() if n in (*shared, *way)})
            | {"required": ["action", way[0]]}
            for way in ways
        ]
    if name == "done":  # what is infeasible has a reason
        why = {"type": "string", "minLength": 1, "pattern": r"^[A-Za-z]"}
        ended = {"action": members["action"], "status": {"const": "infeasible"}, "reason": why}
        return [object_schema({"action": members["action"]}), object_schema(ended)]
    return [whole]


@functools.cache
def _schema_of(name: str) -> dict[str, Any]:
    return ACTIONS[name].model_json_schema()


_BOUNDS = ("type", "enum", "minimum", "maximum", "exclusiveMinimum", "minLength")


def _mapped(action: Action, reading: Reading) -> Action:
    """Give the action with its points on the screenshot instead of on the resized picture."""
    points = {name: reading.point(said.x, said.y) for name, said in action.points()}
    return action.model_copy(update=points) if points else action


def _last_json(reading: Reading) -> tuple[Any, int]:
    """Find the JSON value that ends the reply, bare or fenced, and where it starts.

    It must begin a line and be all the rest of the reply. A value that begins a line and is
    broken is an error, even if something inside it would parse: the end of a torn list of actions
    is not the action that was meant.
    """
    text = reading.reply.rstrip()
    if text.endswith("```"):
        text = text[:-3].rstrip()
    start = 0
    while match := _BEGINS_JSON.search(text, start):
        start = match.end(1)
        try:
            value, end = _DECODER.raw_decode(text, start)
        except RecursionError as error:
            message = "the JSON is nested too deeply"
            raise ActionParseError(message, text=reading.reply, position=start) from error
        except ValueError as error:
            message = f"the JSON of the action is broken: {error}"
            raise ActionParseError(message, text=reading.reply, position=start) from error
        if end == len(text):
            return value, start
        start = end
    reading.fail(
        "the reply does not end with an action: write one JSON object on a line of its own, such "
        'as {"action": "click", "point": [640, 360]}',
        len(reading.reply),
    )


def _refuse_constant(name: str) -> Any:
    raise ActionSchemaError(f"{name} is not a number that an action can use")


_BEGINS_JSON = re.compile(r"^([ \t]*)(?=\{|\[\s*\{|\[\s*\])", re.MULTILINE)
_OPENS_FENCE = re.compile(r"```[A-Za-z]*$")
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def _describe(name: str) -> str:
    """One line for the prompt, from the action's own class."""
    cls = ACTIONS[name]
    schema = cls.model_json_schema()
    fields = []
    for field, spec in schema["properties"].items():
        if field == "action":
            continue
        variant = spec.get("anyOf", [spec])[0]  # of an optional field: what it is when given
        kind = "|".join(variant.get("enum", ())) or _KINDS[variant.get("type", "array")]
        fields.append(f"{field}{'' if field in schema.get('required', ()) else '?'}: {kind}")
    return f"- {name}({', '.join(fields)}): {(cls.__doc__ or '').splitlines()[0]}"


_KINDS = {
    "array": "[x, y]",
    "string": "text",
    "number": "number",
    "integer": "whole number",
    "boolean": "true|false",
    "object": "{...}",
}
