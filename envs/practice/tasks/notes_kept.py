"""Tasks in the notes: what becomes of a note that was written."""

from random import Random

from ..apps.notes_data import COLOURS, PLACES, code
from ..phone import Phone
from ..words import CITIES, FIRST_NAMES
from . import note_texts
from .base import Family, Params, PracticeTask
from .hand import Hand
from .notes import add_note, any_note, at_list, at_note, at_search, leave, only, titles


class DeleteNote(Family):
    """Delete a note."""

    apps = ("notes",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick one."""
        note = any_note(phone, rng)
        return {"id": note["id"], "title": note["title"], "held": rng.random() < 0.5}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Delete the note “{p['title']}” in Notes."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it, and only it, is among the deleted ones or gone for ever."""
        before, now = task.before["notes"], phone.data("notes")
        kept = [note for note in before["notes"] if note["id"] != task.params["id"]]
        return bool(now["notes"] == kept)

    def solve(self, hand: Hand, p: Params) -> None:
        """Delete it, from its page or from the list."""
        delete_note(hand, p["id"], held=p["held"])


def delete_note(hand: Hand, id: int, *, held: bool) -> None:
    """Delete a note, from the list (``held``) or from its page."""
    if not held:
        at_note(hand, id)
    else:
        at_list(hand)
    if not (hand.asked("ask", do="delete", id=id) or _opened(hand, id, held=held)):
        hand.no_dialog()
    hand.confirm("Delete")
    if held:
        hand.hold(f"note_{id}")
    hand.tap("More options")


def _opened(hand: Hand, id: int, *, held: bool) -> bool:
    """Whether what offers Delete is open: what a long press opens, or the page's menu."""
    return hand.asked("actions_dialog", id=id) if held else hand.dialog == "menu"


class PinNote(Family):
    """Pin a note, or unpin one."""

    apps = ("notes",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick one."""
        note = any_note(phone, rng)
        return {"id": note["id"], "title": note["title"], "on": not note["pinned"]}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"{'Pin' if p['on'] else 'Unpin'} the note “{p['title']}” in Notes."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is so, and nothing else changed."""
        return only(phone, task, task.params["id"], pinned=task.params["on"])

    def solve(self, hand: Hand, p: Params) -> None:
        """Open it and tap the pin."""
        at_note(hand, p["id"])
        hand.no_dialog()
        hand.tap("Pin" if p["on"] else "Unpin")


class ColourNote(Family):
    """Mark a note with a colour."""

    apps = ("notes",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick a note, and a colour it does not have."""
        note = any_note(phone, rng)
        colour = rng.choice([name for name in COLOURS if name != note["colour"]])
        return {"id": note["id"], "title": note["title"], "colour": colour}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"In Notes, give the note “{p['title']}” the colour {p['colour'].lower()}."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it has it."""
        return only(phone, task, task.params["id"], colour=task.params["colour"])

    def solve(self, hand: Hand, p: Params) -> None:
        """Choose it from the menu that a long press opens."""
        at_list(hand)
        if hand.asked("actions_dialog", id=p["id"]):
            hand.tap("Colour")
        if hand.asked("choose", do="colour", id=p["id"]):
            hand.tap(p["colour"])
        hand.no_dialog()
        hand.hold(f"note_{p['id']}")


class RestoreNote(Family):
    """Bring a deleted note back."""

    apps = ("notes",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Have some notes deleted."""
        data = phone.data("notes")
        deleted = [
            add_note(phone, note_texts.title(rng, titles(phone)), note_texts.lines(rng, 1, 3))
            for _ in range(rng.randrange(2, 6))
        ]
        notes = [note for note in data["notes"] if note["id"] in deleted]
        data["notes"] = [note for note in data["notes"] if note["id"] not in deleted]
        data["trash"] = notes
        note = rng.choice(notes)
        return {"id": note["id"], "title": note["title"]}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"I deleted the note “{p['title']}” by mistake. Restore it in Notes."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it, and only it, is back."""
        before, now = task.before["notes"], phone.data("notes")
        back = [note for note in before["trash"] if note["id"] == task.params["id"]]
        kept = [note for note in before["trash"] if note["id"] != task.params["id"]]
        return bool(now["notes"] == before["notes"] + back and now["trash"] == kept)

    def solve(self, hand: Hand, p: Params) -> None:
        """Find it among the deleted ones."""
        hand.app("notes")
        if hand.pages == ["main", "note"]:
            leave(hand)
        if hand.pages == ["main"]:
            hand.confirm("Deleted notes")
        hand.go("notes", ("trash", "More options"))
        if hand.asked("ask", do="restore", id=p["id"]):
            hand.tap("Restore")
        hand.no_dialog()
        hand.tap(f"note_{p['id']}")


class TellNote(Family):
    """Find a code in a note and say it."""

    apps = ("notes",)
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Add a note with a code below its first lines."""
        taken = titles(phone)
        places = [f"{place} {rng.choice((*FIRST_NAMES, *CITIES))}" for place in PLACES]
        place, answer = rng.choice([one for one in places if one not in taken]), code(rng)
        first = note_texts.lines(rng, 0, 3)
        id = add_note(phone, place, f"{first}\nCode: {answer}".strip())
        return {"id": id, "place": place, "answer": answer}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"What is the code in my note “{p['place']}”?"

    def solve(self, hand: Hand, p: Params) -> None:
        """Open the note and say it."""
        at_note(hand, p["id"])
        hand.no_dialog()
        hand.see(p["answer"])
        hand.answer(p["answer"])


class NoteMissing(Family):
    """Do something with a note that is not there."""

    apps = ("notes",)
    feasible = False

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Make up a title that no note has."""
        return {
            "title": note_texts.title(rng, titles(phone)),
            "what": rng.choice(("Delete", "Pin", "Read me the first line of")),
        }

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"{p['what']} the note “{p['title']}” in Notes."

    def solve(self, hand: Hand, p: Params) -> None:
        """Search for it, and say that it is not there."""
        at_search(hand)
        hand.field("query", p["title"])
        hand.give_up(f"there is no note {p['title']}")
