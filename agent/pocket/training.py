"""A run of the pocket model's training: a part of the curriculum, a look now and then.

In the run's folder: ``begun`` (the checkpoint that it started from), what `Trainer` writes, the
model's own episodes in ``rollouts``, and at the end ``checkpoint``, with ``head.safetensors`` for
the part that comes after it.
"""

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random

import torch
from safetensors.torch import save_file

from ...envs.practice.phone import Phone
from ...envs.practice.style import THEMES
from ...model.config import read_config
from ...model.files import Files
from ...model.image import Processor
from ...model.network import Network
from ...model.prompt import Layout
from ...model.size import Size
from ...model.tokenizer import Tokenizer
from ...model.training.encode import encode
from ...model.training.log import Row
from ...model.training.new import new_checkpoint
from ...model.training.pocket import pocket_config
from ...model.training.recipe import Pace
from ...model.training.sample import Sample
from ...model.training.trainer import Summary, Trainer
from ...model.weights import load
from .begun import DENSE, HEAD, POINTER, copied, dense, head_of, held_in, labels_of
from .curriculum import Curriculum
from .grounding import on_screen
from .held_out import FIRST_SEED, SIZE
from .lessons import lesson_on
from .looking import Looking, seen
from .looks import EVERY, Looks
from .pictures import CELL_PX, piece_labels
from .playing import Speaking, played, rolled_out, share_right
from .reading import Reading, written
from .recipe import PocketRecipe
from .rollouts import rollouts_in, write_rollouts
from .screens import wandered
from .vocabulary import pocket_vocabulary, prompts_of
from .words import Words

PROCESSOR = Processor(min_pixels=CELL_PX**2, max_pixels=SIZE.width * SIZE.height)
"""Crops of one token are seen as they are, and so are screens up to the one that is held out."""
_FAMILIES_PLAYED = ("switch_setting", "add_contact", "switch_alarm", "alarm_missing")
"""Played at each look: one of a few taps, one with text, one with twins, one that is infeasible."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What is looked at now and then.

    Attributes:
        every: Steps between two looks.
        seeing: Held-out phones' screens on which letters and things are told.
        reading: Made-up words that are read, in parts in which it learns to speak.
        screens: Questions about held-out phones' screens, likewise.
        tasks: Tasks on held-out phones that are played.
        rollouts: Tasks on trained-on phones that are played, for the oracle to say what was right.
    """

    every: int = 1000
    seeing: int = 8
    reading: int = 32
    screens: int = 24
    tasks: int = 0
    rollouts: int = 0


