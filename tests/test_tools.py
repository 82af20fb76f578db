import asyncio
import contextvars
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field

from eyehand.actions import Context, Tool, ToolError, load_tools, tool, tools_by_name


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Place(BaseModel):
    city: str
    zip_code: int


@dataclass
class Notes:
    """The agent's part of a tool."""

    goal: str
    lines: list[str]

    def log(self, text: str) -> None:
        self.lines.append(text)


@tool
def price(item: str, quantity: int = 1, *, tags: list[str] | None = None) -> float:
    """Look up what something costs.

    Prices are in euros
    and include tax.

    Args:
        item: Its name in the catalogue,
            as printed there.
        quantity (int): How many of it: at least one.
        tags: Only with these.

    Returns:
        The price.

    Raises:
        KeyError: Nobody sells it.
    """
    catalogue = {"tea": 2.5}
    return catalogue[item] * quantity


async def text_of(each: Tool, **arguments: Any) -> str:
    result = await each.call(arguments)
    assert result.error is None, result.error
    return result.text


def test_the_schema_comes_from_the_signature_and_the_docstring() -> None:
    assert price.name == "price"
    assert price.description == (
        "Look up what something costs.\n\nPrices are in euros\nand include tax."
    )
    assert price.parameters == {
        "type": "object",
        "properties": {
            "item": {
                "type": "string",
                "description": "Its name in the catalogue, as printed there.",
            },
            "quantity": {
                "type": "integer",
                "default": 1,
                "description": "How many of it: at least one.",
            },
            "tags": {
                "anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}],
                "default": None,
                "description": "Only with these.",
            },
        },
        "required": ["item"],
        "additionalProperties": False,
    }
    Draft202012Validator.check_schema(price.parameters)
    json.dumps(price.parameters)
    assert price.function("tea", 2) == 5


async def test_arguments_reach_the_function_as_its_types() -> None:
    seen: list[Any] = []

    @tool
    def trip(
        place: Place,
        day: date,
        colour: Colour,
        mode: Literal["bus", "rail"] = "rail",
        nights: Annotated[int, Field(ge=1, le=9, description="How long.")] = 2,
        model_dump: bool = False,
        json: float = 0.5,
    ) -> None:
        """Plan a trip."""
        seen.extend([place, day, colour, mode, nights, model_dump, json])

    assert trip.parameters["properties"]["nights"]["description"] == "How long."
    text = await text_of(
        trip, place={"city": "Ulm", "zip_code": 89073}, day="2026-11-21", colour="red", nights=3.0
    )
    assert text == "ok"
    place = Place(city="Ulm", zip_code=89073)
    assert seen == [place, date(2026, 11, 21), Colour.RED, "rail", 3, False, 0.5]
    assert isinstance(seen[4], int)


async def test_all_wrong_arguments_are_listed_with_their_paths_and_nothing_is_called() -> None:
    called = []

    @tool
    def book(place: Place, nights: int, tags: list[str]) -> None:
        """Book a room."""
        called.append(nights)

    wrong = {"place": {"city": 5, "zip_code": 1}, "tags": ["a", 2], "colour": "red"}
    with pytest.raises(ToolError) as checked:
        book.check(wrong)
    with pytest.raises(ToolError) as caught:
        await book.call(wrong)
    message = str(caught.value)
    assert message == str(checked.value)
    assert message.startswith("tool book: ")
    for part in ("place.city: 5", "tags.1: 2", "'nights' is a required", "'colour'"):
        assert part in message
    assert message.endswith("(book takes place, nights, tags)")
    assert not called
    book.check({"place": {"city": "Ulm", "zip_code": 1}, "nights": 1, "tags": []})


