"""What GUI-Owl and GUI-Owl-1.5 are told, word for word.

Sources, all of X-PLUG/MobileAgent: ``Mobile-Agent-v3/cookbook/end2end_usage.ipynb``, which holds
GUI-Owl's prompt for desktops as it was sent, with ``cookbook/utils/computer_use.py`` and
``mobile_use.py``; ``os_world_v3/mm_agents/owl_agent.py`` (commit 79948198) for several screenshots
on a desktop, ``android_world_v3/android_world/agents/mobile_agent_utils_new.py`` (commit 8ae93fd3)
on a phone. GUI-Owl-1.5: ``utils.py`` in ``Mobile-Agent-v3.5/computer_use`` (commit 04f5e082) and in
``Mobile-Agent-v3.5/mobile_use`` (commit 2ebed74f).
"""

from typing import Any

from . import computer_use_prompts as pc
from . import mobile_use as mobile

_THINK = """Before answering, explain your reasoning step-by-step in <thinking></thinking> tags, \
and insert them before the <tool_call></tool_call> XML tags.
After answering, summarize your action in <conclusion></conclusion> tags, and insert them after \
the <tool_call></tool_call> XML tags."""

ASK = "The user query: {goal}\n" + _THINK
"""GUI-Owl's goal on a phone."""

ASK_DESKTOP = f"""Please generate the next move according to the UI screenshot, instruction and \
previous actions.
Instruction: {{goal}}
Previous actions:
{{steps}}
{_THINK}
"""
"""The same on a desktop."""

NO_STEPS = "No history. This is the first step."
SCREENSHOT = "Screenshot of step {number}:\n"
CURRENT = "Current screenshot:\n"

MOVE = """Please generate the next move according to the UI screenshot, instruction and previous \
actions.

Instruction: {goal}

Previous actions:
{steps}"""
"""GUI-Owl-1.5's goal, on both."""

RESPONSE = """

# Response format

Response format for every step:
1) Action: a short imperative describing what to do in the UI.
2) A single <tool_call>...</tool_call> block containing only the JSON: {"name": <function-name>, \
"arguments": <args-json-object>}.

Rules:
- Output exactly in the order: Action, <tool_call>.
- Be brief: one for Action.
- Do not output anything else outside those two parts.
- If finishing, use action=terminate in the tool call."""

_INTERACT = "Resolve the blocking window by interacting with the user."
_DOES = {
    "key": pc.DOES["key"],
    "type": "Input a string of text. Use the `clear` parameter to decide whether to overwrite the "
    "existing text, and use the `enter` parameter to decide whether the enter key should be "
    "pressed after typing the text.",
    "mouse_move": pc.DOES["mouse_move"],
    "click": pc.NEWER_DOES["left_click"],
    "drag": "Click at a specified (x, y) pixel coordinate on the screen, and drag the cursor to "
    "another specified (x2, y2) pixel coordinate on the screen.",
    **{name: pc.NEWER_DOES[name] for name in ("right_click", "middle_click", "double_click")},
    **{name: pc.DOES[name] for name in ("scroll", "wait", "terminate")},
}
_DOES_15 = {
    **pc.NEWER_DOES,
    "triple_click": f"Triple-click the left mouse button{pc.AT}.",
    "hscroll": "Performs a horizontal scroll.",
    "interact": _INTERACT,
}


def desktop(size: str) -> dict[str, Any]:
    """Describe GUI-Owl's ``computer_use``."""
    only = "Required only by `action=type`."
    clear = (
        "Assign it to 1 if the text should overwrite the existing text, otherwise assign it to 0. "
        f"Using this argument clears all text in an element. {only}"
    )
    enter = (
        "Assign it to 1 if the enter key should be pressed after typing the text, otherwise assign "
        f"it to 0. {only}"
    )
    to = (
        "(x2, y2): The x2 (pixels from the left edge) and y2 (pixels from the top edge) "
        "coordinates to drag the cursor to. Required only by `action=drag`."
    )
    pixels = f"{pc.AMOUNT} This value should be between -5 and 5. Required only by `action=scroll`."
    arguments = {
        "keys": pc.KEYS,
        "text": pc.argument(only, "string"),
        "clear": pc.argument(clear, "number"),
        "enter": pc.argument(enter, "number"),
        "coordinate": pc.argument(pc.TO_MOVE, "array"),
        "coordinate2": pc.argument(to, "array"),
        "pixels": pc.argument(pixels, "number"),
        "time": pc.TIME,
        "status": pc.STATUS,
    }
    return pc.function(size, _DOES, arguments)


def desktop_15() -> dict[str, Any]:
    """Describe GUI-Owl-1.5's ``computer_use``."""
    text = "Required only by `action=type`, `action=answer` and `action=interact`."
    moving = f"{pc.TO_MOVE} Required only by `action=mouse_move` and `action=left_click_drag`."
    turning = f"{pc.AMOUNT} Required only by `action=scroll` and `action=hscroll`."
    arguments = {
        "keys": pc.KEYS,
        "text": pc.argument(text, "string"),
        "coordinate": pc.argument(moving, "array"),
        "pixels": pc.argument(turning, "number"),
        "time": pc.TIME,
        "status": pc.STATUS,
    }
    return pc.function("1000x1000", _DOES_15, arguments, pc.DESKTOP + pc.CENTRE)


def phone_15() -> dict[str, Any]:
    """Describe GUI-Owl-1.5's ``mobile_use``."""
    described = mobile.function("1000x1000", keys=True)
    properties = described["parameters"]["properties"]
    action = properties["action"]
    ends = "\n* `terminate`: "
    action["description"] = action["description"].replace(
        ends,
        "\n* `answer`: Terminate the current task and output the answer."
        f"\n* `interact`: {_INTERACT}{ends}",
    )
    action["enum"] = [*action["enum"][:-1], "answer", "interact", "terminate"]
    properties["text"]["description"] = (
        "Required only by `action=key`, `action=type`, `action=open`, `action=answer`,"
        "and `action=interact`."
    )
    return described
