"""UI-Venus 1.0 and 1.5: what they write, what it means, and what they are shown."""

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
    Swipe,
    Type,
    Wait,
)
from eyehand.actions.dialects import Turn
from eyehand.actions.dialects.shared_verbs import CALLED
from eyehand.actions.dialects.ui_venus import UiVenus15Dialect, UiVenusDialect
from eyehand.model import Image, Marked

OUTPUTS = Path(__file__).parent / "data" / "dialects" / "model-outputs" / "outputs.json"
SCREEN = Size(1000, 1000)
FRAME = Frame(":0", SCREEN, SCREEN).planned(Size(560, 560))
TOOL = {
    "name": "price",
    "description": "Look it up.",
    "parameters": {"type": "object", "properties": {"item": {"type": "string"}}},
}
OLD, PHONE, WEB = UiVenusDialect(), UiVenus15Dialect([TOOL], phone=True), UiVenus15Dialect([TOOL])
BLACK = Image(np.zeros((4, 4, 3), np.uint8), Size(28, 28), "0" * 32)


def said(call: str, thought: str = "I see it.") -> str:
    return f"<think>{thought}</think>\n<action>{call}</action>\n<conclusion>{thought}</conclusion>"


def test_a_recorded_reply_means_what_it_says() -> None:
    items = json.loads(OUTPUTS.read_text())["items"]
    (raw,) = (item["raw"] for item in items if item["id"] == "d46")
    parsed = PHONE.parse(raw, FRAME)
    assert parsed.actions == (Click(point=Point(512, 88)),)
    assert (parsed.thought, parsed.repairs) == ("Need the settings icon.", ())


@pytest.mark.parametrize(
    ("dialect", "call", "action"),
    [
        (OLD, "Click(box=(56,112))", Click(point=Point(100, 200))),
        (PHONE, "Click(box=(100,200))", Click(point=Point(100, 200))),
        (PHONE, "LongPress(box=(100,200))", LongPress(point=Point(100, 200))),
        (PHONE, "Drag(start=(1,2), end=(3,4))", Drag(start=Point(1, 2), end=Point(3, 4))),
        (PHONE, "Scroll(start=(1,2), end=(3,4))", Swipe(start=Point(1, 2), end=Point(3, 4))),
        (PHONE, "Type(content='it\\'s')", Type(text="it's")),
        (PHONE, "Launch(app='Clock')", OpenApp(name="Clock")),
        (PHONE, "Wait()", Wait()),
        (PHONE, "PressBack()", Back()),
        (PHONE, "PressHome()", Home()),
        (PHONE, "PressEnter()", Key(keys="enter")),
        (PHONE, "PressRecent()", AppSwitch()),
        (PHONE, "CallUser(content='It is 42.')", Answer(text="It is 42.")),
        (PHONE, "CallUser(content='Which one?')", AskUser(question="Which one?")),
        (PHONE, "Finished(content='')", Done()),
        (PHONE, 'price(item="pen")', CallTool(name="price", arguments={"item": "pen"})),
        (WEB, "Scroll(direction='down')", Scroll(direction="down")),
        (WEB, "Type(content='pen')", Type(text="pen", submit=True)),
        (WEB, "Hover(box=(1,2))", Move(point=Point(1, 2))),
        (WEB, "DoubleClick(box=(1,2))", Click(point=Point(1, 2), count=2)),
        (WEB, "Hotkey(keys=['ctrl', 'c'])", Key(keys="ctrl+c")),
        (WEB, "PressBack()", Key(keys="alt+left")),
    ],
)
def test_what_it_writes_is_read_as_the_same(dialect: Any, call: str, action: Action) -> None:
    assert dialect.render(action, FRAME, "I see it.") == said(call)
    parsed = dialect.parse(said(call), FRAME)
    assert parsed.actions[0] == action
    assert parsed.thought == "I see it."
    assert not parsed.repairs


