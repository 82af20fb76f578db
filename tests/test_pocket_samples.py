"""What the pocket model learns from: the same in any process, true, and what is held out is not."""

import asyncio
import json
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
import pytest
import small as rig
from PIL import Image as Pillow

from eyehand.actions import Click, OpenApp
from eyehand.actions.geometry import Frame
from eyehand.agent import Agent, Limits, Task
from eyehand.agent.pocket.curriculum import Curriculum, shared
from eyehand.agent.pocket.grounding import buttons, on_part, on_screen, spoken
from eyehand.agent.pocket.held_out import (
    FIRST_SEED,
    NAMES,
    SIZE,
    THEME,
    is_held_out,
    names_one,
)
from eyehand.agent.pocket.lessons import Lesson, _Pupil, aside, learnt, lesson_on
from eyehand.agent.pocket.looking import Looking, covered, scattered, seen
from eyehand.agent.pocket.looks import EVERY, PLAIN, SCREEN, WIDE, Looks
from eyehand.agent.pocket.pictures import (
    THINGS,
    Thing,
    drawn_in,
    labels,
    picture,
    piece_label,
    piece_labels,
    pieces_in,
    things_on,
    token_at,
)
from eyehand.agent.pocket.reading import Reading, found, written
from eyehand.agent.pocket.recipe import ACTING, PARTS, Shares
from eyehand.agent.pocket.rollouts import Rollout, read_rollouts, rollouts_in, write_rollouts
from eyehand.agent.pocket.screens import control, controls, short, wandered
from eyehand.agent.pocket.telling import repeated
from eyehand.agent.pocket.telling import told as without_picture
from eyehand.agent.pocket.vocabulary import pocket_vocabulary, prompts_of
from eyehand.agent.pocket.words import Words
from eyehand.envs.practice.draw import Canvas
from eyehand.envs.practice.env import PracticeEnv
from eyehand.envs.practice.fonts import Font
from eyehand.envs.practice.phone import Phone
from eyehand.envs.practice.tasks import FAMILIES
from eyehand.envs.practice.written import Inked, Written
from eyehand.model import Image, ScriptedModel, Size
from eyehand.model.chat import prompt_hash
from eyehand.model.training.sample import Sample
from eyehand.model.training.vocabulary import train_vocabulary


@cache
def words() -> Words:
    return Words.gathered(2)


def small(per_step: int = 12) -> Curriculum:
    """All stages of all parts, one step each, of few samples."""
    every = (stage for part in PARTS.values() for stage in part.stages)
    stages = tuple(replace(stage, steps=1, samples=per_step) for stage in every)
    return Curriculum(replace(ACTING, stages=stages, phones=2), words(), rig.vocabulary())


def letters_of(sample: Sample) -> str:
    """Give the letters that are said to be drawn in its first picture."""
    names = [name for of in sample.drawn[0].values() for name in of]
    return "".join(name[:-1] for name in names if is_letter(name))


def is_letter(label: str) -> bool:
    return label[-1].isdigit()  # the number of its place


def answered(sample: Sample) -> list[tuple[str, str]]:
    """Give what is asked in a sample, and the answers."""
    texts = [message.text for message in sample.messages[1:]]
    return [
        (asked.rstrip("\n"), reply) for asked, reply in zip(texts[::2], texts[1::2], strict=True)
    ]


def told(sample: Sample) -> list[object]:
    """Give all that a sample says, as plain data."""
    drawn = {number: dict(letters) for number, letters in sample.drawn.items()}
    return [prompt_hash(sample.messages), list(sample.learn), sorted(drawn.items()), sample.weight]


def shown(sample: Sample) -> list[Image]:
    return [part for m in sample.messages for part in m.parts if isinstance(part, Image)]


IN_ANOTHER_PROCESS = """
import json, sys
sys.path.insert(0, sys.argv[1])
from test_pocket_samples import small, told
source = small(6)
print(json.dumps([told(one) for step in (7, 2) for one in source.batch(step)]))
"""


