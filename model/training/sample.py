"""What is learnt from: conversations, and which of their turns are to be said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..chat import Message


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A conversation and what of it is learnt.

    Attributes:
        messages: Oldest first. Without a system turn the template's own comes first, as in a
            session.
        learn: Numbers of the assistant's messages whose tokens, and the token that ends their
            turn, are learnt; all else is only read. Where there are none, only what is drawn is
            learnt: the language model is not asked, which takes a fraction of the time.
        drawn: For a picture, by its number in the conversation: labels of what stands in each of
            its merged tokens, by the token's number (rows first). Tokens that are left out show
            nothing that has one. Pictures that are left out teach nothing of that kind.
        pointed: For a picture, by its number: the merged token that the reply after it is about, by
            the token's number; None: what it is about is not on the picture. For the pointing loss
            (``pointing.py``); what is meant must be known from what comes before the picture.
        aimed: For a reply, by its message's number: the picture, by its number, and the merged
            token of it that the reply is about; None: what it is about is not on the picture. For
            the same loss: before its first token, and while the numbers are said in which it ends,
            that token is to be looked at, or else the one that ends the picture.
        copied: Numbers of replies that repeat words of the user's. For the same loss: while such a
            word is said in quotes, the place where it stands is to be looked at, word by word.
        weight: How much it counts beside others.
    """

    messages: Sequence[Message]
    learn: Sequence[int]
    drawn: Mapping[int, Mapping[int, Sequence[str]]] = field(default_factory=dict)
    pointed: Mapping[int, int | None] = field(default_factory=dict)
    aimed: Mapping[int, tuple[int, int | None]] = field(default_factory=dict)
    copied: Sequence[int] = ()
    weight: float = 1.0


class Source(Protocol):
    """Gives samples. Pickled into worker processes, so it holds nothing that is open."""

    @property
    def steps(self) -> int:
        """How many optimiser steps it has samples for."""
        ...

    def batch(self, step: int) -> Sequence[Sample]:
        """Give what is learnt in an optimiser step, from 0: the same for the same number.

        Called in any process, in any order.
        """
        ...
