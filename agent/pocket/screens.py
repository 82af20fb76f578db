"""Screens of practice phones that somebody has wandered about on, and what can be read there."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from ...actions import schema as a
from ...actions.geometry import Point
from ...envs.practice.draw import Box
from ...envs.practice.phone import Phone
from ...envs.practice.tasks.hand import Hand
from ...envs.practice.tasks.steps import Lost, Next
from ...envs.practice.view import UiNode, View
from ...envs.practice.written import Inked, Run, written_on
from ...model.chat import Pixels
from ...model.tokenizer import Tokenizer
from .held_out import looks_held_out, names_one
from .looks import Looks
from .pictures import Thing, pieces_in, things_on

_LOADED_S = 3.0
_MOST_TRIES = 50
_TALLEST_PX = 120
"""Of what is one thing."""
_ROW_PX = 56
"""Of a row: what stands half of it above or below a place is of another one."""
_LAST_PX = 6
"""Of a line: the middle of its last letter, or nearly."""
_MOST_WORDS = 4
_LONGEST_NAME = 24
"""Words and letters of a name that is said before a click."""
_BETWEEN = " · "
"""What stands between parts of a line that have nothing to do with each other."""
_TIME = re.compile(r"\d?\d:\d\d")
_GRIDS = (14, 7)
"""Sides in pixels of the squares whose middles are clicked: a patch, and half of one."""


@dataclass(frozen=True, slots=True, eq=False)
class Screen:
    """What a phone shows.

    Attributes:
        phone: As it is; nobody may change it any more.
        pixels: Its picture.
        runs: All that can be read on it.
        things: What is drawn on it and not written, and pieces of words, where those are told.
    """

    phone: Phone
    pixels: Pixels
    runs: tuple[Run, ...]
    things: tuple[Thing, ...]


@dataclass(frozen=True, slots=True)
class Control:
    """Something to tap.

    Attributes:
        name: What it says, or is called.
        point: Where whoever knows the way would tap it.
        told: Where it stands that it is meant: see `told_by`.
        box: What of it shows.
        said: Whether its name stands on the screen.
    """

    name: str
    point: Point
    told: Point
    box: Box
    said: bool


def wandered(
    draw: Random,
    looks: Looks,
    tokenizer: Tokenizer | None = None,
    *,
    held_out: bool = False,
    seed: int | None = None,
) -> Screen:
    """Give the screen of a phone after a few taps. 20 to 40 ms.

    Args:
        draw: Chooses all that is chosen.
        looks: What phones look like.
        tokenizer: See `shown_by`.
        held_out: Whether names that are held out may show.
        seed: Of the phone; None: one that is trained on.

    Raises:
        RuntimeError: Fifty phones in a row showed nothing that may be shown.
    """
    for _ in range(_MOST_TRIES):
        phone = looks.phone(draw, seed)
        if draw.random() < 0.95:
            phone.open_app(draw.choice([*phone.apps]))
        phone.advance(_LOADED_S)
        for _ in range(draw.choice((0, 0, 1, 1, 2, 3))):
            nodes = [n for n in phone.tree().walk() if n.clickable and n.enabled]
            if nodes:
                phone.tap(*_inside(draw.choice(nodes).box, phone))
                phone.advance(_LOADED_S)
        if draw.random() < 0.25:
            width, height = phone.size
            phone.wheel(width / 2, height / 2, 0, draw.randint(1, 8))
            phone.advance(_LOADED_S)
        if phone.moving or (not held_out and looks_held_out(phone)):
            continue
        runs = written_on(phone)
        # What things are called may be cut off on the picture, and is asked for all the same.
        called = (node.text or node.label or "" for node in phone.tree().walk())
        if runs and (held_out or not names_one((*(run.text for run in runs), *called))):
            return shown_by(phone, phone.pixels(), runs, tokenizer)
    raise RuntimeError(f"{_MOST_TRIES} phones in a row show nothing that may be shown")


def shown_by(
    phone: Phone, pixels: Pixels, runs: tuple[Run, ...], tokenizer: Tokenizer | None
) -> Screen:
    """Give what a phone shows, with the pieces of its words where a tokenizer cuts them."""
    pieces = [] if tokenizer is None else pieces_in(runs, tokenizer)
    return Screen(phone, pixels, runs, (*things_on(phone), *pieces))


def _inside(box: Box, phone: Phone) -> tuple[int, int]:
    x, y = box.centre
    return min(max(x, 0), phone.size.width - 1), min(max(y, 0), phone.size.height - 1)


def controls(screen: Screen) -> list[tuple[str, Box]]:
    """Give the names of what can be tapped and where it shows, each name that stands for one."""
    found: dict[str, list[UiNode]] = {}
    for node in screen.phone.tree().walk():
        # A slider's text is where it stands.
        name = (node.label if node.role == "slider" else node.text or node.label).strip()
        if not name or "\n" in name or len(name) > 60:
            continue
        found.setdefault(name, []).append(node)
    named = []
    for name, nodes in found.items():
        tapped = [node for node in nodes if node.clickable or node.role in ("field", "slider")]
        if len(tapped) == 1:
            named.append((name, tapped[0].box))
        elif not tapped and len(nodes) == 1:
            named.append((name, nodes[0].box))
    return named


def control(screen: Screen, name: str, box: Box) -> Control | None:
    """Give what is to be tapped for a name; None where it cannot be tapped as it lies now.

    The place is the oracle's: what is learnt about a screen and about tasks is the same.
    """
    try:
        Hand(screen.phone, []).tap(name)
    except Next as step:
        action = step.action
        if not isinstance(action, a.Click) or action.point is None:
            return None
        hits = screen.phone.scene().hits(*action.point)
        if not any(view.on_tap or view.role in ("slider", "field") for view in hits):
            return None
        tapped = next((view.box for view in hits if view.on_tap), box)
        shown = tapped.clipped(Box(0, 0, *screen.phone.size))
        said = any(run.text == name for run in screen.runs)
        point = clicked(screen.phone, action.point, screen.runs)
        told = told_by(screen.phone, point, screen.runs)
        return Control(name, point, told, shown, said)
    except Lost:
        return None
    return None


def touched(phone: Phone, point: Point) -> View | None:
    """Give what a touch there is for; None where it is for nothing."""
    for view in phone.scene().hits(*point):
        if view.on_tap or view.on_long or view.role in ("field", "slider"):
            return view
    return None


def clicked(phone: Phone, point: Point, runs: Sequence[Run]) -> Point:
    """Give a point of few possible ones that touches what a point touches, where there is one.

    It is where the name of that ends, as far as it is said, if it has one that shows: a token of a
    picture knows what stands before it in its line, and not what comes after. Else it is near the
    point.

    Args:
        phone: As it shows.
        point: Where it would be touched.
        runs: All that can be read there.
    """
    exact = Point(round(point.x), round(point.y))
    meant = touched(phone, point)
    if meant is None or meant.role == "slider":  # where it is touched says what it is set to
        return exact
    named = _named(meant, runs)[:1]
    for middle in (*(at_end(one.box) for one in named), point):
        for near in _near(middle):
            if touched(phone, near) is meant:
                return near
    return exact


def said_by(view: View, runs: Sequence[Run]) -> list[Run]:
    """Give what can be read in a view, its title first: the largest letters, from above.

    The one letter in a person's picture is larger still, and comes last.
    """
    inside = [run for run in runs if view.box.holds(*Box(*run.box).centre)]
    return sorted(inside, key=_as_title)


class _Name(NamedTuple):
    """What something is called: a part of a line, as `short` as it is said.

    Attributes:
        text: The part.
        box: Round as much of it as is said; as high as the line.
    """

    text: str
    box: Box


def _named(view: View, runs: Sequence[Run]) -> list[_Name]:
    """Give what can be read in a view that is small enough to be one thing; times come last.

    Of times that are alike one digit differs, and each of them stands on many screens. What stands
    beside them is told by its words.
    """
    if view.box.height > _TALLEST_PX:
        return []
    return sorted((one for run in said_by(view, runs) for one in _names_in(run)), key=_is_time)


def _is_time(name: _Name) -> bool:
    return _TIME.fullmatch(name.text) is not None


def _names_in(run: Run) -> Iterator[_Name]:
    """Give what a line says, part by part; as one, where its letters cannot be told apart."""
    _, top, _, bottom = whole = Box(*run.box)
    at = 0
    for text in run.text.split(_BETWEEN):
        letters = letters_of(run, at, at + len(short(text)))
        if not letters:
            yield _Name(run.text, whole)
            return
        left, right = min(one.left for one in letters), max(one.right for one in letters)
        yield _Name(text, Box(left, top, right, bottom))
        at += len(text) + len(_BETWEEN)


def letters_of(run: Run, at: int, end: int) -> tuple[Inked, ...]:
    """Give the letters of a part of a line; none where they cannot be told apart by counting."""
    if len("".join(run.text.split())) != len("".join(one.text for one in run.letters)):
        return ()
    if len("".join(one.text for one in run.letters)) != len(run.letters):
        return ()
    blanks = sum(sign.isspace() for sign in run.text[:at])
    inside = sum(sign.isspace() for sign in run.text[at:end])
    return run.letters[at - blanks : end - blanks - inside]


def name_at(phone: Phone, point: Point, runs: Sequence[Run]) -> str:
    """Give what is touched at a point as its `short` name; empty where it has none."""
    meant = touched(phone, point)
    if meant is None:
        return ""
    words = [one.text for one in _named(meant, runs)] or [meant.text or meant.label]
    return short(words[0])


def told_by(phone: Phone, point: Point, runs: Sequence[Run]) -> Point:
    """Give where it stands what is touched at a point: there, or at the end of a name beside it.

    An icon or a switch in a row is told by what the row says: what it is called has those words.
    """
    meant = touched(phone, point)
    if meant is None or said_by(meant, runs):
        return point
    beside = [
        one
        for run in runs
        for one in _names_in(run)
        if len(one.text) > 1 and one.text in meant.label and _in_row(one.box, point)
    ]
    if not beside:
        return point
    return at_end(max(beside, key=lambda one: (not _is_time(one), len(one.text))).box)


def _in_row(box: Box, point: Point) -> bool:
    return abs(box.centre[1] - point.y) <= _ROW_PX / 2


def short(name: str) -> str:
    """Give the first words of a name: enough to know it by."""
    words = name.split()
    kept = words[:1]
    for word in words[1:_MOST_WORDS]:
        if len(" ".join([*kept, word])) > _LONGEST_NAME:
            break
        kept.append(word)
    return " ".join(kept)[:_LONGEST_NAME]


def _as_title(run: Run) -> tuple[bool, int, int, int]:
    return len(run.text) < 2, -run.font.px, run.box[1], run.box[0]


def at_end(box: Box) -> Point:
    """Give the point in the last letters of a line."""
    return Point(box.right - min(_LAST_PX, box.width // 2), box.centre[1])


def on_grid(point: Point, box: Box) -> Point:
    """Give a point of few possible ones near another in a box, where there is one."""
    return next((near for near in _near(point) if box.holds(*near)), point)


def _near(point: Point) -> Iterator[Point]:
    """Give points nearby, with coordinates of which there are few, so that they are learnt soon."""
    for grid in _GRIDS:
        x, y = (grid * math.floor(value / grid) + grid // 2 for value in point)
        yield Point(x, y)
