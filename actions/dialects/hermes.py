"""Functions called in ``<tool_call>`` tags: Hermes' format, which Qwen's chat templates took over.

::

    <tool_call>
    {"name": "mobile_use", "arguments": {"action": "click", "coordinate": [640, 360]}}
    </tool_call>

A tool of the user is one more function. Reading is in ``hermes_calls.py``, which understands calls
in Qwen3.5's XML as well; ``qwen3_5.py`` writes those.

Source: Qwen-Agent's ``nous_fncall_prompt`` and the chat templates, prompts word for word.
"""

import json
import re
from collections.abc import Container, Mapping, Sequence
from typing import Any, ClassVar

from ...model.chat import Marked, Part, Text
from ..errors import ActionError, ActionSchemaError
from ..geometry import Frame, Space
from ..schema import Action, parse_action
from .base import Parsed, Tools, Turn, named, noted
from .hermes_calls import one_call, read_calls, unquoted
from .lark import Lark, object_schema, quoted
from .literal import Bare, Scanner
from .reading import Reading
from .verbs import Arg, Vocabulary

TOOLS_TEXT = """# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{tools}
</tools>

For each function call, return a json object with function name and arguments within \
<tool_call></tool_call> XML tags:
<tool_call>
{{"name": <function-name>, "arguments": <args-json-object>}}
</tool_call>"""

_MARKS = re.compile(
    r"</?(?:think|thinking|thought|conclusion)>|^\s*Thought:|```(?:json)?\s*$", re.IGNORECASE
)


def tool_line(function: Mapping[str, Any], *, old: bool = False) -> str:
    """Give the line of a prompt that says how a function is called.

    Args:
        function: Its ``name``, ``description`` and ``parameters``.
        old: As it was printed for Qwen2.5-VL, with ``name_for_human`` and ``args_format``.
    """
    if old:
        function = {
            "name_for_human": function["name"],
            **function,
            "args_format": "Format the arguments as a JSON object.",
        }
    return json.dumps({"type": "function", "function": dict(function)}, ensure_ascii=False)


def response(outcome: str) -> tuple[Part, ...]:
    """Give what a function returned as the chat templates tell it.

    The tags are Qwen3's own tokens; one that is spelled in what was returned is letters.
    """
    return Marked("<tool_response>\n"), Text(outcome), Marked("\n</tool_response>")


def told(turn: Turn) -> tuple[Part, ...]:
    """Give what a function returned; nothing where nothing need be told."""
    outcome = noted(turn)
    return response(outcome) if outcome else ()


