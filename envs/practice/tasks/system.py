"""Tasks outside of apps: quick settings, open apps, permissions, the lock."""

from random import Random
from typing import ClassVar

from ..phone import Phone
from ..surfaces import QUICK
from .base import Family, Params, PracticeTask, Unfit
from .hand import Hand

_TILES = {name: (table, key) for name, _, table, key in QUICK}


def allowed_apps(phone: Phone, rng: Random, count: int) -> list[str]:
    """Pick apps, which then ask for nothing when they are opened."""
    chosen = rng.sample(list(phone.apps), count)
    for name in chosen:
        phone.state.permissions[name] = True
    return chosen


def open_some(phone: Phone, rng: Random, count: int) -> list[str]:
    """Have some apps open, and be on the home screen; gives them, the last used first."""
    for name in reversed(allowed_apps(phone, rng, count)):
        phone.open_app(name)
    phone.go_home()
    return list(phone.state.recent)


def title(phone: Phone, name: str) -> str:
    """Give the name that people see."""
    return phone.apps[name].label


class QuickToggle(Family):
    """Switch something by its tile in the shade."""

    apps = ("settings",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Have the tiles stand in any way, and pick one or two."""
        for table, key in _TILES.values():
            if key != "ui_night_mode":
                phone.put(table, key, rng.random() < 0.4)
        now = {name: phone.on(*entry) for name, entry in _TILES.items()}
        wanted = {name: not now[name] for name in rng.sample(list(now), rng.choice((1, 1, 2)))}
        return {"wanted": wanted, "all": {**now, **wanted}}

    def goal(self, p: Params) -> str:
        """Say it."""
        parts = [f"{name} {'on' if on else 'off'}" for name, on in p["wanted"].items()]
        return f"In the quick settings at the top of the screen, switch {' and '.join(parts)}."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether all of them stand as they shall."""
        return all(phone.on(*_TILES[name]) is on for name, on in task.params["all"].items())

    def solve(self, hand: Hand, p: Params) -> None:
        """Pull down the shade, and tap."""
        hand.shade()
        for name, on in p["all"].items():
            if hand.phone.on(*_TILES[name]) is not on:
                hand.tap(name)


class CloseApp(Family):
    """Close one open app, and leave the others open."""

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Open some apps, and pick one."""
        there = open_some(phone, rng, rng.randrange(3, min(6, len(phone.apps)) + 1))
        app = rng.choice(there)
        others = [name for name in there if name != app]
        return {"app": app, "label": title(phone, app), "others": others}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Close the app {p['label']} in the list of recent apps; the others stay open."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is closed, and the others are not."""
        there = phone.state.recent
        return task.params["app"] not in there and all(
            name in there for name in task.params["others"]
        )

    def solve(self, hand: Hand, p: Params) -> None:
        """Tap its cross."""
        there = hand.phone.state.recent
        for name in p["others"]:
            if name not in there:  # closed by mistake
                hand.app(name)
        hand.recents()
        hand.tap(f"Close {p['label']}")


class CloseAllApps(Family):
    """Close all open apps."""

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Open some apps; one of them may be in front."""
        there = open_some(phone, rng, rng.randrange(2, min(6, len(phone.apps)) + 1))
        if rng.random() < 0.5:
            phone.open_app(there[0])
        return {"count": len(there), "last": title(phone, there[0])}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Close all {p['count']} open apps; {p['last']} was used last."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether none is open."""
        return not phone.state.recent

    def solve(self, hand: Hand, p: Params) -> None:
        """Use the button below them."""
        hand.recents()
        hand.tap("Clear all")


class SwitchApp(Family):
    """Go back to an open app, as it was left."""

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Open some apps, and pick one that was not used last."""
        there = open_some(phone, rng, rng.randrange(2, min(5, len(phone.apps)) + 1))
        phone.open_app(there[0])
        app = rng.choice(there[1:])
        return {"app": app, "label": title(phone, app)}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Switch to the app {p['label']} by the list of recent apps."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is in front."""
        return phone.current[0] == phone.apps[task.params["app"]].package

    def solve(self, hand: Hand, p: Params) -> None:
        """Tap it in the list."""
        if p["app"] not in hand.phone.state.recent:  # closed by mistake
            hand.app(p["app"])
        hand.recents()
        hand.tap(p["label"])


class OpenApps(Family):
    """Open several apps, one after the other."""

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick some."""
        apps = allowed_apps(phone, rng, min(rng.randrange(1, 5), len(phone.apps)))
        return {"apps": apps, "labels": [title(phone, name) for name in apps]}

    def goal(self, p: Params) -> str:
        """Say it."""
        if len(p["labels"]) == 1:
            return f"Open the app {p['labels'][0]}."
        return f"Open these apps in this order, and stay in the last: {', '.join(p['labels'])}."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether they were used last, in that order."""
        wanted: list[str] = task.params["apps"]
        in_front = phone.current[0] == phone.apps[wanted[-1]].package
        return in_front and phone.state.recent[: len(wanted)] == wanted[::-1]

    def solve(self, hand: Hand, p: Params) -> None:
        """Open the next one."""
        wanted, recent = p["apps"], hand.phone.state.recent
        done = max(n for n in range(len(wanted)) if recent[:n] == wanted[:n][::-1])
        hand.app(wanted[done])
        hand.no_dialog()


class MissingApp(Family):
    """Open an app that this phone does not have."""

    feasible = False

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Make up an app."""
        names = ("Banking", "Weather", "Podcasts", "Chess", "Translator", "Fitness")
        return {"label": rng.choice(names) + rng.choice(("", " Pro", " Lite", " Plus"))}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Open the app {p['label']}."

    def solve(self, hand: Hand, p: Params) -> None:
        """Look on the home screen, and say that it is not there."""
        hand.home()
        hand.give_up(f"there is no app {p['label']}")


class _Permission(Family):
    """An app asks for something when it is opened."""

    allow: ClassVar[bool]

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick an app that asks, and have it not asked yet."""
        asking = [app for app in phone.apps.values() if app.permission]
        if not asking:
            raise Unfit("no app asks for anything")
        app = rng.choice(asking)
        phone.state.permissions[app.id] = None
        others = rng.choice((0, 0, 1, 2))
        there = [name for name in open_some(phone, rng, others) if name != app.id]
        phone.stop_app(app.package)
        phone.state.permissions[app.id] = None
        return {"app": app.id, "label": app.label, "what": app.permission, "others": there}

    def goal(self, p: Params) -> str:
        """Say it."""
        answer = "allow" if self.allow else "do not allow"
        return f"Open the app {p['label']} and {answer} it to {p['what']}."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether that is the answer."""
        p = task.params
        there = phone.current[0] == phone.apps[p["app"]].package
        return there and phone.state.permissions[p["app"]] is self.allow

    def solve(self, hand: Hand, p: Params) -> None:
        """Answer; where it was answered wrong, put that right in the settings."""
        if hand.phone.state.permissions[p["app"]] is (not self.allow):
            hand.go("settings", ("permissions", "Permissions"))
            hand.no_dialog()
            hand.switch(p["label"], on=self.allow)
        hand.app(p["app"], allow=self.allow)


class DenyPermission(_Permission):
    """Do not allow what an app asks for."""

    allow = False


class AllowPermission(_Permission):
    """Allow what an app asks for."""

    allow = True


class LockPhone(Family):
    """Switch the screen off, with an app in front."""

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick the app."""
        app = allowed_apps(phone, rng, 1)[0]
        return {"app": app, "label": title(phone, app)}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Open the app {p['label']}, then switch the screen off with the power key."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is off, and what would be in front."""
        return not phone.awake and phone.state.front == task.params["app"]

    def solve(self, hand: Hand, p: Params) -> None:
        """Press the key."""
        hand.app(p["app"])
        hand.power()
