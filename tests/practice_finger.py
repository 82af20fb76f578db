"""A finger on a practice phone, for tests: it finds things by what they say or are called."""

from eyehand.envs.practice.field import TextField
from eyehand.envs.practice.layout import Scroll
from eyehand.envs.practice.phone import Phone
from eyehand.envs.practice.view import View


class Finger:
    """Uses one app of a phone of its own; everything that moves comes to rest between taps."""

    def __init__(self, app: str, seed: int = 3) -> None:
        self.phone = Phone(seed)
        self.phone.open_app(app)
        self.data = self.phone.data(app)
        self.wait(1)

    def wait(self, seconds: float) -> None:
        self.phone.scene()
        self.phone.advance(seconds)

    def _views(self) -> list[tuple[View, Scroll | None]]:
        """What can be reached, each with the list that it lies in."""
        found: list[tuple[View, Scroll | None]] = []

        def take(view: View, scroll: Scroll | None) -> None:
            found.append((view, scroll))
            for child in view.children:
                take(child, view if isinstance(view, Scroll) else scroll)

        for layer in reversed(self.phone.scene().layers):
            take(layer.view, None)
            if layer.outside is not None:
                break
        return found

    def texts(self) -> set[str]:
        """All that can be read, also below the edge."""
        return {text for view, _ in self._views() for text in (view.text, view.label) if text}

    def _find(self, target: str) -> tuple[View, Scroll | None]:
        named = [one for one in self._views() if target in (one[0].id, one[0].text, one[0].label)]
        if not named:
            raise LookupError(f"there is no {target!r}: {sorted(self.texts())}")
        return next((one for one in named if one[0].on_tap), named[0])

    def _place(self, target: str) -> tuple[int, int]:
        view, scroll = self._find(target)
        if scroll is not None and scroll.far > 0:
            scroll.move(view.box.centre[1] - scroll.box.centre[1])
            self.phone._changed()
            view, _ = self._find(target)
        return view.box.centre

    def tap(self, *targets: str) -> None:
        """Tap one thing after the other, named by text, description or id."""
        for target in targets:
            self.phone.tap(*self._place(target))
            self.wait(1)

    def hold(self, target: str) -> None:
        self.phone.press(*self._place(target), 0.8)
        self.wait(1)

    def write(self, key: str, text: str) -> None:
        """Put a text into a field, in place of what is there."""
        self.phone.tap(*self._place(key))
        self.phone.clear_field()
        self.phone.commit(text)
        self.wait(1)

    def back(self) -> None:
        """Go back; the keyboard does not count."""
        if self.phone.keyboard_shown:
            self.phone.back()
        self.phone.back()
        self.wait(1)

    def field(self, key: str) -> str:
        """What is in a field."""
        views = (view for view, _ in self._views() if isinstance(view, TextField))
        return next(view.text for view in views if view.id == key)
