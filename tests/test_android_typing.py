"""Text that arrives on a practice phone, and a keyboard that is given back on every way out."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from android_rig import Hand, env_of, hand, running_server
from corpus import CORPUS, IDEOGRAPHS, LONG
from full_text import ADB_KEYBOARD, sweep, write_note
from practice_server import AdbServer, Practice, practice_phone

from eyehand.actions import parse_action
from eyehand.envs.base import Delivery
from eyehand.envs.errors import ActionFailed
from eyehand.envs.practice.adb.log import Ran
from eyehand.envs.practice.phone import Phone

OWN = "org.eyehand.keyboard/.KeyboardService"


@pytest.fixture(scope="module")
def server() -> Iterator[AdbServer]:
    with running_server() as running:
        yield running


@pytest.fixture
async def desk(server: AdbServer) -> AsyncIterator[tuple[Practice, Hand]]:
    """A phone with a note open, and a keyboard for all of Unicode installed and not enabled."""
    phone = Phone(1)
    write_note(phone)
    async with (
        practice_phone(phone, server=server, adb_keyboard=True) as practice,
        hand(practice) as user,
    ):
        yield practice, user


@pytest.fixture
async def plain(server: AdbServer) -> AsyncIterator[tuple[Practice, Hand]]:
    """A phone with a note open, and no keyboard but its own."""
    phone = Phone(2)
    write_note(phone)
    async with practice_phone(phone, server=server) as practice, hand(practice) as user:
        yield practice, user


def given_back(phone: Phone) -> bool:
    note = [key for key in phone.settings["global"] if "eyehand" in key]
    return phone.ime == OWN and not phone.imes.get(ADB_KEYBOARD) and not note


TEXTS = {
    "corpus": CORPUS,
    "ideographs": IDEOGRAPHS,
    "long": LONG,
    "long, no ASCII": "漢字かな交じり文\n" * 1000,
    "quotes": "it's \"quoted\" `twice` ''",
    "percent": "100%s %%s %s%s 50%",
    "commands": "$(touch /sdcard/x); id & ls | cat > /sdcard/y && $HOME #",
    "backslashes": "\\ \\\\ \\n \\' a\\",
    "dashes": "-n --help",
    "lines": "a\nb\n\n\tc\n",
    "spaces": "  a  b  ",
    "emoji": "👩‍💻🇩🇪👍🏽",
    "one": "é",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
async def test_text_arrives_to_the_letter(text: str, desk: tuple[Practice, Hand]) -> None:
    practice, user = desk
    outcome = await user.do("type", text=text)
    assert outcome.delivery is Delivery.DELIVERED
    assert practice.phone.field.text == text
    assert "verified: the field holds it" in outcome.detail
    assert "unverified" not in outcome.detail
    assert given_back(practice.phone)


async def test_text_arrives_where_the_caret_is(desk: tuple[Practice, Hand]) -> None:
    practice, user = desk
    await user.do("type", text="ab")
    await user.do("key", keys="left")
    outcome = await user.do("type", text="é")
    assert practice.phone.field.text == "aéb"
    assert "verified: the field holds it" in outcome.detail


@pytest.mark.parametrize("text", ["short", "漢字", ""])
async def test_a_field_is_emptied_first_where_that_is_wanted(
    text: str, desk: tuple[Practice, Hand]
) -> None:
    practice, user = desk
    await user.do("type", text="what was there before")
    outcome = await user.do("type", text=text, clear=True)
    assert practice.phone.field.text == text
    assert "unverified" not in outcome.detail


async def test_enter_is_pressed_after_the_text(desk: tuple[Practice, Hand]) -> None:
    practice, user = desk
    outcome = await user.do("type", text="line", submit=True)
    assert practice.phone.field.text == "line\n"
    assert "verified" in outcome.detail


async def test_generated_texts_arrive_or_are_refused_before_a_key_is_pressed(
    server: AdbServer,
) -> None:
    """A sample of what ``full_text.py`` does 10,000 times."""
    tally = await sweep(200, 7, server)
    assert not tally.wrong
    assert tally.typed["typed by keys"] > 50
    assert tally.typed["typed by keyboard"] > 20
    assert tally.refused > 20


async def test_what_nothing_can_type_is_refused_before_anything_is_typed(
    plain: tuple[Practice, Hand],
) -> None:
    practice, user = plain
    practice.device.log.clear()
    with pytest.raises(ActionFailed, match="no way to type U\\+6F22") as caught:
        await user.do("type", text="abc 漢", clear=True)
    assert not caught.value.delivered
    assert "ADBKeyBoard" in str(caught.value)
    assert practice.phone.field.text == ""
    assert not [e for e in practice.device.log if isinstance(e, Ran) and e.argv[0] == "input"]


async def test_without_a_field_nothing_is_typed(server: AdbServer) -> None:
    async with (
        practice_phone(Phone(1), server=server, adb_keyboard=True) as practice,
        hand(practice) as user,
    ):
        for text in ("a", "é"):
            with pytest.raises(ActionFailed, match="no text field has the focus") as caught:
                await user.do("type", text=text)
            assert not caught.value.delivered
        assert given_back(practice.phone)


async def test_where_the_phone_cannot_tell_the_text_is_typed_and_called_unverified(
    desk: tuple[Practice, Hand],
) -> None:
    practice, user = desk
    practice.device.faults.busy_screen = True
    outcome = await user.do("type", text="abc")
    assert practice.phone.field.text == "abc"
    assert "unverified: uiautomator said" in outcome.detail


async def test_text_that_arrived_as_something_else_is_a_failure(
    desk: tuple[Practice, Hand], monkeypatch: pytest.MonkeyPatch
) -> None:
    practice, user = desk
    commit = practice.phone.commit
    monkeypatch.setattr(practice.phone, "commit", lambda text: commit(text.replace("b", "")))
    with pytest.raises(ActionFailed, match="now holds 'ac é'") as caught:
        await user.do("type", text="abc é")
    assert caught.value.delivered
    assert given_back(practice.phone)


async def test_one_way_and_no_other_is_kept_to(desk: tuple[Practice, Hand]) -> None:
    practice, _ = desk
    async with hand(practice, text="keys") as user:
        with pytest.raises(ActionFailed, match="no way to type"):
            await user.do("type", text="é")
        assert "typed by keys" in (await user.do("type", text="x" * 400)).detail
    async with hand(practice, text="keyboard") as user:
        assert "typed by keyboard" in (await user.do("type", text="a")).detail


async def test_the_phones_own_choice_of_keyboard_is_left_alone(server: AdbServer) -> None:
    phone = Phone(1)
    write_note(phone)
    async with practice_phone(phone, server=server, adb_keyboard=True) as practice:
        phone.imes[ADB_KEYBOARD] = True
        phone.ime = ADB_KEYBOARD
        async with hand(practice) as user:
            await user.do("type", text="é")
        assert phone.ime == ADB_KEYBOARD
        ran = [entry.argv for entry in practice.device.log if isinstance(entry, Ran)]
        assert not [words for words in ran if words[:2] == ("ime", "set")]


async def until_borrowed(phone: Phone) -> None:
    for _ in range(1500):
        if phone.ime == ADB_KEYBOARD:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the keyboard was never borrowed")


async def until_given_back(phone: Phone) -> None:
    for _ in range(500):
        if given_back(phone):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"not given back: {phone.ime}, {phone.imes}, {phone.settings['global']}")


ENDLESS = {"action": "type", "text": "漢字かな交じり文" * 4000}


async def test_a_cancelled_text_stops_and_the_keyboard_comes_back(
    desk: tuple[Practice, Hand],
) -> None:
    practice, user = desk
    call = asyncio.ensure_future(user.env.perform(parse_action(ENDLESS), user.seen))
    await until_borrowed(practice.phone)
    await asyncio.sleep(0.1)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await until_given_back(practice.phone)
    arrived = practice.phone.field.text
    await asyncio.sleep(0.3)
    assert practice.phone.field.text == arrived, "more was typed after the call was cancelled"
    assert 0 < len(arrived) < len(str(ENDLESS["text"]))
    assert str(ENDLESS["text"]).startswith(arrived)


async def test_closing_in_the_middle_of_a_text_gives_the_keyboard_back(
    desk: tuple[Practice, Hand],
) -> None:
    practice, user = desk
    call = asyncio.ensure_future(user.env.perform(parse_action(ENDLESS), user.seen))
    await until_borrowed(practice.phone)
    await user.env.close()
    assert given_back(practice.phone)
    await asyncio.gather(call, return_exceptions=True)


SCRIPT = """
import asyncio
from eyehand.actions import parse_action
from eyehand.envs.android import AndroidEnv

