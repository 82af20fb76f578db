"""Pictures to learn from, and which letters stand in which of their tokens."""

from collections.abc import Iterable

import numpy as np
from PIL import Image as Pillow

from ...envs.practice.written import Inked
from ...model.chat import Image, Pixels, pixel_hash
from ...model.size import Size

CELL_PX = 28
"""What one merged token shows, across and down."""


def picture(pixels: Pixels | Pillow.Image) -> Image:
    """Give a picture as a network sees it that leaves it at its size.

    Raises:
        ValueError: A side is no multiple of 28.
    """
    array = np.asarray(pixels)
    height, width = array.shape[:2]
    if width % CELL_PX or height % CELL_PX:
        raise ValueError(f"the sides must be multiples of {CELL_PX}, not {width}x{height}")
    return Image(array, Size(width, height), pixel_hash(array))


def drawn_in(letters: Iterable[Inked], size: Size, resized: Size) -> dict[int, str]:
    """Give the letters that stand in each token: where the middle of their box lies.

    Args:
        letters: With boxes in pixels of the picture.
        size: Of the picture.
        resized: The size that the network sees; a multiple of 28.

    Returns:
        By the token's number, rows first. Letters outside the picture are in none.
    """
    found: dict[int, str] = {}
    across = resized.width // CELL_PX
    for letter in letters:
        x, y = letter.middle
        if 0 <= x < size.width and 0 <= y < size.height:
            column = int(x * resized.width / size.width) // CELL_PX
            row = int(y * resized.height / size.height) // CELL_PX
            number = row * across + column
            found[number] = found.get(number, "") + letter.text
    return found
