"""Who can solve every task: what to do next on a phone, and the shortest way it knows."""

from dataclasses import dataclass

from ....actions import schema as a
from ...errors import EnvError
from ..phone import Phone
from .base import PracticeTask, Unfit, make_task
from .hand import Hand
from .steps import Lost, Next

MOST_STEPS = 80
"""An oracle that needs more does not find its way."""


def next_action(task: PracticeTask, phone: Phone, said: list[str]) -> Next:
    """Say what to do next.

    Args:
        task: What is wanted.
        phone: As it is now; it is not changed.
        said: What was answered so far.

    Raises:
        Lost: The oracle does not find its way: a bug.
    """
    if task.kind.feasible and task.kind.reached(phone, task, said):
        return Next(a.Done(), "it is done")
    try:
        task.kind.solve(Hand(phone, said), task.params)
    except Next as step:
        return step
    raise Lost(f"{task.family}: the way has ended, and the goal is not reached: {task.goal}")


@dataclass(frozen=True, slots=True)
class Solved:
    """How an oracle's run ended.

    Attributes:
        seed: Of phone and task.
        steps: Actions, answers included, the end not.
        passed: Whether the goal was reached in truth.
        why: What went wrong; empty: nothing.
    """

    seed: int
    steps: int
    passed: bool
    why: str = ""


async def solve(family: str, seed: int) -> Solved | None:
    """Let the oracle solve a task on a new phone, in this process.

    Args:
        family: One of ``FAMILIES``.
        seed: Of phone and task.

    Returns:
        None where that phone has nothing for the family.
    """
    from ..env import PracticeEnv  # it knows tasks, too

    phone = Phone(seed)
    try:
        task = make_task(family, phone, seed)
    except Unfit:
        return None
    env = PracticeEnv(phone=phone)
    seen = await env.reset()
    steps, said = 0, list[str]()
    while steps < MOST_STEPS:
        try:
            step = next_action(task, env.phone, said)
            if isinstance(step.action, a.Done):
                passed = task.passed(env.phone, said, step.action.status)
                return Solved(seed, steps, passed, "" if passed else "the check says no")
            steps += 1
            if isinstance(step.action, a.Answer):
                said.append(step.action.text)
                continue
            outcome = await env.perform(step.action, seen)
            seen = outcome.after or await env.observe()
        except (Lost, EnvError) as error:
            return Solved(seed, steps, False, f"{type(error).__name__}: {error}")
    return Solved(seed, steps, False, f"it took more than {MOST_STEPS} steps")
