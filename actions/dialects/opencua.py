"""OpenCUA (modified Qwen2.5-VL): a thought, a sentence, and Python in a code block.

::

    ## Thought:
    The menu is open.

    ## Action:
    Click Save.

    ## Code:
    ```python
    pyautogui.click(x=640, y=360)
    ```

Points are pixels of the resized picture (7B and 32B). Up to three pictures: the steps seen on them
are told in turns, older ones in words, each by its sentence. ``computer.wait`` is 20 seconds where
it says nothing else.

Source: its harness in xlang-ai/OSWorld, prompts word for word (see `opencua_prompts`); it reads
``computer.wait``, which that prompt does not list. The checkpoints have another tokenizer and
template than ChatML.
"""

import json
import re
from collections.abc import Container, Sequence

from ...model.chat import Image, Marked, Message
from .. import schema as a
from ..geometry import Frame, Space
from ..schema import Action
from . import opencua_prompts as prompts
from .base import Parsed, Tools, Turn, noted
from .lark import Lark
from .points import PLACE
from .pyautogui_verbs import PLACED, SECONDS
from .python_actions import PythonActions
from .reading import Reading
from .shared_verbs import terminate
from .verbs import Verb, may

_WAIT_S = 20.0

_VERBS = [
    Verb(
        "computer.triple_click",
        a.Click,
        {PLACE: may(PLACED)},
        build=lambda given: {"point": given.get(PLACE), "count": 3},
        pull=lambda click: {PLACE: click.point},
    ),
    Verb(
        "computer.wait",
        a.Wait,
        {"seconds": may(SECONDS)},
        build=lambda given: {"seconds": given.get("seconds", _WAIT_S)},
        pull=lambda wait: {"seconds": None if wait.seconds == _WAIT_S else wait.seconds},
    ),
    terminate("computer.terminate", "fail", also=("failure",)),
]

_CODE = re.compile(r"^##[ \t]*Code[ \t]*:?[ \t]*\n?", re.MULTILINE)
_FENCE = re.compile(r"\s*```[A-Za-z]*")
_OPENS = re.compile(r"^```[A-Za-z]*$", re.MULTILINE)
_HEADING = re.compile(r"^##[ \t]*(?:Observation|Thought|Action)[ \t]*:?[ \t]*\n?", re.MULTILINE)
_ACTION = re.compile(r"^##[ \t]*Action[ \t]*:?(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)


class OpenCuaDialect:
    """OpenCUA's thought, sentence and code."""

    name = "opencua"
    space = Space.IMAGE
    pictures: int | None = 3
    stops: tuple[str, ...] = ()

    def __init__(self, tools: Tools = ()) -> None:
        """Write the system turn once.

        Raises:
            ValueError: A tool has the name of a call.
        """
        self._code = PythonActions(self.name, _VERBS, tools)
        lines = (json.dumps(dict(tool), ensure_ascii=False) for tool in tools)
        self._system = prompts.SYSTEM + "".join(f"\n- {line}" for line in lines)

    def messages(self, goal: str, past: Sequence[Turn], now: Image) -> list[Message]:
        """System turn; steps without a picture in one turn, others in two; picture and task."""
        messages = [Message.of("system", self._system)]
        told: list[str | Image] = []
        in_words: list[str] = []
        for number, turn in enumerate(past, start=1):
            step = prompts.STEP.format(number=number, sentence=_sentence(turn))
            aside = noted(turn)
            if turn.image is None and not turn.shown:
                in_words.append(step + (f"({aside})\n" if aside else ""))
                continue
            if in_words:
                messages.append(Message.of("assistant", "\n".join(in_words)))
                in_words = []
            seen = turn.image or "(this picture is no longer kept)"
            messages.append(Message.of("user", *told, seen))
            messages.append(Message("assistant", (Marked(step),)))
            told = [*([f"({aside})\n"] if aside else []), *turn.shown]
        if in_words:
            messages.append(Message.of("assistant", "\n".join(in_words)))
        messages.append(Message.of("user", *told, now, prompts.TASK.format(goal=goal)))
        return messages

    def parse(self, reply: str, frame: Frame) -> Parsed:
        """Read the code block after ``## Code:``."""
        reading = Reading(reply, frame, self.space)
        reply = reading.reply
        first, at = _found(reading)
        fenced = _FENCE.match(reply, at)
        if fenced is None:
            reading.repaired("no code fence", at)
        actions, end = self._code.read(reading, at if fenced is None else fenced.end())
        if reply.startswith("```", end):
            end += 3
        elif fenced is not None:
            reading.repaired("unclosed code fence", end)
        if rest := reply[end:].strip():
            reading.fail(f"the reply ends with the code block: take away {rest[:30]!r}", end)
        return reading.parsed(actions, _HEADING.sub("", reply[:first]))

    def render(self, action: Action, frame: Frame, thought: str = "") -> str:
        """Write thought, sentence and code."""
        code = self._code.said(action, frame, self.space)
        said = f"## Code:\n```python\n{code}\n```"
        line = " ".join(thought.split())
        return f"## Thought:\n{thought}\n\n## Action:\n{line}\n\n{said}" if line else said

    def grammar(self, frame: Frame, actions: Container[str] | None = None) -> str | None:
        """A thought and a sentence, and one to five calls."""
        lark = Lark()
        call = self._code.lark(lark, frame, self.space, actions)
        # What ends the text, the sign of a heading, must not be in it.
        text = lark.rule("LINES", r"/[^<#`]+\n/")
        thought = f'("## Thought:\\n" {text})? ("## Action:\\n" {text})?'
        code = f'"## Code:\\n```python\\n" {call} ("\\n" {call}){{0,4}} "\\n```"'
        return lark.made(f"{thought} {code}")


def _found(reading: Reading) -> tuple[int, int]:
    """Give where the heading of the code begins, and where what follows it does."""
    headings = list(_CODE.finditer(reading.reply))
    if len(headings) > 1:
        reading.fail("the reply has several ## Code: blocks: write one", headings[1].start())
    if headings:
        return headings[0].start(), headings[0].end()
    fences = list(_OPENS.finditer(reading.reply))
    if not 1 <= len(fences) <= 2:
        reading.fail(
            "the reply holds no code: end it with ## Code: and a block such as "
            "```python pyautogui.click(x=…, y=…) ```",
            len(reading.reply),
        )
    reading.repaired("no ## Code:", fences[0].start())
    return fences[0].start(), fences[0].start()


def _sentence(turn: Turn) -> str:
    """Give what a past step says that it does; all of the reply where it does not."""
    found = _ACTION.search(turn.reply)
    return " ".join((turn.reply if found is None else found[1]).split())
