"""Hotkeys: chords that work whichever window has the keyboard. For people, not for the agent.

They are grabbed on the root window by a connection and a thread of their own, so they work while
the agent's connection is busy. While a program holds the keyboard for itself, as an open menu may,
X gives nobody else a key: the corners of the screen (``pointer.py``) stop a run all the same.

A chord that is grabbed is written on the display, as the owner of a selection, which the server
clears if this process dies. ``reserved`` reads it, so that no agent presses what is a person's.
"""

import asyncio
import itertools
import select
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from ..actions.errors import UnknownKey
from ..actions.keys import MODIFIERS, parse_chord
from . import x11
from .errors import EnvError, EnvTimeout
from .x11_keymap import key_keysym

_OPEN_S = 10.0
_CLOSE_S = 0.07
"""A cancelled caller returns within 100 ms; a display that hangs is hung up on."""
_UP_S = 10.0
"""How long after a chord was pressed its keys are waited for to be up, in seconds."""
_POLL_S = 0.02
_ATOM = "_EYEHAND_HOTKEY_"


class HotkeyTaken(EnvError):
    """Another program has grabbed the chord."""


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Hotkey:
    """What a chord does. Both are called in a thread and must be quick.

    Attributes:
        chord: Such as ``ctrl+alt+escape``: modifiers and one other key.
        pressed: Called once when it is pressed, however long it is held.
        released: Called when none of its keys is down any more, or ten seconds later.
    """

    chord: str
    pressed: Callable[[], None]
    released: Callable[[], None] = _nothing


@asynccontextmanager
async def grabbed(display: str | None, hotkeys: Sequence[Hotkey]) -> AsyncIterator[None]:
    """Grab chords on a display; let them go on every way out.

    Args:
        display: Such as ``:0``; None: ``$DISPLAY``.
        hotkeys: Which chords, and what they do.

    Raises:
        HotkeyTaken: Another program has one of them; none is grabbed.
        UnknownKey: A chord cannot be read, or has no key of this keyboard.
        BackendMissing, DeviceNotFound: There is no such display, or it is Wayland's.
        EnvTimeout: The display does not answer.
    """
    name = x11.display_name(display)
    for hotkey in hotkeys:
        _split(hotkey.chord)
    watcher = _Watcher(name, hotkeys)
    watcher.start()
    try:
        await _within(watcher.ready, _OPEN_S, f"grabbing hotkeys on {name}")
        yield
    finally:
        watcher.end()
        try:
            await _within(watcher.ended, _CLOSE_S, f"letting hotkeys go on {name}")
        except EnvTimeout:
            watcher.cut()


async def _within(future: "Future[None]", seconds: float, what: str) -> None:
    waiter = asyncio.wrap_future(future)
    waiter.add_done_callback(lambda done: None if done.cancelled() else done.exception())
    done, _ = await asyncio.wait({waiter}, timeout=seconds)
    if not done:
        raise EnvTimeout(what, seconds)
    waiter.result()


def reserved(display: Any, chord: Sequence[str]) -> bool:
    """Whether a chord is a person's hotkey for an eyehand on this display.

    Args:
        display: An ``Xlib.display.Display``.
        chord: Canonical keys.
    """
    # With further modifiers it is the hotkey all the same.
    modifiers = [key for key in chord if key in MODIFIERS]
    keys = [key for key in chord if key not in MODIFIERS]
    for count in range(1, len(modifiers) + 1):
        for some in itertools.combinations(modifiers, count):
            for key in keys:
                atom = display.intern_atom(_atom([*some, key]), only_if_exists=True)
                if atom and display.get_selection_owner(atom):
                    return True
    return False


def _atom(chord: Sequence[str]) -> str:
    keys = sorted({key.removesuffix("_right") for key in chord})
    # Xlib hangs on a name that is not ASCII.
    return _ATOM + "+".join(keys).encode("ascii", "backslashreplace").decode()


def _split(chord: str) -> tuple[list[str], str]:
    """Give the modifiers and the key of a chord.

    Raises:
        UnknownKey: It is none.
    """
    keys = parse_chord(chord)
    others = [key for key in keys if key not in MODIFIERS]
    modifiers = [key.removesuffix("_right") for key in keys if key in MODIFIERS]
    if len(others) != 1 or not modifiers:
        raise UnknownKey(
            f"{chord!r} is no hotkey: write modifiers and one key, such as ctrl+alt+escape"
        )
    return modifiers, others[0]


@dataclass(slots=True)
class _Grab:
    """A hotkey as the keyboard has it now.

    It is one also while other modifiers are down: the agent may be holding Shift.

    Attributes:
        codes: Keycodes of its key.
        mask: Its modifiers.
        keys: Keycodes of its key and of its modifiers.
        locks: Masks of the locks that may be on beside it.
        more: Masks of what else may be down beside it.
        down_until: When its keys are no longer waited for to be up; None where they are up.
    """

    hotkey: Hotkey
    codes: frozenset[int]
    mask: int
    keys: frozenset[int]
    locks: tuple[int, ...]
    more: tuple[int, ...]
    down_until: float | None = None


def _sums(masks: Iterable[int]) -> tuple[int, ...]:
    """Give every sum of some of these masks, none included."""
    bits = sorted(masks)
    some = (itertools.combinations(bits, count) for count in range(len(bits) + 1))
    return tuple(sum(chosen) for chosen in itertools.chain.from_iterable(some))


