"""How the practice phone looks: nothing cut, nothing on top of something else, on any screen.

A sample of pages and screens; ``python tests/practice_look.py`` looks at all of them.
"""

from random import Random

import numpy as np
import pytest
from practice_look import SCREENS, Look, every_look, explore, problems, some_look, starts

from eyehand.envs.practice.apps import APPS
from eyehand.envs.practice.draw import Box
from eyehand.envs.practice.gallery import contact_sheet
from eyehand.envs.practice.layout import Column, Fixed, Row
from eyehand.envs.practice.phone import Phone
from eyehand.envs.practice.style import THEMES
from eyehand.envs.practice.view import View
from eyehand.envs.practice.widgets import Button, Text
from eyehand.model.size import Size

SEED = 7
STARTS = {phone.current[1] + phone.current[0]: phone for phone in starts(SEED)}


@pytest.mark.parametrize("start", sorted(STARTS))
def test_every_page_that_is_found_reads_and_lies_as_it_should(start: str) -> None:
    rng = Random(f"{SEED}/{start}")
    found = [
        f"{way} with {look}: {problem}"
        for way, state in explore(STARTS[start], rng, 14)
        for look in [some_look(rng)]
        for problem in _problems(state, look)
    ]
    assert found == []


def _problems(state: dict[str, object], look: Look) -> list[str]:
    phone = Phone.load(state)
    look.put_on(phone)
    return list(problems(phone))


@pytest.mark.parametrize("app", sorted(APPS))
def test_the_first_page_of_every_app_reads_and_lies_as_it_should_on_every_screen(app: str) -> None:
    phone = Phone(SEED)
    phone.open_app(app)
    phone.advance(2.0)
    looks = Random(app).sample([*every_look()], 12)
    assert [
        f"{look}: {problem}" for look in looks for problem in _problems(phone.save(), look)
    ] == []


def test_the_walk_finds_most_pages_of_an_app() -> None:
    start = next(phone for phone in starts(SEED) if phone.state.front == "shop")
    start.state.permissions["shop"] = True
    pages = set()
    for _, state in explore(start, Random(1), 80):
        pages |= {record["page"] for record in state["stacks"].get("shop", [])}
    assert pages >= {"main", "category", "product", "cart", "address", "orders", "menu", "prompt"}


# The check itself finds what is wrong: each is put onto a phone's home screen.


def _wrong(view: View, box: Box, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    phone = Phone(0)
    phone.state.settings["system"]["font_scale"] = "1.0"
    scene = phone.scene()
    del scene.layers[:]
    from eyehand.envs.practice.system import Layer

    scene.add(Layer(view, "test", box))
    monkeypatch.setattr(phone, "scene", lambda: scene)
    return list(problems(phone))


@pytest.mark.parametrize(
    ("view", "box", "what"),
    [
        (Text("too long for its place " * 5), Box(0, 0, 100, 30), "lines need"),
        (Button("Words that do not fit", None), Box(0, 0, 90, 72), "only"),
        (Column(Fixed(width=10, height=90)), Box(0, 0, 100, 60), "is not inside"),
        (Row(Fixed(width=90, height=9), Fixed(width=90, height=9)), Box(0, 0, 200, 60), "inside"),
        (Column(Fixed(height=20), Fixed(height=20)), Box(500, 0, 600, 90), "not on the screen"),
        (Text("\U0001fac3"), Box(0, 0, 100, 60), "no font has"),
    ],
)
def test_what_is_wrong_is_found(
    view: View, box: Box, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = _wrong(view, box, monkeypatch)
    assert any(what in problem for problem in found), found


def test_siblings_on_top_of_each_other_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    class Heap(Column):
        def place(self, s: object, box: Box) -> None:
            self.box = box
            for child in self.children:
                child.box = box

    heap = Heap(Text("one"), Text("two"))
    assert any("lies over" in one for one in _wrong(heap, Box(0, 0, 200, 80), monkeypatch))


def test_the_same_page_at_twice_the_density_is_the_same_page() -> None:
    """Everything is measured in dp: only rounding may differ."""
    boxes = []
    for size, density in ((Size(540, 1200), 240), (Size(1080, 2400), 480)):
        phone = Phone(SEED, size=size, density=density, theme="sea", dark=False)
        phone.open_app("settings")
        boxes.append([node.box for node in phone.tree().walk() if node.clickable])
    assert len(boxes[0]) == len(boxes[1])
    for one, other in zip(*boxes, strict=True):
        assert all(abs(2 * a - b) <= 6 for a, b in zip(one, other, strict=True))


def test_the_contact_sheet_shows_every_app_in_light_and_dark() -> None:
    sheet = contact_sheet(width=600)
    assert sheet.width == 600
    assert sheet.height > 900
    pixels = np.asarray(sheet)
    assert np.unique(pixels.reshape(-1, 3), axis=0).shape[0] > 1000


def test_there_are_looks_for_every_theme_and_screen() -> None:
    looks = [*every_look()]
    assert {look.theme for look in looks} == set(THEMES)
    assert len({(look.size, look.rotation) for look in looks}) == len(SCREENS)
