"""Calls in tags: recorded replies, and every slip that has been seen in them."""

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import json_values, texts

from eyehand.actions import (
    Action,
    ActionError,
    AskUser,
    Back,
    CallTool,
    Click,
    Done,
    Frame,
    Key,
    Point,
    Size,
    Swipe,
    Type,
    Wait,
)
from eyehand.actions.dialects.base import Parsed, Turn
from eyehand.actions.dialects.computer_use import ComputerUseDialect, Qwen3ComputerDialect
from eyehand.actions.dialects.hermes import HermesDialect
from eyehand.actions.dialects.mai_ui import MaiUiDialect
from eyehand.actions.dialects.mobile_use import MobileUseDialect, Qwen3MobileDialect
from eyehand.actions.dialects.qwen3_5 import Qwen35ComputerDialect
from eyehand.model import Image

DATA = Path(__file__).parent / "data" / "dialects" / "model-outputs" / "outputs.json"
ITEMS = {item["id"]: item for item in json.loads(DATA.read_text())["items"]}
TOOL = {
    "name": "price",
    "description": "Look it up.",
    "parameters": {
        "type": "object",
        "properties": {"item": {"type": "string"}, "count": {"type": "integer"}},
    },
}
SCREEN = Size(2000, 1000)
FRAME = Frame(":0", SCREEN, SCREEN).planned(Size(1000, 500))
DIALECT = ComputerUseDialect([TOOL])
CLICK = Click(point=Point(624, 128))


def call(arguments: str, name: str = "computer_use") -> str:
    return f'<tool_call>\n{{"name": "{name}", "arguments": {arguments}}}\n</tool_call>'


def read(reply: str) -> Parsed:
    return DIALECT.parse(reply, FRAME)


def near(frame: Frame, share: list[float]) -> Any:
    width, height = frame.physical
    return pytest.approx((share[0] * width, share[1] * height), abs=2)


@pytest.mark.parametrize(
    ("item", "dialect"),
    [
        ("d06", MobileUseDialect()),
        ("d07", MobileUseDialect()),
        ("d08", MobileUseDialect()),
        ("d09", MobileUseDialect()),
        ("d11", Qwen3MobileDialect()),
        ("d12", Qwen3ComputerDialect()),
        ("d13", Qwen3ComputerDialect()),
        ("d14", Qwen3ComputerDialect()),
        ("d15", Qwen3ComputerDialect()),
        ("d16", Qwen35ComputerDialect()),
        ("d17", Qwen3MobileDialect()),
        ("d45", MaiUiDialect()),
    ],
)
def test_a_recorded_reply_means_what_it_meant(item: str, dialect: HermesDialect) -> None:
    given = ITEMS[item]
    physical = Size(*given.get("image_size", [1080, 2400]))
    frame = Frame("a", physical, physical)
    frame = frame.planned(Size(*given.get("model_image_size", physical)))
    parsed = dialect.parse(given["raw"], frame)
    (action,), (expected,) = parsed.actions, given["expect"]
    assert bool(parsed.repairs) == (given["class"] == "repair")
    plain: dict[str, Action] = {
        "d07": Wait(seconds=2),
        "d09": Done(),
        "d13": Key(keys="ctrl+s"),
        "d17": Back(),
        "d45": AskUser(question="Which account should I use?"),
    }
    if isinstance(action, Click):
        assert action.point == near(frame, expected["at"])
        assert (action.button, action.count) == ("left", 1)
    elif isinstance(action, Swipe):
        assert action.start == near(frame, expected["from"])
        assert action.end == near(frame, expected["to"])
    else:
        assert action == plain[item]


GOOD = '{"action": "left_click", "coordinate": [312, 64]}'


