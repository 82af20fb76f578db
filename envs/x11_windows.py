"""What windows an X display has: titles, places, which one gets the keys, whether it listens."""

import itertools
import secrets
import select
import time
from dataclasses import dataclass
from typing import Any, NamedTuple

from .errors import DeviceNotFound
from .worker import Stop


class Box(NamedTuple):
    """An area of the desktop, in pixels."""

    left: int
    top: int
    width: int
    height: int

    def __str__(self) -> str:
        """Give ``1280x800 at (0, 0)``."""
        return f"{self.width}x{self.height} at ({self.left}, {self.top})"

    def contains(self, x: int, y: int) -> bool:
        """Whether a pixel is in it."""
        return 0 <= x - self.left < self.width and 0 <= y - self.top < self.height

    def clipped(self, other: "Box") -> "Box | None":
        """Give the part that is in the other; None if there is none."""
        left, top = max(self.left, other.left), max(self.top, other.top)
        right = min(self.left + self.width, other.left + other.width)
        bottom = min(self.top + self.height, other.top + other.height)
        if right <= left or bottom <= top:
            return None
        return Box(left, top, right - left, bottom - top)


@dataclass(frozen=True, slots=True)
class Focus:
    """Where keys go.

    Attributes:
        window: The window; an ``Xlib`` window.
        pings: The window above it that answers pings; None if none does.
    """

    window: Any
    pings: Any | None


