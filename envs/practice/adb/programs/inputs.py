"""``input``: taps, swipes, keys and text, as Android 14 takes them.

Source: AOSP, frameworks/base/services/core/java/com/android/server/input/InputShellCommand.java.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Literal, cast

from .call import Call, Programs
from .keycodes import MODIFIERS, key_code

_SOURCES_TEXT = """
    keyboard dpad gamepad touchscreen mouse stylus trackball touchpad touchnavigation joystick
    rotaryencoder
"""
_SOURCES = frozenset(_SOURCES_TEXT.split())
_LONG_PRESS_S = 0.5
_DOUBLE_TAP_S = 0.04
_SWIPE_S = 0.3
# How often a finger that moves is heard of, in seconds; screens of phones say it 60 to 240 times.
_MOVE_S = 0.008
_LONGEST_S = 60.0
_KEY_TAB = 61

_HELP = """Usage: input [<source>] [-d DISPLAY_ID] <command> [<arg>...]

The sources are:
      touchnavigation, touchscreen, joystick, stylus, touchpad, gamepad, dpad, mouse, keyboard,
      trackball, rotaryencoder

-d: specify the display ID.
      (Default: -1 for key event, 0 for motion event if not specified.)
The commands and default sources are:
      text <string> (Default: keyboard)
      keyevent [--longpress|--doubletap|--async|--delay <duration between keycodes in ms>] \
<key code number or name> ... (Default: keyboard)
      tap <x> <y> (Default: touchscreen)
      swipe <x1> <y1> <x2> <y2> [duration(ms)] (Default: touchscreen)
      draganddrop <x1> <y1> <x2> <y2> [duration(ms)] (Default: touchscreen)
      press (Default: trackball)
      roll <dx> <dy> (Default: trackball)
      motionevent <DOWN|UP|MOVE|CANCEL> <x> <y> (Default: touchscreen)
      keycombination [-t duration(ms)] <key code 1> <key code 2> ... (Default: keyboard, the key \
order is important here.)"""

Kind = Literal["down", "move", "up", "cancel"]


class _Thrown(Exception):
    """A Java exception: its class and message, and where it came from."""

    def __init__(self, name: str, message: str, method: str = "onCommand") -> None:
        super().__init__(f"{name}: {message}")
        self.method = method


class _BadNumber(Exception):
    """A word should have been a number."""


class _Words:
    """The arguments, one after another."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self._words = iter(words)
        self._last = ""

    def maybe(self) -> str | None:
        return next(self._words, None)

    def word(self) -> str:
        found = self.maybe()
        if found is None:
            message = f'Argument expected after "{self._last}"'
            raise _Thrown("java.lang.IllegalArgumentException", message)
        self._last = found
        return found

    def number(self) -> float:
        word = self.word()
        try:
            return float(word)
        except ValueError:
            raise _BadNumber(word) from None

    def milliseconds(self) -> float | None:
        """The next word, in seconds; None where there is none."""
        word = self.maybe()
        if word is not None and not word.lstrip("+-").isdigit():
            raise _BadNumber(word)
        return None if word is None else min(int(word) / 1000, _LONGEST_S)

    def rest(self) -> Iterator[str]:
        return self._words


async def run_input(call: Call) -> int:
    """The program ``input``."""
    words = _Words(call.args)
    command = words.maybe()
    if command in _SOURCES:
        command = words.maybe()
    if command == "-d":
        words.maybe()
        command = words.maybe()
    if command is None or command in ("help", "-h", "--help"):
        await call.say(_HELP)
        return 0 if command else 255
    run = _COMMANDS.get(command)
    if run is None:
        await call.say(f"Unknown command: {command}")
        return 0
    try:
        if call.system.faults.refuse_input:
            message = (
                "Injecting input events requires the caller (or the source of the "
                "instrumentation, if any) to have the INJECT_EVENTS permission."
            )
            raise _Thrown("java.lang.SecurityException", message, "injectInputEvent")
        await run(call, words)
    except _BadNumber:
        message = f"Invalid arguments for command: {command}"
        await _thrown(call, command, _Thrown("java.lang.IllegalArgumentException", message))
        return 255
    except _Thrown as thrown:
        await _thrown(call, command, thrown)
        return 255
    return 0


async def _thrown(call: Call, command: str, thrown: _Thrown) -> None:
    at = "\tat com.android.server.input.InputShellCommand"
    await call.complain(
        f"\nException occurred while executing '{command}':\n{thrown}\n"
        f"{at}.{thrown.method}(InputShellCommand.java)\n"
        "\tat com.android.modules.utils.BasicShellCommandHandler.exec(BasicShellCommandHandler"
        ".java)"
    )


async def _middle(call: Call) -> None:
    await call.system.accident("during", call.name)


async def _tap(call: Call, words: _Words) -> None:
    x, y = words.number(), words.number()
    _touch(call, "down", x, y)
    await _middle(call)
    _touch(call, "up", x, y)


