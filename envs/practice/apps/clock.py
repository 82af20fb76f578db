"""Clock: alarms, clocks of the world, a timer and a stopwatch, each in a tab of its own."""

import datetime

from ..app import App, Command, Page, Screen
from ..controls import Switch
from ..draw import Box, Canvas
from ..layout import Column, Grid, Row
from ..rows import Item, empty, heading, padded
from ..style import Style
from ..view import Act, View
from ..widgets import Button, Chip, Icon, IconButton, Text
from .clock_data import (
    CITIES,
    DAYS,
    Alarm,
    city_time,
    next_ring,
    seed,
    shown_days,
    shown_difference,
    shown_time,
)
from .clock_spans import add_doings, stopwatch_body, timer_body
from .fitting import Fitting

app = App("clock", "Clock", "access_time", (40, 60, 110), seed)
add_doings(app)

TABS = {"Alarms": "alarm", "World": "public", "Timer": "hourglass_empty", "Stopwatch": "timer"}
"""Tabs and their icons."""


class _Tab(Column):
    role = "tab"

    def __init__(self, name: str, icon: str, on_tap: Act, *, on: bool) -> None:
        colour = "accent" if on else "muted"
        super().__init__(
            Icon(icon, colour=colour),
            Fitting(name, sp=12, bold=on, colour=colour, lines=1, align="centre"),
            pad=(2, 6, 2, 6),
            label=name,
            id=f"tab_{name.lower()}",
            on_tap=on_tap,
            grow=1,
        )
        self.selected = on


class _Bar(Row):
    """The tabs, with a line above them."""

    def draw(self, c: Canvas, s: Style) -> None:
        super().draw(c, s)
        top = self.box.top
        c.fill(Box(self.box.left, top, self.box.right, top + s.dp(1)), s.line)


@app.page("main")
def main(s: Screen) -> Page:
    """Show one of the tabs."""
    tab = s.local.setdefault("tab", "Alarms")

    def show(name: str) -> Act:
        def act() -> None:
            s.local["tab"] = name
            s.local.get("scroll", {}).clear()

        return act

    tabs = _Bar(*(_Tab(name, icon, show(name), on=name == tab) for name, icon in TABS.items()))
    body: list[View]
    add: Command | None = None
    if tab == "Alarms":
        body = _alarms(s)
        add = ("add", "Add alarm", s.opens("alarm", id=0))
    elif tab == "World":
        body = _world(s)
        add = ("add", "Add city", s.opens("cities"))
    else:
        body = timer_body(s) if tab == "Timer" else stopwatch_body(s)
    return Page(tab if tab != "World" else "World clock", body, add=add, below=tabs)


# Alarms


def _alarms(s: Screen) -> list[View]:
    alarms = sorted(s.data["alarms"], key=lambda alarm: (shown_time(alarm), alarm["id"]))
    return [_alarm_row(s, alarm) for alarm in alarms] or [empty("No alarms", "alarm")]


def _alarm_row(s: Screen, alarm: Alarm) -> View:
    on, id = alarm["on"], alarm["id"]
    label = f"{alarm['label']} · " if alarm["label"] else ""
    words = Column(
        Text(shown_time(alarm), sp=30, bold=on, colour="text" if on else "muted"),
        Text(f"{label}{shown_days(alarm['days'])}", sp=14, colour="muted", lines=2),
        grow=1,
    )
    name = f"Alarm {shown_time(alarm)} {alarm['label']}".strip()
    switch = Switch(on, lambda: flip(s, id), label=name, id=f"switch_{id}")
    row = Row(words, switch, pad=(16, 8, 12, 8), on_tap=s.opens("alarm", id=id), id=f"alarm_{id}")
    row.role = "item"
    return row


def _alarm(s: Screen, id: int) -> Alarm:
    found = [alarm for alarm in s.data["alarms"] if alarm["id"] == id]
    if not found:
        raise LookupError(f"there is no alarm {id}")
    alarm: Alarm = found[0]
    return alarm


@app.does("flip")
def flip(s: Screen, id: int) -> None:
    """Switch an alarm on or off."""
    alarm = _alarm(s, id)
    alarm["on"] = not alarm["on"]
    _plan(s, alarm)


def _plan(s: Screen, alarm: Alarm) -> None:
    """Have an alarm ring when it is due, and say when that is."""
    planned: dict[str, str] = s.data["planned"]
    planned.pop(str(alarm["id"]), None)
    if not alarm["on"]:
        return
    then = next_ring(alarm, s.phone.clock)
    planned[str(alarm["id"])] = then.isoformat()
    wait = then - s.phone.clock
    s.later(wait.total_seconds(), "ring", id=alarm["id"], at=then.isoformat())
    hours, minutes = divmod(round(wait.total_seconds() / 60), 60)
    s.toast(f"Rings in {hours} h {minutes} min")


@app.does("ring")
def ring(s: Screen, id: int, at: str) -> None:
    """Ring, unless the alarm was changed meanwhile; one that rings once is then off."""
    if s.data["planned"].get(str(id)) != at:
        return
    alarm = _alarm(s, id)
    s.phone.notify("clock", f"Alarm {shown_time(alarm)}", alarm["label"] or "It is time", "main")
    alarm["on"] = bool(alarm["days"])
    _plan(s, alarm)
    s.toast(f"Alarm {shown_time(alarm)} {alarm['label']}".strip())


