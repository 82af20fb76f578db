"""The command line: exit codes, messages, and what scripts read."""

import asyncio
import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command import EYEHAND
from paper_env import PaperEnv
from screens import Screen, until
from typer.testing import CliRunner

from eyehand.agent import Agent, Task, TaskStep, console
from eyehand.agent.checks import CHECKS
from eyehand.agent.cli import app
from eyehand.envs import Episode, StopReason
from eyehand.model import ScriptedModel

ROOT = Path(__file__).parents[1]


def eyehand(*arguments: object, **environ: str | None) -> Any:
    """Run a command without any display."""
    return CliRunner().invoke(
        app,
        [str(argument) for argument in arguments],
        env={"DISPLAY": None, "WAYLAND_DISPLAY": None, "COLUMNS": "200", **environ},
    )


@pytest.fixture
def episode(tmp_path: Path) -> Path:
    """A small recording: an action, a goal, a check."""
    folder = tmp_path / "episode"
    steps = ({"click": [15, 20]}, {"goal": "dot it"}, {"check": {"window": {"title": "Paper"}}})
    task = Task(name="dots", steps=tuple(TaskStep.of(step) for step in steps))
    model = ScriptedModel([{"action": "click", "point": [3, 4]}, {"action": "done"}])
    asyncio.run(Agent(PaperEnv(), model, record=folder).run(task))
    return folder


def task_file(tmp_path: Path, text: str = "steps:\n  - click: [15, 20]\n") -> Path:
    path = tmp_path / "task.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def change(folder: Path, line: int, edit: Any) -> None:
    path = folder / "steps.jsonl"
    rows = [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines()]
    for row in rows[line : line + 2]:
        edit(row)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def test_a_replay_that_agrees_exits_with_0(episode: Path) -> None:
    result = eyehand("replay", episode)
    assert result.exit_code == 0, result.output
    assert "click (15, 20)" in result.output
    assert "done" in result.output
    assert eyehand("replay", episode, "--strict").exit_code == 0
    assert eyehand("replay", episode, "--tolerant", "3").exit_code == 0


def test_a_changed_point_exits_with_5_and_shows_both(episode: Path, tmp_path: Path) -> None:
    change(episode, 0, lambda row: row["action"].update(point=[25, 20]))
    result = eyehand("replay", episode, "--picture", tmp_path / "p")
    assert result.exit_code == 5
    assert "step 0: another point, 10.0 px" in result.stderr
    assert "recorded: click (25, 20)" in result.stderr
    assert "now:      click (15, 20)" in result.stderr
    assert (tmp_path / "p" / "divergence-step-0.png").is_file()
    result = eyehand("replay", episode, "--tolerant", "10")
    assert result.exit_code == 0, result.stderr


