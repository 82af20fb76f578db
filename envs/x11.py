"""One connection to an X server, and what every file here needs of it.

Each env has its own connection, made in its worker thread and used only there, so envs on several
displays live in one process. The environment is read when connecting, never at import.
"""

import contextlib
import os
import socket
import struct
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .errors import BackendMissing, DeviceLost, DeviceNotFound

ENVIRONMENT = threading.RLock()
"""Held while ``os.environ`` is changed for a moment: libraries read DISPLAY and XAUTHORITY."""

PRIVATE_DISPLAY = (
    "run on a private display instead: VirtualDisplay in Python, or in a task file "
    "env: {desktop: {virtual: 1280x800}}"
)


def display_name(display: str | None) -> str:
    """Give the display's name, from ``$DISPLAY`` if None.

    Raises:
        BackendMissing: There is none, or only Wayland; says what to do.
    """
    name = os.environ.get("DISPLAY", "") if display is None else display
    if name:
        return name
    if os.environ.get("WAYLAND_DISPLAY"):
        raise BackendMissing(
            "this is a Wayland session without an X display, which lets no program see or work "
            f"the screen: log in to an Xorg session, or {PRIVATE_DISPLAY}"
        )
    raise BackendMissing(
        f"$DISPLAY is not set, so there is no screen: set it, as in DISPLAY=:0, or "
        f"{PRIVATE_DISPLAY}"
    )


@contextmanager
def changed_environment(**values: str) -> Iterator[None]:
    """Set variables of ``os.environ`` for the duration, one thread at a time."""
    with ENVIRONMENT:
        before = {name: os.environ.get(name) for name in values}
        os.environ.update(values)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


@contextmanager
def authority() -> Iterator[None]:
    """Let Xlib connect where there is no ``~/.Xauthority``.

    python3-xlib refuses to connect if the file is missing, though servers that trust the local
    user need none. It gets one for the moment, with an entry that fits no display: an empty file
    would make it print a warning.
    """
    with ENVIRONMENT:
        path = os.environ.get("XAUTHORITY") or os.path.expanduser("~/.Xauthority")
        if os.path.exists(path):
            yield
            return
        with tempfile.NamedTemporaryFile(prefix="eyehand-xauth-") as file:
            nothing = [struct.pack(">H", 256)] + [struct.pack(">H4s", 4, b"none")] * 4
            file.write(b"".join(nothing))
            file.flush()
            with changed_environment(XAUTHORITY=file.name):
                yield


