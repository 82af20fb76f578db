"""A browser that dies, hangs or is missing: clear errors, bounded, and nothing left running."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from browser_rig import QUICK

from eyehand.actions import parse_action
from eyehand.agent import Agent
from eyehand.envs import (
    BackendMissing,
    Delivery,
    DeviceLost,
    DeviceNotFound,
    EnvClosed,
    EnvTimeout,
    Episode,
    StopReason,
)
from eyehand.envs.browser import BrowserEnv
from eyehand.envs.browser_options import BrowserOptions
from eyehand.model import ScriptedModel, Size

SIZE = Size(200, 200)
HANGS = "data:text/html,<body onmousedown='while(true){}'>hang"


def lives(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not asked for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def processes(env: BrowserEnv) -> list[int]:
    """Chromium's first process, then the driver's."""
    assert env._chromium is not None
    return [one.pid for one in env._chromium.processes]


def below(parent: int) -> list[int]:
    """All processes that a process has started, and theirs."""
    found = subprocess.run(
        ["ps", "--no-headers", "-o", "pid", "--ppid", str(parent)], capture_output=True, text=True
    )
    own = [int(line) for line in found.stdout.split()]
    return own + [one for child in own for one in below(child)]


async def gone(pids: list[int]) -> None:
    """Wait until none of them runs; the test's own limit ends it."""
    async with asyncio.timeout(20):
        for pid in pids:
            while lives(pid):  # noqa: ASYNC110 - nobody tells of its end
                await asyncio.sleep(0.02)


async def looked_at(env: BrowserEnv) -> None:
    """Look until it does not work any more."""
    while True:
        await env.observe()


@pytest_asyncio.fixture
async def env() -> AsyncIterator[BrowserEnv]:
    env = BrowserEnv(BrowserOptions(size=SIZE), settle=QUICK)
    yield env
    profile = env._chromium.profile if env._chromium else None
    pids = processes(env) if env._chromium else []
    await env.close()
    await gone(pids)
    assert profile is None or not profile.exists()


async def test_a_browser_that_is_killed_is_lost_and_a_reset_starts_another(
    env: BrowserEnv,
) -> None:
    seen = await env.reset()
    waiting = asyncio.ensure_future(
        env.perform(parse_action({"action": "wait", "seconds": 30}), seen)
    )
    await asyncio.sleep(0.1)
    chromium, driver = processes(env)
    os.kill(chromium, signal.SIGKILL)
    with pytest.raises(DeviceLost, match="the browser is gone"):
        await waiting
    for call in (env.observe(), env.evaluate("1")):
        with pytest.raises(DeviceLost, match="the browser is gone"):
            await call
    await env.reset()
    assert processes(env)[0] != chromium
    await gone([chromium, driver])
    # Now the driver in between, without which nobody can ask Chromium to end.
    os.kill(processes(env)[1], signal.SIGKILL)
    with pytest.raises(DeviceLost, match="the browser is gone"):
        await looked_at(env)
    await env.reset()


async def test_a_page_whose_process_dies_is_lost_and_a_reset_gives_another(
    env: BrowserEnv,
) -> None:
    await env.reset()
    with contextlib.suppress(Exception):
        async with asyncio.timeout(1):
            await env.page.goto("chrome://crash")
    with pytest.raises(DeviceLost, match="the page's process crashed"):
        await looked_at(env)
    seen = await env.reset()
    assert seen.frame.physical == SIZE


async def test_a_page_that_hangs_is_said_to_and_the_env_still_closes(env: BrowserEnv) -> None:
    await env.reset()
    await env.page.goto(HANGS)
    seen = await env.observe()
    env._patience_s = 1.5  # only now: a first look on a busy machine may take longer
    began = time.monotonic()
    with pytest.raises(EnvTimeout, match=r"click \(a script in it may run without end\) took long"):
        await env.perform(parse_action({"action": "click", "point": [50, 50]}), seen)
    with pytest.raises(EnvTimeout, match="a script in it may run without end"):
        await env.observe()
    assert time.monotonic() - began < 10
    # Cancelling is as quick as ever.
    looking = asyncio.ensure_future(env.observe())
    await asyncio.sleep(0.05)
    began = time.monotonic()
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    assert time.monotonic() - began < 0.5
    pids = processes(env)
    began = time.monotonic()
    await env.close()
    assert time.monotonic() - began < 15
    await gone(pids)


async def test_a_page_that_closes_itself_leaves_nothing_to_look_at(env: BrowserEnv) -> None:
    await env.reset()
    await env.page.goto("data:text/html,<button onclick='window.close()'>close")
    await env.page.evaluate("window.open('', '_self')")
    seen = await env.observe()
    outcome = await env.perform(parse_action({"action": "click", "point": [20, 15]}), seen)
    if outcome.after is None:
        assert outcome.delivery is Delivery.DELIVERED
        assert "closed by its page" in outcome.detail
        with pytest.raises(DeviceLost, match="the last tab was closed by its page"):
            await env.observe()
    else:  # not every Chromium lets it
        assert env.page


