"""What Qwen2-VL's agent and Qwen-Agent's functions can say of a screen: names, words, meanings.

Source: the Qwen2-VL report, section 2.2.1, which prints Tap and Home and leaves the others out.
Not verified: the names and words of all others, which are ours.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from .. import schema as a
from ..geometry import Space
from .kinds import KeysKind, NumberKind, TextKind
from .points import PointKind
from .shared_verbs import NAME, WAYS, terminate
from .verbs import Arg, Verb, may


class Entry(NamedTuple):
    """A verb, and what the prompt says that it does."""

    verb: Verb
    words: str


_TYPE = Entry(
    Verb("Type", a.Type, {"text": Arg(TextKind(), "text")}),
    "Type a text into the input field that has the focus.",
)
_OPEN = Entry(Verb("OpenApp", a.OpenApp, {"app": Arg(NAME, "name")}), "Open an app by its name.")
_WAIT = Entry(
    Verb("Wait", a.Wait, {"seconds": may(NumberKind(0.001, 60), "seconds", written=True)}),
    "Wait for the screen to change.",
)
_TERMINATE = Entry(terminate("Terminate"), "End the task and report whether it is completed.")


def entries(point: PointKind, *, phone: bool) -> list[Entry]:
    """Give what can be said.

    Args:
        point: How points are written.
        phone: With a finger, instead of mouse and keyboard.
    """
    spot = {"point": Arg(point, "point")}
    path = {"start": Arg(point, "start"), "end": Arg(point, "end")}
    shared = [_TYPE, _OPEN, _WAIT, _TERMINATE]
    if phone:
        held = may(NumberKind(0.1, 10), "seconds")
        return [
            Entry(
                Verb("Tap", a.Click, spot),
                "A gentle tap that commands, chooses, or navigates through a smartphone's user "
                "interface.",
            ),
            Entry(Verb("Home", a.Home), "Go to phone's home screen."),
            Entry(Verb("Back", a.Back), "Go back to the previous screen."),
            Entry(Verb("Recent", a.AppSwitch), "Show the apps that are open."),
            Entry(Verb("LongPress", a.LongPress, {**spot, "seconds": held}), "Press and hold."),
            Entry(Verb("Swipe", a.Swipe, path), "Draw a finger from one point to another."),
            Entry(Verb("Enter", a.Key, fixed={"keys": "enter"}), "Press the enter key."),
            *shared,
        ]
    direction = {"direction": Arg(WAYS, "direction")}
    amount = {"amount": may(NumberKind(1, 100), "amount")}
    where = {"point": may(point, "point")}
    return [
        Entry(Verb("Click", a.Click, spot), "Click with the left mouse button."),
        Entry(Verb("DoubleClick", a.Click, spot, {"count": 2}), "Double click."),
        Entry(
            Verb("RightClick", a.Click, spot, {"button": "right"}),
            "Click with the right mouse button.",
        ),
        Entry(Verb("Move", a.Move, spot), "Move the pointer, and press nothing."),
        Entry(Verb("Drag", a.Drag, path), "Press at one point, move to another, release."),
        Entry(
            Verb("Scroll", a.Scroll, {**direction, **amount, **where}),
            "Scroll so that more is seen in a direction.",
        ),
        Entry(
            Verb("Hotkey", a.Key, {"keys": Arg(KeysKind("+"), "keys")}),
            "Press a key, or several together.",
        ),
        *shared,
    ]


def parameters(verb: Verb, space: Space) -> dict[str, dict[str, Any]]:
    """Give the JSON Schema of each argument of a verb, with the words of the prompt."""
    described = {}
    for name in verb.args:
        schema = _PARAMETERS[name]
        words = schema["description"].format(range=_RANGES[space])
        described[name] = {"description": words, **_without_words(schema)}
    return described


def _without_words(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != "description"}


_RANGES = {
    Space.REL1000: "where x and y range from 0 to 1000",
    Space.REL999: "where x and y range from 0 to 999",
    Space.REL1: "where x and y range from 0 to 1",
    Space.IMAGE: "in pixels of the picture",
}
_PARAMETERS: dict[str, dict[str, Any]] = {
    "point": {
        "description": "The specific spot of interest on the monitor, denoted by the coordinates "
        "(x, y) {range}.",
        "type": "array",
    },
    "start": {
        "description": "Where it begins, denoted by the coordinates (x, y) {range}.",
        "type": "array",
    },
    "end": {
        "description": "Where it ends, denoted by the coordinates (x, y) {range}.",
        "type": "array",
    },
    "seconds": {"description": "How many seconds.", "type": "number"},
    "text": {"description": "The text to type.", "type": "string"},
    "app": {"description": "The name of the app.", "type": "string"},
    "status": {
        "description": "Whether it is completed: success or failure.",
        "type": "string",
        "enum": ["success", "failure"],
    },
    "direction": {
        "description": "up, down, left or right.",
        "type": "string",
        "enum": ["up", "down", "left", "right"],
    },
    "amount": {"description": "How far, in notches of the mouse wheel.", "type": "number"},
    "keys": {"description": "Such as enter or ctrl+c.", "type": "string"},
}
