"""One reply being read: what is gathered on the way, and how failures are said."""

import re
from typing import NoReturn

from ..errors import ActionParseError, PointOutsideImage
from ..geometry import Clamp, Frame, Point, Space
from ..schema import Action
from .base import Found, Parsed, Repair

BEGINS = r"(?:^|(?<=[.!?。！？>]))[ \t]*"
"""Where a call may begin that no tag marks: a line, or behind a sentence or a tag.

In the middle of a sentence it may be quoted from the screen, or be spoken of. With `re.MULTILINE`.
"""

# What may follow the last call of a reply, such as ``` or [EOS] or </Output>: written backwards,
# because only from the end it is found in one pass.
_TAIL = re.compile(r"(?:\s|`|\]SOE\[|>[A-Za-z_]{1,20}/<|>\|[a-z_]{1,20}\|<)*+")
_ENDS = ("<|im_end|>", "<|endoftext|>")
_OBJECT = re.compile(r"(?:^|(?<=>))[ \t]*(?:```[a-z]*\s*)?(?:\[\s*)?(?=\{)", re.MULTILINE)


class Reading:
    """A reply and all that is noticed while it is read.

    Attributes:
        reply: Without the token that ends a turn, which some decoders leave in.
        frame: Of the screenshot that it is about.
        space: The units of its points.
    """

    def __init__(self, reply: str, frame: Frame, space: Space) -> None:
        last = len(reply.rstrip())
        ends = next((token for token in _ENDS if reply.endswith(token, 0, last)), None)
        self.reply = reply if ends is None else reply[: last - len(ends)]
        self.frame, self.space = frame, space
        self._clamps: list[Clamp] = []
        self._values = 0
        self._repairs: dict[str, int] = {}

    def counted(self) -> int:
        """Count a value, and give how many there were."""
        self._values += 1
        return self._values

    def repaired(self, name: str, position: int) -> None:
        """Note a slip that had exactly one reading; of many alike, the first."""
        self._repairs.setdefault(name, position)

    def noted(self, name: str) -> bool:
        """Say whether a slip was noted."""
        return name in self._repairs

    def forget(self) -> None:
        """Drop what was noticed: it stood where nothing counts, such as in a thought."""
        self._clamps.clear()
        self._repairs.clear()

    def fail(self, message: str, position: int) -> NoReturn:
        """Say that the text is not in the grammar.

        Raises:
            ActionParseError: Always.
        """
        raise ActionParseError(message, text=self.reply, position=position)

    def object_begins(self, example: str, at: int = 0) -> int:
        """Give where the first object begins that begins a line, perhaps in a fence or a list.

        One in the middle of a line may be quoted from the screen, or spoken of.

        Args:
            example: What is expected, for the message.
            at: Where to look from.

        Raises:
            ActionParseError: There is none.
        """
        found = _OBJECT.search(self.reply, at)
        if found is None:
            self.fail(
                f"the reply holds no action: write, on a line of its own, {example}",
                len(self.reply),
            )
        return found.end()

    def without_tail(self, begins: int, end: int) -> int:
        """Give where calls end, without the fences, closing tags and tokens behind them."""
        tail = _TAIL.match(self.reply[begins:end][::-1])
        return end - (0 if tail is None else tail.end())

    def point(self, x: float, y: float) -> Point:
        """Map a point from the model's units to the screenshot.

        Raises:
            PointOutsideImage: It is not on the picture.
        """
        if x == y == -1:  # not a little outside: so models say that there is no such place
            raise PointOutsideImage("point (-1, -1) is outside the picture: name a place on it")
        point, clamp = self.frame.from_model(x, y, self.space)
        if clamp is not None:
            self._clamps.append(clamp)
        return point

    def parsed(
        self, actions: tuple[Action, ...], thought: str = "", found: tuple[Found, ...] = ()
    ) -> Parsed:
        """Give the result with what was noticed."""
        clamps = tuple(self._clamps)
        repairs = tuple(Repair(name, position) for name, position in self._repairs.items())
        return Parsed(actions, thought.strip(), clamps, repairs, found)
