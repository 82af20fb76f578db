"""AgentCPM-GUI (MiniCPM-V): compact JSON for phones, points in thousandths.

::

    {"thought":"…","POINT":[729,69]}

A point is touched; with ``to`` the finger goes there, or up, down, left or right from it; with a
``duration`` of more than 200 ms it is held. A duration alone is waited. A finger that goes up shows
what is below: it is read as a scroll down at its point.

Past steps are told in turns, with the words that stand for a picture which is no longer shown. The
longer side of the picture should be at most 1120 pixels.

Source: OpenBMB/AgentCPM-GUI (see `agentcpm_prompts`), and the samples of its README and of its
fine-tuning.
"""

import json
from collections.abc import Container, Sequence
from typing import Any

from ...model.chat import Image, Marked, Message
from .. import schema as a
from ..errors import ActionError, ActionSchemaError
from ..geometry import Frame, Space
from ..schema import Action, parse_action
from . import agentcpm_prompts as prompts
from .base import Parsed, Tools, Turn, named, noted
from .kinds import ChoiceKind
from .lark import Lark, quoted
from .literal import Scanner
from .points import PointKind
from .reading import Reading
from .verbs import INFEASIBLE, alike

_POINT = PointKind()
_OPPOSITE = {"up": "down", "down": "up", "left": "right", "right": "left"}
_TAP_MS = 200
_PRESSES = ChoiceKind({"HOME": a.Home(), "BACK": a.Back(), "ENTER": a.Key(keys="enter")})
_INTERRUPTED = "the model says that the task was interrupted"
_STATUSES: dict[str, Action | None] = {
    "continue": None,
    "finish": a.Done(),
    "satisfied": a.Done(),
    "impossible": a.Done(status="infeasible", reason=INFEASIBLE),
    "interrupt": a.Done(status="infeasible", reason=_INTERRUPTED),
    "need_feedback": a.AskUser(question="The model needs your help to go on."),
}
_STATUS = ChoiceKind({word: word for word in _STATUSES})


