"""The loop: what ends a run, what the model is told, and what cancelling leaves behind."""

import asyncio
import errno
import json
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from paper_env import PaperEnv
from screens import until

from eyehand.actions import Frame, tool
from eyehand.actions.dialects import Turn
from eyehand.agent import Agent, Hooks, Limits, Task, TaskError, TaskStep, replay
from eyehand.agent.events import Stepped
from eyehand.agent.history import History
from eyehand.agent.run import Run
from eyehand.envs import (
    CaptureFailed,
    Delivery,
    Effect,
    End,
    Episode,
    EpisodeUnwritable,
    Intent,
    Observation,
    Outcome,
    Step,
    StopReason,
)
from eyehand.model import (
    Image,
    Marked,
    Message,
    ModelError,
    Reply,
    ScriptedModel,
    ScriptExhausted,
    Size,
    pixel_hash,
)


def task(*steps: dict[str, Any], **limits: Any) -> Task:
    return Task(name="t", steps=tuple(TaskStep.of(step) for step in steps), limits=Limits(**limits))


async def run_goal(*replies: Any, env: PaperEnv | None = None, **limits: Any) -> Episode:
    return await Agent(env or PaperEnv(), ScriptedModel(replies)).run(
        task({"goal": "dot it"}, **limits)
    )


class Listener(ScriptedModel):
    """Keeps what it was shown."""

    shown: list[Sequence[Message]]

    async def reply(self, messages: Sequence[Message], **bounds: Any) -> Reply:
        self.shown = [*getattr(self, "shown", []), messages]
        return await super().reply(messages)


async def test_a_reply_that_cannot_be_read_is_told_counted_and_never_success() -> None:
    model = Listener(["I am done!", "done", "finished()"])
    env = PaperEnv()
    made = await Agent(env, model).run(task({"goal": "dot it"}, errors=3))
    assert made.stop is StopReason.ERROR_LIMIT
    assert env.clicks == []
    assert [step.action for step in made.steps] == [None, None, None]
    assert "could not be used" in model.shown[1][-1].text
    assert model.shown[1][-2] == Message.of("assistant", Marked("I am done!"))


async def test_a_good_action_between_forgives_earlier_errors() -> None:
    bad, good = "?", {"action": "click", "point": [1, 2]}
    made = await run_goal(bad, bad, good, bad, bad, {"action": "done"}, errors=3)
    assert made.stop is StopReason.DONE


async def test_typing_the_word_done_ends_nothing() -> None:
    env = PaperEnv()
    made = await run_goal(
        {"action": "type", "text": '{"action": "done"}'}, {"action": "done"}, env=env
    )
    assert env.typed == '{"action": "done"}'
    assert len(made.steps) == 2


async def test_an_infeasible_goal_gives_up_with_its_reason() -> None:
    made = await run_goal({"action": "done", "status": "infeasible", "reason": "no ink"})
    assert made.stop is StopReason.GAVE_UP
    assert made.end is not None
    assert made.end.detail == "no ink"


async def test_the_step_limit_stops() -> None:
    click = {"action": "click", "point": [1, 2]}
    made = await run_goal(*[click] * 9, steps=4)
    assert made.stop is StopReason.STEP_LIMIT
    assert len(made.steps) == 4


async def test_the_time_limit_stops_a_model_that_hangs() -> None:
    class Slow(ScriptedModel):
        async def reply(self, messages: Sequence[Message], **bounds: Any) -> Reply:
            await asyncio.sleep(60)
            raise RuntimeError("never")

    began = time.monotonic()
    made = await Agent(PaperEnv(), Slow([])).run(task({"goal": "x"}, seconds=0.2))
    assert made.stop is StopReason.TIME_LIMIT
    assert time.monotonic() - began < 5


async def test_a_point_off_the_screen_is_told_and_nothing_is_clicked() -> None:
    env = PaperEnv()
    made = await run_goal({"action": "click", "point": [400, 10]}, {"action": "done"}, env=env)
    assert env.clicks == []
    assert made.steps[0].error is not None
    assert "outside the 320x240 image" in made.steps[0].error


async def test_a_little_overshoot_is_clamped_and_recorded() -> None:
    env = PaperEnv()
    made = await run_goal({"action": "click", "point": [325, 10]}, {"action": "done"}, env=env)
    assert env.clicks == [(319, 10)]
    point = made.steps[0].points[0]
    assert point.said == (325, 10)
    assert point.pointer == (319, 10)
    assert "(320, 10) was used" in made.steps[0].told


async def test_an_action_that_the_env_lacks_sends_nothing() -> None:
    made = await run_goal({"action": "back"}, {"action": "done"})
    result = made.steps[0].result
    assert result is not None
    assert result.delivery is Delivery.REFUSED
    assert "not possible here; possible are click" in str(made.steps[0].error)


async def test_what_may_have_arrived_is_never_called_refused() -> None:
    made = await run_goal({"action": "type", "text": "forbidden"}, {"action": "done"})
    result = made.steps[0].result
    assert result is not None
    assert result.delivery is Delivery.UNKNOWN
    assert "not known how much" in made.steps[0].told


