"""Tasks with alarms."""

from random import Random
from typing import Any

from ....actions import schema as a
from ..apps.clock_data import DAYS, LABELS, Alarm, shown_time
from ..phone import Phone
from ..words import FIRST_NAMES, SUBJECTS
from .base import Family, Params, PracticeTask, Unfit
from .hand import Hand
from .steps import Next


def label(rng: Random, phone: Phone) -> str:
    """Make up a label that no alarm has."""
    taken = {alarm["label"] for alarm in phone.data("clock")["alarms"]}
    while True:
        kind = rng.randrange(3)
        made = (
            rng.choice(LABELS),
            f"{rng.choice(FIRST_NAMES)}'s {rng.choice(SUBJECTS)}",
            f"{rng.choice(SUBJECTS).title()} {rng.choice('№#')}{rng.randrange(1, 60)}",
        )[kind]
        if made not in taken:
            return made


def pick(phone: Phone, rng: Random, **facts: Any) -> Alarm:
    """Pick an alarm of which certain things are true. Labels differ, so it can be told of."""
    alarms = phone.data("clock")["alarms"]
    found = [one for one in alarms if all(one[key] == value for key, value in facts.items())]
    if not found:
        raise Unfit(f"there is no alarm with {facts}")
    picked: Alarm = rng.choice(found)
    return picked


def time(rng: Random, hour: int, minute: int) -> tuple[int, int]:
    """Make up another time that few taps lead to from one."""
    other = (hour + rng.choice((-4, -3, -2, -1, 1, 2, 3, 4))) % 24
    return other, (minute + rng.choice((0, 1, 2, 10, 12, 20, 30, 50, 58))) % 60


def alarms_are(phone: Phone, wanted: list[Alarm]) -> bool:
    """Whether the alarms are these, whatever their order."""

    def in_order(alarms: list[Alarm]) -> list[Alarm]:
        return sorted(alarms, key=lambda alarm: int(alarm["id"]))

    return in_order(phone.data("clock")["alarms"]) == in_order(wanted)


def changed(task: PracticeTask, id: int, **changes: Any) -> list[Alarm]:
    """Give the alarms as they were, but for one."""
    before = task.before["clock"]["alarms"]
    return [{**one, **changes} if one["id"] == id else one for one in before]


# Ways


def at_tab(hand: Hand, tab: str) -> None:
    """Be on a tab, with whatever dialogs are over it."""
    hand.app("clock")
    if hand.asked("ask", do="discard"):
        hand.tap("Discard")
    if hand.pages != ["main"]:
        hand.no_dialog()
        raise Next(a.Back(), "this is another page")
    if hand.local["tab"] != tab:
        hand.no_dialog()
        hand.tap(f"tab_{tab.lower()}", why=f"show the tab {tab}")


def at_alarm(hand: Hand, id: int) -> None:
    """Have an alarm's page open; 0 is a new one."""
    hand.app("clock")
    if hand.pages == ["main", "alarm"] and hand.args["id"] == id:
        return
    at_tab(hand, "Alarms")
    hand.no_dialog()
    hand.tap(f"alarm_{id}" if id else "Add alarm", why="open the alarm" if id else "")


def set_alarm(hand: Hand, id: int, hour: int, minute: int, label: str, days: list[int]) -> None:
    """Have an alarm set so; 0 makes a new one."""
    at_alarm(hand, id)
    hand.time(hour, minute)
    hand.no_dialog()
    draft = hand.local["draft"]
    if (draft["hour"], draft["minute"]) != (hour, minute):
        hand.tap("time", why="pick the time")
    for day in range(7):
        if (day in draft["days"]) != (day in days):
            hand.tap(f"day_{day}", why=f"tap {DAYS[day]}")
    hand.field("label", label)
    hand.tap("Save alarm")


def spoken_days(days: list[int]) -> str:
    """Say on which days an alarm rings."""
    if not days:
        return "once"
    if len(days) == 7:
        return "every day"
    names = [f"{DAYS[day]}s" for day in days]
    return "on " + (f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0])


