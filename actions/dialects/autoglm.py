"""AutoGLM-Phone: a thought and an action in tags, ``do(action="Tap", element=[500,88])``.

::

    <think>The settings are behind the gear.</think>
    <answer>do(action="Tap", element=[512,88])</answer>

Points are thousandths, by the prompt from 0 to 999. What is typed replaces what the field held.
``finish(message="…")`` tells the user, and ends. The family has no words for giving up.

A ``Tap`` with a ``message`` marks what costs money or privacy. It is read as a question to the
user and nothing else: nobody here can tell a "no" from a "yes", so the model is told the answer,
and that it may tap without ``message`` if the user agrees. ``Take_over`` and ``Interact`` are
questions, too. ``Note`` and ``Call_API`` do nothing in the family's own runtime, and here: the
model looks again. Its thoughts stay in the history, the pictures do not.

The runtime that the family comes with tells the app in front as JSON beside each picture. That is
not known here; what there is to tell of the step before stands in its place.

Source: Open-AutoGLM (see `autoglm_prompts`), its message builder and its reader.
"""

import json
import re
from collections.abc import Container, Iterator, Sequence
from datetime import date
from typing import Any, ClassVar, Literal

from ...model.chat import Image, Marked, Message, Part, Text
from .. import schema as a
from ..errors import ActionSchemaError
from ..geometry import Frame, Space
from ..schema import Action
from . import autoglm_prompts as prompts
from .base import Parsed, Tools, Turn, noted
from .call import Call
from .calls import Calls
from .kinds import NumberKind, TextKind
from .lark import Lark, quoted
from .points import PointKind
from .reading import Reading
from .shared_verbs import NAME, finish
from .tagged import Form, alone, tagged_call
from .verbs import Arg, Given, Verb, Vocabulary, heard

_POINT = PointKind("[{x},{y}]", bare=True)
_TEXT = TextKind()
_AT = {"element": Arg(_POINT, "point")}
_WEEKDAYS = (
    ("星期一", "Monday"),
    ("星期二", "Tuesday"),
    ("星期三", "Wednesday"),
    ("星期四", "Thursday"),
    ("星期五", "Friday"),
    ("星期六", "Saturday"),
    ("星期日", "Sunday"),
)
_CHOOSE = "Several things fit: which of them is meant?"
_HELP = "The model asks you to take over for a moment: tell it when you are done."
_MARKED = re.compile(r"\baction\s*=\s*[\"']Tap[\"'][^\n]*\bmessage\s*=")


def _tapped(given: Given) -> dict[str, Any] | tuple[Action, ...]:
    if not given.get("message"):
        return {"point": given["element"]}
    question = f"May the model tap {given['element']}? It says of it: {given['message']}"
    return (a.parse_action({"action": "ask_user", "question": question}),)


def _asked(given: Given) -> dict[str, Any]:
    return {"question": given.get("message") or _HELP}


_VOCABULARY = Vocabulary(
    "AutoGLM",
    [
        Verb("Launch", a.OpenApp, {"app": Arg(NAME, "name")}),
        Verb(
            "Tap",
            a.Click,
            {**_AT, "message": heard(_TEXT)},
            build=_tapped,
            pull=lambda click: {"element": click.point},
        ),
        Verb("Type", a.Type, {"text": Arg(_TEXT, "text")}, {"clear": True}),
        Verb("Type_Name", a.Type, {"text": Arg(_TEXT, "text")}, {"clear": True}, said=False),
        Verb("Swipe", a.Swipe, {"start": Arg(_POINT, "start"), "end": Arg(_POINT, "end")}),
        Verb("Long Press", a.LongPress, _AT),
        Verb("Double Tap", a.Click, _AT, {"count": 2}),
        Verb("Back", a.Back),
        Verb("Home", a.Home),
        Verb("Wait", a.Wait, {"duration": Arg(NumberKind(0.001, 60, " seconds"), "seconds")}),
        Verb(
            "Take_over",
            a.AskUser,
            {"message": Arg(NAME, "question", needed=False)},
            build=_asked,
        ),
        Verb(
            "Interact",
            a.AskUser,
            {"message": heard(_TEXT)},
            build=lambda given: {"question": given.get("message") or _CHOOSE},
        ),
        Verb(
            "Note",
            a.Screenshot,
            {"message": heard(_TEXT)},
            build=lambda given: {},
        ),
        Verb(
            "Call_API",
            a.Screenshot,
            {"instruction": heard(_TEXT)},
            build=lambda given: {},
            said=False,
        ),
        finish("finish", "message"),
    ],
)


