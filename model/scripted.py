"""A model that answers from a list: for tests, examples, demos and replay."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from .base import Reply
from .chat import Message
from .errors import ModelError, ScriptExhausted
from .size import Size


class ScriptedModel:
    """Gives its replies in order, whatever it is shown.

    Args:
        replies: Each a text, given verbatim, or a mapping, given as one line of JSON.
        name: How records call it.

    Its plan leaves screenshots at their own size, so the pixels that a script writes are the
    pixels of the screenshot. All sessions of one model draw from the same list, so a task of
    several goals goes on where the goal before stopped.
    """

    def __init__(
        self, replies: Sequence[str | Mapping[str, Any]], *, name: str = "scripted"
    ) -> None:
        self._replies = [
            reply if isinstance(reply, str) else json.dumps(reply, ensure_ascii=False)
            for reply in replies
        ]
        self._next = 0
        self._name = name

    @classmethod
    def from_file(cls, path: str | Path) -> "ScriptedModel":
        """Read the replies from a YAML or JSON list, or from JSON Lines (``.jsonl``).

        Raises:
            ModelError: The file cannot be read, or is not a list of texts and mappings; the
                message names the file and the entry.
        """
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8")
            if path.suffix == ".jsonl":
                items = [json.loads(line) for line in text.split("\n") if line.strip()]
            else:
                items = yaml.safe_load(text)
        except OSError as error:
            raise ModelError(f"cannot read the script {path}: {error.strerror}") from error
        except (UnicodeDecodeError, ValueError, yaml.YAMLError) as error:
            raise ModelError(f"{path} is not valid YAML, JSON or JSON Lines: {error}") from error
        if not isinstance(items, list):
            raise ModelError(
                f"{path} must hold a list of replies, not {type(items).__name__}: "
                'start each reply with "- "'
            )
        for number, item in enumerate(items, start=1):
            if not isinstance(item, str | dict):
                raise ModelError(
                    f"{path}: reply {number} is {item!r}; a reply is a text or a mapping"
                )
            try:
                json.dumps(item, allow_nan=False)
            except (TypeError, ValueError, RecursionError) as error:  # YAML knows dates and more
                raise ModelError(
                    f"{path}: reply {number} has no JSON form ({error}): "
                    "put values such as dates in quotes"
                ) from error
        return cls(items, name=f"script:{path.name}")

    @property
    def name(self) -> str:
        """How records call it."""
        return self._name

    @property
    def fingerprint(self) -> str:
        """Content hash of the replies."""
        body = json.dumps(self._replies).encode()
        return hashlib.sha256(body).hexdigest()[:32]

    @property
    def family(self) -> str:
        """Nothing was trained."""
        return "script"

    @property
    def remaining(self) -> int:
        """How many replies have not been asked for yet."""
        return len(self._replies) - self._next

    def skip(self, said: Sequence[str]) -> None:
        """Leave out what was said before, where the list begins with it, and only there.

        Args:
            said: Replies that a run got before it was interrupted.
        """
        if self._replies[: len(said)] == list(said):
            self._next = max(self._next, len(said))

    def plan(self, size: Size) -> Size:
        """Leave the picture as it is."""
        return size

    def session(self, *, repetition_penalty: float | None = None) -> "ScriptedModel":
        """Give the model itself: a script keeps no cache, only its place in the list."""
        return self

    async def reply(
        self,
        messages: Sequence[Message],
        *,
        grammar: str | None = None,
        stops: Sequence[str] = (),
        temperature: float | None = None,
    ) -> Reply:
        """Give the next reply of the list, verbatim: nothing changes it.

        Raises:
            ScriptExhausted: The list is at its end.
        """
        if self._next >= len(self._replies):
            raise ScriptExhausted(
                f"{self._name} holds {len(self._replies)} replies and one more was asked for: "
                "add a reply, or end the script with a done action"
            )
        text = self._replies[self._next]
        self._next += 1
        return Reply(text)

    async def close(self) -> None:
        """Do nothing: there is nothing to free."""
