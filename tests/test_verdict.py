"""What is said of an action is what the pictures show, and no more."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eyehand.actions import Frame, Point, Size, parse_action
from eyehand.agent import Agent, PracticeSpec, Task, TaskStep, replay
from eyehand.agent.verdict import judge, words
from eyehand.envs import Effect, Episode, Observation, PracticeEnv, StopReason
from eyehand.envs.differing import Differing
from eyehand.envs.records import Change

PHONE = Size(540, 1200)
DESKTOP = Size(1280, 800)
CHANGED, UNCHANGED, UNKNOWN = Effect.CHANGED, Effect.UNCHANGED, Effect.UNKNOWN
Box = tuple[int, int, int, int]


def seen(size: Size, *boxes: Box, ground: int = 240, **extras: object) -> Observation:
    """A noisy picture, so that no accident makes it of one colour, with black boxes: l, t, w, h."""
    pixels = np.full((size.height, size.width, 3), ground, np.uint8)
    if ground == 240:
        pixels[::7, ::5] = 200
    for left, top, width, height in boxes:
        pixels[top : top + height, left : left + width] = (10, 20, 30)
    return Observation(pixels, Frame(":0", size, size), time=1.0, extras=extras)


def judged(size: Size, box: Box, effect: Effect = CHANGED, at: Point | None = None) -> Change:
    return judge(seen(size), seen(size, box), effect, () if at is None else (at,))


@st.composite
def changes(draw: st.DrawFn) -> tuple[Any, Any]:
    width, height = draw(st.integers(1, 200)), draw(st.integers(1, 200))
    before = np.zeros((height, width, 3), np.uint8)
    after = before.copy()
    for _ in range(draw(st.integers(1, 12))):
        left, top = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
        right, bottom = left + draw(st.integers(1, 60)), top + draw(st.integers(1, 60))
        after[top:bottom, left:right, draw(st.integers(0, 2))] ^= draw(st.integers(1, 255))
    return before, after


@given(changes())
def test_every_pixel_that_changed_is_in_a_place_and_no_place_is_larger_than_need_be(
    pair: tuple[Any, Any],
) -> None:
    before, after = pair
    differs = (before != after).any(axis=2)
    differing = Differing.of(before, after)
    if differing is None:
        assert not differs.any()
        return
    assert differing.share == pytest.approx(differs.mean())
    left_over = differs.copy()
    sizes = []
    for left, top, right, bottom in differing.areas():
        inside = differs[top:bottom, left:right]
        assert inside.shape == (bottom - top, right - left)
        for side in (inside[0], inside[-1], inside[:, 0], inside[:, -1]):
            assert side.any()
        left_over[top:bottom, left:right] = False
        sizes.append(inside.size)
    assert not left_over.any()
    assert sizes == sorted(sizes, reverse=True)


@given(changes())
def test_what_is_not_in_a_box_is_said_to_be_more(pair: tuple[Any, Any]) -> None:
    height, width = pair[0].shape[:2]
    frame = Frame(":0", Size(width, height), Size(width, height))
    before, after = (Observation(pixels, frame, time=1.0) for pixels in pair)
    change = judge(before, after, CHANGED)
    left_over = (pair[0] != pair[1]).any(axis=2)
    for left, top, right, bottom in change.boxes:
        left_over[int(top) : int(bottom), int(left) : int(right)] = False
    assert len(change.boxes) <= 4
    assert bool(left_over.any()) <= bool(change.more)
    assert words(change).startswith("the screen changed")
    assert Change.model_validate_json(change.model_dump_json()) == change


CENTRE = Point(640, 400)


@pytest.mark.parametrize(
    ("box", "said"),
    [
        ((600, 380, 80, 40), "the screen changed where you acted"),
        ((40, 700, 80, 40), "the screen changed, but not where you acted: lower left"),
        ((1100, 30, 80, 40), "the screen changed, but not where you acted: upper right"),
        ((0, 10, 1280, 50), "the screen changed, but not where you acted: top"),
        ((1000, 0, 280, 800), "the screen changed, but not where you acted: right"),
        ((0, 0, 1150, 760), "the screen changed all over"),
    ],
)
def test_it_is_said_where_the_screen_changed(box: Box, said: str) -> None:
    change = judged(DESKTOP, box, at=CENTRE)
    assert words(change) == said
    left, top, width, height = box
    assert change.boxes == ((left, top, left + width, top + height),)
    assert change.share == pytest.approx(width * height / (1280 * 800), rel=0.02)


def test_what_changed_elsewhere_too_is_said_with_it() -> None:
    boxes = [(600, 380, 80, 40), (40, 700, 90, 40)]
    change = judge(seen(DESKTOP), seen(DESKTOP, *boxes), CHANGED, [CENTRE])
    assert words(change) == "the screen changed where you acted, and elsewhere: lower left"
    # Without a point there is no such place.
    assert words(judged(DESKTOP, (40, 700, 90, 40))) == "the screen changed: lower left"
    many = [(100 + 230 * n, 100 + 300 * m, 30 + n, 30) for n in range(5) for m in range(2)]
    change = judge(seen(DESKTOP), seen(DESKTOP, *many), CHANGED, [Point(20, 780)])
    assert (len(change.boxes), change.more) == (4, 6)
    assert words(change).endswith(" and more")


def test_both_ends_of_a_drag_are_where_it_was() -> None:
    ends = [Point(100, 100), Point(1100, 700)]
    for end in ends:
        box = (int(end.x) - 9, int(end.y) - 9, 20, 20)
        assert judge(seen(DESKTOP), seen(DESKTOP, box), CHANGED, ends).at_point is True
    assert judge(seen(DESKTOP), seen(DESKTOP, (600, 400, 20, 20)), CHANGED, ends).at_point is False


def test_nothing_is_called_nothing() -> None:
    change = judge(seen(DESKTOP), seen(DESKTOP), UNCHANGED, [CENTRE])
    assert (change.kind, change.at_point, words(change)) == (
        "unchanged",
        False,
        "nothing changed on the screen",
    )
    back = judge(seen(DESKTOP), seen(DESKTOP), CHANGED, [CENTRE])
    assert (back.kind, back.boxes) == ("changed", ())
    assert words(back) == "the screen changed, and looks again as it did before"


NOISE = "nothing changed on the screen but what moves by itself (a caret, a clock)"


def test_a_film_is_not_taken_for_an_answer() -> None:
    """The env has seen more pictures: it knows what moves by itself."""
    film = judged(DESKTOP, (100, 100, 400, 300), UNCHANGED, CENTRE)
    assert film.kind == "noise"
    assert words(film) == "nothing changed on the screen but by itself: upper left"
    assert words(judged(DESKTOP, (630, 395, 20, 10), UNCHANGED, CENTRE)) == NOISE
    unsure = judged(DESKTOP, (100, 100, 400, 300), UNKNOWN, CENTRE)
    assert unsure.kind == "unknown"
    assert words(unsure) == "the screen changed, though perhaps by itself: upper left"


def test_a_caret_is_no_answer_but_where_it_was_asked_for() -> None:
    caret = (300, 300, 2, 20)
    assert words(judged(DESKTOP, caret, UNKNOWN, CENTRE)) == NOISE
    assert words(judged(DESKTOP, caret, UNKNOWN)) == NOISE
    there = judged(DESKTOP, caret, UNKNOWN, Point(305, 310))
    assert (there.kind, there.at_point) == ("unknown", True)
    assert words(there) == "the screen changed where you acted, though perhaps by itself"
    # The env saw that a caret came that had not been blinking there: a field has the keyboard now.
    assert judged(DESKTOP, caret, CHANGED, Point(305, 310)).kind == "changed"
    letter = judge(seen(DESKTOP, caret), seen(DESKTOP, (290, 305, 7, 9)), UNKNOWN)
    assert letter.kind == "unknown"


@pytest.mark.parametrize(
    ("size", "clock", "kind"),
    [
        (PHONE, (12, 8, 60, 16), "noise"),
        (PHONE, (12, 1180, 60, 16), "changed"),
        (PHONE, (12, 70, 60, 16), "changed"),
        (DESKTOP, (1200, 4, 60, 16), "noise"),
        (DESKTOP, (1200, 780, 60, 16), "noise"),
        (DESKTOP, (100, 4, 60, 16), "changed"),  # a menu's name, a tab
        (DESKTOP, (1000, 2, 280, 28), "changed"),  # too much for a clock
    ],
)
def test_a_clock_that_ticked_is_no_answer_to_a_click_elsewhere(
    size: Size, clock: Box, kind: str
) -> None:
    assert judged(size, clock, CHANGED, Point(270, 600)).kind == kind
    # Text may well be typed there, and a click there may well have done it.
    assert judged(size, clock, CHANGED).kind == "changed"
    assert judged(size, clock, CHANGED, Point(clock[0] + 5, clock[1] + 5)).kind == "changed"


def test_a_screen_that_was_turned_is_compared_with_nothing() -> None:
    turned = Size(PHONE.height, PHONE.width)
    change = judge(seen(PHONE), seen(turned), CHANGED, [Point(1, 2)])
    assert change.resized
    assert change.boxes == ((0, 0, 1200, 540),)
    assert (change.share, change.at_point) == (1.0, True)
    assert words(change) == "the screen changed: it was turned or has another size"


BLACK = "the screen is black: the app may not allow screenshots"


@pytest.mark.parametrize(
    ("ground", "extras", "screen", "said"),
    [
        (0, {}, "black", BLACK),
        (0, {"awake": True}, "black", BLACK),
        (0, {"secure": True}, "secure", "the app allows no screenshots"),
        (0, {"secure": False}, "black", BLACK),
        (0, {"awake": False, "secure": True}, "off", "the screen is off"),
        (255, {}, "blank", "the screen is empty, all of one colour"),
        (255, {"secure": True}, "blank", "the screen is empty"),
    ],
)
def test_a_screen_that_shows_nothing_is_called_so(
    ground: int, extras: dict[str, object], screen: str, said: str
) -> None:
    after = seen(PHONE, ground=ground, **extras)
    bars = seen(PHONE, (10, 10, 60, 20), (200, 1180, 90, 9), ground=ground, **extras)
    for picture in (after, bars):
        change = judge(seen(PHONE), picture, CHANGED, [Point(270, 600)])
        assert (change.kind, change.screen) == ("changed", screen)
        assert words(change).startswith("the screen changed all over; ")
        assert said in words(change)
    still = judge(after, after, UNCHANGED, [Point(270, 600)])
    if ground:
        assert words(still).startswith("nothing changed on the screen; ")
    else:  # nobody could see whether anything did
        assert (still.kind, still.at_point) == ("unknown", None)
        assert words(still).startswith("the screen ")
    assert judge(after, seen(PHONE), CHANGED).screen == ""


def test_a_dot_on_a_black_screen_is_something() -> None:
    dot = seen(PHONE, ground=0)
    dot.pixels[601, 273] = 255
    assert judge(seen(PHONE), dot, CHANGED).screen == ""


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        (False, True, "nothing changed on the screen; the keyboard came up"),
        (True, False, "nothing changed on the screen; the keyboard went away"),
        (True, True, "nothing changed on the screen"),
        (None, True, "nothing changed on the screen"),
    ],
)
def test_it_is_said_that_the_keyboard_came_or_went(
    was: bool | None, now: bool | None, said: str
) -> None:
    before = seen(PHONE, **({} if was is None else {"keyboard": was}))
    assert words(judge(before, seen(PHONE, keyboard=now), UNCHANGED)) == said


async def told(env: PracticeEnv, *steps: dict[str, object], record: Path | None = None) -> Episode:
    task = Task(env=PracticeSpec(seed=3), steps=tuple(map(TaskStep.of, steps)))
    return await Agent(env, record=record).run(task)


async def test_on_a_phone_the_model_is_told_in_one_line_and_the_recording_agrees(
    tmp_path: Path,
) -> None:
    env = PracticeEnv(3)
    episode = await told(
        env,
        {"click": [270, 1100]},
        {"open_app": "Settings"},
        {"scroll": {"direction": "down", "amount": 3}},
        {"wait": 60},
        record=tmp_path / "e",
    )
    assert episode.stop is StopReason.DONE
    lines = [step.told for step in episode.steps]
    assert lines[0] == "click was done; nothing changed on the screen"
    assert lines[1].startswith("open_app was done; the screen changed all over")
    assert lines[2].startswith("scroll was done; the screen changed")
    assert lines[3] == f"wait was done; {NOISE}"
    replayed = await replay(tmp_path / "e")
    assert (replayed.stop, replayed.complete) == (StopReason.DONE, True)
    # What the pictures on disk say is what is written beside them.
    recorded = Episode.load(tmp_path / "e")
    for step in recorded.steps:
        assert step.result is not None
        assert step.after is not None
        points = [] if step.action is None else [point for _, point in step.action.points()]
        before, after = map(recorded.observation, (step.seen, step.after))
        assert judge(before, after, step.result.effect, points) == step.result.change


async def test_on_a_phone_a_page_that_forbids_pictures_is_no_silent_success() -> None:
    env = PracticeEnv(3)
    home = parse_action({"action": "home"})
    seen = await env.reset()
    env.phone.secure = True
    said = "the screen cannot be seen: the app allows no screenshots of it"
    # It was no answer to the key: it came between the look and the key.
    for line in (f"nothing changed on the screen but by itself: all over; {said}", said):
        outcome = await env.perform(home, seen)
        assert outcome.after is not None
        assert words(judge(seen, outcome.after, outcome.effect)) == line
        seen = outcome.after
