"""Grounding families that answer with numbers in brackets, or with Qwen2-VL's box tokens.

Sources, prompts word for word: the projects' own READMEs and evaluation code. Not verified: that
the text comes before the picture for UI-TARS.
"""

import re
from itertools import islice
from typing import ClassVar

from ..geometry import Space
from .base import Found
from .grounding import MOST, NUMBER, PICTURE, GroundingDialect, corners, few
from .reading import Reading

_NUMBERS = re.compile(NUMBER)
_PAIR = rf"{NUMBER}\s*,\s*{NUMBER}"
_GROUP = re.compile(rf"[\[(]\s*({_PAIR}(?:\s*,\s*{_PAIR})?)\s*[\])]")
_NAKED = re.compile(rf"\s*({_PAIR})\s*")


class _Numbers(GroundingDialect):
    """Replies with ``(x,y)``, ``[x,y]`` or ``[x1,y1,x2,y2]``.

    Attributes:
        refuses: Whether it says with -1 that there is nothing.
    """

    refuses: ClassVar[bool] = False

    def find(self, reading: Reading, begins: int) -> list[Found]:
        """Read the one place that a reply names."""
        text, end = reading.reply, len(reading.reply)
        groups = list(islice(_GROUP.finditer(text, begins), MOST + 1))
        few(len(groups), reading)
        if not groups and (naked := _NAKED.fullmatch(text, begins)):
            reading.repaired("no brackets", begins)
            groups = [naked]
        if not groups:
            reading.fail(f"a place is expected, such as {self.form.format(x=500, y=500)}", begins)
        last = groups[0]
        numbers = _read(last[1])
        if len(groups) == 2 and text[last.end() : groups[1].start()].strip() == ",":
            last = groups[1]
            numbers += _read(last[1])
        elif any(_read(group[1]) != numbers for group in groups):
            reading.fail("the reply names several places: name exactly one", groups[1].start())
        at = groups[0].start()
        if self.refuses and set(numbers) == {-1}:
            return []
        if text[begins:at].strip() or text[last.end() : end].strip():
            reading.repaired("text round a place", at)
        box = len(numbers) == 4
        if box and self.form.count("{x}") == 1:
            reading.repaired("box for a point", at)
        start, end_point = corners(numbers, reading, "a place", at)
        return [Found("", start, end_point)]


def _read(numbers: str) -> list[float]:
    return [float(number) for number in _NUMBERS.findall(numbers)]


class UGroundDialect(_Numbers):
    """UGround-V1."""

    name = "uground"
    space = Space.REL1000
    user = (
        PICTURE,
        "Your task is to help the user identify the precise coordinates (x, y) of a specific "
        "area/element/object on the screen based on a description.\n\n"
        "- Your response should aim to point to the center or a representative point within the "
        "described area/element/object as accurately as possible.\n"
        "- If the description is unclear or ambiguous, infer the most relevant area or element "
        "based on its likely context or purpose.\n"
        "- Your answer should be a single string (x, y) corresponding to the point of the "
        "interest.\n\nDescription: {goal}\n\nAnswer:",
    )
    form = "({x}, {y})"


class Gta1Dialect(_Numbers):
    """GTA1."""

    name = "gta1"
    space = Space.IMAGE
    system = (
        "You are an expert UI element locator. Given a GUI image and a user's element "
        "description, provide the coordinates of the specified element as a single (x,y) point. "
        "The image resolution is height {height} and width {width}. For elements with area, "
        "return the center point.\n\nOutput the coordinate pair exactly:\n(x,y)"
    )
    user = (PICTURE, "{goal}")
    form = "({x},{y})"


class GelatoDialect(_Numbers):
    """Gelato, as its own ``evaluation/run_grounding_eval.py`` asks it."""

    name = "gelato"
    space = Space.REL1000
    user = (
        "You are an expert UI element locator. Given a GUI image and a user's element "
        "description, provide the coordinates of the specified element as a single (x,y) point. "
        "For elements with area, return the center point.\n\n"
        "Output the coordinate pair exactly:\n(x,y)\n\n",
        PICTURE,
        "\n{goal}",
    )
    form = "({x},{y})"


class UiVenusGroundDialect(_Numbers):
    """UI-Venus 1.0, and GUI-G2."""

    name = "ui-venus-ground"
    space = Space.IMAGE
    user = (
        PICTURE,
        "Outline the position corresponding to the instruction: {goal}. "
        "The output should be only [x1,y1,x2,y2].",
    )
    form = "[{x},{y},{x},{y}]"
    refuses = True


