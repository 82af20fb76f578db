"""Going on with an interrupted run: nothing is done twice, nothing durable is lost."""

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from paper_env import PaperEnv

from eyehand.actions import tool
from eyehand.agent import Agent, Task, TaskError, TaskStep, replay
from eyehand.agent.control import Control
from eyehand.agent.errors import ResumeRefused
from eyehand.agent.events import Asking, Began, Ended, Event, Hooks, Stepped
from eyehand.agent.resuming import ResumedAgent
from eyehand.envs import (
    CaptureFailed,
    Delivery,
    Episode,
    EpisodeBroken,
    Journal,
    Observation,
    Outcome,
    ReplayDiverged,
    StopReason,
)
from eyehand.envs.errors import EpisodeInUse
from eyehand.model import Message, Reply, ScriptedModel

CALLS: list[str] = []


@tool
def note(text: str) -> str:
    """Write something down.

    Args:
        text: What.
    """
    CALLS.append(text)
    return "written"


REPLIES: list[Any] = [
    {"action": "click", "point": [10, 10]},
    "I see nothing",
    {"action": "click", "point": [20, 10]},
    '[{"action": "click", "point": [30, 10]}, {"action": "type", "text": "ab"}]',
    {"action": "call_tool", "name": "note", "arguments": {"text": "ink"}},
    {"action": "ask_user", "question": "blue?"},
    {"action": "answer", "text": "x"},
    {"action": "done"},
]
TASK = Task(
    name="dots",
    steps=(
        TaskStep.of({"click": [5, 5]}),
        TaskStep.of({"goal": "dot it"}),
        TaskStep.of({"check": {"window": {"title": "Paper"}}}),
    ),
)


class Heard(ScriptedModel):
    """Keeps the prompts that it was given itself."""

    def __init__(self, replies: Sequence[Any] = REPLIES) -> None:
        super().__init__(replies)
        self.prompts: list[Sequence[Message]] = []

    async def reply(self, messages: Sequence[Message], **bounds: Any) -> Reply:
        self.prompts.append(messages)
        return await super().reply(messages)


async def yes(question: str) -> str:
    return "yes"


@pytest.fixture(autouse=True)
def fresh() -> None:
    CALLS.clear()


async def whole(folder: Path) -> Episode:
    """An uninterrupted run."""
    made = await Agent(PaperEnv(), Heard(), tools=[note], record=folder, ask=yes).run(TASK)
    assert made.stop is StopReason.DONE, made.end
    CALLS.clear()
    return made


def cut(folder: Path, source: Path, lines: int, torn: int = 0) -> Episode:
    """Make what a crash after so many lines, and so many bytes of the next, would have left."""
    shutil.copytree(source, folder)
    path = folder / "steps.jsonl"
    rows = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(rows[:lines]) + b"".join(rows[lines : lines + 1])[:torn])
    return Episode.load(folder)


async def paper_after(episode: Episode, *, pending: bool) -> PaperEnv:
    """The paper as such a crash would have left it; the pending action may have arrived."""
    env = PaperEnv()
    done = [step.action for step in episode.steps]
    done += [episode.pending.action] if pending and episode.pending is not None else []
    for action in done:
        if action is not None and action.action in env.action_space:
            await env.perform(action, await env.reset())
        elif action is not None and action.action == "call_tool":
            CALLS.append("ink")
    env.asked = 0
    return env


