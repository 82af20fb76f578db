"""Texts that tasks have written: many scripts, quotes, signs that shells and parsers trip over."""

from random import Random

from ..words import CITIES, FIRST_NAMES, PHRASES, SUBJECTS, THINGS

_LINES = (
    'She said "not before ten"',
    "Don't forget Anna's book",
    "50% off & free delivery",
    "Budget: $40; rest later",
    "a*b + c/d = ?",
    "path: C:\\photos\\2026",
    "Grüße aus Köln, tschüß!",
    "¿Quién trae el café mañana?",
    "Ça coûte 12,50 €",
    "Zażółć gęślą jaźń",
    "Θα έρθω στις οκτώ",
    "Купить билеты на поезд",
    "Встреча у входа в музей",
    "明日の会議は三時です",
    "请带雨伞来",
    "ملاحظة: الاجتماع يوم الأحد",
    "Bring cake 🎂 and candles",
    "Beach at noon ☀️ 🏖️",
    "{name} <-> [key], `code`",
    "#1 idea: fewer e-mails!",
)


def title(rng: Random, taken: set[str]) -> str:
    """Make up a title that no note has."""
    while True:
        kind = rng.randrange(5)
        made = (
            f"{rng.choice(SUBJECTS).title()} {rng.randrange(2, 99)}",
            f"{rng.choice(FIRST_NAMES)}'s {rng.choice(SUBJECTS)}",
            f"{rng.choice(('Plan', 'План', 'Σχέδιο', '計画', '计划', 'خطة'))} {rng.choice(CITIES)}",
            f'"{rng.choice(THINGS)}" & {rng.choice(THINGS)}',
            f"{rng.choice(CITIES)} {rng.choice(('🚂', '✈️', '🎂', '🏖️', '🎹'))}",
        )[kind]
        if made.casefold() not in {one.casefold() for one in taken}:
            return made


def line(rng: Random) -> str:
    """Make up one line of text."""
    kind = rng.randrange(3)
    if kind == 0:
        return f"{rng.choice(PHRASES)} ({rng.choice(FIRST_NAMES)}, {rng.randrange(1, 29)})"
    if kind == 1:
        return f"{rng.choice(_LINES)} {rng.randrange(100)}"
    return f"{rng.choice(SUBJECTS)}: {rng.choice(THINGS)} × {rng.randrange(2, 20)}"


def lines(rng: Random, low: int, high: int) -> str:
    """Make up several lines that all differ."""
    count = rng.randrange(low, high + 1)
    found: list[str] = []
    while len(found) < count:
        made = line(rng)
        if made not in found:
            found.append(made)
    return "\n".join(found)
