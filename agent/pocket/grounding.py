"""Samples of grounding: where something is, and what is somewhere, in the dialect's own words."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import NamedTuple

from PIL import Image as Pillow

from ...actions import schema as a
from ...actions.dialects import Dialect, dialect_named
from ...actions.geometry import Frame, Point
from ...actions.schema import TALK, Action
from ...actions.tools import Tool
from ...envs.practice import fonts
from ...envs.practice.draw import Box, Canvas
from ...envs.practice.env import ACTION_SPACE
from ...envs.practice.written import Written
from ...model.chat import Image, Marked, Message
from ...model.size import Size
from ...model.training.sample import Sample
from .looks import Looks
from .pictures import CELL_PX, drawn_in, moved, picture, token_at
from .screens import Control, Screen, at_end, control, controls, on_grid, short
from .words import Words

DIALECT = "pocket"
Drawn = Mapping[int, Sequence[str]]
_GAP_PX = 3
_ROOM_PX = 12
_LONGEST = 40
"""Letters of a text that is asked for."""


def spoken(tools: Sequence[Tool] = ()) -> Dialect:
    """Give the dialect as an agent makes it for a practice phone."""
    specs = [
        {"name": each.name, "description": each.description, "parameters": each.parameters}
        for each in tools
    ]
    return dialect_named(DIALECT, ACTION_SPACE | (TALK if tools else TALK - {"call_tool"}), specs)


class Question(NamedTuple):
    """What is asked about a picture.

    Attributes:
        text: The question.
        action: What answers it.
        place: What it is about, in pixels of the picture: where that is told.
        name: Of what is clicked, if it is.
    """

    text: str
    action: Action
    place: Point
    name: str = ""


def where_is(name: str, point: Point, told: Point | None = None) -> Question:
    """Ask where something is that is told there, or somewhere else on the picture."""
    return Question(f"Where is {name}?", a.Click(point=point), told or point, short(name))


def what_is_at(x: int, y: int, text: str) -> Question:
    """Ask what is written somewhere."""
    return Question(f"What is at {x} {y}?", a.Answer(text=text), Point(x, y))


def asked(questions: Sequence[Question], image: Image, drawn: Drawn) -> Sample:
    """Give questions about one picture, and their answers.

    The first is asked as an agent asks it; the others come after it, since to look at the picture
    is what takes long.

    Args:
        questions: At least one.
        image: Which picture.
        drawn: What stands on it.
    """
    height, width = image.pixels.shape[:2]
    frame = Frame("picture", Size(width, height), Size(width, height)).planned(image.resized)
    turns = asked_on(questions, frame)
    # Only the first question comes before the picture.
    pointed = {0: token_at(*questions[0].place, image.resized)}
    system, first = spoken().messages(questions[0].text, (), image)
    learn = tuple(range(2, 2 + len(turns), 2))
    aimed = aims(questions, learn, 0, image.resized)
    return Sample((system, first, *turns[1:]), learn, {0: drawn}, pointed, aimed, learn)


def aims(
    questions: Sequence[Question], replies: Sequence[int], picture: int, size: Size
) -> dict[int, tuple[int, int | None]]:
    """Give which token of a picture of a size each reply is about that clicks."""
    return {
        number: (picture, token_at(*question.place, size))
        for number, question in zip(replies, questions, strict=True)
        if isinstance(question.action, a.Click)
    }


def asked_on(questions: Sequence[Question], frame: Frame) -> list[Message]:
    """Give questions about a picture that was shown, and their answers, a turn each."""
    dialect, turns = spoken(), list[Message]()
    for question in questions:
        turns.append(Message.of("user", f"{question.text}\n"))
        said = dialect.render(question.action, frame, question.name)
        turns.append(Message.of("assistant", Marked(said)))
    return turns


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
    placed, written = dict[str, Box](), dict[str, Box]()
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
        if any(_meet(around, other) for other in placed.values()):
            continue
        ink = draw.choice((s.text, s.text, s.muted, s.accent))
        if button:
            fill, ink = draw.choice(((s.accent, s.on_accent), (s.soft, s.text), (s.raised, s.text)))
            canvas.fill(box, fill, draw.choice((0, 4, 8)))
        canvas.text(left + across, top + down, text, font, ink)
        placed[text], written[text] = (
            box,
            Box(left + across, top + down, box.right - across, box.bottom - down),
        )
    if not placed:
        canvas.text(2, 2, "i", looks.font(draw), s.text)
        placed["i"] = written["i"] = Box(2, 2, 10, 20).clipped(canvas.box)
    drawn = drawn_in((one for run in note.runs() for one in run.letters), size)
    questions: list[Question] = []
    for name in draw.sample([*placed], len(placed)):
        box = placed[name]
        if draw.random() < 0.25:
            questions.append(what_is_at(*_somewhere(draw, box), name))
        else:
            questions.append(where_is(name, on_grid(at_end(written[name]), box)))
    return asked(questions, picture(image), drawn)


def _meet(one: Box, other: Box) -> bool:
    shared = one.clipped(other)
    return shared.width > 0 and shared.height > 0


def _somewhere(draw: Random, box: Box) -> tuple[int, int]:
    """Give a place near the middle of a box."""
    x, y = box.centre
    return x + draw.randint(-box.width // 4, box.width // 4), y


def on_screen(draw: Random, screen: Screen, count: int) -> list[Sample]:
    """Ask for up to so many things on a whole screen; nothing, where it has none."""
    size = screen.phone.size
    if not (questions := questions_on(draw, screen, count)):
        return []
    drawn = drawn_in((one for run in screen.runs for one in run.letters), size, screen.things)
    return [asked(questions, picture(screen.pixels), drawn)]


def questions_on(draw: Random, screen: Screen, count: int) -> list[Question]:
    """Give up to so many questions where things are, and a few what is written somewhere."""
    questions: list[Question] = []
    for one in _chosen(draw, screen, count):
        questions.append(where_is(one.name, one.point, one.told))
    whole = [run for run in screen.runs if run.whole and len(run.text) <= _LONGEST]
    for run in draw.sample(whole, min(len(whole), count // 3)):
        questions.append(what_is_at(*_somewhere(draw, Box(*run.box)), run.text))
    draw.shuffle(questions)
    return questions


def on_part(draw: Random, screen: Screen, cells: Size, count: int = 4) -> Sample | None:
    """Ask for things on a part of a screen; None where nothing lies wholly on it."""
    size = Size(CELL_PX * cells.width, CELL_PX * cells.height)
    named = _chosen(draw, screen, 3 * count)
    if not named:
        return None
    x, y = named[0].point
    width, height = screen.phone.size
    left = _from(draw, int(x) - _ROOM_PX, int(x) + _ROOM_PX, size.width, width)
    top = _from(draw, int(y) - _ROOM_PX, int(y) + _ROOM_PX, size.height, height)
    part = Box(left, top, left + size.width, top + size.height)
    questions: list[Question] = []
    for one in named:
        shown = one.box.clipped(part)
        texts = [Box(*run.box) for run in screen.runs if run.text == one.name and run.whole]
        if not part.inset(4).holds(*one.point) or any(b.clipped(part) != b for b in texts):
            continue
        point = Point(one.point.x - left, one.point.y - top)
        box = Box(shown.left - left, shown.top - top, shown.right - left, shown.bottom - top)
        inside = on_grid(point, box.inset(2))
        questions.append(where_is(one.name, inside))
    if not questions:
        return None
    letters, things = moved(
        (one for run in screen.runs for one in run.letters), screen.things, left, top
    )
    pixels = screen.pixels[top : part.bottom, left : part.right]
    drawn = drawn_in(letters, size, things)
    return asked(questions[:count], picture(pixels.copy()), drawn)


def _from(draw: Random, low: int, high: int, length: int, whole: int) -> int:
    """Choose where a part begins that holds a span, as far as there is room."""
    first, last = max(0, high - length), max(0, min(low, whole - length))
    return draw.randint(min(first, last, whole - length), last)


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