def connect(name: str) -> Any:
    """Connect to a display.

    Args:
        name: Such as ``:0``.

    Returns:
        An ``Xlib.display.Display``; untyped, since Xlib has no types.

    Raises:
        BackendMissing: Xlib is not installed, or the display is Wayland's.
        DeviceNotFound: No such display, or it lets us not in.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # python3-xlib is from 2014
            import Xlib.display
            import Xlib.error
    except ImportError as error:
        raise missing_extra("Xlib") from error
    try:
        _knock(name)
        with authority(), warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # Xlib leaves that file open
            display = Xlib.display.Display(name)
        wire: Any = display.display
        wire.socket = _Socket(wire.socket)
        # Without this, Xlib prints errors of requests that nobody waits for, such as a message to
        # a window that has just been closed.
        display.set_error_handler(lambda *_: None)
    except (
        Xlib.error.DisplayError,
        Xlib.error.XauthError,
        Xlib.error.ConnectionClosedError,
        OSError,
    ) as error:
        _close_half_open(error)
        raise DeviceNotFound(
            f"cannot connect to the display {name!r}: {error}. Is it running, and may this user "
            "use it? DISPLAY names it"
        ) from error
    try:
        _refuse_wayland(display, name)
        if not display.has_extension("XTEST"):
            raise BackendMissing(f"the display {name} has no XTEST extension, which sends input")
    except BaseException:
        close(display)
        raise
    return display


def _close_half_open(error: BaseException) -> None:
    """Close the socket that Xlib leaves open where the server hangs up on its greeting."""
    trace = error.__traceback__
    while trace is not None:
        owner = trace.tb_frame.f_locals.get("self")
        found = getattr(owner, "__dict__", {}).get("socket")
        if isinstance(found, socket.socket):
            found.close()
        trace = trace.tb_next


def _knock(name: str) -> None:
    """See that a local server listens: Xlib leaks the socket of a connection that is refused.

    Raises:
        OSError: Nobody does.
    """
    number = name.removeprefix(":").partition(".")[0]
    if name.startswith(":") and number.isdigit() and os.path.exists("/tmp/.X11-unix"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
            door.connect(f"/tmp/.X11-unix/X{number}")


class _Broken(OSError):
    """What python3-xlib expects of an OSError: that it can be subscripted, as in Python 2."""

    def __getitem__(self, index: int) -> object:
        return self.args[index]


class _Socket:
    """A display's socket whose errors python3-xlib 0.15 understands.

    It trips over a broken pipe, leaves its locks as they are, and hangs at the next request.
    """

    def __init__(self, real: socket.socket) -> None:
        self._real = real
        self.recv, self.close, self.fileno = real.recv, real.close, real.fileno

    def send(self, data: bytes) -> int:
        try:
            return self._real.send(data)
        except OSError as error:
            raise _Broken(*error.args) from error

    def cut(self) -> None:
        with contextlib.suppress(OSError):
            self._real.shutdown(socket.SHUT_RDWR)


def cut(display: Any) -> None:
    """End a connection from another thread, so that whoever waits for the server wakes up."""
    display.display.socket.cut()


def _refuse_wayland(display: Any, name: str) -> None:
    # Seen through XWayland, a screen is black but for X apps, and input reaches nothing else.
    rootless = "XWAYLAND" in display.list_extensions()
    if not rootless and display.has_extension("RANDR"):
        resources = display.screen().root.xrandr_get_screen_resources_current()
        outputs = (
            display.xrandr_get_output_info(output, resources.config_timestamp).name
            for output in resources.outputs
        )
        rootless = any(str(output).upper().startswith("XWAYLAND") for output in outputs)
    if rootless:
        raise BackendMissing(
            f"the display {name} is XWayland, part of a Wayland session that shows X programs "
            f"only: log in to an Xorg session, or {PRIVATE_DISPLAY}"
        )


def missing_extra(package: str) -> BackendMissing:
    """Say that the extra with the desktop's packages is not installed."""
    return BackendMissing(f'{package} is not installed: pip install "eyehand[desktop]"')


def close(display: Any) -> None:
    """Close a connection, also one whose server has died."""
    with contextlib.suppress(Exception):  # a dead one fails to, in one of many ways
        display.close()
    with contextlib.suppress(OSError):
        display.display.socket.close()


def is_lost(error: BaseException) -> bool:
    """Whether an error means that the connection to the display is gone."""
    import Xlib.error

    if isinstance(error, Xlib.error.ConnectionClosedError | ConnectionError):
        return True
    # python3-xlib 0.15 subscripts the OSError of a broken connection and trips over itself.
    return isinstance(error, TypeError | AttributeError) and (
        isinstance(error.__context__, OSError) or "NoneType" in str(error)
    )


@contextmanager
def guarded(name: str, *, delivered: str = "unknown") -> Iterator[None]:
    """Turn the errors of a dying connection into ``DeviceLost``.

    Args:
        name: The display's name.
        delivered: What ``DeviceLost.delivered`` shall say.
    """
    try:
        yield
    except Exception as error:
        if is_lost(error):
            raise DeviceLost(f"the display {name} is gone", delivered=delivered) from error
        raise


def drain(display: Any) -> None:
    """Drop the events that have come in: Xlib would keep them for ever."""
    while display.pending_events():
        display.next_event()


def is_display_error(error: BaseException) -> bool:
    """Whether an error means that a display could not be connected to."""
    import Xlib.error

    return isinstance(error, Xlib.error.DisplayError | Xlib.error.XauthError) or is_lost(error)
