"""The computer tools of hosted models: actions as JSON objects, answers in plain words."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from strategies import texts

from eyehand.actions import (
    Action,
    ActionError,
    Answer,
    CallTool,
    Click,
    Done,
    Drag,
    Frame,
    HoldKey,
    Key,
    Move,
    Point,
    Screenshot,
    Scroll,
    Size,
    Type,
    Wait,
)
from eyehand.actions.dialects import Turn
from eyehand.actions.dialects.anthropic_computer import AnthropicComputerDialect
from eyehand.actions.dialects.openai_computer import OpenAiComputerDialect
from eyehand.actions.keys import KEYS
from eyehand.model import Image

DATA = Path(__file__).parent / "data" / "dialects" / "model-outputs" / "outputs.json"
SCREEN = Size(2000, 1000)
FRAME = Frame(":0", SCREEN, SCREEN).planned(Size(1000, 500))
TOOL = {"name": "price", "description": "Look it up.", "parameters": {"type": "object"}}
SHOWN = Image(np.zeros((2, 2, 3), np.uint8), Size(1000, 500), "0" * 32)
OPENAI, ANTHROPIC = OpenAiComputerDialect([TOOL]), AnthropicComputerDialect([TOOL])
OLDEST = AnthropicComputerDialect(version="20241022")
BOTH = [OPENAI, ANTHROPIC]
AT = Point(624, 128)
PATH = [{"x": 312, "y": 64}, {"x": 100, "y": 64}]


@pytest.mark.parametrize(
    ("dialect", "given", "action"),
    [
        (OPENAI, {"type": "click", "x": 312, "y": 64, "button": "left"}, Click(point=AT)),
        (
            OPENAI,
            {"type": "click", "x": 312, "y": 64, "button": "wheel"},
            Click(point=AT, button="middle"),
        ),
        (OPENAI, {"type": "double_click", "x": 312, "y": 64}, Click(point=AT, count=2)),
        (OPENAI, {"type": "drag", "path": PATH}, Drag(start=AT, end=Point(200, 128))),
        (OPENAI, {"type": "keypress", "keys": ["CTRL", "s"]}, Key(keys="ctrl+s")),
        (OPENAI, {"type": "keypress", "keys": ["PAGEDOWN"]}, Key(keys="page_down")),
        (OPENAI, {"type": "move", "x": 312, "y": 64}, Move(point=AT)),
        (OPENAI, {"type": "screenshot"}, Screenshot()),
        (
            OPENAI,
            {"type": "scroll", "x": 312, "y": 64, "scroll_x": 0, "scroll_y": 300},
            Scroll(point=AT, dy=3),
        ),
        (OPENAI, {"type": "type", "text": "a\n"}, Type(text="a\n")),
        (OPENAI, {"type": "wait"}, Wait()),
        (
            OPENAI,
            {"type": "function_call", "name": "price", "arguments": '{"item": "pen"}'},
            CallTool(name="price", arguments={"item": "pen"}),
        ),
        (ANTHROPIC, {"action": "left_click", "coordinate": [312, 64]}, Click(point=AT)),
        (ANTHROPIC, {"action": "right_click"}, Click(button="right")),
        (
            ANTHROPIC,
            {"action": "left_click_drag", "coordinate": [0, 0], "start_coordinate": [312, 64]},
            Drag(start=AT, end=Point(0, 0)),
        ),
        (ANTHROPIC, {"action": "left_click_drag", "coordinate": [0, 0]}, Drag(end=Point(0, 0))),
        (ANTHROPIC, {"action": "triple_click", "coordinate": [312, 64]}, Click(point=AT, count=3)),
        (ANTHROPIC, {"action": "key", "text": "ctrl+s"}, Key(keys="ctrl+s")),
        (ANTHROPIC, {"action": "key", "text": "Page_Down"}, Key(keys="page_down")),
        (
            ANTHROPIC,
            {"action": "hold_key", "text": "shift+Right", "duration": 2},
            HoldKey(keys="shift+right", seconds=2),
        ),
        (ANTHROPIC, {"action": "type", "text": "汉"}, Type(text="汉")),
        (ANTHROPIC, {"action": "mouse_move", "coordinate": [312, 64]}, Move(point=AT)),
        (ANTHROPIC, {"action": "screenshot"}, Screenshot()),
        (
            ANTHROPIC,
            {
                "action": "scroll", "coordinate": [312, 64], "scroll_direction": "left",
                "scroll_amount": 2,
            },
            Scroll(point=AT, direction="left", amount=2),
        ),
        (ANTHROPIC, {"action": "wait", "duration": 2}, Wait(seconds=2)),
        (
            ANTHROPIC,
            {"type": "tool_use", "name": "price", "input": {"item": "pen"}},
            CallTool(name="price", arguments={"item": "pen"}),
        ),
        (OLDEST, {"action": "left_click"}, Click()),
    ],
)  # fmt: skip
def test_what_it_writes_is_understood_and_written_again(
    dialect: OpenAiComputerDialect, given: dict[str, Any], action: Action
) -> None:
    said = json.dumps(given, ensure_ascii=False)
    parsed = dialect.parse(f"I see it.\n{said}", FRAME)
    assert (parsed.actions, parsed.thought, parsed.repairs) == ((action,), "I see it.", ())
    assert dialect.render(action, FRAME, "I see it.") == f"I see it.\n{said}"


def test_a_recorded_reply_means_what_it_meant() -> None:
    (item,) = (i for i in json.loads(DATA.read_text())["items"] if i["id"] == "d48")
    frame = Frame(":0", SCREEN, SCREEN).planned(Size(*item["model_image_size"]))
    middle = Point(SCREEN.width / 2, SCREEN.height / 2)
    expected = Scroll(point=middle, direction="down", amount=3)
    assert ANTHROPIC.parse(item["raw"], frame).actions == (expected,)


@pytest.mark.parametrize("dialect", [*BOTH, OLDEST])
def test_plain_words_are_the_answer_and_the_end(dialect: OpenAiComputerDialect) -> None:
    assert dialect.parse("It costs 7 EUR.\n", FRAME).actions == (
        Answer(text="It costs 7 EUR."),
        Done(),
    )
    assert dialect.render(Answer(text="It costs 7 EUR."), FRAME) == "It costs 7 EUR."
    assert dialect.parse(dialect.render(Done(), FRAME), FRAME).actions == (Done(),)
    for action in (Answer(text="Done."), Answer(text="{}"), Done(status="infeasible", reason="x")):
        with pytest.raises(ActionError, match="has no words for"):
            dialect.render(action, FRAME)


@given(text=texts)
def test_an_answer_that_can_be_written_comes_back(text: str) -> None:
    for dialect in BOTH:
        try:
            reply = dialect.render(Answer(text=text), FRAME)
        except ActionError:
            continue
        assert dialect.parse(reply, FRAME).actions == (Answer(text=text), Done())


@pytest.mark.parametrize("dialect", BOTH)
@pytest.mark.parametrize(
    "reply",
    [
        "", "  \n", "…", "{", "}", '"type": "click", "x": 5', "<tool_call>", "Action: click",
        "Done. {", 'I click {"type": "click"', "</think>", "<|im_end|>", "{type: click}",
        '{"action": "left_click"', '{"type": "wait"', '[{"type": "wait"}, {"type": "click", "x": 1',
    ],
)  # fmt: skip
def test_what_is_empty_or_was_meant_as_an_action_is_no_answer(
    dialect: OpenAiComputerDialect, reply: str
) -> None:
    with pytest.raises(ActionError):
        dialect.parse(reply, FRAME)


def test_several_objects_are_several_actions() -> None:
    one, two = '{"type": "move", "x": 312, "y": 64}', '{"type": "wait"}'
    expected = (Move(point=AT), Wait())
    assert OPENAI.parse(f"{one}\n{two}", FRAME).actions == expected
    assert OPENAI.parse(f"So:\n```json\n{one}\n{two}\n```", FRAME).actions == expected
    parsed = OPENAI.parse(f"So:\n[{one}, {two}]", FRAME)
    assert (parsed.actions, parsed.thought) == (expected, "So:")


@pytest.mark.parametrize(
    ("middle", "fine"),
    [((200, 66), True), ((250, 64), True), ((200, 200), False), ((0, 64), False)],
)
def test_a_bent_path_is_no_drag(middle: tuple[int, int], fine: bool) -> None:
    path = [PATH[0], dict(zip("xy", middle, strict=True)), PATH[1]]
    reply = json.dumps({"type": "drag", "path": path})
    if fine:
        assert OPENAI.parse(reply, FRAME).actions == (Drag(start=AT, end=Point(200, 128)),)
        return
    with pytest.raises(ActionError, match="path is bent"):
        OPENAI.parse(reply, FRAME)


@pytest.mark.parametrize(
    ("dialect", "given", "message"),
    [
        (OPENAI, {"type": "fly"}, "has no action 'fly'"),
        (OPENAI, {"button": "left"}, "an action needs 'type', which is one of click, double_click"),
        (OPENAI, {"type": "click", "x": 1}, "y is missing"),
        (OPENAI, {"type": "click", "x": 5000, "y": 1}, "outside"),
        (OPENAI, {"type": "click", "x": 1, "y": 1, "button": "back"}, "press the keys ALT and"),
        (OPENAI, {"type": "drag", "path": PATH[:1]}, "path is a list of 2 or more"),
        (OPENAI, {"type": "drag", "path": [1, 2]}, "a point of path is"),
        (OPENAI, {"type": "drag", "path": [{"x": "1", "y": 1}] * 2}, "are numbers"),
        (OPENAI, {"type": "scroll", "scroll_x": 0, "scroll_y": 0}, "scroll"),
        (OPENAI, {"type": "function_call", "name": "rm", "arguments": "{}"}, "no function 'rm'"),
        (OPENAI, {"type": "function_call", "name": "price", "arguments": "{"}, "a JSON text"),
        (OPENAI, {"type": "function_call", "name": "price", "arguments": "[]"}, "are an object"),
        (ANTHROPIC, {"action": "zoom", "region": [0, 0, 9, 9]}, "zoom is not possible here"),
        (ANTHROPIC, {"action": "left_mouse_down"}, "drag with left_click_drag"),
        (ANTHROPIC, {"action": "cursor_position"}, "name the coordinate"),
        (ANTHROPIC, {"action": "left_click", "text": "ctrl"}, "takes no text"),
        (ANTHROPIC, {"action": "scroll", "coordinate": [1, 1]}, "needs scroll_direction"),
        (ANTHROPIC, {"type": "tool_use", "name": "computer"}, "an action needs 'action'"),
    ],
)
def test_what_it_cannot_mean_is_told(
    dialect: OpenAiComputerDialect, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(ActionError) as caught:
        dialect.parse(json.dumps(given), FRAME)
    assert message in str(caught.value)


def test_the_oldest_version_writes_only_what_it_has() -> None:
    for action in (Click(point=AT), Click(count=3), Wait(), Drag(start=AT, end=AT), Scroll(dy=1)):
        with pytest.raises(ActionError, match="has no words for"):
            OLDEST.render(action, FRAME)
    newer = '{"action": "wait", "duration": 2}'
    assert OLDEST.parse(newer, FRAME).actions == (Wait(seconds=2),)
    with pytest.raises(ValueError, match="no version '1'; there are 20241022, 20250124, 20251124"):
        AnthropicComputerDialect(version="1")  # type: ignore[arg-type]


@pytest.mark.parametrize("key", [*KEYS, "a", "é", "+", "-", "/", '"'])
@pytest.mark.parametrize("dialect", BOTH)
def test_every_key_has_a_name_that_is_read_back(dialect: OpenAiComputerDialect, key: str) -> None:
    for action in (Key(keys=key if key != "+" else "plus"), Key(keys=f"ctrl+{key}")):
        assert dialect.parse(dialect.render(action, FRAME), FRAME).actions == (action,)


def test_a_tool_use_of_the_computer_is_its_input() -> None:
    reply = {"type": "tool_use", "name": "computer", "input": {"action": "left_click"}}
    assert ANTHROPIC.parse(json.dumps(reply), FRAME).actions == (Click(),)


@pytest.mark.parametrize("dialect", BOTH)
def test_the_prompt_lists_actions_and_tools_and_only_grows(dialect: OpenAiComputerDialect) -> None:
    first = dialect.messages("Buy it", [], SHOWN)
    assert "the last picture, which is 1000x500." in first[0].text
    for verb in dialect.vocabulary.verbs:
        assert f'{{"{dialect.key}": "{verb.name}"' in first[0].text
    assert json.dumps(TOOL) in first[0].text
    past = [Turn(SHOWN, "one", "the screen changed", shown=(SHOWN,)), Turn(None, "two", "7 EUR")]
    second = dialect.messages("Buy it", past, SHOWN)
    assert second[: len(first)] == first
    assert second[-1].text == "7 EUR"
    assert [type(part).__name__ for part in second[3].parts] == ["Text", "Image", "Text"]
    assert dialect.grammar(FRAME) is None


@pytest.mark.parametrize("dialect", BOTH)
def test_a_tool_cannot_take_a_name_that_is_needed(dialect: OpenAiComputerDialect) -> None:
    for name in ("computer", "wait", "type"):
        with pytest.raises(ValueError, match=f"a tool cannot be called {name}"):
            type(dialect)([{**TOOL, "name": name}])
    with pytest.raises(ActionError, match="it has no such tool"):
        dialect.render(CallTool(name="rm"), FRAME)
