"""Points drawn on a screenshot, for people."""

from collections.abc import Mapping, Sequence
from math import atan2, cos, pi, sin
from typing import NamedTuple

from PIL import Image, ImageDraw

from ..actions.geometry import Point
from ..model.chat import Pixels

GREEN, RED, BLUE = (0, 150, 60), (210, 0, 0), (0, 90, 220)
_WHITE = (255, 255, 255)
_EDGE_PX = 8


class Mark(NamedTuple):
    """Points of one colour, and a line of text about them.

    Attributes:
        label: What they are.
        points: Physical pixels by name; from ``start`` to ``end`` goes an arrow.
        colour: RGB.
        box: Whether ``start`` and ``end`` are corners of a box instead.
    """

    label: str
    points: Mapping[str, Point]
    colour: tuple[int, int, int]
    box: bool = False


def marked(pixels: Pixels, marks: Sequence[Mark]) -> Image.Image:
    """Draw crosshairs, arrows and boxes, and a line of text for each mark.

    Args:
        pixels: ``uint8[H, W, 3]``, RGB.
        marks: The later lie above the earlier.
    """
    image = Image.fromarray(pixels).convert("RGB")
    pen = ImageDraw.Draw(image)
    radius = max(8, min(image.size) // 60)
    thin = max(2, radius // 9)
    for mark in marks:
        for width, ink in ((2 * thin + 1, _WHITE), (thin, mark.colour)):
            _draw(pen, mark, radius, width, ink)
    _explain(pen, image.size, marks, radius)
    return image


def _draw(
    pen: ImageDraw.ImageDraw, mark: Mark, radius: int, width: int, ink: tuple[int, int, int]
) -> None:
    points = mark.points
    if "start" in points and "end" in points:
        start, end = points["start"], points["end"]
        if mark.box:
            left, right = sorted((start.x, end.x))
            top, bottom = sorted((start.y, end.y))
            pen.rectangle((left, top, right, bottom), None, ink, width)
            return
        pen.line((start, end), ink, width)
        back = atan2(start.y - end.y, start.x - end.x)
        for turn in (-pi / 6, pi / 6):
            x, y = (3 * radius * f(back + turn) for f in (cos, sin))
            pen.line((end, (end.x + x, end.y + y)), ink, width)
    for x, y in points.values():
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), None, ink, width)
        pen.line((x - 2 * radius, y, x + 2 * radius, y), ink, max(1, width // 2))
        pen.line((x, y - 2 * radius, x, y + 2 * radius), ink, max(1, width // 2))


def _explain(
    pen: ImageDraw.ImageDraw, size: tuple[int, int], marks: Sequence[Mark], radius: int
) -> None:
    """Write the lines at the top, or at the bottom where they would hide more of the points."""
    letter = max(15, min(size) // 60)
    high = letter * 5 // 3
    lines = []
    for label, points, colour, _ in marks:
        where = ", ".join(f"{name} {point}" for name, point in points.items()) or "no point"
        lines.append((f"{label}: {where}", colour))
    wide = max((pen.textlength(text, font_size=letter) for text, _ in lines), default=0.0)

    def hidden(top: float) -> int:
        return sum(
            p.x < wide + 3 * radius
            and top - 2 * radius < p.y < top + high * len(lines) + 2 * radius
            for mark in marks
            for p in mark.points.values()
        )

    below = size[1] - _EDGE_PX - high * len(lines)
    first = min((_EDGE_PX, below), key=hidden)
    for row, (text, colour) in enumerate(lines):
        top = first + row * high
        right = _EDGE_PX + letter // 2 + pen.textlength(text, font_size=letter)
        pen.rectangle((_EDGE_PX, top, right, top + high - 1), _WHITE)
        pen.text((_EDGE_PX + letter // 4, top + letter // 4), text, colour, font_size=letter)
