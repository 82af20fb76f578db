"""Where to look while a reply is said: the loss on it is ``aiming_loss`` in ``pointing.py``."""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, takewhile

from ..prompt import Layout, Prompt
from .sample import Sample

_QUOTED = re.compile('"(.*?)"')
_BLANK = re.compile("Ġ")
"""A blank, in the letters that stand for bytes."""
_USER = "userĊ"
_SHORTEST = 3
"""Letters of a part of what is quoted: shorter ones stand in other words."""


def about(sample: Sample, prompt: Prompt, layout: Layout) -> list[tuple[int, int]]:
    """Give where a reply begins and its last numbers are said, and what they are about.

    Args:
        sample: With ``aimed``.
        prompt: Of its messages.
        layout: That made it.

    Returns:
        Places of tokens: from where one is to be told, a token before it, and the picture's token
        that it is about. For what is not on the picture that is the one behind it: there all of it
        has been read.

    Raises:
        ValueError: A message, picture or token is named that is not there.
    """
    aims: list[tuple[int, int]] = []
    for number, (picture, token) in sample.aimed.items():
        if number not in sample.learn:
            raise ValueError(f"aimed names message {number}, which is not learnt")
        if not 0 <= picture < len(prompt.visuals):
            raise ValueError(
                f"aimed names picture {picture}, and the sample shows {len(prompt.visuals)}"
            )
        visual = prompt.visuals[picture]
        if token is not None and not 0 <= token < visual.tokens:
            raise ValueError(
                f"aimed names token {token} of picture {picture}, which has {visual.tokens}"
            )
        said = [place for of, stands in prompt.replies if of == number for place in stands]
        looked_at = visual.start + (visual.tokens if token is None else token)
        numbers = takewhile(
            lambda place: _numeral(layout.tokenizer.decode([prompt.ids[place]])), reversed(said)
        )
        aims += [(place - 1, looked_at) for place in sorted({*said[:1], *numbers})]
    return aims


def repeated(sample: Sample, prompt: Prompt, layout: Layout) -> Iterator[tuple[int, int]]:
    """Give where the user's words are said again in quotes, and where they stood.

    Args:
        sample: With ``copied``.
        prompt: Of its messages.
        layout: That made it.

    Returns:
        As `about`: from where a token is to be told, and the one of the user's that begins with
        the same letters, or holds them.

    Raises:
        ValueError: A message is named that is not learnt.
    """
    if unknown := sorted(set(sample.copied) - set(sample.learn)):
        raise ValueError(f"copied names message {unknown[0]}, which is not learnt")
    if not sample.copied:
        return
    spelled = layout.tokenizer.spelled(prompt.ids)
    for number in sample.copied:
        reply = [place for of, stands in prompt.replies if of == number for place in stands]
        source = list(_heard(prompt, spelled, layout.tokenizer.im_start, reply[0]))
        ends = [*accumulate(len(spelled[place]) for place in reply)]
        for quoted in _QUOTED.finditer("".join(spelled[place] for place in reply)):
            for first, last, where in _repeats(quoted.group(1), source):
                start = quoted.start(1)
                for place, end in zip(reply, ends, strict=True):
                    begins = end - len(spelled[place]) - start
                    if first <= begins < last:
                        yield place - 1, where[begins - first]


def _heard(
    prompt: Prompt, spelled: Sequence[str], opens: int, before: int
) -> Iterator[tuple[str, list[int]]]:
    """Give what the user said before a place, newest first, and which token each letter is of."""
    starts = [place for place, token in enumerate(prompt.ids[:before]) if token == opens]
    for start, end in zip(reversed(starts), [before, *reversed(starts)], strict=False):
        said = "".join(spelled[start:end])
        if said.startswith(_USER):
            of = [place for place in range(start, end) for _ in spelled[place]]
            yield said, of


def _repeats(
    words: str, source: Sequence[tuple[str, list[int]]]
) -> Iterator[tuple[int, int, list[int]]]:
    """Give stretches of words that were said before, the longest from each on, and where."""
    starts = [0, *(found.end() for found in _BLANK.finditer(words))]
    ends = [*(found.start() for found in _BLANK.finditer(words)), len(words)]
    at = 0
    while at < len(starts):
        for last in range(len(ends) - 1, at - 1, -1):
            part = words[starts[at] : ends[last]]
            if len(part) < _SHORTEST and part != words:
                continue
            found = next(((of, n) for said, of in source if (n := said.find(part)) >= 0), None)
            if part and found is not None:
                of, place = found
                yield starts[at], ends[last], of[place : place + len(part)]
                at = last
                break
        at += 1


def _numeral(text: str) -> bool:
    return all(sign.isdecimal() or sign.isspace() for sign in text)
