"""``eyehand eval`` and ``eyehand rescore`` as they are typed."""

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from eval_rig import EVALUATORS, Boxes, ClicksAlone
from rich.console import Console
from typer.testing import CliRunner
from typer.testing import Result as Ended

from eyehand.agent import dataset_cli, eval_cli
from eyehand.agent.datasets.base import DatasetError
from eyehand.agent.eval_progress import Rate, progress
from eyehand.agent.eval_scores import compare, score_file
from eyehand.agent.eval_tables import show

app = typer.Typer()
app.command("eval")(eval_cli.evaluate)
app.command()(eval_cli.rescore)

Command = Callable[..., Ended]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Command:
    def dataset(name: str, path: Path, split: str | None) -> Boxes:
        return Boxes()

    real = dataset_cli._evaluator
    monkeypatch.setattr(dataset_cli, "_dataset", dataset)
    monkeypatch.setattr(dataset_cli, "_evaluator", lambda name: EVALUATORS.get(name) or real(name))

    def run(*words: object) -> Ended:
        return CliRunner().invoke(app, list(map(str, words)))

    return run


def found(ended: Ended) -> dict[str, Any]:
    assert ended.exit_code == 0, ended.output
    data: dict[str, Any] = json.loads(ended.stdout)
    return data


def test_a_number_comes_with_all_that_made_it(command: Command, tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    made = found(
        command("eval", "boxes", "my data", "--model", "centre", "--out", out, "--sample", 6,
                "--seed", 3, "--dialect", "computer_use", "--rules", "published", "--json")
    )  # fmt: skip
    assert made["rules"] == "published"
    assert made["rules_are"] == "in the box, edges left out"
    assert made["evaluator"] == "boxes"
    assert made["dialect"] == "computer_use"
    assert made["model"]["name"] == "centre"
    assert (made["asked"], made["count"], made["complete"]) == (6, 6, True)
    assert made["reproduce"] == (
        "eyehand eval boxes 'my data' --model centre --sample 6 --seed 3 --dialect computer_use "
        "--rules published"
    )
    assert {figure["name"] for figure in made["figures"]} >= {"TM", "EM"}
    assert all(0 <= f["low"] <= f["value"] <= f["high"] <= 1 for f in made["figures"])
    assert "platform" in made["groups"]
    # What it says to type gives the same; without --out nothing is kept.
    words = [w.strip("'") for w in made["reproduce"].replace("my data", "my_data").split()[1:]]
    again = found(command(*[w.replace("my_data", "my data") for w in words], "--json"))
    assert again["figures"] == made["figures"]
    assert again["results"] is None


def test_the_whole_fits_80_columns_and_says_who_scored_by_what(
    command: Command, tmp_path: Path
) -> None:
    for name in ("answer", "random:4"):
        assert command("eval", "boxes", "x", "--model", name, "--out", tmp_path / name)
    scored = score_file(tmp_path / "random:4", None, "intended", EVALUATORS.__getitem__)
    other = compare(scored, tmp_path / "answer", EVALUATORS.__getitem__)
    screen = Console(file=io.StringIO(), width=80)
    show(screen, scored, scored.summary(), other, "r.jsonl")
    assert isinstance(screen.file, io.StringIO)
    text = screen.file.getvalue()
    assert max(len(line) for line in text.splitlines() if "again:" not in line) <= 80
    for words in (
        "evaluator: boxes, by the intended rules",
        "in the box, edges included",
        "95 % interval",
        "by platform",
        f"{scored.missed} missed, the worst first",
        "right before, wrong now: e0/",
        "the same again: eyehand eval boxes x --model random:4",
        "McNemar's exact test: p = ",
    ):
        assert words in text, words


def test_what_a_model_says_cannot_rule_the_terminal(command: Command, tmp_path: Path) -> None:
    replies = tmp_path / "replies.jsonl"
    bad = "\x1b]0;owned\x07\x1b[2J[bold]x[/bold] [/]"
    replies.write_text(json.dumps({"id": "e0/0", "reply": bad}), encoding="utf-8")
    ended = command("eval", "boxes", "x", "--replies", replies)
    assert ended.exit_code == 0
    assert "\x1b" not in ended.stdout
    assert "[bold]x[/bold] [/]" in ended.stdout
    assert "11 of them no reply at all" in ended.stdout


def test_scored_again_with_no_model_and_no_dataset(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "r.jsonl"
    first = found(command("eval", "boxes", "x", "--model", "centre", "--out", out, "--json"))

    def nothing(*_: object) -> None:
        raise AssertionError("the dataset was opened")

    monkeypatch.setattr(dataset_cli, "_dataset", nothing)
    body = out.read_bytes()
    again = found(command("rescore", out, "--json"))
    assert again == {**first, "results": str(out)}
    other = found(command("rescore", out, "--evaluator", "any-click", "--json"))
    assert other["evaluator"] == "any-click"
    assert other["figures"][1]["value"] > first["figures"][1]["value"]
    assert other["reproduce"].endswith("--evaluator any-click")
    changed = found(command("rescore", out, "--compare", out, "--json"))["compared"]
    assert (changed["lost"], changed["won"], changed["mcnemar_p"]) == ([], [], 1)
    assert out.read_bytes() == body
    # Results of other data say so in words, not with figures that mean nothing.
    wrong = command("rescore", out, "--evaluator", "screenspot")
    assert wrong.exit_code == 2
    assert "cannot score" in wrong.stderr


def test_an_interrupted_evaluation_is_scored_as_what_it_is(
    command: Command, tmp_path: Path
) -> None:
    out = tmp_path / "r.jsonl"
    command("eval", "boxes", "x", "--model", "answer", "--out", out)
    lines = out.read_bytes().splitlines(keepends=True)
    out.write_bytes(b"".join(lines[:6]) + lines[6][:50])
    ended = command("rescore", out)
    assert ended.exit_code == 0
    assert "not complete: 5 of 12 samples were asked" in ended.stdout
    assert not found(command("rescore", out, "--json"))["complete"]
    out.write_bytes(lines[0])
    assert "not complete: 0 of 12" in command("rescore", out).stdout


def test_what_it_cannot_be_compared_with_is_told_before_anything_is_asked(
    command: Command, tmp_path: Path
) -> None:
    out, other = tmp_path / "r.jsonl", tmp_path / "other.jsonl"
    words = ("eval", "boxes", "x", "--model", "answer", "--out", out, "--compare", other)
    missing = command(*words)
    assert missing.exit_code == 2
    assert "cannot read" in missing.stderr
    assert not out.exists()
    command("eval", "boxes", "x", "--model", "centre", "--out", other)
    body = other.read_bytes()
    other.write_bytes(re.sub(rb'"dataset_hash":"[^"]*"', b'"dataset_hash":"0"', body))
    assert "is of other data" in command(*words).stderr
    assert not out.exists()
    other.write_bytes(body)
    assert "12 samples in both" in command(*words).stdout


RESCORE = """
from eval_rig import BoxScore
from eyehand.agent import dataset_cli, eval_cli
import typer

dataset_cli._evaluator = lambda name: BoxScore()
app = typer.Typer(pretty_exceptions_enable=False)
app.command()(eval_cli.rescore)
app()
"""


def test_nobody_who_reads_is_an_interruption_however_it_is_printed(
    command: Command, tmp_path: Path
) -> None:
    out = tmp_path / "r.jsonl"
    command("eval", "boxes", "x", "--model", "answer", "--out", out)
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    for more in ([], ["--json"]):
        ours, theirs = os.pipe()
        os.close(ours)
        ended = subprocess.run(
            [sys.executable, "-c", RESCORE, str(out), *more],
            env=environ, stdout=theirs, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        )  # fmt: skip
        os.close(theirs)
        assert ended.returncode == 130, ended.stderr
        assert ended.stderr == "eyehand: nobody reads the output any more\n"


def test_replies_to_nobody_are_told(command: Command, tmp_path: Path) -> None:
    replies = tmp_path / "replies.jsonl"
    replies.write_text('{"id": "e9/9", "reply": "x"}\n', encoding="utf-8")
    ended = command("eval", "boxes", "x", "--replies", replies)
    assert "1 replies are to no sample of the dataset, such as e9/9" in ended.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "give --model"),
        (("--model", "answer", "--replies", "x"), "give --model"),
        (("--model", "random:"), "takes a seed"),
        (("--model", "centre", "--device", "cpu"), "baseline has no device"),
        (("--model", "nonesuch"), "unknown model"),
        (("--replies", "/none"), "cannot read /none"),
        (("--model", "answer", "--limit", "2", "--sample", "2"), "not both"),
        (("--model", "answer", "--dialect", "klingon"), "no dialect"),
        (("--model", "answer", "--evaluator", "nobody"), "nobody"),
        (("--model", "answer", "--out", "/proc/none/r"), "cannot write"),
        (("--model", "answer", "--compare", "/none"), "cannot read /none"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_2(
    command: Command, words: tuple[str, ...], said: str
) -> None:
    ended = command("eval", "boxes", "x", *words)
    assert ended.exit_code == 2, ended.output
    assert said in ended.stderr
    assert "Traceback" not in ended.output


def test_files_that_are_not_the_dataset_are_refused_with_2(tmp_path: Path) -> None:
    ended = CliRunner().invoke(app, ["eval", "aitz", str(tmp_path), "--model", "answer"])
    assert ended.exit_code == 2
    ended = CliRunner().invoke(app, ["eval", "nonesuch", str(tmp_path), "--model", "answer"])
    assert ended.exit_code == 2
    assert "unknown dataset" in ended.stderr


def test_a_damaged_sample_ends_it_with_2_and_says_what_is_kept(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset_cli, "_dataset", lambda *_: Boxes(damaged=4))
    out = tmp_path / "r"
    ended = command("eval", "boxes", "x", "--model", "answer", "--out", out)
    assert ended.exit_code == 2
    assert "shot4.png" in ended.stderr
    assert f"4 of 12 samples are in {out}" in ended.stderr

    class Unreadable(Boxes):
        def __len__(self) -> int:
            raise DatasetError("index.json:3: is not JSON")

    monkeypatch.setattr(dataset_cli, "_dataset", lambda *_: Unreadable())
    ended = command("eval", "boxes", "x", "--model", "answer")
    assert ended.exit_code == 2
    assert "index.json:3" in ended.stderr


def test_a_script_that_runs_out_fails_with_4_and_goes_on_when_it_is_longer(
    command: Command, tmp_path: Path
) -> None:
    script, out = tmp_path / "s.jsonl", tmp_path / "r.jsonl"
    reply = '{"action": "click", "point": [35, 35]}\n'
    script.write_text(reply * 5, encoding="utf-8")
    words = ("eval", "boxes", "x", "--model", f"script:{script}", "--out", out)
    ended = command(*words)
    assert ended.exit_code == 4
    assert "5 of 12 samples are in" in ended.stderr
    ended = command(*words)
    assert ended.exit_code == 4, "it must not begin anew"
    script.write_text(reply * 12, encoding="utf-8")
    assert command(*words).exit_code == 2, "a longer script is another"


def test_the_rate_counts_what_was_done_now_alone() -> None:
    now = [0.0]
    rate = Rate(100, 200, clock=lambda: now[0])
    assert str(rate) == "100 of 200, 0/s"
    for number in range(10):
        now[0] += 0.5
        rate.add(right=number % 2 == 0)
    assert str(rate) == "110 of 200, 2/s, 0:00:45 to go, EM 50.0 since it began"


def test_a_bar_is_drawn_on_terminals_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("boxes", 0, 2, quiet=False) as advance:
        advance(True)
    with progress("boxes", 0, 2, quiet=True) as advance:
        advance(True)
    assert capsys.readouterr() == ("", "")


def test_what_an_evaluator_leaves_out_is_neither_a_hit_nor_a_miss(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(EVALUATORS, "clicks-alone", ClicksAlone())
    asked = ("eval", "boxes", "data", "--model", "answer", "--out", tmp_path / "r.jsonl")
    made = found(command(*asked, "--evaluator", "clicks-alone", "--json"))
    assert (made["asked"], made["left_out"], made["missed"]) == (8, 4, 0)
    assert made["complete"]
    told = command("rescore", tmp_path / "r.jsonl")
    assert told.exit_code == 0
    assert "4 that the evaluator's authors leave out" in told.stdout
    assert "not complete" not in told.stdout
