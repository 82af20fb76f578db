"""The way to one phone: questions that are asked again, inputs that never are.

A question (a screenshot, a setting) may be asked again when the connection breaks. An input may
have landed, so it is sent once: it ends with a mark that the phone's own shell writes after it,
and where the mark does not come back nobody knows, which is said. Only before the phone was given
anything at all is there a second try. Only this phone's connection is ever renewed.
"""

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from .adb_server import Listed, Server
from .adb_wire import Late, ServerSaid, Useless, Wire, WireError
from .errors import BackendMissing, DeviceLost, DeviceNotFound
from .worker import Stop, Stopped

T = TypeVar("T")

_NETWORKED = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\s:/]+):\d{1,5}")
_POLL_S = 0.1
_KICK_S = 2.5
"""How long the server gets to find a phone again by itself, between two pushes."""
_ECHO_S = 2.0
_LET_GO_S = 0.045
"""How long a phone may take to lift a finger before its caller is told that it was cancelled."""

ADVICE = {
    "unauthorized": "unlock the phone and allow this computer ('Allow USB debugging?')",
    "authorizing": "unlock the phone and allow this computer ('Allow USB debugging?')",
    "offline": "unplug it and plug it in again, or switch USB (or wireless) debugging off and on",
    "no permissions": "this user may not open the USB device: sudo apt install "
    "android-sdk-platform-tools-common, then plug it in again",
    "recovery": "it is in recovery: start Android",
    "sideload": "it is in recovery: start Android",
    "bootloader": "it is in its bootloader: start Android",
}
"""What to do about a phone that is listed, but in no state to be used."""

