"""Matching texts by regular expressions that take linear time, whoever wrote text or pattern.

The engine is that of Rust, which pydantic brings along. It does not go back, so that no text and no
pattern hangs a run; in return it knows neither look-around nor back-references, and says so.
"""

import re
import unicodedata
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import SchemaError, SchemaValidator, core_schema

from .checks import Text

LONGEST = 4_000
"""Characters of a text that are matched; what is longer is held to fit whatever is stricter."""

_LONGEST_PATTERN = 2_000
_HEAVIEST = 1_500
"""Signs of a pattern with its repetitions written out; with ``LONGEST`` this bounds the time."""


_COUNT = re.compile(r"\{([0-9]{1,6})(?:,([0-9]{0,6}))?\}")
_ESCAPE = re.compile(r"\\(?:[pPxuU]\{[^}]*\}|.)", re.DOTALL)
_CLASS = re.compile(r"\[\^?\]?(?:\\.|\[:?[^\]]*\]|[^\]\\])*\]", re.DOTALL)


def fold(text: str) -> str:
    """Bring a text into the form that patterns see.

    Compatibility forms such as full-width letters become the ordinary ones, and characters that
    nobody sees go, so that ``S<zero-width space>end`` is found as ``Send``.
    """
    shown = unicodedata.normalize("NFKC", text)
    if shown.isascii():
        return shown
    return "".join(letter for letter in shown if unicodedata.category(letter) != "Cf")


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> SchemaValidator:
    shown = unicodedata.normalize("NFC", pattern)
    shown = "".join(letter for letter in shown if unicodedata.category(letter) != "Cf")
    schema = core_schema.str_schema(pattern=f"(?i){shown}", regex_engine="rust-regex")
    return SchemaValidator(schema)


def _weight(pattern: str) -> int:
    """Count the signs of a pattern, with ``{2,50}`` taken fifty times."""
    totals, last, at = [0], 0, 0
    while at < len(pattern):
        sign, step = pattern[at], 1
        if sign == "(":
            totals.append(0)
            last = 0
        elif sign == ")" and len(totals) > 1:
            last = totals.pop()
            totals[-1] += last
        elif sign == "{" and (count := _COUNT.match(pattern, at)):
            times = max(int(number) for number in count.groups() if number)
            totals[-1] += last * (times - 1)
            last, step = last * times, len(count[0])
        else:
            one = _CLASS.match(pattern, at) or _ESCAPE.match(pattern, at)
            step = len(one[0]) if one else 1
            last = 1
            totals[-1] += 1
        at += step
    return sum(totals)


def _checked(pattern: str) -> str:
    if not 1 <= len(pattern) <= _LONGEST_PATTERN:
        raise ValueError(
            f"a pattern has 1 to {_LONGEST_PATTERN} characters: an empty one would fit everything"
        )
    if _weight(pattern) > _HEAVIEST:
        raise ValueError(
            f"{pattern!r:.80} comes to more than {_HEAVIEST} signs with its repetitions written "
            "out, and would be slow: let it repeat less"
        )
    try:
        _compiled(pattern)
    except SchemaError as error:
        said = str(error).splitlines()
        reason = next((s[7:] for s in said if s.startswith("error: ")), said[-1].strip())
        raise ValueError(f"{pattern!r:.80} is no regular expression: {reason}") from error
    return pattern


Pattern = Annotated[Text, AfterValidator(_checked)]
"""A regular expression, searched for anywhere in a text, whatever its case."""


def found(patterns: Iterable[str], text: str, *, too_long: bool) -> bool:
    """Whether one of the patterns is found in a text.

    Args:
        patterns: Checked ones.
        text: Not folded yet.
        too_long: What is said of a text that is too long to be looked through.
    """
    if len(text) > LONGEST:
        return too_long
    shown = fold(text)
    return any(_compiled(pattern).isinstance_python(shown) for pattern in patterns)


def named(globs: Iterable[str], name: str) -> bool:
    """Whether one of the globs, such as ``mail_*``, fits a whole name."""
    return any(fnmatchcase(name, glob) for glob in globs)
