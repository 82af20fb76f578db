"""What an env has borrowed of a display, written down where it outlives a killed process.

Spare keycodes that carry a symbol for a while, Caps Lock switched off, keys and buttons held down:
if the process is killed in between, nothing of its own can put them back. So they are recorded
*before* they are touched, in a property of the root window together with a window of the owner.
The X server destroys that window with the owner's connection, and whoever comes next sees a record
without an owner and cleans up. At most one owner acts on a display at a time; others wait.
"""

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from .errors import ActionFailed
from .worker import Stop
from .x11_keymap import Keymap

PROPERTY = "_EYEHAND_LENT"
_OWNER = "_EYEHAND_OWNER"


@dataclass(slots=True)
class Record:
    """What the property holds, as JSON.

    Attributes:
        window: Id of the owner's window.
        token: What the owner's window must carry: the id alone may have been given anew.
        codes: Keycodes with a symbol of ours.
        caps: Whether Caps Lock was on and has been switched off.
        keys: Keycodes that may be held down.
        buttons: Buttons that may be held down.
    """

    window: int
    token: str
    codes: list[int] = field(default_factory=list)
    caps: bool = False
    keys: list[int] = field(default_factory=list)
    buttons: list[int] = field(default_factory=list)


class Lease:
    """The right to act on a display, and the record of what that has changed.

    Args:
        display: An ``Xlib.display.Display``.
        keymap: The same display's.
        patience_s: How long to wait for another owner, in seconds.
    """

    def __init__(self, display: Any, keymap: Keymap, *, patience_s: float = 10.0) -> None:
        from Xlib import X, Xatom, error
        from Xlib.ext import xtest

        self._x, self._string, self._error = X, Xatom.STRING, error
        self._fake = xtest.fake_input
        self._display, self._keymap, self._patience_s = display, keymap, patience_s
        self._root = display.screen().root
        self._atom = display.intern_atom(PROPERTY)
        self._owner_atom = display.intern_atom(_OWNER)
        token = secrets.token_hex(8)
        # Input-only and never shown: it is there to die with this connection.
        window = self._root.create_window(-1, -1, 1, 1, 0, 0, X.InputOnly, X.CopyFromParent)
        window.change_property(self._owner_atom, self._string, 8, token.encode())
        self._record = Record(window.id, token)

    @contextmanager
    def held(self, stop: Stop) -> Iterator[None]:
        """Own the display's input; on the way out, however that comes, put everything back.

        Raises:
            ActionFailed: Another owner did not let go in time. Nothing was sent.
        """
        self._acquire(stop)
        try:
            yield
        finally:
            self.give_back()
            self._root.delete_property(self._atom)
            self._display.sync()

    def note(
        self,
        *,
        codes: list[int] | None = None,
        caps: bool | None = None,
        keys: list[int] | None = None,
        buttons: list[int] | None = None,
    ) -> None:
        """Write down what is about to be changed, before it is."""
        record = self._record
        record.codes = record.codes if codes is None else list(codes)
        record.caps = record.caps if caps is None else caps
        record.keys = record.keys if keys is None else list(keys)
        record.buttons = record.buttons if buttons is None else list(buttons)
        self._write()

    @property
    def codes(self) -> list[int]:
        """The keycodes that are lent now."""
        return self._record.codes

    def press(self, keycode: int) -> None:
        """Press a key and remember to release it."""
        if keycode not in self._record.keys:
            self.note(keys=[*self._record.keys, keycode])
        self._fake(self._display, self._x.KeyPress, keycode)

    def release_all(self) -> None:
        """Release every key and button that may be down, the last pressed first."""
        record = self._record
        if not record.keys and not record.buttons:
            return
        for keycode in reversed(record.keys):
            self._fake(self._display, self._x.KeyRelease, keycode)
        for button in reversed(record.buttons):
            self._fake(self._display, self._x.ButtonRelease, button)
        self.note(keys=[], buttons=[])
        self._display.sync()

    def give_back(self) -> None:
        """Release everything, clear the lent keycodes, switch Caps Lock back on if it was."""
        self.release_all()
        self._undo(self._record)
        self._record.codes, self._record.caps = [], False
        self._display.sync()

    def clean(self) -> bool:
        """Put back what an owner that is no more has left behind.

        Returns:
            Whether nobody else owns the input now.
        """
        self._display.grab_server()
        try:
            return self._clean()
        finally:
            self._display.ungrab_server()
            self._display.sync()

    def _acquire(self, stop: Stop) -> None:
        end = time.monotonic() + self._patience_s
        while True:
            # Between looking and writing, nobody else may write.
            self._display.grab_server()
            try:
                if self._clean():
                    self._write()
                    return
            finally:
                self._display.ungrab_server()
                self._display.sync()
            if time.monotonic() > end:
                raise ActionFailed(
                    f"another eyehand process has held the keyboard and the pointer of "
                    f"{self._display.get_display_name()} for {self._patience_s:g} s: end it, or "
                    "give each its own display"
                )
            stop.sleep(0.02)

    def _clean(self) -> bool:
        found = self._root.get_full_property(self._atom, self._x.AnyPropertyType)
        if found is None:
            return True
        left = _parse(found.value)
        if left is None:  # not ours to understand, and nobody can own it
            self._root.delete_property(self._atom)
            return True
        if left.token != self._record.token and self._lives(left):
            return False
        for keycode in reversed(left.keys):
            self._fake(self._display, self._x.KeyRelease, keycode)
        for button in reversed(left.buttons):
            self._fake(self._display, self._x.ButtonRelease, button)
        self._undo(left)
        self._root.delete_property(self._atom)
        return True

    def _undo(self, record: Record) -> None:
        self._keymap.assign(dict.fromkeys(record.codes, 0))
        if record.caps:
            self._keymap.lock_caps(True)

    def _lives(self, record: Record) -> bool:
        window = self._display.create_resource_object("window", record.window)
        try:
            found = window.get_full_property(self._owner_atom, self._x.AnyPropertyType)
        except self._error.BadWindow:
            return False
        return found is not None and _text(found.value) == record.token

    def _write(self) -> None:
        body = json.dumps(asdict(self._record)).encode()
        self._root.change_property(self._atom, self._string, 8, body)


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _parse(value: Any) -> Record | None:
    """Read a record; None if it is none. It comes from outside: every part is checked."""
    try:
        data = json.loads(_text(value))
        record = Record(**data)
        numbers = [record.window, *record.codes, *record.keys, *record.buttons]
        codes = all(8 <= code <= 255 for code in (*record.codes, *record.keys))
        buttons = all(1 <= button <= 255 for button in record.buttons)
        if not all(type(number) is int for number in numbers) or not (codes and buttons):
            return None
        return record if isinstance(record.token, str) else None
    except (ValueError, TypeError, RecursionError):
        return None
