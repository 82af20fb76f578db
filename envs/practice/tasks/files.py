"""Tasks in the files: one thing made, renamed, moved, copied or deleted."""

from random import Random
from typing import Any

from ....actions import schema as a
from ..apps.files_data import ROOT, Entry, entry_of, file_name, inside, path_of, taken, way_to
from ..phone import Phone
from ..words import CITIES, FIRST_NAMES, SUBJECTS
from .base import Family, Params, PracticeTask, Unfit
from .hand import Hand
from .steps import Next


def where(data: dict[str, Any], folder: int) -> str:
    """Say which folder is meant."""
    if folder == ROOT:
        return "directly in Files, in no folder"
    return f"in the folder “{path_of(data, folder).removeprefix('Files › ')}”"


def pick(phone: Phone, rng: Random, kind: str = "file") -> Entry:
    """Pick a file or a folder that lies in some folder."""
    found = [e for e in phone.data("files")["entries"] if e["kind"] == kind and e["folder"] != ROOT]
    if not found:
        raise Unfit(f"there is no {kind} in a folder")
    picked: Entry = rng.choice(found)
    return picked


def folder_name(rng: Random) -> str:
    """Make up a folder's name."""
    first = rng.choice(
        ("Photos", "Заметки", "Αρχείο", "請求書", "旅行", "صور", "Büro & Co", "Plan 📁️")
    )
    second = rng.choice((*SUBJECTS, *CITIES, *FIRST_NAMES))
    return rng.choice((f"{first} {second}", f"{second} {rng.randrange(2019, 2027)}"))


def free_name(phone: Phone, rng: Random, folder: int, *, of_folder: bool) -> str:
    """Make up a name that nothing in a folder has."""
    while True:
        name = folder_name(rng) if of_folder else file_name(rng)
        if not taken(phone.data("files"), name, folder):
            return name


def same_but(phone: Phone, task: PracticeTask, *gone: int, **changed: Entry) -> bool:
    """Whether all else is as it was.

    Args:
        phone: As it is now.
        task: What it was like before.
        *gone: What is not there any more.
        **changed: What is new or has become another, by any name.
    """
    before, now = task.before["files"]["entries"], phone.data("files")["entries"]
    other = {entry["id"] for entry in changed.values()}
    kept = [entry for entry in before if entry["id"] not in {*gone, *other}]
    return bool(_sorted([*kept, *changed.values()]) == _sorted(now))


def _sorted(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: int(entry["id"]))


def new_entries(phone: Phone, task: PracticeTask) -> list[Entry]:
    """Give what was not there before."""
    old = {entry["id"] for entry in task.before["files"]["entries"]}
    return [entry for entry in phone.data("files")["entries"] if entry["id"] not in old]


# Ways


def at_folder(hand: Hand, folder: int) -> None:
    """Be in a folder, with whatever dialogs are over it."""
    hand.app("files")
    if hand.pages[-1] == "place":
        hand.no_dialog()
        hand.tap("Cancel")
    if hand.pages[-1] not in ("main", "folder"):
        hand.no_dialog()
        raise Next(a.Back(), "this is another page")
    here = int(hand.args.get("folder", ROOT))
    if here == ROOT and hand.text("query"):
        hand.tap("Clear search")
    if here == folder:
        return
    hand.no_dialog()
    data = hand.data["files"]
    way = [ROOT, *(entry["id"] for entry in way_to(data, folder))]
    if here not in way:
        raise Next(a.Back(), "this is another folder")
    following = way[way.index(here) + 1]
    hand.tap(f"entry_{following}", why=f"go into {entry_of(data, following)['name']}")


def do_with(hand: Hand, entry: Entry, word: str) -> None:
    """Choose something from the menu of a file or folder, once its own dialog is not open."""
    if hand.asked("actions_dialog", id=entry["id"]):
        hand.tap(word)
    hand.no_dialog()
    hand.tap(f"actions_{entry['id']}", why=f"open the menu of {entry['name']}")


def write_name(hand: Hand, name: str) -> None:
    """Write a name into the dialog that asks for it."""
    hand.field("text", name)
    hand.tap("OK")


def create_folder(hand: Hand, folder: int, name: str) -> None:
    """Make a folder in a folder."""
    at_folder(hand, folder)
    if hand.asked("prompt", do="create", folder=folder):
        write_name(hand, name)
    hand.no_dialog()
    hand.tap("New folder")


def delete_entry(hand: Hand, entry: Entry) -> None:
    """Delete something."""
    at_folder(hand, entry["folder"])
    if hand.asked("ask", do="delete", id=entry["id"]):
        hand.tap("Delete")
    do_with(hand, entry, "Delete")


