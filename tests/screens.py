"""Real X servers in memory, of any layout, for tests."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from eyehand.envs import x11
from eyehand.envs.x11_windows import Windows

ONE_SCREEN = ("-screen", "0", "1280x800x24")


@dataclass(frozen=True)
class Screen:
    """A running server.

    Attributes:
        name: Of the display, such as ``:1``.
        pid: The server's.
    """

    name: str
    pid: int

    def die(self) -> None:
        """As in a crash: without a word to anyone."""
        os.kill(self.pid, signal.SIGKILL)

    def run(self, *argv: str) -> str:
        """Run a program on it and give what it prints."""
        environment = {**os.environ, "DISPLAY": self.name}
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=20)
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def screen(*arguments: str, manager: bool = True) -> Iterator[Screen]:
    """Start a server, with openbox unless told otherwise."""
    assert shutil.which("Xvfb"), "apt install xvfb: these tests need it and none is skipped"
    reader, writer = os.pipe()
    server = subprocess.Popen(
        [
            *("Xvfb", "-displayfd", str(writer), *(arguments or ONE_SCREEN)),
            *("-nolisten", "tcp", "-noreset", "-dpi", "96"),
        ],
        pass_fds=(writer,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    started = [server]
    try:
        with open(reader) as pipe:
            name = f":{int(pipe.readline())}"
        if manager:
            environment = {**os.environ, "DISPLAY": name}
            started.append(
                subprocess.Popen(["openbox"], env=environment, stderr=subprocess.DEVNULL)
            )
            _wait_for_manager(name)
        yield Screen(name, server.pid)
    finally:
        for process in reversed(started):
            process.terminate()
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for_manager(name: str) -> None:
    display = x11.connect(name)
    try:
        windows, root = Windows(display), display.screen().root
        end = time.monotonic() + 10
        while windows.property(root, "_NET_SUPPORTING_WM_CHECK") is None:
            assert time.monotonic() < end, "openbox does not start"
            time.sleep(0.01)
    finally:
        x11.close(display)
