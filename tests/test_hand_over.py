"""A person's hand on a run in every phase of it: what is sent, what is recorded, what is told."""

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hand_rig import PHASES, Log, Scene, held
from paper_env import PaperEnv

from eyehand.actions import Frame
from eyehand.actions.dialects import NativeDialect, Parsed
from eyehand.agent import Agent, Task, TaskStep, replay
from eyehand.agent.control import Control, State
from eyehand.agent.events import GivenBack, Paused, Replied, Thinking
from eyehand.agent.secret_store import Secrets
from eyehand.envs import Delivery, Episode, StopReason
from eyehand.model import Message, Reply, ScriptedModel

SOON_S = 0.5
"""Promised are 0.1 s; a busy machine may take longer."""


@pytest.mark.parametrize("by", ["code", "thread"])
@pytest.mark.parametrize("phase", PHASES)
async def test_a_stop_ends_it_at_once_and_nothing_further_is_sent(
    tmp_path: Path, phase: str, by: str
) -> None:
    scene = Scene(phase, tmp_path / "e")
    await scene.begin()
    began = time.monotonic()
    if by == "code":
        scene.control.stop("enough")
    else:
        threading.Thread(target=scene.control.stop, args=("enough",)).start()
    made = await scene.end()
    assert time.monotonic() - began < SOON_S
    assert [at for at in scene.env.touched if at > began + 0.1] == []
    assert scene.env.down == set()
    assert scene.env.open is False
    read = Episode.load(tmp_path / "e")
    assert (made.stop, read.stop) == (StopReason.STOPPED_BY_USER,) * 2
    assert read.end is not None
    assert read.end.detail == "enough"
    assert scene.log.kinds()[-1] == "Ended"
    assert not (await replay(tmp_path / "e")).complete


DROPPED = {
    "resetting": [None, "click", "click", "click", "done"],
    "observing": ["click", None, "click", "click", "done"],
    "thinking": ["click", None, "click", "click", "done"],
    "leave": ["click", "click dropped", None, "click", "done"],
    "question": ["click", "ask_user dropped", None, "click", "done"],
    "intending": ["click", "click dropped", None, "click", "done"],
    "typing": ["click", "type cut", None, "click", "done"],
    "tool": ["click", "call_tool cut", None, "click", "done"],
    "settled": ["click", "click cut", None, "click", "done"],
    "waiting": ["click", None, "file", "click", "click", "click", "done"],
    "between": ["click", None, "click", "click", "done"],
}
"""The steps of the episode; None is the person's."""


@pytest.mark.parametrize("phase", PHASES)
async def test_what_a_person_takes_over_is_dropped_told_and_replayed(
    tmp_path: Path, phase: str
) -> None:
    scene = Scene(phase, tmp_path / "e")
    await scene.begin()
    await held(scene)
    touched = len(scene.env.touched)
    assert scene.env.down == set()
    scene.env.sheet[100:140, 100:140] = 90  # they do something
    scene.sign.write_text("")
    await asyncio.sleep(0.05)
    assert len(scene.env.touched) == touched
    asked = len(scene.model.prompts)
    scene.control.give_back("take the left one")
    made = await scene.end()
    assert made.stop is StopReason.DONE

    def word(step: object) -> str | None:
        action, error = getattr(step, "action", None), getattr(step, "error", None) or ""
        if getattr(step, "source", "") == "person":
            return None
        if action is None:
            return "file"
        how = " cut" if "in the middle" in error else " dropped" if "before" in error else ""
        return f"{action.action}{how}"

    assert [word(step) for step in made.steps] == DROPPED[phase]
    theirs = next(step for step in made.steps if step.source == "person")
    assert theirs.handover is not None
    assert theirs.handover.note == "take the left one"
    assert theirs.handover.seconds > 0.04
    assert theirs.after is not None
    assert theirs.after.picture != theirs.seen.picture or phase == "resetting"
    # The very next prompt says so, and later ones still do.
    after = scene.model.prompts[asked:]
    assert after
    assert all("they say: take the left one" in prompt for prompt in after)
    for step in made.steps:
        if step.error is None:
            continue
        assert step.result is not None
        cut = "in the middle" in step.error
        assert step.result.delivery is (Delivery.UNKNOWN if cut else Delivery.REFUSED)
    again = await replay(tmp_path / "e")
    assert again.complete
    assert again.steps == len(made.steps)


async def test_a_task_does_not_repeat_what_a_person_cut(tmp_path: Path) -> None:
    scene = Scene("typing", tmp_path / "e")
    steps = (TaskStep.of({"type": "x" * 80}), TaskStep.of({"click": [1, 1]}))
    scene.task = Task(name="t", steps=steps)
    await scene.begin()
    await held(scene)
    scene.control.give_back()
    made = await scene.end()
    assert made.stop is StopReason.FAILED
    assert [step.source for step in made.steps] == ["task", "person"]
    assert scene.env.clicks == []
    assert len(scene.env.typed) < 80
    assert (await replay(tmp_path / "e")).complete


