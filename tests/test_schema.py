import json
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator
from strategies import SCREEN, actions, actions_on, json_values

from eyehand.actions import (
    Action,
    ActionSchemaError,
    CallTool,
    Click,
    Done,
    Key,
    Point,
    Scroll,
    Type,
    action_schema,
    parse_action,
)
from eyehand.actions.schema import ACTIONS, MAX_DEPTH, MAX_TEXT, TALK

SCHEMA = Draft202012Validator(action_schema())


def test_the_strategies_cover_every_action() -> None:
    assert set(actions_on(SCREEN)) == set(ACTIONS)


@given(actions())
def test_an_action_survives_json_and_its_schema(action: Action) -> None:
    text = json.dumps(action.to_json(), allow_nan=False)
    data = json.loads(text.encode("utf-8"))
    assert parse_action(data) == action
    SCHEMA.validate(data)
    assert str(action).startswith(action.tag())


def test_the_exported_schema_has_every_action_and_refuses_what_parsing_refuses() -> None:
    schema = action_schema()
    Draft202012Validator.check_schema(schema)
    assert set(schema["discriminator"]["mapping"]) == set(ACTIONS)
    for data in (
        {"action": "fly"},
        {"action": "home", "now": True},
        {"action": "click", "point": [1]},
        {"action": "click", "count": 4},
        {"action": "wait", "seconds": 61},
        {"action": "type"},
    ):
        assert not SCHEMA.is_valid(data)
        with pytest.raises(ActionSchemaError):
            parse_action(data)


@pytest.mark.parametrize("name", ACTIONS)
def test_every_action_refuses_a_field_it_does_not_have_and_names_those_it_has(name: str) -> None:
    with pytest.raises(ActionSchemaError, match="unknown field 'colour'") as caught:
        parse_action({"action": name, "colour": "red"})
    fields = [field for field in ACTIONS[name].model_fields if field != "action"]
    expected = f"its fields are {', '.join(fields)}" if fields else "it has no fields"
    assert expected in str(caught.value)


@pytest.mark.parametrize("name", ACTIONS)
def test_the_shorthand_is_a_field(name: str) -> None:
    cls = ACTIONS[name]
    assert cls.shorthand is None or cls.shorthand in cls.model_fields
    assert cls.__doc__


def test_what_the_agent_does_itself_are_actions() -> None:
    assert set(ACTIONS) > TALK


