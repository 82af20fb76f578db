"""The practice phone as a suite: each family of its tasks, on phones without end."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from ...envs.base import Env, Observation
from ...envs.practice.env import PracticeEnv
from ...envs.practice.phone import Phone
from ...envs.practice.tasks import FAMILIES, Unfit, make_task
from ...envs.practice.tasks.base import Status
from ...envs.practice.tasks.oracle import next_action
from ...envs.practice.tasks.steps import Lost
from ...envs.records import End, Intent, Step
from ...model.chat import Image
from ...model.size import Size
from ..opening import practice_task
from ..places import PracticeSpec
from ..pocket.recipe import ACTED
from ..task import Task
from .base import Judged, Stage, Subset, Trial
from .players import OraclePlayer, package_digest
from .speaking import Deed, NoWay

_PHONES = "eyehand.envs.practice"
"""All that decides what is on a phone, and who solves its tasks."""
_BESIDE = ("adb", "gallery.py", "window.py")
"""Files and folders of it that do not: nothing here imports them."""

_MOST_UNFIT = 1000
"""Phones in a row that a family may find nothing on."""


SUBSETS = (
    Subset(
        "pocket",
        tuple(sorted(FAMILIES.keys() & set(ACTED))),
        "what the shipped pocket model learnt to act in: docs/POCKET.md",
    ),
)


class Practice:
    """Every family of tasks on the practice phone, in this process: see ``Suite``.

    A trial is won where the model says that it is done, or that it cannot be done, and the phone's
    own data agree.

    Args:
        phone: How its phones look; None: as they come. Seed and task are those of each trial.

    Raises:
        ValueError: No phone can look like that.
    """

    name = "practice"
    excluded: Mapping[str, str] = {}
    subsets: Sequence[Subset] = SUBSETS

    def __init__(self, phone: PracticeSpec | None = None) -> None:
        self.tasks: Sequence[str] = sorted(FAMILIES)
        self.digest = package_digest(_PHONES, _BESIDE)
        self._spec = phone or PracticeSpec()
        self._looks = self._spec.arguments()
        for name in ("seed", "task"):
            self._looks.pop(name, None)
        size = Phone(**self._looks).natural
        asked = self._spec.model_dump(exclude_defaults=True, exclude={"seed", "task"})
        self.settings: Mapping[str, Any] = {**asked, "size": str(size)}

    def seeds(self, task: str, first: int, count: int) -> Sequence[int]:
        """Give the first so many phones that the family finds something on. 20 ms each.

        Raises:
            ValueError: There is no such family, or there are no such phones.
        """
        found: list[int] = []
        seed, missed = first, 0
        while len(found) < count:
            try:
                make_task(task, Phone(seed, **self._looks), seed)
            except Unfit as error:
                missed += 1
                if missed == _MOST_UNFIT:
                    raise ValueError(
                        f"{task} finds nothing on {missed} phones in a row, the last: {error}"
                    ) from error
            else:
                found.append(seed)
                missed = 0
            seed += 1
        return found

    @asynccontextmanager
    async def stage(self) -> AsyncIterator[Stage]:
        """Open a place to run trials in: nothing but this process is needed."""
        stage = _PracticeStage(self._spec)
        try:
            yield stage
        finally:
            await stage.close()


class _PracticeStage:
    """Runs trials on new phones."""

    def __init__(self, spec: PracticeSpec) -> None:
        self._spec = spec
        self._env: _JudgedPhone | None = None

    async def begin(self, trial: Trial) -> tuple[Env, Task]:
        """Make the phone of a trial.

        Raises:
            ValueError: There is no such family, or that phone has nothing for it.
        """
        await self.close()
        spec = self._spec.model_copy(update={"seed": trial.seed, "task": trial.task})
        self._env = _JudgedPhone(spec)
        return self._env, practice_task(trial.task, spec)

    async def judged(self) -> Judged:
        """Say how the trial that was begun last has gone."""
        if self._env is None:
            raise ValueError("no trial was begun")
        return self._env.judged

    async def close(self) -> None:
        """Put the phone away."""
        if self._env is not None:
            await self._env.close()


class _JudgedPhone(PracticeEnv):
    """A phone that is judged when the run on it ends, while it is still there.

    It is told of every step, as a recorder is: what was answered, and how the model ended, is not
    on the phone.
    """

    def __init__(self, spec: PracticeSpec) -> None:
        super().__init__(**spec.arguments())
        self.judged = Judged(False, reason="nothing was done")
        self._said: list[str] = []
        self._end: Status | None = None

    def intend(self, intent: Intent, seen: Observation) -> None:
        """Nothing is known yet."""

    def record(
        self,
        step: Step,
        seen: Observation,
        after: Observation | None,
        pictures: Sequence[Image] = (),
    ) -> None:
        """Take note of what was said."""
        action = step.action
        if step.source != "model" or step.error is not None or action is None:
            return
        if action.action == "answer":
            self._said.append(action.text)
        elif action.action == "done":
            self._end = action.status

    def finish(self, end: End, last: Observation | None) -> None:
        """Judge by the phone's own data."""
        if self._phone is None or self._task is None:
            return
        right = self._task.passed(self._phone, self._said, self._end)
        ended = self._end is not None
        reason = {
            (True, True): "it is done",
            (True, False): "it is not done",
            (False, True): "it is done, and was not said to be",
            (False, False): "it is not done, and was not said to be",
        }[ended, right]
        won = ended and right
        self.judged = Judged(won, float(won), float(won), ended=ended, reason=reason)


class _PracticeOracle:
    """Knows what to do next on a phone."""

    def __init__(self, env: PracticeEnv) -> None:
        self._env = env
        self._said: list[str] = []

    async def next(self, size: Size, *, sent: bool) -> Deed:
        """Give the next deed; one that was not sent is thought of anew."""
        if self._env.task is None:
            raise NoWay("the phone has no task")
        try:
            step = next_action(self._env.task, self._env.phone, self._said)
        except Lost as error:
            raise NoWay(str(error)) from error
        action = step.action
        if action.action == "answer":
            self._said.append(action.text)
        return Deed(action, step.why)


def _next_of(env: Env, trial: Trial) -> _PracticeOracle:
    if not isinstance(env, PracticeEnv):
        raise TypeError(f"{env.name} is no practice phone")
    return _PracticeOracle(env)


def practice_oracle(image_tokens: int | None = None) -> OraclePlayer:
    """Give who solves every family.

    Args:
        image_tokens: See ``Speaker``.
    """
    digest = package_digest(_PHONES, _BESIDE)
    return OraclePlayer("oracle", digest, frozenset(FAMILIES), _next_of, image_tokens)
