"""ShowUI: Python dictionaries, points as fractions."""

import json
from pathlib import Path

import numpy as np
import pytest

from eyehand.actions import (
    Action,
    ActionError,
    Answer,
    Back,
    CallTool,
    Click,
    Done,
    Drag,
    Frame,
    Home,
    Key,
    Move,
    Point,
    Scroll,
    Size,
    Swipe,
    Type,
)
from eyehand.actions.dialects import Turn
from eyehand.actions.dialects.showui import ShowUiDialect
from eyehand.model import Image

DATA = Path(__file__).parent / "data" / "dialects"
SCREEN = Size(1000, 500)
FRAME = Frame(":0", SCREEN, SCREEN).planned(Size(980, 504))
TOOL = {
    "name": "price",
    "description": "Look up a price.",
    "parameters": {"type": "object", "properties": {"item": {"type": "string"}}},
}
WEB, PHONE = ShowUiDialect([TOOL]), ShowUiDialect([TOOL], phone=True)
SHOWN = Image(np.zeros((2, 2, 3), np.uint8), Size(980, 504), "0" * 32)
INFEASIBLE = Done(status="infeasible", reason="the model says that it cannot be done")


def said(action: str, value: object = None, position: object = None) -> str:
    return str({"action": action, "value": value, "position": position})


def test_the_published_reply_is_understood() -> None:
    (example,) = json.loads((DATA / "showui" / "expected.json").read_text(encoding="utf-8"))
    frame = Frame(":0", Size(1920, 1080), Size(1920, 1080)).planned(Size(1932, 1092))
    parsed = WEB.parse(example["raw_output"], frame)
    assert parsed.repairs == ()
    click, again, typed, enter = parsed.actions
    assert isinstance(click, Click)
    assert click.point is not None
    assert click.point == pytest.approx(example["expected"][0]["point_px"])
    assert again == click
    assert typed == Type(text="weather for New York city")
    assert enter == Key(keys="enter")


@pytest.mark.parametrize(
    ("dialect", "reply", "action"),
    [
        (WEB, said("CLICK", None, [0.25, 0.5]), Click(point=Point(250, 250))),
        (WEB, said("HOVER", None, [0, 1]), Move(point=Point(0, 500))),
        (WEB, said("SCROLL", "down"), Scroll(direction="down")),
        (WEB, said("COPY"), Key(keys="ctrl+c")),
        (WEB, said("ENTER"), Key(keys="enter")),
        (WEB, said("INPUT", "it's"), Type(text="it's")),
        (
            WEB,
            said("SELECT_TEXT", None, [[0.1, 0.2], [0.3, 0.2]]),
            Drag(start=Point(100, 100), end=Point(300, 100)),
        ),
        (PHONE, said("TAP", None, [0.25, 0.5]), Click(point=Point(250, 250))),
        (
            PHONE,
            said("SWIPE", None, [[0.5, 0.8], [0.5, 0.2]]),
            Swipe(start=Point(500, 400), end=Point(500, 100)),
        ),
        (PHONE, said("ANSWER", "task complete"), Done()),
        (PHONE, said("ANSWER", "task impossible"), INFEASIBLE),
    ],
)
def test_what_it_writes_is_understood_and_written_again(
    dialect: ShowUiDialect, reply: str, action: Action
) -> None:
    parsed = dialect.parse(reply, FRAME)
    assert parsed.repairs == ()
    assert parsed.actions == (action,)
    assert dialect.parse(dialect.render(action, FRAME), FRAME).actions == (action,)


@pytest.mark.parametrize(
    ("reply", "action"),
    [
        (said("CLICK", "the menu", [0.25, 0.5]), Click(point=Point(250, 250))),
        (said("SELECT", None, [0.25, 0.5]), Click(point=Point(250, 250))),
        (said("SCROLL UP"), Scroll(direction="up")),
        (said("PRESS BACK"), Back()),
        (said("PRESS HOME"), Home()),
        (said("PRESS ENTER"), Key(keys="enter")),
        (said("STATUS TASK COMPLETE"), Done()),
        (said("STATUS TASK IMPOSSIBLE "), INFEASIBLE),
        (said("TYPE", "go"), Type(text="go")),
    ],
)
def test_what_its_variants_say_is_understood_and_not_written(reply: str, action: Action) -> None:
    for dialect in (WEB, PHONE):
        assert dialect.parse(reply, FRAME).actions == (action,)
    with pytest.raises(ActionError, match="has no words for"):
        PHONE.render(Back(), FRAME)


def test_an_answer_ends_the_task_after_it_is_told() -> None:
    assert WEB.parse(said("ANSWER", "42"), FRAME).actions == (Answer(text="42"), Done())
    assert WEB.parse(said("ANSWER", ""), FRAME).actions == (Done(),)
    with pytest.raises(ActionError, match="has no words for"):
        WEB.render(Answer(text="Task complete"), FRAME)  # it would end without an answer


def test_a_text_with_a_place_is_clicked_and_typed() -> None:
    actions = WEB.parse(said("INPUT", "hi", [0.5, 0.5]), FRAME).actions
    assert actions == (Click(point=Point(500, 250)), Type(text="hi"))


