"""What is in the notes to begin with."""

import datetime
from random import Random
from typing import Any

from ..style import Colour
from ..words import CITIES, FIRST_NAMES, PHRASES, SUBJECTS, THINGS, World

COLOURS: dict[str, Colour] = {
    "Red": (206, 70, 60),
    "Orange": (226, 130, 30),
    "Yellow": (214, 178, 20),
    "Green": (70, 150, 70),
    "Blue": (50, 120, 210),
    "Purple": (140, 84, 190),
}
"""What a note can be marked with; empty is none."""

PLACES = (
    "Locker",
    "Bicycle lock",
    "Garage door",
    "Suitcase",
    "Cellar",
    "Front gate",
    "Alarm panel",
)
"""What there are codes for."""

MONTHS = ("January", "March", "May", "June", "August", "October")

_FIXED = (
    ("Покупки", "молоко\nхлеб\nяблоки"),
    ("Βιβλία", "Οδύσσεια\nΑλέξης Ζορμπάς"),
    ("読みたい本", "雪国\nこころ"),
    ("旅行", "护照\n车票\n雨伞"),
    ("مواعيد", "طبيب الأسنان يوم الأحد"),
    ("Wörter", "Fernweh = longing for far places\nGemütlich = snug"),
    ("Packing 🧺", "passport\nphone charger\nraincoat ☔\nbook"),
    ("Éclairs", '200 g flour, 4 eggs, "crème pâtissière"\nBake at 180 °C'),
    ("Gift ideas", "Lina: a kite\nOtto: tea & cups\nUma: 100% wool socks"),
    ("Film club", "1. The Third Man\n2. Playtime\n3. Ikiru"),
)


def code(rng: Random) -> str:
    """Make up a code that no other text holds by chance: letters and digits."""
    return "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(2)) + "".join(
        rng.choice("23456789") for _ in range(4)
    )


def _made(rng: Random) -> list[tuple[str, str]]:
    """Make up notes whose titles all differ."""
    codes = rng.sample(PLACES, 3)
    subjects = rng.sample(SUBJECTS, 4)
    city, guest = rng.choice(CITIES), rng.choice(FIRST_NAMES)
    return [
        *((place, f"Code: {code(rng)}\nSince {rng.choice(MONTHS)}") for place in codes),
        *(
            (f"Ideas: {subject}", "\n".join(f"- {p}" for p in rng.sample(PHRASES, 3)))
            for subject in subjects
        ),
        ("Groceries", "\n".join(rng.sample(THINGS, rng.randrange(4, 9)))),
        (
            f"Trip to {city}",
            f"Train at {rng.randrange(6, 12)}:{rng.randrange(10, 59)}\nHotel Tilia",
        ),
        (f"Wi-Fi of {guest}", f"Network: {guest}-Home\nPassword: {code(rng).lower()}"),
    ]


def seed(world: World, rng: Random) -> dict[str, Any]:
    """Make a phone's notes: about 16, some pinned, some coloured."""
    texts = _made(rng) + rng.sample(_FIXED, rng.randrange(5, 8))
    rng.shuffle(texts)
    when = datetime.datetime.combine(world.today, datetime.time(7, 30))
    notes = []
    for number, (title, text) in enumerate(texts, 1):
        when -= datetime.timedelta(minutes=rng.randrange(40, 6000))
        notes.append({
            "id": number,
            "title": title,
            "text": text,
            "edited": when.isoformat(timespec="minutes"),
            "pinned": False,
            "colour": rng.choice((*COLOURS, "", "", "", "")),
        })  # fmt: skip
    for note in rng.sample(notes, 2):
        note["pinned"] = True
    return {"next": len(notes) + 1, "notes": notes, "trash": []}
