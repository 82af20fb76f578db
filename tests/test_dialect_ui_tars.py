"""UI-TARS 1.0, 1.5 and 2: what they write, what it means, and what they are shown."""

import json
from pathlib import Path
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
    Home,
    Key,
    LongPress,
    Move,
    OpenApp,
    Point,
    Scroll,
    Size,
    Space,
    Swipe,
    Type,
    Wait,
)
from eyehand.actions.dialects import Turn
from eyehand.actions.dialects.shared_verbs import CALLED
from eyehand.actions.dialects.ui_tars import UiTars15Dialect, UiTarsDialect
from eyehand.actions.dialects.ui_tars_2 import UiTars2Dialect
from eyehand.model import Image, Marked

DATA = Path(__file__).parent / "data" / "dialects"
ITEMS = {
    item["id"]: item
    for item in json.loads((DATA / "model-outputs" / "outputs.json").read_text())["items"]
}
SCREEN = Size(1000, 1000)
FRAME = Frame(":0", SCREEN, SCREEN).planned(Size(560, 560))
TOOL = {
    "name": "price",
    "description": "Look it up.\nIn EUR.",
    "parameters": {
        "type": "object",
        "properties": {"item": {"type": "string"}, "count": {"type": "integer"}},
        "required": ["item"],
    },
}
DESKTOP, PHONE = UiTarsDialect([TOOL]), UiTarsDialect(phone=True)
OPEN, HOSTED = UiTars15Dialect(), UiTars15Dialect()
HOSTED.space = Space.REL1000
SEED = UiTars2Dialect([TOOL])
PICTURES = [Image(np.zeros((4, 4, 3), np.uint8), Size(28, 28), f"{n:032}") for n in range(4)]

HERE = Click(point=Point(100, 200))
MEANT: dict[str, tuple[Action, ...]] = {
    "d18": (HERE,),
    "d19": (Click(point=Point(66, 263)),),
    "d21": (HERE, Click(point=Point(300, 400)), Type(text="Hello")),
    "d22": (Click(point=Point(300, 400)), Type(text="Hello")),
    "d23": (Click(point=Point(637, 964)),),
    "d24": (Click(point=Point(510, 150)),),
    "d25": (Drag(start=Point(130, 226), end=Point(200, 226)),),
    "d26": (HERE,),
    "d27": (HERE,),
    "d31": (Type(text="weather in Berlin", submit=True),),
    "d32": (Type(text='it\'s "fine"'),),
    "d33": (Scroll(point=Point(500, 600), direction="down"),),
}


@pytest.mark.parametrize("name", MEANT)
def test_recorded_replies_mean_what_they_say(name: str) -> None:
    parsed = DESKTOP.parse(ITEMS[name]["raw"], FRAME)
    assert parsed.actions == MEANT[name]
    assert bool(parsed.repairs) == (ITEMS[name]["class"] == "repair")


@pytest.mark.parametrize("name", ["d28", "d29", "d30"])
def test_a_point_is_never_made_up(name: str) -> None:
    with pytest.raises(ActionError):
        DESKTOP.parse(ITEMS[name]["raw"], FRAME)


def test_the_open_checkpoint_writes_pixels_of_the_resized_picture() -> None:
    (expected,) = json.loads((DATA / "ui-tars" / "expected.json").read_text())
    screen, seen = Size(*expected["image_size"]), Size(*expected["model_image_size"])
    frame = Frame(":0", screen, screen).planned(seen)
    (click,) = OPEN.parse(expected["raw_output"], frame).actions
    assert isinstance(click, Click)
    assert click.point is not None
    assert [int(value) for value in click.point] == expected["expected_px"]
    assert ITEMS["d20"]["raw"] == expected["raw_output"]


def test_seeds_functions_are_read_in_order_and_the_thought_only_thought() -> None:
    parsed = SEED.parse(ITEMS["d34"]["raw"], FRAME)
    assert parsed.actions == (
        Scroll(point=Point(500, 500), direction="up"),
        Click(point=Point(200, 126)),
        Type(text="hello"),
        Wait(seconds=5),
    )
    assert "<point>500 500</point>" in parsed.thought
    assert not parsed.repairs


