"""All that is open to one phone between ``reset`` and ``close``. Lives in a worker thread."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..actions import schema as a
from ..actions.geometry import Frame
from ..actions.schema import Action
from ..model.size import Size
from . import android_apps, android_keyboard, android_phone, android_text
from .adb_link import Link
from .adb_wire import WireError
from .android_input import WAKEUP, Input
from .android_phone import Abilities, State
from .android_screen import FrameSource, PhoneShot, Screencap
from .android_text import TextWay, Typist, Ways
from .base import Observation
from .errors import ActionFailed, CaptureFailed, DeviceNotFound
from .freshness import Freshness
from .settle import IdleRegions
from .worker import Stop


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a phone is to be used; as ``AndroidEnv`` takes it.

    Attributes:
        display: Number of a display other than the phone's own.
        text: How text is typed.
        read_back: Whether to look what arrived.
        wake: Whether to switch the screen on at first.
        source: Where pictures come from; None: ``screencap``.
    """

    display: int | None = None
    text: TextWay = "auto"
    read_back: bool = True
    wake: bool = True
    source: Callable[[Link], FrameSource] | None = None


@dataclass(slots=True, eq=False)
class Device:
    """A phone that is connected.

    Attributes:
        link: The way to it.
        can: What it is and can.
        ways: How it can be given text.
        source: Where its pictures come from.
        idle: What changes on its screen by itself.
        fresh: Refuses an action whose screen is no longer there.
        settled: The screen when it last stood still.
        state: What it was doing when it was last looked at.
        notes: What was found and put right, for the record.
    """

    link: Link
    can: Abilities
    ways: Ways
    source: FrameSource
    display: int | None
    input: Input
    typist: Typist
    idle: IdleRegions = field(default_factory=IdleRegions)
    fresh: Freshness = field(default_factory=Freshness)
    settled: PhoneShot | None = None
    state: State = field(default_factory=State)
    notes: list[str] = field(default_factory=list)
    sizes: dict[Size, Size] = field(default_factory=dict)

    @classmethod
    def open(cls, link: Link, wishes: Wishes, stop: Stop) -> "Device":
        """Find out about a phone, and put right what an earlier run left.

        Raises:
            DeviceNotFound: It has no such display.
            DeviceLost: It does not answer.
        """
        notes = []
        if (own := android_keyboard.give_back(link, stop)) is not None:
            notes.append(f"put back the keyboard {own}, which a run that was killed had borrowed")
        can = android_phone.abilities(link, stop)
        ways = android_text.probe(link, stop)
        # The phone's own display needs no name, and on most phones has no other.
        display = wishes.display or None
        named = None
        if display is not None:
            (listing,) = android_phone.asked(link, ("dumpsys display",), stop)
            try:
                named = android_phone.physical_display(listing, display)
            except ActionFailed as error:
                raise DeviceNotFound(f"{link.serial}: {error}") from error
        source = Screencap(link, named) if wishes.source is None else wishes.source(link)
        input = Input(can, display)
        typist = Typist(link, input, ways, wishes.text, wishes.read_back)
        device = cls(link, can, ways, source, display, input, typist, notes=notes)
        if wishes.wake:
            device._waken(stop)
        return device

    def _waken(self, stop: Stop) -> None:
        now = android_phone.state(self.link, stop)
        if now.awake is False:
            # WAKEUP and not POWER: sent to a screen that is on, it does nothing, so it may be
            # sent again.
            self.link.ask(self.input.keyevent(WAKEUP).text, stop)
            self.notes.append("the screen was off: switched it on")
            now = android_phone.state(self.link, stop)
        if now.locked:
            self.link.ask("wm dismiss-keyguard", stop)
            self.notes.append("the phone was locked: asked it to unlock")

    def describe(self) -> dict[str, Any]:
        """Give what is known of it, JSON-able."""
        can = self.can
        return {
            "serial": self.link.serial,
            "server": str(self.link.server),
            "model": can.model,
            "android": can.android,
            "sdk": can.sdk,
            "density": can.density,
            "text": self.ways.names(),
            **self.source.facts(),
            "reconnected": self.link.reconnected,
            "notes": list(self.notes),
        }

    def look(self, stop: Stop) -> tuple[Observation, PhoneShot]:
        """Take a picture, and give it as an observation too.

        Raises:
            CaptureFailed: There is none.
            DeviceLost: The phone is gone.
        """
        shot = self.source.shot(stop)
        return self.observation(shot, stop), shot

    def observation(self, shot: PhoneShot, stop: Stop) -> Observation:
        """Give a picture as an observation, with what the phone is doing now."""
        pixels = self.pixels(shot)
        self.state = android_phone.state(self.link, stop)
        extras: dict[str, Any] = dict(self.state.extras())
        if not pixels.any():
            extras["black"] = True
            if self.state.awake is not False:
                extras["secure"] = android_phone.is_secure(self.link, stop)
        return Observation(pixels, self.frame(shot.size, stop), time=shot.time, extras=extras)

    def pixels(self, shot: PhoneShot) -> Any:
        """Give a picture's pixels.

        Raises:
            CaptureFailed: It is damaged inside.
        """
        try:
            return shot.rgb()
        except WireError as error:
            raise CaptureFailed(f"no screenshot of {self.link.serial}: {error}") from error

    def frame(self, picture: Size, stop: Stop) -> Frame:
        """Give the frame of pictures of a size. Pictures are turned as the screen is."""
        name = self.link.serial
        if self.display is not None:
            # `wm size` tells about the phone's own screen only.
            return Frame(f"{name}/{self.display}", physical=picture, logical=picture)
        if picture not in self.sizes:
            (printed,) = android_phone.asked(self.link, ("wm size",), stop)
            self.sizes[picture] = android_phone.pointer_size(picture, printed)
        return Frame(name, physical=picture, logical=self.sizes[picture])

    def require_light(self, shot: PhoneShot, stop: Stop) -> None:
        """See that the screen is on; the phone is asked only where the picture is black.

        Raises:
            ActionFailed: It is off.
        """
        if self.pixels(shot).any():
            return
        if android_phone.state(self.link, stop).awake is False:
            raise ActionFailed(
                f"the screen of {self.link.serial} is off, so nothing was done: press the key "
                "power first"
            )

    def carry_out(
        self, action: Action, places: Mapping[str, tuple[int, int]], screen: Size, stop: Stop
    ) -> str:
        """Send what an action is.

        Args:
            action: What to do.
            places: Its points by the names of their fields, in pointer units.
            screen: Size of the screen in pointer units.
            stop: Ends it.

        Returns:
            What there is to tell.

        Raises:
            ActionFailed: It cannot be done.
            Unsure: It was begun, and its end was not seen.
            DeviceLost: The phone was gone before anything was sent.
        """
        match action:
            case a.Screenshot():
                return ""
            case a.Wait():
                stop.sleep(action.seconds)
                return ""
            case a.Type():
                return self.typist.type(action, self.state, stop)
            case a.OpenApp():
                return self._open_app(action.name, stop)
        line = self.input.line(action, places, screen, self.state)
        reply = self.link.send(line.text, stop, line.seconds, heeds=line.heeds)
        if trouble := android_text.input_trouble(reply):
            # What is forbidden did not happen; of anything else, a part may have.
            some = "INJECT_EVENTS" not in reply.text
            raise ActionFailed(f"{self.link.serial} did not take it: {trouble}", delivered=some)
        return ""

    def _open_app(self, name: str, stop: Stop) -> str:
        app = android_apps.find(name, android_apps.installed(self.link, stop))
        reply = self.link.send(android_apps.start_command(app), stop)
        if reply.code or "Error" in reply.text:
            said = " ".join(reply.text.split())[:200]
            raise ActionFailed(f"{app} did not start: the phone says {said!r}", delivered=True)
        return f"started {app}"
