"""What the messages app remembers: conversations by telephone number."""

import datetime
from random import Random
from typing import Any

from ..phrases import ANSWERS, MESSAGES
from ..words import World, person
from .contacts import digits

Talk = dict[str, Any]
"""A conversation: ``number``, ``messages``, and ``answers`` still to come to what is written."""
Message = dict[str, Any]
"""``id``, ``mine``, ``text``, ``at`` (ISO 8601)."""


def seed(world: World, rng: Random) -> dict[str, Any]:
    """Make conversations with most of the people, and with some unknown numbers."""
    people = list(world.people)
    numbers = [one.phone for one in rng.sample(people, len(people) - rng.randrange(3))]
    numbers += [person(rng, "Nobody").phone for _ in range(rng.randrange(2, 6))]
    rng.shuffle(numbers)
    talks: list[Talk] = []
    count = 0
    unread = set(rng.sample(numbers, rng.randrange(1, 4)))
    looked: dict[str, int] = {}
    end = datetime.datetime.combine(world.today, datetime.time(7, rng.randrange(60)))
    for number in numbers:
        length = rng.randrange(1, 9)
        texts = rng.sample(MESSAGES, length)
        at = end - datetime.timedelta(minutes=rng.randrange(300))
        messages = []
        for place, text in enumerate(reversed(texts)):
            count += 1
            if at.hour < 7:
                at -= datetime.timedelta(hours=at.hour + 2)  # people sleep at night
            mine = rng.random() < 0.5 and not (place == 0 and number in unread)
            stamp = at.isoformat(timespec="seconds")
            messages.append({"id": count, "mine": mine, "text": text, "at": stamp})
            at -= datetime.timedelta(minutes=rng.choice((1, 3, 8, 50, 700, 2000)))
        messages.reverse()
        if number not in unread:
            looked[digits(number)] = count
        answers = [rng.choice(ANSWERS)] if rng.random() < 0.4 else []
        talks.append({"number": number, "messages": messages, "answers": answers})
        end -= datetime.timedelta(hours=rng.randrange(1, 60))
    return {"talks": talks, "next": count + 1, "_looked": looked}


def talk_with(data: dict[str, Any], number: str) -> Talk | None:
    """Give the conversation with a number, however it is written; None: there is none."""
    wanted = digits(number)
    return next((one for one in data["talks"] if digits(one["number"]) == wanted), None)


def write(data: dict[str, Any], number: str, text: str, *, mine: bool, at: str) -> Talk:
    """Put a message into the conversation with a number, which is begun where there is none.

    Args:
        data: Of this app.
        number: Of the other one.
        text: What it says.
        mine: Whether the phone's owner wrote it.
        at: When, ISO 8601.
    """
    talk = talk_with(data, number)
    if talk is None:
        talk = {"number": number, "messages": [], "answers": []}
        data["talks"].append(talk)
    talk["messages"].append({"id": data["next"], "mine": mine, "text": text, "at": at})
    data["next"] += 1
    return talk


def newest_first(data: dict[str, Any]) -> list[Talk]:
    """Give the conversations as they are listed."""
    return sorted(data["talks"], key=lambda talk: _last(talk), reverse=True)


def _last(talk: Talk) -> tuple[str, int]:
    message = talk["messages"][-1]
    return message["at"], message["id"]


def is_unread(data: dict[str, Any], talk: Talk) -> bool:
    """Whether the last message is the other one's and was not looked at."""
    last = talk["messages"][-1]
    seen: int = data["_looked"].get(digits(talk["number"]), 0)
    return not last["mine"] and last["id"] > seen
