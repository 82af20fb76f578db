"""What is told to be written on a phone's screen is there, and nothing else is."""

import numpy as np
import pytest
from PIL import Image

from eyehand.envs.practice import fonts
from eyehand.envs.practice.draw import Box, Canvas
from eyehand.envs.practice.fonts import FAMILIES, Font
from eyehand.envs.practice.phone import Phone
from eyehand.envs.practice.written import Run, Written, inks, written_on
from eyehand.model import Size

SIZE = Size(280, 616)
INK, GROUND = (20, 20, 20), (250, 250, 250)


def drawn(text: str, font: Font) -> np.ndarray:
    """Give the picture of a line, dark on light."""
    image = Image.new("RGB", (240, 60), GROUND)
    Canvas(image).text(8, 6, text, font, INK)
    return np.asarray(image).astype(int)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("bold", [False, True])
def test_another_letter_changes_the_picture_there_and_nowhere_else(family: str, bold: bool) -> None:
    font = Font(family, 13, bold)
    for text in ("08:45 Wi-Fi, 7", "Größe (é)"):
        before, letters = drawn(text, font), inks(text, font)
        shown = [sign for sign in text if sign != " "]
        assert [letter.text for letter in letters] == shown
        for letter in letters:
            left, top, right, bottom = (
                letter.left + 8, letter.top + 6, letter.right + 8, letter.bottom + 6,
            )  # fmt: skip
            part = before[top:bottom, left:right]
            for edge in (part[0], part[-1], part[:, 0], part[:, -1]):
                assert (edge != GROUND[0]).any()  # its ink reaches every side of its box
    text = "08:45 Wi-Fi, 7"
    before, mine = drawn(text, font), inks(text, font)[-1]
    for sign in "1Wgé":
        other = inks(text[:-1] + sign, font)[-1]
        ys, xs = np.nonzero((drawn(text[:-1] + sign, font) != before).any(axis=2))
        assert min(mine.left, other.left) <= xs.min() - 8
        assert xs.max() - 8 < max(mine.right, other.right)
        assert min(mine.top, other.top) <= ys.min() - 6
        assert ys.max() - 6 < max(mine.bottom, other.bottom)


def runs_of(*deeds: object) -> tuple[Run, ...]:
    """Write and fill on a canvas; give what can be read in the end."""
    note = Written()
    canvas = Canvas(Image.new("RGB", (200, 100), GROUND), written=note)
    font = Font(FAMILIES[0], 14)
    for deed in deeds:
        if isinstance(deed, Box):
            canvas.fill(deed, (9, 99, 9))
        elif isinstance(deed, tuple):
            text, x, y = deed
            canvas.text(x, y, text, font, INK)
    return note.runs()


def test_what_is_drawn_over_is_not_read() -> None:
    assert [run.text for run in runs_of(("Allow", 10, 10))] == ["Allow"]
    assert runs_of(("Allow", 10, 10), Box(0, 0, 100, 60)) == ()
    under = runs_of(Box(0, 0, 100, 60), ("Allow", 10, 10))
    assert [(run.text, run.whole) for run in under] == [("Allow", True)]
    (half,) = runs_of(
        ("Allow", 10, 10), Box(0, 0, 10 + fonts.width("Al", Font(FAMILIES[0], 14)), 60)
    )
    assert "".join(letter.text for letter in half.letters) == "low"
    assert not half.whole


def test_what_lies_outside_is_not_read() -> None:
    assert runs_of(("Allow", 300, 10)) == ()
    (cut,) = runs_of(("Allow me", 170, 10))
    assert not cut.whole
    note = Written()
    canvas = Canvas(Image.new("RGB", (200, 100), GROUND), written=note)
    with canvas.within(Box(0, 0, 60, 14)) as part:  # the lower half of the line is cut off
        part.text(10, 4, "Allow", Font(FAMILIES[0], 14), INK)
    assert not any(run.whole for run in note.runs())


def test_a_shadow_is_not_read_twice() -> None:
    runs = written_on(Phone(5, size=SIZE))  # the home screen's words have shadows
    assert [run.text for run in runs].count("Settings") == 1


@pytest.mark.parametrize("app", ["clock", "calculator"])
def test_to_be_told_changes_no_pixel_and_the_told_is_on_the_tree(app: str) -> None:
    phone = Phone(3, size=SIZE)
    phone.open_app(app)
    phone.advance(3)
    plain, told = Image.new("RGB", SIZE), Image.new("RGB", SIZE)
    phone.scene().draw(plain, None)
    note = Written()
    phone.scene().draw(told, None, note)
    assert np.array_equal(np.asarray(plain), np.asarray(told))
    runs = note.runs()
    assert runs == written_on(phone)
    words = " ".join(node.text for node in phone.tree().walk())
    for run in runs:
        first = run.text.rstrip("…").split()[0]
        assert first in words or len(first) == 1, run.text


def test_the_keyboard_hides_what_it_lies_over() -> None:
    phone = Phone(3, size=SIZE)
    phone.open_app("settings")
    phone.advance(3)
    before = {run.text for run in written_on(phone)}
    field = next(node for node in phone.tree().walk() if node.role == "field")
    phone.tap(*field.box.centre)
    phone.advance(1)
    after = {run.text for run in written_on(phone)}
    assert "q" in after
    assert any(
        text in before and text not in after for text in ("Battery", "Language", "About phone")
    )


def test_what_may_not_be_seen_is_not_read() -> None:
    phone = Phone(3, size=SIZE)
    phone.secure = True
    assert written_on(phone) == ()
