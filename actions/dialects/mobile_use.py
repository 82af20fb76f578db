"""Qwen2.5-VL's and Qwen3-VL's mobile use: one function for a touch screen.

Qwen2.5-VL writes pixels of the resized picture, Qwen3-VL 999ths. Both see one screenshot at a time
and are told the past in words.

Source: the mobile-agent cookbooks of Qwen2.5-VL and Qwen3-VL, word for word.
"""

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from ...model.chat import Image, Message
from .. import schema as a
from ..geometry import Space
from .base import Turn, aside
from .hermes import HermesDialect
from .kinds import ChoiceKind, KeysKind, NumberKind, TextKind
from .lark import Lark
from .points import PointKind
from .shared_verbs import terminate
from .verbs import Arg, Verb, Vocabulary, may, unsaid

_DESCRIPTION = """Use a touchscreen to interact with a mobile device, and take screenshots.
* This is an interface to a mobile device with touchscreen. You can perform actions like \
clicking, typing, swiping, etc.
* Some applications may take time to start or process actions, so you may need to wait and take \
successive screenshots to see the results of your actions.
* The screen's resolution is {size}.
* Make sure to click any buttons, links, icons, etc with the cursor tip in the center of the \
element. Don't click boxes on their edges unless asked."""

_KEY = """
* `key`: Perform a key event on the mobile device.
    - This supports adb's `keyevent` syntax.
    - Examples: "volume_up", "volume_down", "power", "camera", "clear"."""
_ACTIONS = """The action to perform. The available actions are:{key}
* `click`: Click the point on the screen with coordinate (x, y).
* `long_press`: Press the point on the screen with coordinate (x, y) for specified seconds.
* `swipe`: Swipe from the starting point with coordinate (x, y) to the end point with coordinates2 \
(x2, y2).
* `type`: Input the specified text into the activated input box.{answer}
* `system_button`: Press the system button.{open}
* `wait`: Wait specified seconds for the change to happen.
* `terminate`: Terminate the current task and report its completion status."""
_OPEN = "\n* `open`: Open an app on the device."
_ANSWER = "\n* `answer`: Output the answer."

_TO_MOVE = (
    "(x, y): The x (pixels from the left edge) and y (pixels from the top edge) coordinates to "
    "move the mouse to. Required only by "
)

POINT = PointKind()
NAME = TextKind(r"[^\x00-\x1f\x7f-\x9f]{1,200}")
"""A text of one line that is not empty."""
BUTTONS = {
    "Back": a.Back(),
    "Home": a.Home(),
    "Menu": a.AppSwitch(),
    "Enter": a.Key(keys="enter"),
}
"""System buttons. Menu: "opening the application background menu", the list of open apps."""

CLICK = Verb("click", a.Click, {"coordinate": Arg(POINT, "point")})
LONG_PRESS = Verb(
    "long_press",
    a.LongPress,
    {"coordinate": Arg(POINT, "point"), "time": may(NumberKind(0.1, 10), "seconds", written=True)},
)
SWIPE = Verb(
    "swipe", a.Swipe, {"coordinate": Arg(POINT, "start"), "coordinate2": Arg(POINT, "end")}
)
TYPE = Verb("type", a.Type, {"text": Arg(TextKind(), "text")})
BUTTON = Verb(
    "system_button",
    (a.Back, a.Home, a.AppSwitch, a.Key),
    {"button": Arg(ChoiceKind(BUTTONS))},
    build=lambda given: (given["button"],),
    pull=lambda action: {"button": action},
)
KEY = Verb("key", a.Key, {"text": Arg(KeysKind("+"), "keys")})
OPEN = Verb("open", a.OpenApp, {"text": Arg(NAME, "name")})
WAIT = Verb("wait", a.Wait, {"time": may(NumberKind(0.001, 60), "seconds", written=True)})
ANSWER = Verb("answer", a.Answer, {"text": Arg(TextKind(), "text")})
TERMINATE = terminate("terminate")


def function(size: str, *, keys: bool) -> dict[str, Any]:
    """Describe ``mobile_use``.

    Args:
        size: What the prompt says of the screen's resolution.
        keys: Whether there are ``key`` and ``open`` (Qwen2.5-VL), or ``answer`` (Qwen3-VL).
    """
    actions = _ACTIONS.format(
        key=_KEY if keys else "", open=_OPEN if keys else "", answer="" if keys else _ANSWER
    )
    verbs = (
        ["key", "click", "long_press", "swipe", "type", "system_button", "open", "wait"]
        if keys
        else ["click", "long_press", "swipe", "type", "answer", "system_button", "wait"]
    )
    text = (
        "`action=key`, `action=type`, and `action=open`"
        if keys
        else "`action=type` and `action=answer`"
    )
    clicks = "`action=click`, `action=long_press`, and `action=swipe`."
    buttons = (
        "Back means returning to the previous interface, Home means returning to the desktop, Menu "
        "means opening the application background menu, and Enter means pressing the enter. "
        "Required only by `action=system_button`"
    )
    seconds = "The seconds to wait. Required only by `action=long_press` and `action=wait`."
    status = "The status of the task. Required only by `action=terminate`."
    return {
        "name": "mobile_use",
        "description": _DESCRIPTION.format(size=size),
        "parameters": {
            "properties": {
                "action": {
                    "description": actions,
                    "enum": [*verbs, "terminate"],
                    "type": "string",
                },
                "coordinate": {"description": f"{_TO_MOVE}{clicks}", "type": "array"},
                "coordinate2": {"description": f"{_TO_MOVE}`action=swipe`.", "type": "array"},
                "text": {"description": f"Required only by {text}.", "type": "string"},
                "time": {"description": seconds, "type": "number"},
                "button": {"description": buttons, "enum": [*BUTTONS], "type": "string"},
                "status": {
                    "description": status,
                    "type": "string",
                    "enum": ["success", "failure"],
                },
            },
            "required": ["action"],
            "type": "object",
        },
    }


