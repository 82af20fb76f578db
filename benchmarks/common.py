"""What every benchmark prints beside its figures."""

import importlib.metadata
import os
import platform
import subprocess
from datetime import UTC, datetime


def machine() -> str:
    """Say when and on what a benchmark ran."""
    names = ("eyehand", "numpy", "pillow", "mss")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    model = platform.processor() or platform.machine()
    try:
        lines = subprocess.run(["lscpu"], capture_output=True, text=True, check=True).stdout
        model = next(
            line.partition(":")[2].strip() for line in lines.splitlines() if "Model name" in line
        )
    except (OSError, StopIteration, subprocess.CalledProcessError):
        pass  # the bare architecture has to do
    day = datetime.now(UTC).date()
    return f"{day}; {os.cpu_count()} cores, {model}; Python {platform.python_version()}; {versions}"
