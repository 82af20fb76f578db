"""The one place that says how the pocket model is trained: parts, stages, shares, learning rate.

The order was found by trial. Words in many fonts at once are not learnt for 50,000 pictures that
are read aloud, nor is one letter that may stand anywhere. Letters that stand in places of their own
are, after some hundred steps, where nothing but what stands in which place is to be told, and no
word is said. From there on the letters move, then fonts and colours change, and the pictures become
screens. Only then does the language model learn to speak about them, and to act.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ...envs.practice.tasks import FAMILIES
from ...model.size import Size
from ...model.training.recipe import Recipe
from .demo_tool import note_down
from .looking import Looking
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
        looking: Pictures that are only looked at.
        reading: Small pictures and what they say.
        grounding: Small pictures, and where something is on them.
        screens: Whole screens, and where something is on them, or what is somewhere.
        repeating: A text in a goal that is to be typed, without a picture.
        telling: Steps of tasks without their pictures: goal and past alone say most of the words of
            a reply, and are a fifth of the tokens.
        acting: Tasks as the oracle solves them.
        slips: Tasks where something else is done now and then, and the oracle finds back.
        dagger: What a model did on its own, and the oracle says what was right. Where no such
            episodes are given it is of ``slips``.
    """

    looking: float = 0.0
    reading: float = 0.0
    grounding: float = 0.0
    screens: float = 0.0
    repeating: float = 0.0
    telling: float = 0.0
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
        looking: What is looked at.
        reading: What is read.
        grounding: What is found.
    """

    name: str
    steps: int
    samples: int
    shares: Shares
    looks: Looks
    looking: Looking = field(default_factory=lambda: Looking((Size(4, 4),)))
    reading: Reading = field(default_factory=lambda: Reading((3, 4, 5), (1, 1, 2)))
    grounding: Grounding = field(default_factory=lambda: Grounding((Size(4, 2), Size(4, 3))))


@dataclass(frozen=True, slots=True)
class PocketRecipe:
    """A part of the pocket model's training: one run.

    Attributes:
        stages: One after the other.
        learning: How it learns.
        speaks: Whether the language model begins to learn in it.
        families: Of the tasks that are gone through; one that stands here twice is drawn twice as
            often.
        slips: Share of the steps of a task at which something else is done, in ``Shares.slips``.
        phones: How many phones are looked through for words.
        seed: Of all that is chosen.
    """

    stages: tuple[Stage, ...]
    learning: Recipe
    speaks: bool = False
    families: tuple[str, ...] = tuple(sorted(FAMILIES))
    slips: float = 0.15
    phones: int = 24
    seed: int = 0

    @property
    def steps(self) -> int:
        """Of all stages together."""
        return sum(stage.steps for stage in self.stages)


_PART = Recipe(
    learning_rate=1e-3,
    warmup=100,
    schedule="cosine",
    final=0.1,
    betas=(0.9, 0.98),
    weight_decay=0.05,
    dense_weight=0.1,
    seed=0,
)
_SPEAK = replace(_PART, ema=0.998, freeze_vision=True, pointing=0.5)
_LOOK = Shares(looking=1.0)
_READ = Reading((3, 4, 5), (1, 2, 3), found=0.25, lines=3)
_PARTS = Grounding((Size(5, 6), Size(10, 6), Size(10, 11)), words=6)

LOOKING = PocketRecipe(
    stages=(
        Stage(
            "letters in their places",
            200,
            64,
            _LOOK,
            PLAIN,
            Looking((Size(2, 2),), spread=0.0, scattered=1.0),
        ),
        Stage(
            "letters near their places",
            400,
            64,
            _LOOK,
            PLAIN,
            Looking((Size(2, 2),), spread=0.5, scattered=1.0),
        ),
        Stage(
            "letters anywhere",
            600,
            64,
            _LOOK,
            PLAIN,
            Looking((Size(2, 2), Size(3, 2)), scattered=1.0),
        ),
        Stage(
            "lines of words",
            800,
            48,
            _LOOK,
            TYPEFACES,
            Looking((Size(3, 3), Size(4, 2)), scattered=0.5),
        ),
    ),
    learning=_PART,
)
"""Which letters stand where, and which words: nothing is said."""

SEEING = PocketRecipe(
    stages=(
        Stage(
            "every look",
            1_000,
            32,
            _LOOK,
            EVERY,
            Looking((Size(4, 4), Size(5, 6), Size(8, 4)), scattered=0.05, screens=0.7),
        ),
        Stage(
            "screens",
            1_000,
            12,
            _LOOK,
            WIDE,
            Looking((Size(10, 22), Size(10, 8), Size(6, 10)), scattered=0.05, screens=0.8),
        ),
    ),
    learning=_PART,
)
"""Likewise in every look, and what is drawn on whole screens."""

SPEAKING = PocketRecipe(
    stages=(
        Stage(
            "reading and finding",
            500,
            32,
            Shares(reading=0.4, grounding=0.6),
            EVERY,
            reading=_READ,
            grounding=Grounding((Size(3, 2), Size(4, 3), Size(5, 4)), words=4),
        ),
        Stage(
            "finding on screens",
            800,
            12,
            Shares(reading=0.15, grounding=0.35, screens=0.5),
            WIDE,
            reading=_READ,
            grounding=Grounding((Size(4, 3), Size(5, 6), Size(10, 6)), words=6),
        ),
    ),
    learning=_SPEAK,
    speaks=True,
)
"""What it says, and where it is."""

_HARDER = (
    "dismiss_notification", "open_notification", "close_app", "switch_app", "switch_alarm",
    "delete_alarm", "remove_city", "favourite_contact", "add_contact", "call_contact",
    "delete_contact", "delete_note", "pin_note", "contact_missing", "file_missing", "join_network",
    "apply_coupon", "invalid_coupon", "message_number", "clear_history", "rename_phone",
    "unpair_device", "remove_bookmark",
)  # fmt: skip
ACTED = (
    *_HARDER, "switch_setting", "quick_toggle", "choose_timeout", "set_permission",
    "allow_permission", "deny_permission", "clear_notifications", "close_all_apps", "open_apps",
    "lock_phone", "missing_app", "alarm_missing", "pause_timer", "empty_cart", "missing_product",
    "pair_missing_device", "forget_network", note_down.name,
)  # fmt: skip
"""Some families whose steps can be told from a goal, one screen and what was said before, and the
task for a tool: fewer are learnt sooner."""

_TASKS = Shares(grounding=0.05, screens=0.2, repeating=0.1, telling=0.15, acting=0.2, slips=0.3)
_ITS_OWN = Shares(screens=0.15, repeating=0.1, telling=0.15, acting=0.2, slips=0.2, dagger=0.2)


def _acted(words: int, tasks: int, its_own: int) -> tuple[Stage, ...]:
    """Give the stages of acting, so many steps of each."""
    return (
        Stage("words of tasks", words, 48, Shares(repeating=0.5, telling=0.5), EVERY),
        Stage("tasks", tasks, 12, _TASKS, EVERY, grounding=_PARTS),
        Stage("its own tasks", its_own, 12, _ITS_OWN, EVERY),
    )


ACTING = PocketRecipe(
    stages=_acted(700, 3_000, 1_000),
    learning=replace(_SPEAK, learning_rate=8e-4),
    families=(*_HARDER, *ACTED),
)
"""What is done on a phone to reach a goal."""

_FAILED = (
    "add_contact", "apply_coupon", "delete_alarm", "delete_note", "pin_note", "join_network",
    "dismiss_notification", "message_number", "remove_bookmark", "remove_city", "switch_alarm",
    "quick_toggle", "unpair_device",
)  # fmt: skip
PRACTISING = PocketRecipe(
    stages=_acted(40, 2_560, 1_400),
    learning=replace(ACTING.learning, learning_rate=6e-4, warmup=50),
    families=(*_FAILED, *_FAILED, *ACTED),
)
"""The same again, most of it in families that failed more than others after ``ACTING``."""

PARTS = {
    "looking": LOOKING,
    "seeing": SEEING,
    "speaking": SPEAKING,
    "acting": ACTING,
    "practising": PRACTISING,
}
"""The parts in their order. ``eyehand practice train --steps`` shortens every stage alike."""
