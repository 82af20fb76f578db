"""Dialogs that every app has: questions, choices, a text, a time, a day, the menu."""

import calendar
import datetime
from collections.abc import Callable
from typing import Any

from .app import Build, Page, Screen
from .controls import Tick
from .layout import Column, Grid, Row
from .rows import Item, padded
from .view import Act, View
from .widgets import Button, Chip, IconButton, Text

MONTHS = tuple(calendar.month_name)
DIALOGS: dict[str, Build] = {}
"""Builders by name; every app has them besides its own."""


def _dialog(build: Build) -> Build:
    DIALOGS[build.__name__] = build
    return build


def _finish(s: Screen, **found: Any) -> None:
    """Close the dialog, and do what it was opened for."""
    s.close()
    s.phone.do(s.app.id, s.args["do"], {**s.args["given"], **found})


@_dialog
def ask(s: Screen) -> Page:
    """Ask before something that cannot be undone."""
    text = padded(Text(s.args["text"], colour="muted"), across=24)
    buttons = [("Cancel", s.close), (s.args["action"], lambda: _finish(s))]
    return Page(s.args["title"], [text], dialog=True, buttons=buttons)


@_dialog
def choose(s: Screen) -> Page:
    """Let one of several be chosen; a tap chooses and closes."""

    def row(option: str) -> View:
        tick = Tick(option == s.args["chosen"], radio=True, label=option)
        return Item(option, before=tick, on_tap=lambda: _finish(s, value=option))

    rows = [row(option) for option in s.args["options"]]
    return Page(s.args["title"], rows, dialog=True, buttons=[("Cancel", s.close)])


@_dialog
def prompt(s: Screen) -> Page:
    """Let a text be written."""
    s.begin("text", s.args["value"])

    def finish() -> None:
        _finish(s, text=s.text("text"))

    field = s.field("text", s.args["hint"], on_submit=finish)
    buttons = [("Cancel", s.close), ("OK", finish)]
    return Page(s.args["title"], [padded(field, across=24)], dialog=True, buttons=buttons)


@_dialog
def pick_time(s: Screen) -> Page:
    """Let a time be picked, with arrows above and below hours and minutes."""
    now = s.local.setdefault("time", [s.args["hour"], s.args["minute"]])

    def turn(part: int, step: int) -> Act:
        def act() -> None:
            now[part] = (now[part] + step) % (24, 60)[part]

        return act

    def wheel(part: int, what: str) -> View:
        number = Text(f"{now[part]:02d}", sp=40, bold=True, align="centre", id=what.lower())
        return Column(
            IconButton("expand_less", f"{what} up", turn(part, 1)),
            number,
            IconButton("expand_more", f"{what} down", turn(part, -1)),
            centre=True,
        )

    fast: list[View] = [
        Button("-10 min", lambda: _shift(now, -10), kind="tonal"),
        Button("+10 min", lambda: _shift(now, 10), kind="tonal"),
    ]
    middle = Row(
        Column(grow=1),
        wheel(0, "Hours"),
        Text(":", sp=40, bold=True),
        wheel(1, "Minutes"),
        Column(grow=1),
        gap=12,
    )
    body = [middle, Row(Column(grow=1), *fast, Column(grow=1), gap=8)]
    done = ("OK", lambda: _finish(s, hour=now[0], minute=now[1]))
    return Page("Select time", body, dialog=True, buttons=[("Cancel", s.close), done])


def _shift(now: list[int], minutes: int) -> None:
    total = (now[0] * 60 + now[1] + minutes) % (24 * 60)
    now[:] = divmod(total, 60)


@_dialog
def pick_date(s: Screen) -> Page:
    """Let a day be picked from a month; arrows go to other months."""
    day = datetime.date.fromisoformat(s.local.setdefault("day", s.args["day"]))

    def turn(step: int) -> Act:
        def act() -> None:
            s.local["day"] = other_month(day, step).isoformat()

        return act

    head = Row(
        IconButton("chevron_left", "Previous month", turn(-1)),
        Text(f"{MONTHS[day.month]} {day.year}", bold=True, align="centre", grow=1),
        IconButton("chevron_right", "Next month", turn(1)),
        pad=(8, 0, 8, 0),
    )

    def take(chosen: datetime.date) -> None:
        s.local["day"] = chosen.isoformat()

    body = [head, month_grid(day, take)]
    done = ("OK", lambda: _finish(s, day=s.local["day"]))
    return Page("Select date", body, dialog=True, buttons=[("Cancel", s.close), done])


def other_month(day: datetime.date, step: int) -> datetime.date:
    """Give the same day of another month, or its last where it has none such."""
    number = day.year * 12 + day.month - 1 + step
    year, month = number // 12, number % 12 + 1
    return datetime.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def month_grid(
    chosen: datetime.date,
    take: Callable[[datetime.date], None],
    marked: frozenset[datetime.date] = frozenset(),
) -> View:
    """Give a month's days to tap, weeks from Monday.

    Args:
        chosen: Shown as chosen; its month is shown.
        take: Told the day that is tapped.
        marked: Days with something on them.
    """
    cells: list[View] = [
        Text(name, sp=12, colour="muted", align="centre")
        for name in ("M", "T", "W", "T", "F", "S", "S")
    ]
    first = chosen.replace(day=1)
    cells += [Text("") for _ in range(first.weekday())]
    for number in range(1, calendar.monthrange(chosen.year, chosen.month)[1] + 1):
        day = chosen.replace(day=number)
        dot = "•" if day in marked else ""
        chip = _Day(f"{number}{dot}", day == chosen, _taking(take, day))
        chip.label = f"{number} {MONTHS[day.month]} {day.year}"
        cells.append(chip)
    return Column(Grid(cells, 7), pad=(8, 0, 8, 0))


class _Day(Chip):
    def width_of(self, s: Any) -> int:
        return int(s.dp(40))


def _taking(take: Callable[[datetime.date], None], day: datetime.date) -> Act:
    return lambda: take(day)


@_dialog
def menu(s: Screen) -> Page:
    """Show the menu of the page below."""
    below = s.phone.page_below(s)

    def row(word: str, act: Act) -> View:
        def tap() -> None:
            s.close()
            act()

        return Item(word, on_tap=tap)

    return Page("", [row(word, act) for word, act in below.menu], dialog=True)


@_dialog
def permission(s: Screen) -> Page:
    """Ask whether an app may do what it needs."""

    def answer(allowed: bool) -> Act:
        def act() -> None:
            s.phone.state.permissions[s.app.id] = allowed
            s.close()

        return act

    text = Text(f"Allow {s.app.label} to {s.app.permission}?", sp=18, align="centre")
    return Page(
        "",
        [
            padded(text, across=24, down=20),
            Column(
                Button("Allow", answer(True), kind="tonal"),
                Button("Don't allow", answer(False), kind="tonal"),
                gap=4,
                pad=(24, 0, 24, 20),
            ),
        ],
        dialog=True,
    )
