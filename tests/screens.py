"""Real X displays in memory for tests, and what runs on them; nothing here is eyehand's env."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any, TypeVar

from eyehand.envs import x11

T = TypeVar("T")

# It writes its number to our pipe; whatever else it says goes nowhere.
XVFB = "exec Xvfb -displayfd 3 -screen 0 {}x24 -dpi 96 -nolisten tcp -noreset 3>&1 >/dev/null"
# No other display, no running service and no input method is to be found by what is started.
APART = {
    "LC_ALL": "C.UTF-8",
    "NO_AT_BRIDGE": "1",
    "GDK_BACKEND": "x11",
    "QT_QPA_PLATFORM": "xcb",
    "DBUS_SESSION_BUS_ADDRESS": "disabled:",
    "XMODIFIERS": "@im=none",
}


def until(look: Callable[[], T], *, seconds: float = 20.0, what: str = "it") -> T:
    """Ask again and again until the answer is true; return it."""
    end = time.monotonic() + seconds
    while not (answer := look()):
        assert time.monotonic() < end, f"{what} did not happen in {seconds:g} s; last: {answer!r}"
        time.sleep(0.01)
    return answer


class Screen:
    """An Xvfb, with openbox unless told otherwise; ends everything that was started on it.

    Attributes:
        name: Of the display, such as ``:1``.
        pid: The server's.
        client: A connection for the test's own use.
    """

    def __init__(self, size: str = "1280x800", *, manager: bool = True) -> None:
        assert shutil.which("Xvfb"), "apt install xvfb: these tests need it and none is skipped"
        self._running: list[subprocess.Popen[str]] = []
        self._environment = {k: v for k, v in os.environ.items() if k != "WAYLAND_DISPLAY"} | APART
        self.client: Any = None
        try:
            self._server = self.launch("sh", "-c", XVFB.format(size), talks=True)
            self.pid = self._server.pid
            assert self._server.stdout
            self.name = f":{int(self._server.stdout.readline())}"
            self._environment["DISPLAY"] = self.name
            self.client = x11.connect(self.name)
            if manager:
                self.launch("openbox")
                until(lambda: self.property("_NET_SUPPORTING_WM_CHECK"), what="openbox")
        except BaseException:
            self.close()
            raise

    def launch(
        self, *argv: str, talks: bool = False, **environment: str
    ) -> "subprocess.Popen[str]":
        """Start a program; one that talks gets pipes to its stdin and stdout."""
        process = subprocess.Popen(
            argv,
            env=self._environment | environment,
            start_new_session=True,
            stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
            stdout=subprocess.PIPE if talks else None,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._running.append(process)
        return process

    def run(self, *argv: str) -> str:
        """Run a program to its end and give what it prints."""
        done = subprocess.run(
            argv, env=self._environment, capture_output=True, text=True, timeout=20
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def end(self, process: "subprocess.Popen[str]") -> None:
        """Kill a program and its children; harmless when that was done before."""
        if process not in self._running:
            return
        self._running.remove(process)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what was not yet written breaks the pipe
                    pipe.close()

    def die(self) -> None:
        """As in a crash: without a word to anyone."""
        self._server.kill()

    def property(self, name: str) -> Any:
        """The first number of a property of the root window; None if it is not there."""
        atom = self.client.intern_atom(name)
        found = self.client.screen().root.get_full_property(atom, 0)
        return found.value[0] if found is not None and len(found.value) else None

    def put_pointer(self, x: int, y: int) -> None:
        """As a person would move it: not by eyehand."""
        self.client.screen().root.warp_pointer(x, y)
        self.client.sync()

    def keymap(self) -> str:
        return self.run("xmodmap", "-pke")

    def keys_down(self) -> list[int]:
        held = self.client.query_keymap()
        return [8 * n + bit for n, byte in enumerate(held) for bit in range(8) if byte >> bit & 1]

    def buttons_down(self) -> list[int]:
        mask = self.client.screen().root.query_pointer().mask
        return [n for n in range(1, 6) if mask >> (7 + n) & 1]

    def close(self) -> None:
        if self.client is not None:
            x11.close(self.client)
        for process in reversed(self._running.copy()):
            self.end(process)

    def __enter__(self) -> "Screen":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
