"""Starting an app by the name people know it by; never a command line, never a shell."""

import configparser
import contextlib
import difflib
import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import ActionFailed


@dataclass(frozen=True, slots=True)
class App:
    """An app of the desktop's menu.

    Attributes:
        id: The name of its file, without ``.desktop``.
        name: What people call it.
        command: Program and arguments.
    """

    id: str
    name: str
    command: tuple[str, ...]


def command_of(name: str, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Give what starts an app.

    Args:
        name: A name or id of the desktop's menu, case aside, or a bare name of an executable.
        environment: Holds ``PATH`` and where the menu lies.

    Raises:
        ActionFailed: There is none; lists near names.
    """
    apps = list(installed(environment))
    wanted = name.strip().casefold().removesuffix(".desktop")
    for app in apps:
        if wanted in (app.id.casefold(), app.name.casefold()):
            return app.command
    # An executable's name only: with a path or arguments, this would be a command line.
    bare = name.strip()
    if bare and not any(c.isspace() or c in "/\\;|&$`'\"<>(){}*?~" for c in bare):
        found = None if bare.startswith("-") else shutil.which(bare, path=environment.get("PATH"))
        if found:
            return (found,)
    names = {app.name: None for app in apps} | {app.id: None for app in apps}
    near = difflib.get_close_matches(name.strip(), names, n=3, cutoff=0.5)
    near = near or [known for known in names if wanted and wanted in known.casefold()][:3]
    hint = f"; did you mean {' or '.join(repr(n) for n in near)}?" if near else ""
    raise ActionFailed(f"no app is called {name!r}{hint}")


def start(command: tuple[str, ...], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a program apart from this process's terminal.

    Raises:
        ActionFailed: It cannot be started.
    """
    try:
        return subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise ActionFailed(f"{command[0]} cannot be started: {error}") from error


def end(started: Sequence[subprocess.Popen[bytes]]) -> None:
    """End apps and what they started: first politely, after half a second not."""
    for number, patience_s in ((signal.SIGTERM, 0.5), (signal.SIGKILL, 0.0)):
        for process in started:
            with contextlib.suppress(ProcessLookupError):  # its whole group has ended
                os.killpg(process.pid, number)
        bound = time.monotonic() + patience_s
        while time.monotonic() < bound and any(map(lives, started)):
            time.sleep(0.02)


def lives(process: subprocess.Popen[bytes]) -> bool:
    """Whether an app, or anything it started, still runs."""
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True


def installed(environment: Mapping[str, str]) -> Iterator[App]:
    """Give the apps of the desktop's menu; the user's own come first."""
    home = environment.get("XDG_DATA_HOME") or os.path.join(
        environment.get("HOME", ""), ".local/share"
    )
    shared = environment.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    seen = set()
    for folder in [home, *shared.split(":")]:
        root = Path(folder) / "applications"
        for path in sorted(root.rglob("*.desktop")) if folder and root.is_dir() else []:
            id = "-".join(path.relative_to(root).parts).removesuffix(".desktop")
            if id not in seen:
                seen.add(id)
                if app := _read(path, id):
                    yield app


def _read(path: Path, id: str) -> App | None:
    """Read a menu entry; None if it starts nothing or cannot be understood."""
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        parser.read_string(path.read_text(encoding="utf-8", errors="replace"))
        entry = parser["Desktop Entry"]
        words = shlex.split(entry.get("Exec", ""))
    except (configparser.Error, KeyError, OSError, ValueError):
        return None
    hidden = entry.get("Hidden", "false") == "true" or entry.get("Terminal", "false") == "true"
    # %f, %U and the like stand for files to open; %% is a percent sign.
    command = tuple(w.replace("%%", "%") for w in words if not (len(w) == 2 and w[0] == "%"))
    if not command or hidden or entry.get("Type", "Application") != "Application":
        return None
    return App(id, entry.get("Name", id), command)
