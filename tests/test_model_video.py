"""Videos: which frames, how large, at what time; and a network that answers about one."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
import strategies  # noqa: F401 - its settings
import torch
import toys
from hypothesis import given
from hypothesis import strategies as st

from eyehand.model import (
    Image,
    Message,
    Pixels,
    Size,
    Video,
    VideoLimits,
    pixel_hash,
    prompt_hash,
    to_video,
)
from eyehand.model.image import Processor
from eyehand.model.qwen_vl import QwenVL
from eyehand.model.rope import Grid, positions_of

PROCESSOR = Processor()
LIMITS = VideoLimits()


def recording(frames: int, size: Size = Size(64, 48), seed: int = 0) -> Pixels:  # noqa: B008
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (frames, size.height, size.width, 3), dtype=np.uint8)


def tokens(size: Size) -> int:
    return PROCESSOR.tokens(size)


# Which frames


@given(
    st.integers(1, 100_000),
    st.floats(0.01, 1000),
    st.builds(
        VideoLimits,
        fps=st.floats(0.01, 100),
        min_frames=st.integers(1, 50),
        max_frames=st.integers(50, 800),
    ),
)
def test_frames_are_in_order_in_range_in_pairs_and_never_too_many(
    frames: int, fps: float, limits: VideoLimits
) -> None:
    taken = limits.choose(frames, fps)
    assert taken == sorted(set(taken)), "none is shown twice"
    assert 0 <= taken[0] <= taken[-1] < frames
    assert len(taken) <= limits.max_frames
    assert len(taken) % 2 == 0 or frames == 1
    if frames > 1:
        assert (taken[0], taken[-1]) == (0, frames - 1)
        assert len(taken) >= min(limits.min_frames, frames // 2 * 2)


@pytest.mark.parametrize(
    ("frames", "fps", "taken"),
    [
        (1, 30, [0]),
        (2, 30, [0, 1]),
        (3, 30, [0, 2]),  # an odd one is left out: the others fill a grid step
        (5, 30, [0, 1, 3, 4]),
        (60, 30, [0, 20, 39, 59]),  # 2 s are 4 frames, and 4 are the least
        (30, 30, [0, 10, 19, 29]),
        (100, 10, [round(n * 99 / 19) for n in range(20)]),  # 10 s at 2 a second
        (110, 10, [round(n * 109 / 21) for n in range(22)]),
        (7, 0.5, [0, 1, 2, 4, 5, 6]),  # slower than 2 a second: all there are, but for one
        (10, 2, list(range(10))),
    ],
)
def test_known_counts(frames: int, fps: float, taken: list[int]) -> None:
    assert LIMITS.choose(frames, fps) == taken


def test_an_hour_gets_768_frames() -> None:
    taken = LIMITS.choose(108_000, 30.0)
    assert (len(taken), taken[-1]) == (768, 107_999)


@given(st.integers(2, 100_000), st.integers(1, 384))
def test_frames_are_those_of_the_sources_own_expression(frames: int, pairs: int) -> None:
    count = min(2 * pairs, frames // 2 * 2)
    limits = VideoLimits(fps=1000.0, min_frames=1, max_frames=max(count, 2))
    taken = np.array(limits.choose(frames, 1.0))
    expected = torch.linspace(0, frames - 1, count).round().long().numpy()
    # A place midway between two frames may fall to either: torch's own last bit depends on the
    # machine's instructions.
    exact = np.arange(count) * (frames - 1) / (count - 1)
    midway = np.abs(exact % 1 - 0.5) < 0.02
    assert (taken == expected)[~midway].all()
    assert np.abs(taken - expected).max() <= 1


# How large


@given(
    st.builds(Size, st.integers(360, 4000), st.integers(360, 4000)),
    st.integers(1, 183).map(lambda pairs: 2 * pairs),
)
def test_a_screens_frames_keep_both_caps(size: Size, frames: int) -> None:
    # Up to 366 frames; beyond, the smallest frame goes before the total.
    resized = LIMITS.plan(size, frames)
    assert resized.width % 28 == resized.height % 28 == 0
    assert tokens(resized) <= LIMITS.max_tokens
    assert tokens(resized) * frames // 2 <= LIMITS.total_tokens


@given(
    st.builds(Size, st.integers(28, 4000), st.integers(28, 4000)).filter(
        lambda size: max(size) <= 200 * min(size)
    ),
    st.integers(1, 768),
    st.integers(500, 60_000),
)
def test_no_frame_of_any_shape_is_over_its_cap(size: Size, frames: int, total: int) -> None:
    limits = VideoLimits(total_tokens=total)
    assert tokens(limits.plan(size, frames)) <= limits.max_tokens


@pytest.mark.parametrize(
    ("size", "frames", "resized"),
    [
        # Made with fetch_video of qwen-vl-utils 0.0.14 and total_pixels=24576 * 28 * 28.
        (Size(1920, 1080), 4, Size(1008, 560)),
        (Size(1920, 1080), 64, Size(1008, 560)),
        (Size(1920, 1080), 120, Size(728, 420)),
        (Size(1280, 800), 120, Size(700, 448)),  # exactly the share, which is 321126.4 pixels
        (Size(1080, 2400), 240, Size(252, 588)),
        (Size(1920, 1080), 768, Size(420, 224)),
        (Size(320, 240), 4, Size(392, 280)),  # below 128 tokens: enlarged
        (Size(640, 480), 4, Size(644, 476)),
    ],
)
def test_known_sizes(size: Size, frames: int, resized: Size) -> None:
    assert LIMITS.plan(size, frames) == resized


# What comes out


def test_what_is_shown_is_what_was_taken() -> None:
    frames = recording(100, Size(640, 480))
    video = to_video(frames, 10.0, PROCESSOR)
    assert np.array_equal(video.pixels, frames[LIMITS.choose(100, 10.0)])
    assert video.resized == Size(644, 476)
    assert video.fps == 20 / 100 * 10.0
    assert to_video(list(frames), 10.0, PROCESSOR).hash == video.hash
    assert to_video(frames[:5], 1.0, PROCESSOR).fps == 4 / 5


class Decoder(Sequence[Any]):
    """Frames of a file, each decoded when it is asked for."""

    def __init__(self) -> None:
        self.decoded: set[int] = set()

    def __len__(self) -> int:
        return 3000

    def __getitem__(self, index: Any) -> Any:
        self.decoded.add(index)
        return np.full((48, 64, 3), index % 256, np.uint8)


def test_frames_that_are_not_taken_are_not_decoded() -> None:
    decoder = Decoder()
    video = to_video(decoder, 30.0, PROCESSOR)
    assert decoder.decoded == set(LIMITS.choose(3000, 30.0))
    assert len(video.pixels) == 200


def test_a_recorder_that_uses_its_buffer_again_does_not_change_the_video() -> None:
    frames = recording(4)
    kept = frames.copy()
    video = to_video(frames, 2.0, PROCESSOR)
    frames[:] = 0
    assert np.array_equal(video.pixels, kept)


def test_videos_that_differ_have_other_names() -> None:
    frames = recording(4)
    changed = frames.copy()
    changed[3, 47, 63, 2] ^= 1
    # The same bytes as one higher picture, as other frames, and in another order.
    videos = [frames, changed, frames[::-1], frames.reshape(2, 96, 64, 3), frames[:2]]
    names = {to_video(each, 2.0, PROCESSOR).hash for each in videos}
    assert len(names | {pixel_hash(frames.reshape(4 * 48, 64, 3))}) == 6
    assert {len(name) for name in names} == {32}


def test_a_video_at_another_speed_makes_another_prompt() -> None:
    pixels, resized = recording(4), Size(84, 56)
    prompts = [
        prompt_hash([Message.of("user", part)])
        for part in (
            Video(pixels, resized, 2.0, "a"),
            Video(pixels, resized, 4.0, "a"),
            Video(pixels, resized, 2.0, "b"),
            Image(pixels[0], resized, "a"),
        )
    ]
    assert len(set(prompts)) == 4
    assert prompt_hash([Message.of("user", Video(pixels, resized, 2, "a"))]) == prompts[0]


def test_prompts_with_pictures_keep_the_hash_that_episodes_recorded() -> None:
    pixels = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)
    shown = Image(pixels, Size(28, 28), pixel_hash(pixels))
    found = prompt_hash([Message.of("user", "Goal: save", shown)])
    assert found == "0fba0b7e0d6f44d29c653f34037603a3"


@pytest.mark.parametrize("frames", [1, 3, 5])
def test_the_last_of_an_odd_number_of_frames_is_shown_twice(frames: int) -> None:
    # By hand: `to_video` gives an odd number only where there is a single frame.
    odd = torch.from_numpy(recording(frames, Size(84, 56)))
    found = PROCESSOR.patches(odd, Size(84, 56))
    even = torch.cat((odd, odd[-1:]))
    assert torch.equal(found, PROCESSOR.patches(even, Size(84, 56)))
    assert PROCESSOR.grid(Size(84, 56), frames) == Grid((frames + 1) // 2, 4, 6)


def test_frames_are_cut_as_the_reference_cuts_each_alone() -> None:
    # The reference's video processor needs torchvision; its Pillow one does pictures. A picture
    # fills both slots of its patches, so a frame's slot can be taken from the frame alone.
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    frames = recording(4, Size(84, 56))
    single = Qwen2VLImageProcessorPil(do_resize=False)
    alone = single(images=list(frames), return_tensors="pt")["pixel_values"]
    alone = alone.view(4, 24, 3, 2, 14 * 14)
    expected = torch.stack((alone[0::2, :, :, 0], alone[1::2, :, :, 1]), dim=3)
    found = PROCESSOR.patches(torch.from_numpy(frames), Size(84, 56))
    torch.testing.assert_close(found, expected.reshape(48, 1176), rtol=0, atol=1e-6)


# What is refused


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ([], "at least one frame"),
        (np.zeros((0, 48, 64, 3), np.uint8), "at least one frame"),
        ([*recording(3), *recording(1, Size(64, 50))], "frame 3 is 64x50, frame 0 is 64x48"),
        (recording(1)[0], r"frame 0 uint8\[64, 3\]"),
        (recording(2).astype(np.float32), r"frame 0 float32\[48, 64, 3\]"),
        (recording(2)[..., :2], r"uint8\[48, 64, 2\]"),
        (np.zeros((2, 1, 300, 3), np.uint8), "over 200 times"),
        (np.zeros((2, 0, 3, 3), np.uint8), "positive width and height"),
    ],
    ids=[
        "none",
        "none in an array",
        "mixed",
        "a picture",
        "floats",
        "two colours",
        "strip",
        "empty",
    ],
)
def test_what_is_no_video_is_refused(frames: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        to_video(frames, 2.0, PROCESSOR)


@pytest.mark.parametrize("fps", [0, -1.0, math.inf, math.nan])
def test_a_rate_that_is_none_is_refused(fps: float) -> None:
    with pytest.raises(ValueError, match="fps of the frames must be"):
        to_video(recording(4), fps, PROCESSOR)
    with pytest.raises(ValueError, match="fps of the limits must be"):
        VideoLimits(fps=fps)


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_frames": 0},
        {"min_frames": 800},
        {"max_frames": 1, "min_frames": 1},
        {"min_tokens": 0},
        {"min_tokens": 1000},
        {"total_tokens": 0},
    ],
)
def test_limits_that_leave_nothing_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        VideoLimits(**wrong)


# A network that sees one


@pytest.fixture(scope="module", params=["qwen2_vl", "qwen2_5_vl"])
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Any, QwenVL]]:
    """The reference, and ours of the same weights."""
    reference = toys.reference(request.param)
    folder = toys.save(reference, tmp_path_factory.mktemp("toy"))
    model = QwenVL.load(folder, dtype=torch.float32, max_tokens=12)
    yield reference, model
    model.close()


def one_shot(reference: Any, model: QwenVL, messages: Sequence[Message], video: Video) -> list[int]:
    """The reference's greedy answer about one video."""
    ids = torch.tensor([model.layout.prompt(messages).ids])
    grid = model.processor.grid(video.resized, len(video.pixels))
    more: dict[str, Any] = {}
    if model.config.family == "qwen2_5_vl":
        more["second_per_grid_ts"] = torch.tensor([model.processor.frames / video.fps])
    out = reference.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        mm_token_type_ids=2 * (ids == model.config.video_token).long(),
        pixel_values_videos=model.processor.patches(torch.from_numpy(video.pixels), video.resized),
        video_grid_thw=torch.tensor([list(grid)]),
        max_new_tokens=model.max_tokens,
        do_sample=False,
        pad_token_id=151643,
        **more,
    )
    said: list[int] = out[0, ids.shape[1] :].tolist()
    return said


