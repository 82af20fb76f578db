"""Events of a run: their order, and hooks that raise, dawdle or meddle."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from hand_rig import Log, Scene
from paper_env import PaperEnv

from eyehand.agent import Agent, Limits, Task, TaskStep, replay
from eyehand.agent.control import Control
from eyehand.agent.events import Ended, Event, HookFailed, Hooks
from eyehand.agent.guard import Guard
from eyehand.agent.policy import Policy
from eyehand.envs import ActionFailed, EnvError, Episode, StopReason
from eyehand.model import ModelError, ScriptedModel

CLICKS = Task(name="t", steps=(TaskStep.of({"click": [1, 1]}), TaskStep.of({"click": [2, 2]})))


async def test_the_order_of_a_whole_run(tmp_path: Path) -> None:
    replies: list[Any] = [
        {"action": "click", "point": [3, 3]},
        {"action": "ask_user", "question": "which?"},
        "nonsense",
        {"action": "done"},
    ]

    async def yes(_: Any) -> bool:
        return True

    async def left(_: str) -> str:
        return "left"

    log = Log()
    steps = (TaskStep.of({"goal": "dot it"}), TaskStep.of({"click": [9, 9]}))
    task = Task(name="t", steps=steps, limits=Limits(stuck=False))
    agent = Agent(
        PaperEnv(), ScriptedModel(replies), hooks=[log], ask=left, guard=Guard(Policy(), yes)
    )
    await agent.run(task)
    assert log.kinds() == [
        "Began",
        "Looked", "Thinking", "Replied", "Asking", "Decided", "Acting", "Stepped",
        "Looked", "Thinking", "Replied", "Asking", "Stepped",
        "Looked", "Thinking", "Replied", "Stepped",
        "Looked", "Thinking", "Replied", "Stepped",
        "Looked", "Asking", "Decided", "Acting", "Stepped",
        "Ended",
    ]  # fmt: skip
    indexed = [getattr(event, "index", 0) for event in log.events if hasattr(event, "index")]
    assert indexed == sorted(indexed)


async def test_every_event_has_its_method(tmp_path: Path) -> None:
    called: list[str] = []

    class Each(Hooks):
        def __getattribute__(self, name: str) -> Any:
            if name.startswith("on_") and name != "on_event":
                called.append(name)
            return super().__getattribute__(name)

    scene = Scene("leave", tmp_path / "e")
    scene.agent.hooks = (*scene.agent.hooks, Each())
    await scene.begin()
    scene.control.take_over()
    scene.control.give_back()
    await scene.end()
    known = {name for name in vars(Hooks) if name.startswith("on_")} - {"on_event", "on_trouble"}
    assert set(called) == known


ERRORS = [ZeroDivisionError, ActionFailed, EnvError, ModelError, TimeoutError]


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("at", ["Began", "Looked", "Thinking", "Acting", "Stepped", "Ended"])
async def test_a_hook_that_raises_ends_the_run_with_the_env_closed(
    tmp_path: Path, at: str, error: type[Exception]
) -> None:
    def bad(event: Event) -> None:
        if type(event).__name__ == at:
            raise error("ouch")

    log, env = Log(), PaperEnv()
    log.at = bad
    replies: list[Any] = [{"action": "click", "point": [1, 1]}, {"action": "done"}]
    agent = Agent(env, ScriptedModel(replies), hooks=[log], record=tmp_path / "e")
    comes = HookFailed if issubclass(error, EnvError | ModelError) else error
    with pytest.raises(comes, match="ouch"):
        await agent.run("dot it")
    assert env.open is False
    read = Episode.load(tmp_path / "e")
    assert read.stop is (StopReason.DONE if at == "Ended" else StopReason.CRASHED)
    assert len(env.clicks) == (at in ("Stepped", "Ended"))
    assert isinstance(log.events[-1], Ended)
    await replay(tmp_path / "e")


async def test_a_hook_that_raises_in_the_middle_of_a_hold(tmp_path: Path) -> None:
    scene = Scene("typing", tmp_path / "e")

    def bad(event: Event) -> None:
        if type(event).__name__ == "Paused":
            raise ZeroDivisionError("ouch")

    scene.log.at = bad
    await scene.begin()
    scene.control.take_over()
    with pytest.raises(ZeroDivisionError):
        await scene.end()
    assert scene.env.down == set()
    assert scene.env.open is False
    assert len(Episode.load(tmp_path / "e").steps) == 2


@pytest.mark.parametrize(
    "at", ["Began", "Looked", "Thinking", "Replied", "Decided", "Acting", "Stepped"]
)
async def test_a_hook_can_stop_the_run_before_the_next_input(tmp_path: Path, at: str) -> None:
    control, log, env = Control(), Log(), PaperEnv()
    log.at = lambda event: control.stop("by a hook") if type(event).__name__ == at else None
    replies = [{"action": "click", "point": [n, n]} for n in range(9)]
    model = ScriptedModel(replies)
    guard = Guard(Policy(default="allow", unattended="allow"))
    agent = Agent(env, model, hooks=[log], control=control, guard=guard, record=tmp_path / "e")
    made = await agent.run("dot it")
    assert made.stop is StopReason.STOPPED_BY_USER
    assert len(env.clicks) == (at == "Stepped")
    assert not (await replay(tmp_path / "e")).complete


@pytest.mark.parametrize("at", ["Looked", "Acting", "Stepped"])
async def test_a_hook_that_dawdles_holds_a_stop_up_no_longer_than_a_second(
    tmp_path: Path, at: str
) -> None:
    control, log, env = Control(), Log(), PaperEnv()
    there = asyncio.Event()

    async def dawdle() -> None:
        there.set()
        await asyncio.sleep(60)

    log.at = lambda event: dawdle() if type(event).__name__ == at else None
    agent = Agent(env, hooks=[log], control=control, record=tmp_path / "e")
    running = asyncio.create_task(agent.run(CLICKS))
    await there.wait()
    clicks = len(env.clicks)
    began = time.monotonic()
    control.stop()
    made = await asyncio.wait_for(running, 20)
    assert time.monotonic() - began < 2.5
    assert made.stop is StopReason.STOPPED_BY_USER
    assert len(env.clicks) == clicks
    assert Episode.load(tmp_path / "e").end is not None


async def test_a_hook_that_dawdles_is_out_of_time_with_the_run() -> None:
    log = Log()
    log.at = lambda event: asyncio.sleep(60) if type(event).__name__ == "Looked" else None
    task = CLICKS.model_copy(update={"limits": Limits(seconds=0.3)})
    made = await asyncio.wait_for(Agent(PaperEnv(), hooks=[log]).run(task), 20)
    assert made.stop is StopReason.TIME_LIMIT


async def test_a_hook_that_dawdles_at_the_end_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eyehand.agent.run.CLOSE_TIMEOUT_S", 0.2)
    log, env = Log(), PaperEnv()
    log.at = lambda event: asyncio.sleep(60) if type(event).__name__ == "Ended" else None
    with pytest.raises(HookFailed, match=r"longer than 0\.2 s over the run's end"):
        await Agent(env, hooks=[log]).run(CLICKS)
    assert env.open is False
