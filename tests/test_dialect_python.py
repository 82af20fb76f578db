"""Aguvis and OpenCUA: Python code as data."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import chords

from eyehand.actions import (
    Action,
    ActionError,
    ActionParseError,
    Answer,
    Back,
    CallTool,
    Click,
    Done,
    Drag,
    Frame,
    HoldKey,
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
from eyehand.actions.dialects.aguvis import AguvisDialect
from eyehand.actions.dialects.holo import HoloDialect
from eyehand.actions.dialects.opencua import OpenCuaDialect
from eyehand.actions.dialects.showui import ShowUiDialect
from eyehand.actions.keys import KEYS
from eyehand.model import Image, Marked

DATA = Path(__file__).parent / "data" / "dialects" / "model-outputs" / "outputs.json"
SCREEN = Size(1000, 500)
FRAME = Frame(":0", SCREEN, SCREEN).planned(SCREEN)
TOOL = {
    "name": "look-up",
    "description": "Look up a price.",
    "parameters": {"type": "object", "properties": {"item": {"type": "string"}}},
}
AGUVIS, PHONE = AguvisDialect([TOOL]), AguvisDialect([TOOL], phone=True)
OPENCUA = OpenCuaDialect([TOOL])
SHOWN = Image(np.zeros((2, 2, 3), np.uint8), SCREEN, "0" * 32)
AT = Point(500, 250)
INFEASIBLE = Done(status="infeasible", reason="the model says that it cannot be done")

names = st.text("abcdxyz_", min_size=1, max_size=6)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def block(code: str) -> str:
    return f"## Thought:\nI see it.\n\n## Action:\nDo it.\n\n## Code:\n```python\n{code}\n```"


def read(code: str) -> tuple[Action, ...]:
    """Read code as OpenCUA's, without any slip."""
    parsed = OPENCUA.parse(block(code), FRAME)
    assert parsed.repairs == ()
    return parsed.actions


@pytest.mark.parametrize("name", ["d38", "d39"])
def test_golden_replies_are_understood(name: str) -> None:
    items = json.loads(DATA.read_text(encoding="utf-8"))["items"]
    (item,) = (item for item in items if item["id"] == name)
    parsed = AGUVIS.parse(item["raw"], FRAME)
    assert parsed.repairs == ()
    expected: list[Action] = []
    for action in item["expect"]:
        if action["type"] == "click":
            x, y = action["at"]
            expected.append(Click(point=Point(x * 1000, y * 500)))
        elif action["type"] == "type":
            expected.append(Type(text=action["text"]))
        else:
            expected.append(Key(keys="+".join(action["keys"])))
    assert parsed.actions == tuple(expected)


@pytest.mark.parametrize(
    ("code", "action"),
    [
        ("pyautogui.click(x=500, y=250)", Click(point=AT)),
        ("pyautogui.click(500, 250)", Click(point=AT)),
        ("pyautogui.click((500, 250))", Click(point=AT)),
        ("pyautogui.click()", Click()),
        ("pyautogui.click(500, 250, 2, 0.1, 'left')", Click(point=AT, count=2)),
        ("pyautogui.click(x=500, y=250, button='middle')", Click(point=AT, button="middle")),
        ("pyautogui.rightClick(x=500, y=250)", Click(point=AT, button="right")),
        ("pyautogui.middleClick(x=500, y=250)", Click(point=AT, button="middle")),
        ("pyautogui.doubleClick(x=500, y=250)", Click(point=AT, count=2)),
        ("pyautogui.tripleClick(x=500, y=250)", Click(point=AT, count=3)),
        ("computer.triple_click(x=500, y=250)", Click(point=AT, count=3)),
        ("pyautogui.moveTo(500, 250, duration=1)", Move(point=AT)),
        ("pyautogui.dragTo(500, 250)", Drag(end=AT)),
        ("pyautogui.dragTo(500, 250, 2, button='right')",
         Drag(end=AT, seconds=2, button="right")),
        ("pyautogui.moveTo(x=0, y=0)\npyautogui.dragTo(x=500, y=250)",
         Drag(start=Point(0, 0), end=AT)),
        ("pyautogui.write(message='a\\nb')", Type(text="a\nb")),
        ("pyautogui.write('C:\\\\temp', interval=0.1)", Type(text="C:\\temp")),
        ('pyautogui.typewrite("""it\'s\n"fine" """)', Type(text='it\'s\n"fine" ')),
        ("pyautogui.press('enter')", Key(keys="enter")),
        ("pyautogui.press('down', presses=3)", Key(keys="down", count=3)),
        ("pyautogui.press(['pagedown'])", Key(keys="page_down")),
        ("pyautogui.press('+')", Key(keys="+")),
        ("pyautogui.hotkey('ctrl', 'shift', 's')", Key(keys="ctrl+shift+s")),
        ("pyautogui.hotkey(['ctrl', '+'])", Key(keys="ctrl++")),
        ("pyautogui.hotkey('ctrl+c')", Key(keys="ctrl+c")),
        ("pyautogui.scroll(-3)", Scroll(dy=3)),
        ("pyautogui.scroll(5, 500, 250)", Scroll(dy=-5, point=AT)),
        ("pyautogui.hscroll(2, x=500, y=250)", Scroll(dx=2, point=AT)),
        ("time.sleep(3)", Wait(seconds=3)),
        ("computer.wait()", Wait(seconds=20)),
        ("computer.terminate(status='success')", Done()),
        ("computer.terminate(status='fail')", INFEASIBLE),
        ("# the button\npyautogui.click(x=500, y=250);", Click(point=AT)),
    ],
)  # fmt: skip
def test_code_means_one_action_and_is_written_so_that_it_is_read_back(
    code: str, action: Action
) -> None:
    assert read(code) == (action,)
    again = OPENCUA.parse(OPENCUA.render(action, FRAME, "thought"), FRAME)
    assert again.actions == (action,)
    assert again.repairs == ()


