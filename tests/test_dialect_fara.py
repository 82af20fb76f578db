"""Fara: a browser's verbs on a desktop."""

import hashlib
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
    Frame,
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
from eyehand.actions.dialects.fara import FaraDialect
from eyehand.model import Image

SCREEN = Size(2000, 1000)
FRAME = Frame(":0", SCREEN, SCREEN).planned(Size(1000, 500))
TOOL = {"name": "price", "description": "Look it up.", "parameters": {"type": "object"}}
SHOWN = Image(np.zeros((2, 2, 3), np.uint8), Size(1000, 500), "0" * 32)
DIALECT = FaraDialect([TOOL])
AT = Point(624, 128)


def call(**arguments: Any) -> str:
    body = json.dumps({"name": "computer_use", "arguments": arguments})
    return f"<tool_call>\n{body}\n</tool_call>"


@pytest.mark.parametrize(
    ("arguments", "action"),
    [
        ({"action": "left_click", "coordinate": [312, 64]}, Click(point=AT)),
        ({"action": "mouse_move", "coordinate": [312, 64]}, Move(point=AT)),
        (
            {"action": "type", "text": "a", "press_enter": False, "delete_existing_text": True},
            Type(text="a", clear=True),
        ),
        ({"action": "key", "keys": ["Control", "ArrowDown"]}, Key(keys="ctrl+down")),
        ({"action": "key", "keys": ["Enter"]}, Key(keys="enter")),
        ({"action": "scroll", "pixels": -500}, Scroll(dy=5)),
        ({"action": "wait", "time": 3}, Wait(seconds=3)),
        ({"action": "terminate", "status": "success"}, Done()),
    ],
)
def test_what_it_writes_is_understood_and_written_again(
    arguments: dict[str, Any], action: Action
) -> None:
    assert DIALECT.parse(call(**arguments), FRAME).actions == (action,)
    assert DIALECT.render(action, FRAME) == call(**arguments)


@pytest.mark.parametrize(
    ("arguments", "actions"),
    [
        (
            {"action": "visit_url", "url": "example.org"},
            (Key(keys="ctrl+l"), Type(text="example.org", submit=True)),
        ),
        (
            {"action": "web_search", "query": "a pen"},
            (Key(keys="ctrl+l"), Type(text="? a pen", submit=True)),
        ),
        ({"action": "history_back"}, (Key(keys="alt+left"),)),
        ({"action": "refresh"}, (Key(keys="f5"),)),
        ({"action": "pause_and_memorize_fact", "fact": "7 EUR"}, (Screenshot(),)),
        ({"action": "type", "text": "a"}, (Type(text="a", submit=True),)),
        (
            {"action": "type", "text": "a", "coordinate": [312, 64], "press_enter": False},
            (Click(point=AT), Type(text="a")),
        ),
    ],
)
def test_what_it_says_of_the_browser_becomes_keys(
    arguments: dict[str, Any], actions: tuple[Action, ...]
) -> None:
    assert DIALECT.parse(call(**arguments), FRAME).actions == actions


def test_the_thought_before_the_end_is_the_answer() -> None:
    end = call(action="terminate", status="success")
    assert DIALECT.parse(f"It costs 7 EUR.\n{end}", FRAME).actions == (
        Answer(text="It costs 7 EUR."),
        Done(),
    )
    (done,) = DIALECT.parse("No.\n" + end.replace("success", "failure"), FRAME).actions
    assert isinstance(done, Done)
    assert done.status == "infeasible"


def test_an_opening_tag_closes() -> None:
    reply = "I see it.\n" + call(action="history_back").replace("</", "<")
    assert DIALECT.parse(reply, FRAME).actions == (Key(keys="alt+left"),)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"action": "double_click"}, "fara has no action 'double_click'"),
        ({"action": "visit_url"}, "visit_url needs url"),
        ({"action": "type", "text": "a", "press_enter": "maybe"}, "press_enter is true or false"),
        ({"action": "type", "text": "\ud800"}, "text"),
        ({"action": "history_back", "url": "x"}, "takes no url"),
    ],
)
def test_what_it_cannot_mean_is_told(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ActionError) as caught:
        DIALECT.parse(call(**arguments), FRAME)
    assert message in str(caught.value)


def test_each_picture_has_its_text_after_it_and_goes_with_it() -> None:
    past = [
        Turn(None, "one", "done", plain=True),
        Turn(None, "two", "done", plain=True),
        Turn(SHOWN, "three", "nothing happened", shown=(SHOWN,)),
    ]
    messages = DIALECT.messages("Buy it", past, SHOWN)
    shape = [(m.role, " ".join(type(part).__name__ for part in m.parts)) for m in messages]
    assert shape == [
        ("system", "Text"), ("user", "Text"), ("assistant", "Marked"), ("assistant", "Marked"),
        ("user", "Image Text"), ("assistant", "Marked"),
        ("user", "Marked Text Marked Image Image Text"),
    ]  # fmt: skip
    assert messages[1].text == "Buy it"
    assert messages[-1].text == (
        "<tool_response>\nnothing happened\n</tool_response>"
        "Here is the next screenshot. Think about what to do next."
    )
    (_, first) = DIALECT.messages("Buy it", [], SHOWN)
    assert [type(part).__name__ for part in first.parts] == ["Image", "Text"]


def test_the_prompt_is_as_published() -> None:
    text = FaraDialect().messages("go", [], SHOWN)[0].text
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert digest == "668394bc81d7923faaff45781be782c18d7acbaf53f2049decbbe90f93822b39"
    assert text.startswith(
        "You are a helpful assistant.\n\nYou are a web automation agent that performs actions on "
        "websites to fulfill user requests by calling various tools.\n* You should stop execution "
        "at Critical Points. A Critical Point would be encountered in tasks like 'Checkout', "
    )
    assert (
        "not encounter a Critical Point at all.\n\nYou are provided with function signatures "
        'within <tools></tools> XML tags:\n<tools>\n{"type": "function", "function": {"name": '
        '"computer_use", "description": "Use a mouse and keyboard'
    ) in text
    assert (
        "Don't click boxes on their edges unless asked.\\n* When a separate scrollable container "
        "prominently overlays the webpage, if you want to scroll within it, you typically need to "
        "mouse_move() over it first and then scroll().\\n* If a popup window appears"
    ) in text


def test_the_prompt_lists_what_can_be_said_and_the_tools() -> None:
    system = DIALECT.messages("go", [], SHOWN)[0].text
    lines = [line for line in system.splitlines() if line.startswith('{"type"')]
    described, tool = (json.loads(line)["function"] for line in lines)
    assert "The screen's resolution is 1000x500." in described["description"]
    enum = described["parameters"]["properties"]["action"]["enum"]
    assert set(enum) == {verb.name for verb in DIALECT.vocabulary.verbs if verb.said}
    assert tool["name"] == "price"
    action = CallTool(name="price", arguments={})
    assert DIALECT.parse(DIALECT.render(action, FRAME), FRAME).actions == (action,)
    with pytest.raises(ValueError, match="cannot be called computer_use"):
        FaraDialect([{**TOOL, "name": "computer_use"}])
