"""Functions that a user lends to the model: ``@tool`` makes one of an ordinary Python function.

::

    @tool
    def price(item: str, quantity: int = 1) -> float:
        '''Look up what something costs.

Args:
            item: Its name in the catalogue.
            quantity: How many of it.
        '''
        return quantity * CATALOGUE[item]

The function's signature and docstring are the only description there is: the JSON Schema that the
model reads, the check of its arguments and the call itself all derive from them.
"""

import asyncio
import contextlib
import contextvars
import hashlib
import importlib.util
import inspect
import json
import re
import sys
import threading
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, Protocol

import pydantic
from jsonschema import Draft202012Validator, SchemaError
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import to_jsonable_python

from .errors import NoTools, ToolError


class Context(Protocol):
    """What a tool may know of the run it is called in.

    A parameter annotated with it is filled in by the agent; the model never sees it.
    """

    @property
    def goal(self) -> str:
        """What the user wants, in words."""
        ...

    def log(self, text: str) -> None:
        """Write a line into the record of the step. May be called from any thread."""
        ...


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came of a call.

    Attributes:
        text: What the model reads.
        error: What the tool raised; None where it returned. ``text`` tells the model of it,
            this keeps its traceback for people.
    """

    text: str
    error: BaseException | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Tool:
    """A function that the model may call. Made by ``@tool``.

    Attributes:
        name: What the model calls it by: the function's name.
        description: What it does: the docstring down to its first section.
        parameters: JSON Schema (draft 2020-12) of the arguments, an object.
        function: The function itself, for code that calls it directly.
    """

    name: str
    description: str
    parameters: dict[str, Any]
    function: Callable[..., Any] = field(repr=False)
    _model: type[pydantic.BaseModel] = field(repr=False)
    # Parameter name -> field of _model; None is the Context.
    _fields: dict[str, str | None] = field(repr=False)

    def check(self, arguments: Mapping[str, Any]) -> None:
        """Check arguments without calling anything.

        Raises:
            ToolError: The tool does not take them; the message lists everything that is wrong.
        """
        self._coerce(arguments)

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
            What the function returned: a text verbatim, None as ``ok``, anything else as JSON.
            If it raised, the error in words and the exception itself.

        Raises:
            ToolError: The tool does not take these arguments; nothing was called.
            TypeError: It asks for a context and none was given: a bug of the caller.
        """
        values = self._coerce(arguments)
        if context is None and None in self._fields.values():
            raise TypeError(f"the tool {self.name} asks for a Context, and was called without")
        positional: list[Any] = []
        named: dict[str, Any] = {}
        for parameter in inspect.signature(self.function).parameters.values():
            name = self._fields[parameter.name]
            value = context if name is None else getattr(values, name)
            if parameter.kind is parameter.POSITIONAL_ONLY:
                positional.append(value)
            else:
                named[parameter.name] = value
        try:
            if inspect.iscoroutinefunction(self.function):
                value = await self.function(*positional, **named)
            else:
                value = await _in_thread(
                    lambda: self.function(*positional, **named), name=f"tool {self.name}"
                )
            return ToolResult(_printable(_as_text(value)))
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise  # somebody cancels us; otherwise the tool awaited what was cancelled
            return _failed(error)
        except (Exception, SystemExit) as error:  # a tool must not end the run by sys.exit()
            return _failed(error)

    def _coerce(self, arguments: Mapping[str, Any]) -> pydantic.BaseModel:
        plain = dict(arguments)
        try:
            found = sorted(
                Draft202012Validator(self.parameters).iter_errors(plain),
                key=lambda error: [str(part) for part in error.absolute_path],
            )
            if found:
                self._refuse([(error.absolute_path, error.message) for error in found])
            return self._model.model_validate(plain)
        except pydantic.ValidationError as error:
            problems = [(item["loc"], item["msg"]) for item in error.errors(include_url=False)]
            self._refuse(problems, error)
        except RecursionError as error:
            self._refuse([((), "the arguments are nested too deeply")], error)

    def _refuse(
        self,
        problems: Sequence[tuple[Iterable[str | int], str]],
        cause: BaseException | None = None,
    ) -> NoReturn:
        lines = []
        for path, message in problems:
            where = ".".join(str(part) for part in path)
            lines.append(f"{where}: {message:.200}" if where else f"{message:.200}")
        takes = ", ".join(self.parameters.get("properties", {})) or "no arguments"
        raise ToolError(
            f"tool {self.name}: {'; '.join(lines)} ({self.name} takes {takes})"
        ) from cause


