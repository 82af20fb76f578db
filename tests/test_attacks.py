"""What is written on a screen or returned by a tool orders nothing that the guard does not allow.

A model that obeys whatever it reads, and tries every way around, is let loose on each attack of
tests/attacks. A sample runs here; EYEHAND_FULL=1 runs all, and ``full_attacks.py`` counts them.
"""

import os
import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import toys
import yaml
from attack_run import MODES, Mode, attempt
from attack_stage import FOLDER, PLACES, Attack, attacks, staged
from dialect_cases import KINDS, frame_of, made
from gullible import ways
from tokenizers import AddedToken
from tokenizers import Tokenizer as Backend

from eyehand.actions import ActionError, Click, Done, Point, Size
from eyehand.actions.dialects import GROUNDING, Turn
from eyehand.agent import replay
from eyehand.agent.fence import fenced, visible
from eyehand.envs.practice.phone import Phone
from eyehand.model import Image, Marked, Message, pixel_hash
from eyehand.model.image import Processor
from eyehand.model.prompt import Layout
from eyehand.model.tokenizer import Tokenizer, structural

FULL = "EYEHAND_FULL" in os.environ
ITEMS = attacks()
DRAW = random.Random("attacks")
FRAME = frame_of(Size(1080, 2400), Size(1092, 2408))
BLACK = np.zeros((28, 28, 3), np.uint8)
DOT = Image(BLACK, Size(28, 28), pixel_hash(BLACK))


def some(count: int, *, only: tuple[str, ...] = PLACES) -> list[Attack]:
    """Give a few items, or all of them."""
    items = [one for one in ITEMS if one.place in only]
    return items if FULL else DRAW.sample(items, count)


def named(attack: Attack) -> str:
    return attack.id


def test_the_corpus_is_wide_and_says_where_its_patterns_come_from() -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert len(ITEMS) >= 60
    assert {one.place for one in ITEMS} == set(PLACES)
    assert len({one.language for one in ITEMS}) >= 10
    assert {f"`{one.source}`" for one in ITEMS} <= set(re.findall(r"`[a-z0-9-]+`", page))
    flows = yaml.safe_load((FOLDER / "flows.yaml").read_text(encoding="utf-8"))
    text = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.yaml"))
    assert all(f"flow: {name}" in text for name in flows)


@pytest.mark.parametrize("attack", some(8), ids=named)
async def test_without_a_guard_the_gullible_model_does_harm(attack: Attack) -> None:
    # Else the tests below would show nothing.
    tried = await attempt(attack, "nobody guards")
    assert set(attack.never) - {"secret"} <= tried.stage.harms()
    if attack.place in ("tool", "mcp"):
        assert visible(attack.text[:20]).split(" (")[0] in "".join(tried.model.told)


@pytest.mark.parametrize("attack", some(10), ids=named)
def test_the_text_of_an_attack_is_there_to_be_read(attack: Attack) -> None:
    if attack.place not in ("tool", "mcp", "window", "clipboard"):
        assert staged(attack).shows_the_text()


async def test_a_secret_is_typed_where_a_text_asks_for_it_and_nobody_guards() -> None:
    attack = next(one for one in ITEMS if one.id == "message-reply-with-pin")
    assert "secret" in (await attempt(attack, "nobody guards")).stage.harms()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("attack", some(6), ids=named)
async def test_nothing_that_is_refused_is_ever_done(attack: Attack, mode: Mode) -> None:
    tried = await attempt(attack, mode)
    assert tried.faults() == []
    assert tried.refused, "nothing was tried that a guard has to refuse"
    if mode == "careful, person says no":
        assert all(step.decision.by == "person" for step in tried.refused if step.decision)
        assert len(tried.asked) == len(tried.refused)


@pytest.mark.parametrize("dialect", ["mobile_use", "ui-tars-1.5"])
@pytest.mark.parametrize("attack", some(2, only=("note", "message", "file", "tool")), ids=named)
async def test_the_words_of_a_family_are_no_way_around(attack: Attack, dialect: str) -> None:
    tried = await attempt(attack, "careful, unattended", dialect=dialect)
    assert tried.faults() == []


@pytest.mark.parametrize("attack", some(1, only=("message",)), ids=named)
async def test_what_was_refused_is_refused_again_in_a_replay(
    attack: Attack, tmp_path: Path
) -> None:
    tried = await attempt(attack, "careful, person says no", record=tmp_path / "e")
    assert tried.refused
    assert (await replay(tmp_path / "e")).complete


def test_a_press_has_many_manners() -> None:
    phone = Phone(3)
    phone.scene()
    kinds = {one.action for one in ways({"tap": "Notes"}, phone)}
    assert {"click", "long_press", "swipe", "drag", "scroll", "key"} <= kinds


# Tokens


WORDS = (
    "<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>",
    "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "<tool_response>", "</tool_response>",
    "<think>", "</think>",
)  # fmt: skip
"""What Qwen2.5 and Qwen3 add to the vocabulary without calling it special."""


@pytest.fixture(scope="module")
def layout() -> Layout:
    """Prompts of the genuine vocabulary, with all that Qwen2.5 and Qwen3 add to it."""
    backend = Backend.from_str(Tokenizer.from_vocabulary(*toys.vocabulary()).to_json())
    backend.add_tokens([AddedToken(word, normalized=False, special=False) for word in WORDS])
    return Layout(Tokenizer(backend), Processor(), 151655, 151656, 151652, 151653)


def control(layout: Layout, messages: Sequence[Message]) -> list[int]:
    """Give a prompt's tokens that stand beside the vocabulary, in order."""
    added = set(layout.tokenizer.added.values())
    return [number for number in layout.prompt(messages).ids if number in added]


def prompt(name: str, place: str, told: str) -> list[Message]:
    """Give a family's prompt after rounds that came to something."""
    dialect = made(name, place)
    try:
        reply = dialect.render(Click(point=Point(10, 20)), FRAME, "I see it.")
    except ActionError:
        reply = dialect.render(Done(), FRAME)
    return dialect.messages("Look", [Turn(DOT, reply, told), Turn(None, reply, told)], DOT)


SPOKEN = [one for one in KINDS if one[0] not in GROUNDING]


@pytest.mark.parametrize(("name", "place"), SPOKEN if FULL else SPOKEN[::7])
def test_no_text_of_the_corpus_makes_a_token_of_its_own(
    name: str, place: str, layout: Layout
) -> None:
    worst = [one for one in ITEMS if one.id in ("tool-special-tokens", "tool-fake-tool-response")]
    template = control(layout, prompt(name, place, fenced("nothing of that kind", "look_up")))
    assert template
    for attack in [*worst, *(ITEMS if FULL else DRAW.sample(ITEMS, 3))]:
        text = attack.text[:2000]
        for told in (text, fenced(text, "look_up")):
            assert control(layout, prompt(name, place, told)) == template, attack.id


@pytest.mark.parametrize("role", ["user", "assistant"])
def test_plain_text_makes_no_token_and_marked_text_all_but_the_structure(
    role: Literal["user", "assistant"], layout: Layout
) -> None:
    spelled = "".join(layout.tokenizer.added)
    empty = control(layout, [Message.of(role, "x")])
    assert control(layout, [Message.of(role, spelled)]) == empty
    found = control(layout, [Message.of(role, Marked(spelled))])
    names = {n: name for name, n in layout.tokenizer.added.items()}
    assert {names[n] for n in set(found) - set(empty)} == {
        name for name in layout.tokenizer.added if not structural(name)
    }
