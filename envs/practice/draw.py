"""Shapes on a picture: rounded, antialiased, and quick because each shape is drawn once."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image, ImageDraw

from . import fonts, icons
from .fonts import Font
from .style import Colour

if TYPE_CHECKING:
    from .written import Written

_FINER = 4
"""Shapes are drawn so many times larger and made smaller: their edges become smooth."""


class Box(NamedTuple):
    """A rectangle of the screen, in pixels; right and bottom are the first outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """In pixels."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """In pixels."""
        return self.bottom - self.top

    @property
    def centre(self) -> tuple[int, int]:
        """The pixel in the middle."""
        return (self.left + self.right) // 2, (self.top + self.bottom) // 2

    def holds(self, x: float, y: float) -> bool:
        """Whether a point lies in it."""
        return self.left <= x < self.right and self.top <= y < self.bottom

    def clipped(self, other: "Box") -> "Box":
        """The part that lies in another; empty where they do not meet."""
        left, top = max(self.left, other.left), max(self.top, other.top)
        right, bottom = min(self.right, other.right), min(self.bottom, other.bottom)
        return Box(left, top, max(left, right), max(top, bottom))

    def inset(self, by: int) -> "Box":
        """The same, smaller by so many pixels on every side."""
        return Box(self.left + by, self.top + by, self.right - by, self.bottom - by)


@lru_cache(maxsize=1024)
def _rounded(width: int, height: int, radius: int) -> Image.Image:
    mask = Image.new("L", (width * _FINER, height * _FINER), 0)
    corners = (0, 0, width * _FINER - 1, height * _FINER - 1)
    ImageDraw.Draw(mask).rounded_rectangle(corners, radius * _FINER, fill=255)
    return mask.resize((width, height), Image.Resampling.BOX)


@lru_cache(maxsize=512)
def _ring(width: int, height: int, radius: int, thickness: int) -> Image.Image:
    mask = Image.new("L", (width * _FINER, height * _FINER), 0)
    corners = (0, 0, width * _FINER - 1, height * _FINER - 1)
    ImageDraw.Draw(mask).rounded_rectangle(
        corners, radius * _FINER, outline=255, width=thickness * _FINER
    )
    return mask.resize((width, height), Image.Resampling.BOX)


@lru_cache(maxsize=128)
def _arc(size: int, thickness: int, start: int) -> Image.Image:
    mask = Image.new("L", (size * _FINER, size * _FINER), 0)
    corners = (0, 0, size * _FINER - 1, size * _FINER - 1)
    ImageDraw.Draw(mask).arc(corners, start, start + 270, fill=255, width=thickness * _FINER)
    return mask.resize((size, size), Image.Resampling.BOX)


@lru_cache(maxsize=8)
def _veil(width: int, height: int, strength: int) -> Image.Image:
    return Image.new("L", (width, height), strength)


class Canvas:
    """A picture to draw on, in coordinates of the screen.

    Args:
        image: RGB.
        left: The screen's x of the picture's left edge.
        top: Likewise.
        written: Told what is written; None: nobody wants to know.
        wordless: Texts take their room, and are not drawn.
    """

    def __init__(
        self,
        image: Image.Image,
        left: int = 0,
        top: int = 0,
        written: "Written | None" = None,
        *,
        wordless: bool = False,
    ) -> None:
        self.image = image
        self.left, self.top, self.written, self.wordless = left, top, written, wordless
        self.box = Box(left, top, left + image.width, top + image.height)

    def shows(self, box: Box) -> bool:
        """Whether any of it can be seen."""
        mine = self.box
        return (
            box.left < mine.right
            and box.right > mine.left
            and box.top < mine.bottom
            and box.bottom > mine.top
        )

    def fill(self, box: Box, colour: Colour, radius: int = 0) -> None:
        """Fill a rectangle, with round corners if a radius is given."""
        if box.width <= 0 or box.height <= 0 or not self.shows(box):
            return
        if self.written is not None:
            self.written.cover(box.clipped(self.box))
        left, top = box.left - self.left, box.top - self.top
        if radius <= 0:
            corners = (left, top, box.right - self.left, box.bottom - self.top)
            self.image.paste(colour, corners)
            return
        radius = min(radius, box.width // 2, box.height // 2)
        if box.height > 4 * radius + 8:
            # A tall card: only its ends are round, so that few shapes have to be kept.
            end = Box(box.left, box.top, box.right, box.top + 2 * radius)
            self.fill(end, colour, radius)
            self.fill(Box(box.left, box.bottom - 2 * radius, box.right, box.bottom), colour, radius)
            self.fill(Box(box.left, box.top + radius, box.right, box.bottom - radius), colour)
            return
        self.image.paste(colour, (left, top), _rounded(box.width, box.height, radius))

    def outline(self, box: Box, colour: Colour, radius: int, thickness: int) -> None:
        """Draw the edge of a rectangle, inside it."""
        if box.width <= 0 or box.height <= 0 or not self.shows(box):
            return
        radius = min(radius, box.width // 2, box.height // 2)
        mask = _ring(box.width, box.height, radius, thickness)
        self.image.paste(colour, (box.left - self.left, box.top - self.top), mask)

    def arc(self, box: Box, colour: Colour, thickness: int, start: int) -> None:
        """Draw three quarters of a circle, from an angle in degrees."""
        if self.shows(box):
            mask = _arc(box.width, thickness, start)
            self.image.paste(colour, (box.left - self.left, box.top - self.top), mask)

    def text(
        self, x: int, y: int, text: str, font: Font, colour: Colour, shadow: Colour | None = None
    ) -> int:
        """Write a line with its left top at a point; gives its width in pixels.

        A shadow, if a colour is given for it, falls a pixel to the right and down.
        """
        if self.wordless:
            return fonts.width(text, font)
        if self.written is not None:
            self.written.text(x, y, text, font, self.box)
        if shadow is not None:
            place = (x + 1 - self.left, y + 1 - self.top)
            fonts.paint(self.image, place, text, font, shadow)
        return fonts.paint(self.image, (x - self.left, y - self.top), text, font, colour)

    def icon(self, x: int, y: int, px: int, name: str, colour: Colour) -> None:
        """Draw an icon into a square."""
        if self.shows(Box(x, y, x + px, y + px)):
            icons.icon(self.image, x - self.left, y - self.top, px, name, colour)

    @contextmanager
    def within(self, box: Box) -> Iterator["Canvas"]:
        """Draw inside a rectangle only."""
        area = box.clipped(self.box)
        if area.width <= 0 or area.height <= 0:
            yield Canvas(Image.new("RGB", (1, 1)), *box[:2])  # nothing of it can be seen
            return
        if area == self.box:
            yield self
            return
        left, top, right, bottom = area
        place = (left - self.left, top - self.top, right - self.left, bottom - self.top)
        part = Canvas(self.image.crop(place), left, top, self.written, wordless=self.wordless)
        yield part
        self.image.paste(part.image, place[:2])

    def colour_at(self, x: int, y: int) -> Colour:
        """Give what is drawn at a point of the screen; of the nearest one where it is outside."""
        inside = (
            min(max(x - self.left, 0), self.image.width - 1),
            min(max(y - self.top, 0), self.image.height - 1),
        )
        red, green, blue = self.image.getpixel(inside)  # type: ignore[misc]
        return int(red), int(green), int(blue)

    def dim(self, box: Box, share: float) -> None:
        """Darken what is there; a share of 1 is black."""
        area = box.clipped(self.box)
        veil = _veil(area.width, area.height, round(255 * share))
        self.image.paste((0, 0, 0), (area.left - self.left, area.top - self.top), veil)
