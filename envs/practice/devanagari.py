"""Hindi's script: letters of a syllable are joined, and one vowel is written before them.

The fonts' own rules for joining are listed in ``devanagari.txt``, in the order in which they are
used; shapes that are no characters stand there as private ones.
"""

import re
from functools import cache

from .faces import FOLDER

_HERE = re.compile("[\u0900-\u097f]")
_CONSONANT = re.compile("[\u0915-\u0939\u0958-\u095f\U000f0000-\U000f0fff]")
_VIRAMA, _I, _REPH_BEGINS = "\u094d", "\u093f", "\u0930\u094d"
_BINDUS = re.compile("[\u0900-\u0903]+$")


@cache
def _rules() -> tuple[str, dict[str, dict[str, str]]]:
    """Give the shape of a first r, and what becomes of letters, step by step."""
    steps: dict[str, dict[str, str]] = {}
    for line in (FOLDER / "devanagari.txt").read_text("ascii").splitlines():
        step, after, *before = line.split()
        letters = "".join(chr(int(code, 16)) for code in before)
        steps.setdefault(step, {})[letters] = chr(int(after, 16))
    reph = steps.pop("rphf")[_REPH_BEGINS]
    return reph, steps


def needed(cluster: str) -> bool:
    """Whether a cluster has letters of this script."""
    return _HERE.match(cluster) is not None


def joins(before: str, character: str) -> bool:
    """Whether a letter belongs to the syllable before it."""
    return before.rstrip("\u200d").endswith(_VIRAMA) and bool(_CONSONANT.match(character))


def shape(cluster: str) -> str:
    """Give what is drawn for a syllable, from left to right, in characters of the fonts."""
    reph, steps = _rules()
    text = cluster.replace("\u200d", "")
    begins = text.startswith(_REPH_BEGINS) and len(text) > 2 and bool(_CONSONANT.match(text[2]))
    if begins:
        text = text[2:]
    for step, rules in steps.items():
        text = _apply(text, rules, half=step == "half")
    if begins:
        bindus = _BINDUS.search(text)
        end = bindus.start() if bindus else len(text)
        text = text[:end] + reph + text[end:]
    if _I in text:
        # Where letters could not be joined, the vowel stands before the last of them only.
        text = text.replace(_I, "")
        first = text.rfind(_VIRAMA, 0, len(text) - 1) + 1
        text = text[:first] + _I + text[first:]
    return text


def _apply(text: str, rules: dict[str, str], *, half: bool) -> str:
    longest = max(map(len, rules))
    done = ""
    at = 0
    while at < len(text):
        for length in range(longest, 1, -1):
            after = rules.get(text[at : at + length])
            # A letter is halved before another one only; at the end its sign is shown.
            if after and not (half and not _CONSONANT.match(text, at + length)):
                done += after
                at += length
                break
        else:
            done += text[at]
            at += 1
    return done
