"""Kinds of arguments: how each is read, written, and bounded while it is decoded."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any, Protocol

from ..errors import ActionError, ActionSchemaError
from ..geometry import Frame, Space
from ..keys import KEYS, parse_chord
from .lark import Lark, quoted
from .literal import PLAIN_NUMBER, Bare, Scanner
from .reading import Reading

_TYPEABLE = r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*"
"""What a keyboard types; a line feed is its Enter key, a tab its Tab key."""
_MAX_CHORD = 100
"""No chord has more characters: looking for names like it takes time."""


class Kind(Protocol):
    """A kind of argument."""

    def read(self, value: Any, reading: Reading, name: str, at: int) -> Any:
        """Give what a plain value means.

        Args:
            value: As the syntax gives it: texts, numbers, lists, mappings.
            reading: Is told of slips.
            name: Of the argument, for messages.
            at: Where the call stands in the reply.

        Raises:
            ActionError: It is not of this kind.
        """
        ...

    def write(self, value: Any, frame: Frame, space: Space) -> Any:
        """Give the plain value that means it."""
        ...

    def schema(self, frame: Frame, space: Space) -> dict[str, Any]:
        """Give the JSON Schema of the plain values about a frame."""
        ...

    def lark(self, lark: Lark, frame: Frame, space: Space, quote: str) -> str:
        """Give the Lark expression of the values as Python literals, texts in some quotes."""
        ...


@dataclass(frozen=True, slots=True)
class TextKind:
    """A text.

    Attributes:
        pattern: Regular expression of what may stand in it while it is decoded; None: anything.
    """

    pattern: str | None = None

    def read(self, value: Any, reading: Reading, name: str, at: int) -> str:
        """Give the text; a number has one reading as one."""
        if isinstance(value, str):
            return value
        if type(value) in (int, float):
            reading.repaired("number for a text", at)
            return str(value)
        raise ActionSchemaError(f"{name} is a text, not {value!r:.60}", path=(name,))

    def write(self, value: str, frame: Frame, space: Space) -> str:
        """Give it as it is."""
        return value

    def schema(self, frame: Frame, space: Space) -> dict[str, Any]:
        """Any text, or what matches."""
        return {"type": "string", "pattern": f"^{self.pattern or _TYPEABLE}$"}

    def lark(self, lark: Lark, frame: Frame, space: Space, quote: str) -> str:
        """A text in quotes."""
        if self.pattern is None:
            return lark.text(quote)
        return lark.pattern(f"{quote}{self.pattern}{quote}")


@dataclass(frozen=True, slots=True)
class NumberKind:
    """A number.

    Attributes:
        low: At least.
        high: At most.
        unit: What may be written after it in a text, such as `` seconds``.
        scale: What it is multiplied by to become what the action holds.
        zero: Whether 0 means anything.
    """

    low: float = 0
    high: float = 60
    unit: str = ""
    scale: float = 1
    zero: bool = True

    def read(self, value: Any, reading: Reading, name: str, at: int) -> float:
        """Give the number times ``scale``."""
        number = value
        if isinstance(value, str):
            text = value.strip().removesuffix("s").removesuffix("second").strip()
            number = float(text) if PLAIN_NUMBER.fullmatch(text) else None
            if not self.unit and number is not None and not isinstance(value, Bare):
                reading.repaired("text for a number", at)
        is_number = type(number) in (int, float)
        if number is None or not is_number or not self.low <= number <= self.high:
            raise ActionSchemaError(
                f"{name} is a number from {self.low:g} to {self.high:g}, not {value!r:.40}",
                path=(name,),
            )
        if not number and not self.zero:
            raise ActionSchemaError(f"{name} is a number other than 0", path=(name,))
        return float(number) * self.scale

    def write(self, value: float, frame: Frame, space: Space) -> Any:
        """Give it without a needless ``.0``.

        Raises:
            ActionError: It is out of bounds.
        """
        number = value / self.scale
        if not self.low <= number <= self.high:
            raise ActionError(f"{number:g} is not from {self.low:g} to {self.high:g}")
        short = int(number) if number == int(number) else number
        return f"{short}{self.unit}" if self.unit else short

    def schema(self, frame: Frame, space: Space) -> dict[str, Any]:
        """A number within the bounds: whole where they are wide, as models write them."""
        if self.unit:
            return {"type": "string", "pattern": rf"^[0-9]{{1,3}}{re.escape(self.unit)}$"}
        kind = "integer" if self.high - self.low > 100 else "number"
        if not self.zero and self.low < 0 < self.high:
            low, high = int(self.low), int(self.high)
            parts = [{"minimum": low, "maximum": -1}, {"minimum": 1, "maximum": high}]
            return {"anyOf": [{"type": "integer", **part} for part in parts]}
        return {"type": kind, "minimum": self.low, "maximum": self.high}

    def lark(self, lark: Lark, frame: Frame, space: Space, quote: str) -> str:
        """Numbers within the bounds; whole ones before a unit."""
        if self.unit:
            number = lark.whole(max(0, ceil(self.low)), int(self.high))
            return f"{quoted(quote)} {number} {quoted(self.unit + quote)}"
        name = re.sub(r"\W", "_", f"number_{self.low:g}_{self.high:g}")
        return lark.json(name, self.schema(frame, space))


@dataclass(frozen=True, slots=True)
class FlagKind:
    """Yes or no.

    Attributes:
        number: Whether it is written as 1 or 0, not as a truth value.
    """

    number: bool = False

    def read(self, value: Any, reading: Reading, name: str, at: int) -> bool:
        """Give it; a number for a truth value, or the other way round, has one reading."""
        flags = {"true": True, "false": False, "1": True, "0": False}
        word = str(value).strip().casefold() if isinstance(value, bool | int | float | str) else ""
        word = word.removesuffix(".0")
        if word not in flags:
            allowed = "1 or 0" if self.number else "true or false"
            raise ActionSchemaError(f"{name} is {allowed}, not {value!r:.40}", path=(name,))
        if not isinstance(value, int if self.number else bool) and not isinstance(value, Bare):
            reading.repaired("form of a word", at)
        return flags[word]

    def write(self, value: bool, frame: Frame, space: Space) -> bool | int:
        """Give it as the family writes it."""
        return int(value) if self.number else value

    def schema(self, frame: Frame, space: Space) -> dict[str, Any]:
        """One of the two."""
        return {"enum": [0, 1]} if self.number else {"type": "boolean"}

    def lark(self, lark: Lark, frame: Frame, space: Space, quote: str) -> str:
        """One of the two."""
        return '("0" | "1")' if self.number else '("true" | "false")'


@dataclass(frozen=True, slots=True)
class ChoiceKind:
    """One word of a few.

    Attributes:
        words: As the family writes them, with what the action holds.
    """

    words: Mapping[str, Any]

    def read(self, value: Any, reading: Reading, name: str, at: int) -> Any:
        """Give what the word means; other case and blanks round it have one reading."""
        if isinstance(value, str) and value in self.words:
            return self.words[value]
        folded = {word.casefold(): word for word in self.words}
        word = folded.get(value.strip().casefold()) if isinstance(value, str) else None
        if word is None or len(folded) < len(self.words):
            raise ActionSchemaError(
                f"{name} is one of {', '.join(self.words)}, not {value!r:.40}", path=(name,)
            )
        reading.repaired("form of a word", at)
        return self.words[word]

    def write(self, value: Any, frame: Frame, space: Space) -> Any:
        """Give the first word that means it.

        Raises:
            ActionError: None does.
        """
        for word, meant in self.words.items():
            if meant == value:
                return word
        raise ActionError(f"there is no word for {value}")

    def schema(self, frame: Frame, space: Space) -> dict[str, Any]:
        """One of the words."""
        return {"enum": list(self.words)}

    def lark(self, lark: Lark, frame: Frame, space: Space, quote: str) -> str:
        """One of the words, in quotes."""
        return "(" + " | ".join(quoted(f"{quote}{word}{quote}") for word in self.words) + ")"


@dataclass(frozen=True, slots=True)
class KeysKind:
    """Keys that are pressed together.

    Attributes:
        separator: Between their names in a text; None: a list of names.
        names: What the family calls keys that it names otherwise, by canonical name.
    """

    separator: str | None = None
    names: Mapping[str, str] | None = None

    def read(self, value: Any, reading: Reading, name: str, at: int) -> str:
        """Give the chord as `Key` takes it."""
        if isinstance(value, str | list) and len(str(value)) > _MAX_CHORD:
            raise ActionSchemaError(f"{name} is names of keys, not {value!r:.60}", path=(name,))
        if isinstance(value, Bare) and value.lstrip().startswith(('["', "['")):
            value = Scanner(reading, text=value, origin=at).value()
        if isinstance(value, list) and value and all(isinstance(key, str) for key in value):
            if self.separator is not None:
                reading.repaired("list for a text", at)
            keys = value
        elif isinstance(value, str) and value.strip():
            if self.separator is None and not isinstance(value, Bare):
                reading.repaired("text for a list", at)
            # ctrl+c is written by all families now and then, whatever their separator.
            keys = value.split() if " " in value.strip() else [value.strip()]
            if self.separator not in (None, " ", "+"):
                keys = [part for key in keys for part in key.split(self.separator)]
        else:
            raise ActionSchemaError(f"{name} is names of keys, not {value!r:.60}", path=(name,))
        meant = {said: key for key, said in (self.names or {}).items()}
        keys = [meant.get(key, key) for key in keys]
        return "+".join("plus" if key == "+" else key for key in keys)

    def write(self, value: str, frame: Frame, space: Space) -> Any:
        """Give the names of a chord."""
        keys = [(self.names or {}).get(key, key) for key in parse_chord(value)]
        if self.separator is None:
            return keys
        return self.separator.join(keys)

    def schema(self, frame: Frame, space: Space) -> dict[str, Any]:
        """Names of keys."""
        if self.separator is None:
            names = [*self._names(), *_CHARACTERS]
            return {"type": "array", "items": {"enum": names}, "minItems": 1, "maxItems": 4}
        return {"type": "string", "pattern": f"^{self._pattern()}$"}

    def lark(self, lark: Lark, frame: Frame, space: Space, quote: str) -> str:
        """Names of keys in quotes, or a list of such."""
        if self.separator is None:
            key = lark.pattern(f"{quote}{self._key()}{quote}")
            return f'"[" {key} (", " {key}){{0,3}} "]"'
        return lark.pattern(f"{quote}{self._pattern()}{quote}")

    def _names(self) -> list[str]:
        return [(self.names or {}).get(key, key) for key in KEYS]

    def _pattern(self) -> str:
        """Names that are joined."""
        key = self._key()
        return f"{key}({re.escape(self.separator or '+')}{key}){{0,3}}"

    def _key(self) -> str:
        """One name: characters that would have to be escaped are left out."""
        plain = [sign for sign in _CHARACTERS if sign.isalnum()]
        return f"({'|'.join([*self._names(), *plain])})"


_CHARACTERS = [chr(code) for code in range(ord("!"), ord("~") + 1) if not chr(code).isupper()]