@pytest.mark.parametrize(
    "call",
    [
        "click(start_box='(100,200)')",
        "click(start_box='<|box_start|>(100,200)<|box_end|>')",
        "click(start_box=<|box_start|>(100,200)<|box_end|>)",
        "click(start_box='[90,190,110,210]')",
        "click(start_box='[100, 200]')",
        "click(start_box='<bbox>100 200 100 200</bbox>')",
        "click(point='<point>100 200</point>')",
        'click(start_box="(100,200)")',
        "click('(100,200)')",
        "click（start_box='(100,200)'）",
        "click(start_box='(100,200)'",
        "select(start_box='(100,200)')",
    ],
)
@pytest.mark.parametrize(
    "reply",
    [
        "Thought: I see it.\nAction: {}",
        "Action: {}\n```",
        "```\nThought: I see it.\nAction: {}\n```",
        "Action: {}[EOS]",
        "Action：{}",
        "{}",
        "I see it.\n{}",
        "<Thought>I see it.</Thought>\nAction_Summary: click\nAction: {}\n</Output>",
        "Reflection: no\nAction_Summary: click\nAction: {}",
        "<think>Action: wait()</think>\nThought: I see it.\nAction: {}",
        "Thought: the Action: is a click.\nAction: {}",
        "Thought: It says Action: finished()\nAction: {}",
        "Thought: I see it. Action: {}",
    ],
)
def test_every_form_of_a_point_is_understood_in_every_form_of_a_reply(
    reply: str, call: str
) -> None:
    for dialect in (DESKTOP, HOSTED):
        (click,) = dialect.parse(reply.format(call), FRAME).actions
        assert click == HERE


@pytest.mark.parametrize(
    ("dialect", "call", "action"),
    [
        (DESKTOP, "left_double(start_box='<|box_start|>(100,200)<|box_end|>')",
         Click(point=Point(100, 200), count=2)),
        (DESKTOP, "right_single(start_box='<|box_start|>(100,200)<|box_end|>')",
         Click(point=Point(100, 200), button="right")),
        (DESKTOP, "drag(start_box='<|box_start|>(1,2)<|box_end|>', "
         "end_box='<|box_start|>(3,4)<|box_end|>')", Drag(start=Point(1, 2), end=Point(3, 4))),
        (DESKTOP, "hotkey(key='ctrl shift t')", Key(keys="ctrl+shift+t")),
        (DESKTOP, "hotkey(key='pagedown')", Key(keys="page_down")),
        (DESKTOP, "type(content='汉\\n')", Type(text="汉", submit=True)),
        (DESKTOP, "wait()", Wait(seconds=5)),
        (DESKTOP, "finished()", Done()),
        (DESKTOP, "call_user()", AskUser(question=CALLED)),
        (DESKTOP, 'price(item="pen", count=2)',
         CallTool(name="price", arguments={"item": "pen", "count": 2})),
        (PHONE, "scroll(start_box='<|box_start|>(500,800)<|box_end|>', "
         "end_box='<|box_start|>(500,200)<|box_end|>')",
         Swipe(start=Point(500, 800), end=Point(500, 200))),
        (PHONE, "long_press(start_box='<|box_start|>(100,200)<|box_end|>')",
         LongPress(point=Point(100, 200))),
        (PHONE, "press_home()", Home()),
        (PHONE, "press_back()", Back()),
        (HOSTED, "scroll(point='<point>500 600</point>', direction='left')",
         Scroll(point=Point(500, 600), direction="left")),
        (HOSTED, "drag(start_point='<point>1 2</point>', end_point='<point>3 4</point>')",
         Drag(start=Point(1, 2), end=Point(3, 4))),
        (HOSTED, "finished(content='42')", Answer(text="42")),
        (OPEN, "click(start_box='(56,112)')", Click(point=Point(100, 200))),
        (UiTars15Dialect(phone=True), "open_app(app_name='Clock')", OpenApp(name="Clock")),
    ],
)  # fmt: skip
def test_what_it_writes_is_read_as_the_same(dialect: Any, call: str, action: Action) -> None:
    assert dialect.render(action, FRAME, "I see it.") == f"Thought: I see it.\nAction: {call}"
    parsed = dialect.parse(f"Thought: I see it.\nAction: {call}", FRAME)
    assert parsed.actions[0] == action
    assert parsed.thought == "I see it."
    assert not parsed.repairs


