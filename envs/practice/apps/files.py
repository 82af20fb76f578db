"""Files: folders to go into, and what can be done with what is in them."""

from collections.abc import Callable

from ..app import App, Page, Screen
from ..layout import Row
from ..rows import Item, empty, padded
from ..view import Act, View
from ..widgets import Avatar, Button, Icon, IconButton, Text
from .days import shown_day
from .files_data import (
    ICONS,
    KINDS,
    ROOT,
    Entry,
    below,
    ending,
    entry_of,
    inside,
    path_of,
    seed,
    shown_size,
    taken,
)

app = App("files", "Files", "folder", (60, 120, 90), seed)

ORDERS = ("Name", "Size", "Date")
"""What a folder can be sorted by; sizes and dates from the greatest."""

_KEYS: dict[str, Callable[[Entry], tuple[object, ...]]] = {
    "Name": lambda entry: (entry["name"].casefold(),),
    "Size": lambda entry: (-entry["size"], entry["name"].casefold()),
    "Date": lambda entry: (*(-ord(sign) for sign in entry["date"]), entry["name"].casefold()),
}


@app.page("main")
def main(s: Screen) -> Page:
    """Show what is in the root, or what is searched for in all folders."""
    page = _browse(s, ROOT)
    page.above = s.search(hint="Search files")
    wanted = s.text("query").casefold().strip()
    if wanted:
        found = [entry for entry in s.data["entries"] if wanted in entry["name"].casefold()]
        found.sort(key=_KEYS["Name"])
        rows = [_row(s, entry, path_of(s.data, entry["folder"])) for entry in found]
        page.body = rows or [empty("No files found", "search")]
        page.add = None
    return page


@app.page("folder")
def folder(s: Screen) -> Page:
    """Show what is in a folder."""
    return _browse(s, s.args["folder"])


def _browse(s: Screen, folder: int) -> Page:
    title = "Files" if folder == ROOT else str(entry_of(s.data, folder)["name"])
    order = s.local.setdefault("order", s.args.get("order", ORDERS[0]))

    def sort() -> None:
        s.choose("Sort by", ORDERS, order, "order")

    def create() -> None:
        s.prompt("New folder", "Name", "", "create", folder=folder)

    page = Page(
        title,
        commands=[("sort", "Sort", sort)],
        add=("create_new_folder", "New folder", create),
    )
    if folder != ROOT and s.loading(0.4):
        page.body = [s.spinner()]
        return page
    entries = sorted(inside(s.data, folder), key=lambda e: (e["kind"] == "file", *_KEYS[order](e)))
    path = padded(Text(path_of(s.data, folder), sp=13, colour="muted", lines=2), down=4)
    rows = [_row(s, entry, _detail(s, entry)) for entry in entries]
    page.body = [path, *(rows or [empty("This folder is empty", "folder_open")])]
    return page


def _detail(s: Screen, entry: Entry) -> str:
    if entry["kind"] == "folder":
        count = len(inside(s.data, entry["id"]))
        return f"{count} item{'s' * (count != 1)}"
    return f"{shown_size(entry['size'])} · {shown_day(entry['date'], s.phone.clock)}"


def _icon(entry: Entry) -> str:
    return (
        "folder"
        if entry["kind"] == "folder"
        else ICONS.get(ending(entry["name"]), "insert_drive_file")
    )


def _row(s: Screen, entry: Entry, detail: str) -> View:
    id, name = entry["id"], entry["name"]
    folder = entry["kind"] == "folder"
    go = s.opens("folder", folder=id, order=s.local["order"]) if folder else s.opens("file", id=id)
    actions = s.opens("actions_dialog", id=id)
    colour = (196, 150, 30) if folder else None
    return Item(
        name,
        detail,
        before=Avatar(ending(name) or name, icon=_icon(entry), colour=colour),
        after=IconButton("more_vert", f"Actions for {name}", actions, id=f"actions_{id}"),
        on_tap=go,
        on_long=actions,
        id=f"entry_{id}",
    )


