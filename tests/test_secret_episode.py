"""A run that types secrets leaves none behind: no file, no word, no picture; and it replays."""

import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from paper_env import PaperEnv
from secret_rig import SECRET, Desk, Drawn, bytes_of, pickled, pictures_of, require_none

from eyehand.actions import Context, tool
from eyehand.agent import Agent, Limits, Task, TaskStep, replay
from eyehand.agent.secret_store import Secrets
from eyehand.envs import Delivery, Episode, Observation, Outcome, PracticeEnv, StopReason
from eyehand.envs.masking_shapes import Area
from eyehand.envs.practice.phone import Phone
from eyehand.model import Message, Reply, ScriptedModel
from eyehand.model.chat import Image

SECRETS = Secrets({"name": SECRET, "pin": "2580"})
NAME_BOX = Area(24, 138, 516, 222)


class Listener(ScriptedModel):
    """Keeps what it was told, and every picture."""

    def __init__(self, replies: Sequence[Any]) -> None:
        super().__init__(replies)
        self.told: list[str] = []
        self.pictures: list[Any] = []

    async def reply(self, messages: Sequence[Message], **bounds: Any) -> Reply:
        for message in messages:
            self.told.append(message.text)
            self.pictures += [part.pixels for part in message.parts if isinstance(part, Image)]
        return await super().reply(messages)


async def opened(text: str) -> Desk:
    """Open the form of a contact, and type a name."""
    env = PracticeEnv(3)
    at = Desk(env, await env.reset())
    await at.do(action="open_app", name="contacts")
    await at.tap("New contact")
    await at.tap("name")
    await at.do(action="type", text=text)
    return at


async def control(text: str) -> Desk:
    """Work the form of a contact with nothing hidden."""
    at = await opened(text)
    await at.do(action="type", text=" and more")
    await at.tap("phone")
    await at.do(action="type", text="2580")
    await at.do(action="key", keys="enter")
    await at.do(action="back")  # the keyboard
    await at.do(action="back")  # asks whether to discard
    await at.tap("Cancel")
    await at.tap("name")
    await at.do(action="key", keys="ctrl+a")
    await at.tap("Save")
    await at.do(action="wait", seconds=5)
    return at


@tool
def look_up(what: str, context: Context) -> str:
    """Look something up.

    Args:
        what: What.
    """
    context.log(f"found {SECRET}")
    return f"{what}: {SECRET}"


async def answers(question: str) -> str:
    return f"it is {SECRET}"


