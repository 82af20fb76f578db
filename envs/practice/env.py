"""The practice phone as an env, in this process: no adb, and hundreds of steps a second."""

import asyncio
import difflib
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ...actions import schema as a
from ...actions.geometry import Frame, Point
from ...actions.schema import Action
from ...model.chat import Pixels
from ...model.size import Size
from ..android_input import key_code
from ..base import Delivery, Effect, Observation, Outcome, Read, Shown
from ..errors import ActionFailed, ActionNotSupported, EnvClosed
from .draw import Box
from .field import Field
from .phone import Phone
from .system import STATUS_DP
from .tasks import PracticeTask, Unfit, make_task

ACTION_SPACE = frozenset(a.ACTIONS) - a.TALK - {"move"}

_FRAME_S = 1 / 60
_THINK_S = 0.5
"""Phone time that passes between a look and the action."""
_LOOK_S = 0.25
"""Phone time that a look takes, so that one who looks again sees time pass."""
_LIMIT_S = 5.0
_STEP_S = 0.05
_REST_S = 0.15
_NOTCH_DP = 64
_MODIFIERS = frozenset({57, 58, 59, 60, 113, 114, 117, 118})


class PracticeEnv:
    """A practice phone, in this process.

    Everything follows from the arguments: the same ones, and the same actions, give the same
    pixels. The phone's time passes with what is done, not with the clock on the wall.

    Args:
        seed: What is on the phone, and how it looks.
        task: Name of a family of tasks (``eyehand practice tasks``) to set the phone up for; None:
            nothing is asked.
        size: Of the phone held upright, in pixels.
        density: In dots per inch; None: such that the screen is about 360 dp wide.
        theme: A name of ``style.THEMES``; None: by the seed.
        dark: Light on dark; None: by the seed.
        phone: Work this one, as it is, in place of a new one; then the arguments before do nothing.

    Raises:
        ValueError: There is no such task or theme, or a size that is no phone's.

    Example::

        env = PracticeEnv(seed=3, task="switch_setting")
        seen = await env.reset()
        print(env.task.goal)
        outcome = await env.perform(Click(point=Point(270, 640)), seen)
        print(env.task.passed(env.phone, [], None))
    """

    def __init__(
        self,
        seed: int = 0,
        task: str | None = None,
        *,
        size: Size = Size(540, 1200),  # noqa: B008 - a tuple
        density: int | None = None,
        theme: str | None = None,
        dark: bool | None = None,
        phone: Phone | None = None,
    ) -> None:
        self._seed, self._family = seed, task
        self._looks: dict[str, Any] = {
            "size": size,
            "density": density,
            "theme": theme,
            "dark": dark,
        }
        self._given = phone
        # Made now, to say what is wrong with the arguments; the first reset takes it.
        self._fresh: tuple[Phone, PracticeTask | None] | None = self._make()
        self._task = self._fresh[1]
        self._phone: Phone | None = None
        self._closed = False

    def _make(self) -> tuple[Phone, PracticeTask | None]:
        phone = self._given or Phone(self._seed, **self._looks)
        if self._family is None:
            return phone, None
        try:
            return phone, make_task(self._family, phone, self._seed)
        except Unfit as error:
            raise ValueError(
                f"the phone of seed {self._seed} has nothing for {self._family}: {error}; take "
                "another seed"
            ) from error

    @property
    def name(self) -> str:
        """Such as ``practice:3``."""
        return f"practice:{self._seed}"

    @property
    def live(self) -> bool:
        """Always True: it answers to what is done."""
        return True

    @property
    def action_space(self) -> frozenset[str]:
        """Everything but moving a pointer, which no finger does."""
        return ACTION_SPACE

    @property
    def phone(self) -> Phone:
        """The phone, to look into. Between ``reset`` and ``close``.

        Raises:
            EnvClosed: It is not.
        """
        return self._open()

    @property
    def task(self) -> PracticeTask | None:
        """What is asked; None where nothing is."""
        return self._task

    def describe(self) -> dict[str, Any]:
        """Give seed, looks and task, JSON-able."""
        facts: dict[str, Any] = {"kind": "practice", "seed": self._seed, "task": self._family}
        facts.update(self._looks, size=str(self._looks["size"]))
        if self._phone is not None:
            facts.update(
                size=str(self._phone.natural),
                density=self._phone.density,
                theme=self._phone.state.theme,
                goal=self._task.goal if self._task else None,
            )
        return facts

    async def reset(self) -> Observation:
        """Switch on a new phone, set up for the task, and look.

        Raises:
            EnvClosed: It was closed.
        """
        if self._closed:
            raise EnvClosed("the env was closed: make a new one")
        self._phone, self._task = self._fresh or self._make()
        self._fresh = None
        return self._look(self._phone)

    async def observe(self) -> Observation:
        """Look; that takes a quarter of a second of the phone's time.

        Raises:
            EnvClosed: Not between ``reset`` and ``close``.
        """
        phone = self._open()
        phone.advance(_LOOK_S)
        return self._look(phone)

    async def perform(self, action: Action, seen: Observation) -> Outcome:
        """Carry out one action; see ``Env.perform``.

        Raises:
            ActionNotSupported: Not in the action space; nothing was done.
            PointOutsideImage: A point is not on the screen; nothing was done.
            ActionFailed: It did not work, or the screen is another than was seen.
            EnvClosed: Not between ``reset`` and ``close``.
        """
        phone = self._open()
        await asyncio.sleep(0)  # a cancellation is heard before anything is done
        if action.tag() not in ACTION_SPACE:
            raise ActionNotSupported(
                f"a phone has no {action.tag()}; it has {', '.join(sorted(ACTION_SPACE))}"
            )
        places = {name: seen.frame.to_pointer(point) for name, point in action.points()}
        if not seen.frame.same_screen(self._frame(phone)):
            raise ActionFailed(
                "the screen changed its size since it was looked at; nothing was done: look again"
            )
        phone.advance(_THINK_S)
        before, caret = phone.pixels(), _caret(phone)
        _send(phone, action, places)
        began = phone.now
        still = _settle(phone)
        after = self._look(phone)
        effect = _effect(phone, before, after.pixels, (caret, _caret(phone)))
        return Outcome(
            Delivery.DELIVERED,
            effect,
            after,
            settle_s=round(phone.now - began, 4),
            settled=still,
            detail="typed and verified" if isinstance(action, a.Type) else "",
        )

    async def probe(self, name: str, arguments: Mapping[str, Any], read: Read) -> Any:
        """Ask the real world: calls ``read``."""
        self._open()
        return await read()

    async def shown(self) -> tuple[Shown, ...]:
        """Give what is on the screen, from the top left.

        Raises:
            EnvClosed: Not between ``reset`` and ``close``.
        """
        return tuple(
            Shown(
                node.text,
                node.label,
                node.id,
                node.box,
                node.checked if node.checkable else None,
                node.enabled,
                node.focused,
            )
            for node in self._open().tree().walk()
            if node.text or node.label or node.id
        )

    async def close(self) -> None:
        """Put the phone away. Twice is harmless."""
        self._closed = True
        self._phone = None

    def _open(self) -> Phone:
        if self._closed:
            raise EnvClosed("the env was closed: make a new one")
        if self._phone is None:
            raise EnvClosed("the env is not connected: await reset() first")
        return self._phone

    def _frame(self, phone: Phone) -> Frame:
        return Frame(self.name, physical=phone.size, logical=phone.size)

    def _look(self, phone: Phone) -> Observation:
        package, activity = phone.current
        extras = {
            "app": package,
            "activity": activity,
            "keyboard": phone.keyboard_shown,
            "awake": phone.awake,
            "locked": phone.locked,
            "window": f"{package}/{activity}",
        }
        if phone.secure:
            extras["secure"] = True
        return Observation(phone.pixels(), self._frame(phone), time=time.time(), extras=extras)


