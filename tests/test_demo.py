"""The demonstration: real practice phones, judged by their own data, with models of many kinds."""

import asyncio
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
import small
from command import EYEHAND
from demo_rig import DIALECT, solution
from PIL import Image
from screens import Screen, until
from typer.testing import CliRunner, Result

from eyehand.agent import opening
from eyehand.agent.cli import app
from eyehand.agent.pocket.demo import TASKS
from eyehand.agent.replaying import replay
from eyehand.envs import Episode
from eyehand.model.files import Files
from eyehand.model.image import Processor
from eyehand.model.training.new import new_checkpoint
from eyehand.model.training.pocket import pocket_config

ALL = ",".join(TASKS)


def demo(*arguments: object) -> Result:
    words = ["demo", "--no-window", *map(str, arguments)]
    return CliRunner().invoke(app, words, env={"COLUMNS": "200"})


def saying(path: Path, replies: list[str]) -> list[object]:
    """Write a script; give the options that let it play."""
    path.write_text(json.dumps(replies, ensure_ascii=False), encoding="utf-8")
    return ["--model", f"script:{path}", "--dialect", DIALECT]


def results(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "demo.json").read_text(encoding="utf-8"))
    return found


def test_who_knows_the_way_solves_all_of_it_and_every_run_replays(tmp_path: Path) -> None:
    out = tmp_path / "shown"
    script = saying(tmp_path / "script.json", asyncio.run(solution([*TASKS])))
    done = demo("--out", out, *script)
    assert done.exit_code == 0, done.output
    assert f"{len(TASKS)} of {len(TASKS)} solved" in done.stdout
    found = results(out)
    assert [(one["name"], one["solved"]) for one in found["tasks"]] == [(t, True) for t in TASKS]
    (note,) = found["tasks"][-1]["notes"]
    assert f'note_down {{"text": "{note}"}}' in done.stdout  # in its own words
    assert (out / "episodes" / f"{len(TASKS)}-note_down.txt").read_text() == f"{note}\n"
    for one in found["tasks"]:
        episode = Episode.load(out / "episodes" / one["episode"])
        assert asyncio.run(replay(episode)).complete
    page = (out / "report.html").read_text(encoding="utf-8")
    assert all(one["episode"] in page for one in found["tasks"])
    with Image.open(out / "picture.png") as picture:
        assert picture.width > 4 * 200  # the longest run's screens, side by side
    assert sorted(path.name for path in tmp_path.iterdir()) == ["script.json", "shown"]


@pytest.mark.parametrize(
    ("task", "replies"),
    [
        ("switch_setting", ["done"]),
        ("switch_setting", ["infeasible"]),
        ("tell_setting", ['answer "42"', "done"]),
        ("missing_app", ["done"]),
        ("note_down", ["done"]),
        ("note_down", ['note_down {"text": "00:01"}', "done"]),
        ("note_down", ["RIGHT", "RIGHT", "done"]),
    ],
)
def test_what_is_only_said_to_be_done_is_not_solved(
    tmp_path: Path, task: str, replies: list[str]
) -> None:
    right = next((r for r in asyncio.run(solution([task])) if r.startswith("note_down")), "")
    script = saying(tmp_path / "s.json", [reply.replace("RIGHT", right) for reply in replies])
    done = demo("--out", tmp_path / "out", "--tasks", task, *script)
    assert done.exit_code == 0, done.output  # it ran
    assert results(tmp_path / "out")["solved"] == 0
    assert "0 of 1 solved" in done.stdout
    assert "solved: no" in done.stdout


def test_json_is_for_scripts(tmp_path: Path) -> None:
    replies = asyncio.run(solution(["switch_alarm"]))
    done = demo(
        "--out", tmp_path / "out", "--tasks", "switch_alarm", "--json",
        *saying(tmp_path / "s.json", replies),
    )  # fmt: skip
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["type"] for line in lines] == [*["step"] * (len(replies) + 1), "end", "demo"]
    assert (lines[-2]["task"], lines[-2]["solved"]) == ("switch_alarm", True)
    assert (lines[-1]["solved"], lines[-1]["of"]) == (1, 1)
    assert Path(lines[-1]["report"]).is_file()


def test_an_older_demo_is_replaced_and_nothing_else_ever_is(tmp_path: Path) -> None:
    script = saying(tmp_path / "s.json", ["infeasible"])
    out = tmp_path / "out"
    for _ in range(2):
        assert demo("--out", out, "--tasks", "missing_app", *script).exit_code == 0
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("Dear")
    refused = demo("--out", tmp_path / "mine", *script)
    assert refused.exit_code == 2
    assert "no demo's" in refused.stderr
    assert demo("--out", tmp_path / "no" / "where", *script).exit_code == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "out", "s.json"]


def test_a_model_that_fails_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    script = saying(tmp_path / "s.json", ["infeasible", "click 3 3"])
    failed = demo("--out", tmp_path / "out", "--tasks", "missing_app,missing_app", *script)
    assert failed.exit_code == 4
    assert "one more was asked for" in failed.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["s.json"]


