"""Notes: a list of cards, and a page to write on, which is saved when it is left."""

from typing import Any

from ..app import App, Page, Screen
from ..layout import Column, Row
from ..rows import Item, empty, heading
from ..view import Act, View
from ..widgets import Icon, Text
from .days import shown_day
from .notes_data import COLOURS, seed

Note = dict[str, Any]

app = App("notes", "Notes", "sticky_note_2", (196, 150, 30), seed)

_ORDERS = ("Date edited", "Title")


def _note(s: Screen, id: int) -> Note:
    found = [note for note in s.data["notes"] if note["id"] == id]
    if not found:
        raise LookupError(f"there is no note {id}")
    note: Note = found[0]
    return note


@app.page("main")
def main(s: Screen) -> Page:
    """List the notes, the pinned ones first."""
    wanted = s.text("query").casefold().strip()
    order = s.local.get("order", _ORDERS[0])
    notes = [n for n in s.data["notes"] if wanted in f"{n['title']}\n{n['text']}".casefold()]
    if order == "Title":
        notes.sort(key=lambda note: str(note["title"]).casefold())
    else:
        notes.sort(key=lambda note: str(note["edited"]), reverse=True)
    pinned = [note for note in notes if note["pinned"]]
    others = [note for note in notes if not note["pinned"]]
    rows: list[View] = []
    for name, group in (("Pinned", pinned), ("Others", others)):
        if group and pinned:
            rows.append(heading(name))
        rows += [_card(s, note) for note in group]
    if not rows:
        rows.append(empty("No notes found" if wanted else "No notes yet", "sticky_note_2"))
    return Page(
        "Notes",
        rows,
        above=s.search(hint="Search notes"),
        add=("add", "New note", s.opens("note", id=0)),
        menu=[
            ("Sort", lambda: s.choose("Sort by", _ORDERS, order, "order")),
            ("Deleted notes", s.opens("trash")),
        ],
    )


def _card(s: Screen, note: Note) -> View:
    title, colour = note["title"] or "Untitled", note["colour"]
    words = Column(
        Text(title, bold=True, lines=2),
        Text(note["text"], sp=14, lines=2) if note["text"] else None,
        Text(shown_day(note["edited"], s.phone.clock), sp=12, colour="muted"),
        gap=2,
        grow=1,
    )
    dot = Icon("circle", dp=14, colour=COLOURS[colour], label=colour) if colour else None
    pin = Icon("push_pin", dp=18, colour="accent", label="Pinned") if note["pinned"] else None
    id = note["id"]
    card = Row(
        dot, words, pin, gap=12, pad=(16, 10, 12, 10), fill="raised", radius=None,
        on_tap=s.opens("note", id=id), on_long=s.opens("actions_dialog", id=id), id=f"note_{id}",
    )  # fmt: skip
    card.role = "item"
    return Column(card, pad=(12, 4, 12, 4))


@app.does("order")
def order(s: Screen, value: str) -> None:
    """Sort the list."""
    s.local["order"] = value


@app.page("actions_dialog")
def actions(s: Screen) -> Page:
    """Offer what can be done with a note that was held."""
    note = _note(s, s.args["id"])

    def then(act: Act) -> Act:
        def both() -> None:
            s.close()
            act()

        return both

    pin = "Unpin" if note["pinned"] else "Pin"
    rows = [
        Item(pin, before=Icon("push_pin"), on_tap=then(lambda: _pin(s, note))),
        Item("Colour", before=Icon("palette"), on_tap=then(lambda: _colours(s, note))),
        Item("Make a copy", before=Icon("content_copy"), on_tap=then(lambda: _copy(s, note))),
        Item("Delete", before=Icon("delete"), on_tap=then(lambda: _delete(s, note))),
    ]
    return Page(note["title"] or "Untitled", rows, dialog=True)


def _pin(s: Screen, note: Note) -> None:
    note["pinned"] = not note["pinned"]
    s.toast("Note pinned" if note["pinned"] else "Note unpinned")


def _colours(s: Screen, note: Note) -> None:
    s.choose("Colour", ["None", *COLOURS], note["colour"] or "None", "colour", id=note["id"])


def _copy(s: Screen, note: Note) -> None:
    copied = {**note, "id": s.data["next"], "pinned": False, "edited": _now(s)}
    s.data["next"] += 1
    s.data["notes"].append(copied)
    s.toast("Note copied")


def _delete(s: Screen, note: Note) -> None:
    title = note["title"] or "Untitled"
    s.ask("Delete note?", f"“{title}” goes to the deleted notes.", "Delete", "delete",
          id=note["id"])  # fmt: skip


