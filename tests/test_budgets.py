"""Budgets of a run: tokens, one reply, one action, the whole; with a script and with a network."""

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import toys
from hand_rig import Gate, Log, Scene, Thinker
from paper_env import PaperEnv

from eyehand.agent import Agent, Limits, Task, TaskStep, replay
from eyehand.agent.control import Control
from eyehand.agent.events import Paused, Thinking
from eyehand.agent.guard import Guard, Leave
from eyehand.agent.policy import read_policy
from eyehand.agent.stuck import Watch
from eyehand.envs import Delivery, Effect, Observation, Outcome, StopReason
from eyehand.envs.records import Trouble
from eyehand.model import Reply, ScriptedModel
from eyehand.model.chat import pixel_hash
from eyehand.model.qwen_vl import QwenVL


class Costly(ScriptedModel):
    async def reply(self, *given: Any, **bounds: Any) -> Reply:
        reply = await super().reply(*given)
        stats = {"prefilled_tokens": 50, "decoded_tokens": 7, "forced_tokens": 3}
        return Reply(reply.text, {**stats, "reused_tokens": 900})


def goal(**limits: Any) -> Task:
    return Task.goal("dot it", limits=Limits(stuck=False, **limits))


CLICKS = [{"action": "click", "point": [n, 9]} for n in range(9)]


async def test_tokens_are_counted_over_the_run(tmp_path: Path) -> None:
    agent = Agent(PaperEnv(), Costly(CLICKS), record=tmp_path / "e")
    made = await agent.run(goal(tokens=150))
    assert made.stop is StopReason.TOKEN_LIMIT
    assert len(made.steps) == 3  # 60 each; what is read from the cache costs nothing
    again = await replay(tmp_path / "e")
    assert again.complete
    assert again.steps == 3


async def test_a_reply_that_takes_too_long_is_a_step_and_not_for_ever(tmp_path: Path) -> None:
    class Slow(ScriptedModel):
        async def reply(self, *given: Any, **bounds: Any) -> Reply:
            await asyncio.sleep(60)
            raise AssertionError

    env = PaperEnv()
    agent = Agent(env, Slow([]), record=tmp_path / "e")
    made = await agent.run(goal(reply_seconds=0.05))
    assert made.stop is StopReason.ERROR_LIMIT
    assert len(made.steps) == 3
    assert {step.error for step in made.steps} == {
        "the model's reply took longer than the 0.05 s that it may take"
    }
    assert env.clicks == []
    assert (await replay(tmp_path / "e")).complete


async def test_a_reply_that_took_too_long_once_is_forgiven(tmp_path: Path) -> None:
    model = Thinker([*CLICKS[:2], {"action": "done"}], Gate(), "thinking")
    made = await Agent(PaperEnv(), model, record=tmp_path / "e").run(goal(reply_seconds=0.3))
    assert made.stop is StopReason.DONE
    assert [step.error is None for step in made.steps] == [True, False, True, True]
    assert (await replay(tmp_path / "e")).complete


class Hung(PaperEnv):
    """Takes an input and never says what came of it."""

    async def perform(self, action: Any, seen: Observation) -> Outcome:
        if action.action == "click" and not self.clicks:
            await super().perform(action, seen)
            await asyncio.sleep(60)
        return await super().perform(action, seen)


async def test_an_action_that_takes_too_long_may_have_arrived(tmp_path: Path) -> None:
    # The first lies off the picture: what is told of that must be the same in a replay.
    replies: list[Any] = [{"action": "click", "point": [325, 9]}, {"action": "done"}]
    agent = Agent(Hung(), ScriptedModel(replies), record=tmp_path / "e")
    made = await agent.run(goal(action_seconds=0.1))
    step = made.steps[0]
    assert step.result is not None
    assert step.result.delivery is Delivery.UNKNOWN
    assert step.result.effect is Effect.UNKNOWN
    assert step.error == "click took longer than the 0.1 s that it may take"
    assert "not known how much" in step.told
    assert "(320, 9) was used" in step.told
    assert step.points[0].pointer == (319, 9)
    assert made.stop is StopReason.DONE
    assert (await replay(tmp_path / "e")).complete


async def test_the_time_that_an_action_takes_by_itself_is_not_held_against_it() -> None:
    task = Task(name="t", steps=(TaskStep.of({"wait": 0.4}),), limits=Limits(action_seconds=0.2))
    assert (await Agent(PaperEnv()).run(task)).stop is StopReason.DONE


async def test_a_run_that_is_stuck_is_answered_more_warmly_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def note(self: Watch, step: Any, seen: Any, after: Any) -> Trouble | None:
        if step.index != 1:
            return None
        return Trouble(kind="repeat", grade="change", words="That leads nowhere.")

    monkeypatch.setattr(Watch, "note", note)
    scene = Scene("between", tmp_path / "e")
    task = Task.goal("dot it")
    scene.gate.reached.set()
    made = await scene.agent.run(task)
    assert made.stop is StopReason.DONE
    assert scene.model.temperatures == [None, None, 0.7, None]
    assert "That leads nowhere." in scene.model.prompts[2]
    assert (await replay(tmp_path / "e")).complete


