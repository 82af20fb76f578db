"""What a phone is and can, asked once; and what it is doing now, asked at every look."""

import re
from dataclasses import dataclass

from ..model.size import Size
from .adb_link import Link
from .errors import ActionFailed
from .worker import Stop

_MARK = "#eyehand"
_NOT_FOUND = "127"


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a phone is and can.

    Attributes:
        model: What its maker calls it.
        android: Version of Android, such as ``14``.
        sdk: Its number for programs, such as 34; 0 where it does not say.
        density: Dots per inch; a dp is ``density / 160`` pixels.
        touch_parts: ``input`` takes the parts of a touch one by one (Android 10 and later).
        touch_cancel: A touch can be taken back, so that it means nothing.
        combinations: ``input`` presses several keys together (Android 12 and later).
        key_duration: ``input keyevent`` holds a key as long as it is told to.
        quick_input: ``input`` starts at once (Android 12 and later), not after half a second.
    """

    model: str = ""
    android: str = ""
    sdk: int = 0
    density: int = 160
    touch_parts: bool = False
    touch_cancel: bool = False
    combinations: bool = False
    key_duration: bool = False
    quick_input: bool = False

    def dp(self, count: float) -> float:
        """Give so many density-independent pixels in pixels."""
        return count * self.density / 160


@dataclass(frozen=True, slots=True)
class State:
    """What a phone is doing; None where it does not say.

    Attributes:
        app: Package and activity in front, as ``package/activity``.
        window: What has the focus there, where it is more than the app: a dialog, the shade.
        keyboard: Whether an on-screen keyboard is shown.
        awake: Whether the screen is on.
        locked: Whether the lock screen is shown.
        ime: Id of the keyboard that is set.
    """

    app: str | None = None
    window: str | None = None
    keyboard: bool | None = None
    awake: bool | None = None
    locked: bool | None = None
    ime: str | None = None

    def extras(self) -> dict[str, str | bool]:
        """Give what is known, for an Observation."""
        named = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in named.items() if value is not None}


def abilities(link: Link, stop: Stop) -> Abilities:
    """Ask a phone what it is and can.

    Raises:
        DeviceLost: It does not answer.
    """
    questions = (
        "getprop ro.product.model",
        "getprop ro.build.version.release",
        "getprop ro.build.version.sdk",
        "wm density",
        "input",  # without arguments it tells how it is used
    )
    model, android, sdk, density, usage = asked(link, questions, stop)
    number = int(sdk) if sdk.isdigit() else 0
    said = bool(re.search(r"\btap\b", usage))
    dots = [int(dots) for dots in re.findall(r"density: (\d+)", density)]
    return Abilities(
        model=model,
        android=android,
        sdk=number,
        density=dots[-1] if dots and dots[-1] > 0 else 160,  # an override comes last
        touch_parts="motionevent" in usage if said else number >= 29,
        touch_cancel="CANCEL" in usage if said else number >= 31,
        combinations="keycombination" in usage if said else number >= 31,
        key_duration="--duration" in usage,
        quick_input=number >= 31,
    )


def asked(link: Link, questions: tuple[str, ...], stop: Stop) -> list[str]:
    """Ask several questions in one go.

    Args:
        link: The phone.
        questions: Commands of its shell.
        stop: Ends the wait.

    Returns:
        What each printed, whether or not it liked the question; nothing where there is no such
        command.
    """
    # The mark gets the exit code first: `echo` would lose it.
    line = "".join(f'{question}\necho "\n{_MARK} $?"\n' for question in questions)
    parts = re.split(rf"\n{_MARK} (\d+)(?:\n|$)", link.ask(line, stop).text)
    answers = [
        "" if code == _NOT_FOUND else text.strip()
        for text, code in zip(parts[::2], parts[1::2], strict=False)
    ]
    return answers + [""] * (len(questions) - len(answers))


# `displays` and `policy` are a tenth of what all of `dumpsys window` prints, and as much quicker.
_STATE = (
    "dumpsys window displays | grep -E 'mCurrentFocus=|mFocusedApp='",
    "dumpsys window policy | grep -E 'showing=|mShowingLockscreen=|mIsShowing='",
    "dumpsys power | grep mWakefulness=",
    "dumpsys input_method | grep mInputShown=",
    "settings get secure default_input_method",
)
_FOCUS = re.compile(r"mCurrentFocus=Window\{\S+ (?:u\d+ )?([^ }]+)")
_APP = re.compile(r"mFocusedApp=.*?ActivityRecord\{\S+ u\d+ ([^ /}]+/[^ }]+)")


def state(link: Link, stop: Stop) -> State:
    """Ask a phone what it is doing, in one go.

    Raises:
        DeviceLost: It does not answer.
    """
    return parse_state(*asked(link, _STATE, stop))


def parse_state(window: str, policy: str, power: str, input_method: str, ime: str) -> State:
    """Read a phone's answers.

    Example:
        >>> parse_state("mFocusedApp=ActivityRecord{1 u0 a.b/.C t7}", "", "", "", "").app
        'a.b/.C'
    """
    focus, app = _FOCUS.search(window), _APP.search(window)
    front = app[1] if app else None
    name = focus[1] if focus else None
    if front is None and name and "/" in name:
        front = name
    awake = re.search(r"mWakefulness=(\w+)", power)
    shown = re.findall(r"mInputShown=(true|false)", input_method)
    locks = re.findall(r"\b(?:showing|mShowingLockscreen|mIsShowing)=(true|false)", policy)
    return State(
        app=front,
        window=name if name and not _same_activity(name, front) else None,
        keyboard="true" in shown if shown else None,
        awake=awake[1] in ("Awake", "Dreaming") if awake else None,
        locked="true" in locks if locks else None,
        ime=ime if "/" in ime and "\n" not in ime else None,
    )


def _same_activity(window: str, app: str | None) -> bool:
    if app is None:
        return False
    package, _, activity = app.partition("/")
    full = package + activity if activity.startswith(".") else activity
    return window in (app, f"{package}/{full}")


def pointer_size(picture: Size, wm_size: str) -> Size:
    r"""Give the size of the screen in the units that ``input`` takes, as it lies now.

    ``input`` and ``screencap`` both work in the display's logical size, turned as the screen is.
    Where a phone's ``screencap`` gives panel pixels all the same, the two differ.

    Args:
        picture: Size of a screenshot.
        wm_size: What ``wm size`` printed: the panel's size, upright, and perhaps an override.

    Example:
        >>> pointer_size(Size(2400, 1080), "Physical size: 1080x2400\nOverride size: 720x1600")
        Size(width=1600, height=720)
    """
    sizes = re.findall(r"size: (\d+)x(\d+)", wm_size)
    if not sizes:
        return picture
    width, height = (int(side) for side in sizes[-1])
    if (picture.width > picture.height) != (width > height):
        width, height = height, width
    # Another shape is another display: a folded phone, an external screen.
    if (
        not width
        or not height
        or abs(picture.width * height - picture.height * width)
        > 2 * max(picture.width, picture.height, width, height)
    ):
        return picture
    return Size(width, height)


def physical_display(listing: str, display: int) -> str:
    """Find what ``screencap`` calls a display; ``input`` counts them otherwise.

    Args:
        listing: What ``dumpsys display`` printed.
        display: The number that ``input -d`` takes; 0 is the phone's own screen.

    Raises:
        ActionFailed: There is no such display.
    """
    table: dict[int, str] = {}
    for found in re.finditer(r'DisplayInfo\{.*?displayId (\d+).*?uniqueId "local:(\d+)"', listing):
        table[int(found[1])] = found[2]
    if display not in table:
        known = ", ".join(map(str, sorted(table))) or "none that can be told apart"
        raise ActionFailed(f"there is no display {display}; there are {known}")
    return table[display]


def is_secure(link: Link, stop: Stop) -> bool:
    """Whether what is in front forbids pictures of itself, as far as the phone tells.

    Raises:
        DeviceLost: The phone does not answer.
    """
    (window,) = asked(link, ("dumpsys window windows | grep -E '(fl|flags)=.*SECURE'",), stop)
    return "SECURE" in window
