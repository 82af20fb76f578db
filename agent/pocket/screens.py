"""Screens of practice phones that somebody has wandered about on, and what can be read there."""

from dataclasses import dataclass
from random import Random

from ...actions import schema as a
from ...actions.geometry import Point
from ...envs.practice.draw import Box
from ...envs.practice.phone import Phone
from ...envs.practice.tasks.hand import Hand
from ...envs.practice.tasks.steps import Lost, Next
from ...envs.practice.view import UiNode
from ...envs.practice.written import Run, written_on
from ...model.chat import Pixels
from .held_out import names_one
from .looks import Looks

_LOADED_S = 3.0
_MOST_TRIES = 50


@dataclass(frozen=True, slots=True, eq=False)
class Screen:
    """What a phone shows.

    Attributes:
        phone: As it is; nobody may change it any more.
        pixels: Its picture.
        runs: All that can be read on it.
    """

    phone: Phone
    pixels: Pixels
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Control:
    """Something to tap.

    Attributes:
        name: What it says, or is called.
        point: Where whoever knows the way would tap it.
        box: What of it shows.
        said: Whether its name stands on the screen.
    """

    name: str
    point: Point
    box: Box
    said: bool


def wandered(
    draw: Random, looks: Looks, *, held_out: bool = False, seed: int | None = None
) -> Screen:
    """Give the screen of a phone after a few taps. 20 to 40 ms.

    Args:
        draw: Chooses all that is chosen.
        looks: What phones look like.
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
        if phone.moving:
            continue
        runs = written_on(phone)
        # What things are called may be cut off on the picture, and is asked for all the same.
        called = (node.text or node.label or "" for node in phone.tree().walk())
        if runs and (held_out or not names_one((*(run.text for run in runs), *called))):
            return Screen(phone, phone.pixels(), runs)
    raise RuntimeError(f"{_MOST_TRIES} phones in a row show nothing that may be shown")


def _inside(box: Box, phone: Phone) -> tuple[int, int]:
    x, y = box.centre
    return min(max(x, 0), phone.size.width - 1), min(max(y, 0), phone.size.height - 1)


def controls(screen: Screen) -> list[tuple[str, Box]]:
    """Give the names of what can be tapped and where it shows, each name that stands for one."""
    found: dict[str, list[UiNode]] = {}
    for node in screen.phone.tree().walk():
        name = node.text or node.label
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
        return Control(name, action.point, shown, said)
    except Lost:
        return None
    return None
