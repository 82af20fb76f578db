"""Anthropic's computer tool, in pixels of the picture that is sent.

::

    {"action": "scroll", "coordinate": [640, 400], "scroll_direction": "down", "scroll_amount": 3}

Keys have xdotool's names. Clicks of the oldest version name no point: they are where the pointer
is. What only newer versions have is understood by all, and written by those that have it. A
function of the user is called by a ``tool_use`` object, as the API has it.

Source: the API's descriptions of computer_20241022, computer_20250124 and computer_20251124. Not
verified: any wording; the API writes the prompt itself.
"""

from collections.abc import Mapping
from typing import Any, Literal, get_args

from .. import schema as a
from ..errors import ActionError
from ..keys import KEYS
from .base import Tools
from .kinds import KeysKind, NumberKind, TextKind
from .objects import ObjectsDialect
from .points import PointKind
from .shared_verbs import WAYS
from .verbs import Arg, Given, Verb, Vocabulary, may, unsaid

Version = Literal["20241022", "20250124", "20251124"]

_INSTEAD = {
    "left_mouse_down": "drag with left_click_drag, from start_coordinate to coordinate",
    "left_mouse_up": "drag with left_click_drag, from start_coordinate to coordinate",
    "cursor_position": "where the pointer is cannot be asked: name the coordinate",
    "zoom": "the picture is shown as large as it can be: scroll or zoom in the app itself",
}
"""What the tool has and eyehand has not, and what to do about it."""

_POINT = PointKind()
_PLAIN = ("ctrl", "alt", "shift", "super")
_NAMES = {name: info.keysym for name, info in KEYS.items() if name not in _PLAIN}


def _click(name: str, button: str, count: int, *, pointed: bool) -> Verb:
    """Give a click; without ``pointed`` it is written only where it is at the pointer."""
    args = {"coordinate": may(_POINT, "point")}
    fixed = {"button": button, "count": count}
    if pointed:
        return Verb(name, a.Click, args, fixed)
    return Verb(name, a.Click, args, fixed, pull=_at_pointer)


def _at_pointer(click: a.Click) -> Given | None:
    return {} if click.point is None else None


def _vocabulary(version: Version) -> Vocabulary:
    newer = version != "20241022"
    drag = {"coordinate": Arg(_POINT, "end")}
    if newer:
        drag["start_coordinate"] = may(_POINT, "start")
    keys = Arg(KeysKind("+", names=_NAMES), "keys")
    seconds = NumberKind(0.001, 60)
    newest = [
        _click("triple_click", "left", 3, pointed=True),
        Verb(
            "scroll",
            a.Scroll,
            {
                "coordinate": may(_POINT, "point"),
                "scroll_direction": Arg(WAYS, "direction"),
                "scroll_amount": Arg(NumberKind(0.001, 100), "amount"),
            },
        ),
        Verb("hold_key", a.HoldKey, {"text": keys, "duration": Arg(seconds, "seconds")}),
        Verb("wait", a.Wait, {"duration": Arg(seconds, "seconds")}),
    ]
    return Vocabulary(
        "anthropic-computer",
        [
            _click("left_click", "left", 1, pointed=newer),
            _click("right_click", "right", 1, pointed=newer),
            _click("middle_click", "middle", 1, pointed=newer),
            _click("double_click", "left", 2, pointed=newer),
            Verb("mouse_move", a.Move, {"coordinate": Arg(_POINT, "point")}),
            Verb("left_click_drag", a.Drag, drag),
            Verb("key", a.Key, {"text": keys}),
            Verb("type", a.Type, {"text": Arg(TextKind(), "text")}),
            Verb("screenshot", a.Screenshot),
            *(newest if newer else map(unsaid, newest)),
        ],
    )


class AnthropicComputerDialect(ObjectsDialect):
    """Anthropic's computer tool.

    Args:
        tools: What can be called beside it.
        version: Which set of actions.

    Raises:
        ValueError: There is no such version, or a tool has a name that the dialect needs.
    """

    name = "anthropic-computer"
    key = "action"

    def __init__(self, tools: Tools = (), *, version: Version = "20250124") -> None:
        if version not in get_args(Version):
            known = ", ".join(get_args(Version))
            raise ValueError(f"there is no version {version!r}; there are {known}")
        self.vocabulary = _vocabulary(version)
        super().__init__(tools)

    def gathered(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Take the input out of a ``tool_use`` of the computer."""
        inner = given.get("input") if given.get("type") == "tool_use" else given
        return dict(inner) if isinstance(inner, Mapping) else {}

    def refuse(self, verb: str) -> None:
        """Refuse what has no action here."""
        if instead := _INSTEAD.get(verb):
            raise ActionError(f"{verb} is not possible here: {instead}")

    def tool_call(self, given: Mapping[str, Any]) -> tuple[str, Any] | None:
        """Read a ``tool_use``, but for that of the computer."""
        if given.get("type") != "tool_use" or given.get("name") == "computer":
            return None
        return str(given.get("name")), given.get("input")

    def tool_object(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Write a ``tool_use``."""
        return {"type": "tool_use", "name": name, "input": dict(arguments)}
