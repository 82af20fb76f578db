"""The guard: whether an action may pass. Decided by the runtime's rules, never by the model."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from ..actions.schema import Action
from ..envs.base import Env, Observation
from ..envs.records import Decision, Probe


@dataclass(frozen=True, slots=True)
class Doing:
    """What is about to be done.

    Attributes:
        action: With its points in physical pixels; secrets are references.
        source: Who decided on it.
        seen: The screen it was decided on.
        goal: What the user wants.
        thought: What the model said beside the action.
    """

    action: Action
    source: Literal["model", "task"]
    seen: Observation
    goal: str
    thought: str = ""


@dataclass(frozen=True, slots=True)
class Leave:
    """What a person is asked: whether an action may be done.

    Attributes:
        words: The question in one line.
        doing: What it is about.
        rule: Which rule asks.
        timeout_s: After so long without an answer it is no.
    """

    words: str
    doing: Doing
    rule: str
    timeout_s: float


Approve = Callable[[Leave], Awaitable[bool]]
"""Asks a person for leave, and gives their answer. Cancelled when it takes too long."""


class Guard:
    """Decides about actions by a policy.

    Args:
        policy: The rules.
        approve: Asks a person; None: nobody is there, and what would be asked is refused.
    """

    def __init__(self, policy: Any, approve: Approve | None = None) -> None:
        self.policy = policy
        self.approve = approve

    async def decide(
        self, doing: Doing, env: Env, asking: Callable[[str], Awaitable[None]]
    ) -> tuple[Decision, tuple[Probe, ...]]:
        """Decide about one action, asking a person where the policy says so.

        Whatever is asked of the world goes through ``env.probe``, so that a replay gets the same
        answers and asks nobody.

        Args:
            doing: What is about to be done.
            env: Where.
            asking: Told the question when a person is asked.

        Returns:
            The decision, and the record of what was asked.
        """
        return Decision(verdict="allow", rule="default", allowed=True), ()

    def recorded(self) -> dict[str, Any]:
        """Give the policy as plain data for the episode's header; ``of_record`` reads it."""
        return {}

    @classmethod
    def of_record(cls, data: dict[str, Any]) -> "Guard":
        """Make the guard of a recorded episode, for its replay.

        Raises:
            ValueError: It is no policy.
        """
        return cls(data)
