"""Conditions that phones can answer: what is shown, and whether a practice task is done."""

from typing import Any, Literal

from ..envs.base import Shown, TellsWhatIsShown
from .checks import Look, Text, Verdict, check

_LISTED = 12


def _something(given: Any) -> str | None:
    if given.text is None and given.contains is None and given.id is None:
        return "give text, contains or id"
    return None


@check("shows", reads="world", rule=_something)
async def _shows(
    look: Look,
    *,
    text: Text | None = None,
    contains: Text | None = None,
    id: Text | None = None,
    checked: bool | None = None,
    focused: bool | None = None,
    absent: bool = False,
) -> Verdict:
    """Something with this ``text`` or description, holding a text, or of this ``id``, is shown.

    ``checked`` and ``focused`` say how it must be; ``absent``: nothing of that kind may be shown.
    """
    env = look.env
    if not isinstance(env, TellsWhatIsShown):
        where = "a recording" if env is None else env.name
        return Verdict(False, f"{where} does not tell what is shown: check a picture or a pixel")

    def fits(one: Shown) -> bool:
        words = (one.text, one.label)
        return (
            (text is None or text in words)
            and (contains is None or any(contains in word for word in words))
            and (id is None or id == one.id.rpartition("/")[2])
        )

    everything = await env.shown()
    found = [one for one in everything if fits(one)]
    wanted = " ".join(
        f"{name} {value!r:.60}"
        for name, value in (("text", text), ("containing", contains), ("id", id))
        if value is not None
    )
    if not found:
        texts = [one.text or one.label for one in everything if one.text or one.label]
        listed = ", ".join(repr(word[:30]) for word in texts[:_LISTED])
        return Verdict(absent, f"nothing with {wanted} is shown; there are {listed}")
    if absent:
        return Verdict(False, f"something with {wanted} is shown at {list(found[0].box)}")
    for name, value in (("checked", checked), ("focused", focused)):
        if value is not None and not any(getattr(one, name) is value for one in found):
            return Verdict(False, f"what is shown with {wanted} is {'not ' * value}{name}")
    return Verdict(True, f"something with {wanted} is shown at {list(found[0].box)}")


@check("practice_task", reads="world")
async def _practice_task(
    look: Look, *, status: Literal["success", "infeasible"] = "success"
) -> Verdict:
    """The task that a practice phone was set up for is done, by the phone's own data."""
    from ..envs.practice.env import PracticeEnv  # draws: pictures and fonts are loaded

    env = look.env
    if not isinstance(env, PracticeEnv) or env.task is None:
        return Verdict(False, "this is no practice phone with a task")
    passed = env.task.passed(env.phone, list(look.answers), status)
    return Verdict(passed, f"{env.task.family}: {'done' if passed else 'not done'}")