class AgentCpmDialect:
    """AgentCPM-GUI's JSON."""

    name = "agentcpm"
    space = Space.REL1000
    pictures: int | None = 1
    stops: tuple[str, ...] = ()

    def __init__(self, tools: Tools = ()) -> None:
        """Write the system turn once.

        Raises:
            ValueError: A tool has the name of a property.
        """
        self.tools = named(tools, prompts.PROPERTIES)
        self._system = prompts.system(self.tools.values())

    def messages(self, goal: str, past: Sequence[Turn], now: Image) -> list[Message]:
        """System turn, then questions with screenshots, and replies."""
        question = f"<Question>{goal}</Question>\n当前屏幕截图："
        messages = [Message.of("system", self._system)]
        lead: list[str | Image] = []
        for turn in past:
            seen = (prompts.DROPPED,) if turn.image is None else (question, turn.image)
            messages.append(Message.of("user", *lead, *seen))
            messages.append(Message("assistant", (Marked(turn.reply),)))
            told = noted(turn)
            lead = [*([f"{told}\n"] if told else []), *turn.shown]
        messages.append(Message.of("user", *lead, question, now))
        return messages

    def parse(self, reply: str, frame: Frame) -> Parsed:
        """Read the object."""
        reading = Reading(reply, frame, self.space)
        first = reading.object_begins('{"thought":"…","POINT":[x,y]}')
        reply = reading.reply
        scanner = Scanner(reading, first)
        said = scanner.value()
        if reply[scanner.at :].strip().strip("`"):
            reading.fail("the reply is one JSON object: write nothing after it", scanner.at)
        given = {name: value for name, value in said.items() if value is not None}
        thought = str(given.pop("thought", ""))
        actions = self._meant(given, thought, reading, first)
        return reading.parsed(actions, thought or reply[:first].rstrip().removesuffix("```json"))

    def _meant(
        self, given: dict[str, Any], thought: str, reading: Reading, at: int
    ) -> tuple[Action, ...]:
        """Give what the properties mean: one touch, key, text, wait or call, then the status."""
        known = ["POINT", "PRESS", "TYPE", *self.tools]
        if extra := sorted(set(given) - {*known, "to", "duration", "STATUS"}):
            raise ActionSchemaError(
                f"there is no {', '.join(extra):.80}; there are thought, {', '.join(known)}, to, "
                "duration and STATUS"
            )
        kinds = [name for name in known if name in given]
        if len(kinds) > 1:
            raise ActionSchemaError(f"only one of {' and '.join(kinds)} can be done at a time")
        status = _STATUS.read(given.pop("STATUS", "continue"), reading, "STATUS", at)
        ending = _STATUSES[status]
        if isinstance(ending, a.AskUser) and thought.strip():
            ending = parse_action({"action": "ask_user", "question": thought})
        after = () if ending is None else (ending,)
        if not given and after:
            return after
        kind = kinds[0] if kinds else "duration"
        if "to" in given and kind != "POINT":
            raise ActionSchemaError("to needs the POINT where the finger starts", path=("POINT",))
        if kind not in given:
            raise ActionSchemaError(f"one of {', '.join(known)}, duration or STATUS is needed")
        if "duration" in given and kind not in ("POINT", "duration"):
            raise ActionSchemaError(f"{kind} takes no duration", path=("duration",))
        if kind == "PRESS":
            return (_PRESSES.read(given["PRESS"], reading, "PRESS", at), *after)
        if kind == "TYPE":
            return (parse_action({"action": "type", "text": given["TYPE"]}), *after)
        if kind in self.tools:
            call = {"action": "call_tool", "name": kind, "arguments": given[kind]}
            return (parse_action(call), *after)
        seconds = _seconds(given)
        if kind == "duration":
            return (parse_action({"action": "wait", "seconds": seconds}), *after)
        return (self._touch(given, seconds, reading, at), *after)

    def _touch(self, given: dict[str, Any], seconds: float, reading: Reading, at: int) -> Action:
        point = _POINT.read(given["POINT"], reading, "POINT", at)
        to = given.get("to")
        if to is None:
            if seconds <= _TAP_MS / 1000:
                return a.Click(point=point)
            return parse_action({"action": "long_press", "point": point, "seconds": seconds})
        if isinstance(to, str):
            way = ChoiceKind(_OPPOSITE).read(to, reading, "to", at)
            return parse_action({"action": "scroll", "point": point, "direction": way})
        end = _POINT.read(to, reading, "to", at)
        return parse_action({"action": "swipe", "start": point, "end": end, "seconds": seconds})

    def render(self, action: Action, frame: Frame, thought: str = "") -> str:
        """Write the object.

        Raises:
            ActionError: The family has no words for the action.
        """
        if isinstance(action, a.AskUser):
            thought = action.question  # nothing else holds it
        said = self._said(action, frame)
        if said is not None:
            reply = _compact({"thought": thought, **said})
            again = self.parse(reply, frame).actions[0]
            if type(again) is type(action):
                again = again.model_copy(update=dict(action.points()))  # they are rounded
            if alike(again, action):
                return reply
        raise ActionError(f"{self.name} has no words for {action}")

    def _said(self, action: Action, frame: Frame) -> dict[str, Any] | None:
        """Give the properties that say an action, or something near it."""

        def place(point: Any) -> Any:
            return _POINT.write(point, frame, self.space)

        match action:
            case a.Click(point=point) if point is not None:
                return {"POINT": place(point)}
            case a.LongPress():
                return {"POINT": place(action.point), "duration": round(action.seconds * 1000)}
            case a.Swipe():
                held = round(action.seconds * 1000)
                timed = {} if held == _TAP_MS else {"duration": held}
                return {"POINT": place(action.start), "to": place(action.end), **timed}
            case a.Scroll(point=point, direction=way) if point is not None and way is not None:
                return {"POINT": place(point), "to": _OPPOSITE[way]}
            case a.Wait():
                return {"duration": round(action.seconds * 1000)}
            case a.Home() | a.Back() | a.Key(keys="enter", count=1):
                return {"PRESS": _PRESSES.write(action, frame, self.space)}
            case a.Type():
                return {"TYPE": action.text}
            case a.CallTool() if action.name in self.tools:
                return {action.name: action.arguments}
            case a.AskUser():
                return {"STATUS": "need_feedback"}
            case a.Done():
                return {"STATUS": "finish" if action.status == "success" else "impossible"}
        return None

    def grammar(self, frame: Frame, actions: Container[str] | None = None) -> str | None:
        """A thought, then one action."""
        lark = Lark()
        whole = lark.whole(0, 1000)
        point = f'"[" {whole} "," {whole} "]"'
        place = f"{_key('POINT')} {point}"
        to, held = f'"," {_key("to")}', f'"," {_key("duration")}'
        text = lark.rule("TYPED", r'/"([^"\\\x00-\x1f\x7f]|\\["\\nt])*"/')
        ways = " | ".join(quoted(f'"{way}"') for way in _OPPOSITE)
        presses = {"home": "HOME", "back": "BACK", "key": "ENTER"}
        said = {
            "click": place,
            "long_press": f"{place} {held} {lark.whole(_TAP_MS + 1, 10_000)}",
            "swipe": f"{place} {to} {point} ({held} {lark.whole(50, 10_000)})?",
            "scroll": f"{place} {to} ({ways})",
            "wait": f"{_key('duration')} {lark.whole(1, 60_000)}",
            **{tag: quoted(f'"PRESS":"{word}"') for tag, word in presses.items()},
            "type": f"{_key('TYPE')} {text}",
            "done": " | ".join(quoted(f'"STATUS":"{word}"') for word in ("finish", "impossible")),
            "ask_user": quoted('"STATUS":"need_feedback"'),
        }
        rules = [rule for tag, rule in said.items() if actions is None or tag in actions]
        if actions is None or "call_tool" in actions:
            rules += [
                f"{_key(name)} {lark.json(f'tool_{number}', tool['parameters'], compact=True)}"
                for number, (name, tool) in enumerate(self.tools.items())
            ]
        thought = lark.rule("SAID", r'/"([^"\\\x00-\x1f\x7f<]|\\["\\nt])*"/')
        step = lark.rule("step", " | ".join(rules))
        return lark.made(f'"{{" {_key("thought")} {thought} "," {step} "}}"')


def _key(name: str) -> str:
    """Give the Lark expression of a member's name."""
    return quoted(f'"{name}":')


def _seconds(given: dict[str, Any]) -> float:
    """Give the duration in seconds; 200 ms where there is none."""
    ms = given.get("duration", _TAP_MS)
    if type(ms) not in (int, float) or not 0 <= ms <= 60_000:
        raise ActionSchemaError(
            f"duration is milliseconds from 0 to 60000, not {ms!r:.40}", path=("duration",)
        )
    return float(ms) / 1000


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
