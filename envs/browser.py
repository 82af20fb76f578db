"""A browser as an env: Chromium's pages, seen and worked as a person does, through playwright."""

import asyncio
import importlib.metadata
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..actions import schema as a
from ..actions.schema import Action
from .base import Delivery, Effect, Observation, Outcome, Read, Shown
from .browser_input import Place
from .browser_open import Opened
from .browser_options import BrowserOptions
from .browser_screen import PageShot
from .browser_shown import shown_on
from .browser_start import Chromium, start
from .browser_travel import LOAD_S
from .errors import (
    ActionNotSupported,
    CaptureFailed,
    DeviceLost,
    DeviceNotFound,
    EnvClosed,
    EnvTimeout,
    ScreenChanged,
)
from .settle import Settled, SettlePolicy, Stillness

if TYPE_CHECKING:
    from playwright.async_api import Page

T = TypeVar("T")

DESKTOP_SPACE = frozenset(a.ACTIONS) - a.TALK - {"home", "app_switch", "open_app", "swipe"}
"""Of a browser with a pointer."""

MOBILE_SPACE = (DESKTOP_SPACE | {"swipe"}) - {"move"}
"""Of one with a finger."""

_START_S = 60.0
_ARRIVAL_S = 10.0
"""How long a page that is about to become another is waited for, at least."""
_CLOSE_S = 10.0
_GRACE_S = 0.07
"""How long a cancelled caller waits for keys to be released; it is promised 100 ms in all."""
_SECONDS_PER_CHARACTER = 0.05
_HUNG = "the page's answer to {} (a script in it may run without end)"


