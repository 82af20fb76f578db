"""Lines of the practice phone: broken where they may be, nothing lost, and a caret that fits."""

from hypothesis import example, given, settings
from hypothesis import strategies as st
from lettering import ROBOTO, anywhere, some_fonts

from eyehand.envs.practice import direction, fonts
from eyehand.envs.practice.clusters import clusters
from eyehand.envs.practice.fonts import Font


@settings(deadline=None)
@given(anywhere)
def test_clusters_put_together_are_the_text(text: str) -> None:
    assert "".join(clusters(text)) == text


def test_marks_and_sequences_are_one_cluster() -> None:
    for text in ("e\u0301", "👨‍👩‍👧‍👦", "🇩🇪", "👍🏽", "1️⃣", "น้ำ", "\u1100\u1161\u11a8", "❤️"):
        assert clusters("a" + text + "b") == ["a", text, "b"], text
    assert clusters("🇩🇪🇫🇷") == ["🇩🇪", "🇫🇷"]


@settings(deadline=None, max_examples=100)
@given(st.lists(anywhere, max_size=4).map("\n".join), some_fonts, st.integers(1, 400))
@example("a b  c ", ROBOTO, 1)
def test_wrapping_loses_nothing_and_fits(text: str, font: Font, width: int) -> None:
    spans = fonts.spans(text, font, width)
    position = 0
    for start, end in spans:
        assert text[position:start] in ("", "\n")
        position = end
    assert position == len(text)
    lines = fonts.wrap(text, font, width)
    assert len(lines) == len(spans)
    for (start, end), line in zip(spans, lines, strict=True):
        assert text[start:end].startswith(line)
        assert not text[start + len(line) : end].strip(" \t")
        line = line.rstrip(" \t")  # blanks before a line break may hang over
        # Letters of Arabic change where a word is broken.
        if len(clusters(line)) > 1 and not direction.needed(line):
            assert fonts.width(line, font) <= width


def test_lines_are_broken_at_spaces_and_between_ideographs() -> None:
    room = fonts.width("aaa bbb", ROBOTO)
    assert fonts.wrap("aaa bbb ccc", ROBOTO, room) == ("aaa bbb", "ccc")
    room = fonts.width("汉字汉", ROBOTO)
    assert fonts.wrap("汉字汉字", ROBOTO, room) == ("汉字汉", "字")
    assert fonts.wrap("汉字汉。字", ROBOTO, room) == ("汉字", "汉。字")
    assert fonts.wrap("one\n\ntwo", ROBOTO, 400) == ("one", "", "two")


def test_an_overlong_word_is_broken_between_clusters() -> None:
    word = "e\u0301" * 20
    lines = fonts.wrap(word, ROBOTO, fonts.width("éééé", ROBOTO))
    assert "".join(lines) == word
    assert {len(line) for line in lines} == {8}


def test_the_last_line_allowed_ends_in_an_ellipsis() -> None:
    room = fonts.width("aaa bbb", ROBOTO)
    first, second = fonts.wrap("aaa bbb ccc ddd eee", ROBOTO, room, 2)
    assert first == "aaa bbb"
    assert second.startswith("ccc")
    assert second.endswith("…")
    assert fonts.width(second, ROBOTO) <= room
    assert fonts.wrap("aaa\nbbb", ROBOTO, 400, 1) == ("aaa…",)
    assert fonts.wrap("aaa\nbbb", ROBOTO, 400, 2) == ("aaa", "bbb")


@settings(deadline=None, max_examples=60)
@given(anywhere, some_fonts, st.integers(30, 300))
def test_an_ellipsized_line_fits_and_is_a_beginning(text: str, font: Font, width: int) -> None:
    short = fonts.ellipsize(text, font, width)
    if fonts.width(text, font) <= width:
        assert short == text
    else:
        assert short.endswith("…")
        assert text.startswith(short[:-1])
        assert fonts.width(short, font) <= max(width, fonts.width("…", font))


@settings(deadline=None)
@given(st.text("abc éß字한Ж😀 1.", max_size=30), some_fonts)
def test_the_caret_comes_back_to_where_it_was(text: str, font: Font) -> None:
    for index in range(len(text) + 1):
        assert fonts.index_at(text, font, fonts.caret(text, font, index)) == index
    assert fonts.index_at(text, font, -50) == 0
    assert fonts.index_at(text, font, 10_000) == len(text)


def test_the_caret_stays_outside_of_clusters() -> None:
    text = "a👍🏽e\u0301"
    assert fonts.caret(text, ROBOTO, 2) == fonts.caret(text, ROBOTO, 1)
    assert {fonts.index_at(text, ROBOTO, x) for x in range(-5, 80)} == {0, 1, 3, 5}
