"""Flights: the cheapest, the shortest."""

import re

from .....actions import schema as a
from ..oracle import Moves, oracle
from ..page import Page
from .dates import picked
from .hands import awaited, between, press, tap, texts

_OFFERS = ".ui-autocomplete .ui-menu-item-wrapper"


def _minutes(duration: str) -> int:
    """Read ``12h 34m``."""
    hours, minutes = re.findall(r"\d+", duration)
    return 60 * int(hours) + int(minutes)


async def _best(page: Page, wish: str) -> int:
    """Give the number of the flight that is the cheapest, or the shortest."""
    if wish == "shortest":
        values = [_minutes(text) for text in await texts(page, ".time-duration")]
    else:
        values = [int(text.split("$")[1]) for text in await texts(page, ".flight-price")]
    return values.index(min(values))


@oracle("book-flight")
@oracle("book-flight-nodelay")
async def book_flight(page: Page) -> Moves:
    """From, to, a date; then the best of the flights found."""
    wish = between(page.goal, "Book the ", " one-way flight")
    origin = between(page.goal, "flight from: ", " to: ")
    destination = between(page.goal, " to: ", " on ")
    for field, place in (("#flight-from", origin), ("#flight-to", destination)):
        yield await tap(page, field)
        yield a.Type(text=place)
        async for move in awaited(page, _OFFERS):
            yield move
        offers = await texts(page, _OFFERS)
        nth = next(number for number, text in enumerate(offers) if place in text)
        # By keys: a list of several is laid out anew, with a scrollbar, under a pointer.
        yield a.Key(keys="down", count=nth + 1)
        yield a.Key(keys="enter")
    async for move in picked(page, "#datepicker", page.goal.rstrip(".").split(" on ")[-1]):
        yield move
    async for move in press(page, "#search"):
        yield move
    nth = await _best(page, wish)
    async for move in press(page, ".flight-price", nth=nth):
        yield move
