"""Tasks in the notes: what is written, and what becomes of it."""

from random import Random
from typing import Any

from ....actions import schema as a
from ..apps.notes_data import COLOURS, PLACES, code
from ..phone import Phone
from ..words import THINGS
from . import note_texts
from .base import Family, Params, PracticeTask, Unfit, says
from .hand import Hand, Next

Note = dict[str, Any]


def add_note(phone: Phone, title: str, text: str) -> int:
    """Put a note on the phone, as if it had been written some days ago; gives its id."""
    data = phone.data("notes")
    id = int(data["next"])
    data["next"] += 1
    edited = min(note["edited"] for note in data["notes"])
    data["notes"].append(
        {"id": id, "title": title, "text": text, "edited": edited, "pinned": False, "colour": ""}
    )
    return id


def titles(phone: Phone) -> set[str]:
    """Give the titles of all notes, deleted ones included."""
    data = phone.data("notes")
    return {note["title"] for note in [*data["notes"], *data["trash"]]}


def _any(phone: Phone, rng: Random) -> Note:
    """Pick a note by whose title everybody knows which is meant."""
    notes = phone.data("notes")["notes"]
    names = [note["title"].casefold() for note in notes]
    found = [note for note in notes if note["title"] and names.count(note["title"].casefold()) == 1]
    if not found:
        raise Unfit("no note's title is its own")
    picked: Note = rng.choice(found)
    return picked


def _plain(note: Note) -> Note:
    return {key: value for key, value in note.items() if key != "edited"}


def _only(phone: Phone, task: PracticeTask, id: int, **changes: Any) -> bool:
    """Whether a note was changed so, and nothing else in the notes."""
    before, now = task.before["notes"], phone.data("notes")
    wanted = [{**note, **(changes if note["id"] == id else {})} for note in before["notes"]]
    same = sorted(map(str, map(_plain, wanted))) == sorted(map(str, map(_plain, now["notes"])))
    return same and now["trash"] == before["trash"]


def wrote(phone: Phone, task: PracticeTask, title: str, text: str) -> bool:
    """Whether there is one more note, with that title and text, and nothing else was changed."""
    before, now = task.before["notes"], phone.data("notes")
    old = {note["id"] for note in before["notes"]}
    new = [note for note in now["notes"] if note["id"] not in old]
    kept = [note for note in now["notes"] if note["id"] in old]
    return (
        kept == before["notes"]
        and now["trash"] == before["trash"]
        and [(note["title"], note["text"]) for note in new] == [(title, text)]
    )


def at_note(hand: Hand, id: int) -> None:
    """Have a note open; 0 is a new one."""
    hand.app("notes")
    if hand.pages == ["main", "note"] and hand.args["id"] != id:
        _leave(hand)
    _see_all(hand)
    where = "New note" if id == 0 else f"note_{id}"
    hand.go("notes", ("note", where), args={"id": id})


def _see_all(hand: Hand) -> None:
    """Have the list not narrowed by a search."""
    if hand.pages == ["main"] and hand.text("query") and not hand.dialog:
        hand.tap("Clear search")


def _leave(hand: Hand) -> None:
    """Leave a note without saving what somebody wrote on it."""
    if hand.dialog == "menu":
        hand.tap("Discard changes")
    hand.no_dialog()
    hand.tap("More options")


def write_note(hand: Hand, title: str, text: str) -> None:
    """Write a new note and save it."""
    at_note(hand, 0)
    hand.no_dialog()
    hand.field("title", title)
    hand.field("text", text)
    hand.tap("Save")


