"""Tasks in the contacts."""

from random import Random
from typing import Any

from ..apps.contacts import FIELDS, digits
from ..phone import Phone
from ..words import CITIES, FIRST_NAMES, LAST_NAMES, WORLD_NAMES, person
from .base import Family, Params, PracticeTask, Unfit
from .hand import Hand
from .records import differs_in, people, same_text, unchanged, uncover

_ODD_NAMES = (
    "O'Neill", "D'Angelo", "Müller-Lüdenscheidt", "Παπαδοπούλου", "Иванова", "山田", "de la Cruz",
)  # fmt: skip
_ODD_NOTES = (
    'Calls herself "Bo"',
    "Isn't home before 6",
    "Brother of Ana; likes tea",
    "Звонить после 18:00",
    "月曜日は休み",
    "Γείτονας",
    "Table for 4, 2nd floor",
    "Key is under the pot 🌵",
)


def some_person(phone: Phone, rng: Random) -> dict[str, Any]:
    """Pick somebody whose name nobody else's contains."""
    known = phone.data("contacts")["people"]
    names = [one["name"] for one in known]
    fit = [one for one in known if sum(one["name"] in name for name in names) == 1]
    if not fit:
        raise Unfit("nobody is known")
    found: dict[str, Any] = rng.choice(fit)
    return found


def new_name(phone: Phone, rng: Random) -> str:
    """Make up a name that nobody in the contacts has, not even in part."""
    names = [one["name"] for one in phone.data("contacts")["people"]]
    while True:
        first = rng.choice(WORLD_NAMES if rng.random() < 0.25 else FIRST_NAMES)
        last = rng.choice(_ODD_NAMES if rng.random() < 0.25 else LAST_NAMES)
        name = f"{first} {last}"
        if not any(name in other or other in name for other in names):
            return name


def new_number(phone: Phone, rng: Random) -> str:
    """Make up a telephone number that nobody has."""
    taken = {digits(one["phone"]) for one in phone.data("contacts")["people"]}
    taken |= {digits(one["number"]) for one in phone.data("messages")["talks"]}
    while True:
        number = person(rng, "Nobody").phone
        if digits(number) not in taken:
            return number


def searched(rng: Random, one: dict[str, Any]) -> str:
    """Decide whether somebody is searched for, and by what; empty: looked up in the list."""
    return str(one["name"].split()[-1]) if rng.random() < 0.4 else ""


def to_contact(hand: Hand, id: int, search: str = "") -> None:
    """Be where somebody is shown, with no dialog."""
    row = f"contact_{id}"
    hand.app("contacts")
    uncover(hand, row, search=search, chip="All")
    hand.go("contacts", ("contact", row), args={"id": id})
    hand.no_dialog()


def to_form(hand: Hand, id: int, search: str = "") -> None:
    """Be where somebody is changed, with no dialog."""
    if hand.phone.state.front == "contacts" and hand.pages[-1:] == ["edit"]:
        if hand.args.get("id") == id:
            hand.app("contacts")
            hand.no_dialog()
            return
        hand.app("contacts")
        hand.leave()
    to_contact(hand, id, search)
    hand.tap("Edit")


def _pick(phone: Phone, rng: Random) -> Params:
    one = some_person(phone, rng)
    return {"id": one["id"], "name": one["name"], "search": searched(rng, one)}


def now(phone: Phone, p: Params) -> dict[str, Any] | None:
    """Give the task's person as they are now; None: they are gone."""
    found = (one for one in phone.data("contacts")["people"] if one["id"] == p["id"])
    return next(found, None)


