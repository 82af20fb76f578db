"""The reader: articles by topic, found by search, address or link; bookmarks and history."""

import datetime
from random import Random
from typing import Any

from ..app import App, Command, Page, Screen
from ..layout import Column, Row
from ..rows import Item, empty, heading, padded
from ..view import Act, View
from ..widgets import Avatar, Icon, IconButton, Line, Text
from ..words import World
from .reader_words import TOPICS, Record, write_articles

SIZES = {"Small": 14.0, "Medium": 16.0, "Large": 19.0, "Huge": 23.0}
"""Text sizes in sp."""
_KEPT = 60
"""Of the history."""


def _seed(world: World, rng: Random) -> dict[str, Any]:
    articles = write_articles(world, rng)
    numbers = [article["id"] for article in articles]
    return {
        "articles": articles,
        "bookmarks": rng.sample(numbers, 3),
        "history": [
            {"id": place, "article": number, "at": "Yesterday"}
            for place, number in enumerate(rng.sample(numbers, rng.randrange(3, 7)), 1)
        ],
        "next": 10,
        "size": "Medium",
    }


app = App("reader", "Reader", "public", (40, 120, 112), _seed)


def find(s: Screen, number: int) -> Record:
    """Give an article.

    Raises:
        LookupError: There is none of that number.
    """
    for article in s.data["articles"]:
        if article["id"] == number:
            found: Record = article
            return found
    raise LookupError(number)


def visit(s: Screen, number: int) -> None:
    """Open an article, and remember it."""
    entry = {"id": s.data["next"], "article": number, "at": f"Today {s.phone.clock:%H:%M}"}
    s.data["next"] += 1
    s.data["history"].insert(0, entry)
    del s.data["history"][_KEPT:]
    s.open("article", id=number)


def _visiting(s: Screen, number: int) -> Act:
    return lambda: visit(s, number)


def _go(s: Screen) -> None:
    """Go where the address bar says: an address, or words to search for."""
    words = s.text("address").strip()
    address = words.removeprefix("https://").removeprefix("http://").rstrip("/").casefold()
    number = next((a["id"] for a in s.data["articles"] if a["address"].casefold() == address), None)
    if number is not None:
        visit(s, number)
    elif "." in words and " " not in words:
        s.open("missing", address=words)
    elif words:
        s.open("results", query=words)


def _bar(s: Screen, own: str = "") -> View:
    """Give the address bar.

    Args:
        s: The page's.
        own: What it shows while nobody has written into it.
    """
    s.begin("address", own)
    button: View | None = None
    if s.text("address") and s.text("address") != own:
        button = IconButton("arrow_forward", "Go", lambda: _go(s))
    elif own:
        button = IconButton("close", "Clear address", lambda: s.put("address", ""))
    field = s.field("address", "Search or address", plain=True, grow=1, on_submit=lambda: _go(s))
    row = Row(Icon("public", dp=20), field, button, pad=(12, 0, 4, 0), gap=8, fill="raised",
              radius=None)  # fmt: skip
    return Column(row, pad=(12, 4, 12, 4))


def _commands(s: Screen) -> list[Command]:
    return [
        ("bookmarks", "Bookmarks", s.opens("bookmarks")),
        ("history", "History", s.opens("history")),
    ]


@app.page("main")
def main(s: Screen) -> Page:
    """Show the start page: articles by topic."""
    body: list[View] = []
    for topic in TOPICS:
        body.append(heading(topic))
        articles = [one for one in s.data["articles"] if one["topic"] == topic]
        body += [_row(s, article) for article in articles]
    return Page("Reader", body, commands=_commands(s), above=_bar(s))


def _row(s: Screen, article: Record) -> View:
    return Item(
        article["title"],
        f"{_day(article['day'])} · {article['author']}",
        before=Avatar(article["topic"], icon=TOPICS[article["topic"]], dp=36),
        on_tap=_visiting(s, article["id"]),
    )


def _day(text: str) -> str:
    return f"{datetime.date.fromisoformat(text):%-d %b %Y}"


