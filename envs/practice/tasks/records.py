"""What was changed in contacts, messages and calendar since a task began."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..apps.contacts import digits
from ..phone import Phone
from .base import PracticeTask
from .hand import Hand

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Changes:
    """What became of a list of records.

    Attributes:
        added: Those that are new.
        removed: Those that are gone, as they were.
        changed: Those that are otherwise now, as they are.
    """

    added: list[Entry]
    removed: list[Entry]
    changed: list[Entry]

    @property
    def none(self) -> bool:
        """Whether all is as it was."""
        return not (self.added or self.removed or self.changed)

    def only(self, *, added: int = 0, removed: int = 0, changed: int = 0) -> bool:
        """Whether it is just so many."""
        counts = len(self.added), len(self.removed), len(self.changed)
        return counts == (added, removed, changed)


def people(phone: Phone, task: PracticeTask) -> Changes:
    """Say what was changed in the contacts."""
    return _compare(task.before["contacts"]["people"], phone.data("contacts")["people"])


def events(phone: Phone, task: PracticeTask) -> Changes:
    """Say what was changed in the calendar."""
    return _compare(task.before["calendar"]["events"], phone.data("calendar")["events"])


def messages(phone: Phone, task: PracticeTask) -> Changes:
    """Say what was changed in the messages; those that came in by themselves do not count.

    Records have the number's digits as ``to``.
    """
    changes = _compare(_messages(task.before["messages"]), _messages(phone.data("messages")))
    written = [one for one in changes.added if one["mine"]]
    return Changes(written, changes.removed, changes.changed)


def _messages(data: dict[str, Any]) -> list[Entry]:
    return [
        {**one, "to": digits(talk["number"])} for talk in data["talks"] for one in talk["messages"]
    ]


def _compare(before: Iterable[Entry], after: Iterable[Entry]) -> Changes:
    then, now = ({one["id"]: one for one in entries} for entries in (before, after))
    return Changes(
        [one for id, one in now.items() if id not in then],
        [one for id, one in then.items() if id not in now],
        [one for id, one in now.items() if id in then and one != then[id]],
    )


def unchanged(phone: Phone, task: PracticeTask, *, but: str = "") -> bool:
    """Whether people, messages and events are as they were, one app of the three left out."""
    tables = {"contacts": people, "messages": messages, "calendar": events}
    return all(table(phone, task).none for app, table in tables.items() if app != but)


def same_text(one: str, other: str) -> bool:
    """Whether two texts read the same: spaces at the ends and Unicode's form do not count."""
    first, second = (unicodedata.normalize("NFC", text).strip() for text in (one, other))
    return first == second


def differs_in(before: Iterable[Entry], now: Entry, *keys: str) -> bool:
    """Whether a record differs from what it was in these keys at most."""
    then = next(one for one in before if one["id"] == now["id"])
    return all(then[key] == value for key, value in now.items() if key not in keys)


def tells_number(said: Iterable[str], number: str) -> bool:
    """Whether an answer holds a telephone number, however its digits are grouped."""
    return any(digits(number) in digits(answer) for answer in said)


def looked_at(hand: Hand, app: str, page: str, **args: Any) -> bool:
    """Whether an app, perhaps in the background, was left at a page opened with such arguments."""
    stack = hand.phone.state.stacks.get(app, [])
    return bool(stack) and stack[-1]["page"] == page and _holds(stack[-1]["args"], args)


def _holds(found: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return all(found.get(key) == value for key, value in wanted.items())


def uncover(hand: Hand, row: str, *, search: str = "", chip: str = "") -> None:
    """Have a row in the list in front that a search or a chip might hide.

    Args:
        hand: At the page with the list, or elsewhere: then this does nothing.
        row: Its id.
        search: What to search for; empty: whatever else is searched for is cleared only where it
            hides the row.
        chip: The chip that shows all.
    """
    if hand.pages != ["main"] or hand.dialog:
        return
    if search and hand.text("query") != search:
        hand.field("query", search)
    if not hand.sees(row) and not hand.phone.moving:
        if not search and hand.sees("Clear search"):
            hand.tap("Clear search")
        if chip:
            hand.tap(chip)