@pytest.mark.parametrize(
    ("code", "actions"),
    [
        ("pyautogui.press(['a', 'b'])", (Key(keys="a"), Key(keys="b"))),
        ("pyautogui.write('x'); pyautogui.press('tab')", (Type(text="x"), Key(keys="tab"))),
        ("pyautogui.click(x=1,y=2)\n\npyautogui.write('x')",
         (Click(point=Point(1, 2)), Type(text="x"))),
    ],
)  # fmt: skip
def test_several_calls_are_several_actions(code: str, actions: tuple[Action, ...]) -> None:
    assert read(code) == actions


@given(chords)
def test_every_chord_has_names_or_no_words(keys: list[str]) -> None:
    action = Key.model_validate({"keys": keys})
    if {"power", "camera"} & {*action.chord}:  # pyautogui has no such keys
        with pytest.raises(ActionError, match="has no words for"):
            AGUVIS.render(action, FRAME)
    else:
        assert AGUVIS.parse(AGUVIS.render(action, FRAME), FRAME).actions == (action,)


def test_every_key_that_pyautogui_names_is_read_by_that_name() -> None:
    for canonical, info in KEYS.items():
        if info.pyautogui is not None:
            assert read(f"pyautogui.press('{info.pyautogui}')") == (Key(keys=canonical),)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import os", "only calls with plain values"),
        ("x = 5", "only calls with plain values"),
        ("for i in range(3): pyautogui.click(1, 2)", "only calls with plain values"),
        ("while(True): pyautogui.click(1, 2)", "only calls with plain values"),
        ("pyautogui.click(1, 2).x", "only calls with plain values"),
        ("pyautogui.click(x, y)", "not x: texts stand in quotes"),
        ("pyautogui.click(*(1, 2))", "a value is expected"),
        ("pyautogui.write(f'{x}')", "not f: texts stand in quotes"),
        ("pyautogui.write('a' + 'b')", ", or ) is expected"),
        ("pyautogui.write('it's')\npyautogui.press('enter')", ", or ) is expected"),
        ("pyautogui.write('a' 'b')", ", or ) is expected"),
        ("pyautogui.write(open('/etc/passwd').read())", "not open: texts stand in quotes"),
        ("os.system('reboot')", "has no action 'os.system'"),
        ("__import__('os')", "has no action '__import__'"),
        ("eval('1')", "has no action 'eval'"),
        ("pyautogui.click(x=1, y=2", ", or ) is expected"),
        ("pyautogui.click(x=1)", "y is missing"),
        ("pyautogui.click(x=[1], y=2)", "x is a number"),
        ("pyautogui.click(1, 2, x=3)", "given x twice"),
        ("pyautogui.click(1, 2, 1, 0, 'left', 0, 0)", "not 7"),
        ("pyautogui.click(x=5000, y=2)", "outside the 1000x500 image"),
        ("pyautogui.click(x=1, y=2, tween=1)", "takes no tween"),
        ("pyautogui.moveTo()", "moveTo needs x and y"),
        ("pyautogui.press('flub')", "unknown key 'flub'"),
        ("pyautogui.press(3)", "keys is names of keys"),
        ("pyautogui.press(['a', 'b'], presses=2)", "only with one key"),
        ("pyautogui.scroll(0)", "other than 0"),
        ("pyautogui.scroll(-500)", "from -100 to 100"),
        ("pyautogui.keyDown('ctrl')", "hotkey"),
        ("pyautogui.mouseDown()", "dragTo"),
        ("pyautogui.moveRel(1, 2)", "where on the screen"),
        ("browser.select_option(x=1, y=2, value='x')", "click the option"),
        ("computer.terminate(status='maybe')", "one of success, fail"),
        ("pyautogui.write('\x07')", "no keyboard types"),
        ("", "there is no code"),
        ("pyautogui.press('a')\n" * 51, "more than 50 calls"),
        ("pyautogui.click(" + "(" * 100_000, "nested too deeply"),
        ("-" * 1_000_000, "only calls with plain values"),
        ("pyautogui.click(x=" + "9" * 5000 + ", y=1)", "too many digits"),
    ],
)
def test_what_is_no_call_of_plain_values_is_refused(code: str, message: str) -> None:
    with pytest.raises(ActionError) as caught:
        OPENCUA.parse(block(code), FRAME)
    assert any(part in str(caught.value) for part in message.split("|")), str(caught.value)
    assert "\n" not in str(caught.value)
    if isinstance(caught.value, ActionParseError):
        assert caught.value.position >= len(block("").removesuffix("\n```"))