def _now(s: Screen) -> str:
    return s.phone.clock.isoformat(timespec="minutes")


@app.does("colour")
def colour(s: Screen, id: int, value: str) -> None:
    """Mark a note with a colour; a note that is not saved yet keeps it for later."""
    chosen = "" if value == "None" else value
    if id:
        _note(s, id)["colour"] = chosen
    else:
        s.local["draft"]["colour"] = chosen


@app.does("delete")
def delete(s: Screen, id: int) -> None:
    """Move a note to the deleted ones."""
    note = _note(s, id)
    s.data["notes"].remove(note)
    s.data["trash"].append(note)
    s.close_to("main")
    s.toast("Note deleted")


@app.page("note")
def note_page(s: Screen) -> Page:
    """Show a note to read and to write on. ``id`` 0 is a new one."""
    id = s.args["id"]
    draft: Note = s.local.setdefault("draft", {"id": 0, "pinned": False, "colour": ""})
    note = _note(s, id) if id else draft
    s.begin("title", note.get("title", ""))
    s.begin("text", note.get("text", ""))

    def leave() -> None:
        _save(s, note)
        s.close()

    def discard() -> None:
        s.close()
        s.toast("Changes discarded")

    pin = "Unpin" if note["pinned"] else "Pin"
    commands = [
        ("push_pin", pin, lambda: _pin(s, note)),
        ("check", "Save", leave),
    ]
    menu = [("Colour", lambda: _colours(s, note)), ("Discard changes", discard)]
    if id:
        menu += [
            ("Copy text", lambda: _to_clipboard(s)),
            ("Delete", lambda: _delete(s, note)),
        ]
    marks = [
        Icon("push_pin", dp=16, colour="accent", label="Pinned") if note["pinned"] else None,
        Icon("circle", dp=14, colour=COLOURS[note["colour"]], label=note["colour"])
        if note["colour"]
        else None,
    ]
    edited = f"Edited {shown_day(note['edited'], s.phone.clock)}" if id else "Not saved yet"
    lines = 3 if s.phone.size.width > s.phone.size.height else 8
    body = Column(
        s.field("title", "Title", plain=True, sp=22, bold=True),
        s.field("text", "Write here", kind="multiline", plain=True, lines=lines),
        Row(*marks, Text(edited, sp=12, colour="muted"), gap=8, pad=(4, 8, 4, 0)),
        pad=(16, 0, 16, 0),
    )
    return Page("Note" if id else "New note", [body], commands=commands, menu=menu, back=leave)


def _save(s: Screen, note: Note) -> None:
    """Write down what was changed; a new note with nothing in it is none."""
    title, text = s.text("title").strip(), s.text("text").rstrip()
    if note["id"]:
        if (title, text) != (note["title"], note["text"]):
            note.update(title=title, text=text, edited=_now(s))
            s.toast("Note saved")
    elif title or text:
        s.data["notes"].append(
            {**note, "id": s.data["next"], "title": title, "text": text, "edited": _now(s)}
        )
        s.data["next"] += 1
        s.toast("Note saved")
    else:
        s.toast("Empty note discarded")


def _to_clipboard(s: Screen) -> None:
    s.phone.clipboard = s.text("text")
    s.toast("Text copied")


@app.page("trash")
def trash(s: Screen) -> Page:
    """List deleted notes; a tap brings one back."""

    def asking(note: Note) -> Act:
        title = note["title"] or "Untitled"
        return lambda: s.ask("Restore note?", title, "Restore", "restore", id=note["id"])

    rows: list[View] = [
        Item(note["title"] or "Untitled", note["text"].split("\n")[0], before=Icon("restore"),
             on_tap=asking(note), id=f"note_{note['id']}")
        for note in reversed(s.data["trash"])
    ]  # fmt: skip

    def clear() -> None:
        s.ask("Delete for ever?", "All deleted notes will be gone.", "Delete", "clear")

    menu = [("Delete all for ever", clear)] if rows else []
    return Page("Deleted notes", rows or [empty("No deleted notes", "delete")], menu=menu)


@app.does("restore")
def restore(s: Screen, id: int) -> None:
    """Bring a deleted note back."""
    note = next(note for note in s.data["trash"] if note["id"] == id)
    s.data["trash"].remove(note)
    s.data["notes"].append(note)
    s.toast("Note restored")


@app.does("clear")
def clear(s: Screen) -> None:
    """Forget all deleted notes."""
    s.data["trash"].clear()
