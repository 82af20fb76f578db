"""Qwen3.5: Qwen3-VL's functions, called in XML.

::

    <tool_call>
    <function=computer_use>
    <parameter=action>
    left_click
    </parameter>
    <parameter=coordinate>
    [500, 250]
    </parameter>
    </function>
    </tool_call>

Texts stand as they are, all else is JSON. A text that holds one of these tags cannot be written.
What others send instead, such as JSON in the tags, is understood: see ``hermes_calls.py``.

Source: Qwen3.5's chat template, word for word. Not verified: what its function descriptions look
like beside it; they are Qwen3-VL's. OSWorld's runner describes ``computer_use`` in other words,
with keys to hold during a click; those are not taken over.
"""

import json
import re
from collections.abc import Container, Mapping, Sequence
from typing import Any

from ..errors import ActionError
from ..geometry import Frame
from .computer_use import Qwen3ComputerDialect
from .hermes import HermesDialect, tool_line
from .hermes_calls import unquoted
from .kinds import ChoiceKind, KeysKind, Kind, NumberKind, TextKind
from .lark import Lark, quoted
from .mobile_use import Qwen3MobileDialect

_TOOLS_TEXT = """# Tools

You have access to the following functions:

<tools>
{tools}
</tools>

If you choose to call a function ONLY reply in the following format with NO suffix:

<tool_call>
<function=example_function_name>
<parameter=example_parameter_1>
value_1
</parameter>
<parameter=example_parameter_2>
This is the value for the second parameter
that can span
multiple lines
</parameter>
</function>
</tool_call>

<IMPORTANT>
Reminder:
- Function calls MUST follow the specified format: an inner <function=...></function> block must \
be nested within <tool_call></tool_call> XML tags
- Required parameters MUST be specified
- You may provide optional reasoning for your function call in natural language BEFORE the \
function call, but NOT after
- If there is no function call available, answer the question like normal with your current \
knowledge and do not tell the user about function calls
</IMPORTANT>"""

_TAGS = re.compile(r"</?(?:parameter|function|tool_call|think)[=>]")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_TEXT = r"[^<\x00-\x08\x0b-\x1f\x7f-\x9f]"
_LINE = r"[^<\x00-\x1f\x7f-\x9f]{1,200}"


class XmlCalls(HermesDialect):
    """Writes calls in XML, where its other base writes them in JSON."""

    def tools_text(self, functions: Sequence[Mapping[str, Any]]) -> str:
        """Give the section of the system turn that says what can be called."""
        lines = map(tool_line, (*functions, *self.tools.values()))
        return _TOOLS_TEXT.format(tools="\n".join(lines))

    def example(self) -> str:
        """Show the form of a call in one line."""
        return f"<tool_call><function={self.function}><parameter=action>…</parameter></function>…"

    def written(self, name: str, arguments: Mapping[str, Any]) -> str:
        """Write ``<function=…>`` with its parameters."""
        tool = self.tools.get(name, {}).get("parameters", {}).get("properties", {})
        lines = [f"<function={name}>"]
        for key, value in arguments.items():
            schema = {"type": "string"} if name == self.function else tool.get(key, {})
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            if name != self.function and unquoted(text, schema) != value:
                text = json.dumps(value, ensure_ascii=False)
            unsayable = name != self.function and unquoted(text, schema) != value
            if unsayable or _TAGS.search(text) or not _NAME.fullmatch(key):
                raise ActionError(f"{self.name} has no words for {key:.40}={value!r:.60}")
            lines.append(f"<parameter={key}>\n{text}\n</parameter>")
        return "\n".join([*lines, "</function>"])

    def call_rules(self, lark: Lark, frame: Frame, actions: Container[str] | None) -> list[str]:
        """Texts without ``<``, all else as JSON."""
        rules = []
        for verb, args in self.forms(actions):
            head = f"<function={self.function}>\n{_parameter('action', verb)}"
            pieces = [quoted(head)]
            for number, (key, arg) in enumerate(args.items()):
                value = self._value(lark, f"{verb}_{number}", arg.kind, frame)
                pieces += [quoted(f"<parameter={key}>\n"), value, quoted("</parameter>\n")]
            rules.append(" ".join([*pieces, '"</function>"']))
        for number, tool in enumerate(self.tools_allowed(actions)):
            rules.append(_tool_rule(lark, number, tool))
        return rules

    def _value(self, lark: Lark, name: str, kind: Kind, frame: Frame) -> str:
        """Give the expression of a value with the line feed after it."""
        if isinstance(kind, TextKind):
            return _text(lark) if kind.pattern is None else f'{lark.pattern(_LINE)} "\\n"'
        whole = isinstance(kind, NumberKind) and kind.low >= 0
        joined = isinstance(kind, KeysKind) and kind.separator is not None
        if whole or joined or isinstance(kind, ChoiceKind):
            return f'{kind.lark(lark, frame, self.space, "")} "\\n"'
        return f'{lark.json(f"value_{name}", kind.schema(frame, self.space))} "\\n"'


def _parameter(name: str, text: str) -> str:
    return f"<parameter={name}>\n{text}\n</parameter>\n"


def _text(lark: Lark) -> str:
    """Give the expression of a text, which takes the line feed after it with it."""
    return f"{lark.rule('XML_TEXT', f'/{_TEXT}+/')}?"


def _tool_rule(lark: Lark, number: int, tool: Mapping[str, Any]) -> str:
    """Give the expression of a tool's call."""
    schema = tool["parameters"]
    required = set(schema.get("required", []))
    pieces = [quoted(f"<function={tool['name']}>\n")]
    for place, (key, each) in enumerate(schema.get("properties", {}).items()):
        if each.get("type") != "string":
            value = f'{lark.json(f"tool_{number}_{place}", each)} "\\n"'
        elif "enum" in each:
            value = f"({' | '.join(quoted(f'{word}{chr(10)}') for word in each['enum'])})"
        else:
            value = _text(lark)
        piece = " ".join([quoted(f"<parameter={key}>\n"), value, quoted("</parameter>\n")])
        pieces.append(piece if key in required else f"({piece})?")
    return " ".join([*pieces, '"</function>"'])


class Qwen35ComputerDialect(XmlCalls, Qwen3ComputerDialect):
    """Qwen3.5's ``computer_use``."""

    name = "qwen3.5-computer"
    helpful = ""


class Qwen35MobileDialect(XmlCalls, Qwen3MobileDialect):
    """Qwen3.5's ``mobile_use``."""

    name = "qwen3.5-mobile"
    block = ""