async def test_cut_anywhere_it_goes_on_to_the_end_and_does_nothing_twice(tmp_path: Path) -> None:
    full = await whole(tmp_path / "full")
    rows = (tmp_path / "full" / "steps.jsonl").read_bytes().splitlines()
    clicks = [(5, 5), (10, 10), (20, 10), (30, 10)]
    unknown = 0
    for number in range(len(rows)):
        for arrived in (False, True):
            CALLS.clear()
            folder = tmp_path / f"{number}{arrived}"
            before = cut(folder, tmp_path / "full", number, torn=37 * (number % 2))
            if before.pending is None and arrived:
                continue
            env = await paper_after(before, pending=arrived)
            model = Heard()
            agent = ResumedAgent(folder, env, model, tools=[note], ask=yes)
            made = await agent.run()
            assert made.stop is StopReason.DONE, (number, arrived, made.end)
            for key in clicks:
                assert env.clicks.count(key) <= 1
            assert CALLS in ([], ["ink"])
            assert env.typed in ("", "ab")
            doubt = len(made.steps)
            if before.pending is None:
                assert (env.clicks, env.typed, CALLS) == (clicks, "ab", ["ink"])
                assert model.fingerprint == Heard().fingerprint
            else:
                unknown += 1
                doubt = before.pending.index
                step = made.steps[doubt]
                assert "not known whether" in step.told + str(step.error)
                if step.result is not None:
                    assert step.result.delivery is Delivery.UNKNOWN
                    shown = "unchanged" if not arrived else "changed"
                    assert step.result.effect == shown
            ours = [step.prompt for step in made.steps[: doubt + 1]]
            assert ours == [step.prompt for step in full.steps[: doubt + 1]]
            # One file: the same id, one more resumption, and it replays to its end.
            read = Episode.load(folder)
            assert read.header == full.header
            assert [it.index for it in read.resumptions] == [len(before.steps)]
            assert read.steps == made.steps
            assert read.steps[: len(before.steps)] == before.steps
            assert (await replay(folder)).complete
    assert unknown == 2 * 6


async def test_the_model_is_asked_for_what_is_new_alone_and_sees_all(tmp_path: Path) -> None:
    await whole(tmp_path / "full")
    before = cut(tmp_path / "e", tmp_path / "full", 9)
    env = await paper_after(before, pending=True)
    model = Heard()
    agent = ResumedAgent(tmp_path / "e", env, model, tools=[note], ask=yes)
    steps = [step async for step in agent.steps()]
    assert [step.index for step in steps] == list(range(5, 11))
    said = [m.text for m in model.prompts[0] if m.role == "assistant"]
    assert len(said) == 4
    assert len(model.prompts) == 4
    assert agent.episode is not None
    assert agent.episode.steps[:5] == before.steps


async def test_a_run_that_is_killed_again_and_again_comes_to_its_end(tmp_path: Path) -> None:
    full = await whole(tmp_path / "full")
    cut(tmp_path / "e", tmp_path / "full", 1)
    env = PaperEnv()

    class Dying(PaperEnv):
        """Loses its screen after a few looks, with the paper as it is."""

        def __init__(self, looks: int) -> None:
            super().__init__(dies_after=looks)
            self.clicks, self.sheet = env.clicks, env.sheet

    deaths = 0
    while True:
        dying = Dying(2)
        try:
            agent = ResumedAgent(tmp_path / "e", dying, Heard(), tools=[note], ask=yes)
            made = await agent.run()
        except CaptureFailed:
            deaths += 1
            assert Episode.load(tmp_path / "e").stop is StopReason.ENV_LOST
            continue
        break
    assert made.stop is StopReason.DONE
    assert deaths >= 4
    assert sorted(env.clicks) == sorted(set(env.clicks))
    assert len(Episode.load(tmp_path / "e").resumptions) == deaths + 1
    assert [s.action for s in made.steps] == [s.action for s in full.steps]
    assert (await replay(tmp_path / "e")).complete


