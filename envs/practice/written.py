"""What can be read on a picture of the phone: each letter, and the pixels that it takes.

A canvas that is given a `Written` tells it what is drawn; the pixels are the same as without.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from . import emoji
from .faces import PHASES, SUB
from .fonts import ascent
from .lines import Font, lay

if TYPE_CHECKING:
    from .draw import Box
    from .phone import Phone

_SEEN = 0.75
"""A letter shows if so much of its box does."""


class Inked(NamedTuple):
    """A letter with its marks, or an emoji, and the pixels that it takes.

    Attributes:
        text: What it is.
        left: Of its ink, in pixels of the screen.
        top: Likewise.
        right: The first column outside.
        bottom: The first row outside.
    """

    text: str
    left: int
    top: int
    right: int
    bottom: int

    @property
    def middle(self) -> tuple[float, float]:
        """The middle of its box."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


class Run(NamedTuple):
    """A line of text as it was painted, as far as it shows.

    Attributes:
        text: All of it, also what does not show.
        font: How it is set.
        letters: Those that show, at least one, in the text's own order. Blanks are none.
        whole: Whether all of its letters show.
    """

    text: str
    font: Font
    letters: tuple[Inked, ...]
    whole: bool

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom round the letters that show."""
        return (
            min(letter.left for letter in self.letters),
            min(letter.top for letter in self.letters),
            max(letter.right for letter in self.letters),
            max(letter.bottom for letter in self.letters),
        )


@lru_cache(maxsize=20_000)
def inks(text: str, font: Font) -> tuple[Inked, ...]:
    """Give the letters of a line with their boxes, from the left top of the line's own box.

    Letters that join their neighbours, as in Arabic, are taken as they stand alone.
    """
    base, found = ascent(font), list[Inked]()
    for cluster in lay(text, font).clusters:
        alone = text[cluster.start : cluster.end]
        line = lay(alone, font)
        boxes: list[tuple[int, int, int, int]] = []
        for face, character, x, y in line.letters:
            pixel, phase = divmod(((x + cluster.x) * PHASES + SUB // 2) // SUB, PHASES)
            ink, left, top = face.glyph(character, font.px, phase)
            if ink.size:
                height, wide = ink.shape
                across, down = pixel + left, base + y + top
                boxes.append((across, down, across + wide, down + height))
        for _, x in line.pictures:
            wide, height = emoji.size(font.px)
            across, down = round((x + cluster.x) / SUB), base + emoji.top(font.px)
            boxes.append((across, down, across + wide, down + height))
        if boxes:
            lefts, tops, rights, bottoms = zip(*boxes, strict=True)
            found.append(Inked(alone, min(lefts), min(tops), max(rights), max(bottoms)))
    return tuple(found)


class Written:
    """Takes note of the texts of one picture, and of what is drawn over them."""

    def __init__(self) -> None:
        self._lines: list[tuple[int, int, str, Font]] = []
        self._clips: list[Box] = []
        self._after: list[int] = []
        self._covers: list[Box] = []

    def text(self, x: int, y: int, text: str, font: Font, clip: "Box") -> None:
        """A line was written with its left top at a point, of which a box alone shows."""
        self._lines.append((x, y, text, font))
        self._clips.append(clip)
        self._after.append(len(self._covers))

    def cover(self, box: "Box") -> None:
        """All that was in a box is drawn over."""
        self._covers.append(box)

    def runs(self) -> tuple[Run, ...]:
        """Give what can be read, in the order in which it was drawn."""
        every = [inks(text, font) for _, _, text, font in self._lines]
        counts = [len(letters) for letters in every]
        if not sum(counts):
            return ()
        line = np.repeat(np.arange(len(every)), counts)
        boxes = np.array([letter[1:] for letters in every for letter in letters], np.int64)
        boxes += np.array([(x, y, x, y) for x, y, _, _ in self._lines], np.int64)[line]
        area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        shows = _shared(boxes, np.array(self._clips, np.int64)[line]) >= _SEEN * area
        after = np.array(self._after)[line]
        for number, cover in enumerate(self._covers):
            under = np.flatnonzero(after <= number)
            hidden = _shared(boxes[under], np.array([cover], np.int64))
            shows[under] &= hidden <= (1 - _SEEN) * area[under]
        found, first = [], 0
        places, visible = boxes.tolist(), shows.tolist()
        for (_, _, text, font), letters in zip(self._lines, every, strict=True):
            seen = tuple(
                Inked(letter.text, *places[number])
                for number, letter in enumerate(letters, first)
                if visible[number]
            )
            first += len(letters)
            if seen:
                found.append(Run(text, font, seen, len(seen) == len(letters)))
        return tuple(found)


def _shared(ones: npt.NDArray[np.int64], others: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Give the pixels that boxes have in common; ``int64[N, 4]`` each, or one for all."""
    low = np.maximum(ones[:, :2], others[:, :2])
    high = np.minimum(ones[:, 2:], others[:, 2:])
    sides: npt.NDArray[np.int64] = np.maximum(high - low, 0)
    return sides[:, 0] * sides[:, 1]


def written_on(phone: "Phone") -> tuple[Run, ...]:
    """Give what can be read on a phone that stands still; costs as much as drawing it.

    Nothing, where it shows nothing: it is off, or forbids pictures. While a page slides in it is
    what will be there in the end.
    """
    if not phone.awake or phone.secure:
        return ()
    written = Written()
    phone.scene().draw(Image.new("RGB", phone.size), None, written)
    return written.runs()
