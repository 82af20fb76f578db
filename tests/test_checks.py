"""Conditions: what holds, what does not, and what a hostile or broken one cannot do."""

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest
from paper_env import PaperEnv
from screens import until

from eyehand.agent import Agent, Look, Task, TaskError, TaskStep, Verdict, check
from eyehand.agent.checks import CHECKS
from eyehand.envs import StopReason


async def found(folder: Path, name: str, **arguments: Any) -> Verdict:
    env = PaperEnv()
    return await CHECKS[name](Look(await env.reset(), folder, {**os.environ}), arguments)


async def test_a_command_that_leaves_a_child_is_judged_at_its_own_end(tmp_path: Path) -> None:
    began = time.monotonic()
    verdict = await found(
        tmp_path, "command", run=["sh", "-c", "sleep 4712 & echo hi"], prints="hi"
    )
    assert verdict.passed, verdict
    assert time.monotonic() - began < 10
    await asyncio.to_thread(until, lambda: not runs("4712"))


@pytest.mark.parametrize(
    ("run", "timeout_s", "why"),
    [
        (["sh", "-c", "sleep 4713; true"], 0.3, "ran longer than 0.3 s"),
        (["yes", "4713"], 60, "printed more than 67108864 bytes"),
    ],
)
async def test_a_command_that_hangs_or_floods_ends_in_time_and_leaves_nothing(
    tmp_path: Path, run: list[str], timeout_s: float, why: str
) -> None:
    began = time.monotonic()
    verdict = await found(tmp_path, "command", run=run, timeout_s=timeout_s)
    assert not verdict.passed
    assert why in verdict.detail
    assert time.monotonic() - began < 10
    await asyncio.to_thread(until, lambda: not runs("4713"))


async def test_a_cancelled_command_is_ended(tmp_path: Path) -> None:
    running = asyncio.create_task(found(tmp_path, "command", run=["sleep", "4714"]))
    await asyncio.to_thread(until, lambda: runs("4714"))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await asyncio.to_thread(until, lambda: not runs("4714"))


def runs(word: str) -> bool:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word in path.read_text().split("\0"):
                return True
        except OSError:
            continue
    return False


async def test_whatever_is_there_exists(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "file").write_text("x")
    os.mkfifo(tmp_path / "pipe")
    for path in (".", "link", "file", "pipe"):
        assert not (await found(tmp_path, "file", path=path, exists=False)).passed, path
    assert (await found(tmp_path, "file", path="none", exists=False)).passed
    assert not (await found(tmp_path, "file", path="pipe", equals="")).passed
    # Not waited for: a pipe that nobody writes into would hold a thread, and with it the exit.
    assert not (await found(tmp_path, "file", path="file", same_as="pipe")).passed
    assert not (await found(tmp_path, "picture", path="pipe")).passed
    with (tmp_path / "large").open("wb") as large:
        large.truncate(2**30)
    assert (await found(tmp_path, "file", path="large")).passed
    assert "larger than" in (await found(tmp_path, "file", path="large", contains="x")).detail
    assert "~nobody-here" in (await found(tmp_path, "file", path="~nobody-here/x")).detail


async def test_a_condition_of_ones_own_that_raises_does_not_hold_and_is_waited_for(
    tmp_path: Path,
) -> None:
    @check("has_a_line", reads="world")
    async def has_a_line(look: Look, *, path: str) -> Verdict:
        return Verdict(bool(look.path(path).read_text()), "read")

    @check("gives_nothing", reads="world")
    async def gives_nothing(look: Look) -> Verdict:
        return None  # type: ignore[return-value]

    try:
        verdict = await found(tmp_path, "has_a_line", path="none")
        assert verdict.detail.startswith("has_a_line raised FileNotFoundError: ")
        wait = TaskStep.of({"wait_for": {"has_a_line": {"path": "late"}}, "timeout_s": 20})
        task = Task(steps=(wait,), folder=tmp_path)
        running = asyncio.create_task(Agent(PaperEnv()).run(task))
        await asyncio.sleep(0.3)
        (tmp_path / "late").write_text("x")
        assert (await running).stop is StopReason.DONE
        with pytest.raises(TaskError, match="gives_nothing gave None: it must return a Verdict"):
            await found(tmp_path, "gives_nothing")
    finally:
        del CHECKS["has_a_line"], CHECKS["gives_nothing"]


async def test_what_a_condition_says_can_be_recorded(tmp_path: Path) -> None:
    @check("says_a_file_name", reads="world")
    async def says_a_file_name(look: Look) -> Verdict:
        return Verdict(True, "\udcff")

    try:
        assert (await found(tmp_path, "says_a_file_name")) == Verdict(True, "\\udcff")
    finally:
        del CHECKS["says_a_file_name"]
