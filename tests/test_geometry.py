import math
import os
from fractions import Fraction

import pytest
from full_counts import PLANS, ROTATIONS, SCALES, Case, Tally, check, make_frame, sweep
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from strategies import frames, points

from eyehand.actions import Clamp, Frame, Point, PointOutsideImage, Space
from eyehand.actions.geometry import MERGED_PATCH_PX, Rotation, whole
from eyehand.model import Size, smart_resize


def test_a_seeded_sweep_stays_within_the_bound_of_the_docstring() -> None:
    tally = sweep(20_000 if os.environ.get("EYEHAND_CI") else 5_000, seed=2026)
    assert not tally.violations, tally.violations[:5]
    assert tally.exact > tally.cases / 2
    assert set(tally.by_space) == set(Space)


@pytest.mark.parametrize("rotation", ROTATIONS)
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("plan", PLANS)
def test_the_corners_and_edges_stay_within_the_bound(
    rotation: Rotation, scale: float, plan: tuple[int, int, int] | None
) -> None:
    tally = Tally()
    for physical in (Size(1920, 1080), Size(1080, 2400), Size(320, 7680), Size(1367, 769)):
        bare = make_frame(physical, scale, rotation, origin=(-1920, 40))
        image = physical
        if plan is not None:
            factor, low, high = plan
            image = smart_resize(physical, factor=factor, min_pixels=low, max_pixels=high)
        frame = bare.planned(image)
        for x in (0, 1, frame.logical.width // 2, frame.logical.width - 1):
            for y in (0, 1, frame.logical.height // 2, frame.logical.height - 1):
                for space in Space:
                    check(Case(frame, space, (x - 1920, y + 40)), tally)
    assert not tally.violations, tally.violations[:5]


@pytest.mark.parametrize("rotation", ROTATIONS)
def test_on_a_turned_screen_a_whole_pixel_is_not_one_unit_off(rotation: Rotation) -> None:
    # A script answers in whole pixels of the screenshot. On axes that run backwards, rounding
    # down once turned pixel 10 of 100 into unit 90 instead of 89.
    frame = make_frame(Size(100, 80), 1, rotation)
    frame = frame.planned(frame.physical)
    units = {
        frame.to_pointer(frame.from_model(x, y, Space.IMAGE)[0])
        for x in range(100)
        for y in range(80)
    }
    assert len(units) == 100 * 80
    assert (
        frame.to_pointer(Point(10, 0))
        == {
            0: (10, 0),
            90: (79, 10),
            180: (89, 79),
            270: (0, 89),
        }[rotation]
    )


def test_rotation_turns_the_screenshot_clockwise_to_upright() -> None:
    # A phone held sideways: the capture is 200 x 100 and must be turned clockwise by 90 degrees.
    # Its top left corner is then at the top right.
    frame = Frame("phone", Size(200, 100), Size(100, 200), rotation=90)
    assert frame.to_pointer(Point(0.5, 0.5)) == (99, 0)
    assert frame.to_pointer(Point(199.5, 0.5)) == (99, 199)
    assert frame.to_pointer(Point(0.5, 99.5)) == (0, 0)
    assert frame.from_pointer(99, 0) == Point(0.5, 0.5)


@given(frame=frames(), data=st.data())
def test_any_point_of_the_picture_stays_on_the_screen(frame: Frame, data: st.DataObject) -> None:
    space = data.draw(st.sampled_from(Space))
    assert frame.image is not None
    limits = frame.image if space.full is None else Size(space.full, space.full)
    said = data.draw(points(limits))
    point, clamp = frame.from_model(said.x, said.y, space)
    x, y = frame.to_pointer(point)
    assert clamp is None
    assert 0 <= x - frame.origin[0] < frame.logical.width
    assert 0 <= y - frame.origin[1] < frame.logical.height


@given(frame=frames(), data=st.data())
def test_a_pointer_unit_survives_the_way_through_physical_pixels(
    frame: Frame, data: st.DataObject
) -> None:
    x = frame.origin[0] + data.draw(st.integers(0, frame.logical.width - 1))
    y = frame.origin[1] + data.draw(st.integers(0, frame.logical.height - 1))
    point = frame.from_pointer(x, y)
    frame.require_inside(point)
    assert frame.to_pointer(point) == (x, y)


@given(frame=frames(), data=st.data())
def test_unrounded_the_model_and_the_screenshot_agree(frame: Frame, data: st.DataObject) -> None:
    point = data.draw(points(frame.physical))
    space = data.draw(st.sampled_from(Space))
    back, _ = frame.from_model(*frame.to_model(point, space), space)
    assert back == pytest.approx(point, rel=1e-12, abs=1e-12)


def test_worked_example_of_ui_tars() -> None:
    frame = Frame(":0", Size(1920, 1080), Size(1920, 1080)).planned(smart_resize(Size(1920, 1080)))
    point, clamp = frame.from_model(197, 525, Space.IMAGE)
    assert (frame.image, clamp) == (Size(1932, 1092), None)
    assert frame.to_pointer(point) == (195, 519)


def test_worked_example_of_the_qwen_cookbook() -> None:
    frame = Frame("phone", Size(1080, 2400), Size(1080, 2400))
    frame = frame.planned(smart_resize(frame.physical))
    point, _ = frame.from_model(935, 406, Space.IMAGE)
    assert frame.image == Size(1092, 2408)
    assert (round(point.x, 1), round(point.y, 1)) == (924.7, 404.7)


def test_a_picture_smaller_than_1000_pixels_is_still_scaled_from_thousandths() -> None:
    frame = Frame(":0", Size(640, 480), Size(640, 480)).planned(Size(644, 476))
    assert frame.from_model(500, 500, Space.REL1000)[0] == Point(320, 240)
    assert frame.from_model(999, 999, Space.REL999)[0] == Point(640, 480)
    assert frame.to_pointer(frame.from_model(1000, 1000, Space.REL1000)[0]) == (639, 479)


FRAME = Frame(":0", Size(1920, 1080), Size(1920, 1080), image=Size(1932, 1092))


@pytest.mark.parametrize(
    ("said", "used"),
    [
        (Point(1932 + MERGED_PATCH_PX, 500), Point(1932, 500)),
        (Point(-MERGED_PATCH_PX, 500), Point(0, 500)),
        (Point(500, 1092.5), Point(500, 1092)),
        (Point(-1, -1), Point(0, 0)),
    ],
)
def test_a_small_overshoot_is_clamped_and_told(said: Point, used: Point) -> None:
    point, clamp = FRAME.from_model(*said, Space.IMAGE)
    assert clamp == Clamp(said, used)
    assert point == FRAME.from_model(*used, Space.IMAGE)[0]
    FRAME.to_pointer(point)


@pytest.mark.parametrize(
    ("x", "y", "space"),
    [
        (1932 + MERGED_PATCH_PX + 0.01, 5, Space.IMAGE),
        (5, -MERGED_PATCH_PX - 0.01, Space.IMAGE),
        (1000.5, 5, Space.REL1000),
        (-0.001, 5, Space.REL1000),
        (1000, 5, Space.REL999),
        (1.0001, 0.5, Space.REL1),
        (300, 400, Space.REL1),  # pixels from a model that should say fractions
        (math.nan, 5, Space.IMAGE),
        (5, math.nan, Space.REL1000),
        (math.inf, 5, Space.IMAGE),
        (5, -math.inf, Space.REL1),
        (10**400, 5, Space.IMAGE),
        (5, -(10**400), Space.REL1000),
    ],
)
def test_a_point_farther_off_is_an_error_and_never_a_click_at_the_edge(
    x: float, y: float, space: Space
) -> None:
    with pytest.raises(PointOutsideImage, match="outside"):
        FRAME.from_model(x, y, space)


def test_the_error_says_what_was_allowed() -> None:
    with pytest.raises(PointOutsideImage, match=r"\(2000, 5\).*1932x1092.*0 to 1931.*0 to 1091"):
        FRAME.from_model(2000, 5, Space.IMAGE)
    with pytest.raises(PointOutsideImage, match=r"\(1200, 5\).*0 to 1000"):
        FRAME.from_model(1200, 5, Space.REL1000)
    with pytest.raises(PointOutsideImage, match=r"1920x1080 screen"):
        FRAME.to_pointer(Point(1921, 5))
    with pytest.raises(PointOutsideImage, match=r"pointer unit \(1920, 5\)"):
        FRAME.from_pointer(1920, 5)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.5, 1920.5])