def test_a_fence_inside_a_text_does_not_end_the_code() -> None:
    assert read("pyautogui.write(message='```')") == (Type(text="```"),)


@pytest.mark.parametrize(
    ("reply", "repair"),
    [
        ("## Code:\npyautogui.click(x=500, y=250)", "no code fence"),
        ("```python\npyautogui.click(x=500, y=250)\n```", "no ## Code:"),
        ("## Code:\n```python\npyautogui.click(x=500, y=250)", "unclosed code fence"),
        ("## Code:\n```\npyautogui.click(x='500', y=250)\n```", "texts for numbers"),
        ("## Code:\n```\npyautogui.Click(x=500, y=250)\n```", "form of a word"),
    ],
)
def test_a_slip_of_opencua_with_one_reading_is_noted(reply: str, repair: str) -> None:
    parsed = OPENCUA.parse(reply, FRAME)
    assert parsed.actions == (Click(point=AT),)
    assert [each.name for each in parsed.repairs] == [repair]


def test_a_number_that_may_be_cut_off_is_no_place() -> None:
    for dialect, reply in ((AGUVIS, "pyautogui.click(x=0.5, y=0.0"), (OPENCUA, "## Code:\n```\n"
                           "pyautogui.click(x=500, y=2")):  # fmt: skip
        with pytest.raises(ActionError, match="in the middle of a value"):
            dialect.parse(reply, FRAME)


def test_opencua_thinks_before_it_acts() -> None:
    parsed = OPENCUA.parse(block("pyautogui.click()"), FRAME)
    assert parsed.thought == "I see it.\n\nDo it."
    two = "```python\npyautogui.click()\n```\n```python\npyautogui.press('a')\n```"
    for reply in ("I click.", two, block("pyautogui.click()") + "\nand more"):
        with pytest.raises(ActionError, match=r"no code|ends with the code block"):
            OPENCUA.parse(reply, FRAME)


def test_opencua_sees_late_steps_and_is_told_early_ones() -> None:
    turns = [
        Turn(None, block("pyautogui.click()"), "clicked", plain=True),
        Turn(None, "flub", "the reply could not be used"),
        Turn(SHOWN, block("pyautogui.press('a')"), "look-up returned 7", shown=(SHOWN,)),
    ]
    messages = OPENCUA.messages("Buy", turns, SHOWN)
    assert [m.role for m in messages] == ["system", "assistant", "user", "assistant", "user"]
    assert messages[1].text == (
        "# Step 1:\n## Action:\nDo it.\n\n# Step 2:\n## Action:\nflub\n(the reply could not be "
        "used)\n"
    )
    assert messages[3].text == "# Step 3:\n## Action:\nDo it.\n"
    assert messages[4].text.startswith("(look-up returned 7)\n# Task Instruction:\nBuy\n\nPlease")
    assert messages[4].parts[1:3] == (SHOWN, SHOWN)
    assert '"name": "look-up"' in messages[0].text


