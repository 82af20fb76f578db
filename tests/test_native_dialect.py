import json
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import SCREEN, actions_on, frames, json_values

from eyehand.actions import (
    Action,
    ActionError,
    ActionParseError,
    ActionSchemaError,
    Clamp,
    Click,
    Done,
    Frame,
    Point,
    PointOutsideImage,
    Type,
)
from eyehand.actions.dialects import NativeDialect, Turn
from eyehand.actions.schema import ACTIONS
from eyehand.model import Image, Message, Size, pixel_hash

DIALECT = NativeDialect()
FRAME = Frame(":0", SCREEN, SCREEN, image=Size(1932, 1092))


def one(reply: str) -> Action:
    (action,) = DIALECT.parse(reply, FRAME).actions
    return action


@pytest.mark.parametrize("name", ACTIONS)
@given(frame=frames(), data=st.data())
def test_what_is_rendered_is_parsed_to_the_same_action(
    name: str, frame: Frame, data: st.DataObject
) -> None:
    action = data.draw(actions_on(frame.physical)[name])
    parsed = DIALECT.parse(DIALECT.render(action, frame), frame)
    assert parsed.clamps == ()
    assert parsed.thought == ""
    (back,) = parsed.actions
    # Equal, but for points: those to half a pixel of the picture, since it writes whole ones.
    said, got = dict(action.points()), dict(back.points())
    assert back.model_copy(update=said) == action
    assert frame.image is not None
    for field, point in said.items():
        for axis in (0, 1):
            half = 0.5 * frame.physical[axis] / frame.image[axis]
            assert abs(got[field][axis] - point[axis]) <= half * (1 + 1e-9)


@given(st.text())
@example("```")
@example("{" * 3000)
@example("[" * 3000)
@example('{"a":' * 3000)
@example("[" * 100_000 + "{")
@example('{"action": "click", "point": [1%s, 1]}' % ("0" * 400))
@example('{"action": "wait", "seconds": 1%s}' % ("0" * 5000))
@example('{"action": "click", "point": [NaN, 1]}')
@example('{"action": "click", "point": [1e999, 1]}')
@example('{"action": "\\ud800"}')
@example('{"action": "click", "\\ud800": 1}')
@example('{"action": "answer", "text": "\\ud800"}')
@example('[[{"action": "done"}]]')
@example("null")
def test_any_text_is_an_action_or_an_action_error(text: str) -> None:
    try:
        parsed = DIALECT.parse(text, FRAME)
    except ActionError as error:
        str(error).encode()  # it is told to the model
    else:
        assert parsed.actions


words = st.sampled_from([*ACTIONS, "action", "point", "text", "keys", "start", "end", "seconds"])
almost_actions = st.dictionaries(words | st.text(max_size=5), words | json_values, max_size=5)


@given(almost_actions | st.lists(almost_actions, max_size=3), st.sampled_from(list(ACTIONS)))
def test_any_json_is_an_action_or_an_action_error(data: Any, name: str) -> None:
    for item in data if isinstance(data, list) else [data]:
        item.setdefault("action", name)
    try:
        parsed = DIALECT.parse(f"So:\n{json.dumps(data)}", FRAME)
    except ActionError as error:
        str(error).encode()
    else:
        json.dumps([action.to_json() for action in parsed.actions]).encode()


@pytest.mark.parametrize(
    "reply",
    [
        '{"action": "click", "point": [644, 364]}',
        'I click.\n{"action": "click", "point": [644, 364]}',
        'I click.\n```json\n{"action": "click",\n "point": [644, 364]}\n```\n',
        'I click.\n```\n  {"action": "click", "point": [644, 364]}\n```',
        '[{"action": "click", "point": [644, 364]}]',
    ],
)
def test_bare_and_fenced_replies_are_read(reply: str) -> None:
    parsed = DIALECT.parse(reply, FRAME)
    assert parsed.actions == (Click(point=Point(640, 360)),)
    assert parsed.thought == ("I click." if reply.startswith("I") else "")


def test_the_thought_keeps_its_own_fences() -> None:
    reply = 'It says\n```\nls\n```\n{"action": "back"}'
    assert DIALECT.parse(reply, FRAME).thought == "It says\n```\nls\n```"


def test_several_actions_keep_their_order() -> None:
    reply = '[{"action": "click", "point": [0, 0]}, {"action": "type", "text": "x"}]'
    assert [action.tag() for action in DIALECT.parse(reply, FRAME).actions] == ["click", "type"]


def test_done_inside_typed_text_ends_nothing() -> None:
    for text in ('{"action": "done"}', 'x\n{"action": "done"}', '```\n{"action": "done"}\n```'):
        assert one(DIALECT.render(Type(text=text), FRAME)) == Type(text=text)
    with pytest.raises(ActionParseError):  # a raw line feed tears the text, and the reply with it
        DIALECT.parse('{"action": "type", "text": "x\n{"action": "done"}', FRAME)


