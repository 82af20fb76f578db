"""MAI-UI: its verbs, the finger's direction, and its past."""

import hashlib
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from strategies import points

from eyehand.actions import (
    Action,
    ActionError,
    Answer,
    AppSwitch,
    AskUser,
    Back,
    CallTool,
    Click,
    Done,
    Frame,
    Home,
    Key,
    LongPress,
    OpenApp,
    Point,
    Size,
    Swipe,
    Type,
    Wait,
)
from eyehand.actions.dialects import Turn
from eyehand.actions.dialects.mai_ui import MaiUiDialect
from eyehand.model import Image

SCREEN = Size(999, 1998)
FRAME = Frame("phone", SCREEN, SCREEN).planned(Size(512, 1024))
TOOL = {"name": "price", "description": "Look it up.", "parameters": {"type": "object"}}
SHOWN = Image(np.zeros((2, 2, 3), np.uint8), Size(512, 1024), "0" * 32)
DIALECT = MaiUiDialect([TOOL])
AT = Point(500, 1000)


def call(**arguments: Any) -> str:
    body = json.dumps({"name": "mobile_use", "arguments": arguments})
    return f"<tool_call>\n{body}\n</tool_call>"


@pytest.mark.parametrize(
    ("arguments", "action"),
    [
        ({"action": "click", "coordinate": [500, 500]}, Click(point=AT)),
        ({"action": "double_click", "coordinate": [500, 500]}, Click(point=AT, count=2)),
        ({"action": "long_press", "coordinate": [500, 500]}, LongPress(point=AT)),
        ({"action": "type", "text": "a"}, Type(text="a")),
        (
            {"action": "drag", "start_coordinate": [500, 500], "end_coordinate": [0, 999]},
            Swipe(start=AT, end=Point(0, 1998)),
        ),
        ({"action": "open", "text": "Clock"}, OpenApp(name="Clock")),
        ({"action": "system_button", "button": "back"}, Back()),
        ({"action": "system_button", "button": "home"}, Home()),
        ({"action": "system_button", "button": "menu"}, AppSwitch()),
        ({"action": "system_button", "button": "enter"}, Key(keys="enter")),
        ({"action": "wait"}, Wait()),
        ({"action": "terminate", "status": "success"}, Done()),
        ({"action": "answer", "text": "42"}, Answer(text="42")),
        ({"action": "ask_user", "text": "Which?"}, AskUser(question="Which?")),
    ],
)
def test_what_it_writes_is_understood_and_written_again(
    arguments: dict[str, Any], action: Action
) -> None:
    assert DIALECT.parse(call(**arguments), FRAME).actions == (action,)
    assert DIALECT.render(action, FRAME) == call(**arguments)


@pytest.mark.parametrize(
    ("arguments", "start", "end"),
    [
        ({"direction": "up"}, (499.5, 999), (499.5, 199.8)),
        ({"direction": "down"}, (499.5, 999), (499.5, 1798.2)),
        ({"direction": "left"}, (499.5, 999), (99.9, 999)),
        ({"direction": "right", "coordinate": [100, 500]}, (100, 1000), (499.6, 1000)),
        ({"direction": "down", "coordinate": [500, 0]}, (500, 0), (500, 799.2)),  # the shade
        ({"direction": "up", "coordinate": [500, 200]}, (500, 400), (500, 0)),  # to the edge
        ({"direction": "up", "coordinate": [500, 0]}, (500, 199.8), (500, 0)),  # from farther in
        ({"direction": "right", "coordinate": [999, 500]}, (899.1, 1000), (999, 1000)),
    ],
)
def test_a_swipe_names_the_direction_of_the_finger(
    arguments: dict[str, Any], start: tuple[float, float], end: tuple[float, float]
) -> None:
    (swipe,) = DIALECT.parse(call(action="swipe", **arguments), FRAME).actions
    assert isinstance(swipe, Swipe)
    assert swipe.start == pytest.approx(start)
    assert swipe.end == pytest.approx(end)


@given(at=points(SCREEN))
def test_a_swipe_stays_on_the_screen_and_goes_its_way(at: Point) -> None:
    for word, (x, y) in {"up": (0, -1), "down": (0, 1), "left": (-1, 0), "right": (1, 0)}.items():
        coordinate = list(FRAME.to_model(at, DIALECT.space))
        reply = call(action="swipe", direction=word, coordinate=coordinate)
        (swipe,) = DIALECT.parse(reply, FRAME).actions
        assert isinstance(swipe, Swipe)
        for point in (swipe.start, swipe.end):
            FRAME.require_inside(point)
        assert (swipe.end.x - swipe.start.x) * x + (swipe.end.y - swipe.start.y) * y >= 99


