"""UI-TARS 1.0 and 1.5: a thought, and an action as a function call.

::

    Thought: The search field is at the top.
    Action: click(start_box='<|box_start|>(500,30)<|box_end|>')

1.0 (Qwen2-VL) writes thousandths. The open 1.5 (Qwen2.5-VL) writes pixels of the resized picture
and, whatever its prompt says, ``start_box='(x,y)'``; the hosted versions of 1.5 write thousandths
as ``point='<point>x y</point>'``. All forms of points are understood from all of them.

``scroll`` names the side whose content comes into view; on 1.0's phone it names where the finger
starts and ends. A text that ends in a line feed is submitted. ``wait`` is five seconds.
``finished(content='…')`` answers, and ends. ``call_user()`` has no words for what is asked. The
prompt of 1.0 for desktops has no place for an answer.

Several actions may follow each other in one reply, with an empty line between them.

Source: README and ``codes/ui_tars/prompt.py`` of the project (see `ui_tars_prompts`), its
training example, and the tests of UI-TARS-desktop for the forms of replies.
"""

import re
from collections.abc import Container, Iterator, Sequence
from typing import Any, ClassVar

from ...model.chat import Image, Marked, Message, Part, Text
from ..geometry import Frame, Space
from ..schema import Action
from . import ui_tars_prompts as prompts
from .base import Parsed, Tools, Turn
from .call import Call, CallScanner
from .calls import Calls
from .history import in_turns
from .lark import Lark
from .reading import BEGINS, Reading
from .ui_tars_verbs import BOXES, FIRST, POINTS

MAX_ACTIONS = 50
"""In one reply: more are one thing said over and over."""


class UiTarsDialect:
    """UI-TARS 1.0.

    Args:
        tools: What can be called: each is one more line of the action space.
        phone: The env is a phone.
        language: What its thoughts are in; None: what the published prompt says.
    """

    name = "ui-tars"
    space = Space.REL1000
    pictures: int | None = 5
    stops: tuple[str, ...] = ()
    system: ClassVar[str] = "You are a helpful assistant."
    prompts: ClassVar[tuple[str, str]] = (prompts.DESKTOP_1_0, prompts.PHONE_1_0)
    languages: ClassVar[tuple[str, str]] = ("Chinese", "English")
    after_goal: ClassVar[str] = ""

    def __init__(
        self,
        tools: Tools = (),
        *,
        phone: bool = False,
        language: str | None = None,
    ) -> None:
        self.phone = phone
        self._language = language or self.languages[phone]
        self._tools = tools
        _ = self.calls  # a tool with a name that is taken is told at once

    @property
    def calls(self) -> Calls:
        """Its calls: a prompt for phones has verbs of its own."""
        return Calls(FIRST[self.phone], self._tools)

    def messages(self, goal: str, past: Sequence[Turn], now: Image) -> list[Message]:
        """The prompt with the goal, then pictures and replies in turns."""
        messages = [
            Message.of("system", self.system),
            Message("user", (*self._prompt(), Text(f"{goal}{self.after_goal}"))),
        ]
        return [*messages, *in_turns([], past, now)]

    def _prompt(self) -> Iterator[Part]:
        text = self.prompts[self.phone].replace("@@LANGUAGE@@", self._language)
        lines = "".join(f"{line}\n" for line in self.calls.tool_lines())
        before, after = text.split("@@TOOLS@@")
        yield from (
            (Marked(before), Text(lines), Marked(after)) if lines else (Marked(before + after),)
        )

    def parse(self, reply: str, frame: Frame) -> Parsed:
        """Read the thought and the calls after it."""
        reading = Reading(reply, frame, self.space)
        return read_actions(reading, self.calls)

    def render(self, action: Action, frame: Frame, thought: str = "") -> str:
        """Write thought and action."""
        said = self.calls.said(action, frame, self.space)
        line = " ".join(thought.split())
        return f"Thought: {line}\nAction: {said}" if line else f"Action: {said}"

    def grammar(self, frame: Frame, actions: Container[str] | None = None) -> str | None:
        """A thought of one line, then one call."""
        lark = Lark()
        call = self.calls.lark(lark, frame, self.space, actions)
        thought = f'("Thought: " {lark.thought(line=True)} "\\n")?'
        return lark.made(f'{thought} "Action: " {call}')


