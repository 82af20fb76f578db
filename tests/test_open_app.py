"""Apps are started by the name people know them by, and never by a command line."""

import asyncio
import sys
from pathlib import Path

import pytest
from screens import Screen, until

from eyehand.actions import OpenApp, Type
from eyehand.envs import ActionFailed, Effect
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
