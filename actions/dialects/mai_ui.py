"""MAI-UI (on Qwen3-VL): phones, in 999ths of the picture.

It thinks in ``<thinking>`` and calls ``mobile_use``, whose verbs are its own. A swipe names the
direction of the finger, and perhaps where; a drag names both ends. All earlier replies are kept,
and the last three screenshots.

Source: Tongyi-MAI/MAI-UI, the prompt word for word (see `mai_ui_prompts`). Not verified: how far
its swipe goes.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ...model.chat import Image, Message
from .. import schema as a
from ..errors import ActionError
from ..geometry import Frame, Point, Space
from . import mai_ui_prompts as prompts
from .base import Turn
from .hermes import HermesDialect, told
from .history import in_turns
from .kinds import ChoiceKind, TextKind
from .lark import Lark
from .mobile_use import ANSWER, NAME, TYPE, WAIT
from .points import PointKind
from .reading import Reading
from .shared_verbs import terminate
from .verbs import Arg, Given, Verb, Vocabulary, heard, may

_REACH = 0.4
"""How far a swipe goes, in parts of the screen's width or height."""
_LEAST = 0.1
"""How far at least: near the edge it then begins earlier."""

_WAYS = {"up": (0, -1), "down": (0, 1), "left": (-1, 0), "right": (1, 0)}


class _Way(NamedTuple):
    """A direction of the finger on a screen."""

    sign: tuple[int, int]
    frame: Frame

    def swipe(self, point: Point | None) -> Mapping[str, Any]:
        """Give both ends of a swipe from a point, else from the middle."""
        size = self.frame.physical
        start = point or Point(size.width / 2, size.height / 2)
        ends = [
            _stroke(at, length, sign)
            for at, length, sign in zip(start, size, self.sign, strict=True)
        ]
        return {"start": Point(*(one for one, _ in ends)), "end": Point(*(two for _, two in ends))}


def _stroke(at: float, length: float, sign: int) -> tuple[float, float]:
    """Give where a swipe begins and ends on one axis."""
    if not sign:
        return at, at
    room = length - at if sign > 0 else at
    reach = max(min(_REACH * length, room), _LEAST * length)
    end = min(max(at + sign * reach, 0.0), float(length))
    return end - sign * reach, end


class _FingerKind:
    """The word for a direction, and the screen that it is a direction on."""

    def read(self, value: Any, reading: Reading, name: str, at: int) -> _Way:
        """Give the direction on the screen that the reply is about."""
        return _Way(_WORDS.read(value, reading, name, at), reading.frame)

    def write(self, value: Any, frame: Frame, space: Space) -> Any:
        """Never said: a swipe is written as a drag, which names both ends."""
        raise ActionError("a swipe is written by its two ends")

    def schema(self, frame: Frame, space: Space) -> dict[str, Any]:
        """One of the words."""
        return _WORDS.schema(frame, space)

    def lark(self, lark: Lark, frame: Frame, space: Space, quote: str) -> str:
        """One of the words, in quotes."""
        return _WORDS.lark(lark, frame, space, quote)


_WORDS = ChoiceKind(_WAYS)
_POINT = PointKind(boxes=True)
_BUTTONS = {
    "back": a.Back(),
    "home": a.Home(),
    "menu": a.AppSwitch(),
    "enter": a.Key(keys="enter"),
}


def _swiped(given: Given) -> Mapping[str, Any]:
    way: _Way = given["direction"]
    return way.swipe(given.get("coordinate"))


_VERBS = [
    Verb("click", a.Click, {"coordinate": Arg(_POINT, "point")}),
    Verb("double_click", a.Click, {"coordinate": Arg(_POINT, "point")}, {"count": 2}),
    Verb("long_press", a.LongPress, {"coordinate": Arg(_POINT, "point")}),
    TYPE,
    Verb(
        "swipe",
        a.Swipe,
        {"direction": Arg(_FingerKind()), "coordinate": may(_POINT)},
        build=_swiped,
        pull=lambda swipe: None,
    ),
    Verb(
        "drag",
        a.Swipe,
        {"start_coordinate": Arg(_POINT, "start"), "end_coordinate": Arg(_POINT, "end")},
    ),
    Verb("open", a.OpenApp, {"text": Arg(NAME, "name")}),
    Verb(
        "system_button",
        (a.Back, a.Home, a.AppSwitch, a.Key),
        {"button": Arg(ChoiceKind(_BUTTONS))},
        build=lambda given: (given["button"],),
        pull=lambda action: {"button": action},
    ),
    Verb("wait", a.Wait, {"time": heard(WAIT.args["time"].kind, "seconds")}),
    terminate("terminate", "fail"),
    ANSWER,
    Verb("ask_user", a.AskUser, {"text": Arg(TextKind(NAME.pattern), "question")}),
]


class MaiUiDialect(HermesDialect):
    """MAI-UI."""

    name = "mai-ui"
    function = "mobile_use"
    space = Space.REL999
    pictures = 3
    several = False
    before = ("<thinking>\n", "\n</thinking>\n")
    vocabulary = Vocabulary("mai-ui", _VERBS)

    def messages(self, goal: str, past: Sequence[Turn], now: Image) -> list[Message]:
        """System turn with the verbs, the goal, then screenshots and replies in turns."""
        lines = "\n".join(json.dumps(tool, ensure_ascii=False) for tool in self.tools.values())
        listed = prompts.TOOLS.replace("<TOOLS>", lines) if lines else ""
        system = f"{prompts.SYSTEM}{listed}{prompts.NOTE}"
        return [
            Message.of("system", system),
            Message.of("user", goal),
            *in_turns([], past, now, told=told),
        ]
