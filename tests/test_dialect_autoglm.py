"""AutoGLM-Phone: what it writes, what it means, and what it is shown."""

import json
from datetime import date
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
    Frame,
    Home,
    LongPress,
    OpenApp,
    Point,
    Screenshot,
    Size,
    Swipe,
    Type,
    Wait,
)
from eyehand.actions.dialects import Turn
from eyehand.actions.dialects.autoglm import AutoGlmDialect
from eyehand.model import Image, Marked

OUTPUTS = Path(__file__).parent / "data" / "dialects" / "model-outputs" / "outputs.json"
ITEMS = {item["id"]: item for item in json.loads(OUTPUTS.read_text())["items"]}
SCREEN = Size(1000, 1000)
FRAME = Frame(":0", SCREEN, SCREEN).planned(Size(560, 560))
TOOL = {
    "name": "price",
    "description": "Look it up.",
    "parameters": {"type": "object", "properties": {"item": {"type": "string"}}},
}
DIALECT = AutoGlmDialect([TOOL])
BLACK = Image(np.zeros((4, 4, 3), np.uint8), Size(28, 28), "0" * 32)


def said(call: str) -> str:
    return f"<think>I see it.</think>\n<answer>{call}</answer>"


@pytest.mark.parametrize(
    ("name", "actions"),
    [
        ("d41", (Click(point=Point(100, 200)),)),
        (
            "d42",
            (
                Answer(text='Finished! Now There is a contact whose name is "Tom" in the list.'),
                Done(),
            ),
        ),
        ("d43", (Click(point=Point(100, 200)),)),
    ],
)
def test_recorded_replies_mean_what_they_say(name: str, actions: tuple[Action, ...]) -> None:
    parsed = DIALECT.parse(ITEMS[name]["raw"], FRAME)
    assert parsed.actions == actions
    assert bool(parsed.repairs) == (ITEMS[name]["class"] == "repair")


@pytest.mark.parametrize("reply", [ITEMS["d44"]["raw"], "[{'Type': 'Type'}]", "finished.", "done"])
def test_what_cannot_be_read_is_never_the_end(reply: str) -> None:
    with pytest.raises(ActionError, match="has no action"):
        DIALECT.parse(reply, FRAME)


@pytest.mark.parametrize(
    ("call", "action"),
    [
        ('do(action="Launch", app="微信")', OpenApp(name="微信")),
        ('do(action="Tap", element=[100,200])', Click(point=Point(100, 200))),
        ('do(action="Double Tap", element=[1,2])', Click(point=Point(1, 2), count=2)),
        ('do(action="Long Press", element=[1,2])', LongPress(point=Point(1, 2))),
        ('do(action="Type", text="a \\"b\\"\\nc")', Type(text='a "b"\nc', clear=True)),
        ('do(action="Swipe", start=[1,2], end=[3,4])', Swipe(start=Point(1, 2), end=Point(3, 4))),
        ('do(action="Back")', Back()),
        ('do(action="Home")', Home()),
        ('do(action="Wait", duration="3 seconds")', Wait(seconds=3)),
        ('do(action="Take_over", message="请登录")', AskUser(question="请登录")),
        ('do(action="Note")', Screenshot()),
        ('finish(message="好了")', Answer(text="好了")),
        ('finish(message="")', Done()),
        ('price(item="pen")', CallTool(name="price", arguments={"item": "pen"})),
    ],
)
def test_what_it_writes_is_read_as_the_same(call: str, action: Action) -> None:
    assert DIALECT.render(action, FRAME, "I see it.") == said(call)
    parsed = DIALECT.parse(said(call), FRAME)
    assert parsed.actions[0] == action
    assert parsed.thought == "I see it."
    assert not parsed.repairs


@pytest.mark.parametrize(
    ("reply", "action"),
    [
        ('<|begin_of_box|>do(action="Back")<|end_of_box|>', Back()),
        ('I go back. do(action="Back")', Back()),
        ('<think>do(action="Home")</think><answer>do(action="Back")</answer>', Back()),
        ("<answer>\ndo(action='Back')\n</answer>", Back()),
        ("<answer>```python\ndo(action='Back')\n```</answer>", Back()),
        ("<answer>do(action='Back')", Back()),
        (said('do(action="back")'), Back()),
        (said('do(action="Type_Name", text="李雷")'), Type(text="李雷", clear=True)),
        (said('do(action="Type", text="他说"好"吗\n行")'), Type(text='他说"好"吗\n行', clear=True)),
        (said('do(action="Type", text="</answer>")'), Type(text="</answer>", clear=True)),
        (said('do(action="Type", text="finish(message=\\"x\\")")'),
         Type(text='finish(message="x")', clear=True)),
        (said('do(action="Note", message="True")'), Screenshot()),
        (said('do(action="Call_API", instruction="总结")'), Screenshot()),
        (said("finish()"), Done()),
    ],
)  # fmt: skip
def test_what_is_only_understood(reply: str, action: Action) -> None:
    assert DIALECT.parse(reply, FRAME).actions[0] == action