async def test_ctrl_c_and_then_resume_and_ctrl_c_again(tmp_path: Path) -> None:
    class Slow(Heard):
        async def reply(self, messages: Sequence[Message], **bounds: Any) -> Reply:
            if len(self.prompts) == 2:
                waiting.set()
                await asyncio.sleep(60)
            return await super().reply(messages)

    env = PaperEnv()
    first: Agent = Agent(env, Slow(), tools=[note], record=tmp_path / "e", ask=yes)
    for again in range(3):
        waiting = asyncio.Event()
        if again:
            env.open = None  # the paper was put away, and is as it was
            first = ResumedAgent(tmp_path / "e", env, Slow(), tools=[note], ask=yes)
        running = asyncio.create_task(first.run(TASK))
        await asyncio.wait_for(waiting.wait(), 20)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await first.closed()
        assert Episode.load(tmp_path / "e").stop is StopReason.CANCELLED
    env.open = None
    made = await ResumedAgent(tmp_path / "e", env, Heard(), tools=[note], ask=yes).run()
    assert made.stop is StopReason.DONE
    assert env.clicks == [(5, 5), (10, 10), (20, 10), (30, 10)]
    ends = [it.after for it in Episode.load(tmp_path / "e").resumptions]
    assert ends == [StopReason.CANCELLED] * 3
    assert (await replay(tmp_path / "e")).complete


async def test_cancelled_in_the_middle_of_an_input_it_is_not_sent_again(tmp_path: Path) -> None:
    class Stuck(PaperEnv):
        async def perform(self, action: Any, seen: Observation) -> Outcome:
            made = await super().perform(action, seen)
            if len(self.clicks) == 2:
                sent.set()
                await asyncio.sleep(60)  # it has landed, and nobody hears of it
            return made

    sent, env = asyncio.Event(), Stuck()
    agent = Agent(env, Heard(), tools=[note], record=tmp_path / "e", ask=yes)
    running = asyncio.create_task(agent.run(TASK))
    await asyncio.wait_for(sent.wait(), 20)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await agent.closed()
    read = Episode.load(tmp_path / "e")
    assert read.stop is StopReason.CANCELLED
    assert read.pending is not None
    paper = PaperEnv()
    paper.sheet, paper.clicks = env.sheet, env.clicks
    made = await ResumedAgent(tmp_path / "e", paper, Heard(), tools=[note], ask=yes).run()
    assert made.stop is StopReason.DONE
    assert paper.clicks == [(5, 5), (10, 10), (20, 10), (30, 10)]
    assert made.steps[1].result is not None
    assert made.steps[1].result.delivery is Delivery.UNKNOWN


# What a task does itself: no model is there to look -------------------------------------------


TAPS = Task(
    name="taps",
    steps=tuple(TaskStep.of({"click": [10 * n, 100]}) for n in (1, 2, 3)),
)


@pytest.mark.parametrize(
    ("arrived", "answer", "stop", "clicks"),
    [
        (True, None, StopReason.FAILED, [(10, 100), (20, 100)]),  # another picture proves nothing
        (True, "yes", StopReason.DONE, [(10, 100), (20, 100), (30, 100)]),
        (False, "yes", StopReason.DONE, [(10, 100), (30, 100)]),  # the user says so
        (False, "No ", StopReason.DONE, [(10, 100), (20, 100), (30, 100)]),
        (False, "I do not know", StopReason.FAILED, [(10, 100)]),
        (False, None, StopReason.FAILED, [(10, 100)]),
    ],
)
async def test_a_task_s_own_action_is_neither_repeated_nor_skipped_on_hope(
    tmp_path: Path, arrived: bool, answer: str | None, stop: StopReason, clicks: list[Any]
) -> None:
    await Agent(PaperEnv(), record=tmp_path / "full").run(TAPS)
    before = cut(tmp_path / "e", tmp_path / "full", 3)
    env = await paper_after(before, pending=arrived)
    asked: list[str] = []

    async def ask(question: str) -> str:
        asked.append(question)
        return answer or ""

    made = await ResumedAgent(tmp_path / "e", env, ask=ask if answer else None).run()
    assert made.stop is stop
    assert env.clicks == clicks
    assert len(asked) == (answer is not None)
    if asked:
        assert "click (20, 100)" in asked[0]
    if stop is StopReason.FAILED:
        assert made.end is not None
        assert "look at the screen" in made.end.detail
    assert (await replay(tmp_path / "e")).complete