async def test_a_task_does_later_what_a_person_came_before(tmp_path: Path) -> None:
    control = Control()
    control.take_over()
    env = PaperEnv()
    task = Task(name="t", steps=(TaskStep.of({"click": [1, 1]}),))
    log = Log()
    agent = Agent(env, control=control, record=tmp_path / "e", hooks=[log])
    running = asyncio.create_task(agent.run(task))
    await log.told(Paused, taken=True)
    assert env.clicks == []
    control.give_back()
    made = await asyncio.wait_for(running, 20)
    assert [step.source for step in made.steps] == ["person", "task"]
    assert env.clicks == [(1, 1)]
    assert (await replay(tmp_path / "e")).complete


@pytest.mark.parametrize("phase", ["observing", "thinking", "leave", "typing", "between"])
async def test_a_pause_lets_it_finish_and_holds_the_next_action(tmp_path: Path, phase: str) -> None:
    limit_s = 2.0 if phase == "thinking" else 600.0
    scene = Scene(phase, tmp_path / "e", seconds=limit_s)
    await scene.begin()
    scene.control.pause()
    if phase not in ("typing", "between"):  # what waits at the gate goes on
        scene.gate.opened.set()
    await scene.told(Paused, taken=False)
    if phase == "typing":
        assert scene.env.typed == "x" * 80
    touched = len(scene.env.touched)
    held_s = 2.1 if phase == "thinking" else 0.05  # longer than the whole run may take
    await asyncio.sleep(held_s)
    assert len(scene.env.touched) == touched
    scene.control.give_back()
    made = await scene.end()
    assert made.stop is StopReason.DONE
    assert "person" not in [step.source for step in made.steps]
    assert made.end is not None
    assert made.end.seconds > held_s
    assert [step.error for step in made.steps if step.error] == []
    back = [event for event in scene.log.events if isinstance(event, GivenBack)]
    assert back[0].handover is None
    assert back[0].seconds >= held_s - 0.01
    assert (await replay(tmp_path / "e")).complete


async def test_a_word_after_a_pause_reaches_the_model(tmp_path: Path) -> None:
    scene = Scene("thinking", tmp_path / "e")
    await scene.begin()
    scene.control.pause()
    scene.control.give_back("not that one\ud800\x1b[31m")
    made = await scene.end()
    assert [step.source for step in made.steps] == ["model", "person", "model", "model", "model"]
    assert "they say: not that one?" in scene.model.prompts[-1]
    assert "\x1b" not in scene.model.prompts[-1]
    assert (await replay(tmp_path / "e")).complete


async def test_a_pause_that_becomes_more_is_one_hold(tmp_path: Path) -> None:
    scene = Scene("between", tmp_path / "e")
    await scene.begin()
    scene.control.pause()
    await scene.told(Paused, taken=False)
    scene.control.take_over()
    await scene.told(Paused, taken=True)
    scene.control.take_over()
    scene.control.give_back("a")
    scene.control.give_back("b")
    scene.control.take_over()  # before the run knows that it was given back
    scene.control.give_back("c")
    made = await scene.end()
    persons = [step for step in made.steps if step.handover is not None]
    assert [step.handover.note for step in persons if step.handover] == ["a\nc"]
    assert scene.log.kinds().count("GivenBack") == 1
    assert (await replay(tmp_path / "e")).complete


async def test_taken_over_and_given_back_before_the_run_knows(tmp_path: Path) -> None:
    scene = Scene("thinking", tmp_path / "e")
    await scene.begin()
    scene.control.take_over()
    scene.control.give_back("quick")
    made = await scene.end()
    assert made.stop is StopReason.DONE
    assert [step.source for step in made.steps].count("person") == 1
    kinds = scene.log.kinds()
    assert kinds.index("Paused") < kinds.index("GivenBack")
    assert (await replay(tmp_path / "e")).complete


async def test_taken_over_again_while_it_looks(tmp_path: Path) -> None:
    scene = Scene("observing", tmp_path / "e")
    scene.control.take_over()
    running = asyncio.create_task(scene.agent.run(scene.task))
    scene.env.clicks.append((0, 0))  # the first look hangs
    await scene.told(Paused, taken=True)
    scene.control.give_back("one")
    await scene.gate.reached.wait()
    scene.control.take_over()
    scene.control.give_back("two")
    made = await asyncio.wait_for(running, 20)
    first = made.steps[0].handover
    assert first is not None
    assert first.note == "one\ntwo"
    assert [step.source for step in made.steps].count("person") == 1
    assert (await replay(tmp_path / "e")).complete


async def test_the_rest_of_a_reply_is_dropped_and_its_replay_exact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parse = NativeDialect.parse

    def twice(self: NativeDialect, reply: str, frame: Frame) -> Parsed:
        said = parse(self, reply, frame)
        return Parsed(actions=said.actions * 2, thought=said.thought)

    monkeypatch.setattr(NativeDialect, "parse", twice)
    scene = Scene("between", tmp_path / "e")
    await scene.begin()
    await held(scene)
    scene.control.give_back()
    made = await scene.end()
    sources = [step.source for step in made.steps]
    assert sources[:2] == ["model", "person"]
    assert scene.env.clicks == [(7, 7), (30, 30), (30, 30), (60, 60), (60, 60)]
    again = await replay(tmp_path / "e")
    assert again.complete
    assert again.steps == len(made.steps)


