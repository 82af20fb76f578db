"""Walks through the practice phone's apps, and finds what does not lie or read as it should.

Run it for the whole count: ``python tests/practice_look.py --seeds 5``.
"""

import argparse
import itertools
import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any

from PIL import Image

from eyehand.envs.practice import emoji, fonts
from eyehand.envs.practice.draw import Box, Canvas
from eyehand.envs.practice.field import TextField
from eyehand.envs.practice.fonts import Font
from eyehand.envs.practice.layout import Scroll
from eyehand.envs.practice.lines import face_of
from eyehand.envs.practice.phone import Phone
from eyehand.envs.practice.style import THEMES, Colour, Style
from eyehand.envs.practice.view import View
from eyehand.envs.practice.widgets import Text
from eyehand.model.size import Size

FONT_SCALES = ("0.85", "1.0", "1.15", "1.3")
SCREENS = (
    (Size(320, 640), 160, 0),
    (Size(540, 1200), 240, 0),
    (Size(720, 1600), 320, 0),
    (Size(1080, 2400), 480, 0),
    (Size(540, 1200), 240, 1),
    (Size(1080, 2400), 480, 3),
)
"""Size held upright, density, rotation."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a phone is held and set."""

    size: Size
    density: int
    rotation: int
    font_scale: str
    theme: str
    dark: bool

    def put_on(self, phone: Phone) -> None:
        """Make a phone look so."""
        phone.resize(self.size)
        phone.set_density(self.density)
        phone.rotate(self.rotation)
        phone.put("system", "font_scale", self.font_scale)
        phone.put("secure", "ui_night_mode", self.dark)
        phone.state.theme = self.theme


def every_look() -> Iterator[Look]:
    """Give all combinations, light; dark changes no place."""
    for (size, density, turn), scale, theme in itertools.product(SCREENS, FONT_SCALES, THEMES):
        yield Look(size, density, turn, scale, theme, dark=False)


def some_look(rng: Random) -> Look:
    """Pick one."""
    size, density, rotation = rng.choice(SCREENS)
    return Look(
        size,
        density,
        rotation,
        rng.choice(FONT_SCALES),
        rng.choice(sorted(THEMES)),
        dark=rng.random() < 0.5,
    )


def _place(phone: Phone) -> tuple[str | None, tuple[str, ...], str, str, str | None]:
    """Say where a phone is, whatever the words there are."""
    state = phone.state
    pages = [record["page"] for record in state.stacks.get(state.front or "", [])]
    shown = phone.shown_pages()
    dialog = shown[-1][1].title if shown and shown[-1][1].dialog else ""
    focus = (state.focus or {}).get("key")
    return state.front, tuple(pages[-3:]), state.overlay, dialog[:8], focus


