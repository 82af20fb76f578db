"""docs/PROMISES.md names, for each promise, the tests that show it: they must be there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "PROMISES.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(test_\w+)`\s+\(\[(\w+\.py)\]\(\.\./tests/(\w+\.py)\)\)", PAGE)
PROMISED = PAGE.partition("## What is not promised")[0]


def _tests(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


@pytest.mark.parametrize(("name", "shown", "file"), NAMED)
def test_a_promise_names_a_test_that_is_there(name: str, shown: str, file: str) -> None:
    assert shown == file
    assert name in _tests(ROOT / "tests" / file)


def test_no_promise_is_without_a_test() -> None:
    rows = [row for row in PROMISED.splitlines() if row.startswith("| ") and "---" not in row]
    promises = [row for row in rows if not row.startswith("| promise")]
    assert len(promises) >= 30
    assert [row for row in promises if "`test_" not in row] == []


def test_every_name_of_a_test_is_found_by_the_pattern_above() -> None:
    assert len(NAMED) == len(re.findall(r"`test_\w+`", PAGE))