_ABSENT = (
    "plug it in and switch USB debugging on (Settings, Developer options); over Wi-Fi pair it once "
    "with `adb pair HOST:PORT`, then name it HOST:PORT; `adb devices` lists what is there"
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long a phone may take, in seconds.

    Attributes:
        connect_s: To be found and to let us in, at ``reset``.
        query_s: To answer a question, each time it is asked.
        capture_s: To send a screenshot, each time.
        input_s: To take an input, beyond what the input itself lasts.
        reconnect_s: To come back after its connection broke.
        attempts: How often a question is asked at most.
    """

    connect_s: float = 10.0
    query_s: float = 10.0
    capture_s: float = 15.0
    input_s: float = 10.0
    reconnect_s: float = 15.0
    attempts: int = 3

    def __post_init__(self) -> None:
        """Check the bounds.

        Raises:
            ValueError: A time is not between 0 and 600 seconds, or there is no attempt.
        """
        for name in ("connect_s", "query_s", "capture_s", "input_s", "reconnect_s"):
            if not 0 < getattr(self, name) <= 600:
                raise ValueError(f"{name} must be seconds between 0 and 600")
        if not 1 <= self.attempts <= 10:
            raise ValueError(f"attempts must be 1 to 10, not {self.attempts}")

    @property
    def question_s(self) -> float:
        """How long a screenshot or a question takes at the very most, retries included."""
        each = max(self.query_s, self.capture_s)
        return self.attempts * each + (self.attempts - 1) * (self.reconnect_s + _ECHO_S)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a command of the phone's shell gave.

    Attributes:
        code: Its exit code.
        text: What it printed, errors included, without the last line's end.
    """

    code: int
    text: str


class Unsure(Exception):
    """An input was begun and its end was not seen. Never leaves this package."""


class Link:
    """The way to one phone.

    Args:
        server: The adb server that has it.
        serial: Which phone.
        bounds: How long things may take.
    """

    def __init__(self, server: Server, serial: str, bounds: Bounds) -> None:
        self.server, self.serial, self.bounds = server, serial, bounds
        self._token = secrets.token_hex(8)
        self.reconnected = 0
        """How often it came back."""

    @property
    def networked(self) -> bool:
        """Whether the serial is a network address, which the server is told to connect to."""
        return _NETWORKED.fullmatch(self.serial) is not None

    def connect(self, stop: Stop) -> None:
        """Find the phone and see that it lets us in.

        Raises:
            BackendMissing: There is no adb server, and none can be started.
            DeviceNotFound: No such phone, or it lets nobody in; says what to do.
        """
        self.server.ensure(stop)
        state = self._come(stop, self.bounds.connect_s)
        if state != "device":
            raise DeviceNotFound(self._trouble(state, self._others(stop)))

    def revive(self, stop: Stop, delivered: str) -> None:
        """Get the phone back after its connection broke.

        Args:
            stop: Ends it.
            delivered: What arrived of the action under way, for the error.

        Raises:
            DeviceLost: It did not come back in time.
        """
        try:
            state = self._come(stop, self.bounds.reconnect_s)
        except BackendMissing as error:
            raise DeviceLost(
                f"{self.serial} is lost: {error}; delivered: {delivered}", delivered=delivered
            ) from error
        if state != "device":
            raise DeviceLost(
                f"{self.serial} did not come back within {self.bounds.reconnect_s:g} s: "
                f"{self._trouble(state)}; of the action under way {_arrived(delivered)}",
                delivered=delivered,
            )
        self.reconnected += 1

    def ask(self, command: str, stop: Stop, delivered: str = "nothing") -> Reply:
        """Run a command that may as well run twice.

        Args:
            command: For the phone's shell.
            stop: Ends the wait.
            delivered: What arrived of the action under way, for the error.

        Raises:
            DeviceLost: It does not answer.
        """
        return self._again(lambda: self._shell(command, stop, self.bounds.query_s), stop, delivered)

    def fetch(self, command: str, check: Callable[[bytearray], T], stop: Stop) -> T:
        """Run a command that gives bytes, and that may as well run twice.

        Args:
            command: For the phone's shell.
            check: Makes something of the bytes, or raises ``Useless``: then it runs again.
            stop: Ends the wait.

        Raises:
            DeviceLost: It does not answer.
            Useless: What ``check`` raised, the last time.
        """

        def once() -> T:
            with self._open(stop, self.bounds.capture_s) as wire:
                wire.request(f"exec:{command}")
                return check(wire.rest())

        return self._again(once, stop, "nothing")

    def send(self, command: str, stop: Stop, lasts_s: float = 0.0, *, heeds: bool = False) -> Reply:
        """Run a command that is an input: once.

        Args:
            command: For the phone's shell.
            stop: Ends the wait. What was sent goes on, unless it heeds its input.
            lasts_s: How long it takes by itself, in seconds.
            heeds: A line of input, or the end of it, makes the command let go and end.

        Raises:
            DeviceLost: The phone was gone before anything was sent, and did not come back.
            Unsure: Its end was not seen.
        """
        for attempt in range(self.bounds.attempts):
            try:
                wire = self._open(stop, self.bounds.input_s + lasts_s)
            except WireError as error:  # the phone has heard nothing yet
                if attempt + 1 == self.bounds.attempts:
                    raise self._lost(error, "nothing") from error
                self.revive(stop, "nothing")
                continue
            with wire:
                try:
                    return self._run(wire, command)
                except WireError as error:
                    raise Unsure(str(error)) from error
                except Stopped:
                    if heeds:
                        wire.farewell(b"\n", _LET_GO_S)
                    raise
        raise AssertionError("unreachable")

    def _again(self, once: Callable[[], T], stop: Stop, delivered: str) -> T:
        for attempt in range(self.bounds.attempts):
            try:
                return once()
            except WireError as error:
                if attempt + 1 == self.bounds.attempts:
                    if isinstance(error, Useless):
                        raise
                    raise self._lost(error, delivered) from error
                self.revive(stop, delivered)
        raise AssertionError("unreachable")

    def _shell(self, command: str, stop: Stop, timeout_s: float) -> Reply:
        with self._open(stop, timeout_s) as wire:
            return self._run(wire, command)

    def _run(self, wire: Wire, command: str) -> Reply:
        # exec: and not shell: there is no terminal that would turn \n into \r\n, on any Android.
        wire.request(f"exec:(\n{command}\n) 2>&1; echo; echo {self._token} $?")
        said = bytes(wire.rest())
        text, mark, code = said.rpartition(b"\n" + self._token.encode() + b" ")
        if not mark or not code.strip().isdigit():
            raise ServerSaid(f"{self.serial} ended the command before its end")
        return Reply(int(code), text.decode("utf-8", "replace").replace("\r\n", "\n").strip("\n"))

    def _open(self, stop: Stop, timeout_s: float) -> Wire:
        wire = self.server.open(stop, timeout_s)
        try:
            wire.request(f"host:transport:{self.serial}")
        except BaseException:
            wire.close()
            raise
        return wire

    def _come(self, stop: Stop, within_s: float) -> str:
        """Wait until the phone can be used; give its last state, ``device`` if it can be."""
        end = time.monotonic() + within_s
        kick_at, state = 0.0, "absent"
        while True:
            left_s = max(0.2, end - time.monotonic())
            try:
                self.server.ensure(stop)
                state = self._state(stop)
                if state == "device":
                    self._shell("echo", stop, min(left_s, _ECHO_S))
                    return state
            except WireError as error:
                # It is listed, yet silent; or the server itself has just gone.
                state = "silent" if isinstance(error, Late) or state == "device" else state
            now = time.monotonic()
            if now >= end:
                return state
            if now >= kick_at and state not in ("unauthorized", "authorizing"):
                self._kick(state, stop, max(0.2, min(end - now, 10.0)))
                kick_at = time.monotonic() + _KICK_S
            stop.sleep(min(_POLL_S, max(0.0, end - time.monotonic())))

    def _kick(self, state: str, stop: Stop, timeout_s: float) -> None:
        """Have the server renew its connection to this phone, and to no other."""
        services = [f"host-serial:{self.serial}:reconnect"]
        if self.networked:
            # Without the first, the server says "already connected" of a dead connection.
            services = [f"host:disconnect:{self.serial}", f"host:connect:{self.serial}"]
        elif state == "absent":
            return
        for service in services:
            try:
                self.server.ask(service, stop, timeout_s)
            except WireError:
                continue  # there was nothing to cut; whether it came is looked at next

    def _state(self, stop: Stop) -> str:
        listed = self.server.devices(stop, self.bounds.query_s)
        return next((phone.state for phone in listed if phone.serial == self.serial), "absent")

    def _others(self, stop: Stop) -> list[Listed]:
        try:
            listed = self.server.devices(stop, self.bounds.query_s)
        except WireError:
            return []
        return [phone for phone in listed if phone.serial != self.serial]

    def _trouble(self, state: str, others: list[Listed] | None = None) -> str:
        if state == "silent":
            return f"{self.serial} is connected but does not answer: {ADVICE['offline']}"
        if state != "absent":
            advice = ADVICE.get(state, "see what the phone shows")
            return f"{self.serial} is {state}: {advice}"
        names = ", ".join(f"{phone.serial} ({phone.state})" for phone in others or [])
        there = f"; connected are {names}" if names else ""
        return f"no phone {self.serial} at the adb server {self.server}{there}: {_ABSENT}"

    def _lost(self, error: WireError, delivered: str) -> DeviceLost:
        return DeviceLost(
            f"{self.serial} does not answer ({error}), asked {self.bounds.attempts} times; of the "
            f"action under way {_arrived(delivered)}",
            delivered=delivered,
        )


def _arrived(delivered: str) -> str:
    if delivered == "nothing":
        return "nothing was delivered"
    return "some may have arrived: nobody can know, so look before repeating it"


def only_phone(server: Server, stop: Stop, bounds: Bounds) -> str:
    """Give the serial of the one phone that is connected.

    Raises:
        BackendMissing: There is no adb server.
        DeviceNotFound: There is none, or more than one: then it must be named.
    """
    server.ensure(stop)
    try:
        listed = server.devices(stop, bounds.query_s)
    except WireError as error:
        raise DeviceNotFound(f"the adb server {server} does not answer: {error}") from error
    if len(listed) == 1:
        return listed[0].serial
    if not listed:
        raise DeviceNotFound(f"no phone is connected to the adb server {server}: {_ABSENT}")
    names = ", ".join(f"{phone.serial} ({phone.state})" for phone in listed)
    raise DeviceNotFound(f"{len(listed)} phones are connected, so name one: {names}")
