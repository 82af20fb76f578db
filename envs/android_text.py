"""Text that arrives, by whichever way can carry it; chosen before anything is typed.

1. ``input text`` and key events: printable ASCII, as from a hardware keyboard.
2. A keyboard that takes text from a broadcast, borrowed for the moment: any text.
3. The clipboard, where the phone's shell can set it: any text.

What none can carry is refused. Afterwards the field is read back, where the phone can tell: the
outcome says whether the text was seen to have arrived.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Literal

from ..actions import schema as a
from . import android_keyboard as keyboards
from .adb_link import Link, Reply, Unsure
from .android_input import BACKSPACE_CODE, END_CODE, ENTER_CODE, SELECT_ALL, Input
from .android_phone import State, asked
from .android_quote import chunks, input_texts, keyable, lines, pieces, quoted
from .android_tree import Focus, focus
from .errors import ActionFailed, DeviceLost
from .worker import Stop

TextWay = Literal["auto", "keys", "keyboard", "clipboard"]

_PASTE = 279
_RUN = 250
"""Longest run of characters of one ``input text``: a stop is heeded between two."""
_SCRIPT_BYTES = 3000
"""Longest line of shell: phones before Android 7 take 4096 bytes."""
_SCRIPT_COMMANDS = 20
_COMMAND_S = 1.5
"""What one command of a script may take, in seconds, besides the bound of an input."""
_KEY_S = 0.03
"""What the phone may take to type a character by keys."""
_LONG = 300
"""Longer ASCII goes by keyboard where there is one: keys take milliseconds each."""
_LOOK_S = (0.0, 0.15, 0.4)
"""When to read back: apps take their time to show a text."""
_GO = "go() { read -t 0.001 _; [ $? -gt 128 ]; }\n"
"""Between two commands the phone looks whether we are still there and still want it."""
_CLEAN_S = 3.0
"""How long emptying the clipboard may take, in seconds."""
_MOST_DELETES = 2000
_MANY_LINES = 0x20000
"""``InputType.TYPE_TEXT_FLAG_MULTI_LINE``."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How a phone can be given text.

    Attributes:
        keyboard: One that takes broadcasts.
        clipboard: Whether the shell can set the clipboard.
    """

    keyboard: keyboards.Broadcast | None = None
    clipboard: bool = False

    def names(self) -> list[str]:
        """Give what there is, for the record."""
        found = ["keys"]
        if self.keyboard is not None:
            found.append(self.keyboard.ime)
        return [*found, "clipboard"] if self.clipboard else found


def probe(link: Link, stop: Stop) -> Ways:
    """Ask a phone how it can be given text.

    Raises:
        DeviceLost: It does not answer.
    """
    (usage,) = asked(link, ("cmd clipboard help",), stop)
    return Ways(keyboards.installed(link, stop), "set-text" in usage)


class Typist:
    """Types on one phone.

    Args:
        link: The phone.
        input: Makes lines of keys.
        ways: What there is.
        wanted: One way and no other, or ``auto``.
        read_back: Whether to look what arrived.
    """

    def __init__(
        self, link: Link, input: Input, ways: Ways, wanted: TextWay, read_back: bool
    ) -> None:
        self._link, self._input, self._ways = link, input, ways
        self._wanted: TextWay = wanted
        self._read_back = read_back
        self._sent = False

    def type(self, action: a.Type, now: State, stop: Stop) -> str:
        """Type.

        Args:
            action: What.
            now: What the phone was doing when it was last looked at.
            stop: Ends it; no more is sent then, and the keyboard is given back.

        Returns:
            How, and whether it was seen to have arrived.

        Raises:
            ActionFailed: No way carries the text, no field has the focus, or something else
                arrived; ``delivered`` says whether anything was sent.
            DeviceLost: The phone is gone.
            Unsure: Its connection broke while something was under way.
        """
        self._sent = False
        text = lines(action.text)
        way = self._way(text, action.clear)
        before = self._look(stop) if self._read_back else Focus(False, why="not asked to look")
        if before.known and before.field is None and not now.keyboard:
            raise ActionFailed(
                "no text field has the focus, so nothing was typed: click the field first"
            )
        try:
            with self._held(way, stop):
                if action.clear:
                    self._clear(way, before, stop)
                self._type(way, text, stop)
            verdict = self._verdict(before, text, action.clear, stop)
            if action.submit:
                self._send([self._input.keyevent(ENTER_CODE).text], stop)
        except DeviceLost as error:
            if self._sent and error.delivered == "nothing":
                raise Unsure(str(error)) from error
            raise
        return f"typed by {way}, {verdict}"

    def _way(self, text: str, clear: bool) -> TextWay:
        """Choose how; nothing was sent yet, and nothing is where there is no way."""
        clears = not clear or self._input.selects_all
        can: dict[TextWay, bool] = {
            "keys": keyable(text),
            "keyboard": self._ways.keyboard is not None,
            "clipboard": self._ways.clipboard and clears,
        }
        order: list[TextWay] = ["keys", "keyboard", "clipboard"]
        if len(text) > _LONG or not clears:
            order = ["keyboard", "keys", "clipboard"]
        if self._wanted != "auto":
            order = [self._wanted]
        for way in order:
            if can[way]:
                return way
        character = next((c for c in text if not keyable(c)), "")
        at = f"U+{ord(character):04X} ({character})" if character else "the text"
        raise ActionFailed(
            f"nothing was typed: {self._link.serial} has no way to type {at}. `adb shell input "
            "text` types printable ASCII only; install a keyboard that takes text over adb "
            "(ADBKeyBoard, github.com/senzhk/ADBKeyBoard), and it is used for the moment"
        )

    @contextmanager
    def _held(self, way: TextWay, stop: Stop) -> Iterator[None]:
        if way == "keyboard" and self._ways.keyboard is not None:
            with keyboards.borrowed(self._link, self._ways.keyboard, stop):
                yield
        elif way == "clipboard":
            try:
                yield
            finally:
                # What was typed may be a secret, and any app may ask for the clipboard. Not with
                # the caller's Stop: who gives up, cleans up all the same.
                bounds = replace(
                    self._link.bounds, query_s=_CLEAN_S, reconnect_s=_CLEAN_S, attempts=2
                )
                link = Link(self._link.server, self._link.serial, bounds)
                with suppress(DeviceLost):
                    link.ask("cmd clipboard set-text ''", Stop())
        else:
            yield

    def _clear(self, way: TextWay, before: Focus, stop: Stop) -> None:
        if way == "keyboard" and self._ways.keyboard is not None:
            self._send([self._ways.keyboard.clear_command()], stop)
        elif self._input.selects_all:
            select = self._input.together(*SELECT_ALL).text
            self._send([select, self._input.keyevent(BACKSPACE_CODE).text], stop)
        elif before.field is not None and len(before.field.text) <= _MOST_DELETES:
            codes = [BACKSPACE_CODE] * len(before.field.text)
            self._send([self._input.keyevent(END_CODE, *codes).text], stop)
        else:
            raise ActionFailed(
                "this phone's field cannot be emptied: it cannot select all (that needs Android "
                "12) and its length is not known; nothing was typed"
            )

    def _type(self, way: TextWay, text: str, stop: Stop) -> None:
        commands: list[str] = []
        # In a field of many lines, Enter and Tab write what they are, and so may the text.
        whole = way != "keys" and ("\n" in text or "\t" in text) and self._many_lines(stop)
        for piece in [text] if whole else pieces(text, _RUN):
            if isinstance(piece, int):
                commands.append(self._input.keyevent(piece).text)
            elif way == "keyboard" and self._ways.keyboard is not None:
                commands += [
                    self._ways.keyboard.type_command(part)
                    for part in chunks(piece, _SCRIPT_BYTES // 2)
                ]
            elif way == "clipboard":
                for part in chunks(piece, _SCRIPT_BYTES // 4):
                    commands.append(f"cmd clipboard set-text {quoted(part)}")
                    commands.append(self._input.keyevent(_PASTE).text)
            else:
                commands += [self._input.text(quoted(word)) for word in input_texts(piece)]
        self._send(commands, stop, _KEY_S * len(text) if way == "keys" else 0.0)

    def _many_lines(self, stop: Stop) -> bool:
        """Whether the phone says of the field that it takes line feeds."""
        (told,) = asked(self._link, ("dumpsys input_method | grep inputType=",), stop)
        kinds = {int(kind, 16) for kind in re.findall(r"inputType=0x([0-9a-f]{1,8})\b", told)}
        kinds.discard(0)
        return bool(kinds) and all(kind & 0xF == 1 and kind & _MANY_LINES for kind in kinds)

    def _send(self, commands: list[str], stop: Stop, seconds: float = 0.0) -> None:
        """Send commands in few lines; each runs only if the one before went well."""
        while commands:
            stop.check()
            script: list[str] = []
            while (
                commands
                and len(script) < _SCRIPT_COMMANDS
                and (not script or _size(script) + len(commands[0]) < _SCRIPT_BYTES)
            ):
                script.append(commands.pop(0))
            self._sent = True
            lasts_s = seconds + _COMMAND_S * len(script)
            line = _GO + " && go && ".join(script)
            reply = self._link.send(line, stop, lasts_s, heeds=True)
            if trouble := self._trouble(script, reply):
                raise ActionFailed(
                    f"typing failed, and part of the text may have arrived: {trouble}",
                    delivered=True,
                )

    def _trouble(self, script: list[str], reply: Reply) -> str | None:
        keyboard = self._ways.keyboard
        if keyboard is not None and any(c.startswith("am broadcast") for c in script):
            return keyboard.trouble(reply)
        return input_trouble(reply)

    def _look(self, stop: Stop) -> Focus:
        return focus(self._link, stop, "unknown" if self._sent else "nothing")

    def _verdict(self, before: Focus, text: str, cleared: bool, stop: Stop) -> str:
        """Read back what arrived.

        Raises:
            ActionFailed: Something else did.
        """
        if not before.known or before.field is None:
            return f"unverified: {before.why or 'no field could be seen'}"
        if before.field.secret:
            return "unverified: the field does not show what it holds"
        after, old = before, ""
        for wait_s in _LOOK_S:
            stop.sleep(wait_s)
            after = self._look(stop)
            if not after.known or after.field is None:
                return f"unverified: {after.why or 'the field has lost the focus'}"
            if after.field.name != before.field.name:
                return "unverified: the focus went to another field"
            old = "" if cleared else before.field.text
            if text and arrived(old, text, after.field.text):
                return "verified: the field holds it"
            if not text and not after.field.text:
                return "verified: the field is empty"
            if not text:
                return "unverified: what the field shows may be its hint"
        got = after.field.text if after.field is not None else ""
        if arrived(old, text, got, blurred=True):
            return "unverified: the phone cannot tell some of the characters"
        shown = got if len(got) <= 200 else f"{got[:100]} … {got[-100:]}"
        raise ActionFailed(
            f"something else arrived than was typed: the field now holds {shown!r}. Look at the "
            "screen; the app may format, limit or correct what is typed",
            delivered=True,
        )


def input_trouble(reply: Reply) -> str | None:
    """Say what went wrong, by what ``input`` printed; None: nothing did."""
    if "INJECT_EVENTS" in reply.text:
        return (
            "the phone lets nobody send input: switch on 'USB debugging (Security settings)' in "
            "its developer options"
        )
    # Before Android 12 an exception may still end with code 0.
    if reply.code == 0 and not re.search(r"^(Error|Exception|java\.)", reply.text, re.MULTILINE):
        return None
    found = re.search(r"^(?:Error: .*|\S*(?:Exception|Error): .*)$", reply.text, re.MULTILINE)
    words = found[0] if found else " ".join(reply.text.split())
    return f"it says {words[:200]!r}" if words else f"input ended with code {reply.code}"


def arrived(before: str, typed: str, after: str, *, blurred: bool = False) -> bool:
    """Whether a field shows that a text was typed into it, somewhere or over a selection.

    Args:
        before: What it held. Where it was empty, this may be its hint.
        typed: What was typed.
        after: What it holds now.
        blurred: Take what dumps write for characters they cannot, for these.

    Example:
        >>> arrived("ab", "X", "aXb"), arrived("Name", "Ann", "Ann"), arrived("", "abc", "abd")
        (True, True, False)
    """
    pattern = re.escape(typed)
    if blurred:
        pattern = "".join(
            re.escape(c) if "\n" <= c < "\x7f" else f"(?:{re.escape(c)}|[.?\\ufffd]{{1,2}})"
            for c in typed
        )
    for match in re.finditer(f"(?=({pattern}))", after, re.DOTALL):
        head, tail = after[: match.start()], after[match.start() + len(match[1]) :]
        if (
            before.startswith(head)
            and before.endswith(tail)
            and len(head) + len(tail) <= len(before)
        ):
            return True
    return False


def _size(script: list[str]) -> int:
    return sum(len(command) + len(" && go && ") for command in script)
