"""The pocket model's samples, step by step: the same for a step in any process."""

from bisect import bisect
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import accumulate
from pathlib import Path
from random import Random

from ...model.size import Size
from ...model.tokenizer import Tokenizer
from ...model.training.sample import Sample
from .grounding import buttons, on_part, on_screen
from .lessons import learnt, lesson_on
from .looking import covered, scattered, seen
from .reading import found, written
from .recipe import PocketRecipe, Stage
from .rollouts import Rollout, read_rollouts, rollouts_in
from .screens import Screen, wandered
from .telling import repeated, told
from .words import Words

_OF_A_SCREEN = 16
"""Small pictures that are cut out of one screen: to make a screen takes longer than to cut it."""
_ASKED_OF_A_SCREEN = 6
_LOOKED_AT_OF_A_SCREEN = 5
_OF_A_LESSON = 6
"""Steps that are learnt of a task at a time: from all over it, since how it ends is learnt, too."""
_MOST_TRIES = 4
_AHEAD = 500
"""Steps that batches may be made ahead: more than sixteen workers ever do."""
_FILES = 8
"""Files of the model's own tasks that are learnt from: the newest."""


@dataclass(frozen=True, slots=True, eq=False)
class Curriculum:
    """All that is learnt from: see ``Source``.

    Args:
        recipe: Its stages.
        words: What is read.
        tokenizer: Cuts words into the pieces that are told on pictures.
        length: Steps of all stages together; None: as the recipe has it. With another number every
            stage is longer or shorter by the same factor.
        rollouts: Folder of what the model does on its own while it is trained; None: nothing.
        every: Steps of training between two of its files.
        begun: Names what a run began with: one that goes on from another one is shown other
            samples, of the same seed, too.
    """

    recipe: PocketRecipe
    words: Words
    tokenizer: Tokenizer
    length: int | None = None
    rollouts: Path | None = None
    every: int = 1000
    begun: str = ""

    @property
    def steps(self) -> int:
        """How many there are."""
        return self.recipe.steps if self.length is None else self.length

    def stage(self, step: int) -> Stage:
        """Give the stage that a step is of.

        Raises:
            IndexError: There is no such step.
        """
        if not 0 <= step < self.steps:
            raise IndexError(f"there are {self.steps} steps, and no step {step}")
        # In whole numbers: a stage ends at the same step wherever it is worked out.
        at, ends = (2 * step + 1) * self.recipe.steps, 0
        for stage in self.recipe.stages:
            ends += 2 * stage.steps * self.steps
            if at < ends:
                return stage
        raise AssertionError("the stages end before the steps do")

    def draw(self, *of: object) -> Random:
        """Give what chooses one thing in it: always the same."""
        return Random("/".join(str(each) for each in (self.recipe.seed, self.begun, *of)))

    def batch(self, step: int) -> list[Sample]:
        """Give the samples of a step."""
        stage = self.stage(step)
        kinds: dict[str, Callable[[Random, Stage, int], list[Sample]]] = {
            "looking": self._looking,
            "reading": self._reading,
            "grounding": self._grounding,
            "screens": self._screens,
            "repeating": self._repeating,
            "telling": self._telling,
            "acting": self._acting,
            "slips": self._slips,
        }
        samples: list[Sample] = []
        kinds_of = self.draw(stage.name, step)
        for name, count in shared(kinds_of, stage.samples, stage.shares.plain()):
            draw = self.draw(stage.name, step, name)
            if name == "dagger":
                samples += self._dagger(draw, stage, count, step)
            else:
                samples += kinds[name](draw, stage, count)
        return samples

    def _looking(self, draw: Random, stage: Stage, count: int) -> list[Sample]:
        kind, looks = stage.looking, stage.looks
        cut, single = _part(draw, kind.screens * count), _part(draw, kind.scattered * count)
        single = min(single, count - cut)
        made = [scattered(draw, kind, looks, self.words) for _ in range(single)]
        made += [
            covered(draw, kind, looks, self.words, self.tokenizer)
            for _ in range(count - cut - single)
        ]
        parts = partial(seen, draw, kind, count=_LOOKED_AT_OF_A_SCREEN)
        return made + self._of_screens(draw, stage, cut, parts)

    def _reading(self, draw: Random, stage: Stage, count: int) -> list[Sample]:
        kind = stage.reading
        cut = _part(draw, kind.found * count)
        made = [written(draw, kind, stage.looks, self.words) for _ in range(count - cut)]

        def cut_out(screen: Screen) -> list[Sample]:
            tried = (found(draw, kind, screen) for _ in range(_OF_A_SCREEN))
            return [one for one in tried if one is not None]

        return made + self._of_screens(draw, stage, cut, cut_out)

    def _grounding(self, draw: Random, stage: Stage, count: int) -> list[Sample]:
        kind = stage.grounding
        cut = _part(draw, kind.found * count)
        made = [
            buttons(
                draw, stage.looks, self.words, draw.choice(kind.cells), draw.randint(2, kind.words)
            )
            for _ in range(count - cut)
        ]

        def cut_out(screen: Screen) -> list[Sample]:
            tried = (on_part(draw, screen, _within(draw, kind.cells, screen)) for _ in range(6))
            return [one for one in tried if one is not None]

        return made + self._of_screens(draw, stage, cut, cut_out)

    def _screens(self, draw: Random, stage: Stage, count: int) -> list[Sample]:
        return self._of_screens(
            draw, stage, count, lambda screen: on_screen(draw, screen, _ASKED_OF_A_SCREEN)
        )

    def _repeating(self, draw: Random, stage: Stage, count: int) -> list[Sample]:
        return [repeated(draw, self.words) for _ in range(count)]

    def _telling(self, draw: Random, stage: Stage, count: int) -> list[Sample]:
        return [told(one) for one in self._lessons(draw, stage, count, self.recipe.slips)]

    def _acting(self, draw: Random, stage: Stage, count: int) -> list[Sample]:
        return self._lessons(draw, stage, count, 0.0)

    def _slips(self, draw: Random, stage: Stage, count: int) -> list[Sample]:
        return self._lessons(draw, stage, count, self.recipe.slips)

    def _of_screens(
        self, draw: Random, stage: Stage, count: int, cut: Callable[[Screen], list[Sample]]
    ) -> list[Sample]:
        samples: list[Sample] = []
        while len(samples) < count:
            samples += cut(wandered(draw, stage.looks, self.tokenizer))
        return samples[:count]

    def _lessons(self, draw: Random, stage: Stage, count: int, slips: float) -> list[Sample]:
        samples: list[Sample] = []
        while len(samples) < count:
            family = draw.choice(self.recipe.families)
            lesson = lesson_on(stage.looks.phone(draw), family, slips=slips)
            if lesson is not None:
                samples += _some(draw, learnt(lesson, draw, self.tokenizer))
        return samples[:count]

    def _dagger(self, draw: Random, stage: Stage, count: int, step: int) -> list[Sample]:
        known = self._known(step)
        if not known:
            return self._slips(draw, stage, count)
        samples: list[Sample] = []
        for _ in range(_MOST_TRIES * count):
            if len(samples) >= count:
                return samples[:count]
            samples += _some(draw, learnt(draw.choice(known).lesson(), draw, self.tokenizer))
        return samples + self._slips(draw, stage, count - len(samples))

    def _known(self, step: int) -> Sequence[Rollout]:
        """Give what the model has done on its own by then, of the newest files.

        Batches are made some steps ahead, so what was written just before a step is left out: else
        it would depend on how far ahead that is.
        """
        if self.rollouts is None:
            return ()
        newest = max(0, step - _AHEAD) // self.every
        paths = (
            rollouts_in(self.rollouts, number * self.every)
            for number in range(max(1, newest - _FILES + 1), newest + 1)
        )
        return [one for path in paths if path.exists() for one in _read(path)]


