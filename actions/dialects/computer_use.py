"""Qwen2.5-VL's computer use: one function, called in ``<tool_call>`` tags.

A reply is perhaps a thought, and then ::

    <tool_call>
    {"name": "computer_use", "arguments": {"action": "left_click", "coordinate": [640, 360]}}
    </tool_call>

Coordinates are pixels of the resized picture. A click without one is at the pointer, a drag names
only its end. The system turn states the picture's size, so it is the same for a whole episode only
while the screen's size is.

Source: the computer-use cookbook of Qwen2.5-VL and the Qwen-Agent "Nous" function prompt, word for
word; the published code prints ``name_for_human`` first and ``args_format`` last in each function.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...model.chat import Image, Message
from .. import schema as a
from ..errors import ActionError, ActionParseError, ActionSchemaError
from ..geometry import Clamp, Frame, Point, Space, whole
from ..keys import canonical_key
from ..schema import Action, parse_action
from .base import Parsed, Turn

NOTCH_PX = 100
"""What one notch of a wheel is taken for: the model counts pixels, and means about so many."""

_HOW = """# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{tools}
</tools>

For each function call, return a json object with function name and arguments within \
<tool_call></tool_call> XML tags:
<tool_call>
{{"name": <function-name>, "arguments": <args-json-object>}}
</tool_call>"""

_DESCRIPTION = """Use a mouse and keyboard to interact with a computer, and take screenshots.
* This is an interface to a desktop GUI. You do not have access to a terminal or applications \
menu. You must click on desktop icons to start applications.
* Some applications may take time to start or process actions, so you may need to wait and take \
successive screenshots to see the results of your actions. E.g. if you click on Firefox and a \
window doesn't open, try wait and taking another screenshot.
* The screen's resolution is {width}x{height}.
* Whenever you intend to move the cursor to click on an element like an icon, you should consult a \
screenshot to determine the coordinates of the element before moving the cursor.
* If you tried clicking on a program or link but it failed to load, even after waiting, try \
adjusting your cursor position so that the tip of the cursor visually falls on the element that \
you want to click.
* Make sure to click any buttons, links, icons, etc with the cursor tip in the center of the \
element. Don't click boxes on their edges unless asked."""

_ACTIONS = """The action to perform. The available actions are:
* `key`: Performs key down presses on the arguments passed in order, then performs key releases in \
reverse order.
* `type`: Type a string of text on the keyboard.
* `mouse_move`: Move the cursor to a specified (x, y) pixel coordinate on the screen.
* `left_click`: Click the left mouse button.
* `left_click_drag`: Click and drag the cursor to a specified (x, y) pixel coordinate on the screen.
* `right_click`: Click the right mouse button.
* `middle_click`: Click the middle mouse button.
* `double_click`: Double-click the left mouse button.
* `scroll`: Performs a scroll of the mouse scroll wheel.
* `wait`: Wait specified seconds for the change to happen.
* `terminate`: Terminate the current task and report its completion status."""