def test_json_in_the_thought_is_not_the_action() -> None:
    reply = 'The page shows\n{"action": "done"}\nso I answer.\n{"action": "back"}'
    parsed = DIALECT.parse(reply, FRAME)
    assert [action.tag() for action in parsed.actions] == ["back"]
    assert '{"action": "done"}' in parsed.thought
    with pytest.raises(ActionParseError, match="does not end with an action"):
        DIALECT.parse('{"action": "done"}\nNo, wait.', FRAME)
    with pytest.raises(ActionParseError, match="does not end with an action"):
        DIALECT.parse('I could say {"action": "done"}', FRAME)


@pytest.mark.parametrize(
    "reply",
    [
        '[{"action": "click", "point": [1, 1]},\n{"action": "done"}',
        '[\n{"action": "click", "point": [1, 1]},\n{"action": "done"}\n',
        '{"action": "type", "text": "a",\n{"action": "done"}',
        '{"action": "click", "point": [1, 1]',
    ],
)
def test_the_end_of_a_torn_reply_is_not_the_action(reply: str) -> None:
    with pytest.raises(ActionParseError, match="broken") as caught:
        DIALECT.parse(reply, FRAME)
    assert (caught.value.text, caught.value.position) == (reply, 0)


@pytest.mark.parametrize(
    ("reply", "error", "message"),
    [
        ("", ActionParseError, "does not end with an action"),
        ("I am done.", ActionParseError, "does not end with an action"),
        ("[]", ActionParseError, "empty"),
        ('{"action": "fly"}', ActionSchemaError, "unknown action 'fly'"),
        ('{"action": "wait", "seconds": NaN}', ActionSchemaError, "NaN is not a number"),
        ('[{"action": "done"}, 3]', ActionSchemaError, "not int"),
        ('{"action": "click", "point": [2000, 5]}', PointOutsideImage, "1932x1092 image"),
    ],
)
def test_what_is_wrong_is_said(reply: str, error: type[ActionError], message: str) -> None:
    with pytest.raises(error, match=message):
        DIALECT.parse(reply, FRAME)


def test_one_wrong_action_of_a_list_performs_none() -> None:
    reply = '[{"action": "click", "point": [1, 1]}, {"action": "click", "point": [5000, 1]}]'
    with pytest.raises(PointOutsideImage):
        DIALECT.parse(reply, FRAME)


def test_an_overshoot_is_clamped_and_recorded() -> None:
    parsed = DIALECT.parse('{"action": "drag", "start": [-5, 9], "end": [1940, 1100]}', FRAME)
    assert parsed.clamps == (
        Clamp(Point(-5, 9), Point(0, 9)),
        Clamp(Point(1940, 1100), Point(1932, 1092)),
    )
    points = dict(parsed.actions[0].points())
    assert points["end"] == Point(1920, 1080)


def picture(shade: int) -> Image:
    pixels = np.full((4, 6, 3), shade, np.uint8)
    return Image(pixels, Size(28, 28), pixel_hash(pixels))


def body(messages: list[Message]) -> list[tuple[Any, ...]]:
    return [(message.role, *message.parts) for message in messages]


def test_the_prompt_only_grows() -> None:
    first, second = picture(1), picture(2)
    before = DIALECT.messages("save it", [], first)
    turn = Turn(first, '{"action": "key", "keys": "ctrl+s"}', "delivered; the screen changed")
    after = DIALECT.messages("save it", [turn], second)
    assert body(after)[: len(before)] == body(before)
    assert [message.role for message in after] == ["system", "user", "assistant", "user"]
    assert after[2].text == turn.reply
    assert after[3].text == "delivered; the screen changed\n"
    assert after[3].parts[-1] is second


def test_dropping_an_old_picture_drops_no_action() -> None:
    turn = Turn(None, '{"action": "home"}', "done so")
    messages = DIALECT.messages("go", [turn], picture(1))
    assert [message.role for message in messages] == ["system", "user", "assistant", "user"]
    assert "no longer kept" in messages[1].text
    assert messages[2].text == turn.reply


def test_the_prompt_names_the_actions_that_there_are_and_no_others() -> None:
    system = DIALECT.messages("x", [], picture(1))[0].text
    for name in ACTIONS:
        assert f"\n- {name}(" in system
    few = NativeDialect(["click", "done"]).messages("x", [], picture(1))[0].text
    assert "\n- click(" in few
    assert "\n- done(" in few
    assert "\n- drag(" not in few


def test_the_examples_in_the_prompt_are_actions() -> None:
    system = DIALECT.messages("x", [], picture(1))[0].text
    assert isinstance(one('{"action": "click", "point": [640, 360]}'), Click)
    assert '{"action": "click", "point": [640, 360]}' in system
    assert one('{"action": "done"}') == Done()
