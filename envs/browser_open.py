"""All that a browser env has open between ``reset`` and ``close``."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from ..actions.schema import Action
from .base import Observation
from .browser_address import host_of
from .browser_context import open_context
from .browser_hosts import Hosts
from .browser_input import Hand, Place
from .browser_options import BrowserOptions
from .browser_screen import PageShot, Screen
from .browser_start import Chromium
from .browser_tabs import Tabs
from .browser_travel import Travel
from .errors import ActionFailed, CaptureFailed, DeviceLost, DeviceNotFound
from .freshness import Freshness, Now
from .settle import IdleRegions

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, CDPSession, Frame, Page

T = TypeVar("T")

_NEWS_S = 0.2
"""How long after an error the news may take that something has died."""
_ASK_S = 3.0
"""How long Chromium may take for a picture before it is asked once more."""
_AGAIN_S = 0.005
_TRIES = 5
_GOODBYE_S = 2.0
_RELEASE_S = 0.06
"""How long is waited for what is down to be released."""


class Opened:
    """A fresh context of a running Chromium, its tabs, and what is known of its screen.

    Attributes:
        lost: Done once the browser, the driver or the page that is shown is gone; says what
            happened.
        settled: The last screen that an action left, if it is of the page that is shown.
    """

    def __init__(
        self, chromium: Chromium, context: "BrowserContext", options: BrowserOptions
    ) -> None:
        self._chromium, self._context = chromium, context
        self.screen = Screen(options)
        self.tabs = Tabs(context, options)
        self.hand = Hand(self.screen.frame.logical, self.screen.middle, mobile=options.mobile)
        self.travel = Travel(self.tabs, Hosts(options.hosts, options.url), self.session)
        self.idle, self.fresh = IdleRegions(), Freshness()
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._mobile = options.mobile
        self._settled: tuple[Page, int, PageShot] | None = None
        self._documents: Counter[Page] = Counter()
        self._turns: dict[Page, asyncio.Future[None]] = {}
        self._sessions: dict[Page, CDPSession] = {}
        self._loading: set[Page] = set()
        self._crashed: set[Page] = set()
        context.on("page", self._watch)
        chromium.browser.on("disconnected", self._disconnected)

    @classmethod
    async def open(cls, chromium: Chromium, options: BrowserOptions) -> "Opened":
        """Open a context and its first page.

        Raises:
            DeviceNotFound: The first page cannot be opened; says why.
        """
        on = cls(chromium, await open_context(chromium.browser, options), options)
        try:
            await on.session(await on.tabs.open())  # before it can stand still for a dialog
            if options.url != "about:blank":
                await on.travel.goto(options.url)
        except ActionFailed as error:
            await on.close()
            raise DeviceNotFound(f"the first page cannot be opened: {error}") from error
        except BaseException:
            await on.close()
            raise
        return on

    async def close(self) -> bool:
        """Close it; the browser runs on. Bounded; False where the browser does not answer."""
        self._chromium.browser.remove_listener("disconnected", self._disconnected)
        if not self.lost.done():
            self.lost.cancel()

        async def work() -> None:
            await self.tabs.close()
            await self._context.close()

        from playwright.async_api import Error

        try:
            async with asyncio.timeout(_GOODBYE_S):
                await work()
        except (Error, TimeoutError):
            return False
        return True

    # -- The page that is shown --------------------------------------------------------------------

    def page(self) -> "Page":
        """Give what is seen and worked: the page that is shown, or the dialog over it.

        Raises:
            DeviceLost: There is none, or it has crashed.
        """
        self.require_alive()
        page = self.tabs.current
        if page is None:
            raise DeviceLost(
                "the last tab was closed by its page: there is nothing to look at",
                delivered="nothing",
            )
        if page in self._crashed:
            raise DeviceLost(_crash(page), delivered="nothing")
        return page

    def require_alive(self) -> None:
        """Check that the browser runs.

        Raises:
            DeviceLost: It is gone; says how.
        """
        if self.lost.done() and not self.lost.cancelled():
            raise DeviceLost(self.lost.result(), delivered="nothing")

    async def session(self, page: "Page") -> "CDPSession":
        """Give the CDP session of a page."""
        session = self._sessions.get(page)
        if session is None:
            session = await page.context.new_cdp_session(page)
            own = (await session.send("Page.getFrameTree"))["frameTree"]["frame"]["id"]
            loading = self._loading

            def started(event: Mapping[str, Any]) -> None:
                if event["frameId"] == own:
                    loading.add(page)

            session.on("Page.frameStartedLoading", started)
            for done in ("Page.domContentEventFired", "Page.frameStoppedLoading"):
                session.on(
                    done,
                    lambda event: (
                        loading.discard(page) if event.get("frameId", own) == own else None
                    ),
                )
            await session.send("Page.enable")
            await self.screen.prepare(session)
            # Only now: a page may stand still for a dialog before it has answered all of this, and
            # a session that is half prepared would take pictures of another size.
            self._sessions[page] = session
            page.on("close", lambda _: self._forget(page))
        return session

    @property
    def loading(self) -> bool:
        """Whether the page that is shown is about to become another."""
        return self.tabs.current in self._loading

    @property
    def settled(self) -> PageShot | None:
        """The last screen that an action left; None where another page is shown by now."""
        page = self.tabs.current
        if page is None or self._settled is None:
            return None
        known, document, shot = self._settled
        return shot if known is page and document == self._documents[page] else None

    @settled.setter
    def settled(self, shot: PageShot) -> None:
        page = self.tabs.current
        self._settled = None if page is None else (page, self._documents[page], shot)

    def forget(self) -> None:
        """Forget what was seen and what moved: the page has been set up anew from outside."""
        self._settled = None
        self.idle, self.fresh = IdleRegions(), Freshness()

    # -- Looking -----------------------------------------------------------------------------------

    async def look(self) -> PageShot:
        """Take a picture of what is shown, be it a page or a dialog.

        Raises:
            CaptureFailed: There is none.
            DeviceLost: The browser or the page is gone.
        """
        from playwright.async_api import Error

        tries = 0
        while True:  # until what is shown stays; the caller sees to the time
            await self.tabs.settled()
            page = self.page()
            try:
                shot = await self.unless_asked(self._shoot(page))
            except Error as error:
                await self._news(error)
                # While one page takes another's place there is none for a moment.
                tries += page is self.tabs.current and not page.is_closed()
                if tries > _TRIES:
                    raise CaptureFailed(f"the browser gives no picture: {_said(error)}") from error
                shot = None
            if shot is not None and page is self.tabs.current:
                if self._settled is not None:
                    shot.take(self._settled[2])
                return shot
            await asyncio.sleep(_AGAIN_S)

    async def _shoot(self, page: "Page") -> PageShot:
        """Take a picture of a page, also while another takes its place.

        Chromium forgets about a picture that it was asked for when the page gives way to another
        before it was drawn; it never answers. Then it is asked again.
        """
        session = await self.session(page)
        shots: set[asyncio.Task[PageShot]] = set()
        turned = self._turned(page)
        try:
            while True:
                shots.add(asyncio.create_task(self.screen.shot(session)))
                ends: set[asyncio.Future[Any]] = {*shots, turned}
                await asyncio.wait(ends, timeout=_ASK_S, return_when=asyncio.FIRST_COMPLETED)
                for shot in shots:
                    if shot.done():
                        return shot.result()
                if turned.done():
                    _drop(shots)
                    turned = self._turned(page)
        finally:
            _drop(shots)

    def _turned(self, page: "Page") -> "asyncio.Future[None]":
        """Give what is done as soon as the page becomes another."""
        turned = self._turns.get(page)
        if turned is None or turned.done():
            turned = self._turns[page] = asyncio.get_running_loop().create_future()
        return turned

    async def unless_asked(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Wait for something, but no longer than until a dialog opens; None where one did."""
        if self.tabs.asked is None:
            return await self.tabs.unless_asked(work)
        return await work

    async def observed(self, look: Awaitable[PageShot]) -> Observation:
        """Look, and ask for the title while the picture is drawn.

        Raises:
            CaptureFailed, DeviceLost: As ``look``.
        """
        title = asyncio.create_task(self._title())
        try:
            return await self.observation(await look, title)
        finally:
            title.cancel()

    async def observation(
        self, shot: PageShot, title: "asyncio.Task[str] | None" = None
    ) -> Observation:
        """Give a picture, with what else is known of the page."""
        await shot.unpack()
        extras = {"window": await (title or self._title()), **self.focus()}
        pixels = shot.rgb()
        self.tabs.took(pixels)
        return Observation(pixels, self.screen.frame, time=shot.time, extras=extras)

    async def _title(self) -> str:
        from playwright.async_api import Error

        page = self.tabs.page
        if page is None or (self.tabs.asked is not None and page not in self._sessions):
            return ""  # a page that stands still answers nothing new
        try:
            # Chromium itself knows it: pages that are busy need not be asked.
            history = await (await self.session(page)).send("Page.getNavigationHistory")
        except Error as error:
            await self._news(error)
            return ""  # closed meanwhile
        return str(history["entries"][history["currentIndex"]]["title"])

    def focus(self) -> dict[str, Any]:
        """Say which page is shown, and what has the keyboard."""
        page, asked = self.tabs.page, self.tabs.asked
        url = "" if page is None else page.url
        facts: dict[str, Any] = {
            "url": url,
            "host": host_of(url),
            "tab": self.tabs.number,
            "tabs": len(self.tabs.pages),
        }
        if not self._mobile:
            facts["pointer"] = list(self.hand.at)
        if asked is not None:
            facts["dialog"] = asked.facts()
        return facts

    def now(self, shot: PageShot) -> Now:
        """Give the screen for a comparison with what was seen."""
        frame, at = self.screen.frame, self.hand.at
        inside = all(
            0 <= place - first < side
            for place, first, side in zip(at, frame.origin, frame.logical, strict=True)
        )
        asked = self.tabs.asked
        return Now(
            shot.rgb(),
            shot.caret,
            moving=self.idle.ticking,
            pointer=frame.from_pointer(*at) if inside and not self._mobile else None,
            focus={"tab": self.tabs.number, "dialog": asked.facts() if asked else None},
        )

    # -- Acting ------------------------------------------------------------------------------------

    async def act(self, action: Action, places: Mapping[str, Place]) -> None:
        """Send an action to the page, or do what the browser itself does with it.

        Raises:
            ActionFailed: It did not work.
            DeviceLost: The browser or the page is gone.
        """
        from playwright.async_api import Error

        if self.travel.takes(action):
            try:
                await self.travel.carry_out(action)
            except Error as error:
                await self._news(error)
                raise ActionFailed(f"{action.tag()}: {_said(error)}", delivered=True) from error
            return
        page = self.page()
        self.hand.take(page, await self.session(page))
        try:
            await self._send(action, places)
        except Error as error:
            await self._news(error)
            if not page.is_closed():  # a page that closes by a click got the click
                raise ActionFailed(f"{action.tag()}: {_said(error)}", delivered=True) from error

    async def evaluate(self, script: str, arg: Any) -> Any:
        """Run a script in the page that is shown.

        Raises:
            ActionFailed: It fails, or the page was left meanwhile.
            DeviceLost: The browser or the page is gone.
        """
        from playwright.async_api import Error

        self.page()
        page = self.tabs.page
        try:
            return None if page is None else await page.evaluate(script, arg)
        except Error as error:
            await self._news(error)
            raise ActionFailed(f"the script failed: {_said(error)}", delivered=True) from error

    async def _send(self, action: Action, places: Mapping[str, Place]) -> None:
        """Send input until it is sent or a dialog opens; what is down is released either way."""
        sending = asyncio.create_task(self.hand.send(action, places))

        async def sent() -> None:
            await asyncio.wait({sending})

        try:
            await self.unless_asked(sent())
        finally:
            if not sending.done():
                sending.cancel()
                await asyncio.wait({sending}, timeout=_RELEASE_S)
        if sending.done() and not sending.cancelled():
            sending.result()

    # -- What becomes of it ------------------------------------------------------------------------

    async def _news(self, error: Exception) -> None:
        """After an error: wait a little for the news that something is gone.

        Raises:
            DeviceLost: It is.
        """
        if not self.lost.done():
            await asyncio.wait({self.lost}, timeout=_NEWS_S)
        if self.lost.done() and not self.lost.cancelled():
            raise DeviceLost(self.lost.result()) from error
        if not self._chromium.lives:  # nobody is left to say so where the driver died
            self._lose(_GONE)
            raise DeviceLost(_GONE) from error

    def _watch(self, page: "Page") -> None:
        page.on("crash", self._crash)
        page.on("framenavigated", self._navigated)

    def _navigated(self, frame: "Frame") -> None:
        if frame.parent_frame is None:
            self._documents[frame.page] += 1
            turned = self._turns.get(frame.page)
            if turned is not None and not turned.done():
                turned.set_result(None)

    def _crash(self, page: "Page") -> None:
        self._crashed.add(page)
        if page is self.tabs.page:
            self._lose(_crash(page))

    def _disconnected(self, _: object) -> None:
        self._lose(_GONE)

    def _lose(self, why: str) -> None:
        if not self.lost.done():
            self.lost.set_result(why)

    def _forget(self, page: "Page") -> None:
        self._sessions.pop(page, None)
        self._loading.discard(page)
        self._turns.pop(page, None)


_GONE = "the browser is gone: it ended or was killed from outside"


def _crash(page: "Page") -> str:
    return f"the page's process crashed or was killed ({page.url[:200]})"


def _heard(shot: asyncio.Task[PageShot]) -> None:
    if not shot.cancelled():
        shot.exception()  # nobody waits for it any more


def _drop(shots: set[asyncio.Task[PageShot]]) -> None:
    """Want them no more."""
    while shots:
        shot = shots.pop()
        shot.cancel()
        shot.add_done_callback(_heard)


def _said(error: Exception) -> str:
    """The first line of what playwright says, without the name of its function."""
    first = str(error).partition("\n")[0]
    name, _, rest = first.partition(": ")
    return rest if rest and "." in name and " " not in name else first
