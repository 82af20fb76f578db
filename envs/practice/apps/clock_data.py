"""What is in the clock to begin with, and how times are written."""

import datetime
import math
from random import Random
from typing import Any

from ..words import World

Alarm = dict[str, Any]

CITIES: dict[str, int] = {
    "Accra": 0, "Anchorage": -540, "Athens": 120, "Auckland": 720, "Baghdad": 180, "Bangkok": 420,
    "Berlin": 60, "Bogotá": -300, "Buenos Aires": -180, "Cairo": 120, "Chicago": -360,
    "Delhi": 330, "Denver": -420, "Dhaka": 360, "Dubai": 240, "Halifax": -240, "Hanoi": 420,
    "Helsinki": 120, "Honolulu": -600, "Istanbul": 180, "Jakarta": 420, "Karachi": 300,
    "Kathmandu": 345, "Kyiv": 120, "Lagos": 60, "Lima": -300, "Lisbon": 0, "London": 0,
    "Madrid": 60, "Mexico City": -360, "Montréal": -300, "Moscow": 180, "Nairobi": 180,
    "New York": -300, "Oslo": 60, "Paris": 60, "Reykjavík": 0, "Rome": 60, "San Francisco": -480,
    "Santiago": -240, "São Paulo": -180, "Seoul": 540, "Singapore": 480, "Sydney": 600,
    "Tashkent": 300, "Tbilisi": 240, "Tehran": 210, "Tokyo": 540, "Vancouver": -480,
    "Warsaw": 60, "Yangon": 390, "Zürich": 60,
}  # fmt: skip
"""Minutes ahead of UTC. There is no summer time on this phone, so that answers stay right."""

HOMES = ("Athens", "Berlin", "Cairo", "Lisbon", "London", "Madrid", "Oslo", "Paris", "Rome",
         "Warsaw", "Zürich")  # fmt: skip

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

LABELS = (
    "Wake up", "Gym", "Medicine", "Feed the cat", "School run", "Choir", "Stand-up meeting",
    "Laundry", "Call mum", "Piano", "Зарядка", "Φάρμακο", "会議", "薬を飲む", "起床", "صلاة الفجر",
    "Müsli & Kaffee", "Déjeuner", "Bus 42", "Water the plants 🌱",
)  # fmt: skip
"""What alarms are for."""

_REPEATS: tuple[list[int], ...] = ([], [], [0, 1, 2, 3, 4], [5, 6], [0, 2, 4], [1, 3], [*range(7)])


def seed(world: World, rng: Random) -> dict[str, Any]:
    """Make a phone's alarms, with labels that all differ, and its cities."""
    labels = rng.sample(LABELS, rng.randrange(6, 11))
    alarms = [
        {
            "id": number,
            "hour": rng.choice((5, 6, 6, 7, 7, 8, 9, 11, 13, 16, 18, 20, 21)),
            "minute": rng.randrange(0, 60, 5),
            "label": label,
            "days": list(rng.choice(_REPEATS)),
            "on": rng.random() < 0.5,
        }
        for number, label in enumerate(labels, 1)
    ]
    home = rng.choice(HOMES)
    away = [name for name, offset in CITIES.items() if offset != CITIES[home]]
    return {
        "next": len(alarms) + 1,
        "alarms": alarms,
        "planned": {},
        "home": home,
        "cities": rng.sample(away, rng.randrange(3, 7)),
        "timer": {"state": "set", "total": 0, "left": 0.0, "ends": 0.0, "run": 0},
        "stopwatch": {"state": "zero", "began": 0.0, "kept": 0.0, "laps": []},
    }


def shown_time(alarm: Alarm) -> str:
    """Give when an alarm rings, such as ``07:05``."""
    return f"{alarm['hour']:02d}:{alarm['minute']:02d}"


def shown_days(days: list[int]) -> str:
    """Give the days an alarm rings on, Monday being 0, in words."""
    if not days:
        return "Once"
    named = {"Every day": [*range(7)], "Weekdays": [0, 1, 2, 3, 4], "Weekends": [5, 6]}
    for name, which in named.items():
        if days == which:
            return name
    return ", ".join(DAYS[day][:3] for day in days)


def shown_span(seconds: float) -> str:
    """Give a span that runs down: a second that has begun counts whole."""
    whole = math.ceil(seconds)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute:02d}:{second:02d}"


def shown_lap(seconds: float) -> str:
    """Give a span that runs on, to the tenth."""
    tenths = int(seconds * 10 + 1e-6)
    minutes, rest = divmod(tenths, 600)
    hours, minute = divmod(minutes, 60)
    text = f"{minute:02d}:{rest // 10:02d}.{rest % 10}"
    return f"{hours}:{text}" if hours else text


def city_time(data: dict[str, Any], city: str, now: datetime.datetime) -> datetime.datetime:
    """Give what clocks show in a city when the phone's shows ``now``."""
    return now + datetime.timedelta(minutes=CITIES[city] - CITIES[data["home"]])


def shown_difference(data: dict[str, Any], city: str) -> str:
    """Give how far a city's clocks are ahead of the phone's, such as ``+3 h 30 min``."""
    minutes = CITIES[city] - CITIES[data["home"]]
    hours, rest = divmod(abs(minutes), 60)
    sign = "−" if minutes < 0 else "+"
    return f"{sign}{hours} h" + (f" {rest} min" if rest else "")


def next_ring(alarm: Alarm, now: datetime.datetime) -> datetime.datetime:
    """Give when an alarm rings next, after ``now``."""
    for ahead in range(9):
        day = now.date() + datetime.timedelta(days=ahead)
        then = datetime.datetime.combine(day, datetime.time(alarm["hour"], alarm["minute"]))
        if then > now and (not alarm["days"] or then.weekday() in alarm["days"]):
            return then
    raise ValueError(f"an alarm rings on days 0 to 6, not on {alarm['days']}")
