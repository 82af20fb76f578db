"""GUI-Owl: the model of Mobile-Agent-v3 (on Qwen2.5-VL), and GUI-Owl-1.5 (on Qwen3-VL).

GUI-Owl thinks in ``<thinking>``, calls, and sums up in ``<conclusion>``; it writes pixels of the
resized picture, and sees the last two screenshots: on a phone in turns, on a desktop after the
steps in words, each by its summary. GUI-Owl-1.5 says its next action in a line and calls; it writes
thousandths, and is shown the last four rounds in turns, what was before in words.

The date that the runner of GUI-Owl-1.5 puts before the instruction on a phone is left out: a prompt
is the same whenever an episode is replayed. Who needs it writes it into the goal. The browser
variant, which names elements by labels instead of points, is left out as well.

Source: X-PLUG/MobileAgent, prompts word for word (see `gui_owl_prompts`); GUI-Owl-1.5's functions
for phones are printed with bare line feeds, as its runner does.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...model.chat import Image, Marked, Message, Part, Text
from .. import schema as a
from ..geometry import Frame, Space
from ..schema import parse_action
from . import computer_use as pc
from . import gui_owl_prompts as prompts
from . import mobile_use as mobile
from .base import Tools, Turn, aside
from .computer_use_prompts import HELPFUL
from .hermes import TOOLS_TEXT, HermesDialect, told, tool_line
from .history import in_turns
from .kinds import ChoiceKind, FlagKind, KeysKind, NumberKind, TextKind
from .lark import Lark
from .shared_verbs import answered
from .verbs import Arg, Given, Verb, Vocabulary, heard, may, unsaid

_HELP = "The model needs your help on the screen."
"""What is asked where the model asks without words."""


def _notches(given: Given) -> Mapping[str, Any]:
    point = {} if "coordinate" not in given else {"point": given["coordinate"]}
    return {"dy": -given["pixels"], **point}


def _pulled(scroll: a.Scroll) -> Given:
    return {"pixels": -scroll.delta[1], "coordinate": scroll.point}


_FLAG = FlagKind(number=True)
_COMPUTER = Vocabulary(
    "gui-owl",
    [
        pc.clicks("click", "left", 1),
        pc.clicks("right_click", "right", 1),
        pc.clicks("middle_click", "middle", 1),
        pc.clicks("double_click", "left", 2),
        Verb(
            "type",
            a.Type,
            {
                "text": Arg(TextKind(), "text"),
                "clear": may(_FLAG, "clear", written=True),
                "enter": may(_FLAG, "submit", written=True),
            },
        ),
        Verb("key", a.Key, {"keys": Arg(KeysKind(), "keys")}),
        Verb("mouse_move", a.Move, {"coordinate": Arg(pc.POINT, "point")}),
        Verb(
            "drag",
            a.Drag,
            {"coordinate": Arg(pc.POINT, "start"), "coordinate2": Arg(pc.POINT, "end")},
        ),
        Verb(
            "scroll",
            a.Scroll,
            {"pixels": Arg(NumberKind(-5, 5, zero=False)), "coordinate": may(pc.POINT)},
            build=_notches,
            pull=_pulled,
        ),
        mobile.WAIT,
        mobile.TERMINATE,
    ],
)
_PHONE = [
    mobile.CLICK,
    mobile.LONG_PRESS,
    mobile.SWIPE,
    mobile.TYPE,
    mobile.BUTTON,
    mobile.KEY,
    mobile.OPEN,
    mobile.WAIT,
]


class GuiOwlDialect(HermesDialect):
    """GUI-Owl, on a phone or a desktop."""

    name = "gui-owl"
    space = Space.IMAGE
    pictures = 2
    several = False
    before = ("<thinking>\n", "\n</thinking>\n")

    def __init__(self, tools: Tools = (), *, phone: bool = False) -> None:
        """Choose the function by what it works on.

        Raises:
            ValueError: A tool has the name of that function.
        """
        self.phone = phone
        self.function = "mobile_use" if phone else "computer_use"
        self.vocabulary = (
            Vocabulary("gui-owl", [*_PHONE, mobile.TERMINATE, unsaid(mobile.ANSWER)])
            if phone
            else _COMPUTER
        )
        super().__init__(tools)

    def messages(self, goal: str, past: Sequence[Turn], now: Image) -> list[Message]:
        """System turn with the function, then the goal, screenshots and replies in turns or words.

        On a desktop all is in one user turn: it ends with the last screenshot and the current one.
        """
        size = f"{now.resized.width}x{now.resized.height}"
        described = mobile.function(size, keys=True) if self.phone else prompts.desktop(size)
        system = Message.of("system", f"{HELPFUL}{self.tools_text([described])}")
        if self.phone:
            return [system, *in_turns(_asked_in(prompts.ASK, goal), past, now, told=told)]
        steps = "".join(f"Step {n}: {_summed(turn)}\n" for n, turn in enumerate(past, start=1))
        parts = _asked_in(prompts.ASK_DESKTOP, goal, steps or prompts.NO_STEPS)
        if past:
            if past[-1].image is not None:
                parts += [Text(prompts.SCREENSHOT.format(number=len(past))), past[-1].image]
            parts += past[-1].shown
        return [system, Message.of("user", *parts, Text(prompts.CURRENT), now)]


def _asked_in(template: str, goal: str, steps: str = "") -> list[Part]:
    """Fill a template in: its own words may name tokens, what is filled in may not."""
    filled = {"{goal}": Text(goal), "{steps}": Text(steps)}
    pieces = re.split(r"(\{goal\}|\{steps\})", template)
    return [filled.get(piece) or Marked(piece) for piece in pieces if piece]


_SUMMARY = re.compile(r"<conclusion>(.*?)(?:</conclusion>|\Z)", re.DOTALL)
_THOUGHT = re.compile(r"<thinking>(.*?)(?:</thinking>|<tool_call>|\Z)", re.DOTALL)


def _summed(turn: Turn) -> str:
    """Give a round in words: its summary, else its thought, else the reply."""
    found = _SUMMARY.search(turn.reply) or _THOUGHT.search(turn.reply)
    return " ".join((found[1] if found else turn.reply).split()) + aside(turn)


def _asked(given: Given) -> tuple[a.Action, ...]:
    question = given.get("text", "").strip() or _HELP
    return (parse_action({"action": "ask_user", "question": question}),)


_ENDS = [
    Verb(
        "answer",
        a.Answer,
        {"text": Arg(TextKind(), "text")},
        build=lambda given: answered(given["text"]),
        pull=lambda answer: {"text": answer.text},
    ),
    Verb(
        "interact",
        a.AskUser,
        {"text": Arg(mobile.NAME, "question", needed=False)},
        build=_asked,
        pull=lambda ask: {"text": ask.question},
    ),
    mobile.TERMINATE,
]
_SUCCESS = ChoiceKind({"success": True})
_HEARD = [
    unsaid(pc.clicks("click", "left", 1)),
    unsaid(Verb("hotkey", a.Key, {"keys": Arg(KeysKind(), "keys")})),
    unsaid(Verb("drag", a.Drag, {"coordinate": Arg(pc.POINT, "end")})),
    *(
        unsaid(Verb(word, a.Done, {"status": heard(_SUCCESS)}, build=lambda given: {}))
        for word in ("stop", "done")
    ),
    unsaid(Verb("call_user", a.AskUser, {"text": heard(TextKind())}, build=_asked)),
]
"""What the runner for desktops understands besides."""


class GuiOwl15Dialect(HermesDialect):
    """GUI-Owl-1.5, on a phone or a desktop."""

    name = "gui-owl-1.5"
    space = Space.REL1000
    pictures = 5
    before = ("Action: ", "\n")

    def __init__(self, tools: Tools = (), *, phone: bool = False) -> None:
        """Choose the function by what it works on.

        Raises:
            ValueError: A tool has the name of that function.
        """
        self.phone = phone
        self.function = "mobile_use" if phone else "computer_use"
        self.several = not phone
        desktop = [*pc.VERBS, *pc.newer_verbs(said=True)]
        ends = {verb.name for verb in _ENDS}
        verbs = _PHONE if phone else [verb for verb in desktop if verb.name not in ends]
        self.vocabulary = Vocabulary("gui-owl-1.5", [*verbs, *_ENDS, *([] if phone else _HEARD)])
        super().__init__(tools)

    def messages(self, goal: str, past: Sequence[Turn], now: Image) -> list[Message]:
        """System turn; then the goal with old rounds in words, and the last four in turns."""
        kept = next((n for n, turn in enumerate(past) if turn.image is not None), len(past))
        begins = max(len(past) - 4, kept)
        steps = [f"Step {n}: {_step(turn)}" for n, turn in enumerate(past[:begins], start=1)]
        text = prompts.MOVE.format(goal=goal, steps="\n".join(steps) or "None")
        shown = past[begins - 1].shown if begins and begins == len(past) else ()
        system = Message.of("system", f"{self._functions()}{prompts.RESPONSE}")
        return [system, *in_turns([Text(text), *shown], past[begins:], now, told=told)]

    def _functions(self) -> str:
        if not self.phone:
            return self.tools_text([prompts.desktop_15()])
        own = tool_line(prompts.phone_15(), old=True).replace("\\n", "\n")
        lines = (tool_line(tool, old=True) for tool in self.tools.values())
        return TOOLS_TEXT.format(tools="\n".join([own, *lines]))

    def thought_of(self, text: str) -> str:
        """Give the sentence after ``Action:``."""
        return super().thought_of(text).removeprefix("Action:").strip()

    def render(self, action: a.Action, frame: Frame, thought: str = "") -> str:
        """Write the action in a line of words, and the call."""
        return super().render(action, frame, " ".join(thought.split()))

    def grammar_before(self, lark: Lark) -> str:
        """The action in a line of words."""
        return f'("Action: " {lark.thought(line=True)} "\\n")?'


def _step(turn: Turn) -> str:
    """Give a round in words: the sentence after ``Action:``, else the reply."""
    before, tag, _ = turn.reply.partition("<tool_call>")
    said = before.partition("Action:")[2].strip() if tag and "Action:" in before else turn.reply
    return said + aside(turn)