class AddAlarm(Family):
    """Set a new alarm, perhaps with a label and on certain days."""

    apps = ("clock",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Make up the alarm."""
        hour, minute = time(rng, (phone.clock.hour + 1) % 24, 0)
        days = rng.choice(([], [], sorted(rng.sample(range(7), rng.randrange(1, 4)))))
        text = label(rng, phone) if rng.random() < 0.7 else ""
        return {"hour": hour, "minute": minute, "label": text, "days": days}

    def goal(self, p: Params) -> str:
        """Say it."""
        text = f"with the label “{p['label']}”" if p["label"] else "without a label"
        return f"Set a new alarm for {shown_time(p)} {text} that rings {spoken_days(p['days'])}."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is there, switched on, and nothing else changed."""
        before = task.before["clock"]
        new = {**task.params, "id": before["next"], "on": True}
        return alarms_are(phone, [*before["alarms"], new])

    def solve(self, hand: Hand, p: Params) -> None:
        """Set it up."""
        set_alarm(hand, 0, **p)


class ChangeAlarm(Family):
    """Set an alarm to another time."""

    apps = ("clock",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick an alarm and a time."""
        alarm = pick(phone, rng)
        hour, minute = time(rng, alarm["hour"], alarm["minute"])
        return {"alarm": {**alarm}, "hour": hour, "minute": minute}

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f"Change the alarm “{p['alarm']['label']}” from {shown_time(p['alarm'])} to "
            f"{shown_time(p)}. It shall be switched on."
        )

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it rings then, and nothing else changed."""
        p = task.params
        new = {"hour": p["hour"], "minute": p["minute"], "on": True}
        return alarms_are(phone, changed(task, p["alarm"]["id"], **new))

    def solve(self, hand: Hand, p: Params) -> None:
        """Pick the other time; what is saved is switched on."""
        alarm = p["alarm"]
        set_alarm(hand, alarm["id"], p["hour"], p["minute"], alarm["label"], alarm["days"])


class RepeatAlarm(Family):
    """Have an alarm ring on other days."""

    apps = ("clock",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick an alarm and days."""
        alarm = pick(phone, rng)
        days = sorted(rng.sample(range(7), rng.randrange(1, 5)))
        while days == alarm["days"]:
            days = sorted(rng.sample(range(7), rng.randrange(1, 5)))
        return {"alarm": {**alarm}, "days": days}

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f"Let the alarm “{p['alarm']['label']}” at {shown_time(p['alarm'])} ring "
            f"{spoken_days(p['days'])} and on no other day. It shall be switched on."
        )

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it rings on those days, and nothing else changed."""
        p = task.params
        return alarms_are(phone, changed(task, p["alarm"]["id"], days=p["days"], on=True))

    def solve(self, hand: Hand, p: Params) -> None:
        """Tap the days."""
        alarm = p["alarm"]
        set_alarm(hand, alarm["id"], alarm["hour"], alarm["minute"], alarm["label"], p["days"])


class SwitchAlarm(Family):
    """Switch an alarm on or off."""

    apps = ("clock",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick one."""
        return {"alarm": {**pick(phone, rng)}}

    def goal(self, p: Params) -> str:
        """Say it."""
        alarm = p["alarm"]
        way = "off" if alarm["on"] else "on"
        return f"Switch the alarm “{alarm['label']}” at {shown_time(alarm)} {way}."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is so, and nothing else changed."""
        alarm = task.params["alarm"]
        return alarms_are(phone, changed(task, alarm["id"], on=not alarm["on"]))

    def solve(self, hand: Hand, p: Params) -> None:
        """Flip its switch."""
        at_tab(hand, "Alarms")
        hand.no_dialog()
        hand.switch(f"switch_{p['alarm']['id']}", on=not p["alarm"]["on"])


class SwitchAlarmsOff(Family):
    """Switch off all alarms before or after a time."""

    apps = ("clock",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick a time that some alarms that are on lie on one side of."""
        alarms = phone.data("clock")["alarms"]
        for alarm in rng.sample(alarms, 3):
            alarm["on"] = True
        found = []
        for hour in range(6, 22):
            for before in (True, False):
                times = [(one["id"], one["on"], shown_time(one) < f"{hour:02d}") for one in alarms]
                ids = [id for id, on, early in times if on and early == before]
                on_time = any(shown_time(one) == f"{hour:02d}:00" for one in alarms)
                if 2 <= len(ids) <= 6 and not on_time:
                    found.append({"hour": hour, "before": before, "ids": ids})
        if not found:
            raise Unfit("no hour parts the alarms")
        return rng.choice(found)

    def goal(self, p: Params) -> str:
        """Say it."""
        side = "before" if p["before"] else "after"
        return (
            f"In the clock, switch off every alarm that is set to a time of day {side} "
            f"{p['hour']:02d}:00. Leave the other alarms as they are."
        )

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether they, and only they, were switched off."""
        ids = task.params["ids"]
        before = task.before["clock"]["alarms"]
        return alarms_are(phone, [{**one, "on": one["on"] and one["id"] not in ids}
                                  for one in before])  # fmt: skip

    def solve(self, hand: Hand, p: Params) -> None:
        """Flip their switches, from the top."""
        at_tab(hand, "Alarms")
        hand.no_dialog()
        alarms = [one for one in hand.data["clock"]["alarms"] if one["id"] in p["ids"]]
        for alarm in sorted(alarms, key=shown_time):
            hand.switch(f"switch_{alarm['id']}", on=False)


class DeleteAlarm(Family):
    """Delete an alarm."""

    apps = ("clock",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick one."""
        return {"alarm": {**pick(phone, rng)}}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Delete the alarm “{p['alarm']['label']}” that is set to {shown_time(p['alarm'])}."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it, and only it, is gone."""
        id = task.params["alarm"]["id"]
        return alarms_are(phone, [one for one in task.before["clock"]["alarms"] if one["id"] != id])

    def solve(self, hand: Hand, p: Params) -> None:
        """Delete it on its page."""
        at_alarm(hand, p["alarm"]["id"])
        if hand.asked("ask", do="delete"):
            hand.tap("Delete")
        hand.no_dialog()
        hand.tap("Delete")