async def test_half_a_text_is_not_taken_for_a_text(tmp_path: Path) -> None:
    task = Task(steps=(TaskStep.of({"type": "abc"}), TaskStep.of({"click": [9, 9]})))
    await Agent(PaperEnv(), record=tmp_path / "full").run(task)
    before = cut(tmp_path / "e", tmp_path / "full", 1)
    env = PaperEnv()
    env.typed = "a"
    env.sheet[0, 1] = 0
    made = await ResumedAgent(tmp_path / "e", env).run()
    assert before.pending is not None
    assert made.stop is StopReason.FAILED
    assert (env.typed, env.clicks) == ("a", [])


# What is refused -----------------------------------------------------------------------------


async def test_what_ended_by_itself_is_not_gone_on_with(tmp_path: Path) -> None:
    await whole(tmp_path / "e")
    before = (tmp_path / "e" / "steps.jsonl").read_bytes()
    with pytest.raises(ResumeRefused, match="cannot be gone on with: it is done"):
        ResumedAgent(tmp_path / "e", PaperEnv(), Heard(), tools=[note])
    task = Task(steps=(TaskStep.of({"check": {"window": {"title": "Other"}}}),))
    await Agent(PaperEnv(), record=tmp_path / "f").run(task)
    with pytest.raises(ResumeRefused, match=r"it ended by itself \(failed\): .*did not hold"):
        ResumedAgent(tmp_path / "f", PaperEnv())
    assert (tmp_path / "e" / "steps.jsonl").read_bytes() == before


async def test_another_model_other_tools_another_device_are_refused(tmp_path: Path) -> None:
    await whole(tmp_path / "full")
    cut(tmp_path / "e", tmp_path / "full", 5)
    folder, other = tmp_path / "e", Heard([*REPLIES, "more"])
    with pytest.raises(ResumeRefused, match="is not the model that began this run"):
        ResumedAgent(folder, PaperEnv(), other, tools=[note])
    with pytest.raises(ResumeRefused, match="the run had the model scripted"):
        ResumedAgent(folder, PaperEnv(), tools=[note])
    with pytest.raises(ResumeRefused, match=r"the run had the tools note, .*now there are \(none"):
        ResumedAgent(folder, PaperEnv(), Heard())
    env = PaperEnv()
    env.action_space = frozenset({"click"})
    with pytest.raises(ResumeRefused, match="takes other actions than paper did"):
        ResumedAgent(folder, env, Heard(), tools=[note])
    agent = ResumedAgent(folder, PaperEnv(), Heard(), tools=[note])
    with pytest.raises(TaskError, match="another task than the recorded one"):
        await agent.run(TAPS)
    assert Episode.load(folder).resumptions == ()


async def test_another_model_may_go_on_where_that_is_wanted(tmp_path: Path) -> None:
    await whole(tmp_path / "full")
    before = cut(tmp_path / "e", tmp_path / "full", 5)
    env = await paper_after(before, pending=False)
    other = Heard([{"action": "click", "point": [99, 99]}, {"action": "done"}])
    agent = ResumedAgent(tmp_path / "e", env, other, tools=[note], another_model=True)
    made = await agent.run()
    assert made.stop is StopReason.DONE
    assert env.clicks == [(5, 5), (10, 10), (99, 99)]
    assert (await replay(tmp_path / "e")).complete


