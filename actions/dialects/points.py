"""Points: how each family writes them, how they are read, and bounded while they are decoded.

A list of two numbers, a text such as ``<point>500 250</point>``, or two arguments that stand apart,
``x=0.25, y=0.5`` and ``"x": 250, "y": 500``; while a vocabulary has these, they are one, `PLACE`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ActionSchemaError
from ..geometry import Frame, Point, Space, whole
from .lark import Lark, quoted
from .literal import PLAIN_NUMBER, Bare
from .reading import Reading

_TAG = re.compile(r"</?(?:point|bbox|box)>|<\|(?:box|point)_(?:start|end)\|>")
_OPENS = re.compile(r"[(（\[]|<(?:point|bbox|box)>|<\|(?:box|point)_start\|>")
_CLOSES = re.compile(r"[)）\]]|</(?:point|bbox|box)>|<\|(?:box|point)_end\|>")
_SEPARATORS = re.compile(r"[\s,，()（）\[\]]+")

PLACE = "x and y"
"""The argument that holds both numbers while a vocabulary has them."""


def limits(frame: Frame, space: Space) -> tuple[int, int]:
    """Give the largest numbers, across and down, that a constrained reply may hold."""
    full = space.full
    if full is not None:
        return full, full
    if frame.image is None:
        raise ValueError("the frame has no image size yet: call planned(model.plan(size))")
    return frame.image.width - 1, frame.image.height - 1


@dataclass(frozen=True, slots=True)
class PointKind:
    """A point.

    Attributes:
        form: The text that it is, with ``{x}`` and ``{y}``; None: a list of two numbers.
        boxes: Whether the family writes a box as well, and means its centre.
        places: Digits after the point, of fractions.
        bare: Whether the text stands without quotes.
    """

    form: str | None = None
    boxes: bool = False
    places: int = 4
    bare: bool = False

    def read(self, value: Any, reading: Reading, name: str, at: int) -> Point:
        """Give the point in physical pixels.

        A box where a point is due means its centre. A list in a list, texts, and a mapping of x
        and y each have one reading, too.
        """
        numbers = self._numbers(value, reading, at)
        if numbers is None:
            form = "[x, y]" if self.form is None else self.form.format(x="x", y="y")
            raise ActionSchemaError(f"{name} is {form}, not {value!r:.60}", path=(name,))
        points = [reading.point(*numbers[n : n + 2]) for n in range(0, len(numbers), 2)]
        if len(points) == 2 and points[0] != points[1] and not self.boxes:
            reading.repaired("box for a point", at)
        return Point(*(sum(axis) / len(points) for axis in zip(*points, strict=True)))

    def _numbers(self, value: Any, reading: Reading, at: int) -> list[float] | None:
        """Give 2 or 4 numbers; None where there is no such reading."""
        if isinstance(value, str):
            if self.form is None and not isinstance(value, Bare):
                reading.repaired("text for a point", at)
            if len(_OPENS.findall(value)) != len(_CLOSES.findall(value)):
                if isinstance(value, Bare):  # nothing says that it is whole
                    return None
                reading.repaired("unclosed bracket", at)
            parts = [part for part in _SEPARATORS.split(_TAG.sub(" ", value)) if part]
            if not all(PLAIN_NUMBER.fullmatch(part) for part in parts):
                return None
            numbers: list[Any] = [float(part) for part in parts]
        elif isinstance(value, Mapping):
            if set(value) != {"x", "y"}:
                return None
            reading.repaired("mapping for a point", at)
            numbers = [value["x"], value["y"]]
        else:
            numbers = value
            if isinstance(value, list) and value and all(isinstance(v, list) for v in value):
                if self.form is not None or len(value) == 1:
                    reading.repaired("doubled brackets", at)
                numbers = [number for inner in value for number in inner]
            if not isinstance(numbers, list):
                return None
            if numbers and all(isinstance(v, str) and PLAIN_NUMBER.fullmatch(v) for v in numbers):
                reading.repaired("texts for numbers", at)
                numbers = [float(v) for v in numbers]
        good = all(type(v) in (int, float) and abs(v) < 1e9 for v in numbers)
        return numbers if good and len(numbers) in (2, 4) else None

    def write(self, value: Point, frame: Frame, space: Space) -> Any:
        """Give ``[x, y]``, or the text; whole numbers but for fractions."""
        x, y = self.numbers(value, frame, space)
        if self.form is None:
            return [x, y]
        text = self.form.format(x=x, y=y)
        return Bare(text) if self.bare else text

    def numbers(self, value: Point, frame: Frame, space: Space) -> tuple[float, float]:
        """Give a point in the model's units, rounded as the family rounds."""
        said = frame.to_model(value, space)
        if space is Space.REL1:
            return round(said.x, self.places), round(said.y, self.places)
        return whole(said)

    def schema(self, frame: Frame, space: Space) -> dict[str, Any]:
        """Two numbers inside the picture."""
        if self.form is not None:
            raise TypeError("a point that is a text has no JSON Schema")
        kind = "number" if space is Space.REL1 else "integer"
        return {
            "type": "array",
            "prefixItems": [
                {"type": kind, "minimum": 0, "maximum": top} for top in limits(frame, space)
            ],
            "items": False,
            "minItems": 2,
        }

    def lark(self, lark: Lark, frame: Frame, space: Space, quote: str) -> str:
        """Two numbers inside the picture, in their form."""
        form = self.form or "[{x}, {y}]"
        if self.form is not None and not self.bare:
            form = f"{quote}{form}{quote}"
        return place(lark, form, frame, space)


def place(lark: Lark, form: str, frame: Frame, space: Space) -> str:
    """Give the Lark expression of a form with ``{x}`` and ``{y}``.

    Control tokens such as ``<|box_start|>`` in the form are control tokens.
    """
    numbers = [
        lark.fraction() if space is Space.REL1 else lark.whole(0, top)
        for top in limits(frame, space)
    ]
    before, rest = form.split("{x}")
    between, after = rest.split("{y}")
    pieces = (quoted(before), numbers[0], quoted(between), numbers[1], quoted(after))
    return " ".join(piece for piece in pieces if piece)


@dataclass(frozen=True, slots=True)
class ApartKind(PointKind):
    """A point as two arguments of a Python call."""

    def lark(self, lark: Lark, frame: Frame, space: Space, quote: str) -> str:
        """Both arguments with their names."""
        return place(lark, "x={x}, y={y}", frame, space)


def joined(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Give arguments with ``x`` and ``y`` as one, `PLACE`; others as they are.

    Raises:
        ActionSchemaError: One of the two is missing, or is no number.
    """
    x, y = arguments.get("x"), arguments.get("y")
    rest = {name: value for name, value in arguments.items() if name not in ("x", "y")}
    if x is None and y is None:
        return rest
    for name, value in (("x", x), ("y", y)):
        if value is None:
            raise ActionSchemaError(f"a place is x and y: {name} is missing", path=(name,))
        if type(value) not in (int, float, str):
            raise ActionSchemaError(f"{name} is a number, not {value!r:.60}", path=(name,))
    if isinstance(x, str) != isinstance(y, str):
        x, y = str(x), str(y)  # one of them is a text: both are read as texts of numbers
    return {PLACE: [x, y], **rest}


def parted(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Give arguments with `PLACE` as ``x`` and ``y``, in the same order."""
    apart: dict[str, Any] = {}
    for name, value in arguments.items():
        if name == PLACE:
            apart["x"], apart["y"] = value
        else:
            apart[name] = value
    return apart
