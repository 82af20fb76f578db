r"""UI-TARS 2: functions called in Seed's XML, several in one block if need be.

::

    <thinkt>The search field is at the top.</thinkt>
    <seed:tool_call>
    <function=click>
    <parameter=point><point>500 30</point></parameter>
    </function>
    </seed:tool_call>

Values stand as they are, without quotes. A text that ends in a line feed, or in ``\n`` in letters
as the prompt has it, is submitted. The prompt and some replies end every tag in ``_never_used_``
and 32 digits; both forms are understood and the short one is written. So are ``Action: click(…)``,
``<answer>…</answer>``, and Agent TARS' wrapping of a call in JSON. Holding a button or key down
over several replies (``press``, ``mouse_down``) is not understood: nobody might let go of it.

Source: prompt and tests of UI-TARS-desktop. Not verified: the weights are not public, so neither is
what the service makes of the prompt.
"""

import json
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...model.chat import Image, Marked, Message, Part, Text
from .. import schema as a
from ..errors import ActionError, ActionSchemaError
from ..geometry import Frame, Space
from ..schema import Action
from . import ui_tars_prompts as prompts
from .base import Parsed, Tools, Turn
from .call import Call
from .calls import Calls
from .history import in_turns
from .kinds import NumberKind, TextKind
from .lark import Lark, quoted
from .literal import Bare, Scanner
from .reading import BEGINS, Reading
from .shared_verbs import CALLED, answered
from .ui_tars import MAX_ACTIONS, after_thinking, read_actions
from .ui_tars_verbs import ALSO, POINT, POINT_NAMES, TEXT, WAIT_S, tars_verbs
from .verbs import Arg, Given, Verb, Vocabulary, unsaid

MARK = "_never_used_51bce0c785ca2f68081bfa7d91973934"
"""What the tags of the prompt end in."""

_MARK = r"(?:_never_used_[0-9a-f]{1,64})?"
_BLOCK = re.compile(rf"<seed:tool_call{_MARK}>")
_BLOCK_ENDS = re.compile(rf"\s*(?:</seed:tool_call{_MARK}>\s*)?$")
_FUNCTION = re.compile(rf"\s*<function{_MARK}=([A-Za-z0-9_.-]{{1,64}})>")
_BARE = re.compile(rf"<function{_MARK}=")
_FUNCTION_ENDS = re.compile(rf"\s*</function{_MARK}>")
_PARAMETER = re.compile(rf"\s*<parameter{_MARK}=([A-Za-z0-9_.-]{{1,64}})>")
_PARAMETER_ENDS = re.compile(rf"</parameter{_MARK}>")
_TAGS = re.compile(rf"</?(?:thinkt|think{_MARK})>")
_ANSWER = re.compile(rf"{BEGINS}<answer>", re.MULTILINE)
_WRAPPED = re.compile(r"<tool_call>\s*(?=\{)")

_WORDS = r"[^<>\\\x00-\x1f\x7f]*\n?"
"""A text while it is decoded: without what opens a tag."""

_REASON = TextKind(r"[^<>\\\x00-\x20\x7f][^<>\\\x00-\x1f\x7f]*")


def _asked(given: Given) -> dict[str, Any]:
    return {"question": given.get("content") or CALLED}


def _vocabulary() -> Vocabulary:
    verbs = tars_verbs(POINT, POINT_NAMES)
    kept = ("click", "drag", "hotkey", "left_double", "right_single", "scroll", "type", "finished")
    question = Arg(TEXT, "question", needed=False)
    seconds = Arg(NumberKind(0.001, 60), "seconds", needed=False)
    return Vocabulary(
        "ui-tars-2",
        [
            *(verbs.pop(name) for name in kept),
            Verb("call_user", a.AskUser, {"content": question}, build=_asked),
            Verb(
                "infeasible", a.Done, {"content": Arg(_REASON, "reason")}, {"status": "infeasible"}
            ),
            Verb(
                "wait",
                a.Wait,
                {"time": seconds},
                build=lambda given: {"seconds": given.get("time", WAIT_S)},
            ),
            Verb("move_to", a.Move, {"point": Arg(POINT, "point")}, said=False),
            *(unsaid(verb) for name, verb in verbs.items() if name not in ("wait", "call_user")),
        ],
        ALSO,
    )


