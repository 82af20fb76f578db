"""Keyboards that take text from a broadcast, borrowed for as long as a text takes.

The user's own keyboard is written down on the phone before it is changed (a key of its global
settings) and the note is removed when it is back. So it is put back after an error, a
cancelled call and a closed env; and after ``kill -9`` by whoever connects next, from whatever
computer, which a file on this one could not promise.
"""

import base64
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from .adb_link import Link, Reply
from .android_phone import asked
from .android_quote import quoted
from .errors import ActionFailed, DeviceLost
from .worker import Stop

_NOTE = "eyehand_borrowed_keyboard"
_BOUND_S = 3.0
"""How long a keyboard may take to stand ready after it was chosen."""
_POLL_S = 0.05
_BACK_S = 3.0
"""How long giving the keyboard back may take, each time it is tried."""
_ID = re.compile(r"[\w.$]+/[\w.$]+")


@dataclass(frozen=True, slots=True)
class Broadcast:
    """How a keyboard is told what to type.

    Attributes:
        ime: Its id.
        type_action: The broadcast's action.
        extra: What its text is called.
        clear_action: The action that empties the field.
        result: What the broadcast's result is where it arrived; None where it says nothing.
    """

    ime: str
    type_action: str
    extra: str
    clear_action: str
    result: int | None = None

    @property
    def package(self) -> str:
        """The app that it belongs to."""
        return self.ime.partition("/")[0]

    def type_command(self, text: str) -> str:
        """Give the command that types a text. Base64 holds nothing that a shell reads."""
        packed = base64.b64encode(text.encode()).decode()
        return f"{self._send(self.type_action)} --es {self.extra} {packed}"

    def clear_command(self) -> str:
        """Give the command that empties the field."""
        return self._send(self.clear_action)

    def _send(self, action: str) -> str:
        # To this one app: anybody may listen to a broadcast that names no one.
        return f"am broadcast -p {self.package} -a {action}"

    def trouble(self, reply: Reply) -> str | None:
        """Say what went wrong, by what ``am`` printed; None: nothing that it knows of."""
        results = re.findall(r"Broadcast completed: result=(-?\d+)", reply.text)
        if reply.code or not results:
            said = " ".join(reply.text.split())[:200]
            return f"am says {said!r}" if said else f"am ended with code {reply.code}"
        if self.result is not None and any(int(result) != self.result for result in results):
            return f"{self.ime} took the text and did nothing with it"
        return None


KEYBOARDS = (
    # github.com/senzhk/ADBKeyBoard
    Broadcast("com.android.adbkeyboard/.AdbIME", "ADB_INPUT_B64", "msg", "ADB_CLEAR_TEXT"),
    # github.com/openatx/uiautomator2, which brings one along
    Broadcast(
        "com.github.uiautomator/.AdbKeyboard",
        "ADB_KEYBOARD_INPUT_TEXT",
        "text",
        "ADB_KEYBOARD_CLEAR_TEXT",
        result=-1,
    ),
)


def installed(link: Link, stop: Stop) -> Broadcast | None:
    """Give a keyboard that takes broadcasts, if the phone has one.

    Raises:
        DeviceLost: It does not answer.
    """
    (listed,) = asked(link, ("ime list -a -s",), stop)
    ids = {_full(id) for id in listed.split()}
    return next((keyboard for keyboard in KEYBOARDS if _full(keyboard.ime) in ids), None)


def give_back(link: Link, stop: Stop) -> str | None:
    """Put back the keyboard that an earlier run borrowed and could not give back.

    Returns:
        Its id; None where nothing was borrowed.

    Raises:
        DeviceLost: The phone does not answer.
    """
    (note,) = asked(link, (f"settings get global {_NOTE}",), stop)
    own, _, rest = note.partition(";")
    borrowed, _, enabled = rest.partition(";")
    if not note or note == "null":
        return None
    steps = []
    if _ID.fullmatch(own):
        steps.append(f"ime enable {own} >/dev/null; ime set {own}")
    if _ID.fullmatch(borrowed) and enabled == "0":
        steps.append(f"ime disable {borrowed}")
    # The note goes last, and only when all is well: till then somebody has to try again.
    reply = link.ask(" && ".join([*steps, f"settings delete global {_NOTE}"]), stop)
    return own if reply.code == 0 and steps else None


@contextmanager
def borrowed(link: Link, keyboard: Broadcast, stop: Stop) -> Iterator[None]:
    """Have a keyboard chosen for a while; the user's own comes back on every way out.

    Raises:
        ActionFailed: The phone does not let it be chosen; nothing was typed.
        DeviceLost: The phone is gone.
    """
    own, enabled = asked(link, ("settings get secure default_input_method", "ime list -s"), stop)
    if _full(own) == _full(keyboard.ime):
        yield  # the user's own keyboard is the one
        return
    if not _ID.fullmatch(own):
        raise ActionFailed(
            f"the keyboard of {link.serial} is {own!r}, which could not be put back: choose one in "
            "the phone's settings; nothing was typed"
        )
    was_enabled = _full(keyboard.ime) in {_full(id) for id in enabled.split()}
    note = quoted(f"{own};{keyboard.ime};{int(was_enabled)}")
    try:
        reply = link.ask(
            f"settings put global {_NOTE} {note} && ime enable {keyboard.ime} >/dev/null && "
            f"ime set {keyboard.ime}",
            stop,
        )
        if reply.code or "cannot" in reply.text:
            raise ActionFailed(
                f"{link.serial} does not let {keyboard.ime} be chosen "
                f"({' '.join(reply.text.split())[:120]!r}); nothing was typed"
            )
        _wait_until_ready(link, keyboard, stop)
        yield
    finally:
        # Not with the caller's Stop: who gives up, gives back all the same. A phone that is gone
        # keeps the note, and the next one to connect finds it.
        bounds = replace(link.bounds, query_s=_BACK_S, reconnect_s=_BACK_S, attempts=2)
        with suppress(DeviceLost):
            give_back(Link(link.server, link.serial, bounds), Stop())


def _wait_until_ready(link: Link, keyboard: Broadcast, stop: Stop) -> None:
    """A keyboard that was chosen hears nothing until the field's app has been bound to it."""
    end = time.monotonic() + _BOUND_S
    while time.monotonic() < end:
        setting, dumped = asked(
            link,
            (
                "settings get secure default_input_method",
                "dumpsys input_method | grep -E 'mCurId=|mCurMethodId=|mBoundToMethod='",
            ),
            stop,
        )
        current = re.findall(r"(?:mCurId|mCurMethodId)=(\S+)", dumped)
        ready = _full(setting) == _full(keyboard.ime) and (
            not current or _full(keyboard.ime) in map(_full, current)
        )
        if ready and "mBoundToMethod=false" not in dumped:
            return
        stop.sleep(_POLL_S)


def _full(id: str) -> str:
    """Write an id in its long form: ``a.b/.C`` is ``a.b/a.b.C``."""
    package, slash, name = id.strip().partition("/")
    return f"{package}/{package}{name}" if slash and name.startswith(".") else id.strip()
