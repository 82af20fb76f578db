"""A phone's hardware and settings: its size, how it is held, its clock, its tables, its power."""

import datetime
from random import Random
from typing import Any

from ...model.size import Size
from .state import State
from .style import Style, style_of

SIDES = (240, 4096)
"""How many pixels a side may have."""
DENSITIES = (80, 720)
"""Dots per inch there may be."""

_TOAST_S = 2.5


class Hardware:
    """What a phone has before any app is there."""

    state: State
    _wake: float
    _turning: bool

    def _changed(self) -> None:
        """Say that what is shown may be another now."""
        raise NotImplementedError

    def _let_go(self) -> None:
        """Say that a finger on the glass is none any more."""
        raise NotImplementedError

    def data(self, app: str) -> dict[str, Any]:
        """Give an app's data, to be changed in place."""
        return self.state.data[app]

    @property
    def size(self) -> Size:
        """Of the screen as it lies now, in pixels."""
        width, height = self.state.size_override or self.state.natural
        return Size(height, width) if self.state.rotation % 2 else Size(width, height)

    @property
    def natural(self) -> Size:
        """Of the hardware, held upright, in pixels."""
        return Size(*self.state.natural)

    @property
    def density(self) -> int:
        """In dots per inch, the override included."""
        return self.state.density_override or self.state.density

    @property
    def rotation(self) -> int:
        """Quarter turns, 0 to 3, as Android's ``Surface.ROTATION_*``."""
        return self.state.rotation

    @property
    def style(self) -> Style:
        """How everything looks now."""
        dark = self.on("secure", "ui_night_mode")
        scale = float(self.state.settings["system"].get("font_scale", "1.0"))
        wordless = self.state.wordless
        return style_of(self.state.theme, dark, self.density, scale, wordless=wordless)

    def rotate(self, rotation: int) -> None:
        """Turn it.

        Raises:
            ValueError: It is not 0 to 3.
        """
        if rotation not in (0, 1, 2, 3):
            raise ValueError(f"a rotation is 0, 1, 2 or 3 quarter turns, not {rotation}")
        self.state.rotation = rotation
        self._let_go()
        self._changed()

    def resize(self, size: Size | None) -> None:
        """Pretend to have another size, in pixels, held upright; None: its own.

        Raises:
            ValueError: No phone has it.
        """
        if size is not None and not all(SIDES[0] <= side <= SIDES[1] for side in size):
            raise ValueError(f"a phone's sides are {SIDES[0]} to {SIDES[1]} pixels, not {size}")
        self.state.size_override = None if size is None else (size.width, size.height)
        self._changed()

    def set_density(self, density: int | None) -> None:
        """Draw everything larger or smaller, in dots per inch; None: as it was made.

        Raises:
            ValueError: Nothing could be read.
        """
        if density is not None and not DENSITIES[0] <= density <= DENSITIES[1]:
            low, high = DENSITIES
            raise ValueError(f"a phone's density is {low} to {high} dots per inch, not {density}")
        self.state.density_override = density
        self._changed()

    @property
    def now(self) -> float:
        """Seconds since it was switched on."""
        return self.state.now

    @property
    def clock(self) -> datetime.datetime:
        """What its clock shows."""
        start = datetime.datetime.fromisoformat(self.state.start)
        return start + datetime.timedelta(seconds=self.state.now)

    @property
    def slowness(self) -> float:
        """What loading times are multiplied by."""
        return self.state.slowness

    def until(self, when: float) -> bool:
        """Whether a time is still to come; when it comes, the screen is built anew."""
        if self.state.now < when:
            self._wake = min(self._wake, when)
            return True
        return False

    def turning(self) -> None:
        """Say, while a screen is built, that something on it turns."""
        self._turning = True
        self._wake = min(self._wake, self.state.now + 1 / 12)

    def later(self, app: str, seconds: float, do: str, given: dict[str, Any]) -> None:
        """Have an app do something after so many seconds."""
        timer = {"at": self.state.now + seconds, "app": app, "do": do, "given": given}
        self.state.timers.append(timer)

    @property
    def settings(self) -> dict[str, dict[str, str]]:
        """Android's tables ``system``, ``secure`` and ``global``."""
        self._changed()  # whoever asks may write
        return self.state.settings

    def on(self, table: str, key: str) -> bool:
        """Whether something is switched on."""
        value = self.state.settings[table].get(key, "0")
        return value == ("2" if key == "ui_night_mode" else "1")

    def put(self, table: str, key: str, value: bool | int | float | str) -> None:
        """Set a setting; True and False are written as Android does."""
        if isinstance(value, bool):
            yes, no = ("2", "1") if key == "ui_night_mode" else ("1", "0")
            value = yes if value else no
        self.state.settings[table][key] = str(value)
        self._changed()

    @property
    def ime(self) -> str:
        """The input method in use."""
        return self.state.ime

    @ime.setter
    def ime(self, name: str) -> None:
        self.state.ime = name
        self._changed()

    @property
    def imes(self) -> dict[str, bool]:
        """The input methods installed, and whether each is enabled."""
        return self.state.imes

    @property
    def awake(self) -> bool:
        """Whether the screen is on."""
        return self.state.awake

    @property
    def locked(self) -> bool:
        """Whether the lock screen is shown."""
        return self.state.locked

    def screen_off(self) -> None:
        """Switch the screen off; it will be locked."""
        self.state.awake, self.state.locked = False, True
        self._let_go()
        self._changed()

    def wake(self) -> None:
        """Switch the screen on."""
        self.state.awake = True
        self._changed()

    def unlock(self) -> None:
        """Leave the lock screen."""
        self.state.locked = False
        self._changed()

    @property
    def clipboard(self) -> str:
        """What was copied."""
        return self.state.clipboard

    @clipboard.setter
    def clipboard(self, text: str) -> None:
        self.state.clipboard = text

    def toast(self, text: str) -> None:
        """Say something in passing."""
        self.state.toast = {"text": text, "until": self.state.now + _TOAST_S}
        self._changed()

    def notify(self, app: str, title: str, text: str, page: str, **args: Any) -> None:
        """Put a notification into the shade."""
        entry = {"app": app, "title": title, "text": text, "page": page, "args": args}
        self.state.notifications.insert(0, entry)
        self._changed()

    def dismiss(self, number: int) -> None:
        """Take a notification away."""
        del self.state.notifications[number]
        self._changed()

    def clear_notifications(self) -> None:
        """Take all notifications away."""
        self.state.notifications.clear()
        self._changed()


def first_settings(rng: Random, *, dark: bool, font_scale: str) -> dict[str, dict[str, str]]:
    """Give Android's tables as a new phone has them."""

    def coin() -> str:
        return str(rng.randrange(2))

    return {
        "system": {
            "screen_brightness": str(rng.randrange(40, 220)),
            "accelerometer_rotation": coin(),
            "font_scale": font_scale,
            "volume_ring": str(rng.randrange(1, 15)),
            "volume_music": str(rng.randrange(1, 15)),
            "screen_off_timeout": rng.choice(("30000", "60000", "120000")),
        },
        "secure": {
            "ui_night_mode": "2" if dark else "1",
            "location_mode": coin(),
            "flashlight_on": "0",
        },
        "global": {
            "wifi_on": coin(),
            "bluetooth_on": coin(),
            "airplane_mode_on": "0",
            "zen_mode": "0",
            "device_name": f"{rng.choice(('Pocket', 'Pebble', 'Lantern', 'Comet'))} "
            f"{rng.randrange(2, 9)}",
        },
    }
