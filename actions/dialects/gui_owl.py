"""GUI-Owl: the model of Mobile-Agent-v3 (on Qwen2.5-VL), and GUI-Owl-1.5 (on Qwen3-VL).

GUI-Owl thinks in ``<thinking>``, calls, and sums up in ``<conclusion>``; it writes pixels of the
resized picture, and was trained with the last two screenshots. GUI-Owl-1.5 says its next action in
a line and calls; it writes thousandths, and is shown the last four rounds in turns, what was before
in words.

The date that the runner of GUI-Owl-1.5 puts before the instruction is left out: a prompt is the
same whenever an episode is replayed. Who needs it writes it into the goal. The browser variant,
which names elements by labels instead of points, is left out as well.

Source: X-PLUG/MobileAgent; prompts for phones word for word, with GUI-Owl-1.5's functions printed
with bare line feeds, as its runner does. Not verified: the descriptions of ``computer_use`` for
desktops, which are Qwen's with what GUI-Owl adds.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ...model.chat import Image, Message, Part, Text
from .. import schema as a
from ..geometry import Frame, Space
from ..schema import parse_action
from . import computer_use as pc
from . import mobile_use as mobile
from .base import Tools, Turn, noted
from .hermes import TOOLS_TEXT, HermesDialect, told, tool_line
from .kinds import ChoiceKind, FlagKind, KeysKind, NumberKind, TextKind
from .lark import Lark
from .verbs import Arg, Given, Verb, Vocabulary, heard, may, unsaid

_HELP = "The model needs your help on the screen."
"""What is asked where the model asks without words."""

_ASK = """The user query: {goal}
Before answering, explain your reasoning step-by-step in <thinking></thinking> tags, and insert \
them before the <tool_call></tool_call> XML tags.
After answering, summarize your action in <conclusion></conclusion> tags, and insert them after \
the <tool_call></tool_call> XML tags."""

_MOVE = """Please generate the next move according to the UI screenshot, instruction and previous \
actions.

Instruction: {goal}

Previous actions:
{steps}"""

_RESPONSE = """

# Response format

Response format for every step:
1) Action: a short imperative describing what to do in the UI.
2) A single <tool_call>...</tool_call> block containing only the JSON: {"name": <function-name>, \
"arguments": <args-json-object>}.

