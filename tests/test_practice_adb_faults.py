"""The practice phone with faults switched on, and how it ends."""

import asyncio
import contextlib
import io
import os
import shutil
import signal
import sys
import textwrap
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from PIL import Image
from practice_host import Key, RawHost
from practice_server import (
    ADBS,
    AdbServer,
    Practice,
    alive,
    below,
    confinements,
    gone,
    launchers,
    practice_phone,
)
from practice_stand_in import StandIn

from eyehand.envs.practice.adb import Faults, PracticeDevice
from eyehand.envs.practice.adb.programs import PROGRAMS


def slow(examples: int) -> settings:
    """So many examples, each of which may take its time."""
    return settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="module")
def server() -> Iterator[AdbServer]:
    """Debian's adb server, for the whole file."""
    running = AdbServer(ADBS["debian"])
    asyncio.run(running.start())
    yield running
    asyncio.run(running.stop())


@pytest.fixture
async def practice(server: AdbServer) -> AsyncIterator[Practice]:
    """A stand-in for a phone, connected."""
    async with practice_phone(StandIn(), server=server, adb_keyboard=True) as connected:
        yield connected


@pytest.fixture
async def device(server: AdbServer) -> AsyncIterator[PracticeDevice]:
    """A stand-in for a phone that no server is connected to."""
    device = PracticeDevice(StandIn(), keys=server.keys)  # type: ignore[arg-type]
    try:
        await device.start()
        yield device
    finally:
        await device.close()


@pytest.fixture
def key(server: AdbServer) -> Key:
    return Key(server.keys[0])


KINDS = confinements()

# Faults


async def test_a_connection_dropped_mid_stream_leaves_a_short_file(practice: Practice) -> None:
    whole = (await practice.adb("exec-out", "screencap", "-p")).out
    practice.device.faults.drop_after = 1000
    done = await practice.adb("exec-out", "screencap", "-p")
    assert (done.code, done.out) == (0, whole[:1000])
    assert practice.device.faults.drop_after is None
    await practice.come_back()
    assert (await practice.adb("exec-out", "screencap", "-p")).out == whole


async def test_a_truncated_stream_ends_as_if_it_were_whole(practice: Practice) -> None:
    practice.device.faults.truncate = 500
    done = await practice.adb("exec-out", "screencap", "-p")
    assert (done.code, len(done.out)) == (0, 500)
    practice.device.faults.truncate = None
    done = await practice.adb("exec-out", "screencap", "-p")
    assert Image.open(io.BytesIO(done.out)).size == (540, 1200)


async def test_a_slow_phone_answers_late_and_right(practice: Practice) -> None:
    practice.device.faults.delay_s = 0.2
    clock = asyncio.get_running_loop().time
    began = clock()
    assert (await practice.shell("getprop ro.serialno")).out == b"practice\n"
    assert clock() - began > 0.6  # the opening, the output and the end


async def test_an_offline_phone_answers_nothing_and_comes_back(practice: Practice) -> None:
    faults: Faults = practice.device.faults
    faults.offline = True
    with pytest.raises(TimeoutError):
        await practice.shell("input tap 1 1", timeout=0.7)
    assert practice.phone.events == []
    faults.offline = False
    assert (await practice.shell("echo back")).out == b"back\n"


async def test_an_unauthorised_host_is_kept_waiting(practice: Practice) -> None:
    practice.device.faults.unauthorised = True
    await practice.server.run("disconnect", practice.serial)
    assert "failed to authenticate" in (await practice.connect()).text
    assert "unauthorized" in (await practice.server.run("devices")).text
    practice.device.faults.unauthorised = False
    await practice.server.run("disconnect", practice.serial)
    assert "connected to" in (await practice.connect()).text


