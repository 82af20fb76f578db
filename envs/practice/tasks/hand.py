"""The oracle's hand: it acts as a person would, by taps, texts, scrolls and back.

It may look at what is on the phone in truth, also at what lies below the screen's edge, to know
what to do; but it does nothing that a finger could not do.

Its methods say how things shall be. Each returns where they are so already, and otherwise raises
``Next`` with the one action that comes next. So the same few lines are a policy: from any state,
they give the next step.
"""

from typing import Any

from ....actions import schema as a
from ....actions.geometry import Point
from ..controls import Slider
from .eyes import Eyes
from .steps import Lost, Next


class Hand(Eyes):
    """Looks at a phone and says what to do next.

    Args:
        phone: Which; it is not changed.
        said: What was answered so far.
    """

    def awake(self) -> None:
        """Have the screen on, and not locked."""
        if not self.phone.state.awake:
            raise Next(a.Key(keys="power"), "wake the phone")
        if self.phone.state.locked:
            width, height = self.phone.size
            start, end = Point(width / 2, height * 0.8), Point(width / 2, height * 0.3)
            raise Next(a.Swipe(start=start, end=end), "unlock")

    def home(self) -> None:
        """Be on the home screen."""
        self._over("")
        if self.phone.state.front is not None:
            raise Next(a.Home(), "go home")

    def power(self) -> None:
        """Have the screen off."""
        if self.phone.state.awake:
            raise Next(a.Key(keys="power"), "switch the screen off")

    def shade(self) -> None:
        """Have the notifications and quick settings open."""
        if self._over("shade"):
            return
        width, height = self.phone.size
        start, end = Point(width / 2, self.phone.style.dp(6)), Point(width / 2, height * 0.6)
        raise Next(a.Swipe(start=start, end=end), "pull down the shade")

    def recents(self) -> None:
        """Have the recent apps shown."""
        if self._over("recents"):
            return
        raise Next(a.AppSwitch(), "show the recent apps")

    def _over(self, name: str) -> bool:
        """Whether the shade or the recent apps are there; what else is in the way goes."""
        self.awake()
        if self.phone.state.overlay not in ("", name):
            raise Next(a.Back(), "leave what is in the way")
        return self.phone.state.overlay == name

    def app(self, name: str, *, allow: bool = True) -> None:
        """Be in an app.

        Args:
            name: Its id.
            allow: The answer to what it may ask for first.
        """
        state = self.phone.state
        self.awake()
        if state.overlay:
            raise Next(a.Back(), "leave what is in the way")
        if state.front == name:
            if self.dialog == "permission":
                self.tap("Allow" if allow else "Don't allow")
            return
        if state.front is not None:
            raise Next(a.Home(), "go home")
        self._tap(self._reach(self.phone.apps[name].label), f"open {self.phone.apps[name].label}")

    def go(self, app: str, *way: tuple[str, str], args: dict[str, Any] | None = None) -> None:
        """Be on a page of an app, with whatever dialogs are over it.

        Args:
            app: Its id.
            *way: Pages from ``main`` on, each with what is tapped to get there.
            args: What the last page must have been opened with, among others.
        """
        self.app(app)
        wanted = ["main", *(page for page, _ in way)]
        pages = self.pages
        right = all(self.args.get(name) == value for name, value in (args or {}).items())
        if pages == wanted and right:
            return
        if pages != wanted[: len(pages)] or len(pages) >= len(wanted):
            self.leave()
        self.no_dialog()
        self.tap(way[len(pages) - 1][1])

    def leave(self) -> None:
        """Go back from this page; what was written there and not saved is discarded."""
        if self.dialog == "ask" and self.sees("Discard"):
            self.tap("Discard")
        raise Next(a.Back(), "this is another page")

    def no_dialog(self) -> None:
        """Have no dialog open."""
        if self.dialog:
            raise Next(a.Back(), "close the dialog")

    def confirm(self, button: str) -> None:
        """If a dialog is open, press its button; one that has no such button is closed."""
        if self.dialog:
            view = self._find(button, "")
            if view is None:
                raise Next(a.Back(), "this dialog is another one")
            self._tap(self._reach(button), f"press {button}")

    def choose(self, option: str) -> None:
        """If a dialog with choices is open, take one of them."""
        self.confirm(option)

    def tap(self, target: str, *, within: str = "", why: str = "") -> None:
        """Tap something, named by its text, its description or its id.

        Args:
            target: All of it, not a part.
            within: A text of the row that it stands in, where there are several.
            why: In a few words.
        """
        view = self._find(target, within)
        if view is None:
            if self.dialog:
                raise Next(a.Back(), "it is behind the dialog")
            if self.phone.moving:
                raise Next(a.Wait(seconds=1.0), "it is loading")
            raise Lost(f"there is no {target!r} on {self.phone.current}: {sorted(self.texts())}")
        self._tap(self._reach(target, within), why or f"tap {target}")

    def hold(self, target: str, *, within: str = "") -> None:
        """Press something for a while."""
        point = Point(*self._reach(target, within).centre)
        raise Next(a.LongPress(point=point), f"hold {target}")

    def field(self, key: str, text: str) -> None:
        """Have a text in a field of the page, and nothing else."""
        if self.text(key) == text:
            return
        focused = self.phone.field
        if focused is None or focused.key != key:
            self._tap(self._reach(key), f"go to the field {key}")
        raise Next(a.Type(text=text, clear=bool(self.text(key))), f"write {text!r:.40}")

    def switch(self, label: str, *, on: bool) -> None:
        """Have a switch on or off."""
        named = (v for v in self._views() if v.checkable and label in (v.text, v.label, v.id))
        view = next(named, None)
        if view is None:
            raise Lost(f"there is no switch {label!r}: {sorted(self.texts())}")
        if view.checked != on:
            self._tap(self._reach(label), f"switch {label} {'on' if on else 'off'}")

    def slide(self, id: str, value: float) -> None:
        """Have a slider at a value of 0 to 1."""
        view = self._find(id, "")
        if not isinstance(view, Slider):
            raise Lost(f"there is no slider {id!r}: {sorted(self.texts())}")
        if abs(view.value - value) > 0.06 / view.steps:
            self._reach(id)
            raise Next(a.Click(point=Point(*view.at(value))), f"set {id} to {value:g}")

    def time(self, hour: int, minute: int) -> None:
        """If the dialog for a time is open, set it and press OK."""
        if self.dialog != "pick_time":
            return
        shown = self.phone.shown_pages()[-1][0].local["time"]
        for part, (now, wanted, modulus, name) in enumerate(
            ((shown[0], hour, 24, "Hours"), (shown[1], minute, 60, "Minutes"))
        ):
            ahead = (wanted - now) % modulus
            if ahead and part and 5 < ahead < 55:
                self.tap("+10 min" if ahead <= 30 else "-10 min")
            if ahead:
                self.tap(f"{name} {'up' if ahead <= modulus // 2 else 'down'}")
        self.tap("OK")

    def date(self, day: str) -> None:
        """If the dialog for a day is open, pick it (``2026-03-14``) and press OK."""
        if self.dialog != "pick_date":
            return
        self.pick(self.phone.shown_pages()[-1][0].local["day"], day)
        self.tap("OK")

    def pick(self, shown: str, day: str) -> None:
        """Have a day chosen in a month's grid, which shows another now."""
        from ..dialogs import MONTHS

        if shown[:7] != day[:7]:
            self.tap("Next month" if day > shown else "Previous month")
        if shown != day:
            year, month, number = (int(part) for part in day.split("-"))
            self.tap(f"{number} {MONTHS[month]} {year}")

    def see(self, part: str) -> None:
        """Have a text in sight, so that it can be read, and not only known.

        Args:
            part: Of a text on the page, or all of it.
        """
        holds = (view for view in self._views() if part in view.text or part in view.label)
        view = next(holds, None)
        if view is None:
            if self.dialog:
                raise Next(a.Back(), "it is behind the dialog")
            if self.phone.moving:
                raise Next(a.Wait(seconds=1.0), "it is loading")
            raise Lost(f"{part!r} is not on {self.phone.current}: {sorted(self.texts())}")
        self._bring(view, f"read {part!r:.40}", whole=True)

    def answer(self, text: str) -> None:
        """Have told the user something."""
        if text not in self.said:
            raise Next(a.Answer(text=text), "answer")

    def give_up(self, reason: str) -> None:
        """Say that it cannot be done."""
        raise Next(a.Done(status="infeasible", reason=reason), reason)
