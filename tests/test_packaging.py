"""The wheel holds exactly the four floors: nothing missing, nothing along for the ride."""

import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path
from shutil import copy2, copytree, ignore_patterns

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = ("agent", "envs", "actions", "model")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Build from a copy, so that no build/ of an earlier day is packed along."""
    source = tmp_path_factory.mktemp("source")
    for folder in (*FLOORS, "tests", "docs"):  # the last two must be left out
        copytree(ROOT / folder, source / folder, ignore=ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"):
        copy2(ROOT / name, source)
    out = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(out), str(source)],
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    (path,) = out.glob("*.whl")
    return zipfile.ZipFile(path)


LICENSES = ("licenses/LICENSE", "licenses/envs/practice/font-files/OFL.txt")


def test_the_wheel_holds_exactly_the_expected_files(wheel: zipfile.ZipFile) -> None:
    expected = {
        f"eyehand/{path.relative_to(ROOT)}"
        for folder in FLOORS
        for path in (ROOT / folder).rglob("*")
        if path.suffix == ".py"
        or path.name == "py.typed"
        or path.parent.name in ("font-files", "policies", "page", "eyehand-pocket")
    }
    assert {f"eyehand/{folder}/py.typed" for folder in FLOORS} <= expected
    names = set(wheel.namelist())
    (info,) = {name.split("/")[0] for name in names if ".dist-info/" in name}
    metadata = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "top_level.txt"}
    expected |= {f"{info}/{name}" for name in (*metadata, *LICENSES)}
    assert names == expected


def test_the_wheel_stays_light_with_the_checkpoint_that_comes_along(
    wheel: zipfile.ZipFile,
) -> None:
    assert Path(str(wheel.filename)).stat().st_size < 40_000_000


def test_the_wheel_says_what_it_is(wheel: zipfile.ZipFile) -> None:
    (name,) = [name for name in wheel.namelist() if name.endswith("/METADATA")]
    metadata = message_from_bytes(wheel.read(name))
    assert metadata["Name"] == "eyehand"
    assert metadata["License-Expression"] == "Apache-2.0 AND OFL-1.1"  # the fonts
    needed = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert not [line for line in needed if line.startswith(("torch", "mss", "pyautogui"))]
    (points,) = [name for name in wheel.namelist() if name.endswith("/entry_points.txt")]
    assert b"eyehand = eyehand.agent.__main__:main" in wheel.read(points)