_PARAMETERS = {
    "properties": {
        "action": {
            "description": _ACTIONS,
            "enum": [
                "key", "type", "mouse_move", "left_click", "left_click_drag", "right_click",
                "middle_click", "double_click", "scroll", "wait", "terminate",
            ],
            "type": "string",
        },
        "keys": {"description": "Required only by `action=key`.", "type": "array"},
        "text": {"description": "Required only by `action=type`.", "type": "string"},
        "coordinate": {
            "description": "(x, y): The x (pixels from the left edge) and y (pixels from the top "
            "edge) coordinates to move the mouse to. Required only by `action=mouse_move` and "
            "`action=left_click_drag`.",
            "type": "array",
        },
        "pixels": {
            "description": "The amount of scrolling to perform. Positive values scroll up, "
            "negative values scroll down. Required only by `action=scroll`.",
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
    },
    "required": ["action"],
    "type": "object",
}  # fmt: skip

_CLICKS = {
    "left_click": ("left", 1),
    "right_click": ("right", 1),
    "middle_click": ("middle", 1),
    "double_click": ("left", 2),
    "triple_click": ("left", 3),
}


class ComputerUseDialect:
    """Qwen2.5-VL's ``computer_use`` function, and the user's own tools beside it.

    Args:
        tools: What can be called, each with ``name``, ``description`` and ``parameters``
            (JSON Schema).
    """

    name = "computer_use"

    def __init__(self, tools: Sequence[Mapping[str, Any]] = ()) -> None:
        names = [str(tool["name"]) for tool in tools]
        if "computer_use" in names:
            raise ValueError("a tool cannot be called computer_use: the dialect's function is")
        self._tools = [dict(tool) for tool in tools]
        self._names = frozenset(names)

    def messages(self, goal: str, past: Sequence[Turn], now: Image) -> list[Message]:
        """System turn with the functions, then goal, screenshots and replies."""
        messages = [Message.of("system", self._system(now))]
        lead: list[str] = [goal]
        for turn in past:
            seen = turn.image or "(this picture is no longer kept)"
            messages.append(Message.of("user", *lead, seen))
            messages.append(Message.of("assistant", turn.reply))
            lead = [f"<tool_response>\n{turn.outcome}\n</tool_response>"]
        messages.append(Message.of("user", *lead, now))
        return messages

    def _system(self, now: Image) -> str:
        width, height = now.resized
        functions = [
            {
                "name": "computer_use",
                "description": _DESCRIPTION.format(width=width, height=height),
                "parameters": _PARAMETERS,
            },
            *self._tools,
        ]
        lines = [
            json.dumps(
                {
                    "type": "function",
                    "function": {
                        "name_for_human": function["name"],
                        **function,
                        "args_format": "Format the arguments as a JSON object.",
                    },
                },
                ensure_ascii=False,
            )
            for function in functions
        ]
        return "You are a helpful assistant.\n\n" + _HOW.format(tools="\n".join(lines))

    def parse(self, reply: str, frame: Frame) -> Parsed:
        """Read the function calls of a reply."""
        text, offset = _after_thinking(reply)
        calls, first = _calls(text, reply, offset)
        if not calls:
            raise ActionParseError(
                "the reply calls no function: answer with <tool_call> and a JSON object such as "
                '{"name": "computer_use", "arguments": {"action": "left_click", "coordinate": '
                "[640, 360]}}",
                text=reply,
                position=len(reply),
            )
        clamps: list[Clamp] = []
        actions = tuple(self._action(call, frame, clamps) for call in calls)
        return Parsed(actions, reply[: offset + first].strip(), tuple(clamps))

    def _action(self, call: Any, frame: Frame, clamps: list[Clamp]) -> Action:
        if not isinstance(call, dict) or not isinstance(call.get("name"), str):
            raise ActionSchemaError('a call is {"name": "...", "arguments": {...}}')
        name, arguments = call["name"], call.get("arguments", {})
        if not isinstance(arguments, dict):
            raise ActionSchemaError(f"the arguments of {name} are an object, not {arguments!r:.60}")
        if name == "computer_use":
            return _computer_use(arguments, frame, clamps)
        if name in self._names:
            return parse_action({"action": "call_tool", "name": name, "arguments": arguments})
        allowed = ", ".join(["computer_use", *sorted(self._names)])
        raise ActionSchemaError(f"there is no function {name!r}; there are {allowed}")

    def render(self, action: Action, frame: Frame) -> str:
        """Write the call that the model would have written.

        Raises:
            ActionError: This family has no words for it.
        """
        name, arguments = _said(action, frame)
        call = json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False)
        return f"<tool_call>\n{call}\n</tool_call>"


_OPENS = "<tool_call>"
_CLOSES = re.compile(r"\s*(?:</tool_call>|(?=<tool_call>)|$)")


def _after_thinking(reply: str) -> tuple[str, int]:
    """Give what follows the thinking, and where it begins: calls inside it are only thought."""
    end = reply.rfind("</think>")
    if end >= 0:
        return reply[end + 8 :], end + 8
    if "<think>" in reply:
        raise ActionParseError(
            "the thinking does not end: close it with </think>, then call a function",
            text=reply,
            position=reply.index("<think>"),
        )
    return reply, 0


def _calls(text: str, reply: str, offset: int) -> tuple[list[Any], int]:
    """Read every call of a reply, and where the first begins.

    The JSON says itself where it ends: a closing tag inside a text that is typed closes nothing.
    """
    calls: list[Any] = []
    first = place = text.find(_OPENS)
    while place >= 0:
        start = place + len(_OPENS)
        start += len(text[start:]) - len(text[start:].lstrip())
        try:
            value, end = _DECODER.raw_decode(text, start)
        except RecursionError as error:
            raise ActionParseError(
                "the JSON is nested too deeply", text=reply, position=offset + start
            ) from error
        except ValueError as error:
            raise ActionParseError(
                f"the JSON of the call is broken: {error}", text=reply, position=offset + start
            ) from error
        closed = _CLOSES.match(text, end)
        if closed is None:
            raise ActionParseError(
                "there is more than one JSON object in a <tool_call>",
                text=reply,
                position=offset + end,
            )
        calls.append(value)
        place = text.find(_OPENS, closed.end())
    return calls, first


def _refuse_constant(name: str) -> Any:
    raise ActionSchemaError(f"{name} is not a number that an action can use")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)

_FIELDS = {
    "key": ({"keys"}, set()),
    "type": ({"text"}, set()),
    "mouse_move": ({"coordinate"}, set()),
    "left_click_drag": ({"coordinate"}, set()),
    "scroll": ({"pixels"}, {"coordinate"}),
    "hscroll": ({"pixels"}, {"coordinate"}),
    "wait": ({"time"}, set()),
    "terminate": ({"status"}, set()),
    "answer": ({"text"}, set()),
    **{name: (set(), {"coordinate"}) for name in _CLICKS},
}
"""What each action needs and what it may have; anything else is refused."""


