"""The main job on real input: a task file, a real editor, an episode, its replay elsewhere."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command import EYEHAND
from corpus import CORPUS
from screens import Screen

from eyehand.envs import Episode, StopReason

ROOT = Path(__file__).parents[1]


def eyehand(*arguments: object, display: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, with this display or with none."""
    environ = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    if display is not None:
        environ["DISPLAY"] = display
    return subprocess.run(
        [EYEHAND, *map(str, arguments)],
        env=environ,
        capture_output=True,
        text=True,
        timeout=100,
        cwd=ROOT,
    )


def test_an_editor_gets_and_saves_the_whole_corpus_and_it_replays_without_a_display(
    tmp_path: Path,
) -> None:
    # The task itself compares the file's bytes; its last check fails otherwise.
    folder = tmp_path / "e"
    done = eyehand("run", "examples/note.yaml", "--set", f"text={CORPUS}", "--record", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    read = Episode.load(folder)
    checks = [step.check for step in read.steps if step.check and step.check.name == "file"]
    assert [c.passed for c in checks] == [True]
    assert f"{len(CORPUS.encode())} bytes" in checks[0].detail
    again = eyehand("replay", folder, "--json")
    assert again.returncode == 0, again.stdout + again.stderr
    assert json.loads(again.stdout.splitlines()[-1])["complete"] is True


def test_a_text_that_did_not_arrive_is_never_a_success(tmp_path: Path) -> None:
    text = (ROOT / "examples" / "note.yaml").read_text(encoding="utf-8")
    path = tmp_path / "t.yaml"
    wrong = text.replace('equals: "{{text}}"', 'equals: "{{text}}!"')
    assert wrong != text
    path.write_text(wrong.replace("timeout_s: 10", "timeout_s: 0.5"), encoding="utf-8")
    done = eyehand("run", path, "--record", tmp_path / "e")
    assert done.returncode == 1
    assert "differs from the text" in done.stdout
    assert eyehand("replay", tmp_path / "e").returncode == 1  # and so does its replay


def test_a_display_killed_in_mid_run_exits_with_3_and_a_saved_episode(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text("limits: {steps: 1000}\nsteps:\n" + "  - move: [9, 9]\n  - wait: 0.1\n" * 200)
    lines = tmp_path / "e" / "steps.jsonl"
    with Screen(manager=False) as server:
        running = subprocess.Popen(
            [EYEHAND, "run", str(path), "--record", str(tmp_path / "e")],
            env={**os.environ, "DISPLAY": server.name},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            end = time.monotonic() + 30
            while (not lines.exists() or lines.read_text().count('"kind":"step"') < 3) and (
                time.monotonic() < end
            ):
                time.sleep(0.05)
            server.die()
            _, said = running.communicate(timeout=30)
        finally:
            running.kill()
            running.wait()
    assert running.returncode == 3, said
    assert server.name in said
    read = Episode.load(tmp_path / "e")
    assert read.stop is StopReason.ENV_LOST
    assert len(read.steps) >= 3


def test_the_price_example_calls_its_tool_and_its_own_check(tmp_path: Path) -> None:
    done = eyehand(
        "run", "examples/price.yaml", "--tools", "examples/price_tools.py",
        "--model", "script:examples/price.jsonl", "--record", tmp_path / "e", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert rows[-1]["answers"] == ["8.40 €"]
    told = [row.get("told", "") for row in rows]
    assert "price returned: 8.4" in told
    tools = ("--tools", "examples/price_tools.py")
    assert eyehand("replay", tmp_path / "e", *tools).returncode == 0
    # without the file, the task's own check is not known
    assert "unknown check 'line_count'" in eyehand("replay", tmp_path / "e").stderr


@pytest.mark.timeout(60)
def test_the_ten_line_script_runs() -> None:
    environ = {k: v for k, v in os.environ.items() if k != "DISPLAY"}
    done = subprocess.run(
        [sys.executable, "examples/ten_lines.py"],
        env=environ,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("done ")
    assert "Grüße" in done.stdout