async def main():
    env = AndroidEnv({serial!r}, server=("127.0.0.1", {port}))
    seen = await env.reset()
    try:
        await env.perform(parse_action({action!r}), seen)
    finally:
        await env.close()

asyncio.run(main())
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill-9"])
async def test_the_keyboard_comes_back_after_the_program_was_ended(
    number: signal.Signals, desk: tuple[Practice, Hand]
) -> None:
    practice, _ = desk
    phone = practice.phone
    code = SCRIPT.format(serial=practice.serial, port=practice.server.port, action=ENDLESS)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stderr=asyncio.subprocess.DEVNULL, cwd=Path(os.sep)
    )
    try:
        await until_borrowed(phone)
    finally:
        process.send_signal(number)
        await process.wait()
    if number is signal.SIGKILL:
        await asyncio.sleep(0.3)
        assert not given_back(phone), "there was nobody who could"
        env = env_of(practice)
        await env.reset()
        notes: list[Any] = env.describe()["notes"]
        assert any(OWN in note for note in notes)
        await env.close()
    assert given_back(phone)


async def test_the_keyboard_is_given_back_by_the_next_where_the_phone_was_lost(
    server: AdbServer,
) -> None:
    phone = Phone(1)
    write_note(phone)
    async with practice_phone(phone, server=server, adb_keyboard=True) as practice:
        async with hand(practice) as user:
            # It is cut off in the middle of the text, and comes back while it is given back.
            practice.device.faults.at("before", "am", "drop")
            outcome = await user.do("type", text="é")
            assert outcome.delivery is Delivery.UNKNOWN
        await until_given_back(phone)
        assert phone.field is not None
        assert phone.field.text in ("", "é"), "never twice"
