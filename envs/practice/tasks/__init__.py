"""Tasks on the practice phone, how they are checked, and who can solve them."""

from . import notes, settings
from .base import FAMILIES, Family, PracticeTask, Unfit, make_task

__all__ = ["FAMILIES", "Family", "PracticeTask", "Unfit", "make_task", "notes", "settings"]