@lru_cache(maxsize=2 * _FILES)
def _read(path: Path) -> tuple[Rollout, ...]:
    return read_rollouts(path)


def _some(draw: Random, made: Sequence[Sample]) -> list[Sample]:
    return draw.sample(made, min(_OF_A_LESSON, len(made)))


def shared(draw: Random, count: int, shares: Mapping[str, float]) -> list[tuple[str, int]]:
    """Share a number out so that the parts are it together, and each is its share on average.

    One place is drawn, and every ``1 / count`` from there is another: a share of 0.05 of eight is
    one in five of two steps, and not none in all of them.
    """
    names, ends = [*shares], [*accumulate(shares.values())]
    first = draw.random()
    places = ((number + first) / count for number in range(count))
    chosen = Counter(names[min(bisect(ends, place), len(names) - 1)] for place in places)
    return [(name, chosen[name]) for name in names if chosen[name]]


def _part(draw: Random, share: float) -> int:
    """Give a whole number that is a share on average."""
    return int(share + draw.random())


def _within(draw: Random, cells: Sequence[Size], screen: Screen) -> Size:
    """Choose a size that is no larger than a screen."""
    size = screen.phone.size
    cell = draw.choice(cells)
    return Size(min(cell.width, size.width // 28), min(cell.height, size.height // 28))
