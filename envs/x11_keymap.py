"""The keyboard map of an X display: which key gives which symbol now, and which keys are spare.

Core requests of X read and change the map; the one thing they cannot say, which group and which
locks are on, is asked of the XKEYBOARD extension. python3-xlib does not know that extension, so
its two requests are spelled out here (X.Org, "The X Keyboard Extension: Protocol Specification").
"""

import unicodedata
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..actions.errors import UnknownKey
from ..actions.keys import KEYS

_USE_CORE_KEYBOARD = 0x100
_SHIFT, _LOCK = 1 << 0, 1 << 1
# Control, Alt, Super and the third level's shift: what turns letters into something else.
_TURNING = _SHIFT | 1 << 2 | 1 << 3 | 1 << 6 | 1 << 7

# What a text holds that is a key rather than a character.
_KEY_CHARACTERS = {"\n": "Return", "\t": "Tab"}


class Stroke(NamedTuple):
    """How to get a symbol from the map: a key, with Shift or without."""

    code: int
    shift: bool


@dataclass(frozen=True, slots=True)
class Locks:
    """What is on at a keyboard.

    Attributes:
        group: The effective layout, from 0.
        caps: Whether Caps Lock is on.
        held: Whether Shift, Control, Alt or Super is held down or latched.
    """

    group: int
    caps: bool
    held: bool


def character_keysym(character: str) -> int:
    """Give the keysym of a character of a text.

    Latin-1 has its own numbers in X; everything else is 0x01000000 plus the code point (X.Org,
    "X Window System Protocol", appendix A).
    """
    from Xlib import XK

    if character in _KEY_CHARACTERS:
        return int(XK.string_to_keysym(_KEY_CHARACTERS[character]))
    code = ord(character)
    return code if 0x20 <= code <= 0x7E or 0xA0 <= code <= 0xFF else 0x0100_0000 | code


def key_keysym(key: str) -> int:
    """Give the keysym of a canonical key.

    Raises:
        UnknownKey: X has no such key.
    """
    if key not in KEYS:
        return character_keysym(unicodedata.normalize("NFC", key)[0])
    from Xlib import XK

    XK.load_keysym_group("xf86")
    name = KEYS[key].keysym
    found = int(XK.string_to_keysym(name)) or _XF86.get(name, 0)
    if not found:
        raise UnknownKey(f"the key {key} has no symbol on X11")
    return found


# X.Org XF86keysym.h; python3-xlib spells them XF86_AudioMute and lacks some.
_XF86 = {
    "XF86AudioLowerVolume": 0x1008FF11,
    "XF86AudioMute": 0x1008FF12,
    "XF86AudioRaiseVolume": 0x1008FF13,
    "XF86AudioPlay": 0x1008FF14,
    "XF86Search": 0x1008FF1B,
    "XF86PowerOff": 0x1008FF2A,
}


