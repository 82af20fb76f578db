"""All that a practice phone remembers, as plain data: it can be written to a file and read back."""

import dataclasses
import pickle
from dataclasses import dataclass, field
from typing import Any, TypeVar

Record = dict[str, Any]
"""A page: ``app``, ``page``, ``args``, ``local``."""

ADB_KEYBOARD = "com.android.adbkeyboard/.AdbIME"
OWN_KEYBOARD = "org.eyehand.keyboard/.KeyboardService"

T = TypeVar("T")


def copy_of(data: T) -> T:
    """Copy plain data; five times as quick as ``copy.deepcopy``."""
    copied: T = pickle.loads(pickle.dumps(data))
    return copied


@dataclass(slots=True)
class State:
    """What a phone remembers.

    Attributes:
        seed: What it was made from.
        natural: Width and height of the hardware held upright, in pixels.
        density: Of the hardware, in dots per inch.
        start: What its clock showed when it was switched on, ISO 8601.
        now: Seconds since then.
        size_override: What ``wm size`` was set to.
        density_override: What ``wm density`` was set to.
        rotation: Quarter turns, as Android's ``Surface.ROTATION_*``.
        theme: A name of ``style.THEMES``.
        slowness: What loading times are multiplied by.
        no_pictures: Whether every page forbids pictures, whatever it shows.
        wordless: Whether texts take their room on the screen, and are not drawn.
        settings: Android's tables ``system``, ``secure`` and ``global``; values are texts.
        data: Of each app.
        stacks: Each open app's pages, the last in front.
        recent: Open apps, the last used first.
        front: The app in front; None: the home screen.
        overlay: ``shade``, ``recents`` or nothing.
        focus: The page's number and the field's name and kind; None: nothing has the keyboard.
        keyboard: Which keys are shown, and whether the user put it away.
        home: Apps on the home screen, in order.
        ime: The input method in use; ``imes`` are those installed, and whether enabled.
    """

    seed: int
    natural: tuple[int, int]
    density: int
    start: str
    theme: str
    now: float = 0.0
    size_override: tuple[int, int] | None = None
    density_override: int | None = None
    rotation: int = 0
    slowness: float = 1.0
    no_pictures: bool = False
    wordless: bool = False
    awake: bool = True
    locked: bool = False
    overlay: str = ""
    front: str | None = None
    clipboard: str = ""
    ime: str = OWN_KEYBOARD
    imes: dict[str, bool] = field(default_factory=lambda: {OWN_KEYBOARD: True})
    settings: dict[str, dict[str, str]] = field(default_factory=dict)
    data: dict[str, dict[str, Any]] = field(default_factory=dict)
    stacks: dict[str, list[Record]] = field(default_factory=dict)
    recent: list[str] = field(default_factory=list)
    focus: dict[str, Any] | None = None
    keyboard: dict[str, Any] = field(default_factory=dict)
    home: list[str] = field(default_factory=list)
    notifications: list[dict[str, Any]] = field(default_factory=list)
    permissions: dict[str, bool | None] = field(default_factory=dict)
    toast: dict[str, Any] | None = None
    timers: list[dict[str, Any]] = field(default_factory=list)
    scroll: dict[str, int] = field(default_factory=dict)
    count: int = 0

    def save(self) -> dict[str, Any]:
        """Give everything as plain data of its own, JSON-able."""
        fields = dataclasses.fields(self)
        return {one.name: copy_of(getattr(self, one.name)) for one in fields}

    @classmethod
    def load(cls, data: dict[str, Any]) -> "State":
        """Read what ``save`` gave.

        Raises:
            ValueError: A field is missing or unknown.
        """
        names = {one.name for one in dataclasses.fields(cls)}
        if names != set(data):
            raise ValueError(f"no phone: these fields differ: {sorted(names ^ set(data))}")
        plain = copy_of(data)
        for name in ("natural", "size_override"):
            if plain[name] is not None:
                plain[name] = tuple(plain[name])
        return cls(**plain)
