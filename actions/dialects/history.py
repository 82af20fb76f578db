"""The past, told in turns of user and assistant."""

from collections.abc import Callable, Iterator, Sequence

from ...model.chat import Image, Marked, Message, Part
from .base import Turn, noted

DROPPED = "(this picture is no longer kept)"
"""Stands for a picture that the history dropped."""


def in_turns(
    first: Sequence[str | Part],
    past: Sequence[Turn],
    now: Image,
    *,
    after: Sequence[str | Part] = (),
    told: Callable[[Turn], str | Sequence[str | Part]] = noted,
    dropped: str = "",
) -> Iterator[Message]:
    """Give what was seen and said in turns, and the user turn of the current screenshot.

    What is told of a round, and the pictures of its tools, stand before the next screenshot. A
    user turn that would hold nothing is left out.

    Args:
        first: What stands before the first screenshot.
        past: Earlier rounds, oldest first.
        now: The current screenshot.
        after: What stands behind the first screenshot.
        told: Gives what is told of a round, in one text or in parts; nothing: it is empty.
        dropped: What stands for a screenshot that is no longer kept; empty: nothing.
    """
    lead = [*first]
    for turn in past:
        seen = dropped if turn.image is None else turn.image
        if parts := [*lead, *([seen] if seen else []), *after]:
            yield Message.of("user", *parts)
        yield Message.of("assistant", Marked(turn.reply))
        said = told(turn)
        lead = [*([said] if said and isinstance(said, str) else said), *turn.shown]
        after = ()
    yield Message.of("user", *lead, now, *after)
