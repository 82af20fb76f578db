"""Calendar: a month with marked days, what is on a day, what comes, and events to write down."""

import datetime
from collections.abc import Sequence
from random import Random
from typing import Any

from ..app import App, Page, Screen
from ..dialogs import MONTHS, month_grid, other_month
from ..layout import Column, Row
from ..rows import Item, card, chips, empty, heading, padded
from ..view import Act, View
from ..widgets import Icon, IconButton, Text
from ..words import CITIES, World

Event = dict[str, Any]
"""``id``, ``title``, ``date``, ``time`` (ISO 8601), ``minutes`` it takes, ``place``, ``note``."""

DURATIONS = {
    "15 minutes": 15,
    "30 minutes": 30,
    "45 minutes": 45,
    "1 hour": 60,
    "1 hour 30 minutes": 90,
    "2 hours": 120,
    "3 hours": 180,
    "4 hours": 240,
}
TITLES = (
    "Dentist", "Choir practice", "Team meeting", "Yoga", "Swimming", "Book club", "Haircut",
    "Piano lesson", "Parents' evening", "Bicycle repair", "Football", "Eye test", "Rehearsal",
    "Dinner", "Lunch", "Budget review", "Garden day", "Museum visit", "Language course",
    "House viewing", "Flat inspection", "Board games", "Pottery class", "Vaccination",
    "Chess evening", "Film night", "День рождения", "Γιορτή", "歯医者", "会议", "Café",
)  # fmt: skip
PLACES = (
    "Town hall", "Room 12", "Library", "Harbour cafe", "Station", "Green Street 4", "Online",
    "Old Mill", "Sports hall", "Clinic, 3rd floor", "Blue Room", "Park gate", "Πλατεία", "図書館",
)  # fmt: skip
_NOTES = ("Bring the papers", "Ask for a receipt", "Не опаздывать", "Pay in cash", "Wear boots")


def _seed(world: World, rng: Random) -> dict[str, Any]:
    events: list[Event] = []
    for number in range(1, rng.randrange(18, 27)):
        day = world.today + datetime.timedelta(days=rng.randrange(-9, 40))
        events.append(
            {
                "id": number,
                "title": rng.choice(TITLES),
                "date": day.isoformat(),
                "time": f"{rng.randrange(8, 21):02d}:{rng.choice((0, 0, 10, 15, 30, 40, 45)):02d}",
                "minutes": rng.choice(list(DURATIONS.values())),
                "place": rng.choice((*PLACES, rng.choice(CITIES))) if rng.random() < 0.6 else "",
                "note": rng.choice(_NOTES) if rng.random() < 0.2 else "",
            }
        )
    return {"events": events, "next": len(events) + 1}


app = App("calendar", "Calendar", "calendar_month", (196, 76, 60), _seed)


def find(s: Screen, id: int) -> Event:
    """Give an event by its id.

    Raises:
        LookupError: It was deleted.
    """
    found: Event | None = next((one for one in s.data["events"] if one["id"] == id), None)
    if found is None:
        raise LookupError(f"there is no event {id}")
    return found


def in_order(events: Sequence[Event]) -> list[Event]:
    """Sort events by when they begin."""
    return sorted(events, key=lambda one: (one["date"], one["time"], one["id"]))


def long_date(day: datetime.date) -> str:
    """Write a day out, such as ``Thursday, 12 March 2026``."""
    return f"{day:%A}, {day.day} {MONTHS[day.month]} {day.year}"


def hours(event: Event) -> str:
    """Say from when to when, such as ``14:30 – 15:15``."""
    start = datetime.datetime.fromisoformat(f"{event['date']}T{event['time']}")
    end = start + datetime.timedelta(minutes=event["minutes"])
    return f"{start:%H:%M} – {end:%H:%M}"


def duration(minutes: int) -> str:
    """Say how long, as it is chosen."""
    named = {number: name for name, number in DURATIONS.items()}
    return named.get(minutes, f"{minutes} minutes")


