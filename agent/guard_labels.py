"""What lies under an action's points, or has the keyboard, as the system says."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..actions.geometry import Point
from ..envs.base import Env, Shown, TellsWhatIsShown
from ..envs.errors import ActionFailed
from ..envs.resume import device_of
from ..model.size import Size
from .patterns import LONGEST

_LONGEST = LONGEST + 1
"""Of a text, in characters: what is longer still fits whatever is stricter, as in all patterns."""
_NAMES = 12
_NEAR = 8
_NEAR_SHARE = 0.2
"""How far something near may be above or below, as a part of the screen's height."""
_PAGE_SHARE = 0.5
"""What covers more of the screen is the page, not something on it."""
_PANEL_SHARE = 0.3
"""Up to here, what programs call it says what it is."""
_ROW_SHARE = 0.15
"""What covers no more may be one row, and what stands in it belongs to it."""
_ROW_HEIGHT = 0.1
_BULLETS = re.compile(r"[•●∙*‧⬤\s]+")


@dataclass(frozen=True, slots=True)
class Target:
    """What an action is done to.

    Attributes:
        known: Whether the system says what is on the screen.
        names: For each point, or for what has the keyboard: its texts, labels and ids.
        near: Texts close by, the nearest first.
        switch: Whether it can be on or off.
        why: Why it is not known.
    """

    known: bool
    names: tuple[tuple[str, ...], ...] = ()
    near: tuple[str, ...] = ()
    switch: bool = False
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """Give plain data that ``of_json`` reads back."""
        if not self.known:
            return {"known": False, "why": self.why}
        return {
            "known": True,
            "names": [list(names) for names in self.names],
            "near": list(self.near),
            "switch": self.switch,
        }

    @classmethod
    def of_json(cls, data: Any) -> "Target":
        """Read what was recorded.

        Raises:
            ValueError: It is none.
        """
        try:
            if data["known"] is not True:
                return cls(False, why=str(data.get("why", "")))
            names = tuple(tuple(map(str, row)) for row in data["names"])
            near = tuple(map(str, data.get("near", ())))
            return cls(True, names, near, data.get("switch") is True)
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"{data!r:.80} does not say what is shown") from error

    @property
    def title(self) -> str:
        """What to call it in a question; empty where it has no name."""
        return " / ".join(names[0] for names in self.names if names)


async def target_of(env: Env, points: Sequence[Point], size: Size) -> Target:
    """Ask an env what lies under points, or what has the keyboard where there are none.

    Args:
        env: Which.
        points: In physical pixels of the screenshot.
        size: Of the screenshot.

    Raises:
        DeviceLost: The device is gone.
    """
    device = device_of(env)
    if not isinstance(device, TellsWhatIsShown):
        return Target(False, why=f"{env.name} does not tell what is shown")
    try:
        shown = await device.shown()
    except ActionFailed as error:
        return Target(False, why=str(error)[:200])
    return read_target(shown, points, size)


def read_target(shown: Sequence[Shown], points: Sequence[Point], size: Size) -> Target:
    """Find what lies under points, or what has the keyboard where there are none.

    Args:
        shown: What is on the screen.
        points: In physical pixels of the screenshot.
        size: Of the screenshot.
    """
    if not any(one.text or one.label for one in shown):
        return Target(False, why="the app draws itself, and says nothing of what it shows")
    whole = size.width * size.height
    if not points:
        focused = [one for one in shown if one.focused]
        return Target(
            True,
            (_distinct(name for one in focused for name in _field_names(one)),),
            _near(shown, [_middle(one) for one in focused], size),
        )
    names, switch = [], False
    for point in points:
        here = sorted((one for one in shown if _holds(one, point)), key=_area)
        small = [one for one in here if _area(one) <= _ROW_SHARE * whole]
        own = [n for one in here if _area(one) <= _PAGE_SHARE * whole for n in _words(one)]
        if not own:  # an icon or the blank of a row: its words stand beside the point
            rows = (
                [n for one in shown if _within(one, outer) for n in _words(one)] for outer in small
            )
            own = next(filter(None, rows), [])
        own += [_id(one) for one in here if one.id and _area(one) <= _PANEL_SHARE * whole]
        names.append(_distinct(own))
        beside = [one for one in shown if _beside(one, point, size)]
        switch = switch or any(one.checked is not None for one in [*small, *beside])
    return Target(True, tuple(names), _near(shown, points, size), switch)


def _near(shown: Iterable[Shown], points: Sequence[Point], size: Size) -> tuple[str, ...]:
    far = _NEAR_SHARE * size.height
    found = []
    for one in shown:
        left, top, right, bottom = one.box
        for point in points:
            up = max(top - point.y, point.y - bottom, 0.0)
            aside = max(left - point.x, point.x - right, 0.0)
            if up <= far and (one.text or one.label):
                found.append((up + aside / 4, one.text or one.label))
    found.sort(key=lambda pair: pair[0])
    return _distinct((text for _, text in found), _NEAR)


def _words(one: Shown) -> list[str]:
    return [word for word in (one.text, one.label) if word.strip()]


def _field_names(one: Shown) -> list[str]:
    """Give what a field is called; what was typed into it is no name."""
    names = [one.label] if one.label.strip() else [one.text] if one.text.strip() else []
    if one.text and _BULLETS.fullmatch(one.text):
        names.append("password")
    return [*names, *([_id(one)] if one.id else [])]


def _id(one: Shown) -> str:
    """Give what programs call it, as words: ``send button`` of ``com.app:id/send_button``."""
    return re.sub(r"[_\-.]+", " ", one.id.rpartition("/")[2]).strip()


def _distinct(texts: Iterable[str], most: int = _NAMES) -> tuple[str, ...]:
    short = (" ".join(text.split())[:_LONGEST] for text in texts)
    return tuple(dict.fromkeys(filter(None, short)))[:most]


def _area(one: Shown) -> float:
    left, top, right, bottom = one.box
    return float(max(0, right - left) * max(0, bottom - top))


def _middle(one: Shown) -> Point:
    left, top, right, bottom = one.box
    return Point((left + right) / 2, (top + bottom) / 2)


def _holds(one: Shown, point: Point) -> bool:
    left, top, right, bottom = one.box
    return left <= point.x < right and top <= point.y < bottom


def _beside(one: Shown, point: Point, size: Size) -> bool:
    """Whether it stands in the row of a point: a list's switch is at the end of its line."""
    _, top, _, bottom = one.box
    return top <= point.y < bottom and bottom - top <= _ROW_HEIGHT * size.height


def _within(one: Shown, outer: Shown) -> bool:
    left, top, right, bottom = outer.box
    return one.box[0] >= left and one.box[1] >= top and one.box[2] <= right and one.box[3] <= bottom
