"""Messages: conversations by telephone number, with the names that the contacts know."""

import datetime
from typing import Any

from ..app import App, Page, Screen
from ..layout import Column, Row
from ..rows import Item, empty, heading, padded
from ..view import Act, View
from ..widgets import Avatar, Button, Icon, IconButton, Text
from .bubbles import Bubble, Writing
from .contacts import by_number, digits, in_order, matches
from .message_data import Message, Talk, is_unread, newest_first, seed, talk_with, write

app = App("messages", "Messages", "message", (30, 142, 92), seed, permission="read your contacts")


def _allowed(s: Screen) -> bool:
    return s.phone.state.permissions.get("messages") is True


def _name(s: Screen, number: str) -> str:
    known = by_number(s.phone.data("contacts")["people"], number) if _allowed(s) else None
    return known["name"] if known else number


def _avatar(s: Screen, number: str, **more: Any) -> Avatar:
    name = _name(s, number)
    return Avatar(name, icon="person" if name == number else "", **more)


def _stamp(s: Screen, at: str) -> str:
    """Say when: the time if it was today, else the day."""
    when = datetime.datetime.fromisoformat(at)
    return when.strftime("%H:%M" if when.date() == s.phone.clock.date() else "%-d %b")


@app.page("main")
def main(s: Screen) -> Page:
    """List conversations, the newest first."""
    add = ("edit", "New message", s.opens("new"))
    menu = [("Mark all as read", lambda: _read_all(s))]
    body: list[View]
    if s.loading(0.5):
        body = [s.spinner()]
    else:
        query = s.text("query").casefold().strip()
        body = [row for talk in newest_first(s.data) if (row := _row(s, talk, query)) is not None]
        what = "No messages found" if query else "No conversations"
        body = body or [empty(what, "forum")]
    return Page("Messages", body, menu=menu, add=add, above=s.search(hint="Search messages"))


def _read_all(s: Screen) -> None:
    for talk in s.data["talks"]:
        s.data["_looked"][digits(talk["number"])] = talk["messages"][-1]["id"]


def _row(s: Screen, talk: Talk, query: str) -> View | None:
    name, number = _name(s, talk["number"]), talk["number"]
    shown = talk["messages"][-1]
    if query and query not in f"{name} {number}".casefold():
        found = [one for one in talk["messages"] if query in one["text"].casefold()]
        if not found:
            return None
        shown = found[-1]
    unread = is_unread(s.data, talk)
    text = f"You: {shown['text']}" if shown["mine"] else shown["text"]
    when = Text(_stamp(s, shown["at"]), sp=12, colour="accent" if unread else "muted")
    dot = Icon("circle", dp=10, colour="accent", label="Unread") if unread else None
    return Item(
        name,
        " ".join(text.split()),
        bold=unread,
        before=_avatar(s, number),
        after=Row(when, dot, gap=6),
        on_tap=s.opens("conversation", number=number),
        on_long=s.opens("row_dialog", number=number),
        id=f"talk_{digits(number)}",
    )


def _deleting(s: Screen, number: str) -> Act:
    words = f"All messages with {_name(s, number)} are lost."
    return lambda: s.ask("Delete conversation?", words, "Delete", "delete", number=number)


@app.page("row_dialog")
def row_dialog(s: Screen) -> Page:
    """Offer what can be done with a conversation whose row was held."""
    number = s.args["number"]
    talk = talk_with(s.data, number)
    if talk is None:
        raise LookupError(f"there is no conversation with {number}")

    def delete_it() -> None:
        s.close()
        _deleting(s, number)()

    def read() -> None:
        s.data["_looked"][digits(number)] = talk["messages"][-1]["id"]
        s.close()

    rows = [
        Item("Mark as read", before=Icon("mark_email_read"), on_tap=read)
        if is_unread(s.data, talk)
        else None,
        Item("Delete", before=Icon("delete"), on_tap=delete_it),
    ]
    return Page(_name(s, number), rows, dialog=True)


@app.does("delete")
def delete(s: Screen, number: str) -> None:
    """Delete a conversation."""
    wanted = digits(number)
    s.data["talks"][:] = [one for one in s.data["talks"] if digits(one["number"]) != wanted]
    s.close_to("main")
    s.toast("Conversation deleted")


