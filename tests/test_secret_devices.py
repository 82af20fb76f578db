"""Secrets on real devices: windows of a display, and a phone through adb by every way of typing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from android_rig import QUICK
from practice_server import practice_phone
from screens import Screen, until
from secret_rig import SECRET, Desk, Drawn, bytes_of, pictures_of, require_none
from sheet import Sheet

from eyehand.agent import Agent, Task, TaskStep, replay
from eyehand.agent.secret_env import COVERED
from eyehand.agent.secret_store import Secrets
from eyehand.envs import AndroidEnv, DesktopEnv, Episode, PracticeEnv, StopReason
from eyehand.envs.masking_shapes import Area, drawn
from eyehand.envs.practice.adb.programs import pm
from eyehand.envs.practice.adb.programs.call import Call
from eyehand.envs.practice.phone import Phone

SECRETS = Secrets({"name": SECRET, "greek": "κωδικός-7"})


def task_of(*actions: dict[str, Any]) -> Task:
    return Task(name="t", steps=tuple(TaskStep.of(action) for action in actions))


def glyphs_of(before: Any, after: Any) -> Drawn:
    """The text that was typed between two pictures, without the caret at its end."""
    area = max((area for area, _ in drawn(before, after)), key=lambda one: one.size)
    return Drawn(before, after, Area(area.left, area.top, area.right - 6, area.bottom))


async def test_a_field_in_a_real_window_shows_no_secret_and_gets_all_of_it(
    screen: Screen, field: Sheet, tmp_path: Path
) -> None:
    # The control, with nothing hidden.
    plain = DesktopEnv(screen.name)
    at = Desk(plain, await plain.reset())
    await at.do(action="type", text=SECRET)
    await at.do(action="wait", seconds=0.3)
    glyphs = glyphs_of(*at.frames[:2])
    assert glyphs.times(at.frames) == 2
    await at.do(action="key", keys="ctrl+a")
    await at.do(action="key", keys="backspace")
    await plain.close()
    field.events()

    title = f"{SECRET} - Notes"
    folder = tmp_path / "e"
    agent = Agent(DesktopEnv(screen.name), secrets=SECRETS, record=folder)
    field.tell("title", title)
    typed: dict[str, Any] = {"text": "{{secret:name}}", "submit": True}
    episode = await agent.run(
        task_of(
            {"type": {**typed, "clear": True}},
            {"key": "left"},
            {"type": " and more "},
            {"key": "ctrl+a"},
            {"wait": 0.3},
            {"check": {"window": {"title": "{{secret:name}} - Notes"}}},
        )
    )
    assert episode.stop is StopReason.DONE, episode.end
    got = [event.get("text") for event in field.events("text", "submitted")]
    assert SECRET in got
    assert got[-1] == f"{SECRET[:-1]} and more {SECRET[-1]}"
    assert episode.steps[0].result is not None
    assert episode.steps[0].result.detail == COVERED
    require_none(SECRET, bytes_of(folder))
    pictures = pictures_of(folder)
    assert glyphs.times(pictures) == 0
    assert max(float((p == 128).all(axis=2).mean()) for p in pictures) < 0.05
    assert (await replay(folder)).complete


async def test_an_editor_that_shows_what_is_typed_shows_no_secret(
    own_screen: Screen, tmp_path: Path
) -> None:
    """A text goes on after the secret, lines are put in before it, and it moves down."""
    editor = own_screen.launch("l3afpad")
    folder = tmp_path / "e"
    env = DesktopEnv(own_screen.name)
    until(lambda: own_screen.property("_NET_ACTIVE_WINDOW"), what="the editor")
    agent = Agent(env, secrets=SECRETS, record=folder)
    episode = await agent.run(
        task_of(
            {"wait_for": {"window": {"title_contains": "Untitled"}}, "timeout_s": 10},
            {"type": "first\nkey: {{secret:greek}}"},
            {"type": " and the rest"},
            {"key": "ctrl+home"},
            {"type": "one\ntwo\n"},
            {"wait": 0.3},
        )
    )
    own_screen.end(editor)
    assert episode.stop is StopReason.DONE, episode.end
    require_none("κωδικός-7", bytes_of(folder))
    # Where the line with the secret is, all is of one colour; the lines before it can be read.
    read = Episode.load(folder)
    last = read.steps[-1].after
    assert last is not None
    pixels = read.pixels(last.picture)
    grey = (pixels == 128).all(axis=2)
    rows = np.flatnonzero(grey.any(axis=1))
    assert 8 < rows.size < 90
    assert int(grey.any(axis=0).sum()) > 80


WAYS: dict[str, dict[str, Any]] = {
    "keys": {"secret": "name", "keyboard": False},
    "keyboard": {"secret": "greek", "keyboard": True},
    "clipboard": {"secret": "greek", "keyboard": False},
}


async def clipboard(call: Call) -> int:
    """``cmd clipboard`` as some phones have it."""
    match call.args:
        case ("help",):
            await call.say("clipboard commands: get-text, set-text TEXT")
        case ("set-text", text):
            call.system.phone.clipboard = text
            COPIED.append(text)
    return 0


COPIED: list[str] = []


@pytest.mark.parametrize("way", WAYS)
async def test_through_adb_no_way_of_typing_leaves_a_secret(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "clipboard":  # the practice phone has none of its own
        monkeypatch.setitem(pm._SERVICES, "clipboard", clipboard)
    name, keyboard = WAYS[way]["secret"], WAYS[way]["keyboard"]
    secret = SECRETS.reveal(name)
    # What is done, and what it looks like with nothing hidden, by a phone in this process.
    here = PracticeEnv(phone=Phone(3))
    at = Desk(here, await here.reset())
    await at.do(action="open_app", name="contacts")
    await at.tap("New contact")
    await at.tap("name")
    await at.do(action="type", text=secret)
    glyphs = glyphs_of(*at.frames[-2:])
    folder = tmp_path / "e"
    there = Phone(3)
    steps = [{k: v for k, v in done.items() if k != "action"} for done in at.done]
    steps[3] = {"text": f"{{{{secret:{name}}}}}"}
    actions = [{done["action"]: fields} for done, fields in zip(at.done, steps, strict=True)]
    async with practice_phone(there, adb_keyboard=keyboard) as practice:
        server = ("127.0.0.1", practice.server.port)
        env = AndroidEnv(practice.serial, server=server, settle=QUICK)
        check = {"check": {"shows": {"text": f"{{{{secret:{name}}}}}", "focused": True}}}
        agent = Agent(env, secrets=SECRETS, record=folder)
        episode = await agent.run(task_of(*actions, {"wait": 0.1}, check))
    assert episode.stop is StopReason.DONE, episode.end
    assert there.field is not None
    assert there.field.text == secret
    assert there.clipboard == ""
    expected = [secret, ""] if way == "clipboard" else []
    assert expected == COPIED
    COPIED.clear()
    (typed,) = [s.result for s in episode.steps if s.action and s.action.action == "type"]
    detail = typed.detail if typed else ""
    assert detail == f"typed by {way}, verified: the field holds it; {COVERED}"
    require_none(secret, bytes_of(folder))
    assert glyphs.times(at.frames) == 1
    pictures = pictures_of(folder)
    assert glyphs.times(pictures) == 0
    assert any((p == 128).all(axis=2).mean() > 0.01 for p in pictures)
    assert (await replay(folder)).complete