class HermesDialect:
    """Reads, writes and bounds calls in tags; families add their prompts and verbs.

    Attributes:
        name: In records and on the command line.
        function: The function whose argument ``action`` is a verb.
        space: The units of its points.
        vocabulary: The verbs.
        before: What stands before and after a thought.
        several: Whether one reply may hold several calls.
        old: Whether functions are printed as for Qwen2.5-VL, see `tool_line`.
    """

    name: str
    function: str
    space: Space
    vocabulary: Vocabulary
    pictures: int | None = 1
    stops: tuple[str, ...] = ()
    before: ClassVar[tuple[str, str]] = ("", "\n")
    several: bool = True
    old: bool = False

    def __init__(self, tools: Tools = ()) -> None:
        """Remember what can be called beside the family's own function.

        Raises:
            ValueError: A tool has the name of that function.
        """
        self.tools = named(tools, {self.function})

    def parse(self, reply: str, frame: Frame) -> Parsed:
        """Read the calls of a reply; calls inside its thinking are only thought."""
        reading = Reading(reply, frame, self.space)
        calls = read_calls(reading)
        if not calls:
            reading.fail(f"the reply calls no function: answer with {self.example()}", len(reply))
        if not self.several:
            calls = one_call(reading, calls)
        thought = self.thought_of(reply[: calls[0].position])
        actions: list[Action] = []
        for call in calls:
            actions += self._meant(call.value, reading, call.position)
        return reading.parsed(self.finished(tuple(actions), thought), thought)

    def thought_of(self, text: str) -> str:
        """Give the thought in the text before the first call."""
        return _MARKS.sub("", text).strip()

    def finished(self, actions: tuple[Action, ...], thought: str) -> tuple[Action, ...]:
        """Give what a whole reply means: for families whose last thought is their answer."""
        return actions

    def tools_text(self, functions: Sequence[Mapping[str, Any]]) -> str:
        """Give the section of the system turn that says what can be called: those, and the tools.

        Args:
            functions: The family's own.
        """
        lines = (tool_line(each, old=self.old) for each in (*functions, *self.tools.values()))
        return TOOLS_TEXT.format(tools="\n".join(lines))

    def example(self) -> str:
        """Show the form of a call in one line, for messages."""
        example = {"name": self.function, "arguments": {"action": "…"}}
        return f"<tool_call> and a JSON object such as {json.dumps(example, ensure_ascii=False)}"

    def _meant(self, given: Any, reading: Reading, at: int) -> tuple[Action, ...]:
        if not isinstance(given, dict):
            raise ActionSchemaError('a call is {"name": "...", "arguments": {...}}')
        call = _trimmed(given, reading, at)
        if not isinstance(call.get("name"), str):
            raise ActionSchemaError('a call is {"name": "...", "arguments": {...}}')
        name = call["name"].strip()
        key = "arguments"
        if key not in call and "parameters" in call:
            key = "parameters"
            reading.repaired("parameters for arguments", at)
        arguments = call.get(key, {})
        if isinstance(arguments, str) and arguments.lstrip().startswith("{"):
            reading.repaired("JSON in a text", at)
            arguments = Scanner(reading, text=arguments, origin=at).value()
        if not isinstance(arguments, dict):
            raise ActionSchemaError(
                f"the arguments of {name:.40} are an object, not {arguments!r:.40}"
            )
        if extra := sorted(set(call) - {"name", key}):
            raise ActionSchemaError(
                f"a call has name and arguments, and no {', '.join(f'{e:.40}' for e in extra[:5])}"
            )
        if name == self.function:
            return self._verb(_trimmed(arguments, reading, at), reading, at)
        if name in self.tools:
            properties = self.tools[name]["parameters"].get("properties", {})
            arguments = {
                key: unquoted(value, properties.get(key, {})) if isinstance(value, Bare) else value
                for key, value in arguments.items()
            }
            call_tool = {"action": "call_tool", "name": name, "arguments": arguments}
            return (parse_action(call_tool),)
        allowed = ", ".join([self.function, *sorted(self.tools)])
        raise ActionSchemaError(f"there is no function {name!r:.60}; there are {allowed}")

    def _verb(self, arguments: dict[str, Any], reading: Reading, at: int) -> tuple[Action, ...]:
        kind = arguments.get("type")
        if "action" not in arguments and isinstance(kind, str) and kind in self.vocabulary.names:
            arguments["action"] = arguments.pop("type")
            reading.repaired("type for action", at)
        verb = arguments.pop("action", None)
        if not isinstance(verb, str):
            said = ", ".join(each.name for each in self.vocabulary.verbs if each.said)
            raise ActionSchemaError(f"{self.function} needs an action; it has {said}")
        return self.vocabulary.read(verb, arguments, reading, at)

    def render(self, action: Action, frame: Frame, thought: str = "") -> str:
        """Write the call that the model would have written."""
        if action.action == "call_tool":
            if action.name not in self.tools:
                raise ActionError(f"{self.name} has no words for {action}: it has no such tool")
            said = self.written(action.name, action.arguments)
        else:
            verb, arguments = self.vocabulary.say(action, frame, self.space)
            said = self.written(self.function, {"action": verb.name, **arguments})
        text = f"<tool_call>\n{said}\n</tool_call>"
        return f"{self.before[0]}{thought}{self.before[1]}{text}" if thought else text

    def written(self, name: str, arguments: Mapping[str, Any]) -> str:
        """Write what stands between the tags.

        Raises:
            ActionError: It cannot be written so that it is read back as the same.
        """
        return json.dumps({"name": name, "arguments": dict(arguments)}, ensure_ascii=False)

    def grammar(self, frame: Frame, actions: Container[str] | None = None) -> str | None:
        """A thought, then one call."""
        lark = Lark()
        name = lark.rule("call", " | ".join(self.call_rules(lark, frame, actions)))
        return lark.made(f'{self.grammar_before(lark)} <tool_call> "\\n" {name} "\\n" </tool_call>')

    def grammar_before(self, lark: Lark) -> str:
        """Give the expression of what may stand before the call."""
        # The thought takes the line feeds at its end with it.
        opens, closes = quoted(self.before[0]), quoted(self.before[1].lstrip("\n"))
        return f"({opens} {lark.thought()} {closes})?" if opens else f"{lark.thought()}?"

    def call_rules(self, lark: Lark, frame: Frame, actions: Container[str] | None) -> list[str]:
        """Give an expression for what may stand between the tags, one for each call."""
        rules = []
        for number, (name, args) in enumerate(self.forms(actions)):
            schemas = {key: arg.kind.schema(frame, self.space) for key, arg in args.items()}
            body = object_schema({"action": {"const": name}, **schemas})
            head = f'{{"name": "{self.function}", "arguments": '
            rules.append(f'{quoted(head)} {lark.json(f"verb_{number}", body)} "}}"')
        for number, tool in enumerate(self.tools_allowed(actions)):
            head = f'{{"name": {json.dumps(tool["name"])}, "arguments": '
            rule = lark.json(f"tool_{number}", tool["parameters"])
            rules.append(f'{quoted(head)} {rule} "}}"')
        return rules

    def forms(self, actions: Container[str] | None) -> list[tuple[str, dict[str, Arg]]]:
        """Give the verbs that are allowed with their arguments: those usual, then all.

        Each is an alternative of its own, since a choice between arguments costs a pass.
        """
        made = []
        for verb in self.vocabulary.allowed(actions):
            every = {name: arg for name, arg in verb.args.items() if arg.said}
            usual = {name: arg for name, arg in every.items() if arg.needed or arg.written}
            made.append((verb.name, usual))
            if len(usual) < len(every):
                made.append((verb.name, every))
        return made

    def tools_allowed(self, actions: Container[str] | None) -> list[dict[str, Any]]:
        """Give the tools that may be called."""
        return [*self.tools.values()] if actions is None or "call_tool" in actions else []


def _trimmed(members: Mapping[str, Any], reading: Reading, at: int) -> dict[str, Any]:
    """Take blanks off names; a name that is there without is the one that counts."""
    made: dict[str, Any] = {}
    for name, value in members.items():
        short = name.strip()
        if short != name:
            reading.repaired("blanks in a name", at)
        if short in made:
            raise ActionSchemaError(f"{short:.40} is given twice")
        made[short] = value
    return made
