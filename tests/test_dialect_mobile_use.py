"""Qwen's mobile use: prompts byte for byte, the past in words, what it writes and means."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eyehand.actions import (
    Action,
    ActionError,
    Answer,
    AppSwitch,
    Back,
    CallTool,
    Click,
    Done,
    Drag,
    Frame,
    Home,
    Key,
    LongPress,
    OpenApp,
    Point,
    Scroll,
    Size,
    Swipe,
    Type,
    Wait,
)
from eyehand.actions.dialects import Turn
from eyehand.actions.dialects.mobile_use import MobileUseDialect, Qwen3MobileDialect
from eyehand.model import Image

DATA = Path(__file__).parent / "data" / "dialects" / "qwen-vl-cookbooks" / "expected.json"
QWEN3, QWEN25 = json.loads(DATA.read_text())
TOOL = {"name": "price", "description": "Look it up.", "parameters": {"type": "object"}}
SCREEN = Size(1080, 2400)
FRAME = Frame("phone", SCREEN, SCREEN).planned(Size(1092, 2408))
SHOWN = Image(np.zeros((2, 2, 3), np.uint8), Size(1092, 2408), "0" * 32)
OLD, NEW = MobileUseDialect(), Qwen3MobileDialect()

# Qwen2.5-VL's cookbook, as printed.
FUNCTION = (
    r'{"type": "function", "function": {"name_for_human": "mobile_use", "name": "mobile_use", '
    r'"description": "Use a touchscreen to interact with a mobile device, and take '
    r"screenshots.\n* This is an interface to a mobile device with touchscreen. You can "
    r"perform actions like clicking, typing, swiping, etc.\n* Some applications may take time "
    r"to start or process actions, so you may need to wait and take successive screenshots to "
    r"""see the results of your actions.\n* The screen's resolution is {w}x{h}.\n* Make sure to """
    r"click any buttons, links, icons, etc with the cursor tip in the center of the element. "
    r"""Don't click boxes on their edges unless asked.", "parameters": {"properties": """
    r'{"action": {"description": "The action to perform. The available actions are:\n* `key`: '
    r"""Perform a key event on the mobile device.\n    - This supports adb's `keyevent` """
    r"syntax.\n    - Examples: \"volume_up\", \"volume_down\", \"power\", \"camera\", "
    r"\"clear\".\n* `click`: Click the point on the screen with coordinate (x, y).\n* "
    r"`long_press`: Press the point on the screen with coordinate (x, y) for specified "
    r"seconds.\n* `swipe`: Swipe from the starting point with coordinate (x, y) to the end "
    r"point with coordinates2 (x2, y2).\n* `type`: Input the specified text into the "
    r"activated input box.\n* `system_button`: Press the system button.\n* `open`: Open an "
    r"app on the device.\n* `wait`: Wait specified seconds for the change to happen.\n* "
    r'`terminate`: Terminate the current task and report its completion status.", "enum": '
    r'["key", "click", "long_press", "swipe", "type", "system_button", "open", "wait", '
    r'"terminate"], "type": "string"}, "coordinate": {"description": "(x, y): The x (pixels '
    r"from the left edge) and y (pixels from the top edge) coordinates to move the mouse to. "
    r'Required only by `action=click`, `action=long_press`, and `action=swipe`.", "type": '
    r'"array"}, "coordinate2": {"description": "(x, y): The x (pixels from the left edge) and '
    r"y (pixels from the top edge) coordinates to move the mouse to. Required only by "
    r'`action=swipe`.", "type": "array"}, "text": {"description": "Required only by '
    r'`action=key`, `action=type`, and `action=open`.", "type": "string"}, "time": '
    r'{"description": "The seconds to wait. Required only by `action=long_press` and '
    r'`action=wait`.", "type": "number"}, "button": {"description": "Back means returning to '
    r"the previous interface, Home means returning to the desktop, Menu means opening the "
    r"application background menu, and Enter means pressing the enter. Required only by "
    r'`action=system_button`", "enum": ["Back", "Home", "Menu", "Enter"], "type": "string"}, '
    r'"status": {"description": "The status of the task. Required only by '
    r'`action=terminate`.", "type": "string", "enum": ["success", "failure"]}}, "required": '
    r'["action"], "type": "object"}, "args_format": "Format the arguments as a JSON object."}}'
)
TOOLS = """# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
%s
</tools>

For each function call, return a json object with function name and arguments within \
<tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call>"""
RESPONSE = """

# Response format

Response format for every step:
1) Thought: one concise sentence explaining the next move (no multi-step reasoning).
2) Action: a short imperative describing what to do in the UI.
3) A single <tool_call>...</tool_call> block containing only the JSON: \
{"name": <function-name>, "arguments": <args-json-object>}.

Rules:
- Output exactly in the order: Thought, Action, <tool_call>.
- Be brief: one sentence for Thought, one for Action.
- Do not output anything else outside those three parts.
- If finishing, use action=terminate in the tool call."""


