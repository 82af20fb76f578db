"""Waiting for stillness, on real pictures of a real window and on pictures made to measure."""

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from screens import Screen
from sheet import Sheet

from eyehand.envs import x11
from eyehand.envs.base import Effect
from eyehand.envs.capture import Capture, Shot
from eyehand.envs.settle import (
    IdleRegions,
    Settled,
    SettlePolicy,
    difference,
    settle,
    significant,
)
from eyehand.envs.worker import Stop, Stopped
from eyehand.envs.x11_windows import Box, Windows

SIZE = (800, 1280)


def shot(*boxes: tuple[int, int, int, int]) -> Shot:
    """A white picture with black boxes: left, top, width, height."""
    pixels = np.full((*SIZE, 4), 255, np.uint8)
    for left, top, width, height in boxes:
        pixels[top : top + height, left : left + width, :3] = 0
    return Shot(bytearray(pixels.tobytes()), Box(0, 0, SIZE[1], SIZE[0]), 0.0)


Look = Callable[[], Shot]


@pytest.fixture
def look(screen: Screen, sheet: Sheet) -> Iterator[Look]:
    display = x11.connect(screen.name)
    capture = Capture(screen.name, Windows(display))
    box = capture.locate()
    yield lambda: capture.shot(box)
    capture.close()
    x11.close(display)


def watched(look: Look, before: Shot, **policy: Any) -> Settled[Shot]:
    return settle(look, before, IdleRegions(), SettlePolicy(**policy), Stop())


def test_a_still_screen_is_still_after_the_time_to_respond(look: Look) -> None:
    end = watched(look, look())
    assert end.still
    assert 0.5 <= end.seconds < 0.8


def test_a_late_answer_is_seen(look: Look, sheet: Sheet) -> None:
    before = look()
    sheet.tell("at", 300, "box", 100, 100, 50, 50, "red")
    end = watched(look, before)
    assert end.still
    assert end.shot.rgb()[120, 120].tolist() == [255, 0, 0]
    assert end.seconds < 0.8


def test_something_that_moves_is_waited_for_until_it_stands(look: Look, sheet: Sheet) -> None:
    before = look()
    sheet.tell("slide", 100, 300, 20, 50)
    end = watched(look, before)
    assert end.still
    assert 0.9 < end.seconds < 2.0
    assert end.shot.rgb()[310, 310].tolist() == [0, 0, 255]


def test_what_never_stands_still_is_waited_for_no_longer_than_the_limit(
    look: Look, sheet: Sheet
) -> None:
    before = look()
    sheet.tell("blink", 100, 100, 200, 200, 50)
    end = watched(look, before, limit_s=1.0)
    assert not end.still
    assert 1.0 <= end.seconds < 1.4


def test_a_caret_that_blinks_is_no_motion(look: Look, sheet: Sheet) -> None:
    before = look()
    sheet.tell("blink", 333, 222, 1, 20, 60)
    end = watched(look, before)
    assert end.still
    assert end.seconds < 0.8
    assert not significant(before, end.shot)


def test_a_clock_that_ticks_is_no_effect_once_it_is_known(look: Look, sheet: Sheet) -> None:
    settled = before = look()
    sheet.tell("blink", 1200, 5, 60, 14, 150)
    idle = IdleRegions()
    for _ in range(6):  # between actions, nobody touches anything
        time.sleep(0.16)
        before = look()
        idle.look(settled, before)
        settled = look()
    end = settle(look, before, idle, SettlePolicy(), Stop())
    assert end.still
    assert idle.effect(before, end.shot) is Effect.UNCHANGED
    sheet.tell("box", 600, 400, 9, 9, "black")
    assert idle.effect(before, look()) is Effect.CHANGED, "beside the clock, effects are seen"


LATE_PAGE = (100, 100, 300, 200)


def test_a_page_that_came_late_and_answers_is_no_silent_failure() -> None:
    idle, late = IdleRegions(), shot(LATE_PAGE)
    idle.look(shot(), late)
    assert idle.effect(late, late) is Effect.UNCHANGED
    assert idle.effect(late, shot()) is Effect.UNKNOWN, "its own motion, or the answer to a click"
    assert idle.effect(late, shot(LATE_PAGE, (600, 400, 9, 9))) is Effect.CHANGED
    idle.look(late, late)
    assert idle.effect(late, shot()) is Effect.CHANGED, "it has been still since"


