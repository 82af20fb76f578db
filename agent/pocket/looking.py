"""Samples of looking: a picture, and what stands in each of its tokens; nothing is said.

A picture that is only looked at takes a fraction of the time of one that is spoken about, and
teaches something in each of its tokens. So what can be learnt by looking is learnt first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from PIL import Image as Pillow

from ...envs.practice import fonts
from ...envs.practice.draw import Canvas
from ...envs.practice.written import Written, inks
from ...model.chat import Message
from ...model.size import Size
from ...model.tokenizer import Tokenizer
from ...model.training.sample import Sample
from .looks import Looks
from .pictures import CELL_PX, Thing, drawn_in, moved, picture, pieces_in
from .screens import Screen
from .words import ASCII, Words

_ACROSS_PX, _DOWN_PX = 7, 14
"""The place of a letter in a token."""


@dataclass(frozen=True, slots=True)
class Looking:
    """What is looked at.

    Attributes:
        cells: Sizes of the pictures, in tokens.
        spread: How far from the middle of its place a scattered letter may stand at most, up to
            another for each picture: at 1, anywhere.
        scattered: Share of pictures of single letters, each in its place.
        screens: Share that is cut out of screens; the rest is lines of words.
        filled: Share of the places that hold a letter.
    """

    cells: tuple[Size, ...]
    spread: float = 1.0
    scattered: float = 0.0
    screens: float = 0.0
    filled: float = 0.4


def scattered(draw: Random, kind: Looking, looks: Looks, words: Words) -> Sample:
    """Write single letters, each in a place of its own."""
    size = _size(draw, kind)
    ink, ground = looks.colours(draw)
    font = looks.font(draw)
    image = Pillow.new("RGB", size, ground)
    note = Written()
    canvas = Canvas(image, written=note)
    spread = draw.uniform(0, kind.spread)
    signs = words.alphabet if draw.random() < 0.2 else ASCII
    for top in range(0, size.height, _DOWN_PX):
        for left in range(0, size.width, _ACROSS_PX):
            if draw.random() >= kind.filled:
                continue
            sign = draw.choice(signs)
            if not (boxes := inks(sign, font)):
                continue
            x, y = boxes[0].middle
            aside = spread * draw.uniform(-0.5, 0.5) * _ACROSS_PX
            below = spread * draw.uniform(-0.5, 0.5) * _DOWN_PX
            canvas.text(
                round(left + _ACROSS_PX / 2 + aside - x),
                round(top + _DOWN_PX / 2 + below - y),
                sign,
                font,
                ink,
            )
    return _sample(image, note)


def covered(
    draw: Random, kind: Looking, looks: Looks, words: Words, tokenizer: Tokenizer
) -> Sample:
    """Write line upon line, each in a font and a colour of its own."""
    size = _size(draw, kind)
    image = Pillow.new("RGB", size, looks.colours(draw)[1])
    note = Written()
    canvas = Canvas(image, written=note)
    y = -draw.randrange(12)
    while y < size.height:
        font = looks.font(draw)
        high = fonts.line_height(font)
        ink, ground = looks.colours(draw)
        canvas.fill(canvas.box._replace(top=y, bottom=y + high), ground)
        x = draw.randrange(-30, 24)
        while x < size.width:
            text = words.some(draw)
            canvas.text(x, y, text, font, ink)
            x += fonts.width(text, font) + draw.randrange(4, 40)
        y += high + draw.choice((0, 0, 1, 2, 4, 10))
    return _sample(image, note, pieces_in(note.runs(), tokenizer))


def seen(draw: Random, kind: Looking, screen: Screen, count: int) -> list[Sample]:
    """Cut so many parts out of a screen, wherever they begin."""
    made = []
    for _ in range(count):
        size = _size(draw, kind)
        width, height = screen.phone.size
        size = Size(min(size.width, width), min(size.height, height))
        left, top = draw.randint(0, width - size.width), draw.randint(0, height - size.height)
        letters, there = moved(
            (one for run in screen.runs for one in run.letters), screen.things, left, top
        )
        pixels = screen.pixels[top : top + size.height, left : left + size.width]
        shown = picture(pixels.copy())
        made.append(Sample((Message.of("user", shown),), (), {0: drawn_in(letters, size, there)}))
    return made


def _size(draw: Random, kind: Looking) -> Size:
    cells = draw.choice(kind.cells)
    return Size(CELL_PX * cells.width, CELL_PX * cells.height)


def _sample(image: Pillow.Image, note: Written, pieces: Sequence[Thing] = ()) -> Sample:
    shown = picture(image)
    letters = (one for run in note.runs() for one in run.letters)
    return Sample((Message.of("user", shown),), (), {0: drawn_in(letters, shown.resized, pieces)})