def _settle(phone: Phone) -> bool:
    """Let time pass until nothing moves; False where it never does within five seconds."""
    phone.advance(_STEP_S)
    waited_s = _STEP_S
    while phone.moving:
        if waited_s >= _LIMIT_S:
            return False
        phone.advance(_STEP_S)
        waited_s += _STEP_S
    return True


def _caret(phone: Phone) -> Box | None:
    view = phone.focused_view(phone.scene())
    return None if view is None else view.caret_box(phone.style)


def _effect(
    phone: Phone, before: Pixels, after: Pixels, carets: tuple[Box | None, Box | None]
) -> Effect:
    """Judge whether anything changed but the status bar and a caret that blinks at its place."""
    if before is after:
        return Effect.UNCHANGED
    if before.shape != after.shape:
        return Effect.CHANGED
    top = phone.style.dp(STATUS_DP)
    one, two = before[top:], after[top:]
    if np.array_equal(one, two):
        return Effect.UNCHANGED
    if carets[0] is None or carets[0] != carets[1]:
        return Effect.CHANGED
    left, upper, right, lower = carets[0]
    differs = (one != two).any(axis=2)
    differs[max(0, upper - top) : max(0, lower - top), max(0, left) : right] = False
    return Effect.CHANGED if differs.any() else Effect.UNCHANGED


def _send(phone: Phone, action: Action, places: Mapping[str, tuple[int, int]]) -> None:
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