def tool(function: Callable[..., Any]) -> Tool:
    """Make a tool of a sync or async function.

    The first lines of the docstring tell the model what it does, the ``Args`` section what each
    parameter means. A parameter annotated ``Context`` is filled in by the agent.

    Raises:
        TypeError: The model could not be told how to call it: a parameter without annotation,
            ``*args``, a type that has no JSON form, no docstring, an ``Args`` entry for a
            parameter that does not exist.

    Example:
        >>> @tool
        ... def double(number: int) -> int:
        ...     "Multiply by two."
        ...     return 2 * number
        >>> double.parameters["properties"], asyncio.run(double.call({"number": 21})).text
        ({'number': {'type': 'integer'}}, '42')
    """
    if not (inspect.isfunction(function) or inspect.ismethod(function)):
        raise TypeError(f"@tool goes on a function, not on {function!r:.80}")
    name = function.__name__

    def refuse(why: str, cause: BaseException | None = None) -> NoReturn:
        raise TypeError(f"{name} cannot be a tool: {why}") from cause

    if not name.isidentifier():
        refuse("it has no name; write it with def")
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        refuse("it yields; return the whole result instead")
    description, documented = _read_docstring(inspect.getdoc(function) or "")
    if not description:
        refuse("it has no docstring; its first line tells the model what the tool does")
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except Exception as error:
        refuse(f"its annotations cannot be read ({error})", error)

    fields: dict[str, str | None] = {}
    definitions: dict[str, Any] = {}
    for number, parameter in enumerate(inspect.signature(function).parameters.values()):
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            refuse(f"{parameter} takes anything, so no schema can say what; name each parameter")
        if parameter.name not in hints:
            refuse(f'parameter {parameter.name!r} needs a type, such as "{parameter.name}: str"')
        if hints[parameter.name] is Context:
            fields[parameter.name] = None
            continue
        # Neutral field names, because a parameter may well be called "json" or "model_dump".
        fields[parameter.name] = f"field_{number}"
        required = parameter.default is parameter.empty
        definitions[f"field_{number}"] = (
            hints[parameter.name],
            pydantic.Field(... if required else parameter.default, alias=parameter.name),
        )
    for extra in documented.keys() - fields.keys():
        refuse(f"its docstring describes a parameter {extra!r} that it does not have")

    config = pydantic.ConfigDict(extra="forbid", frozen=True)
    try:
        model = pydantic.create_model(name, __config__=config, **definitions)
        schema = model.model_json_schema(schema_generator=_Schema)
        Draft202012Validator.check_schema(schema)
    except (pydantic.errors.PydanticUserError, SchemaError, TypeError) as error:
        reason = str(error).splitlines()[0]
        refuse(f"a parameter's type or default has no JSON form ({reason})", error)
    schema.pop("title", None)
    for parameter_name, spec in schema["properties"].items():
        if documented.get(parameter_name):
            spec["description"] = documented[parameter_name]
    return Tool(name, description, schema, function, model, fields)


def tools_by_name(tools: Iterable[Tool]) -> dict[str, Tool]:
    """Give tools by their names, in the order given.

    Raises:
        ToolError: Two tools have the same name.
    """
    table: dict[str, Tool] = {}
    for each in tools:
        if table.setdefault(each.name, each) is not each:
            raise ToolError(f"two tools are called {each.name!r}: rename one of the functions")
    return table


