import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import texts

from eyehand.model import Image, Marked, Message, Size, Text, pixel_hash, prompt_hash

PIXELS = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)


def picture(pixels: np.ndarray = PIXELS, resized: Size = Size(28, 28)) -> Image:  # noqa: B008
    return Image(pixels, resized, pixel_hash(pixels))


def prompt(text: str = "Goal: save", image: Image | None = None) -> list[Message]:
    return [
        Message.of("system", "You work a computer."),
        Message.of("user", text, image or picture()),
        Message.of("assistant", "ok"),
    ]


def test_equal_prompts_have_equal_hashes() -> None:
    assert prompt_hash(prompt()) == prompt_hash(prompt(image=picture(PIXELS.copy())))
    assert len(prompt_hash(prompt())) == 32


def test_the_hash_changes_with_one_byte_one_pixel_one_size_one_role() -> None:
    pixels = PIXELS.copy()
    pixels[5, 7, 2] ^= 1
    assistant = prompt()
    assistant[1] = Message("assistant", assistant[1].parts)
    hashes = [
        prompt_hash(messages)
        for messages in (
            prompt(),
            prompt("Goal: save "),
            prompt(image=picture(pixels)),
            prompt(image=picture(resized=Size(56, 28))),
            prompt(image=picture(resized=Size(28, 56))),
            assistant,
            prompt()[:2],
            prompt()[::-1],
            [],
        )
    ]
    assert len(set(hashes)) == len(hashes)


@given(texts, texts)
def test_where_one_part_or_turn_ends_counts(first: str, second: str) -> None:
    together = prompt_hash([Message.of("user", first + second)])
    apart = prompt_hash([Message.of("user", first, second)])
    turns = prompt_hash([Message.of("user", first), Message.of("user", second)])
    assert len({together, apart, turns}) == 3


@pytest.mark.parametrize("forged", ["atext\nb", "atext 1\nb", "a\ntext 1\nb"])
def test_text_cannot_pose_as_a_part_of_its_own(forged: str) -> None:
    parts = prompt_hash([Message.of("user", "a", "b")])
    assert prompt_hash([Message.of("user", forged)]) != parts


@given(st.text(st.characters(), max_size=20))
def test_any_text_can_be_hashed(text: str) -> None:
    # A model's reply may hold half a surrogate pair, and becomes part of the next prompt.
    assert prompt_hash([Message.of("user", text)]) != prompt_hash([Message.of("user", text + "x")])


def test_marks_and_heads_count_and_cannot_be_forged() -> None:
    plain, marked = Message.of("user", "a"), Message.of("user", Marked("a"))
    heads = [Message("user", (Text("a"),), head=head) for head in ("", "=a\n", "\n\n")]
    forged = Message.of("user", "head 3\n=a\ntext 1\na")
    hashes = {prompt_hash([message]) for message in (plain, marked, forged, *heads)}
    assert len(hashes) == 6
    assert prompt_hash([Message("user", (Text("a"),), head="\n")]) == prompt_hash([plain])
    assert marked.text == "a"


def test_pixels_of_another_shape_have_another_name() -> None:
    names = {pixel_hash(PIXELS.reshape(shape)) for shape in ((6, 8, 3), (8, 6, 3), (4, 12, 3))}
    assert len(names) == 3
    view = np.repeat(PIXELS, 2, axis=1)[:, ::2]  # the same pixels, not contiguous
    assert not view.flags.c_contiguous
    assert pixel_hash(view) == pixel_hash(PIXELS)


def test_a_message_gives_its_text_without_pictures() -> None:
    message = Message.of("user", "a", picture(), Text("b"))
    assert message.text == "ab"
    assert [type(part) for part in message.parts] == [Text, Image, Text]
    assert copy.copy(message) == message