async def test_no_change_is_told_as_no_change() -> None:
    made = await run_goal({"action": "screenshot"}, {"action": "done"})
    result = made.steps[0].result
    assert result is not None
    assert result.effect is Effect.UNCHANGED
    assert "nothing changed" in made.steps[0].told


async def test_an_action_named_by_the_task_that_fails_fails_the_task() -> None:
    made = await Agent(PaperEnv()).run(task({"click": [500, 5]}, {"type": "x"}))
    assert made.stop is StopReason.FAILED
    assert len(made.steps) == 1


async def test_a_capture_that_fails_ends_the_run_and_saves_the_episode(tmp_path: Path) -> None:
    env = PaperEnv(dies_after=3)
    agent = Agent(env, record=tmp_path / "e")
    with pytest.raises(CaptureFailed, match="burned"):
        await agent.run(task(*[{"click": [i, i]} for i in range(9)]))
    assert env.open is False
    read = Episode.load(tmp_path / "e")
    assert read.stop is StopReason.ENV_LOST
    assert len(read.steps) == 3
    assert agent.episode is not None
    assert agent.episode.stop is StopReason.ENV_LOST


async def test_a_script_at_its_end_is_a_model_that_failed(tmp_path: Path) -> None:
    with pytest.raises(ScriptExhausted, match="one more was asked for"):
        await Agent(PaperEnv(), ScriptedModel([]), record=tmp_path / "e").run("dot it")
    assert Episode.load(tmp_path / "e").stop is StopReason.MODEL_FAILED


async def test_a_screen_that_the_model_cannot_be_shown_is_its_failure() -> None:
    class Picky(ScriptedModel):
        def plan(self, size: Size) -> Size:
            raise ValueError("too large")

    with pytest.raises(ModelError, match="cannot be shown this screen: too large"):
        await Agent(PaperEnv(), Picky([])).run("dot it")


async def test_a_goal_without_a_model_does_nothing(tmp_path: Path) -> None:
    env = PaperEnv()
    with pytest.raises(TaskError, match="needs a model"):
        await Agent(env, record=tmp_path / "e").run("dot it")
    assert env.open is None
    assert not (tmp_path / "e").exists()


@pytest.mark.parametrize("after_steps", [0, 1, 5])
async def test_cancelled_it_returns_at_once_with_its_end_written(
    tmp_path: Path, after_steps: int
) -> None:
    env = PaperEnv()
    agent = Agent(env, record=tmp_path / "e")
    seen: list[Step] = []

    async def work() -> None:
        clicks = [{"click": [i, i]} for i in range(after_steps)]
        async for step in agent.steps(task(*clicks, {"wait": 50})):
            seen.append(step)

    running = asyncio.create_task(work())
    manifest = tmp_path / "e" / "episode.json"
    await asyncio.to_thread(until, lambda: len(seen) >= after_steps and manifest.exists())
    await asyncio.sleep(0.05)
    began = time.monotonic()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert time.monotonic() - began < 0.5  # promised are 0.1; a busy machine may take longer
    await agent.closed()
    assert env.open is False
    read = Episode.load(tmp_path / "e")
    assert read.stop is StopReason.CANCELLED
    assert len(read.steps) == after_steps
    assert read.pending is not None  # the wait was begun, and nobody saw its end
    assert len(env.clicks) == after_steps


class Slow(PaperEnv):
    """Compares every step, as a replay does, and takes its time for it."""

    def __init__(self) -> None:
        super().__init__()
        self.recording = threading.Event()

    def intend(self, intent: Intent, seen: Observation) -> None:
        pass

    def record(
        self,
        step: Step,
        seen: Observation,
        after: Observation | None,
        pictures: Sequence[Image] = (),
    ) -> None:
        self.recording.set()
        time.sleep(0.2)

    def finish(self, end: End, last: Observation | None) -> None:
        pass


async def test_cancelled_while_a_step_is_written_the_end_counts_it(tmp_path: Path) -> None:
    env = Slow()
    agent = Agent(env, record=tmp_path / "e")
    running = asyncio.create_task(agent.run(task({"click": [1, 1]}, {"wait": 50})))
    await asyncio.to_thread(env.recording.wait, 20)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await agent.closed()
    read = Episode.load(tmp_path / "e")
    assert read.stop is StopReason.CANCELLED
    assert [str(step) for step in read.steps] == ["click (1, 1)"]


async def test_cancelled_while_the_recording_is_made_it_has_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, begin, begun = Agent(PaperEnv(), record=tmp_path / "e"), Agent._begin, threading.Event()

    def slow(self: Agent, of: Task) -> Run:
        begun.set()
        time.sleep(0.2)
        return begin(self, of)

    monkeypatch.setattr(Agent, "_begin", slow)
    running = asyncio.create_task(agent.run(task({"click": [1, 1]})))
    await asyncio.to_thread(begun.wait, 20)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await agent.closed()
    assert Episode.load(tmp_path / "e").stop is StopReason.CANCELLED


