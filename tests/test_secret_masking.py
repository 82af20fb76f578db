"""Typed text is covered for as long as it can be seen, wherever it goes; and little else is."""

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont
from secret_rig import SECRET, Desk, Drawn, holds

from eyehand.actions import parse_action
from eyehand.agent.secret_env import COVERED, SecretEnv
from eyehand.agent.secret_store import Secrets
from eyehand.envs import Env, PracticeEnv
from eyehand.envs.base import TellsWhatIsShown
from eyehand.envs.masking import MASK_RGB, Masker
from eyehand.envs.masking_shapes import Area, drawn
from eyehand.envs.practice.phone import Phone
from eyehand.model import Pixels, Size

FONT = ImageFont.load_default(20)
WIDTH, HEIGHT = 480, 400


class Page:
    """A page with a field, drawn by hand; everything about it can be changed."""

    def __init__(self, **looks: Any) -> None:
        self.looks: dict[str, Any] = {
            "text": "", "at": (60, 100), "caret": None, "ink": (20, 20, 20),
            "paper": (250, 250, 250),
            "outline": (120, 120, 120), "button": (200, 200, 200), "button_ink": (230, 230, 230),
            "size": (WIDTH, HEIGHT), "strip": "", "title": "Log in", "label": "Password",
            "select": None, "page": True,
        }  # fmt: skip
        self.looks.update(looks)

    def but(self, **looks: Any) -> "Page":
        return Page(**{**self.looks, **looks})

    def pixels(self) -> Pixels:
        look = self.looks
        image = Image.new("RGB", look["size"], look["paper"])
        draw = ImageDraw.Draw(image)
        x, y = look["at"]
        draw.text((20, 14), look["title"], look["ink"], FONT)
        if look["page"]:
            draw.text((x, y - 30), look["label"], look["ink"], FONT)
            draw.rectangle((x, y, x + 300, y + 40), outline=look["outline"], width=2)
            if look["select"]:
                draw.rectangle((x + 8, y + 8, x + 200, y + 32), look["select"])
            draw.text((x + 10, y + 8), look["text"], look["ink"], FONT)
            if look["caret"] is not None:
                draw.rectangle((x + look["caret"], y + 7, x + look["caret"] + 1, y + 33), (0, 0, 0))
            draw.rounded_rectangle((x, y + 80, x + 120, y + 120), 8, look["button"])
            draw.text((x + 20, y + 88), "Sign in", look["button_ink"], FONT)
        draw.text((200, HEIGHT - 30), look["strip"], look["ink"], FONT)
        return np.asarray(image).copy()


EMPTY = Page(caret=10)
TYPED = EMPTY.but(text=SECRET, caret=130)


def typed(before: Page = EMPTY, after: Page = TYPED) -> Masker:
    masker = Masker()
    masker.typing(before.pixels())
    masker.look(after.pixels())
    masker.acting()
    return masker


def glyphs(page: Page = TYPED, empty: Page = EMPTY) -> Drawn:
    """The text of a page's field; its caret is left out."""
    x, y = page.looks["at"]
    bare = page.but(caret=None).pixels()
    return Drawn(
        empty.but(caret=None, at=page.looks["at"]).pixels(), bare, Area(x, y, x + 300, y + 40)
    )


def leaks(shown: Pixels, page: Page) -> bool:
    """Whether a pixel of a page's text can be seen."""
    ink = (page.pixels() != page.but(text="").pixels()).any(axis=2)
    assert ink.sum() > 100
    return bool((shown[ink] != MASK_RGB).any())


def covered(shown: Pixels) -> float:
    return float((shown == MASK_RGB).all(axis=2).mean())


def test_before_anything_is_typed_the_picture_is_the_same_object() -> None:
    pixels = EMPTY.pixels()
    assert Masker().look(pixels) is pixels


def test_what_was_typed_is_covered_and_nothing_else_is() -> None:
    masker = Masker()
    masker.typing(EMPTY.pixels())
    after = TYPED.pixels()
    shown = masker.look(after)
    assert not leaks(shown, TYPED)
    assert 0 < covered(shown) < 0.12
    assert (after == TYPED.pixels()).all()  # what the env gave is not written to
    away = ~(shown == MASK_RGB).all(axis=2)
    assert (shown[away] == after[away]).all()
    assert (shown[:98] == after[:98]).all()  # the label
    assert (shown[145:] == after[145:]).all()