@app.does("order")
def order(s: Screen, value: str) -> None:
    """Sort the folder that is shown."""
    s.local["order"] = value


def _wrong(s: Screen, name: str, folder: int) -> bool:
    """Whether nothing can have that name in a folder; says so, too."""
    if not name:
        s.toast("A name cannot be empty")
    elif "/" in name:
        s.toast("A name cannot contain /")
    elif taken(s.data, name, folder):
        s.toast(f"There is already a “{name}” here")
    else:
        return False
    return True


def _stamp(s: Screen) -> str:
    return s.phone.clock.isoformat(timespec="minutes")


@app.does("create")
def create(s: Screen, folder: int, text: str) -> None:
    """Make a folder."""
    name = text.strip()
    if _wrong(s, name, folder):
        return
    s.data["entries"].append({
        "id": s.data["next"], "name": name, "folder": folder, "kind": "folder", "size": 0,
        "date": _stamp(s), "text": "",
    })  # fmt: skip
    s.data["next"] += 1
    s.toast("Folder created")


@app.does("rename")
def rename(s: Screen, id: int, text: str) -> None:
    """Give something another name."""
    entry, name = entry_of(s.data, id), text.strip()
    if name == entry["name"]:
        return
    if name.casefold() == entry["name"].casefold() or not _wrong(s, name, entry["folder"]):
        entry["name"] = name
        s.toast("Renamed")


@app.does("delete")
def delete(s: Screen, id: int) -> None:
    """Delete something, and all that is in it."""
    gone = {id, *(entry["id"] for entry in below(s.data, id))}
    s.data["entries"] = [entry for entry in s.data["entries"] if entry["id"] not in gone]
    if s.name == "file":
        s.close()
    s.toast("Deleted")


@app.page("actions_dialog")
def actions(s: Screen) -> Page:
    """Offer what can be done with something."""
    entry = entry_of(s.data, s.args["id"])

    def item(icon: str, word: str, act: Act) -> View:
        def tap() -> None:
            s.close()
            act()

        return Item(word, before=Icon(icon), on_tap=tap)

    id = entry["id"]
    rows = [
        item("edit", "Rename", lambda: _rename(s, entry)),
        item("drive_file_move", "Move", s.opens("place", id=id, do="move")),
        item("content_copy", "Copy", s.opens("place", id=id, do="copy"))
        if entry["kind"] == "file"
        else None,
        item("info", "Details", s.opens("details_dialog", id=id)),
        item("delete", "Delete", lambda: _delete(s, entry)),
    ]
    return Page(entry["name"], rows, dialog=True)


def _rename(s: Screen, entry: Entry) -> None:
    s.prompt("Rename", "Name", entry["name"], "rename", id=entry["id"])


def _delete(s: Screen, entry: Entry) -> None:
    name, count = entry["name"], len(list(below(s.data, entry["id"])))
    text = f"“{name}” cannot be brought back."
    if count:
        text = f"“{name}” and {count} thing{'s' * (count != 1)} in it cannot be brought back."
    s.ask("Delete?", text, "Delete", "delete", id=entry["id"])


def _facts(s: Screen, entry: Entry) -> list[tuple[str, str]]:
    size, kind = entry["size"], KINDS.get(ending(entry["name"]), "File")
    facts = []
    if entry["kind"] == "folder":
        all_in = list(below(s.data, entry["id"]))
        size, kind = sum(one["size"] for one in all_in), "Folder"
        facts = [("Items in it", str(len(all_in)))]
    return [
        ("Name", entry["name"]),
        ("Kind", kind),
        ("Size", shown_size(size)),
        *facts,
        ("Changed", shown_day(entry["date"], s.phone.clock)),
        ("Where", path_of(s.data, entry["folder"])),
    ]


