"""A person's hand on the run: pause, take over, give back, stop. From code, keys, signals."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from ..envs.base import Observation
from ..envs.records import Step


class State(StrEnum):
    """In whose hands the run is."""

    RUNNING = "running"
    PAUSED = "paused"
    """Nothing further is sent; what the model says meanwhile is kept for later."""
    TAKEN = "taken"
    """A person acts; what was under way was dropped."""
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded step of a person's, and the screen that they left."""

    step: Step
    after: Observation | None


class TakenOver(Exception):
    """A person took over while something was under way. Never leaves the loop."""


class Halted(Exception):
    """A person stopped the run. Never leaves the loop."""


class Control:
    """Holds, takes over, gives back and stops one run. Every method may be called from any thread.

    A stop, and taking over, end what is under way (a reply, a wait, an input: its keys are
    released) within 100 ms, and nothing further is sent. A pause lets it finish and holds the run
    before the next input.

    Args:
        told: Called in the event loop whenever the state changes.

    Example::

        control = Control()
        agent = Agent(env, model, control=control)
        ...
        control.pause()
        control.give_back()
    """

    def __init__(self, told: Callable[[State], None] | None = None) -> None:
        self._told = told
        self._state = State.RUNNING
        self._loop: asyncio.AbstractEventLoop | None = None
        self._clocks: set[asyncio.Timeout] = set()
        self._free = asyncio.Event()
        self._free.set()
        self._taken = 0
        self.note = ""
        self.why = ""

    @property
    def state(self) -> State:
        """In whose hands the run is."""
        return self._state

    @property
    def takings(self) -> int:
        """How often a person took over so far."""
        return self._taken

    def recorded(self, index: int) -> "Recorded | None":
        """Give the hand-over that a replay meets before a step; None in a live run."""
        return None

    def was_taken(self, index: int) -> bool:
        """Whether, in a replay, a person took over before this step was done."""
        return False

    def pause(self) -> None:
        """Hold the run before its next input. Does nothing unless it runs."""
        self._soon(lambda: self._set(State.PAUSED, State.RUNNING))

    def take_over(self) -> None:
        """Drop what is under way: a person acts now. Does nothing once stopped."""
        self._soon(lambda: self._set(State.TAKEN, State.RUNNING, State.PAUSED))

    def give_back(self, note: str = "") -> None:
        """Let the run go on, after a pause or a take-over.

        Args:
            note: What the model is told, after a take-over.
        """

        def give() -> None:
            if self._state in (State.PAUSED, State.TAKEN):
                self.note = note
            self._set(State.RUNNING, State.PAUSED, State.TAKEN)

        self._soon(give)

    def stop(self, why: str = "stopped by the user") -> None:
        """End the run before the next input.

        Args:
            why: For the record.
        """

        def end() -> None:
            self.why = self.why or why
            self._set(State.STOPPED, State.RUNNING, State.PAUSED, State.TAKEN)

        self._soon(end)

    def attach(self) -> None:
        """Belong to the event loop that runs now; the run calls it when it begins."""
        self._loop = asyncio.get_running_loop()

    @contextmanager
    def striking(self, clock: asyncio.Timeout) -> Iterator[None]:
        """Let a clock that bounds work run out when a person stops the run or takes over.

        Raises:
            Halted, TakenOver: They have already.
        """
        self.check()
        self._clocks.add(clock)
        try:
            yield
        finally:
            self._clocks.discard(clock)

    def check(self) -> None:
        """Raise if a person has stopped the run or has it in their hands.

        Raises:
            Halted, TakenOver: See there.
        """
        if self._state is State.STOPPED:
            raise Halted(self.why)
        if self._state is State.TAKEN:
            raise TakenOver

    async def freed(self, timeout_s: float) -> float:
        """Wait until nobody holds the run; give for how long that was, in seconds.

        Raises:
            Halted: The run was stopped.
            TimeoutError: Nobody gave it back in time.
        """
        began = time.monotonic()
        async with asyncio.timeout(timeout_s):
            await self._free.wait()
        if self._state is State.STOPPED:
            raise Halted(self.why)
        return time.monotonic() - began

    def _soon(self, change: Callable[[], None]) -> None:
        """Change the state in the loop's thread; at once where this is it."""
        loop = self._loop
        try:
            here = asyncio.get_running_loop()
        except RuntimeError:
            here = None
        if loop is None or loop is here or loop.is_closed():
            change()
        else:
            loop.call_soon_threadsafe(change)

    def _set(self, state: State, *before: State) -> None:
        if self._state not in before:
            return
        self._state = state
        self._taken += state is State.TAKEN
        if state in (State.PAUSED, State.TAKEN):
            self._free.clear()
        else:
            self._free.set()
        if state in (State.TAKEN, State.STOPPED) and self._loop is not None:
            now = self._loop.time()
            for clock in list(self._clocks):
                if not clock.expired():
                    clock.reschedule(now)
        if self._told is not None:
            self._told(state)
