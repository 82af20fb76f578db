"""Samples without a picture: what goal and past alone tell.

They are a fifth of the tokens, and nothing stands between a goal and its reply: which app it is
about, and to say a word of it, is learnt from them in minutes, and from pictures not in an hour.
"""

from random import Random

import numpy as np

from ...actions import schema as a
from ...actions.geometry import Frame
from ...model.chat import Image, Marked, Message
from ...model.training.sample import Sample
from .grounding import spoken
from .pictures import CELL_PX, picture
from .words import Words

_MARKS = (("", ""), ('"', '"'), ("“", "”"))


def told(sample: Sample) -> Sample:
    """Give a step of a lesson without its picture: what is to be done, and no more."""
    (reply, *_) = sample.learn
    turns = [
        Message(turn.role, tuple(part for part in turn.parts if not isinstance(part, Image)))
        for turn in sample.messages[: reply + 1]
    ]
    return Sample(turns, (reply,), copied=(reply,))


def repeated(draw: Random, words: Words) -> Sample:
    """Have a text of a goal typed, opened or said, without a picture.

    Most of what is said in a task stands in its goal, and to find it there is learnt long before
    that from such lines.
    """
    dialect = spoken()
    text, before, after = (
        " ".join(_one(draw, words) for _ in range(draw.choice(counts)))
        for counts in ((1, 1, 2), (0, 0, 1, 2), (0, 0, 1))
    )
    verb, action = draw.choice(
        (
            ("Type", a.Type(text=text)),
            ("Open", a.OpenApp(name=text)),
            ("Answer", a.Answer(text=text)),
        )
    )
    opened, closed = draw.choice(_MARKS)
    goal = f"{before} {verb} {opened}{text}{closed} {after}".strip()
    nothing = picture(np.zeros((CELL_PX, CELL_PX, 3), np.uint8))
    frame = Frame("picture", nothing.resized, nothing.resized).planned(nothing.resized)
    reply = Message.of("assistant", Marked(dialect.render(action, frame)))
    return told(Sample((*dialect.messages(goal, (), nothing), reply), (2,)))


def _one(draw: Random, words: Words) -> str:
    """Give a word, or a few; one in five in letters of another script, as many names are."""
    return words.foreign(draw) if draw.random() < 0.2 else words.some(draw)