async def test_what_only_the_type_knows_is_checked_too() -> None:
    @tool
    def on(day: date) -> str:
        """Say the day."""
        return day.isoformat()

    with pytest.raises(ToolError, match=r"tool on: day: .*valid date"):
        await on.call({"day": "the day after"})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is\n", "as it is\n"),
        ("", ""),
        (None, "ok"),
        (7, "7"),
        (["é", None, 1.5], '["é", null, 1.5]'),
        ({"a": date(2026, 11, 21)}, '{"a": "2026-11-21"}'),
        (Place(city="Ulm", zip_code=1), '{"city": "Ulm", "zip_code": 1}'),
        ("half \ud800", "half \\ud800"),
    ],
)
async def test_results_become_text(value: Any, text: str) -> None:
    @tool
    def give() -> Any:
        """Give it."""
        return value

    @tool
    async def give_later() -> Any:
        """Give it."""
        await asyncio.sleep(0)
        return value

    assert await text_of(give) == text
    assert await text_of(give_later) == text


class OutOfTea(Exception):
    pass


def lose() -> None:
    """Fail."""
    raise OutOfTea("none left")


async def lose_later() -> None:
    """Fail."""
    await asyncio.sleep(0)
    lose()


@pytest.mark.parametrize("function", [lose, lose_later])
async def test_an_exception_is_told_to_the_model_and_kept(function: Callable[..., Any]) -> None:
    result = await tool(function).call({})
    assert result.text == "error: OutOfTea: none left"
    assert isinstance(result.error, OutOfTea)
    frames = [result.error.__traceback__]
    while frames[-1] is not None:
        frames.append(frames[-1].tb_next)
    assert "lose" in {frame.tb_frame.f_code.co_name for frame in frames if frame}


async def test_a_tool_that_exits_or_stops_does_not_end_the_run() -> None:
    @tool
    def leave() -> None:
        """Leave."""
        raise SystemExit(3)

    @tool
    def stop() -> None:
        """Stop."""
        next(iter(()))  # an event loop cannot carry a StopIteration: the wait once never ended

    @tool
    def odd() -> object:
        """Give what has no JSON form."""
        return object()

    @tool
    def silent() -> None:
        """Fail without a word."""
        raise ValueError

    async with asyncio.timeout(10):
        assert (await leave.call({})).text == "error: SystemExit: 3"
        assert "StopIteration" in (await stop.call({})).text
        assert (await odd.call({})).text.startswith("error: ")
        assert (await silent.call({})).text == "error: ValueError"


async def test_cancelling_propagates_and_an_async_tool_cleans_up() -> None:
    events: list[str] = []

    @tool
    async def forever() -> None:
        """Wait."""
        try:
            events.append("started")
            await asyncio.Event().wait()
        finally:
            events.append("cleaned up")

    task = asyncio.create_task(forever.call({}))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert events == ["started", "cleaned up"]


async def test_a_timeout_does_not_wait_for_a_sync_tool_that_hangs() -> None:
    release, finished = threading.Event(), threading.Event()

    @tool
    def hang() -> None:
        """Hang."""
        release.wait(30)
        finished.set()

    started = time.monotonic()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await hang.call({})
    assert time.monotonic() - started < 5
    release.set()
    assert await asyncio.to_thread(finished.wait, 10)
    await asyncio.sleep(0.05)  # its late report must disturb nothing


async def test_a_tool_that_awaits_what_was_cancelled_has_failed_and_cancels_nobody() -> None:
    @tool
    async def lookup() -> None:
        """Look up."""
        inner = asyncio.ensure_future(asyncio.sleep(10))
        inner.cancel()
        await inner

    assert (await lookup.call({})).text == "error: CancelledError"


async def test_sync_tools_run_beside_the_loop_and_see_its_context_variables() -> None:
    variable = contextvars.ContextVar("variable", default="unset")
    variable.set("set here")

    @tool
    def where() -> list[object]:
        """Say where it runs."""
        return [threading.current_thread().name, variable.get()]

    assert json.loads(await text_of(where)) == ["tool where", "set here"]


async def test_a_context_is_filled_in_and_no_part_of_the_schema() -> None:
    @tool
    def report(text: str, /, context: Context, loud: bool = False) -> str:
        """Report.

        Args:
            text: What.
            context: The run.
            loud: How.
        """
        context.log(text.upper() if loud else text)
        return context.goal

    assert list(report.parameters["properties"]) == ["text", "loud"]
    notes = Notes("save it", [])
    result = await report.call({"text": "hi", "loud": True}, notes)
    assert (result.text, notes.lines) == ("save it", ["HI"])
    with pytest.raises(TypeError, match="report asks for a Context"):
        await report.call({"text": "hi"})
    with pytest.raises(ToolError, match="'context'"):
        await report.call({"text": "hi", "context": {"goal": "mine"}}, notes)


