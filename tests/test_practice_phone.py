"""The practice phone itself: the same every time, and a phone to the touch."""

import json
from typing import Any

import numpy as np
import pytest
from corpus import CORPUS, LONG

from eyehand.envs.practice.phone import Phone
from eyehand.envs.practice.view import UiNode
from eyehand.envs.practice.written import written_on
from eyehand.model import Size

BACK, HOME, ENTER, DELETE, POWER = 4, 3, 66, 67, 26
CTRL = frozenset({113})


def find(phone: Phone, name: str) -> UiNode:
    """What is on the screen by that text, description or id."""
    found = [n for n in phone.tree().walk() if name in (n.text, n.label, n.id)]
    assert found, f"no {name!r}: {sorted({n.text for n in phone.tree().walk() if n.text})}"
    return next((node for node in found if node.clickable), found[0])


def tap(phone: Phone, name: str) -> None:
    phone.tap(*find(phone, name).box.centre)
    phone.advance(1.5)


def texts(phone: Phone) -> set[str]:
    return {node.text for node in phone.tree().walk() if node.text}


def settings(phone: Phone, *way: str) -> Phone:
    phone.launch("org.eyehand.settings")
    phone.advance(1)
    for name in way:
        tap(phone, name)
    return phone


def rename(phone: Phone) -> Phone:
    """The dialog that asks for the phone's name, with its field focused and empty."""
    settings(phone, "About phone", "Device name")
    tap(phone, "text")
    phone.clear_field()
    return phone


def test_the_same_seed_and_the_same_touches_give_the_same_pixels() -> None:
    def run(seed: int) -> list[bytes]:
        phone = Phone(seed)
        shots = [phone.pixels().tobytes()]
        settings(phone, "Display")
        shots.append(phone.pixels().tobytes())
        phone.swipe(270, 900, 270, 300, 0.2)
        phone.advance(0.1)
        shots.append(phone.pixels().tobytes())
        return shots

    assert run(3) == run(3)
    assert run(3) != run(4)


