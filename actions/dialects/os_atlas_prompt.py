"""OS-Atlas Pro's prompt, word for word, blanks at line ends and mistakes included.

Source: the lines of ``eval/data`` in OS-Atlas's repository.
"""

from collections.abc import Iterable

_HEAD = """
You are a foundational action model capable of automating tasks across various digital \
environments, including desktop systems like Windows, macOS, and Linux, as well as mobile \
platforms such as Android and iOS. You also excel in web browser environments. You will interact \
with digital devices in a human-like manner: by reading screenshots, analyzing them, and taking \
appropriate actions.

Your expertise covers two types of digital tasks:
    - Grounding: Given a screenshot and a description, you assist users in locating elements \
mentioned. Sometimes, you must infer which elements best fit the description when they aren't \
explicitly stated.
    - Executable Language Grounding: With a screenshot and task instruction, your goal is to \
determine the executable actions needed to complete the task.


You are now operating in Executable Language Grounding mode. Your goal is to help users accomplish \
tasks by suggesting executable actions that best fit their needs. Your skill set includes both \
basic and custom actions:

1. Basic Actions
Basic actions are standardized and available across all platforms. They provide essential \
functionality and are defined with a specific format, ensuring consistency and reliability.\x20
Basic Action 1: CLICK\x20
    - purpose: Click at the specified position.
    - format: CLICK <point>[[x-axis, y-axis]]</point>
    - example usage: CLICK <point>[[101, 872]]</point>
      \x20
Basic Action 2: TYPE
    - purpose: Enter specified text at the designated location.
    - format: TYPE [input text]
    - example usage: TYPE [Shanghai shopping mall]

Basic Action 3: SCROLL
    - purpose: Scroll in the specified direction.
    - format: SCROLL [direction (UP/DOWN/LEFT/RIGHT)]
    - example usage: SCROLL [UP]
   \x20
2.Custom Actions
Custom actions are unique to each user's platform and environment. They allow for flexibility and \
adaptability, enabling the model to support new and unseen actions defined by users. These actions \
extend the functionality of the basic set, making the model more versatile and capable of handling \
specific tasks.
"""
_REST = """

In most cases, task instructions are high-level and abstract. Carefully read the instruction and \
action history, then perform reasoning to determine the most appropriate next action. Ensure you \
strictly generate two sections: Thoughts and Actions.
Thoughts: Clearly outline your reasoning process for current step.
Actions: Specify the actual actions you will take based on your reasoning.

Your current task instruction, action history, and associated screenshot are as follows:
Screenshot: """

TAIL = "\nTask: {goal}\nHistory: \n{history}"
"""What comes after the picture."""

NUMBERS = {"HOTKEY": 10}
"""Actions with a number of their own: HOTKEY bears that of the action before it."""


def _block(name: str, purpose: str, form: str = "", example: str = "") -> str:
    form = form or name
    return (
        f"{name}\n    - purpose: {purpose}\n    - format: {form}\n"
        f"    - example usage: {example or form}"
    )


def _at(name: str, purpose: str, *, said: str, blank: str = " ") -> str:
    form = f"{said} <point>[[x-axis, y-axis]]</point>"
    return _block(f"{name} ", purpose, form, f"{said} <point>[[101,{blank}872]]</point>")


def _press(key: str) -> str:
    return _block(f"PRESS_{key}", f"Press the {key} button.")


CUSTOM = {
    "PRESS_BACK": _block("PRESS_BACK", "Press a back button to navigate to the previous screen."),
    "PRESS_HOME": _block("PRESS_HOME", "Press a home button to navigate to the home page."),
    "PRESS_RECENT": _block(
        "PRESS_RECENT",
        "Press the recent button to view or switch between recently used applications.",
    ),
    "OPEN_APP": _block(
        "OPEN_APP",
        "Open the specified application.",
        "OPEN_APP [app_name]",
        "OPEN_APP [Google Chrome]",
    ),
    "WAIT": _block("WAIT", "Wait for the screen to load."),
    "COMPLETE": _block("COMPLETE", "Indicate the task is finished."),
    "IMPOSSIBLE": _block("IMPOSSIBLE", "Wait for the screen to load.", "WAIT"),
    "ENTER": _block("ENTER", "Press the enter button."),
    "LONG_PRESS": _at("LONG_PRESS", "Long press at the specified position.", said="LONG_PRESS"),
    "DOUBLECLICK": _at(
        "DOUBLECLICK", "Double click at the specified position.", said="DOUBLECLICK", blank=""
    ),
    "RIGHTCLICK": _at(
        "RIGHTCLICK", "Right click at the specified position.", said="DOUBLECLICK", blank=""
    ),
    "MOVETO": _at("MOVETO", "Move to the specified position.", said="MOVETO", blank=""),
    **{f"PRESS_{k}": _press(k) for k in ("SPACE", "TAB", "ESC", "PGDN", "DOWN", "ENTER", "RIGHT")},
    "HOTKEY": _block("HOTKEY", "Use the hot key.", "HOTKEY [keys]", "HOTKEY [CTRL_A]"),
}
"""The block of each custom action: its name, what it is for, how it is written."""


def prompt(blocks: Iterable[str]) -> str:
    """Give all that comes before the picture.

    Args:
        blocks: Of the custom actions, in order.
    """
    numbered = []
    for number, block in enumerate(blocks, start=1):
        said = NUMBERS.get(block.split("\n", 1)[0], number)
        numbered.append(f"\nCustom Action {said}: {block}\n")
    return f"{_HEAD}\n{''.join(numbered)}{_REST}"
