"""The practice phone as an env: the contract, honest outcomes, recordings that replay."""

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path

import env_contract as contract
import numpy as np
import pytest
from corpus import CORPUS

from eyehand.actions import Point, parse_action
from eyehand.agent import Agent, PracticeSpec, Task, TaskStep, replay
from eyehand.envs import ActionFailed, Effect, Env, Observation, Outcome, PracticeEnv, StopReason
from eyehand.envs.practice.phone import Phone
from eyehand.model import Size


@pytest.mark.parametrize(
    "clause",
    [
        contract.observing_gives_a_picture_whose_sizes_agree,
        contract.nothing_works_before_reset,
        contract.nothing_works_after_close_and_closing_twice_is_harmless,
        contract.closing_before_reset_is_harmless,
        contract.what_is_not_in_the_action_space_is_refused,
        contract.a_point_far_outside_is_refused,
    ],
    ids=lambda clause: str(clause.__name__),
)
async def test_the_contract_is_kept(clause: Callable[[Callable[[], Env]], object]) -> None:
    await clause(lambda: PracticeEnv(1))  # type: ignore[misc]


class Desk:
    """An env that is worked by names instead of points."""

    def __init__(self, env: PracticeEnv, seen: Observation) -> None:
        self.env, self.seen = env, seen

    async def do(self, **action: object) -> Outcome:
        outcome = await self.env.perform(parse_action(action), self.seen)
        assert outcome.after is not None
        self.seen = outcome.after
        return outcome

    async def tap(self, name: str) -> Outcome:
        shown = [s for s in await self.env.shown() if name in (s.text, s.label, s.id)]
        left, top, right, bottom = shown[-1].box
        return await self.do(action="click", point=[(left + right) / 2, (top + bottom) / 2])


async def desk(seed: int = 3, **more: object) -> Desk:
    env = PracticeEnv(seed, **more)  # type: ignore[arg-type]
    return Desk(env, await env.reset())


async def name_field() -> Desk:
    """The dialog for the phone's name, with its field focused."""
    at = await desk()
    await at.do(action="open_app", name="settings")
    for name in ("About phone", "Device name", "text"):
        await at.tap(name)
    return at


async def test_the_same_actions_give_the_same_pictures() -> None:
    async def run() -> list[str]:
        at = await desk(11)
        await at.do(action="open_app", name="Settings")
        await at.do(action="scroll", direction="down", amount=0.4, unit="screens")
        await at.tap("Battery")
        return [at.seen.hash, (await at.env.observe()).hash]

    assert await run() == await run()


async def test_resetting_gives_a_new_phone_in_the_first_state() -> None:
    at = await desk(3, task="rename_phone")
    first = at.seen.hash
    task = at.env.task
    await at.do(action="open_app", name="Settings")
    assert (await at.env.reset()).hash == first
    assert at.env.task == task


async def test_what_changes_and_what_does_not_is_told_apart() -> None:
    at = await desk()
    assert (await at.do(action="click", point=[270, 1100])).effect is Effect.UNCHANGED
    assert (await at.do(action="open_app", name="Settings")).effect is Effect.CHANGED
    assert (await at.do(action="wait", seconds=2)).effect is Effect.UNCHANGED
    # A minute later only the clock in the status bar is another.
    assert (await at.do(action="wait", seconds=60)).effect is Effect.UNCHANGED


async def test_a_caret_that_blinks_is_no_change() -> None:
    at = await name_field()
    effects = {(await at.do(action="wait", seconds=0.25 * n)).effect for n in range(1, 8)}
    assert effects == {Effect.UNCHANGED}


async def test_text_arrives_or_says_that_it_did_not() -> None:
    at = await name_field()
    text = CORPUS.replace("\n", " ").replace("\t", " ")
    outcome = await at.do(action="type", text=text, clear=True)
    assert outcome.detail == "typed and verified"
    assert at.env.phone.field is not None
    assert at.env.phone.field.text == text


async def test_a_field_for_numbers_says_what_it_did_not_take() -> None:
    at = await name_field()
    assert at.env.phone.state.focus is not None
    at.env.phone.state.focus["kind"] = "number"
    with pytest.raises(ActionFailed, match="12 apples") as caught:
        await at.do(action="type", text="12 apples", clear=True)
    assert caught.value.delivered


async def test_nothing_is_typed_where_no_field_has_the_keyboard() -> None:
    at = await desk()
    with pytest.raises(ActionFailed, match="tap one first") as caught:
        await at.do(action="type", text="x")
    assert not caught.value.delivered


