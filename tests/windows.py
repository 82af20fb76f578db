"""Real displays and real programs for the tests of the desktop; nothing here is eyehand's."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
HERE = Path(__file__).parent


def until(look: Callable[[], T], *, seconds: float = 20.0, what: str = "it") -> T:
    """Ask again and again until the answer is true; return it."""
    end = time.monotonic() + seconds
    while True:
        if answer := look():
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen in {seconds:g} s; last: {answer!r}")
        time.sleep(0.01)


class Screen:
    """An Xvfb with, if wanted, openbox; ends everything that was started on it."""

    def __init__(self, *arguments: str, size: str = "1280x800", manager: bool = True) -> None:
        self._running: list[subprocess.Popen[str]] = []
        reader, writer = os.pipe()
        argv = ["Xvfb", "-displayfd", str(writer), "-screen", "0", f"{size}x24"]
        argv += ["-nolisten", "tcp", "-noreset", *arguments]
        # Without WAYLAND_DISPLAY: programs started here must not find another screen.
        self.environment = {k: v for k, v in os.environ.items() if k != "WAYLAND_DISPLAY"}
        self.server = subprocess.Popen(
            argv, pass_fds=[writer], stderr=subprocess.DEVNULL, start_new_session=True
        )
        os.close(writer)
        with os.fdopen(reader) as pipe:
            self.name = f":{pipe.readline().strip()}"
        self.environment |= {"DISPLAY": self.name, "LC_ALL": "C.UTF-8", "NO_AT_BRIDGE": "1"}
        self.environment |= {"GDK_BACKEND": "x11", "QT_QPA_PLATFORM": "xcb"}
        self.environment |= {"DBUS_SESSION_BUS_ADDRESS": "disabled:", "XMODIFIERS": "@im=none"}
        try:
            # A server without a client resets now and then; this one stays connected.
            self.client = connect(self.name)
            if manager:
                self.launch(["openbox"])
                atom = self.client.intern_atom("_NET_SUPPORTING_WM_CHECK")
                until(lambda: self.client.screen().root.get_full_property(atom, 0))
        except BaseException:
            self.close()
            raise

    def launch(
        self, argv: list[str], *, talks: bool = False, env: dict[str, str] | None = None
    ) -> "subprocess.Popen[str]":
        """Start a program; one that talks gets pipes to its stdin and stdout."""
        process = subprocess.Popen(
            argv,
            env=self.environment | (env or {}),
            start_new_session=True,
            stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
            stdout=subprocess.PIPE if talks else None,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._running.append(process)
        return process

    def run(self, *argv: str) -> str:
        done = subprocess.run(
            argv, env=self.environment, capture_output=True, text=True, timeout=20, check=True
        )
        return done.stdout

    def property(self, name: str) -> Any:
        """The first number of a property of the root window; None if it is not there."""
        atom = self.client.intern_atom(name)
        found = self.client.screen().root.get_full_property(atom, 0)
        return found.value[0] if found is not None and len(found.value) else None

    def keymap(self) -> str:
        return self.run("xmodmap", "-pke")

    def keys_down(self) -> list[int]:
        held = self.client.query_keymap()
        return [8 * n + bit for n, byte in enumerate(held) for bit in range(8) if byte >> bit & 1]

    def buttons_down(self) -> int:
        return int(self.client.screen().root.query_pointer().mask) & 0x1F00

    def end(self, process: "subprocess.Popen[str]") -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        if process in self._running:
            self._running.remove(process)

    def close(self) -> None:
        for process in reversed(list(self._running)):
            self.end(process)
        if hasattr(self, "client"):
            disconnect(self.client)
        self.server.kill()
        self.server.wait(10)

    def __enter__(self) -> "Screen":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def connect(name: str) -> Any:
    from eyehand.envs.x11 import connect as x_connect

    return x_connect(name)


def disconnect(client: Any) -> None:
    from eyehand.envs.x11 import close as x_close

    x_close(client)


class TkWindow:
    """``tk_window.py`` in a process of its own."""

    def __init__(self, screen: Screen, mode: str, place: tuple[int, int, int, int]) -> None:
        argv = [sys.executable, str(HERE / "tk_window.py"), mode, *map(str, place)]
        self._screen = screen
        self.process = screen.launch(argv, talks=True)
        self._said: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.ready = self.wait("ready")

    def _read(self) -> None:
        for line in self.process.stdout or []:
            self._said.put(json.loads(line))

    def wait(self, kind: str, seconds: float = 20.0) -> dict[str, Any]:
        end = time.monotonic() + seconds
        while True:
            event = self._said.get(timeout=max(0.01, end - time.monotonic()))
            if event["kind"] == kind:
                return event

    def ask(self, question: str, answer: str) -> dict[str, Any]:
        assert self.process.stdin
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()
        return self.wait(answer)

    def text(self) -> str:
        return str(self.ask("text", "text")["text"])

    def events(self, *kinds: str) -> list[dict[str, Any]]:
        """Everything up to now of these kinds."""
        assert self.process.stdin
        self.process.stdin.write("here\n")
        self.process.stdin.flush()
        found = []
        while (event := self._said.get(timeout=20))["kind"] != "here":
            if event["kind"] in kinds:
                found.append(event)
        return found

    def close(self) -> None:
        self._screen.end(self.process)

    def __enter__(self) -> "TkWindow":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
