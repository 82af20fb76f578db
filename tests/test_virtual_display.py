"""Private displays: real servers, which must be gone when they are no longer wanted."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from eyehand.actions import Size
from eyehand.envs import BackendMissing, DeviceLost, DeviceNotFound, EnvTimeout, x11
from eyehand.envs.virtual import VirtualDisplay

SLEEPER = ["sh", "-c", "sleep 600 & echo $! > child; wait"]
STUBBORN = ["sh", "-c", "trap '' TERM; echo $$ > child; while :; do sleep 0.1; done"]


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


async def gone(*pids: int, timeout_s: float = 5.0) -> bool:
    end = time.monotonic() + timeout_s
    while any(lives(pid) for pid in pids):
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.02)
    return True


def server_of(screen: VirtualDisplay) -> int:
    server = screen._server  # chosen by -displayfd, it writes no lock file that tells
    assert server is not None
    return server.process.pid


def number_in(path: Path) -> int:
    return int(path.read_text() or 0) if path.exists() else 0


async def written(path: Path) -> int:
    for _ in range(200):
        if number := number_in(path):
            return number
        await asyncio.sleep(0.02)
    raise AssertionError(f"{path} was not written")


async def test_a_window_comes_up_and_everything_goes_with_the_context() -> None:
    async with VirtualDisplay(Size(640, 480)) as screen:
        server = server_of(screen)
        app = await screen.launch(["xterm", "-T", "Here I am"])
        assert await screen.wait_window(10, title="here i") == "Here I am"
        connection = x11.connect(screen.display)
        whole = connection.screen()
        assert (whole.width_in_pixels, whole.height_in_pixels, whole.root_depth) == (640, 480, 24)
        x11.close(connection)
        assert lives(server)
    assert await gone(server, app)
    with pytest.raises(DeviceNotFound):
        _ = screen.display


async def test_several_at_once_have_numbers_of_their_own() -> None:
    async with (
        VirtualDisplay(window_manager=None) as one,
        VirtualDisplay(window_manager=None) as two,
    ):
        assert one.display != two.display


@pytest.mark.parametrize("argv", [SLEEPER, STUBBORN], ids=["children", "stubborn"])
async def test_children_and_programs_that_ignore_term_end_too(
    argv: list[str], tmp_path: Path
) -> None:
    async with VirtualDisplay(window_manager=None) as screen:
        program = await screen.launch(argv, cwd=tmp_path)
        child = await written(tmp_path / "child")
        start = time.monotonic()
    assert time.monotonic() - start < 5
    assert await gone(program, child)


async def test_cancelling_ends_everything() -> None:
    pids: list[int] = []
    up = asyncio.Event()

    async def run() -> None:
        async with VirtualDisplay() as screen:
            pids.append(server_of(screen))
            pids.append(await screen.launch(["xterm"]))
            up.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(run())
    await asyncio.wait_for(up.wait(), 20)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 8)
    assert await gone(*pids)


def test_a_killed_run_leaves_no_display_behind() -> None:
    code = """
import asyncio
from eyehand.envs.virtual import VirtualDisplay
async def main():
    async with VirtualDisplay() as screen:
        pid = await screen.launch(["xterm"])
        print(screen._server.process.pid, pid, flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout
        pids = [int(word) for word in run.stdout.readline().split()]
        assert len(pids) == 2
        assert all(lives(pid) for pid in pids)
        os.kill(run.pid, signal.SIGKILL)
    assert asyncio.run(gone(*pids))


async def test_a_program_that_fails_says_why() -> None:
    async with VirtualDisplay(window_manager=None) as screen:
        with pytest.raises(DeviceNotFound, match="code 3 and said: no licence"):
            await screen.launch(["sh", "-c", "echo no licence; exit 3"])
        with pytest.raises(DeviceNotFound, match="no such program"):
            await screen.launch(["no-such-program"])
        with pytest.raises(DeviceNotFound, match="empty"):
            await screen.launch([])
        await screen.launch(["true"])  # some start another and end
        await screen.launch(["sh", "-c", "sleep 0.4; echo too late; exit 4"])
        with pytest.raises(EnvTimeout, match="too late"):
            await screen.wait_window(1.0)


async def test_a_display_that_dies_is_said_to_be_dead() -> None:
    async with VirtualDisplay(window_manager=None) as screen:
        os.kill(server_of(screen), signal.SIGKILL)
        with pytest.raises(DeviceLost, match="has died"):
            await screen.wait_window(5)


async def test_programs_see_only_the_private_display(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    monkeypatch.setenv("XAUTHORITY", str(tmp_path / "none"))
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/user/0/bus")
    async with VirtualDisplay(window_manager=None) as screen:
        await screen.launch(["sh", "-c", "env > seen"], cwd=tmp_path)
        seen = dict(line.split("=", 1) for line in (tmp_path / "seen").read_text().splitlines())
        assert seen["DISPLAY"] == screen.display
    assert not {"WAYLAND_DISPLAY", "XAUTHORITY"} & set(seen)
    assert (seen["GDK_BACKEND"], seen["QT_QPA_PLATFORM"]) == ("x11", "xcb")
    assert seen["DBUS_SESSION_BUS_ADDRESS"] == "disabled:"


async def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(BackendMissing, match=r"no-such-wm is not installed.*apt install xvfb"):
        async with VirtualDisplay(window_manager="no-such-wm"):
            pass
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackendMissing, match=r"Xvfb is not installed.*apt install xvfb openbox"):
        async with VirtualDisplay():
            pass