async def test_a_reply_about_a_video_is_the_references_and_the_video_is_read_once(
    pair: tuple[Any, QwenVL],
) -> None:
    reference, model = pair
    # Short against its sides: the reference's newer rule for what follows a video agrees there.
    video = to_video(recording(5, Size(200, 150)), 4.0, model.processor)
    messages = [Message.of("user", "watch: ", video, "what happened?")]
    session, emitted = model.session(), list[int]()
    reply = await session.reply(messages, on_token=lambda token: emitted.append(token.id))
    assert emitted == one_shot(reference, model, messages, video)[: len(emitted)]
    assert emitted
    shown = tokens(video.resized) * 2
    assert reply.stats["prefilled_tokens"] > shown
    longer = [*messages, Message.of("assistant", reply.text), Message.of("user", "and then?")]
    second = await session.reply(longer)
    assert second.stats["reused_tokens"] > shown
    assert second.stats["prefilled_tokens"] < 30
    await session.close()


async def test_the_same_frames_at_another_speed_are_not_taken_for_read(
    pair: tuple[Any, QwenVL],
) -> None:
    model = pair[1]
    frames, session = recording(4, Size(112, 112)), model.session()
    for fps in (2.0, 1.0):
        video = to_video(frames, fps, model.processor)
        messages = [Message.of("user", "watch: ", video, "what happened?")]
        reply = await session.reply(messages, max_tokens=2)
    clock = model.config.family == "qwen2_5_vl"
    assert (reply.stats["reused_tokens"] < 30) == clock
    fresh = await model.session().reply(messages, max_tokens=2)
    assert fresh.text == reply.text
    await session.close()


def test_time_is_absolute_in_qwen2_5_and_unknown_to_qwen2(pair: tuple[Any, QwenVL]) -> None:
    model = pair[1]
    frames = recording(8, Size(112, 112))
    found = {}
    for fps in (1.0, 2.0):
        video = to_video(frames, fps, model.processor)
        assert len(video.pixels) == 8
        prompt = model.layout.prompt([Message.of("user", video)])
        (visual,) = prompt.visuals
        positions, _ = positions_of(prompt.spans(), model.config.vision.merge)
        step = visual.tokens // 4
        times = positions[0, visual.start : visual.start + visual.tokens : step]
        found[fps] = (times - times[0]).tolist()
    if model.config.family == "qwen2_5_vl":  # two positions a second, two frames a step
        assert found == {1.0: [0, 4, 8, 12], 2.0: [0, 2, 4, 6]}
    else:
        assert found == {1.0: [0, 1, 2, 3], 2.0: [0, 1, 2, 3]}
