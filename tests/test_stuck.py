"""Runs that get nowhere are noticed soon, stopped at last, and replay as they were."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from stuck_loops import DEAD, LOOPS, NOTE
from stuck_phone import Loop, Say, app, at, do, looped, tap

from eyehand.agent import Agent, Limits, Task, TaskStep, replay
from eyehand.envs import Episode, PracticeEnv, Step, StopReason
from eyehand.model import Message, Reply

BY_NAME = {loop.name: loop for loop in LOOPS}


def grades(episode: Episode) -> list[str]:
    return [step.trouble.grade for step in episode.steps if step.trouble is not None]


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: str(loop.name))
async def test_a_loop_is_noticed_within_five_steps_and_ends_stuck(loop: Loop) -> None:
    episode = await looped(loop)
    troubled = [step for step in episode.steps if step.trouble is not None]
    assert troubled, [str(step) for step in episode.steps]
    first = troubled[0]
    assert first.trouble is not None
    assert 0 <= first.index - len(loop.first) < loop.within, first
    assert loop.kind in ("*", first.trouble.kind), first.trouble
    assert grades(episode) == ["tell", "change", "stop"]
    assert episode.stop is StopReason.STUCK
    assert len(episode.steps) - len(loop.first) <= 13
    assert episode.end is not None
    assert episode.end.detail == troubled[-1].trouble.words if troubled[-1].trouble else False


def test_there_are_as_many_kinds_of_loops_as_promised() -> None:
    assert len(BY_NAME) == len(LOOPS) >= 25


async def test_the_model_is_told_and_then_begins_anew_without_its_past() -> None:
    loop, shown = BY_NAME["two dead spots in turn"], []

    env = PracticeEnv(loop.seed)
    model = loop.model(env)
    reply = model.reply

    async def heard(messages: Sequence[Message], **bounds: Any) -> Reply:
        shown.append("\n".join(message.text for message in messages))
        return await reply(messages, **bounds)

    model.reply = heard  # type: ignore[method-assign]
    episode = await Agent(env, model).run(Task.goal("get on", limits=Limits(errors=9)))
    assert grades(episode) == ["tell", "change", "stop"]
    tell, change = (step for step in episode.steps[:-1] if step.trouble is not None)
    assert tell.trouble is not None
    assert change.trouble is not None
    assert tell.trouble.words in shown[tell.index + 1]
    assert "click (480, 700)" in tell.trouble.words
    assert len(shown[change.index + 1]) < len(shown[change.index])
    assert "So far, among others: click (480, 700)" in shown[change.index + 1]


@pytest.mark.parametrize(
    "name",
    ["two dead spots in turn", "a tool that fails", "a dead tap while a film runs"],
)
async def test_a_stuck_run_replays_as_it_was(name: str, tmp_path: Path) -> None:
    episode = await looped(BY_NAME[name], record=tmp_path / "run")
    again: list[Step] = []

    async def keep(step: Step) -> None:
        again.append(step)

    replayed = await replay(tmp_path / "run", on_step=keep)
    assert replayed.stop is StopReason.STUCK
    assert replayed.complete
    assert [step.trouble for step in again] == [step.trouble for step in episode.steps]


async def test_a_person_is_asked_once_and_the_second_time_the_run_stops(tmp_path: Path) -> None:
    asked: list[str] = []

    async def answer(question: str) -> str:
        asked.append(question)
        return "try the other one"

    loop = BY_NAME["a tap on a dead spot"]
    episode = await looped(loop, ask=answer, record=tmp_path / "run")
    assert grades(episode) == ["tell", "change", "ask", "tell", "change", "stop"]
    assert len(asked) == 1
    assert "What shall be done?" in asked[0]
    assert episode.stop is StopReason.STUCK
    (told,) = [s.told for s in episode.steps if s.trouble and s.trouble.grade == "ask"]
    assert "The user says: try the other one" in told
    prompts: list[str] = []
    replayed = await replay(
        tmp_path / "run", on_prompt=lambda messages: prompts.append(str(messages))
    )
    assert replayed.complete
    assert len(asked) == 1
    # Begun anew, what it tried is forgotten, and not what the user said.
    assert "(The user said: try the other one)" in prompts[-1]


async def said(*ways: Say, seed: int = 3, **more: Any) -> Episode:
    """Run what is said once, to its end."""
    loop = Loop("once", [do(action="done")], ways, seed=seed)
    return await looped(loop, **more)


async def test_a_new_screen_calms_it_down() -> None:
    episode = await said(DEAD, DEAD, DEAD, app("notes"), DEAD, do(action="home"), DEAD, DEAD)
    assert grades(episode) == ["tell"]
    margin = at(8, 900)
    episode = await said(DEAD, DEAD, DEAD, DEAD, app("notes"), margin, margin, margin)
    assert grades(episode) == ["tell", "tell"]
    assert episode.stop is StopReason.DONE


async def test_the_same_for_another_goal_is_no_repeat() -> None:
    loop = Loop("twice", [DEAD, DEAD, do(action="done")])
    env = PracticeEnv(3)
    task = Task(name="t", steps=(TaskStep(goal="one"), TaskStep(goal="two")))
    episode = await Agent(env, loop.model(env)).run(task)
    assert episode.stop is StopReason.DONE
    assert grades(episode) == []


async def test_a_task_may_want_none_of_it() -> None:
    env = PracticeEnv(3)
    model = BY_NAME["a tap on a dead spot"].model(env)
    limits = Limits(steps=12, stuck=False)
    episode = await Agent(env, model).run(Task.goal("tap", limits=limits))
    assert episode.stop is StopReason.STEP_LIMIT
    assert grades(episode) == []


LEGITIMATE: dict[str, Sequence[Say]] = {
    "nought nine times": [app("calculator"), tap("key_1"), *[tap("key_0")] * 9],
    "a digit deleted, six times": [
        app("calculator"),
        *[tap(f"key_{digit}") for digit in "314159"],
        *[tap("Delete last")] * 6,
    ],
    "down a long page": [app("settings"), *[do(action="scroll", direction="down", amount=1)] * 3],
    "a slow app": [app("notes"), *[do(action="wait", seconds=1)] * 4, tap("New note")],
    "months ahead": [app("calendar"), *[tap("Next month")] * 10],
    "out of a deep page": [
        app("settings"),
        tap("Display"),
        do(action="back"),
        tap("Sound"),
        do(action="back"),
        do(action="back"),
        app("notes"),
        tap("New note"),
        do(action="back"),
        do(action="back"),
    ],
    "a text, letter by letter, and away with it": [
        *NOTE,
        *[do(action="type", text=letter) for letter in "aaab"],
        *[do(action="key", keys="backspace")] * 4,
    ],
    "three tools, one after the other": [
        do(action="call_tool", name="stock", arguments={"item": item})
        for item in ("tea", "rice", "milk", "salt", "soap")
    ],
    "a tap that misses, twice, and then another way": [DEAD, DEAD, app("notes")],
}


@pytest.mark.parametrize("name", LEGITIMATE)
async def test_what_people_do_again_for_good_reasons_is_no_trouble(name: str) -> None:
    episode = await said(*LEGITIMATE[name])
    assert [(str(s), s.trouble) for s in episode.steps if s.trouble] == []
    assert episode.stop is StopReason.DONE
