"""An evaluation that is killed with SIGKILL, or stopped with Ctrl-C, at any moment goes on."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from eval_rig import Boxes, BoxScore
from eval_victim import SAMPLES

from eyehand.agent.eval_voices import ModelVoice, Said
from eyehand.agent.evaluating import Evaluation, Plan
from eyehand.agent.results_file import ResultsFile, read_results
from eyehand.model.scripted import ScriptedModel

KILLS = 20
TESTS = Path(__file__).parent


def comparable(path: Path) -> list[bytes]:
    """Give the lines, byte for byte, without what differs between two runs of one evaluation."""
    kept = []
    for line in path.read_bytes().splitlines(keepends=True):
        data = json.loads(line)
        for name in ("started", "seconds", "stats"):
            data.pop(name, None)
        kept.append(json.dumps(data).encode() + line[-1:])
    return kept


async def test_killed_twenty_times_it_equals_one_that_ran_through(tmp_path: Path) -> None:
    draw = random.Random(7)
    keeper = await asyncio.create_subprocess_exec(
        sys.executable,
        str(TESTS / "eval_victim.py"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    if keeper.stdin is None or keeper.stdout is None:
        raise RuntimeError("no pipes")
    whole, path = tmp_path / "whole.jsonl", tmp_path / "killed.jsonl"
    halves = 0

    def size() -> int:
        return path.stat().st_size if path.exists() else 0

    async with asyncio.timeout(60):
        keeper.stdin.write(f"{whole}\n".encode())
        await keeper.stdout.readline()
        assert await keeper.stdout.readline() == b"0\n"
        line = whole.stat().st_size // SAMPLES
        for _ in range(KILLS):
            target = size() + draw.randint(0, 4 * line)
            keeper.stdin.write(f"{path}\n".encode())
            victim = int(await keeper.stdout.readline())
            ended = asyncio.ensure_future(keeper.stdout.readline())
            while size() < target and not ended.done():  # noqa: ASYNC110 - a file tells nobody
                await asyncio.sleep(0)
            if not ended.done():
                os.kill(victim, signal.SIGKILL)
            assert await ended == b"-9\n"
            halves += bool(size()) and not path.read_bytes().endswith(b"\n")
        keeper.stdin.write(f"{path}\n".encode())
        await keeper.stdout.readline()
        assert await keeper.stdout.readline() == b"0\n"
        keeper.stdin.close()
        assert await keeper.wait() == 0
    assert halves  # some were killed in the middle of a line
    assert comparable(path) == comparable(whole)
    assert len(list(read_results(path)[1])) == SAMPLES


@pytest.mark.parametrize("stuck", ["model", "picture"])
async def test_cancelling_takes_100_ms_whatever_it_waits_for(tmp_path: Path, stuck: str) -> None:
    reached = asyncio.Event()
    loop = asyncio.get_running_loop()

    class Slow(Boxes):
        def _picture(self, number: int) -> Any:
            if stuck == "picture" and number == 4:
                loop.call_soon_threadsafe(reached.set)
                time.sleep(0.5)
            return super()._picture(number)

    class Thinking(ModelVoice):
        async def say(self, asked: Any) -> Said:
            if stuck == "model" and asked.number == 4:
                reached.set()
                await asyncio.Event().wait()
            return await super().say(asked)

    voice = Thinking(ScriptedModel(["nothing"] * 12))
    evaluation = Evaluation(Slow(), BoxScore(), voice, Plan(path="boxes"))
    with ResultsFile(tmp_path / "r") as file:
        file.begin(await evaluation.header())
        run = asyncio.ensure_future(evaluation.run(file))
        async with asyncio.timeout(10):
            await reached.wait()
        began = time.monotonic()
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        assert time.monotonic() - began < 0.5  # promised are 0.1; a busy machine may take longer
        assert file.count <= 4


PROGRAM = """
import sys, time
import typer
from eval_rig import Boxes, BoxScore
from eyehand.agent import dataset_cli, eval_cli

class Slow(Boxes):
    def _picture(self, number):
        time.sleep(0.02)
        return super()._picture(number)

dataset_cli._dataset = lambda name, path, split: Slow(count=40)
dataset_cli._evaluator = lambda name: BoxScore()
app = typer.Typer(pretty_exceptions_enable=False)
app.command("eval")(eval_cli.evaluate)
app.command("rescore")(eval_cli.rescore)
app()
"""


def test_ctrl_c_says_how_to_go_on_and_going_on_ends_it(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    program = [sys.executable, "-c", PROGRAM, "eval", "boxes", "x", "--model", "answer"]
    program += ["--out", str(path), "--jobs", "1"]
    environ = {**os.environ, "PYTHONPATH": str(TESTS)}
    with subprocess.Popen(
        program, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        end = time.monotonic() + 30
        while not (path.exists() and path.read_bytes().count(b"\n") > 5):
            assert time.monotonic() < end
            assert child.poll() is None
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=10)
    assert child.returncode == 130, err
    assert f"of 40 samples are in {path}; the same command goes on" in err
    assert not out
    done = len(list(read_results(path)[1]))
    assert 5 <= done < 40
    again = subprocess.run(
        [*program, "--json"], env=environ, capture_output=True, text=True, timeout=60, check=True
    )
    found = json.loads(again.stdout)
    assert found["asked"] == 40
    assert found["complete"]
    assert found["figures"][1]["value"] == 1
    assert [r.number for r in read_results(path)[1]] == list(range(40))
