"""The pointer, and keys pressed as keys: pyautogui, made fit for several displays.

pyautogui holds one display, one keyboard table and one list of fail-safe corners in module globals,
made when it is imported. Here each call swaps in those of its own env, under a lock, and swaps them
back. Its pause after every call is declined call by call, so no setting of the user's is changed.
"""

import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from . import x11
from .errors import BackendMissing, DeviceNotFound, StoppedByUser
from .worker import Stop
from .x11_lease import Lease
from .x11_windows import Box

Button = Literal["left", "middle", "right"]

_GLOBALS = threading.RLock()
"""Protects pyautogui's module globals."""

_BUTTONS: dict[Button, int] = {"left": 1, "middle": 2, "right": 3}
_MOVE_STEP_S = 0.01
_WATCH_S = 0.05
"""How often a long action looks whether the user has pulled the pointer into a corner."""


class Hand:
    """Moves, presses and releases on one display.

    Args:
        display: An ``Xlib.display.Display``.
        name: Its name.
        lease: Remembers what is held down.

    Raises:
        BackendMissing: pyautogui or tkinter is not installed.
    """

    def __init__(self, display: Any, name: str, lease: Lease) -> None:
        from Xlib import X
        from Xlib.ext import xtest

        self._x, self._fake = X, xtest.fake_input
        self._display, self._name, self._lease = display, name, lease
        self._gui, self._platform = _import_pyautogui(name)
        self._root = display.screen().root
        # Where the pointer happens to be is no signal: on many servers it begins in a corner.
        self._placed: tuple[int, int] | None = self.where()
        self.corners: frozenset[tuple[int, int]] = frozenset()
        """Where the user stops us; ``corners_of`` gives them."""

    @contextmanager
    def _bound(
        self, keys: Sequence[int] = (), *, to: tuple[int, int] | None = None
    ) -> Iterator[Any]:
        """Point pyautogui at this display, for the length of one call.

        Args:
            keys: Keycodes that it may press.
            to: Where it will move the pointer before it looks whether that is a corner.
        """
        # Our own click in a corner must stop neither itself nor the next action.
        points = [corner for corner in self.corners if corner not in (self._placed, to)]
        gui, platform = self._gui, self._platform
        with _GLOBALS:
            before = platform._display, platform.keyboardMapping, gui.FAILSAFE_POINTS, gui.FAILSAFE
            platform._display = self._display
            platform.keyboardMapping = {f"code{key}": key for key in keys}
            gui.FAILSAFE_POINTS, gui.FAILSAFE = points, True
            try:
                yield gui
            except gui.FailSafeException as error:
                raise self._stopped() from error
            finally:
                (
                    platform._display,
                    platform.keyboardMapping,
                    gui.FAILSAFE_POINTS,
                    gui.FAILSAFE,
                ) = before

    def _stopped(self) -> StoppedByUser:
        return StoppedByUser(
            f"the pointer was pulled into a corner of {self._name}: nothing more is sent until "
            "it is moved away"
        )

    def where(self) -> tuple[int, int]:
        """Give the pointer's place, in pointer units of the desktop."""
        pointer = self._root.query_pointer()
        return pointer.root_x, pointer.root_y

    def watch(self) -> None:
        """Look whether the user stops us.

        Raises:
            StoppedByUser: The pointer is in a corner, and we did not put it there.
        """
        if not self.corners:
            return
        place = self.where()
        if place != self._placed:
            self._placed = None
            if place in self.corners:
                raise self._stopped()

    def move(self, place: tuple[int, int]) -> None:
        """Put the pointer somewhere."""
        with self._bound() as gui:
            gui.moveTo(*place, _pause=False)
        self._placed = place

    def click(self, place: tuple[int, int] | None, button: Button, count: int) -> None:
        """Click, once or in quick succession; where the pointer is, if the place is None."""
        x, y = self.where() if place is None else place
        self._lease.note(buttons=[_BUTTONS[button]])
        with self._bound(to=(x, y)) as gui:
            gui.click(x, y, clicks=count, button=button, _pause=False)
        self._placed = x, y
        self._lease.note(buttons=[])

    def scroll(self, place: tuple[int, int] | None, right: int, down: int, stop: Stop) -> None:
        """Turn the wheel, in notches."""
        if place is not None:
            self.move(place)
        x, y = self.where()
        self._placed = x, y
        # Notch by notch, so that it can be stopped.
        for turn, count in (("vscroll", down), ("hscroll", right)):
            sign = (count > 0) - (count < 0)
            for _ in range(abs(count)):
                stop.check()
                with self._bound() as gui:
                    if turn == "vscroll":
                        gui.vscroll(-sign, x, y, _pause=False)
                    else:
                        gui.hscroll(sign, x, y, _pause=False)

    def drag(
        self,
        start: tuple[int, int] | None,
        end: tuple[int, int],
        button: Button,
        seconds: float,
        stop: Stop,
    ) -> None:
        """Press at one place, move to another along a line, release.

        Args:
            start: Where to press; None for where the pointer is.
            end: Where to release.
            button: Which button.
            seconds: How long it takes.
            stop: Ends it; the button is released then, too.
        """
        x, y = self.where() if start is None else start
        self.move((x, y))
        with self._pressed(button):
            steps = max(2, min(round(seconds / _MOVE_STEP_S), 1000))
            for step in range(1, steps + 1):
                stop.sleep(seconds / steps)
                along = step / steps
                self.watch()
                self.move((round(x + (end[0] - x) * along), round(y + (end[1] - y) * along)))
            # Apps that scroll by the speed of a finger would fling; a moment at rest says stop.
            stop.sleep(_MOVE_STEP_S)

    def long_press(self, place: tuple[int, int], seconds: float, stop: Stop) -> None:
        """Press, hold without moving, release."""
        self.move(place)
        with self._pressed("left"):
            self.rest(seconds, stop)

    @contextmanager
    def _pressed(self, button: Button) -> Iterator[None]:
        self._lease.note(buttons=[_BUTTONS[button]])
        try:
            with self._bound() as gui:
                gui.mouseDown(button=button, _pause=False)
            yield
        finally:
            # Not by pyautogui, whose fail-safe refuses to release, too.
            self._lease.release_all()

    def chord(self, codes: Sequence[int], count: int, stop: Stop) -> None:
        """Press keys in order and release them in reverse, so many times."""
        for _ in range(count):
            stop.check()
            with self._keys(codes):
                pass

    def hold(self, codes: Sequence[int], seconds: float, stop: Stop) -> None:
        """Hold keys down for a while."""
        with self._keys(codes):
            self.rest(seconds, stop)

    @contextmanager
    def _keys(self, codes: Sequence[int]) -> Iterator[None]:
        self._lease.note(keys=list(codes))
        try:
            for code in codes:
                # A name of our own, so that pyautogui presses this key and adds no Shift: it
                # believes every "<" to need one.
                with self._bound(codes) as gui:
                    gui.keyDown(f"code{code}", _pause=False)
            yield
        finally:
            self._lease.release_all()

    def rest(self, seconds: float, stop: Stop) -> None:
        """Let time pass, and watch for the user meanwhile."""
        while seconds > 0:
            self.watch()
            stop.sleep(min(seconds, _WATCH_S))
            seconds -= _WATCH_S


