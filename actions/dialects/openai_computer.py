"""OpenAI's computer tool (computer_use_preview), in pixels of the declared display.

::

    {"type": "click", "x": 312, "y": 64, "button": "left"}

The display that is declared is the resized picture. A drag names a path: its first and last point
make the drag, and points between them may stand on that line only, since a bent one is another
movement. The buttons ``back`` and ``forward`` are keys here. A function of the user is called by a
``function_call`` object, its arguments a JSON text, as the API has it.

Source: the API's description of the tool. Not verified: any wording; the API has no prompt.
"""

import json
from collections.abc import Mapping
from math import dist, hypot
from typing import Any

from .. import schema as a
from ..errors import ActionSchemaError
from ..geometry import Frame, Point, Space
from ..keys import KEYS
from .kinds import ChoiceKind, KeysKind, NumberKind, TextKind
from .lark import Lark
from .objects import ObjectsDialect
from .points import PLACE, PointKind, joined, parted
from .reading import Reading
from .verbs import Arg, Given, Verb, Vocabulary, may

NOTCH_PX = 100
"""What one notch of a wheel is taken for: the tool counts pixels of the page."""

_SPREAD = {"scroll_x": "dx", "scroll_y": "dy"}
_BENT = 0.05
"""How far off the line a point of a path may be, in parts of the path's length."""


class _PathKind:
    """A path of ``{"x": …, "y": …}``: where a drag begins and ends."""

    def read(self, value: Any, reading: Reading, name: str, at: int) -> tuple[Point, Point]:
        """Give its first and last point.

        Raises:
            ActionError: There are not two points at least, or the path is bent.
        """
        if not isinstance(value, list) or not 2 <= len(value) <= 1000:
            raise ActionSchemaError(
                f'{name} is a list of 2 or more {{"x": …, "y": …}}, not {value!r:.60}', path=(name,)
            )
        points = [_point(each, reading, name) for each in value]
        first, last = points[0], points[-1]
        length = dist(first, last)
        if any(_off(each, first, last) > max(3.0, _BENT * length) for each in points):
            raise ActionSchemaError(
                f"{name} is bent: a drag here is a straight line, from its first point to its last",
                path=(name,),
            )
        return first, last

    def write(self, value: Any, frame: Frame, space: Space) -> Any:
        """Give the two points."""
        return [
            dict(zip("xy", PointKind().numbers(point, frame, space), strict=True))
            for point in value
        ]

    def schema(self, frame: Frame, space: Space) -> dict[str, Any]:
        """A list of points."""
        return {"type": "array", "minItems": 2}

    def lark(self, lark: Lark, frame: Frame, space: Space, quote: str) -> str:
        """None: hosted models are not constrained from here."""
        raise TypeError("a path has no grammar")


def _point(value: Any, reading: Reading, name: str) -> Point:
    if not isinstance(value, Mapping) or set(value) != {"x", "y"}:
        raise ActionSchemaError(
            f'a point of {name} is {{"x": …, "y": …}}, not {value!r:.60}', path=(name,)
        )
    if not all(type(each) in (int, float) for each in value.values()):
        raise ActionSchemaError(f"x and y of {name} are numbers, not {value!r:.60}", path=(name,))
    return reading.point(value["x"], value["y"])


def _off(point: Point, first: Point, last: Point) -> float:
    """Give how far a point is from a line between two."""
    x, y = last.x - first.x, last.y - first.y
    length = hypot(x, y)
    if not length:
        return dist(point, first)
    along = ((point.x - first.x) * x + (point.y - first.y) * y) / length**2
    along = min(max(along, 0.0), 1.0)
    return dist(point, (first.x + along * x, first.y + along * y))


_POINT = PointKind()
_FAR = NumberKind(-10_000, 10_000)
_NAMES = {name: name.upper().replace("_", "") for name in KEYS}


def _scrolled(given: Given) -> Mapping[str, Any]:
    moved = {_SPREAD[name]: given[name] / NOTCH_PX for name in _SPREAD if name in given}
    point = {"point": given[PLACE]} if PLACE in given else {}
    return {**moved, **point}


def _pulled(scroll: a.Scroll) -> Given:
    return {
        PLACE: scroll.point,
        "scroll_x": scroll.delta[0] * NOTCH_PX,
        "scroll_y": scroll.delta[1] * NOTCH_PX,
    }


_VERBS = [
    Verb(
        "click",
        a.Click,
        {
            PLACE: Arg(_POINT, "point"),
            "button": may(
                ChoiceKind({"left": "left", "right": "right", "wheel": "middle"}),
                "button",
                written=True,
            ),
        },
    ),
    Verb("double_click", a.Click, {PLACE: Arg(_POINT, "point")}, {"count": 2}),
    Verb(
        "drag",
        a.Drag,
        {"path": Arg(_PathKind())},
        build=lambda given: dict(zip(("start", "end"), given["path"], strict=True)),
        pull=lambda drag: None if drag.start is None else {"path": (drag.start, drag.end)},
    ),
    Verb("keypress", a.Key, {"keys": Arg(KeysKind(names=_NAMES), "keys")}),
    Verb("move", a.Move, {PLACE: Arg(_POINT, "point")}),
    Verb("screenshot", a.Screenshot),
    Verb(
        "scroll",
        a.Scroll,
        {
            PLACE: may(_POINT),
            **dict.fromkeys(_SPREAD, may(_FAR, written=True)),
        },
        build=_scrolled,
        pull=_pulled,
    ),
    Verb("type", a.Type, {"text": Arg(TextKind(), "text")}),
    Verb("wait", a.Wait),
]


class OpenAiComputerDialect(ObjectsDialect):
    """OpenAI's computer tool."""

    name = "openai-computer"
    key = "type"
    vocabulary = Vocabulary("openai-computer", _VERBS)

    def gathered(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Put x and y together."""
        members = dict(given)
        if members.get("type") == "click" and members.get("button") in ("back", "forward"):
            way = "left" if members["button"] == "back" else "right"
            raise ActionSchemaError(
                f"there is no button {members['button']}: press the keys ALT and "
                f"ARROW{way.upper()} with keypress",
                path=("click", "button"),
            )
        return joined(members)

    def spread(self, members: Mapping[str, Any]) -> dict[str, Any]:
        """Write x and y apart."""
        return parted(members)

    def tool_call(self, given: Mapping[str, Any]) -> tuple[str, Any] | None:
        """Read a ``function_call``; its arguments are a JSON text."""
        if given.get("type") != "function_call":
            return None
        arguments = given.get("arguments")
        try:
            if isinstance(arguments, str):
                arguments = json.loads(arguments)
        except (ValueError, RecursionError) as error:
            raise ActionSchemaError("the arguments of a function_call are a JSON text") from error
        return str(given.get("name")), arguments

    def tool_object(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Write a ``function_call``."""
        said = json.dumps(dict(arguments), ensure_ascii=False)
        return {"type": "function_call", "name": name, "arguments": said}