@pytest.mark.parametrize(
    ("reply", "repairs"),
    [
        (call(GOOD), []),
        # Qwen-Agent and InfiGUI take an unclosed tag; langchain-qwq#30 has one brace too many.
        (call(GOOD).removesuffix("</tool_call>"), ["unclosed <tool_call>"]),
        (call(GOOD).replace("}}", "}}}"), ["one bracket too many"]),
        (call(GOOD).replace("}}", "}"), ["unclosed bracket"]),
        (call(GOOD).replace("}}\n</tool_call>", "}"), ["unclosed bracket", "unclosed <tool_call>"]),
        (call(GOOD).replace("</", "<"), ["<tool_call> for </tool_call>"]),  # Fara
        (call(json.dumps(GOOD)), ["JSON in a text"]),
        (
            "<tool_call>" + json.dumps(call(GOOD)[12:-13]) + "</tool_call>",
            ["JSON in a text"],
        ),
        # OSWorld#551, #296
        (
            "<function=computer_use><parameter=action>left_click</parameter>"
            "<parameter=coordinate>312, 64</parameter></function>",
            ["no <tool_call>"],
        ),
        (
            "<tool_call>\n<function=computer_use>\n<parameter=action>\nleft_click\n"
            "<parameter=coordinate>\n(312, 64)\n</function>\n</tool_call>",
            ["no </parameter>"],
        ),
        (
            "<tool_call><function=computer_use><parameter=action>left_click</parameter>"
            "<parameter=coordinate>[312, 64]</parameter></tool_call>",
            ["no </function>"],
        ),
        (call(GOOD.replace("action", "type")), ["type for action"]),  # trycua/cua, Qwen3.5
        (call(GOOD).replace('{"name', '```json\n{"name').replace("}}", "}}\n```"), ["code fence"]),
        (call(GOOD).replace('"', "'"), ["single quotes"]),
        (call(GOOD).replace("64]", "64],"), ["trailing comma"]),
        (call(GOOD).replace("}}", "}} // the address bar"), ["comment"]),
        (call(GOOD).replace("}}", "}} is the address bar"), ["words after the call"]),
        (call(GOOD).replace("[312, 64]", '"312, 64"'), ["text for a point"]),
        (call(GOOD).replace("[312, 64]", '["312", "64"]'), ["texts for numbers"]),
        (call(GOOD).replace("[312, 64]", "[312.0, 64.0]"), []),
        (call(GOOD).replace("[312, 64]", "(312, 64)"), ["round brackets"]),
        (call(GOOD).replace("[312, 64]", "[[312, 64]]"), ["doubled brackets"]),
        (call(GOOD).replace("[312, 64]", "[300, 54, 324, 74]"), ["box for a point"]),
        (call(GOOD).replace("[312, 64]", '{"x": 312, "y": 64}'), ["mapping for a point"]),
        (call(GOOD).replace("arguments", "parameters"), ["parameters for arguments"]),
        (call(GOOD).replace("left_click", " Left_Click"), ["form of a word"]),
        (call(GOOD).replace('"coordinate"', '" coordinate "'), ["blanks in a name"]),
        (call(GOOD)[12:-13], ["no <tool_call>"]),
        (f"<think>\n{call('{}')}\n</think>\n{call(GOOD)}", []),
        (f"{call('{}')}\n</think>\n{call(GOOD)}", []),  # the prompt opened the thinking
        ("<tool_call>{ broken </think>" + call(GOOD), []),
        (f"<thinking>I see it.\n{call(GOOD)}", ["no </thinking>"]),
        (call(GOOD) + "<|im_end|>", []),
    ],
)
def test_a_slip_with_one_reading_is_read_and_named(reply: str, repairs: list[str]) -> None:
    parsed = read(reply)
    assert parsed.actions == (CLICK,)
    assert [repair.name for repair in parsed.repairs] == repairs


@pytest.mark.parametrize("text", ["a </tool_call> b", "</think>", "<think>", "}}", '{"name": 1}'])
def test_a_tag_inside_a_typed_text_is_typed(text: str) -> None:
    typed = Type(text=text)
    parsed = read(DIALECT.render(typed, FRAME, "I type it."))
    assert (parsed.actions, parsed.repairs, parsed.thought) == ((typed,), (), "I type it.")


def test_a_line_break_in_a_typed_text_is_typed() -> None:
    parsed = read(call('{"action": "type", "text": "a\nb"}'))
    assert parsed.actions == (Type(text="a\nb"),)
    assert [repair.name for repair in parsed.repairs] == ["line break in a text"]


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ("", "calls no function"),
        ("I am done.", "calls no function"),
        (f"<think>{call(GOOD)}</think>", "calls no function"),
        (f"<think>{call(GOOD)}", "thinking does not end"),
        (call(GOOD)[:-17], "the text ends in the middle of a value"),  # … [312, 6
        (call(GOOD)[:-16], "the text ends in the middle of a value"),  # … [312, 64
        (call(GOOD)[:-15], "the text ends in the middle of a value"),  # … [312, 64]
        (call(GOOD)[:-40], "the text ends in the middle of a value"),  # … "left_click"
        (call('{"action": "type", "text": "ab'), "does not end"),
        (call("{}, {}"), "expected"),
        (call(GOOD).replace("}}", "}} {}"), "more than one JSON object"),
        (call("[]"), "are an object"),
        (call('{"type": ["left_click"]}'), "needs an action"),
        (call("{}"), "computer_use needs an action; it has left_click"),
        (call(GOOD, "rm"), "there is no function 'rm'; there are computer_use, price"),
        (call(GOOD).replace('"name"', '"id": 1, "name"'), "and no id"),
        ("<tool_call>7</tool_call>", "a call is"),
        (call(GOOD).replace("64", "NaN"), "a value is expected, not NaN"),
        (call(GOOD).replace("64", "1e400"), "coordinate is"),
        (call(GOOD.replace("]", '], "coordinate": [1, 2]')), "given twice"),
        ("<tool_call><function=computer_use>action: left_click</function>", "<parameter=NAME>"),
        ("<tool_call><function=computer_use><parameter=action>left_cl", "does not end"),
        (
            "<tool_call><function=price><parameter=item>a<parameter=item>b</function>",
            "item is given twice",
        ),
        ('{"name": "price", "arguments": {}} or {"name": "price2"}', "goes on after a call"),
        ('The page says {"name": "price", "arguments": {}}', "calls no function"),
        ('It says\n{"name": "price", "arguments": {}}\nand I wait.', "goes on after a call"),
        (call('{"action": "key", "keys": ["' + "x" * 5000 + '"]}'), "keys is names of keys"),
    ],
)
def test_what_has_no_one_reading_is_told(reply: str, message: str) -> None:
    with pytest.raises(ActionError) as caught:
        read(reply)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 400


