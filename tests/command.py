"""The installed command, by its path: the tests may run where no PATH leads to it."""

import sys
from pathlib import Path

EYEHAND = str(Path(sys.executable).with_name("eyehand"))