Rules:
- Output exactly in the order: Action, <tool_call>.
- Be brief: one for Action.
- Do not output anything else outside those two parts.
- If finishing, use action=terminate in the tool call."""

_DOES = {
    "key": pc.DOES["key"],
    "type": "Input a string of text: `clear` overwrites the text that is there, `enter` presses "
    "the enter key afterwards.",
    "mouse_move": pc.DOES["mouse_move"],
    "click": pc.DOES["left_click"],
    "drag": "Press at `coordinate`, and drag the cursor to `coordinate2`.",
    **{name: pc.DOES[name] for name in ("right_click", "middle_click", "double_click", "scroll")},
    **{name: pc.DOES[name] for name in ("wait", "terminate")},
}
_ALSO = {
    "clear": {"description": "1 or 0. Required only by `action=type`.", "type": "number"},
    "enter": {"description": "1 or 0. Required only by `action=type`.", "type": "number"},
    "coordinate2": {
        "description": "(x2, y2): where a drag ends. Required only by `action=drag`.",
        "type": "array",
    },
    "pixels": {
        "description": "The amount of scrolling to perform, from -5 to 5. Positive values scroll "
        "up, negative values scroll down. Required only by `action=scroll`.",
        "type": "number",
    },
}


def _notches(given: Given) -> Mapping[str, Any]:
    point = {} if "coordinate" not in given else {"point": given["coordinate"]}
    return {"dy": -given["pixels"], **point}


def _pulled(scroll: a.Scroll) -> Given:
    return {"pixels": -scroll.delta[1], "coordinate": scroll.point}


_FLAG = FlagKind(number=True)
_COMPUTER = Vocabulary(
    "gui-owl",
    [
        pc.clicks("click", "left", 1),
        pc.clicks("right_click", "right", 1),
        pc.clicks("middle_click", "middle", 1),
        pc.clicks("double_click", "left", 2),
        Verb(
            "type",
            a.Type,
            {
                "text": Arg(TextKind(), "text"),
                "clear": may(_FLAG, "clear", written=True),
                "enter": may(_FLAG, "submit", written=True),
            },
        ),
        Verb("key", a.Key, {"keys": Arg(KeysKind(), "keys")}),
        Verb("mouse_move", a.Move, {"coordinate": Arg(pc.POINT, "point")}),
        Verb(
            "drag",
            a.Drag,
            {"coordinate": Arg(pc.POINT, "start"), "coordinate2": Arg(pc.POINT, "end")},
        ),
        Verb(
            "scroll",
            a.Scroll,
            {"pixels": Arg(NumberKind(-5, 5, zero=False)), "coordinate": may(pc.POINT)},
            build=_notches,
            pull=_pulled,
        ),
        mobile.WAIT,
        mobile.TERMINATE,
    ],
)
_PHONE = [
    mobile.CLICK,
    mobile.LONG_PRESS,
    mobile.SWIPE,
    mobile.TYPE,
    mobile.BUTTON,
    mobile.KEY,
    mobile.OPEN,
    mobile.WAIT,
]


class GuiOwlDialect(HermesDialect):
    """GUI-Owl, on a phone or a desktop."""

    name = "gui-owl"
    space = Space.IMAGE
    pictures = 2
    several = False
    before = ("<thinking>\n", "\n</thinking>\n")

    def __init__(self, tools: Tools = (), *, phone: bool = False) -> None:
        """Choose the function by what it works on.

        Raises:
            ValueError: A tool has the name of that function.
        """
        self.phone = phone
        self.function = "mobile_use" if phone else "computer_use"
        self.old = phone
        self.vocabulary = (
            Vocabulary("gui-owl", [*_PHONE, mobile.TERMINATE, unsaid(mobile.ANSWER)])
            if phone
            else _COMPUTER
        )
        super().__init__(tools)

    def messages(self, goal: str, past: Sequence[Turn], now: Image) -> list[Message]:
        """System turn with the function, then the goal, screenshots and replies in turns."""
        size = f"{now.resized.width}x{now.resized.height}"
        described = (
            mobile.function(size, keys=True) if self.phone else pc.function(size, _DOES, _ALSO)
        )
        system = f"You are a helpful assistant.\n\n{self.tools_text([described])}"
        return [Message.of("system", system), *turns([Text(_ASK.format(goal=goal))], past, now)]


def turns(first: Sequence[Part], past: Sequence[Turn], now: Image) -> list[Message]:
    """Give past rounds as turns of user and assistant, and the user turn of the current one.

    A round whose picture is no longer kept, and of which nothing is told, has no user turn.

    Args:
        first: What stands before the first picture.
        past: Earlier rounds, oldest first.
        now: The current screenshot.
    """
    messages: list[Message] = []
    lead = [*first]
    for turn in past:
        seen = [*lead, *([] if turn.image is None else [turn.image])]
        if seen:
            messages.append(Message.of("user", *seen))
        messages.append(Message.of("assistant", turn.reply))
        lead = [*([Text(told(turn))] if told(turn) else []), *turn.shown]
    return [*messages, Message.of("user", *lead, now)]


def _answered(given: Given) -> tuple[a.Action, ...]:
    """Answer, which ends the task."""
    answer = {"action": "answer", "text": given["text"]}
    return (parse_action(answer), a.Done()) if given["text"] else (a.Done(),)


def _asked(given: Given) -> tuple[a.Action, ...]:
    question = given.get("text", "").strip() or _HELP
    return (parse_action({"action": "ask_user", "question": question}),)


_ENDS = [
    Verb(
        "answer",
        a.Answer,
        {"text": Arg(TextKind(), "text")},
        build=_answered,
        pull=lambda answer: {"text": answer.text},
    ),
    Verb(
        "interact",
        a.AskUser,
        {"text": Arg(mobile.NAME, "question", needed=False)},
        build=_asked,
        pull=lambda ask: {"text": ask.question},
    ),
    mobile.TERMINATE,
]
_SUCCESS = ChoiceKind({"success": True})
_HEARD = [
    unsaid(pc.clicks("click", "left", 1)),
    unsaid(Verb("hotkey", a.Key, {"keys": Arg(KeysKind(), "keys")})),
    unsaid(Verb("drag", a.Drag, {"coordinate": Arg(pc.POINT, "end")})),
    *(
        unsaid(Verb(word, a.Done, {"status": heard(_SUCCESS)}, build=lambda given: {}))
        for word in ("stop", "done")
    ),
    unsaid(Verb("call_user", a.AskUser, {"text": heard(TextKind())}, build=_asked)),
]
"""What the runner for desktops understands besides."""

_INTERACT = "Resolve the blocking window by interacting with the user."


class GuiOwl15Dialect(HermesDialect):
    """GUI-Owl-1.5, on a phone or a desktop."""

    name = "gui-owl-1.5"
    space = Space.REL1000
    pictures = 5
    before = ("Action: ", "\n")

    def __init__(self, tools: Tools = (), *, phone: bool = False) -> None:
        """Choose the function by what it works on.

        Raises:
            ValueError: A tool has the name of that function.
        """
        self.phone = phone
        self.function = "mobile_use" if phone else "computer_use"
        self.several = not phone
        desktop = [*pc.VERBS, *pc.newer_verbs(said=True)]
        ends = {verb.name for verb in _ENDS}
        verbs = _PHONE if phone else [verb for verb in desktop if verb.name not in ends]
        self.vocabulary = Vocabulary("gui-owl-1.5", [*verbs, *_ENDS, *([] if phone else _HEARD)])
        super().__init__(tools)

    def messages(self, goal: str, past: Sequence[Turn], now: Image) -> list[Message]:
        """System turn; then the goal with old rounds in words, and the last four in turns."""
        kept = next((n for n, turn in enumerate(past) if turn.image is not None), len(past))
        begins = max(len(past) - 4, kept)
        steps = [f"Step {n}: {_step(turn)}" for n, turn in enumerate(past[:begins], start=1)]
        text = _MOVE.format(goal=goal, steps="\n".join(steps) or "None")
        shown = past[begins - 1].shown if begins and begins == len(past) else ()
        system = Message.of("system", f"{self._functions()}{_RESPONSE}")
        return [system, *turns([Text(text), *shown], past[begins:], now)]

    def _functions(self) -> str:
        if not self.phone:
            does = {**pc.NEWER_DOES, "interact": _INTERACT}
            return self.tools_text([pc.function("1000x1000", does)])
        own = tool_line(_phone_function(), old=True).replace("\\n", "\n")
        lines = (tool_line(tool, old=True) for tool in self.tools.values())
        return TOOLS_TEXT.format(tools="\n".join([own, *lines]))

    def thought_of(self, text: str) -> str:
        """Give the sentence after ``Action:``."""
        return super().thought_of(text).removeprefix("Action:").strip()

    def render(self, action: a.Action, frame: Frame, thought: str = "") -> str:
        """Write the action in a line of words, and the call."""
        return super().render(action, frame, " ".join(thought.split()))

    def grammar_before(self, lark: Lark) -> str:
        """The action in a line of words."""
        return f'("Action: " {lark.thought(line=True)} "\\n")?'


def _step(turn: Turn) -> str:
    """Give a round in words: the sentence after ``Action:``, else the reply."""
    before, tag, _ = turn.reply.partition("<tool_call>")
    said = before.partition("Action:")[2].strip() if tag and "Action:" in before else turn.reply
    note = " ".join(noted(turn).split())
    return f"{said} ({note})" if note else said


def _phone_function() -> dict[str, Any]:
    """Describe ``mobile_use`` as GUI-Owl-1.5 has it."""
    described = mobile.function("1000x1000", keys=True)
    properties = described["parameters"]["properties"]
    action = properties["action"]
    ends = "\n* `terminate`: "
    action["description"] = action["description"].replace(
        ends,
        "\n* `answer`: Terminate the current task and output the answer."
        f"\n* `interact`: {_INTERACT}{ends}",
    )
    action["enum"] = [*action["enum"][:-1], "answer", "interact", "terminate"]
    properties["text"]["description"] = (
        "Required only by `action=key`, `action=type`, `action=open`, `action=answer`,"
        "and `action=interact`."
    )
    return described
