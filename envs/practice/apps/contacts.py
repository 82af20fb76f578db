"""Contacts: people, their numbers and addresses, and who is a favourite."""

import unicodedata
from collections.abc import Sequence
from random import Random
from typing import Any

from ..app import App, Page, Screen
from ..layout import Column, Fixed, Row
from ..rows import Item, card, chips, empty, heading, padded
from ..view import Act, View
from ..widgets import Avatar, Button, Icon, Text
from ..words import FIRST_NAMES, LAST_NAMES, WORLD_NAMES, Person, World, person

Entry = dict[str, Any]
"""Somebody: ``id``, ``name``, ``phone``, ``email``, ``city``, ``note``, ``favourite``."""

FIELDS = ("name", "phone", "email", "city", "note")

_NOTES = (
    "From the choir",
    "Neighbour, third floor",
    "Knows a good plumber",
    "Allergic to nuts",
    "Met in Lisbon",
    "Только по вечерам",
    "英語が話せます",
    "Ring twice",
    "Φίλη της Ελένης",
    "Vegetarian 🥕",
)


def _seed(world: World, rng: Random) -> dict[str, Any]:
    known = {one.name for one in world.people}
    people: list[Person] = list(world.people)
    wanted = rng.randrange(18, 26)
    while len(people) < wanted:
        first = rng.choice(WORLD_NAMES if rng.random() < 0.2 else FIRST_NAMES)
        name = f"{first} {rng.choice(LAST_NAMES)}"
        if name not in known:
            known.add(name)
            people.append(person(rng, name))
    rng.shuffle(people)
    entries = [
        {
            "id": number,
            "name": one.name,
            "phone": one.phone,
            "email": one.email,
            "city": one.city,
            "note": rng.choice(_NOTES) if rng.random() < 0.3 else "",
            "favourite": rng.random() < 0.2,
        }
        for number, one in enumerate(people, 1)
    ]
    return {"people": entries, "next": len(entries) + 1, "calls": []}


app = App("contacts", "Contacts", "contacts", (38, 120, 190), _seed)


def digits(number: str) -> str:
    """Give a telephone number's digits: what tells it from others."""
    return "".join(letter for letter in number if letter.isdigit())


def by_number(people: Sequence[Entry], number: str) -> Entry | None:
    """Give the first one who has a number, however it is written; None: nobody has."""
    wanted = digits(number)
    return next((one for one in people if digits(one["phone"]) == wanted and wanted), None)


def find(s: Screen, id: int) -> Entry:
    """Give somebody by their id.

    Raises:
        LookupError: They were deleted.
    """
    found: Entry | None = next((one for one in s.data["people"] if one["id"] == id), None)
    if found is None:
        raise LookupError(f"there is no contact {id}")
    return found


def matches(entry: Entry, query: str) -> bool:
    """Whether somebody is meant by what is searched: a part of a name, a number, a city."""
    query = query.casefold().strip()
    if query and not query.strip("0123456789 "):
        return digits(query) in digits(entry["phone"])
    return any(query in entry[key].casefold() for key in ("name", "email", "city"))


def in_order(people: Sequence[Entry], *, last: bool = False) -> list[Entry]:
    """Sort people by name, or by last name."""
    return sorted(people, key=lambda one: (_plain(_sorted_by(one["name"], last)), one["id"]))


def _sorted_by(name: str, last: bool) -> str:
    return " ".join(reversed(name.rsplit(" ", 1))) if last else name


def _plain(text: str) -> str:
    kept = unicodedata.normalize("NFD", text).casefold()
    return "".join(letter for letter in kept if not unicodedata.combining(letter))


@app.page("main")
def main(s: Screen) -> Page:
    """List people by letter; search, favourites."""
    shown = s.local.setdefault("shown", "All")
    last = s.local.get("order") == "last"

    def show(name: str) -> None:
        s.local["shown"] = name
        s.local.get("scroll", {}).clear()

    def order(name: str) -> Act:
        return lambda: s.local.update(order=name)

    add = ("person_add", "New contact", s.opens("edit", id=None))
    menu = [("Sort by first name", order("first")), ("Sort by last name", order("last"))]
    kinds = chips(("All", "Favourites"), shown, show)
    search = s.search(hint="Search contacts")
    body = [s.spinner()] if s.loading(0.4) else _rows(s, shown == "Favourites", last)
    if s.phone.size.height < s.phone.style.dp(480):  # a low screen: the list needs the room
        return Page("Contacts", [kinds, *body], menu=menu, add=add, above=search)
    above = Column(search, kinds, pad=(0, 0, 0, 4))
    return Page("Contacts", body, menu=menu, add=add, above=above)


def _rows(s: Screen, favourites: bool, last: bool) -> list[View]:
    query = s.text("query")
    people = [
        one
        for one in in_order(s.data["people"], last=last)
        if matches(one, query) and (one["favourite"] or not favourites)
    ]
    if not people:
        what = "No contacts found" if query else ("No favourites" if favourites else "No contacts")
        return [empty(what, "contacts")]
    rows: list[View] = []
    letter = ""
    for one in people:
        first = _plain(_sorted_by(one["name"], last))[:1].upper()
        if first != letter:
            letter = first
            rows.append(heading(letter))
        rows.append(_row(s, one, query))
    return rows


def _row(s: Screen, one: Entry, query: str) -> View:
    detail = ""
    if query and query.casefold().strip() not in one["name"].casefold():
        detail = f"{one['phone']}, {one['city']}"
    star = Icon("star", dp=18, label="Favourite", colour="accent") if one["favourite"] else None
    return Item(
        one["name"],
        detail,
        before=Avatar(one["name"]),
        after=star,
        on_tap=s.opens("contact", id=one["id"]),
        on_long=s.opens("row_dialog", id=one["id"]),
        id=f"contact_{one['id']}",
    )


