"""Right to left: how Arabic letters are joined, and in which order a mixed line is drawn.

python-bidi and arabic-reshaper work on whole texts and forget which letter came from where. A caret
must know, so they are asked about one letter a cluster, and the places are followed through.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

_LEFTWARD = re.compile("[\u0590-\u08ff\u200f\u202b\u202e\u2067\ufb1d-\ufdff\ufe70-\ufefc]")
_ARABIC = re.compile("[\u0600-\u06ff\u0750-\u077f]")
_ISOLATE = re.compile("[\u2066-\u2069]")
"""Marks that python-bidi does not know; they have no effect here."""
_BRACKETS = dict(zip("([{⟨⟪⟦「『【〈《〔（［｛", ")]}⟩⟫⟧」』】〉》〕）］｝", strict=True))
_LAM_ALEF = range(0xFEF5, 0xFEFD)


def needed(text: str) -> bool:
    """Whether any of it runs from right to left."""
    return not text.isascii() and _LEFTWARD.search(text) is not None


def leftward(text: str) -> bool:
    """Whether a text as a whole runs from right to left: as its first letter does."""
    if not needed(text):
        return False
    from bidi.algorithm import get_base_level

    return bool(get_base_level(text))


def ligated(shown: Sequence[str]) -> list[int]:
    """Give the indices of those clusters whose shape is also the next one's."""
    return [
        index
        for index, part in enumerate(shown[:-1])
        if part and not shown[index + 1] and ord(part[0]) in _LAM_ALEF
    ]


@cache
def _reshaper() -> Any:
    from arabic_reshaper import ArabicReshaper

    return ArabicReshaper({"delete_harakat": False, "ARABIC LIGATURE ALLAH": False})


def _join(parts: Sequence[str]) -> list[str]:
    """Give the clusters with their letters in the forms that joining asks for."""
    bases = "".join(part[0] if _ARABIC.match(part) else " " for part in parts)
    joined = iter(_reshaper().reshape(bases))
    shown = list(parts)
    swallowed = False
    for index, part in enumerate(parts):
        if swallowed:  # this alef is drawn with the lam before it
            shown[index] = ""
            shown[index - 1] += part[1:]
            swallowed = False
            continue
        form = next(joined)
        swallowed = ord(form) in _LAM_ALEF
        if form != " ":
            shown[index] = form + part[1:]
    return shown


def arrange(parts: Sequence[str]) -> tuple[list[str], list[int], list[bool]]:
    """Find what to draw for each cluster, and where.

    Args:
        parts: The clusters of a line, in reading order.

    Returns:
        What to draw for each; their indices from left to right; whether each runs leftward.
    """
    from bidi import algorithm

    shown = _join(parts) if any(_ARABIC.match(part) for part in parts) else list(parts)
    text = "".join(_ISOLATE.sub("\u200b", part[0]) for part in parts)
    base = int(algorithm.get_base_level(text))
    storage = {**algorithm.get_empty_storage(), "base_level": base, "base_dir": "LR"[base]}
    algorithm.get_embedding_levels(text, storage)
    for index, entry in enumerate(storage["chars"]):
        entry["index"] = index
        entry["type"] = entry["type"] or "L"  # code points that mean nothing have none
    algorithm.explicit_embed_and_overrides(storage)
    algorithm.resolve_weak_types(storage)
    for run in storage["runs"]:
        start = run["start"]
        _pair(storage["chars"][start : start + run["length"]], run["sor"])
    algorithm.resolve_neutral_types(storage, False)
    algorithm.resolve_implicit_levels(storage, False)
    algorithm.reorder_resolved_levels(storage, False)
    algorithm.apply_mirroring(storage, False)
    order: list[int] = []
    turned = [bool(base)] * len(parts)
    for entry in storage["chars"]:
        index = entry["index"]
        order.append(index)
        turned[index] = bool(entry["level"] % 2)
        if entry["ch"] != text[index]:  # a bracket
            shown[index] = entry["ch"] + parts[index][1:]
    # Marks of direction itself are not drawn; they keep a place beside what they follow.
    for index in sorted(set(range(len(parts))) - set(order)):
        shown[index] = parts[index][1:]
        order.insert(order.index(index - 1) + 1 if index else 0, index)
    return shown, order, turned


def _pair(entries: Sequence[dict[str, Any]], before: str) -> None:
    """Give both brackets of a pair one direction, which python-bidi's own steps leave out.

    Source: Unicode Standard Annex 9, rule N0.

    Args:
        entries: Characters of one level, weak types resolved.
        before: The direction before the first of them.
    """
    kinds = [{"EN": "R", "AN": "R"}.get(entry["type"], entry["type"]) for entry in entries]
    opened: list[tuple[str, int]] = []
    pairs: list[tuple[int, int]] = []
    for index, entry in enumerate(entries):
        if kinds[index] != "ON":
            continue
        if entry["ch"] in _BRACKETS:
            opened.append((_BRACKETS[entry["ch"]], index))
        for depth in range(len(opened) - 1, -1, -1):
            if opened[depth][0] == entry["ch"]:
                pairs.append((opened[depth][1], index))
                del opened[depth:]
                break
    for first, last in sorted(pairs):
        along = "LR"[entries[first]["level"] % 2]
        inside = {"L", "R"}.intersection(kinds[first + 1 : last])
        if not inside:
            continue
        if along not in inside:
            strong = [kind for kind in kinds[:first] if kind in ("L", "R")]
            along = strong[-1] if strong and strong[-1] in inside else along
            if not strong and before in inside:
                along = before
        for index in (first, last):
            kinds[index] = entries[index]["type"] = along