def _touch(call: Call, kind: Kind, x: float, y: float) -> None:
    phone = call.system.phone
    width, height = phone.size
    inside = 0 <= x < width and 0 <= y < height
    if kind == "down" and not inside:
        return  # nothing is there to be touched, and what follows touches nothing either
    # A finger that leaves the screen is felt at its edge.
    edge = (min(max(x, 0), width - 1), min(max(y, 0), height - 1)) if x == x and y == y else (0, 0)
    phone.touch(kind, *edge)


async def _swipe(call: Call, words: _Words, *, hold: bool = False) -> None:
    x0, y0, x1, y1 = (words.number() for _ in range(4))
    given = words.milliseconds()
    seconds = _SWIPE_S if given is None or given < 0 else given
    clock = asyncio.get_running_loop().time
    start = clock()
    _touch(call, "down", x0, y0)
    if hold:
        await asyncio.sleep(_LONG_PRESS_S)
        start = clock()
    halfway = False
    while (elapsed := clock() - start) < seconds:
        part = elapsed / seconds
        if part >= 0.5 and not halfway:
            halfway = True
            await _middle(call)
        _touch(call, "move", x0 + (x1 - x0) * part, y0 + (y1 - y0) * part)
        await asyncio.sleep(_MOVE_S)
    if (x0, y0) != (x1, y1):
        _touch(call, "move", x1, y1)
    _touch(call, "up", x1, y1)


async def _drag(call: Call, words: _Words) -> None:
    await _swipe(call, words, hold=True)


async def _motion(call: Call, words: _Words) -> None:
    kind = words.word().lower()
    if kind not in ("down", "move", "up", "cancel"):
        message = f"Unknown action: {kind.upper()}"
        raise _Thrown("java.lang.IllegalArgumentException", message, "getAction")
    if kind == "cancel":
        # Where a finger that is taken away was does not matter; Android wants no place.
        x = y = 0.0
    else:
        x, y = words.number(), words.number()
    _touch(call, cast(Kind, kind), x, y)


async def _press(call: Call, words: _Words) -> None:
    del call, words  # a trackball's button: no phone of today has one


async def _roll(call: Call, words: _Words) -> None:
    del call
    words.number()
    words.number()


async def _keys(call: Call, words: _Words) -> None:
    long = double = False
    delay = 0.0
    word: str | None = words.word()
    while word is not None and word.startswith("--"):
        long |= word == "--longpress"
        double |= word == "--doubletap"
        if word == "--delay":
            delay = words.milliseconds() or 0.0
        word = words.maybe()
    first = True
    while word is not None:
        if not first and delay:
            await asyncio.sleep(delay)
        first = False
        code = key_code(word)
        for again in range(2 if double else 1):
            if again:
                await asyncio.sleep(_DOUBLE_TAP_S)
            # A name that is no key becomes KEYCODE_UNKNOWN, which does nothing.
            if code is not None:
                call.system.phone.key(code, long=long)
            if long:
                await asyncio.sleep(_LONG_PRESS_S)
        await _middle(call)
        word = words.maybe()


async def _combination(call: Call, words: _Words) -> None:
    names = list(words.rest())
    if names[:1] == ["-t"]:
        await asyncio.sleep(_Words(tuple(names[1:2])).milliseconds() or 0.0)
        names = names[2:]
    if len(names) < 2:
        message = "keycombination requires at least 2 keycodes"
        raise _Thrown("java.lang.IllegalArgumentException", message, "runKeyCombination")
    held: set[int] = set()
    for name in names:
        code = key_code(name)
        if code is None:
            message = f"Unknown keycode: {name}"
            raise _Thrown("java.lang.IllegalArgumentException", message, "runKeyCombination")
        if code in MODIFIERS:
            held.add(code)
        else:
            call.system.phone.key(code, meta=frozenset(held))


async def _text(call: Call, words: _Words) -> None:
    text = unescape(words.word())
    if not all(" " <= char <= "~" or char in "\n\t" for char in text):
        # KeyCharacterMap.getEvents gives null where one character has no key, and sendText
        # asks for its length: nothing is typed, not even what has keys.
        message = "Attempt to get length of null array"
        raise _Thrown("java.lang.NullPointerException", message, "sendText")
    half = len(text) // 2
    for number, part in enumerate((text[:half], text[half:])):
        if number:
            await _middle(call)
        for after_tab, piece in enumerate(part.split("\t")):
            if after_tab:
                call.system.phone.key(_KEY_TAB)
            if piece:
                call.system.phone.type_ascii(piece)


def unescape(text: str) -> str:
    """What ``input text`` types: ``%s`` is a space, and no way leads around that.

    Example:
        >>> unescape("a%sb%%sc%d%")
        'a b% c%d%'
    """
    return text.replace("%s", " ")


_Command = Callable[[Call, _Words], Awaitable[None]]
_COMMANDS: dict[str, _Command] = {
    "tap": _tap,
    "swipe": _swipe,
    "draganddrop": _drag,
    "motionevent": _motion,
    "press": _press,
    "roll": _roll,
    "keyevent": _keys,
    "keycombination": _combination,
    "text": _text,
}

PROGRAMS: Programs = {"input": run_input}
