"""What a function takes: its signature in all its forms, or a JSON Schema given for it."""

import string
from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from eyehand.actions import Context, Tool, ToolError, tool
from eyehand.actions.schema import ACTIONS

SEARCH: dict[str, Any] = {
    "type": "object",
    "properties": {
        "words": {"type": "array", "items": {"$ref": "#/$defs/word"}, "minItems": 1},
        "page-size": {"type": "integer", "maximum": 50},
    },
    "required": ["words"],
    "$defs": {"word": {"type": "string", "minLength": 2}},
}
ONE: dict[str, Any] = {
    "type": "object",
    "properties": {"item": {"type": "string"}, "count": {"type": "integer"}},
    "required": ["item"],
}


async def text_of(each: Tool, context: Context | None = None, **arguments: Any) -> str:
    result = await each.call(arguments, context)
    assert result.error is None, result.error
    return result.text


def test_a_text_in_annotated_describes_a_parameter() -> None:
    @tool
    def look_up(
        item: Annotated[str, "Its name in the catalogue."],
        count: Annotated[int, Field(ge=1, description="How many.")] = 1,
        shop: Annotated[str | None, Field(max_length=9), "Where."] = None,
    ) -> None:
        """Look it up."""

    described = {n: p["description"] for n, p in look_up.parameters["properties"].items()}
    assert list(described.values()) == ["Its name in the catalogue.", "How many.", "Where."]
    assert look_up.parameters["properties"]["count"]["minimum"] == 1


async def test_optional_literal_and_nested_arguments_are_checked_in_depth() -> None:
    class Line(BaseModel):
        item: str
        count: Annotated[int, Field(ge=1)] = 1

    class Order(BaseModel):
        lines: list[Line]
        speed: Literal["slow", "fast"] = "slow"

    @tool
    def order(what: Order, note: str | None = None) -> str:
        """Order."""
        return f"{what.speed} {[line.count for line in what.lines]} {note}"

    assert await text_of(order, what={"lines": [{"item": "pen"}]}, note=None) == "slow [1] None"
    with pytest.raises(ToolError, match=r"what\.lines\.1\.count: 0 is less.*what\.speed: 'warp'"):
        order.check(
            {"what": {"lines": [{"item": "a"}, {"item": "b", "count": 0}], "speed": "warp"}}
        )


def test_options_stand_beside_the_function_or_above_it() -> None:
    @tool(name="shop-search", description="Search the shop.", timeout_s=2, sensitive=True)
    def search(words: str) -> str:
        return words

    assert (search.name, search.description, search.timeout_s) == (
        "shop-search",
        "Search the shop.",
        2,
    )
    assert search.sensitive
    assert not search.terminal
    assert search.function("x") == "x"
    submit = tool(search.function, description="Hand it in.", terminal=True)
    assert (submit.name, submit.terminal, submit.sensitive) == ("search", True, False)
    assert submit.timeout_s == 60


async def test_a_given_schema_is_what_is_told_and_what_is_checked() -> None:
    @tool(parameters=SEARCH)
    async def search(**found: Any) -> str:
        """Search."""
        return repr(sorted(found.items()))

    assert search.parameters == SEARCH
    assert search.parameters is not SEARCH
    arguments: dict[str, Any] = {"words": ["ab"], "page-size": 9}
    assert await text_of(search, **arguments) == "[('page-size', 9), ('words', ['ab'])]"
    with pytest.raises(ToolError, match=r"tool search: words\.1: 'x' is too short"):
        await search.call({"words": ["ab", "x"]})
    with pytest.raises(ToolError, match=r"page-size: 51 is greater .*search takes words, page-siz"):
        await search.call({"words": ["ab"], "page-size": 51})


async def test_a_function_of_a_given_schema_gets_what_it_names() -> None:
    @tool(parameters=ONE)
    def buy(item, /, context: Context, *, count=3):  # type: ignore[no-untyped-def]
        """Buy."""
        return f"{count} {item} for {context.goal}"

    class Run:
        goal = "tea"

        def log(self, text: str) -> None: ...

    assert await text_of(buy, Run(), item="pen") == "3 pen for tea"
    assert await text_of(buy, Run(), item="pen", count=1) == "1 pen for tea"
    # The schema says nothing of others, and the function could not take them.
    with pytest.raises(ToolError, match=r"no parameter 'colour' .*takes item, count"):
        buy.check({"item": "pen", "colour": "red"})
    with pytest.raises(ToolError, match="no parameter 'context'"):
        buy.check({"item": "pen", "context": {}})