@pytest.mark.parametrize(
    ("reply", "repair"),
    [
        ('{"action": "CLICK", "value": null, "position": [0.5, 0.5]}', "word of another language"),
        ("{'action': 'Click', 'value': None, 'position': [0.5, 0.5]}", "form of a word"),
        ("{'action': 'CLICK', 'value': None, 'position': [[0.5, 0.5]]}", "doubled brackets"),
        ("{'action': 'CLICK', 'value': None, 'position': '[0.5, 0.5]'}", "text for a point"),
        ("[{'action': 'CLICK', 'value': None, 'position': [0.5, 0.5]}", "unclosed bracket"),
    ],
)
def test_a_slip_with_one_reading_is_noted(reply: str, repair: str) -> None:
    parsed = WEB.parse(reply, FRAME)
    assert parsed.actions == (Click(point=Point(500, 250)),)
    assert [each.name for each in parsed.repairs] == [repair]


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ("", "holds no action"),
        ("[{'Type', text=\"库迪咖啡\")", ": is expected"),
        ("[{'Type': 'Type'}]", "an action is"),
        (said("FLY"), "has no action 'FLY'"),
        (said("CLICK"), "CLICK needs position"),
        (said("CLICK", None, [5, 7]), "outside the range"),
        (said("CLICK", None, [0.5]), "position is [x, y]"),
        (said("SWIPE", None, [0.5, 0.5]), "position is [x, y]"),
        (said("SWIPE", None, 1), "position is [[x1, y1], [x2, y2]]"),
        (said("ENTER", None, [0.5, 0.5]), "takes no position"),
        (said("SCROLL", "around"), "one of up, down"),
        (said("SELECT", "Paris", [0.5, 0.5]), "CLICK the option"),
        (said("CLICK", None, [0.5, 0.5]) + " and then", "dictionaries are expected"),
        (said("CLICK", None, [0.5, 0.5])[:-2], "unclosed|middle of a value"),
        ("{'action': 'CLICK', 'place': 1}", "no place"),
        (said("price", "pen"), "dictionary of its arguments"),
        ("{" * 5000, "name in quotes"),
        (f"The page says {said('ENTER')}", "on a line of its own"),
        ("{'a':" * 5000, "nested too deeply"),
    ],
)
def test_what_it_cannot_mean_is_told(reply: str, message: str) -> None:
    with pytest.raises(ActionError) as caught:
        WEB.parse(reply, FRAME)
    assert any(part in str(caught.value) for part in message.split("|"))
    assert "\n" not in str(caught.value)


def test_the_prompts_are_the_published_ones() -> None:
    (web,) = ShowUiDialect().messages("Buy the pen", [], SHOWN)
    assert web.role == "user"
    assert web.parts[-1] is SHOWN
    assert web.text.startswith(
        "You are an assistant trained to navigate the website screen. \n"
        "Given a task instruction, a screen observation, and an action history sequence, \n"
        "output the next action and wait for the next observation. \n"
        "Here is the action space:\n\n1. `CLICK`: Click on an element, value is not applicable and "
        "the position [x,y] is required. \n2. `INPUT`"
    )
    assert web.text.endswith(
        "\n9. `COPY`: Copy the text, value is the text to copy and the position is not applicable."
        "\n\n\nFormat the action as a dictionary with the following keys:\n"
        "{'action': 'ACTION_TYPE', 'value': 'element', 'position': [x,y]}\n\n"
        "If value or position is not applicable, set it as `None`.\n"
        "Position might be [[x1,y1], [x2,y2]] if the action requires a start and end position.\n"
        "Position represents the relative coordinates on the screenshot and should be scaled to a "
        "range of 0-1.\nTask: Buy the pen\n"
    )
    (phone,) = ShowUiDialect(phone=True).messages("Buy the pen", [], SHOWN)
    assert "navigate the smartphone screen" in phone.text
    assert "value is the status (e.g., 'task complete')" in phone.text


def test_the_past_is_the_dictionaries_and_what_no_picture_shows() -> None:
    turns = [
        Turn(SHOWN, f"{said('ENTER')}\n", "the screen changed", plain=True),
        Turn(None, said("COPY"), "the clipboard\nis empty", shown=(SHOWN,)),
    ]
    (message,) = WEB.messages("Go", turns, SHOWN)
    past = f"{said('ENTER')}{said('COPY')} (the clipboard is empty)\n"
    assert message.text.endswith(f"Task: Go\n{past}")
    assert message.parts[1:] == (SHOWN, SHOWN)


def test_a_tool_is_one_more_action() -> None:
    assert (
        "\n10. `price`: Look up a price. value is a dictionary"
        in WEB.messages("", [], SHOWN)[0].text
    )
    call = CallTool(name="price", arguments={"item": "a \"b\" \\ 'c'\n\x08é", "n": [True, None, 1]})
    reply = WEB.render(call, FRAME)
    parsed = WEB.parse(reply, FRAME)
    assert parsed.actions == (call,)
    assert parsed.repairs == ()
    assert WEB.parse(said("price"), FRAME).actions == (CallTool(name="price", arguments={}),)
    for name in ("CLICK", "tap", "press back"):
        with pytest.raises(ValueError, match="a tool cannot be called"):
            ShowUiDialect([{**TOOL, "name": name}])
