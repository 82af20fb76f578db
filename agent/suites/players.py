"""Who plays: a checkpoint, a script, random clicks, an oracle."""

import hashlib
import importlib.resources
from collections.abc import Callable, Collection
from importlib.resources.abc import Traversable
from pathlib import Path
from random import Random

from ...actions import schema as a
from ...actions.dialects import Dialect, dialect_named
from ...actions.errors import ActionError
from ...actions.geometry import Frame, Point
from ...actions.schema import TALK, Direction
from ...envs.base import Env
from ...model.base import Model
from ...model.errors import ModelError
from ...model.scripted import ScriptedModel
from ...model.size import Size
from ..errors import BadUsage
from ..eval_prompts import in_words_of
from ..task import Task
from .base import Player, Trial
from .speaking import Decider, Deed, Speaker

_RANDOM = "clicks, uniform over the screenshot, 1"
"""What random play is; another number where it changes."""
_RANDOM_ON_PHONES = "taps, scrolls, back, home, ends, 1"
_ON_PHONES = {"tap": 70, "scroll": 14, "back": 6, "home": 4, "done": 3, "infeasible": 3}
"""How often it does each, of a hundred times. A trial on a phone is won by saying how it ended:
once in seventeen steps leaves the time for something to come of the others."""


class ModelPlayer:
    """A model that plays every trial itself. Trials may ask it at the same time: it has one queue.

    Args:
        model: Who decides.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self.name, self.fingerprint = model.name, model.fingerprint

    def plays(self, task: str) -> bool:
        """Any."""
        return True

    def model(self, env: Env, task: Task, trial: Trial, dialect: str) -> Model:
        """Give the model."""
        return self._model


class ScriptPlayer:
    """Says the same replies in every trial, from the first on.

    Args:
        path: A file of replies, as ``--model script:FILE`` takes it.

    Raises:
        BadUsage: It cannot be read, or is none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        script = self._script()
        self.name, self.fingerprint = script.name, script.fingerprint

    def _script(self) -> ScriptedModel:
        try:
            return ScriptedModel.from_file(self._path)
        except ModelError as error:
            raise BadUsage(str(error)) from error

    def plays(self, task: str) -> bool:
        """Any."""
        return True

    def model(self, env: Env, task: Task, trial: Trial, dialect: str) -> Model:
        """Give the script, from its beginning."""
        return self._script()


class RandomPlayer:
    """Clicks anywhere, again and again, without looking: what chance alone reaches.

    Args:
        seed: With the trial, it decides where.
        image_tokens: See ``Speaker``.
        phone: It also scrolls, goes back and home, and ends, as far as the dialect has words.
    """

    def __init__(self, seed: int, image_tokens: int | None = None, *, phone: bool = False) -> None:
        self._seed, self._tokens, self._phone = seed, image_tokens, phone
        self.name = f"random:{seed}"
        how = _RANDOM_ON_PHONES if phone else _RANDOM
        self.fingerprint = hashlib.sha256(f"{how} {seed}".encode()).hexdigest()[:32]

    def plays(self, task: str) -> bool:
        """Any."""
        return True

    def model(self, env: Env, task: Task, trial: Trial, dialect: str) -> Model:
        """Give the clicks of a trial."""
        draw, spoken = Random(f"{self._seed} {trial}"), spoken_in(dialect, env)
        decider = _Fingers(draw, spoken) if self._phone else _Clicks(draw)
        return Speaker(self.name, self.fingerprint, decider, spoken, self._tokens)


class _Clicks:
    def __init__(self, draw: Random) -> None:
        self._draw = draw

    async def next(self, size: Size, *, sent: bool) -> Deed:
        point = Point(self._draw.random() * size.width, self._draw.random() * size.height)
        return Deed(a.Click(point=point))


