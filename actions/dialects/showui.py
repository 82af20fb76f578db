"""ShowUI (Qwen2-VL-2B): Python dictionaries, several in one reply, points as fractions.

::

    {'action': 'CLICK', 'value': None, 'position': [0.49, 0.42]},
    {'action': 'ENTER', 'value': None, 'position': None}

All text is in the user turn: prompt, task, the past as the dictionaries that were said, and one
picture. On a desktop it is the prompt for websites, on a phone that for smartphones. Neither has a
verb that ends the task: on phones the answer ``task complete`` does, as the prompt says, so that is
what is written on both; any other answer is the user's, and ends the task, too. What the variants
trained on AITW and Mind2Web say (``SCROLL DOWN``, ``PRESS BACK``, ``STATUS TASK COMPLETE``) is
understood. Directions are those of the view: ``down`` shows what is below. ``COPY`` copies what is
selected.

Source: showlab/ShowUI (see `showui_prompts`), and its ``data/dset_aitw.py`` for the past:
dictionaries one after another, nothing between. Not verified: ``task impossible``, which AITW's
verb suggests.
"""

import json
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any

from ...model.chat import Image, Message
from .. import schema as a
from ..errors import ActionSchemaError
from ..geometry import Frame, Point, Space
from ..schema import Action, parse_action
from . import showui_prompts as prompts
from .base import Parsed, Tools, Turn, named, noted
from .call import literal
from .kinds import TextKind
from .lark import Lark, quoted
from .literal import Scanner
from .points import PointKind
from .reading import Reading
from .shared_verbs import WAYS, answered
from .verbs import INFEASIBLE, Arg, Given, Verb, Vocabulary, heard, may, unsaid, with_point

_POINT = PointKind(places=2)
_COMPLETE, _IMPOSSIBLE = "task complete", "task impossible"
_INFEASIBLE = a.Done(status="infeasible", reason=INFEASIBLE)


@dataclass(frozen=True, slots=True)
class _PathKind:
    """Two points, from and to."""

    def read(self, value: Any, reading: Reading, name: str, at: int) -> tuple[Point, Point]:
        """Give both in physical pixels."""
        if not isinstance(value, list) or len(value) != 2:
            raise ActionSchemaError(
                f"{name} is [[x1, y1], [x2, y2]], not {value!r:.60}", path=(name,)
            )
        start, end = (_POINT.read(each, reading, name, at) for each in value)
        return start, end

    def write(self, value: tuple[Point, Point], frame: Frame, space: Space) -> Any:
        """Give a list of both."""
        return [_POINT.write(each, frame, space) for each in value]

    def schema(self, frame: Frame, space: Space) -> dict[str, Any]:
        """A list of both."""
        return {"type": "array", "items": _POINT.schema(frame, space), "minItems": 2, "maxItems": 2}

    def lark(self, lark: Lark, frame: Frame, space: Space, quote: str) -> str:
        """A list of both."""
        point = _POINT.lark(lark, frame, space, quote)
        return f'"[" {point} ", " {point} "]"'


def _path(name: str, makes: type[Any], *, said: bool = True) -> Verb:
    def pull(action: a.Swipe | a.Drag) -> dict[str, Any] | None:
        return None if action.start is None else {"position": (action.start, action.end)}

    return Verb(
        name,
        makes,
        {"position": Arg(_PathKind())},
        build=lambda given: dict(zip(("start", "end"), given["position"], strict=True)),
        pull=pull,
        said=said,
    )


def _select(given: Given) -> tuple[Action, ...]:
    if "value" in given:
        raise ActionSchemaError(
            "SELECT opens a list and takes no value: CLICK the list, then CLICK the option"
        )
    return with_point((), given["position"])


def _answered(given: Given) -> tuple[Action, ...]:
    text = given.get("value", "")
    if text.strip().casefold() == _COMPLETE:
        return (a.Done(),)
    if text.strip().casefold() == _IMPOSSIBLE:
        return (_INFEASIBLE,)
    return answered(text)


def _fixed(name: str, action: Action, *, said: bool = False) -> Verb:
    """A verb that is one action and nothing else."""
    return Verb(
        name, type(action), build=lambda given: (action,), pull=lambda action: {}, said=said
    )


