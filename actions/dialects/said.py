"""Which actions a family can say, found out by asking its dialect."""

from ...model.size import Size
from .. import schema as a
from ..errors import ActionError
from ..geometry import Frame, Point
from ..schema import Action
from .base import Dialect

_SIZE = Size(1000, 1000)
_HERE, _THERE = Point(500, 500), Point(500, 250)
_PLAIN: tuple[Action, ...] = (
    a.Click(point=_HERE),
    a.LongPress(point=_HERE),
    a.LongPress(point=_HERE, seconds=2),
    a.Move(point=_HERE),
    a.Drag(end=_HERE),
    a.Drag(start=_HERE, end=_THERE),
    a.Swipe(start=_HERE, end=_THERE),
    a.Scroll(direction="down"),
    a.Scroll(direction="down", point=_HERE),
    a.Type(text="text"),
    a.Type(text="text", clear=True),
    a.Type(text="text", submit=True),
    a.Key(keys="enter"),
    a.HoldKey(keys="shift"),
    a.OpenApp(name="Clock"),
    a.Back(),
    a.Home(),
    a.AppSwitch(),
    a.Screenshot(),
    *(a.Wait(seconds=seconds) for seconds in (1, 2, 5, 20)),
    a.Answer(text="text"),
    a.AskUser(question="Which?"),
    a.Done(),
)


def says(dialect: Dialect) -> frozenset[str]:
    """Name the actions that a family can say, though perhaps not with all of their fields."""
    frame = Frame("asked", _SIZE, _SIZE).planned(_SIZE)
    found = set()
    for action in _PLAIN:
        try:
            dialect.render(action, frame)
        except ActionError:
            continue
        found.add(action.action)
    return frozenset(found)
