"""Pictures to learn from, and what stands in which of their tokens."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image as Pillow

from ...envs.practice.draw import Box
from ...envs.practice.phone import Phone
from ...envs.practice.view import View
from ...envs.practice.written import Inked, Run
from ...model.chat import Image, Pixels, pixel_hash
from ...model.size import Size
from ...model.tokenizer import Tokenizer

CELL_PX = 28
"""What one merged token shows, across and down."""
_SEEN = 0.75
_ACROSS, _DOWN = 4, 2
"""Places in a token in which a letter may stand: two side by side in each of its four patches."""

THINGS = (
    "on", "off", "field", "slider", "progress", "battery_full", "signal_cellular_4_bar", "wifi",
    "bluetooth", "Back", "Home", "Recent", "More", "Search", "History", "Today", "New", "Add",
    "Previous", "Next", "Sort", "Delete", "Actions", "Cart", "Save", "Pinned", "Pin", "Unpin",
    "Bookmarks", "Bookmark", "Favourite", "Unread", "One", "Capital", "Hide", "Enter", "Close",
    "Remove", "Edit", "Clear", "Done", "Call", "Send", "Share", "Colour", "Red", "Blue", "Green",
    "Purple", "Yellow", "Picture",
)  # fmt: skip
"""Names of what is drawn and not written: states of switches, and icons by their first word."""


class Thing(NamedTuple):
    """Something that stands in a token and is no single letter.

    Attributes:
        name: What it is.
        x: Of its middle, in pixels of the screen.
        y: Likewise.
    """

    name: str
    x: float
    y: float


def picture(pixels: Pixels | Pillow.Image) -> Image:
    """Give a picture as a network sees it that leaves it at its size.

    Raises:
        ValueError: A side is no multiple of 28.
    """
    array = np.asarray(pixels)
    height, width = array.shape[:2]
    if width % CELL_PX or height % CELL_PX:
        raise ValueError(f"the sides must be multiples of {CELL_PX}, not {width}x{height}")
    return Image(array, Size(width, height), pixel_hash(array))


def labels(alphabet: str) -> tuple[str, ...]:
    """Give the names of letters by their place in a token, and of what is drawn and not written."""
    places = range(_ACROSS * _DOWN)
    return (*(f"{sign}{place}" for place in places for sign in alphabet), *THINGS)


def piece_label(piece: str) -> str:
    """Give the name of a piece of a word, which is no name of a letter or a thing."""
    return f"{piece!r}"


def piece_labels(tokenizer: Tokenizer) -> dict[int, str]:
    """Give the names of a vocabulary's pieces that can be seen, by token."""
    pieces = tokenizer.pieces().items()
    return {token: piece_label(text) for token, text in pieces if _seen(text)}


def _ends(word: str, letters: Sequence[Inked], tokenizer: Tokenizer) -> Iterator[Thing]:
    """Give the pieces of a word, up to one that is a part of a letter: it ends nowhere."""
    count = 0
    for token in tokenizer.letters(f" {word}"):
        piece = tokenizer.decode([token])
        if "\ufffd" in piece:
            return
        count += len(piece.strip())
        if piece.strip():
            yield Thing(piece_label(piece), *letters[count - 1].middle)


def _seen(text: str) -> bool:
    return text.isprintable() and "\ufffd" not in text and bool(text.strip())


def pieces_in(runs: Iterable[Run], tokenizer: Tokenizer) -> list[Thing]:
    """Give the pieces of all words that show, as prompts have them, where each ends.

    Lines whose letters cannot be told apart by counting are left out.
    """
    found: list[Thing] = []
    for run in runs:
        if not run.whole or any(len(one.text) != 1 for one in run.letters):
            continue
        words = run.text.split()
        if sum(map(len, words)) != len(run.letters):
            continue
        first = 0
        for word in words:
            found += _ends(word, run.letters[first : first + len(word)], tokenizer)
            first += len(word)
    return found


def token_at(x: float, y: float, size: Size) -> int:
    """Give the number, rows first, of the token that shows a point of a picture of a size."""
    return int(y) // CELL_PX * (size.width // CELL_PX) + int(x) // CELL_PX


def drawn_in(
    letters: Iterable[Inked], size: Size, things: Iterable[Thing] = ()
) -> dict[int, tuple[str, ...]]:
    """Give what stands in each token, by `labels` and `piece_labels`: where its middle lies.

    Args:
        letters: With boxes in pixels of the picture.
        size: Of the picture, which the network sees as it is.
        things: What else there is.

    Returns:
        By the token's number, rows first. What lies outside the picture is in none.
    """
    found: dict[int, list[str]] = {}
    middles = [(letter.text, *letter.middle, True) for letter in letters]
    middles += [(thing.name, thing.x, thing.y, False) for thing in things]
    for name, x, y, placed in middles:
        if 0 <= x < size.width and 0 <= y < size.height:
            if placed:
                across, down = int(x % CELL_PX), int(y % CELL_PX)
                name += str(down * _DOWN // CELL_PX * _ACROSS + across * _ACROSS // CELL_PX)
            found.setdefault(token_at(x, y, size), []).append(name)
    return {token: tuple(names) for token, names in found.items()}


def things_on(phone: Phone) -> list[Thing]:
    """Give what is drawn on a phone and not written, as far as it has a name in `THINGS`.

    Also what lies beside a dialog or a menu, as long as three quarters of it show.
    """
    if not phone.awake or phone.secure:
        return []
    scene, found = phone.scene(), list[Thing]()
    for number, layer in enumerate(scene.layers, 1):
        above = [other.box for other in scene.layers[number:]]
        for view, box in layer.view.shown(Box(0, 0, *scene.size)):
            shows = box.width * box.height >= _SEEN * view.box.width * view.box.height
            if not shows or any(over.holds(*box.centre) for over in above):
                continue
            if name := _thing(view):
                found.append(Thing(name, *box.centre))
    return found


def _thing(view: View) -> str:
    if view.checkable and view.role != "item":  # that is a row, and what is drawn is at its end
        return "on" if view.checked else "off"
    if view.role in ("field", "slider", "progress"):
        return view.role
    if view.text or not view.label.strip() or view.role == "box":
        return ""
    name = view.label.split()[0]
    return name if name in THINGS else ""


def moved(
    letters: Iterable[Inked], things: Iterable[Thing], across: int, down: int
) -> tuple[list[Inked], list[Thing]]:
    """Give all that stands on a picture as it stands on a part of it that begins there."""
    return (
        [
            Inked(one.text, one.left - across, one.top - down, one.right - across,
                  one.bottom - down)
            for one in letters
        ],
        [Thing(one.name, one.x - across, one.y - down) for one in things],
    )  # fmt: skip
