"""The practice phone as an env, in this process: no adb, and hundreds of steps a second."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...actions import schema as a
from ...actions.geometry import Frame
from ...actions.schema import Action
from ...model.chat import Pixels
from ...model.size import Size
from ..base import Delivery, Effect, Observation, Outcome, Read, Shown
from ..differing import caret_size
from ..errors import ActionNotSupported, EnvClosed, ScreenChanged
from ..freshness import Freshness, Now
from .draw import Box
from .performing import send
from .phone import Phone
from .surfaces import STATUS_DP
from .tasks import PracticeTask, Unfit, make_task

ACTION_SPACE = frozenset(a.ACTIONS) - a.TALK - a.BROWSER - {"move"}

_THINK_S = 0.5
"""Phone time that passes between a look and the action."""
_LOOK_S = 0.25
"""Phone time that a look takes, so that one who looks again sees time pass."""
_LIMIT_S = 5.0
_STEP_S = 0.05


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
        font_scale: What the user set the size of text to: 1 is the usual one.
        wordless: Texts take their room on the screen, and are not drawn.
        phone: Work this one, as it is, in place of a new one; then the arguments before do nothing.

    Raises:
        ValueError: There is no such task, theme or size of text, or a size that is no phone's.

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
        font_scale: float = 1.0,
        wordless: bool = False,
        phone: Phone | None = None,
    ) -> None:
        self._seed, self._family = seed, task
        self._looks: dict[str, Any] = {
            "size": size,
            "density": density,
            "theme": theme,
            "dark": dark,
            "font_scale": font_scale,
            "wordless": wordless,
        }
        self._given = phone
        # Made now, to say what is wrong with the arguments; the first reset takes it.
        self._fresh: tuple[Phone, PracticeTask | None] | None = self._make()
        self._task = self._fresh[1]
        self._phone: Phone | None = None
        self._freshness = Freshness()
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
        self._fresh, self._freshness = None, Freshness()
        return self._look(self._phone)

    async def observe(self) -> Observation:
        """Look; that takes a quarter of a second of the phone's time.

        Raises:
            EnvClosed: Not between ``reset`` and ``close``.
        """
        phone = self._open()
        phone.advance(_LOOK_S)
        return self._look(phone)

    def glance(self) -> Observation:
        """Look with no time passing: for whoever works the phone beside this env.

        Raises:
            EnvClosed: Not between ``reset`` and ``close``.
        """
        return self._look(self._open())

    async def perform(self, action: Action, seen: Observation) -> Outcome:
        """Carry out one action; see ``Env.perform``.

        Raises:
            ActionNotSupported: Not in the action space; nothing was done.
            PointOutsideImage: A point is not on the screen; nothing was done.
            ScreenChanged: The screen is another than was seen; nothing was done.
            ActionFailed: It did not work.
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
            raise ScreenChanged(
                "the screen changed its size since it was looked at; nothing was done: look again"
            )
        phone.advance(_THINK_S)
        before, caret = phone.pixels(), _caret(phone)
        package, activity = phone.current
        focus = {"app": package, "activity": activity}
        now = Now(before, caret_size(phone.size), focus=focus)
        self._freshness.require(action, seen, now)
        send(phone, action, places)
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


def _same(one: Pixels, two: Pixels) -> bool:
    """Whether two pictures are equal; eight bytes at a time where they are so many."""
    if one.size % 8 == 0:
        return bool(
            np.array_equal(one.reshape(-1).view(np.uint64), two.reshape(-1).view(np.uint64))
        )
    return bool(np.array_equal(one, two))


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
    if _same(one, two):
        return Effect.UNCHANGED
    if carets[0] is None or carets[0] != carets[1]:
        return Effect.CHANGED
    left, upper, right, lower = carets[0]
    differs = (one != two).any(axis=2)
    differs[max(0, upper - top) : max(0, lower - top), max(0, left) : right] = False
    return Effect.CHANGED if differs.any() else Effect.UNCHANGED