@app.page("main")
def main(s: Screen) -> Page:
    """Show a month and what is on one of its days, or what comes."""
    today = s.phone.clock.date()
    day = datetime.date.fromisoformat(s.local.setdefault("day", today.isoformat()))
    shown = s.local.setdefault("shown", "Month")

    def show(name: str) -> None:
        s.local["shown"] = name
        s.local.get("scroll", {}).clear()

    def take(chosen: datetime.date) -> None:
        s.local["day"] = chosen.isoformat()

    def to_today() -> None:
        show("Month")
        take(today)

    commands = [("search", "Search", s.opens("search")), ("today", "Today", to_today)]
    add = ("add", "New event", lambda: s.open("edit", id=None, day=s.local["day"]))
    body = _month(s, day, take) if shown == "Month" else _upcoming(s)
    above = chips(("Month", "Upcoming"), shown, show)
    return Page("Calendar", body, commands=commands, add=add, above=above)


def _month(s: Screen, day: datetime.date, take: Any) -> list[View]:
    def turn(step: int) -> Act:
        return lambda: take(other_month(day, step))

    head = Row(
        IconButton("chevron_left", "Previous month", turn(-1)),
        Text(f"{MONTHS[day.month]} {day.year}", bold=True, align="centre", grow=1, id="month"),
        IconButton("chevron_right", "Next month", turn(1)),
        pad=(8, 0, 8, 0),
    )
    marked = frozenset(datetime.date.fromisoformat(one["date"]) for one in s.data["events"])
    events = [one for one in s.data["events"] if one["date"] == day.isoformat()]
    rows: list[View] = [_row(s, one) for one in in_order(events)]
    nothing = padded(Text("Nothing on this day", colour="muted"))
    return [head, month_grid(day, take, marked), heading(long_date(day)), *(rows or [nothing])]


def _upcoming(s: Screen) -> list[View]:
    now = s.phone.clock.strftime("%Y-%m-%dT%H:%M")
    coming = [one for one in s.data["events"] if f"{one['date']}T{one['time']}" >= now]
    return _by_day(s, coming) or [empty("Nothing is coming up", "event_available")]


def _by_day(s: Screen, events: Sequence[Event]) -> list[View]:
    rows: list[View] = []
    day = ""
    for one in in_order(events):
        if one["date"] != day:
            day = one["date"]
            rows.append(heading(long_date(datetime.date.fromisoformat(day))))
        rows.append(_row(s, one))
    return rows


def _row(s: Screen, one: Event) -> View:
    place = f", {one['place']}" if one["place"] else ""
    return Item(
        one["title"],
        f"{hours(one)}{place}",
        before=Icon("event", colour="accent"),
        on_tap=s.opens("event", id=one["id"]),
        on_long=_deleting(s, one),
        lines=2,
        id=f"event_{one['id']}",
    )


def _deleting(s: Screen, one: Event) -> Act:
    words = f"{one['title']}, {long_date(datetime.date.fromisoformat(one['date']))}"
    return lambda: s.ask("Delete event?", words, "Delete", "delete", id=one["id"])


@app.page("search")
def search(s: Screen) -> Page:
    """Find events by a part of their title, place or note."""
    query = s.text("query").casefold().strip()
    found = [
        one
        for one in s.data["events"]
        if query and any(query in one[key].casefold() for key in ("title", "place", "note"))
    ]
    body: list[View] = [
        empty("Write what to look for" if not query else "No events found", "search")
    ]
    if found and s.loading(0.3):
        body = [s.spinner()]
    elif found:
        body = _by_day(s, found)
    return Page("Search", body, above=s.search(hint="Search events"))


