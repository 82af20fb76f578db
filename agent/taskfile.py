"""Task files: YAML, with the line named in every complaint."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from .checks import as_written, not_text
from .errors import TaskError
from .places import FORMS, PLACES, Place, place_named
from .task import VARIABLE, Limits, Task, TaskStep

T = TypeVar("T")
SCRATCH = "scratch"
"""A variable that every task has when it is run by the command line: an empty folder, made for the
run and removed after it."""
_FIELDS = ("name", "env", "limits", "variables", "steps")


def load_task(path: str | Path, variables: Mapping[str, str] | None = None) -> Task:
    """Read a task file.

    Args:
        path: A YAML file with ``name``, ``env``, ``limits``, ``variables`` and ``steps``.
        variables: Values that override those of the file. ``{{name}}`` anywhere in a text of the
            file stands for the variable's value. ``scratch`` may be given without being declared.

    Raises:
        TaskError: It cannot be read or understood; names the file and the line.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise TaskError(f"cannot be read: {error.strerror}", path=path) from error
    except UnicodeDecodeError as error:
        raise TaskError(f"is not UTF-8 text: {error.reason}", path=path) from error
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is not None:
            _require_plain(node, loader, path)
        data = None if node is None else loader.construct_document(node)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        line = None if mark is None else mark.line + 1
        raise TaskError(f"is not valid YAML: {problem}", path=path, line=line) from error
    except RecursionError as error:
        raise TaskError("is nested too deeply", path=path) from error
    return _Reader(path, node).task(data, dict(variables or {}))


class _Float(float):
    """A number that remembers how it was written: ``type: 1.10`` types 1.10."""

    source: str

    def __str__(self) -> str:
        return self.source


class _Loader(yaml.SafeLoader):
    """YAML whose texts stay texts.

    YAML 1.1 reads ``12:30`` as 750, ``0123`` as 83, ``yes`` as true and ``2026-01-01`` as a date:
    what was meant to be typed would be typed otherwise. Here only null, true, false and plain
    decimal numbers are anything but text.
    """

    yaml_implicit_resolvers = {}  # noqa: RUF012 - as PyYAML has it

    def construct_number(self, node: yaml.ScalarNode) -> float:
        """Read a number with a point."""
        number = _Float(node.value)
        number.source = node.value
        return number


_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$"), [*"~n", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), [*"tf"])
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^(?:0|-?[1-9][0-9]{0,17})$"), [*"-0123456789"]
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^-?(?:0|[1-9][0-9]*)?\.[0-9]+(?:[eE][-+]?[0-9]+)?$"),
    [*"-.0123456789"],
)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_number)

_MAX_NODES = 100_000
_MAX_DEPTH = 100
_TEXT = "tag:yaml.org,2002:str"


def _require_plain(root: yaml.Node, loader: _Loader, path: Path) -> None:
    """Refuse what PyYAML reads without a word: keys given twice, parts that hold themselves, tags.

    Raises:
        TaskError: With the line.
    """
    sizes: dict[int, int] = {}
    inside: set[int] = set()

    def wrong(message: str, node: yaml.Node) -> TaskError:
        return TaskError(message, path=path, line=node.start_mark.line + 1)

    def size(node: yaml.Node) -> int:
        if id(node) in inside:
            raise wrong("this part holds itself: an alias cannot stand inside what it names", node)
        if len(inside) > _MAX_DEPTH:
            raise wrong(f"it is nested deeper than {_MAX_DEPTH}", node)
        if id(node) not in sizes:
            scalar = isinstance(node, yaml.ScalarNode)
            meant = loader.resolve(type(node), node.value, (True, False))  # type: ignore[no-untyped-call]
            if node.tag != meant and not (scalar and node.tag == _TEXT):
                raise wrong(f"the tag {node.tag} cannot be used here: leave it out", node)
            if scalar and not_text(node.value):
                raise wrong("half a surrogate pair is no text: remove it", node)
            inside.add(id(node))
            children = node.value if isinstance(node, yaml.SequenceNode) else []
            if isinstance(node, yaml.MappingNode):
                keys: set[str] = set()
                for key, value in node.value:
                    if not isinstance(key, yaml.ScalarNode) or key.tag != _TEXT:
                        raise wrong("a name is a text here: put it in quotes", key)
                    if key.value in keys:
                        raise wrong(f"{key.value!r} is given twice", key)
                    keys.add(key.value)
                    children += [key, value]
            sizes[id(node)] = 1 + sum(size(child) for child in children)
            inside.remove(id(node))
        if sizes[id(node)] > _MAX_NODES:
            raise wrong(f"it comes to more than {_MAX_NODES} parts", node)
        return sizes[id(node)]

    size(root)


