"""Tasks with timers, the stopwatch and clocks of the world, and questions about alarms."""

import datetime
from random import Random

from ..apps.clock_data import CITIES, city_time, shown_days, shown_time
from ..apps.clock_spans import seconds_of
from ..phone import Phone
from .base import Family, Params, PracticeTask, Unfit, says
from .clock import at_tab, label, pick
from .hand import Hand
from .steps import Lost


class TellAlarm(Family):
    """Say when an alarm rings."""

    apps = ("clock",)
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick one, and give it a label of its own."""
        alarm = pick(phone, rng)
        alarm["label"] = label(rng, phone)
        return {"alarm": {**alarm}, "answer": shown_time(alarm)}

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f"To what time is my alarm “{p['alarm']['label']}” set? Answer as the clock shows it, "
            "such as 09:05 or 18:30."
        )

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it was said."""
        answer = str(task.params["answer"])
        return says(said, answer) or says(said, answer.removeprefix("0"))

    def solve(self, hand: Hand, p: Params) -> None:
        """Look, and say it."""
        at_tab(hand, "Alarms")
        hand.no_dialog()
        hand.see(f"{p['alarm']['label']} · {shown_days(p['alarm']['days'])}")
        hand.answer(p["answer"])


class AlarmMissing(Family):
    """Do something with an alarm that is not there."""

    apps = ("clock",)
    feasible = False

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Make up an alarm's label."""
        what = rng.choice(("Switch off", "Delete", "Set to half an hour later"))
        return {"label": label(rng, phone), "what": what}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"{p['what']} the alarm with the label “{p['label']}”."

    def solve(self, hand: Hand, p: Params) -> None:
        """Look through the list, and say that it is not there."""
        at_tab(hand, "Alarms")
        hand.no_dialog()
        alarms = hand.data["clock"]["alarms"]
        if alarms:
            last = max(alarms, key=lambda alarm: (shown_time(alarm), alarm["id"]))
            hand.see(f"{last['label']} · {shown_days(last['days'])}")
        hand.give_up(f"there is no alarm {p['label']}")