async def test_enter_and_tab_are_keys_not_letters() -> None:
    at = await name_field()
    await at.do(action="type", text="Comet 5\n", clear=True)
    assert at.env.phone.state.settings["global"]["device_name"] == "Comet 5"


async def test_a_scroll_goes_as_far_as_it_says_and_does_not_run_on() -> None:
    at = await desk(3, size=Size(480, 800))
    await at.do(action="open_app", name="Settings")
    before = next(s.box for s in await at.env.shown() if s.text == "Storage")
    await at.do(action="scroll", direction="down", amount=0.1, unit="screens")
    after = next(s.box for s in await at.env.shown() if s.text == "Storage")
    assert abs((before[1] - after[1]) - 80) <= 2
    await at.do(action="scroll", direction="up", amount=5, unit="screens")
    assert next(s.box for s in await at.env.shown() if s.text == "Storage") == before


async def test_a_phone_that_was_turned_meanwhile_is_not_touched() -> None:
    at = await desk()
    at.env.phone.rotate(1)
    with pytest.raises(ActionFailed, match="look again"):
        await at.do(action="click", point=[5, 5])


async def test_an_app_that_is_not_there_is_told_with_those_that_are() -> None:
    at = await desk()
    with pytest.raises(ActionFailed, match="did you mean Settings"):
        await at.do(action="open_app", name="Setings")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"task": "rename_fone"}, "rename_phone"),
        ({"theme": "neon"}, "sea"),
        ({"size": Size(1, 1)}, "240"),
    ],
)
def test_an_env_that_cannot_be_is_refused_when_it_is_made(
    arguments: dict[str, object], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        PracticeEnv(1, **arguments)  # type: ignore[arg-type]


async def test_a_phone_can_be_given() -> None:
    phone = Phone(9)
    phone.put("secure", "ui_night_mode", True)
    env = PracticeEnv(phone=phone)
    seen = await env.reset()
    assert env.phone is phone
    assert np.array_equal(seen.pixels, phone.pixels())


async def test_two_phones_do_not_disturb_each_other() -> None:
    desks = [await desk(1), await desk(2)]
    for at in desks:
        await at.do(action="open_app", name="Settings")
    names = itertools.cycle(["Display", "Sound"])
    await asyncio.gather(*(at.tap(next(names)) for at in desks))
    assert [at.env.phone.current[1] for at in desks] == [".DisplayActivity", ".SoundActivity"]


async def test_a_recorded_run_replays(tmp_path: Path) -> None:
    steps = (
        TaskStep.of({"open_app": "Settings"}),
        TaskStep.of({"wait_for": {"shows": {"text": "Display"}}}),
        TaskStep.of({"swipe": {"start": [270, 900], "end": [270, 500]}}),
        TaskStep.of({"check": {"shows": {"text": "Settings"}}}),
    )
    task = Task(env=PracticeSpec(seed=4), steps=steps)
    episode = await Agent(PracticeEnv(4), record=tmp_path / "e").run(task)
    assert episode.stop is StopReason.DONE
    replayed = await replay(tmp_path / "e")
    assert (replayed.stop, replayed.complete) == (StopReason.DONE, True)


async def test_what_is_shown_can_be_checked_and_says_what_there_is() -> None:
    async def run(condition: dict[str, object]) -> str:
        steps = (
            TaskStep.of({"open_app": "Settings"}),
            TaskStep.of({"check": {"shows": condition}}),
        )
        episode = await Agent(PracticeEnv(4)).run(Task(steps=steps))
        check = episode.steps[-1].check
        assert check is not None
        return "" if check.passed else check.detail

    assert await run({"text": "Display"}) == ""
    assert await run({"contains": "Displ"}) == ""
    assert await run({"text": "Nirvana", "absent": True}) == ""
    assert "Settings" in await run({"text": "Nirvana"})
    assert "not checked" in await run({"id": "display", "checked": True})


async def test_a_point_of_the_screen_is_where_the_finger_goes() -> None:
    at = await desk()
    shown = next(s for s in await at.env.shown() if s.text == "Settings")
    left, top, right, bottom = shown.box
    for x, y in ((left, top), (right - 1, top), (left, bottom - 1), (right - 1, bottom - 1)):
        await at.do(action="home")
        await at.do(action="click", point=list(Point(x, y)))
        assert at.env.phone.current[0] == "org.eyehand.settings"
