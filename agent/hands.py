"""A person's hand on a run from outside its terminal: signals, and hotkeys of an X11 desktop."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager

from ..envs.x11_hotkey import Hotkey, grabbed
from .control import Control, State

STOP_CHORD = "ctrl+alt+escape"
TAKE_CHORD = "ctrl+alt+p"


@contextmanager
def signals_for(control: Control) -> Iterator[None]:
    """Let signals work a run: USR1 pauses or gives back, USR2 takes over or gives back.

    Signals that somebody else heeds, or that are ignored, are left to them. Outside the main
    thread, and on systems without these signals, nothing is done.

    Args:
        control: Of the run.

    Raises:
        RuntimeError: No event loop runs.
    """
    loop = asyncio.get_running_loop()
    ways = {"SIGUSR1": control.toggle_pause, "SIGUSR2": control.toggle_hands}
    with ExitStack() as heeded:
        for name, way in ways.items():
            number = getattr(signal, name, None)
            if number is None or signal.getsignal(number) is not signal.SIG_DFL:
                continue
            try:
                loop.add_signal_handler(number, way)
            except (ValueError, RuntimeError, NotImplementedError):
                break
            heeded.callback(loop.remove_signal_handler, number)
        yield


@asynccontextmanager
async def hotkeys_for(
    control: Control,
    display: str | None = None,
    *,
    stop: str = STOP_CHORD,
    take: str = TAKE_CHORD,
) -> AsyncIterator[None]:
    """Let two chords of an X11 desktop work a run, whichever window has the keyboard.

    Args:
        control: Of the run.
        display: Such as ``:0``; by default ``$DISPLAY``.
        stop: Stops the run.
        take: Takes over; pressed again, gives back as soon as its keys are up.

    Raises:
        HotkeyTaken: Another program has one of them.
        UnknownKey: A chord cannot be read.
        BackendMissing, DeviceNotFound: There is no such display, or it is Wayland's.
    """
    giving = False

    def turn() -> None:
        nonlocal giving
        giving = control.state is State.TAKEN
        if not giving:
            control.take_over()

    def up() -> None:
        # Not before: with Ctrl still down, what the run types would be shortcuts.
        if giving:
            control.give_back()

    async with grabbed(display, [Hotkey(stop, control.stop), Hotkey(take, turn, up)]):
        yield
