"""Questions about messages, and what cannot be done with them."""

from random import Random

from ....actions import schema as a
from ..apps.contacts import digits
from ..apps.message_data import is_unread, talk_with
from ..phone import Phone
from ..phrases import to_write
from .base import Family, Params, PracticeTask, Unfit, says
from .contacts import new_name
from .hand import Hand
from .messages import arrive, somebody, to_talk
from .records import unchanged, uncover
from .steps import Next


class TellLastMessage(Family):
    """Read what somebody wrote last."""

    apps = ("messages",)
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Have somebody write."""
        one = somebody(phone, rng)
        arrive(phone, one["phone"], text := to_write(rng), rng.randrange(1, 400))
        return {"name": one["name"], "number": one["phone"], "answer": text}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"What does the last text message from {p['name']} say? Give it word for word."

    def solve(self, hand: Hand, p: Params) -> None:
        """Read it."""
        to_talk(hand, p["number"])
        hand.answer(p["answer"])


class WhoWrote(Family):
    """Find who wrote something."""

    apps = ("messages",)
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Have somebody have written something, with more after it."""
        one = somebody(phone, rng)
        text = to_write(rng)
        arrive(phone, one["phone"], text, rng.randrange(300, 400))
        for _ in range(rng.randrange(3)):
            arrive(phone, one["phone"], to_write(rng), rng.randrange(1, 300))
        talks = phone.data("messages")["talks"]
        every = [message["text"] for talk in talks for message in talk["messages"]]
        if sum(text.casefold() in other.casefold() for other in every) != 1:
            raise Unfit("it was written twice")
        return {"text": text, "number": one["phone"], "answer": one["name"]}

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            "Who sent me the text message that says the following? Answer with the full name.\n"
            f"{p['text']}"
        )

    def solve(self, hand: Hand, p: Params) -> None:
        """Search for it."""
        hand.app("messages")
        if hand.phone.state.permissions["messages"] is not True:  # names are hidden
            hand.go("messages", ("new", "New message"))
            hand.no_dialog()
            hand.tap("Allow access")
        hand.go("messages")
        hand.no_dialog()
        uncover(hand, f"talk_{digits(p['number'])}", search=p["text"])
        hand.answer(p["answer"])


class CountUnread(Family):
    """Count the conversations that were not read."""

    apps = ("messages",)
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Have some more that are unread."""
        for _ in range(rng.randrange(4)):
            arrive(phone, somebody(phone, rng)["phone"], to_write(rng), rng.randrange(1, 300))
        data = phone.data("messages")
        return {"answer": str(sum(is_unread(data, talk) for talk in data["talks"]))}

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            "How many conversations in Messages have unread messages? Answer with a number in "
            "digits, and leave them unread."
        )

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether that number was said, and they are unread."""
        data = phone.data("messages")
        count = sum(is_unread(data, talk) for talk in data["talks"])
        right = str(count) == task.params["answer"]
        return right and says(said, task.params["answer"]) and unchanged(phone, task)

    def solve(self, hand: Hand, p: Params) -> None:
        """Look at the list."""
        hand.go("messages")
        hand.no_dialog()
        if hand.sees("Clear search"):
            hand.tap("Clear search")
        hand.answer(p["answer"])


class AwaitMessage(Family):
    """Wait for a message that comes soon."""

    apps = ("messages",)
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Have one come."""
        one = somebody(phone, rng)
        number = one["phone"]
        talk, text = talk_with(phone.data("messages"), number), to_write(rng)
        if talk is not None and any(text == message["text"] for message in talk["messages"]):
            raise Unfit("they wrote that before")
        given = {"number": number, "text": text}
        phone.later("messages", rng.randrange(5, 40), "receive", given)
        return {"name": one["name"], "number": number, "answer": text}

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f"{p['name']} will send me a text message within the next minute. Wait for it, and "
            "tell me word for word what it says."
        )

    def untouched(self, phone: Phone, task: PracticeTask) -> bool:
        """Whether nothing was changed but that the message came."""
        return task.spared(phone, self.apps)

    def solve(self, hand: Hand, p: Params) -> None:
        """Wait in the conversation, or in the list where there is none yet."""
        talk = talk_with(hand.data["messages"], p["number"])
        if talk is None:
            hand.go("messages")
        else:
            to_talk(hand, p["number"])
            if any(message["text"] == p["answer"] for message in talk["messages"]):
                hand.answer(p["answer"])
        raise Next(a.Wait(seconds=5.0), "wait for the message")


class MessageMissingPerson(Family):
    """Be asked to write to somebody who is not known."""

    apps = ("messages", "contacts")
    feasible = False

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Make up somebody."""
        return {"name": new_name(phone, rng), "text": to_write(rng)}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Send my contact {p['name']} this text message: {p['text']}"

    def solve(self, hand: Hand, p: Params) -> None:
        """Look for the name where one chooses whom to write to."""
        hand.go("messages", ("new", "New message"))
        hand.no_dialog()
        if hand.sees("Allow access"):
            hand.tap("Allow access")
        hand.field("to", p["name"])
        hand.give_up(f"there is no contact {p['name']}")