_VOCABULARY = _vocabulary()


class UiTars2Dialect:
    """UI-TARS 2, for desktops.

    Args:
        tools: What can be called: each is one more function.
    """

    name = "ui-tars-2"
    space = Space.REL1000
    pictures: int | None = 5
    stops: tuple[str, ...] = ()

    def __init__(self, tools: Tools = ()) -> None:
        self.calls = Calls(_VOCABULARY, tools)

    def messages(self, goal: str, past: Sequence[Turn], now: Image) -> list[Message]:
        """System turn with the functions, the goal, then pictures and replies in turns."""
        system = Message("system", tuple(self._prompt()))
        return [system, Message.of("user", goal), *in_turns([], past, now)]

    def _prompt(self) -> Iterator[Part]:
        before, after = prompts.COMPUTER_2.replace("@@MARK@@", MARK).split("@@TOOLS@@")
        yield Marked(before)
        for tool in self.calls.tools.values():
            function = {"type": "function", **tool}
            yield Text(f"{json.dumps(function, ensure_ascii=False)}\n")
        yield Marked(after)

    def parse(self, reply: str, frame: Frame) -> Parsed:
        """Read the functions of a block, or what other forms hold."""
        reading = Reading(reply, frame, self.space)
        reply = reading.reply
        begins = after_thinking(reading)
        opened = _BLOCK.search(reply, begins) or _BARE.search(reply, begins)
        if opened is not None:
            calls = _read(reading, opened)
            actions = [x for call in calls for x in self._meant(call, reading)]
            return reading.parsed(tuple(actions), _TAGS.sub("", reply[: opened.start()]))
        answer, text = _ANSWER.search(reply, begins), reply.rstrip()
        if answer is not None and text.endswith("</answer>"):
            text = text[answer.end() :].removesuffix("</answer>").strip()
            return reading.parsed(answered(text), _TAGS.sub("", reply[: answer.start()]))
        if wrapped := _WRAPPED.search(reply, begins):
            return self._unwrapped(reading, wrapped.end())
        return read_actions(reading, self.calls)

    def _unwrapped(self, reading: Reading, begins: int) -> Parsed:
        """Read what Agent TARS wraps: the same text as an argument of one function."""
        value = Scanner(reading, begins, closing="</tool_call>").value()
        held = value.get("parameters", value.get("arguments")) if isinstance(value, dict) else None
        if not isinstance(held, dict) or not isinstance(held.get("action"), str):
            raise ActionSchemaError("the function's action is a text such as click(point='…')")
        inner = Reading(f"Action: {held['action']}", reading.frame, self.space)
        return replace(read_actions(inner, self.calls), thought=str(held.get("thought", "")))

    def _meant(self, call: Call, reading: Reading) -> tuple[Action, ...]:
        kwargs = dict(call.kwargs)
        if call.name in self.calls.tools:
            schema = self.calls.tools[call.name]["parameters"].get("properties", {})
            for key, value in kwargs.items():
                if schema.get(key, {}).get("type", "string") != "string":
                    scanner = Scanner(reading, text=value, origin=call.position)
                    kwargs[key] = scanner.value()
                else:
                    kwargs[key] = str(value)
        elif call.name == "type" and str(kwargs.get("content", "")).endswith("\\n"):
            kwargs["content"] = f"{kwargs['content'][:-2]}\n"
        return self.calls.meant(call._replace(kwargs=kwargs), reading)

    def render(self, action: Action, frame: Frame, thought: str = "") -> str:
        """Write the thought and the call."""
        if action.action == "call_tool":
            name: str = action.name
            given: Mapping[str, Any] = {
                key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
                for key, value in action.arguments.items()
            }
        else:
            verb, given = _VOCABULARY.say(action, frame, self.space)
            name = verb.name
        lines = [_parameter(key, str(value)) for key, value in given.items()]
        head = f"<thinkt>{thought}</thinkt>\n" if thought else ""
        inside = "\n".join([f"<function={name}>", *lines, "</function>"])
        return f"{head}<seed:tool_call>\n{inside}\n</seed:tool_call>"

    def grammar(self, frame: Frame, actions: Container[str] | None = None) -> str | None:
        """A thought, then one call."""
        lark = Lark()
        rules = []
        for verb in _VOCABULARY.allowed(actions):
            pieces = [quoted(f"<function={verb.name}>\n")]
            for key, arg in verb.args.items():
                if arg.said:
                    words = lark.pattern(_WORDS)
                    value = (
                        words if arg.kind == TEXT else arg.kind.lark(lark, frame, self.space, "")
                    )
                    pieces += [quoted(f"<parameter={key}>"), value, quoted("</parameter>\n")]
            rules.append(" ".join([*pieces, quoted("</function>\n")]))
        if actions is None or "call_tool" in actions:
            rules += [
                self._tool_rule(lark, number, tool)
                for number, tool in enumerate(self.calls.tools.values())
            ]
        call = lark.rule("call", " | ".join(rules))
        thought = f'("<thinkt>" {lark.thought()} "</thinkt>\\n")?'
        return lark.made(f'{thought} "<seed:tool_call>\\n" {call} "</seed:tool_call>"')

    def _tool_rule(self, lark: Lark, number: int, tool: Mapping[str, Any]) -> str:
        pieces = [quoted(f"<function={tool['name']}>\n")]
        required = tool["parameters"].get("required", [])
        for place, (key, schema) in enumerate(tool["parameters"].get("properties", {}).items()):
            words = schema.get("type", "string") == "string"
            value = lark.pattern(_WORDS) if words else lark.json(f"tool_{number}_{place}", schema)
            piece = " ".join([quoted(f"<parameter={key}>"), value, quoted("</parameter>\n")])
            pieces.append(piece if key in required else f"({piece})?")
        return " ".join([*pieces, quoted("</function>\n")])