def explore(
    phone: Phone, rng: Random, taps: int, *, alike: int = 2
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Tap here and there, first where that led somewhere new, and give each place once or twice.

    Args:
        phone: Where it begins.
        rng: Decides what is tapped next.
        taps: At most so many.
        alike: How many places that differ in their words alone.

    Yields:
        How one gets there, in words, and the phone as plain data.
    """
    seen: Counter[tuple[object, ...]] = Counter([_place(phone)])
    start = phone.save()
    yield "start", start
    in_vain: Counter[tuple[object, ...]] = Counter()
    ahead = [("", start, *one) for one in _sample(phone, rng)]
    for _ in range(taps):
        if not ahead:
            return
        ahead.sort(key=lambda one: (in_vain[one[3]], one[0].count(" > "), rng.random()))
        way, before, number, kind = ahead.pop(0)
        there = Phone.load(before)
        if number < 0:
            word = _write(there, rng)
        else:
            view, long = _tappable(there)[number]
            word = ("hold " if long else "") + (view.text or view.label or type(view).__name__)
            act = view.on_long if long else view.on_tap
            assert act is not None
            act()
        name = f"{way} > {word}"[-160:]
        there.rotate(there.rotation)  # builds the screen anew
        there.advance(0.0)
        place = _place(there)
        if seen[place] >= alike:
            in_vain[kind] += 1
            continue
        seen[place] += 1
        for waited_s in (0.0, 3.0):  # a page that loads is a page, too
            there.advance(waited_s)
            if waited_s == 0.0 and not there.moving:
                continue
            after = there.save()
            yield name, after
        ahead += [(name, after, *one) for one in _sample(there, rng)]


def _sample(phone: Phone, rng: Random) -> list[tuple[int, tuple[object, ...]]]:
    """Give places in the list of what can be tapped, and what kind of thing is there.

    Of a long list's rows only some are given.
    """
    here = _place(phone)
    kinds: dict[tuple[object, ...], list[int]] = {}
    if _fields(phone):
        kinds[here[1][-1:], "write"] = [-1]
    for number, (view, long) in enumerate(_tappable(phone)):
        word = (view.label or view.text or "-").split()[0]
        kind = (here[1][-1:], *here[2:4], type(view).__name__, word, long)
        kinds.setdefault(kind, []).append(number)
    return [
        (number, kind)
        for kind, like in kinds.items()
        for number in rng.sample(like, min(len(like), 12))
    ]


def _fields(phone: Phone) -> list[TextField]:
    shown = phone.scene().layers[-1 if phone.state.front is None else 0 :]
    return [view for layer in shown for view in layer.view.walk() if isinstance(view, TextField)]


def _write(phone: Phone, rng: Random) -> str:
    """Write something into all fields of a page, and press Enter in the last; gives it."""
    words = rng.choice(("river", "nowhere.example", "Ξενοφών " * 9, "12345678", "W" * 60, "字 🌞"))
    fields = _fields(phone)
    for view in fields:
        view.field.put("")
        view.field.insert(words)
    if fields[-1].on_submit is not None:
        fields[-1].on_submit()
    return f"write {words!r:.20}"


def _tappable(phone: Phone) -> list[tuple[View, bool]]:
    """Give what can be tapped or held on the page in front, also below the screen's edge.

    Bars and keyboard are left out. True stands beside what is held.
    """
    found: list[tuple[View, bool]] = []
    for layer in reversed(phone.scene().layers):
        if layer.package.endswith(("systemui", "keyboard")) and not phone.state.overlay:
            continue
        views = [view for view in layer.view.walk() if view.enabled and view.box.width > 0]
        found += [(view, False) for view in views if view.on_tap]
        found += [(view, True) for view in views if view.on_long][:2]
        if layer.outside is not None or phone.state.overlay:
            break
    return found


# Problems


def problems(phone: Phone) -> Iterator[str]:
    """Say what is wrong with what a phone shows now."""
    scene, style = phone.scene(), phone.style
    screen = Box(0, 0, *scene.size)
    upright = scene.size[0] <= scene.size[1]
    strict = style.font_scale <= 1 and upright
    low = phone.keyboard_shown and not upright  # the keyboard covers what there is no room for
    for layer in scene.layers:
        if not _inside(layer.box, screen):
            yield f"{_name(layer.view)} {layer.box} is not on the screen {screen}"
        for view, parent, scrolled in _with_parents(layer.view):
            yield from _misplaced(view, parent or layer.box, scrolled, covered=low)
            yield from _overlaps(view)
            yield from _cut(view, style)
            yield from _written(view, style, strict=strict)
    phone.pixels()


def _name(view: View) -> str:
    inner = next((one.text or one.label for one in view.walk() if one.text or one.label), "")
    return f"{type(view).__name__}({view.text or view.label or view.id or inner!r:.50})"


def _inside(box: Box, outer: Box) -> bool:
    return box.clipped(outer) == box


def _with_parents(
    view: View, parent: Box | None = None, scrolled: bool = False
) -> Iterator[tuple[View, Box | None, bool]]:
    """Give each view with its parent's box, and whether that scrolls."""
    yield view, parent, scrolled
    for child in view.children:
        yield from _with_parents(child, view.box, isinstance(view, Scroll))


def _misplaced(view: View, parent: Box, scrolled: bool, *, covered: bool) -> Iterator[str]:
    box = view.box
    if covered:
        parent = parent._replace(bottom=max(parent.bottom, box.bottom))
    if scrolled:  # may be higher than its window, but not wider
        parent = Box(parent.left, box.top, parent.right, box.bottom)
    if box.width > 0 and box.height > 0 and not _inside(box, parent):
        yield f"{_name(view)} {tuple(box)} is not inside {tuple(parent)}"


def _overlaps(view: View) -> Iterator[str]:
    boxes = [one for one in view.children if one.box.width > 0 and one.box.height > 0]
    for one, other in itertools.pairwise(boxes):
        both = one.box.clipped(other.box)
        if both.width > 0 and both.height > 0:
            yield f"{_name(one)} {tuple(one.box)} lies over {_name(other)} {tuple(other.box)}"


def _cut(view: View, style: Style) -> Iterator[str]:
    """Say where words do not fit their place."""
    box = view.box
    if isinstance(view, Text) and view.text:
        font = style.font(view.sp, bold=view.bold)
        lines = view._broken(style, box.width)
        high = fonts.line_height(font) * len(lines)
        if high > box.height:
            yield f"{_name(view)}: {len(lines)} lines need {high} px, there are {box.height}"
        wide = max(fonts.width(line, font) for line in lines)
        if wide > box.width:
            yield f"{_name(view)}: a line needs {wide} px, there are {box.width}"
    elif isinstance(view, TextField):
        need = view.high(style, box.width)
        if need > box.height:
            yield f"{_name(view)}: needs {need} px, there are {box.height}"


class _Notes(Canvas):
    """Notes what is written instead of writing it."""

    def __init__(self, box: Box) -> None:
        super().__init__(Image.new("RGB", (1, 1)), box.left, box.top)
        self.box = box
        self.noted: list[tuple[str, Box]] = []

    def fill(self, box: Box, colour: Colour, radius: int = 0) -> None:
        """Nothing."""

    def outline(self, box: Box, colour: Colour, radius: int, thickness: int) -> None:
        """Nothing."""

    def arc(self, box: Box, colour: Colour, thickness: int, start: int) -> None:
        """Nothing."""

    def text(
        self, x: int, y: int, text: str, font: Font, colour: Colour, shadow: Colour | None = None
    ) -> int:
        """Note it."""
        wide = fonts.width(text, font)
        self.noted.append((text, Box(x, y, x + wide, y + fonts.line_height(font))))
        return wide

    def icon(self, x: int, y: int, px: int, name: str, colour: Colour) -> None:
        """Note it."""
        self.noted.append((f"icon {name}", Box(x, y, x + px, y + px)))

    @contextmanager
    def within(self, box: Box) -> Iterator[Canvas]:
        """Give one whose notes nobody reads: what is cut there is meant to be."""
        yield _Notes(box.clipped(self.box))


@lru_cache(maxsize=4096)
def _known(letter: str, family: str) -> bool:
    """Whether a character has a letter or a picture."""
    quiet = unicodedata.category(letter) in ("Cf", "Mn", "Zs") or letter == "\u20e3"
    return quiet or emoji.covers(letter) or face_of(letter, family, False) is not None


def _written(view: View, style: Style, *, strict: bool) -> Iterator[str]:
    """Say what a view writes outside its box, and what of a button's words is left out."""
    if view.children or view.box.width <= 0 or view.box.height <= 0:
        return
    notes = _Notes(view.box)
    view.draw(notes, style)
    for words, box in notes.noted:
        for letter in words:
            if not _known(letter, style.theme.family):
                yield f"{_name(view)}: no font has {letter!r}"
        # A shadow may be a pixel lower.
        if words.strip() and not _inside(box, view.box._replace(bottom=view.box.bottom + 1)):
            yield f"{_name(view)} writes {words!r:.40} at {tuple(box)}, outside {tuple(view.box)}"
        left_out = words.endswith("…") and not view.text.endswith("…")
        if strict and left_out and view.role in ("button", "tab", "key"):
            yield f"{_name(view)} says {words!r} only"


def starts(seed: int) -> Iterator[Phone]:
    """Give phones in every app, on the home screen, in the shade and with recent apps."""
    apps = sorted(Phone(seed).apps)
    for app in apps:
        phone = Phone(seed)
        if app == "shop":  # a cart with something in it, so that the checkout is found
            there = [one["id"] for one in phone.data("shop")["products"] if one["stock"]]
            phone.data("shop")["cart"] = [{"product": one, "count": 2} for one in there[:3]]
        phone.open_app(app)
        phone.advance(3.0)
        yield phone
    phone = Phone(seed)
    yield phone
    for app in apps[:4]:
        phone.open_app(app)
        phone.notify(app, f"News of {phone.apps[app].label}", "It is about " * 12, "main")
    for overlay in (phone.open_shade, phone.show_recents, phone.screen_off):
        one = Phone.load(phone.save())
        getattr(one, overlay.__name__)()
        one.wake()
        yield one


def main() -> None:
    """Look at everything, and print what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--taps", type=int, default=150, help="in each app")
    parser.add_argument("--looks", type=int, default=12, help="at each page; 0: all")
    parser.add_argument("--app", default="")
    args = parser.parse_args()
    found: dict[str, str] = {}
    pages = looks = 0
    for seed in range(args.seeds):
        rng = Random(seed)
        for phone in starts(seed):
            if args.app and phone.state.front != args.app:
                continue
            for way, state in explore(phone, rng, args.taps):
                pages += 1
                here = [some_look(rng) for _ in range(args.looks)] or [*every_look()]
                for look in here:
                    there = Phone.load(state)
                    look.put_on(there)
                    looks += 1
                    for problem in problems(there):
                        kind = f"{there.current[1]} {problem.split(' (')[0].split(': ')[0]}"
                        if kind not in found:
                            found[kind] = problem
                            print(f"{seed}{way}\n    {look}\n    {problem}", flush=True)
    print(f"{pages} pages, {looks} looks, {len(found)} kinds of problems")


if __name__ == "__main__":
    main()
