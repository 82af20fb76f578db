"""Holo1.5 and Holo2: steps of web navigation as JSON."""

import hashlib
import json
from typing import Any

import numpy as np
import pytest

from eyehand.actions import (
    Action,
    ActionError,
    Answer,
    Back,
    CallTool,
    Click,
    Done,
    Frame,
    Key,
    Point,
    Scroll,
    Size,
    Type,
    Wait,
)
from eyehand.actions.dialects import Turn
from eyehand.actions.dialects.holo import Holo2Dialect, HoloDialect
from eyehand.model import Image

SCREEN = Size(2000, 1000)
FRAME = Frame(":0", SCREEN, SCREEN).planned(Size(1000, 500))
TOOL = {
    "name": "price",
    "description": "Look it up.",
    "parameters": {"type": "object", "properties": {"item": {"type": "string"}}},
}
HOLO, HOLO2, PHONE = HoloDialect([TOOL]), Holo2Dialect([TOOL]), HoloDialect([TOOL], phone=True)
SHOWN = Image(np.zeros((2, 2, 3), np.uint8), Size(1000, 500), "0" * 32)


def step(action: str, **arguments: Any) -> str:
    said = {"note": "n", "thought": "t", "action": {"action": action, **arguments}}
    return json.dumps(said, ensure_ascii=False)


@pytest.mark.parametrize(
    ("reply", "action"),
    [
        (step("click_element", element="Save", x=500, y=250), Click(point=Point(1000, 500))),
        (step("scroll", direction="down"), Scroll(direction="down")),
        (step("go_back"), Key(keys="alt+left")),
        (step("refresh"), Key(keys="f5")),
        (step("wait", seconds=5), Wait(seconds=5)),
        (step("wait"), Wait(seconds=2)),
        (step("answer", content=""), Done()),
        (step("price", item="pen"), CallTool(name="price", arguments={"item": "pen"})),
    ],
)
def test_what_it_writes_is_understood_and_written_again(reply: str, action: Action) -> None:
    parsed = HOLO.parse(reply, FRAME)
    assert parsed.actions == (action,)
    assert parsed.thought == "t"
    assert parsed.repairs == ()
    again = HOLO.parse(HOLO.render(action, FRAME, "why"), FRAME)
    assert (again.actions, again.thought, again.repairs) == ((action,), "why", ())


def test_the_newer_model_writes_thousandths() -> None:
    reply = step("click_element", element="Save", x=500, y=1000)
    assert HOLO2.parse(reply, FRAME).actions == (Click(point=Point(1000, 1000)),)
    with pytest.raises(ActionError, match="outside the range of coordinates, 0 to 1000"):
        HOLO2.parse(step("click_element", element="Save", x=1001, y=0), FRAME)
    with pytest.raises(ActionError, match="outside the 1000x500 image"):
        HOLO.parse(step("click_element", element="Save", x=0, y=900), FRAME)


def test_writing_is_a_click_a_text_and_enter() -> None:
    reply = step("write_element_abs", content="pen", element="Search", x=500, y=250)
    click = Click(point=Point(1000, 500))
    assert HOLO.parse(reply, FRAME).actions == (click, Type(text="pen", submit=True))
    for action in (Type(text="pen"), Type(text="pen", submit=True), Key(keys="a")):
        with pytest.raises(ActionError, match="has no words for"):
            HOLO.render(action, FRAME)


def test_an_address_is_typed_where_the_browser_takes_it() -> None:
    actions = HOLO.parse(step("goto", url="https://a.org"), FRAME).actions
    assert actions == (Key(keys="ctrl+l"), Type(text="https://a.org", submit=True))


def test_a_phone_goes_back_by_its_button_and_has_no_keys() -> None:
    assert PHONE.parse(step("go_back"), FRAME).actions == (Back(),)
    with pytest.raises(ActionError, match="has no action 'refresh'"):
        PHONE.parse(step("refresh"), FRAME)


def test_an_answer_ends_the_task_after_it_is_told() -> None:
    assert HOLO.parse(step("answer", content="42"), FRAME).actions == (Answer(text="42"), Done())
    with pytest.raises(ActionError, match="has no words for"):
        HOLO.render(Done(status="infeasible", reason="no network"), FRAME)


@pytest.mark.parametrize(
    ("reply", "repair"),
    [
        ('{"action": "click_absolute", "x": 500, "y": 250}', "an action without a step"),
        (step("click_element", element="Save", x="500", y=250), "texts for numbers"),
        (step("Click_Element", element="Save", x=500, y=250), "form of a word"),
        (step("click_element", element="Save", x=500, y=250)[:-1], "unclosed bracket"),
        (step("click_element", element="Save", x=500, y=250).replace('"n"', "'n'"),
         "single quotes"),
    ],
)  # fmt: skip
def test_a_slip_with_one_reading_is_noted(reply: str, repair: str) -> None:
    parsed = HOLO.parse(reply, FRAME)
    assert parsed.actions == (Click(point=Point(1000, 500)),)
    assert [each.name for each in parsed.repairs] == [repair]


