"""Points drawn on a screenshot, for people."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from PIL import Image, ImageDraw

from ..actions.geometry import Point
from ..model.chat import Pixels

GREEN, RED, BLUE = (0, 150, 60), (210, 0, 0), (0, 90, 220)
_WHITE = (255, 255, 255)


class Mark(NamedTuple):
    """Points of one colour, and a line of text about them.

    Attributes:
        label: What they are.
        points: Physical pixels by name; from ``start`` to ``end`` goes a line.
        colour: RGB.
    """

    label: str
    points: Mapping[str, Point]
    colour: tuple[int, int, int]


def marked(pixels: Pixels, marks: Sequence[Mark]) -> Image.Image:
    """Draw crosshairs, and a line of text for each mark.

    Args:
        pixels: ``uint8[H, W, 3]``, RGB.
        marks: The later lie above the earlier.
    """
    image = Image.fromarray(pixels).convert("RGB")
    pen = ImageDraw.Draw(image)
    radius = max(8, min(image.size) // 60)
    for row, (label, points, colour) in enumerate(marks):
        for width, ink in ((5, _WHITE), (2, colour)):
            if "start" in points and "end" in points:
                pen.line((points["start"], points["end"]), ink, width)
            for x, y in points.values():
                pen.ellipse((x - radius, y - radius, x + radius, y + radius), None, ink, width)
                pen.line((x - 2 * radius, y, x + 2 * radius, y), ink, max(1, width // 2))
                pen.line((x, y - 2 * radius, x, y + 2 * radius), ink, max(1, width // 2))
        where = ", ".join(f"{name} {point}" for name, point in points.items()) or "no point"
        text, top = f"{label}: {where}", 8 + row * 26
        right = 20 + pen.textlength(text, font_size=15)
        pen.rectangle((8, top, right, top + 24), _WHITE)
        pen.text((12, top + 4), text, colour, font_size=15)
    return image
