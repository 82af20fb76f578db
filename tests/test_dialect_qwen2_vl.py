"""Qwen2-VL's agent and Qwen-Agent's own format: calls between ✿ marks."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import typeable

from eyehand.actions import (
    Action,
    ActionError,
    Answer,
    AppSwitch,
    CallTool,
    Click,
    Done,
    Frame,
    Home,
    Key,
    Point,
    Scroll,
    Size,
    Space,
    Type,
    Wait,
)
from eyehand.actions.dialects.base import Turn
from eyehand.actions.dialects.qwen2_vl import Qwen2VLDialect
from eyehand.actions.dialects.qwen_agent import QwenAgentDialect, tools_section
from eyehand.model import Image, Marked, Message

ITEMS = Path(__file__).parent / "data/dialects/model-outputs/outputs.json"
GOLDEN = {item["id"]: item for item in json.loads(ITEMS.read_text(encoding="utf-8"))["items"]}
FRAME = Frame("phone", Size(1000, 1000), Size(1000, 1000)).planned(Size(560, 560))
TOOL = {
    "name": "price",
    "description": "Look it up.",
    "parameters": {
        "type": "object",
        "properties": {"item": {"type": "string", "description": "What."}, "all": {}},
        "required": ["item"],
    },
}
PHONE = Qwen2VLDialect([TOOL], phone=True)
DESKTOP = Qwen2VLDialect([TOOL])
AGENT = QwenAgentDialect([TOOL], phone=True)
BOTH = pytest.mark.parametrize("dialect", [PHONE, AGENT], ids=lambda dialect: dialect.name)


def picture(name: str) -> Image:
    return Image(np.zeros((4, 4, 3), np.uint8), Size(560, 560), name)


def called(name: str, arguments: str) -> str:
    return f"✿FUNCTION✿: {name}\n✿ARGS✿: {arguments}"


@pytest.mark.parametrize(
    ("item", "action", "repairs"),
    [
        ("d01", Home(), []),
        ("d02", Click(point=Point(348, 291)), []),
        ("d03", Click(point=Point(348, 291)), ["comment"]),
    ],
)
def test_what_it_was_seen_to_write_is_understood(
    item: str, action: Action, repairs: list[str]
) -> None:
    parsed = PHONE.parse(GOLDEN[item]["raw"], FRAME)
    assert parsed.actions == (action,)
    assert [repair.name for repair in parsed.repairs] == repairs
    assert bool(repairs) == (GOLDEN[item]["class"] == "repair")


def test_the_text_before_a_call_is_its_thought() -> None:
    parsed = PHONE.parse(GOLDEN["d01"]["raw"], FRAME)
    assert parsed.thought == "The screen shows the app drawer; I go home first."


def test_points_are_written_as_the_report_prints_them() -> None:
    assert PHONE.render(Click(point=Point(348, 291)), FRAME) == called(
        "Tap", '{"point": (348,291)}'
    )
    assert AGENT.render(Click(point=Point(348, 291)), FRAME, "I tap.") == "I tap.\n" + called(
        "Tap", '{"point": [348, 291]}'
    )


@BOTH
@pytest.mark.parametrize(
    ("reply", "action", "repair"),
    [
        ("✿FUNCTION✿: Home", Home(), "no ✿ARGS✿"),
        ("✿FUNCTION✿: Home\n✿ARGS✿:\n✿RESULT✿", Home(), "no arguments"),
        ("✿FUNCTION✿：Home\n✿ARGS✿：{}", Home(), "full-width colon"),
        ("✿FUNCTION✿ Home\n✿ARGS✿ {}", Home(), "no colon"),
        (called("Home", "{}}"), Home(), "one bracket too many"),
        (called("Home", "{} <!-- a comment -->"), Home(), "text after a call"),
        (called("Home", "```json\n{}\n```"), Home(), "code fence"),
        (called("Home", '"{}"'), Home(), "JSON in a text"),
        (called("Home", "{}\n✿FUNCTION✿: Back\n✿ARGS✿: {}"), Home(), "calls after the first"),
        (called("Wait", '{"seconds": 1}\n✿ARGS✿: {"seconds": 2}'), Wait(), "calls after the first"),
        (called("Wait", '{"seconds": 1\n✿RESULT✿'), Wait(), "unclosed bracket"),
        (called("wait", '{"seconds": 1}'), Wait(), "form of a word"),
    ],
)
def test_a_slip_with_one_reading_is_read_and_noted(
    dialect: Any, reply: str, action: Action, repair: str
) -> None:
    parsed = dialect.parse(reply, FRAME)
    assert parsed.actions == (action,)
    assert [r.name for r in parsed.repairs] == [repair]


@BOTH
@pytest.mark.parametrize("cut", ["✿", "✿RES", "✿RESULT✿", "✿RESULT✿: ", "<|im_end|>"])
def test_a_stop_word_after_a_call_may_be_there_or_begun(dialect: Any, cut: str) -> None:
    parsed = dialect.parse(called("Home", "{}\n") + cut, FRAME)
    assert parsed.actions == (Home(),)
    assert parsed.repairs == ()


@BOTH
def test_the_colon_of_a_reply_that_goes_on_is_no_part_of_its_thought(dialect: Any) -> None:
    for colon in (": ", ":"):
        parsed = dialect.parse(f"{colon}I am there.\n{called('Home', '{}')}", FRAME)
        assert parsed.thought == "I am there."
        assert dialect.parse(f"{colon}It is 7 EUR.", FRAME).actions == (
            Answer(text="It is 7 EUR."),
            Done(),
        )


@BOTH
@pytest.mark.parametrize(
    "reply",
    [
        "",
        ": ",
        "\n<|im_end|>",
        "I tap it.\n✿RESULT✿",
        "I tap it.\n✿FUNC",
        "✿RETURN✿: It is done.",
        "FUNCTION: Tap\nARGS: {}",
        "*FUNCTION*: Tap\n*ARGS*: {}",
        '<tool_call>\n{"name": "Tap"}\n</tool_call>',
        "✿FUNCTION✿: Tap\n✿AR",
        "✿FUNCTION✿: Tap\n✿RESULT✿",
        "✿FUNCTION✿:\n✿ARGS✿: {}",
        called("Tap", '{"point": (348'),
        called("Tap", '{"point": (3480,291)}'),
        called("Tap", '{"point": (1,2)} {"point": (3,4)}'),
        called("Tap", "(348,291)"),
        called("Fly", "{}"),
        called("Type", '{"text": "it does not end}'),
        "Tap(348,291)",
        '{"name": "Tap", "arguments": {"point": [348, 291]}}',
        "Thought: I tap it.",
    ],
)
def test_a_reply_that_cannot_be_used_never_ends_the_task(dialect: Any, reply: str) -> None:
    with pytest.raises(ActionError) as caught:
        dialect.parse(reply, FRAME)
    assert "\n" not in str(caught.value)


def test_a_mark_inside_a_typed_text_ends_nothing() -> None:
    for dialect in (PHONE, AGENT):
        text = '✿RESULT✿ \\✿ "it\'s" ✿FUNCTION✿: Home\n'
        reply = dialect.render(Type(text=text), FRAME, "✿ARGS✿: {}")
        assert "✿RESULT✿" not in reply
        assert dialect.parse(reply, FRAME).actions == (Type(text=text),)
        raw = called("Type", '{"text": "a ✿RESULT✿ b"}')
        assert dialect.parse(raw, FRAME).actions == (Type(text="a ✿RESULT✿ b"),)


@BOTH
@given(text=typeable)
def test_any_text_is_typed_exactly(dialect: Any, text: str) -> None:
    parsed = dialect.parse(dialect.render(Type(text=text), FRAME), FRAME)
    assert parsed.actions == (Type(text=text),)
    assert parsed.repairs == ()


@BOTH
@given(text=st.text(max_size=60))
def test_an_answer_is_said_as_it_is_or_not_at_all(dialect: Any, text: str) -> None:
    try:
        reply = dialect.render(Answer(text=text), FRAME)
    except ActionError:
        return
    assert dialect.parse(reply, FRAME).actions == (Answer(text=text), Done())


@pytest.mark.parametrize("text", ["", " 42", "✿", ":", "Action: click", "42<|im_end|>"])
def test_an_answer_that_would_be_read_otherwise_is_not_said(text: str) -> None:
    with pytest.raises(ActionError, match="has no words for"):
        PHONE.render(Answer(text=text), FRAME)


def test_a_desktop_has_mouse_and_keyboard_instead() -> None:
    for action in (
        Click(point=Point(10, 20), button="right"),
        Scroll(direction="down", point=Point(10, 20)),
        Scroll(direction="up", amount=5),
        Key(keys="ctrl+c"),
    ):
        assert DESKTOP.parse(DESKTOP.render(action, FRAME), FRAME).actions == (action,)
        with pytest.raises(ActionError, match="has no words for"):
            PHONE.render(action, FRAME)
    with pytest.raises(ActionError, match="has no words for"):
        DESKTOP.render(AppSwitch(), FRAME)


def test_the_end_and_its_failure_are_said() -> None:
    for dialect in (PHONE, DESKTOP, AGENT):
        failed = Done(status="infeasible", reason="no such app")
        (done,) = dialect.parse(dialect.render(Done(), FRAME), FRAME).actions
        assert done == Done()
        (done,) = dialect.parse(dialect.render(failed, FRAME), FRAME).actions
        assert isinstance(done, Done)
        assert done.status == "infeasible"


def test_a_tool_is_called_with_json() -> None:
    call = CallTool(name="price", arguments={"item": "pen", "all": [True, None]})
    for dialect in (PHONE, AGENT):
        reply = dialect.render(call, FRAME)
        assert reply == called("price", '{"item": "pen", "all": [true, null]}')
        assert dialect.parse(reply, FRAME).actions == (call,)
        with pytest.raises(ActionError, match="no words"):
            dialect.render(CallTool(name="other"), FRAME)


def test_a_tool_cannot_have_the_name_of_an_action() -> None:
    for kind in (Qwen2VLDialect, QwenAgentDialect):
        with pytest.raises(ValueError, match="cannot be called Type"):
            kind([{**TOOL, "name": "Type"}])


def test_the_system_turn_prints_tap_and_home_as_the_report_does() -> None:
    lines = PHONE.system.split("\n")
    assert lines[:7] == [
        "You are a helpful assistant.",
        "# Actions",
        "## You have the following actions.",
        "### Tap",
        "Tap: A gentle tap that commands, chooses, or navigates through a smartphone's user "
        'interface. Parameters: [{"name": "point", "description": "The specific spot of interest '
        "on the monitor, denoted by the coordinates (x, y) where x and y range from 0 to "
        '1000.", "required": True}]',
        "### Home",
        "Home: Go to phone's home screen. Parameters: []",
    ]
    assert lines[-7:] == [
        "### price",
        'price: Look it up. Parameters: [{"name": "item", "type": "string", "description": '
        '"What.", "required": True}, {"name": "all", "required": False}]',
        "## Continuously take action until the task is completed.",
        "✿FUNCTION✿: The action to take, should be one of [Tap,Home,Back,Recent,LongPress,Swipe,"
        "Enter,Type,OpenApp,Wait,Terminate,price].",
        "✿ARGS✿: The input of the action.",
        "✿RESULT✿: Action results.",
        "✿RETURN✿: Reply based on action results.",
    ]


def test_the_system_turn_names_the_units_of_the_checkpoint() -> None:
    dialect = QwenAgentDialect()
    dialect.space = Space.IMAGE
    assert "in pixels of the picture" in dialect.system
    assert "1000" not in dialect.system
    (click,) = dialect.parse(called("Click", '{"point": [280, 560]}'), FRAME).actions
    assert click == Click(point=Point(500, 1000))


def test_the_section_of_tools_is_qwen_agents_own() -> None:
    other = {"name": "now", "description": "The time, 时间.", "parameters": {"a": "é"}}
    assert tools_section([TOOL, other]) == (
        """# Tools

