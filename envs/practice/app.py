"""Apps, their pages, and what a page is built with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

from .field import Field, Kind, TextField
from .layout import Column, Fixed, Row, Scroll
from .rows import empty, padded
from .style import Colour
from .view import Act, View
from .widgets import Button, Icon, IconButton, Spinner, Text

if TYPE_CHECKING:
    from .phone import Phone
    from .words import World

Build = Callable[["Screen"], "Page"]
Do = TypeVar("Do", bound=Callable[..., None])
Command = tuple[str, str, Act]
"""Icon, what it is called, what it does."""


@dataclass(frozen=True, slots=True)
class App:
    """An app: its name, its data to begin with, and its pages.

    Attributes:
        id: A word; its package is ``org.eyehand.`` and the word.
        label: What people call it.
        icon: One of ``icons.ICONS``.
        colour: Of its badge on the home screen.
        seed: Makes its data, plain and the same for the same world.
        pages: Builders by name; ``main`` is the first page. Dialogs are pages, too.
        permission: What it asks for when it is first opened, in words; empty: nothing.
        doings: What dialogs and timers call by name: plain data cannot hold a function.
    """

    id: str
    label: str
    icon: str
    colour: Colour
    seed: Callable[["World", Random], dict[str, Any]]
    pages: dict[str, Build] = field(default_factory=dict)
    permission: str = ""
    doings: dict[str, Callable[..., None]] = field(default_factory=dict)

    @property
    def package(self) -> str:
        """Such as ``org.eyehand.notes``."""
        return f"org.eyehand.{self.id}"

    def page(self, name: str) -> Callable[[Build], Build]:
        """Register the builder of a page."""

        def register(build: Build) -> Build:
            self.pages[name] = build
            return build

        return register

    def does(self, name: str) -> Callable[[Do], Do]:
        """Register what a dialog or a timer does; called with the `Screen` and its arguments."""

        def register(do: Do) -> Do:
            self.doings[name] = do
            return do

        return register


@dataclass(slots=True)
class Page:
    """What a page shows. Either a whole screen, or a dialog over the one before.

    Attributes:
        title: In the bar at the top.
        body: From the top; it scrolls.
        commands: Icons at the right of the bar.
        menu: Words behind the three dots.
        add: The round button at the bottom right.
        above: Between bar and body, not scrolling: tabs, a search field.
        below: Under the body, not scrolling: a field to write in.
        dialog: Whether it lies over the page before, as small as it can be.
        buttons: Of a dialog, from the left.
        secure: Whether pictures of it are forbidden.
        from_end: Whether it is shown from its end, as conversations are.
        back: In place of going back one page.
        fixed: Whether the body fills the screen and does not scroll.
    """

    title: str = ""
    body: Sequence[View | None] = ()
    commands: Sequence[Command] = ()
    menu: Sequence[tuple[str, Act]] = ()
    add: Command | None = None
    above: View | None = None
    below: View | None = None
    dialog: bool = False
    buttons: Sequence[tuple[str, Act]] = ()
    secure: bool = False
    from_end: bool = False
    back: Act | None = None
    fixed: bool = False


class Screen:
    """What a page's builder gets: its data, and what it can do.

    Args:
        phone: The phone.
        app: The page's app.
        record: The page as plain data: ``page``, ``args``, ``local``.
    """

    def __init__(self, phone: "Phone", app: App, record: dict[str, Any]) -> None:
        self.phone, self.app, self._record = phone, app, record

    @property
    def data(self) -> dict[str, Any]:
        """The app's data, to be changed in place."""
        return self.phone.data(self.app.id)

    @property
    def args(self) -> dict[str, Any]:
        """What the page was opened with."""
        found: dict[str, Any] = self._record["args"]
        return found

    @property
    def local(self) -> dict[str, Any]:
        """What belongs to this page alone: fields, the chosen tab. Gone when it is left."""
        found: dict[str, Any] = self._record["local"]
        return found

    @property
    def name(self) -> str:
        """The page's name."""
        return str(self._record["page"])

    # Going places

    def open(self, page: str, **args: Any) -> None:
        """Go to a page of this app, or show a dialog."""
        self.phone.push(self.app.id, page, args)

    def opens(self, page: str, **args: Any) -> Act:
        """Give what goes to a page."""
        return lambda: self.open(page, **args)

    def close(self) -> None:
        """Leave this page."""
        self.phone.pop(self._record)

    def close_to(self, page: str) -> None:
        """Leave all pages above the last one of that name."""
        self.phone.pop_to(self.app.id, page)

    def replace(self, page: str, **args: Any) -> None:
        """Go to a page in place of this one."""
        self.close()
        self.open(page, **args)

    def other(self, app: str, page: str = "main", **args: Any) -> None:
        """Go to a page of another app."""
        self.phone.open_app(app)
        if page != "main":
            self.phone.push(app, page, args)

    def toast(self, text: str) -> None:
        """Say something in passing."""
        self.phone.toast(text)

    def ask(self, title: str, text: str, action: str, do: str, **given: Any) -> None:
        """Ask before something that cannot be undone.

        Args:
            title: The question.
            text: What it means.
            action: The word on the button, such as Delete.
            do: Name of what is then done, as ``App.does`` has it.
            **given: Its arguments.
        """
        self.open("ask", title=title, text=text, action=action, do=do, given=given)

    def choose(
        self, title: str, options: Sequence[str], chosen: str, do: str, **given: Any
    ) -> None:
        """Let one of several be chosen; ``do`` gets it as ``value``."""
        self.open("choose", title=title, options=list(options), chosen=chosen, do=do, given=given)

    def prompt(self, title: str, hint: str, value: str, do: str, **given: Any) -> None:
        """Let a text be written; ``do`` gets it as ``text``."""
        self.open("prompt", title=title, hint=hint, value=value, do=do, given=given)

    def pick_time(self, hour: int, minute: int, do: str, **given: Any) -> None:
        """Let a time be picked; ``do`` gets ``hour`` and ``minute``."""
        self.open("pick_time", hour=hour, minute=minute, do=do, given=given)

    def pick_date(self, day: str, do: str, **given: Any) -> None:
        """Let a day be picked (``2026-03-14``); ``do`` gets it as ``day``."""
        self.open("pick_date", day=day, do=do, given=given)

    def later(self, seconds: float, do: str, **given: Any) -> None:
        """Have something done after so many seconds of the phone's time."""
        self.phone.later(self.app.id, seconds, do, given)

    # Waiting

    def loading(self, seconds: float, key: str = "page") -> bool:
        """Whether the page still loads, so many seconds after it was first shown."""
        ready = self.local.setdefault("ready", {})
        if key not in ready:
            ready[key] = self.phone.now + seconds * self.phone.slowness
        return self.phone.until(ready[key])

    def spinner(self) -> View:
        """Give what is shown meanwhile."""
        self.phone.turning()
        return Spinner(self.phone.now)

    # Fields

    def text(self, key: str) -> str:
        """What is in a field of this page."""
        return str(self.local.get("fields", {}).get(key, ""))

    def begin(self, key: str, text: str) -> None:
        """Put a text into a field before it is first shown."""
        self.local.setdefault("fields", {}).setdefault(key, text)

    def put(self, key: str, text: str) -> None:
        """Replace what is in a field."""
        Field(self.local, key).put(text)

    def field(self, key: str, hint: str, *, kind: Kind = "text", **more: Any) -> TextField:
        """Give a field to write in.

        Args:
            key: Its name on this page.
            hint: What it is called.
            kind: What it takes.
            **more: As ``TextField`` takes it.
        """
        focused = self.phone.has_focus(self._record, key)

        def focus() -> None:
            self.phone.focus(self._record, key, kind)

        return TextField(
            Field(self.local, key, kind),
            hint,
            focused=focused,
            focus=focus,
            **more,
        )

    def search(self, key: str = "query", hint: str = "Search") -> Row:
        """Give a field to search with."""
        clear: View | None = None
        if self.text(key):
            clear = IconButton("close", "Clear search", lambda: self.put(key, ""))
        field = self.field(key, hint, plain=True, grow=1)
        return Row(Icon("search"), field, clear, pad=(16, 4, 8, 4), gap=12)


