"""Samples of acting: what an agent was shown on a phone, and what the oracle would have said.

The agent's own loop is run, so the prompts are those of use to the letter. What is *said* in it may
be something else than what is learnt: a slip now and then, or what a model said before (DAgger,
Ross et al. 2011, arXiv 1011.0686), so that the way back is learnt, too.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any, TypeVar

from ...actions import schema as a
from ...actions.errors import ActionError
from ...actions.geometry import Frame, Point
from ...actions.schema import Action, Direction
from ...actions.tools import Tool
from ...envs.practice.env import PracticeEnv
from ...envs.practice.phone import Phone
from ...envs.practice.tasks import Unfit, make_task
from ...envs.practice.tasks.base import PracticeTask
from ...envs.practice.tasks.oracle import next_action
from ...envs.practice.tasks.steps import Lost, Next
from ...envs.practice.view import View
from ...envs.practice.written import Run, written_on
from ...model.base import Reply
from ...model.chat import Image, Marked, Message
from ...model.size import Size
from ...model.tokenizer import Tokenizer
from ...model.training.sample import Sample
from ..loop import Agent
from ..task import Limits, Task
from .demo_tool import note_down, note_task
from .grounding import aims, asked_on, questions_on, spoken
from .held_out import looks_held_out, names_one
from .pictures import drawn_in, token_at
from .screens import clicked, name_at, said_by, shown_by, told_by, touched

_MOST_STEPS = 40
LONGEST_S = 86_400.0
"""What is learnt must not depend on how busy the machine is."""
_WAYS = {"search", "hold", "held"}
"""Parameters of tasks that say how the oracle goes about them."""
_SOUGHT = {"call_contact", "favourite_contact", "delete_contact"}
"""Families whose ``name`` is searched for: to type it is learnt sooner than to find it in a list
that is moved on and on."""
_VAIN = 3
"""Times that what is right is said to the same picture, before it is given up."""
_ASKED = 1
"""Questions where something is, asked of each screen beside what is to be done there. More of them
are learnt in place of what is to be done."""
_FAR = 0.4
"""Of the screen: how far a list is moved, so that nothing on it is passed by."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Lesson:
    """What an agent does on one phone.

    Attributes:
        family: Of the task.
        phone: The phone that it is set up on.
        task: What is to be done.
        slips: Share of the steps at which something else is done than the oracle says.
        said: What is said at each step in place of what the oracle says; after the last the
            oracle is followed.
        most: Steps, at most.
    """

    family: str
    phone: Phone
    task: PracticeTask
    slips: float = 0.0
    said: Sequence[str] = ()
    most: int = _MOST_STEPS

    @property
    def tools(self) -> list[Tool]:
        """What may be called in it."""
        return [note_down] if self.family == note_down.name else []


def lesson_on(
    phone: Phone, family: str, *, slips: float = 0.0, said: Sequence[str] = ()
) -> Lesson | None:
    """Set a phone up for a task of a family, or of the tool; None where it has nothing for it."""
    make = note_task if family == note_down.name else partial(make_task, family)
    try:
        task = make(phone, phone.state.seed)
    except Unfit:
        return None
    # Of two ways that are as good no prompt tells which: the same one is taken always.
    for way in _WAYS & task.params.keys():
        task.params[way] = type(task.params[way])()
    if family in _SOUGHT:
        task.params["search"] = task.params["name"]
    return Lesson(family, phone, task, slips, said)


def learnt(
    lesson: Lesson, draw: Random, tokenizer: Tokenizer | None = None, *, held_out: bool = False
) -> list[Sample]:
    """Go through a lesson; some 20 ms a step.

    Args:
        lesson: It is used up: its phone is another one afterwards.
        draw: Chooses slips.
        tokenizer: Cuts words into the pieces that are told on pictures; None: none are.
        held_out: Whether names that are held out may be shown and said.

    Returns:
        A sample for each step, with its prompt and what the oracle says to it; then, as the
        picture has been looked at already, a question where something is on it.
    """
    pupil = _Pupil(lesson, draw, tokenizer, held_out)
    env = PracticeEnv(phone=lesson.phone)
    # The answers of what a task asks do not end it: the limit does, where a slip leads astray.
    # Bad replies do not, either: the oracle says what was right after each of them.
    limits = Limits(steps=lesson.most, errors=lesson.most, seconds=LONGEST_S)
    agent = Agent(env, pupil, dialect=pupil.dialect, tools=lesson.tools)
    aside(agent.run(Task.goal(lesson.task.goal, limits=limits)))
    return pupil.samples


