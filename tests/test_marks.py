"""Points, arrows and boxes drawn on a screenshot."""

import numpy as np
import pytest

from eyehand.actions import Point
from eyehand.envs.marks import BLUE, GREEN, Mark, marked

WIDE, HIGH = 800, 600
GREY = (128, 128, 128)


def drawn(*marks: Mark, size: tuple[int, int] = (WIDE, HIGH)) -> np.ndarray:
    return np.asarray(marked(np.full((size[1], size[0], 3), 128, np.uint8), marks))


def is_ink(picture: np.ndarray, x: float, y: float, colour: tuple[int, int, int]) -> bool:
    near = picture[int(y) - 2 : int(y) + 3, int(x) - 2 : int(x) + 3].reshape(-1, 3)
    return bool((near == colour).all(axis=1).any())


def test_a_box_is_drawn_as_its_four_sides() -> None:
    picture = drawn(
        Mark("found", {"start": Point(200, 300), "end": Point(400, 500)}, GREEN, box=True)
    )
    for x, y in ((300, 300), (300, 500), (200, 400), (400, 400)):
        assert is_ink(picture, x, y, GREEN)
    assert tuple(picture[400, 300]) == GREY


def test_a_box_whose_corners_are_swapped_is_drawn_too() -> None:
    picture = drawn(
        Mark("found", {"start": Point(400, 500), "end": Point(200, 300)}, GREEN, box=True)
    )
    assert is_ink(picture, 200, 400, GREEN)


def test_an_arrow_shows_where_a_drag_ends() -> None:
    picture = drawn(Mark("drag", {"start": Point(200, 300), "end": Point(600, 300)}, BLUE))
    assert is_ink(picture, 400, 300, BLUE)
    near_start, near_end = picture[280:298, 222:232], picture[280:298, 568:578]
    assert (near_end == BLUE).all(axis=-1).any()
    assert not (near_start == BLUE).all(axis=-1).any()


@pytest.mark.parametrize(("y", "text_y"), [(0, 578), (20, 578), (300, 16), (580, 16), (600, 16)])
def test_the_text_hides_no_point(y: int, text_y: int) -> None:
    picture = drawn(Mark("click", {"point": Point(60, y)}, BLUE))
    assert is_ink(picture, 60, min(max(y, 2), HIGH - 3), BLUE)
    assert (picture[text_y - 8 : text_y + 8, 10:40] == (255, 255, 255)).all(axis=-1).any()


def test_the_text_grows_with_the_picture() -> None:
    def rows(size: tuple[int, int]) -> int:
        picture = drawn(Mark("wait", {}, BLUE), size=size)
        return int((picture != GREY).any(axis=(1, 2)).sum())

    assert rows((3840, 2160)) > 2 * rows((640, 480)) > 0


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (40, 2000), (2000, 12)])
def test_any_size_can_be_drawn_on(size: tuple[int, int]) -> None:
    end = Point(*size)
    picture = drawn(
        Mark("swipe", {"start": Point(0, 0), "end": end}, BLUE),
        Mark("found", {"start": end, "end": end}, GREEN, box=True),
        size=size,
    )
    assert picture.shape == (size[1], size[0], 3)
