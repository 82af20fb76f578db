"""The pocket dialect: an action in a few words, for small networks that read every token.

::

    click 140 312
    click "Save" 140 312
    type "Ada Wolf"
    scroll down 140 345 60

Points are pixels of the resized picture, so that a number means the same place whatever the
picture's size. One picture is seen at once, and the past is told as the actions that were said, a
line each; pictures that a caller keeps stand before the action that they led to. There are no
reasons, and one thought: what is clicked may be named before its point, so that a network says
first what it looks for, and its past can be read. ``scroll`` takes a point and how far, in
hundredths of the screen; without them it is three notches where the pointer is.

Ours: eyehand's own small checkpoint is trained in it.
"""

import json
from collections.abc import Container, Mapping, Sequence
from typing import Any

from ...model.chat import Image, Marked, Message, Part
from .. import schema as a
from ..errors import ActionSchemaError
from ..geometry import Frame, Space
from ..schema import Action, parse_action
from .base import Parsed, Tools, Turn, aside, named
from .kinds import KeysKind, Kind, NumberKind, TextKind
from .lark import Lark, quoted
from .literal import Bare, Scanner
from .points import PointKind
from .reading import Reading
from .shared_verbs import NAME, WAYS
from .verbs import INFEASIBLE, Arg, Given, Verb, Vocabulary, may

_POINT = PointKind("{x} {y}", bare=True)
_PERCENT = NumberKind(1, 1000)
_TEXT = TextKind()
_SAID = TextKind(r"[^\x00-\x1f\x7f-\x9f]+")
_AT = {"what": may(_TEXT), "at": Arg(_POINT, "point")}
_WAY = {"from": Arg(_POINT, "start"), "to": Arg(_POINT, "end")}


def _scrolled(given: Given) -> dict[str, Any]:
    fields = {"direction": given["way"], "point": given.get("at")}
    if "far" in given:
        fields |= {"amount": given["far"] / 100, "unit": "screens"}
    return {name: value for name, value in fields.items() if value is not None}


def _scroll(action: a.Scroll) -> dict[str, Any] | None:
    if action.direction is None:
        return None
    far = round(100 * action.amount, 6) if action.unit == "screens" else None
    return {"way": action.direction, "at": action.point, "far": far}


_SCROLL = Verb(
    "scroll",
    a.Scroll,
    {"way": Arg(WAYS), "at": may(_POINT), "far": may(_PERCENT)},
    build=_scrolled,
    pull=_scroll,
)
_TYPING = [
    Verb("type", a.Type, {"text": Arg(_TEXT, "text")}),
    Verb("retype", a.Type, {"text": Arg(_TEXT, "text")}, {"clear": True}),
    Verb("key", a.Key, {"keys": Arg(KeysKind("+"), "keys")}),
    Verb("open", a.OpenApp, {"app": Arg(NAME, "name")}),
]
_REST = [
    Verb("wait", a.Wait, {"seconds": Arg(NumberKind(0.001, 60), "seconds")}),
    Verb("look", a.Screenshot),
    Verb("answer", a.Answer, {"text": Arg(_TEXT, "text")}),
    Verb("ask", a.AskUser, {"text": Arg(_SAID, "question")}),
    Verb(
        "done",
        a.Done,
        build=lambda given: {},
        pull=lambda done: {} if done.status == "success" else None,
    ),
    Verb(
        "infeasible",
        a.Done,
        build=lambda given: {"status": "infeasible", "reason": INFEASIBLE},
        pull=lambda done: {} if done.status == "infeasible" else None,
    ),
]
_PHONE = [
    Verb("click", a.Click, _AT),
    Verb("hold", a.LongPress, _AT),
    Verb("swipe", a.Swipe, _WAY),
    _SCROLL,
    *_TYPING,
    Verb("back", a.Back),
    Verb("home", a.Home),
    Verb("apps", a.AppSwitch),
    *_REST,
]
_DESKTOP = [
    Verb("click", a.Click, _AT),
    Verb("double", a.Click, _AT, {"count": 2}),
    Verb("right", a.Click, _AT, {"button": "right"}),
    Verb("hold", a.LongPress, _AT),
    Verb("move", a.Move, _AT),
    Verb("drag", a.Drag, _WAY),
    _SCROLL,
    *_TYPING,
    *_REST,
]
_FORMS = {
    "what": '["T"]',
    "at": "X Y",
    "from": "X Y",
    "to": "X Y",
    "way": "down",
    "far": "P",
    "text": '"T"',
    "keys": "K",
    "app": '"T"',
    "seconds": "S",
}
"""How errors show each argument."""


