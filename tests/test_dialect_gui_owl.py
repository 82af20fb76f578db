"""GUI-Owl and GUI-Owl-1.5: their prompts, their past, and what they write."""

import hashlib
import json
from typing import Any

import numpy as np
import pytest

from eyehand.actions import (
    Action,
    ActionError,
    Answer,
    AskUser,
    Back,
    CallTool,
    Click,
    Done,
    Drag,
    Frame,
    Key,
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
from eyehand.actions.dialects.gui_owl import GuiOwl15Dialect, GuiOwlDialect
from eyehand.model import Image, Message

SCREEN = Size(1000, 2000)
FRAME = Frame("phone", SCREEN, SCREEN).planned(Size(500, 1000))
TOOL = {"name": "price", "description": "Look\nit up.", "parameters": {"type": "object"}}
SHOWN = Image(np.zeros((2, 2, 3), np.uint8), Size(500, 1000), "0" * 32)
PHONE, DESKTOP = GuiOwlDialect([TOOL], phone=True), GuiOwlDialect([TOOL])
PHONE15, DESKTOP15 = GuiOwl15Dialect([TOOL], phone=True), GuiOwl15Dialect([TOOL])
ALL = [PHONE, DESKTOP, PHONE15, DESKTOP15]
AT = Point(500, 1000)


def call(name: str, **arguments: Any) -> str:
    body = json.dumps({"name": name, "arguments": arguments})
    return f"<tool_call>\n{body}\n</tool_call>"


def digest(message: Message) -> str:
    return hashlib.sha256(message.text.encode()).hexdigest()


def shape(messages: list[Message]) -> list[str]:
    return [
        f"{message.role}: {' '.join(type(part).__name__ for part in message.parts)}"
        for message in messages
    ]


@pytest.mark.parametrize(
    ("dialect", "arguments", "action"),
    [
        (PHONE, {"action": "click", "coordinate": [250, 500]}, Click(point=AT)),
        (PHONE15, {"action": "click", "coordinate": [500, 500]}, Click(point=AT)),
        (
            PHONE15,
            {"action": "swipe", "coordinate": [500, 500], "coordinate2": [500, 0]},
            Swipe(start=AT, end=Point(500, 0)),
        ),
        (PHONE15, {"action": "open", "text": "Clock"}, OpenApp(name="Clock")),
        (PHONE15, {"action": "system_button", "button": "Back"}, Back()),
        (PHONE15, {"action": "interact", "text": "Log in."}, AskUser(question="Log in.")),
        (
            DESKTOP,
            {"action": "type", "text": "a", "clear": 1, "enter": 0},
            Type(text="a", clear=True),
        ),
        (
            DESKTOP,
            {"action": "drag", "coordinate": [250, 500], "coordinate2": [0, 0]},
            Drag(start=AT, end=Point(0, 0)),
        ),
        (DESKTOP, {"action": "scroll", "pixels": -5}, Scroll(dy=5)),
        (DESKTOP, {"action": "click", "coordinate": [250, 500]}, Click(point=AT)),
        (DESKTOP, {"action": "mouse_move", "coordinate": [250, 500]}, Move(point=AT)),
        (DESKTOP, {"action": "wait", "time": 2}, Wait(seconds=2)),
        (DESKTOP15, {"action": "left_click", "coordinate": [500, 500]}, Click(point=AT)),
        (DESKTOP15, {"action": "triple_click", "coordinate": [500, 500]}, Click(point=AT, count=3)),
        (DESKTOP15, {"action": "key", "keys": ["ctrl", "s"]}, Key(keys="ctrl+s")),
        (DESKTOP15, {"action": "scroll", "pixels": -300}, Scroll(dy=3)),
    ],
)
def test_what_it_writes_is_understood_and_written_again(
    dialect: GuiOwlDialect | GuiOwl15Dialect, arguments: dict[str, Any], action: Action
) -> None:
    reply = call(dialect.function, **arguments)
    assert dialect.parse(reply, FRAME).actions == (action,)
    assert dialect.render(action, FRAME) == reply


@pytest.mark.parametrize("dialect", [PHONE15, DESKTOP15])
def test_an_answer_ends_the_task(dialect: GuiOwl15Dialect) -> None:
    reply = dialect.render(Answer(text="42"), FRAME)
    assert dialect.parse(reply, FRAME).actions == (Answer(text="42"), Done())
    empty = call(dialect.function, action="answer", text="")
    assert dialect.parse(empty, FRAME).actions == (Done(),)


def test_what_only_the_desktop_runner_knows_is_understood_and_not_written() -> None:
    for arguments, action in (
        ({"action": "click", "coordinate": [500, 500]}, Click(point=AT)),
        ({"action": "hotkey", "keys": ["ctrl", "c"]}, Key(keys="ctrl+c")),
        ({"action": "drag", "coordinate": [500, 500]}, Drag(end=AT)),
        ({"action": "stop"}, Done()),
        ({"action": "done", "status": "success"}, Done()),
    ):
        assert DESKTOP15.parse(call("computer_use", **arguments), FRAME).actions == (action,)
    (ask,) = DESKTOP15.parse(call("computer_use", action="call_user"), FRAME).actions
    assert isinstance(ask, AskUser)
    assert '"left_click_drag"' in DESKTOP15.render(Drag(end=AT), FRAME)


def test_the_desktop_takes_several_calls_and_the_phone_one() -> None:
    first, second = ({"action": "wait", "time": n} for n in (1, 2))
    reply = call("computer_use", **first) + "\n" + call("computer_use", **second)
    assert DESKTOP15.parse(reply, FRAME).actions == (Wait(), Wait(seconds=2))
    with pytest.raises(ActionError, match="several functions"):
        PHONE15.parse(reply.replace("computer", "mobile"), FRAME)


def test_a_wheel_turns_five_notches_at_most() -> None:
    with pytest.raises(ActionError, match="has no words for"):
        DESKTOP.render(Scroll(dy=6), FRAME)
    for pixels in (6, 0):
        with pytest.raises(ActionError, match="pixels is a number"):
            DESKTOP.parse(call("computer_use", action="scroll", pixels=pixels), FRAME)


def test_it_thinks_in_tags_and_sums_up_after_the_call() -> None:
    reply = PHONE.render(Back(), FRAME, "Wrong page.")
    assert reply.startswith("<thinking>\nWrong page.\n</thinking>\n<tool_call>")
    parsed = PHONE.parse(f"{reply}\n<conclusion>\nWent back.\n</conclusion>", FRAME)
    assert (parsed.actions, parsed.thought, parsed.repairs) == ((Back(),), "Wrong page.", ())
    inside = f"<thinking>\n{call('mobile_use', action='wait')}\n</thinking>\n"
    assert PHONE.parse(inside + PHONE.render(Back(), FRAME), FRAME).actions == (Back(),)


def test_the_newer_one_says_its_action_in_a_line() -> None:
    reply = PHONE15.render(Back(), FRAME, "Go\nback.")
    assert reply.startswith("Action: Go back.\n<tool_call>")
    assert PHONE15.parse(reply, FRAME).thought == "Go back."


def test_the_phones_prompts_are_as_published() -> None:
    system, user = GuiOwlDialect(phone=True).messages("Buy it", [], SHOWN)
    assert digest(system) == "067a5a9beeb7f998279a672b6b3dde96880e824471a9b6087a8197cfc3ac917d"
    assert system.text.startswith("You are a helpful assistant.\n\n# Tools\n\nYou may call one")
    assert "The screen's resolution is 500x1000.\\n" in system.text
    assert user.text == (
        "The user query: Buy it\nBefore answering, explain your reasoning step-by-step in "
        "<thinking></thinking> tags, and insert them before the <tool_call></tool_call> XML tags."
        "\nAfter answering, summarize your action in <conclusion></conclusion> tags, and insert "
        "them after the <tool_call></tool_call> XML tags."
    )
    system, user = GuiOwl15Dialect(phone=True).messages("Buy it", [], SHOWN)
    assert digest(system) == "275599396258056288eb58e66697f178f8b38f0ada9955f1181940c3f3ce5fcf"
    assert system.text.startswith("# Tools\n\nYou may call one or more functions")
    # Printed with bare line feeds, so that it is no JSON; the quotes inside are escaped.
    assert "with touchscreen. You can perform actions" in system.text
    assert "\n* The screen's resolution is 1000x1000.\n* Make sure" in system.text
    assert (
        r"    - Examples: \"volume_up\", \"volume_down\", \"power\", \"camera\", \"clear\"."
        "\n* `click`: Click the point"
    ) in system.text
    assert (
        "\n* `wait`: Wait specified seconds for the change to happen.\n* `answer`: Terminate the "
        "current task and output the answer.\n* `interact`: Resolve the blocking window by "
        "interacting with the user.\n* `terminate`: Terminate the current task and report its "
        'completion status.", "enum": ["key", "click", "long_press", "swipe", "type", '
        '"system_button", "open", "wait", "answer", "interact", "terminate"], "type": "string"}'
    ) in system.text
    assert system.text.endswith(
        "# Response format\n\nResponse format for every step:\n1) Action: a short imperative "
        "describing what to do in the UI.\n2) A single <tool_call>...</tool_call> block containing "
        'only the JSON: {"name": <function-name>, "arguments": <args-json-object>}.\n\nRules:\n'
        "- Output exactly in the order: Action, <tool_call>.\n- Be brief: one for Action.\n- Do "
        "not output anything else outside those two parts.\n- If finishing, use action=terminate "
        "in the tool call."
    )
    assert user.text == (
        "Please generate the next move according to the UI screenshot, instruction and previous "
        "actions.\n\nInstruction: Buy it\n\nPrevious actions:\nNone"
    )
    assert shape([user]) == ["user: Text Image"]


def test_the_desktops_prompt_is_the_one_that_its_cookbook_prints() -> None:
    wide = Image(np.zeros((2, 2, 3), np.uint8), Size(1932, 1092), "0" * 32)
    dialect = GuiOwlDialect()
    system, user = dialect.messages("Open the browser.", [], wide)
    # With this size it is OWL_PROMPT of os_world_v3/mm_agents/owl_agent.py.
    assert digest(system) == "51ac1220bb59bcd4362abd15c627ea51bb0433da75077f5e54feb747c8588f47"
    head = (
        "Please generate the next move according to the UI screenshot, instruction and previous "
        "actions.\nInstruction: Open the browser.\nPrevious actions:\n"
    )
    tail = (
        "\nBefore answering, explain your reasoning step-by-step in <thinking></thinking> tags, "
        "and insert them before the <tool_call></tool_call> XML tags.\nAfter answering, summarize "
        "your action in <conclusion></conclusion> tags, and insert them after the "
        "<tool_call></tool_call> XML tags.\n"
    )
    assert user.text == f"{head}No history. This is the first step.{tail}Current screenshot:\n"
    assert user.parts[-1] is wide
    ended = "</thinking>\n<tool_call>\n{}\n</tool_call>\n<conclusion>\nOpened it.\n</conclusion>"
    past = [
        Turn(None, f"<thinking>\nI look.{ended}", "done", plain=True),
        Turn(SHOWN, "<thinking>\nI\nlook.\n</thinking>", "nothing\ncame", shown=(wide,)),
    ]
    _, user = dialect.messages("Open the browser.", past, wide)
    steps = "Step 1: Opened it.\nStep 2: I look. (nothing came)\n"
    assert user.text == f"{head}{steps}{tail}Screenshot of step 2:\nCurrent screenshot:\n"
    assert shape([user]) == ["user: Marked Text Marked Text Marked Text Image Image Text Image"]
    assert [part for part in user.parts if isinstance(part, Image)] == [SHOWN, wide, wide]
    past = [Turn(None, "flub", "", plain=True)]
    assert "\nStep 1: flub\n\nBefore" in dialect.messages("go", past, wide)[1].text


def test_the_newer_desktops_prompt_is_as_published() -> None:
    system, user = GuiOwl15Dialect().messages("Buy it", [], SHOWN)
    assert digest(system) == "c81ce4add7fdc174795fed0d197734479154bcade1462ac5e24781d181cb448e"
    assert system.text.startswith("# Tools\n\nYou may call one or more functions")
    assert (
        "* The screen's resolution is 1000x1000.\\n* Make sure to click any buttons, links, icons, "
        "etc with the cursor tip in the center of the element. Don't click boxes on their edges "
        'unless asked.", "parameters"'
    ) in system.text
    assert '"Required only by `action=type`, `action=answer` and `action=interact`."' in system.text
    assert user.text.endswith("\n\nInstruction: Buy it\n\nPrevious actions:\nNone")


def test_every_prompt_of_a_desktop_lists_what_can_be_said() -> None:
    for dialect in (DESKTOP, DESKTOP15):
        system = dialect.messages("go", [], SHOWN)[0].text
        (line,) = (line for line in system.splitlines() if '"name": "computer_use", "desc' in line)
        enum = json.loads(line)["function"]["parameters"]["properties"]["action"]["enum"]
        assert set(enum) == {verb.name for verb in dialect.vocabulary.verbs if verb.said}


def test_the_past_is_told_in_turns_and_only_grows() -> None:
    past = [
        Turn(SHOWN, "one", "done", plain=True),
        Turn(None, "two", "done", plain=True),
        Turn(None, "three", "nothing happened", shown=(SHOWN,)),
    ]
    assert shape(PHONE.messages("go", past, SHOWN)) == [
        "system: Text", "user: Marked Text Marked Image",
        "assistant: Marked", "assistant: Marked", "assistant: Marked",
        "user: Marked Text Marked Image Image",
    ]  # fmt: skip
    last = PHONE.messages("go", past, SHOWN)[-1]
    assert last.text == "<tool_response>\nnothing happened\n</tool_response>"
    for count in range(3):
        before, after = (PHONE.messages("go", past[:n], SHOWN) for n in (count, count + 1))
        kept = before if past[count].image is SHOWN else before[:-1]
        assert after[: len(kept)] == kept


def test_what_is_older_than_four_rounds_is_told_in_words() -> None:
    said = "Action: Tap it.\n" + call("mobile_use", action="wait")
    past = [Turn(SHOWN, said, "done", plain=True), Turn(SHOWN, "flub", "not\nused")]
    past += [Turn(SHOWN, said, "done", plain=True)] * 4
    messages = PHONE15.messages("go", past, SHOWN)
    assert messages[1].text.endswith("Previous actions:\nStep 1: Tap it.\nStep 2: flub (not used)")
    assert shape(messages)[1:] == ["user: Text Image", "assistant: Marked"] + [
        "user: Image", "assistant: Marked",
    ] * 3 + ["user: Image"]  # fmt: skip


def test_rounds_whose_pictures_are_dropped_are_told_in_words_with_the_last_tools_pictures() -> None:
    past = [
        Turn(None, "Action: Look.\n<tool_call>", "done", plain=True),
        Turn(None, "x", "7 EUR", shown=(SHOWN,)),
    ]
    system, user = PHONE15.messages("go", past, SHOWN)
    assert user.text.endswith("Previous actions:\nStep 1: Look.\nStep 2: x (7 EUR)")
    assert shape([user]) == ["user: Text Image Image"]
    past = [Turn(SHOWN, "one", "", plain=True), past[1]]
    assert shape(PHONE15.messages("go", past, SHOWN)[-2:]) == [
        "assistant: Marked", "user: Marked Text Marked Image Image",
    ]  # fmt: skip
    assert system.role == "system"


@pytest.mark.parametrize("dialect", ALL)
def test_a_tool_of_ones_own_is_called_by_its_name(dialect: GuiOwlDialect) -> None:
    system = dialect.messages("go", [], SHOWN)[0].text
    (line,) = (line for line in system.splitlines() if '"price"' in line)
    assert json.loads(line)["function"]["description"] == "Look\nit up."
    action = CallTool(name="price", arguments={"item": "pen"})
    assert dialect.parse(dialect.render(action, FRAME), FRAME).actions == (action,)
    with pytest.raises(ValueError, match="a tool cannot be called"):
        type(dialect)([{**TOOL, "name": dialect.function}], phone=dialect.phone)
