"""What a screen is made of: views that know how large they want to be, lie somewhere, and draw.

A screen is built anew from the phone's state whenever that changes, laid out, and drawn from the
bottom up. What a finger hits is found by walking the same views from the top down.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from .draw import Box, Canvas
from .style import Colour, Style

Act = Callable[[], None]
NOWHERE = Box(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class UiNode:
    """One view as ``uiautomator dump`` tells it. Boxes are in pixels of the screen."""

    role: str
    text: str
    label: str
    id: str
    box: Box
    clickable: bool
    checkable: bool
    checked: bool
    enabled: bool
    focused: bool
    focusable: bool
    scrollable: bool
    long_clickable: bool
    password: bool
    selected: bool
    package: str
    children: tuple["UiNode", ...]

    def walk(self) -> Iterator["UiNode"]:
        """Give this one and all below it, from the top left."""
        yield self
        for child in self.children:
            yield from child.walk()


class View:
    """Something on the screen.

    Args:
        id: What programs call it.
        label: What it is, for those who cannot see it.
        on_tap: Done when it is tapped.
        on_long: Done when it is pressed for half a second.
        grow: Its share of the room that a row or column has left; 0: no more than it needs.
        enabled: False: it is grey and does nothing.
    """

    role = "box"
    text = ""
    checkable = checked = focused = focusable = scrollable = password = selected = False
    children: Sequence["View"] = ()

    def __init__(
        self,
        *,
        id: str = "",
        label: str = "",
        on_tap: Act | None = None,
        on_long: Act | None = None,
        grow: float = 0,
        enabled: bool = True,
    ) -> None:
        self.id, self.label = id, label
        self.on_tap, self.on_long = on_tap, on_long
        self.grow, self.enabled = grow, enabled
        self.box = NOWHERE
        self._wide: int | None = None
        self._high: tuple[int, int] | None = None

    def wide(self, s: Style) -> int:
        """`width_of`, asked once: views live no longer than one layout."""
        if self._wide is None:
            self._wide = self.width_of(s)
        return self._wide

    def high(self, s: Style, width: int) -> int:
        """`height_of`, asked once for a width."""
        if self._high is None or self._high[0] != width:
            self._high = (width, self.height_of(s, width))
        return self._high[1]

    def width_of(self, s: Style) -> int:
        """How wide it wants to be, in pixels."""
        return max((child.wide(s) for child in self.children), default=0)

    def height_of(self, s: Style, width: int) -> int:
        """How high it is at a width, in pixels."""
        return max((child.high(s, width) for child in self.children), default=0)

    def place(self, s: Style, box: Box) -> None:
        """Lie there, and lay out what is inside."""
        self.box = box
        for child in self.children:
            child.place(s, box)

    def draw(self, c: Canvas, s: Style) -> None:
        """Draw itself and what is inside."""
        for child in self.children:
            if c.shows(child.box):
                child.draw(c, s)

    def hits(self, x: float, y: float) -> Iterator["View"]:
        """Give the views under a point, the topmost and innermost first."""
        if not self.box.holds(x, y):
            return
        for child in reversed(self.children):
            yield from child.hits(x, y)
        yield self

    def walk(self) -> Iterator["View"]:
        """Give this view and all inside it."""
        yield self
        for child in self.children:
            yield from child.walk()

    def shown(self, clip: Box) -> Iterator[tuple["View", Box]]:
        """Give this view and all inside it that lies in a box, each with the part that does."""
        box = self.box.clipped(clip)
        if box.width > 0 and box.height > 0:
            yield self, box
            for child in self.children:
                yield from child.shown(self._inner(box))

    def node(self, package: str, clip: Box) -> UiNode | None:
        """Describe it and what is inside; None where nothing of it can be seen."""
        box = self.box.clipped(clip)
        if box.width <= 0 or box.height <= 0:
            return None
        inner = self._inner(box)
        found = (child.node(package, inner) for child in self.children)
        return UiNode(
            role=self.role,
            text=self.text,
            label=self.label,
            id=self.id,
            box=box,
            clickable=self.on_tap is not None and self.enabled,
            checkable=self.checkable,
            checked=self.checked,
            enabled=self.enabled,
            focused=self.focused,
            focusable=self.focusable,
            scrollable=self.scrollable,
            long_clickable=self.on_long is not None,
            password=self.password,
            selected=self.selected,
            package=package,
            children=tuple(node for node in found if node is not None),
        )

    def _inner(self, box: Box) -> Box:
        return box


def colour_of(s: Style, colour: str | Colour) -> Colour:
    """Give a colour by its name in the style, or itself."""
    named: Colour = getattr(s, colour) if isinstance(colour, str) else colour
    return named
