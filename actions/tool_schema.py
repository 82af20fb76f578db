"""What a function takes: read from its signature, or checked against a JSON Schema given for it."""

import copy
import inspect
import json
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import pydantic
from jsonschema import Draft202012Validator, SchemaError
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from .errors import ToolError

Problem = tuple[tuple[str | int, ...], str]
"""Where in the arguments, and what is wrong there."""


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


class Undescribable(Exception):
    """A model could not be told how to call a function. The message says why."""


@dataclass(frozen=True, slots=True, eq=False)
class Takes:
    """What a function takes.

    Attributes:
        schema: JSON Schema (draft 2020-12) of the model's arguments, an object.
        signature: The function's.
        context: Parameters that the agent fills in.
        fields: Parameter -> its field of ``model``.
        model: Turns arguments into the types of the signature; None where the schema was given:
            then they stay the JSON that they are.
    """

    schema: dict[str, Any]
    signature: inspect.Signature
    context: frozenset[str]
    fields: dict[str, str] = field(default_factory=dict)
    model: type[pydantic.BaseModel] | None = None

    def read(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Give the arguments as values for the function, by parameter.

        Raises:
            ToolError: They do not fit; the message lists all that is wrong with them.
        """
        try:
            # A copy: what a function does to its arguments must not change the record of the call.
            plain = copy.deepcopy(dict(arguments))
            problems = self._problems(plain)
            if problems:
                raise ToolError(_explain(problems))
            if self.model is None:
                return plain
            values = self.model.model_validate(plain)
        except pydantic.ValidationError as error:
            found = [(tuple(item["loc"]), item["msg"]) for item in error.errors(include_url=False)]
            raise ToolError(_explain(found)) from error
        except RecursionError as error:
            raise ToolError("the arguments are nested too deeply") from error
        return {name: getattr(values, field) for name, field in self.fields.items()}

    def _problems(self, plain: dict[str, Any]) -> list[Problem]:
        # The empty registry: a schema is never fetched from anywhere.
        validator = Draft202012Validator(self.schema, registry=Registry())
        found = sorted(
            validator.iter_errors(plain),
            key=lambda error: [str(part) for part in error.absolute_path],
        )
        problems: list[Problem] = [(tuple(e.absolute_path), e.message) for e in found]
        if not problems and not _takes_any(self.signature):
            extra = plain.keys() - (self.signature.parameters.keys() - self.context)
            problems += [((), f"there is no parameter {name!r}") for name in sorted(extra)]
        return problems

    def bind(
        self, values: Mapping[str, Any], context: Context | None
    ) -> tuple[list[Any], dict[str, Any]]:
        """Give what the function is called with, by position and by name."""
        rest = dict(values)
        positional: list[Any] = []
        named: dict[str, Any] = {}
        for name, parameter in self.signature.parameters.items():
            if parameter.kind is parameter.VAR_KEYWORD:
                continue
            value = context if name in self.context else rest.pop(name, parameter.default)
            if parameter.kind is parameter.POSITIONAL_ONLY:
                positional.append(value)
            else:
                named[name] = value
        return positional, {**named, **rest}


def from_signature(function: Callable[..., Any], described: Mapping[str, str]) -> Takes:
    """Read what a function takes from its signature.

    Args:
        function: Every parameter needs a type.
        described: What its docstring says of each parameter.

    Raises:
        Undescribable: A model could not be told.
    """
    signature, hints, context = _parts(function)
    fields: dict[str, str] = {}
    definitions: dict[str, Any] = {}
    for number, (name, parameter) in enumerate(signature.parameters.items()):
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise Undescribable(
                f"{parameter} takes anything, so no schema can say what; name each parameter"
            )
        if name in context:
            continue
        if name not in hints:
            raise Undescribable(f'parameter {name!r} needs a type, such as "{name}: str"')
        # Neutral field names, because a parameter may well be called "json" or "model_dump".
        fields[name] = f"field_{number}"
        definitions[fields[name]] = (hints[name], _field(parameter, hints[name]))
    for extra in described.keys() - signature.parameters.keys():
        raise Undescribable(f"its docstring describes a parameter {extra!r} that it does not have")
    config = pydantic.ConfigDict(extra="forbid", frozen=True)
    try:
        model = pydantic.create_model("Arguments", __config__=config, **definitions)
        schema = model.model_json_schema(schema_generator=_Schema)
        Draft202012Validator.check_schema(schema)
    except (pydantic.errors.PydanticUserError, SchemaError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise Undescribable(f"a parameter's type or default has no JSON form ({reason})") from error
    schema.pop("title", None)
    for name, spec in schema["properties"].items():
        if described.get(name):
            spec["description"] = described[name]
    _require_fitting_defaults(schema)
    return Takes(schema, signature, context, fields, model)


def from_schema(function: Callable[..., Any], given: Mapping[str, Any]) -> Takes:
    """Check a JSON Schema that is given for a function.

    Args:
        function: Its parameters, or ``**kwargs``, must take what the schema allows.
        given: JSON Schema, draft 2020-12, of an object.

    Raises:
        Undescribable: It is no such schema, or not of this function.
    """
    schema = _checked(given)
    signature, _, context = _parts(function)
    required = set(schema.get("required", ()))
    names = schema.get("properties", {}).keys() | required
    for name, parameter in signature.parameters.items():
        if parameter.kind is parameter.VAR_POSITIONAL:
            raise Undescribable(f"{parameter} cannot be given by name; use **{name}")
        if name in context and name in names:
            raise Undescribable(f"its schema names {name!r}, which the agent fills in")
        if parameter.kind is parameter.VAR_KEYWORD or name in context:
            continue
        if parameter.default is parameter.empty and name not in required:
            raise Undescribable(
                f"the function needs {name!r}, which its schema does not require: require it, or "
                "give it a default"
            )
    if not _takes_any(signature):
        for name in sorted(names - signature.parameters.keys()):
            raise Undescribable(f"its schema names {name!r}, which the function does not take")
    return Takes(schema, signature, context)


def _parts(
    function: Callable[..., Any],
) -> tuple[inspect.Signature, dict[str, Any], frozenset[str]]:
    """Give a function's signature, its types, and the parameters that take the context."""
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except Exception as error:
        raise Undescribable(f"its annotations cannot be read ({error})") from error
    signature = inspect.signature(function)
    # typing.Annotated carries what it annotates as __origin__.
    context = {n for n, hint in hints.items() if getattr(hint, "__origin__", hint) is Context}
    return signature, hints, frozenset(context & signature.parameters.keys())


def _takes_any(signature: inspect.Signature) -> bool:
    return any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())


