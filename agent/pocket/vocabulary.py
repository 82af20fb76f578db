"""The pocket model's vocabulary: letters, and whole words for what its prompts say again and again.

A network that reads letter by letter has to learn each letter; one that reads in pieces of words
has to learn each piece, and sees most of them seldom. So nothing that stands on a screen is put
together: merges run from the blank before a word to its end, and only for words that prompts are
made of. A name in a goal, or a word behind a quotation mark, stays letters, and can be copied one
by one.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from random import Random

import numpy as np
from tokenizers import pre_tokenizers

from ...envs.practice.tasks import FAMILIES
from ...model.chat import Image, Text
from ...model.size import Size
from ...model.tokenizer import SPECIAL, Tokenizer
from ...model.training.pocket import TOKENS
from .grounding import spoken, what, where
from .held_out import FIRST_SEED
from .lessons import Lesson, learnt, lesson_on
from .looks import EVERY
from .words import Words

_ROLES = ("system", "user", "assistant")
"""They open every turn. Their beginnings ("us", "as", "sy") are pieces of other words, too; that is
cheaper than sixteen more tokens in every prompt."""
_LEAST = 4
"""So many families must have a word in their goals."""


def pocket_vocabulary(prompts: Iterable[tuple[str, str]], words: Words) -> Tokenizer:
    """Make it: the same texts give the same vocabulary.

    Args:
        prompts: Kinds of prompts and what they say; a word that several kinds say is put together.
        words: Whose letters beyond ASCII are put together of their bytes.
    """
    kinds: dict[str, set[str]] = {}
    for kind, text in prompts:
        for word in text.split(" ")[1:]:
            letters = "".join(sign for sign in word if sign.isascii() and sign.isalpha())
            if letters and word.startswith(letters):
                kinds.setdefault(letters, set()).add(kind)
    common = sorted(word for word, of in kinds.items() if len(of) >= _LEAST or "" in of)
    byte = _bytes()
    merges: dict[tuple[str, str], None] = {}
    for sign in words.alphabet:
        _chain([byte[each] for each in sign.encode()], merges)
    for word in common:
        _chain([byte[32], *word], merges)
    for role in _ROLES:
        _chain([*role], merges)
    vocabulary = {letter: number for number, letter in enumerate(sorted(byte.values()))}
    room = TOKENS - len(SPECIAL)
    kept = []
    for one, two in merges:
        if one + two not in vocabulary:
            if len(vocabulary) == room:
                break
            vocabulary[one + two] = len(vocabulary)
        kept.append((one, two))
    special = {name: len(vocabulary) + place for place, name in enumerate(SPECIAL)}
    return Tokenizer.from_vocabulary(vocabulary, kept, special)


def prompts_of(lessons: int = 40) -> list[tuple[str, str]]:
    """Give what an agent's prompts say, goals by their family and all else of the kind ``""``.

    Args:
        lessons: How many tasks are gone through, some of them with slips; 0.2 s each.
    """
    goals, told = Counter[tuple[str, str]](), Counter[str]()
    families = sorted(FAMILIES)
    for number, family in enumerate(families):
        for seed in (FIRST_SEED + 2 * number, FIRST_SEED + 2 * number + 1):
            phone = EVERY.phone(Random(seed), seed)
            if (lesson := lesson_on(phone, family, slips=0.2)) is None:
                continue
            goals[family, f" {lesson.task.goal}"] += 1
            if lessons and number % max(1, len(families) // lessons) == 0:
                told.update(_told(lesson, Random(seed)))
    told[f" {pocket_words()}"] = 3
    # What one task alone was told names things that are on its phone.
    return [*goals, *(("", text) for text, count in told.items() if count > 2)]


def pocket_words() -> str:
    """Give the system turn, and the words of questions."""
    image = Image(np.zeros((28, 28, 3), np.uint8), Size(28, 28), "")
    system, _ = spoken().messages("", (), image)
    return f"{system.text} {where('')} {what(0, 0)}"


def _told(lesson: Lesson, draw: Random) -> Iterator[str]:
    """Give what is told of the steps of a task: what stands in brackets behind an action."""
    for sample in learnt(lesson, draw):
        for part in sample.messages[1].parts:
            if isinstance(part, Text) and part.text.startswith(" ("):
                yield part.text


def _chain(letters: list[str], merges: dict[tuple[str, str], None]) -> None:
    whole = letters[0]
    for letter in letters[1:]:
        merges[whole, letter] = None
        whole += letter


def _bytes() -> dict[int, str]:
    """Give the letter that stands for each byte, as GPT-2's tables have it."""
    splitter = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    found = {}
    # Each byte as it comes in a text of its own: those below 128 are characters.
    for number in range(128):
        found[number] = splitter.pre_tokenize_str(chr(number))[0][0]
    for sign in map(chr, [*range(128, 0x800), *range(0x800, 0x11000, 64), 0x40000, 0x80000,
                          0xC0000, 0x100000]):  # fmt: skip
        if 0xD800 <= ord(sign) < 0xE000:
            continue
        for number, letter in zip(
            sign.encode(), splitter.pre_tokenize_str(sign)[0][0], strict=True
        ):
            found[number] = letter
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    for number in range(256):  # bytes that no text has: any letter that is left
        if number not in found:
            left = [letter for letter in letters if letter not in found.values()]
            found[number] = left[0]
    return found
