"""The keyboard that takes text from broadcasts, which is how adb can type any script.

Two of them are common and speak different words: ADBKeyBoard, whose broadcasts always end with
result 0, and uiautomator2's, which says -1 for "done". The one here listens to both.

Source: github.com/senzhk/ADBKeyBoard, README.md; github.com/openatx/uiautomator2.
"""

import base64
import binascii

from ...state import ADB_KEYBOARD
from ..system import System
from .keycodes import KEYCODES

_NOT_HEARD = "result=0"
_DONE = 'result=-1, data="success"'
_KEY_ENTER = KEYCODES["ENTER"]
_META_CTRL, _META_SHIFT, _META_ALT = 0x1000, 0x1, 0x2


def receive(system: System, action: str, package: str, extras: dict[str, str]) -> str:
    """Hand a broadcast to the keyboard, if it is the one in use; it runs at no other time.

    Returns:
        What ``am`` says of the result.
    """
    phone = system.phone
    if phone.ime != ADB_KEYBOARD or package not in ("", ADB_KEYBOARD.partition("/")[0]):
        return _NOT_HEARD
    match action:
        case "ADB_INPUT_TEXT":
            phone.commit(extras.get("msg", ""))
        case "ADB_INPUT_B64":
            _commit_base64(system, extras.get("msg", ""))
        case "ADB_INPUT_CHARS":
            _commit_characters(system, extras.get("chars", ""))
        case "ADB_INPUT_CODE":
            _press(system, extras.get("code", ""))
        case "ADB_EDITOR_CODE" | "ADB_KEYBOARD_EDITOR_CODE" | "ADB_KEYBOARD_SMART_ENTER":
            # Search, send, go, done: what Enter does in a field of one line.
            phone.key(_KEY_ENTER)
        case "ADB_CLEAR_TEXT":
            phone.clear_field()
        case "IME_META_KEYS" | "ADB_INPUT_MCODE":
            _press_with_meta(system, extras.get("mcode", ""))
        case "ADB_KEYBOARD_INPUT_TEXT":
            return _DONE if _commit_base64(system, extras.get("text", "")) else _NOT_HEARD
        case "ADB_KEYBOARD_SET_TEXT":
            done = phone.clear_field() and _commit_base64(system, extras.get("text", ""))
            return _DONE if done else _NOT_HEARD
        case "ADB_KEYBOARD_CLEAR_TEXT":
            return _DONE if phone.clear_field() else _NOT_HEARD
        case "ADB_KEYBOARD_INPUT_KEYCODE":
            _press(system, extras.get("code", ""))
            return _DONE
        case _:
            pass
    return _NOT_HEARD


def _commit_base64(system: System, packed: str) -> bool:
    try:
        # As Android's decoder: line breaks do no harm, and neither do letters that are none.
        text = base64.b64decode(packed).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return False
    return system.phone.commit(text)


def _commit_characters(system: System, numbers: str) -> None:
    codes = [int(word) for word in numbers.split(",") if word.strip().isdigit()]
    system.phone.commit("".join(chr(code) for code in codes if code < 0x110000))


def _press(system: System, word: str) -> None:
    if word.isdigit():
        system.phone.key(int(word))


def _press_with_meta(system: System, words: str) -> None:
    """Keys after the states they are pressed with: ``4096,29`` is ctrl and a."""
    pairs = [part for part in words.split(",") if part]
    for states, key in zip(pairs[::2], pairs[1::2], strict=False):
        state = sum({int(one) for one in states.split("^+^") if one.isdigit()})
        held = {
            KEYCODES[name]
            for mask, name in (
                (_META_CTRL, "CTRL_LEFT"),
                (_META_SHIFT, "SHIFT_LEFT"),
                (_META_ALT, "ALT_LEFT"),
            )
            if state & mask
        }
        if key.isdigit():
            system.phone.key(int(key), meta=frozenset(held))