## You have access to the following tools:

### price

price: Look it up. Parameters: {"type": "object", "properties": {"item": {"type": "string", \
"description": "What."}, "all": {}}, "required": ["item"]} Format the arguments as a JSON object.

### now

now: The time, 时间. Parameters: {"a": "é"} Format the arguments as a JSON object.

## When you need to call a tool, please insert the following command in your reply, which can be \
called zero or multiple times according to your needs:

✿FUNCTION✿: The tool to use, should be one of [price,now]
✿ARGS✿: The input of the tool
✿RESULT✿: Tool results
✿RETURN✿: Reply based on tool results. Images need to be rendered as ![](url)"""
    )
    assert tools_section([other], "zh") == (
        """# 工具

## 你拥有如下工具：

### now

now: The time, 时间. 输入参数：{"a": "é"} 此工具的输入应为JSON对象。

## 你可以在回复中插入零次、一次或多次以下命令以调用工具：

✿FUNCTION✿: 工具名称，必须是[now]之一。
✿ARGS✿: 工具输入
✿RESULT✿: 工具结果
✿RETURN✿: 根据工具结果进行回复，需将图片用![](url)渲染出来"""
    )
    system = QwenAgentDialect([other], language="zh").system
    assert system.startswith(
        "You are a helpful assistant.\n\n# 工具\n\n## 你拥有如下工具：\n\n### Click"
    )


def told(message: Message) -> list[str]:
    return [part.hash if isinstance(part, Image) else part.text for part in message.parts]  # type: ignore[union-attr]


@BOTH
def test_an_episode_is_one_turn_of_the_assistant_that_goes_on(dialect: Any) -> None:
    home = called("Home", "{}\n")
    past = [
        Turn(picture("one"), home, "home was done", plain=True),
        Turn(picture("two"), ": I look.\n" + called("price", '{"item": "pen"}'), "7 ✿ EUR",
             shown=(picture("shown"),)),
    ]  # fmt: skip
    system, user, assistant = dialect.messages("Buy it", past, picture("now"))
    assert system == Message.of("system", dialect.system)
    assert (user.role, told(user)) == ("user", ["Buy it", "one"])
    assert assistant.role == "assistant"
    assert told(assistant) == [
        home, "✿RESULT✿: ", "two", "\n✿RETURN✿",
        past[1].reply, "\n✿RESULT✿: ", "7 * EUR\n", "shown", "now", "\n✿RETURN✿",
    ]  # fmt: skip
    replies = [part.text for part in assistant.parts if isinstance(part, Marked)]
    assert replies == [turn.reply for turn in past]


@BOTH
def test_the_first_prompt_has_no_turn_of_the_assistant(dialect: Any) -> None:
    messages = dialect.messages("Buy it", [], picture("now"))
    assert [message.role for message in messages] == ["system", "user"]


@BOTH
def test_a_dropped_picture_leaves_its_reply_and_a_word(dialect: Any) -> None:
    past = [Turn(None, f"reply {n}", "done", plain=True) for n in range(2)]
    _, user, assistant = dialect.messages("Buy it", past, picture("now"))
    assert told(user) == ["Buy it", "(this picture is no longer kept)"]
    assert told(assistant)[:4] == [
        "reply 0", "\n✿RESULT✿: ", "(this picture is no longer kept)", "\n✿RETURN✿",
    ]  # fmt: skip
    assert "reply 1" in told(assistant)


@BOTH
@pytest.mark.parametrize("end", ["", "\n", "\n✿RESULT✿", "\n✿RESULT✿: "])
def test_a_stop_word_that_a_reply_holds_is_not_told_twice(dialect: Any, end: str) -> None:
    reply = called("Home", "{}") + end
    past = [Turn(picture("one"), reply, "", plain=True)]
    text = dialect.messages("Buy it", past, picture("now"))[-1].text
    assert text == called("Home", "{}") + "\n✿RESULT✿: \n✿RETURN✿"


def test_a_reply_ends_where_a_result_begins() -> None:
    assert PHONE.stops == AGENT.stops == ("✿RESULT✿", "✿RETURN✿")
    assert (PHONE.name, AGENT.name) == ("qwen2-vl", "qwen-agent")
    assert PHONE.pictures is None
