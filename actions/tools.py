"""Functions that a user lends to the model: ``@tool`` makes one of an ordinary Python function.

::

    @tool
    def price(item: str, quantity: int = 1) -> float:
        '''Look up what something in the catalogue costs.'''
        return quantity * CATALOGUE[item]

The function's signature and docstring are the only description there is: the JSON Schema that the
model reads, the check of its arguments and the call itself all derive from them. A function whose
description comes from elsewhere brings its schema: ``@tool(parameters={...})``.
"""

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NoReturn, overload

from .errors import ToolError
from .schema import ACTIONS
from .tool_calls import call
from .tool_docstring import read_docstring
from .tool_results import ToolResult
from .tool_schema import Context, Takes, Undescribable, from_schema, from_signature

TIMEOUT_S = 60.0
"""How long a call may take where the tool says nothing else, in seconds."""

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_-]{0,63}")
"""What every dialect can write: the strictest function-calling formats take no more."""


@dataclass(frozen=True, slots=True, eq=False)
class Tool:
    """A function that the model may call. Made by ``@tool``.

    Attributes:
        name: What the model calls it by.
        description: What it does, for the model.
        parameters: JSON Schema (draft 2020-12) of the arguments, an object.
        function: The function itself, for code that calls it directly.
        timeout_s: How long a call may take, in seconds.
        sensitive: Whether it is refused until the user allows it by name.
        terminal: Whether the goal is reached once a call of it succeeded.
    """

    name: str
    description: str
    parameters: dict[str, Any]
    function: Callable[..., Any] = field(repr=False)
    timeout_s: float
    sensitive: bool
    terminal: bool
    _takes: Takes = field(repr=False)

    def check(self, arguments: Mapping[str, Any]) -> None:
        """Check arguments without calling anything.

        Raises:
            ToolError: The tool does not take them; the message lists everything that is wrong.
        """
        self._read(arguments)

    async def call(
        self, arguments: Mapping[str, Any], context: Context | None = None
    ) -> ToolResult:
        """Check the arguments and call the function.

        A sync function runs in a thread of its own. Cancelling stops the wait at once, but no
        thread can be killed: such a function goes on by itself until it returns.

        Args:
            arguments: As the model wrote them.
            context: For a tool that asks for one.

        Returns:
            What the function returned: a text verbatim, None as ``ok``, pictures as pictures,
            anything else as JSON. If it raised, or took longer than ``timeout_s``, the error in
            words and the exception itself.

        Raises:
            ToolError: The tool does not take these arguments; nothing was called.
            TypeError: It asks for a context and none was given: a bug of the caller.
        """
        values = self._read(arguments)
        if context is None and self._takes.context:
            raise TypeError(f"the tool {self.name} asks for a Context, and was called without")
        positional, named = self._takes.bind(values, context)
        function = partial(self.function, *positional, **named)
        return await call(function, name=f"tool {self.name}", timeout_s=self.timeout_s)

    def _read(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return self._takes.read(arguments)
        except ToolError as error:
            takes = ", ".join(self.parameters.get("properties", {})) or "no arguments"
            raise ToolError(f"tool {self.name}: {error} ({self.name} takes {takes})") from error


@overload
def tool(
    function: Callable[..., Any],
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    timeout_s: float = TIMEOUT_S,
    sensitive: bool = False,
    terminal: bool = False,
) -> Tool: ...


@overload
def tool(
    *,
    name: str | None = None,
    description: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    timeout_s: float = TIMEOUT_S,
    sensitive: bool = False,
    terminal: bool = False,
) -> Callable[[Callable[..., Any]], Tool]: ...


def tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    timeout_s: float = TIMEOUT_S,
    sensitive: bool = False,
    terminal: bool = False,
) -> Tool | Callable[[Callable[..., Any]], Tool]:
    """Make a tool of a sync or async function.

    The first lines of the docstring tell the model what it does, the ``Args`` section what each
    parameter means (so does ``Annotated[str, "what it means"]``). A parameter annotated
    ``Context`` is filled in by the agent.

    Args:
        function: The function; without it, a decorator is given: ``@tool(sensitive=True)``.
        name: What the model calls it by; default: the function's name.
        description: What it does; default: the docstring down to its first section.
        parameters: JSON Schema (draft 2020-12) of the arguments, an object, in place of the
            signature. The function gets the JSON as it is, by name or as ``**kwargs``.
        timeout_s: How long a call may take, in seconds.
        sensitive: Refuse it until the user allows it by name.
        terminal: A call that succeeds ends the goal as reached.

    Raises:
        TypeError: The model could not be told how to call it: a parameter without annotation,
            ``*args``, a type that has no JSON form, a default that is not of its type, no
            docstring, an ``Args`` entry for a parameter that does not exist, a schema that is none
            or that the function cannot take, a name that is no name or that an action has.

    Example:
        >>> import asyncio
        >>> @tool
        ... def double(number: int) -> int:
        ...     "Multiply by two."
        ...     return 2 * number
        >>> double.parameters["properties"], asyncio.run(double.call({"number": 21})).text
        ({'number': {'type': 'integer'}}, '42')
    """
    if function is None:
        return lambda function: tool(
            function,
            name=name,
            description=description,
            parameters=parameters,
            timeout_s=timeout_s,
            sensitive=sensitive,
            terminal=terminal,
        )
    if not (inspect.isfunction(function) or inspect.ismethod(function)):
        raise TypeError(f"@tool goes on a function, not on {function!r:.80}")
    called = function.__name__ if name is None else name

    def refuse(why: str, cause: BaseException | None = None) -> NoReturn:
        raise TypeError(f"{called} cannot be a tool: {why}") from cause

    if name is None and not called.isidentifier():
        refuse("it has no name; write it with def, or give one: name=")
    if not _NAME.fullmatch(called):
        refuse("a name is up to 64 of a-z, A-Z, 0-9, _ and -, and begins with a letter or _")
    if called in ACTIONS:
        refuse("an action is called so; rename the function, or give another name: name=")
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        refuse("it yields; return the whole result instead")
    if type(timeout_s) not in (int, float) or not 0 < timeout_s < float("inf"):
        refuse(f"timeout_s is a number of seconds, not {timeout_s!r}")
    summary, described = read_docstring(inspect.getdoc(function) or "")
    description = summary if description is None else description.strip()
    if not description:
        refuse("it has no docstring; its first line tells the model what the tool does")
    try:
        if parameters is None:
            takes = from_signature(function, described)
        else:
            takes = from_schema(function, parameters)
    except Undescribable as error:
        refuse(str(error), error)
    return Tool(called, description, takes.schema, function, timeout_s, sensitive, terminal, takes)


def tools_by_name(tools: Iterable[Tool]) -> dict[str, Tool]:
    """Give tools by their names, in the order given.

    Raises:
        ToolError: Two tools have the same name.
        TypeError: One is no tool.
    """
    table: dict[str, Tool] = {}
    for each in tools:
        if not isinstance(each, Tool):
            raise TypeError(f"{each!r:.80} is no tool: write @tool above the function")
        if table.setdefault(each.name, each) is not each:
            raise ToolError(f"two tools are called {each.name!r}: rename one of the functions")
    return table