class Windows:
    """Asks a display about its windows.

    Args:
        display: An ``Xlib.display.Display``.
    """

    def __init__(self, display: Any) -> None:
        from Xlib import X, error

        self._x, self._error = X, error
        self._display = display
        self._root = display.screen().root
        self._atoms: dict[str, int] = {}
        self._tokens = itertools.count(secrets.randbelow(1 << 28) + 1)

    def _atom(self, name: str) -> int:
        if name not in self._atoms:
            self._atoms[name] = self._display.intern_atom(name)
        return self._atoms[name]

    def property(self, window: Any, name: str) -> Any:
        """Read a property's value; None if the window or the property is not there."""
        try:
            found = window.get_full_property(self._atom(name), self._x.AnyPropertyType)
        except self._error.BadWindow:
            return None
        return None if found is None else found.value

    def active_title(self) -> str | None:
        """Give the title of the active window; None if there is none or no one says."""
        active = self.active()
        if active is None:
            return None
        return self.title(self._display.create_resource_object("window", active))

    def active(self) -> int | None:
        """Give the id of the active window; None if there is none or no one says."""
        active = self.property(self._root, "_NET_ACTIVE_WINDOW")
        if active is None or len(active) == 0 or not active[0]:
            return None
        return int(active[0])

    def title(self, window: Any) -> str | None:
        """Give a window's title; None if it has none."""
        for name in ("_NET_WM_NAME", "WM_NAME"):
            value = self.property(window, name)
            if value:
                # Xlib has decoded what is typed as text; the rest comes as bytes.
                code = "utf-8" if name == "_NET_WM_NAME" else "latin-1"
                return value.decode(code, "replace") if isinstance(value, bytes) else str(value)
        return None

    def titles(self) -> dict[int, str]:
        """Give every visible window that has a title, the topmost last."""
        listed = self.property(self._root, "_NET_CLIENT_LIST_STACKING")
        if listed is None:
            listed = [window.id for window in self._root.query_tree().children]
        found: dict[int, str] = {}
        for id in listed:
            window = self._display.create_resource_object("window", int(id))
            if self.box(int(id)) is not None and (title := self.title(window)):
                found[int(id)] = title
        return found

    def find(self, title: str) -> int:
        """Give the id of the topmost visible window whose title holds a text, case aside.

        Raises:
            DeviceNotFound: There is none; lists the titles there are.
        """
        titles = self.titles()
        for id, shown in reversed(titles.items()):
            if title.casefold() in shown.casefold():
                return id
        listed = ", ".join(repr(shown) for shown in titles.values()) or "none at all"
        raise DeviceNotFound(f"no visible window has {title!r} in its title; there are: {listed}")

    def box(self, id: int) -> Box | None:
        """Give a window's place on the desktop, frame excluded; None if it is not to be seen."""
        window = self._display.create_resource_object("window", id)
        try:
            if window.get_attributes().map_state != self._x.IsViewable:
                return None
            geometry = window.get_geometry()
            place = self._root.translate_coords(window, 0, 0)
        except (self._error.BadWindow, self._error.BadDrawable):
            return None
        return Box(place.x, place.y, geometry.width, geometry.height)

    def focus(self) -> Focus | None:
        """Give where keys go; None if they go nowhere."""
        window = self._display.get_input_focus().focus
        if window == self._x.PointerRoot:  # as without a window manager: the one under the pointer
            window = self._root.query_pointer().child
        if isinstance(window, int) or window == self._root:
            return None
        above = self._above(window)
        if not above or not self._on_screen(above[-1]) or not self._is_program(above):
            # Window managers park the focus on a window of their own, hidden or a frame, also for
            # a moment while it moves. Menus that grab the keyboard need no focus.
            return Focus(window, None) if self._keyboard_is_grabbed() else None
        for candidate in above:
            protocols = self.property(candidate, "WM_PROTOCOLS")
            if protocols is not None and self._atom("_NET_WM_PING") in protocols:
                return Focus(window, candidate)
        return Focus(window, None)

    def _above(self, window: Any) -> list[Any]:
        """The window and all above it, up to the root's child."""
        chain = []
        try:
            while not isinstance(window, int) and window != self._root:
                chain.append(window)
                window = window.query_tree().parent
        except self._error.BadWindow:
            return []
        return chain

    def _is_program(self, above: list[Any]) -> bool:
        names = ("WM_CLASS", "WM_STATE")  # a frame of the window manager has neither
        return any(self.property(w, name) is not None for w in above for name in names)

    def _on_screen(self, top: Any) -> bool:
        box = self.box(top.id)
        screen = self._display.screen()
        whole = Box(0, 0, screen.width_in_pixels, screen.height_in_pixels)
        part = None if box is None else box.clipped(whole)
        return part is not None and part.width * part.height > 1

    def _keyboard_is_grabbed(self) -> bool:
        status = self._root.grab_keyboard(
            False, self._x.GrabModeAsync, self._x.GrabModeAsync, self._x.CurrentTime
        )
        if status == self._x.GrabSuccess:
            self._display.ungrab_keyboard(self._x.CurrentTime)
            self._display.sync()
        return bool(status == self._x.AlreadyGrabbed)

    def listen(self, on: bool) -> None:
        """Start or end getting the answers to pings."""
        # The protocol says SubstructureNotify; Qt 5 sends its answer to StructureNotify instead.
        mask = self._x.SubstructureNotifyMask | self._x.StructureNotifyMask if on else 0
        self._root.change_attributes(event_mask=mask)
        self._display.sync()

    def ping(self, window: Any, timeout_s: float, stop: Stop | None) -> bool:
        """Ask a window whether it is there, and wait for the answer.

        Toolkits answer in order with the keys that they get. The answer proves that every key
        sent before has been read and understood by the keyboard map of its time.
        ``listen(True)`` must have been called.

        Args:
            window: The one that ``Focus.pings`` names.
            timeout_s: How long to wait, in seconds.
            stop: Ends the wait.

        Returns:
            Whether it answered.

        Raises:
            Stopped: The caller wants it no more.
        """
        from Xlib.protocol import event

        token = next(self._tokens)
        ping = self._atom("_NET_WM_PING")
        message = event.ClientMessage(
            window=window,
            client_type=self._atom("WM_PROTOCOLS"),
            data=(32, [ping, token, window.id, 0, 0]),
        )
        window.send_event(message, event_mask=0)
        self._display.flush()
        end = time.monotonic() + timeout_s
        while True:
            while self._display.pending_events():
                got = self._display.next_event()
                if got.type == self._x.ClientMessage and got.data[0] == 32:
                    words = [int(word) & 0xFFFFFFFF for word in got.data[1]]
                    if words[:2] == [ping, token]:
                        return True
            left = end - time.monotonic()
            if left <= 0:
                return False
            if stop is not None:
                stop.check()
            select.select([self._display.fileno()], [], [], min(left, 0.02))
