"""What is in the files to begin with; none of it is on the computer that runs the phone."""

import datetime
from collections.abc import Iterator
from random import Random
from typing import Any

from ..words import CITIES, FIRST_NAMES, PHRASES, SUBJECTS, World

Entry = dict[str, Any]

ROOT = 0
"""The folder that everything is in; it has no entry of its own."""

ICONS = {
    "pdf": "description",
    "jpg": "image",
    "png": "image",
    "mp3": "music_note",
    "mp4": "movie",
    "zip": "archive",
    "txt": "article",
    "csv": "grid_view",
    "apk": "phone_android",
}
"""An icon for each ending."""

KINDS = {
    "pdf": "PDF document",
    "jpg": "Picture",
    "png": "Picture",
    "mp3": "Sound",
    "mp4": "Video",
    "zip": "Archive",
    "txt": "Text",
    "csv": "Table",
    "apk": "App package",
}
"""What people call a file with an ending."""

_SIZES = {
    "pdf": (40_000, 9_000_000),
    "jpg": (300_000, 6_000_000),
    "png": (20_000, 2_000_000),
    "mp3": (2_000_000, 12_000_000),
    "mp4": (9_000_000, 800_000_000),
    "zip": (100_000, 90_000_000),
    "txt": (200, 9_000),
    "csv": (1_000, 90_000),
    "apk": (4_000_000, 90_000_000),
}

_FOLDERS = ("Documents", "Download", "Pictures", "Music", "Videos", "Recordings")
_INNER = {
    "Documents": ("Taxes", "School", "Rechnungen", "Рецепты", "Απόδειξεις", "合同", "Old"),
    "Pictures": ("Screenshots", "Camera", "Ferien in Köln", "家族", "صور"),
    "Music": ("Piano 🎹", "Concert", "Música"),
}
_WORLD = (
    "Übersicht.pdf",
    "Договор.pdf",
    "προσκλητήριο.pdf",
    "会議メモ.txt",
    "发票.pdf",
    "قائمة.txt",
    "Résumé final.pdf",
    "mañana & tarde.txt",
    "cake 🎂.jpg",
)


def shown_size(size: int) -> str:
    """Give bytes as people read them, in powers of a thousand."""
    for unit, power in (("GB", 9), ("MB", 6), ("kB", 3)):
        if size >= 10**power * 0.9995:
            value = size / 10**power
            return f"{value:.0f} {unit}" if value >= 99.95 else f"{value:.1f} {unit}"
    return f"{size} B"


def ending(name: str) -> str:
    """Give what follows the last point of a name, in small letters; empty: nothing does."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def size_of(rng: Random, name: str) -> int:
    """Make up how large a file is, as files of its kind are."""
    low, high = _SIZES.get(ending(name), (1_000, 1_000_000))
    return int(low * (high / low) ** rng.random())


def words_in(rng: Random) -> str:
    """Make up what is written in a text file."""
    return "\n".join(rng.sample(PHRASES, rng.randrange(2, 5)))


def file_name(rng: Random) -> str:
    """Make up a file's name."""
    number = rng.randrange(1, 400)
    return rng.choice((
        f"Scan {number:03d}.pdf",
        f"{rng.choice(SUBJECTS)}-{number}.pdf",
        f"{rng.choice(SUBJECTS).title()} {rng.choice(FIRST_NAMES)}.txt",
        f"IMG_{rng.randrange(1000, 9999)}.jpg",
        f"{rng.choice(CITIES)} {number}.jpg",
        f"track {number}.mp3",
        f"clip_{number}.mp4",
        f"{rng.choice(SUBJECTS)}_table_{number}.csv",
        f"backup-{number}.zip",
        f"{rng.choice(CITIES).lower()}-map.png",
        f"setup_{number}.apk",
    ))  # fmt: skip


class _Maker:
    """Makes entries, with names that differ within each folder."""

    def __init__(self, world: World, rng: Random) -> None:
        self.rng, self.entries = rng, list[Entry]()
        self.start = datetime.datetime.combine(world.today, datetime.time(7))

    def add(self, name: str, folder: int, kind: str = "file") -> int:
        taken = {e["name"].casefold() for e in self.entries if e["folder"] == folder}
        if name.casefold() in taken:
            return 0
        when = self.start - datetime.timedelta(minutes=self.rng.randrange(30, 500_000))
        entry: Entry = {
            "id": len(self.entries) + 1,
            "name": name,
            "folder": folder,
            "kind": kind,
            "size": size_of(self.rng, name) if kind == "file" else 0,
            "date": when.isoformat(timespec="minutes"),
            "text": words_in(self.rng) if ending(name) == "txt" else "",
        }
        self.entries.append(entry)
        return int(entry["id"])


def seed(world: World, rng: Random) -> dict[str, Any]:
    """Make a phone's folders and about 70 files, most of them in Download."""
    maker = _Maker(world, rng)
    for name in _FOLDERS:
        folder = maker.add(name, ROOT, "folder")
        for inner in rng.sample(_INNER.get(name, ()), min(3, len(_INNER.get(name, ())))):
            below = maker.add(inner, folder, "folder")
            for _ in range(rng.randrange(0, 5)):
                maker.add(file_name(rng), below)
        for _ in range(rng.randrange(14, 20) if name == "Download" else rng.randrange(3, 7)):
            maker.add(file_name(rng), folder)
        for other in rng.sample(_WORLD, 2):
            maker.add(other, folder)
    for _ in range(3):
        maker.add(file_name(rng), ROOT)
    return {"next": len(maker.entries) + 1, "entries": maker.entries}


# Finding one's way in the data


def entry_of(data: dict[str, Any], id: int) -> Entry:
    """Give an entry.

    Raises:
        LookupError: There is none; it was deleted.
    """
    found = [entry for entry in data["entries"] if entry["id"] == id]
    if not found:
        raise LookupError(f"there is no file {id}")
    entry: Entry = found[0]
    return entry


def inside(data: dict[str, Any], folder: int) -> list[Entry]:
    """Give what is in a folder, but not in folders in it."""
    return [entry for entry in data["entries"] if entry["folder"] == folder]


def below(data: dict[str, Any], folder: int) -> Iterator[Entry]:
    """Give all that is in a folder, and in folders in it."""
    for entry in inside(data, folder):
        yield entry
        if entry["kind"] == "folder":
            yield from below(data, entry["id"])


def way_to(data: dict[str, Any], folder: int) -> list[Entry]:
    """Give the folders from the root to one, that one last."""
    way: list[Entry] = []
    while folder != ROOT:
        way.insert(0, entry_of(data, folder))
        folder = way[0]["folder"]
    return way


def path_of(data: dict[str, Any], folder: int) -> str:
    """Give where a folder is, as people read it."""
    return " › ".join(["Files", *(entry["name"] for entry in way_to(data, folder))])


def taken(data: dict[str, Any], name: str, folder: int) -> bool:
    """Whether something in a folder has that name, small letters or not."""
    return any(entry["name"].casefold() == name.casefold() for entry in inside(data, folder))
