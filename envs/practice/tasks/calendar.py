"""Tasks in the calendar: events written down, moved, deleted."""

import datetime
from random import Random
from typing import Any

from ..apps.calendar import DURATIONS, PLACES, TITLES, duration, long_date
from ..phone import Phone
from .base import Family, Params, PracticeTask, Unfit
from .hand import Hand
from .messages import arrive, somebody, to_talk
from .records import differs_in, events, looked_at, same_text, unchanged

_OWN_TITLES = (
    'Reading of "Emma"', "Ana's farewell", "Tea & cake", "Zahnarzt", "Réunion d'équipe", "Σινεμά",
    "Танцы", "英語の授業", "Σχολείο", "Boat trip ⛵", "Interview", "Sauna", "Quiz night",
    "Tax advice", "Window cleaning", "Car service", "School play", "Blood donation",
)  # fmt: skip


def named(event: dict[str, Any]) -> str:
    """Say which event is meant."""
    return f"“{event['title']}” on {when(event['date'])}"


def when(day: str) -> str:
    """Write a day out."""
    return long_date(datetime.date.fromisoformat(day))


def some_event(phone: Phone, rng: Random) -> dict[str, Any]:
    """Pick an event to come that is the only one of its title on its day."""
    known = phone.data("calendar")["events"]
    today = phone.clock.date().isoformat()
    keys = [(one["title"], one["date"]) for one in known]
    fit = [
        one for one, key in zip(known, keys, strict=True)
        if one["date"] > today and keys.count(key) == 1
    ]  # fmt: skip
    if not fit:
        raise Unfit("nothing is coming")
    found: dict[str, Any] = rng.choice(fit)
    return found


def some_day(phone: Phone, rng: Random, days: int = 45) -> str:
    """Pick a day to come."""
    return (phone.clock.date() + datetime.timedelta(days=rng.randrange(1, days))).isoformat()


def some_time(rng: Random) -> str:
    """Pick a time of day, mostly around noon: each hour away is one tap more."""
    return f"{rng.randrange(9, 17):02d}:{rng.choice((0, 0, 0, 10, 20, 30, 30, 40, 50)):02d}"


def now(phone: Phone, p: Params) -> dict[str, Any] | None:
    """Give the task's event as it is now; None: it is gone."""
    found = (one for one in phone.data("calendar")["events"] if one["id"] == p["id"])
    return next(found, None)


def to_day(hand: Hand, day: str) -> None:
    """Be in the calendar where a day is shown, with no dialog."""
    hand.go("calendar")
    hand.no_dialog()
    local = hand.phone.shown_pages()[-1][0].local
    if local["shown"] != "Month":
        hand.tap("Month")
    hand.pick(local["day"], day)


def to_event(hand: Hand, id: int, day: str, way: str = "Month") -> None:
    """Be where an event is shown, with no dialog.

    Args:
        hand: The hand.
        id: Of the event.
        day: When it is.
        way: ``Month``, or ``Upcoming``.
    """
    hand.app("calendar")
    row = f"event_{id}"
    if hand.pages == ["main"]:
        if way == "Month":
            to_day(hand, day)
        hand.no_dialog()
        if not hand.sees(row):
            hand.tap(way)
    hand.go("calendar", ("event", row), args={"id": id})
    hand.no_dialog()


def to_form(hand: Hand, id: int, day: str, way: str = "Month") -> None:
    """Be where an event is changed; a dialog for date or time may be open."""
    if hand.phone.state.front == "calendar" and hand.pages[-1:] == ["edit"]:
        hand.app("calendar")
        if hand.args.get("id") == id:
            return
        hand.leave()
    to_event(hand, id, day, way)
    hand.tap("Edit")