class PocketRun:
    """One run, begun or gone on with.

    Args:
        folder: The run's; where it holds one, that goes on.
        recipe: What is learnt, in which order.
        after: The run, or the checkpoint, whose weights this one begins with; None: new ones.
            Looked at when a run is begun, and never again.
        steps: Of all stages together; None: as the recipe has them.
        device: Such as ``cpu`` or ``cuda:0``.
        pace: See `Trainer`.
        watched: What is looked at.
        told: Told what is being done, in a few words.

    Raises:
        BadRun: The folder holds another run.
        BadCheckpoint: There is nothing to begin with at `after`.

    Attributes:
        figures: What the newest look found; empty before the first.
        on_step: Told each step's row.
    """

    def __init__(
        self,
        folder: Path,
        *,
        recipe: PocketRecipe,
        after: Path | None = None,
        steps: int | None = None,
        device: torch.device | str = "cpu",
        pace: Pace | None = None,
        watched: Watched | None = None,
        told: Callable[[str], None] = lambda words: None,
    ) -> None:
        self.folder, self._watched = folder, watched or Watched()
        self.figures: Mapping[str, float] = {}
        self.on_step: Callable[[Row], None] = lambda row: None
        told("looking through phones for words")
        self.words = Words.gathered(recipe.phones)
        begun = folder / "begun"
        if not begun.exists():
            if after is None:
                folder.mkdir(parents=True, exist_ok=True)
                told("making a vocabulary and a new checkpoint")
                tokenizer = pocket_vocabulary(prompts_of(recipe.phones), self.words)
                shape = pocket_config(tokenizer)
                new_checkpoint(begun, shape, tokenizer, PROCESSOR, seed=recipe.seed)
            else:
                copied(after, begun, self.words if recipe.speaks else None)
        config = read_config(begun)
        files = Files(begun)
        self.network: Network = load(
            files, config, dtype=torch.float32, device=torch.device(device)
        )
        self.layout = Layout.read(begun, config)
        tokenizer = self.layout.tokenizer
        self.source = Curriculum(
            recipe,
            self.words,
            tokenizer,
            steps,
            folder / "rollouts",
            self._watched.every,
            files.fingerprint(),
        )
        self.recipe = recipe
        learning = replace(recipe.learning, labels=labels_of(self.words, tokenizer))
        looks = f"{self._watched.rollouts} tasks, every {self._watched.every} steps"
        about = {
            "begun": self.source.begun,
            "curriculum": digest(recipe, self.words),
            "its own tasks": looks,
        }
        self.trainer = Trainer(
            self.network,
            self.layout,
            self.source,
            learning,
            folder,
            pace=pace,
            about=about,
            every=self._watched.every,
            watch=self.look,
            on_step=lambda row: self.on_step(row),
        )
        # Where the tower stays as it is, so does what is told from it.
        self._head = self.trainer.learner.head or torch.nn.Linear(
            config.text.width, len(learning.labels), device=torch.device(device)
        )
        # What a part does not learn is kept for those after it: to point, while it only looks.
        self._kept: dict[str, torch.Tensor] = {}
        if (kept := head_of(begun)).exists():
            held, learner = held_in(kept, learning.labels), self.trainer.learner
            if learner.head is None:
                self._head.load_state_dict(dense(held))
            self._kept = {n: w for n, w in held.items() if n.startswith(POINTER)}
            if self.trainer.step == 0:
                learner.begin_beside({n: held[n] for n in held.keys() & learner.weights.keys()})

    def run(self, stop: threading.Event | None = None) -> Summary:
        """Train to the end, or until told to stop, and write the checkpoint as it then is."""
        summary = self.trainer.run(stop)
        made = {"made by": "eyehand practice train", "step": summary.step, "of": summary.steps}
        # As it is shipped: 16 MB. What a part begins with need not be finer.
        self.trainer.finish(self.folder / "begun", dtype=torch.bfloat16, made=made)
        with self.trainer.learner.averaged():
            about = {"labels": json.dumps(self.trainer.recipe.labels)}
            weights = self.trainer.learner.weights
            beside = self._kept | {n: w.data for n, w in weights.items() if n.startswith(POINTER)}
            beside |= {f"{DENSE}{n}": w for n, w in self._head.state_dict().items()}
            save_file(beside, self.folder / f".{HEAD}", about)
        (self.folder / f".{HEAD}").rename(self.folder / HEAD)
        return summary

    def look(self, step: int) -> Mapping[str, float]:
        """Say how it stands after so many steps, on what it is never trained on."""
        watched, net, layout = self._watched, self.network, self.layout
        figures: dict[str, float] = {}
        shares = self.source.stage(step - 1).shares
        if watched.seeing:
            figures |= self._sees(watched.seeing)
        if watched.reading and shares.reading:
            read = held_out_words(watched.reading, self.source.stage(step - 1).reading, self.words)
            figures["reads"] = share_right(net, layout, read)
        if watched.screens and shares.grounding:
            figures["finds"] = share_right(net, layout, held_out_screens(watched.screens))
        if watched.tasks:
            solved = [
                played(lesson, Speaking(net, layout))
                for number in range(watched.tasks)
                if (lesson := lesson_on(_held_out_phone(number), _family(number))) is not None
            ]
            figures["solves"] = sum(solved) / max(1, len(solved))
        ahead = min(step + watched.every, self.source.steps - 1)
        # After the last step nobody learns from them.
        if watched.rollouts and step <= ahead and self.source.stage(ahead).shares.dagger:
            draw = self.source.draw("rollouts", step)
            looks = self.source.stage(ahead).looks
            made = rolled_out(draw, looks, net, layout, self.recipe.families, watched.rollouts)
            write_rollouts(rollouts_in(self.folder / "rollouts", step), made)
            figures["rollouts_passed"] = sum(one.passed for one in made) / len(made)
        self.figures = figures
        return figures

    @torch.no_grad()
    def _sees(self, count: int) -> dict[str, float]:
        """Give F1 scores of what is told on held-out phones' screens: letters, pieces of words."""
        names = self.trainer.recipe.labels
        pieces = {*piece_labels(self.layout.tokenizer).values()}
        told, there, both = Counter[bool](), Counter[bool](), Counter[bool]()
        for sample in held_out_pictures(count, self.layout.tokenizer):
            (shown,) = encode(sample, self.layout).pictures
            patches = self.layout.processor.patches(shown.frames, shown.resized)
            scores = self._head(
                self.network.see(patches.to(self.trainer.learner.device), [shown.grid])
            )
            found = {(t, names[n]) for t, n in (scores > 0).nonzero().tolist()}
            true = {(t, name) for t, of in (shown.drawn or {}).items() for name in of}
            true = {(t, name) for t, name in true if name in names}
            for counts, some in ((told, found), (there, true), (both, found & true)):
                counts.update(name in pieces for _, name in some)
        return {
            figure: 2 * both[piece] / max(1, told[piece] + there[piece])
            for figure, piece in (("sees", False), ("spells", True))
        }


def held_out_words(count: int, kind: Reading, words: Words) -> list[Sample]:
    """Give pictures of letters, or of words that are held out, in every look, always the same."""
    kind = replace(kind, found=0.0, lines=1)
    looks = replace(EVERY, themes=(*THEMES,))
    return [
        written(Random(f"held out {n}"), kind, looks, words, held_out=True) for n in range(count)
    ]


def held_out_pictures(count: int, tokenizer: Tokenizer) -> list[Sample]:
    """Give screens of phones that are never trained on, to look at."""
    looks, kind = replace(EVERY, themes=(*THEMES,)), Looking((Size(10, 22),))
    made: list[Sample] = []
    for number in range(count):
        draw = Random(f"held out {number}")
        seed = draw.randrange(FIRST_SEED)
        screen = wandered(draw, looks, tokenizer, held_out=True, seed=seed)
        made += seen(draw, kind, screen, 1)
    return made


def held_out_screens(count: int) -> list[Sample]:
    """Give questions about screens of phones that are never trained on, every theme among them."""
    looks, samples, number = replace(EVERY, themes=(*THEMES,)), list[Sample](), 0
    while len(samples) < count:
        draw = Random(f"held out {number}")
        screen = wandered(draw, looks, held_out=True, seed=draw.randrange(FIRST_SEED))
        samples += on_screen(draw, screen, 1)
        number += 1
    return samples[:count]


def _held_out_phone(number: int) -> Phone:
    draw = Random(f"held out {number}")
    return Looks(themes=(*THEMES,)).phone(draw, draw.randrange(FIRST_SEED))


def _family(number: int) -> str:
    return _FAMILIES_PLAYED[number % len(_FAMILIES_PLAYED)]


def digest(recipe: PocketRecipe, words: Words) -> str:
    """Name a curriculum by its content: SHA-256 in hex, of the recipe and all that is read."""
    facts = json.dumps([asdict(recipe), words.shown], default=list)
    return hashlib.sha256(facts.encode()).hexdigest()
