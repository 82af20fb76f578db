"""A phone's apps: which are open, which pages they show, and how one comes and goes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from .app import App, Page, Screen, nothing_there
from .dialogs import DIALOGS
from .hardware import Hardware
from .state import Record

if TYPE_CHECKING:
    from .phone import Phone


@dataclass(frozen=True, slots=True)
class AppInfo:
    """What the system knows of an app: its name, and the activity it starts with."""

    label: str
    activity: str


class Pages(Hardware):
    """The apps that are open, each with a stack of pages; plain data in the phone's state."""

    apps: dict[str, App]
    _shown: list[tuple[Screen, Page]] | None

    def _animate(self) -> None:
        """Let the next page slide in."""
        raise NotImplementedError

    @property
    def packages(self) -> dict[str, AppInfo]:
        """Every app by its package."""
        return {app.package: AppInfo(app.label, ".MainActivity") for app in self.apps.values()}

    def _activity(self, app: str) -> str:
        own = (r for r in reversed(self.state.stacks[app]) if r["page"] not in DIALOGS)
        words = next(own, {"page": "main"})["page"].split("_")
        return f".{''.join(word.title() for word in words)}Activity"

    def tasks_open(self) -> list[tuple[str, str]]:
        """Package and activity of each open app, the last used first."""
        return [(self.apps[app].package, self._activity(app)) for app in self.state.recent]

    def launch(self, package: str) -> None:
        """Start an app, or bring it to the front.

        Raises:
            KeyError: There is none of that package.
        """
        self.open_app(
            next(app.id for app in self.apps.values() if app.package == package)
            if package in self.packages
            else _missing(package)
        )

    def open_app(self, app: str) -> None:
        """Start an app, or bring it to the front, by its id."""
        self._animate()
        state = self.state
        state.overlay, state.focus = "", None
        stack = state.stacks.setdefault(app, [])
        if not stack:
            stack.append(self._new("main", {}))
            if state.permissions.get(app, True) is None:
                stack.append(self._new("permission", {}))
        state.front = app
        state.recent = [app, *(other for other in state.recent if other != app)]
        self._changed()

    def stop_app(self, package: str) -> None:
        """End an app; its data stay."""
        app = next((one.id for one in self.apps.values() if one.package == package), None)
        if app is None or app not in self.state.stacks:
            return
        del self.state.stacks[app]
        self.state.recent.remove(app)
        if self.state.front == app:
            self.state.front, self.state.focus = None, None
        self._changed()

    def _new(self, page: str, args: dict[str, Any]) -> Record:
        self.state.count += 1
        return new_record(self.state.count, page, args)

    def _top(self) -> Record | None:
        front = self.state.front
        return self.state.stacks[front][-1] if front is not None else None

    def push(self, app: str, page: str, args: dict[str, Any]) -> None:
        """Show a page of an app over what it shows now."""
        if page not in DIALOGS:
            self._animate()
        self.state.stacks[app].append(self._new(page, args))
        self.state.focus = None
        self._changed()

    def pop(self, record: Record) -> None:
        """Leave a page, and all above it."""
        for app, stack in self.state.stacks.items():
            for place, one in enumerate(stack):
                if one is record:
                    del stack[place:]
                    if not stack:
                        del self.state.stacks[app]
                        self.state.recent.remove(app)
                        if self.state.front == app:
                            self.state.front = None
                    self.state.focus = None
                    self._changed()
                    return

    def pop_to(self, app: str, page: str) -> None:
        """Leave all pages above the last one of a name."""
        stack = self.state.stacks[app]
        while len(stack) > 1 and stack[-1]["page"] != page:
            stack.pop()
        self.state.focus = None
        self._changed()

    def do(self, app: str, name: str, given: dict[str, Any]) -> None:
        """Have an app do something it has a name for."""
        stack = self.state.stacks.get(app)
        record = stack[-1] if stack else new_record(0, "main", {})
        self.apps[app].doings[name](self._screen(app, record), **given)
        self._changed()

    def _screen(self, app: str, record: Record) -> Screen:
        return Screen(cast("Phone", self), self.apps[app], record)

    def _page(self, app: str, record: Record) -> tuple[Screen, Page]:
        s = self._screen(app, record)
        build = self.apps[app].pages.get(record["page"]) or DIALOGS[record["page"]]
        try:
            return s, build(s)
        except LookupError:
            if record["page"] in DIALOGS:
                raise
            return s, nothing_there(s)  # what it showed was deleted elsewhere

    def shown_pages(self) -> list[tuple[Screen, Page]]:
        """Give the page in front and the dialogs over it, from the bottom."""
        if self._shown is None:
            front = self.state.front or ""
            found: list[tuple[Screen, Page]] = []
            for record in reversed(self.state.stacks.get(front, [])):
                found.insert(0, self._page(front, record))
                if not found[0][1].dialog:
                    break
            self._shown = found
        return self._shown

    def page_below(self, dialog: Screen) -> Page:
        """Give the page that a dialog lies over."""
        stack = self.state.stacks[dialog.app.id]
        own = next(n for n, record in enumerate(stack) if record["local"] is dialog.local)
        return self._page(dialog.app.id, stack[own - 1])[1]

    def title_of(self, app: str) -> str:
        """Give the title that an open app shows."""
        stack = self.state.stacks[app]
        return (
            self._page(app, stack[0])[1].title
            if len(stack) == 1
            else next(
                page.title
                for record in reversed(stack)
                if not (page := self._page(app, record)[1]).dialog
            )
        )

    def clear_recents(self) -> None:
        """End all apps."""
        for app in list(self.state.recent):
            self.stop_app(self.apps[app].package)
        self.go_home()

    def open_notification(self, number: int) -> None:
        """Go where a notification leads."""
        entry = self.state.notifications.pop(number)
        self.open_app(entry["app"])
        if entry["page"] != "main":
            self.push(entry["app"], entry["page"], entry["args"])

    def go_home(self) -> None:
        """Go to the home screen."""
        if not self.state.locked:
            self.state.front, self.state.overlay, self.state.focus = None, "", None
            self._changed()

    def show_recents(self) -> None:
        """Show the apps that are open."""
        if not self.state.locked:
            self.state.overlay, self.state.focus = "recents", None
            self.state.scroll.pop("recents", None)
            self._changed()

    def open_shade(self) -> None:
        """Pull down notifications and quick settings."""
        if not self.state.locked:
            self.state.overlay = "shade"
            self.state.scroll.pop("shade", None)
            self._changed()

    def close_overlay(self) -> None:
        """Leave the shade, or the recent apps."""
        self.state.overlay = ""
        self._changed()


def new_record(number: int, page: str, args: dict[str, Any]) -> Record:
    """Give a page as plain data, with nothing of its own yet."""
    return {"number": number, "page": page, "args": args, "local": {}}


def _missing(package: str) -> str:
    raise KeyError(package)
