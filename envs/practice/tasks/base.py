"""What a task on the practice phone is: a goal in words, a check on the true state, an oracle.

A family makes tasks without end: it picks its parameters from what is on the phone, sets the
stage, says the goal, and can tell from the phone's own data whether it was reached. The check
never looks at pixels.
"""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, ClassVar, Literal

from ..phone import Phone
from ..state import copy_of
from .hand import Hand

Params = dict[str, Any]
Status = Literal["success", "infeasible"]

FAMILIES: dict[str, "Family"] = {}
"""Every family by its name."""


class Unfit(Exception):
    """A family finds nothing on this phone to make a task of; another seed will do."""


class Family:
    """A kind of task. Subclasses register themselves under their name in snake case.

    Attributes:
        apps: Where it takes place; the first is where it begins.
        feasible: False where it cannot be done, and the agent has to say so.
        asks: Whether the goal is a question, to be answered in words.
    """

    apps: ClassVar[tuple[str, ...]] = ()
    feasible: ClassVar[bool] = True
    asks: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        if not cls.__name__.startswith("_"):  # what several families share
            if cls.name() in FAMILIES:
                raise TypeError(f"there are two families called {cls.name()}")
            FAMILIES[cls.name()] = cls()

    @classmethod
    def name(cls) -> str:
        """Such as ``add_contact``."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick parameters and set the stage: the goal must not be reached already.

        Returns:
            Plain data.

        Raises:
            Unfit: This phone has nothing for it.
        """
        raise NotImplementedError

    def goal(self, p: Params) -> str:
        """Say what the user wants, in words that leave one reading."""
        raise NotImplementedError

    def reached(self, phone: Phone, task: "PracticeTask", said: list[str]) -> bool:
        """Whether the goal is reached, from the phone's data and what was answered.

        What was there in the family's own apps and was not to be changed must be there still: see
        ``task.before``. Other apps are looked after by ``PracticeTask.passed``. A question is
        answered where ``answer`` of its parameters was said and nothing was changed.
        """
        if not self.asks:
            raise NotImplementedError
        return says(said, str(task.params["answer"])) and self.untouched(phone, task)

    def untouched(self, phone: Phone, task: "PracticeTask") -> bool:
        """Whether nothing was changed: what is asked of who says that it cannot be done.

        A family of an app that remembers what was looked at leaves that out; keys of an app's data
        that begin with ``_`` are left out anyway.
        """
        return task.spared(phone, [])

    def solve(self, hand: Hand, p: Params) -> None:
        """Do the next thing: call the hand's methods in the order of the way to the goal.

        Each returns where the phone is that far already, and otherwise raises what to do next.
        It must find its way from any state of the phone.
        """
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class PracticeTask:
    """One task on one phone.

    Attributes:
        family: Its name.
        seed: Of the parameters.
        params: What it is about, plain data.
        goal: In words.
        before: The apps' data when it began.
        tables: Android's tables when it began.
    """

    family: str
    seed: int
    params: Params
    goal: str
    before: dict[str, Any] = field(repr=False, default_factory=dict)
    tables: dict[str, dict[str, str]] = field(repr=False, default_factory=dict)

    @property
    def kind(self) -> Family:
        """Its family."""
        return FAMILIES[self.family]

    def passed(self, phone: Phone, said: list[str], status: Status | None) -> bool:
        """Whether an agent that ended so has done it.

        Args:
            phone: As it is now.
            said: Its answers.
            status: How it ended; None: it did not say.
        """
        if not self.kind.feasible:
            return status == "infeasible" and self.kind.untouched(phone, self)
        if status == "infeasible" or not self.spared(phone, self.kind.apps):
            return False
        return self.kind.reached(phone, self, said)

    def spared(self, phone: Phone, apps: Sequence[str]) -> bool:
        """Whether nothing was changed but in these apps; ``settings`` are Android's tables, too.

        Keys of an app's data that begin with ``_`` do not count: they change by mere looking.
        """
        now, then = lasting(phone.state.data), lasting(self.before)
        tables = "settings" in apps or phone.state.settings == self.tables
        return tables and all(now[app] == then[app] for app in then if app not in apps)


def make_task(family: str, phone: Phone, seed: int) -> PracticeTask:
    """Make a task on a phone, which is set up for it.

    Args:
        family: One of ``FAMILIES``.
        phone: Freshly made.
        seed: Of the parameters.

    Raises:
        ValueError: No such family.
        Unfit: The phone has nothing for it.
    """
    if family not in FAMILIES:
        near = difflib.get_close_matches(family, FAMILIES, 3, 0.5) or sorted(FAMILIES)[:3]
        raise ValueError(
            f"there is no task {family!r}: there are {len(FAMILIES)}, such as {', '.join(near)}; "
            "`eyehand practice tasks` lists them"
        )
    kind = FAMILIES[family]
    params = kind.prepare(phone, Random(f"{seed}/{family}"))
    before, tables = copy_of(phone.state.data), copy_of(phone.state.settings)
    return PracticeTask(family, seed, params, kind.goal(params), before, tables)


def lasting(data: dict[str, Any]) -> dict[str, Any]:
    """Give apps' data without keys that begin with ``_``: those change by mere looking."""
    return {
        app: {key: value for key, value in own.items() if not key.startswith("_")}
        for app, own in data.items()
    }


def says(said: Iterable[str], wanted: str) -> bool:
    """Whether an answer holds a text, whatever its case, spaces and the words around it.

    A number must stand alone: 12 does not answer where 2 is wanted.
    """
    needle = _plain(wanted)
    edge = r"(?<![\w])(?<!\d[.,:]){}(?![\w])(?![.,:]\d)"
    pattern = re.compile(edge.format(re.escape(needle)))
    return any(pattern.search(_plain(answer)) for answer in said)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())