class UiVenus15GroundDialect(_Numbers):
    """UI-Venus 1.5, with the sentence that lets it refuse."""

    name = "ui-venus-1.5-ground"
    space = Space.REL1000
    user = (
        PICTURE,
        "Output the center point of the position corresponding to the following instruction: \n"
        "{goal}. \n\nThe output should just be the coordinates of a point, in the format [x,y]. "
        "Additionally, if the task is infeasible (e.g., the task is not related to the image), "
        "the output should be [-1,-1].",
    )
    form = "[{x},{y}]"
    refuses = True

    def described(self, goal: str) -> str:
        """Take off a full stop: the prompt has one."""
        return goal.removesuffix(".")


class ShowUiGroundDialect(_Numbers):
    """ShowUI."""

    name = "showui-ground"
    space = Space.REL1
    user = (
        "Based on the screenshot of the page, I give a text description and you give its "
        "corresponding location. The coordinate represents a clickable location [x, y] for an "
        "element, which is a relative coordinate on the screenshot, scaled from 0 to 1.",
        PICTURE,
        "{goal}",
    )
    form = "[{x}, {y}]"


class SeeClickDialect(_Numbers):
    """SeeClick."""

    name = "seeclick"
    space = Space.REL1
    user = (
        PICTURE,
        "In this UI screenshot, what is the position of the element corresponding to the command "
        '"{goal}" (with point)?',
    )
    form = "({x},{y})"


class UiTarsGroundDialect(_Numbers):
    """UI-TARS 1.0, in thousandths; 1.5 writes pixels of the resized picture."""

    name = "ui-tars-ground"
    space = Space.REL1000
    user = (
        "Output only the coordinate of one point in your response. What element matches the "
        "following task: {goal}",
        PICTURE,
    )
    form = "({x},{y})"


_TOKENS = re.compile(
    r"<\|object_ref_start\|>(?P<label>[^<]*)<\|object_ref_end\|>"
    r"|<\|box_start\|>(?P<box>[^<]*)<\|box_end\|>"
)
_CORNER = rf"\(\s*{_PAIR}\s*\)"
_BOX = re.compile(rf"\s*{_CORNER}(?:\s*,\s*{_CORNER})?\s*")
_STRIPPED = re.compile(rf"[\s,]*+([^()<>\n]{{0,200}}?)\s*({_CORNER}(?:\s*,\s*{_CORNER})?)\s*")


class Qwen2VLGroundingDialect(GroundingDialect):
    """Qwen2-VL's boxes, in tokens of their own; several may follow one label."""

    name = "qwen2-vl-grounding"
    space = Space.REL1000
    user = (
        PICTURE,
        'Output the bounding box in the image corresponding to the instruction "{goal}" with '
        "grounding.",
    )
    form = "<|box_start|>({x},{y}),({x},{y})<|box_end|>"

    def find(self, reading: Reading, begins: int) -> list[Found]:
        """Read the boxes; a decoder may have taken their tokens out."""
        found: list[Found] = []
        label = ""
        for token in _TOKENS.finditer(reading.reply, begins):
            if token["box"] is None:
                label = token["label"]
            elif _BOX.fullmatch(token["box"]):
                found.append(_found(label, token["box"], reading, token.start()))
                few(len(found), reading)
            else:
                reading.fail("a box is (x1,y1),(x2,y2)", token.start())
        opened = reading.reply.count("<|box_start|>")
        if not opened:
            return _without_tokens(reading, begins)
        if not found:
            reading.fail("the box does not end", begins)
        if opened > len(found):
            reading.repaired("box cut off", reading.reply.rfind("<|box_start|>"))
        return found


def _without_tokens(reading: Reading, begins: int) -> list[Found]:
    found: list[Found] = []
    end = len(reading.reply.rstrip())
    at = begins
    while at < end:
        match = _STRIPPED.match(reading.reply, at, end)
        if match is None:
            reading.fail("a box is expected: <|box_start|>(x1,y1),(x2,y2)<|box_end|>", at)
        found.append(_found(match[1], match[2], reading, at))
        few(len(found), reading)
        at = match.end()
    if not found:
        reading.fail("a box is expected: <|box_start|>(x1,y1),(x2,y2)<|box_end|>", begins)
    reading.repaired("no box tokens", begins)
    return found


def _found(label: str, box: str, reading: Reading, at: int) -> Found:
    return Found(label.strip(), *corners(_read(box), reading, "a box", at))


class OsAtlasBaseDialect(Qwen2VLGroundingDialect):
    """OS-Atlas Base."""

    name = "os-atlas-base"
    user = (
        PICTURE,
        "In this UI screenshot, what is the position of the element corresponding to the command "
        '"{goal}" (with bbox)?',
    )
