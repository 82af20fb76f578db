"""How one model family is spoken to, and the plain records it needs of the past."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ...model.chat import Image, Message
from ..geometry import Clamp, Frame
from ..schema import Action


@dataclass(frozen=True, slots=True)
class Turn:
    """One past round: what was seen, what was said to it, and what came of that.

    Attributes:
        image: The screenshot; None where the history dropped it (its reply stays).
        reply: What the model said, verbatim.
        outcome: What is told to the model about it, in words.
    """

    image: Image | None
    reply: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """A reply, understood.

    Attributes:
        actions: At least one, in the order to be performed; points in physical pixels.
        thought: The text before the actions, for people.
        clamps: Points that overshot the picture a little and were moved to its edge.
    """

    actions: tuple[Action, ...]
    thought: str = ""
    clamps: tuple[Clamp, ...] = field(default=())


class Dialect(Protocol):
    """How one model family is spoken to."""

    @property
    def name(self) -> str:
        """Its name in records and on the command line."""
        ...

    def messages(self, goal: str, past: Sequence[Turn], now: Image) -> list[Message]:
        """Give the prompt. It only grows: the messages for one turn begin with those before.

        Args:
            goal: What the user wants, in words.
            past: Earlier rounds, oldest first.
            now: The current screenshot.
        """
        ...

    def parse(self, reply: str, frame: Frame) -> Parsed:
        """Read a reply.

        Args:
            reply: What the model said, verbatim.
            frame: The frame of the screenshot it was said about, with its image size planned.

        Raises:
            ActionError: It cannot become an action. Nothing else is ever raised, whatever the
                text.
        """
        ...

    def render(self, action: Action, frame: Frame) -> str:
        """Give the reply this family would have written for an action."""
        ...
