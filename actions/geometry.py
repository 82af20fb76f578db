"""Points, and the one transform between what the model sees and what the pointer does.

Every coordinate here is *continuous*: pixel ``k`` covers ``k <= x < k + 1``, and the right edge of
a picture 1920 wide is at 1920. This is the convention in which the model families' own tools
convert (``x / width * screen_width``). Arithmetic inside is exact (``fractions``), so a result does
not depend on the order of multiplications. Rounding happens in two places only: ``to_pointer``
towards devices and ``whole`` towards models that write whole numbers.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from math import ceil, floor, isfinite
from typing import Literal, NamedTuple, get_args

from ..model.size import Size
from .errors import PointOutsideImage

Rotation = Literal[0, 90, 180, 270]

_FLOAT_SLACK = Fraction(1, 1 << 20)
"""Points are floats: what is this near an edge or a half counts as exactly on it."""

MERGED_PATCH_PX = 28
"""Side of the square that becomes one token in Qwen2-VL and Qwen2.5-VL, in image pixels."""


class Point(NamedTuple):
    """A place, x to the right and y down. The space is named where the point is used."""

    x: float
    y: float

    def __str__(self) -> str:
        """Give ``(640, 360)``, with no more digits than are needed."""
        return f"({self.x:.6g}, {self.y:.6g})"


def whole(point: Point) -> tuple[int, int]:
    """Round a point to the nearest whole numbers, as a model that answers in them would.

    Halves round down: pixel 10 has its centre at 10.5 and must be called 10, not 11.

    Example:
        >>> whole(Point(10.5, 3.75))
        (10, 4)
    """
    half = 0.5 + float(_FLOAT_SLACK)
    return ceil(point.x - half), ceil(point.y - half)


class Space(StrEnum):
    """The units in which a model writes its points."""

    IMAGE = "image"
    """Pixels of the picture after it was resized for the model (Qwen2.5-VL)."""
    REL1 = "rel1"
    """Fractions of the picture, 0 to 1 (ShowUI)."""
    REL1000 = "rel1000"
    """Thousandths of the picture, 0 to 1000 (Qwen2-VL, Qwen3-VL)."""
    REL999 = "rel999"
    """999ths of the picture, 0 to 999 (the Qwen3-VL phone cookbook)."""

    @property
    def full(self) -> int | None:
        """The number that means the far edge; None for ``IMAGE``, where it is the size."""
        return {Space.REL1: 1, Space.REL1000: 1000, Space.REL999: 999}.get(self)


class Clamp(NamedTuple):
    """A point that overshot the picture a little, and what was used in its place.

    Both in the space the model wrote in.
    """

    said: Point
    used: Point


@dataclass(frozen=True, slots=True)
class Frame:
    """How one screenshot relates to the screen it was taken of, and to the picture a model saw.

    Attributes:
        display: Which display, such as ``:0`` or a phone's serial.
        physical: Size of the screenshot in physical pixels, as captured.
        logical: Size of the same area in pointer units, upright.
        origin: Pointer units of the area's top-left corner on the whole desktop.
        rotation: Degrees clockwise by which the screenshot must be turned to stand upright in
            pointer units. 0 wherever the capture is already upright.
        image: Size the picture is resized to for the model; None until a model has planned it.

    Pydantic writes it to JSON and reads it back as a field of any record.

    Three spaces: *image* (what the model saw), *physical* (the screenshot; the points of actions
    are in it), *pointer* (what input devices take, integers).

    Round trip: a pointer unit, expressed in a model's space, rounded there to a whole number and
    mapped back, lands within half a pointer unit plus half the model's own quantum of where it
    began, on either axis: ``|p' - p| <= 0.5 + 0.5 * quantum``, where the quantum is one unit of
    the model's space measured in pointer units. Where the quantum is at most one pointer unit
    the pointer unit itself comes back. ``tests/test_geometry.py`` holds it to that over every size
    from 320 to 7680, all rotations and scales 1 to 4.
    """

    display: str
    physical: Size
    logical: Size
    origin: tuple[int, int] = (0, 0)
    rotation: Rotation = 0
    image: Size | None = None

    def __post_init__(self) -> None:
        """Check the sizes and the rotation.

        Raises:
            ValueError: A size is not positive, or the rotation is not a quarter turn.
        """
        for name in ("physical", "logical", "image"):
            size = getattr(self, name)
            if size is not None and min(size) < 1:
                raise ValueError(f"{name} size must be positive, not {size}")
        if self.rotation not in get_args(Rotation):
            raise ValueError(f"rotation must be 0, 90, 180 or 270 degrees, not {self.rotation}")

    def planned(self, image: Size) -> "Frame":
        """Give this frame completed by the size that the model's ``plan`` chose."""
        return replace(self, image=image)

    def same_screen(self, other: "Frame") -> bool:
        """Say whether points mean the same place on both, whatever any model saw."""
        return replace(self, image=None) == replace(other, image=None)

    def from_model(self, x: float, y: float, space: Space) -> tuple[Point, Clamp | None]:
        """Map a point that a model wrote to the screenshot.

        Args:
            x: As written, in ``space``.
            y: As written, in ``space``.
            space: The model's units.

        Returns:
            The point in physical pixels, and the clamp if it overshot. In ``IMAGE`` space a
            point up to one merged patch (28 px) outside is clamped to the edge, since models
            that answer in pixels do overshoot; the caller records it.

        Raises:
            PointOutsideImage: Farther outside, outside a normalised range, or not a number.
        """
        seen = self._require_image()
        try:
            said = Point(float(x), float(y))
        except OverflowError as error:  # a whole number of hundreds of digits
            raise PointOutsideImage("the point is outside the image by far") from error
        far = space.full
        limits = seen if far is None else (far, far)
        slack = MERGED_PATCH_PX if far is None else 0
        for value, limit in zip(said, limits, strict=True):
            if not isfinite(value) or not -slack <= value <= limit + slack:
                raise PointOutsideImage(_outside(said, space, seen))
        used = Point(*(min(max(v, 0), limit) for v, limit in zip(said, limits, strict=True)))
        point = Point(
            *(
                float(Fraction(value) * size / limit)
                for value, size, limit in zip(used, self.physical, limits, strict=True)
            )
        )
        return point, None if used == said else Clamp(said, used)

    def to_model(self, point: Point, space: Space) -> Point:
        """Express a point of the screenshot in a model's units, unrounded.

        Args:
            point: Physical pixels.
            space: The units to give it in.
        """
        far = space.full
        limits = self._require_image() if far is None else (far, far)
        return Point(
            *(
                float(Fraction(value) * limit / size)
                for value, size, limit in zip(point, self.physical, limits, strict=True)
            )
        )

    def to_pointer(self, point: Point) -> tuple[int, int]:
        """Give the pointer unit that a point of the screenshot lies in.

        Args:
            point: Physical pixels, ``0 <= x <= width``; the far edge itself belongs to the last
                unit.

        Returns:
            Whole pointer units on the desktop, origin included. The only rounding there is:
            down in the direction of the screenshot's own axis, because a pixel covers everything
            from its number up to the next.

        Raises:
            PointOutsideImage: The point is not on the screenshot.
        """
        self.require_inside(point)
        x, y = self._upright(Fraction(point.x), Fraction(point.y))
        # Pixel k owns its lower edge. Where an axis runs backwards, that is the upper edge in
        # pointer units; without this, whole pixels of a turned screen hit one unit too far.
        back_x, back_y = self.rotation in (90, 180), self.rotation in (180, 270)
        return (
            self.origin[0] + _unit(x, self.logical.width, back_x),
            self.origin[1] + _unit(y, self.logical.height, back_y),
        )

    def from_pointer(self, x: int, y: int) -> Point:
        """Give the centre of a pointer unit in physical pixels of the screenshot.

        Args:
            x: Whole pointer units on the desktop, origin included.
            y: Likewise.

        Raises:
            PointOutsideImage: The unit is not in this frame.
        """
        left, top = x - self.origin[0], y - self.origin[1]
        if not (0 <= left < self.logical.width and 0 <= top < self.logical.height):
            raise PointOutsideImage(
                f"pointer unit ({x}, {y}) is outside the {self.logical} area at {self.origin}"
            )
        u = (left + Fraction(1, 2)) / self.logical.width
        v = (top + Fraction(1, 2)) / self.logical.height
        # The turn that _upright makes, backwards.
        u, v = {0: (u, v), 90: (v, 1 - u), 180: (1 - u, 1 - v), 270: (1 - v, u)}[self.rotation]
        return Point(float(u * self.physical.width), float(v * self.physical.height))

    def require_inside(self, point: Point) -> None:
        """Check that a point is on the screenshot.

        Raises:
            PointOutsideImage: It is not; the message names the allowed range.
        """
        inside = all(
            isfinite(value) and 0 <= value <= size
            for value, size in zip(point, self.physical, strict=True)
        )
        if not inside:
            raise PointOutsideImage(
                f"{point} is outside the {self.physical} screen: x must be 0 to "
                f"{self.physical.width - 1} and y 0 to {self.physical.height - 1}"
            )

    def _upright(self, x: Fraction, y: Fraction) -> tuple[Fraction, Fraction]:
        """Physical pixels to pointer units from the area's corner, turned upright, unrounded."""
        u, v = x / self.physical.width, y / self.physical.height
        u, v = {0: (u, v), 90: (1 - v, u), 180: (1 - u, 1 - v), 270: (v, 1 - u)}[self.rotation]
        return u * self.logical.width, v * self.logical.height

    def _require_image(self) -> Size:
        if self.image is None:
            raise ValueError("the frame has no image size yet: call planned(model.plan(size))")
        return self.image


def _unit(place: Fraction, count: int, backwards: bool) -> int:
    """The unit of ``0 .. count - 1`` that owns a place; an edge belongs to the pixel it begins."""
    unit = ceil(place - _FLOAT_SLACK) - 1 if backwards else floor(place + _FLOAT_SLACK)
    return min(max(unit, 0), count - 1)


def _outside(said: Point, space: Space, image: Size) -> str:
    if space.full is None:
        return (
            f"point {said} is outside the {image} image: x must be 0 to {image.width - 1} "
            f"and y 0 to {image.height - 1}"
        )
    return f"point {said} is outside the range of coordinates, 0 to {space.full}"
