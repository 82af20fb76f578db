"""Text broken into lines that fit, as phones break it."""

from functools import lru_cache

from .clusters import clusters
from .faces import SUB
from .lines import Font, lay

_CLOSING = frozenset(
    "、。，．：；？！）」』】》〉〕］｝…ー々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ％・”’"
)
"""Never first on a line."""
_OPENING = frozenset("（「『【《〈〔［｛“‘")
"""Never last on a line."""


def _wide(character: str) -> bool:
    """Whether lines may be broken on either side of it."""
    code = ord(character)
    return (
        0x2E80 <= code <= 0x9FFF
        or 0xAC00 <= code <= 0xD7A3
        or 0xF900 <= code <= 0xFAFF
        or 0xFF01 <= code <= 0xFF60
        or 0x1F000 <= code <= 0x3FFFF
    )


def _may_break(before: str, after: str) -> bool:
    if after[0] in " \t":
        return False
    if before[0] in " \t\u200b\u3000":
        return True
    if before[0] in _OPENING or after[0] in _CLOSING:
        return False
    if before[0] == "-" and after[0].isalpha():
        return True
    return _wide(before[0]) or _wide(after[0])


def _paragraph(text: str, font: Font, width: int, offset: int) -> list[tuple[int, int]]:
    """Break a text without line breaks; spaces at the end of a line may hang over."""
    laid = lay(text, font)
    parts = clusters(text)
    found: list[tuple[int, int]] = []
    limit = width * SUB
    first = 0  # cluster that begins this line
    chance = 0  # cluster that could begin the next
    used = 0
    index = 0
    while index < len(parts):
        if index > first and _may_break(parts[index - 1], parts[index]):
            chance = index
        advance = laid.clusters[index].advance
        if used + advance > limit and index > first and parts[index] not in (" ", "\t"):
            cut = chance if chance > first else index
            found.append((laid.clusters[first].start, laid.clusters[cut].start))
            first = index = cut
            used = 0
            continue
        used += advance
        index += 1
    found.append((laid.clusters[first].start if parts else 0, len(text)))
    return [(start + offset, end + offset) for start, end in found]


@lru_cache(maxsize=1024)
def spans(text: str, font: Font, width: int) -> tuple[tuple[int, int], ...]:
    r"""Break a text into lines, for whoever must know which character is where.

    Args:
        text: Its ``\n`` are kept as breaks.
        font: How it is set.
        width: Pixels that a line may take; a single letter wider than that stands alone.

    Returns:
        Start and end of each line in the text. Spaces at which it was broken belong to the line
        that they end, and may reach over its width; a ``\n`` belongs to none.
    """
    found: list[tuple[int, int]] = []
    offset = 0
    for paragraph in text.split("\n"):
        found += _paragraph(paragraph, font, width, offset)
        offset += len(paragraph) + 1
    return tuple(found)


@lru_cache(maxsize=1024)
def wrap(text: str, font: Font, width: int, lines: int | None = None) -> tuple[str, ...]:
    r"""Break a text into lines that fit.

    Args:
        text: Its ``\n`` are kept as breaks.
        font: How it is set.
        width: Pixels that a line may take; a single letter wider than that stands alone.
        lines: At most so many; the last then ends in an ellipsis.

    Returns:
        The lines, without the spaces at which the text was broken.
    """
    found = spans(text, font, width)
    whole = [
        text[start:end].rstrip(" \t") if end < len(text) and text[end] != "\n" else text[start:end]
        for start, end in found
    ]
    if lines is None or len(whole) <= lines:
        return tuple(whole)
    if lines < 1:
        return ()
    rest = text[found[lines - 1][0] :].partition("\n")[0]
    return (*whole[: lines - 1], _shortened(rest, font, width))


def _shortened(text: str, font: Font, width: int) -> str:
    """Give as much of a text as fits before an ellipsis."""
    room = width * SUB - lay("…", font).advance
    used = fits = 0
    for cluster in lay(text, font).clusters:
        used += cluster.advance
        if used > room:
            break
        fits = cluster.end
    kept = text[:fits].rstrip(" \t")
    while kept and lay(kept + "…", font).advance > width * SUB:
        kept = kept[: lay(kept, font).clusters[-1].start]
    return kept + "…"


@lru_cache(maxsize=4096)
def ellipsize(text: str, font: Font, width: int) -> str:
    """Give a line whole if it fits, else its beginning and an ellipsis.

    The ellipsis alone may be wider than a very small width.
    """
    if lay(text, font).width <= width:
        return text
    return _shortened(text, font, width)
