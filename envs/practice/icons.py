"""Icons on the practice phone: Google's Material Icons, drawn at any size in one colour."""

from functools import lru_cache

import numpy as np
from PIL import Image

from .faces import FOLDER, face

_FILE = "icons.ttf"


def _codes() -> dict[str, str]:
    lines = (FOLDER / "icons.txt").read_text("ascii").splitlines()
    return {name: chr(int(code, 16)) for name, code in map(str.split, lines)}


_CODES = _codes()

ICONS: frozenset[str] = frozenset(_CODES)
"""Names of all icons."""


@lru_cache(maxsize=4096)
def _mask(name: str, px: int) -> Image.Image:
    try:
        character = _CODES[name]
    except KeyError:
        raise ValueError(f"no icon {name!r}; font-files/icons.txt lists those there are") from None
    ink, left, top = face(_FILE).glyph(character, px, 0)
    whole = np.zeros((px, px), np.uint8)
    top += px  # the icons' baseline is their square's bottom
    x0, y0 = max(0, left), max(0, top)
    part = ink[y0 - top : px - top, x0 - left : px - left]
    whole[y0 : y0 + part.shape[0], x0 : x0 + part.shape[1]] = part
    return Image.fromarray(whole)


def icon(
    image: Image.Image,
    box_left: int,
    box_top: int,
    px: int,
    name: str,
    colour: tuple[int, int, int],
) -> None:
    """Draw an icon.

    Args:
        image: RGB. What lies outside it is left out.
        box_left: Left of the icon's square, in the image's pixels; may be outside it.
        box_top: Likewise.
        px: The square's side.
        name: One of ``ICONS``.
        colour: Of all of it.

    Raises:
        ValueError: There is no such icon.
    """
    image.paste(colour, (box_left, box_top), _mask(name, px))