class _Reader:
    """Turns the parsed YAML into a task, knowing the line of every part."""

    def __init__(self, path: Path, node: yaml.Node | None) -> None:
        self._path = path
        self._node = node

    def task(self, data: Any, overrides: dict[str, str]) -> Task:
        if data is None:
            raise TaskError("is empty: a task needs at least `steps:`", path=self._path)
        if not isinstance(data, dict):
            raise self._wrong("a task is a mapping with name, env, limits, variables, steps")
        for key in data:
            if key not in _FIELDS:
                raise self._wrong(f"unknown field {key!r}; there are {', '.join(_FIELDS)}", key)
        variables = self._variables(data.get("variables"), overrides)
        steps = data.get("steps")
        if not isinstance(steps, list) or not steps:
            raise self._wrong(
                "a task needs `steps:`, a list with at least one step",
                *(("steps",) * ("steps" in data)),
            )
        filled = {
            key: self._filled(data[key], variables, key) for key in data if key != "variables"
        }
        parsed = [
            self._checked(partial(TaskStep.of, step), "steps", number)
            for number, step in enumerate(filled["steps"])
        ]
        return self._checked(
            lambda: Task(
                name=self._path.stem if filled.get("name") is None else filled["name"],
                env=self._env(filled.get("env")),
                limits=self._limits(filled.get("limits")),
                variables=variables,
                steps=tuple(parsed),
                folder=self._path.parent.absolute(),
            )
        )

    def _variables(self, given: Any, overrides: dict[str, str]) -> dict[str, str]:
        if given is not None and not isinstance(given, dict):
            raise self._wrong("variables is a mapping of names to texts", "variables")
        variables: dict[str, str] = {}
        for name, value in (given or {}).items():
            if not isinstance(name, str) or not VARIABLE.fullmatch(f"{{{{{name}}}}}"):
                raise self._wrong(f"{name!r} is no name for a variable", "variables", name)
            if isinstance(value, dict | list) or value is None:
                raise self._wrong(f"variable {name} must be a text or a number", "variables", name)
            variables[name] = as_written(value)
        for name, value in overrides.items():
            if not_text(value):
                raise TaskError(f"the value of {name} is not UTF-8 text")
            if name not in variables and name != SCRATCH:
                known = ", ".join(variables) or "none"
                raise self._wrong(f"there is no variable {name!r} to set; there are: {known}")
            variables[name] = value
        return variables

    def _filled(self, value: Any, variables: dict[str, str], *where: Any) -> Any:
        """Replace ``{{name}}`` in every text, once: values are not searched again."""
        if isinstance(value, str):

            def fill(match: Any) -> str:
                if match[1] not in variables:
                    known = ", ".join(variables) or "none"
                    raise self._wrong(f"unknown variable {match[0]}; there are: {known}", *where)
                return variables[match[1]]

            return VARIABLE.sub(fill, value)
        if isinstance(value, list):
            return [self._filled(item, variables, *where, i) for i, item in enumerate(value)]
        if isinstance(value, dict):
            return {k: self._filled(item, variables, *where, k) for k, item in value.items()}
        return value

    def _env(self, env: Any) -> Place | None:
        if env is None:
            return None
        if isinstance(env, str):
            return self._checked(lambda: place_named(env), "env")
        if isinstance(env, dict) and len(env) == 1:
            ((kind, given),) = env.items()
            if kind in PLACES:
                spec, _ = PLACES[kind]
                return self._checked(lambda: spec.model_validate(given or {}), "env", kind)
        raise self._wrong(
            f"env is {FORMS}, or one of {', '.join(PLACES)} with its settings below it", "env"
        )

    def _limits(self, limits: Any) -> Limits:
        return self._checked(lambda: Limits.model_validate(limits or {}), "limits")

    def _checked(self, make: Callable[[], T], *where: Any) -> T:
        try:
            return make()
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            message = first["msg"].removeprefix("Value error, ")
            field = ".".join(str(part) for part in first["loc"])
            if first["type"] == "extra_forbidden":
                message = "unknown field"
            raise self._wrong(
                f"{field}: {message}" if field else message, *where, *first["loc"]
            ) from error
        except ValueError as error:
            raise self._wrong(str(error), *where) from error

    def _wrong(self, message: str, *where: Any) -> TaskError:
        return TaskError(message, path=self._path, line=self._line(where))

    def _line(self, where: tuple[Any, ...]) -> int | None:
        """Find the line of a part by its keys and indexes; the nearest known one."""
        node = self._node
        line = None
        for part in where:
            child: yaml.Node | None = None
            if isinstance(node, yaml.MappingNode):
                for key, value in node.value:
                    if key.value == str(part):
                        line, child = key.start_mark.line + 1, value
            elif isinstance(node, yaml.SequenceNode) and part in range(len(node.value)):
                item = node.value[part]
                line, child = item.start_mark.line + 1, item
            if child is None:
                break
            node = child
        return line