class StartTimer(Family):
    """Start a timer."""

    apps = ("clock",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Make up a span."""
        hours = rng.choice((0, 0, 0, 1, 2))
        minutes = rng.randrange(2, 60)
        seconds = rng.choice((0, 0, 15, 20, 30, 45))
        return {"digits": f"{hours:02d}{minutes:02d}{seconds:02d}".lstrip("0")}

    def goal(self, p: Params) -> str:
        """Say it."""
        minutes, second = divmod(seconds_of(p["digits"]), 60)
        hour, minute = divmod(minutes, 60)
        named = ((hour, "hour"), (minute, "minute"), (second, "second"))
        parts = [f"{count} {unit}{'s' * (count != 1)}" for count, unit in named if count]
        return f"Start a timer of {' and '.join(parts)}."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it runs."""
        timer = phone.data("clock")["timer"]
        wanted = seconds_of(task.params["digits"])
        return bool(timer["state"] == "running" and timer["total"] == wanted)

    def solve(self, hand: Hand, p: Params) -> None:
        """Type it in and start it."""
        at_tab(hand, "Timer")
        hand.no_dialog()
        timer = hand.data["clock"]["timer"]
        if timer["state"] != "set":
            same = timer["total"] == seconds_of(p["digits"])
            hand.tap("Resume" if same and timer["state"] == "paused" else "Reset")
        typed = hand.local.get("digits", "")
        if typed == p["digits"]:
            hand.tap("Start")
        if not p["digits"].startswith(typed):
            hand.tap("Delete last digit")
        rest = p["digits"][len(typed) :]
        hand.tap("key_00" if rest.startswith("00") else f"key_{rest[0]}", why=f"type {rest[0]}")


class PauseTimer(Family):
    """Pause the timer that runs, let it go on, end it, or give it more time."""

    apps = ("clock",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Have a timer run, or paused."""
        total = 60 * rng.randrange(20, 300)
        left = float(rng.randrange(900, total))
        timer = phone.data("clock")["timer"]
        timer.update(total=total, run=1)
        if rng.random() < 0.5:
            timer.update(state="running", ends=phone.now + left)
            phone.later("clock", left, "timer_done", {"run": 1})
            to = rng.choice(("paused", "set", "running"))
        else:
            timer.update(state="paused", left=left)
            to = rng.choice(("running", "set", "paused"))
        more = rng.randrange(1, 7) if to == timer["state"] else 0
        return {"from": timer["state"], "to": to, "more": more, "total": total + 60 * more}

    def goal(self, p: Params) -> str:
        """Say it."""
        now = "A timer is running" if p["from"] == "running" else "My timer is paused"
        words = {"paused": "Pause it", "running": "Let it go on", "set": "Reset it"}[p["to"]]
        if p["more"]:
            still = "running" if p["to"] == "running" else "paused"
            minutes = "a minute" if p["more"] == 1 else f"{p['more']} minutes"
            words = f"Give it {minutes} more, and leave it {still}"
        return f"{now} in the Clock app. {words}."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is so, and the timer is still the same one."""
        timer, p = phone.data("clock")["timer"], task.params
        same = p["to"] == "set" or timer["total"] == p["total"]
        return bool(timer["state"] == p["to"] and same)

    def solve(self, hand: Hand, p: Params) -> None:
        """Press the buttons."""
        at_tab(hand, "Timer")
        hand.no_dialog()
        if p["to"] != "set" and hand.data["clock"]["timer"]["total"] < p["total"]:
            hand.tap("+1 min")
        hand.tap({"paused": "Pause", "running": "Resume", "set": "Reset"}[p["to"]])


class LapStopwatch(Family):
    """Start the stopwatch, and perhaps take laps and stop it."""

    apps = ("clock",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Make up how many laps."""
        laps = rng.randrange(0, 5)
        return {"laps": laps, "pause": rng.random() < 0.5}

    def goal(self, p: Params) -> str:
        """Say it."""
        laps = {0: "", 1: ", take one lap"}.get(p["laps"], f", take {p['laps']} laps")
        end = "then pause it" if p["pause"] else "leave it running"
        return f"Start the stopwatch{laps} and {end}."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is so."""
        watch, p = phone.data("clock")["stopwatch"], task.params
        state = "paused" if p["pause"] else "running"
        return bool(watch["state"] == state and len(watch["laps"]) == p["laps"])

    def solve(self, hand: Hand, p: Params) -> None:
        """Press the buttons."""
        at_tab(hand, "Stopwatch")
        hand.no_dialog()
        watch = hand.data["clock"]["stopwatch"]
        count, state = len(watch["laps"]), watch["state"]
        if state == "running":
            hand.tap("Lap" if count < p["laps"] else "Pause")
        if state == "zero":
            hand.tap("Start")
        hand.tap("Reset" if count > p["laps"] else "Resume")


class AddCity(Family):
    """Add a city to the world clock."""

    apps = ("clock",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick one that is not there; the way may be by searching or by scrolling."""
        data = phone.data("clock")
        there = {data["home"], *data["cities"]}
        some = rng.sample([city for city in CITIES if city not in there], rng.choice((1, 1, 2)))
        return {"cities": some, "search": rng.random() < 0.6}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Add {' and '.join(p['cities'])} to the world clock."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it was added, and nothing else changed."""
        wanted = [*task.before["clock"]["cities"], *task.params["cities"]]
        return sorted(phone.data("clock")["cities"]) == sorted(wanted)

    def solve(self, hand: Hand, p: Params) -> None:
        """Find it in the list."""
        missing = [city for city in p["cities"] if city not in hand.data["clock"]["cities"]]
        if not missing:
            raise Lost("a city is there more than once")
        hand.app("clock")
        if hand.pages != ["main", "cities"]:
            at_tab(hand, "World")
            hand.no_dialog()
            hand.tap("Add city")
        hand.no_dialog()
        if p["search"] or hand.text("query"):
            hand.field("query", missing[0])
        hand.tap(f"city_{missing[0]}", why=f"take {missing[0]}")


class RemoveCity(Family):
    """Take a city off the world clock."""

    apps = ("clock",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick one."""
        return {"city": rng.choice(phone.data("clock")["cities"])}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Remove {p['city']} from the world clock."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it, and only it, is gone."""
        kept = [city for city in task.before["clock"]["cities"] if city != task.params["city"]]
        return bool(phone.data("clock")["cities"] == kept)

    def solve(self, hand: Hand, p: Params) -> None:
        """Remove it."""
        at_tab(hand, "World")
        if hand.asked("ask", do="remove", city=p["city"]):
            hand.tap("Remove")
        hand.no_dialog()
        hand.tap(f"Remove {p['city']}")


class TellCityTime(Family):
    """Say what time it is elsewhere."""

    apps = ("clock",)
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick a city of the world clock."""
        data = phone.data("clock")
        if not data["cities"]:
            raise Unfit("the world clock has no cities")
        return {"city": rng.choice(data["cities"]), "start": phone.clock.isoformat()}

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f"What time is it in {p['city']} now, by the world clock on this phone? Answer with "
            "hours and minutes in the 24-hour form, such as 09:05."
        )

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether a time was said that it has been there since the question was asked."""
        p, data = task.params, phone.data("clock")
        there = city_time(data, p["city"], datetime.datetime.fromisoformat(p["start"]))
        end = min(city_time(data, p["city"], phone.clock), there + datetime.timedelta(minutes=30))
        there = there.replace(second=0, microsecond=0)
        while there <= end:
            shown = there.strftime("%H:%M")
            if says(said, shown) or says(said, shown.removeprefix("0")):
                return True
            there += datetime.timedelta(minutes=1)
        return False

    def solve(self, hand: Hand, p: Params) -> None:
        """Look, and say it."""
        at_tab(hand, "World")
        hand.no_dialog()
        hand.see(p["city"])
        hand.answer(city_time(hand.data["clock"], p["city"], hand.phone.clock).strftime("%H:%M"))
