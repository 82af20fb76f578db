"""Samples of grounding: where something is, and what is somewhere, in the dialect's own words."""

from random import Random

from PIL import Image as Pillow

from ...actions import schema as a
from ...actions.dialects import Dialect, dialect_named
from ...actions.geometry import Frame, Point
from ...actions.schema import TALK, Action
from ...envs.practice import fonts
from ...envs.practice.draw import Box, Canvas
from ...envs.practice.env import ACTION_SPACE
from ...envs.practice.written import Inked, Written
from ...model.chat import Image, Marked, Message
from ...model.size import Size
from ...model.training.sample import Sample
from .looks import Looks
from .pictures import CELL_PX, drawn_in, picture
from .screens import Control, Screen, control, controls
from .words import Words

DIALECT = "pocket"
_GAP_PX = 3


def spoken() -> Dialect:
    """Give the dialect as an agent without tools makes it for a practice phone."""
    return dialect_named(DIALECT, ACTION_SPACE | (TALK - {"call_tool"}))


def where(name: str) -> str:
    """Ask where something is."""
    return f"Where is {name}?"


def what(x: int, y: int) -> str:
    """Ask what is written somewhere."""
    return f"What is at {x} {y}?"


def asked(goal: str, image: Image, action: Action, letters: dict[int, str]) -> Sample:
    """Give a question about one picture, and its answer, as an agent would ask it."""
    height, width = image.pixels.shape[:2]
    frame = Frame("picture", Size(width, height), Size(width, height)).planned(image.resized)
    dialect = spoken()
    reply = dialect.render(action, frame)
    messages = [*dialect.messages(goal, (), image), Message.of("assistant", Marked(reply))]
    return Sample(messages, (len(messages) - 1,), {0: letters})


def buttons(draw: Random, looks: Looks, words: Words, cells: Size, count: int) -> Sample:
    """Ask where one of several words is that stand in a new picture, some on buttons.

    Args:
        draw: Chooses all that is chosen.
        looks: What it looks like.
        words: What stands there.
        cells: Of the picture, in tokens.
        count: How many words are tried; those that find no room are left out.
    """
    size = Size(CELL_PX * cells.width, CELL_PX * cells.height)
    s = looks.style(draw)
    ground = draw.choice((s.background, s.surface)) if len(looks.themes) > 1 else s.background
    image = Pillow.new("RGB", size, ground)
    note = Written()
    canvas = Canvas(image, written=note)
    placed: dict[str, Box] = {}
    for _ in range(3 * count):
        if len(placed) == count:
            break
        text, font = words.some(draw), looks.font(draw)
        wide, high = fonts.width(text, font), fonts.line_height(font)
        button = draw.random() < 0.5
        across, down = (8, 4) if button else (2, 0)
        if wide + 2 * across > size.width or high + 2 * down > size.height or text in placed:
            continue
        left = draw.randint(0, size.width - wide - 2 * across)
        top = draw.randint(0, size.height - high - 2 * down)
        box = Box(left, top, left + wide + 2 * across, top + high + 2 * down)
        around = box.inset(-_GAP_PX)
        if any(
            min(around.clipped(other)[2:]) and _meet(around, other) for other in placed.values()
        ):
            continue
        ink = draw.choice((s.text, s.text, s.muted, s.accent))
        if button:
            fill, ink = draw.choice(((s.accent, s.on_accent), (s.soft, s.text), (s.raised, s.text)))
            canvas.fill(box, fill, draw.choice((0, 4, 8)))
        canvas.text(left + across, top + down, text, font, ink)
        placed[text] = box
    if not placed:
        canvas.text(2, 2, "i", looks.font(draw), s.text)
        placed["i"] = Box(2, 2, 10, 20).clipped(canvas.box)
    name = draw.choice([*placed])
    shown = picture(image)
    letters = drawn_in((one for run in note.runs() for one in run.letters), size, size)
    if draw.random() < 0.25:
        x, y = _somewhere(draw, placed[name])
        return asked(what(x, y), shown, a.Answer(text=name), letters)
    click = a.Click(point=Point(*placed[name].centre))
    return asked(where(name), shown, click, letters)


def _meet(one: Box, other: Box) -> bool:
    shared = one.clipped(other)
    return shared.width > 0 and shared.height > 0


def _somewhere(draw: Random, box: Box) -> tuple[int, int]:
    """Give a place near the middle of a box."""
    x, y = box.centre
    return x + draw.randint(-box.width // 4, box.width // 4), y


def on_screen(draw: Random, screen: Screen, count: int) -> list[Sample]:
    """Ask for up to so many things on a whole screen."""
    size = screen.phone.size
    shown = picture(screen.pixels)
    letters = drawn_in((one for run in screen.runs for one in run.letters), size, size)
    found: list[Sample] = []
    for one in _chosen(draw, screen, count):
        found.append(asked(where(one.name), shown, a.Click(point=one.point), letters))
    if found and draw.random() < 0.5:
        found[-1] = _read(draw, screen, shown, letters)
    return found


def _read(draw: Random, screen: Screen, shown: Image, letters: dict[int, str]) -> Sample:
    run = draw.choice([run for run in screen.runs if run.whole] or screen.runs)
    x, y = _somewhere(draw, Box(*run.box))
    return asked(what(x, y), shown, a.Answer(text=run.text), letters)


def on_part(draw: Random, screen: Screen, cells: Size) -> Sample | None:
    """Ask for something on a part of a screen; None where nothing lies wholly on it."""
    size = Size(CELL_PX * cells.width, CELL_PX * cells.height)
    for one in _chosen(draw, screen, 2):
        x, y = one.point
        if one.box.width > 2 * size.width or one.box.height > size.height:
            continue
        runs = [run for run in screen.runs if run.text == one.name and run.whole]
        around = Box(*runs[0].box) if len(runs) == 1 else one.box
        left = _from(draw, min(around.left, int(x)), max(around.right, int(x) + 1), size.width,
                     screen.phone.size.width)  # fmt: skip
        top = _from(draw, min(around.top, int(y)), max(around.bottom, int(y) + 1), size.height,
                    screen.phone.size.height)  # fmt: skip
        if left is None or top is None:
            continue
        pixels = screen.pixels[top : top + size.height, left : left + size.width]
        moved = [
            Inked(letter.text, letter.left - left, letter.top - top, letter.right - left,
                  letter.bottom - top)
            for run in screen.runs for letter in run.letters
        ]  # fmt: skip
        click = a.Click(point=Point(x - left, y - top))
        letters = drawn_in(moved, size, size)
        return asked(where(one.name), picture(pixels.copy()), click, letters)
    return None


def _from(draw: Random, low: int, high: int, length: int, whole: int) -> int | None:
    """Choose where a part begins that holds a span."""
    first, last = max(0, high - length), min(low, whole - length)
    return draw.randint(first, last) if first <= last else None


def _chosen(draw: Random, screen: Screen, count: int) -> list[Control]:
    """Choose things that can be tapped; those whose name is to be read before others."""
    named = controls(screen)
    draw.shuffle(named)
    found: list[Control] = []
    for name, box in named[: 4 * count]:
        one = control(screen, name, box)
        # What has a picture for its name is learnt, too, but it is on every screen.
        if one is not None and (one.said or draw.random() < 0.3):
            found.append(one)
        if len(found) == count:
            break
    return found
