"""Tasks that go from one app to another, with a note at one end."""

from random import Random

from ..apps.arithmetic import calculate, shown
from ..apps.clock_data import shown_time
from ..apps.files_data import inside, shown_size
from ..phone import Phone
from ..words import THINGS
from . import note_texts
from .base import Family, Params, PracticeTask, Unfit
from .calculator import price, says_number, short, sum_of, work_out, worked_out
from .clock import alarms_are, label, set_alarm
from .files import at_folder, create_folder, free_name, new_entries, same_but, where
from .hand import Hand
from .notes import add_note, at_note, titles, write_note, wrote


def has_read(hand: Hand, id: int) -> bool:
    """Whether a note is open in its app, though another app may be in front."""
    stack = hand.phone.state.stacks.get("notes", [])
    return bool(stack) and stack[-1]["page"] == "note" and stack[-1]["args"]["id"] == id


def read(hand: Hand, id: int, part: str) -> None:
    """Have read a part of a note; the note then stays open."""
    if has_read(hand, id) and hand.phone.state.front != "notes":
        return
    at_note(hand, id)
    hand.no_dialog()
    hand.see(part)


class NotePricesSum(Family):
    """Add up the prices in a note."""

    apps = ("notes", "calculator")
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Add a note with prices."""
        things = rng.sample(THINGS, rng.randrange(2, 4))
        prices = [price(rng) for _ in things]
        text = "\n".join(f"{thing} {cost}" for thing, cost in zip(things, prices, strict=True))
        title = note_texts.title(rng, titles(phone))
        total = "+".join(short(cost) for cost in prices)
        id = add_note(phone, title, text)
        return {"id": id, "title": title, "last": text.split("\n")[-1], "sum": total,
                "answer": shown(calculate(total))}  # fmt: skip

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"How much do the prices in my note “{p['title']}” add up to? Use the calculator."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it was said."""
        return says_number(said, task.params["answer"])

    def solve(self, hand: Hand, p: Params) -> None:
        """Read the note, then add the prices up."""
        if not worked_out(hand, p["sum"]):
            read(hand, p["id"], p["last"])
            work_out(hand, p["sum"])
        hand.answer(p["answer"])


class ResultIntoNote(Family):
    """Work out a sum and write the result down."""

    apps = ("calculator", "notes")

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Make up the sum and a title."""
        text = sum_of(rng)
        title = note_texts.title(rng, titles(phone))
        return {"sum": text, "title": title, "result": shown(calculate(text))}

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f"Work out {p['sum']} with the calculator. Then create a note with the title "
            f"“{p['title']}” whose text is the result, written in digits and nothing else."
        )

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is written down."""
        return wrote(phone, task, task.params["title"], task.params["result"])

    def solve(self, hand: Hand, p: Params) -> None:
        """Work it out, then write it."""
        if not worked_out(hand, p["sum"]):
            work_out(hand, p["sum"])
        write_note(hand, p["title"], p["result"])


class NoteToFolder(Family):
    """Make a folder with a name that a note gives."""

    apps = ("notes", "files")

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Add a note with a name."""
        data = phone.data("files")
        folders = [entry for entry in inside(data, 0) if entry["kind"] == "folder"]
        folder = rng.choice(folders)["id"]
        name = free_name(phone, rng, folder, of_folder=True)
        title = note_texts.title(rng, titles(phone))
        id = add_note(phone, title, f"{note_texts.line(rng)}\nFolder name: {name}")
        return {"id": id, "title": title, "name": name, "folder": folder,
                "where": where(data, folder)}  # fmt: skip

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f"My note “{p['title']}” gives a folder name. Create a folder with exactly that name "
            f"{p['where']} in the Files app."
        )

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is there, and nothing else changed."""
        new = new_entries(phone, task)
        wanted = (task.params["name"], task.params["folder"], "folder")
        facts = [(entry["name"], entry["folder"], entry["kind"]) for entry in new]
        return facts == [wanted] and same_but(phone, task, new=new[0])

    def solve(self, hand: Hand, p: Params) -> None:
        """Read the note, then make the folder."""
        read(hand, p["id"], p["name"])
        create_folder(hand, p["folder"], p["name"])


class NoteToAlarm(Family):
    """Set an alarm for a time that a note gives."""

    apps = ("notes", "clock")

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Add a note with two times."""
        hour, minute = (phone.clock.hour + rng.randrange(-2, 5)) % 24, rng.choice((0, 10, 20, 40))
        alarm = {"hour": hour, "minute": minute}
        leaves = {"hour": (hour + 1) % 24, "minute": rng.choice((5, 15, 35, 55))}
        title = note_texts.title(rng, titles(phone))
        text = f"Train leaves at {shown_time(leaves)}\nGet up at {shown_time(alarm)}"
        id = add_note(phone, title, text)
        return {"id": id, "title": title, **alarm, "label": label(rng, phone)}

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f"My note “{p['title']}” says when I have to get up. Set a new alarm for that time "
            f"with the label “{p['label']}” that rings once."
        )

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is set."""
        p, before = task.params, task.before["clock"]
        new = {"id": before["next"], "hour": p["hour"], "minute": p["minute"],
               "label": p["label"], "days": [], "on": True}  # fmt: skip
        return alarms_are(phone, [*before["alarms"], new])

    def solve(self, hand: Hand, p: Params) -> None:
        """Read the note, then set the alarm."""
        read(hand, p["id"], f"Get up at {shown_time(p)}")
        set_alarm(hand, 0, p["hour"], p["minute"], p["label"], [])


class LargestIntoNote(Family):
    """Write down which file of a folder is the largest."""

    apps = ("files", "notes")

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick a folder where one is larger than all others, as people read it."""
        data = phone.data("files")
        found = []
        for folder in (entry["id"] for entry in inside(data, 0) if entry["kind"] == "folder"):
            files = [entry for entry in inside(data, folder) if entry["kind"] == "file"]
            files.sort(key=lambda entry: -int(entry["size"]))
            if len(files) > 1 and shown_size(files[0]["size"]) != shown_size(files[1]["size"]):
                found.append((folder, files[0]["name"]))
        if not found:
            raise Unfit("no folder has a largest file")
        folder, name = rng.choice(found)
        title = note_texts.title(rng, titles(phone))
        return {"folder": folder, "name": name, "title": title, "where": where(data, folder)}

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f"Find the largest file {p['where']} in the Files app (not in folders inside it). Then "
            f"create a note with the title “{p['title']}” whose text is that file's whole name."
        )

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is written down."""
        return wrote(phone, task, task.params["title"], task.params["name"])

    def solve(self, hand: Hand, p: Params) -> None:
        """Sort the folder by size, then write."""
        stack = hand.phone.state.stacks.get("files", [])
        top = stack[-1] if stack else {"args": {}, "local": {}}
        looked = top["args"].get("folder") == p["folder"] and top["local"].get("order") == "Size"
        if not looked:
            at_folder(hand, p["folder"])
            if hand.asked("choose", do="order"):
                hand.tap("Size")
            hand.no_dialog()
            hand.tap("Sort")
        write_note(hand, p["title"], p["name"])