class PocketDialect:
    """An action in a few words.

    Args:
        tools: What can be called: a name and an object of its arguments.
        phone: Whether the env is a phone.

    Raises:
        ValueError: A tool has the name of an action.
    """

    name = "pocket"
    space = Space.IMAGE
    pictures: int | None = 1
    stops: tuple[str, ...] = ()

    def __init__(self, tools: Tools = (), *, phone: bool = False) -> None:
        self.vocabulary = Vocabulary(self.name, _PHONE if phone else _DESKTOP)
        self.tools = named(tools, self.vocabulary.names)
        # No list of actions: who learnt the dialect knows them, who did not cannot act by it.
        self.system = "Phone" if phone else "Desktop"
        for tool in self.tools.values():
            words = " ".join(str(tool["description"]).split())
            self.system += f"\n{tool['name']} {json.dumps(tool['parameters'])}: {words}"

    def messages(self, goal: str, past: Sequence[Turn], now: Image) -> list[Message]:
        """System turn, and one user turn: goal, what was said so far, picture."""
        parts: list[str | Part] = [f"{goal}\n"]
        for turn in past:
            if turn.image is not None:
                parts.append(turn.image)
            parts += [Marked(" ".join(turn.reply.split())), f"{aside(turn)}\n"]
        shown = past[-1].shown if past else ()
        return [Message.of("system", self.system), Message.of("user", *parts, *shown, now)]

    def parse(self, reply: str, frame: Frame) -> Parsed:
        """Read the one action of a reply."""
        reading = Reading(reply, frame, self.space)
        words, places = _words(reading)
        if not words or not isinstance(words[0], Bare):
            reading.fail("the reply holds no action: write one, such as click 140 312", 0)
        name, at = str(words[0]), places[0]
        if name in self.tools:
            arguments = words[1] if len(words) > 1 else {}
            if len(words) > 2 or not isinstance(arguments, dict):
                raise ActionSchemaError(f"{name} takes one object of arguments")
            call = {"action": "call_tool", "name": name, "arguments": arguments}
            return reading.parsed((parse_action(call),))
        verb = self.vocabulary.names.get(name.casefold())
        args = {} if verb is None else _given(verb, words[1:])
        actions = self.vocabulary.read(name, args, reading, at)
        return reading.parsed(actions, str(args.get("what", "")))

    def render(self, action: Action, frame: Frame, thought: str = "") -> str:
        """Write the action; the thought is what is clicked, and left out of all other actions."""
        if action.action == "call_tool":
            arguments = json.dumps(dict(action.arguments), ensure_ascii=False)
            return f"{action.name} {arguments}"
        verb, said = self.vocabulary.say(action, frame, self.space)
        if thought and "what" in verb.args:
            said["what"] = thought
        words = [
            json.dumps(said[name], ensure_ascii=False) if _is_text(arg.kind) else str(said[name])
            for name, arg in verb.args.items()
            if name in said
        ]
        return " ".join([verb.name, *words])

    def grammar(self, frame: Frame, actions: Container[str] | None = None) -> str | None:
        """One action."""
        lark = Lark()
        said = [self._lark(lark, verb, frame) for verb in self.vocabulary.allowed(actions)]
        if actions is None or "call_tool" in actions:
            for number, (name, tool) in enumerate(self.tools.items()):
                arguments = lark.json(f"tool_{number}", tool["parameters"])
                said.append(f"{quoted(f'{name} ')} {arguments}")
        return lark.made(" | ".join(said))

    def _lark(self, lark: Lark, verb: Verb, frame: Frame) -> str:
        pieces = [quoted(verb.name)]
        for name, arg in verb.args.items():
            if _is_text(arg.kind):
                value = lark.json(f"{verb.name}_{name}", arg.kind.schema(frame, self.space))
            else:
                value = arg.kind.lark(lark, frame, self.space, "")
            pieces.append(f'" " {value}' if arg.needed else f'(" " {value})?')
        return " ".join(pieces)


def _form(verb: Verb) -> str:
    return " ".join([verb.name, *(_FORMS[name] for name in verb.args)])


def _is_text(kind: Kind) -> bool:
    return isinstance(kind, TextKind)


def _words(reading: Reading) -> tuple[list[Any], list[int]]:
    """Give words, texts in quotes and objects of a reply, and where each begins."""
    text = reading.reply
    words: list[Any] = []
    places: list[int] = []
    at, end = 0, len(text)
    while len(words) <= _MOST_WORDS:
        while at < end and text[at].isspace():
            at += 1
        if at == end:
            break
        places.append(at)
        if text[at] in "\"'“‘＂{[":
            scanner = Scanner(reading, at)
            words.append(scanner.value())
            at = scanner.at
        else:
            begins = at
            while at < end and not text[at].isspace():
                at += 1
            words.append(Bare(text[begins:at]))
    return words, places


_MOST_WORDS = 6
"""More than any action has."""


def _given(verb: Verb, words: Sequence[Any]) -> Mapping[str, Any]:
    """Give the words of an action by the names of its arguments."""
    given: dict[str, Any] = {}
    left = list(words)
    for name, arg in verb.args.items():
        size = 2 if isinstance(arg.kind, PointKind) else 1
        if not arg.needed and _is_text(arg.kind) and left and isinstance(left[0], Bare):
            continue
        if len(left) < size:
            if arg.needed:
                raise ActionSchemaError(f"it is written {_form(verb)}", path=(verb.name, name))
            continue
        taken, left = left[:size], left[size:]
        if _is_text(arg.kind) == isinstance(taken[0], Bare):
            raise ActionSchemaError(f"it is written {_form(verb)}", path=(verb.name, name))
        given[name] = Bare(" ".join(map(str, taken))) if size > 1 else taken[0]
    if left:
        raise ActionSchemaError(f"it is written {_form(verb)}, and nothing more", path=(verb.name,))
    return given