class MobileUseDialect(HermesDialect):
    """Qwen2.5-VL's ``mobile_use``."""

    name = "mobile_use"
    function = "mobile_use"
    space = Space.IMAGE
    old = True
    vocabulary = Vocabulary(
        "mobile_use",
        [CLICK, LONG_PRESS, SWIPE, TYPE, BUTTON, KEY, OPEN, WAIT, TERMINATE, unsaid(ANSWER)],
    )

    def messages(self, goal: str, past: Sequence[Turn], now: Image) -> list[Message]:
        """System turn with the function; then goal, past and picture in one user turn."""
        functions = [function(f"{now.resized.width}x{now.resized.height}", keys=True)]
        system = f"You are a helpful assistant.\n\n{self.tools_text(functions)}"
        steps = "".join(
            f"Step {number}: {said_call(turn.reply)}{aside(turn)}; "
            for number, turn in enumerate(past, start=1)
        )
        query = (
            f"The user query:  {goal}\nTask progress (You have done the following operation on "
            f"the current device): {steps}"
        )
        shown = past[-1].shown if past else ()
        return [Message.of("system", system), Message.of("user", query, *shown, now)]


_BREAK = re.compile(r"\s*[\r\n]\s*")


def said_call(reply: str) -> str:
    """Give what stands in the tags of a reply, in one line; the reply where it has none."""
    call = reply.rpartition("<tool_call>")[2].partition("</tool_call>")[0].strip()
    return _BREAK.sub(" ", call or reply.strip())


_RESPONSE = """

# Response format

Response format for every step:
1) Thought: one concise sentence explaining the next move (no multi-step reasoning).
2) Action: a short imperative describing what to do in the UI.
3) A single <tool_call>...</tool_call> block{block}.

Rules:
- Output exactly in the order: Thought, Action, <tool_call>.
- Be brief: one sentence for Thought, one for Action.
- Do not output anything else outside those three parts.
- If finishing, use action=terminate in the tool call."""


class Qwen3MobileDialect(HermesDialect):
    """Qwen3-VL's ``mobile_use``: points in 999ths, and a thought and an action in words."""

    name = "qwen3-mobile"
    function = "mobile_use"
    space = Space.REL999
    several = False
    block: ClassVar[str] = (
        ' containing only the JSON: {"name": <function-name>, "arguments": <args-json-object>}'
    )
    vocabulary = Vocabulary(
        "mobile_use",
        [
            CLICK,
            LONG_PRESS,
            SWIPE,
            TYPE,
            ANSWER,
            BUTTON,
            WAIT,
            TERMINATE,
            *map(unsaid, (KEY, OPEN)),
        ],
    )

    def messages(self, goal: str, past: Sequence[Turn], now: Image) -> list[Message]:
        """System turn with the function; then goal, past and picture in one user turn."""
        functions = [function("999x999", keys=False)]
        response = _RESPONSE.replace("{block}", self.block)
        steps = "".join(
            f"Step {number}: {said_action(turn.reply)}{aside(turn)}; "
            for number, turn in enumerate(past, start=1)
        )
        query = (
            f"The user query: {goal}.\nTask progress (You have done the following operation on "
            f"the current device): {steps}.\n"
        )
        shown = past[-1].shown if past else ()
        return [
            Message.of("system", f"\n\n{self.tools_text(functions)}{response}"),
            Message.of("user", query, *shown, now),
        ]

    def render(self, action: a.Action, frame: Any, thought: str = "") -> str:
        """Write thought, action in words, and the call."""
        said = super().render(action, frame)
        line = " ".join(thought.split())
        return f"Thought: {line}\nAction: {line}\n{said}" if line else said

    def grammar_before(self, lark: Lark) -> str:
        """Thought and action, a line each."""
        line = lark.thought(line=True)
        return f'("Thought: " {line} "\\n")? ("Action: " {line} "\\n")?'


def said_action(reply: str) -> str:
    """Give the sentence after ``Action:``, without quotes and line feeds, as the cookbook does."""
    before, _, _ = reply.partition("<tool_call>")
    text = before.rpartition("Action:")[2] if before.strip() else said_call(reply)
    return text.replace("\n", "").replace('"', "").strip()
