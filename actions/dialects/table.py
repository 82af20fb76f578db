"""The dialects by name, and which one a checkpoint was trained in."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..geometry import Space
from .base import Dialect, Tools
from .computer_use import ComputerUseDialect, Qwen3ComputerDialect
from .mobile_use import MobileUseDialect, Qwen3MobileDialect
from .native import NativeDialect


class Named(Protocol):
    """What of a model says how it is spoken to; see `Model`."""

    @property
    def name(self) -> str:
        """Such as ``ByteDance-Seed/UI-TARS-1.5-7B``."""
        ...

    @property
    def family(self) -> str:
        """Such as ``qwen2_5_vl``; ``script`` where nothing was trained."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """A dialect in the table.

    Attributes:
        make: Makes it, from tools and whether the env is a phone.
        models: Which checkpoints speak it, in words.
        pattern: Regular expression of their names; empty: none is told by its name.
    """

    make: Callable[[Tools, bool], Dialect]
    models: str
    pattern: str = ""


def _simple(kind: Any) -> Callable[[Tools, bool], Dialect]:
    return lambda tools, phone: kind(tools)


def _either(kind: Any) -> Callable[[Tools, bool], Dialect]:
    return lambda tools, phone: kind(tools, phone=phone)


TABLE: Mapping[str, Entry] = {
    "computer_use": Entry(_simple(ComputerUseDialect), "Qwen2.5-VL on a desktop"),
    "mobile_use": Entry(_simple(MobileUseDialect), "Qwen2.5-VL on a phone"),
    "qwen3-computer": Entry(_simple(Qwen3ComputerDialect), "Qwen3-VL on a desktop"),
    "qwen3-mobile": Entry(_simple(Qwen3MobileDialect), "Qwen3-VL on a phone"),
}
"""Every dialect but `NativeDialect`. Patterns are tried in this order."""

DIALECTS: tuple[str, ...] = (NativeDialect.name, *TABLE)
"""Their names in records and on the command line; ``NAME@SPACE`` is one in other units."""

_BASES = {
    "qwen2_vl": ("qwen2-vl", "qwen2-vl"),
    "qwen2_5_vl": ("computer_use", "mobile_use"),
    "qwen3_vl": ("qwen3-computer", "qwen3-mobile"),
}
"""What plain checkpoints speak on a desktop and on a phone, by their architecture."""


def dialect_named(name: str, actions: Collection[str], tools: Tools = ()) -> Dialect:
    """Make a dialect.

    Args:
        name: One of `DIALECTS`, or ``NAME@SPACE`` where a checkpoint writes its points in other
            units than the family's usual ones, such as ``ui-tars-1.5@rel1000``.
        actions: What can be done: with a back button it is a phone.
        tools: What can be called.

    Raises:
        ValueError: There is none of that name, or a tool has a name that the dialect needs.
    """
    plain, at, units = name.partition("@")
    if plain not in DIALECTS:
        raise ValueError(f"there is no dialect {plain!r}; there are {', '.join(sorted(DIALECTS))}")
    if at and units not in [*Space]:
        raise ValueError(f"there are no units {units!r}; there are {', '.join(Space)}")
    if plain == NativeDialect.name:
        dialect: Any = NativeDialect(actions, tools)
    else:
        dialect = TABLE[plain].make(tools, "back" in actions)
    if at:
        dialect.name, dialect.space = name, Space(units)
    return dialect  # type: ignore[no-any-return]


def dialect_of(model: Named, actions: Collection[str]) -> str:
    """Name the dialect that a model was trained in: by its name, else by its architecture.

    Args:
        model: Which.
        actions: What can be done: with a back button it is a phone.
    """
    for name, entry in TABLE.items():
        if entry.pattern and re.search(entry.pattern, model.name, re.IGNORECASE):
            return name
    if model.family in _BASES:
        return _BASES[model.family]["back" in actions]
    return NativeDialect.name
