"""What a tool returned, as the model gets it: text, JSON or pictures."""

import json
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np
from PIL import Image, ImageOps
from pydantic_core import PydanticSerializationError, to_jsonable_python

from ..model.chat import Pixels
from ..model.size import MAX_ASPECT_RATIO

MAX_RESULT_CHARS = 10_000
"""Longest text of a result that a model is told, in characters. The record keeps all of it."""

MAX_PICTURES = 8
"""Most pictures in one result."""

MAX_PICTURE_PIXELS = 40_000_000
"""Largest picture in a result, in pixels: a little more than an 8K screen."""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came of a call.

    Attributes:
        text: What the model reads, however long. A picture is mentioned where it stands.
        error: What the tool raised; None where it returned. ``text`` tells the model of it,
            this keeps its traceback for people.
        pictures: In the order returned, each ``uint8[H, W, 3]``, RGB.
    """

    text: str
    error: BaseException | None = None
    pictures: tuple[Pixels, ...] = ()

    @property
    def traceback(self) -> str:
        """The traceback of ``error``, for people; empty where there is none."""
        if self.error is None:
            return ""
        return printable("".join(traceback.format_exception(self.error)))


def returned(value: Any) -> ToolResult:
    """Give what a tool returned as a result.

    Args:
        value: A text is given verbatim, None as ``ok``, a PIL image or a ``uint8[H, W, 3]`` array
            as a picture, a list or tuple with pictures in it item by item, anything else as JSON.

    Raises:
        TypeError: It is none of these.
        ValueError: A picture is empty, too large or too long a strip, or there are too many.
    """
    if isinstance(value, list | tuple) and any(_is_picture(item) for item in value):
        items: Sequence[Any] = value
    else:
        items = (value,)
    texts: list[str] = []
    pictures: list[Pixels] = []
    for item in items:
        if _is_picture(item):
            if len(pictures) == MAX_PICTURES:
                raise ValueError(f"it returned more than {MAX_PICTURES} pictures")
            pixels = _pixels(item)
            pictures.append(pixels)
            texts.append(f"(a picture of {pixels.shape[1]}x{pixels.shape[0]} pixels)")
        else:
            texts.append(_as_text(item))
    return ToolResult(printable("\n".join(texts)), pictures=tuple(pictures))


def failed(error: BaseException) -> ToolResult:
    """Give what a tool raised as a result."""
    try:
        message = str(error)
    except Exception as broken:
        message = f"(its message cannot be read: {type(broken).__name__})"
    return ToolResult(printable(f"error: {type(error).__name__}: {message}".rstrip(": ")), error)


def shortened(text: str) -> str:
    """Cut a result to what a model is told of it, and say how much was left out."""
    left_out = len(text) - MAX_RESULT_CHARS
    if left_out <= 0:
        return text
    return f"{text[:MAX_RESULT_CHARS]}… ({left_out} more characters were left out)"


def printable(text: str) -> str:
    """Escape lone surrogates (file names may hold them): no record or tokenizer takes them."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _as_text(value: Any) -> str:
    if value is None:
        return "ok"
    if isinstance(value, str):
        return value
    if isinstance(value, Iterator):
        raise TypeError("it returned an iterator, which may have no end; return a list")
    try:
        return json.dumps(to_jsonable_python(value), ensure_ascii=False)
    except (PydanticSerializationError, ValueError) as error:
        raise TypeError(
            f"what it returned has no JSON form ({error}); a tool returns text, JSON data, a "
            "picture, or a list of them"
        ) from error


def _is_picture(value: Any) -> TypeGuard[Image.Image | np.ndarray[Any, Any]]:
    return isinstance(value, Image.Image | np.ndarray)


def _pixels(value: Image.Image | np.ndarray[Any, Any]) -> Pixels:
    """Give a picture as RGB pixels of our own.

    Raises:
        TypeError: It is an array of something else.
        ValueError: It cannot be shown.
    """
    if isinstance(value, np.ndarray):
        if value.dtype != np.uint8 or value.ndim != 3 or value.shape[2] != 3:
            raise TypeError(
                f"an array is a picture, uint8[H, W, 3] in RGB, not {value.dtype}"
                f"{list(value.shape)}; return numbers as a list"
            )
        height, width = value.shape[:2]
    else:
        width, height = value.size
    if not width or not height:
        raise ValueError("it returned an empty picture")
    if width * height > MAX_PICTURE_PIXELS:
        raise ValueError(f"its picture is {width}x{height}: at most {MAX_PICTURE_PIXELS} pixels")
    if max(width, height) > MAX_ASPECT_RATIO * min(width, height):
        raise ValueError(
            f"its picture is {width}x{height}, over {MAX_ASPECT_RATIO} times as long as wide"
        )
    pixels = np.array(value if isinstance(value, np.ndarray) else _upright(value))
    pixels.flags.writeable = False
    return pixels


def _upright(image: Image.Image) -> Image.Image:
    """Give a picture as people see it: turned as its camera says, on white where it is clear."""
    image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        clear = image.convert("RGBA")
        white = Image.new("RGBA", clear.size, "white")
        image = Image.alpha_composite(white, clear)
    return image.convert("RGB")
