"""OS-Atlas Pro: an action a line, and one prompt for all platforms.

::

    thoughts:
    click the sign-up button
    actions:
    CLICK <point>[[493,578]]</point>

Points are thousandths. A prompt offers three basic actions and the custom actions of a platform;
each data set that the model was trained on has its own list, and `PLATFORMS` has them. What a
prompt does not offer is understood, and not written. On a desktop a reply may hold several lines.

Tools of the user are further custom actions, with their arguments as a JSON object in brackets.

Source: the test lines of OS-Atlas, word for word with their mistakes: IMPOSSIBLE has the words of
WAIT, RIGHTCLICK the format of DOUBLECLICK, and HOTKEY the number of the action before it. Not
verified: the list ``desktop``, which is OmniACT's with COMPLETE, because OmniACT's own cannot end.
"""

import json
import re
from collections.abc import Container, Mapping, Sequence
from typing import Any, Literal, get_args

from ...model.chat import Image, Message
from .. import schema as a
from ..errors import ActionError
from ..geometry import Frame, Space
from ..keys import KEYS
from .base import Parsed, Tools, Turn, aside, named
from .kinds import ChoiceKind, KeysKind, Kind, TextKind
from .lark import Lark, quoted
from .literal import Bare, Scanner
from .os_atlas_prompt import CUSTOM, TAIL, prompt
from .points import PointKind
from .reading import Reading
from .verbs import INFEASIBLE, Arg, Verb, Vocabulary, unsaid

Platform = Literal["androidcontrol", "gui-odyssey", "gui-act", "omniact", "desktop"]

PLATFORMS: Mapping[Platform, tuple[str, ...]] = {
    "androidcontrol": ("PRESS_BACK", "PRESS_HOME", "OPEN_APP", "WAIT", "COMPLETE"),
    "gui-odyssey": (
        "LONG_PRESS", "PRESS_BACK", "PRESS_HOME", "PRESS_RECENT", "IMPOSSIBLE", "COMPLETE",
    ),
    "gui-act": ("ENTER", "COMPLETE"),
    "omniact": (
        "DOUBLECLICK", "RIGHTCLICK", "MOVETO", "PRESS_SPACE", "PRESS_TAB", "PRESS_ESC",
        "PRESS_PGDN", "PRESS_DOWN", "PRESS_ENTER", "PRESS_RIGHT", "HOTKEY",
    ),
    "desktop": (
        "DOUBLECLICK", "RIGHTCLICK", "MOVETO", "PRESS_SPACE", "PRESS_TAB", "PRESS_ESC",
        "PRESS_PGDN", "PRESS_DOWN", "PRESS_ENTER", "PRESS_RIGHT", "HOTKEY", "COMPLETE",
    ),
}  # fmt: skip
"""The custom actions that each prompt offers, in its order."""

_POINT = PointKind("<point>[[{x},{y}]]</point>", bare=True)
_TYPED = TextKind(r"[^\[\]\x00-\x1f\x7f]*")
_APP = TextKind(r"[^\[\]\x00-\x1f\x7f]{1,100}")
_WAYS = ChoiceKind({way.upper(): way for way in ("up", "down", "left", "right")})
_NAMES = {
    **{key: key.replace("_", "").upper() for key in KEYS},
    **{letter: letter.upper() for letter in "abcdefghijklmnopqrstuvwxyz"},
    "_": "UNDERSCORE",
}
_KEYS = KeysKind("_", names=_NAMES)
_SPOT = {"point": Arg(_POINT, "point")}


def _press(name: str, key: str) -> Verb:
    return Verb(name, a.Key, fixed={"keys": key})


_BASIC = ("CLICK", "TYPE", "SCROLL")
_VERBS = [
    Verb("CLICK", a.Click, _SPOT),
    Verb("TYPE", a.Type, {"text": Arg(_TYPED, "text")}),
    Verb("SCROLL", a.Scroll, {"direction": Arg(_WAYS, "direction")}),
    Verb("LONG_PRESS", a.LongPress, _SPOT),
    Verb("PRESS_BACK", a.Back),
    Verb("PRESS_HOME", a.Home),
    Verb("PRESS_RECENT", a.AppSwitch),
    Verb("OPEN_APP", a.OpenApp, {"app": Arg(_APP, "name")}),
    Verb("WAIT", a.Wait),
    Verb("DOUBLECLICK", a.Click, _SPOT, {"count": 2}),
    Verb("RIGHTCLICK", a.Click, _SPOT, {"button": "right"}),
    Verb("MOVETO", a.Move, _SPOT),
    _press("ENTER", "enter"),
    _press("PRESS_ENTER", "enter"),
    _press("PRESS_SPACE", "space"),
    _press("PRESS_TAB", "tab"),
    _press("PRESS_ESC", "escape"),
    _press("PRESS_PGDN", "page_down"),
    _press("PRESS_DOWN", "down"),
    _press("PRESS_RIGHT", "right"),
    Verb("HOTKEY", a.Key, {"keys": Arg(_KEYS, "keys")}),
    Verb("COMPLETE", a.Done),
    Verb("IMPOSSIBLE", a.Done, fixed={"status": "infeasible", "reason": INFEASIBLE}),
]