class AddContact(Family):
    """Write down somebody new."""

    apps = ("contacts",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Make up somebody."""
        made = person(rng, name := new_name(phone, rng))
        fields = {"name": name, "phone": new_number(phone, rng)}
        more = {"email": made.email, "city": rng.choice(CITIES), "note": rng.choice(_ODD_NOTES)}
        for key in rng.sample(list(more), rng.choice((0, 0, 1, 2))):
            fields[key] = more[key]
        return {"fields": {key: fields[key] for key in FIELDS if key in fields}}

    def goal(self, p: Params) -> str:
        """Say it."""
        lines = [f"{key}: {value}" for key, value in p["fields"].items()]
        return "\n".join(("Add a new contact with", *lines))

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether there is one more, with just these."""
        changes, wanted = people(phone, task), task.params["fields"]
        return (
            changes.only(added=1)
            and _has(changes.added[0], wanted)
            and unchanged(phone, task, but="contacts")
        )

    def solve(self, hand: Hand, p: Params) -> None:
        """Fill the form."""
        hand.go("contacts", ("edit", "New contact"), args={"id": None})
        hand.no_dialog()
        for key in FIELDS:
            hand.field(key, p["fields"].get(key, ""))
        hand.tap("Save")


def _has(one: dict[str, Any], wanted: dict[str, str]) -> bool:
    """Whether somebody has these details, and no others."""
    for key in FIELDS:
        text = wanted.get(key, "")
        same = digits(one[key]) == digits(text) if key == "phone" else same_text(one[key], text)
        if not same:
            return False
    return True


class ChangeNumber(Family):
    """Change somebody's telephone number."""

    apps = ("contacts",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick somebody, and make up a number."""
        return {**_pick(phone, rng), "number": new_number(phone, rng)}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"In the contacts, change the phone number of {p['name']} to {p['number']}"

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether that number is theirs, and nothing else is changed."""
        one = now(phone, task.params)
        return (
            one is not None
            and digits(one["phone"]) == digits(task.params["number"])
            and people(phone, task).only(changed=1)
            and differs_in(task.before["contacts"]["people"], one, "phone")
            and unchanged(phone, task, but="contacts")
        )

    def solve(self, hand: Hand, p: Params) -> None:
        """Write it into the form."""
        to_form(hand, p["id"], p["search"])
        hand.field("phone", p["number"])
        hand.tap("Save")


class ChangeDetail(Family):
    """Change somebody's name, e-mail address, city or note."""

    apps = ("contacts",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick somebody, and what becomes of what."""
        p, key = _pick(phone, rng), rng.choice(("name", "email", "city", "note"))
        values = {
            "name": new_name(phone, rng),
            "email": f"{rng.choice(LAST_NAMES).lower()}{rng.randrange(100)}@new.example",
            "city": rng.choice((*CITIES, "Αθήνα", "São Paulo", "Київ", "京都")),
            "note": rng.choice(_ODD_NOTES),
        }
        one = now(phone, p)
        if one is None or one[key] == values[key]:
            raise Unfit("it is so already")
        return {**p, "key": key, "value": values[key]}

    def goal(self, p: Params) -> str:
        """Say it."""
        what = {"name": "name", "email": "email address", "city": "city", "note": "note"}[p["key"]]
        if p["key"] == "name":
            return f"Rename the contact {p['name']}: the whole name shall be {p['value']}"
        return f"Replace the {what} of the contact {p['name']} by this: {p['value']}"

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether that is changed, and nothing else."""
        p, one = task.params, now(phone, task.params)
        return (
            one is not None
            and same_text(one[p["key"]], p["value"])
            and people(phone, task).only(changed=1)
            and differs_in(task.before["contacts"]["people"], one, p["key"])
            and unchanged(phone, task, but="contacts")
        )

    def solve(self, hand: Hand, p: Params) -> None:
        """Write it into the form."""
        to_form(hand, p["id"], p["search"])
        hand.field(p["key"], p["value"])
        hand.tap("Save")


class DeleteContact(Family):
    """Delete somebody."""

    apps = ("contacts",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick somebody, and the way: by the menu, or by holding the row."""
        return {**_pick(phone, rng), "hold": rng.random() < 0.3}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Delete the contact {p['name']}."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether they are gone, and nobody else."""
        changes = people(phone, task)
        return (
            changes.only(removed=1)
            and changes.removed[0]["id"] == task.params["id"]
            and unchanged(phone, task, but="contacts")
        )

    def solve(self, hand: Hand, p: Params) -> None:
        """By the menu of their page, or of their row."""
        hand.app("contacts")
        if hand.dialog == "ask" and hand.sees(p["name"]) and hand.sees("Delete"):
            hand.tap("Delete")
        row = f"contact_{p['id']}"
        if p["hold"] and hand.pages == ["main"]:
            if hand.dialog == "row_dialog" and hand.sees(p["name"]):
                hand.tap("Delete")
            hand.no_dialog()
            uncover(hand, row, search=p["search"], chip="All")
            if hand.sees(row):
                hand.hold(row)
        if hand.pages == ["main", "contact"] and hand.args["id"] == p["id"]:
            if hand.dialog == "menu":
                hand.choose("Delete")
            hand.no_dialog()
            hand.tap("More options")
        to_contact(hand, p["id"], p["search"])


class FavouriteContact(Family):
    """Make somebody a favourite, or one no longer."""

    apps = ("contacts",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick somebody, and what they are not."""
        p = _pick(phone, rng)
        one = now(phone, p)
        return {**p, "on": one is None or not one["favourite"]}

    def goal(self, p: Params) -> str:
        """Say it."""
        if p["on"]:
            return f"Add {p['name']} to the favourites in the contacts."
        return f"Remove {p['name']} from the favourites in the contacts, but keep the contact."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether they are, and everybody else is as before."""
        one = now(phone, task.params)
        return (
            one is not None
            and one["favourite"] == task.params["on"]
            and people(phone, task).only(changed=1)
            and differs_in(task.before["contacts"]["people"], one, "favourite")
            and unchanged(phone, task, but="contacts")
        )

    def solve(self, hand: Hand, p: Params) -> None:
        """Tap the star."""
        to_contact(hand, p["id"], p["search"])
        hand.tap("Add to favourites" if p["on"] else "Remove from favourites")


class CallContact(Family):
    """Call somebody."""

    apps = ("contacts",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick somebody with a number."""
        p = _pick(phone, rng)
        one = now(phone, p)
        if one is None or not one["phone"]:
            raise Unfit("they have no number")
        return {**p, "number": one["phone"]}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Call {p['name']}."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether just this number was called."""
        called = phone.data("contacts")["calls"][len(task.before["contacts"]["calls"]) :]
        return [one["number"] for one in called] == [task.params["number"]] and unchanged(
            phone, task
        )

    def solve(self, hand: Hand, p: Params) -> None:
        """Find them, and press the button."""
        to_contact(hand, p["id"], p["search"])
        hand.tap("Call")