class _Pupil:
    """Says what the lesson has it say, and takes down what the oracle would have said."""

    name, fingerprint, family = "pupil", "pupil", "script"

    def __init__(
        self, lesson: Lesson, draw: Random, tokenizer: Tokenizer | None, held_out: bool
    ) -> None:
        self.samples: list[Sample] = []
        self.dialect = spoken(lesson.tools)
        self._lesson, self._draw, self._tokenizer = lesson, draw, tokenizer
        self._held_out = held_out
        self._asking = Random(draw.random())
        self._answers: list[str] = []
        self._done = Counter[tuple[str, str]]()
        self._step = 0

    def plan(self, size: Size) -> Size:
        """Leave it: screens that are learnt from are multiples of 28."""
        return size

    def session(self, *, repetition_penalty: float | None = None) -> "_Pupil":
        """Give itself."""
        return self

    async def close(self) -> None:
        """Do nothing."""

    async def reply(
        self,
        messages: Sequence[Message],
        *,
        grammar: str | None = None,
        stops: Sequence[str] = (),
        temperature: float | None = None,
    ) -> Reply:
        """Take down a sample and say what is to be said; where nobody knows, end it."""
        lesson, number = self._lesson, self._step
        self._step += 1
        size = lesson.phone.size
        frame = Frame("phone", size, size).planned(size)
        runs = written_on(lesson.phone)
        try:
            step = next_action(lesson.task, lesson.phone, self._answers)
            deed = plain(step, lesson.phone, runs)
            right = self._words(deed, frame, runs)
        except (Lost, ActionError):
            return Reply(self.dialect.render(a.Done(), frame))
        shown = [part for m in messages for part in m.parts if isinstance(part, Image)]
        if self._done[right, shown[-1].hash] == _VAIN:  # a slip spoilt the task for good
            return Reply(self.dialect.render(a.Done(), frame))
        screen = shown_by(lesson.phone, shown[-1].pixels, runs, self._tokenizer)
        questions = questions_on(self._asking, screen, _ASKED)
        turns = [*messages, Message.of("assistant", Marked(right)), *asked_on(questions, frame)]
        texts = [*(run.text for run in runs), *(turn.text for turn in turns)]
        if self._held_out or not (names_one(texts) or looks_held_out(lesson.phone)):
            letters = (one for run in runs for one in run.letters)
            newest = len(shown) - 1
            drawn = {newest: drawn_in(letters, size, screen.things)}
            learn = tuple(range(len(messages), len(turns), 2))
            pointed = _pointed(deed, lesson.phone, runs, shown)
            aimed = aims(questions, learn[1:], newest, shown[-1].resized)
            if newest in pointed:
                aimed = {**aimed, learn[0]: (newest, pointed[newest])}
            self.samples.append(Sample(turns, learn, drawn, pointed, aimed, learn))
        said = self._said(number, right, deed, frame, runs)
        if said == right:
            self._done[right, shown[-1].hash] += 1
        try:
            for action in self.dialect.parse(said, frame).actions:
                if isinstance(action, a.Answer):
                    self._answers.append(action.text)
                elif isinstance(action, a.CallTool):
                    self._answers.append(str(action.arguments.get("text")))
        except ActionError:
            pass  # the agent is told so, and goes on
        return Reply(said)

    def _said(
        self, number: int, right: str, deed: Action, frame: Frame, runs: Sequence[Run]
    ) -> str:
        if number < len(self._lesson.said):
            return self._lesson.said[number]
        if (
            isinstance(deed, a.Done | a.Answer | a.CallTool)
            or self._draw.random() >= self._lesson.slips
        ):
            return right
        return self._words(slip(self._draw, self._lesson.phone, runs), frame, runs)

    def _words(self, deed: Action, frame: Frame, runs: Sequence[Run]) -> str:
        """Give an action as it is said; what is touched has its name before it."""
        name = ""
        if isinstance(deed, a.Click | a.LongPress) and deed.point is not None:
            name = name_at(self._lesson.phone, deed.point, runs)
        return self.dialect.render(deed, frame, name)


