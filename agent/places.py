"""Where a task runs: what task files say under ``env``, and what ``--env`` names."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ..envs.browser_options import BrowserOptions
from ..model.size import Size
from .checks import Name, as_written


class Plain(BaseModel):
    """Plain data of a task: frozen, and nothing unknown in it."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )


class DesktopSpec(Plain):
    """Which desktop a task runs on, and what is started on it."""

    display: Name | None = None
    """An X display such as ``:0``; default is ``$DISPLAY``. Not together with ``virtual``."""
    virtual: str | None = Field(default=None, pattern=r"^[1-9]\d{2,4}x[1-9]\d{2,4}$")
    """Size of a private display to start and stop with the run, such as ``1280x800``."""
    window_manager: str | None = "openbox"
    """Run on the private display; null for none."""
    monitor: int | Literal["all"] = 1
    """From 1, or ``all``."""
    region: tuple[int, int, int, int] | None = None
    """Left, top, width, height in pixels of the desktop."""
    window: Name | None = None
    """Part of the title of the one window to look at."""
    start: tuple[Annotated[tuple[Name, ...], Field(min_length=1)], ...] = ()
    """Programs to start before the first look, each a list of words; ended with the run."""

    @field_validator("monitor", mode="before")
    @classmethod
    def _counted(cls, monitor: Any) -> Any:
        if not re.fullmatch("all|[1-9][0-9]{0,3}", str(as_written(monitor))):
            raise ValueError(f"it is a number from 1, or all, not {monitor!r:.60}")
        return monitor

    @field_validator("window")
    @classmethod
    def _a_title(cls, window: str | None) -> str | None:
        if window is not None and not window.strip():
            raise ValueError("it is a part of a title: it cannot be empty")
        return window

    @model_validator(mode="after")
    def _one_display(self) -> "DesktopSpec":
        if self.display and self.virtual:
            raise ValueError("give display or virtual, not both")
        if self.region is not None and self.window is not None:
            raise ValueError("give region or window, not both")
        if self.region is not None and min(self.region[2:]) < 1:
            raise ValueError("region is left, top, width, height: it must have a size")
        return self


class AndroidSpec(Plain):
    """Which phone a task runs on."""

    serial: Name | None = None
    """As ``adb devices`` lists it, or ``HOST:PORT``; default: the only phone there is."""
    display: Annotated[int, Field(ge=0)] | None = None
    """Number of a display other than the phone's own."""
    text: Literal["auto", "keys", "keyboard", "clipboard"] = "auto"
    """How text is typed: whatever works, or one way and no other."""
    read_back: bool = True
    """Whether to look, after typing, what the field holds."""
    wake: bool = True
    """Whether to switch the screen on first, and leave a lock screen without a secret."""

    @field_validator("serial")
    @classmethod
    def _a_word(cls, serial: str | None) -> str | None:
        if serial is not None and not re.fullmatch(r"\S+", serial):
            raise ValueError("a serial is one word, as `adb devices` lists it")
        return serial


class PracticeSpec(Plain):
    """Which practice phone a task runs on."""

    seed: int = Field(default=0, ge=0, le=2**31 - 1)
    """What is on the phone, and how it looks."""
    task: Name | None = None
    """A family of practice tasks to set the phone up for."""
    size: str | None = None
    """Of the phone held upright, such as ``540x1200``."""
    density: int | None = None
    """In dots per inch; default: such that the screen is about 360 dp wide."""
    theme: Name | None = None
    """Name of a look; default: by the seed."""
    dark: bool | None = None
    """Light on dark; default: by the seed."""
    font_scale: float = 1.0
    """Size of text, as its settings have it: 0.85, 1, 1.15 or 1.3."""
    wordless: bool = False
    """Draw no texts: icons, shapes and layout are as ever."""

    @field_validator("size")
    @classmethod
    def _sides(cls, size: str | None) -> str | None:
        if size is not None and not re.fullmatch(r"[1-9]\d{2,3}x[1-9]\d{2,3}", size):
            raise ValueError("a size is WIDTHxHEIGHT in pixels, such as 540x1200")
        return size

    def arguments(self) -> dict[str, Any]:
        """Give what ``PracticeEnv`` takes."""
        given = self.model_dump(exclude_none=True)
        if self.size is not None:
            given["size"] = Size(*(int(side) for side in self.size.split("x")))
        return given