def test_the_answer_of_a_page_that_came_late_is_waited_for() -> None:
    idle, late = IdleRegions(), shot(LATE_PAGE)
    idle.look(shot(), late)
    looks = iter([late, shot(), shot((100, 100, 50, 50))])
    last = shot((100, 100, 80, 80))
    end = settle(lambda: next(looks, last), late, idle, SettlePolicy(), Stop())
    assert end.shot is last


def test_a_pane_that_twice_answered_late_is_no_silent_failure() -> None:
    idle, pane = IdleRegions(), shot(LATE_PAGE)
    for _ in range(4):
        idle.look(shot(), pane)
    for _ in range(15):
        idle.look(pane, pane)
    assert idle.effect(pane, shot()) is Effect.UNKNOWN


def test_a_bar_where_no_caret_was_seen_to_blink_may_be_an_effect() -> None:
    idle, bar, caret = IdleRegions(), (600, 300, 3, 64), (100, 100, 1, 17)
    idle.look(shot(), shot())
    assert idle.effect(shot(), shot(bar)) is Effect.UNKNOWN
    idle.look(shot(), shot(caret))
    assert idle.effect(shot(), shot(caret)) is Effect.UNCHANGED
    assert idle.effect(shot(caret), shot((300, 200, 1, 17))) is Effect.CHANGED, "it moved"
    assert idle.effect(shot(), shot((300, 200, 1, 17))) is Effect.UNKNOWN, "in another field"


def test_a_film_that_fills_the_screen_hides_what_an_action_did() -> None:
    idle, film = IdleRegions(), shot((0, 0, 900, 600))
    for _ in range(3):
        idle.look(shot(), film)
    assert idle.effect(film, shot()) is Effect.UNKNOWN
    assert idle.effect(film, shot((0, 0, 900, 600), (1000, 700, 90, 20))) is Effect.CHANGED


def test_a_stop_ends_the_wait(look: Look) -> None:
    stop = Stop()
    stop.set()
    with pytest.raises(Stopped):
        settle(look, look(), IdleRegions(), SettlePolicy(), stop)


def test_carets_of_every_place_and_size_do_not_count_and_letters_do() -> None:
    draw, blank = random.Random(5), shot()
    for _ in range(60):
        left, top = draw.randrange(1200), draw.randrange(720)
        caret = (left, top, draw.randint(1, 3), draw.randint(1, 64))
        assert not significant(blank, shot(caret)), caret
        assert not significant(shot(caret), blank), caret
        letter = (left, top, draw.randint(4, 12), draw.randint(1, 16))
        assert significant(blank, shot(letter)), letter
        moved = (left + draw.randint(4, 40), *caret[1:])
        assert significant(shot(caret), shot(moved)), (caret, moved)


@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    places=st.lists(
        st.tuples(st.integers(0, 39), st.integers(0, 39), st.integers(0, 3)), max_size=6
    ),
)
def test_a_difference_is_what_comparing_pixel_by_pixel_finds(
    size: tuple[int, int], places: list[tuple[int, int, int]]
) -> None:
    width, height = size
    one = np.zeros((height, width, 4), np.uint8)
    two = one.copy()
    for x, y, channel in places:
        two[y % height, x % width, channel] ^= 7
    before, after = (
        Shot(bytearray(pixels.tobytes()), Box(0, 0, width, height), 0.0) for pixels in (one, two)
    )
    found = difference(before, after)
    expected = (one[..., :3] != two[..., :3]).any(axis=2)
    if found is None:
        assert not expected.any()
        return
    assert np.array_equal(found.pixels, expected)
    for row, column in np.ndindex(-(-height // 8), -(-width // 8)):
        tile = expected[row * 8 : row * 8 + 8, column * 8 : column * 8 + 8]
        assert found.tiles[row, column] == tile.any()
    assert found.tiles.shape == (-(-height // 8), -(-width // 8))


def test_the_byte_that_means_nothing_is_not_compared() -> None:
    one, two = shot(), shot()
    two.raw[3] = 0
    assert not significant(one, two)


@pytest.mark.parametrize("wrong", [{"response_s": -1}, {"poll_s": 0}, {"limit_s": float("nan")}])
def test_bounds_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        SettlePolicy(**wrong)
