"""A real window that writes down every event it gets, and draws what it is told to.

Run as a program, it is the window; ``Sheet`` starts it and talks to it in lines of JSON.
"""

import json
import os
import subprocess
import sys
import threading
import time
import tkinter as tk
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any

Event = dict[str, Any]


class Window:
    """Runs in the program. Commands come in by stdin, events go out by stdout."""

    def __init__(self, place: str) -> None:
        self.root = tk.Tk()
        self.root.title("Sheet")
        self.canvas = tk.Canvas(self.root, background="white", highlightthickness=0)
        self.canvas.pack(fill="both", expand=True)
        if place == "full":
            self.root.attributes("-fullscreen", True)
        elif place.startswith("="):  # no window manager, or none of its business
            self.root.overrideredirect(True)
            self.root.geometry(place[1:])
        else:
            self.root.geometry(place)
        self.ticking: dict[str, bool] = {}
        self.draws = ""
        for kind in ("Button", "ButtonRelease", "Double-Button-1", "Triple-Button-1", "Motion"):
            self.root.bind(f"<{kind}>", partial(self.mouse, kind))
        for kind in ("KeyPress", "KeyRelease"):
            self.root.bind(f"<{kind}>", partial(self.key, kind))
        self.root.createfilehandler(sys.stdin, tk.READABLE, self.command)
        # Ready once it has the keyboard; the window manager takes its time to give it.
        self.root.bind("<FocusIn>", lambda _: self.root.after(50, self.ready))
        self.root.after(300, self.ask_for_the_keyboard)
        self.told = False

    def say(self, **event: Any) -> None:
        print(json.dumps({"at": time.monotonic(), **event}), flush=True)

    def ask_for_the_keyboard(self) -> None:
        if not self.told:
            self.root.focus_force()

    def ready(self) -> None:
        if not self.told:
            self.told = True
            self.root.update()
            self.say(kind="ready")

    def mouse(self, kind: str, event: Any) -> None:
        self.say(kind=kind, button=event.num, x=event.x_root, y=event.y_root, state=event.state)
        if self.draws and kind == "Button":
            self.root.after(int(self.draws), lambda: self.box(event.x, event.y, 40, 40, "red"))

    def key(self, kind: str, event: Any) -> None:
        self.say(kind=kind, key=event.keysym, char=event.char, state=event.state)

    def box(self, x: int, y: int, width: int, height: int, colour: str) -> None:
        self.canvas.create_rectangle(x, y, x + width, y + height, fill=colour, width=0)

    def command(self, *_: object) -> None:
        line = sys.stdin.readline()
        if not line:
            self.root.destroy()
            return
        name, *rest = json.loads(line)
        getattr(self, f"do_{name}")(*rest)
        self.root.update()
        self.say(kind="did", name=name)

    def do_box(self, x: int, y: int, width: int, height: int, colour: str) -> None:
        self.box(x, y, width, height, colour)

    def do_clear(self) -> None:
        self.canvas.delete("all")

    def do_title(self, title: str) -> None:
        self.root.title(title)

    def do_place(self, geometry: str) -> None:
        self.root.geometry(geometry)

    def do_draws(self, after_ms: str) -> None:
        """Draw a red box where a button is pressed, so many milliseconds later."""
        self.draws = after_ms

    def do_at(self, after_ms: int, *command: Any) -> None:
        name, *rest = command
        self.root.after(after_ms, lambda: getattr(self, f"do_{name}")(*rest))

    def do_blink(self, x: int, y: int, width: int, height: int, every_ms: int) -> None:
        """Something that comes and goes: a caret, or a clock's digits."""
        item = self.canvas.create_rectangle(x, y, x + width, y + height, fill="black", width=0)

        def turn(shown: bool) -> None:
            self.canvas.itemconfigure(item, state="normal" if shown else "hidden")
            self.root.after(every_ms, turn, not shown)

        turn(False)

    def do_slide(self, x: int, y: int, steps: int, every_ms: int) -> None:
        """A box that moves to the right and then stands still."""
        item = self.canvas.create_rectangle(x, y, x + 40, y + 40, fill="blue", width=0)

        def turn(left: int) -> None:
            if left:
                self.canvas.move(item, 10, 0)
                self.root.after(every_ms, turn, left - 1)

        turn(steps)

    def do_entry(self, text: str) -> None:
        """A text field that has the keyboard and reports its text."""
        value = tk.StringVar(value=text)
        value.trace_add("write", lambda *_: self.say(kind="text", text=value.get()))
        # No caret that blinks; Ctrl+A selects all only where told so, as it does in other toolkits.
        entry = tk.Entry(self.root, textvariable=value, insertofftime=0)
        entry.bind("<Control-a>", lambda _: (entry.select_range(0, "end"), "break")[1])
        entry.bind("<Return>", lambda _: self.say(kind="submitted", text=value.get()))
        self.canvas.create_window(200, 200, window=entry)
        entry.focus_force()


class Sheet:
    """The window, as tests see it.

    Args:
        display: Where.
        place: ``full``, a Tk geometry, or one with ``=`` before it for a window without a frame.
    """

    def __init__(self, display: str, place: str = "full") -> None:
        environment = {**os.environ, "DISPLAY": display, "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            [sys.executable, __file__, place],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self.events: list[Event] = []
        self._new = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.wait(lambda event: event["kind"] == "ready", 10)

    def _read(self) -> None:
        for line in self.process.stdout or ():
            with self._new:
                self.events.append(json.loads(line))
                self._new.notify_all()

    def wait(self, wanted: Callable[[Event], bool], timeout_s: float = 3.0) -> Event:
        """Wait for an event."""
        with self._new:

            def find() -> Event | None:
                return next((event for event in self.events if wanted(event)), None)

            self._new.wait_for(lambda: find() is not None, timeout_s)
            found = find()
            assert found is not None, f"no such event in {self.events[-20:]}"
            return found

    def tell(self, name: str, *rest: Any) -> None:
        """Give a command, and wait until it is done."""
        before = self.count("did")
        pipe = self.process.stdin
        assert pipe
        pipe.write(json.dumps([name, *rest]) + "\n")
        pipe.flush()
        with self._new:
            done = self._new.wait_for(lambda: self.count("did") > before, 5)
        assert done, f"the sheet did not do {name}"

    def count(self, kind: str) -> int:
        return sum(event["kind"] == kind for event in self.events)

    def of(self, *kinds: str) -> list[Event]:
        """The events of some kinds so far, in order; everything sent before has arrived."""
        self.tell("title", "Sheet")  # a round trip
        return [event for event in self.events if event["kind"] in kinds]

    def forget(self) -> None:
        self.tell("title", "Sheet")
        with self._new:
            self.events.clear()

    def close(self) -> None:
        """End it by closing its stdin, as a program that was told so."""
        if self.process.stdin:
            self.process.stdin.close()
        try:
            self.process.wait(3)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join(3)
        if self.process.stdout:
            self.process.stdout.close()

    def __enter__(self) -> "Sheet":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


if __name__ == "__main__":
    Window(sys.argv[1]).root.mainloop()