def test_four_numbers_mean_their_middle() -> None:
    parsed = DIALECT.parse(call(action="click", coordinate=[490, 480, 510, 520]), FRAME)
    assert (parsed.actions, parsed.repairs) == ((Click(point=AT),), ())


def test_a_stray_end_of_thinking_is_taken() -> None:
    for reply in (
        f"I ask.</think>\n{call(action='wait')}",
        f"<thinking>\nI ask.\n</think>\n{call(action='wait')}",
        f"<thinking>\nI ask.\n</thinking>\n{call(action='wait')}",
    ):
        parsed = DIALECT.parse(reply, FRAME)
        assert (parsed.actions, parsed.thought, parsed.repairs) == ((Wait(),), "I ask.", ())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"action": "swipe"}, "swipe needs direction"),
        ({"action": "swipe", "direction": "north"}, "direction is one of up, down, left, right"),
        ({"action": "terminate", "status": "maybe"}, "status is one of success, fail"),
        ({"action": "click", "coordinate": [1000, 1]}, "outside"),
        ({"action": "ask_user", "text": ""}, "question"),
    ],
)
def test_what_it_cannot_mean_is_told(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ActionError) as caught:
        DIALECT.parse(call(**arguments), FRAME)
    assert message in str(caught.value)


def test_failure_is_infeasible() -> None:
    (done,) = DIALECT.parse(call(action="terminate", status="fail"), FRAME).actions
    assert isinstance(done, Done)
    assert done.status == "infeasible"
    assert '"fail"' in DIALECT.render(done, FRAME)


def test_the_goal_has_a_turn_of_its_own_and_replies_outlive_their_pictures() -> None:
    past = [
        Turn(None, "one", "done", plain=True),
        Turn(None, "two", "done", plain=True),
        Turn(SHOWN, "three", "The user says: mine.", shown=(SHOWN,)),
    ]
    messages = DIALECT.messages("Buy it", past, SHOWN)
    shape = [(m.role, " ".join(type(part).__name__ for part in m.parts)) for m in messages]
    assert shape == [
        ("system", "Text"), ("user", "Text"), ("assistant", "Marked"), ("assistant", "Marked"),
        ("user", "Image"), ("assistant", "Marked"),
        ("user", "Marked Text Marked Image Image"),
    ]  # fmt: skip
    assert messages[1].text == "Buy it"
    assert messages[-1].text == "<tool_response>\nThe user says: mine.\n</tool_response>"


def test_the_prompt_is_as_published_but_for_the_apps_of_its_benchmark() -> None:
    text = MaiUiDialect().messages("go", [], SHOWN)[0].text
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert digest == "36847378da814e6dc1a4685860e3d97bef369999a353412b93851d5af50fcbb1"
    # Blanks at the ends of lines are its own.
    assert text.startswith(
        "You are a GUI agent. You are given a task and your action history, with screenshots. You "
        "need to perform the next action to complete the task. \n\n## Output Format\nFor each"
    )
    assert (
        '{"action": "terminate", "status": "success or fail"} \n{"action": "answer", "text": '
        r'"xxx"} # Use escape characters \', \", and \n in text part to ensure we can parse the '
        "text in normal python string format.\n"
    ) in text
    assert text.endswith(
        '{"action": "double_click", "coordinate": [x, y]}\n\n## Note\n- Write a small plan and '
        "finally summarize your next action (with its target element) in one sentence in "
        "<thinking></thinking> part."
    )


def test_a_tool_of_ones_own_is_called_by_its_name() -> None:
    text = DIALECT.messages("go", [], SHOWN)[0].text
    assert (
        "\n\n## MCP Tools\nYou are also provided with MCP tools, you can use them to complete the "
        f"task.\n{json.dumps(TOOL)}\n\nIf you want to use MCP tools, you must output as the "
        "following format:\n```\n<thinking>\n...\n</thinking>\n<tool_call>\n"
        '{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>\n```\n## Note\n'
    ) in text
    assert "MCP" not in MaiUiDialect().messages("go", [], SHOWN)[0].text
    action = CallTool(name="price", arguments={"item": "pen"})
    assert DIALECT.parse(DIALECT.render(action, FRAME, "Look."), FRAME).actions == (action,)
    with pytest.raises(ValueError, match="cannot be called mobile_use"):
        MaiUiDialect([{**TOOL, "name": "mobile_use"}])
