"""What keys do on the practice phone; codes are Android's ``KeyEvent`` constants."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .phone import Phone

_SHIFT = frozenset({59, 60})
_CTRL = frozenset({113, 114})
_LETTERS = {29 + n: letter for n, letter in enumerate("abcdefghijklmnopqrstuvwxyz")}
_DIGITS = {7 + n: str(n) for n in range(10)} | {144 + n: str(n) for n in range(10)}
_SIGNS = {
    55: ",<", 56: ".>", 62: "  ", 68: "`~", 69: "-_", 70: "=+", 71: "[{", 72: "]}", 73: "\\|",
    74: ";:", 75: "'\"", 76: "/?", 77: "@@", 81: "++", 17: "**", 18: "##", 154: "//", 155: "**",
    156: "--", 157: "++", 158: "..", 161: "==",
}  # fmt: skip
_SHIFTED_DIGITS = ")!@#$%^&*("
_BACK, _HOME, _RECENTS, _MENU, _SEARCH = 4, 3, 187, 82, 84
_POWER, _SLEEP, _WAKE, _SHADE = 26, 223, 224, 83
_VOLUME = {24: 1, 25: -1}


def press(phone: "Phone", code: int, meta: frozenset[int], *, long: bool) -> None:
    """Press a key of a phone; a code that means nothing does nothing, as on a phone.

    Args:
        phone: Whose.
        code: The key.
        meta: The modifiers that are held.
        long: Whether it is held for half a second.
    """
    if _system(phone, code):
        return
    if not phone.awake or phone.locked:
        return
    if code == _BACK or code == 111:
        phone.back()
    elif code == _HOME:
        phone.go_home()
    elif code == _RECENTS:
        phone.show_recents()
    elif code == _SHADE:
        phone.open_shade()
    elif code == _MENU:
        _menu(phone)
    elif code in (92, 93):
        width, height = phone.size
        phone.wheel(width / 2, height / 2, 0, 8 if code == 93 else -8)
    else:
        _edit(phone, code, meta)


def _system(phone: "Phone", code: int) -> bool:
    if code == _POWER:
        (phone.screen_off if phone.awake else phone.wake)()
    elif code == _SLEEP:
        phone.screen_off()
    elif code == _WAKE:
        phone.wake()
    elif code in _VOLUME:
        level = int(phone.state.settings["system"].get("volume_music", "5")) + _VOLUME[code]
        phone.put("system", "volume_music", max(0, min(15, level)))
    else:
        return False
    return True


def _menu(phone: "Phone") -> None:
    pages = phone.shown_pages()
    if pages and pages[-1][1].menu:
        pages[-1][0].open("menu")


def _edit(phone: "Phone", code: int, meta: frozenset[int]) -> None:
    field = phone.field
    shift, ctrl = bool(meta & _SHIFT), bool(meta & _CTRL)
    if code in (66, 160, 23):
        phone.enter()
    elif code == 61 and field is not None and field.kind == "multiline":
        phone.commit("\t")
    elif code == 61:
        phone.next_field()
    elif field is None:
        return
    elif code == 277 or (ctrl and code == 52):
        phone.cut()
    elif code == 278 or (ctrl and code == 31):
        phone.copy()
    elif code == 279 or (ctrl and code == 50):
        phone.paste()
    elif ctrl and code == 29:
        phone.select_all()
    elif code in (67, 112):
        field.erase(-1 if code == 67 else 1)
        phone.edited()
    elif code in (21, 22):
        field.move(-1 if code == 21 else 1, select=shift)
        phone.edited()
    elif code in (122, 123):
        field.edge(-1 if code == 122 else 1, select=shift)
        phone.edited()
    elif not ctrl and (letter := _letter(code, shift=shift)):
        phone.commit(letter)


def _letter(code: int, *, shift: bool) -> str:
    if code in _LETTERS:
        return _LETTERS[code].upper() if shift else _LETTERS[code]
    if code in _DIGITS:
        return _SHIFTED_DIGITS[code - 7] if shift and code < 17 else _DIGITS[code]
    signs = _SIGNS.get(code, "")
    return signs[shift] if signs else ""
