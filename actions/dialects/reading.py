"""One reply being read: what is gathered on the way, and how failures are said."""

from typing import NoReturn

from ..errors import ActionParseError
from ..geometry import Clamp, Frame, Point, Space
from ..schema import Action
from .base import Found, Parsed, Repair

_ENDS = ("<|im_end|>", "<|endoftext|>")


class Reading:
    """A reply and all that is noticed while it is read.

    Attributes:
        reply: Verbatim.
        frame: Of the screenshot that it is about.
        space: The units of its points.
    """

    def __init__(self, reply: str, frame: Frame, space: Space) -> None:
        self.reply, self.frame, self.space = reply, frame, space
        self._clamps: list[Clamp] = []
        self._values = 0
        self._repairs: dict[str, int] = {}

    @property
    def end(self) -> int:
        """Where it ends: before a token that ends turns, which some decoders leave in."""
        last = len(self.reply.rstrip())
        for token in _ENDS:
            if self.reply.endswith(token, 0, last):
                return last - len(token)
        return len(self.reply)

    def counted(self) -> int:
        """Count a value, and give how many there were."""
        self._values += 1
        return self._values

    def repaired(self, name: str, position: int) -> None:
        """Note a slip that had exactly one reading; of many alike, the first."""
        self._repairs.setdefault(name, position)

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

    def point(self, x: float, y: float) -> Point:
        """Map a point from the model's units to the screenshot.

        Raises:
            PointOutsideImage: It is not on the picture.
        """
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
