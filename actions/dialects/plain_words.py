"""Replies in plain words, for families in which a reply that calls nothing is the last answer.

A call that went wrong is no answer: what looks like one, of this family or another, is refused.
"""

import re
from collections.abc import Iterable

_MARKS = (
    r"[{}✿]|[\"”]\s*:|<\||</?(?:tool_call|function|parameter|think|answer|action|point)\b"
    r"|^[ \t]*(?:actions?|thought)[:：]|^\W{0,3}FUNCTION\W{0,3}[:：]"
)
_WORDS = re.compile(r"[^\W_]")


class PlainWords:
    """Tells an answer from a call that went wrong.

    Args:
        names: What can be called.
    """

    def __init__(self, names: Iterable[str]) -> None:
        called = "|".join(map(re.escape, names))
        marks = rf"{_MARKS}|^[^\w\n]{{0,3}}(?:{called})[(\[]"
        self._attempt = re.compile(marks, re.IGNORECASE | re.MULTILINE)

    def attempt(self, text: str) -> re.Match[str] | None:
        """Give what shows that a call was meant; None where nothing does."""
        return self._attempt.search(text)

    def answers(self, text: str) -> bool:
        """Say whether a text is words and nothing else."""
        return _WORDS.search(text) is not None and self.attempt(text) is None