def page_view(s: Screen, page: Page, *, back: Act) -> View:
    """Lay out a whole screen.

    Args:
        s: The page's.
        page: What it shows.
        back: Done by the arrow at the top left.
    """
    local = s.local
    start: View = IconButton("arrow_back", "Back", page.back or back)
    commands: list[View] = [IconButton(icon, label, act) for icon, label, act in page.commands]
    if page.menu:
        commands.append(IconButton("more_vert", "More options", lambda: s.open("menu")))
    centred = s.phone.style.theme.centred
    title = Text(
        page.title, sp=20, bold=True, lines=1, grow=1, align="centre" if centred else "left"
    )
    if centred and not commands:
        commands.append(Fixed(width=48))  # as wide as the arrow, so that the middle is the middle
    bar = Row(start, title, *commands, pad=(4, 4, 4, 4), gap=4, id="bar")
    inner = Column(*page.body, pad=(0, 0, 0, 88 if page.add else 12), grow=1 if page.fixed else 0)
    body: View = inner
    if not page.fixed:
        offsets = local.setdefault("scroll", {})
        body = Scroll(inner, offsets, from_end=page.from_end)
    return Column(bar, page.above, body, page.below)


def dialog_view(s: Screen, page: Page) -> View:
    """Lay out a dialog, as wide as the screen allows; it lies in the middle."""
    buttons = [Button(word, act, kind="plain") for word, act in page.buttons]
    wide = sum(button.wide(s.phone.style) for button in buttons) < s.phone.style.dp(280)
    spring = Column(grow=1)
    row: View = (
        Row(spring, *buttons, gap=4) if wide else Column(*(Row(spring, one) for one in buttons))
    )
    parts = [
        padded(Text(page.title, sp=20, bold=True), across=24, down=16) if page.title else None,
        *page.body,
        Column(row, pad=(12, 8, 12, 12)) if buttons else None,
    ]
    return Column(*parts, fill="raised", radius=None, id="dialog")


def nothing_there(s: Screen, what: str = "This is no longer there") -> Page:
    """Give the page of something that was deleted meanwhile."""
    return Page("", body=[empty(what)])
