"""How one model family is spoken to, and the plain records it needs of the past."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from ...model.chat import Image, Message
from ..geometry import Clamp, Frame, Point, Space
from ..schema import Action


@dataclass(frozen=True, slots=True)
class Turn:
    """One past round: what was seen, what was said to it, and what came of that.

    Attributes:
        image: The screenshot; None where the history dropped it (its reply stays).
        reply: What the model said, verbatim.
        outcome: What is told to the model about it, in words.
        plain: Whether the next screenshot says as much as ``outcome`` does. Families that were not
            trained to be told leave a plain outcome out.
        shown: Pictures that a tool returned, in order.
    """

    image: Image | None
    reply: str
    outcome: str
    plain: bool = False
    shown: tuple[Image, ...] = ()


class Repair(NamedTuple):
    """A slip in a reply that had exactly one reading, and was read so.

    Attributes:
        name: What it was, such as ``trailing comma``.
        position: Where, in characters from the start of the reply.
    """

    name: str
    position: int

    def __str__(self) -> str:
        """Give ``trailing comma at 57``."""
        return f"{self.name} at {self.position}"


class Found(NamedTuple):
    """Something that a model was asked to find, in physical pixels of the screenshot.

    Attributes:
        label: What it is called; may be empty.
        start: Top left corner, or the point.
        end: Bottom right corner; equal to ``start`` for a point.
    """

    label: str
    start: Point
    end: Point

    @property
    def centre(self) -> Point:
        """Its middle: where a click on it goes."""
        return Point((self.start.x + self.end.x) / 2, (self.start.y + self.end.y) / 2)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A reply, understood.

    Attributes:
        actions: At least one, in the order to be performed; points in physical pixels.
        thought: The text before the actions, for people.
        clamps: Points that overshot the picture a little and were moved to its edge.
        repairs: Slips that were read in the one way they can be read.
        found: What a grounding family found, best first; empty for all others.
    """

    actions: tuple[Action, ...]
    thought: str = ""
    clamps: tuple[Clamp, ...] = ()
    repairs: tuple[Repair, ...] = ()
    found: tuple[Found, ...] = ()


def noted(turn: Turn) -> str:
    """Give what is told of a round beside the next screenshot; empty where nothing need be."""
    return "" if turn.plain else turn.outcome


def aside(turn: Turn) -> str:
    """Give what is `noted` of a round in brackets on one line, to stand behind its sentence."""
    told = " ".join(noted(turn).split())
    return f" ({told})" if told else ""


Tools = Sequence[Mapping[str, Any]]
"""What can be called, each with ``name``, ``description`` and ``parameters`` (JSON Schema)."""


def named(tools: Tools, taken: Container[str]) -> dict[str, dict[str, Any]]:
    """Give tools by their names.

    Args:
        tools: What can be called.
        taken: The names that the dialect needs for itself.

    Raises:
        ValueError: A tool has one of them.
    """
    found = {str(tool["name"]): dict(tool) for tool in tools}
    for name in found:
        if name in taken:
            raise ValueError(f"a tool cannot be called {name}: the dialect needs the name")
    return found


class Dialect(Protocol):
    """How one model family is spoken to.

    What it writes for an action, it reads back as that action: for every action that ``render``
    takes, ``parse(render(action, frame), frame).actions[0]`` is the same action, its points within
    half a unit of the model's space. An ``Answer`` or ``Done`` may be followed by a ``Done``, where
    the family ends by answering; a reason that the family has no words for is lost.
    """

    @property
    def name(self) -> str:
        """Its name in records and on the command line."""
        ...

    @property
    def space(self) -> Space:
        """The units in which the model writes its points."""
        ...

    @property
    def pictures(self) -> int | None:
        """Most screenshots that the model was trained to see at once; None: any number.

        With 1 the past is told in words; a caller may then drop all past pictures.
        """
        ...

    @property
    def stops(self) -> tuple[str, ...]:
        """Texts that end a reply besides the end of the turn."""
        ...

    def messages(self, goal: str, past: Sequence[Turn], now: Image) -> list[Message]:
        """Give the prompt.

        Where the family tells the past in turns, the prompt only grows: the messages for one turn
        begin with those before.

        Args:
            goal: What the user wants, in words.
            past: Earlier rounds, oldest first.
            now: The current screenshot.
        """
        ...

    def parse(self, reply: str, frame: Frame) -> Parsed:
        """Read a reply.

        Takes time linear in its length. Nothing in it is evaluated or executed.

        Args:
            reply: What the model said, verbatim.
            frame: The frame of the screenshot it was said about, with its image size planned.

        Raises:
            ActionError: It cannot become an action. Nothing else is ever raised, whatever the
                text.
        """
        ...

    def render(self, action: Action, frame: Frame, thought: str = "") -> str:
        """Give the reply this family would have written for an action.

        Raises:
            ActionError: The family has no words for it.
        """
        ...

    def grammar(self, frame: Frame, actions: Container[str] | None = None) -> str | None:
        """Give the replies that are allowed about a frame, for `Session.reply`.

        Args:
            frame: Bounds the points, with its image size planned.
            actions: Names of the actions that may be taken; None: all that the family can say.

        Returns:
            A grammar in llguidance's Lark; None where the family's replies are not constrained.
        """
        ...