class BrowserEnv:
    """A browser: one Chromium, with a fresh context for each ``reset``.

    The model sees pixels and nothing else. Several can live in one process, each with a Chromium of
    its own; each belongs to the event loop that it was reset in.

    Args:
        options: What is opened, how large, and what it may reach.
        settle: How long to wait after actions. A picture always shows what the page draws in the
            next animation frame after the input; what it puts off for longer needs a
            ``response_s``. Where a page loads another, its arrival is waited for.
        patience_s: How long a page may take to answer to input or to be drawn, in seconds.
        over: Asked once input was sent, by harnesses: whether nothing matters any more that the
            page may still do. Then nobody waits for it, and there is no picture of it.

    Raises:
        ValueError: The patience is no time.

    Example::

        env = BrowserEnv(BrowserOptions(url="https://example.org"))
        seen = await env.reset()
        outcome = await env.perform(Click(point=Point(640, 400)), seen)
        await env.close()
    """

    def __init__(
        self,
        options: BrowserOptions = BrowserOptions(),  # noqa: B008 - frozen
        *,
        settle: SettlePolicy = SettlePolicy(),  # noqa: B008 - frozen
        patience_s: float = 10.0,
        over: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        if not 0 < patience_s <= 600:
            raise ValueError(f"patience_s must be seconds between 0 and 600, not {patience_s}")
        self._options, self._policy, self._patience_s = options, settle, patience_s
        self._over = over
        self._downloads_fixed = options.downloads is not None
        self._chromium: Chromium | None = None
        self._open: Opened | None = None
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._sent = False
        self._closed = False

    @property
    def name(self) -> str:
        """Always ``browser``."""
        return "browser"

    @property
    def live(self) -> bool:
        """Always True."""
        return True

    @property
    def action_space(self) -> frozenset[str]:
        """What a browser can do; only where it is mobile there is a finger to swipe with."""
        return MOBILE_SPACE if self._options.mobile else DESKTOP_SPACE

    @property
    def page(self) -> "Page":
        """The page that is shown, for harnesses and reports. A model sees pixels alone.

        Raises:
            DeviceLost: There is none any more.
            EnvClosed: Not between ``reset`` and ``close``.
        """
        on = self._connection()
        on.require_alive()
        page = on.tabs.page
        if page is None:
            on.page()  # says that there is none
            raise EnvClosed("no page is shown")
        return page

    async def evaluate(self, script: str, arg: Any = None) -> Any:
        """Run a script in the page that is shown, for harnesses and reports.

        Args:
            script: A JavaScript expression, or a function that is called with ``arg``.
            arg: JSON-able.

        Returns:
            What it gives, JSON-able.

        Raises:
            ActionFailed: The script fails, or the page was left meanwhile.
            EnvTimeout: The page does not answer.
            DeviceLost: The browser or the page is gone.
            EnvClosed: Not between ``reset`` and ``close``.
        """
        on = self._connection()
        return await self._run(
            on, "evaluate", self._patience_s, lambda: on.evaluate(script, arg), alone=False
        )

    def keep_files_in(self, folder: Path) -> None:
        """Keep downloads there from the next ``reset`` on; a folder of the options stays.

        Args:
            folder: Made when the first one comes.
        """
        if not self._downloads_fixed:
            self._options = replace(self._options, downloads=folder)

    async def shown(self) -> tuple[Shown, ...]:
        """Give what the page's elements say is on it; see ``TellsWhatIsShown``.

        Raises:
            ActionFailed: The page does not say so now.
            DeviceLost: The browser or the page is gone.
            EnvClosed: Not between ``reset`` and ``close``.
        """
        on = self._connection()

        async def ask() -> tuple[Shown, ...]:
            await on.tabs.settled()
            return await shown_on(on.page(), self._options)

        return await self._run(on, "shown", self._patience_s, ask)

    def forget(self) -> None:
        """Forget what was seen: a harness has put something else on the page.

        Without this it would be taken for something that changes by itself.

        Raises:
            EnvClosed: Not between ``reset`` and ``close``.
        """
        self._connection().forget()

    def describe(self) -> dict[str, Any]:
        """Give the browser, its sizes, what it may reach, and versions, JSON-able."""
        options = self._options
        facts: dict[str, Any] = {
            "kind": "browser",
            **options.facts(),
        }
        if self._chromium is not None:
            facts["chromium"] = self._chromium.browser.version
            facts["sandbox"] = self._chromium.sandbox
        try:
            facts["playwright"] = importlib.metadata.version("playwright")
        except importlib.metadata.PackageNotFoundError:
            facts["playwright"] = None
        return facts

    async def reset(self) -> Observation:
        """Open a fresh context and its first page, and look. Starts Chromium where none runs.

        Raises:
            BackendMissing: playwright or Chromium is not installed; says what to do.
            DeviceNotFound: Chromium does not start, or the first page cannot be opened.
            CaptureFailed: There is no picture.
            EnvClosed: It was closed.
        """
        self._require_not_closed()
        return await self._run(None, "reset", _START_S + LOAD_S, self._reset)

    async def _reset(self) -> Observation:
        on, self._open = self._open, None
        if on is not None:
            await self._leave(on)
        if self._chromium is not None and not self._chromium.lives:
            chromium, self._chromium = self._chromium, None
            await chromium.end()
        if self._chromium is None:
            self._chromium = await start(self._options)
        on = await self._opened(self._chromium)
        try:
            shot = await self._bounded(on.look(), "reset")
            await shot.unpack()
            on.settled = shot
            observation = await on.observation(shot)
        except BaseException:
            await self._leave(on)
            raise
        self._open = on
        return observation

    async def _leave(self, on: Opened) -> None:
        """Close a context; where the browser does not answer to that, end it, too."""
        if not await on.close() and self._chromium is not None:
            chromium, self._chromium = self._chromium, None
            await chromium.end()

    async def _opened(self, chromium: Chromium) -> Opened:
        from playwright.async_api import Error

        try:
            return await Opened.open(chromium, self._options)
        except Error as error:
            said = str(error).partition("\n")[0]
            raise DeviceNotFound(f"the browser ended while it was opened: {said}") from error

    async def observe(self) -> Observation:
        """Look.

        Raises:
            CaptureFailed: There is no picture.
            DeviceLost: The browser or the page is gone.
            EnvTimeout: The page does not answer.
            EnvClosed: Not between ``reset`` and ``close``.
        """
        on = self._connection()

        async def look() -> Observation:
            return await on.observed(self._bounded(on.look(), "a look"))

        return await self._run(on, "observe", 3 * self._patience_s, look)

    async def perform(self, action: Action, seen: Observation) -> Outcome:
        """Carry out one action; see ``Env.perform``.

        Raises:
            ActionNotSupported: Not in the action space; nothing was sent.
            PointOutsideImage: A point is not on the screen; nothing was sent.
            ScreenChanged: The screen is another than was seen; nothing was sent.
            ActionFailed: It did not work: a page that does not load, a tab that is not there.
            CaptureFailed, DeviceLost: The browser or the page is gone.
            EnvTimeout: The page does not answer.
            EnvClosed: Not between ``reset`` and ``close``.
        """
        on = self._connection()
        if action.tag() not in self.action_space:
            raise ActionNotSupported(self._lacks(action.tag()))
        bound_s = 4 * self._patience_s + self._policy.limit_s + _duration_s(action) + 2 * LOAD_S
        return await self._run(on, action.tag(), bound_s, lambda: self._perform(on, action, seen))

    async def probe(self, name: str, arguments: Mapping[str, Any], read: Read) -> Any:
        """Ask the real world: calls ``read``."""
        self._connection()
        return await read()

    async def close(self) -> None:
        """Stop what is under way and end Chromium. Twice is harmless."""
        if self._closed:
            return
        self._closed = True
        tasks = tuple(self._tasks)
        for task in tasks:
            if not task.cancelling():  # what was cancelled before is cleaning up
                task.cancel()
        chromium, self._chromium = self._chromium, None
        on, self._open = self._open, None
        try:
            if tasks:
                await asyncio.wait(tasks, timeout=_CLOSE_S)
            if chromium is None:  # a start that was under way may have come to its end meanwhile
                chromium, self._chromium = self._chromium, None
            if on is not None:
                await on.close()
            if chromium is not None:
                await chromium.end()
        except BaseException:
            if chromium is not None:
                chromium.kill()
            raise

    # -- One action --------------------------------------------------------------------------------

    async def _perform(self, on: Opened, action: Action, seen: Observation) -> Outcome:
        self._sent = False
        if not seen.frame.same_screen(on.screen.frame):
            raise ScreenChanged(
                "the screen changed its size or place since it was looked at; nothing was done: "
                "look again"
            )
        places = {name: seen.frame.to_pointer(point) for name, point in action.points()}
        before = await self._bounded(on.look(), "a look")
        await _aside(before, on.settled, lambda: on.idle.look(on.settled, before))
        try:
            await _aside(before, on.settled, lambda: on.fresh.require(action, seen, on.now(before)))
        except ScreenChanged:
            on.settled = before  # else the next action would take it for a second change
            raise
        policy, response_s = self._policy, None
        if isinstance(action, a.Wait | a.Screenshot):
            response_s = 0.0
            if isinstance(action, a.Wait):
                await asyncio.sleep(action.seconds)
        else:
            await self._act(on, action, places)
            if self._over is not None and await self._bounded(self._over(), "a question"):
                return Outcome(Delivery.DELIVERED, detail=on.tabs.told())
        if on.loading:
            policy = replace(policy, limit_s=max(policy.limit_s, _ARRIVAL_S))
        return await self._settled(on, before, policy, response_s)

    async def _act(self, on: Opened, action: Action, places: Mapping[str, Place]) -> None:
        patience_s = self._patience_s + _duration_s(action)
        if on.travel.takes(action):
            patience_s += LOAD_S
        self._sent = True
        await self._bounded(on.act(action, places), action.tag(), patience_s)

    async def _settled(
        self, on: Opened, before: PageShot, policy: SettlePolicy, response_s: float | None
    ) -> Outcome:
        """Wait for the screen to stand still. What became of the input is told, come what may."""
        try:
            end = await self._still(on, before, policy, response_s)
            on.settled = end.shot
            after = await on.observation(end.shot)
        except (CaptureFailed, DeviceLost, EnvTimeout) as error:
            told = on.tabs.told()
            return Outcome(
                Delivery.DELIVERED,
                Effect.UNKNOWN,
                settled=False,
                detail=f"{told}; " * bool(told)
                + f"what the screen shows now could not be seen: {error}",
            )
        effect = Effect.UNCHANGED
        if not before.same(end.shot):
            effect = await asyncio.to_thread(on.idle.effect, before, end.shot)
        return Outcome(
            Delivery.DELIVERED,
            effect,
            after,
            settle_s=round(end.seconds, 4),
            settled=end.still,
            detail=on.tabs.told(),
        )

    async def _still(
        self, on: Opened, before: PageShot, policy: SettlePolicy, response_s: float | None
    ) -> Settled[PageShot]:
        stillness = Stillness(before, on.idle, policy, response_s)
        began, last = time.monotonic(), before
        while True:
            shot = await self._bounded(on.look(), "a look")
            shot.take(last)
            now_s = time.monotonic() - began
            busy = on.loading
            end = await _aside(shot, last, lambda: stillness.see(shot, now_s, busy=busy))  # noqa: B023
            if end is not None:
                return end
            last = shot
            await asyncio.sleep(policy.poll_s)

    # -- Calls that end ----------------------------------------------------------------------------

    async def _run(
        self,
        on: Opened | None,
        operation: str,
        bound_s: float,
        work: Callable[[], Awaitable[T]],
        *,
        alone: bool = True,
    ) -> T:
        """Do something that ends in time: when done, lost, late, or wanted no more."""
        if on is not None:
            on.require_alive()  # what is gone before a call gets nothing of it

        async def do() -> T:
            if not alone:
                return await work()
            async with self._turn:
                return await work()

        task = asyncio.create_task(do())
        self._tasks.add(task)
        task.add_done_callback(self._done)
        ends: set[asyncio.Future[Any]] = {task}
        if on is not None and not on.lost.cancelled():
            ends.add(on.lost)
        try:
            await asyncio.wait(ends, timeout=bound_s, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait({task}, timeout=_GRACE_S)
            raise
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=_GRACE_S)
            if on is not None and on.lost.done() and not on.lost.cancelled():
                delivered = "unknown" if self._sent and operation != "observe" else "nothing"
                raise DeviceLost(on.lost.result(), delivered=delivered)
            if self._closed:
                raise EnvClosed("the env was closed in the middle of it")
            if on is not None and on.lost.cancelled():
                raise EnvClosed("the env was reset in the middle of it")
            raise EnvTimeout(operation, bound_s)
        if task.cancelled():
            raise EnvClosed("the env was closed in the middle of it")
        return task.result()

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # what it raises after nobody waits any more concerns nobody

    async def _bounded(self, work: Awaitable[T], what: str, seconds: float | None = None) -> T:
        bound_s = self._patience_s if seconds is None else seconds
        try:
            async with asyncio.timeout(bound_s):
                return await work
        except TimeoutError as error:
            raise EnvTimeout(_HUNG.format(what), bound_s) from error

    def _require_not_closed(self) -> None:
        if self._closed:
            raise EnvClosed("the env was closed: make a new one")

    def _connection(self) -> Opened:
        self._require_not_closed()
        if self._open is None:
            raise EnvClosed("the env is not connected: await reset() first")
        return self._open

    def _lacks(self, tag: str) -> str:
        space = ", ".join(sorted(self.action_space))
        if tag == "swipe":
            return f"only a mobile browser has a finger to swipe with; this one has {space}"
        kind = "mobile browser" if self._options.mobile else "browser"
        return f"a {kind} has no {tag}; it has {space}"


def _duration_s(action: Action) -> float:
    """Give how long an action takes by itself, at most, in seconds."""
    if isinstance(action, a.Type):
        return len(action.text) * _SECONDS_PER_CHARACTER
    if isinstance(action, a.Key):
        return action.count * _SECONDS_PER_CHARACTER
    return 2 * float(getattr(action, "seconds", 0.0))


async def _aside(shot: PageShot, other: PageShot | None, work: Callable[[], T]) -> T:
    """Compare pictures off the event loop, unless they are so alike that it takes no time."""
    await shot.unpack()
    if other is None or shot.same(other):
        return work()
    await asyncio.gather(shot.unpack(raw=True), other.unpack(raw=True))
    return await asyncio.to_thread(work)