async def test_a_hung_shell_runs_nothing_and_lets_others_through(practice: Practice) -> None:
    practice.device.faults.hang_shell = True
    with pytest.raises(TimeoutError):
        await practice.shell("input tap 1 1", timeout=0.7)
    practice.device.faults.hang_shell = False
    assert (await practice.shell("echo fine")).out == b"fine\n"
    assert practice.phone.events == []


async def test_screencap_may_say_nothing_or_warn_first(practice: Practice) -> None:
    practice.device.faults.screencap_empty = True
    done = await practice.adb("exec-out", "screencap", "-p")
    assert (done.code, done.out) == (0, b"")
    practice.device.faults.screencap_empty = False
    practice.device.faults.foldable_warning = True
    done = await practice.adb("exec-out", "screencap", "-p")
    assert done.out.startswith(b"[Warning] Multiple displays were found")
    start = done.out.index(b"\x89PNG")
    assert Image.open(io.BytesIO(done.out[start:])).size == (540, 1200)
    told = await practice.adb("exec-out", "screencap", "-p", "-d", "4619827259835644672")
    assert told.out.startswith(b"\x89PNG")


async def test_input_may_be_forbidden(practice: Practice) -> None:
    practice.device.faults.refuse_input = True
    done = await practice.shell("input tap 1 1")
    assert done.code == 255
    assert b"INJECT_EVENTS permission" in done.err
    assert practice.phone.events == []


async def test_a_busy_screen_has_no_dump(practice: Practice) -> None:
    practice.device.faults.busy_screen = True
    done = await practice.shell("uiautomator dump")
    assert b"ERROR: could not get idle state." in done.out + done.err


@pytest.mark.parametrize(
    ("stage", "events"),
    [("before", 2), ("during", 2), ("after", 2)],
)
async def test_a_cable_pulled_at_any_stage_lets_the_phone_finish(
    practice: Practice, stage: str, events: int
) -> None:
    practice.device.faults.at(stage, "input", "drop")  # type: ignore[arg-type]
    await practice.adb("exec-out", "input", "tap", "1", "2")
    await asyncio.sleep(0.1)
    assert len(practice.phone.events) == events
    await practice.come_back()
    assert (await practice.shell("echo again")).out == b"again\n"


async def test_a_program_may_hang_after_it_has_done_its_work(practice: Practice) -> None:
    practice.device.faults.at("after", "input", "hang")
    with pytest.raises(TimeoutError):
        await practice.shell("input tap 1 2", timeout=0.7)
    assert len(practice.phone.events) == 2
    practice.device.faults.at("before", "input", "hang")
    with pytest.raises(TimeoutError):
        await practice.shell("input tap 1 2; input tap 3 4", timeout=0.7)
    assert len(practice.phone.events) == 2


async def test_the_adb_server_comes_back_after_a_pulled_cable(practice: Practice) -> None:
    practice.device.drop()
    await practice.come_back()
    assert (await practice.shell("echo here")).out == b"here\n"


# Ends


async def test_closing_ends_everything_that_runs(server: AdbServer) -> None:
    async with practice_phone(StandIn(), server=server) as practice:
        place = practice.device._system.files.root.parent
        before = below(os.getpid())
        running = [
            asyncio.create_task(practice.shell(line))
            for line in ("sleep 100", "while :; do :; done", "cat", "sleep 99 | cat; echo x",
                         "getevent", "sleep 50 & wait")
        ]  # fmt: skip
        await asyncio.sleep(0.5)
        ours = below(practice.device._jail._launcher.pid)  # type: ignore[union-attr]
        assert len(ours - before) >= 6
        async with asyncio.timeout(10):
            await practice.device.close()
            await practice.device.close()
        for task in running:
            await task
    assert alive(ours) == set()
    assert gone(place)