def call(**arguments: Any) -> str:
    body = json.dumps({"name": "mobile_use", "arguments": arguments}, ensure_ascii=False)
    return f"<tool_call>\n{body}\n</tool_call>"


def test_qwen25_is_told_what_its_cookbook_tells_it() -> None:
    said = call(action="open", text="File Manager")
    system, user = OLD.messages(QWEN25["query"], [Turn(None, said, "done", plain=True)], SHOWN)
    function = FUNCTION.replace("{w}x{h}", "1092x2408")
    assert system.text == f"You are a helpful assistant.\n\n{TOOLS % function}"
    assert user.text == QWEN25["user_text"]
    assert [type(part).__name__ for part in user.parts] == ["Text", "Image"]


def test_qwen3_is_told_what_its_cookbook_tells_it() -> None:
    function = json.loads(FUNCTION)["function"]
    del function["name_for_human"], function["args_format"]
    function["description"] = function["description"].replace("{w}x{h}", "999x999")
    properties = function["parameters"]["properties"]
    actions = properties["action"]
    key = actions["description"].index("\n* `key`")
    click = actions["description"].index("\n* `click`")
    described = actions["description"][:key] + actions["description"][click:]
    described = described.replace("\n* `open`: Open an app on the device.", "")
    actions["description"] = described.replace(
        "\n* `system_button`", "\n* `answer`: Output the answer.\n* `system_button`"
    )
    actions["enum"] = [
        "click", "long_press", "swipe", "type", "answer", "system_button", "wait", "terminate",
    ]  # fmt: skip
    properties["text"]["description"] = "Required only by `action=type` and `action=answer`."
    said = f'Thought: I look.\nAction: "{QWEN3["history"][0]}"\n{call(action="wait")}'
    system, user = NEW.messages(QWEN3["query"], [Turn(None, said, "done", plain=True)], SHOWN)
    line = json.dumps({"type": "function", "function": function})
    assert system.text == f"\n\n{TOOLS % line}{RESPONSE}"
    assert user.text == QWEN3["user_text"]
    assert [type(part).__name__ for part in user.parts] == ["Text", "Image"]


@pytest.mark.parametrize(("dialect", "given"), [(OLD, QWEN25), (NEW, QWEN3)])
def test_the_cookbooks_replies_land_where_the_cookbooks_say(
    dialect: MobileUseDialect | Qwen3MobileDialect, given: dict[str, Any]
) -> None:
    screen = Size(*given["image_size"])
    frame = Frame("phone", screen, screen)
    frame = frame.planned(Size(*given.get("model_image_size", screen)))
    (click,) = dialect.parse(given["raw_output"], frame).actions
    assert isinstance(click, Click)
    exact = given.get("expected_px_float", given.get("expected_px"))
    assert click.point == pytest.approx(exact, abs=1e-6 if "expected_px_float" in given else 0.5)