@pytest.mark.parametrize(
    ("data", "message", "path"),
    [
        ("click", "an action is a mapping, not str", ()),
        ([], "an action is a mapping, not list", ()),
        ({}, 'needs a field "action"; it is one of click, long_press', ("action",)),
        ({"action": "fly"}, "unknown action 'fly'; it is one of click", ("action",)),
        ({"action": ["click"]}, "unknown action", ("action",)),
        ({"action": "move"}, "move: field 'point' is missing", ("move", "point")),
        (
            {"action": "click", "point": [1, "x"]},
            r"click: point.1: Input should be a valid number.*given: 'x'",
            ("click", "point", 1),
        ),
        (
            {"action": "click", "point": [1, 2e6]},
            "a point is two numbers between",
            ("click", "point"),
        ),
        (
            {"action": "click", "point": [float("nan"), 2]},
            "a point is two numbers between",
            ("click", "point"),
        ),
        ({"action": "click", "point": [10**400, 2]}, "point.0", ("click", "point", 0)),
        ({"action": "click", "count": 4}, r"count: .*less than or equal to 3.*given: 4", None),
        ({"action": "click", "button": "third"}, "'left', 'middle' or 'right'", None),
        ({"action": "wait", "seconds": float("inf")}, "seconds: ", None),
        ({"action": "wait", "seconds": 0}, "greater than 0", None),
        ({"action": "key", "keys": "ctrl+entr"}, "unknown key 'entr': did you mean", None),
        ({"action": "key", "keys": ""}, "an empty chord presses nothing", None),
        ({"action": "key", "keys": []}, "keys: ", None),
        ({"action": "key", "keys": 5}, "keys: ", None),
        ({"action": "type", "text": "a\x1bb"}, r"character 1 is U\+001B, which no keyboard", None),
        ({"action": "type", "text": "\x85"}, r"character 0 is U\+0085", None),
        ({"action": "type", "text": "x" * (MAX_TEXT + 1)}, "at most 100000 characters", None),
        ({"action": "done", "status": "infeasible"}, "an infeasible goal needs a reason", None),
        ({"action": "done", "status": "infeasible", "reason": " \n"}, "needs a reason", None),
        ({"action": "done", "status": "finished"}, "'success' or 'infeasible'", None),
        ({"action": "scroll"}, "give either direction", None),
        ({"action": "scroll", "direction": "up", "dy": 1}, "give either direction", None),
        ({"action": "open_app", "name": ""}, "at least 1 character", None),
        ({"action": "call_tool", "name": "f", "arguments": [1]}, "arguments: ", None),
    ],
)
def test_what_is_wrong_is_said(
    data: object, message: str, path: tuple[str | int, ...] | None
) -> None:
    with pytest.raises(ActionSchemaError, match=message) as caught:
        parse_action(data)
    if path is not None:
        assert caught.value.path == path
    assert len(str(caught.value)) < 600  # it is told to the model


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ActionSchemaError) as caught:
        parse_action({"action": "drag", "button": "x", "seconds": 99, "speed": 1})
    for part in ("field 'end' is missing", "button:", "seconds:", "unknown field 'speed'"):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    "arguments",
    [
        {"a": "\ud800"},
        {"\udfff": 1},
        {"a": [float("inf")]},
        {"a": {"b": float("nan")}},
        {"a": {1: 2}},
        {"a": {2, 3}},
    ],
)
def test_a_tool_gets_no_arguments_that_the_record_could_not_hold(arguments: Any) -> None:
    # They once passed, and broke the run when the step was written down, or became null there.
    with pytest.raises(ActionSchemaError, match="arguments: "):
        parse_action({"action": "call_tool", "name": "f", "arguments": arguments})


def test_deeply_nested_arguments_are_refused_before_a_serialiser_gives_up() -> None:
    def nested(depth: int) -> dict[str, Any]:
        value: Any = 1
        for _ in range(depth):
            value = [value]
        return {"action": "call_tool", "name": "f", "arguments": {"a": value}}

    deepest = parse_action(nested(MAX_DEPTH - 1))
    assert parse_action(deepest.to_json()) == deepest
    for depth in (MAX_DEPTH, 300, 5_000):
        with pytest.raises(ActionSchemaError, match="nested more than 50 deep"):
            parse_action(nested(depth))


@given(json_values)
def test_arguments_arrive_unchanged(value: Any) -> None:
    action = CallTool(name="f", arguments={"value": value})
    assert json.loads(json.dumps(action.to_json()))["arguments"] == {"value": value}


def test_text_keeps_every_script_and_the_keys_of_a_keyboard() -> None:
    text = "a\tb\nc\r\n中文 עברית 👩‍👩‍👧 e\u0301 \u200b\ufeff"
    assert Type(text=text).to_json()["text"] == text


def test_keys_are_kept_in_canonical_names_however_written() -> None:
    for keys in ("Control+Shift+S", ["Ctrl", "shift_l", "S"], ("control", "Shift", "s")):
        action = parse_action({"action": "key", "keys": keys})
        assert isinstance(action, Key)
        assert (action.keys, action.chord) == ("ctrl+shift+s", ("ctrl", "shift", "s"))
    plus = Key.model_validate({"keys": ["ctrl", "+"]})
    assert plus.chord == ("ctrl", "+")


def test_scroll_gives_one_delta_however_written() -> None:
    assert Scroll(direction="down").delta == (0, 3)
    assert Scroll(direction="left", amount=2).delta == (-2, 0)
    assert Scroll(dx=1.5, dy=-2).delta == (1.5, -2)


def test_actions_print_as_a_line_for_people() -> None:
    assert str(Click(point=Point(10, 20), count=2)) == "click (10, 20) count=2"
    assert str(Type(text="hi\n")) == r"type 'hi\n'"
    assert str(Done()) == "done"


def test_an_action_cannot_be_changed_after_it_was_checked() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Click().count = 9
