"""Aguvis (Qwen2-VL): Python as action, points as fractions of the picture.

The reply is addressed: after ``<|im_start|>assistant<|recipient|>`` comes ``os`` and code, or
``all`` and a thought. What is already written there when the model begins is the mode::

    grounding    os            only code
    self-plan                  the model chooses whom it speaks to
    force-plan   all, Thought: a thought first

Past steps are told in words, a line each; one picture.

Source: xlang-ai/aguvis, ``src/aguvis/constants.py`` and ``serve/cli.py`` (commit c711282a), prompts
word for word; the header of grounding as its evaluators have it. The prompts do not list how a task
is ended: ``mobile.terminate`` and ``answer`` are those of its training data for phones, by
huggingface/smol2operator, ``preprocessing/action_conversion.py``. Not verified: ``terminate`` on a
desktop.
"""

import json
import re
from collections.abc import Container, Sequence
from typing import Any, Literal, get_args

from ...model.chat import Image, Marked, Message
from .. import schema as a
from ..geometry import Frame, Space
from ..schema import Action
from .base import Parsed, Tools, Turn, noted
from .kinds import TextKind
from .lark import Lark
from .points import PLACE, PointKind
from .pyautogui_verbs import PLACED, SECONDS
from .python_actions import PythonActions
from .reading import Reading
from .shared_verbs import terminate
from .verbs import Arg, Verb, unsaid

Mode = Literal["grounding", "self-plan", "force-plan"]

_SYSTEM = (
    "You are a GUI agent. You are given a task and a screenshot of the screen. You need to perform "
    "a series of pyautogui actions to complete the task."
)
_USER = """Please generate the next move according to the ui screenshot, instruction and previous \
actions.

Instruction: {goal}

Previous actions:
{past}
"""
_HEADERS: dict[Mode, str] = {
    "grounding": "<|recipient|>os\n",
    "self-plan": "<|recipient|>",
    "force-plan": "<|recipient|>all\nThought: ",
}


def _function(name: str, description: str, **parameters: tuple[str, str]) -> dict[str, Any]:
    """Describe a function as the prompt does; each parameter: its type and what it is."""
    if not parameters:
        return {"name": name, "description": description}
    items = {"items": {"type": "number"}}
    properties = {
        key: {"type": kind, **(items if kind == "array" else {}), "description": text}
        for key, (kind, text) in parameters.items()
    }
    schema = {"type": "object", "properties": properties, "required": list(parameters)}
    return {"name": name, "description": description, "parameters": schema}


_PHONE = [
    _function(
        "mobile.swipe",
        "Swipe on the screen",
        from_coord=("array", "The starting coordinates of the swipe"),
        to_coord=("array", "The ending coordinates of the swipe"),
    ),
    _function("mobile.home", "Press the home button"),
    _function("mobile.back", "Press the back button"),
    _function(
        "mobile.wait",
        "wait for the change to happen",
        seconds=("number", "The seconds to wait"),
    ),
    _function(
        "mobile.long_press",
        "Long press on the screen",
        x=("number", "The x coordinate of the long press"),
        y=("number", "The y coordinate of the long press"),
    ),
    _function(
        "mobile.open_app",
        "Open an app on the device",
        app_name=("string", "The name of the app to open"),
    ),
]

_TOUCH = [
    Verb(
        "mobile.swipe",
        a.Swipe,
        {"from_coord": Arg(PointKind(), "start"), "to_coord": Arg(PointKind(), "end")},
    ),
    Verb("mobile.home", a.Home),
    Verb("mobile.back", a.Back),
    Verb("mobile.wait", a.Wait, {"seconds": Arg(SECONDS, "seconds")}),
    Verb("mobile.long_press", a.LongPress, {PLACE: Arg(PLACED, "point")}),
    Verb("mobile.open_app", a.OpenApp, {"app_name": Arg(TextKind(), "name")}),
]
_ANSWER = Verb("answer", a.Answer, {"answer": Arg(TextKind(), "text")})

_TO_OS = re.compile(
    r"^(?:<\|im_start\|>)?(?:assistant)?(?:<\|recipient\|>)?os[ \t]*$", re.MULTILINE
)
_CALL = re.compile(r"^(?:pyautogui|mobile|browser|computer|time)\.[A-Za-z]", re.MULTILINE)
_MARKS = re.compile(r"^(?:<\|recipient\|>)?all[ \t]*\n|^Thought:|<\|[a-z_]+\|>|^```\w*\n?$", re.M)
_ACTION = re.compile(r"^Action:(.*)$", re.MULTILINE)