@app.page("results")
def results(s: Screen) -> Page:
    """Show what a search finds: in titles first, then in texts."""
    words = s.args["query"]
    if s.loading(0.9):
        return Page("Search", [s.spinner()], above=_bar(s, words))
    needle = words.casefold()
    titles = [one for one in s.data["articles"] if needle in one["title"].casefold()]
    texts = [
        one
        for one in s.data["articles"]
        if one not in titles and needle in " ".join(one["paragraphs"]).casefold()
    ]
    rows: list[View] = [_row(s, article) for article in (*titles, *texts)]
    body = rows or [empty(f"No article has “{words}” in it", "search")]
    return Page("Search", body, above=_bar(s, words))


@app.page("missing")
def missing(s: Screen) -> Page:
    """Say that an address leads nowhere."""
    above = _bar(s, s.args["address"])
    if s.loading(1.2):
        return Page("Loading", [s.spinner()], above=above)
    return Page("Not found", [empty("This page cannot be found", "cloud_off")], above=above)


@app.page("article")
def article_page(s: Screen) -> Page:
    """Show an article."""
    article = find(s, s.args["id"])
    kept = article["id"] in s.data["bookmarks"]

    def keep() -> None:
        if kept:
            s.data["bookmarks"].remove(article["id"])
            s.toast("Bookmark removed")
        else:
            s.data["bookmarks"].append(article["id"])
            s.toast("Bookmark added")

    def choose() -> None:
        s.choose("Text size", [*SIZES], s.data["size"], "text_size")

    mark: Command = (
        ("bookmark", "Remove bookmark", keep) if kept else ("bookmark_border", "Add bookmark", keep)
    )
    body: list[View]
    if s.loading(0.7):
        body = [s.spinner()]
    else:
        size = SIZES[s.data["size"]]
        byline = f"By {article['author']} · {_day(article['day'])}"
        body = [
            padded(
                Text(article["title"], sp=size + 8, bold=True),
                Text(byline, sp=size - 2, colour="muted"),
                gap=4,
            ),
            padded(*(Text(words, sp=size) for words in article["paragraphs"]), gap=12),
            Column(Line(), pad=(16, 8, 16, 0)),
            heading("Read more"),
            *(_link(s, find(s, number)) for number in article["links"]),
        ]
    menu = [
        ("Text size", choose),
        ("Bookmarks", s.opens("bookmarks")),
        ("History", s.opens("history")),
        ("Start page", lambda: s.close_to("main")),
    ]
    above = _bar(s, article["address"])
    return Page(article["topic"], body, commands=[mark], menu=menu, above=above)


def _link(s: Screen, article: Record) -> View:
    icon = Icon("link", colour="accent")
    return Item(article["title"], article["topic"], before=icon, on_tap=_visiting(s, article["id"]))


@app.does("text_size")
def text_size(s: Screen, value: str) -> None:
    """Set the size of articles' text."""
    s.data["size"] = value


@app.page("bookmarks")
def bookmarks(s: Screen) -> Page:
    """Show what is bookmarked."""

    def row(number: int) -> View:
        article = find(s, number)
        name = f"Remove {article['title']}"
        return Item(
            article["title"],
            article["address"],
            before=Icon("bookmark", colour="accent"),
            after=IconButton("close", name, lambda: s.data["bookmarks"].remove(number)),
            on_tap=_visiting(s, number),
        )

    rows = [row(number) for number in s.data["bookmarks"]]
    return Page("Bookmarks", rows or [empty("No bookmarks", "bookmark_border")])


@app.page("history")
def history(s: Screen) -> Page:
    """Show what was read, the last first."""

    def row(entry: Record) -> View:
        article = find(s, entry["article"])
        return Item(
            article["title"],
            entry["at"],
            before=Icon("history"),
            after=IconButton(
                "close",
                f"Remove {article['title']}, {entry['at']}",
                lambda: s.data["history"].remove(entry),
            ),
            on_tap=_visiting(s, article["id"]),
        )

    def clear() -> None:
        s.ask("Clear history?", "All of it is forgotten.", "Clear", "clear_history")

    rows = [row(entry) for entry in s.data["history"]]
    body = rows or [empty("No history", "history")]
    return Page("History", body, menu=[("Clear history", clear)] if rows else ())


@app.does("clear_history")
def clear_history(s: Screen) -> None:
    """Forget all that was read."""
    s.data["history"].clear()