@app.page("conversation")
def conversation(s: Screen) -> Page:
    """Show what was written to and fro, with a field to write more."""
    number = s.args["number"]
    talk = talk_with(s.data, number)
    messages = talk["messages"] if talk else []
    if messages:
        s.data["_looked"][digits(number)] = messages[-1]["id"]
    s.begin("message", s.args.get("text", ""))
    known = by_number(s.phone.data("contacts")["people"], number)

    def send() -> None:
        text = s.text("message").strip()
        if text:
            _send(s, number, text)
            s.put("message", "")
            s.local.get("scroll", {}).clear()  # back to the end, where it stands

    def person_page() -> None:
        if known:
            s.other("contacts", "contact", id=known["id"])
        else:
            s.other("contacts", "edit", id=None, phone=number)

    menu = [("View contact" if known and _allowed(s) else "Add to contacts", person_page)]
    if messages:
        menu.append(("Delete conversation", _deleting(s, number)))
    field = s.field("message", "Message", kind="multiline", plain=True, grow=1)
    ready = bool(s.text("message").strip())
    offsets = s.local.setdefault("scroll", {})
    writing = Writing(field, offsets, max(s.phone.style.dp(56), s.phone.size.height // 6))
    below = Row(
        Row(writing, fill="raised", radius=24, pad=(12, 0, 12, 0), grow=1),
        IconButton("send", "Send", send, colour="accent" if ready else "muted"),
        pad=(12, 4, 4, 6),
    )
    body = _bubbles(s, messages) or [empty("No messages yet", "forum")]
    return Page(_name(s, number), body, menu=menu, below=below, from_end=True)


def _bubbles(s: Screen, messages: list[Message]) -> list[View]:
    found: list[View] = []
    day = ""
    for one in messages:
        when = datetime.datetime.fromisoformat(one["at"])
        title = when.strftime("%A, %-d %B")
        if title != day:
            day = title
            line = Text(title, sp=12, colour="muted", align="centre")
            found.append(Column(line, pad=(16, 12, 16, 4)))
        hold = s.opens("message_dialog", id=one["id"], number=s.args["number"])
        found.append(Bubble(one["text"], when.strftime("%H:%M"), mine=one["mine"], on_long=hold))
    return found


def _send(s: Screen, number: str, text: str) -> None:
    at = s.phone.clock.isoformat(timespec="seconds")
    talk = write(s.data, number, text, mine=True, at=at)
    if talk["answers"]:
        s.later(6, "receive", number=number, text=talk["answers"].pop(0))


@app.does("receive")
def receive(s: Screen, number: str, text: str) -> None:
    """Get a message: it is put into the shade, unless it is looked at anyway."""
    at = s.phone.clock.isoformat(timespec="seconds")
    write(s.data, number, text, mine=False, at=at)
    stack = s.phone.state.stacks.get("messages", [])
    shown = stack and stack[-1]["args"].get("number") == number
    if not (shown and s.phone.state.front == "messages"):
        s.phone.notify("messages", _name(s, number), text, "conversation", number=number)


@app.page("message_dialog")
def message_dialog(s: Screen) -> Page:
    """Offer what can be done with one message."""
    talk = talk_with(s.data, s.args["number"])
    messages = talk["messages"] if talk else []
    one = next((one for one in messages if one["id"] == s.args["id"]), None)
    if talk is None or one is None:
        raise LookupError(f"there is no message {s.args['id']}")

    def copy() -> None:
        s.phone.clipboard = one["text"]
        s.close()
        s.toast("Copied")

    def forward() -> None:
        s.close()
        s.open("new", text=one["text"])

    def remove() -> None:
        messages.remove(one)
        s.close()
        if not messages:
            s.data["talks"].remove(talk)

    rows = [
        Item("Copy text", before=Icon("content_copy"), on_tap=copy),
        Item("Forward", before=Icon("forward"), on_tap=forward),
        Item("Delete message", before=Icon("delete"), on_tap=remove),
    ]
    return Page("", rows, dialog=True)


@app.page("new")
def new(s: Screen) -> Page:
    """Choose whom to write to: somebody known, or any number."""
    query = s.text("to").strip()
    to = s.field("to", "To: name or number", plain=True, grow=1)
    above = Row(Icon("person"), to, pad=(16, 4, 16, 4), gap=12)
    rows: list[View] = []
    if len(digits(query)) >= 3 and not query.strip("0123456789+*#()- "):
        rows.append(
            Item(f"Send to {query}", before=Icon("dialpad"), on_tap=_writing(s, query), id="number")
        )
    if not _allowed(s):
        text = "Messages may not read your contacts."
        allow = Button("Allow access", s.opens("permission"), kind="tonal")
        rows.append(padded(Text(text, colour="muted"), allow, gap=12, down=16))
    elif s.loading(0.4):
        rows.append(s.spinner())
    else:
        people = [
            one
            for one in in_order(s.phone.data("contacts")["people"])
            if one["phone"] and matches(one, query)
        ]
        rows.append(heading("Contacts"))
        rows += [
            Item(
                one["name"],
                one["phone"],
                before=Avatar(one["name"]),
                on_tap=_writing(s, one["phone"]),
                id=f"to_{one['id']}",
            )
            for one in people
        ]
        if not people:
            rows.append(padded(Text("No contacts found", colour="muted")))
    return Page("New message", rows, above=above)


def _writing(s: Screen, number: str) -> Act:
    def act() -> None:
        talk = talk_with(s.data, number)
        s.replace(
            "conversation",
            number=talk["number"] if talk else number,
            text=s.args.get("text", ""),
        )

    return act
