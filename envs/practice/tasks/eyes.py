"""The oracle's eyes: what is on the page, where it is, and how it comes into reach.

They look at what is on the phone in truth, also at what lies below the screen's edge.
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
from .steps import Lost, Next

_LEAST_DP = 24
"""What a list is moved at least: less may be taken for a tap."""


class Eyes:
    """Looks at a phone.

    Args:
        phone: Which; it is not changed.
        said: What was answered so far.
    """

    def __init__(self, phone: Phone, said: list[str]) -> None:
        self.phone, self.said = phone, said

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
