"""Text and icons of the practice phone: every script, measured as it is painted, nothing lost."""

import hashlib
import itertools
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from bidi import get_display
from corpus import CORPUS, EMOJI, IDEOGRAPHS
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lettering import BLACK, LINES, ROBOTO, WHITE, anywhere, extent, paper, some_fonts
from PIL import Image

from eyehand.envs.practice import direction, emoji, faces, fonts, icons
from eyehand.envs.practice.clusters import clusters
from eyehand.envs.practice.fonts import FAMILIES, Font
from eyehand.envs.practice.keeping import Kept
from eyehand.envs.practice.lines import face_of, lay


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("bold", [False, True])
def test_every_character_of_the_corpus_has_a_letter_or_a_picture(family: str, bold: bool) -> None:
    missing = [
        character
        for character in sorted(set(unicodedata.normalize("NFC", CORPUS) + IDEOGRAPHS))
        if character.isprintable() and unicodedata.category(character) not in ("Zs", "Cf")
        if character != emoji.EMOJI_FORM
        if not face_of(character, family, bold) and not emoji.covers(character)
        if character != "\u20e3"  # only in the pictures of keys
    ]
    assert missing == []


def test_every_emoji_of_the_corpus_is_one_picture() -> None:
    for text in EMOJI.split():
        line = lay(text, ROBOTO)
        assert (len(line.pictures), len(line.letters), len(line.clusters)) == (1, 0, 1), text


def test_a_sequence_without_a_picture_falls_apart_into_its_parts() -> None:
    line = lay("🤖\u200d😀", ROBOTO)
    assert [picture.text for picture in line.pictures] == ["🤖", "😀"]
    assert len(line.clusters) == 1


def test_a_character_in_no_font_is_a_box_and_takes_its_room() -> None:
    image, width = paper("\ue123", ROBOTO)
    assert width > 5
    left, right = extent(image)
    assert right - left > 4


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("name", LINES)
def test_the_width_is_what_is_painted(name: str, bold: bool) -> None:
    font = Font("Noto Sans", 32, bold)
    text = LINES[name]
    image, width = paper(text, font)
    assert width == fonts.width(text, font)
    left, right = extent(image)
    # Letters keep a little white beside them, and some lean out a little.
    assert left == pytest.approx(60, abs=6)
    assert right == pytest.approx(60 + width, abs=6)


def test_text_that_begins_outside_the_picture_is_cut_not_moved() -> None:
    whole, _ = paper("Hello 😀 字", ROBOTO)
    part = Image.new("RGB", (50, 12), WHITE)
    fonts.paint(part, (60 - 70, 60 - 68), "Hello 😀 字", ROBOTO, BLACK)
    assert np.array_equal(np.asarray(part), np.asarray(whole)[68:80, 70:120])


def test_painting_again_gives_the_same_pixels() -> None:
    first, _ = paper("twice 😀", ROBOTO)
    second, _ = paper("twice 😀", ROBOTO)
    assert first.tobytes() == second.tobytes()


def test_bold_is_heavier_in_every_script() -> None:
    for name in ("latin", "greek", "cyrillic", "chinese", "korean", "arabic", "hebrew", "thai"):
        thin, _ = paper(LINES[name], Font("Roboto", 30))
        thick, _ = paper(LINES[name], Font("Roboto", 30, bold=True))
        assert np.asarray(thick).mean() < np.asarray(thin).mean() - 0.3, name


def test_letters_are_coloured_and_emoji_are_not() -> None:
    image = Image.new("RGB", (80, 40), WHITE)
    fonts.paint(image, (0, 0), "W", Font("Roboto", 30), (200, 0, 0))
    fonts.paint(image, (40, 0), "💙", Font("Roboto", 30), (200, 0, 0))
    pixels = np.asarray(image).astype(int)
    letter, picture = pixels[:, :38], pixels[:, 40:]
    assert (letter.reshape(-1, 3) == (200, 0, 0)).all(axis=1).any()
    assert (picture[..., 2] - picture[..., 0] > 80).any()


def test_arabic_letters_are_joined() -> None:
    # Initial, medial, medial, final form; from left to right they stand the other way round.
    forms = [letter.character for letter in lay("محمد", ROBOTO).letters]
    assert forms == ["\ufeaa", "\ufee4", "\ufea4", "\ufee3"]


def test_lam_and_alef_are_one_shape_and_two_steps_of_the_caret() -> None:
    line = lay("لا", ROBOTO)
    assert len(line.letters) == 1
    places = [fonts.caret("لا", ROBOTO, index) for index in range(3)]
    assert places == sorted(places, reverse=True)
    assert len(set(places)) == 3


def test_hindi_is_joined_and_one_vowel_written_before_its_letter() -> None:
    assert clusters("हिन्दी क्षि") == ["हि", "न्दी", " ", "क्षि"]
    assert [letter.character for letter in lay("हि", ROBOTO).letters] == ["ि", "ह"]
    joined = [letter.character for letter in lay("क्षि", ROBOTO).letters]
    assert joined[0] == "ि"
    assert len(joined) == 2
    # An r before another letter is a hook over it, drawn last.
    assert lay("र्म", ROBOTO).letters[0].character == "म"


def test_a_thai_tone_stands_over_the_vowel() -> None:
    consonant, vowel, tone = lay("ที่", Font("Roboto", 40)).letters
    assert (consonant.y, vowel.y) == (0, 0)
    assert tone.y < -4


def test_marks_of_one_letter_stand_clear_of_each_other() -> None:
    font = Font("Roboto", 40)
    tops = []
    for text in ("Z", "Z\u0351", "Z\u0351\u036b", "Z\u0351\u036b\u0343"):
        image, _ = paper(text, font)
        tops.append(np.nonzero((np.asarray(image) != 255).any(axis=(1, 2)))[0][0])
    assert all(lower - upper >= 3 for lower, upper in itertools.pairwise(tops))


