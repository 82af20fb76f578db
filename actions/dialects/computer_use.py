"""Qwen2.5-VL's and Qwen3-VL's computer use: one function for mouse and keyboard.

Qwen2.5-VL writes pixels of the resized picture, Qwen3-VL thousandths. A click without a point is at
the pointer, a drag names only its end. The system turn states the picture's size, so it is the same
for a whole episode only while the screen's size is.

Source: the computer-use cookbook of Qwen2.5-VL, word for word. Not verified: Qwen3-VL's description
of its function, which is not published as a whole; what it can do is.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ...model.chat import Image, Message
from .. import schema as a
from ..geometry import Space
from .base import Turn
from .hermes import HermesDialect
from .kinds import KeysKind, NumberKind, PointKind, TextKind
from .mobile_use import TERMINATE, TYPE, WAIT
from .verbs import Arg, Given, Verb, Vocabulary, may

NOTCH_PX = 100
"""What one notch of a wheel is taken for: the model counts pixels, and means about so many."""

_DESCRIPTION = """Use a mouse and keyboard to interact with a computer, and take screenshots.
* This is an interface to a desktop GUI. You do not have access to a terminal or applications \
menu. You must click on desktop icons to start applications.
* Some applications may take time to start or process actions, so you may need to wait and take \
successive screenshots to see the results of your actions. E.g. if you click on Firefox and a \
window doesn't open, try wait and taking another screenshot.
* The screen's resolution is {size}.
* Whenever you intend to move the cursor to click on an element like an icon, you should consult a \
screenshot to determine the coordinates of the element before moving the cursor.
* If you tried clicking on a program or link but it failed to load, even after waiting, try \
adjusting your cursor position so that the tip of the cursor visually falls on the element that \
you want to click.
* Make sure to click any buttons, links, icons, etc with the cursor tip in the center of the \
element. Don't click boxes on their edges unless asked."""

DOES = {
    "key": "Performs key down presses on the arguments passed in order, then performs key releases "
    "in reverse order.",
    "type": "Type a string of text on the keyboard.",
    "mouse_move": "Move the cursor to a specified (x, y) pixel coordinate on the screen.",
    "left_click": "Click the left mouse button.",
    "left_click_drag": "Click and drag the cursor to a specified (x, y) pixel coordinate on the "
    "screen.",
    "right_click": "Click the right mouse button.",
    "middle_click": "Click the middle mouse button.",
    "double_click": "Double-click the left mouse button.",
    "scroll": "Performs a scroll of the mouse scroll wheel.",
    "wait": "Wait specified seconds for the change to happen.",
    "terminate": "Terminate the current task and report its completion status.",
}
"""What the prompt says of each action."""
_NEWER = {
    "triple_click": "Triple-click the left mouse button.",
    "hscroll": "Performs a horizontal scroll.",
    "answer": "Answer a question.",
}
NEWER_DOES = {
    name: {**DOES, **_NEWER}[name]
    for name in (
        "key", "type", "mouse_move", "left_click", "left_click_drag", "right_click",
        "middle_click", "double_click", "triple_click", "scroll", "hscroll", "wait", "terminate",
        "answer",
    )
}  # fmt: skip
"""The same for Qwen3-VL."""


def function(
    size: str, does: Mapping[str, str] = DOES, also: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Describe ``computer_use``.

    Args:
        size: What the prompt says of the screen's resolution.
        does: The actions, with what is said of each.
        also: Further arguments, as JSON Schema.
    """
    lines = "".join(f"\n* `{name}`: {what}" for name, what in does.items())
    properties: dict[str, Any] = {
        "action": {
            "description": f"The action to perform. The available actions are:{lines}",
            "enum": [*does],
            "type": "string",
        },
        "keys": {"description": "Required only by `action=key`.", "type": "array"},
        "text": {"description": _only(does, "type", "answer", "interact"), "type": "string"},
        "coordinate": {
            "description": "(x, y): The x (pixels from the left edge) and y (pixels from the top "
            "edge) coordinates to move the mouse to. Required only by `action=mouse_move` and "
            "`action=left_click_drag`.",
            "type": "array",
        },
        "pixels": {
            "description": "The amount of scrolling to perform. Positive values scroll up, "
            f"negative values scroll down. {_only(does, 'scroll', 'hscroll')}",
            "type": "number",
        },
        "time": {
            "description": "The seconds to wait. Required only by `action=wait`.",
            "type": "number",
        },
        "status": {
            "description": "The status of the task. Required only by `action=terminate`.",
            "type": "string",
            "enum": ["success", "failure"],
        },
    }
    return {
        "name": "computer_use",
        "description": _DESCRIPTION.format(size=size),
        "parameters": {
            "properties": {**properties, **(also or {})},
            "required": ["action"],
            "type": "object",
        },
    }


def _only(does: Mapping[str, str], *names: str) -> str:
    """Say which of some actions an argument is for."""
    *first, last = [f"`action={name}`" for name in names if name in does]
    return f"Required only by {' and '.join([*filter(None, [', '.join(first)]), last])}."


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
        messages = [Message.of("system", self._system(now))]
        lead: list[str | Image] = [goal]
        for turn in past:
            seen = turn.image or "(this picture is no longer kept)"
            messages.append(Message.of("user", *lead, seen))
            messages.append(Message.of("assistant", turn.reply))
            lead = [f"<tool_response>\n{turn.outcome}\n</tool_response>", *turn.shown]
        messages.append(Message.of("user", *lead, now))
        return messages

    def _system(self, now: Image) -> str:
        described = function(f"{now.resized.width}x{now.resized.height}")
        return f"You are a helpful assistant.\n\n{self.tools_text([described])}"


class Qwen3ComputerDialect(ComputerUseDialect):
    """Qwen3-VL's ``computer_use``: points in thousandths."""

    name = "qwen3-computer"
    space = Space.REL1000
    old = False
    vocabulary = Vocabulary("computer_use", [*VERBS, *newer_verbs(said=True)])

    def _system(self, now: Image) -> str:
        return self.tools_text([function("1000x1000", NEWER_DOES)])
