"""Tasks in the notes: what is written, and what becomes of it."""

from random import Random
from typing import Any

from ....actions import schema as a
from ..phone import Phone
from ..words import THINGS
from . import note_texts
from .base import Family, Params, PracticeTask, Unfit
from .hand import Hand
from .steps import Next

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


def any_note(phone: Phone, rng: Random) -> Note:
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


def only(phone: Phone, task: PracticeTask, id: int, **changes: Any) -> bool:
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
        leave(hand)
    see_all(hand)
    where = "New note" if id == 0 else f"note_{id}"
    hand.go("notes", ("note", where), args={"id": id})


def see_all(hand: Hand) -> None:
    """Have the list not narrowed by a search."""
    if hand.pages == ["main"] and hand.text("query") and not hand.dialog:
        hand.tap("Clear search")


def leave(hand: Hand) -> None:
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


def at_list(hand: Hand) -> None:
    """Be on the list, seeing all of it."""
    hand.app("notes")
    if hand.pages == ["main", "note"]:
        leave(hand)
    hand.go("notes")
    see_all(hand)


def at_search(hand: Hand) -> None:
    """Be on the list, whatever is searched for."""
    hand.app("notes")
    if hand.pages == ["main", "note"]:
        leave(hand)
    hand.go("notes")
    hand.no_dialog()


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
        note = any_note(phone, rng)
        return {"id": note["id"], "title": note["title"], "old": note["text"],
                "line": note_texts.line(rng)}  # fmt: skip

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"In Notes, add this as a new last line to the note “{p['title']}”:\n{p['line']}"

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether the line was added, and nothing else changed."""
        p = task.params
        return only(phone, task, p["id"], text=f"{p['old']}\n{p['line']}")

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
        return only(phone, task, task.params["id"], text=task.params["text"])

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
        note = any_note(phone, rng)
        new = note_texts.title(rng, titles(phone))
        return {"id": note["id"], "title": note["title"], "new": new, "text": note["text"]}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"In Notes, change the title of the note “{p['title']}” to: {p['new']}"

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether that is its title."""
        return only(phone, task, task.params["id"], title=task.params["new"])

    def solve(self, hand: Hand, p: Params) -> None:
        """Write it."""
        at_note(hand, p["id"])
        hand.no_dialog()
        hand.field("title", p["new"])
        hand.field("text", p["text"])
        hand.tap("Save")
