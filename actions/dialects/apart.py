"""Points whose two numbers stand apart, ``x=0.25, y=0.5`` or ``"x": 250, "y": 500``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ActionSchemaError
from ..geometry import Frame, Space
from .kinds import PointKind, place
from .lark import Lark

PLACE = "x and y"
"""The argument that holds both numbers while a vocabulary has them."""


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
