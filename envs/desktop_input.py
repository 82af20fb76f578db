"""What is open to a desktop, and how each action becomes input there. Lives in a worker thread."""

import os
import subprocess
import threading
from collections.abc import Callable, Mapping

from ..actions import schema as a
from ..actions.errors import UnknownKey
from ..actions.schema import Action
from . import apps, x11
from .capture import Capture, Monitor, Shot
from .errors import ActionFailed, ActionNotSupported
from .freshness import Freshness
from .pointer import Hand
from .settle import IdleRegions
from .worker import Stop
from .x11_hotkey import reserved
from .x11_keymap import Keymap
from .x11_lease import Lease
from .x11_text import Typist
from .x11_windows import Windows

APP_RESPONSE_S = 5.0
"""How long an app may take to show its window, in seconds."""

_SECONDS_PER_CHARACTER = 0.05
_NOTCH_PX = 80
"""What a notch of the wheel scrolls, about: 57 px in GTK, 60 in Qt, 120 in Chromium."""


class Connection:
    """All that is open between ``reset`` and ``close``.

    Args:
        name: The display, such as ``:0``.
        monitor: As ``Capture`` takes it.
        region: Likewise.
        window: Likewise.
        environment: As ``DesktopEnv`` takes it.

    Raises:
        BackendMissing, DeviceNotFound: It cannot be used; says why. Nothing is left open.
    """

    def __init__(
        self,
        name: str,
        monitor: Monitor,
        region: tuple[int, int, int, int] | None,
        window: str | None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.environment = environment
        self.apps: list[subprocess.Popen[bytes]] = []
        self.display = x11.connect(name)
        self.capture: Capture | None = None
        try:
            with x11.guarded(name, delivered="nothing"):
                self.windows = Windows(self.display)
                self.keymap = Keymap(self.display)
                self.lease = Lease(self.display, self.keymap)
                self.typist = Typist(self.display, self.keymap, self.windows, self.lease)
                self.hand = Hand(self.display, name, self.lease)
                self.lease.clean()
            self.pictures = self.capture = Capture(
                name, self.windows, monitor=monitor, region=region, window=window
            )
            self.idle = IdleRegions()
            self.fresh = Freshness()
            self.settled: Shot | None = None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close everything, also where the display has died."""
        if self.environment is not None:
            apps.end(list(self.apps))
        if self.capture is not None:
            self.capture.close()
        x11.close(self.display)


def send(on: Connection, action: Action, places: Mapping[str, tuple[int, int]], stop: Stop) -> None:
    """Send an action's input. The connection's lease must be held.

    Args:
        on: Where.
        action: What.
        places: The action's points by the names of their fields, in pointer units.
        stop: Ends it, with every key and button released.

    Raises:
        ActionFailed: It cannot be done.
        StoppedByUser: The pointer was pulled into a corner.
        Stopped: The caller wants it no more.
    """
    hand = on.hand
    match action:
        case a.Click():
            hand.click(places.get("point"), action.button, action.count)
        case a.LongPress():
            hand.long_press(places["point"], action.seconds, stop)
        case a.Move():
            hand.move(places["point"])
        case a.Drag():
            hand.drag(places.get("start"), places["end"], action.button, action.seconds, stop)
        case a.Swipe():
            hand.drag(places["start"], places["end"], "left", action.seconds, stop)
        case a.Scroll():
            hand.scroll(places.get("point"), *_notches(on, action), stop)
        case a.Key():
            _chord(on, action.chord, lambda codes: hand.chord(codes, action.count, stop))
        case a.HoldKey():
            _chord(on, action.chord, lambda codes: hand.hold(codes, action.seconds, stop))
        case a.Type():
            if action.clear:
                for chord in (("ctrl", "a"), ("backspace",)):
                    _chord(on, chord, lambda codes: hand.chord(codes, 1, stop))
            on.typist.type(action.text, stop, hand.watch)
            if action.submit:
                _chord(on, ("enter",), lambda codes: hand.chord(codes, 1, stop))
        case _:
            raise ActionNotSupported(f"a desktop has no {action.tag()}")


def _chord(on: Connection, chord: tuple[str, ...], press: Callable[[list[int]], None]) -> None:
    if reserved(on.display, chord):
        raise ActionFailed(
            f"{'+'.join(chord)} is the chord with which the user stops or takes over; nothing was "
            "sent"
        )
    try:
        codes = on.typist.codes(chord)
    except UnknownKey as error:
        raise ActionFailed(str(error)) from error
    try:
        press(codes)
    finally:
        on.typist.finish()


def _notches(on: Connection, scroll: a.Scroll) -> tuple[int, int]:
    """Give whole notches to the right and down; some way asked for is at least one notch."""
    right, down = scroll.delta
    if scroll.unit == "screens":
        screen = on.pictures.locate()
        right, down = right * screen.width / _NOTCH_PX, down * screen.height / _NOTCH_PX

    def whole(value: float) -> int:
        count = round(abs(value)) or (1 if value else 0)
        return count if value > 0 else -count

    return whole(right), whole(down)


def open_app(on: Connection, name: str) -> str:
    """Start an app on the display.

    Returns:
        What was started, in words.

    Raises:
        ActionFailed: No app has that name, or it cannot be started.
    """
    environment = {**(on.environment or os.environ), "DISPLAY": on.name}
    environment.pop("WAYLAND_DISPLAY", None)
    command = apps.command_of(name, environment)
    process = apps.start(command, environment)
    on.apps.append(process)

    def wait() -> None:
        process.wait()
        if not apps.lives(process):
            on.apps.remove(process)  # from now on its number may be another's

    # It may outlive the env; someone has to take note of its end all the same.
    threading.Thread(target=wait, name=f"eyehand-{command[0]}", daemon=True).start()
    return f"started {os.path.basename(command[0])}"


def duration_s(action: Action) -> float:
    """Give how long an action takes by itself, at most, in seconds."""
    if isinstance(action, a.Type):
        return len(action.text) * _SECONDS_PER_CHARACTER
    if isinstance(action, a.OpenApp):
        return 2 * APP_RESPONSE_S
    seconds = getattr(action, "seconds", 0.0)
    return float(seconds) * 2
