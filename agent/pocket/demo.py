"""What the demonstration plays: tasks on practice phones, each judged by the phone's own data."""

from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...actions.tools import Tool
from ...envs.episode import Episode
from ...envs.practice.env import PracticeEnv
from ...envs.practice.phone import Phone
from ...envs.practice.tasks import FAMILIES
from ...envs.practice.tasks.base import PracticeTask, Status, Unfit
from ...envs.records import Step
from ...model.base import Model
from ..console import Display
from ..errors import BadUsage
from ..loop import Agent
from ..places import PracticeSpec
from ..task import Condition, Limits, Task, TaskStep
from .demo_tool import note_down, note_task, notebook
from .looks import SCREEN

TASKS = (
    "switch_setting",
    "call_contact",
    "rename_phone",
    "empty_cart",
    "missing_product",
    note_down.name,
)
"""What is played where nothing else is asked for: families, and the task with a tool."""

_LIMITS = Limits(steps=20, seconds=60)
_MOST_UNFIT = 1000
"""Phones in a row that a family may find nothing on."""


@dataclass(frozen=True, slots=True)
class Played:
    """How a task went.

    Attributes:
        name: Of its family, or of the tool.
        seed: Of the phone.
        goal: In words.
        solved: Whether the model said that it is done, or that it cannot be, and is right.
        stop: Why the run ended.
        detail: More of that.
        steps: How many.
        step_ms: How long each reply took, from the screenshot to the action, in milliseconds.
        answers: What it told the user.
        notes: What it had written down.
        episode: The recording's folder.
    """

    name: str
    seed: int
    goal: str
    solved: bool
    stop: str
    detail: str
    steps: int
    step_ms: tuple[float, ...]
    answers: tuple[str, ...]
    notes: tuple[str, ...]
    episode: str


def tasks_named(text: str | None) -> list[str]:
    """Read which tasks are to be played, such as ``switch_setting,note_down``.

    Raises:
        BadUsage: There is none, or not of one of the names.
    """
    names = [*TASKS] if text is None else [name.strip() for name in text.split(",")]
    for name in names:
        if name != note_down.name and name not in FAMILIES:
            raise BadUsage(
                f"there is no task {name!r}: there is {note_down.name}, and `eyehand practice "
                "tasks` lists the others"
            )
    return names


@dataclass(frozen=True, slots=True)
class Prepared:
    """A phone that is set up for a task.

    Attributes:
        name: As in `Played`.
        phone: The phone.
        env: It, to be worked.
        task: What is to be done.
    """

    name: str
    phone: Phone
    env: PracticeEnv
    task: PracticeTask


def set_up(name: str, seed: int) -> Prepared:
    """Set up the first phone from a seed on that has something for a task.

    Args:
        name: A family, or the tool's.
        seed: Of the first phone that is tried.

    Raises:
        BadUsage: None of the next thousand has.
    """
    for number in range(seed, seed + _MOST_UNFIT):
        phone = Phone(number, size=SCREEN)
        try:
            if name == note_down.name:
                task: PracticeTask | None = note_task(phone, number)
                env = PracticeEnv(number, size=SCREEN, phone=phone)
            else:
                env = PracticeEnv(number, name, size=SCREEN, phone=phone)
                task = env.task
        except (Unfit, ValueError):
            continue
        if task is not None:
            return Prepared(name, phone, env, task)
    raise BadUsage(f"no phone from seed {seed} on has anything for {name}: take another --seed")


async def play(
    place: Prepared,
    model: Model,
    dialect: str | None,
    folder: Path,
    view: Display,
    *,
    title: str,
) -> Played:
    """Let a model work a task, and judge what came of it.

    Args:
        place: Phone and task; used up.
        model: Who decides.
        dialect: How it is spoken to; None: as it was trained.
        folder: Where it is recorded; what is noted is written into a text file beside it.
        view: Where it is shown; closed at the end.
        title: Above it.

    Raises:
        ModelError: The model cannot reply.
    """
    notes: list[str] = []
    tools, check = _checked(place, folder.with_name(f"{folder.name}.txt"), notes)
    agent = Agent(place.env, model, dialect=dialect, tools=tools, record=folder)
    family = None if tools else place.name
    where = f"{SCREEN.width}x{SCREEN.height}"
    task = Task(
        name=place.task.goal[:200],
        env=PracticeSpec(seed=place.phone.state.seed, task=family, size=where),
        steps=(TaskStep(goal=place.task.goal), TaskStep(check=check)),
        limits=_LIMITS,
        folder=folder.parent,
    )
    view.begin(title)
    try:
        async with aclosing(agent.steps(task)) as steps:
            async for step in steps:
                view.step(step)
        if agent.episode is None or agent.episode.end is None:
            raise RuntimeError("the run made no episode")
        played = _judged(place, agent.episode, notes, bool(tools))
        facts: dict[str, Any] = {"solved": played.solved, "task": place.name}
        facts |= {name: [*said] for name in ("answers", "notes") if (said := getattr(played, name))}
        view.end(agent.episode.end.stop, played.detail, facts)
        return played
    except BaseException:
        with suppress(Exception):  # what ends the run is told, not what followed
            await agent.closed()
        raise
    finally:
        view.close()


def _checked(place: Prepared, path: Path, notes: list[str]) -> tuple[list[Tool], Condition]:
    """Give the tools of a task, and the check that stands in its recording."""
    if place.name != note_down.name:
        return [], Condition(name="practice_task")

    def keep(text: str) -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")
        notes.append(text)

    wanted = f"{place.task.params['note']}\n"
    check = Condition(name="file", arguments={"path": path.name, "equals": wanted})
    return [notebook(keep)], check


def _judged(place: Prepared, episode: Episode, notes: list[str], noted: bool) -> Played:
    """Say how a run went: as suites judge it, and by the phone's own data."""
    if episode.end is None:
        raise RuntimeError("the run has no end")
    own = [step for step in episode.steps if step.source == "model"]
    said = notes if noted else list(episode.answers)
    status = _status(own)
    passed = status is not None and place.task.passed(place.phone, said, status)
    times = [s.seconds["observe"] + s.seconds["think"] for s in own if "think" in s.seconds]
    return Played(
        name=place.name,
        seed=place.phone.state.seed,
        goal=place.task.goal,
        solved=passed,
        stop=episode.end.stop.value,
        detail=episode.end.detail,
        steps=len(own),
        step_ms=tuple(round(1000 * seconds, 1) for seconds in times),
        answers=tuple(episode.answers),
        notes=tuple(notes),
        episode="" if episode.folder is None else episode.folder.name,
    )


def _status(steps: list[Step]) -> Status | None:
    """Give how a model said that it ended; None where it did not."""
    ends = [step.action for step in steps if step.error is None]
    for action in reversed(ends):
        if action is not None and action.action == "done":
            return action.status
    return None
