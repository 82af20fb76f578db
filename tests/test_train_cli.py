"""`eyehand train` on the command line."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import small
import torch
from training_rig import row, rows, written
from typer.testing import CliRunner

from eyehand.agent.cli import app
from eyehand.agent.train_progress import training
from eyehand.model.qwen_vl import QwenVL
from eyehand.model.training.log import Row

SAID = ("off", "on", "light", "sound")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.small_checkpoint(tmp_path_factory.mktemp("cli") / "small", "qwen2_vl")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "out"
    turns = [row(n, asked=f"<image>{n}?", said=SAID[n % 4]) for n in range(8)]
    return written(folder, turns)


def run(*words: str | Path) -> Any:
    torch.set_num_threads(1)
    told = ["train", *map(str, words), "--device", "cpu", "--workers", "0"]
    return CliRunner().invoke(app, told)


def ended(said: Any) -> dict[str, Any]:
    """Give the last line that is for scripts."""
    found: dict[str, Any] = json.loads(said.stdout.splitlines()[-1])
    return found


def test_it_trains_goes_on_and_leaves_a_checkpoint_that_says_it(
    checkpoint: Path, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "tuned"
    words = (
        data, "--model", checkpoint, "--out", out, "--steps", "40", "--batch", "6", "--lr", "3e-3",
        "--hold-out", "0.25", "--every", "20", "--json",
    )  # fmt: skip
    said = run(*words)
    assert said.exit_code == 0, said.stdout + said.stderr
    end = ended(said)
    assert (end["type"], end["step"], end["finished"]) == ("end", 40, True)
    assert end["last"]["exact_replies"] == 1.0
    assert end["last"]["held_loss"] > 0
    header, *lines = rows(out)
    assert len(lines) == 40
    assert [n for n, line in enumerate(lines, 1) if line[header.index("held_loss")]] == [20, 40]
    story = json.loads((out / "checkpoint" / "training.json").read_text())
    assert story["recipe"]["learning_rate"] == 3e-3
    again = run(*words)
    assert (again.exit_code, ended(again)["last"]) == (0, None)
    model = QwenVL.load(out / "checkpoint")
    model.close()
    refused = run(*words[:-1], "--lora", "4")
    assert refused.exit_code == 2
    assert "lora was None and is 4" in refused.stderr


def test_a_dry_run_says_what_would_be_learnt_and_writes_nothing(
    checkpoint: Path, data: Path, tmp_path: Path
) -> None:
    words = (data, data, "--model", checkpoint, "--out", tmp_path / "x", "--dry-run")
    plan = ended(run(*words, "--json"))
    assert plan["samples"] + plan["held_out"]["samples"] == 16
    assert (plan["steps"], plan["max_tokens"]) == (1, 4096)
    numbers = sum(w.numel() for w in small.opened(checkpoint).parameters())
    assert (plan["learnt_weights"], plan["frozen_weights"]) == (numbers, 0)
    memory = plan["memory"]
    assert (memory["weights"], memory["moments"]) == (4 * numbers, 12 * numbers)
    said = run(*words, "--lora", "2", "--freeze-vision")
    assert said.exit_code == 0
    assert f"{numbers:,} stay" in said.stdout
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--max-tokens", "20"], "--max-tokens"),
        (["--image-tokens", "4"], "sees it at"),
        (["--device", "tpu"], "unknown device"),
        (["--lr", "11"], "learning_rate must be"),
        (["--schedule", "steps"], "steps"),
        (["--epochs", "0"], "epochs"),
    ],
    ids=lambda value: str(value),
)
def test_what_cannot_be_is_refused_before_anything_is_loaded(
    checkpoint: Path, data: Path, tmp_path: Path, words: list[str], expected: str
) -> None:
    out = tmp_path / "x"
    told = ["train", str(data), "--model", str(checkpoint), "--out", str(out), *words]
    said = CliRunner().invoke(app, told)
    assert said.exit_code == 2
    assert expected in said.stderr
    assert not out.exists()


def test_folders_of_something_else_are_left_alone(
    checkpoint: Path, data: Path, tmp_path: Path
) -> None:
    (tmp_path / "letter.txt").write_text("Dear")
    said = run(data, "--model", checkpoint, "--out", tmp_path)
    assert (said.exit_code, os.listdir(tmp_path)) == (2, ["letter.txt"])
    assert "holds something else" in said.stderr
    said = run(tmp_path, "--model", checkpoint, "--out", tmp_path / "x")
    assert said.exit_code == 2
    assert "no export" in said.stderr
    said = run(data, "--model", tmp_path / "none", "--out", tmp_path / "x")
    assert said.exit_code == 4
    assert "there is no folder" in said.stderr


def test_ctrl_c_writes_a_state_and_the_same_command_goes_on(
    checkpoint: Path, data: Path, tmp_path: Path
) -> None:
    words: list[str | Path] = [
        "train", data, "--model", checkpoint, "--out", tmp_path, "--steps", "3000", "--batch", "2",
        "--workers", "1", "--device", "cpu",
    ]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "eyehand.agent", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )
    log = tmp_path / "log.csv"
    for _ in range(6000):
        if log.is_file() and log.read_text().count("\n") > 3:
            break
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: workers get it, too
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "eyehand: interrupted"
    assert "Traceback" not in said
    done = len(rows(tmp_path)) - 1
    state = sorted(path for path in os.listdir(tmp_path / "states"))[-1]
    assert int(state.partition(".")[0]) == done


def row_at(step: int, **more: Any) -> Row:
    return Row(step, 4, 100, 0.5, None, 0.75, 0.25, 1.0, 1e-4, 2.0, **more)


def test_a_log_has_a_line_a_minute_and_one_for_what_matters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    now = [0.0]
    with training(1000, done=100, clock=lambda: now[0]) as on_step:
        for step in range(101, 301):
            now[0] += 1.0
            more: dict[str, Any] = {"skipped": 1} if step == 130 else {}
            if step == 200:
                more = {"held_loss": 0.7, "held_accuracy": 0.5, "held_exact": 0.0}
            on_step(row_at(step, **more))
    said = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in said] == ["130", "190", "200", "260"]
    assert said[0].endswith("skipped: the gradient is not finite; 0:14:30 to go")
    assert "held out 0.700" in said[2]
    with training(3, quiet=True) as on_step:
        on_step(row_at(3))
    assert capsys.readouterr().err == ""
