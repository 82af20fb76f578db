"""Real programs to type into, on a display of their own, and what types."""

import contextlib
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from screens import Screen, until

from eyehand.envs import DeviceLost, x11
from eyehand.envs.worker import Stop
from eyehand.envs.x11_keymap import Keymap
from eyehand.envs.x11_lease import PROPERTY, Lease
from eyehand.envs.x11_text import Typist
from eyehand.envs.x11_windows import Windows

TK = """
import sys, tkinter
root = tkinter.Tk(); root.title("tk field")
area = tkinter.Text(root); area.pack(); root.lift(); area.focus_force()
def dump(event):
    with open(sys.argv[1], "w", newline="") as file:
        file.write(area.get("1.0", "end-1c"))
    return "break"
area.bind("<Control-s>", dump)
root.mainloop()
"""


def at_rest(pid: int) -> None:
    """Wait until a program has started: l3afpad reads its file after it has shown itself."""
    ticks, since = "", time.monotonic()
    end = since + 10
    while time.monotonic() < min(since + 0.3, end):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        if fields[0] in "RD" or fields[11:13] != ticks.split():
            ticks, since = " ".join(fields[11:13]), time.monotonic()
        time.sleep(0.02)


class Keyboard:
    """What types, on a connection of its own."""

    def __init__(self, name: str, *, patience_s: float = 5.0) -> None:
        self.display = x11.connect(name)
        self.keymap = Keymap(self.display)
        self.windows = Windows(self.display)
        self.lease = Lease(self.display, self.keymap, patience_s=patience_s)
        self.typist = Typist(self.display, self.keymap, self.windows, self.lease)

    def type(self, text: str, stop: Stop | None = None) -> float:
        """Type; give the seconds it took."""
        begun = time.monotonic()
        with self.lease.held(stop := stop or Stop()):
            self.typist.type(text, stop, lambda: None)
        return time.monotonic() - begun

    def chord(self, *keys: str) -> None:
        with self.lease.held(Stop()):
            for code in self.typist.codes(keys):
                self.lease.press(code)
            self.lease.release_all()
            self.typist.finish()

    def borrowed(self) -> Any:
        return self.windows.property(self.display.screen().root, PROPERTY)

    def map(self) -> list[list[int]]:
        info = self.display.display.info
        count = info.max_keycode - info.min_keycode + 1
        return [list(row) for row in self.display.get_keyboard_mapping(info.min_keycode, count)]

    def down(self) -> int:
        return sum(self.display.query_keymap())

    def close(self) -> None:
        x11.close(self.display)


@dataclass(frozen=True)
class Desk:
    """A display with a window manager, and a keyboard on it."""

    screen: Screen
    keyboard: Keyboard

    @contextlib.contextmanager
    def layout(self, *arguments: str) -> Iterator[None]:
        self.screen.run("setxkbmap", *arguments)
        try:
            yield
        finally:
            self.screen.run("setxkbmap", "-layout", "us", "-variant", "", "-option", "")

    @contextlib.contextmanager
    def program(self, kind: str, folder: Path) -> Iterator["Program"]:
        path = folder / f"{kind}.txt"
        path.write_bytes(b"")
        commands = {
            "l3afpad": ["l3afpad", str(path)],
            "featherpad": ["featherpad", "--standalone", str(path)],
            "tk": [sys.executable, "-c", TK, str(path)],
            "xterm": ["xterm", "-u8", "-T", path.name, "-e", "sh", "-c", f"exec cat > '{path}'"],
        }
        process = self.screen.launch(*commands[kind], HOME=str(folder), XDG_CONFIG_HOME=str(folder))
        title = "tk field" if kind == "tk" else path.name
        windows = self.keyboard.windows
        try:
            until(
                lambda: title in (windows.active_title() or "") and windows.focus() is not None,
                what=f"a window of {kind}",
            )
            at_rest(process.pid)
            yield Program(self.keyboard, kind, path)
        finally:
            self.screen.end(process)
            with contextlib.suppress(DeviceLost), x11.guarded(self.screen.name):
                until(lambda: title not in (windows.active_title() or ""))


@contextlib.contextmanager
def a_desk() -> Iterator[Desk]:
    """A display of its own."""
    with Screen() as screen, contextlib.closing(Keyboard(screen.name)) as keyboard:
        yield Desk(screen, keyboard)


class Program:
    """A program with the focus, and the file it saves to."""

    def __init__(self, keyboard: Keyboard, kind: str, path: Path) -> None:
        self.keyboard, self.kind, self.path = keyboard, kind, path

    def saved(self, like: str) -> str:
        """Save; give what is in the file when it is as expected, or after a while."""
        self.keyboard.chord("ctrl", "d" if self.kind == "xterm" else "s")
        end = {"xterm": ""}.get(self.kind, "\n")

        def text() -> str:
            found = self.path.read_bytes().decode()
            # Editors end the last line.
            return found if like.endswith("\n") else found.removesuffix(end)

        with contextlib.suppress(AssertionError):  # the test shows what differs
            until(lambda: text() == like, seconds=6)
        return text()
