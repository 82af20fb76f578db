"""A run that can be met in every phase, and what a person's hand on it leaves behind."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from paper_env import PaperEnv

from eyehand.actions import tool
from eyehand.agent import Agent, Limits, Task, TaskStep
from eyehand.agent.control import Control
from eyehand.agent.events import Acting, Event, Hooks, Paused, Stepped
from eyehand.agent.guard import Guard, Leave
from eyehand.agent.policy import Policy
from eyehand.envs import Effect, Observation, Outcome
from eyehand.envs.base import Delivery
from eyehand.model import Message, Reply, ScriptedModel

PHASES = (
    "resetting", "observing", "thinking", "leave", "question", "intending", "typing", "tool",
    "waiting", "settled", "between",
)  # fmt: skip
"""Where a run can be when a person's hand comes."""


class Gate:
    """Where the run waits, the first time it comes by."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()

    async def pass_by(self) -> None:
        if not self.reached.is_set():
            self.reached.set()
            await self.opened.wait()


class Desk(PaperEnv):
    """Paper that writes down when it was touched, and what is held down."""

    def __init__(self, gate: Gate, phase: str) -> None:
        super().__init__()
        self.gate, self.phase = gate, phase
        self.action_space = PaperEnv.action_space
        self.touched: list[float] = []
        self.down: set[str] = set()

    async def reset(self) -> Observation:
        if self.phase == "resetting":
            self.gate.reached.set()
            await asyncio.sleep(0.05)
        return await super().reset()

    async def observe(self) -> Observation:
        if self.phase == "observing" and self.clicks:
            await self.gate.pass_by()
        return await super().observe()

    async def probe(self, name: str, arguments: Mapping[str, Any], read: Any) -> Any:
        if self.phase == "waiting" and name == "check:file":
            self.gate.reached.set()
        return await super().probe(name, arguments, read)

    async def perform(self, action: Any, seen: Observation) -> Outcome:
        if action.action != "type":
            self.touched.append(time.monotonic())
            done = await super().perform(action, seen)
            if self.phase == "settled" and len(self.clicks) == 2:
                await self.gate.pass_by()
            return done
        for character in action.text:
            self.down.add(character)
            try:
                self.touched.append(time.monotonic())
                self.typed += character
                self.sheet[len(self.typed) % 200, 5] = 0
                await asyncio.sleep(0.004)
            finally:
                self.down.clear()
            if self.phase == "typing" and len(self.typed) == 9:
                self.gate.reached.set()
        return Outcome(Delivery.DELIVERED, Effect.CHANGED, self._see())


class Thinker(ScriptedModel):
    """Keeps its prompts, and is slow once."""

    def __init__(self, replies: Sequence[Any], gate: Gate, phase: str) -> None:
        super().__init__(replies)
        self.gate, self.phase = gate, phase
        self.prompts: list[str] = []
        self.temperatures: list[float | None] = []

    async def reply(self, messages: Sequence[Message], **bounds: Any) -> Reply:
        self.prompts.append("\n".join(message.text for message in messages))
        self.temperatures.append(bounds.get("temperature"))
        if self.phase == "thinking" and len(self.prompts) == 2:
            await self.gate.pass_by()
        return await super().reply(messages)


class Log(Hooks):
    """Keeps every event, and does something at one."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.at: Callable[[Event], Awaitable[None] | None] = lambda event: None

    async def on_event(self, event: Event) -> None:
        self.events.append(event)
        done = self.at(event)
        if done is not None:
            await done

    async def told(self, kind: type, **fields: Any) -> None:
        """Wait until an event has come."""

        def came() -> bool:
            found = [event for event in self.events if isinstance(event, kind)]
            return any(all(getattr(e, k) == v for k, v in fields.items()) for e in found)

        async with asyncio.timeout(20):
            while not came():  # noqa: ASYNC110 - events come from a list
                await asyncio.sleep(0.002)

    def kinds(self) -> list[str]:
        return [type(event).__name__ for event in self.events]


CLICK = {"action": "click", "point": [7, 7]}
SECOND = {
    "typing": {"action": "type", "text": "x" * 80},
    "question": {"action": "ask_user", "question": "which one?"},
    "tool": {"action": "call_tool", "name": "linger", "arguments": {}},
}


class Scene:
    """A run of four rounds: a click, what the phase is about, a click elsewhere, done."""

    def __init__(
        self, phase: str, record: Path, *, control: Control | None = None, **limits: Any
    ) -> None:
        self.phase = phase
        self.gate = gate = Gate()
        self.env = Desk(gate, phase)
        second = SECOND.get(phase, {"action": "click", "point": [30, 30]})
        again = {"action": "click", "point": [60, 60]}
        replies = [CLICK, second, again, {"action": "done"}, {"action": "done"}]
        self.model = Thinker(replies, gate, phase)
        self.log = Log()
        self.log.at = self._at
        self.control = control or Control()
        self.asked = 0

        async def ask(question: str) -> str:
            await gate.pass_by()
            return "the left one"

        async def approve(leave: Leave) -> bool:
            self.asked += 1
            if phase == "leave" and self.asked == 2:
                await gate.pass_by()
            return True

        @tool
        async def linger() -> str:
            """Take long."""
            await gate.pass_by()
            return "lingered"

        guard = Guard(Policy(), approve) if phase in ("leave", "tool") else None
        self.agent = Agent(
            self.env, self.model, tools=[linger], record=record, ask=ask, guard=guard,
            control=self.control, hooks=[self.log],
        )  # fmt: skip
        self.sign = record.with_name("sign")
        file = {"file": {"path": str(self.sign)}}
        wait = {"wait_for": file, "timeout_s": 30, "every_s": 0.01}
        goal = {"goal": "dot it"}
        steps: list[dict[str, Any]] = (
            [goal] if phase != "waiting" else [{"click": [7, 7]}, wait, goal]
        )
        bounds = Limits(steps=20, stuck=False, **limits)
        self.task = Task(name="t", steps=tuple(TaskStep.of(step) for step in steps), limits=bounds)
        self.running: asyncio.Task[Any] | None = None

    async def begin(self) -> None:
        """Start the run, up to its phase."""
        self.running = asyncio.create_task(self.agent.run(self.task))
        arrived = asyncio.create_task(self.gate.reached.wait())
        async with asyncio.timeout(20):
            await asyncio.wait([self.running, arrived], return_when=asyncio.FIRST_COMPLETED)
        arrived.cancel()
        assert self.gate.reached.is_set(), f"the run never came to {self.phase}"

    async def end(self) -> Any:
        assert self.running is not None
        return await asyncio.wait_for(self.running, 20)

    async def told(self, kind: type, **fields: Any) -> None:
        """Wait until an event has come."""
        await self.log.told(kind, **fields)

    def _at(self, event: Event) -> Awaitable[None] | None:
        second = isinstance(event, Acting) and event.index == 1
        if self.phase == "intending" and second and not self.gate.reached.is_set():
            return self._linger()
        first = isinstance(event, Stepped) and event.step.index == 0
        if self.phase == "between" and first and not self.gate.reached.is_set():
            return self._linger()
        return None

    async def _linger(self) -> None:
        # A hook is not broken off at once: the run goes on when it is through.
        self.gate.reached.set()
        await asyncio.sleep(0.05)


async def held(scene: Scene) -> None:
    """Take over, and wait until the run knows."""
    scene.control.take_over()
    await scene.told(Paused, taken=True)
