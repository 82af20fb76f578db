"""Actions as JSON objects in plain text: how the computer tools of hosted models are spoken to.

A reply is a thought and then one object for each action, as the API's tool takes them. A tool of
the user is called by an object of the API's own form. A reply in plain words alone is the final
answer: it means to answer and be done, and ``Done.`` alone to be done. What holds a brace, or a tag
or label of other formats, was meant to be an action and is never taken for an answer.
"""

import json
import re
from collections.abc import Container, Mapping, Sequence
from typing import Any

from ...model.chat import Image, Message
from .. import schema as a
from ..errors import ActionError, ActionSchemaError
from ..geometry import Frame, Space
from ..schema import parse_action
from .base import Parsed, Tools, Turn, named
from .history import DROPPED, in_turns
from .literal import Scanner
from .plain_words import PlainWords
from .points import PLACE
from .reading import Reading
from .verbs import Verb, Vocabulary

_DONE = "Done."
_FENCE = re.compile(r"\s*```[a-z]*\s*")
_SYSTEM = """You work a computer through its screen, mouse and keyboard. Say in a sentence what \
you do next, then write the action as a JSON object on a line of its own. Points are in pixels of \
the last picture, which is {size}. When the task is done or cannot be done, tell the user so in \
plain words, without an object.

The actions:
{actions}"""


class ObjectsDialect:
    """Reads and writes objects; families add their verbs.

    Attributes:
        name: In records and on the command line.
        key: The member that names the verb.
        vocabulary: The verbs.
    """

    name: str
    key: str
    vocabulary: Vocabulary
    space: Space = Space.IMAGE
    pictures: int | None = None
    stops: tuple[str, ...] = ()

    def __init__(self, tools: Tools = ()) -> None:
        """Remember what can be called beside the computer.

        Raises:
            ValueError: A tool has the name of the computer tool or of an action.
        """
        self.tools = named(tools, {"computer", *self.vocabulary.names})
        self._words = PlainWords([*self.vocabulary.names, *self.tools])

    def messages(self, goal: str, past: Sequence[Turn], now: Image) -> list[Message]:
        """System turn with the actions, then goal, screenshots and replies in turns."""
        lines = [self.described(verb) for verb in self.vocabulary.verbs if verb.said]
        size = f"{now.resized.width}x{now.resized.height}"
        system = _SYSTEM.format(size=size, actions="\n".join(lines))
        if self.tools:
            calls = (json.dumps(tool, ensure_ascii=False) for tool in self.tools.values())
            example = json.dumps(self.tool_object("NAME", {}))
            system += f"\n\nFunctions, called by {example}:\n" + "\n".join(calls)
        turns = in_turns([goal], past, now, told=lambda turn: turn.outcome, dropped=DROPPED)
        return [Message.of("system", system), *turns]

    def parse(self, reply: str, frame: Frame) -> Parsed:
        """Read the objects of a reply; without any, its words are the answer."""
        reading = Reading(reply, frame, self.space)
        reply = reading.reply
        text = reply.strip()
        if not self._words.attempt(text):
            if not self._words.answers(text):
                reading.fail("the reply is empty: write an action or an answer", 0)
            done = a.Done()
            return reading.parsed((done,) if _is_done(text) else (_answer(text), done))
        begins = reading.object_begins(json.dumps({self.key: "…"}, ensure_ascii=False))
        actions: list[a.Action] = []
        scanner = Scanner(reading, begins)
        while scanner.at < len(reply):
            at = scanner.at
            # Not the outermost value: an object that is cut off may lack what it is about.
            actions += self._meant(scanner.value(1), reading, at)
            while scanner.took(",") or scanner.took("]"):
                reading.repaired("a list of objects", scanner.at)
            if fence := _FENCE.match(reply, scanner.at):
                scanner.at = fence.end()
            scanner.peek()
        thought = reply[:begins].strip().removesuffix("[").strip()
        return reading.parsed(tuple(actions), re.sub(r"```[a-z]*$", "", thought))

    def _meant(self, given: Any, reading: Reading, at: int) -> tuple[a.Action, ...]:
        if not isinstance(given, dict):
            reading.fail(f"an action is an object, not {given!r:.40}", at)
        if (call := self.tool_call(given)) is not None:
            name, arguments = call
            if name not in self.tools:
                known = ", ".join(sorted(self.tools)) or "none"
                raise ActionSchemaError(f"there is no function {name!r:.60}; there are {known}")
            if not isinstance(arguments, dict):
                raise ActionSchemaError(f"the arguments of {name} are an object")
            made = {"action": "call_tool", "name": name, "arguments": arguments}
            return (parse_action(made),)
        members = self.gathered(given)
        verb = members.pop(self.key, None)
        if not isinstance(verb, str):
            known = ", ".join(each.name for each in self.vocabulary.verbs if each.said)
            raise ActionSchemaError(f"an action needs {self.key!r}, which is one of {known}")
        self.refuse(verb)
        return self.vocabulary.read(verb, members, reading, at)

    def render(self, action: a.Action, frame: Frame, thought: str = "") -> str:
        """Write the thought and the object; an answer and an end in plain words."""
        if isinstance(action, a.Done) and action.status == "success":
            return _DONE
        if isinstance(action, a.Answer):
            if action.text != action.text.strip() or _is_done(action.text):
                raise ActionError(f"{self.name} has no words for {action}")
            if not self._words.answers(action.text):
                raise ActionError(f"{self.name} has no words for {action}: it reads as an action")
            return action.text
        if action.action == "call_tool":
            if action.name not in self.tools:
                raise ActionError(f"{self.name} has no words for {action}: it has no such tool")
            made = self.tool_object(action.name, action.arguments)
        else:
            verb, arguments = self.vocabulary.say(action, frame, self.space)
            made = self.spread({self.key: verb.name, **arguments})
        said = json.dumps(made, ensure_ascii=False)
        return f"{thought}\n{said}" if thought else said

    def grammar(self, frame: Frame, actions: Container[str] | None = None) -> str | None:
        """None: what a hosted model says is not constrained from here."""
        return None

    def described(self, verb: Verb) -> str:
        """Show an action in a line of the system turn."""
        blanks = {name: ("…", "…") if name == PLACE else "…" for name in verb.args}
        shown = self.spread({self.key: verb.name, **blanks})
        return json.dumps(shown, ensure_ascii=False)

    def gathered(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Give the members of an object as the vocabulary takes them."""
        return dict(given)

    def spread(self, members: Mapping[str, Any]) -> dict[str, Any]:
        """Give the members that the vocabulary writes as the object has them."""
        return dict(members)

    def refuse(self, verb: str) -> None:
        """Say what to do instead of an action that the API has, and eyehand has not.

        Raises:
            ActionError: It is one.
        """

    def tool_call(self, given: Mapping[str, Any]) -> tuple[str, Any] | None:
        """Give name and arguments of a call of a function; None where it is an action."""
        raise NotImplementedError

    def tool_object(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Give the object that calls a function."""
        raise NotImplementedError


def _is_done(text: str) -> bool:
    return text.rstrip(".!").casefold() == "done"


def _answer(text: str) -> a.Action:
    return parse_action({"action": "answer", "text": text})