def test_an_end_with_a_text_answers_and_ends() -> None:
    for dialect in (DESKTOP, PHONE, HOSTED):
        parsed = dialect.parse("Action: finished(content='42')", FRAME)
        assert parsed.actions == (Answer(text="42"), Done())
        assert dialect.parse("Action: finished(content='')", FRAME).actions == (Done(),)
    with pytest.raises(ActionError, match="no words"):
        DESKTOP.render(Answer(text="42"), FRAME)  # the prompt of 1.0 shows finished() alone


@pytest.mark.parametrize(
    ("call", "action"),
    [
        ("long_press(start_box='(100,200)', time='')", LongPress(point=Point(100, 200))),
        ("long_press(start_box='(1,2)', time='2')", LongPress(point=Point(1, 2), seconds=2)),
        ("scroll(direction='down')", Scroll(direction="down")),
        ("wait(time=2)", Wait(seconds=2)),
        ("type(content='say 'hi' now')", Type(text="say 'hi' now")),
        ("type(content='two\nlines')", Type(text="two\nlines")),
        ("type(content='click(start_box=\\'(1,2)\\')')", Type(text="click(start_box='(1,2)')")),
        ("type(content='Action: finished()')", Type(text="Action: finished()")),
        ("navigate_home()", Home()),
        ("WAIT()", Wait(seconds=5)),
    ],
)
def test_what_is_only_understood(call: str, action: Action) -> None:
    assert PHONE.parse(f"Action: {call}", FRAME).actions == (action,)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ("", "has no action"),
        ("Thought: it is finished() then", "has no action"),
        ("I could click(start_box='(1,2)') here", "has no action"),
        ("<think>Action: finished()", "the thinking does not end"),
        ("Action: fly(start_box='(1,2)')", "has no action 'fly'"),
        ("Action: click>point>point>350 120", "( is expected"),
        ("Action: click()", "click needs start_box"),
        ("Action: click(start_box='(1,2,3)')", "start_box is"),
        ("Action: click(start_box='(500,1001)')", "outside"),
        ("Action: click(start_box='[0,500,1080,1920]')", "outside"),
        ("Action: hotkey(key='')", "key is names of keys"),
        ("Action: scroll(start_box='(1,2)', direction='in')", "direction is one of"),
        ("Action: scroll(start_box='(1,2)')", "scroll needs direction"),
        ("Action: type(content='a)", "does not end"),
        ("Action: type(content='it's')\n\nclick(start_box='(1,2)')", "holds quotes"),
        ("Action: wait()\n\n" * 51, "at most 50"),
        ("Action: wait() and then some", "( is expected"),
        ("Thought: It says Action: finished()", "has no action"),
    ],
)
def test_what_it_cannot_mean_is_told_in_one_line(reply: str, message: str) -> None:
    with pytest.raises(ActionError) as caught:
        DESKTOP.parse(reply, FRAME)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_published_prompt_comes_first_with_the_goal_at_its_end() -> None:
    system, prompt, _ = UiTarsDialect().messages("Buy it", [], PICTURES[0])
    assert (system.role, system.text) == ("system", "You are a helpful assistant.")
    assert prompt.text.startswith(
        "You are a GUI agent. You are given a task and your action history, with screenshots. You "
        "need to perform the next action to complete the task. \n\n## Output Format\n"
        "```\\nThought: ...\nAction: ...\\n```\n\n## Action Space\n\nclick(start_box='<|box_start|>"
    )
    assert 'use \\"\\\n\\" at the end of `content`.\nscroll(' in prompt.text
    assert prompt.text.endswith(
        "when you need the user's help.\n\n\n## Note\n- Use Chinese in `Thought` part.\n- Summarize"
        " your next action (with its target element) in one sentence in `Thought` part.\n\n"
        "## User Instruction\nBuy it"
    )
    phone = UiTarsDialect(phone=True).messages("Buy it", [], PICTURES[0])[1].text
    assert "finished(content='') # Submit the task regardless of whether it succeeds or" in phone
    assert "\n\n## Note\n- Use English in `Thought` part.\n\n- Write a small plan" in phone
    newer = UiTars15Dialect(language="German").messages("Buy it", [], PICTURES[0])[1].text
    assert "Use escape characters \\', \\\", and \\n in content part to ensure" in newer
    assert "use \\n at the end of content. \nscroll(point='<point>x1 y1</point>'" in newer
    assert newer.endswith("- Use German in `Thought` part.\n- Write a small plan and finally "
                          "summarize your next action (with its target element) in one sentence "
                          "in `Thought` part.\n\n## User Instruction\nBuy it\n")  # fmt: skip
    assert (
        "open_app(app_name='')" in UiTars15Dialect(phone=True).messages("", [], PICTURES[0])[1].text
    )