def test_a_button_that_only_lights_up_is_not_covered() -> None:
    lit = TYPED.but(button=(30, 90, 200), button_ink=(255, 255, 255))
    masker = Masker()
    masker.typing(EMPTY.pixels())
    shown = masker.look(lit.pixels())
    assert not leaks(shown, lit)
    assert (shown[180:222] == lit.pixels()[180:222]).all()


AFTER: dict[str, Callable[[Page], Page]] = {
    "nothing": lambda page: page,
    "the caret blinks": lambda page: page.but(caret=None),
    "the caret moves": lambda page: page.but(caret=60),
    "more is typed": lambda page: page.but(text=SECRET + " and more", caret=240),
    "more is typed before it": lambda page: page.but(text="x1 " + SECRET, caret=20),
    "one is erased": lambda page: page.but(text=SECRET[:-1]),
    "it is selected": lambda page: page.but(select=(150, 190, 255)),
    "the outline fades": lambda page: page.but(outline=(200, 200, 200), caret=None),
    "it scrolls": lambda page: page.but(at=(60, 43)),
    "it slides and loses the caret": lambda page: page.but(at=(60, 151), caret=None),
    "it goes aside": lambda page: page.but(at=(100, 100)),
    "a dialog dims it": lambda page: page.but(
        ink=(10, 10, 10), paper=(125, 125, 125), outline=(60, 60, 60), button=(100, 100, 100)
    ),
    "dark and moved": lambda page: page.but(ink=(230, 230, 230), paper=(20, 20, 20), at=(60, 60)),
    "the screen is turned": lambda page: page.but(size=(HEIGHT, WIDTH), at=(40, 200)),
    "the page about it changes": lambda page: page.but(title="Wrong, try again", label="Again:"),
}


@pytest.mark.parametrize("change", AFTER)
def test_it_stays_covered_when(change: str) -> None:
    masker = typed()
    page = AFTER[change](TYPED)
    shown = masker.look(page.pixels())
    assert not leaks(shown, page)
    assert covered(shown) < 0.15
    again = masker.look(page.but(caret=None).pixels())
    assert not leaks(again, page.but(caret=None))


def test_dots_and_letters_that_they_become_are_covered() -> None:
    dots = EMPTY.but(text="•" * len(SECRET), caret=100)
    masker = typed(after=dots)
    assert not leaks(masker.look(dots.pixels()), dots)
    assert not leaks(masker.look(TYPED.pixels()), TYPED)
    moved = TYPED.but(at=(60, 60), caret=None)
    assert not leaks(masker.look(moved.pixels()), moved)


def test_it_is_covered_again_when_the_page_comes_back() -> None:
    masker = typed()
    other = Page(page=False, title="Another page")
    pixels = other.pixels()
    assert masker.look(pixels) is pixels or covered(masker.look(pixels)) == 0
    back = TYPED.but(at=(70, 120), caret=None)
    assert not leaks(masker.look(back.pixels()), back)


def test_a_field_that_is_emptied_is_seen_again() -> None:
    masker = typed()
    for page in (EMPTY.but(caret=None), EMPTY.but(text="hello", caret=80)):
        assert (masker.look(page.pixels()) == page.pixels()).all()
    assert not leaks(masker.look(TYPED.pixels()), TYPED)  # as after an undo


def test_the_word_in_a_keyboards_strip_is_covered_too() -> None:
    strip = TYPED.but(strip=SECRET)
    masker = typed(after=strip)
    shown = masker.look(strip.pixels())
    assert not leaks(shown, strip)
    assert (shown[HEIGHT - 24 : HEIGHT - 14, 200:280] == MASK_RGB).all()


def test_the_same_glyphs_anywhere_else_are_covered() -> None:
    masker = typed()
    copied = Page(page=False, title=SECRET)
    shown = masker.look(copied.pixels())
    part = glyphs().pixels
    assert holds(copied.pixels(), part)
    assert not holds(shown, part)


def test_text_that_appears_late_is_covered_when_it_does() -> None:
    masker = Masker()
    masker.typing(EMPTY.pixels())
    assert covered(masker.look(EMPTY.but(caret=None).pixels())) < 0.05
    assert not leaks(masker.look(TYPED.pixels()), TYPED)


