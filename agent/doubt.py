"""What a task's own action becomes whose delivery is unknown: no model is there to look."""

from typing import Literal

from ..actions.schema import Action
from ..envs.base import Delivery
from ..envs.records import Probe, Step
from ..envs.resume import NOT_KNOWN, NOT_KNOWN_CALL
from .control import TakenOver
from .events import Asking
from .fence import visible
from .run import Run

_HARMLESS = frozenset({"wait", "screenshot", "move"})
"""Send nothing that could be done half, or twice."""
_WHOLE = frozenset({"click", "long_press", "key", "open_app", "back", "home", "app_switch"})
"""Arrive whole or not at all, so a screen that changed there says that they did. A text may have
arrived by half."""
_BEGINS = "It is not known whether this arrived:"
_YES = frozenset({"y", "yes"})
_NO = frozenset({"n", "no"})
DOUBTFUL = (
    "it is not known whether it arrived, and it is not done twice: look at the screen, and run "
    "what is left of the task from there"
)
"""Why a task fails at such a step."""
_QUESTION = (
    "Look at the screen: did it? (yes: it is not done again; no: it is done now; else: the end)"
)


async def asked_of_doubt(run: Run, step: Step) -> Step:
    """Give a step of the task's own with the answer of a person to whether it arrived.

    They are asked where nobody knows, and the screen does not show it either.
    """
    if step.source != "task" or step.action is None or not _doubtful(step, step.action):
        return step
    question = f"{_BEGINS} {step.action}. {_QUESTION}"
    await run.emit(Asking(step.index, "question", question))
    try:
        answer, probe = await run.answered(run.actor.question(question))
    except TakenOver:  # no answer, and what comes next is in their hands
        answer = None
        probe = Probe(name="ask_user", arguments={"question": question}, value=None)
    said = "nobody is there to say" if answer is None else f"the user says: {visible(answer)}"
    told = f"{step.told}\nWhether it arrived: {said}"
    return step.model_copy(update={"probes": (*step.probes, probe), "told": told})


def settled(step: Step) -> Literal["", "arrived", "not arrived", "unknown"]:
    """Give what a person said of a step of doubtful delivery; empty where there was no doubt."""
    asked = step.probes[-1] if step.probes and step.source == "task" else None
    if asked is None or not str(asked.arguments.get("question", "")).startswith(_BEGINS):
        return ""
    said = str(asked.value or "").strip().lower()
    return "arrived" if said in _YES else "not arrived" if said in _NO else "unknown"


def _doubtful(step: Step, action: Action) -> bool:
    if action.action == "call_tool":
        return step.error == NOT_KNOWN_CALL
    if step.error is not None or step.result is None or action.action in _HARMLESS:
        return False
    if step.result.delivery is not Delivery.UNKNOWN:
        return False
    if NOT_KNOWN in step.result.detail:  # hours may lie between: a lock screen, say
        return True
    change = step.result.change
    if action.action not in _WHOLE or change is None or change.screen:
        return True
    return change.kind != "changed" or change.at_point is False