def _favour(one: Entry) -> Act:
    return lambda: one.update(favourite=not one["favourite"])


def _favour_word(one: Entry) -> str:
    return "Remove from favourites" if one["favourite"] else "Add to favourites"


def _deleting(s: Screen, one: Entry) -> Act:
    return lambda: s.ask("Delete contact?", one["name"], "Delete", "delete", id=one["id"])


@app.page("row_dialog")
def row_dialog(s: Screen) -> Page:
    """Offer what can be done with somebody whose row was held."""
    one = find(s, s.args["id"])

    def then(act: Act) -> Act:
        def both() -> None:
            s.close()
            act()

        return both

    rows = [
        Item(_favour_word(one), before=Icon("star"), on_tap=then(_favour(one))),
        Item("Edit", before=Icon("edit"), on_tap=then(s.opens("edit", id=one["id"]))),
        Item("Delete", before=Icon("delete"), on_tap=then(_deleting(s, one))),
    ]
    return Page(one["name"], rows, dialog=True)


@app.page("contact")
def contact(s: Screen) -> Page:
    """Show somebody."""
    one = find(s, s.args["id"])
    if s.loading(0.2):
        return Page("", [s.spinner()])
    number = one["phone"]

    def call() -> None:
        now = s.phone.clock.isoformat(timespec="seconds")
        s.data["calls"].append({"name": one["name"], "number": number, "at": now})
        s.open("call", name=one["name"], number=number)

    head = Column(
        Fixed(height=8),
        Avatar(one["name"], dp=88),
        Fixed(height=8),
        Text(one["name"], sp=24, bold=True, align="centre", id="name"),
        Fixed(height=8),
        Row(
            Button("Call", call, kind="tonal", icon="call", grow=1, enabled=bool(number)),
            Button(
                "Message",
                lambda: s.other("messages", "conversation", number=number),
                kind="tonal",
                icon="message",
                grow=1,
                enabled=bool(number),
            ),
            gap=8,
        ),
        pad=(16, 0, 16, 8),
    )
    facts = (
        ("phone", "Phone", number),
        ("email", "Email", one["email"]),
        ("location_on", "City", one["city"]),
        ("note", "Note", one["note"]),
    )
    shown = [
        Item(text, what, before=Icon(icon), id=what.lower(), on_long=_copying(s, text))
        for icon, what, text in facts
        if text
    ]
    star = ("star" if one["favourite"] else "star_border", _favour_word(one), _favour(one))
    edit = ("edit", "Edit", s.opens("edit", id=one["id"]))
    menu = [("Share", _sharing(s, one)), ("Delete", _deleting(s, one))]
    body = [head, card(*shown) if shown else None]
    return Page("", body, commands=[star, edit], menu=menu)


def _copying(s: Screen, text: str) -> Act:
    def copy() -> None:
        s.phone.clipboard = text
        s.toast("Copied")

    return copy


def _sharing(s: Screen, one: Entry) -> Act:
    return lambda: s.other("messages", "new", text=f"{one['name']}, {one['phone']}")


@app.does("delete")
def delete(s: Screen, id: int) -> None:
    """Delete somebody."""
    s.data["people"][:] = [one for one in s.data["people"] if one["id"] != id]
    s.close_to("main")
    s.toast("Contact deleted")


@app.page("call")
def call_page(s: Screen) -> Page:
    """Call somebody; nobody ever answers."""
    name = s.args["name"]
    ringing = s.loading(20)
    body = [
        Fixed(height=24),
        Avatar(name, dp=96),
        Text(name, sp=24, bold=True, align="centre"),
        Text(s.args["number"], colour="muted", align="centre"),
        Text("Calling…" if ringing else "No answer", align="centre", id="status"),
        Fixed(height=16),
        Row(Column(grow=1), Button("End call", s.close, icon="call_end"), Column(grow=1)),
    ]
    return Page("Call", [Column(*body, gap=8, pad=(16, 0, 16, 0))])


@app.page("edit")
def edit(s: Screen) -> Page:
    """Write down somebody new, or change what is known of somebody."""
    known = None if s.args["id"] is None else find(s, s.args["id"])
    given = known or {"name": s.args.get("name", ""), "phone": s.args.get("phone", "")}
    for key in FIELDS:
        s.begin(key, given.get(key, ""))

    def save() -> None:
        texts = {key: s.text(key).strip() for key in FIELDS}
        if not texts["name"]:
            s.toast("A contact needs a name")
        elif known is not None:
            known.update(texts)
            s.close()
            s.toast("Saved")
        else:
            id = s.data["next"]
            s.data["next"] += 1
            s.data["people"].append({"id": id, **texts, "favourite": False})
            s.replace("contact", id=id)
            s.toast("Saved")

    def back() -> None:
        if any(s.text(key) != given.get(key, "") for key in FIELDS):
            s.ask("Discard changes?", "What was written is lost.", "Discard", "discard")
        else:
            s.close()

    fields = padded(
        s.field("name", "Name"),
        s.field("phone", "Phone", kind="phone"),
        s.field("email", "Email"),
        s.field("city", "City"),
        s.field("note", "Note", kind="multiline", lines=2),
        gap=12,
    )
    title = "New contact" if known is None else "Edit contact"
    return Page(title, [fields], commands=[("check", "Save", save)], back=back)


@app.does("discard")
def discard(s: Screen) -> None:
    """Leave the form without saving."""
    s.close()
