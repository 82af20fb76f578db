"""A tool of one's own and tasks for it: the model reads something, and has it written down.

`eyehand demo` plays one of them. A network that is to use tools learns from the same: the tool's
words, the goals, and what an oracle does about them.
"""

from collections.abc import Callable
from random import Random

from ...actions.schema import CallTool
from ...actions.tools import Tool, tool
from ...envs.practice.apps.clock_data import shown_time
from ...envs.practice.phone import Phone
from ...envs.practice.state import copy_of
from ...envs.practice.tasks.base import Family, Params, PracticeTask, Unfit
from ...envs.practice.tasks.clock import at_tab
from ...envs.practice.tasks.hand import Hand
from ...envs.practice.tasks.steps import Next

_IN_SIGHT = 6
"""Alarms that stand on the first page, on every phone of common size."""


def notebook(keep: Callable[[str], object]) -> Tool:
    """Make the tool.

    Args:
        keep: Told each text.
    """

    @tool
    def note_down(text: str) -> None:
        """Write something down for the user."""
        keep(text)

    return note_down


note_down = notebook(lambda text: None)
"""The tool with nobody behind it: for its name and schema, and for an oracle's runs."""


class _NoteDown(Family):
    """Read when an alarm rings, and note it down. No family of its own: it needs the tool."""

    apps = ("clock",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick an alarm that the clock shows when it is opened, the first as often as another."""
        alarms = sorted(
            phone.data("clock")["alarms"], key=lambda alarm: (shown_time(alarm), alarm["id"])
        )
        if not alarms:
            raise Unfit("there are no alarms")
        picked = rng.choice(alarms[:_IN_SIGHT])
        if rng.random() < 0.5 or not picked["label"]:
            picked, which = alarms[0], "the first alarm"
        else:
            which = f"the alarm “{picked['label']}”"
        return {"which": which, "label": picked["label"], "note": shown_time(picked)}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Note down the time of {p['which']}."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether that was noted, nothing else was, and nothing was changed."""
        return said == [task.params["note"]] and self.untouched(phone, task)

    def solve(self, hand: Hand, p: Params) -> None:
        """Open the clock, read it, and note it down."""
        at_tab(hand, "Alarms")
        hand.no_dialog()
        hand.see(p["label"] or p["note"])
        if not hand.said:
            raise Next(CallTool(name=note_down.name, arguments={"text": p["note"]}), "note it down")


_FAMILY = _NoteDown()


class NoteTask(PracticeTask):
    """Something to be noted down. What is ``said`` of it are the texts that were noted."""

    __slots__ = ()

    @property
    def kind(self) -> Family:
        """Always the same."""
        return _FAMILY


def note_task(phone: Phone, seed: int) -> NoteTask:
    """Make a task for the tool, as ``make_task`` makes those of families.

    Args:
        phone: Freshly made; nothing is changed on it.
        seed: Of what is to be noted.

    Raises:
        Unfit: The phone has no alarm.
    """
    params = _FAMILY.prepare(phone, Random(f"{seed}/{note_down.name}"))
    before, tables = copy_of(phone.state.data), copy_of(phone.state.settings)
    return NoteTask(note_down.name, seed, params, _FAMILY.goal(params), before, tables)
