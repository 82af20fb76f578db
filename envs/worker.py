"""A thread of one's own for blocking work, with bounds and a way to stop it at once."""

import asyncio
import atexit
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from .errors import EnvClosed, EnvTimeout

T = TypeVar("T")

_LEAVE_S = 3.0
"""How long Python's end waits for work to have given back what it borrowed."""

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
        self._name = name
        self._thread: threading.Thread | None = None
        self._work: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None]
        self._work = queue.SimpleQueue()
        self._stops: set[Stop] = set()
        self._shut = False

    async def run(self, operation: str, timeout_s: float, work: Callable[[Stop], T]) -> T:
        """Run a function in the thread.

        Args:
            operation: What it does, for the message of the timeout.
            timeout_s: How long it may take, waiting for earlier work included, in seconds.
            work: Called with a ``Stop`` that it has to heed.

        Raises:
            EnvTimeout: It took longer. It was told to stop.
            EnvClosed: The env was closed before it was done.
        """
        if self._shut:
            raise EnvClosed("the env is closed")
        stop = Stop()
        future: Future[T] = Future()
        self._stops.add(stop)
        future.add_done_callback(lambda _: self._stops.discard(stop))
        waiter = asyncio.wrap_future(future)
        # What the work raises after nobody waits any more concerns nobody.
        waiter.add_done_callback(lambda done: None if done.cancelled() else done.exception())
        self._work.put((future, lambda: work(stop)))
        self._start()
        try:
            done, _ = await asyncio.wait({waiter}, timeout=timeout_s)
        except asyncio.CancelledError:
            stop.set()
            if not waiter.done():
                await asyncio.wait({waiter}, timeout=_GRACE_S)
            raise
        if not done:
            stop.set()
            raise EnvTimeout(operation, timeout_s)
        try:
            return waiter.result()
        except Stopped as error:
            raise EnvClosed("the env was closed in the middle of it") from error

    def stop_all(self) -> None:
        """Stop everything under way or waiting."""
        for stop in list(self._stops):
            stop.set()

    def shut(self) -> None:
        """Take no more work. What is under way ends by itself; the thread with it."""
        self._shut = True
        self.stop_all()
        self._work.put(None)

    def _start(self) -> None:
        if self._thread is None:
            # A daemon: a display that hangs must not keep Python from ending. Work that can end
            # is waited for, so that keys are released.
            self._thread = threading.Thread(target=self._loop, name=self._name, daemon=True)
            self._thread.start()
            atexit.register(self._leave)

    def _loop(self) -> None:
        while (item := self._work.get()) is not None:
            future, work = item
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)
            del future, work, item  # an idle thread must not keep pictures alive
        atexit.unregister(self._leave)  # not before: what is borrowed is given back by now

    def _leave(self) -> None:
        self.stop_all()
        self._work.put(None)
        if self._thread is not None:
            self._thread.join(_LEAVE_S)