def _read(reading: Reading, opened: re.Match[str]) -> list[Call]:
    """Read every function of a block, to the end of the reply."""
    text = reading.reply
    at = opened.end()
    if _BARE.match(opened[0]):
        reading.repaired("no <seed:tool_call>", opened.start())
        at = opened.start()
    calls: list[Call] = []
    while function := _FUNCTION.match(text, at):
        at = function.end()
        kwargs: dict[str, Any] = {}
        while parameter := _PARAMETER.match(text, at):
            ends = _PARAMETER_ENDS.search(text, parameter.end())
            if ends is None:
                reading.fail(f"<parameter={parameter[1]}> does not end", parameter.start())
            if parameter[1] in kwargs:
                reading.fail(f"{parameter[1]} is given twice", parameter.start())
            kwargs[parameter[1]] = Bare(_value(text[parameter.end() : ends.start()]))
            at = ends.end()
        closed = _FUNCTION_ENDS.match(text, at)
        if closed is None:
            reading.fail(f"<function={function[1]}> does not end with </function>", at)
        if len(calls) == MAX_ACTIONS:
            reading.fail(f"a reply holds at most {MAX_ACTIONS} actions", function.start())
        calls.append(Call(function[1], (), kwargs, function.start()))
        at = closed.end()
    if not calls or not _BLOCK_ENDS.match(text, at):
        reading.fail("a block holds <function=NAME>…</function> and nothing else", at)
    return calls


def _value(text: str) -> str:
    """Give a value, which may stand on lines of its own."""
    if text.startswith("\n") and text.endswith("\n") and len(text) > 1:
        return text[1:-1]
    return text


def _parameter(name: str, value: str) -> str:
    """Write a value so that `_value` gives it back.

    Raises:
        ActionError: It holds what ends it.
    """
    if _PARAMETER_ENDS.search(value):
        raise ActionError("ui-tars-2 has no words for a text with </parameter> in it")
    if value.endswith("\\n"):
        raise ActionError("ui-tars-2 has no words for a text that ends in \\n in letters")
    own_lines = value.startswith("\n")
    return f"<parameter={name}>" + (f"\n{value}\n" if own_lines else value) + "</parameter>"
