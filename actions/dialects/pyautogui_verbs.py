"""What pyautogui says: its calls as verbs, with the arguments in its own order.

Timings (``interval``, ``duration``) are understood and change nothing, but for ``dragTo``'s. The
wheel's positive is up and right.

Source: pyautogui's own signatures; ``page`` is Aguvis's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .. import schema as a
from ..errors import ActionError, ActionSchemaError
from ..geometry import Frame, Space
from ..keys import KEYS, parse_chord
from ..schema import Action, parse_action
from .kinds import ChoiceKind, NumberKind, TextKind
from .lark import Lark
from .points import PLACE, ApartKind
from .reading import Reading
from .verbs import Arg, Given, Verb, heard, may, unsaid

FIRST = {
    "pyautogui.press": "keys",
    "pyautogui.hotkey": "keys",
    "pyautogui.scroll": "clicks",
    "pyautogui.hscroll": "clicks",
    "answer": "answer",
}
"""Arguments that are written without their name, by call."""


@dataclass(frozen=True, slots=True)
class PressKind:
    """Names of keys, as pyautogui has them.

    Attributes:
        together: Whether several are pressed together, and stand as arguments of their own.
    """

    together: bool = False

    def read(self, value: Any, reading: Reading, name: str, at: int) -> tuple[str, ...]:
        """Give the names as written."""
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list) or not all(isinstance(key, str) for key in names):
            raise ActionSchemaError(f"{name} is names of keys, not {value!r:.60}", path=(name,))
        if not 1 <= len(names) <= 100:
            raise ActionSchemaError(f"{name} is 1 to 100 names of keys", path=(name,))
        return tuple(names)

    def write(self, value: Sequence[str], frame: Frame, space: Space) -> Any:
        """Give pyautogui's names.

        Raises:
            ActionError: It has none for a key.
        """
        names = [KEYS[key].pyautogui if key in KEYS else key for key in value]
        if None in names:
            raise ActionError(f"pyautogui has no name for a key of {'+'.join(value)}")
        return names if self.together or len(names) > 1 else names[0]

    def schema(self, frame: Frame, space: Space) -> dict[str, Any]:
        """Texts."""
        return {"type": "string"}

    def lark(self, lark: Lark, frame: Frame, space: Space, quote: str) -> str:
        """Names that exist, or printable characters."""
        names = "|".join(info.pyautogui for info in KEYS.values() if info.pyautogui)
        key = lark.pattern(f"{quote}({names}|[!#-&(-\\[\\]-~]){quote}")
        return f'{key} (", " {key}){{1,3}}' if self.together else key


PLACED = ApartKind()
SECONDS = NumberKind(0.001, 60)
BUTTONS = ChoiceKind(
    {"left": "left", "right": "right", "middle": "middle", "primary": "left", "secondary": "right"}
)
_MAY_PLACE = {PLACE: may(PLACED)}
_TIMED = heard(NumberKind(0, 60))


def _click(name: str, button: str, count: int, *, free: bool = False) -> Verb:
    """A click; ``free``: of any button and any count, which are then arguments."""

    def build(given: Given) -> dict[str, Any]:
        return {
            "point": given.get(PLACE),
            "button": given.get("button", button),
            "count": given.get("clicks", count),
        }

    def pull(click: a.Click) -> dict[str, Any] | None:
        if free:
            return {
                PLACE: click.point,
                "clicks": None if click.count == count else click.count,
                "button": None if click.button == button else click.button,
            }
        return {PLACE: click.point} if (click.button, click.count) == (button, count) else None

    clicks = {"clicks": may(NumberKind(1, 3))} if free else {}
    args = {
        **_MAY_PLACE, **clicks, "interval": _TIMED,
        **({"button": may(BUTTONS)} if free or count > 1 else {}), "duration": _TIMED,
    }  # fmt: skip
    return Verb(name, a.Click, args, build=build, pull=pull)


def _drag_fields(given: Given) -> dict[str, Any]:
    held = given.get("duration", 0)
    seconds = {"seconds": held} if held >= 0.05 else {}
    return {"end": given[PLACE], "button": given.get("button", "left"), **seconds}


def _drag_given(drag: a.Drag) -> dict[str, Any]:
    return {
        PLACE: drag.end,
        "duration": None if drag.seconds == 0.5 else drag.seconds,
        "button": None if drag.button == "left" else drag.button,
    }


def _presses(given: Given) -> tuple[Action, ...]:
    count = given.get("presses", 1)
    if len(given["keys"]) == 1:
        (key,) = given["keys"]
        return (parse_action({"action": "key", "keys": key, "count": count}),)
    if count != 1:
        raise ActionSchemaError("press takes presses only with one key", path=("presses",))
    return tuple(parse_action({"action": "key", "keys": key}) for key in given["keys"])


def _press_given(key: a.Key) -> dict[str, Any] | None:
    if len(key.chord) > 1:
        return None
    return {"keys": key.chord, "presses": None if key.count == 1 else key.count}


def _hotkey(given: Given) -> tuple[Action, ...]:
    keys = given["keys"]
    return (parse_action({"action": "key", "keys": keys[0] if len(keys) == 1 else keys}),)


@dataclass(frozen=True, slots=True)
class _WheelKind(NumberKind):
    """A turn of the wheel, either way.

    Attributes:
        pattern: Regular expression of what may be written while it is decoded; never 0.
    """

    pattern: str = ""

    def lark(self, lark: Lark, frame: Frame, space: Space, quote: str) -> str:
        """A number that matches."""
        return lark.pattern(self.pattern)


_CLICKS = _WheelKind(-100, 100, pattern=r"-?([1-9]|10)")
_PAGE = _WheelKind(-100, 100, pattern=r"-?(0\.[1-9]|1\.0)")


def _scroll(name: str, axis: str, sign: int, *, pages: bool) -> Verb:
    """The wheel, in clicks of it or in fractions of a page.

    Args:
        name: Of the call.
        axis: ``dx`` or ``dy``.
        sign: Of the action where the call's is positive.
        pages: Whether the family writes ``page``; it is always understood.
    """

    def build(given: Given) -> dict[str, Any]:
        unit = "clicks" if "clicks" in given else "page"
        if ("clicks" in given) == ("page" in given) or not given[unit]:
            raise ActionSchemaError(f"{name} takes clicks or page, a number other than 0")
        fields: dict[str, Any] = {axis: sign * given[unit], "point": given.get(PLACE)}
        return {**fields, "unit": "screens"} if unit == "page" else fields

    def pull(scroll: a.Scroll) -> dict[str, Any] | None:
        right, down = scroll.delta
        along = down if axis == "dy" else right
        unit = "page" if scroll.unit == "screens" else "clicks"
        said = along and (pages or unit == "clicks")
        return {unit: sign * along, PLACE: scroll.point} if said else None

    page = may(_PAGE) if pages else heard(_PAGE)
    args = {"clicks": may(_CLICKS), PLACE: may(PLACED), "page": page}
    return Verb(name, a.Scroll, args, build=build, pull=pull)


def pyautogui_verbs(*, pages: bool) -> list[Verb]:
    """Give what pyautogui says.

    Args:
        pages: Whether scrolling by fractions of a page is written; it is always understood.
    """
    drag = {PLACE: Arg(PLACED), "duration": may(NumberKind(0, 10)), "button": may(BUTTONS)}
    write = Verb(
        "pyautogui.write", a.Type, {"message": Arg(TextKind(), "text"), "interval": _TIMED},
        build=lambda given: {"text": given["message"]},
        pull=lambda typed: {"message": typed.text},
    )  # fmt: skip
    sleep = Verb("time.sleep", a.Wait, {"seconds": Arg(SECONDS, "seconds")}, said=False)
    return [
        _click("pyautogui.rightClick", "right", 1),
        _click("pyautogui.middleClick", "middle", 1),
        _click("pyautogui.doubleClick", "left", 2),
        _click("pyautogui.click", "left", 1, free=True),
        unsaid(_click("pyautogui.leftClick", "left", 1)),
        unsaid(_click("pyautogui.tripleClick", "left", 3)),
        Verb(
            "pyautogui.moveTo", a.Move, {PLACE: Arg(PLACED), "duration": _TIMED},
            build=lambda given: {"point": given[PLACE]},
            pull=lambda move: {PLACE: move.point},
        ),
        Verb("pyautogui.dragTo", a.Drag, drag, build=_drag_fields, pull=_drag_given),
        write,
        unsaid(_renamed(write, "pyautogui.typewrite")),
        Verb(
            "pyautogui.press", a.Key,
            {
                "keys": Arg(PressKind()),
                "presses": may(NumberKind(1, 100)),
                "interval": _TIMED,
            },
            build=_presses, pull=_press_given,
        ),
        Verb(
            "pyautogui.hotkey", a.Key,
            {"keys": Arg(PressKind(together=True)), "interval": _TIMED},
            build=_hotkey,
            pull=lambda key: {"keys": parse_chord(key.keys)} if key.count == 1 else None,
        ),
        _scroll("pyautogui.scroll", "dy", -1, pages=pages),
        _scroll("pyautogui.hscroll", "dx", 1, pages=pages),
        sleep,
        _renamed(sleep, "pyautogui.sleep"),
    ]  # fmt: skip


def _renamed(verb: Verb, name: str) -> Verb:
    return Verb(name, verb.makes, verb.args, verb.fixed, verb.build, verb.pull, verb.said)