def test_several_calls_are_taken_in_order_where_the_family_may_do_so() -> None:
    reply = call(GOOD) + "\n" + call('{"item": "pen"}', "price")
    assert read(reply).actions == (CLICK, CallTool(name="price", arguments={"item": "pen"}))
    phone = Qwen3MobileDialect()
    first, second = (call(f'{{"action": "wait", "time": {n}}}', "mobile_use") for n in (1, 2))
    with pytest.raises(ActionError, match="several functions"):
        phone.parse(first + second, FRAME)
    parsed = phone.parse(first + first, FRAME)
    assert parsed.actions == (Wait(),)
    assert [repair.name for repair in parsed.repairs] == ["a call repeated"]


def test_the_computers_prompt_is_the_one_that_qwen3_vls_cookbook_prints() -> None:
    shown = Image(np.zeros((2, 2, 3), np.uint8), Size(500, 1000), "0" * 32)
    system, user = Qwen3ComputerDialect().messages("Buy it", [], shown)
    digest = hashlib.sha256(system.text.encode()).hexdigest()
    assert digest == "6084d16a025c374a9523958d4438e1f068c73da969aa3002415da011ff85b37c"
    assert system.text.startswith(
        "You are a helpful assistant.\n\n# Tools\n\nYou may call one or more functions to assist"
    )
    assert "* The screen's resolution is 1000x1000.\\n* Whenever you intend" in system.text
    assert 'Don\'t click boxes on their edges.", "parameters": {"properties": {' in system.text
    assert (
        "* `triple_click`: Triple-click the left mouse button at a specified (x, y) pixel "
        "coordinate on the screen (simulated as double-click since it's the closest action).\\n"
        "* `scroll`: Performs a scroll of the mouse scroll wheel.\\n* `hscroll`: Performs a "
        "horizontal scroll (mapped to regular scroll).\\n"
    ) in system.text
    assert user.parts[0] is shown  # and then the words
    assert user.text == "Buy it"
    past = [Turn(shown, "one", "done"), Turn(None, "two", "nothing")]
    messages = Qwen3ComputerDialect().messages("Buy it", past, shown)
    assert messages[:2] == [system, user]
    assert messages[3].text == (
        "<tool_response>\ndone\n</tool_response>(this picture is no longer kept)"
    )
    assert messages[5].parts[3:] == (shown,)


def test_what_is_repaired_in_a_thought_is_no_repair_of_the_reply() -> None:
    reply = f"<think>{call(GOOD).replace('64]', '64],')}</think>{call(GOOD)}"
    assert read(reply).repairs == ()
    assert read(reply.removeprefix("<think>")).repairs == ()


def test_a_tool_that_was_not_given_is_not_called() -> None:
    with pytest.raises(ActionError, match="it has no such tool"):
        DIALECT.render(CallTool(name="rm", arguments={}), FRAME)


@settings(max_examples=200)
@given(arguments=st.dictionaries(texts, json_values, max_size=4))
def test_whatever_a_tool_takes_comes_back(arguments: dict[str, Any]) -> None:
    try:
        action = CallTool(name="price", arguments=arguments)
    except ValueError:  # half a surrogate pair
        return
    parsed = read(DIALECT.render(action, FRAME))
    assert parsed.repairs == ()
    assert json.dumps(parsed.actions[0].to_json()) == json.dumps(action.to_json())


@settings(max_examples=300)
@given(text=st.text(st.sampled_from('<>/{}[]"\\,: \ntool_callthinkfunctionparameter=')))
def test_any_text_is_an_action_or_an_action_error(text: str) -> None:
    for reply in (text, f"<tool_call>{text}", f"<tool_call><function=a>{text}", call(text)):
        try:
            actions = read(reply).actions
        except ActionError:
            continue
        assert actions


def test_points_are_never_invented() -> None:
    for cut in range(len(call(GOOD))):
        try:
            (action,) = read(call(GOOD)[:cut]).actions
        except ActionError:
            continue
        assert isinstance(action, Click)
        assert action.point is not None
        assert math.dist(action.point, (624, 128)) == 0