def test_hebrew_is_read_from_the_right() -> None:
    assert fonts.caret("שלום", ROBOTO, 0) == pytest.approx(fonts.width("שלום", ROBOTO), abs=1)
    assert fonts.caret("שלום", ROBOTO, 4) == 0
    assert fonts.leftward("שלום abc")
    assert not fonts.leftward("abc שלום")


@settings(deadline=None)
@given(st.text("abאבגד 123()[]{}.,+-/%٣٤!:ابت\u200f\u202e\u202c", min_size=1, max_size=16))
@example("עברית (العربية) x")
def test_the_order_is_the_one_of_the_other_implementation(text: str) -> None:
    _, order, _ = direction.arrange(list(text))
    seen = "".join(text[index] for index in order if text[index] not in "\u200f\u202e\u202c")
    assert seen == "".join(
        each for each in str(get_display(text)) if each not in "\u200f\u202e\u202c"
    )


def test_brackets_are_turned_around_where_text_is() -> None:
    shown, order, _ = direction.arrange(list("א(ב)"))
    assert "".join(shown[index] for index in order) == "(ב)א"


def test_what_is_kept_stays_under_its_weight_and_is_what_was_used_last() -> None:
    made: list[str] = []

    def make(key: str) -> str:
        made.append(key)
        return key

    kept = Kept(make, len, 10)
    for key in ("aaaa", "bbbb", "aaaa", "cccc", "aaaa", "bbbb", "long" * 10, "long" * 10):
        assert kept[key] == key
    assert made == ["aaaa", "bbbb", "cccc", "bbbb", "long" * 10]


@settings(deadline=None, max_examples=60)
@given(anywhere, some_fonts)
def test_anything_can_be_measured_and_painted(text: str, font: Font) -> None:
    image = Image.new("RGB", (90, 50), WHITE)
    width = fonts.paint(image, (-10, -3), text, font, BLACK)
    assert width == fonts.width(text, font) >= 0
    assert lay(text, font).clusters[-1:] == () or lay(text, font).clusters[-1].end == len(text)


@pytest.mark.parametrize("family", FAMILIES)
def test_lines_hold_their_letters(family: str) -> None:
    font = Font(family, 40)
    image, _ = paper("ÅẾgjpq字한", font)
    inked = np.nonzero((np.asarray(image) != 255).any(axis=(1, 2)))[0]
    assert inked[0] >= 60 - 4
    assert inked[-1] < 60 + fonts.line_height(font) + 2


def test_a_typeface_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="Roboto"):
        Font("Comic", 12)
    with pytest.raises(ValueError, match="1 or more"):
        Font("Roboto", 0)


def test_every_icon_is_drawn_within_its_square() -> None:
    assert len(icons.ICONS) >= 150
    for name in icons.ICONS:
        image = Image.new("RGB", (64, 64), WHITE)
        icons.icon(image, 20, 20, 24, name, BLACK)
        inked = np.asarray(image) != 255
        assert inked[20:44, 20:44].any(), name
        inked = inked.copy()
        inked[20:44, 20:44] = False
        assert not inked.any(), name


def test_an_icon_partly_outside_is_cut_and_an_unknown_one_refused() -> None:
    whole = Image.new("RGB", (40, 40), WHITE)
    icons.icon(whole, 5, 5, 30, "settings", BLACK)
    part = Image.new("RGB", (40, 40), WHITE)
    icons.icon(part, -5, -5, 30, "settings", BLACK)
    assert np.array_equal(np.asarray(part)[:30, :30], np.asarray(whole)[10:, 10:])
    with pytest.raises(ValueError, match="no icon 'hyperdrive'"):
        icons.icon(whole, 0, 0, 24, "hyperdrive", BLACK)


def test_font_files_are_small_and_all_told_of() -> None:
    readme = (faces.FOLDER / "README.md").read_text("utf-8")
    files = sorted(Path(faces.FOLDER).iterdir())
    assert sum(path.stat().st_size for path in files) < 5_000_000
    told = {"README.md", "OFL.txt", "APACHE-2.0.txt"}
    assert told <= {path.name for path in files}
    for path in files:
        if path.name not in told:
            assert f"| {path.name} |" in readme
            assert f"| {path.stat().st_size:,} |" in readme


HASHES = {
    "latin": "1bd0a7b47ed0187b",
    "greek": "e61df2d170ccb4c9",
    "cyrillic": "813d5fc06eed6869",
    "chinese": "cd3b2cd5d74af42f",
    "japanese": "f109ec30d9df0812",
    "korean": "7c82957460bb1a22",
    "arabic": "da1ae011466294cb",
    "hebrew": "e4dbfaad643c7027",
    "thai": "5063175efc774f61",
    "hindi": "e8b4f9cd820c94e2",
    "georgian": "bea0117e8b186a09",
    "maths": "f5314ae5be62eb7c",
    "symbols": "63e194bdf5e1f0d7",
    "emoji": "6f9ebbbbf07bb385",
    "marks": "dddfeaecb466c077",
}
"""What a line of each script looks like: the same under Pillow 11.0 and 13.0. Where a newer one
draws otherwise, look at the lines before putting its hashes here; the test prints them."""


def test_every_machine_paints_the_same_pixels() -> None:
    hashes = {}
    for name, text in LINES.items():
        digest = hashlib.sha256()
        for family in FAMILIES:
            for bold in (False, True):
                digest.update(paper(text, Font(family, 22, bold), 10)[0].tobytes())
        hashes[name] = digest.hexdigest()[:16]
    assert hashes == HASHES, hashes
