"""MiniWoB++ as a suite."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Literal, get_args

from ....envs.browser_start import version
from .pages import pages
from .server import Server
from .stage import MiniWobStage, Place, Setting, TimeLimit
from .subsets import SUBSETS
from .tasks import EXCLUDED, page_names, task_names

Via = Literal["browser", "desktop"]

LONGEST_S = 2_000_000
"""A longer time limit than this many seconds no timer of a browser can count."""


class MiniWob:
    """The tasks of the installed ``miniwob`` wheel.

    Args:
        via: Where they are run: a browser without a window, or a private desktop with a Chromium on
            it that is seen and worked as any other program.
        scale: Pixels of the picture to one of CSS, 1 to 4. The task's 160x210 are small to a model.
        time_limit_s: How long an episode may take, in seconds; ``"page"``: as the page has it, 10
            for most; None: as long as the run.
        fresh: Load a page anew for each trial. Farama's own environment starts the same page
            again, which is quicker and leaves traces of the episode before in a third of them.
        executable: A Chromium or Chrome; None: the one that is found.
        port: To serve the pages on; None: any that is free.

    Raises:
        BackendMissing: The wheel is not installed.
        ValueError: An argument is out of range.
    """

    name = "miniwob"

    def __init__(
        self,
        *,
        via: Via = "browser",
        scale: float = 1,
        time_limit_s: TimeLimit = None,
        fresh: bool = True,
        executable: Path | None = None,
        port: int | None = None,
    ) -> None:
        if via not in get_args(Via):
            raise ValueError(f"tasks are run via {' or '.join(get_args(Via))}, not {via!r}")
        if not 1 <= scale <= 4:
            raise ValueError(f"the scale is from 1 to 4, not {scale!r}")
        if isinstance(time_limit_s, int | float) and not 0 < time_limit_s <= LONGEST_S:
            raise ValueError(
                f"a time limit is more than 0 and at most {LONGEST_S} seconds, not {time_limit_s}"
            )
        if isinstance(time_limit_s, str) and time_limit_s != "page":
            raise ValueError(f"a time limit is in seconds, or 'page', not {time_limit_s!r}")
        if port is not None and not 1 <= port <= 65535:
            raise ValueError(f"a port is 1 to 65535, not {port}")
        self._pages = pages()
        self._via, self._scale = via, scale
        self._executable, self._port = executable, port
        self._server: Server | None = None
        self._users = 0
        self._lock = asyncio.Lock()
        self.digest = self._pages.digest
        self.tasks = task_names(self._pages)
        self.excluded = EXCLUDED
        self.subsets = SUBSETS
        self._settings: dict[str, Any] = {
            "via": via,
            "scale": float(scale),
            "time_limit": "off" if time_limit_s is None else time_limit_s,
            "pages": f"miniwob {self._pages.version}",
            "fresh": fresh,
        }
        facts = {"digest": self.digest, **self._settings}
        names = frozenset(page_names(self._pages))
        self._setting = Setting(names, time_limit_s, fresh, facts)

    @property
    def settings(self) -> dict[str, Any]:
        """Where and how it is run, and by which browser. Asks Chromium for its version: 0.2 s."""
        return {**self._settings, "chromium": version(self._executable)}

    def seeds(self, task: str, first: int, count: int) -> Sequence[int]:
        """Give the seeds from one on, one after the other: any fits any task.

        Raises:
            ValueError: There is no such task.
        """
        if task not in self._setting.names:
            raise ValueError(f"MiniWoB++ has no task {task!r}")
        return range(first, first + count)

    def stage(self) -> AbstractAsyncContextManager[MiniWobStage]:
        """Open a browser of its own.

        Raises:
            BackendMissing: A package or Chromium is missing; says how to get it.
            DeviceNotFound: Chromium does not start, or the port is taken.
        """
        return self._stage()

    @asynccontextmanager
    async def _stage(self) -> AsyncIterator[MiniWobStage]:
        async with AsyncExitStack() as stack:
            server = await stack.enter_async_context(self._served())
            place = await self._place(server)
            stage = MiniWobStage(place, server, self._setting)
            try:
                yield stage
            finally:
                await stage.close()

    async def _place(self, server: Server) -> Place:
        if self._via == "desktop":
            from .desktop import DesktopPlace

            return await DesktopPlace.open(server, self._scale, self._executable)
        from .browser import BrowserPlace

        return await BrowserPlace.open(server, self._scale, self._executable)

    @asynccontextmanager
    async def _served(self) -> AsyncIterator[Server]:
        """Serve the pages, once for all stages."""
        async with self._lock:
            if self._server is None:
                server = Server(self._pages, self._port)
                await server.__aenter__()
                self._server = server
            self._users += 1
            serving = self._server
        try:
            yield serving
        finally:
            self._users -= 1
            if not self._users:
                self._server = None
                await serving.__aexit__(None, None, None)
