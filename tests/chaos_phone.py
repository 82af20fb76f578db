"""A practice phone that writes down every input which reaches it, and to what it belongs."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eyehand.actions import schema as a
from eyehand.actions.schema import Action, parse_action
from eyehand.envs.practice.phone import Phone, TouchKind

Note = Callable[[str, int], None]


class WatchedPhone(Phone):
    """A phone; ``note`` is told of each input from outside with its kind and how many it is."""

    note: Note | None = None
    _inside = 0

    def _told(self, kind: str, many: int, work: Callable[[], Any]) -> Any:
        if not self._inside and self.note is not None and kind:
            self.note(kind, many)
        self._inside += 1
        try:
            return work()
        finally:
            self._inside -= 1

    def advance(self, seconds: float) -> None:
        self._told("", 0, lambda: super(WatchedPhone, self).advance(seconds))

    def touch(self, kind: TouchKind, x: float, y: float) -> None:
        self._told(kind, 1, lambda: super(WatchedPhone, self).touch(kind, x, y))

    def key(self, code: int, *, meta: frozenset[int] = frozenset(), long: bool = False) -> None:
        name = {66: "enter", 61: "tab", 3: "home", 4: "back", 187: "recents"}.get(code, "key")
        self._told(name, 1, lambda: super(WatchedPhone, self).key(code, meta=meta, long=long))

    def commit(self, text: str) -> bool:
        work = super().commit
        return bool(self._told("letters", len(text), lambda: work(text)))

    def type_ascii(self, text: str) -> None:
        work = super().type_ascii
        self._told("letters", len(text), lambda: work(text))

    def enter(self) -> None:
        self._told("enter", 1, super().enter)

    def next_field(self) -> bool:
        return bool(self._told("tab", 1, super().next_field))

    def clear_field(self) -> bool:
        return bool(self._told("clear", 1, super().clear_field))

    def launch(self, package: str) -> None:
        work = super().launch
        self._told("launch", 1, lambda: work(package))

    def back(self) -> None:
        self._told("back", 1, super().back)

    def go_home(self) -> None:
        self._told("home", 1, super().go_home)

    def show_recents(self) -> None:
        self._told("recents", 1, super().show_recents)


@dataclass
class Begun:
    """An intent of the journal, and what reached the phone because of it.

    Attributes:
        index: Of its step.
        action: What was meant.
        inputs: How many of each kind arrived.
        late: Whether some arrived when its step was recorded already.
    """

    index: int
    action: Action
    inputs: dict[str, int] = field(default_factory=dict)
    late: bool = False


class Ledger:
    """Reads the journal at every input that reaches the phone, and books the one to the other.

    Attributes:
        begun: Every intent so far.
        stray: Inputs that no intent in the journal explains.
        on_input: Told of the number of the intent, from 1, at its first input.
    """

    def __init__(self, on_input: Callable[[int], None]) -> None:
        self.begun: list[Begun] = []
        self.stray: list[str] = []
        self._on_input = on_input
        self._path: Path | None = None
        self._lines: list[tuple[int, str]] = []
        """Where each line ends that was read, and what is open after it."""

    def follow(self, path: Path) -> None:
        """Read this journal from now on."""
        if path != self._path:
            self._path, self._lines = path, []

    def catch_up(self) -> None:
        """Take in what the journal says by now."""
        if self._path is None or not self._path.exists():
            return
        size = self._path.stat().st_size
        while self._lines and self._lines[-1][0] > size:  # could not be made durable: taken back
            if self._lines.pop()[1] == "open" and self.begun.pop().inputs:
                self.stray.append("input of an intent that was taken back")
        at = self._lines[-1][0] if self._lines else 0
        with self._path.open("rb") as file:
            file.seek(at)
            *lines, _ = file.read().split(b"\n")
        for line in lines:
            at += len(line) + 1
            data = json.loads(line)
            state = self._lines[-1][1] if self._lines else ""
            if data["kind"] == "intent":
                self.begun.append(Begun(data["index"], parse_action(data["action"])))
                state = "open"
            elif data["kind"] == "step":
                state = (data.get("result") or {}).get("delivery", "")
            self._lines.append((at, state))

    def note(self, kind: str, many: int) -> None:
        """Book an input that reaches the phone now."""
        self.catch_up()
        state = self._lines[-1][1] if self._lines else ""
        if not self.begun or state not in ("open", "unknown"):
            self.stray.append(f"{kind} after {self._path and self._path.name} said {state!r}")
            return
        last = self.begun[-1]
        last.late |= state == "unknown"
        first = not last.inputs
        last.inputs[kind] = last.inputs.get(kind, 0) + many
        if first:
            self._on_input(len(self.begun))


def too_many(begun: Begun) -> str:
    """Say what arrived more often than the action explains; empty: nothing."""
    most = _most(begun.action)
    over = [
        f"{count} {kind} of at most {most.get(kind, 0)}"
        for kind, count in begun.inputs.items()
        if kind not in ("up", "cancel", "move") and count > most.get(kind, 0)
    ]
    if over:
        return f"step {begun.index}, {begun.action}: {', '.join(over)}"
    return ""


def arrived(begun: Begun) -> bool:
    """Whether all of an action's input reached the phone."""
    got, action = begun.inputs, begun.action
    match action:
        case a.Wait() | a.Screenshot() | a.CallTool():
            return True
        case a.Type():
            plain = sum(letter not in "\n\t\r" for letter in action.text)
            enters = action.text.count("\n") + action.submit
            return got.get("letters", 0) + got.get("enter", 0) >= plain + enters
        case a.Click():
            return got.get("down", 0) == action.count == got.get("up", 0)
        case a.LongPress() | a.Drag() | a.Swipe() | a.Scroll():
            return 1 <= got.get("down", 0) == got.get("up", 0)
    return bool(got)


def _most(action: Action) -> dict[str, int]:
    """How many inputs of each kind an action is at the very most."""
    match action:
        case a.Click():
            return {"down": action.count}
        case a.LongPress() | a.Drag() | a.Swipe():
            return {"down": 1}
        case a.Scroll():
            screens = [abs(far) * (0.1 if action.unit == "notches" else 1) for far in action.delta]
            return {"down": sum(int(far / 0.33) + 2 for far in screens if far)}
        case a.Key():
            count = action.count * len(action.chord)
            kinds = ("key", "enter", "tab", "home", "back", "recents")
            return dict.fromkeys(kinds, count)
        case a.HoldKey():
            return {"key": len(action.chord)}
        case a.Type():
            enters = action.text.count("\n") + action.text.count("\r") + action.submit
            tabs = action.text.count("\t")
            keys = 400 if action.clear else 0  # a field is emptied key by key on some phones
            lines = {"letters": len(action.text), "enter": enters, "tab": tabs}
            return lines | {"clear": int(action.clear), "key": keys}
        case a.Back():
            return {"back": 1}
        case a.Home():
            return {"home": 1}
        case a.AppSwitch():
            return {"recents": 1}
        case a.OpenApp():
            return {"launch": 1}
    return {}
