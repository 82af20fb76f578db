"""A person at the terminal of a run: shown it, asked, and with a hand on it."""

import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

import typer

from ..envs.errors import EnvError
from .acting import Ask
from .asking import Terminal
from .console import Display
from .control import Control, State
from .errors import BadUsage
from .events import GivenBack, Hooks, InTrouble, Paused
from .guard import Approve, Leave
from .hands import STOP_CHORD, TAKE_CHORD, hotkeys_for, signals_for
from .terminal_keys import HELP, keys_for

PolicyOption = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="What the model may do: read-only, careful, trusted, or a policy file.",
    ),
]
SecretOption = Annotated[
    list[str] | None,
    typer.Option(
        "--secret",
        metavar="NAME=SOURCE",
        help="What {{secret:NAME}} stands for where it is typed: env:VARIABLE, file:PATH, "
        "keyring:SERVICE/USER, or prompt; repeatable.",
    ),
]
UnattendedOption = Annotated[
    bool, typer.Option("--unattended", help="Ask nobody, also at a terminal: what asks is refused.")
]
TraceOption = Annotated[
    bool, typer.Option("--trace", help="Make OpenTelemetry spans, for opentelemetry-instrument.")
]


@dataclass(frozen=True, slots=True)
class Guarded:
    """What a run may do, and who is there for it.

    Attributes:
        policy: A policy's name or file.
        secrets: ``NAME=SOURCE``.
        unattended: Nobody is asked.
        trace: Make OpenTelemetry spans.
    """

    policy: str
    secrets: tuple[str, ...]
    unattended: bool
    trace: bool


@dataclass(frozen=True, slots=True)
class Attendance:
    """Who is there for a run.

    Attributes:
        ask: Answers questions; None where nobody is there.
        approve: Gives leave; None where nobody is there.
        control: The person's hand on the run.
        hooks: What is told of the run.
    """

    ask: Ask | None
    approve: Approve | None
    control: Control
    hooks: tuple[Hooks, ...]


def somebody_is_there(*, unattended: bool) -> bool:
    """Whether a person sits at the terminal and may be asked."""
    return not unattended and sys.stdin is not None and sys.stdin.isatty()


def keys_help(*, unattended: bool) -> str:
    """Say which keys do something; empty where nobody is there to press them."""
    return HELP if somebody_is_there(unattended=unattended) else ""


@asynccontextmanager
async def attending(
    view: Display, display: str | None, *, unattended: bool, trace: bool
) -> AsyncIterator[Attendance]:
    """Let the person at the terminal be asked, and work the run by keys, hotkeys and signals.

    Args:
        view: Where the run is shown; it steps aside while somebody is asked.
        display: The X display that the person shares with the run, for hotkeys; None: none.
        unattended: Nobody is asked, and no key does anything.
        trace: Make OpenTelemetry spans.

    Raises:
        BadUsage: OpenTelemetry is not installed.
    """
    shown = _Shown(view)
    control = Control(shown.turned)
    hooks: list[Hooks] = [shown]
    if trace:
        hooks.append(_tracing())
    async with AsyncExitStack() as stack:
        stack.enter_context(signals_for(control))
        if display is not None:
            try:
                await stack.enter_async_context(hotkeys_for(control, display))
            except EnvError as error:
                view.say(f"{STOP_CHORD} and {TAKE_CHORD} do nothing on {display}: {error}")
        if not somebody_is_there(unattended=unattended):
            yield Attendance(None, None, control, tuple(hooks))
            return
        terminal = Terminal()
        keys = stack.enter_context(keys_for(control, aside=view.aside, say=view.say))

        async def ask(question: str) -> str:
            with view.aside(), keys.suspended():
                return await terminal.ask(question)

        async def approve(leave: Leave) -> bool:
            with view.aside(), keys.suspended():
                return await terminal.approve(leave)

        yield Attendance(ask, approve, control, tuple(hooks))


_DONE_ABOUT_IT = {
    "tell": "the model is told",
    "change": "the model begins anew",
    "ask": "you are asked",
    "stop": "the run stops",
}


class _Shown(Hooks):
    """Shows what is no step."""

    def __init__(self, view: Display) -> None:
        self._view = view
        self._pausing = False

    def turned(self, state: State) -> None:
        """Answer a key at once: what is under way may take long to finish."""
        if state is State.PAUSED:
            self._pausing = True
            self._view.say("it pauses when what is under way is finished: p goes on")
        elif state is State.RUNNING and self._pausing:  # it never came to a pause
            self._pausing = False
            self._view.say("goes on")

    async def on_pause(self, event: Paused) -> None:
        self._pausing = False
        self._view.say("you have it: t gives it back" if event.taken else "paused: p goes on")

    async def on_give_back(self, event: GivenBack) -> None:
        self._view.say(f"goes on after {event.seconds:.0f} s")

    async def on_trouble(self, event: InTrouble) -> None:
        self._view.say(f"{_DONE_ABOUT_IT[event.trouble.grade]}: {event.trouble.words}")


def _tracing() -> Hooks:
    from .tracing import Tracing  # says which extra is missing

    try:
        return Tracing()
    except ImportError as error:
        raise BadUsage(f"--trace: {error}") from error