def _input(name: str) -> Verb:
    def build(given: Given) -> tuple[Action, ...]:
        typed = parse_action({"action": "type", "text": given["value"]})
        return with_point((typed,), given.get("position"))

    args = {"value": Arg(TextKind()), "position": may(_POINT)}
    return Verb(name, a.Type, args, build=build, pull=lambda typed: {"value": typed.text})


_MAY_VALUE = {"value": heard(TextKind())}
_CLICK = Verb(
    "CLICK",
    a.Click,
    {**_MAY_VALUE, "position": Arg(_POINT)},
    build=lambda given: with_point((), given["position"]),
    pull=lambda click: {"position": click.point},
)
_TAP = Verb("TAP", a.Click, _CLICK.args, build=_CLICK.build, pull=_CLICK.pull)
_SCROLL = Verb(
    "SCROLL", a.Scroll, {"value": Arg(WAYS, "direction"), "position": may(_POINT, "point")}
)
_ANSWER = Verb(
    "ANSWER",
    (a.Answer, a.Done),
    {"value": may(TextKind())},
    build=_answered,
    pull=lambda action: {
        "value": action.text
        if isinstance(action, a.Answer)
        else _COMPLETE
        if action.status == "success"
        else _IMPOSSIBLE
    },
)
_COPY = Verb(
    "COPY",
    a.Key,
    {"value": may(TextKind())},
    build=lambda given: {"keys": "ctrl+c"},
    pull=lambda key: {},
)
_ENTER = _fixed("ENTER", a.Key(keys="enter"), said=True)
_WEB_VERBS = [
    _CLICK,
    _input("INPUT"),
    Verb("HOVER", a.Move, {"position": Arg(_POINT, "point")}),
    _ANSWER,
    _ENTER,
    _SCROLL,
    _path("SELECT_TEXT", a.Drag),
    _COPY,
]
_PHONE_VERBS = [_input("INPUT"), _path("SWIPE", a.Swipe), _TAP, _ANSWER, _ENTER]
_HEARD = [
    Verb("SELECT", a.Click, {**_MAY_VALUE, "position": Arg(_POINT)}, build=_select, said=False),
    *map(unsaid, (_CLICK, _TAP, _SCROLL, _input("TYPE"))),
    _path("SWIPE", a.Swipe, said=False),
    *(
        _fixed(f"SCROLL {way.upper()}", parse_action({"action": "scroll", "direction": way}))
        for way in ("up", "down", "left", "right")
    ),
    _fixed("PRESS BACK", a.Back()),
    _fixed("PRESS HOME", a.Home()),
    _fixed("PRESS ENTER", a.Key(keys="enter")),
    _fixed("STATUS TASK COMPLETE", a.Done()),
    _fixed("STATUS TASK IMPOSSIBLE", _INFEASIBLE),
]


