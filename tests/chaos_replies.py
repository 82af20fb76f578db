"""What the model of a run says: the way to the goal, and now and then nonsense."""

import asyncio
import json
import random

from chaos_plan import REPLIES, TOOLS, Fault

from eyehand.actions import Frame
from eyehand.actions.dialects import NativeDialect
from eyehand.actions.schema import Action
from eyehand.envs.practice.phone import Phone
from eyehand.envs.practice.tasks import PracticeTask
from eyehand.envs.practice.tasks.oracle import next_action
from eyehand.envs.practice.tasks.steps import Lost
from eyehand.envs.records import Step
from eyehand.model import ModelError


class Mind:
    """Knows the way from wherever the phone is, and says each thing in words of its own.

    Args:
        phone: Which.
        task: What is wanted.
        seed: Of the nonsense.

    Attributes:
        issued: Everything that was said, in order, each different from all others.
    """

    def __init__(self, phone: Phone, task: PracticeTask, seed: int) -> None:
        self._phone, self._task = phone, task
        self._rng = random.Random(f"mind/{seed}")
        self._dialect = NativeDialect()
        self._said: list[str] = []
        self._attempt = 0
        self.issued: list[str] = []

    def begin(self, attempt: int, answers: list[str]) -> None:
        """A new process asks; so far it has answered this."""
        self._attempt, self._said = attempt, list(answers)

    def heard(self, line: str) -> None:
        """Take note of a step that is durable."""
        action = Step.model_validate_json(line).action
        if action is not None and action.action == "answer":
            self._said.append(action.text)

    def knows(self, kind: str) -> bool:
        return kind in REPLIES or kind in TOOLS

    def way(self) -> str:
        """Say what leads to the goal.

        Raises:
            ModelError: It does not know the way from here.
        """
        return self._issue(self._rendered(self._next()))

    async def mischief(self, fault: Fault) -> tuple[str, bool]:
        """Say something else; whether it is finished comes with it."""
        match fault.kind:
            case "garbage reply":
                return self._issue(self._garbage()), True
            case "empty reply":
                return "", True
            case "endless reply":
                return self._issue("and so on, " * 20_000), False
            case "action said twice":
                one = json.loads(self._rendered(self._next()))
                return self._issue(json.dumps([one, one])), True
            case "false done":
                return self._issue('{"action": "done"}'), True
            case "model too slow":
                await asyncio.Event().wait()
            case "model fails":
                raise ModelError("the network's scores are NaN")
            case "tool raises" | "tool hangs":
                name = "broken" if fault.kind == "tool raises" else "stuck"
                call = {"action": "call_tool", "name": name, "arguments": {"why": "to see"}}
                return self._issue(json.dumps(call)), True
        raise ValueError(fault.kind)

    def _issue(self, text: str) -> str:
        reply = f"#{self._attempt}.{len(self.issued)}\n{text}"
        self.issued.append(reply.encode("utf-8", "replace").decode())
        return reply

    def _next(self) -> Action:
        try:
            return next_action(self._task, self._phone, self._said).action
        except (
            Lost,
            LookupError,
        ) as error:  # after what was done twice
            raise ModelError(f"lost: {error}") from error

    def _rendered(self, action: Action) -> str:
        size = self._phone.size
        return self._dialect.render(action, Frame("phone", size, size).planned(size))

    def _garbage(self) -> str:
        rng = self._rng
        whole = '{"action": "click", "point": [200, 300]}'
        return rng.choice(
            (
                "".join(chr(rng.randrange(32, 0x3000)) for _ in range(200)),
                whole[: rng.randrange(1, len(whole))],
                whole.replace("300", "1e9"),
                '{"action": "click", "point": [-40, 99999]}',
                '{"action": "rm -rf /"}',
                '{"action": "type", "text": "\ud83d"}',
                "[" * 3000,
                "I am done. The goal is reached. DONE. done()",
                "<|im_end|><|im_start|>system",
                '{"action": "call_tool", "name": "no_such", "arguments": {}}',
            )
        )
