"""AgentCPM-GUI: compact JSON for phones."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eyehand.actions import (
    Action,
    ActionError,
    AskUser,
    Back,
    CallTool,
    Click,
    Done,
    Frame,
    Home,
    Key,
    LongPress,
    Move,
    OpenApp,
    Point,
    Scroll,
    Size,
    Swipe,
    Type,
    Wait,
)
from eyehand.actions.dialects import Turn
from eyehand.actions.dialects.agentcpm import AgentCpmDialect
from eyehand.model import Image

DATA = Path(__file__).parent / "data" / "dialects" / "model-outputs" / "outputs.json"
SCREEN = Size(1080, 2400)
FRAME = Frame("phone", SCREEN, SCREEN).planned(Size(504, 1120))
TOOL = {
    "name": "price",
    "description": "Look it up.",
    "parameters": {"type": "object", "properties": {"item": {"type": "string"}}},
}
DIALECT = AgentCpmDialect([TOOL])
SHOWN = Image(np.zeros((2, 2, 3), np.uint8), Size(504, 1120), "0" * 32)
MIDDLE = Point(540, 1200)


def said(**members: Any) -> str:
    return json.dumps({"thought": "t", **members}, ensure_ascii=False, separators=(",", ":"))


def test_the_published_reply_is_understood() -> None:
    items = json.loads(DATA.read_text(encoding="utf-8"))["items"]
    (item,) = (item for item in items if item["id"] == "d47")
    parsed = DIALECT.parse(item["raw"], FRAME)
    x, y = item["expect"][0]["at"]
    (click,) = parsed.actions
    assert isinstance(click, Click)
    assert click.point == pytest.approx((x * 1080, y * 2400))
    assert parsed.thought == "任务目标是点击屏幕上的‘会员’按钮。"
    assert parsed.repairs == ()
    assert DIALECT.render(click, FRAME, parsed.thought) == item["raw"]


@pytest.mark.parametrize(
    ("members", "action"),
    [
        ({"POINT": [500, 500]}, Click(point=MIDDLE)),
        ({"POINT": [500, 500], "duration": 1000}, LongPress(point=MIDDLE, seconds=1)),
        ({"POINT": [500, 500], "to": "up"}, Scroll(point=MIDDLE, direction="down")),
        ({"POINT": [500, 500], "to": "left"}, Scroll(point=MIDDLE, direction="right")),
        (
            {"POINT": [500, 500], "to": [0, 1000]},
            Swipe(start=MIDDLE, end=Point(0, 2400), seconds=0.2),
        ),
        (
            {"POINT": [500, 500], "to": [0, 1000], "duration": 300},
            Swipe(start=MIDDLE, end=Point(0, 2400)),
        ),
        ({"PRESS": "HOME"}, Home()),
        ({"PRESS": "BACK"}, Back()),
        ({"PRESS": "ENTER"}, Key(keys="enter")),
        ({"TYPE": '"你好"\n'}, Type(text='"你好"\n')),
        ({"duration": 3000}, Wait(seconds=3)),
        ({"STATUS": "finish"}, Done()),
        ({"price": {"item": "pen"}}, CallTool(name="price", arguments={"item": "pen"})),
    ],
)
def test_what_it_writes_is_understood_and_written_again(
    members: dict[str, Any], action: Action
) -> None:
    parsed = DIALECT.parse(said(**members), FRAME)
    assert parsed.actions == (action,)
    assert (parsed.thought, parsed.repairs) == ("t", ())
    assert DIALECT.render(action, FRAME, "t") == said(**members)


@pytest.mark.parametrize(
    ("members", "actions"),
    [
        ({"POINT": [500, 500], "duration": 200}, (Click(point=MIDDLE),)),
        ({"POINT": [500, 500], "STATUS": "continue"}, (Click(point=MIDDLE),)),
        ({"PRESS": "HOME", "STATUS": "finish"}, (Home(), Done())),
        ({"STATUS": "satisfied"}, (Done(),)),
        (
            {"STATUS": "impossible"},
            (Done(status="infeasible", reason="the model says that it cannot be done"),),
        ),
        (
            {"STATUS": "interrupt"},
            (Done(status="infeasible", reason="the model says that the task was interrupted"),),
        ),
        ({"STATUS": "need_feedback"}, (AskUser(question="t"),)),
    ],
)
def test_a_status_comes_after_the_action(
    members: dict[str, Any], actions: tuple[Action, ...]
) -> None:
    assert DIALECT.parse(said(**members), FRAME).actions == actions


def test_a_question_is_the_thought_of_who_needs_help() -> None:
    reply = DIALECT.render(AskUser(question="Which?"), FRAME, "I do not know.")
    assert reply == '{"thought":"Which?","STATUS":"need_feedback"}'
    (ask,) = DIALECT.parse('{"STATUS":"need_feedback"}', FRAME).actions
    assert ask == AskUser(question="The model needs your help to go on.")


@pytest.mark.parametrize(
    "action",
    [
        Click(),
        Click(point=MIDDLE, count=2),
        LongPress(point=MIDDLE, seconds=0.15),
        Swipe(start=MIDDLE, end=MIDDLE, seconds=0.12345),
        Scroll(direction="down"),
        Scroll(point=MIDDLE, dy=3),
        Type(text="x", submit=True),
        Key(keys="enter", count=2),
        Key(keys="escape"),
        Move(point=MIDDLE),
        OpenApp(name="Clock"),
        CallTool(name="other", arguments={}),
    ],
)
def test_what_it_has_no_words_for_is_not_written(action: Action) -> None:
    with pytest.raises(ActionError, match="agentcpm has no words for"):
        DIALECT.render(action, FRAME)


@pytest.mark.parametrize(
    ("reply", "repair"),
    [
        ("{'POINT':[500,500]}", "single quotes"),
        ('{"POINT":[500,500]', "unclosed bracket"),
        ('{"POINT":[500,500],}', "trailing comma"),
        ('{"POINT":"500,500"}', "text for a point"),
    ],
)
def test_a_slip_with_one_reading_is_noted(reply: str, repair: str) -> None:
    parsed = DIALECT.parse(reply, FRAME)
    assert parsed.actions == (Click(point=MIDDLE),)
    assert [each.name for each in parsed.repairs] == [repair]


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ("", "holds no action"),
        ("{", "one of POINT, PRESS, TYPE, price, duration or STATUS is needed"),
        (said(), "or STATUS is needed"),
        (said(STATUS="continue"), "or STATUS is needed"),
        (said(STATUS="over"), "STATUS is one of"),
        (said(POINT=[1001, 5]), "outside the range"),
        (said(POINT=[1]), "POINT is [x, y]"),
        (said(to="up"), "to needs the POINT"),
        (said(POINT=[1, 1], to="around"), "to is one of"),
        (said(POINT=[1, 1], TYPE="x"), "only one of POINT and TYPE"),
        (said(TYPE="x", duration=5), "TYPE takes no duration"),
        (said(TYPE=5), "type: text"),
        (said(PRESS="MENU"), "PRESS is one of HOME, BACK, ENTER"),
        (said(duration=0), "wait: seconds"),
        (said(duration=-5), "duration is milliseconds"),
        (said(POINT=[1, 1], duration=50_000), "long_press: seconds"),
        (said(CLEAR=True), "there is no CLEAR"),
        (said(price="pen"), "call_tool: arguments"),
        (said(STATUS="finish") + "}", "write nothing after it"),
        ('{"a":' * 5000, "nested too deeply"),
        ('The page says {"PRESS":"HOME"}', "on a line of its own"),
    ],
)
def test_what_it_cannot_mean_is_told(reply: str, message: str) -> None:
    with pytest.raises(ActionError) as caught:
        DIALECT.parse(reply, FRAME)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_prompt_is_the_published_one() -> None:
    system, user = AgentCpmDialect().messages("打开设置", [], SHOWN)
    assert system.text.startswith(
        "# Role\n你是一名熟悉安卓系统触屏GUI操作的智能体，将根据用户的问题，分析当前界面的"
        "GUI元素和布局，生成相应的操作。\n\n# Task\n"
        "针对用户问题，根据输入的当前屏幕截图，输出下一步的操作。\n\n"
        "# Rule\n- 以紧凑JSON格式输出\n- 输出操作必须遵循Schema约束\n\n# Schema\n"
        '{"type":"object","description":"执行操作并决定当前任务状态","additionalProperties":false,'
        '"required":["thought"],"properties":{"thought":{"type":"string","description":'
        '"智能体的思维过程"},"POINT":{"$ref":"#/$defs/Location","description":"点击屏幕上的指定位置"},'
    )
    assert system.text.endswith('"minimum":0,"maximum":1000},"minItems":2,"maxItems":2}}}')
    assert user.text == "<Question>打开设置</Question>\n当前屏幕截图："
    assert user.parts[-1] is SHOWN


def test_the_past_is_told_in_turns_and_only_grows() -> None:
    first = DIALECT.messages("Buy", [], SHOWN)
    turn = Turn(SHOWN, said(price={"item": "pen"}), "price returned 7", shown=(SHOWN,))
    second = DIALECT.messages("Buy", [turn], SHOWN)
    assert second[: len(first)] == first
    assert second[2].text == turn.reply
    assert second[3].text == "price returned 7\n<Question>Buy</Question>\n当前屏幕截图："
    assert second[3].parts.count(SHOWN) == 2
    dropped = DIALECT.messages("Buy", [Turn(None, said(PRESS="HOME"), "", plain=True)], SHOWN)
    assert dropped[1].text == "// 该图像为历史图像，无法显示"
    assert dropped[2].text == said(PRESS="HOME")
    assert dropped[3].text == first[1].text


def test_a_tool_is_one_more_property() -> None:
    schema = json.loads(DIALECT.messages("", [], SHOWN)[0].text.partition("# Schema\n")[2])
    assert schema["properties"]["price"] == {
        "description": "Look it up.", "type": "object",
        "properties": {"item": {"type": "string"}},
    }  # fmt: skip
    for name in ("POINT", "thought", "to", "STATUS"):
        with pytest.raises(ValueError, match=f"a tool cannot be called {name}"):
            AgentCpmDialect([{**TOOL, "name": name}])
