"""What UI-TARS can say.

Source: the prompts in `ui_tars_prompts`, and the project's training example for ``select`` and for
``type`` with a place.
"""

from dataclasses import replace

from .. import schema as a
from ..errors import ActionSchemaError
from ..schema import Action
from .kinds import KeysKind, NumberKind, TextKind
from .points import PointKind
from .shared_verbs import CALLED, NAME, WAYS, finish
from .verbs import Arg, Given, Verb, Vocabulary, heard, unsaid, with_point

WAIT_S = 5.0
"""How long ``wait()`` is, by the prompt."""

KEYS = KeysKind(" ", {"page_up": "pageup", "page_down": "pagedown"})
TEXT = TextKind()

TOKENS = PointKind("<|box_start|>({x},{y})<|box_end|>")
PLAIN = PointKind("({x},{y})")
POINT = PointKind("<point>{x} {y}</point>")

BOX_NAMES = ("start_box", "end_box", "start_box")
POINT_NAMES = ("start_point", "end_point", "point")
"""Names of the arguments where a drag starts, where it ends, and where anything else happens."""

ALSO: dict[str, str | tuple[str, ...]] = {
    "start_box": ("point", "start_point"),
    "point": ("start_box", "start_point"),
    "start_point": ("start_box", "point"),
    "end_box": "end_point",
    "end_point": "end_box",
    "text": "content",
    "app": "app_name",
    "name": "app_name",
    "keys": "key",
}
"""Arguments by other names that they are given."""


def typed(given: Given) -> tuple[Action, ...]:
    """Give what ``type`` means: a line feed at the end submits, a place is clicked first."""
    text = str(given["content"])
    submit = text.endswith("\n")
    fields = {"action": "type", "text": text.removesuffix("\n"), "submit": submit}
    return with_point([a.parse_action(fields)], given.get("start_box") or given.get("point"))


def content(action: a.Type) -> Given | None:
    """Give the content that types a text."""
    return {"content": f"{action.text}\n" if action.submit else action.text}


def _scrolled(given: Given) -> tuple[Action, ...]:
    """A finger that is drawn where both ends are named, else a wheel."""
    start = given.get("start_box") or given.get("point")
    end = given.get("end_box")
    if end is not None and start is not None:
        return (a.Swipe(start=start, end=end),)
    if "direction" not in given:
        raise ActionSchemaError("scroll needs direction", path=("scroll", "direction"))
    return (a.Scroll(point=start, direction=given["direction"]),)


def _scroll_said(action: a.Scroll) -> Given | None:
    if action.point is None:
        return None
    return {"start_box": action.point, "point": action.point, "direction": action.direction}


def tars_verbs(point: PointKind, names: tuple[str, str, str]) -> dict[str, Verb]:
    """All that any version says, with points in one form."""
    start, end, place = names
    at = {place: Arg(point, "point")}
    between = {start: Arg(point, "start"), end: Arg(point, "end")}
    wait = {"time": heard(NumberKind(0.001, 60), "seconds")}
    scroll = {
        # Never left out where it is written, and understood without.
        place: Arg(point, needed=False),
        "direction": Arg(WAYS, needed=False),
        "end_box": heard(point),
    }
    verbs = [
        Verb("click", a.Click, at),
        Verb("left_double", a.Click, at, {"count": 2}),
        Verb("right_single", a.Click, at, {"button": "right"}),
        Verb("long_press", a.LongPress, {**at, "time": heard(NumberKind(0.1, 10), "seconds")}),
        Verb("drag", a.Drag, between),
        Verb("hotkey", a.Key, {"key": Arg(KEYS, "keys")}),
        Verb(
            "type",
            a.Type,
            {"content": Arg(TEXT), place: heard(point)},
            build=typed,
            pull=content,
        ),
        Verb("scroll", a.Scroll, scroll, build=_scrolled, pull=_scroll_said),
        Verb("open_app", a.OpenApp, {"app_name": Arg(NAME, "name")}),
        Verb("press_home", a.Home),
        Verb("press_back", a.Back),
        Verb("wait", a.Wait, wait, build=lambda given: {"seconds": given.get("time", WAIT_S)}),
        finish("finished", "content"),
        Verb(
            "call_user",
            a.AskUser,
            {"content": heard(TEXT)},
            build=lambda given: {"question": given.get("content") or CALLED},
        ),
        # Said by earlier versions and in the training data.
        Verb("select", a.Click, at, said=False),
        Verb("navigate_home", a.Home, said=False),
        Verb("navigate_back", a.Back, said=False),
    ]
    return {verb.name: verb for verb in verbs}


def _chosen(family: str, verbs: dict[str, Verb], said: str) -> Vocabulary:
    """Give a vocabulary that says some of the verbs, and understands all."""
    names = said.split()
    rest = [unsaid(verb) for name, verb in verbs.items() if name not in names]
    return Vocabulary(family, [*(verbs[name] for name in names), *rest], ALSO)


_DESKTOP = "click left_double right_single drag hotkey type scroll wait finished"
_PHONE = "click long_press type scroll open_app drag press_home press_back finished"


def _first() -> tuple[Vocabulary, Vocabulary]:
    """1.0's verbs for a desktop, which ends without an answer, and for a phone, which swipes."""
    verbs = tars_verbs(TOKENS, BOX_NAMES)
    silent = replace(
        verbs["finished"],
        args={"content": heard(TEXT)},
        pull=lambda action: {} if isinstance(action, a.Done) else None,
    )
    swipe = Verb(
        "scroll",
        a.Swipe,
        {
            "start_box": Arg(TOKENS, "start", needed=False),
            "end_box": Arg(TOKENS, "end", needed=False),
            "direction": heard(WAYS),
        },
        build=_scrolled,
    )
    desktop = _chosen("ui-tars", {**verbs, "finished": silent}, f"{_DESKTOP} call_user")
    phone = "click long_press type scroll press_home press_back finished"
    return desktop, _chosen("ui-tars", {**verbs, "scroll": swipe}, phone)


FIRST = _first()
"""1.0's vocabularies, for desktops and for phones."""

BOXES, POINTS = (
    tuple(_chosen("ui-tars-1.5", tars_verbs(point, names), said) for said in (_DESKTOP, _PHONE))
    for point, names in ((PLAIN, BOX_NAMES), (POINT, POINT_NAMES))
)
"""1.5's, with points as the open checkpoint and as the hosted versions write them."""
