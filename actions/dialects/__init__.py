"""Dialects: how each model family is spoken to, one file a family."""

from .base import Dialect, Parsed, Turn
from .computer_use import ComputerUseDialect
from .native import NativeDialect

__all__ = ["ComputerUseDialect", "Dialect", "NativeDialect", "Parsed", "Turn"]
