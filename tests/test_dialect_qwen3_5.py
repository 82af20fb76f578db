"""Qwen3.5: calls written in XML."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import json_values, typeable

from eyehand.actions import (
    Action,
    ActionError,
    Answer,
    Back,
    CallTool,
    Click,
    Frame,
    Key,
    Point,
    Scroll,
    Size,
    Swipe,
    Type,
    Wait,
)
from eyehand.actions.dialects import Turn
from eyehand.actions.dialects.qwen3_5 import Qwen35ComputerDialect, Qwen35MobileDialect
from eyehand.model import Image

SCREEN = Size(2000, 1000)
FRAME = Frame(":0", SCREEN, SCREEN).planned(Size(1000, 500))
TOOL = {
    "name": "price",
    "description": "Look it up.",
    "parameters": {
        "type": "object",
        "properties": {
            "item": {"type": "string"},
            "count": {"type": "integer"},
            "size": {"type": "string", "enum": ["small", "large"]},
            "more": {},
        },
        "required": ["item"],
    },
}
SHOWN = Image(np.zeros((2, 2, 3), np.uint8), Size(1000, 500), "0" * 32)
DIALECT, PHONE = Qwen35ComputerDialect([TOOL]), Qwen35MobileDialect([TOOL])
AT = Point(1000, 250)


def call(*parameters: tuple[str, str], name: str = "computer_use") -> str:
    lines = "".join(f"<parameter={key}>\n{value}\n</parameter>\n" for key, value in parameters)
    return f"<tool_call>\n<function={name}>\n{lines}</function>\n</tool_call>"


@pytest.mark.parametrize(
    ("parameters", "action"),
    [
        ([("action", "left_click"), ("coordinate", "[500, 250]")], Click(point=AT)),
        ([("action", "left_click")], Click()),
        ([("action", "type"), ("text", "7")], Type(text="7")),
        ([("action", "type"), ("text", "")], Type(text="")),
        ([("action", "type"), ("text", "\na\n\n")], Type(text="\na\n\n")),
        ([("action", "type"), ("text", '"a" < b')], Type(text='"a" < b')),
        ([("action", "key"), ("keys", '["ctrl", "s"]')], Key(keys="ctrl+s")),
        ([("action", "scroll"), ("pixels", "-300")], Scroll(dy=3)),
        ([("action", "wait"), ("time", "0.5")], Wait(seconds=0.5)),
        ([("action", "answer"), ("text", "[1]")], Answer(text="[1]")),
    ],
)
def test_what_it_writes_is_understood_and_written_again(
    parameters: list[tuple[str, str]], action: Action
) -> None:
    parsed = DIALECT.parse("I see it.\n" + call(*parameters), FRAME)
    assert (parsed.actions, parsed.repairs, parsed.thought) == ((action,), (), "I see it.")
    assert DIALECT.render(action, FRAME) == call(*parameters)


def test_the_phone_writes_xml_after_thought_and_action() -> None:
    reply = PHONE.render(Swipe(start=AT, end=Point(0, 0)), FRAME, "Scroll.")
    assert reply == "Thought: Scroll.\nAction: Scroll.\n" + call(
        ("action", "swipe"),
        ("coordinate", "[499, 250]"),
        ("coordinate2", "[0, 0]"),
        name="mobile_use",
    )
    assert PHONE.parse(PHONE.render(Back(), FRAME), FRAME).actions == (Back(),)


def test_json_in_the_tags_is_understood() -> None:
    body = {"name": "computer_use", "arguments": {"action": "left_click", "coordinate": [500, 250]}}
    parsed = DIALECT.parse(f"<tool_call>\n{json.dumps(body)}\n</tool_call>", FRAME)
    assert (parsed.actions, parsed.repairs) == ((Click(point=AT),), ())


@pytest.mark.parametrize(
    ("arguments", "written"),
    [
        ({"item": "7", "count": 7}, [("item", "7"), ("count", "7")]),
        (
            {"item": "[1]", "more": [1, {"a": None}]},
            [("item", "[1]"), ("more", '[1, {"a": null}]')],
        ),
        ({"item": "", "more": "7"}, [("item", ""), ("more", '"7"')]),
        ({"item": " a ", "more": "a pen"}, [("item", " a "), ("more", "a pen")]),
        ({"item": "a", "more": " blank"}, [("item", "a"), ("more", " blank")]),
        ({"item": "a", "size": "small"}, [("item", "a"), ("size", "small")]),
    ],
)
def test_texts_of_tools_stand_as_they_are_and_all_else_is_json(
    arguments: dict[str, Any], written: list[tuple[str, str]]
) -> None:
    action = CallTool(name="price", arguments=arguments)
    assert DIALECT.render(action, FRAME) == call(*written, name="price")
    (back,) = DIALECT.parse(call(*written, name="price"), FRAME).actions
    assert json.dumps(back.to_json()) == json.dumps(action.to_json())


@given(text=typeable, more=json_values)
def test_what_can_be_written_comes_back(text: str, more: Any) -> None:
    for action in (
        Type(text=text),
        CallTool(name="price", arguments={"item": text}),
        _tool(more),
    ):
        if action is None:
            continue
        try:
            reply = DIALECT.render(action, FRAME)
        except ActionError:
            continue
        parsed = DIALECT.parse(reply, FRAME)
        assert parsed.repairs == ()
        assert json.dumps(parsed.actions[0].to_json()) == json.dumps(action.to_json())


def _tool(more: Any) -> Action | None:
    try:
        return CallTool(name="price", arguments={"item": "a", "more": more})
    except ValueError:  # half a surrogate pair
        return None


@given(text=st.text(st.sampled_from("</parmet=>functiol_c \n")))
def test_a_text_that_holds_a_tag_is_not_written(text: str) -> None:
    try:
        reply = DIALECT.render(Type(text=text), FRAME)
    except ActionError as error:
        assert "has no words for" in str(error)  # noqa: PT017
        return
    assert DIALECT.parse(reply, FRAME).actions == (Type(text=text),)


@pytest.mark.parametrize(
    "text", ["</parameter>", "a<parameter=b>", "</function>", "</tool_call>", "<tool_call>"]
)
def test_its_own_tags_cannot_be_typed(text: str) -> None:
    with pytest.raises(ActionError, match="has no words for"):
        DIALECT.render(Type(text=text), FRAME)


def test_the_prompt_is_the_chat_templates_and_the_past_is_qwen3s() -> None:
    system = DIALECT.messages("go", [], SHOWN)[0].text
    assert system.startswith("# Tools\n\nYou have access to the following functions:\n\n<tools>\n{")
    assert "name_for_human" not in system
    assert system.endswith(
        "</tools>\n\nIf you choose to call a function ONLY reply in the following format with NO "
        "suffix:\n\n<tool_call>\n<function=example_function_name>\n"
        "<parameter=example_parameter_1>\nvalue_1\n</parameter>\n"
        "<parameter=example_parameter_2>\nThis is the value for the second parameter\nthat can "
        "span\nmultiple lines\n</parameter>\n</function>\n</tool_call>\n\n<IMPORTANT>\nReminder:\n"
        "- Function calls MUST follow the specified format: an inner <function=...></function> "
        "block must be nested within <tool_call></tool_call> XML tags\n- Required parameters MUST "
        "be specified\n- You may provide optional reasoning for your function call in natural "
        "language BEFORE the function call, but NOT after\n- If there is no function call "
        "available, answer the question like normal with your current knowledge and do not tell "
        "the user about function calls\n</IMPORTANT>"
    )
    assert '"name": "price"' in system
    reply = PHONE.render(Back(), FRAME, "Go back.")
    phone, user = PHONE.messages("go", [Turn(None, reply, "done", plain=True)], SHOWN)
    assert "3) A single <tool_call>...</tool_call> block.\n" in phone.text
    assert "Step 1: Go back.; ." in user.text


def test_an_error_shows_the_form_that_is_expected() -> None:
    with pytest.raises(ActionError, match="<function=computer_use><parameter=action>"):
        DIALECT.parse("I am done.", FRAME)
