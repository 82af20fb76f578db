"""Tasks with notifications."""

from random import Random
from typing import Any

from ..phone import Phone
from .base import Family, Params, PracticeTask, says
from .hand import Hand
from .reader import go_article
from .shop_orders import go_order

_NOTES = (
    ("shop", "Parcel", "Your parcel comes on {day}."),
    ("shop", "Sale", "Everything for the garden is {number} % off."),
    ("shop", "Pick-up code", "Your code is {code}."),
    ("reader", "Daily article", "Read for {number} minutes today."),
    ("reader", "New in Towns", "{number} articles were added."),
    ("settings", "Update", "Version {number}.2 is ready."),
    ("settings", "Battery", "{number} % are left."),
    ("settings", "Sign-in code", "Your code is {code}."),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


def notify_some(phone: Phone, rng: Random, count: int) -> list[dict[str, Any]]:
    """Put notifications into the shade, and give them with what was put into each."""
    found = []
    for app, title, text in rng.sample(_NOTES, count):
        parts = {
            "day": rng.choice(_DAYS),
            "number": str(rng.randrange(11, 60)),
            "code": str(rng.randrange(100000, 999999)),
        }
        fact = next(value for key, value in parts.items() if f"{{{key}}}" in text)
        phone.notify(app, title, text.format(**parts), "main")
        phone.state.permissions[app] = True
        found.append({"app": app, "title": title, "fact": fact})
    return found


def _titles(phone: Phone) -> list[str]:
    return [entry["title"] for entry in phone.state.notifications]


class ClearNotifications(Family):
    """Take all notifications away."""

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Have some."""
        there = notify_some(phone, rng, rng.randrange(2, 6))
        return {"count": len(there), "last": there[-1]["title"]}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f'Clear all {p["count"]} notifications; the one on top is called "{p["last"]}".'

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether none is left."""
        return not phone.state.notifications

    def solve(self, hand: Hand, p: Params) -> None:
        """Use the button below them."""
        hand.shade()
        hand.tap("Clear all")


class DismissNotification(Family):
    """Take one notification away, and keep the others."""

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Have some, and pick one."""
        there = notify_some(phone, rng, rng.randrange(2, 6))
        return {"title": rng.choice(there)["title"], "before": _titles(phone)}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f'Dismiss the notification "{p["title"]}", and keep the others.'

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is gone, and the others are there."""
        p = task.params
        return _titles(phone) == [title for title in p["before"] if title != p["title"]]

    def solve(self, hand: Hand, p: Params) -> None:
        """Tap its cross."""
        hand.shade()
        hand.tap(f"Dismiss {p['title']}")


class OpenNotification(Family):
    """Go where a notification leads."""

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Have some, and one that leads to an order or an article."""
        phone.state.permissions["shop"] = True
        notify_some(phone, rng, rng.randrange(0, 4))
        if rng.random() < 0.5:
            app, page = "shop", "order"
            number = rng.choice(phone.data("shop")["orders"])["id"]
            name, text = f"Order {number}", "There is news about your order."
        else:
            app, page = "reader", "article"
            article = rng.choice(phone.data("reader")["articles"])
            number, name, text = article["id"], article["title"], "Read it again."
        phone.notify(app, name, text, page, id=number)
        if rng.random() < 0.6:
            notify_some(phone, rng, 1)
        return {"app": app, "page": page, "id": number, "title": name}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f'Open the notification "{p["title"]}", and stay where it leads.'

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether that page is in front."""
        p = task.params
        record = phone.state.stacks.get(p["app"], [{}])[-1]
        there = record.get("page") == p["page"] and record["args"]["id"] == p["id"]
        return there and phone.current[0] == phone.apps[p["app"]].package

    def solve(self, hand: Hand, p: Params) -> None:
        """Tap it; where it is gone, go there without it."""
        if p["title"] not in _titles(hand.phone):
            (go_order if p["app"] == "shop" else go_article)(hand, p["id"])
            hand.no_dialog()
        hand.shade()
        hand.tap(p["title"])


class TellNotification(Family):
    """Say what a notification tells."""

    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Have some, and pick one."""
        one = rng.choice(notify_some(phone, rng, rng.randrange(1, 6)))
        return {"title": one["title"], "answer": one["fact"], "before": _titles(phone)}

    def goal(self, p: Params) -> str:
        """Say it."""
        what = "day" if p["answer"] in _DAYS else "number"
        return f'Which {what} stands in the notification "{p["title"]}"? Leave it where it is.'

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it was said."""
        return says(said, task.params["answer"]) and _titles(phone) == task.params["before"]

    def solve(self, hand: Hand, p: Params) -> None:
        """Read it in the shade."""
        hand.shade()
        hand.see(p["answer"])
        hand.answer(p["answer"])
