"""The programs of the phone's shell."""

from .call import Call, Program, Programs, Wrong
from .table import PROGRAMS

__all__ = ["PROGRAMS", "Call", "Program", "Programs", "Wrong"]