def _pointed(
    deed: Action, phone: Phone, runs: Sequence[Run], shown: Sequence[Image]
) -> dict[int, int | None]:
    """Give which token of the newest picture tells what is touched.

    None where it is looked for elsewhere, or given up; nothing where nothing is looked for.
    """
    newest = len(shown) - 1
    if isinstance(deed, a.Click | a.LongPress) and deed.point is not None:
        return {newest: token_at(*told_by(phone, deed.point, runs), shown[-1].resized)}
    if isinstance(deed, a.Scroll) or (isinstance(deed, a.Done) and deed.status == "infeasible"):
        return {newest: None}
    return {}


def plain(step: Next, phone: Phone, runs: Sequence[Run]) -> Action:
    """Give what the oracle wants as it is most easily learnt, and can be told from the screen.

    Places are of few coordinates; lists are moved by always the same, since how far off something
    is cannot be seen; what shows by its edge alone is moved, too, before it is touched; and apps
    are opened by their names, and not by their icons.

    Args:
        step: What the oracle wants.
        phone: As it shows.
        runs: All that can be read there.
    """
    action = step.action
    app = step.why.removeprefix("open ")
    if app != step.why and any(app == each.label for each in phone.apps.values()):
        return a.OpenApp(name=app)
    if isinstance(action, a.Click | a.LongPress) and action.point is not None:
        if (way := _hidden(phone, action.point, runs)) is not None:
            return _moved(phone, way)
        return action.model_copy(update={"point": clicked(phone, action.point, runs)})
    if isinstance(action, a.Scroll) and action.unit == "screens":
        middle = Point(phone.size.width // 2, phone.size.height // 2)
        if action.point is not None and _list_at(phone, middle) is _list_at(phone, action.point):
            action = action.model_copy(update={"point": middle})
        return action.model_copy(update={"amount": _FAR})
    return action


def _hidden(phone: Phone, point: Point, runs: Sequence[Run]) -> Direction | None:
    """Give the way to what is touched, where it says something and no word of it shows."""
    meant = touched(phone, point)
    if meant is None or meant.role != "item" or said_by(meant, runs):
        return None
    if not any(one.text for one in meant.walk()):
        return None
    moving = _list_at(phone, point)
    if moving is None:
        return None
    return "down" if point.y > moving.box.centre[1] else "up"


def _list_at(phone: Phone, point: Point) -> View | None:
    return next((view for view in phone.scene().hits(*point) if view.scrollable), None)


def _moved(phone: Phone, way: Direction) -> a.Scroll:
    middle = Point(phone.size.width // 2, phone.size.height // 2)
    return a.Scroll(point=middle, direction=way, amount=_FAR, unit="screens")


def slip(draw: Random, phone: Phone, runs: Sequence[Run]) -> Action:
    """Give something that a beginner might do: tap something else, scroll, go back."""
    nodes = [node for node in phone.tree().walk() if node.clickable and node.enabled]
    kind = draw.random()
    width, height = phone.size
    if nodes and kind < 0.7:
        x, y = draw.choice(nodes).box.centre
        point = Point(min(max(x, 0), width - 1), min(max(y, 0), height - 1))
        return a.Click(point=clicked(phone, point, runs))
    if kind < 0.9:
        ways: tuple[Direction, ...] = ("up", "down")
        return _moved(phone, draw.choice(ways))
    return a.Back()


def aside(work: Coroutine[Any, Any, T]) -> T:
    """Run something to its end, also where a loop runs in this thread already."""
    found: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            found.append(asyncio.run(work))
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, name="lesson")
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return found[0]
