"""Typing any text, exactly, into whatever has the keyboard focus of an X display.

Characters of the current layout are typed with their own keys. Every other one is lent a spare
key for a while: the key gets the one symbol on all its levels, is pressed, and is cleared at the
end. The danger is time: a program looks up what a key means when it *reads* the event, which may
be long after it was sent. So a key is given another symbol only after a barrier, which proves or
waits until everything sent before has been read.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..actions.keys import MODIFIERS
from .errors import ActionFailed
from .worker import Stop
from .x11_keymap import Keymap, Stroke, character_keysym, key_keysym
from .x11_lease import Lease
from .x11_process import Processes, rests
from .x11_windows import Windows

_CHUNK = 200
"""Characters between two barriers: programs are never flooded, and a stop is heeded soon."""

_ANSWER_S = 10.0
_LAST_ANSWER_S = 1.0
"""How long to wait for a program to have read everything, while typing and on the way out."""

_FOCUS_S = 1.0
"""How long the window manager has to give the focus to somebody."""

# For programs that answer no ping, such as xterm and Tk: at least this long, and then until they
# have rested for a moment. Time alone does not do: loading a font, Tk reads nothing for a second.
_BLIND_S, _BLIND_PER_CHARACTER_S = 0.03, 0.0003


class Typist:
    """Types on one display.

    Args:
        display: An ``Xlib.display.Display``.
        keymap: The display's.
        windows: The display's.
        lease: Records what is lent. Every method must be called while it is held.
    """

    def __init__(self, display: Any, keymap: Keymap, windows: Windows, lease: Lease) -> None:
        from Xlib import X
        from Xlib.ext import xtest

        self._x, self._fake = X, xtest.fake_input
        self._display, self._keymap = display, keymap
        self._windows, self._lease = windows, lease
        self._processes = Processes(display)
        self._lent: dict[int, int] = {}  # keysym to keycode
        self._unread = False  # whether a lent key was pressed since the last barrier
        self._since = 0  # characters sent since the last barrier
        self._sent = self._shift = self._caps = False

    def type(self, text: str, stop: Stop, watch: Callable[[], None]) -> None:
        """Type a text.

        Args:
            text: What ``actions.Type`` allows; a line feed is the Enter key, a tab the Tab key.
            stop: Ends it; what was borrowed is given back.
            watch: Called now and then; what it raises ends it, too.

        Raises:
            ActionFailed: Nothing has the focus, a modifier is held down, no key is spare, or the
                program has stopped reading; ``delivered`` says whether anything was sent.
        """
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if not text:
            return
        self._begin(stop)
        if not self._focused(stop):
            raise ActionFailed(
                "nothing has the keyboard focus, so the text would go nowhere: click a text "
                "field first"
            )
        if self._caps:
            # Programs capitalise whatever a key gives while Caps Lock is on.
            self._lease.note(caps=True)
            if not self._keymap.lock_caps(False):
                raise ActionFailed("Caps Lock is on and cannot be switched off here: switch it off")
        self._windows.listen(True)
        try:
            self._send([character_keysym(character) for character in text], stop, watch)
        finally:
            self._end()

    def codes(self, chord: Sequence[str]) -> list[int]:
        """Give the keys to press for a chord, in order; what the layout lacks is lent a key.

        Call ``finish`` after they were pressed.

        Args:
            chord: Canonical keys.

        Raises:
            ActionFailed: No key is spare.
            UnknownKey: X has no such key.
        """
        self._begin(None)
        strokes = {key: self._stroke(key) for key in chord}
        missing = [key_keysym(key) for key, stroke in strokes.items() if stroke is None]
        if missing:
            self._lend(missing)
            self._unread = True
        shifted = any(key.startswith("shift") for key in chord)
        found: list[int] = []
        for key in chord:
            stroke = strokes[key] or Stroke(self._lent[key_keysym(key)], shift=False)
            if stroke.shift and not shifted:
                found.append(self._keymap.shift)
                shifted = True
            found.append(stroke.code)
        return found

    def _stroke(self, key: str) -> Stroke | None:
        stroke = self._keymap.find(key_keysym(key))
        if stroke is not None and stroke.shift and len(key) > 1:
            stroke = None  # a named key that is only there with Shift is another chord
        if stroke is None and key in MODIFIERS:
            raise ActionFailed(f"the keyboard of this display has no key {key}")
        return stroke

    def finish(self) -> None:
        """Wait, bounded, until the pressed keys have been read, if any of them was lent."""
        if self._lent:
            self._windows.listen(True)
            self._end()

    def _begin(self, stop: Stop | None) -> None:
        """Read the map, and wait until nobody holds a modifier down."""
        locks = self._keymap.read()
        end = time.monotonic() + 1.0
        while stop is not None and locks.held:
            if time.monotonic() > end:
                raise ActionFailed(
                    "Shift, Ctrl, Alt or Super is held down on the keyboard, which would turn the "
                    "text into shortcuts: release it"
                )
            stop.sleep(0.02)
            locks = self._keymap.locks()
        self._caps = locks.caps
        self._lent = {}
        self._since = 0
        self._unread = self._shift = self._sent = False

    def _focused(self, stop: Stop) -> bool:
        """Whether a program has the focus; waits, as a click just before may have moved it."""
        end = time.monotonic() + _FOCUS_S
        while self._windows.focus() is None:
            if time.monotonic() > end:
                return False
            stop.sleep(0.02)
        return True

    def _send(self, keysyms: Sequence[int], stop: Stop, watch: Callable[[], None]) -> None:
        for place, keysym in enumerate(keysyms):
            stop.check()
            stroke = self._keymap.find(keysym)
            if stroke is None:
                if keysym not in self._lent:
                    if self._unread:
                        self._barrier(stop, f"after {place} of {len(keysyms)} characters")
                    self._lend(k for k in keysyms[place:] if self._keymap.find(k) is None)
                stroke = Stroke(self._lent[keysym], shift=False)
                self._unread = True
            self._press_shift(stroke.shift)
            self._sent = True
            self._fake(self._display, self._x.KeyPress, stroke.code)
            self._fake(self._display, self._x.KeyRelease, stroke.code)
            self._since += 1
            if self._since >= _CHUNK or place == len(keysyms) - 1:
                watch()
                self._barrier(stop, f"after {place + 1} of {len(keysyms)} characters")

    def _press_shift(self, down: bool) -> None:
        if down and not self._shift:
            self._lease.press(self._keymap.shift)
        elif not down and self._shift:
            self._lease.release_all()
        self._shift = down

    def _lend(self, keysyms: Iterable[int]) -> None:
        """Lend keys to the first of these symbols, as many as there are keys."""
        spare = self._keymap.spare
        if not spare:
            raise ActionFailed(
                "the keyboard map of this display has no spare key, which a character that is "
                "not on the layout needs",
                delivered=self._sent,
            )
        wanted: dict[int, None] = {}
        for keysym in keysyms:
            wanted[keysym] = None
            if len(wanted) == len(spare):
                break
        kept = {keysym: code for keysym, code in self._lent.items() if keysym in wanted}
        room = [code for code in spare if code not in kept.values()]
        fresh = dict(zip((k for k in wanted if k not in kept), room, strict=False))
        self._lease.note(codes=sorted({*self._lease.codes, *fresh.values()}))
        self._keymap.assign({code: keysym for keysym, code in fresh.items()})
        self._lent = kept | fresh

    def _barrier(self, stop: Stop, done: str) -> None:
        """Wait until everything sent has been read."""
        self._press_shift(False)
        self._display.sync()
        if not self._read(stop, _ANSWER_S):
            raise ActionFailed(
                f"the program has not read its keyboard for {_ANSWER_S:g} s, {done}: it hangs, "
                "and part of the text may be missing",
                delivered=True,
            )
        self._unread, self._since = False, 0

    def _end(self) -> None:
        """On every way out: nothing held down, and everything sent read, if it ever will be."""
        self._lease.release_all()
        self._shift = False
        if self._unread:
            # What nobody may stop: a lent key cleared too early gives the program nothing.
            self._read(Stop(), _LAST_ANSWER_S)
        self._windows.listen(False)
        self._unread = False

    def _read(self, stop: Stop, bound_s: float) -> bool:
        """Wait until the focused program has read everything; False if it plainly has not."""
        focus = self._windows.focus()
        if focus is not None and focus.pings is not None:
            return self._windows.ping(focus.pings, bound_s, stop)
        stop.sleep(_BLIND_S + _BLIND_PER_CHARACTER_S * self._since)
        pid = None if focus is None else self._processes.of(focus.window)
        return pid is None or rests(pid, bound_s, stop)
