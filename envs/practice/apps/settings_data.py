"""What the settings begin with, and what there is to choose from."""

from random import Random
from typing import Any

from ..app import App, Screen
from ..rows import switch_item
from ..view import View
from ..words import World

NETWORKS = (
    "Harbour", "Blue Fox", "Attic 5G", "Garden House", "Library Guest", "Cafe Linden", "Nordlicht",
    "Router 42", "Upstairs", "Workshop",
)  # fmt: skip
DEVICES = ("Kitchen Speaker", "Car", "Headphones", "Keyboard", "Watch", "Printer", "Lamp")
LANGUAGES = (
    "English",
    "Deutsch",
    "Español",
    "Français",
    "Ελληνικά",
    "Русский",
    "日本語",
    "العربية",
)
TIMEOUTS = {
    "30 seconds": "30000",
    "1 minute": "60000",
    "2 minutes": "120000",
    "5 minutes": "300000",
}
FONT_SIZES = {"Small": "0.85", "Default": "1.0", "Large": "1.15", "Largest": "1.3"}


def _seed(world: World, rng: Random) -> dict[str, Any]:
    parts = {
        name: round(rng.uniform(1, 18), 1) for name in ("Apps", "Photos", "Music", "Documents")
    }
    return {
        "networks": [
            {"name": name, "locked": rng.random() < 0.7, "strength": rng.randrange(1, 5)}
            for name in rng.sample(NETWORKS, 6)
        ],
        "network": None,
        "saved": [],
        "devices": rng.sample(DEVICES, 4),
        "paired": [],
        "language": "English",
        "storage": parts,
        "total": rng.choice((64, 128)),
        "model": f"Practice {rng.choice('ABCDEFG')}{rng.randrange(10, 99)}",
        "serial": "".join(rng.choice("0123456789ABCDEF") for _ in range(10)),
        "version": f"{rng.randrange(10, 16)}.{rng.randrange(0, 4)}",
        "battery": rng.randrange(21, 100),
    }


app = App("settings", "Settings", "settings", (96, 104, 116), _seed)


def flag(s: Screen, title: str, table: str, key: str, detail: str = "", icon: str = "") -> View:
    """Give a row that switches something of Android's tables on and off."""
    on = s.phone.on(table, key)
    return switch_item(
        title, on, lambda: s.phone.put(table, key, not on), detail, icon=icon, id=key
    )