def test_a_step_is_the_same_in_another_process_and_in_any_order() -> None:
    source = small(6)
    here = [told(one) for step in (7, 2) for one in source.batch(step)]
    there = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS, str(Path(__file__).parent)],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert json.loads(there.stdout) == json.loads(json.dumps(here))
    assert here != [told(one) for step in (6, 3) for one in source.batch(step)]
    # What goes on from other weights learns other things: else those of before would come again.
    after = replace(source, begun="another")
    assert not any(told(one) in here for step in (7, 2) for one in after.batch(step))


def test_no_sample_shows_or_says_a_name_that_is_held_out() -> None:
    said: list[str] = []
    source = small()
    for step in range(source.steps):
        for sample in source.batch(step):
            said += [message.text for message in sample.messages]
    assert len(said) > 300
    assert not names_one(said)
    assert len(NAMES) > 3
    draw = Random("made up")
    assert not any(is_held_out(words().made_up(draw)) for _ in range(500))
    assert not names_one(words().shown)


def test_a_held_out_name_is_found_wherever_it_stands() -> None:
    name = sorted(NAMES)[0]
    assert names_one([f"Call {name.capitalize()} now"])
    assert names_one([f"{name}.wolf@post.example"])
    assert names_one([f"({name.upper()})"])
    assert not names_one([f"{name}ette", "Call home"])


def test_phones_that_are_trained_on_are_never_those_that_are_held_out() -> None:
    for looks in {stage.looks for part in PARTS.values() for stage in part.stages}:
        assert THEME not in looks.themes
        assert SIZE not in looks.sizes
        draw = Random("phones")
        for _ in range(5):
            phone = looks.phone(draw)
            assert phone.state.seed >= FIRST_SEED
            assert phone.state.theme in looks.themes
            assert not any(side % 28 for side in phone.size)


