"""Dialects: how each model family is spoken to, one file a family."""

from .base import Dialect, Parsed, Turn
from .computer_use import ComputerUseDialect
from .native import NativeDialect
from .table import DIALECTS, dialect_named, dialect_of

__all__ = [
    "DIALECTS",
    "ComputerUseDialect",
    "Dialect",
    "NativeDialect",
    "Parsed",
    "Turn",
    "dialect_named",
    "dialect_of",
]