def corners_of(monitors: Sequence[Box]) -> frozenset[tuple[int, int]]:
    """Give the pixels in which a pointer pulled outwards gets stuck.

    A corner that lies beside another monitor is none: the pointer passes it by.

    Example:
        >>> sorted(corners_of([Box(0, 0, 800, 600)]))
        [(0, 0), (0, 599), (799, 0), (799, 599)]
    """
    found = set()
    for box in monitors:
        right, bottom = box.left + box.width - 1, box.top + box.height - 1
        for x, outward_x in ((box.left, -1), (right, 1)):
            for y, outward_y in ((box.top, -1), (bottom, 1)):
                beyond = [(x + outward_x, y), (x, y + outward_y)]
                if not any(other.contains(*pixel) for other in monitors for pixel in beyond):
                    found.add((x, y))
    return frozenset(found)


def _import_pyautogui(name: str) -> tuple[Any, Any]:
    """Import pyautogui, which connects to ``$DISPLAY`` as it is imported.

    Returns:
        The package, and its module for X11.
    """
    with _GLOBALS, x11.authority(), x11.changed_environment(DISPLAY=name):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                import pyautogui
                import pyautogui._pyautogui_x11 as platform
        except ImportError as error:
            raise x11.missing_extra("pyautogui") from error
        except SystemExit as error:  # so mouseinfo, which pyautogui imports, says: no tkinter
            raise BackendMissing(
                "pyautogui needs tkinter, which this Python lacks: apt install python3-tk"
            ) from error
        except Exception as error:
            if x11.is_display_error(error):
                raise DeviceNotFound(f"cannot connect to the display {name!r}: {error}") from error
            raise
    return pyautogui, platform
