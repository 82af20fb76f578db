"""Names, places and other words that a practice phone's data is made of."""

import datetime
from dataclasses import dataclass
from random import Random


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = _words(
    """
    Ada Amara Ana Anders Anika Ben Bianca Bruno Carla Chen Clara Dario Dina Elena Eliot Emil Esra
    Farah Felix Fiona Gita Greta Hana Hugo Ida Igor Ines Ivan Jana Jonas Julia Kai Karim Kira Lara
    Leo Lina Luca Maja Marco Mila Mona Nadia Nils Nora Olga Omar Otto Pablo Petra Quinn Rania Rosa
    Ruben Sara Selma Simon Sofia Tariq Tessa Theo Uma Vera Viktor Wanda Wei Yara Yusuf Zoe
    """
)
WORLD_NAMES = (
    "Zoë", "José", "Łukasz", "Søren", "Şebnem", "Renée", "Jürgen", "Αλέξης", "Ελένη", "Иван",
    "Ольга", "美咲", "健太", "李伟", "王芳", "김민수", "فاطمة", "عمر",
)  # fmt: skip
LAST_NAMES = _words(
    """
    Abel Adler Bauer Berg Blum Brandt Costa Cruz Dahl Diaz Ebert Falk Faro Fischer Garcia Gruber
    Haas Hahn Holm Horvat Ibsen Jansen Kaya Keller Koch Kovac Lang Lindt Lopez Maier Marin Moreau
    Nagy Novak Nowak Okafor Olsen Otieno Park Petrov Pinto Quist Reyes Rossi Sato Schmidt Silva
    Singh Sommer Stein Tanaka Toth Urban Vega Vogel Weber Winter Wolf Yilmaz Zeman
    """
)
CITIES = _words(
    """
    Aarhus Athens Basel Bergen Bern Bilbao Bogota Brno Cairo Cork Delhi Geneva Ghent Graz Hanoi
    Kyoto Leeds Lima Lisbon Lyon Malmo Milan Minsk Nairobi Naples Osaka Oslo Porto Prague Quito
    Riga Rome Seoul Seville Sofia Tallinn Tokyo Turin Utrecht Vienna Vilnius Warsaw Zagreb Zurich
    """
)
THINGS = _words(
    """
    apples bread butter candles carrots cheese coffee eggs flour garlic grapes honey lemons
    lentils milk mushrooms noodles oats olives onions oranges pears pepper plums rice salt soap
    spinach sugar tea tomatoes walnuts yoghurt
    """
)
SUBJECTS = (
    "budget",
    "garden",
    "birthday",
    "dentist",
    "holiday",
    "rent",
    "football",
    "choir",
    "kitchen",
    "bicycle",
    "library",
    "piano",
    "passport",
    "insurance",
    "school",
    "train",
    "concert",
    "recipe",
    "workshop",
    "museum",
)
PHRASES = (
    "See you at the station at six",
    "Did you find the blue folder?",
    "The parcel has arrived",
    "I will be ten minutes late",
    "Please bring the spare keys",
    "Lunch on Thursday?",
    "The meeting moved to room four",
    "Thank you for the flowers!",
    "Can you water the plants?",
    "The door code has changed",
    "Call me when you are home",
    "Your bicycle is ready",
    "We are out of milk",
    "The train leaves from platform nine",
    "Happy birthday!",
    "I have booked a table for five",
    "The heating works again",
    "Do not forget the tickets",
    "It rained all day here",
    "Say hello to everyone",
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody known to the phone's owner.

    Attributes:
        name: In full.
        phone: As it is written in the contacts.
        email: Their address.
        city: Where they live.
    """

    name: str
    phone: str
    email: str
    city: str


@dataclass(frozen=True, slots=True)
class World:
    """What all apps of one phone know together.

    Attributes:
        seed: What it was made from.
        today: The day the phone is switched on.
        people: Known to its owner, in no order.
    """

    seed: int
    today: datetime.date
    people: tuple[Person, ...]

    @classmethod
    def make(cls, seed: int) -> "World":
        """Make up a world; the same for the same seed."""
        rng = Random(f"{seed}/world")
        today = datetime.date(2026, 1, 5) + datetime.timedelta(days=rng.randrange(350))
        count = rng.randrange(9, 16)
        firsts = rng.sample(FIRST_NAMES, count - 2) + rng.sample(WORLD_NAMES, 2)
        lasts = rng.sample(LAST_NAMES, count)
        people = tuple(person(rng, f"{a} {b}") for a, b in zip(firsts, lasts, strict=True))
        return cls(seed, today, tuple(rng.sample(people, count)))


def person(rng: Random, name: str) -> Person:
    """Make up what is to be known of somebody."""
    digits = "".join(str(rng.randrange(10)) for _ in range(7))
    words = [word for word in name.lower().split() if word.isascii()]
    email = ".".join(words) + f"@{rng.choice(('post', 'mail', 'home'))}.example"
    # 555 is nobody's: no number here can be anyone's.
    return Person(name, f"0{rng.randrange(20, 90)} 555 {digits[:4]}", email, rng.choice(CITIES))
