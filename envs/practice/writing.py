"""Writing on a phone: the field that has the keyboard, and what is done to its text."""

from collections.abc import Callable

from .field import Field, Kind, TextField
from .pages import Pages
from .state import ADB_KEYBOARD, Record
from .system import Scene


class Writing(Pages):
    """The field that has the keyboard; None has it where nothing is written."""

    def scene(self) -> Scene:
        """Give the screen as it is laid out now."""
        raise NotImplementedError

    @property
    def field(self) -> Field | None:
        """The field that has the keyboard."""
        focus = self.state.focus
        if focus is None or self.state.front is None or self.state.locked:
            return None
        record = self._top()
        if record is None or record["number"] != focus["page"]:
            return None
        return Field(record["local"], focus["key"], focus["kind"])

    @property
    def keyboard_shown(self) -> bool:
        """Whether the on-screen keyboard takes a part of the screen."""
        hidden = self.state.keyboard.get("hidden", False) or self.state.ime == ADB_KEYBOARD
        return self.field is not None and not hidden

    @property
    def caret_on(self) -> bool:
        """Whether a caret shows just now: half a second on, half a second off."""
        focus = self.state.focus
        if focus is None or self.field is None:
            return False
        return bool((self.state.now - focus["since"]) % 1.0 < 0.5)

    def has_focus(self, record: Record, key: str) -> bool:
        """Whether a field of a page has the keyboard."""
        focus = self.state.focus
        return (
            focus is not None
            and (focus["page"], focus["key"]) == (record["number"], key)
            and record is self._top()
        )

    def focus(self, record: Record, key: str, kind: Kind) -> None:
        """Give a field the keyboard."""
        self.state.focus = {
            "page": record["number"], "key": key, "kind": kind, "since": self.state.now,
        }  # fmt: skip
        self.state.keyboard = {"layer": "letters", "shift": False, "hidden": False}
        self._changed()

    def edited(self) -> None:
        """Say that the field changed: its caret begins to blink anew."""
        if self.state.focus is not None:
            self.state.focus["since"] = self.state.now
            self.state.focus["toolbar"] = False
        self._changed()

    def _edit(self, act: Callable[[Field], object]) -> bool:
        field = self.field
        if field is None or not self.state.awake:
            return False
        act(field)
        self.edited()
        return True

    def commit(self, text: str) -> bool:
        """Write a text into the field that has the keyboard; False where none has."""
        return self._edit(lambda field: field.insert(text))

    def clear_field(self) -> bool:
        """Empty the field that has the keyboard; False where none has."""
        return self._edit(lambda field: field.put(""))

    def erase(self) -> None:
        """Remove what is before the caret, or what is selected."""
        self._edit(lambda field: field.erase(-1))

    def select_all(self) -> None:
        """Select all of the field's text."""
        if self._edit(lambda field: field.select(0, len(field.text))):
            self.show_toolbar()

    def copy(self) -> None:
        """Copy what is selected."""
        field = self.field
        if field is not None and field.selected and not field.secret:
            self.state.clipboard = field.selected
            self.edited()

    def cut(self) -> None:
        """Copy what is selected, and remove it."""
        self.copy()
        self._edit(lambda field: field.erase(-1) if field.selected and not field.secret else None)

    def paste(self) -> None:
        """Write what was copied."""
        if self.state.clipboard:
            self.commit(self.state.clipboard)

    def show_toolbar(self) -> None:
        """Show cut, copy and paste."""
        if self.state.focus is not None:
            self.state.focus["toolbar"] = True
        self._changed()

    def hide_keyboard(self) -> None:
        """Put the keyboard away; the field keeps the focus."""
        self.state.keyboard["hidden"] = True
        self._changed()

    def focused_view(self, scene: Scene) -> TextField | None:
        """Give the field on the screen that has the keyboard."""
        if self.field is None:
            return None
        for layer in scene.layers:
            for view in layer.view.walk():
                if isinstance(view, TextField) and view.focused:
                    return view
        return None

    def enter(self) -> None:
        """Press the Enter key: a line feed, what the field is for, or on to the next one."""
        field = self.field
        if field is None:
            return
        if field.kind == "multiline":
            self.commit("\n")
            return
        view = self.focused_view(self.scene())
        if view is not None and view.on_submit is not None:
            view.on_submit()
            self._changed()
        elif not self.next_field():
            self.hide_keyboard()

    def next_field(self) -> bool:
        """Give the keyboard to the next field of the page; False where there is none."""
        views = [v for layer in self.scene().layers for v in layer.view.walk()]
        fields = [view for view in views if isinstance(view, TextField)]
        places = [n for n, view in enumerate(fields) if view.focused]
        if not places or places[0] + 1 >= len(fields):
            return False
        act = fields[places[0] + 1].on_tap
        if act is not None:
            act()
        self._changed()
        return True

    def type_ascii(self, text: str) -> None:
        """Type on a hardware keyboard.

        Raises:
            ValueError: A character has no key; nothing was typed.
        """
        for letter in text:
            if not (" " <= letter <= "~" or letter == "\n"):
                raise ValueError(f"{letter!r} has no key")
        for letter in text:
            if letter == "\n":
                self.enter()
            else:
                self.commit(letter)