def unannotated(a) -> None:  # type: ignore[no-untyped-def]
    """Do."""


def any_number(*values: int) -> None:
    """Do."""


def any_names(**values: int) -> None:
    """Do."""


def no_json(call: Callable[[], None]) -> None:
    """Do."""


def unknown_type(thread: threading.Thread) -> None:
    """Do."""


def odd_default(value: Any = object()) -> None:  # noqa: B008
    """Do."""


def unresolvable(value: "Nowhere") -> None:  # type: ignore[name-defined]  # noqa: F821
    """Do."""


def undocumented(a: int) -> None:
    pass


def outdated(a: int) -> None:
    """Do.

    Args:
        a: One.
        b: Gone since.
    """


def generator(a: int) -> Iterator[int]:
    """Do."""
    yield a


async def async_generator(a: int) -> AsyncIterator[int]:
    """Do."""
    yield a


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (unannotated, "parameter 'a' needs a type"),
        (any_number, r"\*values: int takes anything"),
        (any_names, r"\*\*values: int takes anything"),
        (no_json, "no JSON form"),
        (unknown_type, "no JSON form"),
        (odd_default, "no JSON form"),
        (unresolvable, "annotations cannot be read.*Nowhere"),
        (undocumented, "no docstring"),
        (outdated, "describes a parameter 'b' that it does not have"),
        (generator, "it yields"),
        (async_generator, "it yields"),
        (lambda: None, "it has no name"),
        (print, "@tool goes on a function"),
        (Place, "@tool goes on a function"),
    ],
)
def test_what_cannot_be_described_is_refused_where_it_is_written(
    function: Callable[..., Any], message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        tool(function)


async def test_a_method_is_a_tool_of_its_object() -> None:
    class Shop:
        stock = 3

        def count(self) -> int:
            """Count the stock."""
            return self.stock

    assert await text_of(tool(Shop().count)) == "3"


def test_two_tools_of_one_name_are_refused() -> None:
    @tool
    def lose() -> None:
        """Another."""

    assert tools_by_name([price, lose]) == {"price": price, "lose": lose}
    with pytest.raises(ToolError, match="two tools are called 'lose'"):
        tools_by_name([lose, tool(globals()["lose"])])


GOOD = '''
from dataclasses import dataclass
from eyehand.actions import tool

@dataclass
class Row:
    n: "int"

@tool
def second(row: Row) -> int:
    """Give n."""
    return row.n

@tool
async def first() -> str:
    """Give one."""
    return "1"

alias = first
'''


async def test_tools_are_loaded_from_a_file_in_its_order(tmp_path: Path) -> None:
    path = tmp_path / "json.py"  # must not stand in for the library's
    path.write_text(GOOD)
    second, first = load_tools(path)
    assert (second.name, first.name) == ("second", "first")
    assert await text_of(second, row={"n": 5}) == "5"
    assert json.loads("[1]") == [1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n\nraise ValueError('no key')", r"line 3\): ValueError: no key"),
        ("x = 1\ndef f(:", r"line 2\): SyntaxError"),
        ("import nothing_of_this_name", r"line 1\): ModuleNotFoundError"),
        ("import sys; sys.exit(4)", r"line 1\): SystemExit: 4"),
        ("def f(): pass", "holds no tools: write @tool"),
        (GOOD + "\nold = first\n@tool\ndef first():\n  'x'\n", "two tools are called 'first'"),
        ("from eyehand.actions import tool\n@tool\ndef f(a): 'x'\n", r"line 2\): TypeError: f ca"),
    ],
)
def test_a_file_of_tools_that_is_none_is_refused_with_what_to_do(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(ToolError, match=message) as caught:
        load_tools(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_of_tools_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"there is no file .*mine\.py"):
        load_tools(tmp_path / "mine.py")
    (tmp_path / "mine.txt").write_text(GOOD)
    with pytest.raises(ToolError, match=r"must end with \.py"):
        load_tools(tmp_path / "mine.txt")
