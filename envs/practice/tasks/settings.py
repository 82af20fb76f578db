"""Tasks in the settings."""

from random import Random

from ..apps.settings_data import FONT_SIZES
from ..phone import Phone
from .base import Family, Params, PracticeTask, Unfit
from .hand import Hand

_FLAGS = {
    "Wi-Fi": ("network", "Network", "global", "wifi_on"),
    "Airplane mode": ("network", "Network", "global", "airplane_mode_on"),
    "Bluetooth": ("devices", "Connected devices", "global", "bluetooth_on"),
    "Dark theme": ("display", "Display", "secure", "ui_night_mode"),
    "Auto-rotate screen": ("display", "Display", "system", "accelerometer_rotation"),
    "Silent mode": ("sound", "Sound", "global", "zen_mode"),
    "Use location": ("location", "Location", "secure", "location_mode"),
}


class SwitchSetting(Family):
    """Switch something on or off in the settings."""

    apps = ("settings",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick a switch, and the way it does not stand."""
        label = rng.choice(list(_FLAGS))
        _, _, table, key = _FLAGS[label]
        return {"label": label, "on": not phone.on(table, key)}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"In the settings, switch {p['label']} {'on' if p['on'] else 'off'}."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether the table says so."""
        _, _, table, key = _FLAGS[task.params["label"]]
        return phone.on(table, key) is task.params["on"]

    def solve(self, hand: Hand, p: Params) -> None:
        """Go there and flip it."""
        page, way, _, _ = _FLAGS[p["label"]]
        hand.go("settings", (page, way))
        hand.no_dialog()
        hand.switch(p["label"], on=p["on"])


class SetBrightness(Family):
    """Set the screen's brightness to a part of the whole."""

    apps = ("settings",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick a level that is far from what it is."""
        now = int(phone.state.settings["system"]["screen_brightness"]) / 255
        return {"percent": rng.choice([n for n in range(10, 100, 5) if abs(n / 100 - now) > 0.1])}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Set the screen's brightness to {p['percent']} %."

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it shows that number."""
        level = int(phone.state.settings["system"]["screen_brightness"])
        return round(100 * level / 255) == int(task.params["percent"])

    def solve(self, hand: Hand, p: Params) -> None:
        """Tap the slider where the level is."""
        hand.go("settings", ("display", "Display"))
        hand.no_dialog()
        hand.slide("brightness", p["percent"] / 100)


class SetUpDisplay(Family):
    """Set several things about the display at once."""

    apps = ("settings",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick another size of text, another look, and how bright it shall be."""
        now = phone.state.settings["system"]["font_scale"]
        return {
            "size": rng.choice([name for name, value in FONT_SIZES.items() if value != now]),
            "dark": not phone.on("secure", "ui_night_mode"),
            "percent": rng.choice(range(10, 100, 5)),
        }

    def goal(self, p: Params) -> str:
        """Say it."""
        return (
            f"In the display settings, change the font size to {p['size']}, switch the dark theme "
            f"{'on' if p['dark'] else 'off'} and set the brightness to {p['percent']} %."
        )

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether all three are in the tables."""
        p, system = task.params, phone.state.settings["system"]
        return (
            system["font_scale"] == FONT_SIZES[p["size"]]
            and phone.on("secure", "ui_night_mode") is p["dark"]
            and round(100 * int(system["screen_brightness"]) / 255) == p["percent"]
        )

    def solve(self, hand: Hand, p: Params) -> None:
        """Choose the size in the dialog, the rest on the page."""
        hand.go("settings", ("display", "Display"))
        size = FONT_SIZES[p["size"]]
        if hand.phone.state.settings["system"]["font_scale"] != size:
            hand.choose(p["size"])
            hand.tap("Font size")
        hand.no_dialog()
        hand.switch("Dark theme", on=p["dark"])
        hand.slide("brightness", p["percent"] / 100)


class JoinNetwork(Family):
    """Connect to a network whose password is told."""

    apps = ("settings",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick a locked network; Wi-Fi may be off."""
        locked = [n["name"] for n in phone.data("settings")["networks"] if n["locked"]]
        if not locked:
            raise Unfit("no network here has a password")
        letters = "abcdefghijkmnpqrstuvwxyz23456789"
        word = "".join(rng.choice(letters) for _ in range(rng.randrange(8, 12)))
        return {"name": rng.choice(locked), "password": word}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Connect to the Wi-Fi network {p['name']}. Its password is {p['password']}"

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether it is connected."""
        joined: str | None = phone.data("settings")["network"]
        return joined == str(task.params["name"])

    def solve(self, hand: Hand, p: Params) -> None:
        """Switch Wi-Fi on, choose the network, write the password."""
        hand.go("settings", ("network", "Network"))
        if hand.dialog == "join_dialog":
            hand.field("password", p["password"])
            hand.tap("Connect")
        hand.no_dialog()
        hand.switch("Airplane mode", on=False)
        hand.switch("Wi-Fi", on=True)
        hand.tap(p["name"])


class RenamePhone(Family):
    """Give the phone another name."""

    apps = ("settings",)

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Make up a name."""
        names = ("Biscuit", "Süße Möhre", "Kompass", "Σπίτι", "Mercury", "Pixie", "Café 7")
        return {"name": f"{rng.choice(names)} {rng.randrange(10, 100)}"}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f'Change the name of this phone to "{p["name"]}".'

    def reached(self, phone: Phone, task: PracticeTask, said: list[str]) -> bool:
        """Whether that is its name."""
        return phone.state.settings["global"]["device_name"] == str(task.params["name"])

    def solve(self, hand: Hand, p: Params) -> None:
        """Write it in the dialog."""
        hand.go("settings", ("about", "About phone"))
        if hand.dialog == "prompt":
            hand.field("text", p["name"])
            hand.tap("OK")
        hand.no_dialog()
        hand.tap("Device name")


class TellSetting(Family):
    """Read something in the settings and say it."""

    apps = ("settings",)
    asks = True

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Pick what to ask for."""
        data = phone.data("settings")
        storage = rng.choice(list(data["storage"]))
        asked = {
            "the model of this phone": ("about", "About phone", data["model"]),
            "the serial number of this phone": ("about", "About phone", data["serial"]),
            "the system version": ("about", "About phone", data["version"]),
            "the battery's charge in percent": ("battery", "Battery", f"{data['battery']}"),
            f"how many GB {storage} take up": ("storage", "Storage", f"{data['storage'][storage]}"),
        }
        what = rng.choice(list(asked))
        page, way, answer = asked[what]
        return {"what": what, "page": page, "way": way, "answer": answer}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Look in the settings and tell me {p['what']}."

    def solve(self, hand: Hand, p: Params) -> None:
        """Go where it stands, and say it."""
        hand.go("settings", (p["page"], p["way"]))
        hand.no_dialog()
        hand.answer(p["answer"])


class PairMissingDevice(Family):
    """Pair with something that is not there."""

    apps = ("settings",)
    feasible = False

    def prepare(self, phone: Phone, rng: Random) -> Params:
        """Make up a device."""
        phone.put("global", "bluetooth_on", True)
        return {"name": f"{rng.choice(('Tuba', 'Drone', 'Microscope'))} {rng.randrange(10, 99)}"}

    def goal(self, p: Params) -> str:
        """Say it."""
        return f"Pair this phone with the Bluetooth device {p['name']}."

    def solve(self, hand: Hand, p: Params) -> None:
        """Look, and say that it is not there."""
        hand.go("settings", ("devices", "Connected devices"))
        hand.no_dialog()
        hand.give_up(f"there is no device {p['name']}")