def test_a_tap_that_costs_money_is_asked_first_and_not_done() -> None:
    reply = said('do(action="Tap", element=[100,200], message="重要操作")')
    (question,) = DIALECT.parse(reply, FRAME).actions
    assert isinstance(question, AskUser)
    assert "重要操作" in question.question
    past = [Turn(BLACK, reply, "The user answers: yes")]
    chinese = DIALECT.messages("买", past, BLACK)[-1].text
    assert "The user answers: yes 用户同意后，请执行不带 message 的 Tap。" in chinese
    english = AutoGlmDialect(language="en").messages("Buy", past, BLACK)[-1].text
    assert "If the user agrees, do the Tap without message." in english


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ("", "has no action"),
        ("I can finish() now", "has no action"),
        ('The page says finish(message="bye")', "has no action"),
        ('<think>do(action="Back")', "the thinking does not end"),
        (said("do()"), "do needs action"),
        (said("Tap(element=[1,2])"), "there is no Tap"),
        (said('do(action="Fly")'), "has no action 'Fly'"),
        (said('do(action="Tap", element=[1,1001])'), "outside"),
        (said('do(action="Tap")'), "Tap needs element"),
        (said('do(action="Wait", duration="soon")'), "duration is a number"),
        (said('do(action="Back")\ndo(action="Home")'), "several actions"),
        (said('do(action="Back") now'), "( is expected"),
    ],
)
def test_what_it_cannot_mean_is_told_in_one_line(reply: str, message: str) -> None:
    with pytest.raises(ActionError) as caught:
        DIALECT.parse(reply, FRAME)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("action", [Type(text="a"), Done(status="infeasible", reason="x")])
def test_what_the_family_has_no_words_for(action: Any) -> None:
    with pytest.raises(ActionError, match="no words"):
        DIALECT.render(action, FRAME)


def test_the_published_prompts() -> None:
    friday = date(2025, 1, 31)
    chinese = AutoGlmDialect(today=friday).messages("开", [], BLACK)[0].text
    assert chinese.startswith(
        "今天的日期是: 2025年01月31日 星期五\n你是一个智能体分析专家，可以根据操作历史和当前状态图"
        "执行一系列操作来完成任务。\n你必须严格按照要求输出以下格式：\n<think>{think}</think>\n"
        "<answer>{action}</answer>\n\n其中：\n"
    )
    assert '- do(action="Launch", app="xxx")  \n    Launch是启动目标app的操作' in chinese
    assert "message是终止信息。 \n\n必须遵循的规则：\n1. " in chinese
    assert chinese.endswith("请返回之前的步骤进行纠正。\n")
    english = AutoGlmDialect(today=friday, language="en").messages("Go", [], BLACK)[0].text
    assert english.startswith("The current date: 2025-01-31, Friday\n# Setup\nYou are a prof")
    assert english.endswith("  </answer>\n\n\nREMEMBER:\n" + english.partition("REMEMBER:\n")[2])
    assert AutoGlmDialect().messages("开", [], BLACK)[0].text == chinese.partition("\n")[2]
    assert '\n- price(item="") # Look it up.\n\n必须' in DIALECT.messages("", [], BLACK)[0].text
    with pytest.raises(ValueError, match="zh or en"):
        AutoGlmDialect(language="de")  # type: ignore[arg-type]


def test_past_pictures_are_gone_and_replies_stay() -> None:
    past = [
        Turn(BLACK, said('do(action="Back")'), "done", plain=True),
        Turn(BLACK, "flub", "Your reply could not be used"),
        Turn(None, said('price(item="pen")'), "price returned: 7", shown=(BLACK,)),
    ]
    messages = DIALECT.messages("开设置", past, BLACK)
    assert [m.text for m in messages[1:]] == [
        "开设置",
        '<think>I see it.</think><answer>do(action="Back")</answer>',
        "** Screen Info **\n\n{}",
        "flub",
        '** Screen Info **\n\n{"result": "Your reply could not be used"}',
        '<think>I see it.</think><answer>price(item="pen")</answer>',
        '** Screen Info **\n\n{"result": "price returned: 7"}',
    ]
    pictures = [part for m in messages for part in m.parts if isinstance(part, Image)]
    assert pictures == [BLACK, BLACK]
    assert messages[-1].parts[:2] == (BLACK, BLACK)
    marked = [part.text for m in messages for part in m.parts if isinstance(part, Marked)]
    assert not any("开设置" in text or "Look it up" in text for text in marked)


@pytest.mark.parametrize("name", ["do", "finish", "Tap"])
def test_a_tool_cannot_take_the_name_of_an_action(name: str) -> None:
    with pytest.raises(ValueError, match=f"cannot be called {name}"):
        AutoGlmDialect([{**TOOL, "name": name}])
