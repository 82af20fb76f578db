"""Calling a function that may fail, hang, or refuse to end.

A sync function runs in a thread of its own, an async one as a task of its own, so that neither is
waited for longer than its time. Threads cannot be ended; tasks can.
"""

import asyncio
import contextlib
import contextvars
import inspect
import sys
import threading
import traceback
from collections.abc import Callable, Coroutine, Iterator
from types import FrameType
from typing import Any

from .tool_results import ToolResult, failed, returned

GRACE_S = 1.0
"""How long an async tool has to clean up after it was cancelled."""

_CANCELLED_WAIT_S = 0.05
"""Who is cancelled gets its turn back within 100 ms."""


async def call(function: Callable[[], Any], *, name: str, timeout_s: float) -> ToolResult:
    """Call a function and give what came of it, an exception and a timeout included.

    Args:
        function: Takes nothing; may be async.
        name: For its thread or task.
        timeout_s: How long it may take, in seconds.
    """
    if inspect.iscoroutinefunction(function):
        return await _as_task(function(), name, timeout_s)
    thread = _Thread(lambda: returned(function()), name)
    await asyncio.wait([thread.finished], timeout=timeout_s)
    if thread.finished.done():
        return thread.finished.result()
    return _too_late(timeout_s, "it cannot be stopped and may still be at work", thread.stack())


async def _as_task(work: Coroutine[Any, Any, Any], name: str, timeout_s: float) -> ToolResult:
    task = asyncio.create_task(_result_of(work), name=name)
    try:
        await asyncio.wait([task], timeout=timeout_s)
        if not task.done():
            stack = traceback.format_list(traceback.StackSummary.extract(_waiting(work)))
            _end(task, work)
            await asyncio.wait([task], timeout=GRACE_S + _CANCELLED_WAIT_S)
            how = "it was stopped" if task.done() else "it refuses to stop"
            return _too_late(timeout_s, f"{how}; what it did before is not known", stack)
    except asyncio.CancelledError:
        _end(task, work)
        await asyncio.wait([task], timeout=_CANCELLED_WAIT_S)
        raise
    try:
        return task.result()
    except asyncio.CancelledError as error:  # the tool awaited something that was cancelled
        return failed(error)


async def _result_of(work: Coroutine[Any, Any, Any]) -> ToolResult:
    try:
        value = await work
    # A task that ends by SystemExit would end the whole event loop.
    except (Exception, SystemExit) as error:
        return failed(error)
    # In a thread: a large picture takes long.
    return await _Thread(lambda: returned(value), "tool result").finished


def _end(task: asyncio.Task[Any], work: Coroutine[Any, Any, Any]) -> None:
    """Cancel a task; what it runs is closed if it swallows that, or ``asyncio.run`` never ends."""

    def close() -> None:
        if task.done():
            return
        try:
            work.close()
        except RuntimeError:  # it swallows even this
            pass
        finally:
            task.cancel()

    task.cancel()
    asyncio.get_running_loop().call_later(GRACE_S, close)


def _waiting(work: Any) -> Iterator[tuple[FrameType, int]]:
    """Give the frames of a coroutine that waits, outermost first."""
    while (frame := getattr(work, "cr_frame", None)) is not None:
        yield frame, frame.f_lineno
        work = work.cr_await


def _too_late(timeout_s: float, what_of_it: str, stack: list[str]) -> ToolResult:
    error = TimeoutError(f"it did not return within {timeout_s:g} s; {what_of_it}")
    error.add_note("When its time was over it was here:\n" + "".join(stack).rstrip())
    return failed(error)


class _Thread:
    """A function in a thread of its own.

    Not ``asyncio.to_thread``: its threads are waited for when the program ends, so a tool that
    hangs would make Ctrl-C hang too.

    Attributes:
        finished: What came of it.
    """

    def __init__(self, function: Callable[[], ToolResult], name: str) -> None:
        self._loop = asyncio.get_running_loop()
        self.finished: asyncio.Future[ToolResult] = self._loop.create_future()
        run = contextvars.copy_context().run
        self._thread = threading.Thread(
            target=run, args=(self._work, function), name=name, daemon=True
        )
        self._thread.start()

    def stack(self) -> list[str]:
        """Say where the function is; nothing where it has ended meanwhile."""
        frame = sys._current_frames().get(self._thread.ident or 0)
        return [] if frame is None else traceback.format_stack(frame)

    def _work(self, function: Callable[[], ToolResult]) -> None:
        try:
            result = function()
        except BaseException as error:  # a tool must not end the run, not by sys.exit() either
            result = failed(error)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._report, result)

    def _report(self, result: ToolResult) -> None:
        if not self.finished.done():
            self.finished.set_result(result)