def test_the_prompt_of_opencua_is_that_of_its_training_data() -> None:
    system = OpenCuaDialect().messages("Buy", [], SHOWN)[0].text
    digest = hashlib.sha256(system.encode()).hexdigest()
    assert digest == "193560de50599b7925e7b978c2ed56c66d3b7d00e9f0da15961aba3c4145a055"
    assert system.startswith(
        "You are a GUI agent. You are given a task and a screenshot of the screen. You need to "
        "perform a series of pyautogui actions to complete the task.\n\nFor each step, provide "
        "your response in this format:\n\nThought:\n  - Step by Step Progress Assessment:\n"
    )
    assert system.endswith('"description": "The status of the task"}}, "required": ["status"]}}')
    tool = OPENCUA.messages("Buy", [], SHOWN)[0].text.removeprefix(system)
    assert tool.startswith('\n- {"name": "look-up", ')


@pytest.mark.parametrize(
    ("code", "action"),
    [
        ("mobile.swipe(from_coord=[0.5, 0.8], to_coord=[0.5, 0.2])",
         Swipe(start=Point(500, 400), end=Point(500, 100))),
        ("mobile.home()", Home()),
        ("mobile.back()", Back()),
        ("mobile.wait(seconds=3)", Wait(seconds=3)),
        ("mobile.long_press(x=0.5, y=0.5)", LongPress(point=AT)),
        ("mobile.open_app(app_name='Clock')", OpenApp(name="Clock")),
        ("pyautogui.click(x=0.5, y=0.5)", Click(point=AT)),
        ("pyautogui.scroll(page=-0.5)", Scroll(dy=0.5, unit="screens")),
        ("mobile.terminate(status='success')", Done()),
        ("answer('42')", Answer(text="42")),
        ('look-up(item="pen")', CallTool(name="look-up", arguments={"item": "pen"})),
    ],
)  # fmt: skip
def test_aguvis_writes_functions_of_the_phone(code: str, action: Action) -> None:
    for reply in (code, f"os\n{code}", f"Thought: x\nAction: y\n{code}<|diff_marker|>"):
        parsed = PHONE.parse(reply, FRAME)
        assert parsed.actions == (action,)
        assert parsed.repairs == ()
    assert PHONE.render(action, FRAME) == f"os\n{code}"


def test_aguvis_of_a_desktop_understands_the_phone_and_does_not_write_it() -> None:
    assert AGUVIS.parse("mobile.home()", FRAME).actions == (Home(),)
    whole = AGUVIS.parse("pyautogui.click(x=1, y=0)", FRAME)
    assert whole.actions == (Click(point=Point(1000, 0)),)
    for action in (
        Home(),
        HoldKey(keys="a"),
        Type(text="x", submit=True),
        Key(keys="a+b", count=2),
    ):
        with pytest.raises(ActionError, match="has no words for"):
            AGUVIS.render(action, FRAME)


def test_the_code_of_aguvis_is_what_is_addressed_to_the_system() -> None:
    reply = (
        "all\nThought: I look.\nAction: Click it.\n<|im_end|>\n<|im_start|>assistant<|recipient|>os"
        "\npyautogui.click(x=0.5, y=0.5)<|diff_marker|>\n<|im_start|>user"
    )
    parsed = AGUVIS.parse(reply, FRAME)
    assert parsed.actions == (Click(point=AT),)
    assert parsed.thought == "I look.\nAction: Click it."
    for wrong in ("all\nThought: I look.", "os\nI click", "pyautogui.click(x=0.5, y=0.5)\nDone!"):
        with pytest.raises(ActionError, match=r"no action|only calls"):
            AGUVIS.parse(wrong, FRAME)