class _Watcher(threading.Thread):
    """Waits for the chords of one display."""

    def __init__(self, name: str, hotkeys: Sequence[Hotkey]) -> None:
        super().__init__(name="eyehand-hotkeys", daemon=True)
        self._where, self._hotkeys = name, hotkeys
        self._wake, self._ours = socket.socketpair()
        self._display: Any = None
        self._grabs: list[_Grab] = []
        self._window: Any = None
        self.ready: Future[None] = Future()
        self.ended: Future[None] = Future()

    def end(self) -> None:
        """Let the thread end."""
        self._wake.close()

    def cut(self) -> None:
        """Wake a thread that waits for a display that hangs."""
        if self._display is not None:
            x11.cut(self._display)

    def run(self) -> None:
        """Grab, watch, let go."""
        try:
            self._open()
        except BaseException as error:
            self.ready.set_exception(error)
        else:
            self.ready.set_result(None)
            self._watch()
        finally:
            if self._display is not None:
                x11.close(self._display)  # the server lets go of all that was grabbed
            self._ours.close()
            self.ended.set_result(None)

    def _open(self) -> None:
        from Xlib import X

        self._x = X
        self._display = display = x11.connect(self._where)
        root = display.screen().root
        with x11.guarded(self._where, delivered="nothing"):
            self._window = root.create_window(-1, -1, 1, 1, 0, 0, X.InputOnly, X.CopyFromParent)
            self._grab()
            for hotkey in self._hotkeys:
                atom = display.intern_atom(_atom(parse_chord(hotkey.chord)))
                self._window.set_selection_owner(atom, X.CurrentTime)
            display.sync()

    def _grab(self) -> None:
        """Grab every chord, where the keyboard has its keys now.

        Raises:
            HotkeyTaken, UnknownKey: One cannot be.
        """
        from Xlib import error

        root = self._display.screen().root
        for hotkey in self._hotkeys:
            grab = self._find(hotkey)
            self._grabs.append(grab)
            taken, unheeded = (error.CatchError(error.BadAccess) for _ in range(2))
            mode = self._x.GrabModeAsync
            for masks, onerror in ((grab.locks, taken), (grab.more, unheeded)):
                for code, mask in itertools.product(grab.codes, masks):
                    root.grab_key(code, grab.mask | mask, False, mode, mode, onerror=onerror)
            self._display.sync()
            if taken.get_error() is not None:
                raise HotkeyTaken(
                    f"another program has the chord {hotkey.chord} on the display {self._where}, "
                    "perhaps another eyehand or the desktop itself: choose another one"
                )

    def _find(self, hotkey: Hotkey) -> _Grab:
        display = self._display
        modifiers, key = _split(hotkey.chord)
        rows = display.get_modifier_mapping()

        def codes(name: str) -> frozenset[int]:
            pairs = display.keysym_to_keycodes(key_keysym(name))
            return frozenset(code for code, level in pairs if level == 0)

        def mask(name: str) -> tuple[int, frozenset[int]]:
            wanted = codes(name)
            for bit, row in enumerate(rows):
                if wanted & set(row):
                    return 1 << bit, frozenset(code for code in row if code)
            return 0, frozenset()

        found = codes(key)
        if not found:
            raise UnknownKey(f"the keyboard of {self._where} has no key {key}")
        whole, keys = 0, set(found)
        for name in modifiers:
            bits, members = mask(name)
            if not bits:
                raise UnknownKey(f"the keyboard of {self._where} has no modifier {name}")
            whole |= bits
            keys |= members
        # A chord is grabbed with an exact set of modifiers: the locks are modifiers, too.
        on = {bits for name in ("caps_lock", "num_lock", "scroll_lock") if (bits := mask(name)[0])}
        on = {self._x.LockMask, *on} - {bit for bit in on if bit & whole}
        locks = _sums(on)
        free = [1 << bit for bit in range(8) if not whole >> bit & 1]
        more = tuple(set(_sums(free)) - set(locks))
        return _Grab(hotkey, found, whole, frozenset(keys), locks, more)

    def _watch(self) -> None:
        """Wait for the chords until told to end, or the display is gone."""
        waits = False
        while True:
            try:
                while self._display.pending_events():
                    self._on_event(self._display.next_event())
                if waits:
                    self._look_up()
            except Exception as error:
                if x11.is_lost(error):
                    return  # whoever works on that display says so
                raise
            waits = any(grab.down_until is not None for grab in self._grabs)
            timeout_s = _POLL_S if waits else None
            ready, _, _ = select.select([self._display, self._ours], [], [], timeout_s)
            if self._ours in ready:
                return

    def _on_event(self, event: Any) -> None:
        if event.type == self._x.KeyPress:
            for grab in self._grabs:
                fits = event.detail in grab.codes and event.state & grab.mask == grab.mask
                # A key that is held down repeats itself.
                if fits and grab.down_until is None:
                    grab.down_until = time.monotonic() + _UP_S
                    grab.hotkey.pressed()
        elif event.type == self._x.MappingNotify and event.request != self._x.MappingPointer:
            self._display.refresh_keyboard_mapping(event)
            self._grab_anew()

    def _grab_anew(self) -> None:
        """Follow a keyboard whose layout was changed."""
        try:
            fresh = [self._find(hotkey) for hotkey in self._hotkeys]
        except UnknownKey:
            return  # it has no such key now; the next change may bring it back
        if [(g.codes, g.mask) for g in fresh] == [(g.codes, g.mask) for g in self._grabs]:
            return
        root = self._display.screen().root
        root.ungrab_key(self._x.AnyKey, self._x.AnyModifier)
        self._grabs.clear()
        self._grab()

    def _look_up(self) -> None:
        """See whether the keys of a chord are up again."""
        held = self._display.query_keymap()
        for grab in self._grabs:
            if grab.down_until is None:
                continue
            down = any(held[code // 8] >> code % 8 & 1 for code in grab.keys)
            if not down or time.monotonic() > grab.down_until:
                grab.down_until = None
                grab.hotkey.released()
