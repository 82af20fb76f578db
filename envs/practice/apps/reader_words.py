"""Articles that nobody has read before: made up from templates, each with facts to ask for.

Nothing in them is true, so that whoever answers a question must have read the article.
"""

import datetime
from random import Random
from typing import Any, NamedTuple

from ..words import FIRST_NAMES, LAST_NAMES, WORLD_NAMES, World

Record = dict[str, Any]


class _Fact(NamedTuple):
    """A sentence, a question about it, and which of the words is the answer."""

    sentence: str
    question: str
    answer: str


_TOWN_STARTS = (
    "Alder", "Brin", "Cal", "Dorn", "Elm", "Fen", "Garr", "Hollow", "Ister", "Kest", "Lark", "Mar",
    "Nor", "Oster", "Pell", "Quill", "Rook", "Sel", "Tarn", "Ulm", "Vall", "Wick",
)  # fmt: skip
_TOWN_ENDS = ("mouth", "ford", "stad", "haven", "burgh", "field", "ville", "minster")
_FAR_TOWNS = ("Καλαμώνας", "Зеленоярск", "青葉町", "明月镇", "وادي النسيم", "Żórawno", "Öresby")
_RIVERS = ("Ambra", "Bessel", "Corva", "Dellin", "Esk", "Fiora", "Grana", "Hollen", "Isk", "Juna")
_ANIMALS = ("otter", "owl", "hedgehog", "beetle", "fox", "newt", "heron", "hare", "bat", "moth")
_LOOKS = ("grey", "ringed", "silent", "dwarf", "golden", "spotted", "long-tailed", "white-footed")
_FOODS = ("clover", "snails", "hazelnuts", "moss", "berries", "water lilies", "worms", "thistles")
_DISHES = ("soup", "dumplings", "pie", "stew", "bread", "pudding", "noodles", "salad")
_INGREDIENTS = (
    "walnuts", "leeks", "smoked cheese", "chestnuts", "dill", "apricots", "black beans", "ginger",
    "fennel", "plums",
)  # fmt: skip
_MACHINES = (
    "the folding ladder", "the paper lantern press", "a silent clock", "the water harp",
    "a bicycle for ice", "the pocket barometer", "a loom for ribbons", "the double kettle",
)  # fmt: skip
_BUILDINGS = ("Bridge", "Lighthouse", "Library", "Tower", "Theatre", "Observatory", "Town Hall")
_STONES = ("granite", "red brick", "oak", "sandstone", "slate", "white marble")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")

_FILLERS = {
    "Towns": (
        "Visitors usually come in early summer, when the streets are full of music.",
        "The old quarter has narrow lanes, and a park goes all the way around it.",
        "Most people here know each other by name.",
        "A small museum tells how the place has changed.",
        "In winter the squares are quiet, and the cafes stay open late.",
    ),
    "Buildings": (
        "From its top one can see far over the roofs.",
        "It has been painted three times since then.",
        "Painters have shown it from every side.",
        "School classes come here nearly every week.",
        "On clear evenings it is lit until midnight.",
    ),
    "Animals": (
        "It is shy, and few people have seen it.",
        "Its tracks are found on soft ground after rain.",
        "Researchers follow it with small cameras.",
        "In cold years it stays in its burrow for weeks.",
        "Children learn its name from a well-known rhyme.",
    ),
    "Recipes": (
        "Every family has its own way to make it.",
        "It tastes best on the day after.",
        "Leftovers keep for two days in a cool place.",
        "Serve it with a slice of fresh bread.",
        "Nobody remembers who cooked it first.",
    ),
    "Inventors": (
        "Letters from that time are kept in an archive.",
        "Success came slowly, and then all at once.",
        "Neighbours complained of the noise at night.",
        "The first model fell apart within a week.",
        "Today a street is named after this work.",
    ),
}
TOPICS = {
    "Towns": "home_work",
    "Buildings": "account_balance",
    "Animals": "pets",
    "Recipes": "restaurant",
    "Inventors": "lightbulb",
}
"""Each with its icon."""