def place(hand: Hand, entry: Entry, do: str, folder: int) -> None:
    """Move or copy something into a folder."""
    hand.app("files")
    word = do.title()
    if hand.pages[-1] != "place" or (hand.args["id"], hand.args["do"]) != (entry["id"], do):
        at_folder(hand, entry["folder"])
        do_with(hand, entry, word)
    data, at = hand.data["files"], hand.local["at"]
    way = [ROOT, *(one["id"] for one in way_to(data, folder))]
    if at == folder:
        hand.tap(f"{word} here")
    if at not in way:
        raise Next(a.Back(), "this is another folder")
    following = way[way.index(at) + 1]
    hand.tap(f"entry_{following}", why=f"go into {entry_of(data, following)['name']}")


# Families


class CreateFolder(Family):
    """Make a folder."""

    apps = ("files",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick where, and make up a name."""
        data = phone.data("files")
        folders = [ROOT, *(e["id"] for e in data["entries"] if e["kind"] == "folder")]
        folder = rng.choice(folders)
        name = free_name(phone, rng, folder, of_folder=True)
        return {"folder": folder, "name": name, "where": where(data, folder)}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"In the Files app, create a folder “{p['name']}” {p['where']}."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is there, and nothing else changed."""
        new = new_entries(phone, task)
        facts = [(entry["name"], entry["folder"], entry["kind"]) for entry in new]
        wanted = (task.params["name"], task.params["folder"], "folder")
        return facts == [wanted] and same_but(phone, task, new=new[0])

    def solve(self, hand: Hand, p: Params) -> None:
        """Go there and make it."""
        create_folder(hand, p["folder"], p["name"])


class RenameFile(Family):
    """Give a file another name."""

    apps = ("files",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick a file; its ending stays."""
        entry = pick(phone, rng)
        end = entry["name"].rpartition(".")[2]
        data = phone.data("files")
        while True:
            name = f"{folder_name(rng)}.{end}"
            if not taken(data, name, entry["folder"]):
                return {"entry": entry.copy(), "name": name, "where": where(data, entry["folder"])}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"In Files, rename “{p['entry']['name']}” {p['where']} to “{p['name']}”."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it has that name, and nothing else changed."""
        p = task.params
        return same_but(phone, task, it={**p["entry"], "name": p["name"]})

    def solve(self, hand: Hand, p: Params) -> None:
        """Rename it."""
        entry = p["entry"]
        at_folder(hand, entry["folder"])
        if hand.asked("prompt", do="rename", id=entry["id"]):
            write_name(hand, p["name"])
        do_with(hand, entry, "Rename")


class DeleteFile(Family):
    """Delete a file, or a folder with all that is in it."""

    apps = ("files",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick one."""
        kind = "folder" if rng.random() < 0.2 else "file"
        entry = pick(phone, rng, kind)
        return {"entry": entry.copy(), "where": where(phone.data("files"), entry["folder"])}

    def goal(self, p: Params) -> str:
        """Say it."""
        kind = p["entry"]["kind"]
        return f"In Files, delete the {kind} “{p['entry']['name']}” that is {p['where']}."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is gone, and nothing else."""
        id = task.params["entry"]["id"]
        inner = [entry["id"] for entry in inside(task.before["files"], id)]
        return same_but(phone, task, id, *inner)

    def solve(self, hand: Hand, p: Params) -> None:
        """Delete it."""
        delete_entry(hand, p["entry"])


class MoveFile(Family):
    """Move a file into another folder."""

    apps = ("files",)
    do = "move"

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick a file and a folder where nothing has its name."""
        data = phone.data("files")
        entry = pick(phone, rng)
        folders = [
            e["id"]
            for e in data["entries"]
            if e["kind"] == "folder"
            and e["id"] != entry["folder"]
            and not taken(data, entry["name"], e["id"])
        ]
        to = rng.choice(folders)
        return {
            "entry": entry.copy(),
            "to": to,
            "from": where(data, entry["folder"]),
            "into": where(data, to).removeprefix("in "),
        }

    def goal(self, p: Params) -> str:
        """Say it."""
        word = self.do
        return f"In Files, {word} “{p['entry']['name']}” {p['from']} into {p['into']}."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is there, and nothing else changed."""
        p = task.params
        return same_but(phone, task, it={**p["entry"], "folder": p["to"]})

    def solve(self, hand: Hand, p: Params) -> None:
        """Take it there."""
        place(hand, p["entry"], self.do, p["to"])


class CopyFile(MoveFile):
    """Copy a file into another folder."""

    do = "copy"

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is in both folders, and nothing else changed."""
        p, new = task.params, new_entries(phone, task)
        facts = [(entry["name"], entry["folder"], entry["size"]) for entry in new]
        wanted = (p["entry"]["name"], p["to"], p["entry"]["size"])
        return facts == [wanted] and same_but(phone, task, new=new[0])