@app.page("details_dialog")
def details(s: Screen) -> Page:
    """Say what is known of something."""
    entry = entry_of(s.data, s.args["id"])
    rows = [
        padded(Text(what, sp=13, colour="muted"), Text(said), across=24, down=4, gap=0)
        for what, said in _facts(s, entry)
    ]
    return Page(entry["name"], rows, dialog=True, buttons=[("Close", s.close)])


@app.page("file")
def file(s: Screen) -> Page:
    """Show a file: what is written in it, or what is known of it."""
    entry = entry_of(s.data, s.args["id"])
    id = entry["id"]
    commands = [
        ("edit", "Rename", lambda: _rename(s, entry)),
        ("delete", "Delete", lambda: _delete(s, entry)),
    ]
    menu = [
        ("Move", s.opens("place", id=id, do="move")),
        ("Copy", s.opens("place", id=id, do="copy")),
    ]
    page = Page(entry["name"], commands=commands, menu=menu)
    if s.loading(0.6):
        page.body = [s.spinner()]
        return page
    body: list[View] = []
    if entry["text"]:
        body.append(padded(Text(entry["text"]), down=16))
    else:
        body.append(padded(Row(Avatar(ending(entry["name"]), icon=_icon(entry), dp=72)), down=16))
    body += [Item(said, what, id=what.lower()) for what, said in _facts(s, entry)]
    page.body = body
    return page


@app.page("place")
def place(s: Screen) -> Page:
    """Let a folder be found to move or copy something to."""
    entry, moves = entry_of(s.data, s.args["id"]), s.args["do"] == "move"
    at = s.local.setdefault("at", ROOT)

    word = "Move" if moves else "Copy"

    def go(folder: int) -> Act:
        def act() -> None:
            s.local["at"] = folder
            s.local.get("scroll", {}).clear()

        return act

    def up() -> None:
        if at == ROOT:
            s.close()
        else:
            go(int(entry_of(s.data, at)["folder"]))()

    def finish() -> None:
        if moves and _wrong(s, entry["name"], at):
            return
        s.close()
        s.phone.do("files", s.args["do"], {"id": entry["id"], "folder": at})

    folders = [
        one
        for one in sorted(inside(s.data, at), key=_KEYS["Name"])
        if one["kind"] == "folder" and one["id"] != entry["id"]
    ]
    rows: list[View] = [
        Item(one["name"], _detail(s, one), before=Icon("folder"), on_tap=go(one["id"]),
             id=f"entry_{one['id']}")
        for one in folders
    ]  # fmt: skip
    here = path_of(s.data, at)
    below_it = Row(
        Button("Cancel", s.close, kind="plain"),
        Row(grow=1),
        Button(f"{word} here", finish, enabled=not moves or at != entry["folder"]),
        pad=(12, 4, 12, 4),
        fill="raised",
    )
    return Page(
        f"{word} {entry['name']}",
        rows or [empty("No folders in here", "folder_open")],
        above=padded(Text(f"To: {here}", sp=14, bold=True, lines=2), down=4),
        below=below_it,
        back=up,
    )


@app.does("move")
def move(s: Screen, id: int, folder: int) -> None:
    """Put something into another folder."""
    entry_of(s.data, id)["folder"] = folder
    s.toast("Moved")


@app.does("copy")
def copy(s: Screen, id: int, folder: int) -> None:
    """Put the same into a folder once more, under a free name."""
    entry = entry_of(s.data, id)
    stem, dot, end = entry["name"].rpartition(".")
    if not dot:
        stem, end = entry["name"], ""
    name, count = entry["name"], 0
    while taken(s.data, name, folder):
        count += 1
        name = f"{stem} ({count}){dot}{end}"
    new = {**entry, "id": s.data["next"], "name": name, "folder": folder, "date": _stamp(s)}
    s.data["next"] += 1
    s.data["entries"].append(new)
    s.toast("Copied")