class AguvisDialect:
    """Aguvis' code, on a desktop or a phone."""

    name = "aguvis"
    space = Space.REL1
    pictures: int | None = 1
    stops = ("<|diff_marker|>",)

    def __init__(self, tools: Tools = (), *, phone: bool = False, mode: Mode = "self-plan") -> None:
        """Choose the prompt.

        Args:
            tools: Listed as more functions, and called like them.
            phone: Whether the env is a phone.
            mode: What the reply begins with.

        Raises:
            ValueError: There is no such mode, or a tool has the name of a call.
        """
        if mode not in get_args(Mode):
            raise ValueError(f"there is no mode {mode!r}; there are {', '.join(get_args(Mode))}")
        self.mode: Mode = mode
        touch = _TOUCH if phone else [unsaid(verb) for verb in _TOUCH]
        ends = [
            _ends("mobile.terminate", said=phone),
            _ends("terminate", said=not phone),
            _ANSWER,
        ]
        self._code = PythonActions(self.name, [*touch, *ends], tools, pages=True)
        self._functions = [*(_PHONE if phone else []), *(dict(tool) for tool in tools)]
        plain = "|".join(["terminate", "answer", *map(re.escape, self._code.tools)])
        self._begins = re.compile(rf"{_CALL.pattern}|^(?:{plain})\(", re.MULTILINE)

    def messages(self, goal: str, past: Sequence[Turn], now: Image) -> list[Message]:
        """System turn, picture and words in one user turn, and the header of the reply."""
        system = _SYSTEM
        if self._functions:
            lines = "".join(f"- {json.dumps(function)}\n" for function in self._functions)
            system += f"\n\nYou have access to the following functions:\n{lines}"
        steps = "\n".join(
            f"Step {number}: {_told(turn)}" for number, turn in enumerate(past, start=1)
        )
        shown = past[-1].shown if past else ()
        return [
            Message.of("system", system),
            Message.of("user", *shown, now, _USER.format(goal=goal, past=steps or "None")),
            Message("assistant", (Marked(_HEADERS[self.mode]),), head=""),
        ]

    def parse(self, reply: str, frame: Frame) -> Parsed:
        """Read the code that ends a reply: all that is addressed to ``os``, else all calls."""
        reading = Reading(reply, frame, self.space)
        begins = _TO_OS.search(reply)
        begins = begins or self._begins.search(reply)
        if begins is None:
            reading.fail(
                "the reply holds no action: write code on a line of its own, such as "
                "pyautogui.click(x=0.5, y=0.25)",
                len(reply),
            )
        at = begins.start() if self._begins.match(reply, begins.start()) else begins.end()
        actions, end = self._code.read(reading, at)
        if reply.startswith("```", end):
            reading.repaired("code fence", end)
            if reply[end + 3 :].strip():
                reading.fail("there is more text after the code: end with the code", end + 3)
        return reading.parsed(actions, _MARKS.sub("", reply[: begins.start()]))

    def render(self, action: Action, frame: Frame, thought: str = "") -> str:
        """Write the code, after a thought where the mode has one."""
        code = self._code.said(action, frame, self.space)
        line = " ".join(thought.split())
        alone = self.mode == "self-plan"
        if self.mode == "grounding" or not line:
            return f"os\n{code}" if alone else code
        planned = f"{line}\nAction: {line}\n{code}"
        return f"all\nThought: {planned}" if alone else planned

    def grammar(self, frame: Frame, actions: Container[str] | None = None) -> str | None:
        """A thought where the mode has one, one to five calls, and the mark that ends them."""
        lark = Lark()
        call = self._code.lark(lark, frame, self.space, actions)
        line = lark.thought(line=True)
        planned = f'{line} "\\nAction: " {line} "\\n"'
        before = {
            "grounding": "",
            "self-plan": f'("os\\n" | "all\\nThought: " {planned})',
            "force-plan": planned,
        }
        return lark.made(f'{before[self.mode]} {call} ("\\n" {call}){{0,4}} <|diff_marker|>?')


def _ends(name: str, *, said: bool) -> Verb:
    verb = terminate(name, also=("fail",))
    return verb if said else unsaid(verb)


def _told(turn: Turn) -> str:
    """Give a past step on one line: its sentence, else its code, and what came of it."""
    found = _ACTION.search(turn.reply)
    begins = None if found else _TO_OS.match(turn.reply)
    said = found[1] if found else turn.reply[begins.end() if begins else 0 :]
    told = noted(turn)
    return " ".join(f"{said} ({told})".split() if told else said.split())