def test_each_step_has_as_many_samples_as_its_stage_says() -> None:
    source = small(12)
    names = [source.stage(step).name for step in range(source.steps)]
    assert names == [stage.name for part in PARTS.values() for stage in part.stages]
    assert all(len(source.batch(step)) == 12 for step in range(source.steps))
    shorter = replace(source, length=3)
    assert shorter.steps == 3
    # The middle of the first third of the steps.
    assert shorter.stage(0).name == names[len(names) // 6]
    for step in (-1, 3):
        with pytest.raises(IndexError, match="3 steps"):
            shorter.stage(step)
    counts = Counter[str]()
    for number in range(400):
        parts = shared(Random(number), 8, {"a": 0.05, "b": 0.2, "c": 0.0, "d": 0.75})
        assert sum(count for _, count in parts) == 8
        assert all(count in (int(8 * s), int(8 * s) + 1) for name, count in parts
                   for s in ({"a": 0.05, "b": 0.2, "d": 0.75}[name],))  # fmt: skip
        counts.update(dict(parts))
    assert counts["a"] == pytest.approx(160, rel=0.2)
    assert counts["b"] == pytest.approx(640, rel=0.1)
    with pytest.raises(ValueError, match="1 together"):
        Shares(reading=0.5)


@pytest.mark.parametrize("looks", [PLAIN, EVERY])
def test_what_is_said_to_be_drawn_is_drawn_there(looks: Looks) -> None:
    kind = Reading((1, 3, 5), (1, 2))
    screen = wandered(Random("screen"), looks)
    for number in range(60):
        draw = Random(f"drawn {number}")
        sample = written(draw, kind, looks, words()) if number % 2 else found(draw, kind, screen)
        if sample is None:
            continue
        (image,) = shown(sample)
        reply = sample.messages[-1].text
        drawn = sample.drawn[0]
        assert sorted(letters_of(sample)) == sorted("".join(reply.split()))
        height, width = image.pixels.shape[:2]
        assert image.resized == Size(width, height)
        # Letters stand out from the ground, and only they do.
        ground = np.median(image.pixels.reshape(-1, 3), axis=0)
        inked = (np.abs(image.pixels - ground).max(axis=2) > 24).astype(int)
        cells = inked.reshape(height // 28, 28, width // 28, 28).sum(axis=(1, 3)).ravel()
        for cell, letters in drawn.items():
            assert cells[cell] > 0, letters
        across = width // 28
        near = {
            (cell // across + down, cell % across + right)
            for cell in drawn for down in (-1, 0, 1) for right in (-1, 0, 1)
        }  # fmt: skip
        for cell, ink in enumerate(cells):
            assert not ink or divmod(cell, across) in near


def test_a_letter_belongs_to_the_token_that_its_middle_lies_in() -> None:
    letters = [Inked("a", 20, 0, 30, 10), Inked("b", 27, 0, 35, 10), Inked("c", 0, 27, 4, 33),
               Inked("d", 100, 0, 120, 9)]  # fmt: skip
    things = [Thing("on", 40, 50), Thing("off", 60, 0)]
    # Two places in each of the four patches: "a" stands in the second patch, on its right.
    assert drawn_in(letters, Size(56, 56), things) == {
        0: ("a3",),
        1: ("b0",),
        2: ("c0",),
        3: ("on",),
    }
    with pytest.raises(ValueError, match="multiples of 28"):
        picture(np.zeros((28, 30, 3), np.uint8))


def test_every_label_has_a_name_of_its_own() -> None:
    made = labels(words().alphabet)
    assert len(set(made)) == len(made) == 8 * len(words().alphabet) + len(THINGS)


def written_lines(draw: Random, kind: Looking, looks: Looks, words: Words) -> Sample:
    return covered(draw, kind, looks, words, rig.vocabulary())


@pytest.mark.parametrize("make", [scattered, written_lines])
def test_a_picture_to_look_at_says_what_ink_stands_where(make: Callable[..., Sample]) -> None:
    kind = Looking((Size(4, 4), Size(5, 2)), filled=0.2)
    for number in range(20):
        sample = make(Random(number), kind, PLAIN, words())
        assert not sample.learn
        (image,) = shown(sample)
        across = image.resized.width // 28
        ground = np.median(image.pixels.reshape(-1, 3), axis=0)
        for token, names in sample.drawn[0].items():
            for name in filter(is_letter, names):
                place, (row, column) = int(name[-1]), divmod(token, across)
                left, top = 28 * column + 7 * (place % 4), 28 * row + 14 * (place // 4)
                near = image.pixels[max(0, top - 7) : top + 21, max(0, left - 4) : left + 11]
                assert (np.abs(near - ground).max(axis=2) > 24).any(), name


def test_parts_of_a_screen_show_what_stands_on_it_there() -> None:
    screen = wandered(Random("parts"), EVERY, rig.vocabulary())
    (whole,) = seen(Random(1), Looking((Size(10, 22),)), screen, 1)
    letters = sorted(letter.text for run in screen.runs for letter in run.letters)
    assert sorted(letters_of(whole)) == sorted("".join(letters))
    told = {name for names in whole.drawn[0].values() for name in names}
    assert {"Back", "Home", "Recent", "battery_full"} <= told
    for sample in seen(Random(2), Looking((Size(5, 4),)), screen, 5):
        assert shown(sample)[0].resized == Size(140, 112)
        assert max(sample.drawn[0], default=0) < 20


def test_a_piece_of_a_word_is_told_where_it_ends() -> None:
    cut = train_vocabulary([" Night light"] * 9 + [" Wallpaper"] * 9, 300)
    image = Pillow.new("RGB", (280, 56), "white")
    note = Written()
    canvas, font = Canvas(image, written=note), Font("Roboto", 14, bold=False)
    canvas.text(3, 3, "Night lightly", font, (0, 0, 0))
    canvas.text(3, 30, "Grüße 7:30", font, (0, 0, 0))
    found = pieces_in(note.runs(), cut)
    names = [piece.name for piece in found]
    assert names[:4] == [piece_label(text) for text in (" Night", " light", "l", "y")]
    # Of a letter that is cut in two the rest of its word is left out, and of no other.
    assert names[4:] == [piece_label(text) for text in ("G", "r", "7", ":", "3", "0")]
    letters = note.runs()[0].letters
    assert (found[0].x, found[0].y) == letters[4].middle
    assert (found[1].x, found[1].y) == letters[9].middle
    assert {piece_label(" Night"), piece_label("7")} <= {*piece_labels(cut).values()}
    assert not {*labels(words().alphabet)} & {*piece_labels(cut).values()}


def test_a_switch_says_whether_it_is_on() -> None:
    phone = Phone(FIRST_SEED, size=SCREEN)
    phone.open_app("clock")
    phone.advance(3)
    switches = [node for node in phone.tree().walk() if node.role == "switch"]
    told = [thing.name for thing in things_on(phone) if thing.name in ("on", "off")]
    # The last may be cut off by the edge.
    assert len(told) >= len(switches) - 1 > 1
    assert told == ["on" if node.checked else "off" for node in switches][: len(told)]
    assert set(told) == {"on", "off"}


def test_what_lies_beside_a_menu_is_there_and_what_lies_under_it_is_not() -> None:
    phone = Phone(FIRST_SEED, size=SCREEN)
    phone.open_app("files")
    phone.advance(3)
    before = {thing.name for thing in things_on(phone)}
    (button, *_) = [n for n in phone.tree().walk() if n.label.startswith("Actions for")]
    phone.tap(*button.box.centre)
    phone.advance(3)
    assert len(phone.scene().layers) > 1
    after = [thing for thing in things_on(phone)]
    assert {"Back", "Sort"} <= before & {thing.name for thing in after}
    menu = phone.scene().layers[-1].box
    under = [t for t in after if t.name == "Actions" and menu.holds(t.x, t.y)]
    assert not under


def test_a_click_that_is_learnt_opens_what_was_asked_for() -> None:
    asked = 0
    for number in range(6):
        screen = wandered(Random(f"open {number}"), EVERY)
        draw = Random(number)
        cut = on_part(draw, screen, Size(5, 6))
        every = [*on_screen(draw, screen, 4), *([] if cut is None else [cut])]
        for sample, question, reply in ((s, *pair) for s in every for pair in answered(s)):
            size = shown(sample)[-1].resized
            (action,) = spoken().parse(reply, Frame("p", size, size).planned(size)).actions
            if not isinstance(action, Click):
                continue
            assert action.point is not None
            name = question.removeprefix("Where is ").removesuffix("?")
            if size == screen.phone.size:
                views = screen.phone.scene().hits(*action.point)
                inside = {text for view in views for one in view.walk()
                          for text in (one.text, one.label)}  # fmt: skip
                assert name in inside
                asked += 1
            x, y = map(int, action.point)
            assert 0 <= x < size.width
            assert 0 <= y < size.height
    assert asked > 5


@pytest.mark.parametrize("cells", [Size(2, 2), Size(3, 2), Size(9, 20)])
def test_a_part_lies_within_its_screen_wherever_its_thing_is(cells: Size) -> None:
    screen = wandered(Random("edges"), EVERY)
    made = [on_part(Random(number), screen, cells) for number in range(30)]
    parts = [sample for sample in made if sample is not None]
    assert len(parts) > 3
    for sample in parts:
        assert shown(sample)[0].resized == Size(28 * cells.width, 28 * cells.height)


def test_of_two_things_with_one_name_neither_is_asked_for() -> None:
    phone = Phone(FIRST_SEED, size=SCREEN)
    phone.open_app("calculator")
    phone.advance(3)
    screen = replace(wandered(Random(1), PLAIN), phone=phone, pixels=phone.pixels())
    names = [name for name, _ in controls(screen)]
    assert len(set(names)) == len(names)
    seven = dict(controls(screen))["7"]
    found = control(screen, "7", seven)
    assert found is not None
    assert found.box.holds(*found.point)
    assert control(screen, "no such thing", seven) is None


def test_words_on_a_made_picture_lie_apart_and_one_is_asked_for() -> None:
    for number in range(40):
        sample = buttons(Random(number), EVERY, words(), Size(5, 4), 4)
        assert sample.learn == tuple(range(2, len(sample.messages), 2))
        for question, reply in answered(sample):
            assert question.startswith(("Where is ", "What is at "))
            assert reply.startswith("click " if question.startswith("Where") else "answer ")


def lessons(family: str, seed: int = FIRST_SEED, **more: object) -> Lesson:
    for number in range(seed, seed + 40):
        phone = EVERY.phone(Random(number), number)
        if (lesson := lesson_on(phone, family, **more)) is not None:  # type: ignore[arg-type]
            return lesson
    raise AssertionError(f"no phone has anything for {family}")


@pytest.mark.parametrize("family", ["switch_setting", "add_contact", "tell_number", "note_down"])
def test_the_prompt_that_is_learnt_is_the_prompt_that_an_agent_is_given(family: str) -> None:
    samples = learnt(lessons(family, slips=0.3), Random("slips"), held_out=True)
    lesson = lessons(family)
    # The same way again, by a script: what was said is in the prompts that came after.
    said = learnt_replies(lessons(family, slips=0.3), Random("slips"))
    env = PracticeEnv(phone=lesson.phone)
    agent = Agent(env, ScriptedModel(said), dialect="pocket", tools=lesson.tools)
    episode = asyncio.run(agent.run(Task.goal(lesson.task.goal)))
    prompts = [step.prompt for step in episode.steps if step.prompt is not None]
    assert len(prompts) == len(samples) > 2
    assert prompts == [prompt_hash(sample.messages[:2]) for sample in samples]


def learnt_replies(lesson: Lesson, draw: Random) -> list[str]:
    """Go through a lesson and give what was said in it, slips included."""
    said: list[str] = []
    pupil = _Pupil(lesson, draw, None, True)
    env = PracticeEnv(phone=lesson.phone)
    agent = Agent(env, pupil, dialect=pupil.dialect, tools=lesson.tools)
    limits = Limits(steps=lesson.most)
    for step in aside(agent.run(Task.goal(lesson.task.goal, limits=limits))).steps:
        said.append(step.reply or "")
    return said


def test_what_is_clicked_is_named_by_what_stands_on_it_or_what_it_is_called() -> None:
    lesson = lessons("delete_alarm")
    said = learnt_replies(lessons("delete_alarm"), Random("named"))
    phone, named = lesson.phone, 0
    frame = Frame("phone", SCREEN, SCREEN).planned(SCREEN)
    for reply in said:
        parsed = spoken().parse(reply, frame)
        (action,) = parsed.actions
        if isinstance(action, Click) and action.point is not None:
            views = phone.scene().hits(*action.point)
            inside = [one for view in views for one in view.walk()]
            texts = [text for one in inside for text in (one.text, one.label)]
            assert parsed.thought
            assert any(text.startswith(parsed.thought) for text in texts)
            assert len(parsed.thought) <= 24
            phone.tap(*action.point)
            named += 1
        elif isinstance(action, OpenApp):
            phone.open_app(next(k for k, app in phone.apps.items() if app.label == action.name))
        phone.advance(3)
    assert named == 3


def test_what_a_row_says_is_meant_where_its_switch_is_tapped() -> None:
    """And nothing on the picture, while it is looked for."""
    told_elsewhere = looked_for = 0
    for family in ("switch_alarm", "remove_city", "delete_note"):
        for sample in learnt(lessons(family), Random(5), held_out=True):
            reply = sample.messages[2].text
            (action,) = spoken().parse(reply, Frame("p", SCREEN, SCREEN).planned(SCREEN)).actions
            if isinstance(action, Click) and action.point is not None:
                token = sample.pointed[0]
                assert token is not None
                assert sample.aimed[2] == (0, token)
                assert sample.drawn[0].get(token)  # something is written there
                told_elsewhere += token != token_at(*action.point, SCREEN)
            elif action.action == "scroll":
                assert sample.pointed == {0: None}
                assert sample.aimed[2] == (0, None)
                looked_for += 1
            else:
                assert not sample.pointed
                assert 2 not in sample.aimed
    assert told_elsewhere >= 2
    assert looked_for


def test_an_alarm_is_told_by_its_label_and_not_by_its_time() -> None:
    """On its page, and beside its switch; its days stand behind the label and are not meant."""
    for family in ("delete_alarm", "switch_alarm"):
        lesson = lessons(family)
        label = lesson.task.params["alarm"]["label"]
        (_, sample, *_) = learnt(lesson, Random(3), held_out=True)
        ((picture, token),) = sample.pointed.items()
        assert token is not None
        assert label.split()[-1][-1] in {name[:-1] for name in sample.drawn[picture][token]}
        if family == "delete_alarm":
            assert sample.messages[2].text.startswith(f'click "{short(label)}"')


def test_a_name_is_as_many_of_its_words_as_it_takes_to_know_it() -> None:
    assert short("Wi-Fi") == "Wi-Fi"
    assert short("  Bring the umbrella and the keys ") == "Bring the umbrella and"
    assert short("Internationally renowned restaurants") == "Internationally renowned"
    assert short("x" * 30) == "x" * 24
    assert short("") == ""


@pytest.mark.parametrize("family", ["call_contact", "favourite_contact", "delete_contact"])
def test_people_are_searched_for_by_their_whole_name(family: str) -> None:
    lesson = lessons(family)
    said = [sample.messages[2].text for sample in learnt(lesson, Random(2), held_out=True)]
    assert said[:2] == ['open "Contacts"', said[1]]
    assert said[1].startswith('click "Search contacts"')
    assert said[2] == f'type "{lesson.task.params["name"]}"'
    assert said[-1] == "done"


def test_letters_of_other_scripts_are_repeated_too() -> None:
    made = [words().foreign(Random(number)) for number in range(200)]
    assert all(one.isalpha() and not is_held_out(one) for one in made)
    scripts = {unicodedata.name(one[0]).split()[0] for one in made}
    assert scripts >= {"LATIN", "GREEK", "CYRILLIC", "ARABIC", "HEBREW", "CJK", "HANGUL"}
    copied = [repeated(Random(number), words()) for number in range(60)]
    assert all(one.copied == one.learn for one in copied)
    assert any(not one.messages[2].text.isascii() for one in copied)


def test_steps_that_are_told_say_the_same_without_a_picture() -> None:
    for sample in learnt(lessons("switch_setting"), Random(3), held_out=True):
        bare = without_picture(sample)
        assert shown(sample)
        assert not shown(bare)
        assert not bare.drawn
        assert not bare.pointed
        assert not bare.aimed
        assert bare.learn == (2,)
        assert [m.text for m in bare.messages] == [m.text for m in sample.messages[:3]]


def test_what_is_to_be_repeated_stands_in_the_goal() -> None:
    frame = Frame("picture", SCREEN, SCREEN).planned(SCREEN)
    kinds = set()
    for number in range(60):
        sample = repeated(Random(number), words())
        (action,) = spoken().parse(sample.messages[2].text, frame).actions
        kinds.add(action.action)
        text = action.name if isinstance(action, OpenApp) else action.text  # type: ignore[union-attr]
        assert text in sample.messages[1].text
        assert not shown(sample)
        assert sample.messages[0].text == "Phone"
    assert kinds == {"type", "open_app", "answer"}


@pytest.mark.parametrize("part", range(4))
def test_every_family_gives_samples_of_acting(part: int) -> None:
    for family in sorted(FAMILIES)[part::4]:
        samples = learnt(replace(lessons(family), most=2), Random(1), held_out=True)
        assert samples, family
        for sample in samples:
            reply = sample.messages[2].text
            frame = Frame("phone", SCREEN, SCREEN).planned(SCREEN)
            assert spoken().parse(reply, frame).actions
            assert shown(sample)[-1].resized == SCREEN
            assert len(shown(sample)) == 1


@pytest.mark.parametrize("family", ["switch_alarm", "add_contact", "tell_number"])
def test_the_oracle_finds_back_from_slips(family: str) -> None:
    lesson = lessons(family, slips=0.5)
    samples = learnt(lesson, Random(2), held_out=True)
    assert samples[-1].messages[2].text == "done"
    straight = learnt(lessons(family), Random(3), held_out=True)
    assert straight[-1].messages[2].text == "done"
    assert len(samples) > len(straight)


def rollout_of(lesson: Lesson, said: tuple[str, ...]) -> Rollout:
    state = lesson.phone.state
    dark = state.settings["secure"]["ui_night_mode"] == "2"
    return Rollout(lesson.family, state.seed, state.natural, state.theme, dark, "1.0", said)


def test_what_a_model_did_is_gone_through_again_and_set_right(tmp_path: Path) -> None:
    said = ("click 140 300", "flub", "back")
    rollout = rollout_of(lessons("switch_setting"), said)
    path = rollouts_in(tmp_path, 1000)
    write_rollouts(path, [rollout, rollout.having(("home",), passed=True)])
    first, second = read_rollouts(path)
    assert (first, second.said, second.passed) == (rollout, ("home",), True)
    samples = learnt(first.lesson(), Random(1), held_out=True)
    assert "flub (Your reply could not be used" in samples[2].messages[1].text
    assert [sample.messages[2].text for sample in samples[:2]] != list(said[:2])
    assert samples[-1].messages[2].text == "done"
    path.write_text("{}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"jsonl:1 is no rollout"):
        read_rollouts(path)


def test_what_a_model_does_is_learnt_from_once_no_worker_can_be_ahead_of_it(tmp_path: Path) -> None:
    last = ACTING.stages[-1]
    stage = replace(last, steps=3000, samples=2, shares=Shares(dagger=1.0))
    recipe = replace(ACTING, stages=(stage,))
    source = Curriculum(recipe, words(), rig.vocabulary(), None, tmp_path, 1000)
    without = [told(one) for one in source.batch(1499)]
    lesson = lessons("switch_setting")
    rollout = rollout_of(lesson, ("home",))
    write_rollouts(rollouts_in(tmp_path, 1000), [rollout])
    assert [told(one) for one in source.batch(1499)] == without
    goals = {sample.messages[1].text.splitlines()[0] for sample in source.batch(1500)}
    assert goals == {lesson.task.goal.splitlines()[0]}


def test_the_vocabulary_has_prompts_in_words_and_knows_no_name_that_is_held_out() -> None:
    prompts = prompts_of(4)
    made = pocket_vocabulary(prompts, words())
    assert made.to_json() == pocket_vocabulary(prompts, words()).to_json()
    assert made.size <= 4096
    system = spoken().messages("", (), picture(np.zeros((28, 28, 3), np.uint8)))[0].text
    for word in ("system", "user", "assistant", "click", "scroll", "infeasible", system):
        assert len(made.letters(word)) == 1, word
    assert len(made.letters("Where is Bluetooth?")) < 7
    assert not names_one(prompts)
    whole = {made.decode([token]).strip().casefold() for token in range(made.size)}
    assert not whole & NAMES
    for text in ("Grüße, 世界 \U0001f600", "click 140 312", "\u0915\u094d\u0937 \x00 tab\t"):
        assert made.decode(made.letters(text)) == text


def test_the_pocket_screen_shows_what_a_larger_phone_shows() -> None:
    for app in ("settings", "calculator", "clock"):
        small_phone, large = Phone(3, size=SCREEN), Phone(3)
        for phone in (small_phone, large):
            phone.open_app(app)
            phone.advance(3)
        first, other = (
            [node.text for node in phone.tree().walk() if node.text][:15]
            for phone in (small_phone, large)
        )
        assert first == other
    assert WIDE.sizes[0] == SCREEN
