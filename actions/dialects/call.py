"""Function calls of literals as models write them: ``click(start_box='(100,200)')``.

Read, never executed: a call is a name and literals, with the slips of ``literal.py``, and one of
its own: quotes inside of a text that can only end at the last one.
"""

import re
from collections.abc import Container, Mapping
from typing import Any, NamedTuple

from .literal import PYTHON_ESCAPES, WORD, Bare, Scanner
from .reading import Reading

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")  # a tool's may hold a hyphen
_TAGGED = re.compile(
    r"<point>[^<]{0,200}</point>|<bbox>[^<]{0,200}</bbox>"
    r"|<\|box_start\|>[^<]{0,200}<\|box_end\|>"
)
_ENDS_LAST_TEXT = re.compile(r"\s*[)）]\s*$")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class Call(NamedTuple):
    """A function call of literals.

    Attributes:
        name: May hold dots.
        args: By position.
        kwargs: By name.
        position: Where its name begins.
    """

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    position: int


class CallScanner(Scanner):
    """Reads calls out of a reply, one after another.

    Args:
        reading: Is told of slips and failures.
        at: Where to begin.
        end: Where the text ends for this scanner; None: at its end.
        final: Arguments that are always the last of their call: a text there may hold quotes.
    """

    def __init__(
        self,
        reading: Reading,
        at: int = 0,
        end: int | None = None,
        *,
        final: Container[str] = (),
    ) -> None:
        super().__init__(reading, at, end, python=True)
        self._final = final

    def call(self) -> Call:
        """Read ``name(value, key=value, …)``.

        Raises:
            ActionParseError: There is none here, or it is broken.
        """
        self.peek()
        begins = self.at
        name = _NAME.match(self._text, self.at, self._end)
        if name is None:
            self._fail(f"a call such as name(key=value) is expected, not {self._shown()}")
        self.at = name.end()
        if not self.took("(", "（"):
            self._fail(f"( is expected after {name[0]:.40}, not {self._shown()}")
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        while not self.took(")", "）"):
            if self.ended():
                self._unclosed("call")
                break
            key = self._key_of_call()
            last = (not kwargs and not args) or (key or "") in self._final
            value = self._argument(last=last)
            if key is None:
                if kwargs:
                    self._fail("a value without a name cannot follow one that has a name")
                args.append(value)
            else:
                self._put(kwargs, key, value)
            if not self.took(",", "，") and self.peek() not in (")", "）") and not self.ended():
                self._fail(f", or ) is expected, not {self._shown()}")
        return Call(name[0], tuple(args), kwargs, self._place(begins))

    def _key_of_call(self) -> str | None:
        self.peek()
        begins = self.at
        word = WORD.match(self._text, self.at, self._end)
        if word is not None:
            self.at = word.end()
            if self.took("=", "＝"):
                return word[0]
        self.at = begins
        return None

    def _argument(self, *, last: bool) -> Any:
        """Read a value in a call: also a tagged point without quotes."""
        sign = self.peek()
        if tagged := _TAGGED.match(self._text, self.at, self._end):
            self.at = tagged.end()
            return tagged[0]
        if sign not in ("'", '"') or not last:
            return self.value(1)
        begins = self.at
        ends_well = False
        try:
            text = self.string()
            ends_well = self.peek() in (",", "，", ")", "）", "")
        finally:
            closed = self.at
            self.at = begins if not ends_well else closed
        if ends_well:
            return text
        # The text holds its own quotes. With nothing but this text in the call, and nothing after
        # the call, it can only end at the last quote.
        tail = self._text.rfind(sign, begins + 1, self._end)
        if tail <= begins or not _ENDS_LAST_TEXT.match(self._text, tail + 1, self._end):
            self._fail("the text in quotes holds quotes of its own: write them with a backslash")
        self._note("quotes in a text")
        self.at = tail + 1
        return _ESCAPED.sub(
            lambda found: PYTHON_ESCAPES.get(found[1], found[0]), self._text[begins + 1 : tail]
        )


def literal(value: Any, quote: str) -> str:
    """Write a value as Python would, texts in some quotes."""
    if isinstance(value, Bare):
        return str(value)
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace(quote, f"\\{quote}")
        escaped = escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
        return f"{quote}{escaped}{quote}"
    if isinstance(value, Mapping):
        members = (f"{literal(k, quote)}: {literal(v, quote)}" for k, v in value.items())
        return "{" + ", ".join(members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(literal(item, quote) for item in value) + "]"
    return repr(value)
