"""Opening the desktop that a task names, and what is to be started on it."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from ..envs.desktop import DesktopEnv
from ..envs.errors import DeviceNotFound
from ..envs.virtual import VirtualDisplay
from ..model.size import Size
from .task import DesktopSpec

_END_TIMEOUT_S = 3.0


@asynccontextmanager
async def open_desktop(spec: DesktopSpec, folder: Path) -> AsyncIterator[DesktopEnv]:
    """Give the desktop env of a task; what was started for it ends with the context.

    Args:
        spec: What the task says.
        folder: Programs are started in this folder.

    Raises:
        BackendMissing, DeviceNotFound: It cannot be had; says what to do.
    """
    async with contextlib.AsyncExitStack() as stack:
        display = spec.display
        if spec.virtual is not None:
            size = Size(*(int(side) for side in spec.virtual.split("x")))
            screen = await stack.enter_async_context(
                VirtualDisplay(size, window_manager=spec.window_manager)
            )
            display = screen.display
            for argv in spec.start:
                await screen.launch(argv, cwd=folder)
        else:
            for argv in spec.start:
                await stack.enter_async_context(_program(argv, display, folder))
        yield DesktopEnv(display, monitor=spec.monitor, region=spec.region, window=spec.window)


@asynccontextmanager
async def _program(argv: Sequence[str], display: str | None, cwd: Path) -> AsyncIterator[None]:
    """Run a program on the user's own display as long as the context lasts."""
    environ = {**os.environ, **({"DISPLAY": display} if display else {})}
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            cwd=cwd,
            env=environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError as error:
        raise DeviceNotFound(f"{argv[0]} cannot be started: {error.strerror}") from error
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(_END_TIMEOUT_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
