"""Tasks in the files that ask for something, or take several files at once."""

from random import Random

from ..apps.files_data import KINDS, ROOT, Entry, ending, inside, shown_size
from ..phone import Phone
from .base import Family, Params, PracticeTask, Unfit, says
from .files import (
    at_folder,
    create_folder,
    delete_entry,
    free_name,
    new_entries,
    pick,
    place,
    same_but,
    where,
)
from .hand import Hand

_PLACES = {"largest": 0, "second largest": 1, "smallest": -1}


class TellSize(Family):
    """Say how large a file is."""

    apps = ("files",)
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick a file."""
        entry = pick(phone, rng)
        return {
            "entry": entry.copy(),
            "where": where(phone.data("files"), entry["folder"]),
            "answer": shown_size(entry["size"]),
        }

    def goal(self, p: Params) -> str:
        """Say it."""
        name = p["entry"]["name"]
        return f"How large is the file “{name}” {p['where']}? Answer as the Files app shows it."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it was said, with its unit."""
        answer = str(task.params["answer"])
        return says(said, answer) or says(said, answer.replace(" ", ""))

    def solve(self, hand: Hand, p: Params) -> None:
        """Go there and see."""
        at_folder(hand, p["entry"]["folder"])
        hand.no_dialog()
        hand.see(p["entry"]["name"])
        hand.answer(p["answer"])


class TellLargestFile(Family):
    """Say which file of a folder is the largest, the second largest or the smallest."""

    apps = ("files",)
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick a folder with such a file, one that no other is as large as."""
        data = phone.data("files")
        which = rng.choice(list(_PLACES))
        found = []
        for folder in (e["id"] for e in data["entries"] if e["kind"] == "folder"):
            files = [e for e in inside(data, folder) if e["kind"] == "file"]
            files.sort(key=lambda entry: -int(entry["size"]))
            sizes = [shown_size(entry["size"]) for entry in files]
            place = _PLACES[which]
            if len(files) > 2 and sizes.count(sizes[place]) == 1:
                found.append((folder, files[place]["name"]))
        if not found:
            raise Unfit(f"no folder has a {which} file")
        folder, name = rng.choice(found)
        return {"folder": folder, "which": which, "answer": name, "where": where(data, folder)}

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f"Which file {p['where']} in Files is the {p['which']} (files in folders inside it do "
            "not count)? Answer with its whole name."
        )

    def solve(self, hand: Hand, p: Params) -> None:
        """Sort the folder by size and look."""
        at_folder(hand, p["folder"])
        if hand.asked("choose", do="order"):
            hand.tap("Size")
        hand.no_dialog()
        if hand.local.get("order") != "Size":
            hand.tap("Sort")
        hand.see(p["answer"])
        hand.answer(p["answer"])


class TellFileText(Family):
    """Say what is written in a text file."""

    apps = ("files",)
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick a text file."""
        data = phone.data("files")
        found = [e for e in data["entries"] if e["text"] and e["folder"] != ROOT]
        if not found:
            raise Unfit("there is no text file")
        entry = rng.choice(found)
        last = rng.random() < 0.5
        return {
            "entry": entry.copy(),
            "where": where(data, entry["folder"]),
            "which": "last" if last else "first",
            "answer": entry["text"].split("\n")[-1 if last else 0],
        }

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f"Open the file “{p['entry']['name']}” {p['where']} in Files and tell me the "
            f"{p['which']} line that is written in it, word for word."
        )

    def solve(self, hand: Hand, p: Params) -> None:
        """Open it and read."""
        entry = p["entry"]
        hand.app("files")
        if hand.pages[-1] != "file" or hand.args["id"] != entry["id"]:
            at_folder(hand, entry["folder"])
            hand.no_dialog()
            hand.tap(f"entry_{entry['id']}", why=f"open {entry['name']}")
        hand.no_dialog()
        hand.see(entry["text"])
        hand.answer(p["answer"])


class DeleteFilesOfKind(Family):
    """Delete all files of a kind in a folder."""

    apps = ("files",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick a folder with two to four files of a kind, and others."""
        data = phone.data("files")
        found: list[tuple[int, str, list[Entry]]] = []
        for folder in (e["id"] for e in data["entries"] if e["kind"] == "folder"):
            files = [e for e in inside(data, folder) if e["kind"] == "file"]
            for kind in KINDS:
                some = [e for e in files if ending(e["name"]) == kind]
                if 2 <= len(some) <= 4 and len(some) < len(files):
                    found.append((folder, kind, some))
        if not found:
            raise Unfit("no folder has several files of a kind")
        folder, kind, some = rng.choice(found)
        return {
            "folder": folder,
            "kind": kind,
            "where": where(data, folder),
            "entries": [entry.copy() for entry in some],
        }

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f"In Files, delete every file whose name ends in .{p['kind']} {p['where']}, but not in "
            "folders inside it. Leave everything else."
        )

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether they, and only they, are gone."""
        return same_but(phone, task, *(entry["id"] for entry in task.params["entries"]))

    def solve(self, hand: Hand, p: Params) -> None:
        """Delete one after the other."""
        there = {entry["id"] for entry in hand.data["files"]["entries"]}
        for entry in p["entries"]:
            if entry["id"] in there:
                delete_entry(hand, entry)


class SortIntoFolder(Family):
    """Make a folder and move a file into it."""

    apps = ("files",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick a file and make up a folder."""
        entry = pick(phone, rng)
        return {
            "entry": entry.copy(),
            "name": free_name(phone, rng, entry["folder"], of_folder=True),
            "where": where(phone.data("files"), entry["folder"]),
        }

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f"In Files, the file “{p['entry']['name']}” is {p['where']}. Create a new folder "
            f"“{p['name']}” there, beside the file, and move the file into the new folder."
        )

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether the folder is there with the file in it, and nothing else changed."""
        p, new = task.params, new_entries(phone, task)
        facts = [(entry["name"], entry["folder"], entry["kind"]) for entry in new]
        if facts != [(p["name"], p["entry"]["folder"], "folder")]:
            return False
        return same_but(phone, task, new=new[0], it={**p["entry"], "folder": new[0]["id"]})

    def solve(self, hand: Hand, p: Params) -> None:
        """Make the folder, then move the file."""
        entry = p["entry"]
        beside = inside(hand.data["files"], entry["folder"])
        made = [e["id"] for e in beside if e["name"] == p["name"] and e["kind"] == "folder"]
        if not made:
            create_folder(hand, entry["folder"], p["name"])
        place(hand, entry, "move", made[0])


class FileMissing(Family):
    """Do something with a file that is not there."""

    apps = ("files",)
    feasible = False

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Make up a name that no file has."""
        data = phone.data("files")
        folder = rng.choice([e["id"] for e in data["entries"] if e["kind"] == "folder"])
        names = {entry["name"].casefold() for entry in data["entries"]}
        name = free_name(phone, rng, folder, of_folder=False)
        while name.casefold() in names:
            name = free_name(phone, rng, folder, of_folder=False)
        what = rng.choice(("Delete", "Tell me the size of"))
        return {"name": name, "what": what}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"{p['what']} the file “{p['name']}” in the Files app."

    def solve(self, hand: Hand, p: Params) -> None:
        """Search for it, and say that it is not there."""
        hand.app("files")
        if hand.pages != ["main"]:
            at_folder(hand, ROOT)
        hand.no_dialog()
        hand.field("query", p["name"])
        hand.give_up(f"there is no file {p['name']}")
