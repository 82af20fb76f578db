"""A thread of one's own for blocking work, with bounds and a way to stop it at once."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from .errors import EnvClosed, EnvTimeout

T = TypeVar("T")

_GRACE_S = 0.07
"""How long a cancelled caller waits for the worker to have released keys; callers are promised
100 ms in all."""


class Stopped(Exception):
    """Work ended early because its caller wants it no more. Never leaves this package."""


class Stop:
    """Tells work in a thread that it shall end.

    One for each piece of work, so that stopping one cannot stop the next.
    """

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """Stop the work."""
        self._event.set()

    @property
    def is_set(self) -> bool:
        """Whether the work shall end."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise ``Stopped`` if the work shall end."""
        if self._event.is_set():
            raise Stopped

    def sleep(self, seconds: float) -> None:
        """Sleep, and raise ``Stopped`` as soon as the work shall end."""
        if self._event.wait(max(0.0, seconds)):
            raise Stopped


class Worker:
    """Runs blocking functions, one at a time, in order.

    Args:
        name: The thread's name.
    """

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._stops: set[Stop] = set()

    async def run(self, operation: str, timeout_s: float, work: Callable[[Stop], T]) -> T:
        """Run a function in the thread.

        Args:
            operation: What it does, for the message of the timeout.
            timeout_s: How long it may take, waiting for earlier work included, in seconds.
            work: Called with a ``Stop`` that it has to heed.

        Raises:
            EnvTimeout: It took longer. It was told to stop.
        """
        stop = Stop()
        try:
            future = self._pool.submit(work, stop)
        except RuntimeError as error:
            raise EnvClosed("the env is closed") from error
        self._stops.add(stop)
        future.add_done_callback(lambda _: self._stops.discard(stop))
        waiter = asyncio.wrap_future(future)
        # Whatever the work raises after nobody waits any more has been handled there.
        waiter.add_done_callback(lambda done: None if done.cancelled() else done.exception())
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.shield(waiter)
        except TimeoutError as error:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is not None:
                raise
            stop.set()
            raise EnvTimeout(operation, timeout_s) from error
        except asyncio.CancelledError:
            stop.set()
            if not waiter.done():
                await asyncio.wait({waiter}, timeout=_GRACE_S)
            raise

    def stop_all(self) -> None:
        """Stop everything under way or waiting."""
        for stop in list(self._stops):
            stop.set()

    def shut(self) -> None:
        """Take no more work. What is under way ends by itself; the thread with it."""
        self.stop_all()
        self._pool.shutdown(wait=False)
