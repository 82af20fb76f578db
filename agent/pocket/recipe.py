"""The one place that says how the pocket model is trained: stages, shares, sizes, learning rate.

The order was found by trial. Words in many fonts at once are not learnt for 50,000 pictures, nor is
one letter that may stand anywhere; one that stands in the middle of its token is, after 20,000,
with the dense loss that says which letters stand in each token. From there on the letters move
away from it, the pictures grow, then the fonts and colours, and only then is there something to
find on a screen, and something to do on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...model.size import Size
from ...model.training.recipe import Recipe
from .looks import EVERY, PLAIN, TYPEFACES, WIDE, Looks
from .reading import Reading


@dataclass(frozen=True, slots=True)
class Grounding:
    """What is found on pictures.

    Attributes:
        cells: Sizes of the pictures, in tokens.
        words: Most words on one that is made for it.
        found: Share that is cut out of screens, in place of being made.
    """

    cells: tuple[Size, ...]
    words: int = 4
    found: float = 0.5


@dataclass(frozen=True, slots=True)
class Shares:
    """What share of a step's samples is of which kind; together 1.

    Attributes:
        reading: Small pictures and what they say.
        grounding: Small pictures, and where something is on them.
        screens: Whole screens, and where something is on them, or what is somewhere.
        acting: Tasks as the oracle solves them.
        slips: Tasks where something else is done now and then, and the oracle finds back.
        dagger: What a model did on its own, and the oracle says what was right. Where no such
            episodes are given it is of ``slips``.
    """

    reading: float = 0.0
    grounding: float = 0.0
    screens: float = 0.0
    acting: float = 0.0
    slips: float = 0.0
    dagger: float = 0.0

    def __post_init__(self) -> None:
        """Check them.

        Raises:
            ValueError: They are not 1 together, or one is negative.
        """
        parts = self.plain().values()
        if min(parts) < 0 or abs(sum(parts) - 1) > 1e-6:
            raise ValueError(f"shares are 0 or more, and 1 together: {self}")

    def plain(self) -> Mapping[str, float]:
        """Give them by their names."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Stage:
    """Some steps that are alike.

    Attributes:
        name: Of the stage.
        steps: How many, of the recipe's full length.
        samples: In each step.
        shares: Of which kinds.
        looks: What pictures look like.
        reading: What is read.
        grounding: What is found.
    """

    name: str
    steps: int
    samples: int
    shares: Shares
    looks: Looks
    reading: Reading
    grounding: Grounding = field(default_factory=lambda: Grounding((Size(4, 2), Size(4, 3))))


@dataclass(frozen=True, slots=True)
class PocketRecipe:
    """How the pocket model is trained.

    Attributes:
        stages: One after the other.
        learning: How it learns.
        slips: Share of the steps of a task at which something else is done, in ``Shares.slips``.
        phones: How many phones are looked through for words.
        seed: Of all that is chosen.
    """

    stages: tuple[Stage, ...]
    learning: Recipe
    slips: float = 0.15
    phones: int = 24
    seed: int = 0

    @property
    def steps(self) -> int:
        """Of all stages together."""
        return sum(stage.steps for stage in self.stages)


_WORDS = Reading(widths=(3, 4, 5), heights=(1, 1, 2))
_FOUND = Reading(widths=(3, 4, 5), heights=(1, 1, 2), found=0.5)

POCKET_RECIPE = PocketRecipe(
    stages=(
        Stage(
            "one letter in the middle",
            500,
            256,
            Shares(reading=1.0),
            PLAIN,
            Reading(widths=(1,), letters=(1, 1), spread=0.0),
        ),
        Stage(
            "one letter near the middle",
            500,
            256,
            Shares(reading=1.0),
            PLAIN,
            Reading(widths=(1,), letters=(1, 1), spread=0.3),
        ),
        Stage(
            "one letter or two, anywhere",
            1_500,
            512,
            Shares(reading=1.0),
            PLAIN,
            Reading(widths=(1,), letters=(1, 2)),
        ),
        Stage(
            "one letter or two, two typefaces",
            1_500,
            512,
            Shares(reading=1.0),
            TYPEFACES,
            Reading(widths=(1,), letters=(1, 2)),
        ),
        Stage(
            "two letters to four",
            2_000,
            384,
            Shares(reading=1.0),
            TYPEFACES,
            Reading(widths=(1, 2), letters=(1, 4)),
        ),
        Stage("words", 4_000, 256, Shares(reading=1.0), TYPEFACES, _WORDS),
        Stage(
            "words, every look",
            6_000,
            256,
            Shares(reading=0.85, grounding=0.15),
            EVERY,
            _FOUND,
        ),
        Stage(
            "where words are",
            6_000,
            192,
            Shares(reading=0.5, grounding=0.5),
            EVERY,
            _FOUND,
            Grounding((Size(3, 2), Size(4, 3), Size(5, 4), Size(5, 5)), words=5),
        ),
        Stage(
            "whole screens",
            8_000,
            96,
            Shares(reading=0.25, grounding=0.25, screens=0.5),
            EVERY,
            _FOUND,
            Grounding((Size(5, 4), Size(5, 5), Size(10, 6)), words=6),
        ),
        Stage(
            "tasks",
            20_000,
            96,
            Shares(reading=0.1, grounding=0.1, screens=0.2, acting=0.3, slips=0.3),
            WIDE,
            _FOUND,
            Grounding((Size(5, 5), Size(10, 6), Size(10, 11)), words=6),
        ),
        Stage(
            "its own tasks",
            20_000,
            96,
            Shares(reading=0.05, grounding=0.1, screens=0.15, acting=0.2, slips=0.2, dagger=0.3),
            WIDE,
            _FOUND,
            Grounding((Size(5, 5), Size(10, 6), Size(10, 11)), words=6),
        ),
    ),
    learning=Recipe(
        learning_rate=8e-4,
        warmup=200,
        schedule="cosine",
        final=0.05,
        betas=(0.9, 0.98),
        weight_decay=0.05,
        # Of a mean over 192 characters: 0.1 for each. With less, its gradient is lost in that of
        # the words, which says nothing before letters are known.
        dense_weight=20.0,
        ema=None,
        seed=0,
    ),
)
"""The full run. ``eyehand practice train --steps`` shortens every stage alike."""