def write_articles(world: World, rng: Random) -> list[Record]:
    """Write about twenty articles, linked with each other.

    Args:
        world: Gives the day.
        rng: Decides.

    Returns:
        Plain data: ``id``, ``topic``, ``title``, ``address``, ``author``, ``day``, ``paragraphs``,
        ``links`` (ids) and ``facts`` (sentence, question, answer).
    """
    starts = rng.sample(_TOWN_STARTS, 12)
    ends = [rng.choice(_TOWN_ENDS) for _ in range(12)]
    towns = [start + end for start, end in zip(starts, ends, strict=True)]
    far = rng.sample(_FAR_TOWNS, 2)
    subjects: list[tuple[str, str, list[_Fact]]] = []
    for town in [*towns[:3], *far]:
        subjects.append(("Towns", town, _town(rng, town)))
    for town, kind in zip(rng.sample(towns, 5), rng.sample(_BUILDINGS, 5), strict=True):
        subjects.append(("Buildings", f"The {town} {kind}", _building(rng, f"the {town} {kind}")))
    for look, animal in zip(rng.sample(_LOOKS, 4), rng.sample(_ANIMALS, 4), strict=True):
        subjects.append(("Animals", f"The {look} {animal}", _animal(rng, f"the {look} {animal}")))
    for town, dish in zip(rng.sample(towns, 4), rng.sample(_DISHES, 4), strict=True):
        subjects.append(("Recipes", f"{town} {dish}", _recipe(rng, f"{town} {dish}")))
    names = [*rng.sample(FIRST_NAMES, 3), *rng.sample(WORLD_NAMES, 1)]
    for first, last in zip(names, rng.sample(LAST_NAMES, 4), strict=True):
        name = f"{first} {last}"
        subjects.append(("Inventors", name, _inventor(rng, name, towns)))
    ages = rng.sample(range(1, 400), len(subjects))
    articles = []
    for number, ((topic, title, facts), age) in enumerate(zip(subjects, ages, strict=True), 1):
        author = f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"
        others = [one for one in range(1, len(subjects) + 1) if one != number]
        articles.append(
            {
                "id": number,
                "topic": topic,
                "title": title,
                "address": f"{topic.lower()}.example/{_slug(title)}",
                "author": author,
                "day": (world.today - datetime.timedelta(days=age)).isoformat(),
                "paragraphs": _paragraphs(rng, topic, facts),
                "links": rng.sample(others, 3),
                "facts": [[*fact] for fact in facts],
            }
        )
    return articles


def _slug(title: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in title.lower()).split())


def _paragraphs(rng: Random, topic: str, facts: list[_Fact]) -> list[str]:
    """Two facts a paragraph, with something between them that says little."""
    fillers = rng.sample(_FILLERS[topic], 4)
    shown = [fact.sentence for fact in rng.sample(facts, len(facts))]
    found = []
    while shown:
        part = shown[:2]
        del shown[:2]
        if fillers:
            part.insert(rng.randrange(len(part) + 1), fillers.pop())
        found.append(" ".join(part))
    return [*found, *fillers[:1]]


def _town(rng: Random, town: str) -> list[_Fact]:
    year, people = rng.randrange(1102, 1890), rng.randrange(31, 990) * 100
    river, day = rng.choice(_RIVERS), rng.choice(_DAYS)
    mayor = f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"
    bridges = rng.randrange(3, 40)
    return [
        _Fact(f"{town} was founded in {year}.", f"In which year was {town} founded?", f"{year}"),
        _Fact(f"About {people} people live in {town}.", f"How many people live in {town}?",
              f"{people}"),
        _Fact(f"The river {river} flows through the town.", f"Which river flows through {town}?",
              river),
        _Fact(f"The market is held every {day}.", f"On which day is the market held in {town}?",
              day),
        _Fact(f"Its mayor is {mayor}.", f"Who is the mayor of {town}?", mayor),
        _Fact(f"There are {bridges} bridges.", f"How many bridges are there in {town}?",
              f"{bridges}"),
    ]  # fmt: skip