def test_a_page_that_came_instead_is_covered_until_something_is_done() -> None:
    busy = Page(page=False, title="Home")
    pixels = busy.pixels()
    image = Image.fromarray(pixels)
    draw = ImageDraw.Draw(image)
    for row in range(12):
        draw.text((20, 50 + row * 26), "All the other words of the page that came", (0, 0, 0), FONT)
    pixels = np.asarray(image)
    masker = Masker()
    masker.typing(EMPTY.pixels())
    assert covered(masker.look(pixels)) > 0.25
    assert covered(masker.look(pixels)) > 0.25
    masker.acting()
    assert covered(masker.look(pixels)) < 0.15


def test_two_secrets_in_two_fields_are_both_covered() -> None:
    masker = typed()
    lower = Page(text="other-25", at=(60, 260), label="", title="Log in")
    both = TYPED.pixels()
    both[250:310] = lower.pixels()[250:310]
    first = TYPED.pixels()
    first[250:310] = lower.but(text="").pixels()[250:310]
    masker.look(first)
    masker.typing(first)
    shown = masker.look(both)
    assert not leaks(shown, TYPED)
    assert not leaks(shown, lower)


def test_turned_while_it_is_typed_on_everything_is_covered() -> None:
    masker = Masker()
    masker.typing(EMPTY.pixels())
    turned = TYPED.but(size=(HEIGHT, WIDTH), at=(40, 200))
    assert covered(masker.look(turned.pixels())) == 1


def test_forgetting_forgets() -> None:
    masker = typed()
    masker.forget()
    pixels = TYPED.pixels()
    assert masker.idle
    assert masker.look(pixels) is pixels


def noise(seed: int) -> Pixels:
    """A picture of some size: flat, or of a few colours, or of many."""
    random = np.random.default_rng(seed)
    height, width = ((1, 1), (9, 40), (40, 9), (64, 64))[seed % 4]
    return random.integers(0, (1, 2, 256)[seed % 3], (height, width, 3)).astype(np.uint8)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 48)), min_size=2, max_size=6))
def test_no_picture_makes_it_raise(pictures: list[tuple[bool, int]]) -> None:
    masker, other = Masker(), Masker()
    for typing, seed in pictures:
        picture = noise(seed)
        if typing:
            masker.typing(picture)
            other.typing(picture)
        shown = masker.look(picture, [Area(-5, 2, 30, 20)])
        assert shown.shape == picture.shape
        assert (shown == other.look(picture, [Area(-5, 2, 30, 20)])).all()  # the same every time


def test_only_new_shapes_count_as_drawn() -> None:
    lit = EMPTY.but(button=(30, 90, 200), button_ink=(255, 255, 255))
    assert drawn(EMPTY.pixels(), lit.pixels()) == []
    (found,) = drawn(EMPTY.but(caret=None).pixels(), EMPTY.but(text="abc", caret=None).pixels())
    assert found[0].within(Area(60, 100, 360, 140)) == found[0]


# In an env ---------------------------------------------------------------------------------------


class Silent:
    """An env whose system says nothing of what is on its screen."""

    def __init__(self, env: PracticeEnv) -> None:
        self.inner = env

    def __getattr__(self, name: str) -> Any:
        if name == "shown":
            raise AttributeError(name)
        return getattr(self.inner, name)


class SilentDesk(Desk):
    """Finds what it taps by asking the env behind."""

    async def tap(self, name: str) -> Any:
        shown = [s for s in await self.env.inner.shown() if name in (s.text, s.label, s.id)]
        left, top, right, bottom = shown[-1].box
        return await self.do(action="click", point=[(left + right) / 2, (top + bottom) / 2])


async def walk(at: Desk, text: str) -> None:
    """Type a name, go on, scroll, turn, and come back."""
    await form(at)
    await at.do(action="type", text=text)
    await at.tap("phone")
    await at.do(action="back")
    await at.do(action="scroll", direction="down", amount=0.1, unit="screens")
    await at.do(action="home")
    await at.do(action="open_app", name="contacts")