def test_pictures_and_replies_are_told_as_in_the_training_example() -> None:
    example = json.loads((DATA / "ui-tars" / "training_example.json").read_text())
    replies = [turn["content"] for turn in example if turn["role"] == "assistant"]
    pictures = [*[None] * 4, *PICTURES[:3]]
    past = [
        Turn(image, reply, "done", plain=True)
        for reply, image in zip(replies[:-1], pictures, strict=True)
    ]
    messages = UiTarsDialect().messages("Buy", past, PICTURES[3])
    assert [m.role for m in messages] == [turn["role"] for turn in example[:-1]]
    assert [m.text for m in messages[2:]] == [
        turn["content"] if turn["role"] == "assistant" else "" for turn in example[2:-1]
    ]
    assert all(isinstance(m.parts[0], Marked) for m in messages if m.role == "assistant")


def test_the_prompt_only_grows() -> None:
    turns = [Turn(picture, f"Action: wait() {picture.hash}", "done") for picture in PICTURES[:3]]
    for dialect in (DESKTOP, SEED):
        for count in range(3):
            before = dialect.messages("Buy", turns[:count], PICTURES[count])
            after = dialect.messages("Buy", turns[: count + 1], PICTURES[count + 1])
            assert after[: len(before)] == before


def test_what_no_picture_shows_is_told_before_the_next() -> None:
    past = [
        Turn(PICTURES[0], "flub", "Your reply could not be used: no action"),
        Turn(None, "Action: price(item='pen')", "price returned: 7", shown=(PICTURES[1],)),
        Turn(PICTURES[2], "Action: wait()", "done", plain=True),
    ]
    first, second, third, last = (
        m for m in DESKTOP.messages("Buy", past, PICTURES[3])[2:] if m.role == "user"
    )
    assert first.parts == (PICTURES[0],)
    assert second.text == "Your reply could not be used: no action"
    assert third.text == "price returned: 7"
    assert third.parts[1:] == (PICTURES[1], PICTURES[2])
    assert last.parts == (PICTURES[3],)


def test_a_tool_is_one_more_line_and_never_control() -> None:
    prompt = DESKTOP.messages("Buy", [], PICTURES[0])[1]
    assert 'help.\nprice(item="", count=0) # Look it up. In EUR.\n\n\n## Note' in prompt.text
    assert not any("price" in p.text for p in prompt.parts if isinstance(p, Marked))
    for kind in (UiTarsDialect, UiTars15Dialect, UiTars2Dialect):
        with pytest.raises(ValueError, match="cannot be called click"):
            kind([{**TOOL, "name": "click"}])


def block(*functions: str) -> str:
    return "<seed:tool_call>\n" + "\n".join(functions) + "\n</seed:tool_call>"


def function(name: str, **values: str) -> str:
    lines = [f"<parameter={key}>{value}</parameter>" for key, value in values.items()]
    return "\n".join([f"<function={name}>", *lines, "</function>"])


