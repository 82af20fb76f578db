"""Tasks of the practice phone, solved in the words of every family: the whole way, but the weights.

An oracle says what to do, the dialect writes it as its family would, and the loop reads it, maps
the points of the resized picture back, and does it.
"""

from collections.abc import Sequence
from typing import Any

import pytest

from eyehand.actions import Action, ActionError, Frame, Key, Point, Scroll, Swipe, Type
from eyehand.actions.dialects import DIALECTS, GROUNDING, Dialect, dialect_named
from eyehand.actions.schema import TALK
from eyehand.agent import Agent, Limits, Task
from eyehand.agent.opening import practice_task
from eyehand.agent.places import PracticeSpec
from eyehand.envs import PracticeEnv, StopReason
from eyehand.envs.practice.tasks.oracle import next_action
from eyehand.model import Message, Reply, ScriptedModel, Size, smart_resize

FAMILIES = ["switch_setting", "tell_number", "delete_contact", "switch_alarm", "add_contact"]


class Speaker(ScriptedModel):
    """Says what the oracle would do, in the words of a dialect."""

    def __init__(self, env: PracticeEnv, dialect: Dialect) -> None:
        super().__init__([], name="speaker")
        self._env, self._dialect = env, dialect
        self._said: list[str] = []
        self._waiting: list[Action] = []

    def plan(self, size: Size) -> Size:
        return smart_resize(size, max_pixels=300 * 28 * 28)

    async def reply(self, messages: Sequence[Message], **bounds: Any) -> Reply:
        assert self._env.task is not None
        phone = self._env.phone
        if not self._waiting:
            self._waiting = [next_action(self._env.task, phone, self._said).action]
        action = self._waiting.pop(0)
        size = phone.size
        frame = Frame("phone", size, size).planned(self.plan(size))
        for one, *later in _ways(action, size):
            try:
                text = self._dialect.render(one, frame, "I do it.")
            except ActionError:
                continue
            self._waiting += later
            if one.action == "answer":
                self._said.append(one.text)
            return Reply(text)
        raise CannotSay(str(action))


class CannotSay(Exception):
    """The family has no words for it."""


def _ways(action: Action, size: Size) -> list[list[Action]]:
    """Give an action, and what comes to the same where a family has no words for it."""
    ways = [[action]]
    if isinstance(action, Type) and (action.submit or action.clear):
        plain = Type(text=action.text)
        ways.append([Type(text=action.text, clear=action.clear), Key(keys="enter")])
        if not action.clear:
            ways.append([plain, Key(keys="enter")])
    if isinstance(action, Scroll):
        right, down = action.delta
        middle = action.point or Point(size.width / 2, size.height / 2)
        share = 0.25 * size.height
        way = Point(
            middle.x - (share if right > 0 else -share if right < 0 else 0),
            middle.y - (share if down > 0 else -share if down < 0 else 0),
        )
        ways.append([Swipe(start=middle, end=Point(*(max(1.0, v) for v in way)))])
    if isinstance(action, Swipe):
        ways.append([Swipe(start=action.start, end=action.end)])
    return ways


def spoken(name: str, env: PracticeEnv) -> Dialect:
    return dialect_named(name, env.action_space | TALK)


@pytest.mark.parametrize("name", [name for name in DIALECTS if name not in GROUNDING])
async def test_tasks_are_solved_in_its_words(name: str) -> None:
    solved, unsaid = [], []
    for family in FAMILIES:
        task = practice_task(family, PracticeSpec(seed=3))
        env = PracticeEnv(seed=3, task=family)
        dialect = spoken(name, env)
        limits = Limits(steps=60, errors=1)
        plan = Task(name=family, steps=task.steps, limits=limits)
        try:
            episode = await Agent(env, Speaker(env, dialect), dialect=dialect).run(plan)
        except CannotSay as error:
            unsaid.append(str(error))
            continue
        steps = [f"{step}: {step.error or step.told}" for step in episode.steps]
        assert episode.stop is StopReason.DONE, steps
        assert all(step.repairs == () for step in episode.steps)
        solved.append(family)
    assert len(solved) >= 2, unsaid
