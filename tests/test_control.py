"""The control of a run: from which thread, in which order, how often, and for whom."""

import asyncio
import os
import signal
import threading
from pathlib import Path

import pytest
from hand_rig import Log, Scene
from hypothesis import given
from hypothesis import strategies as st
from paper_env import PaperEnv

from eyehand.agent import Agent, Task, TaskStep
from eyehand.agent.control import Control, Halted, State, TakenOver
from eyehand.agent.events import Paused
from eyehand.agent.hands import signals_for
from eyehand.envs import StopReason

CLICK = Task(name="t", steps=(TaskStep.of({"click": [1, 1]}),))


@given(st.lists(st.sampled_from(["pause", "take_over", "give_back", "stop"]), max_size=12))
def test_whatever_comes_twice_or_out_of_turn_does_no_harm(calls: list[str]) -> None:
    control = Control()
    expected, takings = State.RUNNING, 0
    for call in calls:
        getattr(control, call)()
        if expected is State.STOPPED:
            pass
        elif call == "stop":
            expected = State.STOPPED
        elif call == "take_over":
            takings += expected is not State.TAKEN
            expected = State.TAKEN
        elif call == "give_back":
            expected = State.RUNNING
        elif expected is State.RUNNING:
            expected = State.PAUSED
        assert control.state is expected
    assert control.takings == takings
    if expected is State.STOPPED:
        with pytest.raises(Halted):
            control.check()
    elif expected is State.TAKEN:
        with pytest.raises(TakenOver):
            control.check()
    else:
        control.check()


async def test_a_stop_is_for_good_also_for_the_next_run() -> None:
    control = Control()
    first, second = PaperEnv(), PaperEnv()
    assert (await Agent(first, control=control).run(CLICK)).stop is StopReason.DONE
    control.stop()
    assert (await Agent(second, control=control).run(CLICK)).stop is StopReason.STOPPED_BY_USER
    assert (first.clicks, second.clicks) == ([(1, 1)], [])


async def test_a_paused_control_holds_the_next_run_before_it_looks() -> None:
    control, log, env = Control(), Log(), PaperEnv()
    control.pause()
    running = asyncio.create_task(Agent(env, control=control, hooks=[log]).run(CLICK))
    await log.told(Paused, taken=False)
    assert next(env.looks) == 1
    control.give_back()
    assert (await running).stop is StopReason.DONE


async def test_one_control_holds_several_runs_of_one_loop() -> None:
    control = Control()
    logs, envs = [Log(), Log()], [PaperEnv(), PaperEnv()]
    control.take_over()
    runs = [
        asyncio.create_task(Agent(env, control=control, hooks=[log]).run(CLICK))
        for env, log in zip(envs, logs, strict=True)
    ]
    for log in logs:
        await log.told(Paused, taken=True)
    control.give_back("both")
    for made in await asyncio.gather(*runs):
        notes = [step.handover.note for step in made.steps if step.handover is not None]
        assert notes == ["both"]


def test_it_serves_one_event_loop_after_another_and_says_so_where_two_at_once() -> None:
    control = Control()
    for _ in range(2):
        made = asyncio.run(Agent(PaperEnv(), control=control).run(CLICK))
        assert made.stop is StopReason.DONE
        control.pause()  # the loop is closed: there is nobody to tell
        control.give_back()

    async def other() -> None:
        await Agent(PaperEnv(), control=control).run(CLICK)

    async def one() -> None:
        with (
            control.attached(),
            pytest.raises(RuntimeError, match="has a run in another event loop"),
        ):
            await asyncio.to_thread(asyncio.run, other())

    asyncio.run(one())


async def test_the_loop_is_told_and_waits_are_ended_from_many_threads(tmp_path: Path) -> None:
    states: list[State] = []
    scene = Scene("thinking", tmp_path / "e", control=Control(states.append))
    await scene.begin()

    def shake() -> None:
        for _ in range(50):
            scene.control.toggle_pause()
            scene.control.toggle_hands()

    threads = [threading.Thread(target=shake) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join)
    scene.control.give_back("that was wild")
    scene.gate.opened.set()
    made = await scene.end()
    assert made.stop is StopReason.DONE
    assert set(states) == {State.RUNNING, State.PAUSED, State.TAKEN}
    assert "that was wild" in scene.model.prompts[-1]


async def test_signals_pause_take_over_and_give_back(tmp_path: Path) -> None:
    scene = Scene("thinking", tmp_path / "e")
    before = signal.getsignal(signal.SIGUSR1)
    with signals_for(scene.control):
        await scene.begin()
        os.kill(os.getpid(), signal.SIGUSR1)
        os.kill(os.getpid(), signal.SIGUSR2)
        await scene.told(Paused, taken=True)
        os.kill(os.getpid(), signal.SIGUSR2)
        made = await scene.end()
    assert [step.source for step in made.steps].count("person") == 1
    assert signal.getsignal(signal.SIGUSR1) is before


async def test_signals_that_somebody_heeds_are_left_to_them() -> None:
    control = Control()
    before = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    try:
        with signals_for(control):
            os.kill(os.getpid(), signal.SIGUSR1)
            await asyncio.sleep(0)
            assert signal.getsignal(signal.SIGUSR1) is signal.SIG_IGN
        assert control.state is State.RUNNING
    finally:
        signal.signal(signal.SIGUSR1, before)

    def elsewhere() -> None:
        async def nothing() -> None:
            with signals_for(control):  # not the main thread: there is no way
                pass

        asyncio.run(nothing())

    await asyncio.to_thread(elsewhere)


async def test_a_python_signal_handler_wakes_a_loop_that_waits(tmp_path: Path) -> None:
    scene = Scene("thinking", tmp_path / "e")
    before = signal.signal(signal.SIGUSR1, lambda *_: scene.control.stop())
    try:
        await scene.begin()
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        made = await asyncio.wait_for(scene.end(), 10)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert made.stop is StopReason.STOPPED_BY_USER
