"""Tasks in the messages: writing them."""

import datetime
from random import Random
from typing import Any

from ..apps.contacts import digits
from ..apps.message_data import talk_with, write
from ..phone import Phone
from ..phrases import to_write
from .base import Family, Params, PracticeTask, Unfit
from .contacts import new_number, some_person, to_contact
from .hand import Hand
from .records import looked_at, messages, same_text, unchanged, uncover


def somebody(phone: Phone, rng: Random, *, but: str = "") -> dict[str, Any]:
    """Pick somebody with a telephone number of their own, other than one."""
    known = phone.data("contacts")["people"]
    numbers = [digits(one["phone"]) for one in known]
    for _ in range(20):
        one = some_person(phone, rng)
        number = digits(one["phone"])
        if number and numbers.count(number) == 1 and number != digits(but):
            return one
    raise Unfit("nobody has a number of their own")


def arrive(phone: Phone, number: str, text: str, minutes: int) -> None:
    """Have had a message so many minutes ago, but after all that was written before."""
    data = phone.data("messages")
    at = (phone.clock - datetime.timedelta(minutes=minutes)).isoformat(timespec="seconds")
    last = max(one["at"] for talk in data["talks"] for one in talk["messages"])
    write(data, number, text, mine=False, at=max(at, last))


def wrote(phone: Phone, task: PracticeTask, number: str) -> str | None:
    """Give the one message that was written since, to a number; None: there is not just this."""
    changes = messages(phone, task)
    if not changes.only(added=1) or changes.added[0]["to"] != digits(number):
        return None
    return str(changes.added[0]["text"])


def to_talk(hand: Hand, number: str, id: int | None = None) -> None:
    """Be in the conversation with a number, with no dialog.

    Args:
        hand: The hand.
        number: Whose it is.
        id: In the contacts, where a new conversation is to be begun with somebody known.
    """
    data = hand.data["messages"]
    hand.app("messages")
    if hand.pages[-1:] == ["conversation"] and digits(hand.args["number"]) == digits(number):
        hand.no_dialog()
        return
    row = f"talk_{digits(number)}"
    if talk_with(data, number) is not None:
        uncover(hand, row)
        hand.go("messages", ("conversation", row), args={"number": ""})
    hand.go("messages", ("new", "New message"))
    hand.no_dialog()
    if hand.sees("Allow access"):
        hand.tap("Allow access")
    if id is None:
        hand.field("to", number)
        hand.tap("number", why=f"write to {number}")
    hand.field("to", "")
    hand.tap(f"to_{id}", why="choose the person")


def send(hand: Hand, text: str) -> None:
    """Write and send, in the conversation in front."""
    hand.field("message", text)
    hand.tap("Send")


class SendMessage(Family):
    """Write to somebody known."""

    apps = ("messages",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick somebody, and make up what to say."""
        one = somebody(phone, rng)
        return {
            "id": one["id"],
            "name": one["name"],
            "number": one["phone"],
            "text": to_write(rng),
        }

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Send {p['name']} this text message: {p['text']}"

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether they got it, and nobody got anything else."""
        text = wrote(phone, task, task.params["number"])
        return (
            text is not None
            and same_text(text, task.params["text"])
            and unchanged(phone, task, but="messages")
        )

    def solve(self, hand: Hand, p: Params) -> None:
        """In the conversation, or a new one."""
        to_talk(hand, p["number"], p["id"])
        send(hand, p["text"])


class MessageNumber(Family):
    """Write to a number that nobody known has."""

    apps = ("messages",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Make up a number, and what to say."""
        return {"number": new_number(phone, rng), "text": to_write(rng)}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Send a text message to the number {p['number']}. It shall say: {p['text']}"

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether that number got it, and nobody got anything else."""
        text = wrote(phone, task, task.params["number"])
        return (
            text is not None
            and same_text(text, task.params["text"])
            and unchanged(phone, task, but="messages")
        )

    def solve(self, hand: Hand, p: Params) -> None:
        """In a new conversation."""
        to_talk(hand, p["number"])
        send(hand, p["text"])


class ReplyLastMessage(Family):
    """Answer whoever wrote last."""

    apps = ("messages",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Have somebody write, perhaps one of those who never did."""
        one = somebody(phone, rng)
        arrive(phone, one["phone"], to_write(rng), rng.randrange(1, 30))
        return {"number": one["phone"], "text": to_write(rng)}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Reply to the most recent text message on this phone. Write: {p['text']}"

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether they got it, and nobody got anything else."""
        text = wrote(phone, task, task.params["number"])
        return (
            text is not None
            and same_text(text, task.params["text"])
            and unchanged(phone, task, but="messages")
        )

    def solve(self, hand: Hand, p: Params) -> None:
        """The conversation at the top is it."""
        to_talk(hand, p["number"])
        send(hand, p["text"])


class ReplyToMessage(Family):
    """Answer the message that says something, whoever wrote it."""

    apps = ("messages",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick a last message that came in and is like no other."""
        data = phone.data("messages")
        arrive(phone, somebody(phone, rng)["phone"], to_write(rng), rng.randrange(200))
        texts = [one["text"] for talk in data["talks"] for one in talk["messages"]]
        fit = [
            talk
            for talk in data["talks"]
            if not talk["messages"][-1]["mine"] and texts.count(talk["messages"][-1]["text"]) == 1
        ]
        if not fit:
            raise Unfit("no message stands alone")
        talk = rng.choice(fit)
        asked = talk["messages"][-1]["text"]
        return {"number": talk["number"], "asked": asked, "text": to_write(rng)}

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f"Somebody sent me a text message that says:\n{p['asked']}\n"
            f"Send them this answer:\n{p['text']}"
        )

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether they got it, and nobody got anything else."""
        text = wrote(phone, task, task.params["number"])
        return (
            text is not None
            and same_text(text, task.params["text"])
            and unchanged(phone, task, but="messages")
        )

    def solve(self, hand: Hand, p: Params) -> None:
        """Find it in the list, and answer."""
        to_talk(hand, p["number"])
        send(hand, p["text"])


class SendNumberOfContact(Family):
    """Send one person the telephone number of another."""

    apps = ("messages", "contacts")

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick two."""
        to = somebody(phone, rng)
        whom = somebody(phone, rng, but=to["phone"])
        return {
            "to": to["name"],
            "to_id": to["id"],
            "number": to["phone"],
            "whom": whom["name"],
            "whom_id": whom["id"],
            "wanted": whom["phone"],
        }

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Send {p['to']} a text message with the phone number of {p['whom']}."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether one message has its digits; who adds words does no harm."""
        text = wrote(phone, task, task.params["number"])
        return (
            text is not None
            and digits(task.params["wanted"]) in digits(text)
            and unchanged(phone, task, but="messages")
        )

    def solve(self, hand: Hand, p: Params) -> None:
        """Look the number up, then write."""
        if not looked_at(hand, "contacts", "contact", id=p["whom_id"]):
            to_contact(hand, p["whom_id"])
        to_talk(hand, p["number"], p["to_id"])
        send(hand, p["wanted"])
