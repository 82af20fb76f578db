"""The episode on disk: readable after any crash, and refused by name when damaged."""

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from paper_env import PaperEnv
from screens import until

from eyehand.actions import Click, Point
from eyehand.agent import Agent, Task, TaskStep
from eyehand.envs import (
    Episode,
    EpisodeBroken,
    EpisodeExists,
    EpisodeUnwritable,
    StopReason,
)
from eyehand.model import ScriptedModel


async def record(folder: Path, clicks: int = 3) -> Episode:
    steps = [TaskStep.of({"click": [10 * i + 5, 20]}) for i in range(clicks)]
    steps.append(TaskStep.of({"goal": "dot the corner"}))
    model = ScriptedModel(
        [
            "hm",
            {"action": "click", "point": [1, 1]},
            {"action": "answer", "text": "汉"},
            "{}",
            {"action": "done"},
        ]
    )
    task = Task(name="dots", steps=tuple(steps))
    return await Agent(PaperEnv(), model, record=folder).run(task)


def lines(folder: Path) -> list[str]:
    return (folder / "steps.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)


async def test_what_is_read_is_what_was_recorded(tmp_path: Path) -> None:
    made = await record(tmp_path / "e")
    read = Episode.load(tmp_path / "e")
    assert read.steps == made.steps
    assert read.end == made.end
    assert read.header == made.header
    assert read.stop is StopReason.DONE
    assert read.answers == ["汉"]
    last = read.last_view()
    assert last is not None
    pixels = read.pixels(last.picture)
    assert pixels.shape == (240, 320, 3)
    assert not pixels[1, 1].any()
    with pytest.raises(ValueError, match="read-only"):
        pixels[0, 0] = 1


async def test_equal_frames_are_stored_once(tmp_path: Path) -> None:
    await record(tmp_path / "e", clicks=0)
    # blank and dotted: the unreadable replies and the talk changed nothing
    assert len(list((tmp_path / "e" / "frames").iterdir())) == 2


async def test_a_folder_that_holds_something_is_never_written_to(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    env = PaperEnv()
    task = Task(steps=(TaskStep.of({"click": [1, 1]}),))
    with pytest.raises(EpisodeExists, match="not an empty folder"):
        await Agent(env, record=tmp_path).run(task)
    assert os.listdir(tmp_path) == ["mine.txt"]
    assert env.clicks == []


async def test_a_place_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    task = Task(steps=(TaskStep.of({"click": [1, 1]}),))
    with pytest.raises(EpisodeUnwritable, match="cannot record to"):
        await Agent(PaperEnv(), record=tmp_path / "file" / "e").run(task)
    with pytest.raises(EpisodeUnwritable, match="cannot record to"):
        await Agent(PaperEnv(), record="/proc/eyehand/e").run(task)


Damage = Callable[[Path], None]


def _cut(folder: Path, at: int, line: str | None, lines: int = 1) -> None:
    path = folder / "steps.jsonl"
    rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
    at = at % (len(rows) + 1) if at >= 0 else len(rows) + at
    rows[at : at + lines] = [] if line is None else [line]
    (folder / "steps.jsonl").write_text("".join(rows), encoding="utf-8")


def _resumed(folder: Path, **said: object) -> str:
    """The line that says that another process went on, as if after the last step."""
    steps = sum('"kind":"step"' in line for line in lines(folder))
    row = {"kind": "resumed", "episode": json.loads(lines(folder)[0])["episode"], "index": steps}
    return json.dumps({**row, "time": 1.0, **said}) + "\n"


def _edit(folder: Path, at: int, change: Callable[[dict[str, object]], object]) -> None:
    row = json.loads(lines(folder)[at])
    change(row)
    _cut(folder, at, json.dumps(row) + "\n")


@pytest.mark.parametrize(
    ("damage", "message", "line"),
    [
        (lambda f: _cut(f, 2, None), "the intent of step 1 is missing", 3),
        (lambda f: _cut(f, 0, None, lines=2), "step 0 is missing", 1),
        (lambda f: _cut(f, 1, lines(f)[1][:50] + "\n"), "torn or damaged line", 2),
        (lambda f: _cut(f, 1, "\n"), "torn or damaged line", 2),
        (lambda f: _cut(f, 1, "[]\n"), "not a JSON object", 2),
        (lambda f: _cut(f, 1, "[" * 100_000 + "\n"), "torn or damaged line", 2),
        (lambda f: _edit(f, 1, lambda r: r.update(episode="other")), "another episode", 2),
        (lambda f: _edit(f, 1, lambda r: r.update(extra=1)), "extra", 2),
        (lambda f: _edit(f, 1, lambda r: r.update(kind="stop")), "kind", 2),
        (lambda f: _edit(f, 1, lambda r: r.pop("seen")), "seen", 2),
        (lambda f: _edit(f, -1, lambda r: r.update(steps=99)), "counts 99 steps", None),
        (lambda f: _cut(f, len(lines(f)), lines(f)[0]), "follows the end", None),
        (lambda f: _cut(f, len(lines(f)), '{"kind":"s'), "follows the end", None),
        (lambda f: _cut(f, len(lines(f)), _resumed(f)), "resumed after no end, but", None),
        (lambda f: _cut(f, -1, _resumed(f, after="cancelled")), "but it had not ended", None),
        (lambda f: _cut(f, -1, _resumed(f, index=1)), "is missing: this line is of step 1", None),
    ],
)
async def test_damage_is_refused_with_file_and_line(
    tmp_path: Path, damage: Damage, message: str, line: int | None
) -> None:
    await record(tmp_path / "e")
    damage(tmp_path / "e")
    with pytest.raises(EpisodeBroken, match=message) as caught:
        Episode.load(tmp_path / "e")
    assert caught.value.path == tmp_path / "e" / "steps.jsonl"
    assert caught.value.line is not None
    if line is not None:
        assert caught.value.line == line
    assert f"steps.jsonl:{caught.value.line}" in str(caught.value)


async def test_every_missing_line_is_noticed(tmp_path: Path) -> None:
    await record(tmp_path / "e")
    whole = lines(tmp_path / "e")
    for gone in range(len(whole) - 1):
        rest = whole[:gone] + whole[gone + 1 :]
        (tmp_path / "e" / "steps.jsonl").write_text("".join(rest), encoding="utf-8")
        with pytest.raises(EpisodeBroken):
            Episode.load(tmp_path / "e")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file"),
        ("{", "is not JSON"),
        ("[]", 'no "format" number'),
        ('{"format": true}', 'no "format" number'),
        ('{"format": 3}', "is of format 3; this eyehand reads up to 2"),
        ('{"format": 1}', "id"),
    ],
)
async def test_a_bad_header_is_refused(tmp_path: Path, content: str | None, message: str) -> None:
    await record(tmp_path / "e")
    path = tmp_path / "e" / "episode.json"
    path.unlink()
    if content is not None:
        path.write_text(content)
    with pytest.raises(EpisodeBroken, match=message) as caught:
        Episode.load(tmp_path / "e")
    assert caught.value.path == path


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EpisodeBroken, match="no such folder"):
        Episode.load(tmp_path / "nowhere")


