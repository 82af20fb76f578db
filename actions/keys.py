"""Key names: one canonical list, every usual alias, and what each system calls the key.

Canonical names are lower case with underscores (``page_down``); a printable character is its own
name (``a``, ``/``, ``é``). Envs translate canonical names only, so an alias is added here once and
works everywhere.
"""

import difflib
import re
from dataclasses import dataclass

from .errors import UnknownKey


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What one named key is called elsewhere.

    Attributes:
        keysym: X11 keysym name, as in ``keysymdef.h`` without ``XK_``.
        pyautogui: pyautogui's name; None where it has none.
        android: Android ``KeyEvent`` code; None where a phone has no such key.
        aliases: Further names, in the form ``_fold`` gives.
    """

    keysym: str
    pyautogui: str | None
    android: int | None
    aliases: tuple[str, ...] = ()


# Keysyms: X11 keysymdef.h. Android codes: android.view.KeyEvent constants.
KEYS: dict[str, KeyInfo] = {
    "enter": KeyInfo(
        "Return", "enter", 66, ("return", "ret", "cr", "newline", "kpenter", "\n", "numpadenter")
    ),
    "tab": KeyInfo("Tab", "tab", 61, ("\t",)),
    "space": KeyInfo("space", "space", 62, ("spacebar", " ")),
    "backspace": KeyInfo("BackSpace", "backspace", 67, ("bksp", "bs", "back_space", "\b")),
    "delete": KeyInfo("Delete", "delete", 112, ("del", "forwarddel", "forwarddelete")),
    "escape": KeyInfo("Escape", "escape", 111, ("esc",)),
    "insert": KeyInfo("Insert", "insert", 124, ("ins",)),
    "home": KeyInfo("Home", "home", 122, ("movehome",)),
    "end": KeyInfo("End", "end", 123, ("moveend",)),
    "page_up": KeyInfo("Page_Up", "pageup", 92, ("pgup", "prior", "pageprevious")),
    "page_down": KeyInfo("Page_Down", "pagedown", 93, ("pgdn", "pgdown", "next", "pagenext")),
    "up": KeyInfo("Up", "up", 19, ("arrowup", "uparrow", "dpadup", "↑")),
    "down": KeyInfo("Down", "down", 20, ("arrowdown", "downarrow", "dpaddown", "↓")),
    "left": KeyInfo("Left", "left", 21, ("arrowleft", "leftarrow", "dpadleft", "←")),
    "right": KeyInfo("Right", "right", 22, ("arrowright", "rightarrow", "dpadright", "→")),
    "ctrl": KeyInfo("Control_L", "ctrl", 113, ("control", "ctrlleft", "controlleft", "ctl")),
    "ctrl_right": KeyInfo("Control_R", "ctrlright", 114, ("controlright", "rightctrl")),
    "shift": KeyInfo("Shift_L", "shift", 59, ("shiftleft", "leftshift")),
    "shift_right": KeyInfo("Shift_R", "shiftright", 60, ("rightshift",)),
    "alt": KeyInfo("Alt_L", "alt", 57, ("altleft", "leftalt", "option", "opt")),
    "alt_right": KeyInfo("Alt_R", "altright", 58, ("rightalt", "altgr", "optionright")),
    "super": KeyInfo(
        "Super_L",
        "win",
        117,
        ("win", "windows", "winleft", "cmd", "command", "meta", "superleft", "metaleft", "⌘"),
    ),
    "super_right": KeyInfo(
        "Super_R", "winright", 118, ("metaright", "rightsuper", "cmdright", "commandright")
    ),
    "menu": KeyInfo("Menu", "apps", 82, ("apps", "contextmenu", "application")),
    "caps_lock": KeyInfo("Caps_Lock", "capslock", 115, ("caps",)),
    "num_lock": KeyInfo("Num_Lock", "numlock", 143, ()),
    "scroll_lock": KeyInfo("Scroll_Lock", "scrolllock", 116, ()),
    "print_screen": KeyInfo("Print", "printscreen", 120, ("print", "prtsc", "prtscr", "sysrq")),
    "pause": KeyInfo("Pause", "pause", 121, ("break",)),
    "volume_up": KeyInfo("XF86AudioRaiseVolume", "volumeup", 24, ("audioraisevolume",)),
    "volume_down": KeyInfo("XF86AudioLowerVolume", "volumedown", 25, ("audiolowervolume",)),
    "volume_mute": KeyInfo("XF86AudioMute", "volumemute", 164, ("mute", "audiomute")),
    "play_pause": KeyInfo("XF86AudioPlay", "playpause", 85, ("mediaplaypause", "audioplay")),
    "search": KeyInfo("XF86Search", "browsersearch", 84, ()),
    "power": KeyInfo("XF86PowerOff", None, 26, ()),
    "camera": KeyInfo("XF86WebCam", None, 27, ()),
    "clear": KeyInfo("Clear", "clear", 28, ()),
    **{f"f{n}": KeyInfo(f"F{n}", f"f{n}", 130 + n if n <= 12 else None, ()) for n in range(1, 25)},
    **{
        f"num_{n}": KeyInfo(f"KP_{n}", f"num{n}", 144 + n, (f"kp{n}", f"numpad{n}"))
        for n in range(10)
    },
    "num_add": KeyInfo("KP_Add", "add", 157, ("kpadd", "numpadadd")),
    "num_subtract": KeyInfo("KP_Subtract", "subtract", 156, ("kpsubtract", "numpadsubtract")),
    "num_multiply": KeyInfo("KP_Multiply", "multiply", 155, ("kpmultiply", "numpadmultiply")),
    "num_divide": KeyInfo("KP_Divide", "divide", 154, ("kpdivide", "numpaddivide")),
    "num_decimal": KeyInfo("KP_Decimal", "decimal", 158, ("kpdecimal", "numpaddecimal")),
}

MODIFIERS = (
    "ctrl",
    "ctrl_right",
    "shift",
    "shift_right",
    "alt",
    "alt_right",
    "super",
    "super_right",
)

_CHARACTER_NAMES = {
    "plus": "+",
    "minus": "-",
    "hyphen": "-",
    "equal": "=",
    "equals": "=",
    "comma": ",",
    "period": ".",
    "dot": ".",
    "slash": "/",
    "backslash": "\\",
    "semicolon": ";",
    "colon": ":",
    "apostrophe": "'",
    "quote": "'",
    "quotedbl": '"',
    "grave": "`",
    "backtick": "`",
    "bracketleft": "[",
    "bracketright": "]",
    "leftbracket": "[",
    "rightbracket": "]",
    "braceleft": "{",
    "braceright": "}",
    "underscore": "_",
    "asterisk": "*",
    "star": "*",
    "at": "@",
    "numbersign": "#",
    "pound": "#",
    "dollar": "$",
    "percent": "%",
    "ampersand": "&",
    "exclam": "!",
    "question": "?",
    "less": "<",
    "greater": ">",
    "bar": "|",
    "pipe": "|",
    "asciitilde": "~",
    "tilde": "~",
    "asciicircum": "^",
    "parenleft": "(",
    "parenright": ")",
}

# Android's code names that mean another key there than the same word does on a keyboard.
_ANDROID_NAMES = {"keycodedel": "backspace"}
_PREFIXED_CHARACTER = re.compile(r"(?:keycode_|key_|key\.|xk_)([^\W_])", re.IGNORECASE)
_ANDROID_ACTIONS = {"keycodehome": "home", "keycodeback": "back", "keycodeappswitch": "app_switch"}


def _fold(name: str) -> str:
    """Reduce a spelling to what aliases are looked up by: ``KEY_Page-Down`` -> ``pagedown``."""
    folded = name.casefold()
    if len(folded) == 1:
        return folded
    for prefix in ("keycode_", "key_", "key.", "xk_", "xf86"):
        folded = folded.removeprefix(prefix)
    for mark in ("_l", "_r"):  # Control_L, Shift_R
        if folded.endswith(mark) and len(folded) > 3:
            folded = folded.removesuffix(mark) + {"_l": "left", "_r": "right"}[mark]
    return folded.replace("_", "").replace("-", "").replace(" ", "")


def _lookup() -> dict[str, str]:
    table: dict[str, str] = {}
    for canonical, info in KEYS.items():
        names = (canonical, info.keysym, info.pyautogui or "", *info.aliases)
        for name in filter(None, (name if name.isspace() else _fold(name) for name in names)):
            if table.setdefault(name, canonical) != canonical:
                raise RuntimeError(f"key alias {name!r} means both {table[name]} and {canonical}")
    for name, character in _CHARACTER_NAMES.items():
        table.setdefault(name, character)
    return table


_TABLE = _lookup()


def canonical_key(name: str) -> str:
    """Give the one name of a key.

    Args:
        name: Any usual spelling: canonical, pyautogui's, an X keysym, an Android key code name,
            what models write. A single printable character stands for itself; letters are
            lower case (``shift`` is a key of its own).

    Raises:
        UnknownKey: No such key; the message lists near names.

    Example:
        >>> [canonical_key(name) for name in ("Return", "KEYCODE_ENTER", "PgDn", "cmd", "A")]
        ['enter', 'enter', 'page_down', 'super', 'a']
    """
    if len(name) == 1 and not name.isspace() and name.isprintable():
        found = _TABLE.get(name)  # arrows and the like have names of their own
        lower = name.lower()
        return found if found in KEYS else (lower if len(lower) == 1 else name)
    android = "".join(name.casefold().split()).replace("_", "")
    if android in _ANDROID_NAMES:
        return _ANDROID_NAMES[android]
    if action := _ANDROID_ACTIONS.get(android):
        raise UnknownKey(f"{name} is no key of a keyboard: use the action {action}")
    if prefixed := _PREFIXED_CHARACTER.fullmatch(name.strip()):
        return canonical_key(prefixed[1])
    found = _TABLE.get(name) if name.isspace() else _TABLE.get(_fold(name.strip()))
    if found is None:
        near = difflib.get_close_matches(_fold(name), _TABLE, n=3, cutoff=0.6)
        hint = f"did you mean {' or '.join(sorted({_TABLE[n] for n in near}))}? " if near else ""
        raise UnknownKey(
            f"unknown key {name!r}: {hint}keys are single characters or names such as enter, tab, "
            "escape, page_down, f5, ctrl, shift, alt, super"
        )
    return found


def parse_chord(text: str) -> tuple[str, ...]:
    """Read a chord such as ``ctrl+shift+s`` into canonical keys, in the order pressed.

    ``+`` is the separator and also a key: ``ctrl++`` and a lone ``+`` are understood.

    Raises:
        UnknownKey: A part is no key, or there is none.

    Example:
        >>> parse_chord("Control+Shift+S"), parse_chord("ctrl++")
        (('ctrl', 'shift', 's'), ('ctrl', '+'))
    """
    if not text.strip(" ") and text != " ":
        raise UnknownKey('an empty chord presses nothing: write a key such as "ctrl+s"')
    parts: list[str] = []
    rest = text
    while rest:
        # A plus that starts a part is the key itself; any later one separates.
        cut = rest.find("+", 1)
        part, rest = (rest, "") if cut < 0 else (rest[:cut], rest[cut + 1 :])
        if cut >= 0 and not rest:
            raise UnknownKey(f"{text!r} ends with a + that joins nothing")
        parts.append(part if part == " " else part.strip(" "))
    return tuple(canonical_key(part) for part in parts)
