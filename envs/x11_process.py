"""Which process a window belongs to, and whether that process has nothing left to do.

The X server itself is asked, by the X-Resource extension (X.Org, "X-Resource protocol", 1.2): many
programs do not say, and what they say may be the id inside of a container.
"""

import time
from pathlib import Path
from typing import Any

from .worker import Stop

_QUERY_CLIENT_IDS, _LOCAL_PID = 4, 1 << 1
_REST_S = 0.02


class Processes:
    """Asks a display about the processes connected to it.

    Args:
        display: An ``Xlib.display.Display``.
    """

    def __init__(self, display: Any) -> None:
        from Xlib.protocol import rq

        class QueryClientIds(rq.ReplyRequest):  # type: ignore[misc]
            _request = rq.Struct(
                rq.Card8("opcode"),
                rq.Opcode(_QUERY_CLIENT_IDS),
                rq.RequestLength(),
                rq.Card32("count"),
                rq.Card32("client"),
                rq.Card32("mask"),
            )
            _reply = rq.Struct(
                rq.ReplyCode(),
                rq.Pad(1),
                rq.Card16("sequence_number"),
                rq.ReplyLength(),
                rq.Card32("count"),
                rq.Pad(20),
                rq.List("words", rq.Card32Obj),
            )

        self._wire, self._query = display.display, QueryClientIds
        found = display.query_extension("X-Resource")
        self._opcode = found.major_opcode if found is not None and found.present else None

    def of(self, window: Any) -> int | None:
        """Give the id of the process that made a window; None if the server cannot tell."""
        from Xlib.error import XError

        if self._opcode is None:
            return None
        try:
            reply = self._query(
                display=self._wire, opcode=self._opcode, count=1, client=window.id, mask=_LOCAL_PID
            )
        except XError:
            return None  # the window is gone, or the server older than 2012
        words = list(reply.words)
        # One entry: client, kind of answer, its length in bytes, the process id.
        return words[3] if reply.count and len(words) >= 4 and words[2] == 4 else None


def rests(pid: int, bound_s: float, stop: Stop) -> bool:
    """Wait until a process of this machine has slept for a moment.

    A process with unread input is about to run, which shows however busy the machine is.

    Args:
        pid: Its id.
        bound_s: How long to wait, in seconds.
        stop: Ends the wait.

    Returns:
        Whether it has rested; also where there is no such process here.

    Raises:
        Stopped: The caller wants it no more.
    """
    end = time.monotonic() + bound_s
    rested, before = 0.0, ""
    while rested < _REST_S:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return True
        # Its state, and the ticks it has run: proc(5).
        now = " ".join(fields[11:13])
        rested = rested + _REST_S / 4 if fields[0] not in "RD" and now == before else 0.0
        before = now
        if time.monotonic() > end:
            return False
        stop.sleep(_REST_S / 4)
    return True