@pytest.mark.parametrize(
    ("arguments", "action"),
    [
        ({"action": "click", "coordinate": [546, 1204]}, Click(point=Point(540, 1200))),
        (
            {"action": "long_press", "coordinate": [546, 1204], "time": 2},
            LongPress(point=Point(540, 1200), seconds=2),
        ),
        (
            {"action": "swipe", "coordinate": [546, 1806], "coordinate2": [546, 602]},
            Swipe(start=Point(540, 1800), end=Point(540, 600)),
        ),
        ({"action": "type", "text": "汉"}, Type(text="汉")),
        ({"action": "system_button", "button": "Back"}, Back()),
        ({"action": "system_button", "button": "Home"}, Home()),
        ({"action": "system_button", "button": "Menu"}, AppSwitch()),
        ({"action": "system_button", "button": "Enter"}, Key(keys="enter")),
        ({"action": "key", "text": "volume_up"}, Key(keys="volume_up")),
        ({"action": "key", "text": "camera"}, Key(keys="camera")),
        ({"action": "key", "text": "clear"}, Key(keys="clear")),
        ({"action": "open", "text": "Clock"}, OpenApp(name="Clock")),
        ({"action": "wait", "time": 2}, Wait(seconds=2)),
        ({"action": "terminate", "status": "success"}, Done()),
    ],
)
def test_what_it_writes_is_understood_and_written_again(
    arguments: dict[str, Any], action: Action
) -> None:
    assert OLD.parse(call(**arguments), FRAME).actions == (action,)
    assert OLD.render(action, FRAME) == call(**arguments)


def test_what_has_no_words_is_refused() -> None:
    for action in (Click(button="right"), Drag(end=Point(1, 1)), Scroll(direction="down")):
        with pytest.raises(ActionError, match="has no words for"):
            OLD.render(action, FRAME)
    with pytest.raises(ActionError, match="has no words for"):
        OLD.render(Answer(text="42"), FRAME)
    assert NEW.parse(NEW.render(Answer(text="42"), FRAME), FRAME).actions == (Answer(text="42"),)
    with pytest.raises(ActionError, match="has no words for"):
        NEW.render(OpenApp(name="Clock"), FRAME)
    assert NEW.parse(call(action="open", text="Clock"), FRAME).actions == (OpenApp(name="Clock"),)


def test_a_key_that_is_a_button_is_told_so() -> None:
    with pytest.raises(ActionError, match="use the action back"):
        OLD.parse(call(action="key", text="KEYCODE_BACK"), FRAME)


def test_a_failure_is_told_beside_its_step_and_its_typed_blanks_stay() -> None:
    typed = call(action="type", text="a  b")
    past = [
        Turn(None, typed, "the app\ncrashed"),
        Turn(None, "flub", "Your reply could not be used: nothing was called", shown=(SHOWN,)),
    ]
    user = OLD.messages("go", past, SHOWN)[-1]
    assert '"text": "a  b"}} (the app crashed); Step 2: flub (Your reply' in user.text
    assert [type(part).__name__ for part in user.parts] == ["Text", "Image", "Image"]
    steps = NEW.messages("go", [Turn(None, typed, "", plain=True), *past[1:]], SHOWN)[-1].text
    assert "Step 1: {name: mobile_use, arguments: {action: type, text: a  b}}; Step 2: fl" in steps


def test_thought_and_action_are_a_line_each() -> None:
    reply = NEW.render(Back(), FRAME, "Wrong\npage.")
    assert reply.startswith("Thought: Wrong page.\nAction: Wrong page.\n<tool_call>")
    assert NEW.parse(reply, FRAME).actions == (Back(),)


def test_tools_stand_beside_the_function_and_are_called_by_name() -> None:
    for dialect in (MobileUseDialect([TOOL]), Qwen3MobileDialect([TOOL])):
        system = dialect.messages("go", [], SHOWN)[0].text
        (line,) = (line for line in system.splitlines() if '"price"' in line)
        assert json.loads(line)["function"]["description"] == "Look it up."
        action = CallTool(name="price", arguments={"item": "pen"})
        assert dialect.parse(dialect.render(action, FRAME), FRAME).actions == (action,)
        with pytest.raises(ValueError, match="cannot be called mobile_use"):
            type(dialect)([{**TOOL, "name": "mobile_use"}])
