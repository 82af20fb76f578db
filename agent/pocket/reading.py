"""Samples of reading: a small picture, and what stands in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from PIL import Image as Pillow

from ...envs.practice import fonts
from ...envs.practice.draw import Canvas
from ...envs.practice.fonts import Font
from ...envs.practice.written import Inked, Run, Written
from ...model.chat import Marked, Message
from ...model.size import Size
from ...model.training.sample import Sample
from .held_out import is_held_out
from .looks import Looks
from .pictures import CELL_PX, drawn_in, picture
from .screens import Screen, letters_of
from .words import Words

_EDGE_PX = 2
_MOST_TRIES = 50


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read.

    Attributes:
        widths: Of the pictures, in tokens.
        heights: Likewise.
        found: Share that is cut out of screens, in place of being written anew.
        lines: Most lines of what is written anew, as far as there is room.
    """

    widths: tuple[int, ...]
    heights: tuple[int, ...] = (1,)
    found: float = 0.0
    lines: int = 1


def written(
    draw: Random, kind: Reading, looks: Looks, words: Words, *, held_out: bool = False
) -> Sample:
    """Write words into a new picture, of which none is held out, or all."""
    size = Size(CELL_PX * draw.choice(kind.widths), CELL_PX * draw.choice(kind.heights))
    font = looks.font(draw)
    ink, ground = looks.colours(draw)
    image = Pillow.new("RGB", size, ground)
    note, texts = Written(), list[str]()
    canvas, high = Canvas(image, written=note), fonts.line_height(font)
    most = max(1, min(kind.lines, size.height // high))
    y, left = 0, draw.randint(1, most)
    while left:
        text = _text(draw, words, font, size.width, held_out=held_out)
        y += draw.randint(0, max(0, (size.height - y - left * high) // left))
        canvas.text(
            draw.randint(0, max(0, size.width - fonts.width(text, font))), y, text, font, ink
        )
        texts.append(text)
        y, left = y + high, left - 1
    letters = [letter for run in note.runs() for letter in run.letters]
    return sample(image, "\n".join(texts), letters)


def found(draw: Random, kind: Reading, screen: Screen) -> Sample | None:
    """Cut something out of a screen; None where nothing on it fits."""
    size = Size(CELL_PX * draw.choice(kind.widths), CELL_PX * draw.choice(kind.heights))
    for _ in range(8):
        run = draw.choice(screen.runs)
        if (part := _part(draw, run, size)) is not None:
            return _pasted(draw, screen, *part, size)
    return None


def sample(image: Pillow.Image, text: str, letters: Sequence[Inked]) -> Sample:
    """Give a picture and what it says as a sample: nothing else is said, so that it is short."""
    shown = picture(image)
    messages = (
        Message.of("system", ""),
        Message.of("user", shown),
        Message.of("assistant", Marked(text)),
    )
    drawn = drawn_in(letters, shown.resized)
    return Sample(messages, (2,), {0: drawn})


def _fitting(text: str, font: Font, width: int) -> str:
    """Cut a text off where it has no more room."""
    while len(text) > 1 and fonts.width(text, font) > width - 2 * _EDGE_PX:
        text = text[:-1].rstrip()
    return text


def _text(draw: Random, words: Words, font: Font, width: int, *, held_out: bool) -> str:
    """Choose words that fit; what is cut off may be held out where the whole was not."""
    text = ""
    for _ in range(_MOST_TRIES):
        whole = words.made_up(draw, held_out=True) if held_out else words.some(draw)
        text = _fitting(whole, font, width)
        if text == whole or is_held_out(text) == held_out:
            return text
    return text


def _part(draw: Random, run: Run, size: Size) -> tuple[str, tuple[Inked, ...]] | None:
    """Choose words of a line that fit into a picture."""
    if not run.whole or not (spans := _spans(run.text)):
        return None
    first = draw.randrange(len(spans))
    last = min(len(spans), first + draw.choice((1, 1, 2, 3))) - 1
    at, end = spans[first][0], spans[last][1]
    letters = letters_of(run, at, end)
    if not letters:
        return None
    left, right = min(one.left for one in letters), max(one.right for one in letters)
    top, bottom = min(one.top for one in letters), max(one.bottom for one in letters)
    if right - left > size.width or bottom - top > size.height:
        return None
    return run.text[at:end], letters


def _spans(text: str) -> list[tuple[int, int]]:
    """Give where words begin and end."""
    found, at = [], 0
    for word in text.split():
        at = text.index(word, at)
        found.append((at, at + len(word)))
        at += len(word)
    return found


def _pasted(
    draw: Random, screen: Screen, text: str, letters: Sequence[Inked], size: Size
) -> Sample:
    """Put letters on a ground of their own colour, so that no neighbour is half seen."""
    left, right = min(one.left for one in letters), max(one.right for one in letters)
    top, bottom = min(one.top for one in letters), max(one.bottom for one in letters)
    cut = screen.pixels[top:bottom, left:right]
    # What a letter leaves free is the ground: most of the pixels on the edge of the box.
    edge = np.concatenate([cut[0], cut[-1], cut[:, 0], cut[:, -1]])
    colours, counts = np.unique(edge, axis=0, return_counts=True)
    ground = tuple(int(part) for part in colours[counts.argmax()])
    image = Pillow.new("RGB", size, ground)
    x = draw.randint(0, size.width - (right - left))
    y = draw.randint(0, size.height - (bottom - top))
    image.paste(Pillow.fromarray(cut), (x, y))
    moved = [
        Inked(one.text, one.left - left + x, one.top - top + y, one.right - left + x,
              one.bottom - top + y)
        for one in letters
    ]  # fmt: skip
    return sample(image, text, moved)
