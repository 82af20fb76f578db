import re
import tomllib
from datetime import date
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_newest_changelog_entry_is_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    entries = re.findall(r"^## \[(\S+)\] - (\S+)$", text, re.MULTILINE)
    assert entries, "CHANGELOG.md holds no entry such as: ## [0.1.0] - 2026-11-21"
    number, day = entries[0]
    assert number == PROJECT["version"]
    date.fromisoformat(day)
    days = [day for _, day in entries]
    assert days == sorted(days, reverse=True)


def test_what_is_installed_is_this_version() -> None:
    assert version("eyehand") == PROJECT["version"]


def test_the_licence_is_there_in_full() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert PROJECT["license"].startswith("Apache-2.0 AND OFL-1.1")
    assert text.lstrip().startswith("Apache License\n")
    assert "END OF TERMS AND CONDITIONS" in text


def test_constraints_pin_every_dependency() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.+!-]+", line) for line in pins)
    pinned = {re.sub(r"[-_.]+", "-", pin.partition("==")[0]).lower() for pin in pins}
    extras = PROJECT["optional-dependencies"]
    wanted = {
        re.sub(r"[-_.]+", "-", match[0]).lower()
        for line in (*PROJECT["dependencies"], *extras["desktop"], *extras["dev"], "torch")
        if (match := re.match(r"[\w.-]+", line))
    }
    assert wanted - {"eyehand"} <= pinned