class BrowserSpec(Plain):
    """Which browser a task runs in."""

    url: Name = "about:blank"
    """The first page; ``./page.html`` is a file beside the task's."""
    size: str = "1280x800"
    """Of the viewport, in CSS pixels."""
    scale: float = 1.0
    """Pixels of the picture to one CSS pixel."""
    region: tuple[int, int, int, int] | None = None
    """Left, top, width, height of the part to look at, in CSS pixels."""
    mobile: bool = False
    """Behave as a phone."""
    hosts: tuple[Name, ...] | None = None
    """All that may be reached; null: everything."""
    headless: bool = True
    """Without a window."""
    display: Name | None = None
    """X display for the window; default ``$DISPLAY``."""
    executable: Name | None = None
    """A Chromium or Chrome; default: the one that is found."""
    locale: Name = "en-US"
    """Language that pages are told."""
    timezone: Name = "UTC"
    """Such as ``Europe/Berlin``."""

    @field_validator("size")
    @classmethod
    def _sides(cls, size: str) -> str:
        if not re.fullmatch(r"\d{1,5}x\d{1,5}", size):
            raise ValueError("a size is WIDTHxHEIGHT in pixels, such as 1280x800")
        return size

    @field_validator("hosts", mode="before")
    @classmethod
    def _one_host(cls, hosts: Any) -> Any:
        return [hosts] if isinstance(hosts, str) else hosts

    @model_validator(mode="after")
    def _possible(self) -> "BrowserSpec":
        self.options(Path("/"))
        return self

    def options(self, folder: Path) -> BrowserOptions:
        """Give what ``BrowserEnv`` takes.

        Args:
            folder: Where ``./page.html`` lies.

        Raises:
            ValueError: Something of it cannot be; says what is allowed.
        """
        url = self.url
        if url.startswith(("./", "../")):
            path, mark, rest = re.split("([?#]|$)", url, maxsplit=1)
            url = (folder / path).resolve().as_uri() + mark + rest
        given = self.model_dump(exclude={"url", "size", "executable"})
        return BrowserOptions(
            url=url,
            size=Size(*(int(side) for side in self.size.split("x"))),
            executable=None if self.executable is None else Path(self.executable).expanduser(),
            **given,
        )


Place = DesktopSpec | AndroidSpec | PracticeSpec | BrowserSpec

PLACES: dict[str, tuple[type[Place], str]] = {
    "desktop": (DesktopSpec, ""),
    "android": (AndroidSpec, "serial"),
    "practice": (PracticeSpec, "seed"),
    "browser": (BrowserSpec, "url"),
}
"""Kinds of places, and which of their settings stands after a colon, as in ``practice:3``."""

FORMS = "desktop, android, android:SERIAL, practice, practice:SEED, browser or browser:URL"


def place_named(text: str, otherwise: Place | None = None) -> Place:
    """Read a place in its short form, such as ``android:emulator-5554`` or ``practice:3``.

    A practice phone's other settings may follow: ``practice:3,size=280x616,theme=sand``.

    Args:
        text: What is written.
        otherwise: Where the task would run; of the same kind, its other settings are kept.

    Raises:
        ValueError: It is none; says what there is.
    """
    kind, colon, rest = text.partition(":")
    if kind not in PLACES or (colon and not (rest and PLACES[kind][1])):
        raise ValueError(f"unknown env {text!r}; there are {FORMS}")
    spec, field = PLACES[kind]
    kept = otherwise.model_dump() if isinstance(otherwise, spec) else {}
    first, *more = rest.split(",") if spec is PracticeSpec else [rest]  # a URL may hold a comma
    given = {field: first} if first else {}
    for setting in more:
        name, equals, value = setting.partition("=")
        if not equals:
            raise ValueError(
                f"{text!r}: behind the seed a setting is NAME=VALUE, such as size=280x616, not "
                f"{setting!r}"
            )
        given[name] = value
    return spec.model_validate(kept | given)