@app.page("event")
def event(s: Screen) -> Page:
    """Show one event."""
    one = find(s, s.args["id"])
    day = long_date(datetime.date.fromisoformat(one["date"]))
    facts = (
        ("event", "Date", day),
        ("schedule", "Time", hours(one)),
        ("timer", "Duration", duration(one["minutes"])),
        ("place", "Place", one["place"]),
        ("note", "Note", one["note"]),
    )
    rows = [
        Item(text, what, before=Icon(icon), lines=1, id=what.lower())
        for icon, what, text in facts
        if text
    ]
    body = [padded(Text(one["title"], sp=24, bold=True, id="title"), down=12), card(*rows)]
    commands = [
        ("edit", "Edit", s.opens("edit", id=one["id"])),
        ("delete", "Delete", _deleting(s, one)),
    ]
    return Page("Event", body, commands=commands, menu=[("Duplicate", _copying(s, one))])


def _copying(s: Screen, one: Event) -> Act:
    def copy() -> None:
        id = s.data["next"]
        s.data["next"] += 1
        s.data["events"].append({**one, "id": id})
        s.replace("event", id=id)
        s.open("edit", id=id)

    return copy


@app.does("delete")
def delete(s: Screen, id: int) -> None:
    """Delete an event."""
    s.data["events"][:] = [one for one in s.data["events"] if one["id"] != id]
    if s.name == "event":
        s.close()
    s.toast("Event deleted")


@app.page("edit")
def edit(s: Screen) -> Page:
    """Write down a new event, or change one."""
    known = None if s.args["id"] is None else find(s, s.args["id"])
    given: Event = known or {
        "title": "", "date": s.args.get("day"), "time": "12:00", "minutes": 60, "place": "",
        "note": "",
    }  # fmt: skip
    for key in ("title", "place", "note"):
        s.begin(key, given[key])
    chosen = s.local.setdefault("chosen", {key: given[key] for key in ("date", "time", "minutes")})
    hour, minute = (int(part) for part in chosen["time"].split(":"))

    def texts() -> dict[str, str]:
        return {key: s.text(key).strip() for key in ("title", "place", "note")}

    def save() -> None:
        event = {**texts(), **chosen}
        if not event["title"]:
            s.toast("An event needs a title")
            return
        if known is not None:
            known.update(event)
        else:
            s.data["events"].append({"id": s.data["next"], **event})
            s.data["next"] += 1
        s.close()
        s.toast("Saved")

    def back() -> None:
        if any(given[key] != value for key, value in {**texts(), **chosen}.items()):
            s.ask("Discard changes?", "What was written is lost.", "Discard", "discard")
        else:
            s.close()

    long = duration(chosen["minutes"])
    rows = [
        Item("Date", long_date(datetime.date.fromisoformat(chosen["date"])), before=Icon("event"),
             on_tap=lambda: s.pick_date(chosen["date"], "set_date"), id="date"),
        Item("Time", chosen["time"], before=Icon("schedule"),
             on_tap=lambda: s.pick_time(hour, minute, "set_time"), id="time"),
        Item("Duration", long, before=Icon("timer"),
             on_tap=lambda: s.choose("Duration", [*DURATIONS], long, "set_duration"),
             id="duration"),
    ]  # fmt: skip
    body = [
        padded(s.field("title", "Title")),
        *rows,
        padded(
            s.field("place", "Place"),
            s.field("note", "Note", kind="multiline", lines=2),
            gap=12,
        ),
    ]
    title = "New event" if known is None else "Edit event"
    return Page(title, [Column(*body)], commands=[("check", "Save", save)], back=back)


@app.does("set_date")
def set_date(s: Screen, day: str) -> None:
    """Choose the day of the event that is being written."""
    s.local["chosen"]["date"] = day


@app.does("set_time")
def set_time(s: Screen, hour: int, minute: int) -> None:
    """Choose when it begins."""
    s.local["chosen"]["time"] = f"{hour:02d}:{minute:02d}"


@app.does("set_duration")
def set_duration(s: Screen, value: str) -> None:
    """Choose how long it takes."""
    s.local["chosen"]["minutes"] = DURATIONS[value]


@app.does("discard")
def discard(s: Screen) -> None:
    """Leave the form without saving."""
    s.close()