@pytest.mark.parametrize("seen", ["1 of 60", "20 of 60"])
def test_ctrl_c_leaves_nothing_behind(tmp_path: Path, seen: str) -> None:
    script = saying(tmp_path / "s.json", ["infeasible"] * 60)
    tasks = ",".join(["missing_app"] * 60)
    running = subprocess.Popen(
        [EYEHAND, "demo", "--no-window", "--tasks", tasks, *map(str, script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    try:
        assert running.stdout is not None
        while seen not in running.stdout.readline():
            assert running.poll() is None
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=30)
    finally:
        running.kill()
        running.wait()
    assert (running.returncode, said) == (130, "eyehand: interrupted\n")
    assert [path.name for path in tmp_path.iterdir()] == ["s.json"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--tasks", "switch_setting,fly"], "there is no task 'fly'"),
        (["--tasks", ""], "there is no task ''"),
        (["--model", "pockets"], "give pocket, script:FILE"),
        (["--dialect", "klingon"], "there is no dialect 'klingon'"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = demo(*arguments)
    assert done.exit_code == 2, done.output
    assert said in done.stderr
    assert not [*tmp_path.iterdir()]


def test_the_phones_are_shown_in_a_window_and_go_on_without_it(
    screen: Screen, tmp_path: Path
) -> None:
    script = saying(tmp_path / "s.json", ["infeasible"] * 6)
    tasks = ",".join(["missing_app"] * 6)
    out = tmp_path / "out"
    running = screen.launch(EYEHAND, "demo", "--out", str(out), "--tasks", tasks, *map(str, script))

    def shown() -> Any:
        root = screen.client.screen().root
        for window in root.query_tree().children:
            for one in (window, *window.query_tree().children):
                if "Open the app" in (one.get_wm_name() or ""):
                    return one
        return None

    try:
        window = until(shown, what="the window")
        assert window.get_geometry().width == 280
        goodbye = screen.client.intern_atom("WM_DELETE_WINDOW")
        protocols = screen.client.intern_atom("WM_PROTOCOLS")
        from Xlib.protocol.event import ClientMessage

        told = ClientMessage(window=window, client_type=protocols, data=(32, [goodbye, 0, 0, 0, 0]))
        window.send_event(told)
        screen.client.sync()
        assert running.wait(60) == 0
    finally:
        screen.end(running)
    assert results(out)["solved"] == 6


def test_without_a_display_it_says_so_and_goes_on(tmp_path: Path) -> None:
    script = saying(tmp_path / "s.json", ["infeasible"])
    environ = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    done = subprocess.run(
        [EYEHAND, "demo", "--tasks", "missing_app", *map(str, script)],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "no window can be opened" in done.stderr
    assert (tmp_path / "eyehand-demo" / "report.html").is_file()


# The checkpoint that comes along


@pytest.fixture
def untrained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What belongs to the pocket model's name, with weights that know nothing."""
    folder = tmp_path / "package" / "eyehand-pocket"
    words = small.vocabulary()
    screens = Processor(min_pixels=28 * 28, max_pixels=280 * 616)
    new_checkpoint(folder, pocket_config(words), words, screens, seed=3)
    monkeypatch.setattr(opening, "_POCKET_FOLDER", folder)
    return folder


def test_pocket_means_the_shipped_checkpoint_in_its_own_dialect(
    untrained: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = demo("--out", out, "--tasks", "missing_app,note_down")
    assert done.exit_code == 0, done.output
    assert results(out)["model"]["fingerprint"] == Files(untrained).fingerprint()
    for folder in (out / "episodes").glob("*/"):
        header = Episode.load(folder).header
        assert header.dialect == "pocket"
        assert header.model is not None
        assert header.model["name"] == "eyehand-pocket"
        assert [tool["name"] for tool in header.tools] == ["note_down"] * ("note" in folder.name)
    picture = tmp_path / "p.png"
    Image.new("RGB", (280, 616)).save(picture)
    said = CliRunner().invoke(
        app, ["say", "Go home", "--picture", str(picture), "--model", "pocket", "--phone", "--json"]
    )
    assert said.exit_code == 0, said.output
    assert '"pocket"' in said.stdout


@pytest.mark.parametrize(
    "command",
    [
        ["demo"],
        ["run", "practice:missing_app", "--model", "pocket"],
        ["eval", "practice", "--model", "pocket", "--tasks", "missing_app"],
        ["model", "check", "pocket"],
        ["say", "Go home", "--picture", "p.png", "--model", "pocket"],
    ],
    ids=lambda words: words[0],
)
def test_where_it_is_missing_every_command_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (280, 616)).save("p.png")
    monkeypatch.setattr(opening, "_POCKET_FOLDER", tmp_path / "nowhere")
    done = CliRunner().invoke(app, command, env={"DISPLAY": ""})
    assert done.exit_code == 2, done.output
    assert "the pocket model is missing here" in done.stderr
    assert "nowhere" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["p.png"]