def test_a_tag_that_the_step_itself_says_ends_no_thought() -> None:
    said = HOLO2.render(Answer(text="a </think> b"), FRAME)
    for reply in (said, f"<think>I answer.</think>\n{said}"):
        assert HOLO2.parse(reply, FRAME).actions[0] == Answer(text="a </think> b")


def test_thinking_before_the_step_is_only_thought() -> None:
    reply = f"<think>{step('refresh')}</think>\n```json\n{step('go_back')}\n```"
    assert HOLO.parse(reply, FRAME).actions == (Key(keys="alt+left"),)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ("", "holds no action"),
        ("{", "answer again"),
        ("I would\n{\n", "answer again"),
        ('{"note": "", "thought": "I', "does not end"),
        ('{"note": "", "thought": ""}', 'a step needs "action"'),
        ('{"action": {"action": 5}}', 'a step needs "action"'),
        (step("fly"), "has no action 'fly'"),
        (step("restart"), "restart is not available"),
        (step("click_element", element="Save"), "needs x and y"),
        (step("click_element", element="Save", x=1), "y is missing"),
        (step("click_element", element="Save", x=[1, 2], y=1), "x is a number"),
        (step("scroll", direction="around"), "direction is one of"),
        (step("wait", seconds=0), "seconds is a number"),
        (step("refresh") + step("refresh"), "write nothing after it"),
        ('{"a":' * 5000, "nested too deeply"),
    ],
)
def test_what_it_cannot_mean_is_told(reply: str, message: str) -> None:
    with pytest.raises(ActionError) as caught:
        HOLO.parse(reply, FRAME)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_prompt_is_the_cookbooks_with_the_schema_that_pydantic_prints() -> None:
    text = HoloDialect().messages("Buy", [], SHOWN)[0].text
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert digest == "b1eff08d810859d80523b281199c9adb63d3cdac3c2ecaa13f271413232d8455"
    assert text.startswith(
        "Imagine you are a robot browsing the web, just like humans. Now you need to complete a "
        "task.\nIn each iteration, you will receive an Observation that includes the last  "
        "screenshots of a web browser and the current memory of the agent.\n"
    )
    assert (
        "return an answer action with the detailed answer in the notes field\n\n"
        "# <output_json_format>\n# ```json\n# {'$defs': {'AnswerAction': {'description': 'Return a "
        "final answer to the task. This is the last action to call in an episode.', 'properties': "
        "{'action': {'const': 'answer', 'default': 'answer', 'title': 'Action', 'type': 'string'}"
    ) in text
    assert text.endswith(
        "'description': 'Next action to take', 'title': 'Action'}}, 'required': ['thought', "
        "'action'], 'title': 'NavigationStep', 'type': 'object'}\n# ```\n"
        "# </output_json_format>\n\n"
    )


def test_the_prompt_lists_the_actions_and_only_grows() -> None:
    first = HOLO.messages("Buy", [], SHOWN)
    tool = (
        "'price': {'description': 'Look it up.', 'properties': {'action': {'const': 'price', "
        "'title': 'Action', 'type': 'string'}, 'item': {'type': 'string'}}, 'required': ['action'"
    )
    assert tool in first[0].text
    assert "{'$ref': '#/$defs/price'}]" in first[0].text
    assert "'The x coordinate, number of pixels from the left edge.'" in first[0].text
    newer = HOLO2.messages("Buy", [], SHOWN)[0].text
    assert "'The y coordinate, normalized between 0 and 1000.', 'maximum': 1000" in newer
    phone = PHONE.messages("Buy", [], SHOWN)[0].text
    assert "GoBackAction" in phone
    assert "RefreshAction" not in phone
    assert first[1].text.startswith("<task>\nBuy\n</task>\n<observation step=1>\n<screenshot>\n")
    turn = Turn(SHOWN, step("price", item="pen"), "price returned 7", shown=(SHOWN,))
    second = HOLO.messages("Buy", [turn], SHOWN)
    assert second[: len(first)] == first
    assert second[2].text == turn.reply
    assert second[3].text.startswith("price returned 7\n<observation step=2>")
    assert second[3].parts.count(SHOWN) == 2
    dropped = HOLO.messages("Buy", [Turn(None, "{", "no step", plain=False)], SHOWN)
    assert "(this picture is no longer kept)" in dropped[1].text
    assert dropped[2].text == "{"


def test_a_tool_cannot_be_called_like_an_action() -> None:
    with pytest.raises(ValueError, match="a tool cannot be called click_element"):
        HoloDialect([{**TOOL, "name": "click_element"}])
    with pytest.raises(ActionError, match="an argument called action"):
        HOLO.render(CallTool(name="price", arguments={"action": "x"}), FRAME)
