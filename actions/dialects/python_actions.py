"""Actions written as Python, ``pyautogui.click(x=0.5, y=0.25)`` and its kin, one call a line.

The code is data: a name of a fixed list, and literals. Nothing is imported, looked up or run, and
Python's own parser is not used either: on text made to hurt it runs out of stack or memory, takes
more than linear time, or warns. What is more than a call of literals (assignments, loops, names,
attributes, f-strings, sums) is refused.

A ``moveTo`` right before a ``dragTo`` is where the drag starts.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from .. import schema as a
from ..errors import ActionSchemaError
from ..geometry import Frame, Space
from ..schema import Action
from .base import Tools
from .call import Call, CallScanner
from .calls import Calls
from .lark import Lark, quoted
from .points import PLACE, joined, parted
from .pyautogui_verbs import FIRST, pyautogui_verbs
from .reading import Reading
from .verbs import Verb, Vocabulary

MAX_CALLS = 50
"""Most calls in one reply; who writes more repeats itself."""

_BETWEEN = re.compile(r"(?:[\s;]|#[^\n]*)*")
_CALLED = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,200}[ \t]*[(（]")
_ENDS = ("```", "<|")
_RELATIVE = "say where on the screen: pyautogui.moveTo(x=…, y=…) or pyautogui.dragTo(x=…, y=…)"
_HELD = "nothing is held from one call to the next: write pyautogui.hotkey('ctrl', 'c')"
_PRESSED = "write pyautogui.moveTo(x=…, y=…) and then pyautogui.dragTo(x=…, y=…)"
_OPTION = "click the list, look, and then click the option"
_INSTEAD = {
    "pyautogui.keyDown": _HELD,
    "pyautogui.keyUp": _HELD,
    "pyautogui.mouseDown": _PRESSED,
    "pyautogui.mouseUp": _PRESSED,
    "pyautogui.move": _RELATIVE,
    "pyautogui.moveRel": _RELATIVE,
    "pyautogui.drag": _RELATIVE,
    "pyautogui.dragRel": _RELATIVE,
    "browser.select_option": _OPTION,
}


def read_code(reading: Reading, at: int) -> tuple[list[Call], int]:
    """Read calls, one after another, to the end of the code.

    Args:
        reading: Is told of slips.
        at: Where the code begins in the reply.

    Returns:
        The calls, at least one, and where the code ends: at the end of the reply, at a fence, or at
        a control token.

    Raises:
        ActionParseError: There is something else than calls of literals.
    """
    text = reading.reply
    calls: list[Call] = []
    while True:
        between = _BETWEEN.match(text, at)
        at = at if between is None else between.end()
        if at == len(text) or text.startswith(_ENDS, at):
            break
        if _CALLED.match(text, at) is None or len(calls) == MAX_CALLS:
            _refuse(reading, at, full=len(calls) == MAX_CALLS)
        scanner = _Code(reading, at)
        calls.append(scanner.call())
        at = scanner.at
    if not calls:
        reading.fail("there is no code: write a call such as pyautogui.click(x=…, y=…)", at)
    return calls, at


def _refuse(reading: Reading, at: int, *, full: bool) -> NoReturn:
    if full:
        reading.fail(f"the code holds more than {MAX_CALLS} calls: write only the next", at)
    reading.fail(
        "only calls with plain values such as pyautogui.click(x=…, y=…) are read, one a line, not "
        f"{reading.reply[at : at + 30]!r}",
        at,
    )


class _Code(CallScanner):
    """Reads calls of literals, with no guess at what quotes inside of quotes mean."""

    def _argument(self, *, last: bool) -> Any:
        """Read a value: what follows a text may be an operator, so that it ends where it ends."""
        return self.value(1)


class PythonActions(Calls):
    """Reads, writes and bounds code of one family's calls.

    Args:
        family: Its name, for messages.
        verbs: What it says besides what pyautogui does.
        tools: What else can be called, by its name.
        pages: Whether it scrolls by fractions of a page, too.

    Raises:
        ValueError: A tool has the name of a call.
    """

    def __init__(
        self, family: str, verbs: Sequence[Verb], tools: Tools = (), *, pages: bool = False
    ) -> None:
        also = {"text": "message", "content": "message", "key": "keys"}
        known = [*verbs, *pyautogui_verbs(pages=pages)]
        vocabulary = Vocabulary(family, known, also)
        modules = {name.partition(".")[0] for name in vocabulary.names}
        super().__init__(vocabulary, tools, taken=modules)

    def read(self, reading: Reading, at: int) -> tuple[tuple[Action, ...], int]:
        """Read the code that begins somewhere, and give its actions and where it ends.

        Raises:
            ActionError: It is not code of such calls.
        """
        calls, end = read_code(reading, at)
        actions: list[Action] = []
        for action in (action for call in calls for action in self.meant(call, reading)):
            last = actions[-1] if actions else None
            if isinstance(action, a.Drag) and isinstance(last, a.Move):
                actions[-1] = action.model_copy(update={"start": last.point})
            else:
                actions.append(action)
        return tuple(actions), end

    def meant(self, call: Call, reading: Reading) -> tuple[Action, ...]:
        """Give what a call means.

        Raises:
            ActionError: It is no call of this family, or not with these arguments.
        """
        if call.name in self.tools:
            return super().meant(call, reading)
        if call.name in _INSTEAD and call.name not in self.vocabulary.names:
            raise ActionSchemaError(f"{call.name} is not available: {_INSTEAD[call.name]}")
        verb = self.vocabulary.names.get(call.name)
        if verb is None:
            folded = call.name.casefold()
            near = [v for v in self.vocabulary.verbs if v.name.casefold() == folded]
            if len(near) != 1:
                return self.vocabulary.read(call.name, {}, reading, call.position)
            reading.repaired("form of a word", call.position)
            verb, call = near[0], call._replace(name=near[0].name)
        args = list(call.args)
        if args and "keys" in verb.args and verb.name.endswith("hotkey"):
            args = [args[0] if len(args) == 1 else args]
        if args and PLACE in verb.args and isinstance(args[0], list) and len(args[0]) == 2:
            args[:1] = args[0]
        names = [n for key in verb.args for n in (("x", "y") if key == PLACE else (key,))]
        if len(args) > len(names):
            raise ActionSchemaError(
                f"{call.name} takes {len(names)} arguments ({', '.join(names)}), not {len(args)}"
            )
        named = dict(zip(names, args, strict=False))
        if both := sorted(set(named) & set(call.kwargs)):
            raise ActionSchemaError(f"{call.name} is given {both[0]} twice")
        merged = {**named, **call.kwargs}
        if PLACE in verb.args:
            merged = joined(merged)
        return self.vocabulary.read(call.name, merged, reading, call.position)

    def said(self, action: Action, frame: Frame, space: Space) -> str:
        """Write the code for an action.

        Raises:
            ActionError: The family has no words for it.
        """
        if isinstance(action, a.Drag) and action.start is not None:
            move = super().said(a.Move(point=action.start), frame, space)
            drag = action.model_copy(update={"start": None})
            return f"{move}\n{super().said(drag, frame, space)}"
        return super().said(action, frame, space)

    def written(self, name: str, arguments: Mapping[str, Any], quote: str = "") -> str:
        """Write a call of plain values."""
        if name in self.tools:
            return super().written(name, arguments, quote)
        first = FIRST.get(name)
        parts = []
        for key, value in parted(arguments).items():
            if key != first:
                parts.append(f"{key}={self.literal(value)}")
            elif name.endswith("hotkey"):
                parts += [self.literal(each) for each in value]
            else:
                parts.append(self.literal(value))
        return f"{name}({', '.join(parts)})"

    def _lark_call(self, lark: Lark, verb: Verb, frame: Frame, space: Space) -> str:
        values = {
            name: arg.kind.lark(lark, frame, space, self.quote)
            for name, arg in verb.args.items()
            if arg.said
        }
        opens = quoted(f"{verb.name}(")
        if "page" in values:
            turned = f'{values["clicks"]} (", " {values[PLACE]})?'
            paged = f'({values[PLACE]} ", ")? "page=" {values["page"]}'
            return f'{opens} ({turned} | {paged}) ")"'
        pieces: list[str] = []
        for name, value in values.items():
            named = name not in (PLACE, FIRST.get(verb.name))
            lead = (", " if pieces else "") + (f"{name}=" if named else "")
            piece = f"{quoted(lead)} {value}" if lead else value
            pieces.append(piece if verb.args[name].needed or not pieces else f"({piece})?")
        inside = " ".join(pieces)
        first = next(iter(values), "")
        optional = bool(values) and not verb.args[first].needed and first != FIRST.get(verb.name)
        return f'{opens} {f"({inside})?" if optional else inside} ")"'