def test_what_it_remembers_is_plain_data_and_makes_the_same_phone_again() -> None:
    phone = rename(Phone(5))
    phone.commit("Grüße")
    data = json.loads(json.dumps(phone.save()))
    again = Phone.load(data)
    assert np.array_equal(again.pixels(), phone.pixels())
    for one in (phone, again):
        tap(one, "OK")
    assert np.array_equal(again.pixels(), phone.pixels())
    assert again.save() == phone.save()
    del data["now"]
    with pytest.raises(ValueError, match="now"):
        Phone.load(data)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"theme": "neon"}, "sea"),
        ({"size": Size(100, 5000)}, "240"),
        ({"density": 9}, "80"),
        ({"font_scale": 2.0}, "one of 0.85, 1.0, 1.15, 1.3, not 2"),
    ],
)
def test_a_phone_that_cannot_be_is_refused(arguments: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Phone(1, **arguments)  # type: ignore[arg-type]


def shown(phone: Phone, screen: str) -> Phone:
    """Bring a screen to the front."""
    if screen == "shade":
        phone.notify("shop", "Parcel", "Thursday 📦", "main")
        phone.open_shade()
    elif screen == "keyboard":
        tap(settings(phone), "Search settings")
        phone.commit("Grüße")
    elif screen == "dialog":
        settings(phone, "Display", "Font size")
    elif screen == "locked":
        phone.screen_off()
        phone.wake()
    elif screen == "toast":
        phone.toast("It is done")
    elif screen != "home":
        phone.open_app(screen)
    phone.advance(2)
    return phone


@pytest.mark.parametrize(
    "screen", ["home", "contacts", "calendar", "shade", "keyboard", "dialog", "locked", "toast"]
)
def test_a_wordless_phone_shows_no_letter_and_all_else_as_ever(screen: str) -> None:
    looks: dict[str, Any] = {"size": Size(280, 616), "font_scale": 1.15}
    usual, wordless = (shown(Phone(5, wordless=no, **looks), screen) for no in (False, True))
    assert usual.tree() == wordless.tree()
    runs = written_on(usual)
    assert runs
    assert written_on(wordless) == ()
    differs = (usual.pixels() != wordless.pixels()).any(axis=2)
    for run in runs:
        for letter in run.letters:
            there = differs[letter.top : letter.bottom, letter.left : letter.right]
            assert there.any(), (run.text, letter)
    for run in runs:
        for letter in run.letters:  # a shadow reaches one further
            differs[letter.top : letter.bottom + 1, letter.left : letter.right + 1] = False
        if not run.whole:  # what shows of a letter that is cut off is told by nobody
            differs[run.box[1] - 4 : run.box[3] + 4] = False
    assert not differs.any()
    again = Phone.load(wordless.save())
    assert np.array_equal(again.pixels(), wordless.pixels())


def test_time_passes_only_when_it_is_let() -> None:
    phone = Phone(1)
    before = phone.clock
    phone.pixels()
    assert phone.clock == before
    phone.advance(90)
    assert (phone.clock - before).total_seconds() == 90
    with pytest.raises(ValueError, match="0 to"):
        phone.advance(-1)


def test_the_clock_in_the_status_bar_goes_on() -> None:
    phone = Phone(1)
    phone.advance(0.1)
    shown = phone.clock.strftime("%H:%M")
    assert shown in texts(phone)
    phone.advance(60)
    assert phone.clock.strftime("%H:%M") in texts(phone)
    assert phone.clock.strftime("%H:%M") != shown


def test_what_loads_shows_that_it_loads_and_then_what_it_loaded() -> None:
    phone = Phone(1)
    phone.put("global", "wifi_on", True)
    settings(phone)
    phone.tap(*find(phone, "Network").box.centre)
    phone.advance(0.3)
    assert phone.moving
    assert any(node.label == "Loading" for node in phone.tree().walk())
    phone.advance(1)
    assert not phone.moving
    names = {network["name"] for network in phone.data("settings")["networks"]}
    assert names & texts(phone)


def test_a_drag_scrolls_and_taps_nothing() -> None:
    phone = Phone(2, size=Size(540, 800))
    settings(phone)
    top = find(phone, "Network").box.top
    phone.touch("down", 270, 500)
    for y in range(500, 300, -10):
        phone.advance(0.02)
        phone.touch("move", 270, y)
    phone.advance(0.3)
    phone.touch("up", 270, 310)
    phone.advance(1)
    assert phone.current[1] == ".MainActivity"
    visible = [n for n in phone.tree().walk() if n.text == "Network"]
    assert not visible or visible[0].box.top < top - 100


def test_a_quick_swipe_runs_on_and_comes_to_rest() -> None:
    phone = Phone(2, size=Size(480, 640))
    settings(phone)
    phone.swipe(240, 500, 240, 420, 0.06)
    one = phone.pixels().copy()
    assert phone.moving
    phone.advance(0.1)
    assert not np.array_equal(phone.pixels(), one)
    phone.advance(1)
    assert not phone.moving


def test_a_finger_that_is_taken_away_taps_nothing() -> None:
    phone = settings(Phone(2))
    phone.touch("down", *find(phone, "Display").box.centre)
    phone.touch("cancel", 1, 1)
    phone.advance(1)
    assert phone.current[1] == ".MainActivity"


@pytest.mark.parametrize(("x", "y"), [(-1, 5), (540, 5), (5, 1200)])
def test_a_touch_beside_the_screen_is_an_error(x: int, y: int) -> None:
    with pytest.raises(ValueError, match="540x1200"):
        Phone(1).touch("down", x, y)


def test_text_of_every_script_arrives_as_it_was_written() -> None:
    phone = rename(Phone(7))
    assert phone.field is not None
    for text in (CORPUS.replace("\n", " "), LONG.replace("\n", " ")):
        phone.clear_field()
        assert phone.commit(text)
        assert phone.field.text == text
        phone.pixels()  # and can be drawn


def test_nothing_is_typed_where_nothing_has_the_keyboard() -> None:
    phone = settings(Phone(7))
    assert not phone.commit("x")
    assert not phone.clear_field()
    assert phone.field is None


def test_the_keyboard_on_the_screen_writes_what_its_keys_say() -> None:
    phone = rename(Phone(7))
    for key in ("h", "i", "Space", "Capital letters", "Y", "o", "?123", "7", "Delete", "!"):
        tap(phone, key)
    assert phone.field is not None
    assert phone.field.text == "hi Yo!"
    tap(phone, "Hide keyboard")
    assert not phone.keyboard_shown
    assert phone.field is not None


def test_keys_move_select_cut_and_paste() -> None:
    phone = rename(Phone(7))
    phone.commit("naïve 👩‍💻!")
    for _ in range(2):
        phone.key(21)
    phone.key(DELETE)
    assert phone.field is not None
    assert phone.field.text == "naïve👩‍💻!"
    phone.key(29, meta=CTRL)
    phone.key(52, meta=CTRL)
    assert (phone.field.text, phone.clipboard) == ("", "naïve👩‍💻!")
    phone.key(50, meta=CTRL)
    phone.key(50, meta=CTRL)
    assert phone.field.text == "naïve👩‍💻!" * 2


def test_an_erased_character_takes_its_accents_with_it() -> None:
    phone = rename(Phone(7))
    for text, left in (("ae\u0301", "a"), ("x👍🏽", "x"), ("👨‍👩‍👧‍👦", "")):
        phone.clear_field()
        phone.commit(text)
        phone.erase()
        assert phone.field is not None
        assert phone.field.text == left


def test_a_long_press_selects_a_word_and_offers_to_copy_it() -> None:
    phone = rename(Phone(7))
    phone.commit("alpha beta")
    box = find(phone, "text").box
    phone.press(box.left + 40, box.centre[1], 0.7)
    phone.advance(0.2)
    tap(phone, "Copy")
    assert phone.clipboard == "alpha"


def test_back_puts_the_keyboard_away_first_then_the_dialog_then_the_page() -> None:
    phone = rename(Phone(7))
    seen = []
    for _ in range(4):
        seen.append((phone.keyboard_shown, phone.current[1], "Cancel" in texts(phone)))
        phone.key(BACK)
    assert seen == [
        (True, ".AboutActivity", True),
        (False, ".AboutActivity", True),
        (False, ".AboutActivity", False),
        (False, ".MainActivity", False),
    ]
    assert phone.current == ("org.eyehand.launcher", ".HomeActivity")


def test_a_tap_beside_a_dialog_closes_it_and_does_nothing_else() -> None:
    phone = settings(Phone(7), "Display", "Font size")
    phone.tap(270, 110)
    phone.advance(0.5)
    assert "Cancel" not in texts(phone)
    assert phone.current[1] == ".DisplayActivity"


def test_settings_are_androids_tables() -> None:
    phone = settings(Phone(7), "Network")
    on = phone.on("global", "airplane_mode_on")
    tap(phone, "Airplane mode")
    assert phone.settings["global"]["airplane_mode_on"] == str(int(not on))
    phone.settings["global"]["airplane_mode_on"] = "1"
    row = next(n for n in phone.tree().walk() if n.id == "airplane_mode_on")
    assert row.checked


def test_it_turns() -> None:
    phone = settings(Phone(7))
    for rotation in (1, 2, 3, 0):
        phone.rotate(rotation)
        expected = (1200, 540) if rotation % 2 == 0 else (540, 1200)
        assert phone.pixels().shape == (*expected, 3)
        assert find(phone, "Network").box.right <= phone.size.width
    with pytest.raises(ValueError, match="quarter"):
        phone.rotate(4)


def test_another_size_and_density_are_pretended_and_taken_back() -> None:
    phone = settings(Phone(7))
    before = phone.pixels().copy()
    phone.resize(Size(720, 1280))
    phone.set_density(320)
    assert phone.pixels().shape == (1280, 720, 3)
    phone.resize(None)
    phone.set_density(None)
    assert np.array_equal(phone.pixels(), before)


def test_a_page_with_a_secret_gives_a_black_picture() -> None:
    phone = Phone(7)
    phone.open_app("shop")
    phone.push("shop", "card", {})
    phone.advance(1)
    assert phone.secure
    assert not phone.pixels().any()
    phone.key(BACK)
    phone.advance(1)
    assert phone.pixels().any()


def test_a_phone_can_forbid_all_pictures() -> None:
    phone = settings(Phone(7))
    phone.secure = True
    assert not phone.pixels().any()
    phone.secure = False
    assert phone.pixels().any()


def test_the_screen_goes_off_locks_and_is_unlocked_by_a_swipe() -> None:
    phone = settings(Phone(7))
    phone.key(POWER)
    assert not phone.awake
    assert not phone.pixels().any()
    phone.tap(270, 600)  # nobody hears it
    phone.key(POWER)
    assert phone.awake
    assert phone.locked
    assert "Swipe up to unlock" in texts(phone)
    phone.swipe(270, 1000, 270, 300, 0.3)
    phone.advance(0.5)
    assert not phone.locked
    assert phone.current[0] == "org.eyehand.settings"


def test_the_shade_is_pulled_down_and_switches_things() -> None:
    phone = Phone(7)
    phone.swipe(270, 5, 270, 700, 0.3)
    phone.advance(0.5)
    on = phone.on("secure", "flashlight_on")
    tap(phone, "Torch")
    assert phone.on("secure", "flashlight_on") is not on
    phone.key(BACK)
    assert phone.current[1] == ".HomeActivity"


def test_open_apps_are_listed_and_closed() -> None:
    phone = settings(Phone(7), "Display")
    phone.key(HOME)
    phone.show_recents()
    phone.advance(0.5)
    tap(phone, "Settings")
    assert phone.current == ("org.eyehand.settings", ".DisplayActivity")
    phone.show_recents()
    tap(phone, "Close Settings")
    assert phone.tasks_open() == []


def test_an_unknown_package_is_an_error() -> None:
    with pytest.raises(KeyError, match="nobody"):
        Phone(1).launch("com.nobody")
