"""The command before its command line is there."""

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from eyehand.agent.cli import app


def test_ctrl_c_while_it_is_being_imported_leaves_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text(  # as pydantic does while a class is made
        "import os, signal\n"
        "try: os.kill(os.getpid(), signal.SIGINT)\n"
        "except KeyboardInterrupt as error: raise ValueError('no such class') from error\n"
    )
    result = subprocess.run(
        [sys.executable, "-m", "eyehand.agent", "--help"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (result.returncode, result.stderr) == (130, "")


def test_it_says_its_version_and_does_nothing_else() -> None:
    said = CliRunner().invoke(app, ["--version", "run"])
    assert said.exit_code == 0
    assert said.stdout == f"eyehand {importlib.metadata.version('eyehand')}\n"
