"""Questions about the contacts."""

from random import Random

from ..apps.contacts import digits
from ..phone import Phone
from ..words import CITIES
from .base import Family, Params, PracticeTask, Unfit
from .contacts import new_name, searched, some_person, to_contact
from .hand import Hand
from .records import tells_number, unchanged, uncover


class TellNumber(Family):
    """Look up somebody's telephone number."""

    apps = ("contacts",)
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick somebody with a number."""
        one = some_person(phone, rng)
        if not one["phone"]:
            raise Unfit("they have no number")
        return {
            "id": one["id"],
            "name": one["name"],
            "answer": one["phone"],
            "search": searched(rng, one),
        }

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"What is the phone number of {p['name']}?"

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it was said, digit for digit."""
        return tells_number(said, task.params["answer"]) and unchanged(phone, task)

    def solve(self, hand: Hand, p: Params) -> None:
        """Read it."""
        to_contact(hand, p["id"], p["search"])
        hand.answer(p["answer"])


class TellDetail(Family):
    """Look up somebody's e-mail address, city or note."""

    apps = ("contacts",)
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick somebody, and what to ask for."""
        one = some_person(phone, rng)
        key = rng.choice([key for key in ("email", "email", "city", "note") if one[key]])
        return {
            "id": one["id"],
            "name": one["name"],
            "key": key,
            "answer": one[key],
            "search": searched(rng, one),
        }

    def goal(self, p: Params) -> str:
        """Say it."""
        return {
            "email": f"What is the email address of {p['name']}?",
            "city": f"In which city does {p['name']} live, as the contacts say?",
            "note": f"What does the note on the contact {p['name']} say? Give it word for word.",
        }[p["key"]]

    def solve(self, hand: Hand, p: Params) -> None:
        """Read it."""
        to_contact(hand, p["id"], p["search"])
        hand.answer(p["answer"])


class WhoseNumber(Family):
    """Find out who has a telephone number."""

    apps = ("contacts",)
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick a number that just one has."""
        known = phone.data("contacts")["people"]
        one = some_person(phone, rng)
        if [digits(other["phone"]) for other in known].count(digits(one["phone"])) != 1:
            raise Unfit("two have the same number")
        return {"id": one["id"], "number": one["phone"], "answer": one["name"]}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Whose phone number is {p['number']}? Answer with the full name in the contacts."

    def solve(self, hand: Hand, p: Params) -> None:
        """Search for the number."""
        hand.app("contacts")
        row = f"contact_{p['id']}"
        uncover(hand, row, search=p["number"], chip="All")
        if hand.pages != ["main"]:
            hand.leave()
        hand.no_dialog()
        hand.answer(p["answer"])


class WhoLivesIn(Family):
    """Find the one who lives in a city."""

    apps = ("contacts",)
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick a city where just one lives, and which is in nobody's name or address."""
        known = phone.data("contacts")["people"]
        texts = ["\n".join((one["name"], one["email"], one["city"])).casefold() for one in known]
        fit = [one for one in known if sum(one["city"].casefold() in text for text in texts) == 1]
        if not fit:
            raise Unfit("nobody lives alone in a city")
        one = rng.choice(fit)
        return {"id": one["id"], "city": one["city"], "answer": one["name"]}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Which of my contacts lives in {p['city']}? Answer with the full name."

    def solve(self, hand: Hand, p: Params) -> None:
        """Search for the city."""
        hand.app("contacts")
        row = f"contact_{p['id']}"
        uncover(hand, row, search=p["city"], chip="All")
        if hand.pages != ["main"]:
            hand.leave()
        hand.no_dialog()
        hand.answer(p["answer"])


class CountInCity(Family):
    """Count those who live in a city."""

    apps = ("contacts",)
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Have two to five live in a city."""
        known = phone.data("contacts")["people"]
        taken = " ".join(f"{one['name']} {one['email']} {one['city']}" for one in known).casefold()
        free = [city for city in CITIES if city.casefold() not in taken]
        if not free:
            raise Unfit("every city is taken")
        city, count = rng.choice(free), rng.randrange(2, 6)
        for one in rng.sample(known, count):
            one["city"] = city
        return {"city": city, "answer": str(count)}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"How many of my contacts live in {p['city']}? Answer with a number in digits."

    def solve(self, hand: Hand, p: Params) -> None:
        """Search for the city, and count."""
        hand.app("contacts")
        hand.go("contacts")
        hand.no_dialog()
        if hand.phone.shown_pages()[-1][0].local.get("shown") != "All":
            hand.tap("All")
        hand.field("query", p["city"])
        hand.answer(p["answer"])


class CountFavourites(Family):
    """Count the favourites."""

    apps = ("contacts",)
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Have some favourites, of any number."""
        known = phone.data("contacts")["people"]
        count = rng.randrange(1, 10)
        chosen = {one["id"] for one in rng.sample(known, count)}
        for one in known:
            one["favourite"] = one["id"] in chosen
        return {"answer": str(count)}

    def goal(self, p: Params) -> str:
        """Say it."""
        return "How many favourites are there in the contacts? Answer with a number in digits."

    def solve(self, hand: Hand, p: Params) -> None:
        """Show the favourites alone, and count."""
        hand.go("contacts")
        hand.no_dialog()
        if hand.sees("Clear search"):
            hand.tap("Clear search")
        if hand.phone.shown_pages()[-1][0].local.get("shown") != "Favourites":
            hand.tap("Favourites")
        hand.answer(p["answer"])


class ContactMissing(Family):
    """Be asked about somebody who is not in the contacts."""

    apps = ("contacts",)
    feasible = False

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Make up somebody; the first name may be known."""
        kind = rng.choice(("number", "delete", "favourite", "call"))
        return {"name": new_name(phone, rng), "kind": kind}

    def goal(self, p: Params) -> str:
        """Say it."""
        return {
            "number": f"Tell me the phone number that the contacts have for {p['name']}.",
            "delete": f"Delete the contact {p['name']}.",
            "favourite": f"Add my contact {p['name']} to the favourites.",
            "call": f"Call my contact {p['name']}.",
        }[p["kind"]]

    def solve(self, hand: Hand, p: Params) -> None:
        """Search for the name, and say that it is not there."""
        hand.go("contacts")
        hand.no_dialog()
        if hand.phone.shown_pages()[-1][0].local.get("shown") != "All":
            hand.tap("All")
        hand.field("query", p["name"])
        hand.give_up(f"there is no contact {p['name']}")