async def test_a_missing_picture_is_damage_with_its_line(tmp_path: Path) -> None:
    made = await record(tmp_path / "e")
    after = made.steps[1].after
    assert after is not None
    (tmp_path / "e" / "frames" / f"{after.picture}.png").unlink()
    with pytest.raises(EpisodeBroken, match=rf"picture frames/{after.picture}\.png is missing"):
        Episode.load(tmp_path / "e")


async def test_a_damaged_or_swapped_picture_is_never_shown(tmp_path: Path) -> None:
    made = await record(tmp_path / "e")
    first, second = made.steps[0].seen.picture, made.steps[1].seen.picture
    frames = tmp_path / "e" / "frames"
    good = (frames / f"{first}.png").read_bytes()
    (frames / f"{first}.png").write_bytes((frames / f"{second}.png").read_bytes())
    with pytest.raises(EpisodeBroken, match="not the one it is named for"):
        Episode.load(tmp_path / "e").pixels(first)
    (frames / f"{first}.png").write_bytes(good[: len(good) // 2])
    with pytest.raises(EpisodeBroken, match="cannot be decoded"):
        Episode.load(tmp_path / "e").pixels(first)


async def test_cut_at_every_byte_it_is_a_prefix_or_damage_but_never_a_lie(tmp_path: Path) -> None:
    made = await record(tmp_path / "e", clicks=1)
    path = tmp_path / "e" / "steps.jsonl"
    body = path.read_bytes()
    most = 0
    for length in range(0, len(body), 7):
        path.write_bytes(body[:length])
        read = Episode.load(tmp_path / "e")
        assert read.end is None
        assert read.steps == made.steps[: len(read.steps)]
        assert len(read.steps) >= most
        most = len(read.steps)
        if read.pending is not None:
            assert read.pending.index == len(read.steps)
    path.write_bytes(body)
    assert Episode.load(tmp_path / "e").end == made.end


_KEEPER = """
import asyncio, os, sys
sys.path.insert(0, sys.argv[2])
from eyehand.agent import Agent, Task, TaskStep
from paper_env import PaperEnv

steps = tuple(TaskStep.of({"click": [i % 300, i // 300]}) for i in range(3_000))
task = Task(name="dots", steps=steps, limits={"steps": 3_000})
for line in sys.stdin:
    victim = os.fork()
    if not victim:
        folder = sys.argv[1] + "/" + line.strip()
        asyncio.run(Agent(PaperEnv(), record=folder).run(task))
        os._exit(0)
    print(victim, flush=True)
    os.waitpid(victim, 0)
    print("dead", flush=True)
"""


def test_killed_at_random_moments_every_episode_is_readable(tmp_path: Path) -> None:
    """Fifty processes, each killed with SIGKILL somewhere in its run."""
    chance = random.Random(20261121)
    tests = str(Path(__file__).parent)
    steps_seen = []
    # One process forks the victims: starting Python fifty times would take most of the time.
    keeper = subprocess.Popen(
        [sys.executable, "-c", _KEEPER, str(tmp_path), tests],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    if keeper.stdin is None or keeper.stdout is None:
        raise RuntimeError("no pipes")
    for number in range(50):
        keeper.stdin.write(f"{number}\n")
        keeper.stdin.flush()
        victim = int(keeper.stdout.readline())
        if number % 5:  # the others are killed somewhere in their beginning
            until((tmp_path / str(number) / "episode.json").exists)
        time.sleep(chance.uniform(0.0, 0.4))
        os.kill(victim, signal.SIGKILL)
        assert keeper.stdout.readline() == "dead\n"
        folder = tmp_path / str(number)
        if not (folder / "episode.json").exists():
            continue  # killed before there was an episode
        read = Episode.load(folder)
        assert read.end is None
        steps_seen.append(len(read.steps))
        for step in read.steps:
            assert step.result is not None
            assert step.after is not None
            assert read.pixels(step.after.picture).shape == (240, 320, 3)
        if read.pending is not None:
            i = read.pending.index
            assert i == len(read.steps)
            assert read.pending.action == Click(point=Point(i % 300, i // 300))
    keeper.stdin.close()
    assert keeper.wait(10) == 0
    keeper.stdout.close()
    assert len(steps_seen) > 25
    assert max(steps_seen) > 10


async def test_half_a_line_on_a_full_disk_does_not_spoil_what_follows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, full = os.write, [False]

    def fill(file: int, body: bytes) -> int:
        if full[0]:
            full[0] = False  # there is space again afterwards
            raise OSError(errno.ENOSPC, "No space left on device")
        if b'"kind":"step"' in bytes(body) and b'"index":1' in bytes(body):
            full[0] = True
            return write(file, bytes(body)[:40])
        return write(file, body)

    monkeypatch.setattr("eyehand.envs.journal.os.write", fill)
    with pytest.raises(EpisodeUnwritable, match="No space left"):
        await record(tmp_path / "e")
    read = Episode.load(tmp_path / "e")
    assert len(read.steps) == 1
    assert read.stop is not StopReason.DONE


async def test_what_cannot_be_written_down_leaves_no_folder(tmp_path: Path) -> None:
    env = PaperEnv()
    env.describe = lambda: {"file": "\ud800"}  # type: ignore[method-assign]
    with pytest.raises(ValueError, match="surrogates"):
        await Agent(env, record=tmp_path / "e").run(Task(steps=(TaskStep.of({"click": [1, 1]}),)))
    assert not (tmp_path / "e").exists()