def test_damage_exits_with_2_and_names_file_and_line(episode: Path) -> None:
    rows = (episode / "steps.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (episode / "steps.jsonl").write_text("".join(rows[:2] + rows[4:]), encoding="utf-8")
    for command in ("replay", "show"):
        result = eyehand(command, episode)
        assert result.exit_code == 2
        assert "steps.jsonl:3: step 1 is missing" in result.stderr


def test_an_unfinished_recording_exits_with_1(episode: Path) -> None:
    rows = (episode / "steps.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (episode / "steps.jsonl").write_text("".join(rows[:3]), encoding="utf-8")
    result = eyehand("replay", episode)
    assert result.exit_code == 1
    assert "up to where the recording stops" in result.output
    result = eyehand("show", episode)
    assert result.exit_code == 0
    assert "what became of it is unknown" in result.output


def test_json_is_one_object_a_line(episode: Path) -> None:
    result = eyehand("replay", episode, "--json")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["type"] for row in rows] == ["step"] * 4 + ["end"]
    assert rows[-1]["stop"] == "done"
    assert rows[0]["action"] == {"action": "click", "point": [15, 20]}
    rows = [json.loads(line) for line in eyehand("show", episode, "--json").stdout.splitlines()]
    assert rows[-1]["steps"] == 4
    change(episode, 0, lambda row: row["action"].update(point=[25, 20]))
    rows = [json.loads(line) for line in eyehand("replay", episode, "--json").stdout.splitlines()]
    assert rows[-1]["type"] == "error"
    assert rows[-1]["exit_code"] == 5


def test_show_saves_the_last_screen(episode: Path, tmp_path: Path) -> None:
    result = eyehand("show", episode, "--picture", tmp_path / "end.png")
    assert result.exit_code == 0
    assert (tmp_path / "end.png").is_file()
    result = eyehand("show", episode, "--picture", tmp_path / "no" / "end.png")
    assert result.exit_code == 2
    assert "cannot save the picture" in result.stderr


def test_a_task_can_run_on_recorded_screens(episode: Path, tmp_path: Path) -> None:
    replies = tmp_path / "replies.yaml"
    replies.write_text('- {action: click, point: [3, 4]}\n- {"action": "done"}\n')
    path = task_file(
        tmp_path,
        "name: dots\nsteps:\n  - click: [15, 20]\n  - goal: dot it\n"
        "  - check: {window: {title: Paper}}\n",
    )
    env = f"replay:{episode}"
    result = eyehand("run", path, "--env", env, "--model", f"script:{replies}")
    assert result.exit_code == 0, result.output + result.stderr
    replies.write_text('- {action: click, point: [30, 40]}\n- {"action": "done"}\n')
    result = eyehand("run", path, "--env", env, "--model", f"script:{replies}")
    assert result.exit_code == 5
    replies.write_text("- {action: click, point: [3, 4]}\n")
    result = eyehand("run", path, "--env", env, "--model", f"script:{replies}", "--json")
    assert result.exit_code == 4
    assert "one more was asked for" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run"], "Missing argument"),
        (["run", "nowhere.yaml"], "nowhere.yaml: cannot be read: No such file"),
        (["run", ""], "the task is empty"),
        (["run", "do it"], "a goal in words needs a model"),
        (
            ["run", "do it", "--model", "gpt"],
            "unknown model 'gpt': give pocket, script:FILE, a checkpoint",
        ),
        (["run", "do it", "--model", "script:nowhere.yaml"], "cannot read the script"),
        (["run", "do it", "--set", "a=b"], "--set is for task files"),
        (["run", "TASK", "--set", "a"], "--set takes NAME=VALUE"),
        (["run", "TASK", "--set", "a=1"], "there is no variable 'a'"),
        (["run", "TASK", "--env", "phone"], "unknown env 'phone'"),
        (["run", "TASK", "--env", "replay:nowhere"], "no such folder"),
        (["run", "TASK", "--tools", "nowhere.py"], "there is no file"),
        (["run", "TASK", "--frobnicate"], "No such option"),
        (["replay"], "Missing argument"),
        (["replay", "nowhere"], "no such folder: this is not an episode"),
        (["replay", "nowhere", "--strict", "--tolerant", "2"], "--strict or --tolerant, not both"),
        (["replay", "nowhere", "--tolerant", "-1"], "greater than or equal to 0"),
        (["show", "nowhere"], "no such folder"),
        (["frobnicate"], "No such command"),
    ],
)
def test_bad_usage_exits_with_2_and_says_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    task_file(tmp_path).rename(tmp_path / "TASK")
    result = eyehand(*arguments)
    assert result.exit_code == 2, result.output
    said = " ".join((result.stderr or result.output).replace("│", " ").split())
    assert message in said


@pytest.mark.parametrize(
    "text",
    ["", "steps: [", "steps:\n  - fly: away\n", "steps:\n  - click: {pont: [1, 2]}\n"],
)
def test_a_bad_task_file_exits_with_2_and_its_name(tmp_path: Path, text: str) -> None:
    path = task_file(tmp_path, text)
    result = eyehand("run", path)
    assert result.exit_code == 2
    assert str(path) in result.stderr


def test_no_display_exits_with_3_and_says_what_to_do(tmp_path: Path) -> None:
    result = eyehand("run", task_file(tmp_path), "--record", tmp_path / "e")
    assert result.exit_code == 3
    assert "$DISPLAY is not set" in result.stderr
    assert "virtual: 1280x800" in result.stderr
    assert Episode.load(tmp_path / "e").stop is StopReason.ENV_LOST
    result = eyehand("run", task_file(tmp_path), WAYLAND_DISPLAY="wayland-0")
    assert result.exit_code == 3
    assert "Wayland" in result.stderr
    result = eyehand("run", task_file(tmp_path), DISPLAY=":4711")
    assert result.exit_code == 3
    assert ":4711" in result.stderr


