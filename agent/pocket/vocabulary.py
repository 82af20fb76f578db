"""The pocket model's vocabulary: pieces of words, of what its prompts say and phones show.

What stands in many goals and on many screens is one token or two; any name is a few pieces. What a
piece looks like the network need not find out from prompts: `beginning` tells it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from random import Random

from ...actions.dialects.pocket import PocketDialect
from ...actions.geometry import Point
from ...envs.practice.tasks import FAMILIES
from ...model.chat import Text
from ...model.tokenizer import Tokenizer
from ...model.training.sample import Sample
from ...model.training.vocabulary import train_vocabulary
from .grounding import what_is_at, where_is
from .held_out import FIRST_SEED, names_one
from .lessons import learnt, lesson_on
from .looks import EVERY
from .words import Words

SIZE = 2048
"""Tokens. Twice as many would be twice as seldom, and a fifth of the language model's weights."""
_OFTEN = 1000
"""How often the words that open turns and replies are counted: they are in every prompt."""


def pocket_vocabulary(prompts: Iterable[str], words: Words) -> Tokenizer:
    """Make it: the same texts give the same vocabulary.

    Args:
        prompts: What an agent's prompts say.
        words: Which are read on pictures.
    """
    # Words stand behind a blank in prompts, and behind a quotation mark in what is typed.
    shown = (f' {text} "{text}"' for text in words.shown)
    frame = "\n".join(("system", "user", "assistant", *_frame()))
    return train_vocabulary([*prompts, *shown, *[frame] * _OFTEN], SIZE)


def prompts_of(lessons: int = 40) -> list[str]:
    """Give what an agent's prompts say: goals, and what is told of steps; no name is held out.

    Args:
        lessons: How many tasks are gone through, some of them with slips; 0.2 s each.
    """
    goals, told = list[str](), Counter[str]()
    families = sorted(FAMILIES)
    for number, family in enumerate(families):
        for seed in (FIRST_SEED + 2 * number, FIRST_SEED + 2 * number + 1):
            phone = EVERY.phone(Random(seed), seed)
            if (lesson := lesson_on(phone, family, slips=0.2)) is None:
                continue
            goals.append(lesson.task.goal)
            if lessons and number % max(1, len(families) // lessons) == 0:
                for sample in learnt(lesson, Random(seed)):
                    told.update(_said(sample))
    # What one task alone was told names things that are on its phone.
    often = [text for text, count in told.items() if count > 2]
    return [text for text in [*goals, *often] if not names_one([text])]


def _frame() -> list[str]:
    """Give the system turn, questions, and what replies begin with."""
    dialect = PocketDialect(phone=True)
    questions = where_is("", Point(0, 0)), what_is_at(0, 0, "")
    return [dialect.system, *(question.text for question in questions), *dialect.vocabulary.names]


def _said(sample: Sample) -> Iterator[str]:
    """Give what is told behind an action."""
    for part in sample.messages[1].parts:
        if isinstance(part, Text) and part.text.startswith(" ("):
            yield part.text
