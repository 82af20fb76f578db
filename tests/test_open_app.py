"""Apps are started by the name people know them by, and never by a command line."""

import asyncio
import os
import sys
from pathlib import Path

import pytest
from screens import Screen, until

from eyehand.actions import OpenApp, Size, Type
from eyehand.envs import ActionFailed, Effect, VirtualDisplay
from eyehand.envs.desktop import DesktopEnv
from eyehand.envs.settle import SettlePolicy


@pytest.fixture
def menu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "applications"
    folder.mkdir()
    (folder / "org.example.Note.desktop").write_text(
        "[Desktop Entry]\nType=Application\nName=Quick Notes\nComment=50% of it\n"
        f'Exec={sys.executable} -c "import pathlib,os;'
        f"pathlib.Path('{tmp_path}/started').write_text(os.environ['DISPLAY'])\" %U\n"
    )
    (folder / "broken.desktop").write_text("[Desktop Entry\nExec='\n")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name", ["quick notes", "org.example.note", "org.example.Note.desktop"])
async def test_an_app_is_found_by_what_people_call_it(
    screen: Screen, menu: Path, name: str
) -> None:
    env = DesktopEnv(screen.name, settle=SettlePolicy(limit_s=0.1))
    seen = await env.reset()
    task = asyncio.create_task(env.perform(OpenApp(name=name), seen))
    await asyncio.to_thread(until, lambda: (menu / "started").exists())
    await asyncio.to_thread(until, lambda: (menu / "started").read_text() == screen.name)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await env.close()


@pytest.mark.parametrize(
    "name", ["xterm -e rm", "/usr/bin/xterm", "xterm; rm", "$(xterm)", "-c", "Quik Notes"]
)
async def test_a_command_line_starts_nothing(screen: Screen, menu: Path, name: str) -> None:
    env = DesktopEnv(screen.name)
    seen = await env.reset()
    with pytest.raises(ActionFailed, match="no app is called") as caught:
        await env.perform(OpenApp(name=name), seen)
    assert ("'Quick Notes'" in str(caught.value)) == (name == "Quik Notes")
    await env.close()


async def test_an_executable_is_found_by_its_bare_name(screen: Screen) -> None:
    env = DesktopEnv(screen.name)
    seen = await env.reset()
    outcome = await env.perform(OpenApp(name="xterm"), seen)
    assert outcome.effect is Effect.CHANGED
    assert outcome.detail == "started xterm"
    await env.perform(Type(text="exit", submit=True), await env.observe())
    await env.close()


async def test_an_app_on_a_private_display_finds_nothing_of_the_users_and_ends_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = tmp_path / "lonely-app"
    app.write_text(f"#!/bin/sh\nenv > {tmp_path}/found\nsleep 4711 &\necho $! > {tmp_path}/child\n")
    app.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/the/users/own")
    monkeypatch.setenv("XAUTHORITY", "/the/users/own")
    async with VirtualDisplay(Size(320, 240)) as display:
        policy = SettlePolicy(limit_s=0.1)
        env = DesktopEnv(display.display, settle=policy, environment=display.environment)
        task = asyncio.create_task(env.perform(OpenApp(name="lonely-app"), await env.reset()))
        await asyncio.to_thread(until, lambda: (tmp_path / "child").exists())
        child = int(await asyncio.to_thread(until, (tmp_path / "child").read_text))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await env.close()
    assert "/the/users/own" not in (tmp_path / "found").read_text()
    await asyncio.to_thread(until, lambda: not _sleeps(child))


def _sleeps(pid: int) -> bool:
    try:
        return "4711" in Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return False
