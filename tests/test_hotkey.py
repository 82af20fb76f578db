"""Hotkeys on a real display, pressed as a person presses them, while an agent works there."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from screens import Screen
from sheet import Sheet
from Xlib import XK, X
from Xlib.ext import xtest

from eyehand.actions import UnknownKey
from eyehand.actions import schema as a
from eyehand.agent import Agent, Task, TaskStep
from eyehand.agent.control import Control, State
from eyehand.agent.hands import hotkeys_for
from eyehand.envs import ActionFailed, DesktopEnv, DeviceNotFound, StopReason
from eyehand.envs.x11_hotkey import HotkeyTaken

STOP = ("Control_L", "Alt_L", "Escape")
TAKE = ("Control_L", "Alt_L", "p")


def press(screen: Screen, keys: tuple[str, ...], *, up: bool = True, turn: bool = True) -> None:
    """As a keyboard would, by another connection than the env's."""
    codes = [screen.client.keysym_to_keycode(XK.string_to_keysym(key)) for key in keys]
    if turn:
        for code in codes:
            xtest.fake_input(screen.client, X.KeyPress, code)
    if up:
        for code in reversed(codes):
            xtest.fake_input(screen.client, X.KeyRelease, code)
    screen.client.sync()


async def turned(control: Control, state: State) -> None:
    async with asyncio.timeout(10):
        while control.state is not state:  # noqa: ASYNC110 - it is turned by a thread
            await asyncio.sleep(0.005)


LONG: dict[str, dict[str, Any]] = {
    "typing": {"type": "abcdefghij" * 200},
    "dragging": {"drag": {"start": [100, 100], "end": [900, 600], "seconds": 9}},
    "holding": {"hold_key": {"keys": "shift+a", "seconds": 9}},
}
BEGINS = {"typing": "Key", "dragging": "Button", "holding": "Key"}


@pytest.mark.parametrize("doing", LONG)
async def test_the_hotkey_stops_an_action_in_the_middle_with_every_key_up(
    screen: Screen, sheet: Sheet, doing: str, tmp_path: Path
) -> None:
    control = Control()
    task = Task(name="t", steps=(TaskStep.of(LONG[doing]), TaskStep.of({"click": [5, 500]})))
    agent = Agent(DesktopEnv(screen.name), control=control, record=tmp_path / "e")
    async with hotkeys_for(control, screen.name):
        running = asyncio.create_task(agent.run(task))
        await asyncio.to_thread(sheet.wait, BEGINS[doing])
        began = time.monotonic()
        await asyncio.to_thread(press, screen, STOP)
        await turned(control, State.STOPPED)
        stopped = time.monotonic()
        made = await asyncio.wait_for(running, 20)
    assert made.stop is StopReason.STOPPED_BY_USER
    assert stopped - began < 0.5  # promised are 0.1 s; a busy machine may take longer
    assert screen.keys_down() == []
    assert screen.buttons_down() == []
    later = [
        e for e in sheet.events() if e["kind"] in ("Key", "Button") and e["at"] > stopped + 0.2
    ]
    assert later == []


async def test_taken_over_and_given_back_by_one_chord_once_its_keys_are_up(
    screen: Screen,
) -> None:
    control = Control()

    def state() -> State:
        return control.state

    async with hotkeys_for(control, screen.name):
        press(screen, TAKE)
        await turned(control, State.TAKEN)
        await asyncio.sleep(0.2)  # nobody presses twice more quickly
        press(screen, TAKE, up=False)
        press(screen, TAKE[-1:], up=False)  # a key that is held repeats itself
        await asyncio.sleep(0.1)
        assert state() is State.TAKEN  # with Ctrl down, what is typed would be shortcuts
        press(screen, TAKE, turn=False)
        await turned(control, State.RUNNING)
        assert control.takings == 1
    press(screen, TAKE)
    await asyncio.sleep(0.05)
    assert state() is State.RUNNING  # let go


@pytest.mark.parametrize("lock", ["Caps_Lock", "Num_Lock"])
async def test_locks_do_not_hide_the_chord(screen: Screen, lock: str) -> None:
    control = Control()
    press(screen, (lock,))
    try:
        async with hotkeys_for(control, screen.name):
            press(screen, ("Control_L", "Escape"))  # another chord
            await asyncio.sleep(0.05)
            assert control.state is State.RUNNING
            press(screen, STOP)
            await turned(control, State.STOPPED)
    finally:
        press(screen, (lock,))


async def test_a_chord_that_is_taken_is_named_and_nothing_is_left_grabbed(screen: Screen) -> None:
    control = Control()
    async with hotkeys_for(Control(), screen.name, take="ctrl+alt+o"):
        with pytest.raises(HotkeyTaken, match=r"another program has the chord ctrl\+alt\+escape"):
            async with hotkeys_for(control, screen.name):
                raise AssertionError
        async with hotkeys_for(control, screen.name, stop="ctrl+alt+f9"):
            press(screen, TAKE)
            await turned(control, State.TAKEN)


async def test_the_agent_does_not_press_what_is_a_persons(screen: Screen, sheet: Sheet) -> None:
    control = Control()
    env = DesktopEnv(screen.name)
    seen = await env.reset()
    try:
        async with hotkeys_for(control, screen.name):
            for chord in ("ctrl+alt+escape", "alt_right+shift+p+ctrl_right"):
                with pytest.raises(ActionFailed, match="with which the user stops or takes over"):
                    await env.perform(a.Key.model_validate({"action": "key", "keys": chord}), seen)
            assert control.state is State.RUNNING
            await env.perform(a.Key.model_validate({"action": "key", "keys": "ctrl+p"}), seen)
        done = await env.perform(
            a.Key.model_validate({"action": "key", "keys": "ctrl+alt+escape"}), seen
        )
        assert done.delivery == "delivered"
    finally:
        await env.close()
    assert control.state is State.RUNNING


@pytest.mark.parametrize("wrong", ["escape", "ctrl+alt", "ctrl+a+b", "ctrl+banana"])
async def test_a_chord_that_is_none_is_refused(screen: Screen, wrong: str) -> None:
    with pytest.raises(UnknownKey):
        async with hotkeys_for(Control(), screen.name, stop=wrong):
            pass


async def test_a_display_that_is_not_there_is_named() -> None:
    with pytest.raises(DeviceNotFound, match=":4711"):
        async with hotkeys_for(Control(), ":4711"):
            pass


async def test_it_is_let_go_when_cancelled_and_when_the_display_dies(own_screen: Screen) -> None:
    control = Control()

    async def wait() -> None:
        async with hotkeys_for(control, own_screen.name):
            await asyncio.sleep(60)

    for _ in range(2):  # a second time: the first has let go
        task = asyncio.create_task(wait())
        await asyncio.sleep(0.2)
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - began < 0.5
    async with hotkeys_for(control, own_screen.name):
        own_screen.die()
        await asyncio.sleep(0.1)
    assert control.state is State.RUNNING
