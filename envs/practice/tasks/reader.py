"""Tasks in the reader."""

from random import Random
from typing import Any

from ..apps.reader import SIZES
from ..phone import Phone
from .base import Family, Params, PracticeTask, Unfit, says
from .checks import only
from .hand import Hand

Record = dict[str, Any]


def articles(phone: Phone) -> list[Record]:
    """Give all articles."""
    found: list[Record] = phone.data("reader")["articles"]
    return found


def unharmed(phone: Phone, task: PracticeTask, *changed: str) -> bool:
    """Whether nothing changed but these keys, and what was read."""
    return only(phone, task, "reader", "history", "next", *changed)


def go_article(hand: Hand, number: int) -> None:
    """Be on the page of an article, wherever one came from."""
    hand.app("reader")
    if hand.pages[-1] == "article" and hand.args["id"] == number:
        return
    hand.go("reader")
    hand.no_dialog()
    title = next(a["title"] for a in hand.data["reader"]["articles"] if a["id"] == number)
    hand.tap(title)


class _Reading(Family):
    """A question that an article answers."""

    apps = ("reader",)
    asks = True

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it was said."""
        return says(said, task.params["answer"]) and unharmed(phone, task)

    def solve(self, hand: Hand, p: Params) -> None:
        """Read the article."""
        go_article(hand, p["article"])
        hand.no_dialog()
        hand.see(p["sentence"] if "sentence" in p else p["answer"])
        hand.answer(p["answer"])


class FindFact(_Reading):
    """Find something out that an article tells."""

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick an article, and one of its facts."""
        article = rng.choice(articles(phone))
        sentence, question, answer = rng.choice(article["facts"])
        return {
            "article": article["id"],
            "sentence": sentence,
            "question": question,
            "answer": answer,
        }

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Find out in the Reader: {p['question']}"


class TellAuthor(_Reading):
    """Say who wrote an article."""

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick an article."""
        article = rng.choice(articles(phone))
        return {"article": article["id"], "title": article["title"], "answer": article["author"]}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f'Who wrote the article "{p["title"]}" in the Reader?'


class CompareFacts(_Reading):
    """Say which of two articles of a kind has the greater number."""

    _ASKED = (
        ("Towns", 0, "Which of these towns was founded earlier", -1),
        ("Towns", 1, "Which of these towns has more people", 1),
        ("Buildings", 1, "Which of these is higher", 1),
        ("Animals", 0, "Which of these animals is heavier", 1),
        ("Animals", 3, "Which of these animals can live longer", 1),
        ("Recipes", 0, "Which of these needs more minutes in the oven", 1),
        ("Inventors", 0, "Which of these inventors was born earlier", -1),
    )

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick two articles that differ."""
        topic, fact, question, sign = rng.choice(self._ASKED)
        pair = rng.sample([one for one in articles(phone) if one["topic"] == topic], 2)
        numbers = [sign * int(one["facts"][fact][2]) for one in pair]
        if numbers[0] == numbers[1]:
            raise Unfit("both are the same")
        first, second = (one["title"] for one in pair)
        return {
            "articles": [[one["id"], one["facts"][fact][0]] for one in pair],
            "question": f'{question}, "{first}" or "{second}"?',
            "answer": max(zip(numbers, (first, second), strict=True))[1],
            "wrong": min(zip(numbers, (first, second), strict=True))[1],
        }

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Find out in the Reader: {p['question']} Tell me its title alone."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether the one was said, and not the other."""
        right = super().reached(phone, task, said)
        return right and not says(said, task.params["wrong"])

    def solve(self, hand: Hand, p: Params) -> None:
        """Read one, then the other."""
        (first, told), (second, other) = p["articles"]
        history = hand.data["reader"]["history"]
        read = any(e["article"] == first and e["at"].startswith("Today") for e in history)
        if not read or (hand.pages[-1:] == ["article"] and hand.args["id"] == first):
            go_article(hand, first)
            hand.no_dialog()
            hand.see(told)
        go_article(hand, second)
        hand.no_dialog()
        hand.see(other)
        hand.answer(p["answer"])