async def test_damage_is_refused_as_ever(tmp_path: Path) -> None:
    await whole(tmp_path / "full")
    before = cut(tmp_path / "e", tmp_path / "full", 5)
    picture = tmp_path / "e" / "frames" / f"{before.steps[1].seen.picture}.png"
    body = picture.read_bytes()
    picture.unlink()
    with pytest.raises(EpisodeBroken, match="is missing"):
        ResumedAgent(tmp_path / "e", PaperEnv(), Heard(), tools=[note])
    picture.write_bytes(body[: len(body) // 2])
    lines = (tmp_path / "e" / "steps.jsonl").read_bytes()
    env = PaperEnv()
    with pytest.raises(EpisodeBroken, match="cannot be decoded"):
        await ResumedAgent(tmp_path / "e", env, Heard(), tools=[note]).run()
    assert env.open is False
    assert not env.clicks
    assert (tmp_path / "e" / "steps.jsonl").read_bytes() == lines


async def test_a_recording_of_an_older_eyehand_says_too_little(tmp_path: Path) -> None:
    await whole(tmp_path / "full")
    cut(tmp_path / "e", tmp_path / "full", 5)
    path = tmp_path / "e" / "episode.json"
    header = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**header, "format": 1}), encoding="utf-8")
    assert len(Episode.load(tmp_path / "e").steps) == 3
    with pytest.raises(ResumeRefused, match="of format 1"):
        ResumedAgent(tmp_path / "e", PaperEnv(), Heard(), tools=[note])


async def test_where_it_cannot_be_found_again_nothing_is_done_or_written(tmp_path: Path) -> None:
    await whole(tmp_path / "full")
    before = cut(tmp_path / "e", tmp_path / "full", 8)
    assert before.pending is not None
    path = tmp_path / "e" / "steps.jsonl"
    path.write_text(
        path.read_text(encoding="utf-8").replace('"told":"click was', '"told":"a click was', 1)
    )
    lines = path.read_bytes()
    env = PaperEnv()
    with pytest.raises(ReplayDiverged, match="what the model is told"):
        await ResumedAgent(tmp_path / "e", env, Heard(), tools=[note]).run()
    assert env.clicks == []
    assert path.read_bytes() == lines


# Two at once ---------------------------------------------------------------------------------


async def test_a_run_that_is_alive_is_not_gone_on_with(tmp_path: Path) -> None:
    async def wait(question: str) -> str:
        asked.set()
        await go_on.wait()
        return "yes"

    asked, go_on = asyncio.Event(), asyncio.Event()
    agent = Agent(PaperEnv(), Heard(), tools=[note], record=tmp_path / "e", ask=wait)
    running = asyncio.create_task(agent.run(TASK))
    await asyncio.wait_for(asked.wait(), 20)
    with pytest.raises(EpisodeInUse, match="a run that is alive"):
        ResumedAgent(tmp_path / "e", PaperEnv(), Heard(), tools=[note])
    go_on.set()
    assert (await running).stop is StopReason.DONE


async def test_of_two_that_go_on_one_is_refused_and_nothing_is_mixed(tmp_path: Path) -> None:
    await whole(tmp_path / "full")
    before = cut(tmp_path / "e", tmp_path / "full", 5)
    envs = [await paper_after(before, pending=False) for _ in range(2)]
    first, second = (
        ResumedAgent(tmp_path / "e", env, Heard(), tools=[note], ask=yes) for env in envs
    )
    journal, _ = Journal.resume(tmp_path / "e")
    with pytest.raises(EpisodeInUse):
        await first.run()
    journal.close()
    assert (await second.run()).stop is StopReason.DONE
    third = Heard()
    with pytest.raises(EpisodeInUse, match="has gone on with it meanwhile"):
        await first.run()
    assert third.prompts == []
    assert Episode.load(tmp_path / "e").stop is StopReason.DONE


# What a person is asked and told -------------------------------------------------------------


class Told(Hooks):
    def __init__(self) -> None:
        self.events: list[Event] = []

    async def on_event(self, event: Event) -> None:
        self.events.append(event)


async def test_hooks_hear_of_what_is_new_and_nobody_is_asked_twice(tmp_path: Path) -> None:
    await whole(tmp_path / "full")
    rows = (tmp_path / "full" / "steps.jsonl").read_text(encoding="utf-8").splitlines()
    asked = next(n for n, row in enumerate(rows) if "ask_user" in row)
    before = cut(tmp_path / "e", tmp_path / "full", asked + 1)

    async def nobody(question: str) -> str:
        raise AssertionError("the person had answered")

    hook = Told()
    env = await paper_after(before, pending=False)
    made = await ResumedAgent(
        tmp_path / "e", env, Heard(), tools=[note], ask=nobody, hooks=[hook]
    ).run()
    assert made.stop is StopReason.DONE
    assert isinstance(hook.events[0], Began)
    assert isinstance(hook.events[-1], Ended)
    assert not [event for event in hook.events if isinstance(event, Asking)]
    stepped = [event.step.index for event in hook.events if isinstance(event, Stepped)]
    assert stepped == list(range(len(before.steps), len(made.steps)))


