"""Grounding families that answer with JSON.

One reader for all: objects with a box or a point under any of the names in use, alone or in a list,
in a code fence or not. Of a list that is cut off, the complete objects count.

Sources, prompts word for word: the projects' own cookbooks, READMEs and evaluation code. Not
verified: that the text comes first for Qwen2.5-VL, and the prompt for Qwen3-VL, which is the same.
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from ..errors import ActionSchemaError
from ..geometry import Space
from .base import Found
from .grounding import NUMBER, PICTURE, GroundingDialect, corners, few
from .literal import Scanner
from .reading import Reading

_PLACES = ("bbox_2d", "point_2d", "bbox", "point", "coordinate")
_OPENS = re.compile(r"[\[{]")
_PIECES = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)
_XML = re.compile(r"<points?\s([^<>]*)>([^<]*)</points?>")
_COORDINATE = re.compile(rf"\b([xy])([0-9]{{0,3}})\s*=\s*[\"']?({NUMBER})")
_CLICK = re.compile(rf"\s*Click\(\s*({NUMBER})\s*,\s*({NUMBER})\s*\)\s*")


class _Json(GroundingDialect):
    """Replies with JSON."""

    def find(self, reading: Reading, begins: int) -> list[Found]:
        """Read the objects, in their order."""
        text = reading.reply
        fence = max(begins, text.find("```", begins))
        opens = _OPENS.search(text, fence) or _OPENS.search(text, begins)
        if opens is None:
            reading.fail(f"JSON is expected, such as {self._example()}", begins)
        start = opens.start()
        value, at = _value(reading, start)
        values = [value]
        while isinstance(value, dict) and (following := _FOLLOWING.match(text, at)):
            reading.repaired("objects without a list", at)
            value, at = _value(reading, following.end())
            values.append(value)
            few(len(values), reading)
        if _ENDS.sub("", text[at:]).strip():
            reading.repaired("text after the JSON", at)
        items = values[0] if isinstance(values[0], list) else values
        if items and all(type(item) in (int, float) for item in items):
            reading.repaired("no object", start)
            items = [{"bbox_2d": items}]
        few(len(items), reading)
        found = (_found(item, reading, start) for item in items)
        return [each for each in found if each is not None]

    def _example(self) -> str:
        form = self.form.replace("{x}", "500").replace("{y}", "500").replace("{label}", "target")
        return " ".join(form.split())


_FOLLOWING = re.compile(r"\s*,?\s*(?=\{)")
_ENDS = re.compile(r"```|</?(?:tool_call|answer)>")


def _value(reading: Reading, start: int) -> tuple[Any, int]:
    """Read the value that begins somewhere, and give where it ends."""
    end = _complete(reading.reply, start)
    if end == start:
        reading.fail("the JSON breaks off before a place is complete", start)
    scanner = Scanner(reading, start, end)
    return scanner.value(), scanner.at


def _complete(text: str, start: int) -> int:
    """Give where the value that begins somewhere ends; of a broken off one, its last whole part."""
    depth, objects, lists = 0, start, start
    for piece in _PIECES.finditer(text, start):
        sign = piece[0]
        if sign in ("{", "["):
            depth += 1
        elif sign in ("}", "]"):
            depth -= 1
            if depth == 0:
                return piece.end()
            if sign == "}":
                objects = piece.end()
            else:
                lists = piece.end()
    return objects if objects > start else lists


def _found(item: Any, reading: Reading, at: int) -> Found | None:
    """Give what an object names; None where its place is an empty list."""
    if isinstance(item, dict) and isinstance(item.get("arguments"), dict):
        item = item["arguments"]
    if not isinstance(item, dict):
        raise ActionSchemaError(f"what is found is an object with {_PLACES[0]}, not {item!r:.60}")
    name, place = _place(item)
    if place == []:
        return None
    label = item.get("label", "")
    label = label if isinstance(label, str) else ""
    return Found(label, *corners(place, reading, name, at))


def _place(item: Mapping[str, Any]) -> tuple[str, Any]:
    for name in _PLACES:
        if name in item:
            return name, item[name]
    if "x" in item and "y" in item:
        return "a point", [item["x"], item["y"]]
    raise ActionSchemaError(f"what is found has one of {', '.join(_PLACES)}, or x and y")


class Qwen25VLGroundingDialect(_Json):
    """Qwen2.5-VL's boxes and points."""

    name = "qwen2.5-vl-grounding"
    space = Space.IMAGE
    user: ClassVar[tuple[str, ...]] = (
        "Locate {goal}, report the bbox coordinates in JSON format.",
        PICTURE,
    )
    form = '```json\n[\n\t{"bbox_2d": [{x}, {y}, {x}, {y}], "label": "{label}"}\n]\n```'

    def find(self, reading: Reading, begins: int) -> list[Found]:
        """Read the objects, or the XML that it writes for points when asked to."""
        tags = list(_XML.finditer(reading.reply, begins))
        if not tags:
            return super().find(reading, begins)
        return [
            Found(tag[2].strip(), *corners(place, reading, "a point", tag.start()))
            for tag in tags
            for place in _pairs(tag[1], reading, tag.start())
        ]


