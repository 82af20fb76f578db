"""Keys of the terminal that a run is shown on: pause, take over, tell the model something, stop.

They are read by the event loop: no thread waits for them. The terminal gives them at once and does
not show them; it is put back on every way out, also by Ctrl-C, Ctrl-Z, a polite kill and an
exception. A process in the background leaves the terminal alone until it is fetched back.
"""

import asyncio
import atexit
import contextlib
import os
import re
import select
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any

from .control import Control, State

if sys.platform != "win32":
    import termios

HELP = "p pause or go on, t take over or give back, n tell the model something, s stop"
PROMPT = "For the model (an empty line: nothing): "

# What arrow and function keys and Alt with a letter send: their letters are no keys of ours.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|.|$)", re.DOTALL)
_LINE_BYTES = 4096
_LFLAG, _CC = 3, 6


class Keys:
    """The keys of one terminal while a run goes. ``keys_for`` makes it.

    Attributes:
        active: Whether there is a terminal that keys can come from.
    """

    def __init__(
        self,
        control: Control,
        fd: int,
        aside: Callable[[], AbstractContextManager[Any]],
        say: Callable[[str], None],
    ) -> None:
        self._control, self._fd, self._aside, self._say = control, fd, aside, say
        self._loop = asyncio.get_running_loop()
        self._cooked: list[Any] | None = None
        self._asides = 0
        self._note: ExitStack | None = None
        self.active = sys.platform != "win32" and os.isatty(fd)

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Leave the terminal as it was to a question that reads a line.

        What was typed ahead is dropped before and after: an answer is no key, and no key an answer.
        """
        self._asides += 1
        self._let_go()
        try:
            yield
        finally:
            self._asides -= 1
            self._take()

    def _take(self) -> None:
        """Get keys as they are pressed, unless somebody else has the terminal."""
        if not self.active or self._asides or self._cooked is not None or not self._in_front():
            return
        try:
            cooked = termios.tcgetattr(self._fd)
            termios.tcsetattr(self._fd, termios.TCSANOW, _cbreak(cooked))
            termios.tcflush(self._fd, termios.TCIFLUSH)
        except termios.error:  # the terminal has gone
            self.active = False
            return
        self._cooked = cooked
        self._loop.add_reader(self._fd, self._readable)

    def _let_go(self) -> None:
        """Put the terminal back."""
        if self._cooked is None:
            return
        if not self._loop.is_closed():
            self._loop.remove_reader(self._fd)
        cooked, self._cooked = self._cooked, None
        # In the background the terminal is another program's, and to touch it would stop us.
        if self._in_front():
            with contextlib.suppress(termios.error):  # it has gone
                termios.tcsetattr(self._fd, termios.TCSANOW, cooked)
                termios.tcflush(self._fd, termios.TCIFLUSH)
        if self._note is not None:
            note, self._note = self._note, None
            note.close()

    def _in_front(self) -> bool:
        try:
            return os.tcgetpgrp(self._fd) == os.getpgrp()
        except OSError:  # not the terminal that rules this process: nobody else has it
            return True

    def _readable(self) -> None:
        if not self._in_front():  # else reading would stop us
            self._let_go()
            return
        if not select.select([self._fd], [], [], 0)[0]:
            return
        try:
            data = os.read(self._fd, _LINE_BYTES)
        except OSError:  # it has hung up
            data = b""
        if self._note is not None:
            self._noted(data.decode("utf-8", "replace"))
        elif not data:
            self._let_go()
            self.active = False
        else:
            self._pressed(data.decode("utf-8", "replace"))

    def _pressed(self, text: str) -> None:
        keys = set(_ESCAPES.sub("", text).lower())
        if len(keys) != 1:  # several at once were pasted
            return
        match keys.pop():
            case "p":
                self._control.toggle_pause()
            case "t":
                self._control.toggle_hands()
            case "s" | "q":
                self._control.stop()
            case "n":
                self._ask_note()
            case "?" | "h":
                self._say(HELP)

    def _ask_note(self) -> None:
        """Let a line be written as usual; the run is held meanwhile."""
        if self._cooked is None or self._control.state is State.STOPPED:
            return
        self._note = ExitStack()
        if self._control.state is State.RUNNING:
            self._control.pause()
            self._note.callback(self._go_on)
        self._note.enter_context(self._aside())
        termios.tcsetattr(self._fd, termios.TCSANOW, _line(self._cooked))
        sys.stderr.write(PROMPT)
        sys.stderr.flush()

    def _go_on(self) -> None:
        if self._control.state is State.PAUSED:
            self._control.give_back()

    def _noted(self, text: str) -> None:
        if self._cooked is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self._fd, termios.TCSANOW, _cbreak(self._cooked))
        if text.strip():
            self._control.give_back(text)
        if self._note is not None:
            note, self._note = self._note, None
            note.close()

    # Signals ------------------------------------------------------------------------------------

    def _stopping(self) -> None:
        """Ctrl-Z: put the terminal back, stop, and go on here when fetched back."""
        self._let_go()
        self._loop.remove_signal_handler(signal.SIGTSTP)
        signal.raise_signal(signal.SIGTSTP)
        self._loop.add_signal_handler(signal.SIGTSTP, self._stopping)
        self._take()

    def _dying(self, number: signal.Signals) -> None:
        """Put the terminal back and die of the signal, as without us."""
        self._let_go()
        self._loop.remove_signal_handler(number)
        signal.raise_signal(number)

    @contextmanager
    def _watching(self) -> Iterator[None]:
        """Heed the signals that would leave the terminal as it is, where nobody else does."""
        handlers: dict[signal.Signals, tuple[Callable[..., object], Any]] = {
            signal.SIGTSTP: (self._stopping, ()),
            signal.SIGCONT: (self._take, ()),
            signal.SIGTERM: (self._dying, (signal.SIGTERM,)),
            signal.SIGHUP: (self._dying, (signal.SIGHUP,)),
        }
        with ExitStack() as heeded:
            for number, (handler, arguments) in handlers.items():
                if signal.getsignal(number) is not signal.SIG_DFL:
                    continue
                try:
                    self._loop.add_signal_handler(number, handler, *arguments)
                except (ValueError, RuntimeError, NotImplementedError):
                    break  # not the main thread: there is no way to
                heeded.callback(self._loop.remove_signal_handler, number)
            yield


@contextmanager
def keys_for(
    control: Control,
    *,
    fd: int | None = None,
    aside: Callable[[], AbstractContextManager[Any]] = nullcontext,
    say: Callable[[str], None] | None = None,
) -> Iterator[Keys]:
    """Let the keys of the terminal work a run: see ``HELP``.

    ``n`` holds the run until a line is written; the model is told it.

    Args:
        control: Of the run.
        fd: The terminal; by default standard input. Where it is no terminal, and on Windows,
            nothing is done.
        aside: Opened while a line is written: a live display steps aside.
        say: Shows a line of help; by default on standard error.

    Raises:
        RuntimeError: No event loop runs.
    """
    keys = Keys(control, _stdin() if fd is None else fd, aside, say or _say)
    if not keys.active:
        yield keys
        return
    # For what ends the process without unwinding this function.
    atexit.register(keys._let_go)
    try:
        with keys._watching():
            keys._take()
            yield keys
    finally:
        keys.active = False
        keys._let_go()
        atexit.unregister(keys._let_go)


def _stdin() -> int:
    try:
        return sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):  # there is none, or a stand-in
        return -1


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _cbreak(attributes: list[Any]) -> list[Any]:
    """Keys at once and unseen; Ctrl-C and Ctrl-Z stay what they are."""
    mode = [*attributes[:_CC], list(attributes[_CC])]
    mode[_LFLAG] &= ~(termios.ECHO | termios.ICANON)
    mode[_CC][termios.VMIN], mode[_CC][termios.VTIME] = 1, 0
    return mode


def _line(attributes: list[Any]) -> list[Any]:
    """Whole lines that are seen, with their usual editing, whatever it was before."""
    mode = [*attributes[:_CC], list(attributes[_CC])]
    mode[_LFLAG] |= termios.ECHO | termios.ICANON
    return mode