def fill(hand: Hand, wanted: dict[str, Any]) -> None:
    """Have all this in the form in front, and save it."""
    if hand.dialog == "ask":
        hand.no_dialog()
    form = hand.phone.shown_pages()[0][0]
    chosen = form.local["chosen"]
    hour, minute = (int(part) for part in wanted["time"].split(":"))
    if hand.dialog == "pick_date":
        hand.date(wanted["date"])
    if hand.dialog == "pick_time":
        hand.time(hour, minute)
    if hand.dialog == "choose":
        hand.choose(duration(wanted["minutes"]))
    hand.field("title", wanted["title"])
    if chosen["date"] != wanted["date"]:
        hand.tap("date", why="set the date")
    if chosen["time"] != wanted["time"]:
        hand.tap("time", why="set the time")
    if chosen["minutes"] != wanted["minutes"]:
        hand.tap("duration", why="set the duration")
    hand.field("place", wanted["place"])
    hand.field("note", wanted["note"])
    hand.tap("Save")


def add(hand: Hand, wanted: dict[str, Any]) -> None:
    """Write a new event down; the day is chosen before, so that the form has it."""
    if hand.phone.state.front == "calendar" and hand.pages[-1:] == ["edit"]:
        hand.app("calendar")
        if hand.args.get("id") is None:
            fill(hand, wanted)
        hand.leave()
    to_day(hand, wanted["date"])
    hand.tap("New event")


def is_added(phone: Phone, task: PracticeTask, wanted: dict[str, Any]) -> bool:
    """Whether there is one event more, just as wanted."""
    changes = events(phone, task)
    if not changes.only(added=1) or not unchanged(phone, task, but="calendar"):
        return False
    one = changes.added[0]
    exact = all(one[key] == wanted[key] for key in ("date", "time", "minutes"))
    return exact and all(same_text(one[key], wanted[key]) for key in ("title", "place", "note"))


