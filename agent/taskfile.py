"""Task files: YAML, with the line named in every complaint."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from .checks import as_written, not_text
from .errors import BadUsage, TaskError
from .places import FORMS, PLACES, Place, place_named
from .plain_yaml import Document, complaints
from .secret_sources import parse_source
from .secret_store import wrong_name
from .task import VARIABLE, Limits, Task, TaskStep

T = TypeVar("T")
SCRATCH = "scratch"
"""A variable that every task has when it is run by the command line: an empty folder, made for the
run and removed after it."""
_FIELDS = ("name", "env", "limits", "variables", "secrets", "steps")


def load_task(path: str | Path, variables: Mapping[str, str] | None = None) -> Task:
    """Read a task file.

    Args:
        path: A YAML file with ``name``, ``env``, ``limits``, ``variables``, ``secrets`` and
            ``steps``.
        variables: Values that override those of the file. ``{{name}}`` anywhere in a text of the
            file stands for the variable's value. ``scratch`` may be given without being declared.

    Raises:
        TaskError: It cannot be read or understood; names the file and the line.
    """
    path = Path(path)
    document = Document.read(path, lambda message, line: TaskError(message, path=path, line=line))
    return _Reader(path, document).task(document.data, dict(variables or {}))


class _Reader:
    """Turns the parsed YAML into a task, knowing the line of every part."""

    def __init__(self, path: Path, document: Document) -> None:
        self._path = path
        self._document = document

    def task(self, data: Any, overrides: dict[str, str]) -> Task:
        if data is None:
            raise TaskError("is empty: a task needs at least `steps:`", path=self._path)
        if not isinstance(data, dict):
            raise self._wrong("a task is a mapping with " + ", ".join(_FIELDS))
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
            key: self._filled(data[key], variables, key)
            for key in data
            if key not in ("variables", "secrets")
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
                secrets=self._secrets(data.get("secrets")),
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

    def _secrets(self, given: Any) -> dict[str, str]:
        if given is not None and not isinstance(given, dict):
            raise self._wrong("secrets is a mapping of names to sources", "secrets")
        for name, source in (given or {}).items():
            if not isinstance(source, str):
                raise self._wrong(f"the source of secret {name} is a text", "secrets", name)
            try:
                parse_source(source, name)
            except BadUsage as error:
                raise self._wrong(str(error), "secrets", name) from error
            if wrong := wrong_name(name):
                raise self._wrong(wrong, "secrets", name)
        return dict(given or {})

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
            place, message = complaints(error)[0]
            raise self._wrong(message, *where, *place) from error
        except ValueError as error:
            raise self._wrong(str(error), *where) from error

    def _wrong(self, message: str, *where: Any) -> TaskError:
        return TaskError(message, path=self._path, line=self._document.line(*where))