def test_the_pointer_goes_to_no_place_off_the_screenshot(value: float) -> None:
    with pytest.raises(PointOutsideImage):
        FRAME.to_pointer(Point(value, 5))


def test_a_frame_without_a_plan_maps_no_model_point() -> None:
    bare = Frame(":0", Size(10, 10), Size(10, 10))
    with pytest.raises(ValueError, match="planned"):
        bare.from_model(1, 1, Space.IMAGE)
    assert bare.to_model(Point(5, 5), Space.REL1000) == Point(500, 500)


FRAMES = TypeAdapter(Frame)


@given(frames(planned=False) | frames())
def test_a_frame_survives_json(frame: Frame) -> None:
    assert FRAMES.validate_json(FRAMES.dump_json(frame)) == frame


@pytest.mark.parametrize(
    "wrong",
    [
        {"rotation": 45},
        {"physical": [0, 10]},
        {"logical": [10]},
        {"origin": [1]},
        {"image": [5, 0]},
    ],
)
def test_a_damaged_frame_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        FRAMES.validate_python({**FRAMES.dump_python(FRAME), **wrong})


def test_the_same_screen_is_the_same_whatever_a_model_saw() -> None:
    assert FRAME.same_screen(FRAME.planned(Size(28, 28)))
    assert not FRAME.same_screen(Frame(":1", FRAME.physical, FRAME.logical))
    assert not FRAME.same_screen(Frame(":0", FRAME.physical, FRAME.logical, rotation=180))


@pytest.mark.parametrize(
    ("physical", "logical", "rotation", "space", "unit"),
    [
        (Size(3764, 5213), Size(1385, 1000), 270, Space.REL1, (487, 761)),
        (Size(7680, 2820), Size(1000, 2723), 90, Space.REL1000, (998, 1329)),
        (Size(320, 1600), Size(200, 999), 0, Space.REL999, (95, 407)),
        (Size(1440, 7305), Size(442, 2240), 180, Space.IMAGE, (152, 949)),
    ],
)
def test_a_half_that_floats_put_a_hair_too_high_still_goes_down(
    physical: Size, logical: Size, rotation: Rotation, space: Space, unit: tuple[int, int]
) -> None:
    # Where the model's unit is exactly a pointer unit, every centre is a half. The sweep of two
    # million cases found these landing one unit off.
    frame = Frame(":0", physical, logical, rotation=rotation, image=smart_resize(physical))
    if space is Space.IMAGE:
        frame = frame.planned(Size(420, 2240))
    tally = Tally()
    check(Case(frame, space, unit), tally)
    assert not tally.violations


@given(st.fractions(0, 10_000, max_denominator=64))
def test_whole_is_nearest_and_halves_go_down(value: Fraction) -> None:
    number, _ = whole(Point(float(value), 0))
    assert abs(number - value) <= Fraction(1, 2)
    assert number < value + Fraction(1, 2)