async def test_a_stop_and_a_hand_over_are_heard_and_spoil_nothing(tmp_path: Path) -> None:
    await whole(tmp_path / "full")
    before = cut(tmp_path / "e", tmp_path / "full", 3)
    assert before.pending is not None
    env, control = await paper_after(before, pending=True), Control()
    control.stop("enough")
    lines = (tmp_path / "e" / "steps.jsonl").read_bytes()
    agent = ResumedAgent(tmp_path / "e", env, Heard(), tools=[note], ask=yes, control=control)
    made = await agent.run()
    assert made.stop is StopReason.STOPPED_BY_USER
    assert len(env.clicks) == len(set(env.clicks)) <= 3
    assert (tmp_path / "e" / "steps.jsonl").read_bytes()[: len(lines)] == lines
    # Taken over while what was interrupted is looked at: it is theirs right after.
    env = await paper_after(before, pending=True)
    control = Control()

    class GivesBack(Told):
        async def on_event(self, event: Event) -> None:
            await super().on_event(event)
            if type(event).__name__ == "Paused":
                env.clicks.append((77, 77))
                control.give_back("I did it")

    control.take_over()
    hook = GivesBack()
    agent = ResumedAgent(
        tmp_path / "e", env, Heard(), tools=[note], ask=yes, control=control, hooks=[hook]
    )
    made = await agent.run()
    assert made.stop is StopReason.DONE
    sources = [step.source for step in made.steps]
    at = sources.index("person")
    assert at == before.pending.index + 1
    assert made.steps[before.pending.index].result is not None
    assert env.clicks == [(5, 5), (10, 10), (77, 77), (20, 10), (30, 10)]
    assert (await replay(tmp_path / "e")).complete


# A full disk --------------------------------------------------------------------------------------


_FULL = """
import asyncio, json, resource, sys
sys.path.insert(0, sys.argv[2])
from eyehand.agent import Agent
from eyehand.envs import EpisodeUnwritable
from paper_env import PaperEnv
from test_resume import TAPS

env = PaperEnv()
agent = Agent(env, record=sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), -1))
try:
    asyncio.run(agent.run(TAPS))
except EpisodeUnwritable as error:
    print(json.dumps([str(error), env.clicks, agent.episode.stop, env.open]))
"""


@pytest.mark.parametrize("most", [1500, 2400])
async def test_on_a_full_disk_nothing_further_is_done_and_it_goes_on_with_room(
    tmp_path: Path, most: int
) -> None:
    tests = str(Path(__file__).parent)
    folder = tmp_path / "e"
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", _FULL, str(folder), tests, str(most)],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    message, clicks, stop, is_open = json.loads(done.stdout)
    assert "cannot record to" in message
    assert stop == StopReason.UNRECORDED
    assert is_open is False
    read = Episode.load(folder)
    assert len(read.steps) < len(TAPS.steps)
    begun = len(read.steps) + (read.pending is not None)
    assert len(read.steps) <= len(clicks) <= begun  # nothing without its intent

    env = PaperEnv()
    for x, y in clicks:
        env.sheet[y, x] = 0
    env.clicks = [tuple(at) for at in clicks]

    async def looked(question: str) -> str:
        return "yes" if len(clicks) == begun else "no"

    made = await ResumedAgent(folder, env, ask=looked).run()
    assert made.stop is StopReason.DONE
    assert env.clicks == [(10 * n, 100) for n in (1, 2, 3)]