@pytest.mark.parametrize(
    ("dialect", "reply", "actions"),
    [
        (OLD, said("Scroll(start=(1, 2), end=(560, 4), direction='down')"),
         (Swipe(start=Point(1 / 0.56, 2 / 0.56), end=Point(1000, 4 / 0.56)),)),
        (PHONE, said("Scroll(direction='up')"), (Scroll(direction="up"),)),
        (PHONE, said("Finished(content=\"All done.\")"), (Answer(text="All done."), Done())),
        (PHONE, said("CallUser(content='哪一个？')"), (AskUser(question="哪一个？"),)),
        (PHONE, said("CallUser(content='')"), (AskUser(question=CALLED),)),
        (PHONE, "<think>a</think>PressBack()", (Back(),)),
        (PHONE, said("Type(content='say 'hi' now')"), (Type(text="say 'hi' now"),)),
        (PHONE, said("Type(content='</action>')"), (Type(text="</action>"),)),
        (PHONE, said("```\nPressBack()\n```"), (Back(),)),
        (PHONE, "<think>a</think><action>PressBack()", (Back(),)),
        (PHONE, "<think>a</think><action>PressBack()<conclusion>b</conclusion>", (Back(),)),
        (PHONE, "<think><action>PressHome()</action></think>\nPressBack()", (Back(),)),
        (PHONE, said("PressBack()\nPressBack()"), (Back(),)),
        (WEB, said("Launch(url='a.org')"), (Key(keys="ctrl+l"), Type(text="a.org", submit=True))),
        (WEB, said("Launch(app='Clock', url='')"), (OpenApp(name="Clock"),)),
    ],
)  # fmt: skip
def test_what_is_only_understood(dialect: Any, reply: str, actions: tuple[Action, ...]) -> None:
    parsed = dialect.parse(reply, FRAME)
    assert [type(action) for action in parsed.actions] == [type(action) for action in actions]
    for one, other in zip(parsed.actions, actions, strict=True):
        assert str(one) == str(other)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ("", "has no action"),
        ("I am Finished() now", "has no action"),
        ("<think>Finished()", "the thinking does not end"),
        ("<think>a</think><action></action>", "there is no action in <action>"),
        (said("Click(box=(1,2))\nPressBack()"), "several actions"),
        (said("Click(box=(1001,2))"), "outside"),
        (said("Click(box=(-1,-1))"), "outside"),
        (said("Click()"), "Click needs box"),
        (said("Fly()"), "has no action 'Fly'"),
        (said("Scroll(start=(1,2))"), "Scroll needs start and end"),
        (said("Launch(app='')"), "Launch needs app or url"),
        (said("Wait() or so"), "( is expected"),
    ],
)
def test_what_it_cannot_mean_is_told_in_one_line(reply: str, message: str) -> None:
    with pytest.raises(ActionError) as caught:
        PHONE.parse(reply, FRAME)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_published_prompts_hold_goal_and_past_steps() -> None:
    past = [
        Turn(None, "<think>a\nb</think>\n<action>Wait()</action>", "done", plain=True),
        Turn(BLACK, "flub", "Your reply could not be used:\nno action"),
        Turn(BLACK, said('price(item="pen")', "c"), "price returned: 7", shown=(BLACK,)),
    ]
    steps = (
        "Step 0: <think>a\nb</think><action>Wait()</action>\n"
        "Step 1: flub (Your reply could not be used: no action)\n"
        'Step 2: <think>c</think><action>price(item="pen")</action> (price returned: 7)'
    )
    system, user = OLD.messages("Buy it", past, BLACK)
    assert system.text == "You are a helpful assistant."
    assert user.text.startswith("\n**You are a GUI Agent.**  \nYour task is to analyze a given ")
    assert f"### User Task\nBuy it\n\n### Previous Actions\n{steps}\n\n### Avail" in user.text
    assert "PressRecent()\n\n### Instruction\n- Make sure you understand" in user.text
    assert user.text.endswith("summarize your action in <conclusion></conclusion> tags\n")
    assert user.parts[-2:] == (BLACK, BLACK)
    (phone,) = PHONE.messages("Buy it", [], BLACK)
    assert phone.text.startswith("\n**You are a GUI Agent.** \nYour task")
    assert '- PressRecent()\n- price(item="") # Look it up.\n\n### User Task\nBuy' in phone.text
    assert "### Previous Actions\n\n\n### Output Format\n<think> your thinking" in phone.text
    (web,) = UiVenus15Dialect().messages("Buy it", [], BLACK)
    assert web.text.startswith("\n**You are a GUI Agent.**\nYour task")
    assert "Do not use more than 3 keys in one Hotkey action.\n\n### User Task\nBuy it" in web.text
    assert web.text.endswith("Continuous use of `Wait()` is also NOT allowed.\n")


def test_goal_steps_and_tools_are_never_control() -> None:
    past = [Turn(BLACK, "<action>Wait()</action>", "told")]
    (user,) = PHONE.messages("Buy it", past, BLACK)
    marked = "".join(part.text for part in user.parts if isinstance(part, Marked))
    assert not any(word in marked for word in ("Buy it", "told", "price"))
    with pytest.raises(ValueError, match="cannot be called Click"):
        UiVenusDialect([{**TOOL, "name": "Click"}])