@pytest.mark.parametrize(
    ("call", "action"),
    [
        (function("click", point="<point>100 200</point>"), HERE),
        (function("type", content="a 'b' \\ c"), Type(text="a 'b' \\ c")),
        (function("type", content="Berlin\n"), Type(text="Berlin", submit=True)),
        (function("hotkey", key="ctrl c"), Key(keys="ctrl+c")),
        (function("wait", time="3"), Wait(seconds=3)),
        (function("call_user", content="Which?"), AskUser(question="Which?")),
        (function("infeasible", content="No."), Done(status="infeasible", reason="No.")),
        (function("finished", content="42"), Answer(text="42")),
        (function("price", item="pen", count="2"),
         CallTool(name="price", arguments={"item": "pen", "count": 2})),
    ],
)  # fmt: skip
def test_seed_writes_and_reads_functions(call: str, action: Action) -> None:
    assert SEED.render(action, FRAME, "I see it.") == f"<thinkt>I see it.</thinkt>\n{block(call)}"
    parsed = SEED.parse(SEED.render(action, FRAME, "I see it."), FRAME)
    assert parsed.actions[0] == action
    assert parsed.thought == "I see it."
    assert not parsed.repairs


@pytest.mark.parametrize(
    ("reply", "actions"),
    [
        (block(function("type", content="\nBerlin\n")), (Type(text="Berlin"),)),
        (block(function("type", content="Berlin\\n")), (Type(text="Berlin", submit=True),)),
        (block(function("move_to", point="<point>1 2</point>")), (Move(point=Point(1, 2)),)),
        (function("click", point="<point>100 200</point>"), (HERE,)),
        ("<answer>42</answer>", (Answer(text="42"), Done())),
        ("<answer> </answer>", (Done(),)),
        ("<computer_env>\nAction: click(point='<point>100 200</point>')\n</computer_env>", (HERE,)),
        ("Thought: so.\nAction: click(start_box='(100,200)')", (HERE,)),
        (
            '<tool_call>{"name":"browser_action_tool","parameters":{"thought":"so","step":"x",'
            '"action":"click(point=\'<point>100 200</point>\')"}}</tool_call>',
            (HERE,),
        ),
        (
            "<think_never_used_0123456789abcdef>so</think_never_used_0123456789abcdef>"
            "<seed:tool_call_never_used_0123><function_never_used_0123=click>"
            "<parameter_never_used_0123=point><point>100 200</point>"
            "</parameter_never_used_0123></function_never_used_0123>"
            "</seed:tool_call_never_used_0123>",
            (HERE,),
        ),
    ],
)
def test_other_forms_of_seeds_replies(reply: str, actions: tuple[Action, ...]) -> None:
    assert SEED.parse(reply, FRAME).actions == actions


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ("<thinkt>" + block(function("wait")), "the thinking does not end"),
        ("<seed:tool_call>\n</seed:tool_call>", "a block holds"),
        (block(function("wait"), "finished"), "a block holds"),
        (block(function("press", key="ctrl")), "has no action 'press'"),
        (block(function("click")), "click needs point"),
        ("<seed:tool_call><function=wait>", "does not end with </function>"),
        ("<seed:tool_call><function=type><parameter=content>a", "does not end"),
        ("<answer>", "has no action"),
        ("The page says <answer>42</answer>", "has no action"),
        ("<answer>42</answer>, it says", "has no action"),
        ('<tool_call>{"name": "x"}</tool_call>', "the function's action is a text"),
    ],
)
def test_seeds_broken_replies_are_told(reply: str, message: str) -> None:
    with pytest.raises(ActionError) as caught:
        SEED.parse(reply, FRAME)
    assert message in str(caught.value)


def test_seeds_prompt_lists_functions_and_tools() -> None:
    system, goal, _ = SEED.messages("Buy it", [], PICTURES[0])
    listed = system.text.partition("following functions:\n")[2].partition("\n- To call")[0]
    names = [json.loads(line + "}" * ("infeasible" in line))
             for line in listed.splitlines()]  # fmt: skip
    assert names[-1]["name"] == "price"
    assert [f.get("name") for f in names[:4]] == ["call_user", "click", "drag", "finished"]
    assert goal.text == "Buy it"
    assert "@@" not in system.text
    with pytest.raises(ActionError, match="</parameter>"):
        SEED.render(Type(text="</parameter>"), FRAME)