@pytest.mark.parametrize(
    ("mode", "header", "reply"),
    [
        ("grounding", "<|recipient|>os\n", "pyautogui.click()"),
        ("self-plan", "<|recipient|>", "all\nThought: Save.\nAction: Save.\npyautogui.click()"),
        ("force-plan", "<|recipient|>all\nThought: ", "Save.\nAction: Save.\npyautogui.click()"),
    ],
)
def test_the_mode_is_what_the_reply_begins_with(mode: Any, header: str, reply: str) -> None:
    dialect = AguvisDialect(mode=mode)
    last = dialect.messages("Save", [], SHOWN)[-1]
    assert (last.role, last.head, last.parts) == ("assistant", "", (Marked(header),))
    assert dialect.render(Click(), FRAME, "Save.") == reply
    assert dialect.parse(reply, FRAME).actions == (Click(),)
    assert dialect.stops == ("<|diff_marker|>",)
    with pytest.raises(ValueError, match="there is no mode 'plan'"):
        AguvisDialect(mode="plan")  # type: ignore[arg-type]


def test_the_prompt_of_aguvis_is_the_published_one() -> None:
    system, user, _ = AguvisDialect(phone=True).messages("Save", [], SHOWN)
    first = (
        "You are a GUI agent. You are given a task and a screenshot of the screen. You need to "
        "perform a series of pyautogui actions to complete the task."
    )
    assert AguvisDialect().messages("Save", [], SHOWN)[0].text == first
    assert system.text == (
        first + "\n\nYou have access to the following functions:\n"
        '- {"name": "mobile.swipe", "description": "Swipe on the screen", "parameters": {"type": '
        '"object", "properties": {"from_coord": {"type": "array", "items": {"type": "number"}, '
        '"description": "The starting coordinates of the swipe"}, "to_coord": {"type": "array", '
        '"items": {"type": "number"}, "description": "The ending coordinates of the swipe"}}, '
        '"required": ["from_coord", "to_coord"]}}\n'
        '- {"name": "mobile.home", "description": "Press the home button"}\n'
        '- {"name": "mobile.back", "description": "Press the back button"}\n'
        '- {"name": "mobile.wait", "description": "wait for the change to happen", "parameters": '
        '{"type": "object", "properties": {"seconds": {"type": "number", "description": "The '
        'seconds to wait"}}, "required": ["seconds"]}}\n'
        '- {"name": "mobile.long_press", "description": "Long press on the screen", "parameters": '
        '{"type": "object", "properties": {"x": {"type": "number", "description": "The x '
        'coordinate of the long press"}, "y": {"type": "number", "description": "The y coordinate '
        'of the long press"}}, "required": ["x", "y"]}}\n'
        '- {"name": "mobile.open_app", "description": "Open an app on the device", "parameters": '
        '{"type": "object", "properties": {"app_name": {"type": "string", "description": "The name '
        'of the app to open"}}, "required": ["app_name"]}}\n'
    )
    assert user.parts[0] is SHOWN
    assert user.text == (
        "Please generate the next move according to the ui screenshot, instruction and previous "
        "actions.\n\nInstruction: Save\n\nPrevious actions:\nNone\n"
    )


def test_aguvis_is_told_the_past_a_line_each() -> None:
    turns = [
        Turn(SHOWN, "all\nThought: x\nAction: Click Save.\npyautogui.click()", "ok", plain=True),
        Turn(None, "os\nmobile.home()", "the screen\nchanged", shown=(SHOWN,)),
    ]
    user = AGUVIS.messages("Save", turns, SHOWN)[1]
    assert (
        "Previous actions:\nStep 1: Click Save.\nStep 2: mobile.home() (the screen changed)\n"
        in (user.text)
    )
    assert user.parts[:2] == (SHOWN, SHOWN)


@pytest.mark.parametrize("name", ["pyautogui", "time"])
def test_a_tool_cannot_be_called_like_a_module(name: str) -> None:
    for kind in (AguvisDialect, OpenCuaDialect):
        with pytest.raises(ValueError, match=f"a tool cannot be called {name}"):
            kind([{**TOOL, "name": name}])
    with pytest.raises(ValueError, match="a tool cannot be called answer"):
        AguvisDialect([{**TOOL, "name": "answer"}])


@pytest.mark.parametrize(
    "dialect",
    [AGUVIS, OPENCUA, ShowUiDialect([TOOL]), HoloDialect([TOOL]), AgentCpmDialect([TOOL])],
)
@given(arguments=st.dictionaries(names.filter(lambda name: name != "action"), values, max_size=3))
def test_the_arguments_of_a_tool_come_back(dialect: Any, arguments: dict[str, Any]) -> None:
    call = CallTool(name="look-up", arguments=arguments)
    assert dialect.parse(dialect.render(call, FRAME), FRAME).actions == (call,)
