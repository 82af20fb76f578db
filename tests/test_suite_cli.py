"""``eyehand eval`` on suites, ``rescore`` of their results, and ``demos``, as they are typed."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.console import Console
from suite_rig import lines_of, results_of
from typer.testing import CliRunner
from typer.testing import Result as Ended

from eyehand.actions.dialects import dialect_named
from eyehand.actions.geometry import Frame
from eyehand.agent import demos_cli, eval_cli
from eyehand.agent.help_panels import PanelCommand
from eyehand.agent.suites.base import Subset
from eyehand.agent.suites.results import Header, Result
from eyehand.agent.suites.results_file import SuiteFile
from eyehand.agent.suites.scores import score_suite
from eyehand.agent.suites.tables import show_suite
from eyehand.envs.episode import Episode
from eyehand.envs.records import StopReason
from eyehand.model.size import Size

app = typer.Typer(rich_markup_mode=None)
app.command("eval", cls=PanelCommand)(eval_cli.evaluate)
app.command()(eval_cli.rescore)
app.command()(demos_cli.demos)

Command = Callable[..., Ended]
TASKS = "alarm_missing,close_app"


@pytest.fixture
def command() -> Command:
    return lambda *words: CliRunner().invoke(app, list(map(str, words)))


def found(ended: Ended, code: int = 0) -> dict[str, Any]:
    assert ended.exit_code == code, ended.output
    data: dict[str, Any] = json.loads(ended.stdout)
    return data


def test_what_was_run_can_be_scored_again_and_says_how_to_run_it(
    command: Command, tmp_path: Path
) -> None:
    out = tmp_path / "r.jsonl"
    words = ("eval", "practice", "--tasks", TASKS, "--episodes", 1, "--seed", 1)
    made = found(command(*words, "--model", "random:1", "--max-steps", 2, "--out", out, "--json"))
    assert (made["trials"], made["complete"], made["lost"]) == (2, True, 2)
    assert made["settings"] == {"size": "540x1200", "max_steps": 2, "trial_seconds": 600.0}
    assert made["stops"] == {"step_limit": 2}
    assert 0 < made["median_step_s"] < 600
    assert [row["value"] for row in made["figures"]] == [0, 0]
    assert made["reproduce"] == (
        f"eyehand eval practice --model random:1 --tasks {TASKS} --episodes 1 --seed 1 "
        "--max-steps 2 --trial-seconds 600"
    )
    for failed in made["failures"]:  # kept where nothing else is said
        assert Episode.load(tmp_path / failed["episode"]).stop is StopReason.STEP_LIMIT
    assert found(command("rescore", out, "--json")) == made
    again = found(command(*made["reproduce"].split()[1:], "--json"))
    for one in (*again["tasks"].values(), *made["tasks"].values()):
        del one["median_step_s"]
    assert (again["tasks"], again["results"]) == (made["tasks"], None)
    text = command("rescore", out).output
    assert "mean over tasks" in text
    assert "recorded" in text


def test_a_refused_command_leaves_no_empty_file(command: Command, tmp_path: Path) -> None:
    out, mine = tmp_path / "out.jsonl", tmp_path / "mine.jsonl"
    mine.touch()
    for file in (out, mine):
        words = ("eval", "practice", "--tasks", "no-such", "--model", "oracle", "--out", file)
        assert command(*words).exit_code == 2
    assert not out.exists()
    assert mine.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("eval practice --model oracle --via desktop", "--via is for miniwob"),
        ("eval practice --model oracle --scale 2", "--scale is for miniwob"),
        ("eval practice --model oracle --size 3x3", "--size '3x3': a size is WIDTHxHEIGHT"),
        ("eval practice --model oracle --size 100x5000", "sides are 240 to 4096 pixels, not 100x5"),
        ("eval practice --model oracle --theme neon", "there is no theme 'neon'; there are sea,"),
        ("eval practice --model oracle --font-scale 2", "font scale is one of 0.85, 1.0, 1.15"),
        ("eval practice --model oracle --font-scale nan", "--font-scale nan: "),
        ("eval practice --model oracle --density 9", "density is 80 to 720 dots per inch"),
        ("eval miniwob --model oracle --size 280x616", "--size is for practice"),
        ("eval aitz data --model answer --wordless", "--wordless is for suites"),
        ("eval aitz data --model answer --compare a --compare b", "--compare is given once for a"),
        ("eval practice --model oracle --compare a.jsonl", "cannot read a.jsonl"),
        ("eval practice data --model oracle", "PATH is for datasets"),
        ("eval practice --model oracle --split test", "--split is for datasets"),
        ("eval practice --model oracle --rules published", "--rules is for datasets"),
        ("eval aitz data --model answer --tasks x", "--tasks is for suites (miniwob, practice)"),
        ("eval aitz data --model answer --keep all", "--keep is for suites"),
        ("eval aitz --model answer", "a dataset needs PATH"),
        ("eval practice", "give --model: a checkpoint, script:FILE, random:SEED, or oracle"),
        ("eval practice --model centre", "centre is for datasets"),
        ("eval practice --model random:x", "random takes a seed"),
        ("eval practice --model script:", "script: needs a file"),
        ("eval practice --model oracle --device cpu", "no device, dtype or length"),
        ("eval practice --model oracle --dialect klingon", "there is no dialect 'klingon'"),
        ("eval practice --model oracle --tasks add_contcat", "such as add_contact"),
        ("eval practice --model oracle --tasks @x", "no subset 'x'; there are pocket"),
        ("eval practice --model oracle --tasks ,", "--tasks names no task"),
        ("eval practice --model oracle --keep all", "--keep all needs --out FILE"),
        ("eval miniwob --model oracle --time-limit soon", "--time-limit is seconds"),
        ("demos nothing --out x", "there is no suite 'nothing'"),
        ("demos practice --out x --scale 2", "--via and --scale are for miniwob"),
        ("demos practice --out x --per episode", "tells the past in words"),
    ],
)
def test_what_makes_no_sense_is_refused(
    command: Command, words: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = command(*words.split())
    assert ended.exit_code == 2
    assert said in " ".join(ended.output.replace("│", " ").split())
    assert not list(tmp_path.iterdir())


def test_help_tells_options_in_groups(command: Command) -> None:
    text = command("eval", "--help").output
    names = ("Options", "Datasets", "Suites", "Practice phone")
    places = [text.index(f"\n{name}:\n") for name in names]
    assert places == sorted(places)
    assert places[1] < text.index("\n  --replies") < places[2] < text.index("\n  --time-limit")
    assert text.index("\n  --time-limit") < places[3] < text.index("\n  --wordless")


def test_a_model_stands_beside_its_baselines(command: Command, tmp_path: Path) -> None:
    small = ("--size", "280x616", "--episodes", 1, "--max-steps", 5, "--keep", "none", "--json")
    files = [tmp_path / f"{name}.jsonl" for name in ("oracle", "random", "blind", "script")]
    oracle, chance, blind, script = files
    said = tmp_path / "s.jsonl"
    said.write_text('{"action": "back"}\n{"action": "done", "status": "infeasible", "reason": "?"}')
    model = ("--model", f"script:{said}", "--tasks", TASKS, *small)
    three = ("--tasks", f"{TASKS},tell_alarm", *small)
    found(command("eval", "practice", "--model", "oracle", *three, "--out", oracle))
    found(command("eval", "practice", "--model", "random:4", *three, "--out", chance))
    found(command("eval", "practice", *model, "--wordless", "--out", blind))
    beside = [word for file in files[:3] for word in ("--compare", file)]
    made = found(command("eval", "practice", *model, "--out", script, *beside))
    assert found(command("rescore", script, *beside, "--json")) == made
    assert made["compared"]["common"] == TASKS.split(",")
    runs = made["compared"]["runs"]
    names = ["oracle", "random:4", "script:s.jsonl, wordless", "script:s.jsonl"]
    assert [run["name"] for run in runs] == names
    assert [run["results"] for run in runs] == [str(file) for file in files]
    assert [run["figure"]["value"] for run in runs] == [1.0, 0.0, 0.5, 0.5]
    assert [run["figure"]["count"] for run in runs] == [2] * 4
    assert [run["mean_steps"] for run in runs][2:] == [2.0, 2.0]
    assert set(runs[0]["tasks"]) - set(runs[3]["tasks"]) == {"tell_alarm"}
    assert blind.read_text().count('"wordless":true') == 1
    text = " ".join(command("rescore", script, *beside).output.split())
    assert "task ┃ oracle ┃ random:4 ┃ script:s.jsonl, wordless ┃ script:s.jsonl ┃" in text
    assert "alarm_missing │ 100.0 │ 0.0 │ 100.0 │ 100.0 │" in text
    assert "tell_alarm │ 100.0 │ 0.0 │ │ │" in text
    assert "mean over the 2 tasks that all have" in text
    assert (
        "script:s.jsonl, wordless: native, 1 trials each from seed 0, size 280x616, wordless"
        in text
    )


def test_what_cannot_stand_beside_it_is_refused_before_anything_is_run(
    command: Command, tmp_path: Path
) -> None:
    out, other = tmp_path / "out.jsonl", tmp_path / "other.jsonl"
    words = ("eval", "practice", "--model", "oracle", "--episodes", 1, "--keep", "none")
    command(*words, "--tasks", "close_app", "--out", other, "--json")
    whole = other.read_text()
    refused = {
        "digest is": whole.replace(json.loads(whole.splitlines()[0])["digest"], "0" * 64),
        "they have no task in common": whole,
        "is no file of suite": "{}\n",
    }
    for said, text in refused.items():
        other.write_text(text)
        ended = command(*words, "--tasks", "alarm_missing", "--out", out, "--compare", other)
        assert ended.exit_code == 2
        assert said in " ".join(ended.output.split())
        assert not out.exists()


def test_phones_that_are_trained_on_are_not_taken_for_new_ones(command: Command) -> None:
    words = ("eval", "practice", "--model", "random:1", "--tasks", "close_app", "--json")
    for first, warned in ((999_999, False), (1_000_000, True)):
        ended = command(*words, "--episodes", 1, "--max-steps", 1, "--seed", first)
        assert ended.exit_code == 0
        assert ("seeds from 1,000,000 on are trained on" in ended.stderr) == warned


PROGRAM = """
import typer
from eyehand.agent import eval_cli
app = typer.Typer(pretty_exceptions_enable=False)
app.command("eval")(eval_cli.evaluate)
app.command("rescore")(eval_cli.rescore)
app()
"""


def test_ctrl_c_says_how_to_go_on_and_going_on_ends_it(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    program = [sys.executable, "-c", PROGRAM, "eval", "practice", "--model", "oracle"]
    program += ["--tasks", TASKS, "--episodes", "8", "--out", str(path), "--keep", "all"]
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as child:
        end = time.monotonic() + 60
        while len(lines_of(path)) < 2:
            assert time.monotonic() < end
            assert child.poll() is None
            time.sleep(0.002)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=20)
    assert child.returncode == 130, err
    assert f"of 16 trials are in {path}; the same command goes on" in err
    assert not out
    assert len(results_of(path)) < 16
    for folder in (tmp_path / "r-episodes").iterdir():
        assert Episode.load(folder).stop is not None  # also those that were cut short
    again = subprocess.run(
        [*program, "--json"], capture_output=True, text=True, timeout=60, check=True
    )
    made = json.loads(again.stdout)
    assert (made["trials"], made["complete"], made["lost"]) == (16, True, 0)


def test_demonstrations_are_what_a_model_would_have_said(command: Command, tmp_path: Path) -> None:
    out = tmp_path / "d"
    words = ("demos", "practice", "--tasks", TASKS, "--episodes", 1, "--out", out,
             "--image-tokens", 300)  # fmt: skip
    made = found(command(*words, "--json"))
    assert (made["trials"], made["kept"], made["failed"]) == (2, 2, 0)
    export = made["export"]
    assert export["left_out"] == {}
    rows = _lines(out / "data" / "data.jsonl")
    origins = _lines(out / "data" / "provenance.jsonl")
    episodes = {}
    for folder in (out / "results-episodes").iterdir():
        episode = Episode.load(folder)
        episodes[episode.header.id] = episode
    points = 0
    for row, origin in zip(rows, origins, strict=True):
        step = episodes[origin["episode"]].steps[origin["steps"][0]]
        own = step.seen.frame.physical
        image = Size(*origin["resized"][-1])
        assert image.width * image.height <= 300 * 28 * 28
        assert image.width % 28 == image.height % 28 == 0
        frame = Frame("prompt", own, own).planned(image)
        dialect = dialect_named("mobile_use", {"back"})
        said = dialect.parse(row["conversations"][-1]["value"], frame).actions
        assert list(said) == [step.action]
        points += sum(1 for _ in said[0].points())
    assert points
    assert len(rows) == export["examples"] == sum(len(one.steps) for one in episodes.values()) - 1
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}
    assert found(command(*words, "--json")) == made  # nothing is run or written twice
    after = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}
    assert after == before
    assert found(command(*words, "--format", "messages", "--json"))["export"]["images"]
    assert "completion" in _lines(out / "data" / "data.jsonl")[0]
    other = command("demos", "practice", "--out", tmp_path)
    assert other.exit_code == 2
    assert "is no empty folder" in other.output


def _lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def _file(path: Path, won: dict[str, tuple[int, int]], tasks: tuple[str, ...]) -> Path:
    """Write results: by task, how many of how many were won."""
    header = Header(
        started="", suite="demo", digest="", tasks=tasks, episodes=4, seed=0,
        player={"name": "p", "fingerprint": "f"}, dialect="native", settings={}, versions={},
        command="eyehand eval demo",
    )  # fmt: skip
    with SuiteFile(path) as file:
        file.begin(header)
        for task, (hits, count) in won.items():
            for seed in range(count):
                win = seed < hits
                file.add(
                    Result(
                        task=task, seed=seed, goal=f"[bold]{task}", success=win,
                        reward=0.5 if win else None, ended=win, steps=2,
                        stop=StopReason.DONE if win else StopReason.STEP_LIMIT,
                        detail="" if win else "\x1b[2J late",
                    )
                )  # fmt: skip
    return path


def test_figures_weigh_tasks_alike_and_subsets_need_all_their_tasks(tmp_path: Path) -> None:
    path = _file(tmp_path / "r", {"a": (4, 4), "b": (0, 4), "c": (1, 2)}, ("a", "b", "c"))
    subsets = (
        Subset("whole", ("a", "b"), "someone"),
        Subset("part", ("a", "z"), "someone"),
        Subset("none", ("y", "z"), "someone"),
    )
    scored = score_suite(path, lambda name: subsets, failures=3)
    assert not scored.complete
    assert (scored.trials, scored.count, scored.lost) == (10, 12, 5)
    over_tasks, over_trials = scored.over_tasks, scored.over_trials
    assert over_tasks is not None
    assert over_trials is not None
    assert (over_tasks.value, over_trials.value) == (0.5, 0.5)
    success = scored.tasks["a"].success
    assert success.low == pytest.approx(0.5101, abs=1e-4)
    assert success.high == 1.0
    # MOVER by hand, from Wilson's ends 0.5101-1, 0-0.4899 and 0.0945-0.9055.
    assert over_tasks.low == pytest.approx(0.5 - (0.4899**2 + 0.4055**2) ** 0.5 / 3, abs=1e-4)
    assert over_tasks.high == pytest.approx(0.5 + (0.4899**2 + 0.4055**2) ** 0.5 / 3, abs=1e-4)
    assert scored.reward == pytest.approx((0.5 + 0.25) / 3)
    names = [(one.subset.name, one.run, one.figure and one.figure.value) for one in scored.subsets]
    assert names == [("whole", 2, 0.5), ("part", 1, None)]
    # Those of different tasks come first.
    assert [(one.task, one.seed) for one in scored.failed] == [("b", 0), ("b", 1), ("c", 1)]
    screen = Console(file=io.StringIO(), width=80)
    show_suite(screen, scored, "r.jsonl")
    assert isinstance(screen.file, io.StringIO)
    text = screen.file.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    assert "not complete: 10 of 12 trials were run" in text
    assert "subsets of which not all was run: part (1 of 2)" in text
    assert "[bold]b" in text
    assert "\x1b" not in text