def test_a_missing_extra_is_named(tmp_path: Path) -> None:
    (tmp_path / "mss.py").write_text("raise ImportError('no mss')")
    text = "env: {desktop: {virtual: 640x480}}\nsteps:\n  - wait: 1\n"
    result = subprocess.run(
        [sys.executable, "-m", "eyehand.agent.cli", "run", task_file(tmp_path, text)],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 3
    assert 'pip install "eyehand[desktop]"' in result.stderr


def test_a_record_folder_that_is_in_use_or_read_only_is_refused(
    episode: Path, tmp_path: Path
) -> None:
    before = sorted(path.name for path in episode.rglob("*"))
    result = eyehand("run", task_file(tmp_path), "--record", episode)
    assert result.exit_code == 2
    assert "nothing was overwritten" in result.stderr
    assert sorted(path.name for path in episode.rglob("*")) == before
    result = eyehand("run", task_file(tmp_path), "--record", "/proc/e")
    assert result.exit_code == 2
    assert "cannot record to /proc/e" in result.stderr


def test_help_shows_examples_and_exit_codes() -> None:
    assert eyehand().exit_code == 2
    for command in ("run", "replay", "show", "doctor"):
        result = eyehand(command, "--help")
        assert result.exit_code == 0
        assert "Exit codes" in result.output
    assert "eyehand run examples/note.yaml --record" in eyehand("run", "--help").output


def test_doctor_without_a_display_says_what_to_do() -> None:
    result = eyehand("doctor", "--json")
    found = {row["name"]: row for row in map(json.loads, result.stdout.splitlines())}
    assert {"python", "desktop", "display", "private", "fonts", "adb", "torch"} <= found.keys()
    assert found["display"]["grade"] == "warn"
    assert "DISPLAY" in found["display"]["text"] + found["display"]["advice"]
    assert result.exit_code == 0
    result = eyehand("doctor", "--display", ":4711")
    assert result.exit_code == 1
    assert "fail" in result.output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_exits_with_130_and_leaves_nothing(
    tmp_path: Path, number: signal.Signals
) -> None:
    size = "643x481"  # of no other display
    text = (
        f"env: {{desktop: {{virtual: {size}}}}}\n"
        "steps:\n  - wait_for: {window: {title: never}}\n    timeout_s: 100\n"
    )
    record = str(tmp_path / "e")
    process = subprocess.Popen(
        [EYEHAND, "run", str(task_file(tmp_path, text)), "--record", record],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    for _ in range(400):
        if (tmp_path / "e" / "episode.json").exists():
            break
        process.poll()
        if process.returncode is not None:
            break
        signal.sigtimedwait([], 0.05)
    signal.sigtimedwait([], 1.0)
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130, said
    assert "interrupted" in said
    assert Episode.load(tmp_path / "e").stop is StopReason.CANCELLED
    running = subprocess.run(["ps", "-e", "-o", "args"], capture_output=True, text=True, check=True)
    assert size not in running.stdout


def test_a_tools_file_that_breaks_after_its_first_check_is_told(tmp_path: Path) -> None:
    path = tmp_path / "broken_tools.py"
    path.write_text(
        "from eyehand.agent import Look, Verdict, check\nfrom eyehand.actions import tool\n"
        '@check("first_is_fine", reads="screen")\n'
        "async def first(look: Look) -> Verdict:\n    return Verdict(True, '')\n"
        "@tool\ndef price(item):\n    pass\n"
    )
    try:
        result = eyehand("run", task_file(tmp_path), "--tools", path)
    finally:
        CHECKS.pop("first_is_fine", None)
    assert result.exit_code == 2
    assert "broken_tools.py" in result.stderr
    assert "price" in result.stderr


def test_a_program_that_fails_at_once_on_ones_own_display_is_told(
    tmp_path: Path, screen: Screen
) -> None:
    text = "env: {desktop: {start: [[sh, -c, 'echo no such luck; exit 7']]}}\nsteps:\n  - wait: 1\n"
    result = eyehand("run", task_file(tmp_path, text), DISPLAY=screen.name)
    assert result.exit_code == 3
    assert "sh ended with code 7 and said: no such luck" in result.stderr


def test_what_is_started_on_ones_own_display_ends_with_the_run(
    tmp_path: Path, screen: Screen
) -> None:
    start = f"[sh, -c, 'sleep 4715 & echo $! > {tmp_path}/child; wait']"
    text = f"env: {{desktop: {{start: [{start}]}}}}\nsteps:\n  - wait: 0.1\n"
    result = eyehand("run", task_file(tmp_path, text), DISPLAY=screen.name)
    assert result.exit_code == 0, result.stderr
    child = Path(f"/proc/{(tmp_path / 'child').read_text().strip()}/cmdline")
    until(lambda: not child.exists() or "4715" not in child.read_text())


def test_what_nohup_started_outlives_its_terminal(tmp_path: Path) -> None:
    text = "env: {desktop: {virtual: 320x240}}\nsteps:\n  - wait: 2\n"
    lines = tmp_path / "e" / "steps.jsonl"
    process = subprocess.Popen(
        ["nohup", EYEHAND, "run", str(task_file(tmp_path, text)), "--record", tmp_path / "e"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: lines.exists() and "intent" in lines.read_text())
    process.send_signal(signal.SIGHUP)
    assert process.wait(30) == 0


def test_a_reader_that_leaves_stops_the_run_with_a_message(tmp_path: Path) -> None:
    text = "env: {desktop: {virtual: 320x240}}\nsteps:\n" + "  - wait: 0.05\n" * 40
    path = task_file(tmp_path, text)
    process = subprocess.Popen(
        [EYEHAND, "run", str(path), "--record", tmp_path / "e"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stderr
    process.stdout.readline()
    process.stdout.close()
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert said == "eyehand: nobody reads the output any more\n"
    assert Episode.load(tmp_path / "e").stop is StopReason.CANCELLED


def test_what_a_screen_says_cannot_work_the_terminal(tmp_path: Path) -> None:
    task = Task(steps=(TaskStep.of({"type": "x"}),))
    episode = asyncio.run(Agent(PaperEnv()).run(task))
    step = episode.steps[0].model_copy(update={"error": "title \x1b[2J\x07 \u009b1m"})
    assert console.row(step)[3] == "title \ufffd[2J\ufffd \ufffd1m"


def in_a_terminal(
    arguments: list[str], type_when: dict[str, str], cwd: Path, out: Path | None = None
) -> tuple[int, str]:
    """Run a command in a pseudo terminal; type a line each time a text has appeared.

    Standard output goes to ``out`` if it is given.
    """
    environ = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "160"}
    child, ours = pty.fork()  # the terminal is the child's own: ^C in it is a signal
    if not child:
        os.chdir(cwd)
        if out is not None:
            os.dup2(os.open(out, os.O_CREAT | os.O_WRONLY), 1)
        os.execve(EYEHAND, [EYEHAND, *arguments], environ)
    shown = b""
    waiting = dict(type_when)
    while True:
        try:
            shown += os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        for text, keys in list(waiting.items()):
            if text.encode() in shown:
                os.write(ours, keys.encode())
                del waiting[text]
    os.close(ours)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), shown.decode("utf-8", "replace")


ASKING = """
env: {desktop: {virtual: 320x240}}
steps:
  - goal: Ask for the colour.
"""


def test_in_a_terminal_it_shows_a_table_and_asks_the_user(tmp_path: Path) -> None:
    task_file(tmp_path, ASKING)
    (tmp_path / "replies.jsonl").write_text(
        '{"action": "ask_user", "question": "Which colour?"}\n'
        '{"action": "answer", "text": "noted"}\n{"action": "done"}\n'
    )
    arguments = ["run", "task.yaml", "--model", "script:replies.jsonl"]
    code, shown = in_a_terminal(arguments, {"Which colour?": "blue\n"}, tmp_path)
    assert code == 0, shown
    assert "The user answers: blue" in shown
    assert "came of it" in shown
    assert "└───" in shown
    assert "answers: ['noted']" in shown


def test_ctrl_c_at_a_question_ends_at_once(tmp_path: Path) -> None:
    task_file(tmp_path, ASKING)
    (tmp_path / "replies.jsonl").write_text('{"action": "ask_user", "question": "Which?"}\n')
    arguments = ["run", "task.yaml", "--model", "script:replies.jsonl"]
    code, shown = in_a_terminal(arguments, {"Which?": "\x03"}, tmp_path)
    assert code == 130, shown
    assert "interrupted" in shown


def test_a_question_does_not_get_between_the_lines_of_json(tmp_path: Path) -> None:
    task_file(tmp_path, ASKING)
    (tmp_path / "replies.jsonl").write_text(
        '{"action": "ask_user", "question": "Which?"}\n{"action": "done"}\n'
    )
    arguments = ["run", "task.yaml", "--model", "script:replies.jsonl", "--json"]
    out = tmp_path / "out.jsonl"
    code, shown = in_a_terminal(arguments, {"Which?": "\x04"}, tmp_path, out)  # end of input
    assert code == 0, shown
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [row["type"] for row in rows] == ["step", "step", "end"]
    assert "no answer: the input has ended" in rows[0]["told"]
