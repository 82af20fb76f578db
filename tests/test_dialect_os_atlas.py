"""OS-Atlas Pro: an action a line."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from strategies import chords, typeable

from eyehand.actions import (
    Action,
    ActionError,
    AppSwitch,
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
    Type,
    Wait,
)
from eyehand.actions.dialects.base import Turn
from eyehand.actions.dialects.os_atlas import PLATFORMS, OsAtlasDialect
from eyehand.model import Image, Message

DATA = Path(__file__).parent / "data/dialects"
FILES = {
    "ac_low_test": "androidcontrol",
    "ac_test": "androidcontrol",
    "gui_act_mobile_test": "gui-act",
    "gui_act_web_test": "gui-act",
    "gui_odyssey_test": "gui-odyssey",
    "omniact_test": "omniact",
}
GOLDEN = {
    item["id"]: item
    for item in json.loads((DATA / "model-outputs/outputs.json").read_text("utf-8"))["items"]
}
FRAME = Frame(":0", Size(1000, 1000), Size(1000, 1000)).planned(Size(560, 560))
TOOL = {"name": "price", "description": "Look\nit up.", "parameters": {"type": "object"}}
PHONE = OsAtlasDialect([TOOL], phone=True)
DESKTOP = OsAtlasDialect([TOOL])
NOW = Image(np.zeros((4, 4, 3), np.uint8), Size(560, 560), "now")


def recorded() -> list[tuple[str, str, str]]:
    found = []
    for name, platform in FILES.items():
        for line in (DATA / f"os-atlas/{name}.jsonl").read_text("utf-8").splitlines():
            human, gpt = (said["value"] for said in json.loads(line)["conversations"])
            found.append((platform, human, gpt))
    return found


def spelled(message: Message) -> str:
    return "".join("<image>" if isinstance(p, Image) else p.text for p in message.parts)  # type: ignore[union-attr]


@pytest.mark.parametrize(("platform", "human", "gpt"), recorded())
def test_a_recorded_prompt_is_written_byte_for_byte(platform: Any, human: str, gpt: str) -> None:
    rest = human.split("\nTask: ")[1]
    goal, history = rest.split("\nHistory: \n")
    steps = [line.split(": ", 1)[1] for line in history.splitlines() if line.startswith("Step ")]
    past = [Turn(None, f"thoughts:\n{step}\nactions:\nWAIT", "", plain=True) for step in steps]
    (message,) = OsAtlasDialect(platform=platform).messages(goal, past, NOW)
    assert message.role == "user"
    assert spelled(message) == human


@pytest.mark.parametrize(("platform", "human", "gpt"), recorded())
def test_a_recorded_reply_is_read_and_written_again(platform: Any, human: str, gpt: str) -> None:
    dialect = OsAtlasDialect(platform=platform)
    parsed = dialect.parse(gpt, FRAME)
    assert parsed.repairs == ()
    assert dialect.render(parsed.actions[0], FRAME, parsed.thought) == gpt


@pytest.mark.parametrize(
    ("item", "action", "thought"),
    [
        ("d36", Click(point=Point(493, 544)), "click on the search box"),
        ("d37", Type(text="Shanghai shopping mall"), ""),
    ],
)
def test_what_it_was_seen_to_write_is_understood(item: str, action: Action, thought: str) -> None:
    for dialect in (PHONE, DESKTOP):
        parsed = dialect.parse(GOLDEN[item]["raw"], FRAME)
        assert (parsed.actions, parsed.thought, parsed.repairs) == ((action,), thought, ())


@pytest.mark.parametrize(
    ("line", "action"),
    [
        ("LONG_PRESS <point>[[101, 872]]</point>", LongPress(point=Point(101, 872))),
        ("DOUBLECLICK <point>[[101,872]]</point>", Click(point=Point(101, 872), count=2)),
        ("RIGHTCLICK <point>[[101,872]]</point>", Click(point=Point(101, 872), button="right")),
        ("MOVETO <point>[[101,872]]</point>", Move(point=Point(101, 872))),
        ("SCROLL [UP]", Scroll(direction="up")),
        ("TYPE []", Type(text="")),
        ("TYPE [a [b] ]]", Type(text="a [b] ]")),
        ("TYPE [ two blanks  ]", Type(text=" two blanks  ")),
        ("OPEN_APP [Google Chrome]", OpenApp(name="Google Chrome")),
        ("PRESS_BACK", Back()),
        ("PRESS_HOME", Home()),
        ("PRESS_RECENT", AppSwitch()),
        ("WAIT", Wait()),
        ("ENTER", Key(keys="enter")),
        ("PRESS_PGDN", Key(keys="page_down")),
        ("PRESS_ESC", Key(keys="escape")),
        ("HOTKEY [CTRL_A]", Key(keys="ctrl+a")),
        ("HOTKEY [CTRL_SHIFT_PGDN]", Key(keys="ctrl+shift+page_down")),
        ("HOTKEY [ctrl+c]", Key(keys="ctrl+c")),
        ("COMPLETE", Done()),
    ],
)
def test_every_action_is_understood_on_every_platform(line: str, action: Action) -> None:
    for platform in PLATFORMS:
        parsed = OsAtlasDialect(platform=platform).parse(f"actions:\n{line}\n", FRAME)
        assert parsed.actions == (action,)
        assert parsed.repairs == ()


def test_the_impossible_is_infeasible() -> None:
    (done,) = PHONE.parse("thoughts:\nno way\nactions:\nIMPOSSIBLE", FRAME).actions
    assert isinstance(done, Done)
    assert done.status == "infeasible"


def test_what_a_prompt_does_not_offer_is_not_written() -> None:
    for action, platform in (
        (Click(count=2, point=Point(1, 2)), "androidcontrol"),
        (Back(), "omniact"),
        (Done(), "omniact"),
        (Wait(), "gui-act"),
    ):
        with pytest.raises(ActionError, match="no words for"):
            OsAtlasDialect(platform=platform).render(action, FRAME)  # type: ignore[arg-type]


def test_a_desktop_may_do_several_things_and_a_phone_one() -> None:
    reply = "actions:\nCLICK <point>[[10,20]]</point>\nTYPE [pen]\nPRESS_ENTER"
    assert DESKTOP.parse(reply, FRAME).actions == (
        Click(point=Point(10, 20)),
        Type(text="pen"),
        Key(keys="enter"),
    )
    with pytest.raises(ActionError, match="exactly one"):
        PHONE.parse(reply, FRAME)


@pytest.mark.parametrize(
    ("reply", "action", "repair"),
    [
        ("CLICK <point>[[10,20]]</point>", Click(point=Point(10, 20)), "no actions:"),
        ("actions:\nTYPE pen", Type(text="pen"), "no brackets"),
        ("actions:\ncomplete", Done(), "form of a word"),
        (
            "actions:\nCLICK <point>[[10,20,30,40]]</point>",
            Click(point=Point(20, 30)),
            "box for a point",
        ),
    ],
)
def test_a_slip_with_one_reading_is_read_and_noted(reply: str, action: Action, repair: str) -> None:
    parsed = DESKTOP.parse(reply, FRAME)
    assert parsed.actions == (action,)
    assert [r.name for r in parsed.repairs] == [repair]


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "actions:",
        "thoughts:\nI am done.",
        "thoughts:\nCOMPLETE",
        "It is done.",
        "actions:\nCLICK",
        "actions:\nCLICK <point>[[10,2000]]</point>",
        "actions:\nCLICK <point>[[10]]</point>",
        "actions:\nTYPE [it does not end",
        "actions:\nCOMPLETE now",
        "actions:\nFLY [1]",
        "actions:\nSCROLL [SIDEWAYS]",
        "actions:\nprice [not json]",
        "actions:\n[TYPE]",
        "actions:\nCLICK <point>[[463,2",
        "actions:\nCLICK 463,2",
        "actions:\nCLICK <point>[[10,20]]</point>\nactions:\nCOMPLETE",
    ],
)
def test_what_cannot_be_used_is_an_error(reply: str) -> None:
    for dialect in (PHONE, DESKTOP):
        with pytest.raises(ActionError) as caught:
            dialect.parse(reply, FRAME)
        assert "\n" not in str(caught.value)


@given(text=typeable)
def test_any_text_of_one_line_is_typed_exactly(text: str) -> None:
    try:
        reply = DESKTOP.render(Type(text=text), FRAME)
    except ActionError:
        assert "\n" in text or "\r" in text
        return
    assert DESKTOP.parse(reply, FRAME).actions == (Type(text=text),)


@given(keys=chords)
def test_any_chord_comes_back(keys: list[str]) -> None:
    key = Key(keys=keys)  # type: ignore[arg-type]
    reply = DESKTOP.render(key, FRAME)
    assert DESKTOP.parse(reply, FRAME).actions == (key,)


def test_an_outcome_that_the_picture_does_not_show_stands_with_its_step() -> None:
    past = [
        Turn(NOW, "actions:\nPRESS_BACK", "back was done", plain=True),
        Turn(NOW, "thoughts:\nlook\nit up\nactions:\nprice [{}]", "price said:\n7 EUR"),
        Turn(NOW, "flub\n", "it could not be used"),
    ]
    (message,) = PHONE.messages("Buy it", past, NOW)
    assert spelled(message).endswith(
        "Screenshot: <image>\nTask: Buy it\nHistory: \nStep 1: PRESS_BACK\n"
        "Step 2: look it up (price said: 7 EUR)\nStep 3: flub (it could not be used)\n\n"
    )


def test_a_picture_of_a_tool_comes_before_the_screenshot() -> None:
    shown = Image(NOW.pixels, NOW.resized, "shown")
    (message,) = PHONE.messages("Buy", [Turn(NOW, "x", "y", shown=(shown,))], NOW)
    assert [part for part in message.parts if isinstance(part, Image)] == [shown, NOW]


def test_a_tool_is_one_more_custom_action() -> None:
    (message,) = PHONE.messages("Buy it", [], NOW)
    assert (
        "\nCustom Action 6: price\n    - purpose: Look it up.\n    - format: price [arguments as a "
        'JSON object with this schema: {"type": "object"}]\n'
    ) in spelled(message)
    call = CallTool(name="price", arguments={"item": "a ] b\n"})
    reply = PHONE.render(call, FRAME)
    assert reply == 'actions:\nprice [{"item": "a ] b\\n"}]'
    assert PHONE.parse(reply, FRAME).actions == (call,)


def test_a_tool_cannot_have_the_name_of_an_action() -> None:
    with pytest.raises(ValueError, match="cannot be called TYPE"):
        OsAtlasDialect([{**TOOL, "name": "TYPE"}])


def test_a_platform_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="platform is one of androidcontrol"):
        OsAtlasDialect(platform="tv")  # type: ignore[arg-type]