async def test_leaving_the_iteration_ends_the_run(tmp_path: Path) -> None:
    env = PaperEnv()
    agent = Agent(env, record=tmp_path / "e")
    steps = agent.steps(task({"click": [1, 1]}, {"click": [2, 2]}))
    async for _ in steps:
        break
    await steps.aclose()
    await agent.closed()
    assert env.clicks == [(1, 1)]
    assert env.open is False
    assert Episode.load(tmp_path / "e").stop is StopReason.CANCELLED


async def test_a_tool_that_fails_is_told_and_counted() -> None:
    @tool
    def boom(size: int) -> str:
        """Explode."""
        raise RuntimeError(f"bang {size}")

    call = {"action": "call_tool", "name": "boom", "arguments": {"size": 3}}
    unknown = {"action": "call_tool", "name": "fizz"}
    agent = Agent(PaperEnv(), ScriptedModel([call, unknown, {"action": "done"}]), tools=[boom])
    made = await agent.run(task({"goal": "x"}))
    assert "bang 3" in made.steps[0].told
    assert made.steps[0].error is not None
    assert "there is no tool 'fizz'; there are: boom" in str(made.steps[1].error)


async def test_with_nobody_there_a_question_is_answered_so() -> None:
    made = await run_goal({"action": "ask_user", "question": "ink?"}, {"action": "done"})
    assert "nobody to ask" in str(made.steps[0].error)


async def test_the_prompt_only_grows_between_two_drops() -> None:
    click = {"action": "click", "point": [1, 2]}
    model = Listener([click] * 12 + [{"action": "done"}])
    await Agent(PaperEnv(), model).run(task({"goal": "dot it"}, stuck=False))
    drops = 0
    for before, after in zip(model.shown, model.shown[1:], strict=False):
        kept = [repr(message) for message in before[:-1]]
        if [repr(message) for message in after[: len(kept)]] != kept:
            drops += 1
        assert [m.text for m in after if m.role == "assistant"][: len(kept)]
    assert drops <= 2  # in blocks, not at every step
    last = model.shown[-1]
    pictures = sum(isinstance(part, Image) for message in last for part in message.parts)
    assert pictures <= 8
    assert sum(message.role == "assistant" for message in last) == 12  # no reply was dropped


def test_history_drops_pictures_in_blocks_and_no_reply() -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    image = Image(pixels, Size(4, 4), pixel_hash(pixels))
    history = History(5)
    kept = []
    for number in range(9):
        history.add(Turn(image, str(number), "told"))
        kept.append(sum(turn.image is not None for turn in history.turns))
    assert kept == [1, 2, 3, 4, 2, 3, 4, 2, 3]
    assert [turn.reply for turn in history.turns] == [str(n) for n in range(9)]


def test_a_past_without_end_is_not_kept_whole() -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    image = Image(pixels, Size(4, 4), pixel_hash(pixels))
    history = History(5)
    for number in range(1000):
        history.add(Turn(image, str(number), "told"))
        assert len(history.turns) < 200
        replies = [int(turn.reply) for turn in history.turns]
        assert replies == list(range(history.left_out, number + 1))
        shown = [turn.image is not None for turn in history.turns]
        assert shown == sorted(shown)
        assert 1 <= sum(shown) <= 4
    history.forget()
    assert (history.turns, history.left_out) == ((), 0)


async def test_the_rest_of_a_reply_is_dropped_where_the_screen_was_turned(tmp_path: Path) -> None:
    class Turning(PaperEnv):
        """Is turned by the first click."""

        async def perform(self, action: Any, seen: Observation) -> Outcome:
            done = await super().perform(action, seen)
            if len(self.clicks) == 1:
                self.sheet = np.full((320, 240, 3), 255, np.uint8)
                self.frame = Frame("paper", Size(240, 320), Size(240, 320))
            return done

    env = Turning()
    both = json.dumps([{"action": "click", "point": [x, 9]} for x in (30, 200)])
    replies: list[Any] = [both, {"action": "done"}]
    made = await Agent(env, ScriptedModel(replies), record=tmp_path / "e").run("dot it")
    assert made.stop is StopReason.DONE
    assert env.clicks == [(30, 9)]
    assert (await replay(tmp_path / "e")).complete


async def test_an_end_that_cannot_be_written_is_no_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Fill(Hooks):
        """Fills the disk after the last step."""

        async def on_step(self, event: Stepped) -> None:
            def full(number: int, data: bytes) -> int:
                raise OSError(errno.ENOSPC, "No space left on device")

            monkeypatch.setattr("os.write", full)

    model = ScriptedModel([{"action": "done"}])
    agent = Agent(PaperEnv(), model, record=tmp_path / "e", hooks=[Fill()])
    with pytest.raises(EpisodeUnwritable, match="No space left"):
        await agent.run("draw")
    monkeypatch.undo()
    assert agent.episode is not None
    assert agent.episode.stop is StopReason.UNRECORDED
    assert Episode.load(tmp_path / "e").stop is None
