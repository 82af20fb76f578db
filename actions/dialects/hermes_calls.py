"""Calls in ``<tool_call>`` tags, read: JSON as Hermes writes it, or XML as Qwen3.5 does.

::

    <tool_call>
    {"name": "mobile_use", "arguments": {"action": "click", "coordinate": [640, 360]}}
    </tool_call>

    <tool_call>
    <function=mobile_use>
    <parameter=action>
    click
    </parameter>
    <parameter=coordinate>
    [640, 360]
    </parameter>
    </function>
    </tool_call>

JSON says itself where it ends: a closing tag inside a text that is typed closes nothing. What can
go wrong follows Qwen-Agent's reader and the reports that ``tests/test_dialect_hermes.py`` names.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..errors import ActionParseError
from .literal import MAX_DEPTH, Bare, Scanner
from .reading import Reading

_MARK = re.compile(r"<think(?:ing)?>|</think(?:ing)?>|<tool_call>")
_ENDS_THINKING = re.compile(r"</think(?:ing)?>")
_CLOSES = "</tool_call>"
_NAME = r"[A-Za-z0-9_.-]{1,64}"
_FUNCTION = re.compile(rf"\s*<function=({_NAME})>")
_PARAMETER = re.compile(rf"\s*<parameter=({_NAME})>")
_ENDS_PARAMETER = re.compile(
    r"</parameter>|(?=<parameter=)|(?=</function>)|(?=</tool_call>)|(?=<tool_call>)"
)
_ENDS_FUNCTION = re.compile(r"\s*</function>")
_CALL_BEGINS = re.compile(r"\s*(?:[{\"]|```|<function=)")
_BARE = re.compile(
    rf"(?:^|(?<=>))[ \t]*(?:```[a-z]*\s*)?(<function={_NAME}>|\{{\s*[\"']name[\"']\s*:)",
    re.MULTILINE,
)
_AFTER_BARE = re.compile(r"(?:\s|```|</(?:tool_call|function)>)*")
_FENCE = re.compile(r"```[a-z]*")


class Tagged(NamedTuple):
    """A call as it was written.

    Attributes:
        value: An object with ``name`` and ``arguments``, if it is as it should be.
        position: Where it begins.
    """

    value: Any
    position: int


def read_calls(reading: Reading) -> list[Tagged]:
    """Read the calls of a reply, but for those inside its thinking.

    A thinking block may have been opened by the prompt: then only its end is in the reply. A
    ``<thinking>`` that does not end is ended by the call, as its families' own readers have it.

    Raises:
        ActionParseError: A call is broken, or the thinking does not end.
    """
    text, calls, at = reading.reply, list[Tagged](), 0
    while mark := _MARK.search(text, at):
        at = mark.end()
        if mark[0].startswith("</"):  # all before it was thought
            calls.clear()
            reading.forget()
        elif mark[0] != "<tool_call>":
            at = _after_thinking(reading, mark, bool(calls))
        else:
            try:
                at = _tagged(reading, mark.start(), at, calls)
            except ActionParseError:
                # What only the end of the thinking shows to be thought may be no call at all.
                at = max(text.rfind("</think>", at), text.rfind("</thinking>", at))
                if at < 0:
                    raise
    return calls or _untagged(reading, at)


def _after_thinking(reading: Reading, mark: re.Match[str], called: bool) -> int:
    """Give where a thinking block ends; what comes after the calls is dropped."""
    if ends := _ENDS_THINKING.search(reading.reply, mark.end()):
        return ends.end()
    begins = reading.reply.find("<tool_call>", mark.end())
    if called:
        return len(reading.reply)
    if mark[0] == "<think>":
        reading.fail("the thinking does not end: close it with </think>, then call", mark.start())
    reading.repaired("no </thinking>", mark.start())
    return len(reading.reply) if begins < 0 else begins


def _untagged(reading: Reading, at: int) -> list[Tagged]:
    """Read a call that stands without tags: on lines of its own, at the end of the reply.

    Elsewhere it may be quoted from the screen, or be spoken of.
    """
    text, calls = reading.reply, list[Tagged]()
    bare = _BARE.search(text, at)
    while bare is not None:
        begins = bare.start(1)
        reading.repaired("no <tool_call>", begins)
        read = _xml if text[begins] == "<" else _json
        value, at = read(reading, begins)
        calls.append(Tagged(value, begins))
        after = _AFTER_BARE.match(text, at)
        at = at if after is None else after.end()
        bare = _BARE.match(text, at)
        if bare is None and at < len(text):
            reading.fail("the reply goes on after a call that has no <tool_call>: call last", at)
    return one_call(reading, calls)


def one_call(reading: Reading, calls: list[Tagged]) -> list[Tagged]:
    """Give one call, of a reply that may hold only one: it may repeat it.

    Raises:
        ActionParseError: There are several.
    """
    if any(call.value != calls[0].value for call in calls):
        at = calls[1].position
        reading.fail("the reply calls several functions: answer with exactly one call", at)
    if len(calls) > 1:
        reading.repaired("a call repeated", calls[1].position)
    return calls[:1]


def _tagged(reading: Reading, begins: int, at: int, calls: list[Tagged]) -> int:
    """Read what stands in a tag; give where it ends."""
    text = reading.reply
    if not _FUNCTION.match(text, at):
        value, at = _json(reading, at)
        calls.append(Tagged(value, begins))
    else:
        while _FUNCTION.match(text, at):
            value, at = _xml(reading, at)
            calls.append(Tagged(value, begins))
    return _closed(reading, at)


def _closed(reading: Reading, at: int) -> int:
    """Step over the closing tag, or what stands for it."""
    text = reading.reply
    scanner = Scanner(reading, at)
    sign, at = scanner.peek(), scanner.at
    if text.startswith(_CLOSES, at):
        return at + len(_CLOSES)
    if text.startswith("<tool_call>", at):
        after = at + len("<tool_call>")
        if _CALL_BEGINS.match(text, after):  # the next call begins
            reading.repaired("unclosed <tool_call>", at)
            return at
        reading.repaired("<tool_call> for </tool_call>", at)
        return after
    opens = text.find("<tool_call>", at)
    closes = text.find(_CLOSES, at, opens if opens >= 0 else len(text))
    if closes < 0:
        reading.repaired("unclosed <tool_call>", at)
        return at
    if sign in "{[\"'" or "{" in text[at:closes]:
        reading.fail("there is more than one JSON object in a <tool_call>", at)
    reading.repaired("words after the call", at)
    return closes + len(_CLOSES)


def _json(reading: Reading, at: int) -> tuple[Any, int]:
    """Read an object; give where it ends."""
    text = reading.reply
    scanner = Scanner(reading, at, closing=_CLOSES)
    scanner.peek()
    if fence := _FENCE.match(text, scanner.at):
        reading.repaired("code fence", scanner.at)
        scanner.at = fence.end()
        scanner.peek()
    strict = _strict(text, scanner.at)
    if strict is None:
        value = scanner.value()
    else:
        value, scanner.at = strict
    if isinstance(value, str) and value.lstrip().startswith("{"):
        reading.repaired("JSON in a text", at)
        value = Scanner(reading, text=value, origin=at).value()
    if fence and scanner.peek() == "`" and text.startswith("```", scanner.at):
        scanner.at += 3
    while scanner.peek() == "}":
        reading.repaired("one bracket too many", scanner.at)
        scanner.at += 1
    return value, scanner.at


def _xml(reading: Reading, at: int) -> tuple[Any, int]:
    """Read ``<function=…>`` with its parameters; give where it ends. Values have no quotes."""
    text = reading.reply
    function = _FUNCTION.match(text, at)
    if function is None:
        reading.fail("<function=NAME> is expected", at)
    arguments: dict[str, Any] = {}
    at = function.end()
    while parameter := _PARAMETER.match(text, at):
        ends = _ENDS_PARAMETER.search(text, parameter.end())
        if ends is None:
            reading.fail(f"<parameter={parameter[1]}> does not end", parameter.end())
        if not ends[0]:
            reading.repaired("no </parameter>", ends.start())
        if parameter[1] in arguments:
            reading.fail(f"{parameter[1]} is given twice", parameter.start())
        value = text[parameter.end() : ends.start()]
        arguments[parameter[1]] = Bare(value.removeprefix("\n").removesuffix("\n"))
        at = ends.end()
    if ended := _ENDS_FUNCTION.match(text, at):
        return {"name": function[1], "arguments": arguments}, ended.end()
    rest = text[at : at + 100].lstrip()
    if rest and not rest.startswith((_CLOSES, "<tool_call>", "<function=")):
        reading.fail(f"<parameter=NAME> or </function> is expected, not {rest:.20}", at)
    reading.repaired("no </function>", at)
    return {"name": function[1], "arguments": arguments}, at


def unquoted(value: str, schema: Mapping[str, Any]) -> Any:
    """Give what a value in XML means: a text if its schema says so, else JSON if it is any."""
    text = value.strip()
    read = None if schema.get("type") == "string" else _strict(text, 0)
    return str(value) if read is None or read[1] < len(text) else read[0]


def _strict(text: str, at: int) -> tuple[Any, int] | None:
    """Read JSON that is as it should be; None where there is none."""
    try:
        value, end = _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        return None
    return None if _too_deep(value) else (value, end)


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        holders = (each for each in level if isinstance(each, dict | list))
        level = [
            inner
            for holder in holders
            for inner in (holder.values() if isinstance(holder, dict) else holder)
        ]
        if not level:
            return False
    return True


def _unique(members: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(members)
    if len(made) < len(members):
        raise ValueError("a name is given twice")
    return made


def _refused(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refused)