async def test_a_person_who_is_asked_what_to_do_may_show_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def note(self: Watch, step: Any, seen: Any, after: Any) -> Trouble | None:
        if step.index != 1:
            return None
        return Trouble(kind="repeat", grade="ask", words="That leads nowhere.")

    monkeypatch.setattr(Watch, "note", note)
    for end in ("take_over", "stop"):
        scene = Scene("question", tmp_path / end)
        scene.model._replies[1] = scene.model._replies[2]
        scene.task = Task.goal("dot it")
        await scene.begin()
        getattr(scene.control, end)()
        if end == "take_over":
            await scene.told(Paused, taken=True)
            scene.control.give_back("so")
        made = await scene.end()
        assert len(scene.env.clicks) == (3 if end == "take_over" else 2)
        assert made.steps[1].trouble is not None  # it was done, and is recorded
        assert made.steps[1].error is None
        again = await replay(tmp_path / end)
        assert again.complete == (end == "take_over")
        assert again.steps == len(made.steps)


# With a network ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def babbling(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network with random weights that never comes to an end."""
    return toys.save(toys.reference("qwen2_vl"), tmp_path_factory.mktemp("babbling"))


@pytest.mark.parametrize("end", ["stop", "take_over"])
async def test_a_network_that_thinks_is_broken_off_at_once(
    babbling: Path, tmp_path: Path, end: str
) -> None:
    control, log, model = Control(), Log(), QwenVL.load(babbling, max_tokens=3000)
    agent = Agent(
        PaperEnv(), model, constrain=False, control=control, hooks=[log], record=tmp_path / "e"
    )
    running = asyncio.create_task(agent.run(goal(steps=2, reply_seconds=0.4)))
    await log.told(Thinking)
    await asyncio.sleep(0.15)  # somewhere in its first passes
    began = time.monotonic()
    getattr(control, end)()
    if end == "stop":
        made = await asyncio.wait_for(running, 20)
        assert time.monotonic() - began < 0.5
        assert made.stop is StopReason.STOPPED_BY_USER
        assert made.steps == []
        return
    await log.told(Paused, taken=True)
    assert time.monotonic() - began < 0.5
    control.give_back("begin anew")
    made = await asyncio.wait_for(running, 60)
    assert [step.source for step in made.steps] == ["person", "model"]
    assert made.steps[1].error is not None
    assert "the model's reply took longer than the 0.4 s" in made.steps[1].error
    again = await replay(tmp_path / "e")
    assert again.complete
    assert again.steps == 2


async def test_a_network_says_something_else_once_it_is_stuck(
    babbling: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float | None] = []
    model = QwenVL.load(babbling, max_tokens=6)  # what it says is cut off, time and again
    real = model.session

    def session(**options: Any) -> Any:
        made: Any = real(**options)
        reply = made.reply

        async def heard(*given: Any, **bounds: Any) -> Reply:
            asked.append(bounds.get("temperature"))
            said: Reply = await reply(*given, **bounds)
            return said

        made.reply = heard
        return made

    def note(self: Watch, step: Any, seen: Any, after: Any) -> Trouble | None:
        grade = "change" if step.index == 0 else "tell"
        words = "Again."
        return Trouble.model_validate({"kind": "repeat", "grade": grade, "words": words})

    monkeypatch.setattr(model, "session", session)
    monkeypatch.setattr(Watch, "note", note)
    agent = Agent(PaperEnv(), model, constrain=False, record=tmp_path / "e")
    made = await agent.run(Task.goal("dot it", limits=Limits(steps=3, errors=9)))
    assert made.stop is StopReason.STEP_LIMIT
    assert asked == [None, 0.7, None]
    assert (await replay(tmp_path / "e")).complete


async def test_asking_a_person_is_no_time_of_the_run_whoever_decides_in_the_end() -> None:
    control = Control()

    async def approve(leave: Leave) -> bool:
        await asyncio.sleep(0.3)
        control.take_over()  # no answer to the question
        control.give_back()
        await asyncio.sleep(60)
        raise AssertionError

    guard = Guard(read_policy("default: ask"), approve)
    env = PaperEnv()
    agent = Agent(env, guard=guard, control=control)
    task = Task(name="t", steps=(TaskStep.of({"click": [5, 5]}),), limits=Limits(steps=2))
    made = await agent.run(task)
    assert made.stop is StopReason.STEP_LIMIT
    assert made.end is not None
    assert agent.spent is not None
    assert agent.spent.seconds <= made.end.seconds - 0.25


async def test_no_picture_is_hashed_in_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[bool] = []

    def noted(pixels: Any) -> str:
        hashed.append(threading.current_thread() is threading.main_thread())
        return pixel_hash(pixels)

    monkeypatch.setattr("eyehand.envs.base.pixel_hash", noted)
    await Agent(PaperEnv(), ScriptedModel([*CLICKS[:2], {"action": "done"}])).run("dot it")
    assert hashed
    assert not any(hashed)
