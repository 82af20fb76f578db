import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import chords

from eyehand.actions import UnknownKey, canonical_key, parse_chord
from eyehand.actions.keys import KEYS, MODIFIERS


@pytest.mark.parametrize("name", KEYS)
def test_every_spelling_of_a_key_means_that_key(name: str) -> None:
    info = KEYS[name]
    spellings = {name, name.upper(), info.keysym, info.pyautogui or name, *info.aliases}
    spellings |= {name.replace("_", ""), name.replace("_", "-"), name.replace("_", " ")}
    assert {canonical_key(spelling) for spelling in spellings} == {name}


@pytest.mark.parametrize(
    ("spelling", "key"),
    [
        ("Control_R", "ctrl_right"),
        ("XK_Shift_L", "shift"),
        ("KEYCODE_PAGE_DOWN", "page_down"),
        ("KEYCODE_DPAD_UP", "up"),
        ("Key.cmd", "super"),
        ("Key.cmd_r", "super_right"),
        ("KEYCODE_A", "a"),
        ("KEYCODE_0", "0"),
        ("KEYCODE_LEFT_BRACKET", "["),
        ("KEYCODE_NUMPAD_ENTER", "enter"),
        ("KEYCODE_POUND", "#"),
        ("XK_z", "z"),
        ("XF86AudioMute", "volume_mute"),
        ("F12", "f12"),
        ("↑", "up"),
        ("A", "a"),
        ("É", "é"),
        ("İ", "İ"),  # its lower case is two characters
        ("plus", "+"),
        ("bracketleft", "["),
        (" ", "space"),
        ("\n", "enter"),
        ("中", "中"),
    ],
)
def test_usual_spellings(spelling: str, key: str) -> None:
    assert canonical_key(spelling) == key


def test_androids_del_is_the_backspace_key() -> None:
    assert canonical_key("KEYCODE_DEL") == "backspace"
    assert canonical_key("keycode del") == "backspace"
    assert canonical_key("KEYCODE_FORWARD_DEL") == "delete"
    assert canonical_key("Del") == "delete"


@pytest.mark.parametrize(
    ("name", "action"),
    [("KEYCODE_HOME", "home"), ("KEYCODE_BACK", "back"), ("KEYCODE_APP_SWITCH", "app_switch")],
)
def test_a_phones_own_buttons_are_actions_and_no_keys(name: str, action: str) -> None:
    with pytest.raises(UnknownKey, match=f"use the action {action}$"):
        canonical_key(name)


@pytest.mark.parametrize("name", ["", "  ", "entr", "ctrl+c", "F25", "\x00", "\ud800", "ab"])
def test_an_unknown_key_is_refused_with_what_is_allowed(name: str) -> None:
    with pytest.raises(UnknownKey, match="keys are single characters or names"):
        canonical_key(name)


def test_an_unknown_key_is_told_its_neighbours() -> None:
    with pytest.raises(UnknownKey, match="did you mean page_down"):
        canonical_key("pagedwn")


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("ctrl+shift+s", ("ctrl", "shift", "s")),
        ("Ctrl + Alt + Delete", ("ctrl", "alt", "delete")),
        ("+", ("+",)),
        ("ctrl++", ("ctrl", "+")),
        ("++a", ("+", "a")),
        ("ctrl+plus", ("ctrl", "+")),
        (" ", ("space",)),
        ("ctrl+ ", ("ctrl", "space")),
    ],
)
def test_chords(text: str, keys: tuple[str, ...]) -> None:
    assert parse_chord(text) == keys


@pytest.mark.parametrize("text", ["", "   ", "ctrl+", "ctrl+nokey", "++", "a+++", "\t\t"])
def test_a_chord_that_presses_nothing_or_half_is_refused(text: str) -> None:
    with pytest.raises(UnknownKey):
        parse_chord(text)


@given(chords)
def test_a_chord_survives_being_written(keys: list[str]) -> None:
    canonical = tuple(canonical_key(key) for key in keys)
    assert parse_chord("+".join(canonical)) == canonical


@given(st.text())
def test_any_text_is_a_chord_of_canonical_keys_or_unknown(text: str) -> None:
    try:
        keys = parse_chord(text)
    except UnknownKey:
        return
    assert keys
    assert tuple(canonical_key(key) for key in keys) == keys


def test_modifiers_are_keys_and_codes_are_unique() -> None:
    assert set(MODIFIERS) <= set(KEYS)
    for codes in (
        [info.keysym for info in KEYS.values()],
        [info.pyautogui for info in KEYS.values() if info.pyautogui],
        [info.android for info in KEYS.values() if info.android],
    ):
        assert len(codes) == len(set(codes))
