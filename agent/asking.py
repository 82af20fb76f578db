"""Asking the person at the terminal, in a way that Ctrl-C ends at once: no thread waits."""

import asyncio
import os
import sys
import unicodedata
from typing import TextIO

from .guard import Leave

_CHUNK = 65_536
_LONGEST_THOUGHT = 300
_ENDED = "(no answer: the input has ended)"


class Terminal:
    """Asks on one stream and reads lines from another.

    Args:
        source: Where lines come from; it must have a file descriptor. Nobody else may read it.
        out: Where questions go.
    """

    def __init__(self, source: TextIO | None = None, out: TextIO | None = None) -> None:
        self._source = source or sys.stdin
        self._out = out or sys.stderr
        self._rest = b""
        self._turn = asyncio.Lock()

    async def ask(self, question: str) -> str:
        """Put a question and give the answer; one at a time."""
        async with self._turn:
            self._say(f"\n{plain(question)} (answer, then Enter)\n")
            line = await self._line()
        return _ENDED if line is None else line.strip()

    async def approve(self, leave: Leave) -> bool:
        """Ask for leave: only y or yes means yes, and only if typed after the question."""
        async with self._turn:
            self._forget()
            lines = ["", plain(leave.words), f"  rule: {plain(leave.rule)}"]
            if thought := plain(leave.doing.thought):
                lines.append(f"  the model says: {thought[:_LONGEST_THOUGHT]}")
            self._say("\n".join(lines) + f"\ny/N (no after {leave.timeout_s:g} s) ")
            line = None
            try:
                line = await self._line()
            finally:
                if line is None:  # nobody pressed Enter: what comes next begins a line of its own
                    self._say("\n")
        return line is not None and line.strip().casefold() in ("y", "yes")

    def _say(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()

    def _forget(self) -> None:
        """Drop what was typed before the question: it cannot have been meant as its answer."""
        self._rest = b""
        if not self._source.isatty():
            return
        import termios  # there is none on Windows, where add_reader fails before this matters

        termios.tcflush(self._source.fileno(), termios.TCIFLUSH)

    async def _line(self) -> str | None:
        """Give the next line; None where the input has ended."""
        loop = asyncio.get_running_loop()
        number = self._source.fileno()
        come: asyncio.Future[None] = loop.create_future()

        def read() -> None:
            if come.done():
                return
            try:
                data = os.read(number, _CHUNK)
            except OSError as error:  # the terminal has gone
                come.set_exception(error)
                return
            self._rest += data
            if b"\n" in self._rest or not data:
                come.set_result(None)

        if b"\n" not in self._rest:
            loop.add_reader(number, read)
            try:
                await come
            finally:
                loop.remove_reader(number)
        line, end, self._rest = self._rest.partition(b"\n")
        if not end and not line:
            return None
        return line.decode(errors="replace")


def plain(text: str) -> str:
    """Give a text of a screen or a model in one line, with nothing that a terminal would obey."""
    folded = " ".join(text.split())
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(sign) in ("Cc", "Cf", "Cs") else sign
        for sign in folded
    )
