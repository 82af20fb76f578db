"""More tasks in the settings: what is chosen from a list, what is paired, how loud it is."""

from random import Random

from ..apps.settings_data import DEVICES, LANGUAGES, NETWORKS, TIMEOUTS
from ..phone import Phone
from ..style import THEMES
from .base import Family, Params, PracticeTask, Unfit
from .checks import only
from .hand import Hand


class ChooseTimeout(Family):
    """Choose when the screen goes off; perhaps another theme, too."""

    apps = ("settings",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick another time, and perhaps a theme."""
        now = rng.choice(list(TIMEOUTS))
        phone.put("system", "screen_off_timeout", TIMEOUTS[now])
        theme = rng.choice([name for name in THEMES if name != phone.state.theme])
        return {
            "timeout": rng.choice([name for name in TIMEOUTS if name != now]),
            "theme": theme.title() if rng.random() < 0.4 else phone.state.theme.title(),
            "both": theme.title(),
        }

    def goal(self, p: Params) -> str:
        """Say it."""
        more = f" and the theme to {p['theme']}" if p["theme"] == p["both"] else ""
        return f"In the display settings, set the screen timeout to {p['timeout']}{more}."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is so."""
        p = task.params
        now = phone.state.settings["system"]["screen_off_timeout"]
        return now == TIMEOUTS[p["timeout"]] and phone.state.theme == p["theme"].lower()

    def solve(self, hand: Hand, p: Params) -> None:
        """Choose it in the dialog."""
        hand.go("settings", ("display", "Display"))
        shown = hand.phone.shown_pages()[-1][0].args.get("title")
        if shown == "Screen timeout":
            hand.choose(p["timeout"])
        if shown == "Theme":
            hand.choose(p["theme"])
        hand.no_dialog()
        now = hand.phone.state.settings["system"]["screen_off_timeout"]
        hand.tap("Screen timeout" if now != TIMEOUTS[p["timeout"]] else "Theme")


class ForgetNetwork(Family):
    """Forget a network that was joined before."""

    apps = ("settings",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Have some saved."""
        data = phone.data("settings")
        data["saved"] = rng.sample(NETWORKS, rng.randrange(2, 7))
        data["network"] = rng.choice([None, data["saved"][0]])
        name = rng.choice(data["saved"])
        return {"name": name, "rest": [one for one in data["saved"] if one != name]}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Forget the saved Wi-Fi network {p['name']}, and keep the others."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is gone, and the others are there."""
        saved = phone.data("settings")["saved"] == task.params["rest"]
        return saved and only(phone, task, "settings", "saved", "network")

    def solve(self, hand: Hand, p: Params) -> None:
        """Tap it among the saved ones."""
        hand.go("settings", ("network", "Network"), ("saved", "Saved networks"))
        if hand.dialog == "ask" and hand.sees(p["name"]):
            given = hand.phone.shown_pages()[-1][0].args["given"]
            if given.get("name") == p["name"]:
                hand.confirm("Forget")
        hand.no_dialog()
        hand.tap(p["name"])


class _Device(Family):
    """Something is paired or unpaired; ``p["paired"]`` is what shall be."""

    apps = ("settings",)

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether the list is so."""
        now = set(phone.data("settings")["paired"])
        return now == set(task.params["paired"]) and only(phone, task, "settings", "paired")

    def solve(self, hand: Hand, p: Params) -> None:
        """Tap it, and confirm."""
        hand.go("settings", ("devices", "Connected devices"))
        given = hand.phone.shown_pages()[-1][0].args.get("given", {})
        if hand.dialog == "ask" and given.get("name") == p["name"]:
            hand.confirm(p["word"])
        hand.no_dialog()
        hand.switch("Bluetooth", on=True)
        hand.tap(p["name"])


class PairDevice(_Device):
    """Pair with a device that is there."""

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick one; some may be paired already, and Bluetooth be off."""
        data = phone.data("settings")
        data["devices"] = rng.sample(DEVICES, rng.randrange(2, 6))
        data["paired"] = rng.sample(data["devices"], rng.randrange(len(data["devices"])))
        name = rng.choice([one for one in data["devices"] if one not in data["paired"]])
        return {"name": name, "word": "Pair", "paired": [*data["paired"], name]}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Pair this phone with the Bluetooth device {p['name']}."


class UnpairDevice(_Device):
    """Forget a device that is paired."""

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Have some paired, and pick one."""
        data = phone.data("settings")
        data["devices"] = rng.sample(DEVICES, rng.randrange(3, 6))
        data["paired"] = rng.sample(data["devices"], rng.randrange(2, len(data["devices"])))
        name = rng.choice(data["paired"])
        rest = [one for one in data["paired"] if one != name]
        return {"name": name, "word": "Unpair", "paired": rest}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Unpair the Bluetooth device {p['name']} from this phone."


class ChooseLanguage(Family):
    """Choose another language."""

    apps = ("settings",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick another one than it has."""
        now, language = rng.sample(LANGUAGES, 2)
        phone.data("settings")["language"] = now
        return {"language": language, "now": now}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Change the language of this phone from {p['now']} to {p['language']}."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is chosen."""
        right = phone.data("settings")["language"] == task.params["language"]
        return right and only(phone, task, "settings", "language")

    def solve(self, hand: Hand, p: Params) -> None:
        """Choose it in the dialog."""
        hand.go("settings", ("language", "Language"))
        hand.choose(p["language"])
        hand.tap("Phone language")


class SetVolume(Family):
    """Set how loud media or the ring are."""

    apps = ("settings",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick which, and another level."""
        which = rng.choice(("music", "ring"))
        both = {one: int(phone.state.settings["system"][f"volume_{one}"]) for one in
                ("music", "ring")}  # fmt: skip
        level = rng.choice([n for n in range(16) if n != both[which]])
        return {"which": which, "levels": {**both, which: level}}

    def goal(self, p: Params) -> str:
        """Say it."""
        name = "media" if p["which"] == "music" else "ring"
        return f"Set the {name} volume to {round(100 * p['levels'][p['which']] / 15)} %."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether both volumes are as they shall be."""
        system = phone.state.settings["system"]
        return all(
            int(system[f"volume_{name}"]) == level for name, level in task.params["levels"].items()
        )

    def solve(self, hand: Hand, p: Params) -> None:
        """Tap the slider where the level is."""
        hand.go("settings", ("sound", "Sound"))
        hand.no_dialog()
        for name, slider in (("music", "media_volume"), ("ring", "ring_volume")):
            hand.slide(slider, p["levels"][name] / 15)


class SetPermission(Family):
    """Let an app do something, or not, in the settings."""

    apps = ("settings",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick an app, and turn what it may."""
        asking = [app for app in phone.apps.values() if app.permission]
        if not asking:
            raise Unfit("no app asks for anything")
        for app in asking:
            phone.state.permissions[app.id] = rng.random() < 0.5
        app = rng.choice(asking)
        now = {one.id: bool(phone.state.permissions[one.id]) for one in asking}
        allow = not now[app.id]
        return {
            "app": app.id,
            "label": app.label,
            "what": app.permission,
            "allow": allow,
            "all": {**now, app.id: allow},
        }

    def goal(self, p: Params) -> str:
        """Say it."""
        how = "allow the app" if p["allow"] else "do not allow the app"
        return f"In the settings, {how} {p['label']} to {p['what']}."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether that is so, and the others are as they were."""
        now = phone.state.permissions
        return all(bool(now[name]) is allowed for name, allowed in task.params["all"].items())

    def solve(self, hand: Hand, p: Params) -> None:
        """Switch it among the permissions."""
        hand.go("settings", ("permissions", "Permissions"))
        hand.no_dialog()
        for name, allowed in p["all"].items():
            hand.switch(hand.phone.apps[name].label, on=allowed)