class UiTars15Dialect(UiTarsDialect):
    """UI-TARS 1.5: the open checkpoint; with `Space.REL1000` the hosted versions."""

    name = "ui-tars-1.5"
    space = Space.IMAGE
    prompts: ClassVar[tuple[str, str]] = (prompts.DESKTOP_1_5, prompts.PHONE_1_5)
    languages: ClassVar[tuple[str, str]] = ("English", "English")
    after_goal: ClassVar[str] = "\n"

    @property
    def calls(self) -> Calls:
        """Its calls, with points in the form that goes with its units."""
        forms = BOXES if self.space is Space.IMAGE else POINTS
        return Calls(forms[self.phone], self._tools)


_THINK = r"think(?:t|_never_used_[0-9a-f]{1,64})?"
_THINKING = re.compile(rf"\s*<{_THINK}>")
_THINKING_ENDS = re.compile(rf"</{_THINK}>")
_ACTION = re.compile(rf"{BEGINS}Action[ \t]*([:：])", re.MULTILINE)
_AGAIN = re.compile(r"Action[ \t]*[:：]")
_MARKS = re.compile(
    rf"</?(?:{_THINK}|Thought)>|^[ \t]*(?:Thought|Reflection|Action_Summary)[ \t]*[:：]",
    re.MULTILINE,
)
_FENCE = re.compile(r"\s*(?:```[a-z]*\s*)?")


def read_actions(reading: Reading, calls: Calls) -> Parsed:
    """Read a thought and the calls after ``Action:``, or those that stand on lines of their own.

    Raises:
        ActionError: There are none, or there is more than calls.
    """
    names = "|".join(map(re.escape, [*calls.vocabulary.names, *calls.tools]))
    begins, thought_ends = _begins(reading, names, after_thinking(reading))
    actions: list[Action] = []
    for call in _calls(reading, names, begins):
        actions += calls.meant(_filled(call), reading)
    return reading.parsed(tuple(actions), _MARKS.sub("", reading.reply[:thought_ends]))


def after_thinking(reading: Reading) -> int:
    """Give where a thought in tags ends: calls inside it are only thought."""
    text = reading.reply
    opened = _THINKING.match(text)
    ends = _THINKING_ENDS.search(text)
    if ends is not None and (opened or _ACTION.search(text, ends.end())):
        return ends.end()
    if opened:
        reading.fail("the thinking does not end: close its tag, then act", opened.start())
    return 0


def _begins(reading: Reading, names: str, start: int) -> tuple[int, int]:
    """Give where the calls begin and the thought ends."""
    text = reading.reply
    called = re.compile(rf"\s*(?:```[a-z]*\s*)?(?:{names})\s*[(（]")
    marks = list(_ACTION.finditer(text, start))
    # A thought may speak of an action: meant is the first with a call behind it, on a line of its
    # own before one behind a sentence.
    marks.sort(key=lambda mark: mark.start() > 0 and text[mark.start() - 1] != "\n")
    if marks:
        mark = next((m for m in marks if called.match(text, m.end())), marks[0])
        if mark[1] == "：":
            reading.repaired("full-width punctuation", mark.start(1))
        fence = _FENCE.match(text, mark.end())
        return mark.end() if fence is None else fence.end(), mark.start()
    alone = re.compile(rf"^[ \t`]*((?:{names})\s*[(（])", re.MULTILINE).search(text, start)
    if alone is None:
        reading.fail("the reply has no action: write Thought: … and then Action: name(…)", start)
    reading.repaired("no Action:", alone.start(1))
    return alone.start(1), alone.start(1)


def _calls(reading: Reading, names: str, begins: int) -> list[Call]:
    """Read calls one after another, each perhaps with ``Action:`` before it."""
    text = reading.reply
    scanner = CallScanner(reading, begins, reading.without_tail(begins, len(text)))
    if not scanner.peek():
        reading.fail("there is no action after Action:", begins)
    another = re.compile(rf"[)）]\s*(?:Action[ \t]*[:：]\s*)?(?:{names})\s*[(（]")
    found: list[Call] = []
    while scanner.peek():
        if scanner.took(";"):
            continue
        if again := _AGAIN.match(text, scanner.at):
            scanner.at = again.end()
        if len(found) == MAX_ACTIONS:
            reading.fail(f"a reply holds at most {MAX_ACTIONS} actions", scanner.at)
        found.append(scanner.call())
    texts = [v for call in found for v in (*call.args, *call.kwargs.values()) if type(v) is str]
    if reading.noted("quotes in a text") and any(another.search(value) for value in texts):
        reading.fail("a text in quotes holds quotes: write them with a backslash", begins)
    return found


def _filled(call: Call) -> Call:
    """Give a call without times that were left empty, as the prompt shows them."""
    kwargs: dict[str, Any] = {
        name: None if name == "time" and value == "" else value
        for name, value in call.kwargs.items()
    }
    return call._replace(kwargs=kwargs)
