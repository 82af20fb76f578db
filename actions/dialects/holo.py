"""Holo1.5 (Qwen2.5-VL) and Holo2 (Qwen3-VL): a step of web navigation as JSON.

::

    {"note": "", "thought": "I search.", "action": {"action": "scroll", "direction": "down"}}

Holo1.5 writes pixels of the resized picture, Holo2 thousandths. ``write_element_abs`` clicks,
types and presses Enter. Going back, reloading and going to an address are actions of a browser env,
and the browser's keys on a desktop; on a phone going back is the phone's button. An answer ends the
task, an empty one says nothing more. At most three pictures; the notes in earlier replies are the
memory.

Source: H Company's cookbook, which asks Holo1 once, word for word (see `holo_prompts`); on a phone
without the actions that it lacks. Not verified: how the past is laid out, and that the newer models
are told the same; Holo2's is the same but for what a coordinate is.
"""

import json
from collections.abc import Container, Mapping, Sequence
from typing import Any

from ...model.chat import Image, Marked, Message
from .. import schema as a
from ..errors import ActionSchemaError
from ..geometry import Frame, Space
from ..schema import Action, parse_action
from . import holo_prompts as prompts
from .base import Parsed, Tools, Turn, noted
from .kinds import NumberKind, TextKind
from .lark import Lark, object_schema, quoted
from .literal import Scanner
from .points import PLACE, PointKind, joined, limits, parted
from .reading import Reading
from .shared_verbs import WAYS, address, answered
from .verbs import Arg, Given, Verb, Vocabulary, heard, may, unsaid, with_point

_POINT = PointKind()
_ELEMENT = {"element": heard(TextKind())}


def _write(given: Given) -> tuple[Action, ...]:
    typed = {"action": "type", "text": given["content"], "submit": True}
    return with_point((parse_action(typed),), given[PLACE])


def _opened(given: Given) -> tuple[Action, ...]:
    return address(given["url"], browser=True)


def _never(action: Action) -> None:
    """It is several actions at once: no one action is said so."""


def _plain(name: str, action: Action) -> Verb:
    return Verb(name, type(action), build=lambda given: (action,), pull=lambda same: {})


_CLICK = Verb(
    "click_element",
    a.Click,
    {**_ELEMENT, PLACE: Arg(_POINT)},
    build=lambda given: with_point((), given[PLACE]),
    pull=lambda click: {PLACE: click.point},
)
_VERBS = [
    _CLICK,
    Verb(
        "write_element_abs",
        (a.Click, a.Type),
        {"content": Arg(TextKind()), **_ELEMENT, PLACE: Arg(_POINT)},
        build=_write,
        pull=_never,
    ),
    Verb("scroll", a.Scroll, {"direction": Arg(WAYS, "direction")}),
    Verb(
        "wait",
        a.Wait,
        {"seconds": may(NumberKind(0.001, 60), written=True)},
        build=lambda given: {"seconds": given.get("seconds", 2)},
        pull=lambda wait: {"seconds": wait.seconds},
    ),
    Verb(
        "answer",
        (a.Answer, a.Done),
        {"content": Arg(TextKind())},
        build=lambda given: answered(given["content"]),
        pull=lambda said: {"content": said.text if isinstance(said, a.Answer) else ""},
    ),
    unsaid(Verb("click_absolute", a.Click, _CLICK.args, build=_CLICK.build)),
]
_DESKTOP = [
    _plain("go_back", a.Key(keys="alt+left")),
    _plain("refresh", a.Key(keys="f5")),
    Verb(
        "goto",
        (a.Key, a.Type),
        {"url": Arg(TextKind())},
        build=lambda given: address(given["url"]),
        pull=_never,
    ),
]
_BROWSER = [
    _plain("go_back", a.Back()),
    _plain("refresh", a.Reload()),
    Verb("goto", a.Goto, {"url": Arg(TextKind(), "url")}, build=_opened),
]
_PHONE = [_plain("go_back", a.Back())]


