"""The four requests of the XKEYBOARD extension that typing needs; python3-xlib knows none.

Source of the formats: X.Org, "The X Keyboard Extension: Protocol Specification", appendix D.
"""

import struct
from collections.abc import Mapping
from typing import Any

_CORE_KEYBOARD = 0x100
_KEY_SYMS = 1 << 1
_ENTRY = "=4BBBH"  # types of four groups, group info, width, number of symbols
_ONE_GROUP = 1


class Xkb:
    """Asks for and changes what is on at the core keyboard.

    Args:
        display: An ``Xlib.display.Display`` whose server has the extension.
    """

    def __init__(self, display: Any) -> None:
        from Xlib.protocol import rq

        self._display = display
        self._wire = display.display
        self._opcode = display.query_extension("XKEYBOARD").major_opcode
        start = (rq.Card8("opcode"),)
        answer = (rq.ReplyCode(), rq.Card8("first"), rq.Card16("sequence_number"), rq.ReplyLength())
        body = rq.List("body", rq.Card8Obj)

        class Ask(rq.ReplyRequest):  # type: ignore[misc]
            _reply = rq.Struct(*answer, body)

        class Use(Ask):
            _request = rq.Struct(
                *start, rq.Opcode(0), rq.RequestLength(), rq.Card16("major"), rq.Card16("minor")
            )

        class State(Ask):
            _request = rq.Struct(
                *start, rq.Opcode(4), rq.RequestLength(), rq.Card16("device"), rq.Pad(2)
            )

        class Lock(rq.Request):  # type: ignore[misc]
            _request = rq.Struct(
                *start,
                rq.Opcode(5),
                rq.RequestLength(),
                rq.Card16("device"),
                rq.Card8("affect"),
                rq.Card8("locks"),
                rq.Pad(8),
            )

        class GetMap(Ask):
            _request = rq.Struct(
                *start,
                rq.Opcode(8),
                rq.RequestLength(),
                rq.Card16("device"),
                rq.Card16("full"),
                rq.Pad(20),
            )

        class SetMap(rq.Request):  # type: ignore[misc]
            _request = rq.Struct(
                *start,
                rq.Opcode(9),
                rq.RequestLength(),
                rq.Card16("device"),
                rq.List("body", rq.Card8Obj, pad=0),
            )

        self._state, self._lock, self._get, self._set = State, Lock, GetMap, SetMap
        Use(display=self._wire, opcode=self._opcode, major=1, minor=0)

    def state(self) -> tuple[int, int, int]:
        """Give the effective group, the locked modifiers, and those held down or latched."""
        reply = self._state(display=self._wire, opcode=self._opcode, device=_CORE_KEYBOARD)
        _, base, latched, locked, group = reply.body[:5]
        return group, locked, base | latched

    def lock(self, affect: int, locks: int) -> None:
        """Set the locks of the modifiers in ``affect`` to those in ``locks``."""
        self._lock(
            display=self._wire,
            opcode=self._opcode,
            device=_CORE_KEYBOARD,
            affect=affect,
            locks=locks,
        )

    def assign(self, symbols: Mapping[int, int]) -> None:
        """Give keys one symbol each, whatever the modifiers and the layout; 0 for none.

        All in one request, and so in one notice to every program: window managers grab all their
        keys anew at each, which takes openbox 20 ms. The keys between them are sent along as
        they are. Nobody can change the map in the meantime.
        """
        if not symbols:
            return
        self._display.grab_server()
        try:
            first, entries = self._entries()
            low, high = min(symbols), max(symbols)
            for code, symbol in symbols.items():
                head = struct.pack(
                    _ENTRY, 0, 0, 0, 0, *((_ONE_GROUP, 1, 1) if symbol else (0, 0, 0))
                )
                entries[code - first] = head + (struct.pack("=I", symbol) if symbol else b"")
            sent = entries[low - first : high - first + 1]
            total = sum((len(entry) - 8) // 4 for entry in sent)
            # What is sent, flags, all keycodes, types, keycodes sent, symbols; nothing else.
            head = struct.pack(
                "=HH6BH18x",
                *(_KEY_SYMS, 0, first, first + len(entries) - 1, 0, 0, low, len(sent), total),
            )
            self._set(
                display=self._wire,
                opcode=self._opcode,
                device=_CORE_KEYBOARD,
                body=list(head + b"".join(sent)),
            )
        finally:
            self._display.ungrab_server()
            self._display.sync()

    def _entries(self) -> tuple[int, list[bytes]]:
        """Give the lowest keycode, and every key's entry as it is on the wire."""
        reply = self._get(
            display=self._wire, opcode=self._opcode, device=_CORE_KEYBOARD, full=_KEY_SYMS
        )
        raw = bytes(reply.body)
        first, last = raw[2], raw[3]
        rest = raw[32:]
        entries = []
        for _ in range(first, last + 1):
            count = struct.unpack_from(_ENTRY, rest)[-1]
            entries.append(rest[: 8 + 4 * count])
            rest = rest[8 + 4 * count :]
        return first, entries