def _pairs(attributes: str, reading: Reading, at: int) -> list[list[float]]:
    """Give the points of ``x1="10" y1="20" x2=…``."""
    axes: dict[str, dict[str, float]] = {}
    for axis, number, value in _COORDINATE.findall(attributes):
        axes.setdefault(number, {})[axis] = float(value)
    if not axes or any(len(pair) != 2 for pair in axes.values()):
        reading.fail('points are <points x1="…" y1="…">', at)
    return [[pair["x"], pair["y"]] for pair in axes.values()]


class Qwen3VLGroundingDialect(Qwen25VLGroundingDialect):
    """Qwen3-VL's boxes and points: the same in thousandths."""

    name = "qwen3-vl-grounding"
    space = Space.REL1000
    user = (PICTURE, "Locate {goal}, report the bbox coordinates in JSON format.")


class InfiGuiG1Dialect(_Json):
    """InfiGUI-G1: it may name several points, the first is its answer."""

    name = "infigui-g1"
    space = Space.IMAGE
    system = (
        "You FIRST think about the reasoning process as an internal monologue and then provide "
        "the final answer.\n"
        "The reasoning process MUST BE enclosed within <think> </think> tags."
    )
    user = (
        PICTURE,
        "The screen's resolution is {width}x{height}.\n"
        'Locate the UI element(s) for "{goal}", output the coordinates using JSON format: '
        '[{"point_2d": [x, y]}, ...]',
    )
    form = '```json\n[{"point_2d": [{x}, {y}]}]\n```'
    thinks = ("<think>", "</think>")


class MaiUiGroundDialect(_Json):
    """MAI-UI."""

    name = "mai-ui-ground"
    space = Space.REL999
    system = """You are a GUI grounding agent.\x20
## Task
Given a screenshot and the user's grounding instruction. Your task is to accurately locate a UI \
element based on the user's instructions.
First, you should carefully examine the screenshot and analyze the user's instructions,  translate \
the user's instruction into a effective reasoning process, and then provide the final coordinate.
## Output Format
Return a json object with a reasoning process in <grounding_think></grounding_think> tags, a [x,y] \
format coordinate within <answer></answer> XML tags:
<grounding_think>...</grounding_think>
<answer>
{"coordinate": [x,y]}
</answer>"""
    user = ("{goal}\n", PICTURE)
    form = '<answer>\n{"coordinate": [{x},{y}]}\n</answer>'
    thinks = ("<grounding_think>", "</grounding_think>")


class UiInsDialect(_Json):
    """UI-Ins."""

    name = "ui-ins"
    space = Space.IMAGE
    # Its two parts are joined with nothing between, as the chat template joins them.
    system = """You are a helpful assistant.You are a GUI agent. You are given a task and your \
action history, with screenshots. You need to perform the next action to complete the task.

## Output Format
Return a json object with a reasoning process in <think></think> tags, a function name and \
arguments within <tool_call></tool_call> XML tags:
```
<think>
...
</think>
<tool_call>
{"name": "grounding", "arguments": <args-json-object>}
</tool_call>
```
<args-json-object> represents the following item of the action space:
## Action Space{"action": "click", "coordinate": [x, y]}
Your task is to accurately locate a UI element based on the instruction. You should first analyze \
instruction in <think></think> tags and finally output the function in <tool_call></tool_call> tags.
"""
    user = (PICTURE, "{goal}")
    form = (
        '<tool_call>\n{"name": "grounding", "arguments": {"action": "click", '
        '"coordinate": [{x}, {y}]}}\n</tool_call>'
    )
    thinks = ("<think>", "</think>")


class Holo15GroundDialect(_Json):
    """Holo1.5; Holo1's ``Click(x, y)`` is understood, too."""

    name = "holo1.5-ground"
    space = Space.IMAGE
    user = (
        PICTURE,
        "Localize an element on the GUI image according to the provided target and output a click "
        "position.\n * You must output a valid JSON following the format: "
        "{'description': 'Click at absolute coordinates.', 'properties': {'action': {'const': "
        "'click_absolute', 'default': 'click_absolute', 'title': 'Action', 'type': 'string'}, "
        "'x': {'description': 'The x coordinate, number of pixels from the left edge.', 'title': "
        "'X', 'type': 'integer'}, 'y': {'description': 'The y coordinate, number of pixels from "
        "the top edge.', 'title': 'Y', 'type': 'integer'}}, 'required': ['x', 'y'], 'title': "
        "'ClickAbsoluteAction', 'type': 'object'}\n Your target is:\n{goal}",
    )
    form = '{"action": "click_absolute", "x": {x}, "y": {y}}'

    def find(self, reading: Reading, begins: int) -> list[Found]:
        """Read the object, or the call that Holo1 wrote."""
        call = _CLICK.fullmatch(reading.reply, begins)
        if call is None:
            return super().find(reading, begins)
        reading.repaired("call for an object", begins)
        place = [float(call[1]), float(call[2])]
        return [Found("", *corners(place, reading, "a point", begins))]
