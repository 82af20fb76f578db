"""Opening the desktop that a task names, and what is to be started on it."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from ..envs.desktop import DesktopEnv
from ..envs.programs import end_programs, start_program
from ..envs.virtual import VirtualDisplay
from ..model.size import Size
from .places import DesktopSpec


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
        display, environment = spec.display, None
        if spec.virtual is not None:
            size = Size(*(int(side) for side in spec.virtual.split("x")))
            screen = await stack.enter_async_context(
                VirtualDisplay(size, window_manager=spec.window_manager)
            )
            display, environment = screen.display, screen.environment
            for argv in spec.start:
                await screen.launch(argv, cwd=folder)
        else:
            for argv in spec.start:
                await stack.enter_async_context(_program(argv, display, folder))
        yield DesktopEnv(
            display,
            monitor=spec.monitor,
            region=spec.region,
            window=spec.window,
            environment=environment,
        )


@asynccontextmanager
async def _program(argv: Sequence[str], display: str | None, cwd: Path) -> AsyncIterator[None]:
    """Run a program on the user's own display as long as the context lasts."""
    environment = {**os.environ, **({"DISPLAY": display} if display else {})}
    program = await start_program(argv, environment, cwd)
    try:
        await program.require_running()
        yield
    finally:
        ending = asyncio.ensure_future(end_programs([program]))
        await asyncio.shield(ending)  # bounded; a cancellation leaves it to end by itself
