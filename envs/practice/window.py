"""The practice phone in a window on a desktop: for people, and for ``DesktopEnv``.

A click is a tap, a drag a finger, the wheel scrolls; keys type into the focused field, Escape goes
back. The phone's time passes as on the wall. Or it is only watched, while somebody else works it.
"""

import contextlib
import time
from typing import Any

from PIL import Image

from ..errors import BackendMissing, DeviceNotFound
from .phone import Phone

_FRAME_MS = 33
_KEYS = {
    "Escape": 4,
    "Home": 122,
    "End": 123,
    "BackSpace": 67,
    "Delete": 112,
    "Left": 21,
    "Right": 22,
    "Tab": 61,
    "Prior": 92,
    "Next": 93,
    "F1": 82,
    "F2": 3,
    "F3": 187,
}
"""Keys that are not text, by Tk's names, as Android's codes: F1 menu, F2 home, F3 recent apps."""


class PhoneWindow:
    """Shows a phone until its window is closed. Belongs to the thread that makes it.

    Args:
        phone: Which.
        title: Of the window.
        watch: Leave the phone and its time to whoever works it: call ``show`` now and then, in
            place of ``run``.

    Raises:
        BackendMissing: Tk is not installed, or Pillow cannot draw for it.
        DeviceNotFound: There is no display to open a window on.
    """

    def __init__(self, phone: Phone, title: str = "Practice phone", *, watch: bool = False) -> None:
        try:
            import tkinter

            from PIL import ImageTk
        except ImportError as error:
            raise BackendMissing(
                "a window needs Tk: sudo apt install python3-tk (or --png FILE writes a picture)"
            ) from error
        self._make_picture = ImageTk.PhotoImage
        self._phone = phone
        self._last = time.monotonic()
        self._shown: Any = None
        self._down = False
        try:
            self._root: tkinter.Tk = tkinter.Tk()
        except tkinter.TclError as error:
            raise DeviceNotFound(f"no window can be opened: {error}") from error
        self._root.title(title)
        self._root.resizable(False, False)
        self._label = tkinter.Label(self._root, borderwidth=0, highlightthickness=0)
        self._label.pack()
        if watch:
            self.show(phone, title)
            return
        for event, act in (
            ("<ButtonPress-1>", self._press),
            ("<B1-Motion>", self._move),
            ("<ButtonRelease-1>", self._release),
            ("<Button-4>", lambda event: self._wheel(event, -1)),
            ("<Button-5>", lambda event: self._wheel(event, 1)),
        ):
            self._label.bind(event, act)
        self._root.bind("<Key>", self._key)
        self._show()

    def run(self) -> None:
        """Show it until the window is closed."""
        self._root.after(_FRAME_MS, self._tick)
        self._root.mainloop()

    def show(self, phone: Phone, title: str) -> bool:
        """Show a phone as it is now, and heed the window's manager.

        Args:
            phone: Perhaps another one than before.
            title: Of the window.

        Returns:
            False where the window was closed: it is gone for good.
        """
        import tkinter

        try:
            self._root.title(title)
            self._phone = phone
            self._show()
            self._root.update()
        except tkinter.TclError:  # also where the display is gone
            return False
        return True

    def close(self) -> None:
        """Close the window; ``run`` returns."""
        self._root.quit()

    def destroy(self) -> None:
        """Take the window off the screen. Twice is harmless."""
        import tkinter

        with contextlib.suppress(tkinter.TclError):
            self._root.destroy()

    def _pass_time(self) -> None:
        now = time.monotonic()
        self._phone.advance(min(now - self._last, 1.0))
        self._last = now

    def _tick(self) -> None:
        self._pass_time()
        self._show()
        self._root.after(_FRAME_MS, self._tick)

    def _show(self) -> None:
        pixels = self._phone.pixels()
        if pixels is self._shown:
            return
        self._shown = pixels
        # The label does not keep the picture alive by itself.
        self._picture = self._make_picture(Image.fromarray(pixels))
        self._label.configure(image=self._picture)

    def _inside(self, event: Any) -> tuple[int, int]:
        width, height = self._phone.size
        return min(max(event.x, 0), width - 1), min(max(event.y, 0), height - 1)

    def _press(self, event: Any) -> None:
        self._pass_time()
        self._down = True
        self._phone.touch("down", *self._inside(event))

    def _move(self, event: Any) -> None:
        if self._down:
            self._pass_time()
            self._phone.touch("move", *self._inside(event))

    def _release(self, event: Any) -> None:
        if self._down:
            self._pass_time()
            self._down = False
            self._phone.touch("up", *self._inside(event))

    def _wheel(self, event: Any, notches: int) -> None:
        self._pass_time()
        self._phone.wheel(*self._inside(event), 0, notches)

    def _key(self, event: Any) -> None:
        self._pass_time()
        control = bool(event.state & 4)
        if event.keysym in ("Return", "KP_Enter"):
            self._phone.enter()
        elif event.keysym in _KEYS:
            self._phone.key(_KEYS[event.keysym])
        elif control and event.keysym.lower() in ("a", "c", "x", "v"):
            code = 29 + "abcdefghijklmnopqrstuvwxyz".index(event.keysym.lower())
            self._phone.key(code, meta=frozenset({113}))
        elif event.char and event.char.isprintable():
            self._phone.commit(event.char)
