"""Taking secrets out of what is said: texts, plain data, errors."""

import base64
import dataclasses
import html
import json
import re
import shlex
import traceback
from collections.abc import Callable, Collection, Iterator
from math import ceil
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

from pydantic import BaseModel

from .secret_store import Secrets, reference

E = TypeVar("E", bound=BaseException)

PIECE = 4
"""Shortest piece of a secret that is taken out of what typing it says, in characters."""

_MOST = 0.75
"""So much of a secret in a row is as good as all of it."""
_QUOTED = re.compile(r"(?<!\w)(['\"]).*?\1(?!\w)", re.DOTALL)
_MOST_DEEP = 50
_CHAIN = 20


class Scrubber:
    """Puts references in place of secrets.

    Taken out is a secret as it is (also in other capitals) and as programs often write it: escaped
    for JSON, HTML, Python and shells, percent-encoded, in base64 (wherever in a longer text it
    begins) and hex. A secret of fewer than four characters is taken out as a word of its own only.

    Args:
        secrets: Which.
    """

    def __init__(self, secrets: Secrets) -> None:
        forms: dict[str, str] = {}
        words: dict[str, str] = {}
        for name in sorted(secrets.names):
            value = secrets.reveal(name)
            (words if len(value) < PIECE else forms).setdefault(value.casefold(), name)
            for form in _written(value):
                if len(form) >= PIECE:
                    forms.setdefault(form.casefold(), name)
        self._names = {**forms, **words}
        # The longest first: one secret may be the beginning of another.
        parts = [re.escape(form) for form in sorted(forms, key=len, reverse=True)]
        parts += [rf"(?<!\w){re.escape(w)}(?!\w)" for w in sorted(words, key=len, reverse=True)]
        self._pattern = re.compile("|".join(parts) or r"(?!)", re.IGNORECASE)
        self._secrets = secrets

    def text(self, text: str) -> str:
        """Give a text with references in place of secrets."""

        def named(match: re.Match[str]) -> str:
            name = self._names.get(match[0].casefold())
            return reference([name]) if name is not None else "{{secret}}"

        return self._pattern.sub(named, text)

    def holds(self, text: str) -> bool:
        """Whether a secret, or most of one in a row, is in a text."""
        if self._pattern.search(text):
            return True
        folded = text.casefold()
        for name in self._secrets.names:
            value = self._secrets.reveal(name).casefold()
            length = max(PIECE, ceil(_MOST * len(value)))
            if any(piece in folded for piece in _pieces(value, length)):
                return True
        return False

    def data(self, value: Any) -> Any:
        """Give plain data (mappings, lists, texts) with references in place of secrets.

        Numbers are left as they are: a point may have a PIN's digits.
        """
        return _mapped(value, self.text, 0)

    def said(self, text: str, names: Collection[str]) -> str:
        """Take out of what typing secrets said also all that it quotes, and pieces of them.

        Args:
            text: What was said.
            names: What was typed.
        """
        text = self.text(text)
        if names:  # it may quote what a field made of it: any part, in any order
            text = _QUOTED.sub(r"\1…\1", text)
        for name in sorted(set(names)):
            value = self._secrets.reveal(name)
            text = _without_pieces(text, value)
            text = _without_characters(text, value)
        return text

    def error(self, error: E, names: Collection[str] = ()) -> E | RuntimeError:
        """Give an error fit to be shown: the same one, or one like it that says no secret.

        Args:
            error: The error; its chain of causes counts.
            names: Secrets that were being typed when it was raised. Then it is always another
                one, without the traceback: the frames of that hold what was typed.
        """
        shown = [part for one in _chain(error) for part in _words(one)]
        if not names and not any(self._pattern.search(part) for part in shown):
            return error
        return self._cleaned(error, names, _CHAIN)

    def _cleaned(self, error: E, names: Collection[str], left: int) -> E | RuntimeError:
        def clean(text: str) -> str:
            return self.said(text, names)

        made: Any = None
        try:
            made = type(error).__new__(type(error))
            made.args = _mapped(error.args, clean, 0)
            made.__dict__.update(_mapped(dict(error.__dict__), clean, 0))
            made.__dict__.pop("__notes__", None)
            if str(made) != clean(str(error)) or any(map(self.holds, _words(made))):
                made = None
        except Exception:  # one that cannot be made so, as those of C and of pydantic
            made = None
        if made is None:
            made = RuntimeError(f"{type(error).__name__}: {clean(str(error))}")
        where = "".join(traceback.format_tb(error.__traceback__))
        if where and not names:
            made.add_note(f"It was raised here:\n{clean(where)}")
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        made.__cause__ = (
            None if cause is None or not left else self._cleaned(cause, names, left - 1)
        )
        return made  # type: ignore[no-any-return]


