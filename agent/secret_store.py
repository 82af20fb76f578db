"""Secrets by name: what ``{{secret:name}}`` stands for, kept so that nothing shows it."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from pydantic import SecretStr

from ..actions.schema import MAX_TEXT
from ..envs.errors import ActionFailed
from .errors import BadUsage

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
"""What a secret may be called."""

MAX_SECRET = 1000
"""Longest secret, in characters."""

REFERENCE = re.compile(r"\{\{\s*secret\s*:\s*([^{}]*?)\s*\}\}", re.IGNORECASE)
"""A reference in a text, however it is spaced; its group is the name."""
_MEANT = re.compile(r"\{\{\s*secret\b", re.IGNORECASE)


class Secrets:
    """What ``{{secret:name}}`` stands for in a text that is typed.

    Its values show in no ``repr``, ``str``, traceback or dump, and it is neither pickled nor
    written as JSON.

    Args:
        values: By name.

    Raises:
        BadUsage: A name cannot stand in a reference, or a value cannot be typed. The message shows
            no part of a value.

    Example:
        >>> Secrets({"pin": "2580"})
        Secrets(pin)
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str]) -> None:
        kept: dict[str, SecretStr] = {}
        for name, value in values.items():
            if wrong := wrong_name(name):
                raise BadUsage(wrong)
            if wrong := _untypeable(value):
                raise BadUsage(f"secret {name}: {wrong}")
            kept[name] = SecretStr(value)
        self._values = kept

    @property
    def names(self) -> frozenset[str]:
        """Which there are."""
        return frozenset(self._values)

    def reveal(self, name: str) -> str:
        """Give a value. For those who type it or look for it, and nobody else.

        Raises:
            KeyError: There is none of that name.
        """
        return self._values[name].get_secret_value()

    def named_in(self, text: str) -> tuple[str, ...]:
        """Give the names of the secrets that a text refers to, in order.

        Raises:
            ActionFailed: There is none of a name, or a reference is not well written. Nothing
                is to be typed then; the message names those there are.
        """
        names = tuple(match[1] for match in REFERENCE.finditer(text))
        known = ", ".join(sorted(self._values)) or "none"
        for name in names:
            if name not in self._values:
                raise ActionFailed(
                    f"there is no secret {name[:64]!r}, so nothing was typed; there are: {known}"
                )
        if _MEANT.search(REFERENCE.sub("", text)):
            raise ActionFailed(
                "a secret is written {{secret:name}}, so nothing was typed; there are: " + known
            )
        return names

    def filled(self, text: str) -> str:
        """Give a text with its secrets in place of the references, each once.

        What a secret holds is not searched for references again.

        Raises:
            ActionFailed: As ``named_in``; or the text would be longer than may be typed.
        """
        self.named_in(text)
        made = REFERENCE.sub(lambda match: self.reveal(match[1]), text)
        if len(made) > MAX_TEXT:
            raise ActionFailed(
                f"with its secrets the text is longer than {MAX_TEXT} characters: type less"
            )
        return made

    def __repr__(self) -> str:
        """Give the names alone."""
        return f"Secrets({', '.join(sorted(self._values))})"

    def __copy__(self) -> "Secrets":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "Secrets":
        return self

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        """Refuse to be pickled.

        Raises:
            TypeError: Always.
        """
        raise TypeError("secrets are not pickled: read them again where they are needed")


def refers(text: str) -> bool:
    """Whether a text has a reference to a secret in it, known or not, well written or not."""
    return _MEANT.search(text) is not None


def wrong_name(name: str) -> str | None:
    """Say what is wrong with a secret's name; None: nothing."""
    if NAME.fullmatch(name):
        return None
    return (
        f"{name[:64]!r} is no name for a secret: letters, digits, '_', '.' and '-', at most 64, "
        "beginning with a letter"
    )


def reference(names: Iterable[str]) -> str:
    """Give the references to secrets: what is shown in their place."""
    return "".join(f"{{{{secret:{name}}}}}" for name in names)


def _untypeable(value: object) -> str | None:
    """Say why a value cannot be typed, and nothing of what it is; None: it can."""
    if not isinstance(value, str):
        return f"it is no text but {type(value).__name__}"
    if not value:
        return "it is empty"
    if len(value) > MAX_SECRET:
        return f"it is longer than {MAX_SECRET} characters"
    for position, character in enumerate(value):
        code = ord(character)
        if code < 0x20 or 0x7F <= code < 0xA0:
            return (
                f"character {position} is a control character or a line's end, which is no part of "
                "a secret that is typed: a line feed would press Enter in the middle of it"
            )
        if 0xD800 <= code < 0xE000:
            return f"character {position} is half a surrogate pair, which no keyboard types"
    return None
