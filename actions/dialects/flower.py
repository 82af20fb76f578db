"""Calls between ✿ marks: how Qwen2-VL's agent and Qwen-Agent's own format are read and written.

::

    I go home first.
    ✿FUNCTION✿: Home
    ✿ARGS✿: {}
    ✿RESULT✿: <picture>
    ✿RETURN✿: Now I open the settings.
    ✿FUNCTION✿: ...

The replies of a whole episode are one assistant turn, and the results stand inside it. A reply
that goes on after ``✿RETURN✿`` begins with the colon, because a prompt that ended with it would
cut the colon's token off from the word that follows. A reply without a call ends the episode.

Source: Qwen-Agent's ``qwen_fncall_prompt`` and the Qwen2-VL report.
"""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Container, Mapping, Sequence
from typing import Any, ClassVar

from ...model.chat import Image, Marked, Message, Part
from ..errors import ActionError, ActionSchemaError
from ..geometry import Frame, Space
from ..schema import Action, Answer, Done, parse_action
from .base import Parsed, Tools, Turn, noted
from .call import Call
from .calls import Calls
from .history import DROPPED
from .lark import Lark, object_schema, quoted
from .literal import Scanner
from .plain_words import PlainWords
from .reading import Reading
from .verbs import Arg, Verb, Vocabulary

FUNCTION, ARGS, RESULT, RETURN = "✿FUNCTION✿", "✿ARGS✿", "✿RESULT✿", "✿RETURN✿"

_MARK = "✿"
_COLON = re.compile(r"[ \t]*([:：]?)")
_FENCE = re.compile(r"```[a-z]*")
_BRACES = re.compile(r"[}\s]+")

# U+2000 to U+2FFF begin with the same byte as the mark does: llguidance looks one byte ahead, and
# must know from it that the thought is over.
_BEFORE = r"/[^\u2000-\u2fff]+/"
# One line of what `PlainWords` takes: its first word is followed by nothing that makes it a call.
_PLAIN = r"{}\"<\u2000-\u2fff\x00-\x1f"
_ANSWER = rf"/[A-Za-z0-9]+([^A-Za-z0-9_(\[:{_PLAIN}][^{_PLAIN}]*)?/"


def read_call(reading: Reading, begins: int, json_names: Container[str] | None) -> Call | None:
    """Read the first call of a reply; None where there is none.

    What follows it was written without having seen its result, and is dropped.

    Args:
        reading: The reply.
        begins: Where to look from.
        json_names: The functions whose arguments are JSON; those of all others are Python's
            literals. None: all are JSON.

    Raises:
        ActionError: There is a call, and it is broken.
    """
    text, end = reading.reply, len(reading.reply)
    start = text.find(FUNCTION, begins)
    if start < 0:
        return None
    at = _after_colon(reading, start + len(FUNCTION))
    mark = text.find(_MARK, at)
    name = text[at : end if mark < 0 else mark].strip()
    args: dict[str, Any] = {}
    if mark < 0 or text.startswith((FUNCTION, RESULT, RETURN), mark):
        reading.repaired(f"no {ARGS}", end if mark < 0 else mark)
        at = end if mark < 0 else mark
    elif text.startswith(ARGS, mark):
        python = json_names is not None and name not in json_names
        args, at = _read_args(reading, _after_colon(reading, mark + len(ARGS)), name, python)
    else:
        reading.fail(f"the call breaks off: after the name comes {ARGS}: {{…}}", mark)
    later = [place for m in (FUNCTION, ARGS) if (place := text.find(m, at)) >= 0]
    if later:
        reading.repaired("calls after the first", min(later))
    return Call(name, (), args, start)


def _after_colon(reading: Reading, at: int) -> int:
    found = _COLON.match(reading.reply, at)
    if found is None or found[1] != ":":
        reading.repaired("no colon" if found is None or not found[1] else "full-width colon", at)
    return at if found is None else found.end()


def _read_args(reading: Reading, at: int, name: str, python: bool) -> tuple[dict[str, Any], int]:
    text, end = reading.reply, len(reading.reply)
    scanner = Scanner(reading, at, python=python, closing=_MARK)
    if scanner.ended():
        reading.repaired("no arguments", scanner.at)
        return {}, scanner.at
    if fence := _FENCE.match(text, scanner.at):
        reading.repaired("code fence", scanner.at)
        scanner.at = fence.end()
    value = scanner.value()
    if isinstance(value, str) and value.lstrip().startswith("{"):
        reading.repaired("JSON in a text", at)
        value = Scanner(reading, text=value, origin=at).value()
    if not isinstance(value, dict):
        raise ActionSchemaError(f'the arguments of {name:.40} are an object: {{"name": value}}')
    scanner.peek()
    mark = text.find(_MARK, scanner.at)
    rest = text[scanner.at : end if mark < 0 else mark].replace("```", "").strip()
    if rest.startswith("{"):
        reading.fail("there is more than one object of arguments", scanner.at)
    if rest:
        braces = _BRACES.fullmatch(rest)
        reading.repaired("one bracket too many" if braces else "text after a call", scanner.at)
    return value, scanner.at


