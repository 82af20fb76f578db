"""The keyboard map of an X display: which key gives which symbol now, and which keys are spare.

Core requests of X read the map; which group and which locks are on, and changes of many keys at
once, take the XKEYBOARD extension. A server without it is worked with core requests alone.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..actions.errors import UnknownKey
from ..actions.keys import KEYS
from .x11_xkb import Xkb

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
    "XF86WebCam": 0x1008FF8F,
}


def _is_function(keysym: int) -> bool:
    """Whether a keysym is that of a key such as Page Up, and no character."""
    return 0xFF00 <= keysym <= 0xFFFF


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
        self._xkb = Xkb(display) if "XKEYBOARD" in display.list_extensions() else None

    def locks(self) -> Locks:
        """Ask what is on."""
        if self._xkb is None:
            mask = self._display.screen().root.query_pointer().mask
            return Locks(0, bool(mask & _LOCK), bool(mask & _TURNING))
        group, locked, down = self._xkb.state()
        return Locks(group, bool(locked & _LOCK), bool(down & _TURNING))

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
        # there, so under a third layout every character is lent; keys such as Control, which are
        # no characters, are the same on every layout.
        known = locks.group < 2
        first = 2 * locks.group if known else 0
        for level in (0, 1):
            for code, row in enumerate(rows, start=self._first):
                symbol = row[first + level] if first + level < len(row) else 0
                if not known and not _is_function(symbol):
                    continue
                # Neo's X is Page Up on a further level. Shift with it is what xterm scrolls by: it
                # looks at all levels of a key, and X would never arrive.
                if level and not _is_function(symbol) and any(map(_is_function, row)):
                    continue
                if symbol and (level == 0 or self.shift):
                    self._strokes.setdefault(symbol, Stroke(code, bool(level)))
        return locks

    def find(self, keysym: int) -> Stroke | None:
        """Give how to get a symbol in the current layout; None if it is not there."""
        return self._strokes.get(keysym)

    def assign(self, symbols: Mapping[int, int]) -> None:
        """Give keys one symbol each, on all their levels; 0 takes every symbol from them."""
        if self._xkb is not None:
            self._xkb.assign(symbols)
            return
        for code, symbol in symbols.items():
            self._display.change_keyboard_mapping(code, [(symbol, symbol)])