def _building(rng: Random, name: str) -> list[_Fact]:
    year, high = rng.randrange(1402, 1990), rng.randrange(18, 190)
    steps, stone = rng.randrange(200, 900), rng.choice(_STONES)
    builder = f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"
    years = rng.randrange(3, 17)
    start = name[0].upper() + name[1:]
    return [
        _Fact(f"{start} was finished in {year}.", f"In which year was {name} finished?",
              f"{year}"),
        _Fact(f"It is {high} metres high.", f"How many metres high is {name}?", f"{high}"),
        _Fact(f"Its stairs have {steps} steps.", f"How many steps have the stairs of {name}?",
              f"{steps}"),
        _Fact(f"It is built of {stone}.", f"What is {name} built of?", stone),
        _Fact(f"It was planned by {builder}.", f"Who planned {name}?", builder),
        _Fact(f"Building it took {years} years.", f"How many years did building {name} take?",
              f"{years}"),
    ]  # fmt: skip


def _animal(rng: Random, name: str) -> list[_Fact]:
    weight, young = rng.randrange(20, 990), rng.randrange(2, 13)
    food, years = rng.choice(_FOODS), rng.randrange(14, 41)
    hours = rng.randrange(5, 10)
    river = rng.choice(_RIVERS)
    start = name[0].upper() + name[1:]
    return [
        _Fact(f"A grown {name[4:]} weighs {weight} grams.", f"How many grams does {name} weigh?",
              f"{weight}"),
        _Fact(f"{start} eats mostly {food}.", f"What does {name} mostly eat?", food),
        _Fact(f"It has {young} young a year.", f"How many young does {name} have a year?",
              f"{young}"),
        _Fact(f"It can live for {years} years.", f"For how many years can {name} live?",
              f"{years}"),
        _Fact(f"It is found along the river {river}.", f"Along which river is {name} found?",
              river),
        _Fact(f"It sleeps only {hours} hours a day.", f"How many hours a day does {name} sleep?",
              f"{hours}"),
    ]  # fmt: skip


def _recipe(rng: Random, name: str) -> list[_Fact]:
    minutes, heat = rng.randrange(25, 95, 5), rng.randrange(150, 240, 10)
    first, second = rng.sample(_INGREDIENTS, 2)
    grams, guests = rng.randrange(110, 900, 10), rng.randrange(2, 9)
    cook = f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"
    return [
        _Fact(f"{name} needs {minutes} minutes in the oven.",
              f"How many minutes does {name} need in the oven?", f"{minutes}"),
        _Fact(f"The oven should be at {heat} degrees.",
              f"At how many degrees should the oven be for {name}?", f"{heat}"),
        _Fact(f"Take {grams} grams of {first}.", f"How many grams of {first} go into {name}?",
              f"{grams}"),
        _Fact(f"A handful of {second} goes on top.", f"What goes on top of {name}?", second),
        _Fact(f"It is enough for {guests} people.", f"For how many people is {name} enough?",
              f"{guests}"),
        _Fact(f"The recipe was written down by {cook}.", f"Who wrote down the recipe of {name}?",
              cook),
    ]  # fmt: skip


def _inventor(rng: Random, name: str, towns: list[str]) -> list[_Fact]:
    born = rng.randrange(1790, 1940)
    thing, town = rng.choice(_MACHINES), rng.choice(towns)
    year, tries = born + rng.randrange(20, 50), rng.randrange(12, 300)
    teacher = f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"
    coins = rng.randrange(31, 99) * 10
    return [
        _Fact(f"{name} was born in {born}.", f"In which year was {name} born?", f"{born}"),
        _Fact(f"The workshop was in {town}.", f"In which town was the workshop of {name}?", town),
        _Fact(f"In {year} the invention was ready: {thing}.", f"What did {name} invent?", thing),
        _Fact(f"It had taken {tries} attempts.", f"How many attempts did {name} need?",
              f"{tries}"),
        _Fact(f"An early teacher was {teacher}.", f"Who was a teacher of {name}?", teacher),
        _Fact(f"The patent was sold for {coins} crowns.",
              f"For how many crowns was the patent of {name} sold?", f"{coins}"),
    ]  # fmt: skip