class FlowerDialect(ABC):
    """What both formats share: they differ in the system turn, and in how arguments are written.

    Attributes:
        name: In records and on the command line.
        python: Whether the arguments of the family's own verbs are Python's literals.
        space: The units of its points; set it where a checkpoint writes others.
        calls: Its verbs and the user's tools.
    """

    name: str
    space = Space.REL1000
    pictures: int | None = None
    stops: tuple[str, ...] = (RESULT, RETURN)
    python: ClassVar[bool]

    def __init__(self, vocabulary: Vocabulary, tools: Tools) -> None:
        """Remember what can be called.

        Raises:
            ValueError: A tool has the name of a verb.
        """
        self.calls = Calls(vocabulary, tools, quote='"')
        self._words = PlainWords([*vocabulary.names, *self.calls.tools])

    @property
    @abstractmethod
    def system(self) -> str:
        """The system turn."""

    def messages(self, goal: str, past: Sequence[Turn], now: Image) -> list[Message]:
        """System turn, goal and first picture, then one assistant turn that goes on."""
        seen = [*(turn.image or DROPPED for turn in past), now]
        messages = [Message.of("system", self.system), Message.of("user", goal, seen[0])]
        parts: list[str | Part] = []
        for turn, then in zip(past, seen[1:], strict=True):
            if turn.reply:
                parts.append(Marked(turn.reply))
            parts.append(_missing(turn.reply, f"\n{RESULT}: "))
            if told := noted(turn):
                # A mark in what a tool or a user says is no mark.
                parts.append(told.replace(_MARK, "*") + "\n")
            parts += [*turn.shown, then, f"\n{RETURN}"]
        return [*messages, Message.of("assistant", *parts)] if parts else messages

    def parse(self, reply: str, frame: Frame) -> Parsed:
        """Read the call of a reply; a reply without one is the answer, and ends the episode."""
        reading = Reading(reply, frame, self.space)
        begins = 2 if reply.startswith(": ") else int(reply.startswith(":"))
        call = read_call(reading, begins, self.calls.tools if self.python else None)
        if call is not None:
            actions = self.calls.meant(call, reading)
            return reading.parsed(actions, reply[begins : call.position])
        text = reading.reply[begins:].strip()
        if broken := self._words.attempt(text):
            reading.fail(
                f"the reply begins a call that it does not make: write {FUNCTION}: and a name, and "
                f"on the next line {ARGS}: and an object",
                reply.find(broken[0]),
            )
        if not self._words.answers(text):
            reading.fail(f"the reply says nothing: call a function with {FUNCTION}, or answer", 0)
        return reading.parsed((parse_action({"action": "answer", "text": text}), Done()))

    def render(self, action: Action, frame: Frame, thought: str = "") -> str:
        """Write the call as the family would, or the answer as plain text."""
        if isinstance(action, Answer):
            return self._answer(action, frame)
        if action.action == "call_tool":
            name, args = action.name, json.dumps(dict(action.arguments), ensure_ascii=False)
            if name not in self.calls.tools:
                raise ActionError(f"{self.name} has no words for {action}")
        else:
            verb, given = self.calls.vocabulary.say(action, frame, self.space)
            name = verb.name
            args = self.calls.literal(given) if self.python else _json(given)
        escaped = args.replace(_MARK, "\\u273f")
        before = f"{thought.replace(_MARK, '*')}\n" if thought else ""
        return f"{before}{FUNCTION}: {name}\n{ARGS}: {escaped}"

    def _answer(self, answer: Answer, frame: Frame) -> str:
        try:
            said = self.parse(answer.text, frame).actions
        except ActionError:  # such as an empty one, or one that looks like a call
            said = ()
        if said[:1] != (answer,):
            raise ActionError(f"{self.name} has no words for {answer}")
        return answer.text

    def grammar(self, frame: Frame, actions: Container[str] | None = None) -> str | None:
        """A thought and a call, or an answer."""
        lark = Lark()
        rules = []
        for number, verb in enumerate(self.calls.vocabulary.allowed(actions)):
            head = quoted(f"{FUNCTION}: {verb.name}\n{ARGS}: ")
            for variant, args in enumerate(_variants(verb)):
                rule = f"verb_{number}_{variant}"
                rules.append(f"{head} {self._lark_args(lark, rule, args, frame)}")
        if actions is None or "call_tool" in actions:
            for number, (name, tool) in enumerate(self.calls.tools.items()):
                head = quoted(f"{FUNCTION}: {name}\n{ARGS}: ")
                rules.append(f"{head} {lark.json(f'tool_{number}', tool['parameters'])}")
        call = lark.rule("call", " | ".join(rules))
        start = f"{lark.rule('BEFORE', _BEFORE)}? {call}"
        if actions is None or ("answer" in actions and "done" in actions):
            start += f" | {lark.rule('ANSWER', _ANSWER)}"
        return lark.made(start)

    def _lark_args(self, lark: Lark, rule: str, args: Mapping[str, Arg], frame: Frame) -> str:
        if not self.python:
            schemas = {name: arg.kind.schema(frame, self.space) for name, arg in args.items()}
            return lark.json(rule, object_schema(schemas))
        pieces = ['"{"']
        for number, (name, arg) in enumerate(args.items()):
            pieces.append(quoted(f'{", " if number else ""}"{name}": '))
            pieces.append(arg.kind.lark(lark, frame, self.space, '"'))
        return " ".join([*pieces, '"}"'])


def _variants(verb: Verb) -> list[dict[str, Arg]]:
    """Give the sets of arguments that a verb can be said with."""
    variants: list[dict[str, Arg]] = [{}]
    for name, arg in verb.args.items():
        said = [{**variant, name: arg} for variant in variants]
        variants = said if arg.needed else [*variants, *said]
    return variants


def _json(given: Mapping[str, Any]) -> str:
    return json.dumps(given, ensure_ascii=False)


def _missing(reply: str, mark: str) -> str:
    """Give what a reply lacks of a mark that it may have begun."""
    for length in range(len(mark), 0, -1):
        if reply.endswith(mark[:length]):
            return mark[length:]
    return mark
