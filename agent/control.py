"""A person's hand on the run: pause, take over, give back, stop. From code, keys, signals."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from ..envs.base import Observation
from ..envs.records import Decision, Step

CUT = "a person took over in the middle of it"
"""The error of a step that was under way when a person took over; a replay knows it by that."""


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
    """Holds, takes over, gives back and stops a run. Every method may be called from any thread.

    A stop, and taking over, end what is under way (a reply, a wait, an input: its keys are
    released) within 100 ms, and nothing further is sent. A pause lets it finish and holds the run
    before the next action.

    It holds at once, also before a run begins: a run that is given a paused control waits before
    its first look. A stop is for good: every run that is given a stopped control ends before its
    first look. Several runs may share one, in turn, or at once in one event loop.

    Args:
        told: Called in the event loop of the run whenever the state changes.

    Example::

        control = Control()
        agent = Agent(env, model, control=control)
        ...
        control.pause()
        control.give_back()
    """

    def __init__(self, told: Callable[[State], None] | None = None) -> None:
        self._told = told
        # Reentrant: a signal handler may come in the middle of a call.
        self._lock = threading.RLock()
        self._state = State.RUNNING
        self._why: str | None = None  # its own, so that nothing can undo a stop
        self._takings = 0
        self._notes: list[tuple[int, str]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._runs = 0
        self._turned = asyncio.Event()
        self._clocks: dict[asyncio.Timeout, tuple[float, int | None]] = {}

    @property
    def state(self) -> State:
        """In whose hands the run is."""
        return self._state if self._why is None else State.STOPPED

    @property
    def why(self) -> str:
        """Why it was stopped; empty where it was not."""
        return self._why or ""

    @property
    def takings(self) -> int:
        """How often a person took over so far, or told the model something."""
        return self._takings

    def notes(self, since: int) -> str:
        """Give what was said when giving back, after so many takings."""
        with self._lock:
            return "\n".join(note for number, note in self._notes if number > since)

    def recorded(self, index: int) -> Recorded | None:
        """Give the hand-over that a replay meets before a step; None in a live run."""
        return None

    def was_taken(self, index: int) -> Decision | None:
        """Give, in a replay, the decision about an action that was dropped as a person took over.

        None where it was not, and in a live run.
        """
        return None

    def was_cut(self, index: int) -> bool:
        """Whether, in a replay, a person took over in the middle of this step."""
        return False

    def pause(self) -> None:
        """Hold the run before its next action. Does nothing unless it runs."""
        self._set(State.PAUSED, State.RUNNING)

    def take_over(self) -> None:
        """Drop what is under way: a person acts now. Does nothing once stopped."""
        self._set(State.TAKEN, State.RUNNING, State.PAUSED)

    def give_back(self, note: str = "") -> None:
        """Let the run go on, after a pause or a take-over. Does nothing while it runs.

        Args:
            note: What the model is told. After a pause, too: what it was about to do is dropped
                then, and it decides anew.
        """
        note = note.encode("utf-8", "replace").decode().strip()
        with self._lock:
            if self.state not in (State.PAUSED, State.TAKEN):
                return
            if note and self._state is State.PAUSED:
                self._takings += 1
            if note:
                self._notes.append((self._takings, note))
            self._set(State.RUNNING, State.PAUSED, State.TAKEN)

    def toggle_pause(self) -> None:
        """Pause a run that goes, give back one that is held: for a single key."""
        with self._lock:
            self.pause() if self.state is State.RUNNING else self.give_back()

    def toggle_hands(self) -> None:
        """Take over, or give back where a person has it in their hands: for a single key."""
        with self._lock:
            self.give_back() if self.state is State.TAKEN else self.take_over()

    def stop(self, why: str = "stopped by the user") -> None:
        """End the run before the next input, for good.

        Args:
            why: For the record.
        """
        with self._lock:
            if self._why is not None:
                return
            self._why = why
            self._soon(State.STOPPED)

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Belong to a run in the event loop that runs now.

        Raises:
            RuntimeError: It has a run in another event loop.
        """
        loop = asyncio.get_running_loop()
        with self._lock:
            before = self._loop
            if before is not loop:
                if self._runs and before is not None and not before.is_closed():
                    raise RuntimeError(
                        "this Control has a run in another event loop: give each loop its own"
                    )
                self._runs, self._loop, self._turned = 0, loop, asyncio.Event()
                self._clocks.clear()
            self._runs += 1
            if self.state is not State.RUNNING:
                self._soon(self.state)
        try:
            yield
        finally:
            with self._lock:
                if self._loop is loop:
                    self._runs -= 1

    @contextmanager
    def striking(
        self, clock: asyncio.Timeout, *, keep: bool = False, grace_s: float = 0.0
    ) -> Iterator[None]:
        """Let a clock that bounds work run out when a person stops the run or takes over.

        Args:
            clock: Which.
            keep: Whether it is to run on when a person takes over.
            grace_s: How much longer it may run once the run is stopped, in seconds.
        """
        with self._lock:
            self._clocks[clock] = grace_s, None if keep else self._takings
        try:
            yield
        finally:
            with self._lock:
                self._clocks.pop(clock, None)

    def check(self) -> None:
        """Raise if a person has stopped the run or has it in their hands.

        Raises:
            Halted, TakenOver: They have.
        """
        self.check_stopped()
        if self._state is State.TAKEN:
            raise TakenOver

    def check_stopped(self) -> None:
        """Raise if a person has stopped the run.

        Raises:
            Halted: They have.
        """
        if self._why is not None:
            raise Halted(self._why)

    async def left(self, state: State) -> None:
        """Wait until the run is in another state. The caller bounds it."""
        while True:
            self._turned.clear()  # before looking: a change in between sets it again
            if self.state is not state:
                return
            await self._turned.wait()

    def _set(self, state: State, *before: State) -> None:
        with self._lock:
            if self.state not in before:
                return
            self._state = state
            self._takings += state is State.TAKEN
            self._soon(state)

    def _soon(self, state: State) -> None:
        """Let the run's event loop know. The lock is held."""
        if self._loop is None:
            return
        # Also from the loop's own thread: a signal handler must wake a loop that waits.
        with contextlib.suppress(RuntimeError):  # it is closed: there is nobody to tell
            self._loop.call_soon_threadsafe(self._turn, state, self._takings)

    def _turn(self, state: State, takings: int) -> None:
        """Wake who waits, and strike the clocks. Runs in the event loop."""
        self._turned.set()
        with self._lock:
            clocks = list(self._clocks.items())
        for clock, (grace_s, entered) in clocks:
            stopped = state is State.STOPPED
            # What began after the hand-over is not meant by it.
            taken = entered is not None and entered < takings
            if (stopped or taken) and not clock.expired():
                now = asyncio.get_running_loop().time()
                end = now + (grace_s if stopped else 0.0)
                before = clock.when()
                clock.reschedule(end if before is None else min(before, end))
        if self._told is not None:
            self._told(state)
