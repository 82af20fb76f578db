"""Qwen2.5-VL's and Qwen3-VL's computer use: one function for mouse and keyboard.

Qwen2.5-VL writes pixels of the resized picture, Qwen3-VL thousandths. A click without a point is at
the pointer, a drag names only its end. The system turn states the picture's size, so it is the same
for a whole episode only while the screen's size is.

Source: the computer-use cookbooks of both, word for word (see `computer_use_prompts`). They ask
once: earlier steps are told in turns, as the chat templates tell what functions returned.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from ...model.chat import Image, Message, Part
from .. import schema as a
from ..geometry import Space
from . import computer_use_prompts as prompts
from .base import Turn
from .hermes import HermesDialect, response
from .history import DROPPED, in_turns
from .kinds import KeysKind, NumberKind, TextKind
from .mobile_use import TERMINATE, TYPE, WAIT
from .points import PointKind
from .verbs import Arg, Given, Verb, Vocabulary, may

NOTCH_PX = 100
"""What one notch of a wheel is taken for: the model counts pixels, and means about so many."""

POINT = PointKind()
PIXELS = NumberKind(-10_000, 10_000, zero=False)
MAY_POINT = {"coordinate": may(POINT, "point")}


def clicks(name: str, button: str, count: int, *, said: bool = True) -> Verb:
    """Give the verb of a button; without a point, the click is where the pointer is."""
    fixed = {"button": button, "count": count}
    return Verb(name, a.Click, MAY_POINT, fixed, said=said)


def wheel(name: str, axis: str, sign: int, *, said: bool = True) -> Verb:
    """A wheel: the model's positive is up (or right); ours is down (or right)."""

    def build(given: Given) -> dict[str, Any]:
        notches = sign * given["pixels"] / NOTCH_PX
        point = {} if "coordinate" not in given else {"point": given["coordinate"]}
        return {axis: notches, **point}

    def pull(scroll: a.Scroll) -> dict[str, Any] | None:
        right, down = scroll.delta
        along = down if axis == "dy" else right
        return {"pixels": sign * along * NOTCH_PX, "coordinate": scroll.point}

    args = {"pixels": Arg(PIXELS), "coordinate": may(POINT)}
    return Verb(name, a.Scroll, args, build=build, pull=pull, said=said)


VERBS = [
    clicks("left_click", "left", 1),
    clicks("right_click", "right", 1),
    clicks("middle_click", "middle", 1),
    clicks("double_click", "left", 2),
    Verb("mouse_move", a.Move, {"coordinate": Arg(POINT, "point")}),
    Verb("left_click_drag", a.Drag, {"coordinate": Arg(POINT, "end")}),
    wheel("scroll", "dy", -1),
    TYPE,
    Verb("key", a.Key, {"keys": Arg(KeysKind(), "keys")}),
    WAIT,
    TERMINATE,
]


def newer_verbs(*, said: bool) -> list[Verb]:
    """What Qwen3-VL was trained in; Qwen2.5-VL is understood if it says it."""
    return [
        clicks("triple_click", "left", 3, said=said),
        wheel("hscroll", "dx", 1, said=said),
        Verb("answer", a.Answer, {"text": Arg(TextKind(), "text")}, said=said),
    ]


def _response(turn: Turn) -> tuple[Part, ...]:
    return response(turn.outcome)


class ComputerUseDialect(HermesDialect):
    """Qwen2.5-VL's ``computer_use``."""

    name = "computer_use"
    function = "computer_use"
    space = Space.IMAGE
    pictures = None
    old = True
    vocabulary = Vocabulary("computer_use", [*VERBS, *newer_verbs(said=False)])

    def messages(self, goal: str, past: Sequence[Turn], now: Image) -> list[Message]:
        """System turn with the functions, then goal, screenshots and replies."""
        before, after = self._asked(goal)
        turns = in_turns(before, past, now, after=after, told=_response, dropped=DROPPED)
        return [Message.of("system", self._system(now)), *turns]

    def _system(self, now: Image) -> str:
        described = prompts.qwen(f"{now.resized.width}x{now.resized.height}")
        return f"{prompts.HELPFUL}{self.tools_text([described])}"

    def _asked(self, goal: str) -> tuple[list[str], list[str]]:
        """Give what stands before the first screenshot, and behind it."""
        return [goal], []


class Qwen3ComputerDialect(ComputerUseDialect):
    """Qwen3-VL's ``computer_use``: points in thousandths.

    Attributes:
        helpful: What stands before the section of functions.
    """

    helpful: ClassVar[str] = prompts.HELPFUL
    name = "qwen3-computer"
    space = Space.REL1000
    old = False
    vocabulary = Vocabulary("computer_use", [*VERBS, *newer_verbs(said=True)])

    def _system(self, now: Image) -> str:
        return f"{self.helpful}{self.tools_text([prompts.qwen3()])}"

    def _asked(self, goal: str) -> tuple[list[str], list[str]]:
        """Give the goal behind the first screenshot."""
        return [], [goal]
