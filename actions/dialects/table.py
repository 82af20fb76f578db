"""The dialects by name, and which one a model was trained in."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .base import Dialect
from .computer_use import ComputerUseDialect
from .native import NativeDialect

Tools = Sequence[Mapping[str, Any]]

DIALECTS: Mapping[str, Callable[[Iterable[str], Tools], Dialect]] = {
    NativeDialect.name: NativeDialect,
    ComputerUseDialect.name: lambda actions, tools: ComputerUseDialect(tools),
}
"""Every dialect by its name in records and on the command line."""


def dialect_named(name: str, actions: Iterable[str], tools: Tools = ()) -> Dialect:
    """Make a dialect.

    Args:
        name: One of `DIALECTS`.
        actions: What can be done; a dialect with a vocabulary of its own does not list it.
        tools: What can be called, each with ``name``, ``description`` and ``parameters``.

    Raises:
        ValueError: There is none of that name.
    """
    if name not in DIALECTS:
        raise ValueError(f"there is no dialect {name!r}; there are {', '.join(sorted(DIALECTS))}")
    return DIALECTS[name](actions, tools)


def dialect_of(family: str) -> str:
    """Name the dialect that a model of a family was trained in, see ``Model.family``."""
    return NativeDialect.name if family == "script" else ComputerUseDialect.name