async def test_a_host_that_does_not_read_does_not_keep_the_phone_from_closing(
    server: AdbServer, key: Key
) -> None:
    device = PracticeDevice(StandIn(), keys=server.keys)  # type: ignore[arg-type]
    await device.start()
    async with RawHost(device.port, key, max_data=1 << 20) as host:
        for number in range(1, 30):
            host.open("exec:screencap", number)
        await host.writer.drain()
        await asyncio.sleep(0.5)
        async with asyncio.timeout(5):
            await device.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_what_a_shell_leaves_running_ends_with_the_phone(
    server: AdbServer, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eyehand.envs.practice.adb.jail.KINDS", (kind,))
    async with practice_phone(StandIn(), server=server) as practice:
        done = await practice.shell("(exec <&- >&- 2>&-; while :; do sleep 1; done) & echo left")
        assert done.out == b"left\n"
        ours = below(practice.device._jail._launcher.pid)  # type: ignore[union-attr]
        assert len(ours) >= 2
        await practice.device.close()
        assert alive(ours) == set()


async def test_killing_the_phones_process_ends_its_shells(server: AdbServer) -> None:
    code = """
    import asyncio, sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[1])
    from practice_stand_in import StandIn
    from eyehand.envs.practice.adb import PracticeDevice
    async def main():
        device = PracticeDevice(StandIn(), keys=[Path(sys.argv[2])])
        print(await device.start(), device._system.files.root, flush=True)
        await asyncio.sleep(60)
    asyncio.run(main())
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(code), str(Path(__file__).parent),
        str(server.keys[0]), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    port, root = (await process.stdout.readline()).decode().split()
    try:
        await server.run("connect", f"127.0.0.1:{port}")
        shell = asyncio.create_task(
            server.run("-s", f"127.0.0.1:{port}", "shell", "while :; do sleep 1; done")
        )
        await asyncio.sleep(0.5)
        ours = below(process.pid)
        assert len(ours) >= 3
        process.send_signal(signal.SIGKILL)
        await process.wait()
        await shell
        for _ in range(50):
            if not alive(ours):
                break
            await asyncio.sleep(0.1)
        assert alive(ours) == set()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        await server.run("disconnect", f"127.0.0.1:{port}")
        shutil.rmtree(os.path.dirname(root))


async def test_a_task_that_is_cancelled_while_it_starts_leaves_nothing(server: AdbServer) -> None:
    before = launchers()
    for delay in (0.0, 0.01, 0.03, 0.05, 0.07, 0.1):
        device = PracticeDevice(StandIn(), keys=server.keys)  # type: ignore[arg-type]
        task = asyncio.create_task(device.start())
        await asyncio.sleep(delay)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        place = device._system.files.root.parent
        await device.close()
        assert launchers() == before
        assert gone(place)


async def test_a_command_goes_on_when_its_host_leaves(practice: Practice) -> None:
    with pytest.raises(TimeoutError):
        await practice.shell("sleep 0.6; input tap 1 1", timeout=0.3)
    await asyncio.sleep(0.8)
    assert len(practice.phone.events) == 2


async def test_many_commands_at_once_all_end(practice: Practice) -> None:
    done = await asyncio.gather(*(practice.shell(f"echo $(input text {n}) {n}") for n in range(20)))
    assert [one.out.split() for one in done] == [[str(n).encode()] for n in range(20)]


async def test_a_phone_that_breaks_is_told_of_and_the_rest_works_on(
    practice: Practice, caplog: pytest.LogCaptureFixture
) -> None:
    practice.phone.touch = None
    done = await practice.shell("input tap 1 1")
    assert done.code == 255
    assert b"the practice phone's program broke" in done.err
    assert "TypeError" in caplog.text
    assert (await practice.shell("echo on")).out == b"on\n"


def test_every_program_is_a_file_of_the_phone() -> None:
    assert {"input", "wm", "am", "monkey", "pm", "cmd", "dumpsys", "settings", "ime", "getprop",
            "getevent", "uiautomator", "screencap", "svc", "ls", "cat", "rm", "mkdir", "mv", "cp",
            "stat", "id", "date", "sleep", "wc", "head", "grep"} <= set(PROGRAMS)  # fmt: skip
