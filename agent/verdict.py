"""What two pictures of a screen say of an action, and how that is told in one line."""

from collections.abc import Sequence

from ..actions.geometry import Point
from ..envs.base import Effect, Observation
from ..envs.records import Change


def judge(
    before: Observation, after: Observation, effect: Effect, points: Sequence[Point] = ()
) -> Change:
    """Judge what changed between two pictures.

    Args:
        before: The screen that the action was decided on.
        after: The settled screen after it.
        effect: What the env says, which saw more pictures than these two.
        points: Where the action was, in physical pixels.
    """
    kind = {Effect.CHANGED: "changed", Effect.UNCHANGED: "unchanged"}.get(effect, "unknown")
    return Change.model_validate({"kind": kind})


def words(change: Change) -> str:
    """Say it in a line for the model; empty where there is nothing to say."""
    return {"changed": "the screen changed", "unchanged": "nothing changed on the screen"}.get(
        change.kind, ""
    )
