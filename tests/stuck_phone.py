"""What is said in runs that get nowhere, on practice phones where something moves by itself."""

import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from eyehand.actions import Action, Tool, tool
from eyehand.agent import Agent, Limits, Task
from eyehand.envs import Effect, Episode, Observation, Outcome, PracticeEnv
from eyehand.model import Message, Pixels, Reply, ScriptedModel

Say = Callable[[PracticeEnv, int], Any]
"""Gives a reply from the phone as it is, and the number of times that it was asked."""


def do(**action: Any) -> Say:
    """Say an action."""
    return lambda env, turn: action


def at(x: float, y: float) -> Say:
    """Tap a point."""
    return do(action="click", point=[x, y])


def tap(name: str) -> Say:
    """Tap what has a name: a text, label, id or role."""

    def say(env: PracticeEnv, turn: int) -> Any:
        tree = env.phone.tree()
        nodes = [n for n in tree.walk() if name in (n.text, n.label, n.id, n.role)]
        left, top, right, bottom = nodes[-1].box
        return {"action": "click", "point": [(left + right) / 2, (top + bottom) / 2]}

    return say


def swipe(start: tuple[int, int], end: tuple[int, int]) -> Say:
    """Swipe, each time a little elsewhere, as fingers and models do."""

    def say(env: PracticeEnv, turn: int) -> Any:
        off = turn * 7 % 11
        begin, stop = [start[0] + off, start[1] + off], [end[0] + off, end[1] + off]
        return {"action": "swipe", "start": begin, "end": stop}

    return say


def app(name: str) -> Say:
    """Open an app."""
    return do(action="open_app", name=f"org.eyehand.{name}")


def words(text: str) -> Say:
    """Say something else than an action."""
    return lambda env, turn: text


def thinking(thought: str, *ways: Say) -> Say:
    """Say an action after a thought."""
    return lambda env, turn: f"{thought}\n{json.dumps(ways[turn % len(ways)](env, turn))}"


@tool
def stock(item: str) -> str:
    """Say how many there are.

    Args:
        item: Its name.
    """
    if item == "door":
        raise RuntimeError("there are no doors")
    return f"there are 3 of {item}"


@dataclass
class Loop:
    """A run that gets nowhere.

    Attributes:
        name: What it does.
        around: What is said again and again.
        first: What is said before that.
        kind: What the first trouble is called.
        within: So many steps after the loop's beginning it is noticed.
        moves: What moves on the screen by itself.
        seed: Of the phone.
    """

    name: str
    around: Sequence[Say]
    first: Sequence[Say] = ()
    kind: str = "repeat"
    within: int = 5
    moves: Sequence["Mover"] = ()
    seed: int = 3
    tools: Sequence[Tool] = field(default=(stock,))

    def model(self, env: PracticeEnv) -> "Looping":
        """Give who says it."""
        return Looping(env, self)


class Looping(ScriptedModel):
    """Says what a loop says, without end."""

    def __init__(self, env: PracticeEnv, loop: Loop) -> None:
        super().__init__([], name="looping")
        self._env = env
        self._sayings = itertools.chain(loop.first, itertools.cycle(loop.around))
        self._turn = -len(loop.first)

    async def reply(self, messages: Sequence[Message], **bounds: Any) -> Reply:
        said = next(self._sayings)(self._env, max(0, self._turn))
        self._turn += 1
        return Reply(said if isinstance(said, str) else json.dumps(said))


Mover = Callable[[Pixels, int], None]
"""Paints what moves by itself into a picture, which is the one of that number."""


def seconds_clock(pixels: Pixels, number: int) -> None:
    """A clock with seconds in the status bar."""
    _digits(pixels, number, left=220, top=8)


def clock_widget(pixels: Pixels, number: int) -> None:
    """A clock with seconds in the middle of the screen."""
    _digits(pixels, number, left=200, top=800)


def _digits(pixels: Pixels, number: int, *, left: int, top: int) -> None:
    pixels[top : top + 24, left : left + 60] = 255
    for place in range(6):
        if number >> place & 1:
            pixels[top + 4 : top + 20, left + 10 * place + 2 : left + 10 * place + 8] = 0


def caret(pixels: Pixels, number: int) -> None:
    """A caret that blinks, in no rhythm with the looks."""
    if number * 5 % 7 < 4:
        pixels[600:640, 270:273] = (20, 80, 200)


def film(pixels: Pixels, number: int) -> None:
    """A film in the corner."""
    noise = np.random.default_rng(number).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    pixels[860:1100, 290:530] = np.kron(noise, np.ones((20, 20, 1), np.uint8))


def spinner(pixels: Pixels, number: int) -> None:
    """Something round that turns."""
    x, y = ((0, 0), (30, 0), (30, 30), (0, 30))[number % 4]
    pixels[560 + y : 580 + y, 250 + x : 270 + x] = 90


class Restless(PracticeEnv):
    """A practice phone on which something moves by itself; the env cannot tell it from an effect.

    Args:
        seed: Of the phone.
        movers: What moves.
    """

    def __init__(self, seed: int, movers: Sequence[Mover]) -> None:
        super().__init__(seed)
        self._movers = movers
        self._number = itertools.count(1)

    async def observe(self) -> Observation:
        return self._painted(await super().observe())

    async def perform(self, action: Action, seen: Observation) -> Outcome:
        outcome = await super().perform(action, seen)
        assert outcome.after is not None
        changed = outcome.effect is Effect.CHANGED
        return Outcome(
            outcome.delivery,
            Effect.CHANGED if changed else Effect.UNKNOWN,
            self._painted(outcome.after),
            settle_s=outcome.settle_s,
            settled=outcome.settled,
        )

    def _painted(self, seen: Observation) -> Observation:
        pixels, number = seen.pixels.copy(), next(self._number)
        for mover in self._movers:
            mover(pixels, number)
        return Observation(pixels, seen.frame, time=seen.time, extras=seen.extras)


async def looped(loop: Loop, *, record: Path | None = None, **more: Any) -> Episode:
    """Run a loop through the whole agent, with nobody to ask.

    Args:
        loop: Which.
        record: Where to.
        more: For the agent.
    """
    env = Restless(loop.seed, loop.moves) if loop.moves else PracticeEnv(loop.seed)
    limits = Limits(steps=60, errors=1000)
    agent = Agent(env, loop.model(env), tools=loop.tools, record=record, **more)
    return await agent.run(Task.goal("get on", limits=limits))