@app.page("alarm")
def alarm_page(s: Screen) -> Page:
    """Set an alarm up. ``id`` 0 is a new one; nothing counts before it is saved."""
    id = s.args["id"]
    if "draft" not in s.local:
        hour = (s.phone.clock.hour + 1) % 24
        new: Alarm = {"id": 0, "hour": hour, "minute": 0, "label": "", "days": [], "on": True}
        start = _alarm(s, id) if id else new
        s.local["draft"] = {**start, "days": list(start["days"])}
        s.local["start"] = {**start, "days": list(start["days"])}
    draft: Alarm = s.local["draft"]
    s.begin("label", draft["label"])

    def save() -> None:
        changed = {**draft, "label": s.text("label").strip(), "on": True}
        if id:
            _alarm(s, id).update(changed)
        else:
            changed["id"] = s.data["next"]
            s.data["next"] += 1
            s.data["alarms"].append(changed)
        s.close()
        _plan(s, _alarm(s, changed["id"]))

    def leave() -> None:
        if {**draft, "label": s.text("label")} == s.local["start"]:
            s.close()
        else:
            s.ask("Discard changes?", "The alarm has not been saved.", "Discard", "discard")

    def delete() -> None:
        s.ask("Delete alarm?", f"{shown_time(draft)} {draft['label']}", "Delete", "delete", id=id)

    def flip_day(day: int) -> Act:
        def act() -> None:
            days = {*draft["days"]} ^ {day}
            draft["days"] = sorted(days)

        return act

    time = Row(
        Text(shown_time(draft), sp=52, bold=True),
        Icon("edit", dp=20),
        gap=12,
        pad=(16, 8, 16, 8),
        on_tap=lambda: s.pick_time(draft["hour"], draft["minute"], "set_time"),
        label=f"Time {shown_time(draft)}",
        id="time",
    )
    days: list[View] = [
        _day(DAYS[day], day in draft["days"], flip_day(day), id=f"day_{day}") for day in range(7)
    ]
    commands = [("check", "Save", save)]
    if id:
        commands.insert(0, ("delete", "Delete", delete))
    body = [
        time,
        heading("Repeat"),
        Column(Grid(days, 7, gap=2), pad=(12, 0, 12, 0)),
        padded(Text(shown_days(draft["days"]), sp=14, colour="muted")),
        padded(s.field("label", "Label", on_submit=save)),
        padded(Row(Column(grow=1), Button("Save alarm", save))),
    ]
    return Page("Edit alarm" if id else "New alarm", body, commands=commands[:-1], back=leave)


class _Day(Chip):
    """A day of the week: as narrow as a seventh of the screen."""

    def width_of(self, s: Style) -> int:
        return s.dp(40)


def _day(name: str, on: bool, act: Act, id: str) -> Chip:
    chip = _Day(name[:1], on, act, id=id, label=name)
    chip.checkable, chip.checked = True, on
    return chip


@app.does("set_time")
def set_time(s: Screen, hour: int, minute: int) -> None:
    """Take the time that was picked into the alarm that is being set up."""
    s.local["draft"].update(hour=hour, minute=minute)


@app.does("discard")
def discard(s: Screen) -> None:
    """Leave the alarm as it was."""
    s.close()


@app.does("delete")
def delete(s: Screen, id: int) -> None:
    """Delete an alarm."""
    s.data["alarms"].remove(_alarm(s, id))
    s.data["planned"].pop(str(id), None)
    s.close_to("main")
    s.toast("Alarm deleted")


# World


def _world(s: Screen) -> list[View]:
    now = s.phone.clock
    here = padded(
        Text(now.strftime("%H:%M"), sp=48, bold=True, align="centre"),
        Text(f"{s.data['home']}, {now:%A, %-d %B}", sp=14, colour="muted", align="centre"),
        gap=0,
    )
    rows = [_city_row(s, city) for city in s.data["cities"]]
    return [here, *(rows or [empty("No other cities", "public")])]


def _city_row(s: Screen, city: str) -> View:
    now = s.phone.clock
    there = city_time(s.data, city, now)
    days = (there.date() - now.date()).days
    day = {-1: "Yesterday", 0: "Today", 1: "Tomorrow"}[days]

    def asking() -> None:
        s.ask(f"Remove {city}?", "", "Remove", "remove", city=city)

    after = Row(
        Text(there.strftime("%H:%M"), sp=24, bold=True),
        IconButton("close", f"Remove {city}", asking),
        gap=4,
    )
    return Item(city, f"{day}, {shown_difference(s.data, city)}", after=after)


@app.does("remove")
def remove(s: Screen, city: str) -> None:
    """Take a city off the list."""
    s.data["cities"].remove(city)


@app.page("cities")
def cities(s: Screen) -> Page:
    """Let a city be found, to be added."""
    wanted = s.text("query").casefold().strip()

    def adding(city: str) -> Act:
        def act() -> None:
            s.data["cities"].append(city)
            s.close()
            s.toast(f"{city} added")

        return act

    page = Page("Add city", above=s.search(hint="Search cities"))
    if s.loading(0.5):
        page.body = [s.spinner()]
        return page
    rows: list[View] = []
    for city in CITIES:
        if wanted not in city.casefold():
            continue
        there = city in s.data["cities"] or city == s.data["home"]
        act = None if there else adding(city)
        detail = "Already there" if there else _offset(CITIES[city])
        rows.append(Item(city, detail, on_tap=act, enabled=not there, id=f"city_{city}"))
    page.body = rows or [empty("No such city", "search")]
    return page


def _offset(minutes: int) -> str:
    zone = datetime.timedelta(minutes=abs(minutes))
    hours, rest = divmod(int(zone.total_seconds()) // 60, 60)
    return f"UTC{'−' if minutes < 0 else '+'}{hours}:{rest:02d}"
