"""What is public says what it does, and its examples are true."""

import doctest
import importlib
import inspect
import pkgutil
from types import ModuleType

import pytest

FLOORS = ("model", "actions", "envs", "agent")


def modules() -> list[str]:
    names = []
    for floor in FLOORS:
        package = importlib.import_module(f"eyehand.{floor}")
        names.append(package.__name__)
        names += [
            found.name for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        ]
    return [name for name in names if not name.endswith("__main__")]


def public(module: ModuleType) -> dict[str, object]:
    """Every public class and function of a module, and every public method that it writes."""
    found: dict[str, object] = {}
    for name, value in vars(module).items():
        mine = getattr(value, "__module__", None) == module.__name__
        if name.startswith("_") or not mine or not (inspect.isclass(value) or callable(value)):
            continue
        found[name] = value
        for attribute, member in vars(value).items() if inspect.isclass(value) else ():
            function = member.fget if isinstance(member, property) else member
            if isinstance(function, staticmethod | classmethod):
                function = function.__func__
            if not attribute.startswith("_") and inspect.isfunction(function):
                found[f"{name}.{attribute}"] = function
    return found


@pytest.mark.parametrize("name", modules())
def test_the_examples_in_docstrings_are_true(name: str) -> None:
    module = importlib.import_module(name)
    result = doctest.testmod(module, optionflags=doctest.ELLIPSIS, report=True)
    assert result.failed == 0


def test_there_are_examples() -> None:
    counts = [doctest.testmod(importlib.import_module(name)).attempted for name in modules()]
    assert sum(counts) >= 5


@pytest.mark.parametrize("name", modules())
def test_everything_public_has_a_docstring(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__, f"{name} has no docstring"
    silent = [what for what, value in public(module).items() if not inspect.getdoc(value)]
    assert not silent, f"without docstring in {name}: {silent}"


@pytest.mark.parametrize("floor", [*FLOORS, "actions.dialects"])
def test_every_exported_name_has_a_docstring_of_its_own(floor: str) -> None:
    module = importlib.import_module(f"eyehand.{floor}")
    silent = []
    for name in module.__all__:
        value = getattr(module, name)
        # Values such as a union or a number are described where they are written.
        if (inspect.isclass(value) or inspect.isfunction(value)) and not value.__doc__:
            silent.append(name)
    assert not silent