@pytest.mark.parametrize("size", [Size(540, 1200), Size(800, 1280)], ids=str)
async def test_on_a_phone_that_tells_nothing_pictures_alone_keep_it_covered(size: Size) -> None:
    open_ = PracticeEnv(3, size=size)
    plain = Desk(open_, await open_.reset())
    await walk(plain, SECRET)
    quiet: Any = Silent(PracticeEnv(3, size=size))
    env = SecretEnv(quiet, Secrets({"name": SECRET}))
    assert not isinstance(env, TellsWhatIsShown)
    at = SilentDesk(env, await env.reset())
    await walk(at, "{{secret:name}}")
    changed = next(n for n, a in enumerate(plain.done) if a.get("text"))
    before, after = plain.frames[changed], plain.frames[changed + 1]
    area = max((area for area, _ in drawn(before, after)), key=lambda one: one.size)
    look_for = Drawn(before, after, Area(area.left, area.top, area.right - 6, area.bottom))
    assert look_for.times(plain.frames) >= 2
    assert look_for.times(at.frames) == 0
    assert max(map(covered, at.frames)) < 0.15
    await env.close()


async def test_a_wrapped_env_passes_for_what_it_wraps_and_tells_no_secret() -> None:
    inner = PracticeEnv(phone=Phone(3))
    env: Any = SecretEnv(inner, Secrets({"name": SECRET}))
    assert isinstance(env, PracticeEnv)
    assert isinstance(env, TellsWhatIsShown)
    assert env.phone is not None if await env.reset() else None
    assert env.name == inner.name
    assert env.action_space == inner.action_space
    at = Desk(env, await env.observe())
    await form(at)
    outcome = await at.do(action="type", text="Dr {{secret:name}}!")
    assert outcome.detail == f"typed and verified; {COVERED}"
    assert inner.phone.field is not None
    assert inner.phone.field.text == f"Dr {SECRET}!"
    texts = [one.text for one in await env.shown()]
    assert "Dr {{secret:name}}!" in texts

    async def read() -> Any:
        return {"text": f"<{SECRET}>", "n": [1, SECRET.upper()]}

    told = await env.probe("x", {}, read)
    assert told == {"text": "<{{secret:name}}>", "n": [1, "{{secret:name}}"]}
    with pytest.raises(AttributeError):
        getattr(env, "no_such" + "_thing")
    await env.close()


async def test_what_a_cancelled_typing_left_is_covered() -> None:
    hangs, typed_ = asyncio.Event(), asyncio.Event()

    class Hangs(PracticeEnv):
        async def perform(self, action: Any, seen: Any) -> Any:
            outcome = await super().perform(action, seen)
            if action.action == "type":
                typed_.set()
                await hangs.wait()
            return outcome

    plain = Desk(env := PracticeEnv(3), await env.reset())
    await form(plain)
    await plain.do(action="type", text=SECRET)
    look_for = Drawn(plain.frames[-2], plain.frames[-1], Area(24, 138, 510, 222))
    wrapped: Any = SecretEnv(Hangs(3), Secrets({"name": SECRET}))
    at = Desk(wrapped, await wrapped.reset())
    await form(at)
    typing = asyncio.create_task(at.do(action="type", text="{{secret:name}}"))
    await typed_.wait()
    typing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await typing
    seen = [(await wrapped.observe()).pixels for _ in range(2)]
    assert look_for.times(plain.frames) == 1
    assert look_for.times(seen) == 0
    assert 0.01 < covered(seen[0]) < 0.15


async def form(at: Desk) -> None:
    """Open the form of a new contact, with the keyboard on its name."""
    await at.do(action="open_app", name="contacts")
    await at.tap("New contact")
    await at.tap("name")


def test_a_black_picture_stays_black() -> None:
    masker = typed()
    black = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    assert masker.look(black) is black
    assert not leaks(masker.look(TYPED.pixels()), TYPED)


async def test_keys_in_the_text_and_submit_are_steps_of_their_own() -> None:
    done: list[str] = []

    class Notes(PracticeEnv):
        async def perform(self, action: Any, seen: Any) -> Any:
            done.append(str(action))
            return await super().perform(action, seen)

    env: Env = SecretEnv(Notes(3), Secrets({"a": "abc1", "b": "5552"}))
    at = Desk(env, await env.reset())
    await form(at)
    done.clear()
    action = {"action": "type", "text": "{{secret:a}}\t{{secret:b}}0\n", "clear": True}
    outcome = await env.perform(parse_action({**action, "submit": True}), at.seen)
    assert done == [
        "type '' clear=True", "type 'abc1'", "type '\\t'",
        "type '55520'", "type '\\n'", "key 'enter'",
    ]  # fmt: skip
    assert outcome.detail == f"typed and verified; {COVERED}"
    await env.close()
