"""What the watch is made of: screens that are the same, deeds that are the same, endless texts."""

import itertools
import os
import random
from typing import Any

import numpy as np
import pytest
from good_episodes import observation, seen
from hypothesis import given, settings
from hypothesis import strategies as st

from eyehand.agent.stuck import Watch
from eyehand.agent.stuck_deeds import Deed
from eyehand.agent.stuck_screen import Screens, blocks
from eyehand.agent.stuck_text import degenerate
from eyehand.envs import Observation
from eyehand.envs.records import Decision, Trouble
from eyehand.model import Pixels

NOISE = np.random.default_rng(7)


def page(number: int, size: tuple[int, int] = (800, 360)) -> Pixels:
    """A page of an app; each number looks another way."""
    noise = np.random.default_rng(number)
    coarse = noise.integers(0, 256, (size[0] // 40, size[1] // 40, 3), dtype=np.uint8)
    return np.kron(coarse, np.ones((40, 40, 1), np.uint8))


def patched(pixels: Pixels, box: tuple[int, int, int, int], colour: int) -> Observation:
    left, top, right, bottom = box
    copy = pixels.copy()
    copy[top:bottom, left:right] = colour
    return observation(copy)


def same(screens: Screens, one: Observation, two: Observation) -> bool:
    first, second = screens.see(one), screens.see(two)
    return screens.labels[first] == screens.labels[second]


@pytest.mark.parametrize("size", [(2400, 1080), (1080, 1920), (800, 360), (640, 400), (7, 5)])
def test_blocks_are_means_to_the_last_bit_and_cover_screens_of_any_size(
    size: tuple[int, int],
) -> None:
    pixels = NOISE.integers(0, 256, (*size, 3), dtype=np.uint8)
    made = blocks(pixels, phone=False)
    side = max(8, min(size) // 48)
    down, across = min(side, size[0]), min(side, size[1])
    assert made.shape == (3, max(1, size[0] // side), max(1, size[1] // side))
    row, column = made.shape[1] // 2, made.shape[2] // 2
    if made.shape[1] > 2:
        block = pixels[row * down : (row + 1) * down, column * across : (column + 1) * across]
        assert made[:, row, column].tolist() == [int(v) for v in block.mean(axis=(0, 1))]


def test_a_digit_makes_another_screen_and_the_clock_of_the_status_bar_does_not() -> None:
    screens, base = Screens(), page(1)
    assert not same(screens, observation(base), patched(base, (100, 400, 110, 414), 0))
    assert same(screens, observation(base), patched(base, (20, 5, 60, 20), 0))


def test_a_panel_of_a_desktop_does_not_count_and_what_is_under_it_does() -> None:
    screens, base = Screens(), page(1, (800, 1280))
    assert same(screens, observation(base), patched(base, (1200, 780, 1240, 795), 0))
    assert same(screens, observation(base), patched(base, (1200, 5, 1240, 18), 0))
    assert not same(screens, observation(base), patched(base, (1200, 720, 1240, 735), 0))


def test_what_moves_by_itself_is_left_out_and_what_does_not_is_not() -> None:
    screens, base = Screens(), page(2)
    films = [patched(base, (40, 200, 160, 300), value) for value in (0, 120, 240, 60)]
    names = [screens.see(film) for film in films]
    assert len({screens.labels[name] for name in names}) == 4
    for before, after in itertools.pairwise(names):
        screens.stood(before, after)
    assert len({screens.labels[name] for name in names}) == 1
    assert not same(screens, films[0], patched(base, (200, 500, 260, 560), 0))
    assert not screens.restless


def test_a_page_that_arrives_late_twice_does_not_make_all_pages_the_same() -> None:
    screens = Screens()
    names = [screens.see(observation(page(number))) for number in range(6)]
    for before, after in itertools.pairwise(names):
        screens.stood(before, after)
    assert len({screens.labels[name] for name in names}) == 6
    assert screens.restless


def test_a_screen_that_turned_is_another_and_many_screens_are_forgotten() -> None:
    screens = Screens()
    upright, turned = observation(page(1)), observation(page(1, (360, 800)))
    assert not same(screens, upright, turned)
    screens.stood(screens.see(upright), screens.see(turned))
    for number in range(2, 80):
        screens.see(observation(page(number)))
    assert len(screens.labels) == 32
    assert screens.see(upright) in screens.labels


def deed(**data: Any) -> Deed:
    screen = observation(np.zeros((600, 400, 3), np.uint8))
    return Deed.of(seen(0, data, screen, screen).step)


@pytest.mark.parametrize(
    ("one", "two", "alike"),
    [
        ({"action": "click", "point": [100, 100]}, {"action": "click", "point": [105, 104]}, True),
        ({"action": "click", "point": [100, 100]}, {"action": "click", "point": [110, 100]}, False),
        ({"action": "click", "point": [9, 9]}, {"action": "long_press", "point": [9, 9]}, False),
        (
            {"action": "click", "point": [9, 9]},
            {"action": "click", "point": [9, 9], "button": "right"},
            False,
        ),
        ({"action": "wait", "seconds": 1}, {"action": "screenshot"}, True),
        ({"action": "wait", "seconds": 1}, {"action": "wait", "seconds": 9}, True),
        ({"action": "type", "text": "a b"}, {"action": "type", "text": "a b", "clear": True}, True),
        ({"action": "type", "text": "a b"}, {"action": "type", "text": "a c"}, False),
        ({"action": "key", "keys": "enter"}, {"action": "key", "keys": "enter", "count": 3}, True),
        ({"action": "key", "keys": "enter"}, {"action": "hold_key", "keys": "enter"}, False),
        (
            {"action": "scroll", "direction": "down", "amount": 3},
            {"action": "scroll", "dx": 0, "dy": 9},
            True,
        ),
        ({"action": "scroll", "direction": "down"}, {"action": "scroll", "direction": "up"}, False),
        (
            {"action": "swipe", "start": [200, 500], "end": [200, 100]},
            {"action": "swipe", "start": [230, 480], "end": [220, 200]},
            True,
        ),
        (
            {"action": "swipe", "start": [200, 500], "end": [200, 100]},
            {"action": "swipe", "start": [200, 500], "end": [20, 500]},
            False,
        ),
        (
            {"action": "swipe", "start": [200, 500], "end": [200, 100]},
            {"action": "swipe", "start": [200, 5], "end": [200, 1]},
            False,
        ),
        (
            {"action": "call_tool", "name": "f", "arguments": {"a": 1, "b": 2}},
            {"action": "call_tool", "name": "f", "arguments": {"b": 2, "a": 1}},
            True,
        ),
        (
            {"action": "call_tool", "name": "f", "arguments": {"a": 1}},
            {"action": "call_tool", "name": "f", "arguments": {"a": 2}},
            False,
        ),
        ({"action": "open_app", "name": "Notes"}, {"action": "open_app", "name": "Clock"}, False),
    ],
)
def test_deeds_are_the_same_where_they_come_to_the_same(
    one: dict[str, Any], two: dict[str, Any], alike: bool
) -> None:
    assert deed(**one).same(deed(**two)) is alike
    assert deed(**two).same(deed(**one)) is alike


SENSE = (
    "The settings are open and the list shows Network, Display and Sound. The goal is a dark "
    "theme, which is a matter of the display, so the entry Display comes next. Its place is in "
    "the upper half, below Connected devices; the words Brightness, dark theme, font size under "
    "it say the same. I tap its middle, since the whole row is a button, and look what opens."
)


@pytest.mark.parametrize(
    ("text", "endless"),
    [
        ("", False),
        (SENSE, False),
        (SENSE * 2, False),
        (json_like := '{"action": "click", "point": [640, 360]}\n' * 3, False),
        ("a" * 239, False),
        ("!" * 240, True),
        (SENSE + " I tap it." * 60, True),
        (SENSE * 9, True),
        (json_like * 20, True),
        ("点击搜索框，" * 60, True),
        (SENSE + "\n" * 900 + json_like, True),
        ("".join(chr(0x4E00 + n) for n in range(3000)), False),
    ],
)
def test_a_text_that_goes_round_is_told_from_one_that_goes_on(text: str, endless: bool) -> None:
    assert degenerate(text) is endless


def test_what_a_person_did_meanwhile_begins_it_over() -> None:
    watch, screen = Watch(), observation(page(1))
    dead = [
        seen(index, {"action": "click", "point": [9, 300]}, screen, screen).step
        for index in range(9)
    ]
    assert [watch.note(step, screen, screen) for step in dead[:2]] == [None, None]
    taken = Decision(verdict="refuse", rule="hand-over", allowed=False, by="take_over")
    refused = dead[2].model_copy(update={"decision": taken, "error": "a person took over"})
    assert watch.note(refused, screen, screen) is None
    assert [watch.note(step, screen, screen) for step in dead[4:6]] == [None, None]
    assert watch.note(dead[6], screen, screen) is not None


ACTIONS = st.sampled_from(
    [
        {"action": "click", "point": [100, 300]},
        {"action": "click", "point": [101, 301]},
        {"action": "click", "point": [300, 700]},
        {"action": "scroll", "direction": "down"},
        {"action": "scroll", "direction": "up"},
        {"action": "type", "text": "words"},
        {"action": "wait"},
        {"action": "back"},
    ]
)


@settings(max_examples=25, deadline=None, derandomize="EYEHAND_CI" in os.environ)
@given(st.lists(st.tuples(ACTIONS, st.integers(0, 3)), max_size=40), st.integers(0, 99))
def test_it_says_the_same_of_the_same_and_grows_harder_in_order(
    walk: list[tuple[dict[str, Any], int]], salt: int
) -> None:
    pages = [observation(page(number)) for number in range(4)]
    watches = Watch(), Watch()
    grades: list[str] = []
    before = 0
    for index, (data, after) in enumerate(walk):
        step = seen(index, data, pages[before], pages[after]).step
        one, two = (watch.note(step, pages[before], pages[after]) for watch in watches)
        assert one == two
        before = after
        if one is not None:
            grades.append(one.grade)
            if one.grade == "stop":
                break
    order = ["tell", "change", "ask", "stop"]
    for earlier, later in itertools.pairwise(grades):
        assert later == "tell" or order.index(later) > order.index(earlier)


def test_no_walk_between_four_screens_goes_on_for_long() -> None:
    """Whatever is done in whatever order: nothing new comes any more."""
    pages = [observation(page(number)) for number in range(4)]
    draw = random.Random(5)
    for _ in range(10):
        watch, found, before = Watch(), list[Trouble](), 0
        for index in range(60):
            point = [draw.randrange(20, 340), draw.randrange(100, 700)]
            after = draw.randrange(4)
            step = seen(index, {"action": "click", "point": point}, pages[before], pages[after])
            trouble = watch.note(step.step, pages[before], pages[after])
            before = after
            if trouble is not None:
                found.append(trouble)
        assert "ask" in {trouble.grade for trouble in found}