class FollowLink(Family):
    """Go from one article to another by the link at its end."""

    apps = ("reader",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick an article, and one of its links."""
        article = rng.choice(articles(phone))
        titles = {one["id"]: one["title"] for one in articles(phone)}
        target = rng.choice(article["links"])
        return {
            "article": article["id"],
            "title": article["title"],
            "target": target,
            "link": titles[target],
        }

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f'Open the article "{p["title"]}" in the Reader, and follow its link to "{p["link"]}". '
            "Stay there."
        )

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether the one lies over the other."""
        front = phone.state.front == "reader"
        ids = [
            record["args"]["id"] if record["page"] == "article" else None
            for record in phone.state.stacks.get("reader", [])
        ]
        wanted = [task.params["article"], task.params["target"]]
        return front and ids[-2:] == wanted and unharmed(phone, task)

    def solve(self, hand: Hand, p: Params) -> None:
        """Open the first, then the link."""
        go_article(hand, p["article"])
        hand.no_dialog()
        hand.tap(p["link"])


class OpenAddress(Family):
    """Go to an address."""

    apps = ("reader",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick an article."""
        article = rng.choice(articles(phone))
        return {"article": article["id"], "address": article["address"]}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Open the address {p['address']} in the Reader."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is in front."""
        record = phone.state.stacks.get("reader", [{}])[-1]
        right = record.get("page") == "article" and record["args"]["id"] == task.params["article"]
        return phone.state.front == "reader" and right and unharmed(phone, task)

    def solve(self, hand: Hand, p: Params) -> None:
        """Write it into the bar of the start page."""
        hand.go("reader")
        hand.no_dialog()
        hand.field("address", p["address"])
        hand.tap("Go")


class MissingArticle(Family):
    """Bookmark an article that there is not."""

    apps = ("reader",)
    feasible = False

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Make up an article."""
        first = ("Copper", "Winter", "Northern", "Forgotten", "Hidden", "Paper")
        second = ("volcanoes", "violins", "deserts", "comets", "glaciers", "submarines")
        return {"title": f"{rng.choice(first)} {rng.choice(second)}"}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f'Bookmark the article "{p["title"]}" in the Reader.'

    def untouched(self, phone: Phone, task: PracticeTask) -> bool:
        """Whether nothing changed but what was read."""
        return unharmed(phone, task)

    def solve(self, hand: Hand, p: Params) -> None:
        """Search for it, and say that there is none."""
        hand.app("reader")
        if hand.pages[-1] == "results" and hand.args["query"] == p["title"]:
            hand.no_dialog()
            if not hand.phone.moving:
                hand.give_up(f"there is no article {p['title']!r}")
            hand.tap("Loading")
        hand.go("reader")
        hand.no_dialog()
        hand.field("address", p["title"])
        hand.tap("Go")


class ArticleTextSize(Family):
    """Choose another size of articles' text."""

    apps = ("reader",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick another size; the one it has varies, too."""
        now, size = rng.sample(list(SIZES), 2)
        phone.data("reader")["size"] = now
        article = rng.choice(articles(phone))
        return {"size": size, "article": article["id"], "title": article["title"]}

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f'Open the article "{p["title"]}" in the Reader, and set the text size of the Reader '
            f"to {p['size']}."
        )

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is so."""
        p, data = task.params, phone.data("reader")
        opened = any(
            one["article"] == p["article"] and one["at"].startswith("Today")
            for one in data["history"]
        )
        return opened and data["size"] == p["size"] and unharmed(phone, task, "size")

    def solve(self, hand: Hand, p: Params) -> None:
        """Use the article's menu."""
        go_article(hand, p["article"])
        if hand.dialog == "menu":
            hand.tap("Text size")
        hand.choose(p["size"])
        hand.tap("More options")