async def test_what_a_function_does_to_its_arguments_stays_its_own() -> None:
    @tool
    def take(items: list[Any], box: dict[str, Any]) -> None:
        """Take all."""
        items.clear()
        box["items"].clear()

    @tool(parameters={"type": "object"})
    def take_any(**given: Any) -> None:
        """Take all."""
        given["items"].clear()
        given["box"]["items"].clear()

    arguments: dict[str, Any] = {"items": [[1]], "box": {"items": [2]}}
    for each in (take, take_any):
        assert await text_of(each, **arguments) == "ok"
        assert arguments == {"items": [[1]], "box": {"items": [2]}}


def one(item: str, count: int = 1) -> None:
    """Do."""


def needs_more(item: str, count: int) -> None:
    """Do."""


def star(*items: str) -> None:
    """Do."""


def with_context(item: Context, count: int = 1) -> None:
    """Do."""


@pytest.mark.parametrize(
    ("function", "schema", "message"),
    [
        (one, [ONE], "parameters is a JSON Schema as a dict"),
        (one, {"type": "array"}, "must be of an object"),
        (one, {"properties": {}}, "must be of an object"),
        (one, {**ONE, "required": "item"}, r"draft 2020-12\): required: 'item'"),
        (one, {**ONE, "properties": {"item": {"type": "text"}}}, "properties/item/type: 'text'"),
        (one, {**ONE, "properties": {"item": {"pattern": "("}}}, "properties/item/pattern"),
        (one, {**ONE, "default": {1, 2}}, "no JSON form"),
        (one, {**ONE, "default": float("nan")}, "no JSON form"),
        (one, {**ONE, "required": []}, "the function needs 'item', which its schema does not re"),
        (one, {**ONE, "required": ["item", "id"]}, "names 'id', which the function does not take"),
        (needs_more, ONE, "the function needs 'count'"),
        (star, ONE, r"\*items: str cannot be given by name; use \*\*items"),
        (with_context, ONE, "names 'item', which the agent fills in"),
        (one, {**ONE, "properties": {"item": {"$ref": "#/$defs/no"}}}, "refers to '#/.defs/no'"),
        (
            one,
            {**ONE, "properties": {"item": {"$ref": "https://schemas.example/item"}}},
            "refers to 'https://schemas.example/item', which is not in it",
        ),
    ],
)
def test_a_schema_that_is_none_or_of_another_function_is_refused(
    function: Callable[..., Any], schema: Any, message: str
) -> None:
    with pytest.raises(TypeError, match=f"{function.__name__} cannot be a tool: .*{message}"):
        tool(function, parameters=schema)


def implicit(note: str = None) -> None:  # type: ignore[assignment]  # noqa: RUF013
    """Do."""


def too_small(count: Annotated[int, Field(ge=1)] = 0) -> None:
    """Do."""


def as_pydantic(count: int = Field(ge=1)) -> None:
    """Do."""


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (implicit, r"default of 'note' is not of its type \(None is not.*TYPE \| None = None"),
        (too_small, "default of 'count' is not of its type"),
        (as_pydantic, r"write count: Annotated\[TYPE, Field"),
    ],
)
def test_a_default_that_a_model_could_not_repeat_is_refused(
    function: Callable[..., Any], message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        tool(function)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "größe"}, "a name is up to 64 of"),
        ({"name": "shop.search"}, "a name is up to 64 of"),
        ({"name": "9lives"}, "begins with a letter"),
        ({"name": ""}, "a name is up to 64 of"),
        ({"name": "x" * 65}, "a name is up to 64 of"),
        ({"name": "price\n"}, "a name is up to 64 of"),
        ({"description": " "}, "no docstring"),
        ({"timeout_s": 0}, "timeout_s is a number of seconds, not 0"),
        ({"timeout_s": float("inf")}, "timeout_s"),
        ({"timeout_s": None}, "timeout_s"),
        *(({"name": action}, "an action is called so") for action in ACTIONS),
    ],
)
def test_a_name_or_time_that_cannot_be_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        tool(one, **options)


FIRST = string.ascii_letters + "_"


@given(st.text(FIRST, min_size=1, max_size=1), st.text(FIRST + string.digits + "-", max_size=63))
def test_every_name_that_all_dialects_can_write_is_taken(first: str, rest: str) -> None:
    if first + rest not in ACTIONS:
        assert tool(one, name=first + rest).name == first + rest


def test_a_function_with_a_name_of_other_letters_needs_another() -> None:
    def größe() -> None:
        """Measure."""

    with pytest.raises(TypeError, match="größe cannot be a tool: a name is"):
        tool(größe)
    assert tool(größe, name="size").name == "size"
