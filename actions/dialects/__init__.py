"""Dialects: how each model family is spoken to, one file a family."""

from .base import Dialect, Found, Parsed, Repair, Turn
from .computer_use import ComputerUseDialect
from .native import NativeDialect
from .said import says
from .table import DIALECTS, GROUNDING, TABLE, dialect_named, dialect_of

__all__ = [
    "DIALECTS",
    "GROUNDING",
    "TABLE",
    "ComputerUseDialect",
    "Dialect",
    "Found",
    "NativeDialect",
    "Parsed",
    "Repair",
    "Turn",
    "dialect_named",
    "dialect_of",
    "says",
]
