"""A window that says what happens to it: one JSON object a line. Run as a program.

Usage: tk_window.py events|full|text LEFT TOP WIDTH HEIGHT

``events``: a bare window at exactly that place; every button, key and motion is printed.
``full``: the same over the whole screen, where a window manager gives it the focus.
``text``: a text field with the focus; a line on stdin makes it print what it holds.
"""

import json
import sys
import time
import tkinter
from functools import partial
from typing import Any

KEPT = ("x_root", "y_root", "num", "keysym", "state", "char")


def say(kind: str, **facts: Any) -> None:
    print(json.dumps({"kind": kind, "time": time.monotonic(), **facts}), flush=True)


def note(kind: str, event: Any) -> None:
    facts = {name: getattr(event, name, None) for name in KEPT}
    say(kind, **{k: v for k, v in facts.items() if isinstance(v, int | str)})


def note_twice(kind: str, event: Any) -> None:
    note("Button", event)  # Tk calls the most special binding only
    say(kind)


def main() -> None:
    mode, *place = sys.argv[1:]
    left, top, width, height = map(int, place)
    root = tkinter.Tk()
    root.title(f"tk {mode}")
    root.geometry(f"{width}x{height}+{left}+{top}")
    if mode != "text":
        # No frame either way: pixel (0, 0) of the window is (LEFT, TOP).
        root.attributes("-fullscreen", True) if mode == "full" else root.overrideredirect(True)
        area: tkinter.Widget = tkinter.Canvas(root, background="#204060", highlightthickness=0)
        for kind in ("Button", "ButtonRelease", "Key", "KeyRelease", "Motion"):
            area.bind(f"<{kind}>", partial(note, kind))
        for kind in ("Double-Button-1", "Triple-Button-1"):
            area.bind(f"<{kind}>", partial(note_twice, kind))
    else:
        area = tkinter.Text(root, font=("TkFixedFont", 10), undo=False, wrap="char")
    area.pack(fill="both", expand=True)
    area.focus_force()

    def here() -> None:
        root.update()
        say("here")

    def dump(file: Any, mask: int) -> None:
        line = sys.stdin.readline()
        if not line:
            root.destroy()
        elif line.startswith("focus"):
            area.focus_force()
            say("focused")
        elif isinstance(area, tkinter.Text):
            say("text", text=area.get("1.0", "end-1c"))
        else:
            # What was sent to the window before the question must be told before the answer.
            root.after(30, here)

    root.tk.createfilehandler(sys.stdin, tkinter.READABLE, dump)
    root.update()
    root.lift()
    area.focus_force()
    root.after(50, lambda: say("ready", left=root.winfo_rootx(), top=root.winfo_rooty()))
    root.mainloop()


if __name__ == "__main__":
    main()