def _field(parameter: inspect.Parameter, hint: Any) -> Any:
    """Describe one parameter for pydantic."""
    name, default = parameter.name, parameter.default
    texts = [text for text in getattr(hint, "__metadata__", ()) if isinstance(text, str)]
    settings: dict[str, Any] = {"alias": name}
    if texts:
        settings["description"] = texts[0]
    if default is parameter.empty:
        return pydantic.Field(..., **settings)
    if isinstance(default, FieldInfo):
        raise Undescribable(
            f"the default of {name!r} is a pydantic Field, which the function itself would get: "
            f"write {name}: Annotated[TYPE, Field(...)]"
        )
    return pydantic.Field(default, **settings)


def _require_fitting_defaults(schema: dict[str, Any]) -> None:
    """Check that a model which repeats a default is not refused for it."""
    defaults = {n: spec["default"] for n, spec in schema["properties"].items() if "default" in spec}
    for error in Draft202012Validator({**schema, "required": []}).iter_errors(defaults):
        raise Undescribable(
            f"the default of {error.absolute_path[0]!r} is not of its type ({error.message:.200}): "
            'an optional parameter is written "TYPE | None = None"'
        )


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """Give a schema as plain JSON of our own.

    Raises:
        Undescribable: It is no JSON Schema of an object, or refers to something outside it.
    """
    if not isinstance(given, Mapping):
        raise Undescribable(f"parameters is a JSON Schema as a dict, not {given!r:.80}")
    try:
        schema: dict[str, Any] = json.loads(json.dumps(dict(given), allow_nan=False))
        Draft202012Validator.check_schema(schema)
    except (TypeError, ValueError, RecursionError) as error:
        raise Undescribable(f"its schema has no JSON form ({error})") from error
    except SchemaError as error:
        where = "/".join(str(part) for part in error.absolute_path) or "its top"
        raise Undescribable(
            f"its schema is no JSON Schema (draft 2020-12): {where}: {error.message:.200}"
        ) from error
    if schema.get("type") != "object":
        raise Undescribable('its schema must be of an object: {"type": "object", ...}')
    resolver = Registry().resolver_with_root(DRAFT202012.create_resource(schema))
    for reference in _references(schema):
        try:
            resolver.lookup(reference)
        except Unresolvable as error:
            raise Undescribable(
                f"its schema refers to {reference!r}, which is not in it: put it under $defs"
            ) from error
    return schema


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key in ("$ref", "$dynamicRef") and isinstance(value, str):
                yield value
            yield from _references(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from _references(item)


def _explain(problems: list[Problem]) -> str:
    lines = []
    for path, message in problems:
        where = ".".join(str(part) for part in path)
        lines.append(f"{where}: {message:.200}" if where else f"{message:.200}")
    return "; ".join(lines)


class _Schema(GenerateJsonSchema):
    """Leaves out the titles that repeat each parameter's name, and refuses where pydantic warns."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def emit_warning(self, kind: Any, detail: str) -> None:
        raise TypeError(detail)