class CreateNote(Family):
    """Write a note with a title and a text of one or more lines."""

    apps = ("notes",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Make up what to write."""
        return {
            "title": note_texts.title(rng, titles(phone)),
            "text": note_texts.lines(rng, 1, 4),
        }

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Create a note in Notes.\nTitle: {p['title']}\nText:\n{p['text']}"

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether there is such a note, and no other new one."""
        return wrote(phone, task, task.params["title"], task.params["text"])

    def solve(self, hand: Hand, p: Params) -> None:
        """Write it."""
        write_note(hand, p["title"], p["text"])


class ShoppingListNote(Family):
    """Write a list, one thing on each line."""

    apps = ("notes",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Make up the things."""
        days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
        things = rng.sample(THINGS, rng.randrange(3, 7))
        counts = [rng.choice(("", "", f"{rng.randrange(2, 9)} ")) for _ in things]
        items = [f"{count}{thing}" for count, thing in zip(counts, things, strict=True)]
        return {"title": f"Shopping {rng.choice(days)}", "items": items}

    def goal(self, p: Params) -> str:
        """Say it."""
        *first, last = p["items"]
        return (
            f"In Notes, write a shopping list: a new note with the title “{p['title']}” that has "
            f"each of these on a line of its own, in this order: {', '.join(first)} and {last}."
        )

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether the note has those lines."""
        return wrote(phone, task, task.params["title"], "\n".join(task.params["items"]))

    def solve(self, hand: Hand, p: Params) -> None:
        """Write it."""
        write_note(hand, p["title"], "\n".join(p["items"]))


class AppendToNote(Family):
    """Add a line at the end of a note."""

    apps = ("notes",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick a note and make up a line."""
        note = _any(phone, rng)
        return {"id": note["id"], "title": note["title"], "old": note["text"],
                "line": note_texts.line(rng)}  # fmt: skip

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"In Notes, add this as a new last line to the note “{p['title']}”:\n{p['line']}"

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether the line was added, and nothing else changed."""
        p = task.params
        return _only(phone, task, p["id"], text=f"{p['old']}\n{p['line']}")

    def solve(self, hand: Hand, p: Params) -> None:
        """Put the caret at the end and write."""
        at_note(hand, p["id"])
        hand.no_dialog()
        extend(hand, "text", p["old"], f"\n{p['line']}")
        hand.field("title", p["title"])
        hand.tap("Save")


def extend(hand: Hand, key: str, old: str, more: str) -> None:
    """Have more at the end of what was in a field, without writing all of it anew."""
    field = hand.phone.field
    if hand.text(key) != old:
        hand.field(key, old + more)
        return
    if field is None or field.key != key:
        hand.tap(key, why=f"go to the field {key}")
    elif field.selection == (len(old), len(old)):
        raise Next(a.Type(text=more), f"write {more!r:.40}")
    elif "\n" not in old[field.cursor :]:
        raise Next(a.Key(keys="end"), "go to the end of the line")
    hand.field(key, old + more)


class EditNote(Family):
    """Replace a word of a note by another."""

    apps = ("notes",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Add a note about a meeting, which is to be moved."""
        hours = rng.sample(range(8, 20), 2)
        old, new = (f"{hour}:{rng.choice(('00', '15', '30', '45'))}" for hour in hours)
        title = note_texts.title(rng, titles(phone))
        after = rng.choice(("bring the papers", "see you there", "room 4", "φέρε τα χαρτιά"))
        text = f"{rng.choice(('Meeting', 'Dentist', 'Concert', 'Συνάντηση'))} at {old}, {after}"
        id = add_note(phone, title, text)
        return {"id": id, "title": title, "old": old, "new": new, "text": text.replace(old, new)}

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f"The note “{p['title']}” in Notes gives a wrong time: change {p['old']} to "
            f"{p['new']} and leave the rest of the note as it is."
        )

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether only that was changed."""
        return _only(phone, task, task.params["id"], text=task.params["text"])

    def solve(self, hand: Hand, p: Params) -> None:
        """Write the text anew."""
        at_note(hand, p["id"])
        hand.no_dialog()
        hand.field("text", p["text"])
        hand.field("title", p["title"])
        hand.tap("Save")


class RenameNote(Family):
    """Give a note another title."""

    apps = ("notes",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick a note and make up a title."""
        note = _any(phone, rng)
        new = note_texts.title(rng, titles(phone))
        return {"id": note["id"], "title": note["title"], "new": new, "text": note["text"]}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"In Notes, change the title of the note “{p['title']}” to: {p['new']}"

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether that is its title."""
        return _only(phone, task, task.params["id"], title=task.params["new"])

    def solve(self, hand: Hand, p: Params) -> None:
        """Write it."""
        at_note(hand, p["id"])
        hand.no_dialog()
        hand.field("title", p["new"])
        hand.field("text", p["text"])
        hand.tap("Save")


class DeleteNote(Family):
    """Delete a note."""

    apps = ("notes",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick one."""
        note = _any(phone, rng)
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


def at_list(hand: Hand) -> None:
    """Be on the list, seeing all of it."""
    hand.app("notes")
    if hand.pages == ["main", "note"]:
        _leave(hand)
    hand.go("notes")
    _see_all(hand)


class PinNote(Family):
    """Pin a note, or unpin one."""

    apps = ("notes",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick one."""
        note = _any(phone, rng)
        return {"id": note["id"], "title": note["title"], "on": not note["pinned"]}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"{'Pin' if p['on'] else 'Unpin'} the note “{p['title']}” in Notes."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is so, and nothing else changed."""
        return _only(phone, task, task.params["id"], pinned=task.params["on"])

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
        note = _any(phone, rng)
        colour = rng.choice([name for name in COLOURS if name != note["colour"]])
        return {"id": note["id"], "title": note["title"], "colour": colour}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"In Notes, give the note “{p['title']}” the colour {p['colour'].lower()}."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it has it."""
        return _only(phone, task, task.params["id"], colour=task.params["colour"])

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
            _leave(hand)
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
        free = [place for place in PLACES if place not in titles(phone)]
        place, answer = rng.choice(free), code(rng)
        first = note_texts.lines(rng, 0, 3)
        id = add_note(phone, place, f"{first}\nCode: {answer}".strip())
        return {"id": id, "place": place, "answer": answer}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"What is the code in my note “{p['place']}”?"

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it was said."""
        return says(said, str(task.params["answer"]))

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


def at_search(hand: Hand) -> None:
    """Be on the list, whatever is searched for."""
    hand.app("notes")
    if hand.pages == ["main", "note"]:
        _leave(hand)
    hand.go("notes")
    hand.no_dialog()