_ACTIONS = re.compile(r"^[ \t]*actions:", re.IGNORECASE | re.MULTILINE)
_THOUGHTS = re.compile(r"^\s*thoughts:", re.IGNORECASE)
_WORD = re.compile(r"[^\s\[<]+")


class OsAtlasDialect:
    """OS-Atlas Pro's lines."""

    name = "os-atlas"
    space = Space.REL1000
    pictures: int | None = 1
    stops: tuple[str, ...] = ()

    def __init__(
        self, tools: Tools = (), *, phone: bool = False, platform: Platform | None = None
    ) -> None:
        """Choose the custom actions.

        Args:
            tools: What can be called besides.
            phone: Whether the screen is a phone's.
            platform: Whose list of actions is offered; None: AndroidControl's for a phone, else
                the desktop's.

        Raises:
            ValueError: There is no such platform, or a tool has the name of an action.
        """
        if platform is None:
            platform = "androidcontrol" if phone else "desktop"
        if platform not in PLATFORMS:
            raise ValueError(f"platform is one of {', '.join(get_args(Platform))}, not {platform}")
        self._several = platform in ("omniact", "desktop")
        offered = {*_BASIC, *PLATFORMS[platform]}
        # The reference replies for AndroidControl press long, though its prompt does not offer it.
        written = offered | ({"LONG_PRESS"} if platform == "androidcontrol" else set())
        verbs = [verb if verb.name in written else unsaid(verb) for verb in _VERBS]
        self.vocabulary = Vocabulary(self.name, verbs)
        self.tools = named(tools, self.vocabulary.names)
        blocks = [CUSTOM[name] for name in PLATFORMS[platform]]
        blocks += [_of_tool(name, tool) for name, tool in self.tools.items()]
        self._prompt = prompt(blocks)

    def messages(self, goal: str, past: Sequence[Turn], now: Image) -> list[Message]:
        """One user turn: the prompt, the picture, the goal and the past in words."""
        steps = "".join(f"Step {n}: {_step(turn)}\n" for n, turn in enumerate(past, start=1))
        shown = past[-1].shown if past else ()
        tail = TAIL.format(goal=goal, history=f"{steps}\n" if steps else "None\n")
        return [Message.of("user", self._prompt, *shown, now, tail)]

    def parse(self, reply: str, frame: Frame) -> Parsed:
        """Read the lines after ``actions:``."""
        reading = Reading(reply, frame, self.space)
        begins, thought = _split(reading)
        lines = _lines(reading, begins)
        if not lines:
            reading.fail(
                "the reply has no action: write actions: and on the next line one such as "
                "CLICK <point>[[500,500]]</point>",
                len(reading.reply),
            )
        if len(lines) > 1 and not self._several:
            reading.fail("the reply has several actions: write exactly one", lines[1][0])
        actions: list[a.Action] = []
        for at, line in lines:
            actions += self._meant(line, reading, at)
        return reading.parsed(tuple(actions), thought)

    def _meant(self, line: str, reading: Reading, at: int) -> tuple[a.Action, ...]:
        word = _WORD.match(line)
        if word is None:
            reading.fail(f"a line begins with the name of an action, not {line[:20]!r}", at)
        name, rest = word[0], line[word.end() :].strip(" \t")
        if name in self.tools:
            arguments = Scanner(reading, text=_inside(rest, reading, at), origin=at).value()
            return (a.parse_action({"action": "call_tool", "name": name, "arguments": arguments}),)
        verb = self.vocabulary.names.get(name)
        given: dict[str, Any] = {}
        if verb is not None and verb.args:
            ((key, arg),) = verb.args.items()
            if rest:
                is_point = isinstance(arg.kind, PointKind)
                if is_point and rest[-1].isalnum():
                    reading.fail("the line may be cut off: write <point>[[x,y]]</point>", at)
                given[key] = Bare(rest if is_point else _inside(rest, reading, at))
        elif rest and verb is not None:
            reading.fail(f"{name} stands alone on its line, without {rest[:20]!r}", at)
        return self.vocabulary.read(name, given, reading, at)

    def render(self, action: a.Action, frame: Frame, thought: str = "") -> str:
        """Write thought and line as the family would."""
        line = " ".join(thought.split())
        head = f"thoughts:\n{line}\n" if line else ""
        return f"{head}actions:\n{self._line(action, frame)}"

    def _line(self, action: a.Action, frame: Frame) -> str:
        if isinstance(action, a.CallTool) and action.name in self.tools:
            return f"{action.name} [{json.dumps(action.arguments, ensure_ascii=False)}]"
        verb, given = self.vocabulary.say(action, frame, self.space)
        if not given:
            return verb.name
        ((key, value),) = given.items()
        if isinstance(verb.args[key].kind, PointKind):
            return f"{verb.name} {value}"
        if "\n" in value or "\r" in value:
            raise ActionError(f"{self.name} has no words for {action}: its lines hold no line feed")
        return f"{verb.name} [{value}]"

    def grammar(self, frame: Frame, actions: Container[str] | None = None) -> str | None:
        """A thought in one line, and one action."""
        lark = Lark()
        rules = []
        for verb in self.vocabulary.allowed(actions):
            if not verb.args:
                rules.append(quoted(verb.name))
                continue
            ((_, arg),) = verb.args.items()
            value = _lark(arg.kind, lark, frame, self.space)
            rules.append(f"{quoted(f'{verb.name} ')} {value}")
        if actions is None or "call_tool" in actions:
            for number, (name, tool) in enumerate(self.tools.items()):
                value = lark.json(f"tool_{number}", tool["parameters"])
                rules.append(f'{quoted(f"{name} [")} {value} "]"')
        call = lark.rule("call", " | ".join(rules))
        line = lark.thought(line=True)
        return lark.made(f'("thoughts:\\n" {line} "\\n")? "actions:\\n" {call}')


