"""Qwen2.5-VL's computer use: what it writes, and what it means."""

import json
from typing import Any

import numpy as np
import pytest

from eyehand.actions import (
    Action,
    ActionError,
    Answer,
    CallTool,
    Click,
    Done,
    Drag,
    Frame,
    Key,
    Move,
    Point,
    Scroll,
    Size,
    Type,
    Wait,
)
from eyehand.actions.dialects import ComputerUseDialect, Turn
from eyehand.model import Image

SCREEN = Size(1920, 1080)
FRAME = Frame(":0", SCREEN, SCREEN).planned(Size(960, 540))
TOOL = {"name": "price", "description": "Look it up.", "parameters": {"type": "object"}}
DIALECT = ComputerUseDialect([TOOL])


def call(**arguments: Any) -> str:
    body = json.dumps({"name": "computer_use", "arguments": arguments})
    return f"<tool_call>\n{body}\n</tool_call>"


@pytest.mark.parametrize(
    ("arguments", "action"),
    [
        ({"action": "left_click", "coordinate": [480, 270]}, Click(point=Point(960, 540))),
        ({"action": "left_click"}, Click()),
        ({"action": "right_click"}, Click(button="right")),
        ({"action": "double_click"}, Click(count=2)),
        ({"action": "mouse_move", "coordinate": [0, 0]}, Move(point=Point(0, 0))),
        ({"action": "left_click_drag", "coordinate": [0, 0]}, Drag(end=Point(0, 0))),
        ({"action": "scroll", "pixels": -300}, Scroll(dy=3)),
        ({"action": "scroll", "pixels": 50}, Scroll(dy=-0.5)),
        ({"action": "type", "text": "汉 </tool_call> x"}, Type(text="汉 </tool_call> x")),
        ({"action": "key", "keys": ["ctrl", "S"]}, Key(keys="ctrl+s")),
        ({"action": "key", "keys": "Return"}, Key(keys="enter")),
        ({"action": "wait", "time": 2}, Wait(seconds=2)),
        ({"action": "terminate", "status": "success"}, Done()),
    ],
)
def test_what_it_writes_is_understood_and_written_again(
    arguments: dict[str, Any], action: Action
) -> None:
    parsed = DIALECT.parse("I see it.\n" + call(**arguments), FRAME)
    assert parsed.thought == "I see it."
    assert parsed.actions == (action,)
    assert DIALECT.parse(DIALECT.render(action, FRAME), FRAME).actions == (action,)


def test_a_scroll_by_a_direction_is_written_in_pixels_of_the_wheel() -> None:
    reply = DIALECT.render(Scroll(direction="down", amount=2), FRAME)
    assert reply == call(action="scroll", pixels=-200)
    assert DIALECT.parse(reply, FRAME).actions == (Scroll(dy=2),)


def test_what_only_the_newer_family_was_taught_is_understood_and_not_written() -> None:
    for reply, action in (
        (call(action="hscroll", pixels=100), Scroll(dx=1)),
        (call(action="answer", text="42"), Answer(text="42")),
    ):
        assert DIALECT.parse(reply, FRAME).actions == (action,)
        with pytest.raises(ActionError, match="has no words for"):
            DIALECT.render(action, FRAME)


def test_failure_is_infeasible_and_has_a_reason() -> None:
    (done,) = DIALECT.parse(call(action="terminate", status="failure"), FRAME).actions
    assert done == Done(status="infeasible", reason="the model says that it cannot be done")


def test_a_tool_of_ones_own_is_called_by_its_name() -> None:
    reply = '<tool_call>\n{"name": "price", "arguments": {"item": "pen"}}\n</tool_call>'
    assert DIALECT.parse(reply, FRAME).actions == (
        CallTool(name="price", arguments={"item": "pen"}),
    )
    assert DIALECT.render(CallTool(name="price", arguments={"item": "pen"}), FRAME) == reply
    with pytest.raises(ValueError, match="cannot be called computer_use"):
        ComputerUseDialect([{**TOOL, "name": "computer_use"}])


def test_a_call_inside_the_thinking_is_only_thought() -> None:
    reply = f"<think>{call(action='left_click')}</think>{call(action='right_click')}"
    assert DIALECT.parse(reply, FRAME).actions == (Click(button="right"),)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ("", "calls no function"),
        ("done", "calls no function"),
        ("<think>" + call(action="left_click"), "the thinking does not end"),
        ("<tool_call>{", "a call is"),
        ('<tool_call>{"name": "computer_use", "arguments": {}} {}</tool_call>', "more than one"),
        ('<tool_call>{"name": "rm", "arguments": {}}</tool_call>', "there is no function 'rm'"),
        ('<tool_call>{"name": "computer_use", "arguments": "x"}</tool_call>', "are an object"),
        (call(action="fly"), "has no action 'fly'"),
        (call(action="mouse_move"), "mouse_move needs coordinate"),
        (call(action="left_click", coordinate=[1]), "coordinate is [x, y]"),
        (call(action="left_click", coordinate=[1, float("nan")]), "a value is expected, not NaN"),
        (call(action="left_click", coordinate=[5000, 1]), "outside"),
        (call(action="left_click", text="x"), "takes no text"),
        (call(action="scroll", pixels=0), "other than 0"),
        (call(action="key", keys=[]), "keys is names of keys"),
        (call(action="key", keys=["flub"]), "unknown key 'flub'"),
        (call(action="terminate", status="maybe"), "status is one of success, failure"),
        ("<tool_call>" + "[" * 100_000, "nested"),
    ],
)
def test_what_it_cannot_mean_is_told(reply: str, message: str) -> None:
    with pytest.raises(ActionError) as caught:
        DIALECT.parse(reply, FRAME)
    assert any(part in str(caught.value) for part in message.split("|"))


def test_the_prompt_states_the_size_that_is_seen_and_only_grows() -> None:
    shown = Image(np.zeros((2, 2, 3), np.uint8), Size(960, 540), "0" * 32)
    first = DIALECT.messages("do it", [], shown)
    assert "The screen's resolution is 960x540." in first[0].text
    assert '"name_for_human": "price"' in first[0].text
    turn = Turn(shown, call(action="left_click"), "the screen changed")
    second = DIALECT.messages("do it", [turn], shown)
    assert second[: len(first)] == first
    assert second[-1].text == "<tool_response>\nthe screen changed\n</tool_response>"