def load_tools(path: str | Path) -> list[Tool]:
    """Import a Python file and give the tools in it, in the order they are written.

    The file's code runs, as with any import. Tools that it imports from elsewhere count too.

    Raises:
        ToolError: The file is missing, fails to import, or holds two tools of one name.
        NoTools: It holds none; what else it registers, such as conditions, is registered.
    """
    path = Path(path).resolve()
    if not path.is_file():
        raise ToolError(f"there is no file {path}: tools come from a Python file")
    # A name of its own, so that a user's json.py or tools.py replaces no module that is in use.
    name = f"eyehand_tools_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ToolError(f"{path} is no Python file: its name must end with .py")
    module = importlib.util.module_from_spec(spec)
    before = sys.modules.get(name)
    sys.modules[name] = module  # dataclasses and pickle look their module up there
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        if before is None:
            del sys.modules[name]
        else:
            sys.modules[name] = before
        raise ToolError(f"{_place(error, path)}: {type(error).__name__}: {error}") from error
    found = {id(value): value for value in vars(module).values() if isinstance(value, Tool)}
    if not found:
        raise NoTools(
            f"{path} holds no tools: write @tool (from eyehand.actions import tool) above the "
            "functions that the model may call"
        )
    try:
        return list(tools_by_name(found.values()).values())
    except ToolError as error:
        raise ToolError(f"{path}: {error}") from error


class _Schema(GenerateJsonSchema):
    """Leaves out the titles that repeat each parameter's name, and refuses where pydantic warns."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def emit_warning(self, kind: Any, detail: str) -> None:
        raise TypeError(detail)


async def _in_thread(function: Callable[[], Any], *, name: str) -> Any:
    """Run a function in a thread of its own and give what it returns or raises.

    Not ``asyncio.to_thread``: its threads are waited for when the program ends, so a tool that
    hangs would make Ctrl-C hang too; and an event loop never hears of a StopIteration.
    """
    loop = asyncio.get_running_loop()
    finished: asyncio.Future[tuple[Any, BaseException | None]] = loop.create_future()

    def report(value: Any, error: BaseException | None) -> None:
        if not finished.done():
            finished.set_result((value, error))

    def work() -> None:
        value, error = None, None
        try:
            value = function()
        except BaseException as raised:
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(report, value, error)

    run = contextvars.copy_context().run
    threading.Thread(target=run, args=(work,), name=name, daemon=True).start()
    value, error = await finished
    if isinstance(error, StopIteration):
        raise RuntimeError("the tool raised StopIteration") from error
    if error is not None:
        raise error
    return value


def _failed(error: BaseException) -> ToolResult:
    return ToolResult(_printable(f"error: {type(error).__name__}: {error}".rstrip(": ")), error)


def _as_text(value: Any) -> str:
    if value is None:
        return "ok"
    if isinstance(value, str):
        return value
    return json.dumps(to_jsonable_python(value), ensure_ascii=False)


def _printable(text: str) -> str:
    """Escape lone surrogates (file names may hold them): no record or tokenizer takes them."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _place(error: BaseException, path: Path) -> str:
    """Say where in a user's file an import failed: ``FILE.py, line 3``."""
    line = error.lineno if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"{path} cannot be imported" + (f" (line {line})" if line else "")


_SECTION = re.compile(
    r"(Args|Arguments|Parameters|Returns?|Yields?|Raises|Examples?|Notes?|Attributes|Source):\s*$"
)
_ENTRY = re.compile(r"\*{0,2}(\w+)\s*(?:\([^)]*\))?:\s*(.*)$")


def _read_docstring(text: str) -> tuple[str, dict[str, str]]:
    """Split a Google docstring into what it says and what it says of each parameter."""
    summary: list[str] = []
    entries: dict[str, list[str]] = {}
    section, current, indent = "", "", 0
    for line in text.splitlines():
        if heading := _SECTION.match(line):
            section = heading[1]
        elif not section:
            summary.append(line.rstrip())
        elif section in ("Args", "Arguments", "Parameters") and line.strip():
            depth = len(line) - len(line.lstrip())
            indent = indent or depth
            if depth <= indent and (entry := _ENTRY.match(line.strip())):
                current = entry[1]
                entries[current] = [entry[2]]
            elif current:
                entries[current].append(line.strip())
    described = {name: " ".join(filter(None, lines)) for name, lines in entries.items()}
    return "\n".join(summary).strip(), described
