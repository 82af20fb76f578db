"""Tasks with the reader's bookmarks and history."""

from random import Random

from ..phone import Phone
from .base import Family, Params, PracticeTask
from .hand import Hand
from .reader import articles, go_article, unharmed


class BookmarkArticle(Family):
    """Bookmark an article."""

    apps = ("reader",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick one that has no bookmark."""
        kept = phone.data("reader")["bookmarks"]
        article = rng.choice([one for one in articles(phone) if one["id"] not in kept])
        return {"article": article["id"], "title": article["title"]}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f'Bookmark the article "{p["title"]}" in the Reader.'

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it has one, and the others are as they were."""
        wanted = {*task.before["reader"]["bookmarks"], task.params["article"]}
        now = phone.data("reader")["bookmarks"]
        return set(now) == wanted and unharmed(phone, task, "bookmarks")

    def solve(self, hand: Hand, p: Params) -> None:
        """Open it, and tap the mark."""
        go_article(hand, p["article"])
        hand.no_dialog()
        hand.tap("Add bookmark")


class RemoveBookmark(Family):
    """Remove a bookmark."""

    apps = ("reader",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick one."""
        number = rng.choice(phone.data("reader")["bookmarks"])
        title = next(one["title"] for one in articles(phone) if one["id"] == number)
        return {"article": number, "title": title}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f'Remove "{p["title"]}" from the bookmarks of the Reader.'

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is gone, and the others are there."""
        wanted = [n for n in task.before["reader"]["bookmarks"] if n != task.params["article"]]
        return phone.data("reader")["bookmarks"] == wanted and unharmed(phone, task, "bookmarks")

    def solve(self, hand: Hand, p: Params) -> None:
        """Tap its cross in the list."""
        hand.go("reader", ("bookmarks", "Bookmarks"))
        hand.no_dialog()
        hand.tap(f"Remove {p['title']}")


class ClearHistory(Family):
    """Forget what was read."""

    apps = ("reader",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Have something in the history."""
        return {"count": len(phone.data("reader")["history"])}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Clear the history of the Reader, all of it; {p['count']} articles were read."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is empty."""
        return not phone.data("reader")["history"] and unharmed(phone, task)

    def solve(self, hand: Hand, p: Params) -> None:
        """Use the history's menu."""
        hand.go("reader", ("history", "History"))
        if hand.dialog == "menu":
            hand.tap("Clear history")
        if hand.dialog == "ask":
            hand.confirm("Clear")
        hand.no_dialog()
        hand.tap("More options")


class ForgetArticle(Family):
    """Remove one article from the history."""

    apps = ("reader",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick an entry."""
        entry = rng.choice(phone.data("reader")["history"])
        title = next(one["title"] for one in articles(phone) if one["id"] == entry["article"])
        return {"entry": entry["id"], "article": entry["article"], "title": title}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f'Remove "{p["title"]}" from the history of the Reader, and keep the rest of it.'

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether the article is gone from it, and the others are there."""
        now, gone = phone.data("reader")["history"], task.params["article"]
        kept = [one for one in task.before["reader"]["history"] if one["article"] != gone]
        return (
            all(one["article"] != gone for one in now)
            and all(one in now for one in kept)
            and unharmed(phone, task)
        )

    def solve(self, hand: Hand, p: Params) -> None:
        """Tap its cross in the list."""
        history = hand.data["reader"]["history"]
        hand.go("reader", ("history", "History"))
        hand.no_dialog()
        entry = next(one for one in history if one["article"] == p["article"])
        hand.tap(f"Remove {p['title']}, {entry['at']}")
