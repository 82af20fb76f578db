"""Dialects: how each model family is spoken to, one file a family."""

from .base import Dialect, Parsed, Turn
from .native import NativeDialect

__all__ = ["Dialect", "NativeDialect", "Parsed", "Turn"]
