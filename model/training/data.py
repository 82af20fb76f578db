"""Exports as a source: which examples are learnt in which step, and which are held out."""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..prompt import Layout
from .encode import lengths
from .exported import Export
from .sample import Sample


@dataclass(frozen=True, slots=True)
class Examples(Sequence[Sample]):
    """Some examples of several exports, read from the disk when they are asked for.

    Attributes:
        exports: Whose.
        chosen: Numbers of the examples, counted through all exports.
    """

    exports: tuple[Export, ...]
    chosen: tuple[int, ...]

    @classmethod
    def open(cls, folders: Sequence[Path]) -> "Examples":
        """Open folders that exports wrote; all of their examples are chosen.

        Raises:
            BadTrainingData: See `Export.open`.
        """
        exports = tuple(Export.open(folder) for folder in folders)
        return cls(exports, tuple(range(sum(len(export.lines) for export in exports))))

    def __len__(self) -> int:
        return len(self.chosen)

    def __getitem__(self, number: Any) -> Any:
        return self.example(self.chosen[number])

    def example(self, number: int, *, pixels: bool = True) -> Sample:
        """Read an example by its number through all exports; see `Export.example`."""
        export, within = self._place(number)
        return export.example(within, pixels=pixels)

    def episode(self, number: int) -> str:
        """Give the episode that an example was recorded in."""
        export, within = self._place(number)
        return export.lines[within].episode

    def _place(self, number: int) -> tuple[Export, int]:
        for export in self.exports:
            if number < len(export.lines):
                return export, number
            number -= len(export.lines)
        raise IndexError(number)

    @property
    def name(self) -> str:
        """Names their content."""
        return " ".join(export.name for export in self.exports)

    def held_out(self, share: float, seed: int) -> "tuple[Examples, Examples]":
        """Divide by episodes into what is learnt and what is only measured.

        An episode's examples show the same screens again and again, so it is held out as a whole.
        Which ones are, its name and the seed decide: more episodes move few of the others.

        Args:
            share: Of the episodes, rounded down.
            seed: Another one holds out others.
        """
        names = sorted({self.episode(number) for number in self.chosen}, key=_shuffled(seed))
        held = {*names[: int(share * len(names))]}
        sides: tuple[list[int], list[int]] = ([], [])
        for number in self.chosen:
            sides[self.episode(number) in held].append(number)
        return Examples(self.exports, tuple(sides[0])), Examples(self.exports, tuple(sides[1]))


def _shuffled(seed: int) -> Any:
    return lambda name: hashlib.sha256(f"{seed} {name}".encode()).digest()


@dataclass(frozen=True, slots=True)
class Epochs:
    """Goes through examples again and again, each time in another order: a `Source`.

    Attributes:
        examples: What is learnt.
        size: Samples of a step. An epoch's end is no step's end: the last few are filled up with
            the first of the next, but for the last step of all.
        total: Samples in all.
        seed: Of the orders.
    """

    examples: Examples
    size: int
    total: int
    seed: int = 0

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return -(-self.total // self.size)

    def batch(self, step: int) -> Sequence[Sample]:
        """Read the samples of a step."""
        first = step * self.size
        places = range(first, min(first + self.size, self.total))
        orders = {place // len(self.examples): None for place in places}
        shuffled = {epoch: self._order(epoch) for epoch in orders}
        return [
            self.examples[shuffled[place // len(self.examples)][place % len(self.examples)]]
            for place in places
        ]

    def _order(self, epoch: int) -> list[int]:
        order = [*range(len(self.examples))]
        random.Random(f"{self.seed} {epoch}").shuffle(order)
        return order


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much there is to learn.

    Attributes:
        samples: How many.
        tokens: That the network reads for them, pictures' among them.
        learnt: Of these, to be said.
        longest: Tokens of the longest.
        number: Which that is.
    """

    samples: int
    tokens: int
    learnt: int
    longest: int
    number: int


def sizes(examples: Examples, layout: Layout) -> Sizes:
    """Lay out every example, without reading a pixel.

    Raises:
        BadTrainingData: One cannot be understood.
        ValueError: One teaches nothing.
    """
    found = [lengths(examples.example(n, pixels=False), layout) for n in examples.chosen]
    tokens, learnt = (sum(column) for column in zip(*found, strict=True))
    longest = max(range(len(found)), key=lambda n: found[n][0])
    return Sizes(len(found), tokens, learnt, found[longest][0], examples.chosen[longest])
