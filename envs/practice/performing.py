"""How an action becomes touches, keys and text on a practice phone."""

import difflib
from collections.abc import Iterator, Mapping

from ...actions import schema as a
from ...actions.geometry import Point
from ...actions.schema import Action
from ..android_input import key_code
from ..errors import ActionFailed
from .field import Field
from .phone import Phone
from .surfaces import STATUS_DP

_FRAME_S = 1 / 60


_REST_S = 0.15


_NOTCH_DP = 64


_MODIFIERS = frozenset({57, 58, 59, 60, 113, 114, 117, 118})


def send(phone: Phone, action: Action, places: Mapping[str, tuple[int, int]]) -> None:
    """Do what an action says; takes the phone's time, and waits for nothing afterwards.

    Args:
        phone: Which.
        action: What.
        places: The action's points by the names of their fields, in pixels of the screen.

    Raises:
        ActionFailed: It cannot be done, or not all of it arrived.
    """
    match action:
        case a.Click():
            if action.button != "left":
                raise ActionFailed(f"a finger has no {action.button} button")
            for _ in range(action.count):
                phone.tap(*_place(places, "point"))
        case a.LongPress():
            phone.press(*places["point"], action.seconds)
        case a.Drag() | a.Swipe():
            start = _place(places, "start")
            phone.swipe(*start, *places["end"], action.seconds)
        case a.Scroll():
            _scroll(phone, action, places.get("point"))
        case a.Key() | a.HoldKey():
            *held, last = (key_code(key) for key in action.chord)
            for _ in range(getattr(action, "count", 1)):
                phone.key(last, meta=frozenset(held) & _MODIFIERS)
            phone.advance(getattr(action, "seconds", 0.0))
        case a.Type():
            _type(phone, action)
        case a.OpenApp():
            phone.launch(_package(phone, action.name))
        case a.Back():
            phone.back()
        case a.Home():
            phone.go_home()
        case a.AppSwitch():
            phone.show_recents()
        case a.Wait():
            phone.advance(action.seconds)
        case _:
            return  # Screenshot: to look again is all


def _place(places: Mapping[str, tuple[int, int]], name: str) -> tuple[int, int]:
    if name not in places:
        raise ActionFailed("a phone has no pointer that stays somewhere: give the point")
    return places[name]


def _scroll(phone: Phone, action: a.Scroll, place: tuple[int, int] | None) -> None:
    """Draw a finger the other way, slowly, and rest before it is lifted: nothing runs on."""
    width, height = phone.size
    right, down = action.delta
    if action.unit == "screens":
        far = Point(right * width, down * height)
    else:
        notch = phone.style.dp(_NOTCH_DP)
        far = Point(right * notch, down * notch)
    edge = phone.style.dp(STATUS_DP + 8)
    x, y = place or (width // 2, height // 2)
    x, y = min(max(x, 8), width - 9), min(max(y, edge + 8), height - edge - 8)
    for step in _strokes(far, (x, y), (width, height), edge):
        _stroke(phone, (x, y), (x - step.x, y - step.y))


def _strokes(
    far: Point, place: tuple[int, int], size: tuple[int, int], edge: int
) -> Iterator[Point]:
    """Cut a distance into strokes that stay on the screen."""
    room_x = place[0] - 8 if far.x > 0 else size[0] - 8 - place[0]
    room_y = place[1] - edge if far.y > 0 else size[1] - edge - place[1]
    count = max(1, -(-abs(far.x) // max(1, room_x)), -(-abs(far.y) // max(1, room_y)))
    for _ in range(int(count)):
        yield Point(far.x / count, far.y / count)


def _stroke(phone: Phone, start: tuple[float, float], end: tuple[float, float]) -> None:
    phone.touch("down", *start)
    steps = 12
    for step in range(1, steps + 1):
        phone.advance(_FRAME_S)
        share = step / steps
        x, y = (a0 + (a1 - a0) * share for a0, a1 in zip(start, end, strict=True))
        phone.touch("move", x, y)
    phone.advance(_REST_S)
    phone.touch("up", *end)


def _type(phone: Phone, action: a.Type) -> None:
    if phone.field is None:
        raise ActionFailed("no text field has the keyboard: tap one first; nothing was typed")
    if action.clear:
        phone.clear_field()
    part = ""
    for letter in action.text.replace("\r\n", "\n").replace("\r", "\n"):
        field = phone.field
        if letter == "\t" or (letter == "\n" and field is not None and field.kind != "multiline"):
            _commit(phone, part)
            part = ""
            if letter == "\t":
                phone.next_field()
            else:
                phone.enter()
        else:
            part += letter
    _commit(phone, part)
    if action.submit:
        phone.enter()


def _commit(phone: Phone, text: str) -> None:
    if not text:
        return
    field = phone.field
    if field is None:
        raise ActionFailed(
            f"the field lost the keyboard before {text!r:.60} was typed", delivered=True
        )
    wanted = _with(field, text)
    phone.commit(text)
    if field.text != wanted:
        raise ActionFailed(f"the field does not take all of {text!r:.60}: it took what it could, "
                           f"and holds {field.text!r:.60} now", delivered=True)  # fmt: skip


def _with(field: Field, text: str) -> str:
    start, end = field.selection
    return field.text[:start] + text + field.text[end:]


def _package(phone: Phone, name: str) -> str:
    """Give the package of an app by its package or by the name people see.

    Raises:
        ActionFailed: There is none.
    """
    packages = phone.packages
    if name in packages:
        return name
    labels = {info.label.casefold(): package for package, info in packages.items()}
    if (found := labels.get(name.strip().casefold())) is not None:
        return found
    shown = [info.label for info in packages.values()]
    near = difflib.get_close_matches(name.casefold(), list(labels), 1, 0.6)
    hint = f"; did you mean {packages[labels[near[0]]].label}?" if near else ""
    raise ActionFailed(f"there is no app {name!r}; there are {', '.join(sorted(shown))}{hint}")
