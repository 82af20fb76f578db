"""A private X display: a screen of its own, in memory, that comes and goes with a run.

What is started on it sees neither the user's screen, nor their Wayland session, nor their session
bus: through the bus, many apps would open their window in the copy that already runs, on the
user's real screen. Other users of the same machine can connect to a private display, as to any
display without a cookie.
"""

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from ..model.size import Size
from . import x11
from .errors import BackendMissing, DeviceLost, DeviceNotFound, EnvTimeout
from .programs import Program, end_programs, start_program
from .x11_windows import Windows

T = TypeVar("T")

_SIZE = Size(1280, 800)
_START_S = 15.0
"""How long the server and the window manager may take to be ready, in seconds."""
_POLL_S = 0.01


class VirtualDisplay:
    """A private X display, and the programs started on it. Use as an async context manager.

    Everything ends with the context, also when it is cancelled; if this process is killed, the
    kernel ends the display, and with it every program that has a window there.

    Args:
        size: Of the screen, in pixels.
        window_manager: Name of the window manager's executable; None for none. Without one,
            windows have no frame and may not get the keyboard by themselves.

    Example::

        async with VirtualDisplay(Size(1280, 800)) as screen:
            await screen.launch(["xterm"])
            await screen.wait_window(10)
            env = DesktopEnv(screen.display)
    """

    def __init__(self, size: Size = _SIZE, *, window_manager: str | None = "openbox") -> None:
        self.size = size
        self._window_manager = window_manager
        self._display: str | None = None
        self._server: Program | None = None
        self._programs: list[Program] = []

    @property
    def display(self) -> str:
        """The display's name, such as ``:1``.

        Raises:
            DeviceNotFound: It does not run.
        """
        if self._display is None:
            raise DeviceNotFound("the private display does not run: use it as a context manager")
        return self._display

    async def __aenter__(self) -> "VirtualDisplay":
        """Start the display, and the window manager on it.

        Raises:
            BackendMissing: Xvfb or the window manager is not installed.
            DeviceNotFound: They do not start; the message holds what they printed.
        """
        if self._server is not None:
            raise DeviceNotFound("the private display runs already: one at a time")
        manager = self._window_manager
        for name in ("Xvfb", *([manager] if manager else [])):
            if shutil.which(name) is None:
                wanted = " ".join(["xvfb", *([manager] if manager else [])])
                raise BackendMissing(
                    f"{name} is not installed, and a private display needs it: apt install {wanted}"
                )
        try:
            self._display = await self._start_server()
            if manager:
                self._programs.append(await start_program([manager], self.environment, None))
                await self._ready(manager)
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End everything that was started; it takes 5 s at most."""
        await self._end()

    async def launch(self, argv: Sequence[str], *, cwd: Path | str | None = None) -> int:
        """Start a program on the display.

        Args:
            argv: The program and its arguments; no shell reads them.
            cwd: The folder to start it in.

        Returns:
            Its process id, which is its process group's, too.

        Raises:
            DeviceNotFound: There is no such program, or it failed at once; the message holds the
                end of what it printed.
        """
        program = await start_program(argv, self.environment, cwd)
        self._programs.append(program)
        await program.require_running()
        return program.process.pid

    async def wait_window(self, timeout_s: float = 10.0, *, title: str | None = None) -> str:
        """Wait until a window is on the screen.

        Args:
            timeout_s: How long to wait, in seconds.
            title: A part of its title, case aside; None for any window that has a title.

        Returns:
            Its title.

        Raises:
            EnvTimeout: None came; says which programs have failed.
            DeviceLost: The display died.
        """

        def look(connection: Any) -> str | None:
            wanted = (title or "").casefold()
            titles = Windows(connection).titles().values()
            return next((shown for shown in titles if wanted in shown.casefold()), None)

        try:
            return await self._until(look, timeout_s)
        except TimeoutError as error:
            what = f"a window with {title!r} in its title" if title else "any window"
            ends = "".join(f"; {end}" for p in self._programs if (end := p.ended()))
            raise EnvTimeout(f"waiting for {what}{ends}", timeout_s) from error

    async def _start_server(self) -> str:
        reader, writer = os.pipe()
        try:
            screen = f"{self.size.width}x{self.size.height}x24"
            argv = ["Xvfb", "-displayfd", str(writer), "-screen", "0", screen]
            argv += ["-nolisten", "tcp", "-noreset", "-dpi", "96"]
            try:
                self._server = await start_program(argv, os.environ, None, keep=(writer,))
            finally:
                os.close(writer)
            os.set_blocking(reader, False)
            return f":{await self._number(reader, self._server)}"
        finally:
            os.close(reader)

    async def _number(self, reader: int, server: Program) -> int:
        """Read the number that the server chose; it writes it when it is ready."""
        said = b""
        end = time.monotonic() + _START_S
        while not said.endswith(b"\n"):
            with contextlib.suppress(BlockingIOError):
                said += os.read(reader, 16)
            if server.process.returncode is not None or time.monotonic() > end:
                raise DeviceNotFound(f"Xvfb does not start: {server.tail() or 'it says nothing'}")
            await asyncio.sleep(_POLL_S)
        return int(said)

    async def _ready(self, manager: str) -> None:
        """Wait until the window manager has taken over."""

        def look(connection: Any) -> bool | None:
            root = connection.screen().root
            found = Windows(connection).property(root, "_NET_SUPPORTING_WM_CHECK")
            return True if found is not None else None

        try:
            await self._until(look, _START_S)
        except TimeoutError as error:
            ends = "".join(f": {end}" for p in self._programs if (end := p.ended()))
            raise DeviceNotFound(f"the window manager {manager} does not start{ends}") from error

    async def _until(self, look: Callable[[Any], T | None], timeout_s: float) -> T:
        """Ask the display until there is an answer, each time over a connection of its own.

        Raises:
            TimeoutError: There was none in time.
        """

        def ask() -> T | None:
            with x11.guarded(name):
                connection = x11.connect(name)
                try:
                    return look(connection)
                finally:
                    x11.close(connection)

        name = self.display
        async with asyncio.timeout(timeout_s):
            while True:
                try:
                    found = await asyncio.to_thread(ask)
                except (DeviceLost, DeviceNotFound) as error:
                    said = self._server.tail() if self._server else ""
                    raise DeviceLost(f"the private display {name} has died. {said}") from error
                if found is not None:
                    return found
                await asyncio.sleep(0.03)

    @property
    def environment(self) -> dict[str, str]:
        """What programs on it get, so that none finds the user's own screen or services."""
        environment = {**os.environ, "DISPLAY": self.display}
        for name in ("WAYLAND_DISPLAY", "XAUTHORITY"):
            environment.pop(name, None)
        # Without the variable, apps would find the user's bus by XDG_RUNTIME_DIR.
        environment |= {"GDK_BACKEND": "x11", "QT_QPA_PLATFORM": "xcb"}
        environment |= {"DBUS_SESSION_BUS_ADDRESS": "disabled:", "NO_AT_BRIDGE": "1"}
        return environment

    async def _end(self) -> None:
        """End all; a cancellation that comes meanwhile waits until that is done."""
        programs, server = self._programs, self._server
        self._programs, self._server, self._display = [], None, None
        ending = asyncio.ensure_future(_end_all(programs, server))
        cancelled: asyncio.CancelledError | None = None
        while not ending.done():
            try:
                await asyncio.shield(ending)
            except asyncio.CancelledError as error:
                cancelled = error
        ending.result()
        if cancelled is not None:
            raise cancelled


async def _end_all(programs: Sequence[Program], server: Program | None) -> None:
    """End the programs, the last first, and then the display they are on."""
    await end_programs([*reversed(programs)])
    await end_programs([server] if server else [])
