"""Typing any text, exactly, into whatever has the keyboard focus of an X display.

Characters of the current layout are typed with their own keys. Every other one is lent a spare
key for a while: the key gets the one symbol on all its levels, is pressed, and is cleared at the
end. The danger is time: a program looks up what a key means when it *reads* the event, which may
be long after it was sent. So a key is given another symbol only after a barrier, which proves or
waits until everything sent before has been read.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from ..actions.keys import MODIFIERS
from .errors import ActionFailed
from .worker import Stop
from .x11_keymap import Keymap, Stroke, character_keysym, key_keysym
from .x11_lease import Lease
from .x11_windows import Windows

_CHUNK = 200
"""Characters between two barriers: programs are never flooded, and a stop is heeded soon."""

_ANSWER_S = 10.0
_LAST_ANSWER_S = 1.0
"""How long to wait for a program to have read everything, while typing and on the way out."""

# For programs that answer no ping, such as xterm, which reads some 10,000 keys a second.
_BLIND_S, _BLIND_PER_CHARACTER_S = 0.03, 0.0005


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
        self._free: list[int] = []
        self._lent: OrderedDict[int, int] = OrderedDict()  # keysym to keycode, latest used last
        self._unread: set[int] = set()  # keycodes pressed since the last barrier
        self._since = 0  # characters sent since the last barrier
        self._shift = False

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
        if self._windows.focus() is None:
            raise ActionFailed(
                "nothing has the keyboard focus, so the text would go nowhere: click a text "
                "field first"
            )
        self._lower_caps()
        self._windows.listen(True)
        try:
            for start in range(0, len(text), _CHUNK):
                chunk = [character_keysym(character) for character in text[start : start + _CHUNK]]
                done = f"after {start} of {len(text)} characters"
                self._send(chunk, stop, done)
                watch()
                self._barrier(stop, done)
        finally:
            self._end()

    def codes(self, chord: Sequence[str], stop: Stop) -> list[int]:
        """Give the keys to press for a chord, in order; what the layout lacks is lent a key.

        Call ``finish`` after they were pressed.

        Args:
            chord: Canonical keys.
            stop: Ends the wait for another's modifier.

        Raises:
            ActionFailed: No key is spare.
            UnknownKey: X has no such key.
        """
        self._begin(None)
        shifted = any(key.startswith("shift") for key in chord)
        found: list[int] = []
        for key in chord:
            keysym = key_keysym(key)
            stroke = self._keymap.find(keysym)
            if stroke is not None and stroke.shift and len(key) > 1:
                stroke = None  # a named key that is only there with Shift is another chord
            if stroke is None and key in MODIFIERS:
                raise ActionFailed(f"the keyboard of this display has no key {key}")
            if stroke is None:
                stroke = self._borrow(keysym, stop, "")
                self._unread.add(stroke.code)
            if stroke.shift and not shifted:
                found.append(self._keymap.shift)
                shifted = True
            found.append(stroke.code)
        self._display.sync()
        return found

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
        self._free = list(self._keymap.spare)
        self._lent.clear()
        self._unread.clear()
        self._since, self._shift = 0, False

    def _lower_caps(self) -> None:
        # Programs capitalise whatever a key gives while Caps Lock is on.
        if self._caps:
            self._lease.note(caps=True)
            if not self._keymap.lock_caps(False):
                raise ActionFailed("Caps Lock is on and cannot be switched off here: switch it off")

    def _send(self, keysyms: Sequence[int], stop: Stop, done: str) -> None:
        for keysym in keysyms:
            stop.check()
            stroke = self._keymap.find(keysym) or self._borrow(keysym, stop, done)
            if stroke.shift != self._shift:
                self._press_shift(stroke.shift)
            self._fake(self._display, self._x.KeyPress, stroke.code)
            self._fake(self._display, self._x.KeyRelease, stroke.code)
            self._unread.add(stroke.code)
            self._since += 1
        self._press_shift(False)
        self._display.flush()

    def _press_shift(self, down: bool) -> None:
        if down and not self._shift:
            self._lease.press(self._keymap.shift)
        elif not down and self._shift:
            self._lease.release_all()
        self._shift = down

    def _borrow(self, keysym: int, stop: Stop, done: str) -> Stroke:
        """Give the key lent to a symbol; lend one if there is none."""
        code = self._lent.get(keysym)
        if code is None:
            if not self._free and not self._lent:
                raise ActionFailed(
                    "the keyboard map of this display has no spare key, which a character that is "
                    "not on the layout needs",
                    delivered=bool(done),
                )
            if self._free:
                code = self._free.pop(0)
                self._lease.note(codes=[*self._lent.values(), code])
            else:
                # The one used longest ago; after one barrier, all of them can be given anew.
                code = self._lent.pop(next(iter(self._lent)))
                if code in self._unread:
                    self._press_shift(False)
                    self._barrier(stop, done)
            self._keymap.assign(code, keysym)
        self._lent[keysym] = code
        self._lent.move_to_end(keysym)
        return Stroke(code, shift=False)

    def _barrier(self, stop: Stop, done: str) -> None:
        """Wait until everything sent has been read."""
        self._display.sync()
        focus = self._windows.focus()
        if focus is None or focus.pings is None:
            stop.sleep(_BLIND_S + _BLIND_PER_CHARACTER_S * self._since)
        elif not self._windows.ping(focus.pings, _ANSWER_S, stop):
            raise ActionFailed(
                f"the program has not read its keyboard for {_ANSWER_S:g} s, {done}: it hangs, "
                "and part of the text may be missing",
                delivered=True,
            )
        self._unread.clear()
        self._since = 0

    def _end(self) -> None:
        """On every way out: nothing held down, and everything sent read, if it ever will be."""
        self._lease.release_all()
        self._shift = False
        if self._lent and self._unread:
            focus = self._windows.focus()
            if focus is None or focus.pings is None:
                time.sleep(_BLIND_S + _BLIND_PER_CHARACTER_S * self._since)
            else:
                self._windows.ping(focus.pings, _LAST_ANSWER_S, None)
        self._windows.listen(False)
        self._lent.clear()
        self._unread.clear()