class ShowUiDialect:
    """ShowUI's dictionaries, for websites or smartphones."""

    name = "showui"
    space = Space.REL1
    pictures: int | None = 1
    stops: tuple[str, ...] = ()

    def __init__(self, tools: Tools = (), *, phone: bool = False) -> None:
        """Choose the prompt.

        Args:
            tools: Listed as more actions; their arguments are the value.
            phone: Whether the env is a phone.

        Raises:
            ValueError: A tool has the name of an action.
        """
        said = _PHONE_VERBS if phone else _WEB_VERBS
        names = {verb.name for verb in said}
        self.vocabulary = Vocabulary(
            self.name, [*said, *(verb for verb in _HEARD if verb.name not in names)]
        )
        self.tools = named(tools, {*self.vocabulary.names, *map(str.lower, self.vocabulary.names)})
        space = prompts.PHONE if phone else prompts.WEB
        number = space.count("\n") + 1
        for more, tool in enumerate(self.tools.values(), start=1):
            space += (
                f"\n{number + more}. `{tool['name']}`: {' '.join(str(tool['description']).split())}"
                f" value is a dictionary of its arguments, {json.dumps(tool['parameters'])}, and "
                "the position is not applicable."
            )
        app = "smartphone" if phone else "website"
        self._prompt = prompts.SYSTEM.format(app=app, space=space) + prompts.FORMAT

    def messages(self, goal: str, past: Sequence[Turn], now: Image) -> list[Message]:
        """One user turn: prompt, task, what was said, picture."""
        said = "".join(map(_told, past))
        shown = past[-1].shown if past else ()
        return [Message.of("user", f"{self._prompt}Task: {goal}\n{said}", *shown, now)]

    def parse(self, reply: str, frame: Frame) -> Parsed:
        """Read the dictionaries of a reply, joined by commas."""
        reading = Reading(reply, frame, self.space)
        first = reading.object_begins("{'action': 'CLICK', 'value': None, 'position': [0.5, 0.5]}")
        reply = reading.reply
        before = reply[:first].rstrip()
        listed = before.endswith("[")
        scanner = Scanner(reading, first, python=True)
        actions: list[Action] = []
        while scanner.peek() == "{":
            at = scanner.at
            actions += self._meant(scanner.value(), reading, at)
            scanner.took(",", "，")
        if listed and not scanner.took("]"):
            reading.repaired("unclosed bracket", scanner.at)
        rest = reply[scanner.at :].strip()
        if rest.strip("`"):
            reading.fail(f"dictionaries are expected, not {rest[:30]!r}", scanner.at)
        return reading.parsed(tuple(actions), before.removesuffix("["))

    def _meant(self, said: Any, reading: Reading, at: int) -> tuple[Action, ...]:
        if not isinstance(said.get("action"), str):
            raise ActionSchemaError("an action is {'action': '…', 'value': …, 'position': …}")
        if extra := sorted(set(said) - {"action", "value", "position"}):
            raise ActionSchemaError(
                f"an action has action, value and position, and no {', '.join(extra):.80}"
            )
        name = said["action"].strip()
        if name not in self.tools:
            given = {key: said.get(key) for key in ("value", "position")}
            return self.vocabulary.read(name, given, reading, at)
        arguments = {} if said.get("value") is None else said["value"]
        if not isinstance(arguments, dict) or said.get("position") is not None:
            raise ActionSchemaError(f"the value of {name} is a dictionary of its arguments")
        return (parse_action({"action": "call_tool", "name": name, "arguments": arguments}),)

    def render(self, action: Action, frame: Frame, thought: str = "") -> str:
        """Write the dictionary; the family has no thoughts."""
        if action.action == "call_tool":
            value = literal(action.arguments, '"')
            return f"{{'action': '{action.name}', 'value': {value}, 'position': None}}"
        verb, arguments = self.vocabulary.say(action, frame, self.space)
        said = {"action": verb.name, **arguments}
        return str({key: said.get(key) for key in ("action", "value", "position")})

    def grammar(self, frame: Frame, actions: Container[str] | None = None) -> str | None:
        """One to five dictionaries."""
        lark = Lark()
        steps: list[str] = []
        for verb in self.vocabulary.allowed(actions):
            clicks = verb.name != "INPUT" or actions is None or "click" in actions
            steps.append(self._lark(lark, verb, frame, place=clicks))
        if actions is None or "call_tool" in actions:
            for number, tool in enumerate(self.tools.values()):
                value = lark.json(f"tool_{number}", tool["parameters"])
                head = f"{{'action': '{tool['name']}', 'value': "
                steps.append(f"{quoted(head)} {value} \", 'position': None}}\"")
        step = lark.rule("step", " | ".join(steps))
        return lark.made(f'{step} (",\\n" {step}){{0,4}}')

    def _lark(self, lark: Lark, verb: Verb, frame: Frame, *, place: bool) -> str:
        text = quoted(f"{{'action': '{verb.name}'")
        for key in ("value", "position"):
            arg = verb.args.get(key)
            if arg is None or not arg.said or (key == "position" and not place):
                text += " " + quoted(f", '{key}': None")
                continue
            value = arg.kind.lark(lark, frame, self.space, "'")
            value = value if arg.needed else f'({value} | "None")'
            text += f" {quoted(f', {key!r}: ')} {value}"
        return f'{text} "}}"'


def _told(turn: Turn) -> str:
    """Give a past reply, and what came of it where the next picture does not show it."""
    told = noted(turn)
    return turn.reply.strip() + (f" ({' '.join(told.split())})\n" if told else "")