class HoloDialect:
    """Holo1.5's steps."""

    name = "holo1.5"
    space = Space.IMAGE
    pictures: int | None = 3
    stops: tuple[str, ...] = ()

    def __init__(self, tools: Tools = (), *, phone: bool = False, browser: bool = False) -> None:
        """Choose the actions.

        Args:
            tools: Listed as more actions, and called like them.
            phone: Whether the env is a phone.
            browser: Whether it is a browser, which has these actions of its own.

        Raises:
            ValueError: A tool has the name of an action.
        """
        ways = _PHONE if phone else _BROWSER if browser else _DESKTOP
        self.vocabulary = Vocabulary(self.name, [*_VERBS, *ways])
        self.tools = {str(tool["name"]): dict(tool) for tool in tools}
        for name in self.tools:
            if name in self.vocabulary.names:
                raise ValueError(f"a tool cannot be called {name}: an action of the dialect is")

    def messages(self, goal: str, past: Sequence[Turn], now: Image) -> list[Message]:
        """System turn, then task, screenshots and replies."""
        messages = [Message.of("system", self._system())]
        lead: list[str | Image] = [f"<task>\n{goal}\n</task>\n"]
        for number, turn in enumerate(past, start=1):
            seen = turn.image or "(this picture is no longer kept)"
            messages.append(Message.of("user", *lead, *_observed(number, seen)))
            messages.append(Message("assistant", (Marked(turn.reply),)))
            told = noted(turn)
            lead = [*([f"{told}\n"] if told else []), *turn.shown]
        messages.append(Message.of("user", *lead, *_observed(len(past) + 1, now)))
        return messages

    def _system(self) -> str:
        names = {*self.vocabulary.names, "restart"}
        offered = [
            action
            for action in prompts.actions(self.space)
            if action["properties"]["action"]["const"] in names
        ]
        return prompts.system([*offered, *map(prompts.tool_action, self.tools.values())])

    def parse(self, reply: str, frame: Frame) -> Parsed:
        """Read the step; thinking in tags before it is only thought."""
        reading = Reading(reply, frame, self.space)
        reply = reading.reply
        # A tag behind the beginning of the step is part of what it says.
        after = -1 if reply.lstrip().startswith("{") else reply.find("</think>")
        first = reading.object_begins('{"note": …, "thought": …, "action": …}', max(after, 0))
        if not reply[first + 1 :].strip():
            reading.fail("the reply stops after {: answer again with the whole object", first)
        scanner = Scanner(reading, first)
        step = scanner.value()
        if reply[scanner.at :].strip().strip("`"):
            reading.fail("the reply is one JSON object: write nothing after it", scanner.at)
        said = step.get("action")
        if isinstance(said, str):
            reading.repaired("an action without a step", first)
            step, said = {}, step
        if not isinstance(said, dict) or not isinstance(said.get("action"), str):
            raise ActionSchemaError('a step needs "action": {"action": "…", …}', path=("action",))
        thought = step.get("thought") or reply[:first].replace("</think>", "")
        return reading.parsed(self._meant(said, reading, first), str(thought))

    def _meant(self, said: Mapping[str, Any], reading: Reading, at: int) -> tuple[Action, ...]:
        arguments = {name: value for name, value in said.items() if name != "action"}
        name = said["action"].strip()
        if name in self.tools:
            call = {"action": "call_tool", "name": name, "arguments": arguments}
            return (parse_action(call),)
        if name == "restart":
            raise ActionSchemaError("restart is not available: go on from what the screen shows")
        return self.vocabulary.read(name, joined(arguments), reading, at)

    def render(self, action: Action, frame: Frame, thought: str = "") -> str:
        """Write the step."""
        if action.action == "call_tool":
            if "action" in action.arguments:
                raise ActionSchemaError(f"{self.name} has no words for an argument called action")
            said: dict[str, Any] = {"action": action.name, **action.arguments}
        else:
            verb, arguments = self.vocabulary.say(action, frame, self.space)
            element = {"element": ""} if "element" in verb.args else {}
            said = {"action": verb.name, **element, **parted(arguments)}
        return json.dumps({"note": "", "thought": thought, "action": said}, ensure_ascii=False)

    def grammar(self, frame: Frame, actions: Container[str] | None = None) -> str | None:
        """A note, a thought, and one action."""
        lark = Lark()
        text = lark.rule("SAID", r'/"([^"\\\x00-\x1f\x7f<]|\\["\\nt])*"/')
        rules = []
        for number, verb in enumerate(self.vocabulary.allowed(actions)):
            whole = actions is None or all(tag in actions for tag in verb.tags)
            if verb.pull is _never and not whole:
                continue
            body = object_schema({"action": {"const": verb.name}, **self._schemas(verb, frame)})
            rules.append(lark.json(f"verb_{number}", body))
        if actions is None or "call_tool" in actions:
            for number, (name, tool) in enumerate(self.tools.items()):
                schema = tool["parameters"]
                properties = {"action": {"const": name}, **schema.get("properties", {})}
                required = ["action", *schema.get("required", [])]
                body = {**schema, "properties": properties, "required": required}
                rules.append(lark.json(f"tool_{number}", body))
        action = lark.rule("action", " | ".join(rules))
        keys = [quoted(key) for key in ('{"note": ', ', "thought": ', ', "action": ')]
        return lark.made(f'{keys[0]} {text} {keys[1]} {text} {keys[2]} {action} "}}"')

    def _schemas(self, verb: Verb, frame: Frame) -> dict[str, Any]:
        schemas: dict[str, Any] = {}
        for name, arg in verb.args.items():
            if name == PLACE:
                for axis, top in zip("xy", limits(frame, self.space), strict=True):
                    schemas[axis] = {"type": "integer", "minimum": 0, "maximum": top}
            else:
                schemas[name] = arg.kind.schema(frame, self.space)
        return schemas


class Holo2Dialect(HoloDialect):
    """Holo2's steps: points in thousandths."""

    name = "holo2"
    space = Space.REL1000


def _observed(number: int, seen: str | Image) -> tuple[str | Image, ...]:
    """Give what surrounds a screenshot, and the screenshot."""
    opens = f"<observation step={number}>\n<screenshot>\n"
    return opens, seen, "\n</screenshot>\n\n</observation>\n"
