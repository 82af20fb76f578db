"""The adb server: started where none answers, asked what it knows, never killed.

It may be others' too. adbutils would start one on the usual port whatever port was named, so only
the adb program comes from there: the one on ``PATH``, else the one in its wheel.
"""

import importlib
import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from .adb_wire import NoServer, Wire
from .errors import BackendMissing
from .worker import Stop

_TICK_S = 0.02
_START_S = 20.0

LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Listed:
    """A device as the server lists it.

    Attributes:
        serial: What names it.
        state: ``device`` where it can be used; else ``offline``, ``unauthorized``, …
        facts: Such as ``model``.
    """

    serial: str
    state: str
    facts: Mapping[str, str] = field(default_factory=dict)


class Server:
    """An adb server.

    Args:
        address: Host and port; None for what ``adb`` itself takes: ``$ANDROID_ADB_SERVER_ADDRESS``
            and ``$ANDROID_ADB_SERVER_PORT``, else 127.0.0.1 and 5037.

    Raises:
        BackendMissing: The port is no number.
    """

    def __init__(self, address: tuple[str, int] | None = None) -> None:
        if address is None:
            host = os.environ.get("ANDROID_ADB_SERVER_ADDRESS") or "127.0.0.1"
            port = os.environ.get("ANDROID_ADB_SERVER_PORT") or "5037"
            if not (port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16):
                raise BackendMissing(f"$ANDROID_ADB_SERVER_PORT is {port!r}, which is no port")
            address = host, int(port)
        self.address = address

    def __str__(self) -> str:
        """Give ``host:port``."""
        return f"{self.address[0]}:{self.address[1]}"

    def open(self, stop: Stop, timeout_s: float) -> Wire:
        """Connect to it."""
        return Wire(self.address, stop, timeout_s)

    def ask(self, service: str, stop: Stop, timeout_s: float) -> str:
        """Ask for a service that answers with one text."""
        with self.open(stop, timeout_s) as wire:
            wire.request(service)
            return wire.block()

    def devices(self, stop: Stop, timeout_s: float) -> list[Listed]:
        """List the devices it knows, in whatever state."""
        return parse_devices(self.ask("host:devices-l", stop, timeout_s))

    def ensure(self, stop: Stop) -> None:
        """See that it runs; start it where it does not.

        Raises:
            BackendMissing: It cannot be started; says what to do.
            WireError: It does not answer.
        """
        try:
            self.ask("host:version", stop, 5.0)
            return
        except NoServer:
            pass
        program = adb_program()
        if self.address[0] not in LOCAL:
            raise BackendMissing(
                f"no adb server answers at {self}: start one there with "
                f"`adb -a -P {self.address[1]} nodaemon server`, or use this machine's own"
            )
        self._start(program, stop)
        try:
            self.ask("host:version", stop, 5.0)
        except NoServer as error:
            raise BackendMissing(f"adb was started, but does not answer at {self}") from error

    def _start(self, program: str, stop: Stop) -> None:
        command = [program, "-P", str(self.address[1]), "start-server"]
        try:
            # In a session of its own: Ctrl-C is for us and not for a server that others use. Its
            # log goes nowhere: the server keeps what it inherits open for ever.
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise BackendMissing(f"{program} cannot be started: {error}") from error
        end = time.monotonic() + _START_S
        try:
            while process.poll() is None:
                if time.monotonic() > end:
                    raise BackendMissing(f"`{' '.join(command)}` took longer than {_START_S:g} s")
                stop.sleep(_TICK_S)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if process.returncode:
            raise BackendMissing(
                f"`{' '.join(command)}` ended with code {process.returncode}: run it by hand and "
                "see what it says"
            )


def adb_program() -> str:
    """Give the path of an adb: ``$ADBUTILS_ADB_PATH``, one on ``PATH``, or adbutils' own.

    Raises:
        BackendMissing: The extra is not installed.
    """
    try:
        adbutils = importlib.import_module("adbutils")
    except ImportError as error:
        raise BackendMissing(
            'Android needs adbutils, which is not installed: pip install "eyehand[android]"'
        ) from error
    try:
        return str(adbutils.adb_path())
    except adbutils.AdbError as error:
        raise BackendMissing("there is no adb program: sudo apt install adb") from error


def parse_devices(listing: str) -> list[Listed]:
    """Read what ``host:devices-l`` answers.

    Example:
        >>> parse_devices("1234  no permissions (user is not in group); see [http]")[0].state
        'no permissions'
        >>> parse_devices("a:1   device product:x model:Pixel_8")[0].facts["model"]
        'Pixel_8'
    """
    found = []
    for line in listing.splitlines():
        serial, _, rest = line.strip().partition(" ")
        if not (rest := rest.strip()):
            continue
        if rest.startswith("no permissions"):
            found.append(Listed(serial, "no permissions"))
            continue
        state, *facts = rest.split()
        pairs = (fact.partition(":") for fact in facts)
        found.append(Listed(serial, state, {name: value for name, colon, value in pairs if colon}))
    return found