def _of_tool(name: str, tool: Mapping[str, Any]) -> str:
    schema = json.dumps(tool["parameters"], ensure_ascii=False)
    words = " ".join(str(tool["description"]).split())
    return (
        f"{name}\n    - purpose: {words}\n"
        f"    - format: {name} [arguments as a JSON object with this schema: {schema}]"
    )


def _split(reading: Reading) -> tuple[int, str]:
    """Give where the lines of actions begin, and the thought before."""
    text = reading.reply
    marks = list(_ACTIONS.finditer(text))
    if len(marks) > 1:
        reading.fail("the reply says actions: more than once: say it once", marks[1].start())
    if marks:
        return marks[0].end(), _THOUGHTS.sub("", text[: marks[0].start()])
    if _THOUGHTS.match(text):
        reading.fail("the reply has thoughts and no actions: write actions: after them", len(text))
    reading.repaired("no actions:", 0)
    return 0, ""


def _lines(reading: Reading, begins: int) -> list[tuple[int, str]]:
    """Give the lines that hold something, each with where it stands."""
    lines = []
    at = begins
    for line in reading.reply[begins:].split("\n"):
        # Only what surrounds a line is cut off: blanks inside of brackets are typed.
        if line.strip():
            lines.append((at + len(line) - len(line.lstrip()), line.strip()))
        at += len(line) + 1
    return lines


def _inside(rest: str, reading: Reading, at: int) -> str:
    """Give what stands in the brackets; the last one closes, others are text."""
    if rest.startswith("[") and rest.endswith("]") and len(rest) > 1:
        return rest[1:-1]
    if rest.startswith("["):
        reading.fail("the brackets do not close at the end of the line", at)
    reading.repaired("no brackets", at)
    return rest


def _lark(kind: Kind, lark: Lark, frame: Frame, space: Space) -> str:
    """Give the Lark expression of a value as it stands on a line."""
    if isinstance(kind, ChoiceKind):
        return "(" + " | ".join(quoted(f"[{way}]") for way in kind.words) + ")"
    if isinstance(kind, KeysKind):
        names = "|".join(name for name in _NAMES.values() if name.isalnum())
        return lark.pattern(rf"\[({names})(_({names})){{0,3}}\]")
    if isinstance(kind, TextKind):
        return lark.pattern(rf"\[{kind.pattern}\]")
    return kind.lark(lark, frame, space, "")


def _step(turn: Turn) -> str:
    """Give a past step in words: its thought, or its lines where it has none."""
    *_, last = [None, *_ACTIONS.finditer(turn.reply)]
    words = turn.reply
    if last is not None:
        thought = _THOUGHTS.sub("", turn.reply[: last.start()]).strip()
        words = thought or turn.reply[last.end() :]
    words = " ".join(words.split())
    return f"{words}{aside(turn)}"