async def test_nobody_holds_a_run_for_ever(tmp_path: Path) -> None:
    scene = Scene("thinking", tmp_path / "e", handover_seconds=0.2)
    await scene.begin()
    scene.control.take_over()
    made = await scene.end()
    assert made.stop is StopReason.TIME_LIMIT
    assert made.end is not None
    assert "a person held the run longer than 0.2 s" in made.end.detail
    assert not (await replay(tmp_path / "e")).complete


async def test_nobody_waits_for_an_answer_for_ever(tmp_path: Path) -> None:
    scene = Scene("question", tmp_path / "e", handover_seconds=0.2)
    await scene.begin()
    made = await scene.end()
    assert made.stop is StopReason.TIME_LIMIT
    assert made.end is not None
    assert made.end.detail == "nobody answered within 0.2 s"


async def test_waiting_for_a_person_is_no_time_of_the_run(tmp_path: Path) -> None:
    scene = Scene("question", tmp_path / "e", seconds=0.5)
    await scene.begin()
    await asyncio.sleep(0.7)
    scene.gate.opened.set()
    made = await scene.end()
    assert made.stop is StopReason.DONE
    assert "the left one" in made.steps[1].told


async def test_a_stop_before_the_run_begins_touches_nothing(tmp_path: Path) -> None:
    control = Control()
    control.stop("not today")
    control.give_back()
    control.pause()
    env = PaperEnv()
    made = await Agent(env, control=control, record=tmp_path / "e").run(
        Task(name="t", steps=(TaskStep.of({"click": [1, 1]}),))
    )
    assert made.stop is StopReason.STOPPED_BY_USER
    assert env.clicks == []
    assert next(env.looks) == 1
    assert Episode.load(tmp_path / "e").end is not None


async def test_a_run_out_of_time_sends_nothing_more(tmp_path: Path) -> None:
    scene = Scene("between", tmp_path / "e", seconds=0.04)  # the hook there takes longer
    await scene.begin()
    made = await scene.end()
    assert made.stop is StopReason.TIME_LIMIT
    assert len(scene.env.touched) == 1


async def test_a_model_that_is_done_while_a_person_takes_over_is_not_done(tmp_path: Path) -> None:
    control, log = Control(), Log()
    model = ScriptedModel(
        [
            {"action": "answer", "text": "7"},
            {"action": "done"},
            {"action": "answer", "text": "8"},
            {"action": "done"},
        ]
    )

    def hand(event: object) -> None:
        if isinstance(event, Replied) and event.index in (0, 2):
            control.take_over()
            control.give_back("not yet")

    log.at = hand
    agent = Agent(PaperEnv(), model, control=control, hooks=[log], record=tmp_path / "e")
    made = await agent.run("count")
    assert made.stop is StopReason.DONE
    kinds = [None if step.action is None else step.action.action for step in made.steps]
    assert kinds == ["answer", None, "done", None, "answer", "done"]
    assert made.answers == ["8"]
    assert (await replay(tmp_path / "e")).complete


async def test_who_takes_over_as_a_wait_begins_does_not_wait_for_its_end() -> None:
    class Late(Control):
        """Taken over by another thread between the last look at it and the wait."""

        armed = False

        @contextmanager
        def striking(
            self, clock: asyncio.Timeout, *, keep: bool = False, grace_s: float = 0.0
        ) -> Iterator[None]:
            if self.armed and not keep:
                self.armed = False
                thread = threading.Thread(target=self.take_over)
                thread.start()
                thread.join()
            with super().striking(clock, keep=keep, grace_s=grace_s):
                yield

    control, log, begun = Late(), Log(), []

    class Slow(ScriptedModel):
        async def reply(self, messages: Sequence[Message], **bounds: Any) -> Reply:
            begun.append(control.state)
            return await super().reply(messages)

    def hand(event: object) -> None:
        if isinstance(event, Thinking) and not control.takings:
            control.armed = True
        if isinstance(event, Paused):
            control.give_back()

    log.at = hand
    made = await Agent(PaperEnv(), Slow([{"action": "done"}]), control=control, hooks=[log]).run(
        "x"
    )
    assert made.stop is StopReason.DONE
    assert begun == [State.RUNNING]


async def test_a_secret_in_the_words_of_a_person_is_not_recorded(tmp_path: Path) -> None:
    control, log = Control(), Log()

    def hand(event: object) -> None:
        if isinstance(event, Replied) and event.index == 0:
            control.take_over()
            control.give_back("it was correct horse")

    log.at = hand
    secrets = Secrets({"pass": "correct horse"})
    done = {"action": "done"}
    made = await Agent(
        PaperEnv(),
        ScriptedModel([done, done]),
        control=control,
        hooks=[log],
        secrets=secrets,
        record=tmp_path / "e",
    ).run("x")
    handover = made.steps[1].handover
    assert handover is not None
    assert handover.note == "it was {{secret:pass}}"
    assert b"correct horse" not in (tmp_path / "e" / "steps.jsonl").read_bytes()