class Keymap:
    """Reads and changes one display's map.

    Args:
        display: An ``Xlib.display.Display``.
    """

    def __init__(self, display: Any) -> None:
        self._display = display
        info = display.display.info
        self._first, self._count = info.min_keycode, info.max_keycode - info.min_keycode + 1
        self._strokes: dict[int, Stroke] = {}
        self._group = -1
        self.spare: list[int] = []
        """Keycodes without any symbol or meaning, lowest first; as of the last ``read``."""
        self.shift = 0
        """The keycode of Shift; 0 if the map has none."""
        self._xkb = _Xkb(display) if "XKEYBOARD" in display.list_extensions() else None

    def locks(self) -> Locks:
        """Ask what is on."""
        if self._xkb is None:
            mask = self._display.screen().root.query_pointer().mask
            return Locks(0, bool(mask & _LOCK), bool(mask & _TURNING))
        state = self._xkb.state()
        down = state.base_mods | state.latched_mods
        return Locks(state.group, bool(state.locked_mods & _LOCK), bool(down & _TURNING))

    def lock_caps(self, on: bool) -> bool:
        """Switch Caps Lock; False if this server has no way to."""
        if self._xkb is None:
            return False
        self._xkb.lock(_LOCK, _LOCK if on else 0)
        return True

    def read(self) -> Locks:
        """Read the map anew: a user may have changed it since."""
        locks = self.locks()
        rows = self._display.get_keyboard_mapping(self._first, self._count)
        modifiers = self._display.get_modifier_mapping()
        used = {code for row in modifiers for code in row if code}
        self.spare = [
            code
            for code, row in enumerate(rows, start=self._first)
            if not any(row) and code not in used
        ]
        self.shift = next((code for code in modifiers[0] if code), 0)
        self._strokes = {}
        # Core columns: two levels of the first layout, two of the second. Others have no place
        # there, so under a third layout every symbol is lent.
        columns = (2 * locks.group, 2 * locks.group + 1) if locks.group < 2 else ()
        for level, column in enumerate(columns):
            for code, row in enumerate(rows, start=self._first):
                symbol = row[column] if column < len(row) else 0
                if symbol and (level == 0 or self.shift):
                    self._strokes.setdefault(symbol, Stroke(code, bool(level)))
        return locks

    def find(self, keysym: int) -> Stroke | None:
        """Give how to get a symbol in the current layout; None if it is not there."""
        return self._strokes.get(keysym)

    def assign(self, code: int, keysym: int) -> None:
        """Give a key one symbol on all its levels; 0 takes every symbol from it."""
        self._display.change_keyboard_mapping(code, [(keysym, keysym)])


class _Xkb:
    """Two requests of the XKEYBOARD extension."""

    def __init__(self, display: Any) -> None:
        from Xlib.protocol import rq

        header = (rq.Card8("opcode"),)
        opcode = display.query_extension("XKEYBOARD").major_opcode

        class UseExtension(rq.ReplyRequest):  # type: ignore[misc]
            _request = rq.Struct(
                *header, rq.Opcode(0), rq.RequestLength(), rq.Card16("major"), rq.Card16("minor")
            )
            _reply = rq.Struct(
                rq.ReplyCode(),
                rq.Bool("supported"),
                rq.Card16("sequence_number"),
                rq.ReplyLength(),
                rq.Card16("server_major"),
                rq.Card16("server_minor"),
                rq.Pad(20),
            )

        class GetState(rq.ReplyRequest):  # type: ignore[misc]
            _request = rq.Struct(
                *header, rq.Opcode(4), rq.RequestLength(), rq.Card16("device"), rq.Pad(2)
            )
            _reply = rq.Struct(
                rq.ReplyCode(),
                rq.Card8("device"),
                rq.Card16("sequence_number"),
                rq.ReplyLength(),
                rq.Card8("mods"),
                rq.Card8("base_mods"),
                rq.Card8("latched_mods"),
                rq.Card8("locked_mods"),
                rq.Card8("group"),
                rq.Card8("locked_group"),
                rq.Pad(18),
            )

        class LatchLockState(rq.Request):  # type: ignore[misc]
            _request = rq.Struct(
                *header,
                rq.Opcode(5),
                rq.RequestLength(),
                rq.Card16("device"),
                rq.Card8("affect_locks"),
                rq.Card8("locks"),
                rq.Pad(8),
            )

        self._wire, self._opcode = display.display, opcode
        self._get, self._set = GetState, LatchLockState
        UseExtension(display=self._wire, opcode=opcode, major=1, minor=0)

    def state(self) -> Any:
        return self._get(display=self._wire, opcode=self._opcode, device=_USE_CORE_KEYBOARD)

    def lock(self, affect: int, locks: int) -> None:
        self._set(
            display=self._wire,
            opcode=self._opcode,
            device=_USE_CORE_KEYBOARD,
            affect_locks=affect,
            locks=locks,
        )
