"""The oracle's hand: it acts as a person would, by taps, texts, scrolls and back.

It may look at what is on the phone in truth, also at what lies below the screen's edge, to know
what to do; but it does nothing that a finger could not do.

Its methods say how things shall be. Each returns where they are so already, and otherwise raises
``Next`` with the one action that comes next. So the same few lines are a policy: from any state,
they give the next step.
"""

from collections.abc import Iterator
from typing import Any

from ....actions import schema as a
from ....actions.geometry import Point
from ..controls import Slider
from ..dialogs import DIALOGS
from ..draw import Box
from ..field import TextField
from ..layout import Scroll
from ..phone import Phone
from ..system import Layer
from ..view import View

_LEAST_DP = 24
"""What a list is moved at least: less may be taken for a tap."""


class Next(Exception):
    """What to do next.

    Attributes:
        action: With points in pixels of the screen.
        why: In a few words, for demonstrations.
    """

    def __init__(self, action: a.Action, why: str) -> None:
        super().__init__(f"{action}: {why}")
        self.action, self.why = action, why


class Lost(Exception):
    """The oracle does not find its way: a bug of a family or an app."""


class Hand:
    """Looks at a phone and says what to do next.

    Args:
        phone: Which; it is not changed.
        said: What was answered so far.
    """

    def __init__(self, phone: Phone, said: list[str]) -> None:
        self.phone, self.said = phone, said

    # Looking

    @property
    def data(self) -> dict[str, Any]:
        """The data of all apps, by their ids."""
        return self.phone.state.data

    @property
    def pages(self) -> list[str]:
        """Names of the pages of the app in front, dialogs left out."""
        front = self.phone.state.front
        return [r["page"] for r in self.phone.state.stacks.get(front or "", []) if not _dialog(r)]

    @property
    def args(self) -> dict[str, Any]:
        """What the page in front was opened with."""
        front = self.phone.state.front
        own = [r for r in self.phone.state.stacks.get(front or "", []) if not _dialog(r)]
        args: dict[str, Any] = own[-1]["args"] if own else {}
        return args

    @property
    def local(self) -> dict[str, Any]:
        """What belongs to the page in front alone; it is not to be changed."""
        front = self.phone.state.front
        own = [r for r in self.phone.state.stacks.get(front or "", []) if not _dialog(r)]
        local: dict[str, Any] = own[-1]["local"] if own else {}
        return local

    @property
    def dialog(self) -> str:
        """Name of the dialog in front; empty: none."""
        shown = self.phone.shown_pages()
        return shown[-1][0].name if shown and shown[-1][1].dialog else ""

    def asked(self, dialog: str, **about: Any) -> bool:
        """Whether a dialog of that name is in front that was opened with this, among others."""
        if self.dialog != dialog:
            return False
        args = self.phone.shown_pages()[-1][0].args
        facts = {**args, **args.get("given", {})}
        return all(facts.get(name) == value for name, value in about.items())

    def text(self, key: str) -> str:
        """What is in a field of the page in front, dialogs included."""
        shown = self.phone.shown_pages()
        return shown[-1][0].text(key) if shown else ""

    def sees(self, target: str, *, within: str = "") -> bool:
        """Whether something is on this page, perhaps below the edge of the screen."""
        return self._find(target, within) is not None

    # Acting

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

    # Finding

    def texts(self) -> set[str]:
        """All that can be read on this page, also below the edge."""
        return {text for view in self._views() for text in (view.text, view.label) if text}

    def _layers(self) -> Iterator[Layer]:
        """Layers that a finger can reach, the topmost first."""
        for layer in reversed(self.phone.scene().layers):
            yield layer
            covers = bool(self.phone.state.overlay) and layer.box == self.phone.scene().area
            if layer.outside is not None or covers:
                return

    def _views(self) -> Iterator[View]:
        for layer in self._layers():
            yield from layer.view.walk()

    def _find(self, target: str, within: str) -> View | None:
        def named(view: View) -> bool:
            return target in (view.text, view.label, view.id)

        found = [view for view in self._views() if named(view)]
        if within:
            rows = [
                view
                for view in self._views()
                if any(within in (inner.text, inner.label) for inner in view.walk())
            ]
            inside = [(row, [v for v in row.walk() if named(v)]) for row in rows]
            inside = [entry for entry in inside if entry[1]]
            if not inside:
                return None
            smallest = min(inside, key=lambda entry: entry[0].box.width * entry[0].box.height)
            found = smallest[1]
        for view in found:  # what does something goes before what only says something
            if view.on_tap or isinstance(view, TextField | Slider):
                return view
        return found[0] if found else None

    def _reach(self, target: str, within: str = "") -> Box:
        """Give where something can be touched; scrolls there if it has to."""
        view = self._find(target, within)
        if view is None:
            raise Lost(f"there is no {target!r} on {self.phone.current}: {sorted(self.texts())}")
        return self._bring(view, f"look for {target}")

    def _bring(self, view: View, why: str, *, whole: bool = False) -> Box:
        """Give where something is on the screen; scrolls there if it has to.

        Args:
            view: What.
            why: In a few words.
            whole: Whether all of it shall be seen, and not its middle alone.
        """
        scroll = self._scroll_of(view)
        if scroll is None:
            return view.box
        x, middle = view.box.centre
        clear = self._clear(scroll, x)
        top, bottom = middle, middle + 1
        if whole and view.box.height <= clear.height:
            # A finger cannot move a list by less than this, so it need not be seen to the last dp.
            least = min(self.phone.style.dp(_LEAST_DP), view.box.height // 3)
            top, bottom = view.box.top + least, view.box.bottom - least
        if clear.top <= top and bottom <= clear.bottom:
            return view.box.clipped(clear)
        if self.phone.keyboard_shown and clear.height < view.box.height:
            raise Next(a.Back(), "put the keyboard away, it leaves no room")
        if clear.height < self.phone.style.dp(2 * _LEAST_DP) and self.phone.keyboard_shown:
            raise Next(a.Back(), "put the keyboard away")
        down = bottom > clear.bottom
        spare = max(0, clear.height - (bottom - top)) // 2
        away = (bottom - clear.bottom if down else clear.top - top) + min(view.box.height, spare)
        screens = max(self.phone.style.dp(_LEAST_DP), min(0.75 * clear.height, away))
        raise Next(
            a.Scroll(
                point=Point(*clear.centre),
                direction="down" if down else "up",
                amount=round(screens / self.phone.size.height, 3),
                unit="screens",
            ),
            why,
        )

    def _scroll_of(self, view: View) -> Scroll | None:
        found = None
        for layer in self._layers():
            for one in layer.view.walk():
                if isinstance(one, Scroll) and any(inner is view for inner in one.walk()):
                    found = one
        return found

    def _clear(self, scroll: Scroll, x: int) -> Box:
        """The part of a list that nothing lies over, there where a finger would go down."""
        box = scroll.box
        for layer in self._layers():
            if any(view is scroll for view in layer.view.walk()):
                break
            inside = layer.box.clipped(box)
            over = inside.width > box.width // 2 or inside.left <= x < inside.right
            if inside.height and over:
                above, below = inside.top - box.top, box.bottom - inside.bottom
                if above > 0 and above >= below:
                    box = box._replace(bottom=inside.top)
                elif below > 0:
                    box = box._replace(top=inside.bottom)
        return box

    def _tap(self, box: Box, why: str) -> None:
        for x, y in _places(box):
            hits = self.phone.scene().hits(x, y)
            first = next((view for view in hits if view.on_tap or isinstance(view, Slider)), None)
            if first is None or box.holds(*first.box.centre) or first.box.clipped(box) == box:
                raise Next(a.Click(point=Point(x, y)), why)
        raise Next(a.Back(), "something lies over it")


def _places(box: Box) -> Iterator[tuple[int, int]]:
    x, y = box.centre
    yield x, y
    yield box.left + box.width // 4, y
    yield x, box.top + box.height // 4


def _dialog(record: dict[str, Any]) -> bool:
    return record["page"] in DIALOGS or record["page"].endswith("_dialog")