async def test_an_episode_leaves_no_byte_and_no_pixel_of_a_secret(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    open_ = await control(SECRET)
    types = [n for n, done in enumerate(open_.done) if done.get("text") == SECRET]
    glyphs = Drawn(open_.frames[types[0]], open_.frames[types[0] + 1], NAME_BOX)
    assert glyphs.times(open_.frames) >= 8  # the control shows it: this is what is looked for
    script: list[Any] = []
    for done in open_.done:
        text = {SECRET: "{{secret:name}}", "2580": "{{secret:pin}}"}.get(done.get("text", ""))
        script.append({**done, "text": text} if text else done)
    script.insert(0, {"action": "ask_user", "question": "which name?"})
    script.insert(1, {"action": "call_tool", "name": "look_up", "arguments": {"what": "it"}})
    script.insert(2, {"action": "type", "text": "{{secret:nobody}}"})
    script.append({"action": "done"})
    model = Listener(script)
    folder = tmp_path / "e"
    steps: list[dict[str, Any]] = [
        {"goal": "make a contact"},
        {"check": {"shows": {"contains": "{{secret:name}}"}}},
    ]
    task = Task(
        name="t",
        steps=tuple(TaskStep.of(step) for step in steps),
        limits=Limits(stuck=False),
    )
    env = PracticeEnv(3)
    agent = Agent(env, model, tools=[look_up], ask=answers, secrets=SECRETS, record=folder)
    episode = await agent.run(task)
    assert episode.stop is StopReason.DONE, episode.end
    assert [s.action for s in episode.steps if s.error] == [episode.steps[2].action]
    assert "there are: name, pin" in episode.steps[2].told
    assert episode.steps[1].log == ("found {{secret:name}}",)
    assert episode.steps[2].result is not None
    assert episode.steps[2].result.delivery is Delivery.REFUSED

    left = bytes_of(folder)
    pictures = pictures_of(folder)
    assert len(pictures) >= 8
    said = capfd.readouterr()
    others = [
        ("prompts", "\n".join(model.told).encode()),
        ("steps", pickled([step.model_dump() for step in episode.steps], episode.end)),
        ("objects", pickled(episode.steps, episode.header)),
        ("shown", repr(episode.steps).encode()),
        ("stdout", said.out.encode()),
        ("stderr", said.err.encode()),
        ("log", caplog.text.encode()),
        ("agent", repr(vars(agent)).encode()),
    ]
    require_none(SECRET, [*left, *others])
    # Four digits are in many a time and hash by chance.
    lines = b"".join(body for name, body in left if name == "steps.jsonl")
    require_none("2580", [("steps.jsonl", re.sub(rb'\d+\.\d+|"[0-9a-f]{16,}"', b"", lines))])
    require_none("2580", [others[0]])
    assert glyphs.times(pictures) == 0
    assert glyphs.times(model.pictures) == 0
    # What a system tells of its screen is looked for too: the page that shows the saved contact.
    assert episode.steps[-1].check is not None
    assert "{{secret:name}}" in episode.steps[-1].check.detail
    # The rest is there to be seen: little is covered.
    covered = [float((p == 128).all(axis=2).mean()) for p in pictures]
    assert max(covered) < 0.15, covered

    replayed = await replay(folder)
    assert replayed.complete
    read = Episode.load(folder)
    assert read.header.secrets == ["name", "pin"]


async def test_without_secrets_to_fill_in_the_same_run_would_leave_them(tmp_path: Path) -> None:
    """The control of the search itself: it finds what is there."""
    open_ = await opened(SECRET)
    folder = tmp_path / "e"
    await Agent(
        PracticeEnv(3), ScriptedModel([*open_.done, {"action": "done"}]), record=folder
    ).run("make a contact")
    with pytest.raises(AssertionError, match=r"steps\.jsonl holds"):
        require_none(SECRET, bytes_of(folder))


async def test_a_secret_the_field_does_not_take_is_told_without_a_word_of_it(
    tmp_path: Path,
) -> None:
    phone = Phone(3)
    env = PracticeEnv(phone=phone)
    at = await opened("x")
    opening = at.done[:3]

    class Numbers(ScriptedModel):
        async def reply(self, messages: Sequence[Message], **bounds: Any) -> Reply:
            if phone.state.focus is not None:
                phone.state.focus["kind"] = "number"
            return await super().reply(messages)

    model = Numbers([*opening, {"action": "type", "text": "{{secret:odd}}"}, {"action": "done"}])
    secrets = Secrets({"odd": "77hunter2Zq"})
    folder = tmp_path / "e"
    episode = await Agent(env, model, secrets=secrets, record=folder).run("type it")
    wrong = episode.steps[3]
    assert wrong.error is not None
    assert "the field does not take all of" in wrong.error
    assert wrong.result is not None
    assert wrong.result.delivery is Delivery.UNKNOWN
    for _, body in bytes_of(folder):
        for part in (b"hunter", b"77hu", b"'772'"):
            assert part not in body
    # What did arrive is covered in all that is seen afterwards.
    shown = await opened("772")
    glyphs = Drawn(shown.frames[3], shown.frames[4], NAME_BOX)
    assert glyphs.times(shown.frames) > 0
    assert glyphs.times(pictures_of(folder)) == 0


async def test_an_env_that_fails_while_typing_says_no_secret_in_its_chain_of_causes() -> None:
    import traceback

    class Breaks(PracticeEnv):
        async def perform(self, action: Any, seen: Any) -> Any:
            if action.action == "type":
                try:
                    raise ValueError(f"cannot send {action.text!r}")
                except ValueError as error:
                    raise RuntimeError(f"command line: input text {action.text}") from error
            return await super().perform(action, seen)

    at = await opened("x")
    model = ScriptedModel([*at.done[:3], {"action": "type", "text": "{{secret:name}}"}])
    agent = Agent(Breaks(3), model, secrets=SECRETS)
    with pytest.raises(RuntimeError) as caught:
        await agent.run("type it")
    made = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    shown = "".join(made.format())
    assert "cannot send" in shown
    assert "input text" in shown
    assert SECRET not in shown
    assert agent.episode is not None
    assert agent.episode.end is not None
    assert SECRET not in repr(agent.episode.end)


async def test_the_field_of_a_password_shows_no_dots_and_stays_covered_when_it_is_submitted(
    tmp_path: Path,
) -> None:
    """Typing and sending in one action: the typing is seen by itself before the page changes."""
    phone = Phone(3)
    env = PracticeEnv(phone=phone)
    at = await opened("x")
    name = "{{secret:name}}\t{{secret:pin}}\n"
    steps = [*at.done[:3], {"action": "type", "text": name, "clear": True, "submit": True}]
    folder = tmp_path / "e"
    model = ScriptedModel([*steps, {"action": "done"}])
    episode = await Agent(env, model, secrets=SECRETS, record=folder).run("type it")
    assert episode.stop is StopReason.DONE
    typed = episode.steps[3]
    assert typed.error is None, typed.error
    assert str(typed.action).count("{{secret:") == 2
    assert phone.field is None or phone.field.key == "city"
    view = typed.after
    assert view is not None
    read = Episode.load(folder).pixels(view.picture)
    for box in (NAME_BOX, Area(24, 240, 516, 324)):
        inside = box.wider(-12, -20).of(read)
        assert np.unique(inside.reshape(-1, 3), axis=0).tolist() == [[128, 128, 128]]


async def test_a_secret_that_arrived_is_not_typed_again_where_the_enter_after_it_met_another_screen(
    tmp_path: Path,
) -> None:
    class Unlocking(PaperEnv):
        """Goes on to another screen as soon as the PIN is whole."""

        action_space = PaperEnv.action_space | {"key"}

        async def perform(self, action: Any, seen: Observation) -> Outcome:
            done = await super().perform(action, seen)
            if self.typed:
                self.sheet[40:] = 90  # after it had settled
            return done

    env = Unlocking()
    step = TaskStep.of({"type": {"text": "{{secret:pin}}", "submit": True}})
    agent = Agent(env, secrets=SECRETS, record=tmp_path / "e")
    made = await agent.run(Task(steps=(step,)))
    assert env.typed == "2580"
    assert made.stop is StopReason.FAILED
    assert made.steps[0].result is not None
    assert made.steps[0].result.delivery is Delivery.UNKNOWN
    assert "nothing was" not in made.steps[0].told
    assert (await replay(tmp_path / "e")).complete
