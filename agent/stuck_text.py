"""Texts that go round in circles, and errors that are the same but for their figures."""

import re

_GRAM = 16
"""Characters."""
_SHORTEST = 240
"""Characters: a shorter text repeats itself for good reasons, too."""
_LONGEST = 4096
_NEW = 0.25
"""Part of a text's passages that are new in one that goes somewhere."""


def degenerate(text: str) -> bool:
    """Whether a text, or its end, says the same over and over.

    It does where hardly any of its passages of 16 characters is new. The ends are looked at in
    several lengths, so sense before it hides nothing.
    """
    text = text[-_LONGEST:]
    lengths = [length for length in (240, 480, 960, 1920) if length < len(text)]
    if len(text) >= _SHORTEST:
        lengths.append(len(text))
    return any(_new(text[-length:]) < _NEW for length in lengths)


def _new(text: str) -> float:
    count = len(text) - _GRAM + 1
    return len({text[start : start + _GRAM] for start in range(count)}) / count


def bare(error: str) -> str:
    """Give an error without figures and quoted texts, to compare it with others."""
    return re.sub(r"'[^']*'|\"[^\"]*\"|\d+(\.\d+)?", "…", error)


def shortened(text: str, most: int = 120) -> str:
    """Give a text in one line, cut where it is too long."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
