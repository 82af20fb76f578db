"""Tasks with messages that are there: forwarded, saved from, deleted."""

from random import Random

from ..apps.contacts import digits
from ..apps.message_data import newest_first
from ..phone import Phone
from ..phrases import to_write
from .base import Family, Params, PracticeTask, Unfit
from .contacts import new_name, new_number
from .hand import Hand
from .messages import arrive, send, somebody, to_talk, wrote
from .records import looked_at, messages, people, same_text, unchanged, uncover


class ForwardMessage(Family):
    """Send one person what another wrote."""

    apps = ("messages",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Have somebody write something, for somebody else."""
        one = somebody(phone, rng)
        to = somebody(phone, rng, but=one["phone"])
        arrive(phone, one["phone"], text := to_write(rng), rng.randrange(1, 50))
        id = phone.data("messages")["next"] - 1
        return {
            "name": one["name"],
            "from": one["phone"],
            "message": id,
            "to": to["name"],
            "to_id": to["id"],
            "number": to["phone"],
            "text": text,
        }

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Forward the last text message from {p['name']} to {p['to']}, word for word."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether they got it, and nobody got anything else."""
        text = wrote(phone, task, task.params["number"])
        return (
            text is not None
            and same_text(text, task.params["text"])
            and unchanged(phone, task, but="messages")
        )

    def solve(self, hand: Hand, p: Params) -> None:
        """Hold the message, forward it, choose the person, send."""
        hand.app("messages")
        if hand.args.get("text") == p["text"]:  # it is on its way already
            if hand.pages[-1:] == ["new"]:
                hand.field("to", "")
                hand.tap(f"to_{p['to_id']}", why=f"choose {p['to']}")
            if digits(hand.args["number"]) == digits(p["number"]):
                hand.no_dialog()
                send(hand, p["text"])
        if hand.dialog == "message_dialog":
            shown = hand.phone.shown_pages()[-1][0]
            if shown.args["id"] == p["message"]:
                hand.tap("Forward")
        to_talk(hand, p["from"])
        hand.hold(p["text"])


class SaveSender(Family):
    """Make a contact of somebody who writes with a new number."""

    apps = ("messages", "contacts")

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Have somebody unknown write."""
        name, number = new_name(phone, rng), new_number(phone, rng)
        pattern = rng.choice(
            (
                "Hello, this is {name}. I have a new number",
                "Hi! {name} here, this is my number now",
                "Please save my number. {name}",
            )
        )
        arrive(phone, number, pattern.format(name=name), rng.randrange(1, 200))
        return {"name": name, "number": number}

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            "Somebody whose number is not in my contacts told me their name in the most recent "
            "text message. Add them to the contacts with name and phone number, and nothing else."
        )

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether there is one more contact, with just these."""
        changes, p = people(phone, task), task.params
        if not changes.only(added=1) or not unchanged(phone, task, but="contacts"):
            return False
        one = changes.added[0]
        right = same_text(one["name"], p["name"]) and digits(one["phone"]) == digits(p["number"])
        return right and not (one["email"] or one["city"] or one["note"])

    def solve(self, hand: Hand, p: Params) -> None:
        """By the conversation's menu, which fills in the number."""
        if hand.phone.state.front == "contacts" and hand.args.get("phone") == p["number"]:
            hand.app("contacts")
            hand.no_dialog()
            hand.field("name", p["name"])
            hand.field("phone", p["number"])
            for key in ("email", "city", "note"):
                hand.field(key, "")
            hand.tap("Save")
        hand.app("messages")
        here = hand.pages[-1:] == ["conversation"] and hand.args["number"] == p["number"]
        if here and hand.dialog == "menu":
            hand.tap("Add to contacts")
        to_talk(hand, p["number"])
        hand.tap("More options")


class DeleteConversation(Family):
    """Delete all that was written to and fro with somebody."""

    apps = ("messages",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick a conversation with somebody known, and the way."""
        numbers = {digits(talk["number"]) for talk in phone.data("messages")["talks"]}
        for _ in range(40):
            one = somebody(phone, rng)
            if digits(one["phone"]) in numbers:
                break
        else:
            raise Unfit("no conversation is with anybody known")
        return {"name": one["name"], "number": one["phone"], "hold": rng.random() < 0.5}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Delete the whole conversation with {p['name']} in Messages."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether its messages are gone, and no others."""
        changes, wanted = messages(phone, task), digits(task.params["number"])
        talks = {digits(talk["number"]) for talk in phone.data("messages")["talks"]}
        return (
            wanted not in talks
            and not (changes.added or changes.changed)
            and all(one["to"] == wanted for one in changes.removed)
            and unchanged(phone, task, but="messages")
        )

    def solve(self, hand: Hand, p: Params) -> None:
        """By its menu, or by holding its row."""
        hand.app("messages")
        if hand.dialog == "ask":
            question = hand.phone.shown_pages()[-1][0].args
            if digits(question["given"].get("number", "")) == digits(p["number"]):
                hand.tap("Delete")
        row = f"talk_{digits(p['number'])}"
        if p["hold"] and hand.pages == ["main"]:
            if hand.dialog == "row_dialog" and looked_at(
                hand, "messages", "row_dialog", number=p["number"]
            ):
                hand.tap("Delete")
            hand.no_dialog()
            uncover(hand, row)
            if hand.sees(row):
                hand.hold(row)
        here = hand.pages[-1:] == ["conversation"] and hand.args["number"] == p["number"]
        if here and hand.dialog == "menu":
            hand.tap("Delete conversation")
        to_talk(hand, p["number"])
        hand.tap("More options")


class DeleteMessage(Family):
    """Delete one message of a conversation."""

    apps = ("messages",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick one that is like no other in its conversation, which has more."""
        talks = [talk for talk in newest_first(phone.data("messages")) if len(talk["messages"]) > 1]
        known = {digits(one["phone"]): one["name"] for one in phone.data("contacts")["people"]}
        talks = [talk for talk in talks if digits(talk["number"]) in known]
        if not talks:
            raise Unfit("nobody known wrote twice")
        talk = rng.choice(talks)
        one = rng.choice(talk["messages"])
        if [other["text"] for other in talk["messages"]].count(one["text"]) != 1:
            raise Unfit("it was written twice")
        name = known[digits(talk["number"])]
        if list(known.values()).count(name) != 1:
            raise Unfit("two have the same name")
        return {"name": name, "number": talk["number"], "id": one["id"], "text": one["text"]}

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f"In the conversation with {p['name']}, delete only the message that says:\n{p['text']}"
        )

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is gone, and no other."""
        changes = messages(phone, task)
        return (
            changes.only(removed=1)
            and changes.removed[0]["id"] == task.params["id"]
            and unchanged(phone, task, but="messages")
        )

    def solve(self, hand: Hand, p: Params) -> None:
        """Hold it, and delete it."""
        hand.app("messages")
        if looked_at(hand, "messages", "message_dialog", id=p["id"]):
            hand.tap("Delete message")
        to_talk(hand, p["number"])
        hand.hold(p["text"])
