"""Text for a phone: quoted so that a real mksh reads it back, cut so that ``input`` types it.

The ladder itself, on a practice phone, is in ``test_android_typing.py``.
"""

import base64
import shlex
import subprocess

import pytest
from corpus import CORPUS
from hypothesis import example, given, settings
from hypothesis import strategies as st

from eyehand.envs.adb_link import Reply
from eyehand.envs.android_keyboard import KEYBOARDS, Broadcast
from eyehand.envs.android_quote import chunks, input_texts, keyable, lines, pieces, quoted
from eyehand.envs.android_text import arrived, input_trouble

TYPEABLE = st.text(
    st.one_of(
        st.sampled_from(" %s'\"\\;&|$(){}[]<>*?~`!#=\n\t-"),
        st.characters(min_codepoint=32, max_codepoint=126),
    ),
    max_size=60,
)
ANY = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t"), max_size=60)


def read_by_mksh(words: list[str]) -> list[str]:
    """What programs get, when mksh reads these words; in one go, for speed."""
    script = "".join(f"printf '%s\\0' {quoted(word)}\n" for word in words)
    done = subprocess.run(["mksh"], input=script.encode(), capture_output=True, check=True)
    return done.stdout.decode().split("\0")[:-1]


@settings(max_examples=60)
@given(st.lists(ANY, min_size=1, max_size=20))
@example(["$(touch /tmp/x)", "`id`", "it's", "", "-n", "a\nb", "~", "*", "\\", "!", "%s"])
def test_a_quoted_word_is_read_back_exactly_by_the_shell_of_phones(words: list[str]) -> None:
    assert read_by_mksh(words) == words


@given(ANY)
def test_python_reads_quoted_words_the_same_way(word: str) -> None:
    assert shlex.split(quoted(word)) == [word]


def test_a_nul_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        quoted("a\0b")


@given(TYPEABLE, st.integers(1, 50))
@example("%s%%s%", 2)
@example("50%sure", 3)
def test_input_text_types_exactly_what_was_meant(text: str, most: int) -> None:
    typed = ""
    for piece in pieces(text, most):
        if isinstance(piece, int):
            typed += {66: "\n", 61: "\t"}[piece]
            continue
        assert 0 < len(piece) <= most
        for word in input_texts(piece):
            assert word
            # What a phone makes of it: `%s` is a space there, and nothing else is special.
            assert "%s" not in word
            typed += word
    assert typed == text


@given(ANY, st.integers(4, 40))
def test_chunks_lose_nothing_and_keep_within_their_size(text: str, most: int) -> None:
    parts = list(chunks(text, most))
    assert "".join(parts) == text
    assert all(0 < len(part.encode()) <= most for part in parts)


def test_line_ends_are_one_enter_each() -> None:
    assert lines("a\r\nb\rc\n\n") == "a\nb\nc\n\n"


def test_what_keys_can_type_is_printable_ascii() -> None:
    assert keyable("".join(map(chr, range(32, 127))) + "\n\t")
    assert not any(keyable(c) for c in "é\u00a0汉😀\x7f\u2028")


@pytest.mark.parametrize("keyboard", KEYBOARDS, ids=lambda keyboard: str(keyboard.package))
def test_a_broadcast_holds_the_text_in_base64_and_names_its_app(keyboard: Broadcast) -> None:
    command = keyboard.type_command(CORPUS)
    words = shlex.split(command)
    assert base64.b64decode(words[-1]).decode() == CORPUS
    # Without -p any app on the phone may listen to what is typed.
    assert words[words.index("-p") + 1] in keyboard.ime
    assert all(c.isalnum() or c in " -_.+/=" for c in command)


def test_a_broadcast_that_nobody_took_is_noticed() -> None:
    adb, u2 = KEYBOARDS
    done = "Broadcasting: Intent { act=X }\nBroadcast completed: result=0"
    assert adb.trouble(Reply(0, done)) is None
    assert u2.trouble(Reply(0, done)) is not None
    assert u2.trouble(Reply(0, done.replace("=0", "=-1"))) is None
    assert adb.trouble(Reply(0, "Error: x")) is not None


@pytest.mark.parametrize(
    ("before", "typed", "after", "expected"),
    [
        ("", "abc", "abc", True),
        ("xy", "abc", "xyabc", True),
        ("xy", "abc", "xabcy", True),
        ("hello world", "abc", "hello abc", True),  # over a selection
        ("Name", "Ann", "Ann", True),  # a hint, or everything selected
        ("aa", "a", "aaa", True),
        ("", "abc", "abd", False),
        ("", "abc", "", False),
        ("xy", "abc", "xy", False),
        ("xy", "abc", "xyabcabc", False),  # twice
        ("", "a\nb", "a b", False),
        ("", "😀", "..", False),
    ],
)
def test_reading_back_tells_whether_it_arrived(
    before: str, typed: str, after: str, expected: bool
) -> None:
    assert arrived(before, typed, after) is expected


def test_characters_that_dumps_cannot_write_are_no_proof_of_failure() -> None:
    assert arrived("", "a😀b", "a..b", blurred=True)
    assert arrived("", "汉", "\ufffd", blurred=True)
    assert not arrived("", "ab", "a.", blurred=True)


@given(ANY, st.text(max_size=8), st.text(max_size=8))
def test_text_typed_anywhere_is_recognised(typed: str, head: str, tail: str) -> None:
    if typed:
        assert arrived(head + tail, typed, head + typed + tail)


def test_what_input_prints_when_it_fails_is_told() -> None:
    forbidden = "java.lang.SecurityException: Injecting … INJECT_EVENTS permission."
    assert "Security settings" in (input_trouble(Reply(255, forbidden)) or "")
    null = "Exception occurred while executing 'text':\njava.lang.NullPointerException: Attempt to"
    assert "NullPointerException: Attempt to" in (input_trouble(Reply(255, null)) or "")
    # Before Android 12 it may end with 0 all the same.
    assert input_trouble(Reply(0, "Error: Invalid arguments for command: tap"))
    assert input_trouble(Reply(0, "")) is None
    assert input_trouble(Reply(1, "")) == "input ended with code 1"
