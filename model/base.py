"""What the loop needs of a model, and nothing about how one works."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from .chat import Message
from .size import Size

MODEL_THREAD = "eyehand-model"
"""Beginning of the names of the threads that models compute in."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model said.

    Attributes:
        text: The reply, verbatim.
        stats: Figures of this reply for the record, by name with unit, such as
            ``prefill_s`` or ``decoded_tokens``. Empty where a model measures nothing.
        finished: False where the reply was cut off at its longest.
        tokens: Its ids as they were emitted, which need not be how the text would be encoded.
            Empty where a model has none.
        rest: What of the last token belongs to it, where that goes on beyond its end.
    """

    text: str
    stats: Mapping[str, float] = field(default_factory=dict)
    finished: bool = True
    tokens: tuple[int, ...] = ()
    rest: str = ""


class Session(Protocol):
    """One conversation. It may keep a cache; the caller never manages it."""

    async def reply(
        self,
        messages: Sequence[Message],
        *,
        grammar: str | None = None,
        stops: Sequence[str] = (),
        temperature: float | None = None,
    ) -> Reply:
        """Continue the conversation.

        Args:
            messages: The whole conversation so far, oldest first. Within a session each call's
                messages normally extend those of the call before. An assistant turn at the end is
                open: the reply goes on where it stops.
            grammar: Lark text that the whole reply follows, as ``constrain.py`` has it; None:
                anything can be said.
            stops: The reply ends before the first of these texts, besides at the end of the turn.
            temperature: Instead of the model's own, for a run that is stuck; None: its own.

        Raises:
            BadGrammar: The grammar cannot be read.
            ModelError: No reply can be given. A cancelled call returns within 100 ms and
                leaves the session usable.
        """
        ...

    async def close(self) -> None:
        """Free what the session holds. Closing twice is harmless."""
        ...


@runtime_checkable
class Remembers(Protocol):
    """A session that can take up a conversation which another one began."""

    def remember(self, messages: Sequence[Message], reply: Reply) -> None:
        """Take a reply for one's own, token by token, when the conversation goes on after it.

        Args:
            messages: What it was given to.
            reply: Of the same model.
        """
        ...


class Model(Protocol):
    """Who decides."""

    @property
    def name(self) -> str:
        """How records call it, such as a checkpoint's name."""
        ...

    @property
    def fingerprint(self) -> str:
        """Content hash of what decides (weights or script), for the episode's record."""
        ...

    @property
    def family(self) -> str:
        """What it was trained as, such as ``qwen2_5_vl``; ``script`` where nothing was trained.

        With the name it decides how the model is spoken to.
        """
        ...

    def plan(self, size: Size) -> Size:
        """Choose the size that a screenshot of ``size`` physical pixels is resized to.

        Cheap and torch-free: it is called before anything is prompted.

        Raises:
            ValueError: No such picture can be shown to this model.
        """
        ...

    def session(self, *, repetition_penalty: float | None = None) -> Session:
        """Begin a conversation with an empty cache.

        Args:
            repetition_penalty: Instead of the one that the model's own settings ask for; 1: none.
                An agent wants none: it acts on the digits of coordinates too.
        """
        ...
