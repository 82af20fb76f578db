"""The settings' pages on what the phone is connected with: Wi-Fi and Bluetooth."""

from typing import Any

from ..app import Page, Screen
from ..rows import Item, heading, padded
from ..view import Act, View
from ..widgets import Icon, Text
from .settings_data import app, flag


@app.page("network")
def network(s: Screen) -> Page:
    """Wi-Fi and what can be reached with it."""
    on, flying = s.phone.on("global", "wifi_on"), s.phone.on("global", "airplane_mode_on")
    rows: list[View] = [
        flag(s, "Wi-Fi", "global", "wifi_on", icon="wifi"),
        flag(s, "Airplane mode", "global", "airplane_mode_on", icon="airplanemode_active"),
        Item("Saved networks", f"{len(s.data['saved'])}", on_tap=s.opens("saved")),
    ]
    if on and not flying:
        rows.append(heading("Available networks"))
        if s.loading(0.8):
            rows.append(s.spinner())
        else:
            rows += [_network(s, entry) for entry in s.data["networks"]]
    return Page("Network", rows)


def _network(s: Screen, entry: dict[str, Any]) -> View:
    joined = s.data["network"] == entry["name"]

    def tap() -> None:
        if joined:
            s.ask("Disconnect?", entry["name"], "Disconnect", "leave")
        elif entry["locked"] and entry["name"] not in s.data["saved"]:
            s.open("join_dialog", name=entry["name"])
        else:
            s.phone.do("settings", "join", {"name": entry["name"]})

    lock = Icon("lock", dp=16) if entry["locked"] else None
    return Item(
        entry["name"],
        "Connected" if joined else ("Saved" if entry["name"] in s.data["saved"] else ""),
        before=Icon("wifi", colour="accent" if joined else "muted"),
        after=lock,
        on_tap=tap,
    )


@app.does("leave")
def leave(s: Screen) -> None:
    """Disconnect from the network."""
    s.data["network"] = None


@app.does("join")
def join(s: Screen, name: str) -> None:
    """Connect to a network."""
    s.data["network"] = name
    if name not in s.data["saved"]:
        s.data["saved"].append(name)
    s.toast(f"Connected to {name}")


@app.page("join_dialog")
def join_page(s: Screen) -> Page:
    """Ask for a network's password; no picture is to be taken of it."""

    def finish() -> None:
        if len(s.text("password")) < 8:
            s.toast("A password has at least 8 characters")
            return
        name = s.args["name"]
        s.close()
        s.phone.do("settings", "join", {"name": name})

    field = s.field("password", "Password", kind="password", on_submit=finish)
    buttons = [("Cancel", s.close), ("Connect", finish)]
    return Page(s.args["name"], [padded(field, across=24)], dialog=True, buttons=buttons)


@app.page("saved")
def saved(s: Screen) -> Page:
    """Networks that were joined before."""
    rows: list[View] = [
        Item(
            name,
            on_tap=_asking(s, name),
            before=Icon("wifi"),
        )
        for name in s.data["saved"]
    ]
    return Page("Saved networks", rows or [padded(Text("No saved networks", colour="muted"))])


def _asking(s: Screen, name: str) -> Act:
    return lambda: s.ask("Forget network?", name, "Forget", "forget", name=name)


@app.does("forget")
def forget(s: Screen, name: str) -> None:
    """Forget a network."""
    s.data["saved"].remove(name)
    if s.data["network"] == name:
        s.data["network"] = None


@app.page("devices")
def devices(s: Screen) -> Page:
    """Bluetooth, and what is paired."""
    rows: list[View] = [flag(s, "Bluetooth", "global", "bluetooth_on", icon="bluetooth")]
    if s.phone.on("global", "bluetooth_on"):
        if s.data["paired"]:
            rows.append(heading("Paired devices"))
            rows += [
                Item(name, "Paired", before=Icon("bluetooth", colour="accent"),
                     on_tap=_unpairing(s, name))
                for name in s.data["paired"]
            ]  # fmt: skip
        rows.append(heading("Available devices"))
        if s.loading(1.2):
            rows.append(s.spinner())
        else:
            rows += [
                Item(name, before=Icon("bluetooth"), on_tap=_pairing(s, name))
                for name in s.data["devices"]
                if name not in s.data["paired"]
            ]
    return Page("Connected devices", rows)


def _pairing(s: Screen, name: str) -> Act:
    return lambda: s.ask(
        f"Pair with {name}?", "It will see your contacts.", "Pair", "pair", name=name
    )


def _unpairing(s: Screen, name: str) -> Act:
    return lambda: s.ask(f"Unpair {name}?", "", "Unpair", "unpair", name=name)


@app.does("pair")
def pair(s: Screen, name: str) -> None:
    """Pair with a device."""
    s.data["paired"].append(name)
    s.toast(f"Paired with {name}")


@app.does("unpair")
def unpair(s: Screen, name: str) -> None:
    """Forget a device."""
    s.data["paired"].remove(name)
