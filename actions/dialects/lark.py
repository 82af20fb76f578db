"""Grammars of replies, for constrained decoding: llguidance's Lark.

Named control tokens such as ``<|box_start|>`` and ``<tool_call>`` stand bare in rules; `quoted`
sees to that. A vocabulary that lacks one spells it in letters, see ``model/constrain.py``. Each
action has an alternative of its own, with all that never changes as literals: such runs cost no
pass of the network.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

_TOKEN = re.compile(r"(<\|[a-z_]+\|>|</?(?:tool_call|tool_response|think)>)")
_GUIDANCE = {
    "whitespace_flexible": False,
    "item_separator": ", ",
    "key_separator": ": ",
    # Without \u: half a surrogate pair is no text.
    "json_allowed_escapes": 'nrbtf\\"',
}

THOUGHT = "THOUGHT"
"""The name of the terminal of free text: anything but ``<``, see `Lark.thought`."""


def quoted(text: str) -> str:
    """Give the Lark expression of a text: its control tokens as tokens, the rest as literals."""
    pieces = [piece for piece in _TOKEN.split(text) if piece]
    return " ".join(
        piece if _TOKEN.fullmatch(piece) else json.dumps(piece, ensure_ascii=False)
        for piece in pieces
    )


class Lark:
    """A grammar in the making: rules and terminals that are shared are written once."""

    def __init__(self) -> None:
        self._rules: dict[str, str] = {}

    def rule(self, name: str, body: str) -> str:
        """Add a rule, or a terminal where the name is in capitals; give its name."""
        if self._rules.setdefault(name, body) != body:
            raise ValueError(f"there are two rules {name}")
        return name

    def whole(self, low: int, high: int) -> str:
        """A whole number within bounds."""
        schema = {"type": "integer", "minimum": low, "maximum": high}
        name = f"whole_{low}_{high}".replace("-", "m")
        return self.rule(name, f"%json {json.dumps(schema)}")

    def fraction(self) -> str:
        """A fraction from 0 to 1, as families of that space write them."""
        return self.rule("FRACTION", r"/0\.[0-9]{1,4}|1\.0/")

    def text(self, quote: str = "'") -> str:
        """A text in quotes, with Python's escapes."""
        name = "TEXT" if quote == "'" else "TEXT_DOUBLE"
        body = rf"/{quote}([^{quote}\\\x00-\x1f\x7f]|\\['\"\\nt])*{quote}/"
        return self.rule(name, body)

    def pattern(self, expression: str) -> str:
        """What matches a regular expression."""
        number = sum(name.startswith("PATTERN") for name in self._rules)
        found = [n for n, body in self._rules.items() if body == f"/{expression}/"]
        return found[0] if found else self.rule(f"PATTERN_{number}", f"/{expression}/")

    def json(self, name: str, schema: Mapping[str, Any], *, compact: bool = False) -> str:
        """JSON by a schema, with blanks after commas and colons as most families write it."""
        close = {"item_separator": ",", "key_separator": ":"} if compact else {}
        whole = {**schema, "x-guidance": {**_GUIDANCE, **close}}
        return self.rule(name, f"%json {json.dumps(whole)}")

    def thought(self, *, line: bool = False) -> str:
        """Free text without ``<``; with ``line``, also without a line feed."""
        if line:
            return self.rule("THOUGHT_LINE", r"/[^<\n]+/")
        return self.rule(THOUGHT, "/[^<]+/")

    def made(self, start: str) -> str:
        """Give the grammar that begins with an expression."""
        rules = {"start": start, **self._rules}
        return "".join(f"{name}: {body}\n" for name, body in rules.items())


def object_schema(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Give the schema of an object with exactly these members."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }
