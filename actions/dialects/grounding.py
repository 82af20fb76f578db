"""Models that find one thing on a screen: a description in, a place out.

A goal is taken as the description. What is done about it: click it once, and finish; or say that it
is not there. The past is not told, and tools are not offered: these models were trained for
neither.

A family is a prompt, a form of reply, and a reader of replies. The forms are written with ``{x}``
and ``{y}``; they make what is written and what is allowed while decoding.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Container, Sequence
from typing import Any, ClassVar

from ...model.chat import Image, Message
from ..errors import ActionError
from ..geometry import Frame, Point, Space
from ..schema import Action, Click, Done
from .base import Found, Parsed, Tools, Turn
from .lark import Lark, quoted
from .points import PointKind, limits
from .reading import Reading

PICTURE = "<picture>"
"""Stands for the screenshot among the parts of a user turn."""

NOT_FOUND = "the model finds nothing like that on the screen"
"""The reason of a `Done` where a model says so."""

NUMBER = r"-?[0-9]{1,9}(?:\.[0-9]{1,12})?"
"""What numbers of places look like in text."""

MOST = 200
"""How many places one reply may name: more are no list but a loop."""

_POINT = PointKind()
_FILLED = re.compile(r"\{(goal|width|height)\}")
_PLACED = re.compile(r"(\{x\}|\{y\}|\{label\})")
_LABEL = r"[^\"\\\x00-\x1f\x7f]{1,80}"


class GroundingDialect(ABC):
    """What all of them share.

    Attributes:
        name: In records and on the command line.
        space: The units of its places.
        system: The system turn, perhaps with ``{width}`` and ``{height}`` of the resized picture;
            empty: the checkpoint's own.
        user: The parts of the user turn, with ``{goal}`` where the description goes.
        form: A reply, with ``{x}`` and ``{y}``, and with ``{label}`` where what is found is named.
        thinks: The tags of its thought; None: it has none.
    """

    name: str
    space: Space
    pictures: int | None = 1
    stops: tuple[str, ...] = ()
    system: ClassVar[str] = ""
    user: ClassVar[tuple[str, ...]]
    form: ClassVar[str]
    thinks: ClassVar[tuple[str, str] | None] = None

    def __init__(self, tools: Tools = ()) -> None:
        """Take tools as all dialects do; they are not offered: there is no way to call one."""
        del tools

    def messages(self, goal: str, past: Sequence[Turn], now: Image) -> list[Message]:
        """The prompt about the current screenshot; the past is not told."""
        width, height = (str(side) for side in now.resized)
        values = {"goal": self.described(goal), "width": width, "height": height}

        def filled(text: str) -> str:
            return _FILLED.sub(lambda found: values[found[1]], text)

        user = [now if part is PICTURE else filled(part) for part in self.user]
        system = [Message.of("system", filled(self.system))] if self.system else []
        return [*system, Message.of("user", *user)]

    def described(self, goal: str) -> str:
        """Give the description as it stands in the prompt."""
        return goal

    @abstractmethod
    def find(self, reading: Reading, begins: int) -> list[Found]:
        """Read what a reply found, best first; nothing where it says that there is nothing.

        Args:
            reading: The reply.
            begins: Where it begins, behind its thought.

        Raises:
            ActionError: It says neither.
        """

    def parse(self, reply: str, frame: Frame) -> Parsed:
        """Read what was found: a click on the first of it, and the end."""
        reading = Reading(reply, frame, self.space)
        begins = self._after_thought(reading)
        found = tuple(self.find(reading, begins))
        few(len(found), reading)
        thought = reply[:begins]
        for tag in self.thinks or ():
            thought = thought.replace(tag, "")
        if not found:
            nothing = Done(status="infeasible", reason=NOT_FOUND)
            return reading.parsed((nothing,), thought)
        return reading.parsed((Click(point=found[0].centre), Done()), thought, found)

    def _after_thought(self, reading: Reading) -> int:
        """Give where the thought ends: places inside it are only thought."""
        if self.thinks is None:
            return 0
        opens, closes = self.thinks
        end = reading.reply.rfind(closes)
        if end < 0 and opens in reading.reply:
            reading.fail(f"the thought does not end: close it with {closes}", 0)
        return 0 if end < 0 else end + len(closes)

    def render(self, action: Action, frame: Frame, thought: str = "") -> str:
        """Write the place of a click as the family would have found it."""
        if not isinstance(action, Click) or not action.point or action != Click(point=action.point):
            raise ActionError(f"{self.name} has no words for {action}")
        x, y = _POINT.numbers(action.point, frame, self.space)
        values = {"{x}": str(x), "{y}": str(y), "{label}": "target"}
        said = "".join(values.get(piece, piece) for piece in _PLACED.split(self.form))
        if not thought or self.thinks is None:
            return said
        opens, closes = self.thinks
        return f"{opens}\n{thought}\n{closes}\n{said}"

    def grammar(self, frame: Frame, actions: Container[str] | None = None) -> str | None:
        """A thought where it has one, and one place on the picture."""
        lark = Lark()
        across, down = limits(frame, self.space)
        fractions = self.space is Space.REL1
        values = {
            "{x}": lark.fraction() if fractions else lark.whole(0, across),
            "{y}": lark.fraction() if fractions else lark.whole(0, down),
        }
        if "{label}" in self.form:
            values["{label}"] = lark.pattern(_LABEL)
        pieces = [values.get(piece) or quoted(piece) for piece in _PLACED.split(self.form) if piece]
        start = " ".join(pieces)
        if self.thinks is not None:
            opens, closes = (quoted(text) for text in (f"{self.thinks[0]}\n", self.thinks[1]))
            start = f'({opens} {lark.thought()} {closes} "\\n")? {start}'
        return lark.made(start)


def few(count: int, reading: Reading) -> None:
    """Check how many places a reply names.

    Raises:
        ActionError: Too many.
    """
    if count > MOST:
        reading.fail(f"the reply names more than {MOST} places: name the best one", 0)


def corners(value: Any, reading: Reading, name: str, at: int) -> tuple[Point, Point]:
    """Map a box, or a point, to the screenshot: its top left and bottom right corner.

    Args:
        value: Two numbers or four, as a list, or as two lists of two.
        reading: Is told of slips.
        name: What it is called, for messages.
        at: Where it stands in the reply.

    Raises:
        ActionError: It is neither, or not on the picture.
    """
    if isinstance(value, list) and value and all(isinstance(part, list) for part in value):
        reading.repaired("doubled brackets", at)
        value = [number for part in value for number in part]
    halves = [value[:2], value[2:]] if isinstance(value, list) and len(value) == 4 else [value]
    points = [_POINT.read(half, reading, name, at) for half in halves]
    across, down = zip(*points, strict=True)
    return Point(min(across), min(down)), Point(max(across), max(down))
