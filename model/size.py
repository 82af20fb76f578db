"""The size a screenshot is resized to before the network sees it, chosen without torch.

The choice is made here once. The prompt, the pixels and the way back of every click all read it
from the same ``Frame``, so that no two parts of the program can disagree about it.
"""

import math
from typing import NamedTuple

MAX_ASPECT_RATIO = 200


class Size(NamedTuple):
    """Width and height in whole pixels (of which space, the place that uses it says)."""

    width: int
    height: int

    def __str__(self) -> str:
        """Give ``1920x1080``, the form people write."""
        return f"{self.width}x{self.height}"


def smart_resize(
    size: Size,
    *,
    factor: int = 28,
    min_pixels: int = 56 * 56,
    max_pixels: float = 12_845_056,
) -> Size:
    """Give the size nearest to ``size`` whose sides the vision encoder can cut into patches.

    Args:
        size: Size of the screenshot in physical pixels.
        factor: What both sides must be a multiple of: patch size times merge size,
            28 for Qwen2-VL and Qwen2.5-VL, 32 for Qwen3-VL.
        min_pixels: Smallest area allowed, in pixels. The default is what the published
            checkpoints' ``preprocessor_config.json`` say, which is not the class default of
            the reference processor.
        max_pixels: Largest area allowed, in pixels; default likewise (16384 tokens of 28 x 28).

    Returns:
        A size whose sides are positive multiples of ``factor``, with an area between the limits
        where such a size of about this shape exists (a strip may be too thin for a small
        ``max_pixels``: no side goes below ``factor``).

    Raises:
        ValueError: A side is not positive, or one side is over 200 times the other.

    Source: ``smart_resize`` in transformers 5.23.0, ``image_processing_qwen2_vl.py``. Sides round
    half to even, as Python's ``round`` does there. As in qwen-vl-utils 0.0.14, the first rounding
    never goes below ``factor``; the two differ only for sides under half a factor.

    Example:
        >>> smart_resize(Size(1920, 1080))
        Size(width=1932, height=1092)
    """
    if size.width < 1 or size.height < 1:
        raise ValueError(f"an image needs a positive width and height, not {size}")
    if max(size) > MAX_ASPECT_RATIO * min(size):
        raise ValueError(
            f"a {size} image is over {MAX_ASPECT_RATIO} times as long as wide: crop it first"
        )
    width, height = (max(factor, round(side / factor) * factor) for side in size)
    if width * height > max_pixels:
        beta = math.sqrt(size.width * size.height / max_pixels)
        width, height = (max(factor, math.floor(s / beta / factor) * factor) for s in size)
    elif width * height < min_pixels:
        beta = math.sqrt(min_pixels / (size.width * size.height))
        width, height = (math.ceil(s * beta / factor) * factor for s in size)
    return Size(width, height)