def _computer_use(given: Mapping[str, Any], frame: Frame, clamps: list[Clamp]) -> Action:
    verb = given.get("action")
    if verb not in _FIELDS:
        raise ActionSchemaError(
            f"computer_use has no action {verb!r:.40}; it has {', '.join(_FIELDS)}"
        )
    needed, allowed = _FIELDS[verb]
    names = set(given) - {"action"}
    if missing := sorted(needed - names):
        raise ActionSchemaError(f"{verb} needs {' and '.join(missing)}")
    if extra := sorted(names - needed - allowed):
        raise ActionSchemaError(f"{verb} takes no {' and no '.join(map(str, extra))}")
    at = _point(given["coordinate"], frame, clamps) if "coordinate" in given else None
    return parse_action(_BUILD[verb](given, at) if verb in _BUILD else _click(verb, at))


def _point(value: Any, frame: Frame, clamps: list[Clamp]) -> list[float]:
    numbers = isinstance(value, list) and len(value) == 2
    if not numbers or not all(type(n) in (int, float) and abs(n) < 1e6 for n in value):
        raise ActionSchemaError(f"coordinate is [x, y], not {value!r:.60}")
    point, clamp = frame.from_model(value[0], value[1], Space.IMAGE)
    if clamp is not None:
        clamps.append(clamp)
    return [point.x, point.y]


def _click(verb: str, at: list[float] | None) -> dict[str, Any]:
    button, count = _CLICKS[verb]
    point = {} if at is None else {"point": at}
    return {"action": "click", "button": button, "count": count, **point}


def _keys(given: Mapping[str, Any], _: object) -> dict[str, Any]:
    keys = given["keys"]
    if isinstance(keys, str):
        return {"action": "key", "keys": keys}
    if not isinstance(keys, list) or not keys or not all(isinstance(key, str) for key in keys):
        raise ActionSchemaError(f"keys is a list of names, not {keys!r:.60}")
    return {"action": "key", "keys": "+".join("plus" if key == "+" else key for key in keys)}


def _scroll(given: Mapping[str, Any], at: list[float] | None) -> dict[str, Any]:
    pixels = given["pixels"]
    if type(pixels) not in (int, float) or not pixels or abs(pixels) > 1e6:
        raise ActionSchemaError(f"pixels is a number other than 0, not {pixels!r:.40}")
    notches = max(-100.0, min(100.0, pixels / NOTCH_PX))
    point = {} if at is None else {"point": at}
    # The model's positive is up (a wheel's sign); ours is down.
    if given["action"] == "hscroll":
        return {"action": "scroll", "dx": notches, **point}
    return {"action": "scroll", "dy": -notches, **point}


def _terminate(given: Mapping[str, Any], _: object) -> dict[str, Any]:
    status = given["status"]
    if status not in ("success", "failure"):
        raise ActionSchemaError(f"status is success or failure, not {status!r:.40}")
    if status == "success":
        return {"action": "done"}
    return {"action": "done", "status": "infeasible", "reason": "the model says: failure"}


_Build = Callable[[Mapping[str, Any], list[float] | None], dict[str, Any]]

_BUILD: dict[str, _Build] = {
    "key": _keys,
    "type": lambda given, _: {"action": "type", "text": given["text"]},
    "mouse_move": lambda _, at: {"action": "move", "point": at},
    "left_click_drag": lambda _, at: {"action": "drag", "end": at},
    "scroll": _scroll,
    "hscroll": _scroll,
    "wait": lambda given, _: {"action": "wait", "seconds": given["time"]},
    "terminate": _terminate,
    "answer": lambda given, _: {"action": "answer", "text": given["text"]},
}


def _said(action: Action, frame: Frame) -> tuple[str, dict[str, Any]]:
    """Give function and arguments for an action."""

    def at(point: Point | None) -> dict[str, Any]:
        if point is None:
            return {}
        return {"coordinate": list(whole(frame.to_model(point, Space.IMAGE)))}

    use = "computer_use"
    match action:
        case a.Click():
            for verb, (button, count) in _CLICKS.items():
                if (button, count) == (action.button, action.count):
                    return use, {"action": verb, **at(action.point)}
        case a.Move():
            return use, {"action": "mouse_move", **at(action.point)}
        case a.Drag() if action.start is None and action.button == "left":
            return use, {"action": "left_click_drag", **at(action.end)}
        case a.Scroll() if action.unit == "notches":
            right, down = action.delta
            if right == 0:
                return use, {"action": "scroll", "pixels": -down * NOTCH_PX, **at(action.point)}
            if down == 0:
                return use, {"action": "hscroll", "pixels": right * NOTCH_PX, **at(action.point)}
        case a.Type() if not action.clear and not action.submit:
            return use, {"action": "type", "text": action.text}
        case a.Key() if action.count == 1:
            return use, {"action": "key", "keys": [canonical_key(key) for key in action.chord]}
        case a.Wait():
            return use, {"action": "wait", "time": action.seconds}
        case a.Answer():
            return use, {"action": "answer", "text": action.text}
        case a.Done():
            ended = "success" if action.status == "success" else "failure"
            return use, {"action": "terminate", "status": ended}
        case a.CallTool():
            return action.name, dict(action.arguments)
        case _:
            pass
    raise ActionError(f"computer_use has no words for {action}")