class _Doing(Calls):
    """Calls of ``do`` with the verb as its first argument; ``finish`` and tools by their names."""

    def opening(self, name: str) -> str:
        """Give ``do(action="…"``, or the name and a bracket."""
        return f"{name}(" if name == "finish" or name in self.tools else f'do(action="{name}"'

    def meant(self, call: Call, reading: Reading) -> tuple[Action, ...]:
        """Give what a call means."""
        if call.name == "do":
            kwargs = dict(call.kwargs)
            verb = kwargs.pop("action", None)
            if not isinstance(verb, str):
                raise ActionSchemaError('do needs action, such as do(action="Back")')
            call = call._replace(name=verb, kwargs=kwargs)
        elif call.name != "finish" and call.name not in self.tools:
            raise ActionSchemaError(
                f'there is no {call.name:.40}: write do(action="…") or finish(message="…")'
            )
        return super().meant(call, reading)


class AutoGlmDialect:
    """AutoGLM-Phone.

    Args:
        tools: What can be called: each is one more line of the operations.
        language: Which of the published prompts: the English one lists fewer operations.
        today: The date that the prompt names; None: it names none, so that a prompt does not
            change from one day to the next.
    """

    name = "autoglm"
    space = Space.REL1000
    pictures: int | None = 1
    stops: tuple[str, ...] = ()
    _finals: ClassVar[frozenset[str]] = frozenset({"text", "message", "instruction", "app"})

    def __init__(
        self,
        tools: Tools = (),
        *,
        language: Literal["zh", "en"] = "zh",
        today: date | None = None,
    ) -> None:
        self._chinese, self._today = language == "zh", today
        if language not in ("zh", "en"):
            raise ValueError(f"the language of the prompt is zh or en, not {language!r}")
        self.calls = _Doing(_VOCABULARY, tools, quote='"', taken={"do"})
        names = "|".join(map(re.escape, ["do", "finish", *self.calls.tools]))
        example = 'do(action="Tap", element=[x,y])'
        self._form = Form("answer", alone(names), "", self._finals, example)

    def messages(self, goal: str, past: Sequence[Turn], now: Image) -> list[Message]:
        """System turn, then replies in turns; only the current picture is shown."""
        messages = [Message("system", tuple(self._system()))]
        lead = goal
        for turn in past:
            messages.append(Message.of("user", lead))
            messages.append(Message.of("assistant", Marked(self._kept(turn.reply))))
            lead = f"** Screen Info **\n\n{json.dumps(self._told(turn), ensure_ascii=False)}"
        shown = past[-1].shown if past else ()
        return [*messages, Message.of("user", *shown, now, lead)]

    def _system(self) -> Iterator[Part]:
        if self._today is not None:
            day = self._today
            weekday = _WEEKDAYS[day.weekday()]
            chinese = f"今天的日期是: {day.year}年{day.month:02d}月{day.day:02d}日 {weekday[0]}\n"
            english = f"The current date: {day:%Y-%m-%d}, {weekday[1]}\n"
            yield Marked(chinese if self._chinese else english)
        text = prompts.CHINESE if self._chinese else prompts.ENGLISH
        before, after = text.split("@@TOOLS@@")
        yield Marked(before)
        for line in self.calls.tool_lines():
            yield Text(f"- {line}\n")
        yield Marked(after)

    def _told(self, turn: Turn) -> dict[str, str]:
        told = noted(turn)
        if told and _MARKED.search(turn.reply):
            may = (
                "用户同意后，请执行不带 message 的 Tap。"
                if self._chinese
                else "If the user agrees, do the Tap without message."
            )
            told = f"{told} {may}"
        return {"result": told} if told else {}

    def _kept(self, reply: str) -> str:
        """Give a reply as the history keeps it: thought and answer side by side."""
        think, closed, rest = reply.partition("</think>")
        if not closed or not rest.lstrip().startswith("<answer>"):
            return reply
        return f"{think}</think>{rest.lstrip()}"

    def parse(self, reply: str, frame: Frame) -> Parsed:
        """Read the thought and the action."""
        reading = Reading(reply, frame, self.space)
        call, thought = tagged_call(reading, self._form)
        return reading.parsed(self.calls.meant(call, reading), thought)

    def render(self, action: Action, frame: Frame, thought: str = "") -> str:
        """Write thought and action."""
        said = self.calls.said(action, frame, self.space)
        return f"<think>{thought}</think>\n<answer>{said}</answer>"

    def grammar(self, frame: Frame, actions: Container[str] | None = None) -> str | None:
        """A thought, then one call."""
        lark = Lark()
        call = self.calls.lark(lark, frame, self.space, actions)
        think, thought = quoted("<think>"), quoted("</think>")
        return lark.made(f'{think} {lark.thought()}? {thought} "\\n<answer>" {call} "</answer>"')