class _Fingers(_Clicks):
    def __init__(self, draw: Random, spoken: Dialect) -> None:
        super().__init__(draw)
        self._spoken = spoken

    async def next(self, size: Size, *, sent: bool) -> Deed:
        tap = await super().next(size, sent=sent)
        way: Direction = self._draw.choice(("up", "down", "left", "right"))
        actions: dict[str, a.Action] = {
            "tap": tap.action,
            "scroll": a.Scroll(direction=way),
            "back": a.Back(),
            "home": a.Home(),
            "done": a.Done(),
            "infeasible": a.Done(status="infeasible", reason="chance says so"),
        }
        action = actions[self._draw.choices([*_ON_PHONES], [*_ON_PHONES.values()])[0]]
        try:
            in_words_of(self._spoken, action, Frame("prompt", size, size).planned(size))
        except ActionError:
            return tap
        return Deed(action)


class OraclePlayer:
    """Knows the way, and may look behind the screen for it; acts by points and keys all the same.

    Args:
        name: How records call it.
        fingerprint: Content hash of what decides.
        solves: Names of the tasks that it knows.
        decider: Gives who decides in a trial, of the env as the stage gave it.
        image_tokens: See ``Speaker``.
    """

    def __init__(
        self,
        name: str,
        fingerprint: str,
        solves: Collection[str],
        decider: Callable[[Env, Trial], Decider],
        image_tokens: int | None = None,
    ) -> None:
        self.name, self.fingerprint = name, fingerprint
        self._solves, self._decider, self._tokens = solves, decider, image_tokens

    def plays(self, task: str) -> bool:
        """Those that it knows."""
        return task in self._solves

    def model(self, env: Env, task: Task, trial: Trial, dialect: str) -> Model:
        """Give who decides in a trial."""
        decider, spoken = self._decider(env, trial), spoken_in(dialect, env)
        return Speaker(self.name, self.fingerprint, decider, spoken, self._tokens)


def spoken_in(dialect: str, env: Env) -> Dialect:
    """Give a dialect as an agent without tools makes it."""
    return dialect_named(dialect, env.action_space | (TALK - {"call_tool"}))


def baseline_named(
    name: str, image_tokens: int | None = None, *, phone: bool = False
) -> Player | None:
    """Give who plays by the name on the command line, where it is neither oracle nor checkpoint.

    Args:
        name: As it was typed.
        image_tokens: See ``Speaker``.
        phone: Whether it is played on a phone.

    Raises:
        BadUsage: It is no baseline of a suite, or wants a seed or a file.
    """
    kind, _, rest = name.partition(":")
    if kind == "random":
        if not rest.isdecimal():
            raise BadUsage(f"random takes a seed, as in random:1, not {name!r}")
        return RandomPlayer(int(rest), image_tokens, phone=phone)
    if kind == "script":
        if not rest:
            raise BadUsage("script: needs a file, as in script:replies.yaml")
        if image_tokens is not None:
            raise BadUsage("a script is shown screenshots as they are: leave --image-tokens out")
        return ScriptPlayer(Path(rest))
    if name in ("answer", "centre"):
        raise BadUsage(f"{name} is for datasets; a suite has oracle and random:SEED")
    return None


def package_digest(package: str, without: Collection[str] = ()) -> str:
    """Hash the files of a package, whatever folder it lies in; some 30 ms. SHA-256 in hex.

    Args:
        package: Its full name.
        without: Names of files and folders that decide nothing.
    """
    digest = hashlib.sha256()

    def walk(folder: Traversable, way: str) -> None:
        for part in sorted(folder.iterdir(), key=lambda one: one.name):
            if part.name in without:
                continue
            if part.is_dir():
                if part.name != "__pycache__":
                    walk(part, f"{way}/{part.name}")
            elif not part.name.endswith(".pyc"):
                body = part.read_bytes()
                digest.update(f"{way}/{part.name} {len(body)}\n".encode())
                digest.update(body)

    walk(importlib.resources.files(package), "")
    return digest.hexdigest()