def _written(value: str) -> Iterator[str]:
    """How programs write a text."""
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield repr(value)[1:-1]
    yield ascii(value)[1:-1]
    yield value.encode("unicode_escape").decode()
    yield html.escape(value)
    yield html.escape(value, quote=False)
    yield quote(value)
    yield quote(value, safe="")
    yield quote_plus(value)
    yield shlex.quote(value)[1:-1] if shlex.quote(value) != value else value
    yield value.replace("'", "'\\''")
    yield re.sub(r"([^\w])", r"\\\1", value)
    yield value.replace(" ", "%s")  # as `input text` wants it
    for encoding in ("utf-8", "utf-16-le"):
        body = value.encode(encoding)
        yield body.hex()
        yield body.hex(" ")
        for shift in range(3):
            # The characters that depend on nothing but the secret, wherever it begins.
            packed = base64.b64encode(bytes(shift) + body).decode().rstrip("=")
            tail = 0 if (shift + len(body)) % 3 == 0 else 1
            core = packed[(0, 2, 3)[shift] : len(packed) - tail]
            if len(core) >= 2 * PIECE or (shift == 0 and len(core) >= PIECE):
                yield core
                yield core.replace("+", "-").replace("/", "_")


def _pieces(value: str, length: int) -> set[str]:
    return {value[at : at + length] for at in range(len(value) - length + 1)}


def _without_pieces(text: str, value: str) -> str:
    """Take out every run of characters that is also one of the secret, from ``PIECE`` long."""
    folded, sought = text.casefold(), value.casefold()
    if len(folded) != len(text) or len(sought) < PIECE:
        return text
    hit = [False] * len(text)
    pieces = _pieces(sought, PIECE)
    for at in range(len(text) - PIECE + 1):
        if folded[at : at + PIECE] in pieces:
            hit[at : at + PIECE] = [True] * PIECE
    return re.sub("\0+", "…", "".join("\0" if h else c for c, h in zip(text, hit, strict=True)))


def _without_characters(text: str, value: str) -> str:
    """Take out what names a character of the secret, such as ``U+00E9 (é)``."""
    held = set(value)
    text = re.sub(
        r"U\+([0-9A-Fa-f]{4,6})",
        lambda m: "U+…" if int(m[1], 16) <= 0x10FFFF and chr(int(m[1], 16)) in held else m[0],
        text,
    )
    text = re.sub(r"\((.)\)", lambda m: "(…)" if m[1] in held else m[0], text)
    return "".join("…" if not c.isascii() and c in held and c != "…" else c for c in text)


def _mapped(value: Any, clean: Callable[[str], str], depth: int) -> Any:
    if depth > _MOST_DEEP:
        return None
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bytes | bytearray):
        return clean(bytes(value).decode("utf-8", "replace")).encode()
    if isinstance(value, dict):
        return {
            _mapped(key, clean, depth + 1): _mapped(item, clean, depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        items = [_mapped(item, clean, depth + 1) for item in value]
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*items)
        return type(value)(items)
    if isinstance(value, BaseModel):
        return value.model_copy(update=_mapped(dict(value), clean, depth + 1))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.init}
        return dataclasses.replace(value, **_mapped(fields, clean, depth + 1))
    return value


def _chain(error: BaseException) -> Iterator[BaseException]:
    at: BaseException | None = error
    for _ in range(_CHAIN):
        if at is None:
            return
        yield at
        at = at.__cause__ or at.__context__


def _words(error: BaseException) -> Iterator[str]:
    """All that an error shows."""
    yield str(error)
    yield repr(error)
    yield from (str(note) for note in getattr(error, "__notes__", ()))
