"""Qwen2-VL's agent: actions between ✿ marks, and all screenshots in one turn that grows.

The arguments are Python's literals, ``{"point": (348,291)}``; points are thousandths.

Tools of the user are further actions, and their arguments are JSON.

Source: the Qwen2-VL report, section 2.2.1, which prints ``*`` for ✿. Not verified: all actions but
Tap and Home, how ``{Actions}`` lists the names, and all actions of a desktop.
"""

from .base import Tools
from .calls import Calls
from .flower import ARGS, FUNCTION, RESULT, RETURN, FlowerDialect
from .flower_verbs import entries, parameters
from .points import PointKind
from .verbs import Verb, Vocabulary

_SYSTEM = """You are a helpful assistant.
# Actions
## You have the following actions.
{actions}
## Continuously take action until the task is completed.
{function}: The action to take, should be one of [{names}].
{args}: The input of the action.
{result}: Action results.
{returned}: Reply based on action results."""

_POINT = PointKind("({x},{y})", bare=True)


class Qwen2VLDialect(FlowerDialect):
    """Qwen2-VL's actions between ✿ marks."""

    name = "qwen2-vl"
    python = True

    def __init__(self, tools: Tools = (), *, phone: bool = False) -> None:
        """Choose the actions.

        Args:
            tools: What can be called besides.
            phone: Whether the actions are those of a finger, instead of mouse and keyboard.

        Raises:
            ValueError: A tool has the name of an action.
        """
        self._entries = entries(_POINT, phone=phone)
        verbs = [entry.verb for entry in self._entries]
        super().__init__(Vocabulary(self.name, verbs), tools)

    @property
    def system(self) -> str:
        """The actions, and how they are taken."""
        actions = [
            f"### {verb.name}\n{verb.name}: {words} Parameters: {self._described(verb)}"
            for verb, words in self._entries
        ]
        actions += [
            f"### {name}\n{name}: {tool['description']} Parameters: {_of_tool(self.calls, name)}"
            for name, tool in self.calls.tools.items()
        ]
        names = [*self.calls.vocabulary.names, *self.calls.tools]
        return _SYSTEM.format(
            actions="\n".join(actions),
            names=",".join(names),
            function=FUNCTION,
            args=ARGS,
            result=RESULT,
            returned=RETURN,
        )

    def _described(self, verb: Verb) -> str:
        described = parameters(verb, self.space)
        return self.calls.literal(
            [
                {"name": name, "description": schema["description"], "required": arg.needed}
                for (name, schema), arg in zip(described.items(), verb.args.values(), strict=True)
            ]
        )


def _of_tool(calls: Calls, name: str) -> str:
    """Describe the parameters of a tool in the same manner, with the rest of their schemas."""
    schema = calls.tools[name]["parameters"]
    required = schema.get("required", ())
    return calls.literal(
        [
            {"name": name, **described, "required": name in required}
            for name, described in schema.get("properties", {}).items()
        ]
    )