class AddEvent(Family):
    """Write down an event."""

    apps = ("calendar",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Make one up."""
        place = rng.choice(PLACES) if rng.random() < 0.5 else ""
        minutes = rng.choice(list(DURATIONS.values())) if rng.random() < 0.5 else 60
        title = rng.choice(_OWN_TITLES if rng.random() < 0.6 else TITLES)
        date, time = some_day(phone, rng), some_time(rng)
        return {"title": title, "date": date, "time": time, "minutes": minutes, "place": place,
                "note": ""}  # fmt: skip

    def goal(self, p: Params) -> str:
        """Say it."""
        place = f"\nplace: {p['place']}" if p["place"] else ""
        return (
            f"Add an event to the calendar:\ntitle: {p['title']}\ndate: {when(p['date'])}\n"
            f"time: {p['time']}\nduration: {duration(p['minutes'])}{place}"
        )

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is there, and all else is as before."""
        return is_added(phone, task, task.params)

    def solve(self, hand: Hand, p: Params) -> None:
        """Choose the day, fill the form."""
        add(hand, p)


class ChangeEvent(Family):
    """Change one thing of an event: its title, time, duration or place."""

    apps = ("calendar",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick an event, and what becomes of what."""
        one = some_event(phone, rng)
        hour, minute = (int(part) for part in one["time"].split(":"))
        later = (hour + rng.choice((-3, -2, -1, 1, 2, 3))) % 24
        values: dict[str, Any] = {
            "title": rng.choice(_OWN_TITLES),
            "time": f"{later:02d}:{rng.choice((minute, 0, 30)):02d}",
            "minutes": rng.choice([n for n in DURATIONS.values() if n != one["minutes"]]),
            "place": rng.choice([place for place in PLACES if place != one["place"]]),
        }
        key = rng.choice(("title", "time", "time", "minutes", "place"))
        way = rng.choice(("Month", "Upcoming"))
        return {"id": one["id"], "event": dict(one), "key": key, "value": values[key], "way": way}

    def goal(self, p: Params) -> str:
        """Say it."""
        which, value = named(p["event"]), p["value"]
        return {
            "title": f"In the calendar, change the title of {which} to {value}",
            "time": f"In the calendar, let {which} begin at {value}. It takes as long as before.",
            "minutes": f"In the calendar, change the duration of {which} to "
            f"{duration(value) if p['key'] == 'minutes' else ''}.",
            "place": f"In the calendar, change the place of {which} to {value}",
        }[p["key"]]

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether that is changed, and nothing else."""
        p, one = task.params, now(phone, task.params)
        return (
            one is not None
            and (one[p["key"]] == p["value"] or same_text(str(one[p["key"]]), str(p["value"])))
            and events(phone, task).only(changed=1)
            and differs_in(task.before["calendar"]["events"], one, p["key"])
            and unchanged(phone, task, but="calendar")
        )

    def solve(self, hand: Hand, p: Params) -> None:
        """In its form."""
        to_form(hand, p["id"], p["event"]["date"], p["way"])
        fill(hand, {**p["event"], p["key"]: p["value"]})


class MoveEvent(Family):
    """Move an event to another day."""

    apps = ("calendar",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick an event and a day."""
        one = some_event(phone, rng)
        far = rng.choice((-7, -2, -1, 1, 2, 3, 7, 14, 30))
        day = (datetime.date.fromisoformat(one["date"]) + datetime.timedelta(days=far)).isoformat()
        way = rng.choice(("Month", "Upcoming"))
        return {"id": one["id"], "event": dict(one), "date": day, "way": way}

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f"In the calendar, move {named(p['event'])} to {when(p['date'])}. The time stays as it "
            "is."
        )

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is on that day, and all else is as before."""
        one = now(phone, task.params)
        return (
            one is not None
            and one["date"] == task.params["date"]
            and events(phone, task).only(changed=1)
            and differs_in(task.before["calendar"]["events"], one, "date")
            and unchanged(phone, task, but="calendar")
        )

    def solve(self, hand: Hand, p: Params) -> None:
        """In its form."""
        to_form(hand, p["id"], p["event"]["date"], p["way"])
        fill(hand, {**p["event"], "date": p["date"]})


class DeleteEvent(Family):
    """Delete an event."""

    apps = ("calendar",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick one."""
        one = some_event(phone, rng)
        return {"id": one["id"], "event": dict(one), "way": rng.choice(("Month", "Upcoming"))}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Delete the event {named(p['event'])} from the calendar."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is gone, and no other."""
        changes = events(phone, task)
        return (
            changes.only(removed=1)
            and changes.removed[0]["id"] == task.params["id"]
            and unchanged(phone, task, but="calendar")
        )

    def solve(self, hand: Hand, p: Params) -> None:
        """On its page."""
        hand.app("calendar")
        if hand.dialog == "ask":
            asked = hand.phone.shown_pages()[-1][0].args
            if asked["do"] == "delete" and asked["given"]["id"] == p["id"]:
                hand.tap("Delete")
        to_event(hand, p["id"], p["event"]["date"], p["way"])
        hand.tap("Delete")


class EventFromMessage(Family):
    """Write down the event that a message is about."""

    apps = ("messages", "calendar")

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Have somebody write about one."""
        one = somebody(phone, rng)
        title = rng.choice(("Dinner", "Picnic", "Rehearsal", "House party", "Film night"))
        day = some_day(phone, rng, 25)
        event = {"title": title, "date": day, "time": some_time(rng), "minutes": 60,
                  "place": rng.choice(PLACES[:8]), "note": ""}  # fmt: skip
        pattern = rng.choice(
            (
                "{title} on {day} at {time}, place: {place}. Are you coming?",
                "Don't forget: {title}, {day}, {time}, {place}!",
                "It is settled: {title} at {time} on {day}. Where? {place} 🙂",
            )
        )
        text = pattern.format(**event, day=when(day))
        arrive(phone, one["phone"], text, rng.randrange(1, 100))
        return {"name": one["name"], "number": one["phone"], "event": event}

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f"In the last text message, {p['name']} told me of an event. Add it to the calendar "
            f"with the title {p['event']['title']} and with the day, the time and the place of the "
            "message. It takes 1 hour."
        )

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is there, and all else is as before."""
        return is_added(phone, task, task.params["event"])

    def solve(self, hand: Hand, p: Params) -> None:
        """Read the message, then write it down."""
        if not looked_at(hand, "messages", "conversation", number=p["number"]):
            to_talk(hand, p["number"])
        add(hand, p["event"])
