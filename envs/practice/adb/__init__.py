"""The device side of adb: the practice phone as the real adb server sees it."""

from .device import PracticeDevice
from .faults import Faults
from .log import Asked, Entry, Ran

__all__ = ["Asked", "Entry", "Faults", "PracticeDevice", "Ran"]
