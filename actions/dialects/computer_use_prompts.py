"""What checkpoints are told of ``computer_use``, word for word: Qwen's, and what others share.

Sources: ``computer_use.ipynb`` and ``utils/agent_function_call.py`` in the cookbooks of
QwenLM/Qwen2.5-VL and QwenLM/Qwen3-VL; of the latter the forks Firefly-llm/Qwen3-VL, whose notebook
holds the prompt as it was sent, and creative-graphic-design/Qwen3-VL (commit 4b180ae7).
"""

from collections.abc import Mapping
from typing import Any

HELPFUL = "You are a helpful assistant.\n\n"
"""What stands before the section of functions."""

DESKTOP = """Use a mouse and keyboard to interact with a computer, and take screenshots.
* This is an interface to a desktop GUI. You do not have access to a terminal or applications \
menu. You must click on desktop icons to start applications.
* Some applications may take time to start or process actions, so you may need to wait and take \
successive screenshots to see the results of your actions. E.g. if you click on Firefox and a \
window doesn't open, try wait and taking another screenshot.
* The screen's resolution is {size}."""
CURSOR = """
* Whenever you intend to move the cursor to click on an element like an icon, you should consult a \
screenshot to determine the coordinates of the element before moving the cursor.
* If you tried clicking on a program or link but it failed to load, even after waiting, try \
adjusting your cursor position so that the tip of the cursor visually falls on the element that \
you want to click."""
CENTRE = """
* Make sure to click any buttons, links, icons, etc with the cursor tip in the center of the \
element. Don't click boxes on their edges unless asked."""
DESCRIPTION = DESKTOP + CURSOR + CENTRE

TO_MOVE = (
    "(x, y): The x (pixels from the left edge) and y (pixels from the top edge) coordinates to "
    "move the mouse to."
)
AMOUNT = (
    "The amount of scrolling to perform. Positive values scroll up, negative values scroll down."
)


def argument(description: str, kind: str) -> dict[str, Any]:
    """Describe an argument."""
    return {"description": description, "type": kind}


KEYS = argument("Required only by `action=key`.", "array")
TIME = argument("The seconds to wait. Required only by `action=wait`.", "number")
STATUS = {
    **argument("The status of the task. Required only by `action=terminate`.", "string"),
    "enum": ["success", "failure"],
}

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
"""What Qwen2.5-VL is told of each action."""

AT = " at a specified (x, y) pixel coordinate on the screen"
NEWER_DOES = {
    **{name: DOES[name] for name in ("key", "type", "mouse_move")},
    "left_click": f"Click the left mouse button{AT}.",
    "left_click_drag": DOES["left_click_drag"],
    "right_click": f"Click the right mouse button{AT}.",
    "middle_click": f"Click the middle mouse button{AT}.",
    "double_click": f"Double-click the left mouse button{AT}.",
    "triple_click": f"Triple-click the left mouse button{AT} (simulated as double-click since "
    "it's the closest action).",
    "scroll": DOES["scroll"],
    "hscroll": "Performs a horizontal scroll (mapped to regular scroll).",
    **{name: DOES[name] for name in ("wait", "terminate")},
    "answer": "Answer a question.",
}
"""The same for Qwen3-VL."""


def function(
    size: str, does: Mapping[str, str], arguments: Mapping[str, Any], about: str = DESCRIPTION
) -> dict[str, Any]:
    """Describe ``computer_use``.

    Args:
        size: What the prompt says of the screen's resolution.
        does: The actions, with what is said of each.
        arguments: Those besides ``action``, as JSON Schema.
        about: What is said of the function, with ``{size}``.
    """
    lines = "".join(f"\n* `{name}`: {what}" for name, what in does.items())
    action = {
        "description": f"The action to perform. The available actions are:{lines}",
        "enum": [*does],
        "type": "string",
    }
    return {
        "name": "computer_use",
        "description": about.format(size=size),
        "parameters": {
            "properties": {"action": action, **arguments},
            "required": ["action"],
            "type": "object",
        },
    }


def qwen(size: str) -> dict[str, Any]:
    """Describe Qwen2.5-VL's function."""
    moving = f"{TO_MOVE} Required only by `action=mouse_move` and `action=left_click_drag`."
    arguments = {
        "keys": KEYS,
        "text": argument("Required only by `action=type`.", "string"),
        "coordinate": argument(moving, "array"),
        "pixels": argument(f"{AMOUNT} Required only by `action=scroll`.", "number"),
        "time": TIME,
        "status": STATUS,
    }
    return function(size, DOES, arguments)


def qwen3() -> dict[str, Any]:
    """Describe Qwen3-VL's function, on a screen of thousandths."""
    turning = f"{AMOUNT} Required only by `action=scroll` and `action=hscroll`."
    arguments = {
        "keys": KEYS,
        "text": argument("Required only by `action=type` and `action=answer`.", "string"),
        "coordinate": argument(TO_MOVE, "array"),
        "pixels": argument(turning, "number"),
        "time": TIME,
        "status": STATUS,
    }
    about = DESCRIPTION.removesuffix(" unless asked.") + "."
    return function("1000x1000", NEWER_DOES, arguments, about)