async def test_a_start_that_is_cancelled_at_any_moment_leaves_nothing_running() -> None:
    before = set(below(os.getpid()))
    for after_s in (0.0, 0.05, 0.3, 0.8):
        env = BrowserEnv(BrowserOptions(size=SIZE), settle=QUICK)
        starting = asyncio.ensure_future(env.reset())
        await asyncio.sleep(after_s)
        began = time.monotonic()
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert time.monotonic() - began < 0.5
        await env.close()
        with pytest.raises(EnvClosed):
            await env.reset()
    await gone(sorted(set(below(os.getpid())) - before))


async def test_closing_ends_a_call_that_is_under_way(env: BrowserEnv) -> None:
    seen = await env.reset()
    call = asyncio.ensure_future(env.perform(parse_action({"action": "wait", "seconds": 9}), seen))
    await asyncio.sleep(0.05)
    await env.close()
    with pytest.raises(EnvClosed):
        await call


async def test_a_missing_chromium_is_said_with_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    env = BrowserEnv(BrowserOptions(executable=tmp_path / "none"))
    with pytest.raises(BackendMissing, match="there is no Chromium at"):
        await env.reset()
    await env.close()
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    env = BrowserEnv()
    with pytest.raises(BackendMissing, match=r"apt install chromium.*playwright install chromium"):
        await env.reset()
    await env.close()


async def test_a_program_that_is_no_browser_is_said_to_be_none(tmp_path: Path) -> None:
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\necho 'no such library' >&2\nexit 1\n")
    program.chmod(0o755)
    env = BrowserEnv(BrowserOptions(executable=program))
    with pytest.raises(DeviceNotFound, match="does not start"):
        await env.reset()
    await env.close()


async def test_a_missing_playwright_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "playwright.async_api", None)
    with pytest.raises(BackendMissing, match=r'pip install "eyehand\[browser\]"'):
        await BrowserEnv().reset()


async def test_a_driver_that_does_not_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", "/nowhere/node")
    env = BrowserEnv()
    with pytest.raises(BackendMissing, match=r"driver does not start.*/nowhere/node"):
        await env.reset()
    await env.close()


async def test_a_first_page_that_does_not_load_is_said_and_why() -> None:
    bad = BrowserEnv(BrowserOptions(url="http://127.0.0.1:9/", size=SIZE))
    try:
        with pytest.raises(DeviceNotFound, match=r"first page cannot be opened: .*(refused|ERR_)"):
            await bad.reset()
    finally:
        await bad.close()


async def test_a_browser_that_dies_ends_the_run_and_the_episode_is_saved(tmp_path: Path) -> None:
    env = BrowserEnv(BrowserOptions(size=SIZE), settle=QUICK)

    class Deadly(ScriptedModel):
        async def reply(self, *given: Any, **more: Any) -> Any:
            answer = await super().reply(*given, **more)
            assert env._chromium is not None
            env._chromium.kill()
            return answer

    click = {"action": "click", "point": [100, 100]}
    agent = Agent(env, Deadly([click, click, {"action": "done"}]), record=tmp_path / "e")
    with pytest.raises(DeviceLost, match="the browser is gone"):
        await agent.run("click")
    assert Episode.load(tmp_path / "e").stop is StopReason.ENV_LOST


INTERRUPTED = """
import asyncio, sys
from eyehand.envs.browser import BrowserEnv
from eyehand.envs import *
from eyehand.actions import parse_action
from eyehand.agent import Agent
async def main():
    env = BrowserEnv()
    try:
        seen = await env.reset()
        print(*[one.pid for one in env._chromium.processes], flush=True)
        await env.perform(parse_action({"action": "wait", "seconds": 60}), seen)
    finally:
        if sys.argv[1] == "close":
            await env.close()
asyncio.run(main())
"""


@pytest.mark.parametrize(("way", "how"), [("close", signal.SIGINT), ("leave", signal.SIGKILL)])
async def test_ctrl_c_or_a_killed_process_leaves_no_browser(way: str, how: signal.Signals) -> None:
    """Ctrl-C goes to all that was started from the terminal, the driver too."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", INTERRUPTED, way,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    pids = [int(word) for word in (await process.stdout.readline()).split()]
    assert len(pids) == 2
    pids += below(process.pid)
    if how is signal.SIGINT:
        os.killpg(process.pid, how)
    else:
        process.kill()
    _, said = await process.communicate()
    assert b"Traceback" not in said or b"KeyboardInterrupt" in said
    await gone(pids)
