"""Questions about the calendar, what one tells others of it, and what is not in it."""

import datetime
from random import Random

from ..apps.calendar import DURATIONS, PLACES, TITLES, in_order
from ..phone import Phone
from .base import Family, Params, PracticeTask, Unfit, says
from .calendar import named, some_day, some_event, some_time, to_day, to_event, when
from .hand import Hand
from .messages import send, somebody, to_talk, wrote
from .records import looked_at, unchanged


class TellEventTime(Family):
    """Look up when an event begins."""

    apps = ("calendar",)
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick one."""
        one = some_event(phone, rng)
        return {"id": one["id"], "event": dict(one), "answer": one["time"]}

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f"When does {named(p['event'])} begin? Answer with the time as the calendar shows it, "
            "such as 09:30."
        )

    def solve(self, hand: Hand, p: Params) -> None:
        """Read it below the month."""
        if looked_at(hand, "calendar", "event", id=p["id"]):
            hand.app("calendar")
            hand.answer(p["answer"])
        to_day(hand, p["event"]["date"])
        hand.answer(p["answer"])


class TellEventDay(Family):
    """Look up on which day an event is."""

    apps = ("calendar",)
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick one whose title is there once."""
        titles = [one["title"] for one in phone.data("calendar")["events"]]
        for _ in range(40):
            one = some_event(phone, rng)
            if sum(one["title"] in title for title in titles) == 1:
                break
        else:
            raise Unfit("every title is there twice")
        day = datetime.date.fromisoformat(one["date"])
        return {"id": one["id"], "event": dict(one), "answer": day.isoformat()}

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f"On which day is the event “{p['event']['title']}” in the calendar? Answer with the "
            "date as year-month-day, such as 2026-03-09."
        )

    def solve(self, hand: Hand, p: Params) -> None:
        """Search for it."""
        hand.go("calendar", ("search", "Search"))
        hand.no_dialog()
        hand.field("query", p["event"]["title"])
        hand.answer(p["answer"])


class TellEventPlace(Family):
    """Look up where an event is."""

    apps = ("calendar",)
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick one, and have a place for it."""
        one = some_event(phone, rng)
        one["place"] = one["place"] or rng.choice(PLACES)
        way = rng.choice(("Month", "Upcoming"))
        return {"id": one["id"], "event": dict(one), "answer": one["place"], "way": way}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Where is {named(p['event'])}, as the calendar says?"

    def solve(self, hand: Hand, p: Params) -> None:
        """Read it on its page."""
        to_event(hand, p["id"], p["event"]["date"], p["way"])
        hand.answer(p["answer"])


class CountEvents(Family):
    """Count what is on a day."""

    apps = ("calendar",)
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick a day, and have up to six events on it."""
        data, day = phone.data("calendar"), some_day(phone, rng)
        for title in rng.sample(TITLES, rng.randrange(1, 5)):
            minutes = rng.choice(list(DURATIONS.values()))
            data["events"].append(
                {"id": data["next"], "title": title, "date": day, "time": some_time(rng),
                 "minutes": minutes, "place": "", "note": ""}
            )  # fmt: skip
            data["next"] += 1
        count = sum(one["date"] == day for one in data["events"])
        return {"day": day, "answer": str(count)}

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f"How many events are in the calendar on {when(p['day'])}? Answer with a number in "
            "digits."
        )

    def solve(self, hand: Hand, p: Params) -> None:
        """Go to the day, and count."""
        to_day(hand, p["day"])
        hand.answer(p["answer"])


class TellFirstEvent(Family):
    """Say what is first on a day."""

    apps = ("calendar",)
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick a day with events, of which one is first."""
        for _ in range(40):
            day = some_event(phone, rng)["date"]
            found = [one for one in phone.data("calendar")["events"] if one["date"] == day]
            first, *rest = in_order(found)
            if not rest or rest[0]["time"] != first["time"]:
                return {"day": day, "answer": first["title"]}
        raise Unfit("on every day two begin at the same time")

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"What is the title of the first event on {when(p['day'])}?"

    def solve(self, hand: Hand, p: Params) -> None:
        """Go to the day, and read."""
        to_day(hand, p["day"])
        hand.answer(p["answer"])


class TellNextEvent(Family):
    """Say what comes next."""

    apps = ("calendar",)
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Find what comes first; nothing may begin at the same time, or in the next hours."""
        soon = phone.clock + datetime.timedelta(hours=3)
        bounds = [at.strftime("%Y-%m-%dT%H:%M") for at in (phone.clock, soon)]
        known = phone.data("calendar")["events"]
        known[:] = [o for o in known if not bounds[0] <= f"{o['date']}T{o['time']}" <= bounds[1]]
        coming = [o for o in in_order(known) if f"{o['date']}T{o['time']}" > bounds[1]]
        if not coming:
            raise Unfit("nothing is coming")
        first, *rest = coming
        if rest and (rest[0]["date"], rest[0]["time"]) == (first["date"], first["time"]):
            raise Unfit("two begin at the same time")
        return {"answer": first["title"]}

    def goal(self, p: Params) -> str:
        """Say it."""
        return "What is the title of my next event in the calendar, from now on?"

    def solve(self, hand: Hand, p: Params) -> None:
        """Look at what comes."""
        hand.go("calendar")
        hand.no_dialog()
        if hand.phone.shown_pages()[-1][0].local["shown"] != "Upcoming":
            hand.tap("Upcoming")
        hand.answer(p["answer"])


class SendEventTime(Family):
    """Tell somebody by message when an event begins."""

    apps = ("calendar", "messages")

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick an event, and somebody."""
        event, one = some_event(phone, rng), somebody(phone, rng)
        return {
            "event": dict(event),
            "id": event["id"],
            "name": one["name"],
            "to_id": one["id"],
            "number": one["phone"],
        }

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f"Send {p['name']} a text message with the time at which {named(p['event'])} begins in "
            "my calendar, written as the calendar shows it."
        )

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether one message has the time; who adds words does no harm."""
        text = wrote(phone, task, task.params["number"])
        return (
            text is not None
            and says([text], task.params["event"]["time"])
            and unchanged(phone, task, but="messages")
        )

    def solve(self, hand: Hand, p: Params) -> None:
        """Look it up, then write."""
        if not looked_at(hand, "calendar", "event", id=p["id"]):
            to_event(hand, p["id"], p["event"]["date"])
        to_talk(hand, p["number"], p["to_id"])
        send(hand, p["event"]["time"])


class EventMissing(Family):
    """Be asked about an event that is not in the calendar."""

    apps = ("calendar",)
    feasible = False

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick a title that is not there, and a day."""
        there = {one["title"] for one in phone.data("calendar")["events"]}
        title = rng.choice([title for title in TITLES if title not in there])
        kind = rng.choice(("move", "delete", "time"))
        return {"title": title, "day": some_day(phone, rng), "kind": kind}

    def goal(self, p: Params) -> str:
        """Say it."""
        which = f"“{p['title']}” on {when(p['day'])}"
        return {
            "move": f"In the calendar, move {which} to the day after. The time stays as it is.",
            "delete": f"Delete the event {which} from the calendar.",
            "time": f"At what time does the event {which} begin, as the calendar says?",
        }[p["kind"]]

    def solve(self, hand: Hand, p: Params) -> None:
        """Look at the day, and say that it is not there."""
        to_day(hand, p["day"])
        hand.give_up(f"there is no event {p['title']} on that day")
