"""Carrying out one action, in the env or by talking to tools and people, and what to tell of it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import dist
from typing import Any

from ..actions.errors import ActionError, ToolError
from ..actions.geometry import Clamp, Frame, Space
from ..actions.schema import Action, Answer, AskUser, CallTool, Done
from ..actions.tools import Tool
from ..envs.base import Delivery, Effect, Env, Observation, Outcome
from ..envs.errors import ActionFailed, ActionNotSupported
from ..envs.records import Located, Probe, Result

Ask = Callable[[str], Awaitable[str]]
"""Puts the model's question to the user and gives the answer."""


@dataclass(slots=True)
class Acted:
    """What came of an action.

    Attributes:
        told: What the model is told.
        error: Why it came to nothing; None where it did not.
    """

    told: str = ""
    error: str | None = None
    points: tuple[Located, ...] = ()
    probes: tuple[Probe, ...] = ()
    log: tuple[str, ...] = ()
    result: Result | None = None
    after: Observation | None = None


@dataclass(slots=True)
class _Context:
    """What a tool is told of the run."""

    goal: str
    lines: list[str] = field(default_factory=list)

    def log(self, text: str) -> None:
        self.lines.append(text)


class Actor:
    """Carries out actions.

    Args:
        env: Takes every action that is not talk.
        tools: By name.
        ask: Puts questions to the user; None if nobody is there.
    """

    def __init__(self, env: Env, tools: Mapping[str, Tool], ask: Ask | None) -> None:
        self._env = env
        self._tools = tools
        self._ask = ask

    async def act(
        self,
        action: Action,
        seen: Observation,
        frame: Frame,
        clamps: Sequence[Clamp],
        goal: str,
        intend: Callable[[], Awaitable[None]],
    ) -> Acted:
        """Carry out an action; what the model or user did wrong becomes ``error``.

        Args:
            action: What to do; its points are physical pixels of ``seen``.
            seen: The screen it was decided on.
            frame: Its frame, with the image size if a model was asked.
            clamps: Points of the reply that were moved to the picture's edge.
            goal: What the user wants, for tools.
            intend: Makes the intent durable; called right before the env is.
        """
        acted = Acted()
        try:
            acted.points = locate(action, frame, clamps)
            match action:
                case Answer() | Done():
                    acted.told = "noted"
                case AskUser():
                    await self._question(action, acted)
                case CallTool():
                    await self._call(action, acted, goal)
                case _:
                    await self._perform(action, seen, acted, intend)
        except (ActionError, ActionFailed) as error:
            acted.error = str(error)
            unknown = isinstance(error, ActionFailed) and error.delivered
            acted.result = Result(
                delivery=Delivery.UNKNOWN if unknown else Delivery.REFUSED, effect=Effect.UNKNOWN
            )
            known = "it is not known how much of it arrived" if unknown else "nothing was done"
            acted.told = f"{action.action} failed, {known}: {error}"
        for row in acted.points:
            if row.said is not None:
                acted.told += f" (point {row.said} is off the picture; {row.image} was used)"
        return acted

    async def _perform(
        self,
        action: Action,
        seen: Observation,
        acted: Acted,
        intend: Callable[[], Awaitable[None]],
    ) -> None:
        if action.action not in self._env.action_space:
            raise ActionNotSupported(
                f"{action.action} is not possible here; possible are "
                f"{', '.join(sorted(self._env.action_space))}"
            )
        await intend()
        outcome = await self._env.perform(action, seen)
        acted.after = outcome.after
        acted.told = _tell(action, outcome)
        acted.result = Result(
            delivery=outcome.delivery,
            effect=outcome.effect,
            settle_s=outcome.settle_s,
            settled=outcome.settled,
            detail=outcome.detail,
        )

    async def _question(self, action: AskUser, acted: Acted) -> None:
        async def read() -> str | None:
            return None if self._ask is None else await self._ask(action.question)

        arguments = {"question": action.question}
        answer = await self._env.probe("ask_user", arguments, read)
        acted.probes = (Probe(name="ask_user", arguments=arguments, value=answer),)
        if answer is None:
            raise ActionFailed("there is nobody to ask: decide yourself, or say it is infeasible")
        acted.told = f"The user answers: {answer}"

    async def _call(self, action: CallTool, acted: Acted, goal: str) -> None:
        context = _Context(goal)

        async def read() -> dict[str, Any]:
            tool = self._tools.get(action.name)
            if tool is None:
                known = ", ".join(self._tools) or "none"
                return {"refused": f"there is no tool {action.name!r}; there are: {known}"}
            try:
                result = await tool.call(action.arguments, context)
            except ToolError as error:
                return {"refused": str(error)}
            return {"text": result.text, "failed": result.error is not None}

        arguments = {"name": action.name, "arguments": action.arguments}
        found = await self._env.probe("call_tool", arguments, read)
        acted.probes = (Probe(name="call_tool", arguments=arguments, value=found),)
        acted.log = tuple(context.lines)
        if "refused" in found:
            raise ToolError(found["refused"])
        acted.told = f"{action.name} returned: {found['text']}"
        if found["failed"]:
            acted.error = found["text"]


def locate(action: Action, frame: Frame, clamps: Sequence[Clamp]) -> tuple[Located, ...]:
    """Give each point of an action in all three spaces.

    Raises:
        PointOutsideImage: A point is not on the screen.
    """
    rows = []
    for name, point in action.points():
        image = None if frame.image is None else frame.to_model(point, Space.IMAGE)
        said = [clamp.said for clamp in clamps if image and dist(clamp.used, image) < 1e-6]
        rows.append(
            Located(
                field=name,
                said=said[0] if said else None,
                image=image,
                physical=point,
                pointer=frame.to_pointer(point),
            )
        )
    return tuple(rows)


def _tell(action: Action, outcome: Outcome) -> str:
    """Say what became of an action, and no more than was seen."""
    words = {
        Delivery.DELIVERED: "was done",
        Delivery.REFUSED: "was not done",
        Delivery.UNKNOWN: "may or may not have been done",
    }[outcome.delivery]
    seen = {
        Effect.CHANGED: "the screen changed",
        Effect.UNCHANGED: "nothing changed on the screen",
        Effect.UNKNOWN: "",
    }[outcome.effect]
    still = "" if outcome.settled else "it is still moving"
    return "; ".join(filter(None, (f"{action.action} {words}", seen, still, outcome.detail)))
