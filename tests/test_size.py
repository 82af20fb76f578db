import pytest
from hypothesis import given
from hypothesis import strategies as st

from eyehand.model import Size, smart_resize
from eyehand.model.size import MAX_ASPECT_RATIO

PUBLISHED = (28, 56 * 56, 16_384 * 28 * 28)
CAPPED = (28, 256 * 28 * 28, 1_280 * 28 * 28)
QWEN3 = (32, 65_536, 16_777_216)


@pytest.mark.parametrize(
    ("size", "limits", "resized", "tokens"),
    [
        # The project's table of facts.
        (Size(1920, 1080), PUBLISHED, Size(1932, 1092), 2691),
        (Size(1920, 1080), CAPPED, Size(1316, 728), 1222),
        (Size(1920, 1080), QWEN3, Size(1920, 1088), 2040),
        (Size(1080, 2400), PUBLISHED, Size(1092, 2408), 3354),
        # By hand from the formula: even halves, the ends of the limits, tiny pictures.
        (Size(1280, 720), PUBLISHED, Size(1288, 728), 1196),
        (Size(42, 70), PUBLISHED, Size(56, 56), 4),
        (Size(98, 126), PUBLISHED, Size(112, 112), 16),
        (Size(56, 56), PUBLISHED, Size(56, 56), 4),
        (Size(1, 1), PUBLISHED, Size(56, 56), 4),
        (Size(1, 200), PUBLISHED, Size(28, 196), 7),
        (Size(200, 1), PUBLISHED, Size(196, 28), 7),
        (Size(3584, 3584), PUBLISHED, Size(3584, 3584), 16_384),
        (Size(7680, 4320), PUBLISHED, Size(4760, 2688), 16_320),
        (Size(1, 1), QWEN3, Size(256, 256), 64),
    ],
)
def test_known_sizes(size: Size, limits: tuple[int, int, int], resized: Size, tokens: int) -> None:
    factor, low, high = limits
    assert smart_resize(size, factor=factor, min_pixels=low, max_pixels=high) == resized
    assert resized.width * resized.height // factor**2 == tokens


def test_the_defaults_are_those_of_the_published_checkpoints() -> None:
    factor, low, high = PUBLISHED
    for size in (Size(10, 10), Size(1920, 1080), Size(9000, 9000)):
        explicit = smart_resize(size, factor=factor, min_pixels=low, max_pixels=high)
        assert smart_resize(size) == explicit


@given(st.integers(1, 10_000), st.integers(1, 10_000), st.sampled_from([PUBLISHED, CAPPED, QWEN3]))
def test_sides_are_multiples_and_the_area_keeps_the_limits(
    width: int, height: int, limits: tuple[int, int, int]
) -> None:
    factor, low, high = limits
    if max(width, height) > MAX_ASPECT_RATIO * min(width, height):
        with pytest.raises(ValueError, match="200 times as long as wide"):
            smart_resize(Size(width, height), factor=factor, min_pixels=low, max_pixels=high)
        return
    resized = smart_resize(Size(width, height), factor=factor, min_pixels=low, max_pixels=high)
    assert resized.width % factor == resized.height % factor == 0
    assert min(resized) >= factor
    assert low <= resized.width * resized.height <= high
    again = smart_resize(resized, factor=factor, min_pixels=low, max_pixels=high)
    assert again == resized, "resizing what is resized must change nothing"


def test_no_side_vanishes_where_the_limit_is_too_small_for_a_strip() -> None:
    assert smart_resize(Size(5600, 28), max_pixels=56 * 56) == Size(784, 28)


@pytest.mark.parametrize("size", [Size(0, 10), Size(10, 0), Size(-5, 10)])
def test_a_picture_of_nothing_is_refused(size: Size) -> None:
    with pytest.raises(ValueError, match="positive width and height"):
        smart_resize(size)


def test_a_strip_is_refused_at_over_200_times() -> None:
    assert smart_resize(Size(2000, 10))
    with pytest.raises(ValueError, match=r"2001x10.*crop it"):
        smart_resize(Size(2001, 10))


def test_a_size_prints_as_people_write_it() -> None:
    assert str(Size(1920, 1080)) == "1920x1080"
