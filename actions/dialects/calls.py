"""Actions written as function calls: ``click(start_box='(100,200)')`` and the like.

Only read, never executed: a call is a name and literals.
"""

from collections.abc import Collection, Container, Mapping, Sequence
from typing import Any

from ..errors import ActionSchemaError
from ..geometry import Frame, Space
from ..schema import Action, parse_action
from .base import Tools, named
from .call import Call, literal
from .lark import Lark, quoted
from .reading import Reading
from .verbs import Verb, Vocabulary


class Calls:
    """Reads, writes and bounds calls of one family's verbs and of the user's tools.

    Args:
        vocabulary: The verbs.
        tools: What else can be called, by its name.
        quote: What texts are written in.
        taken: Names that no tool can have, besides those of the verbs.

    Raises:
        ValueError: A tool has a name that is taken.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        tools: Tools = (),
        *,
        quote: str = "'",
        taken: Collection[str] = (),
    ) -> None:
        self.vocabulary, self.quote = vocabulary, quote
        self.tools = named(tools, {*vocabulary.names, *taken})

    def meant(self, call: Call, reading: Reading) -> tuple[Action, ...]:
        """Give what a call means; arguments without names are taken in the verb's order.

        Raises:
            ActionError: It is no verb or tool, or not with these arguments.
        """
        if call.name in self.tools:
            names = [*self.tools[call.name]["parameters"].get("properties", {})]
            arguments = _named(call, names)
            return (
                parse_action({"action": "call_tool", "name": call.name, "arguments": arguments}),
            )
        verb = self.vocabulary.names.get(call.name)
        arguments = _named(call, [] if verb is None else [*verb.args])
        return self.vocabulary.read(call.name, arguments, reading, call.position)

    def said(self, action: Action, frame: Frame, space: Space) -> str:
        """Write the call for an action.

        Raises:
            ActionError: The family has no words for it.
        """
        if action.action == "call_tool":
            # Texts in double quotes: so does a grammar write them that comes of a JSON Schema.
            return self.written(action.name, action.arguments, quote='"')
        verb, arguments = self.vocabulary.say(action, frame, space)
        return self.written(verb.name, arguments)

    def written(self, name: str, arguments: Mapping[str, Any], quote: str = "") -> str:
        """Write a call of plain values, texts in the family's quotes or in others."""
        parts = [f"{key}={self.literal(value, quote)}" for key, value in arguments.items()]
        opens = self.opening(name)
        between = "" if opens.endswith("(") or not parts else ", "
        return f"{opens}{between}{', '.join(parts)})"

    def opening(self, name: str) -> str:
        """Give what stands before the arguments of a call."""
        return f"{name}("

    def literal(self, value: Any, quote: str = "") -> str:
        """Write a value as Python would, texts in the family's quotes or in others."""
        return literal(value, quote or self.quote)

    def tool_lines(self) -> list[str]:
        """Give a line for each tool, as the families list their actions."""
        lines = []
        for name, tool in self.tools.items():
            call = self.written(name, _blanks(tool["parameters"]), quote='"')
            lines.append(f"{call} # {' '.join(str(tool['description']).split())}")
        return lines

    def lark(self, lark: Lark, frame: Frame, space: Space, actions: Container[str] | None) -> str:
        """Give the Lark expression of all calls that are allowed."""
        calls = [
            self._lark_call(lark, verb, frame, space) for verb in self.vocabulary.allowed(actions)
        ]
        if actions is None or "call_tool" in actions:
            calls += [
                self._lark_tool(lark, number, tool)
                for number, tool in enumerate(self.tools.values())
            ]
        return lark.rule("call", " | ".join(calls))

    def _lark_call(self, lark: Lark, verb: Verb, frame: Frame, space: Space) -> str:
        pieces: list[str] = []
        opens = self.opening(verb.name)
        said = {name: arg for name, arg in verb.args.items() if arg.said}
        for name, arg in said.items():
            lead = quoted(f"{', ' if pieces or not opens.endswith('(') else ''}{name}=")
            value = arg.kind.lark(lark, frame, space, self.quote)
            piece = f"{lead} {value}"
            pieces.append(piece if arg.needed or arg.written else f"({piece})?")
        return " ".join([quoted(opens), *pieces, '")"'])

    def _lark_tool(self, lark: Lark, number: int, tool: Mapping[str, Any]) -> str:
        pieces: list[str] = []
        properties = tool["parameters"].get("properties", {})
        required = tool["parameters"].get("required", [])
        ordered = sorted(properties, key=lambda name: name not in required)
        opens = self.opening(str(tool["name"]))
        for name in ordered:
            lead = quoted(f"{', ' if pieces or not opens.endswith('(') else ''}{name}=")
            schema, rule = properties[name], f"tool_{number}_{len(pieces)}"
            # The only plain value that JSON writes otherwise than Python.
            truth = '("True" | "False")' if schema.get("type") == "boolean" else ""
            piece = f"{lead} {truth or lark.json(rule, schema)}"
            pieces.append(piece if name in required else f"({piece})?")
        return " ".join([quoted(opens), *pieces, '")"'])


def _blanks(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Give each parameter with the emptiest value of its type."""
    empty = {"integer": 0, "number": 0.0, "boolean": True, "array": [], "object": {}}
    properties: Mapping[str, Any] = parameters.get("properties", {})
    return {
        name: empty.get(schema.get("type", "") if isinstance(schema.get("type"), str) else "", "")
        for name, schema in properties.items()
    }


def _named(call: Call, names: Sequence[str]) -> dict[str, Any]:
    """Give all arguments by name."""
    if len(call.args) > len(names):
        raise ActionSchemaError(
            f"{call.name:.40} takes {len(names)} arguments ({', '.join(names)}), not "
            f"{len(call.args)} without names"
        )
    named = dict(zip(names, call.args, strict=False))
    if both := sorted(set(named) & set(call.kwargs)):
        raise ActionSchemaError(f"{call.name:.40} is given {both[0]} twice")
    return {**named, **call.kwargs}
