"""Calling a tool for the model: whether it may, what came of it, and what is kept of that."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..actions.errors import ToolError
from ..actions.schema import CallTool
from ..actions.tool_results import printable
from ..actions.tools import Tool
from ..envs.base import Env
from ..envs.records import PictureHash, Probe, ToolAnswer
from ..model.base import Model
from ..model.chat import Image, Pixels, pixel_hash
from ..model.errors import ModelError
from ..model.size import Size

Recorded = Callable[[PictureHash], Pixels]
"""Gives a picture that was recorded, by its content hash."""


@dataclass(frozen=True, slots=True)
class Called:
    """What came of a call.

    Attributes:
        answer: What came of it.
        probe: The record of the question and its answer.
        log: Lines that the tool wrote.
        shown: Pictures that it returned, as the model will see them.
    """

    answer: ToolAnswer
    probe: Probe
    log: tuple[str, ...]
    shown: tuple[Image, ...]


@dataclass(slots=True)
class _Context:
    """What a tool is told of the run."""

    goal: str
    lines: list[str] = field(default_factory=list)

    def log(self, text: str) -> None:
        self.lines.append(printable(str(text)))


class Caller:
    """Calls the tools of one agent.

    Args:
        env: Answers from the record in a replay; then nothing is called.
        tools: By name.
        allowed: Names of the sensitive ones that may be called.
        model: Plans the size it sees pictures at; None where there is none.
        recorded: Where ``env`` answers from a record, gives the pictures of it.
    """

    def __init__(
        self,
        env: Env,
        tools: Mapping[str, Tool],
        allowed: Collection[str],
        model: Model | None,
        recorded: Recorded | None,
    ) -> None:
        self._env = env
        self._tools = tools
        self._allowed = frozenset(allowed)
        self._model = model
        self._recorded = recorded

    async def call(self, action: CallTool, goal: str) -> Called:
        """Call a tool, if there is one of that name and it may be called.

        Args:
            action: Which, and its arguments.
            goal: What the user wants.

        Raises:
            ModelError: The model cannot be shown a picture that the tool returned.
        """
        context = _Context(goal)
        made: dict[str, Pixels] = {}

        async def read() -> dict[str, Any]:
            answer = await self._ask(action, context, made)
            return answer.model_dump(mode="json", exclude_defaults=True)

        arguments = {"name": action.name, "arguments": action.arguments}
        found = await self._env.probe("call_tool", arguments, read)
        answer = ToolAnswer.model_validate(found)
        shown = []
        for name in answer.pictures:
            pixels = made.get(name)
            if pixels is None and self._recorded is not None:
                pixels = await asyncio.to_thread(self._recorded, name)
            if pixels is None:
                raise RuntimeError(f"{self._env.name} answered with a picture that nobody has")
            shown.append(Image(pixels, self._plan(pixels), name))
        probe = Probe(name="call_tool", arguments=arguments, value=found)
        # An env that fills in secrets takes them out of what tools say, too.
        scrubbed: Callable[[str], str] = getattr(self._env, "scrubbed", str)
        return Called(answer, probe, tuple(map(scrubbed, context.lines)), tuple(shown))

    async def _ask(
        self, action: CallTool, context: _Context, made: dict[str, Pixels]
    ) -> ToolAnswer:
        tool = self._tools.get(action.name)
        if tool is None:
            known = ", ".join(self._tools) or "none"
            return ToolAnswer(refused=f"there is no tool {action.name!r}; there are: {known}")
        if tool.sensitive and tool.name not in self._allowed:
            return ToolAnswer(
                refused=f"the tool {tool.name} is sensitive, and the user has not allowed it"
            )
        try:
            result = await tool.call(action.arguments, context)
        except ToolError as error:
            return ToolAnswer(refused=str(error))
        names = [await asyncio.to_thread(pixel_hash, pixels) for pixels in result.pictures]
        made.update(zip(names, result.pictures, strict=True))
        return ToolAnswer(
            text=result.text,
            pictures=tuple(names),
            failed=result.error is not None,
            traceback=result.traceback,
            ends=tool.terminal and result.error is None,
        )

    def _plan(self, pixels: Pixels) -> Size:
        height, width = pixels.shape[:2]
        size = Size(width, height)
        if self._model is None:
            return size
        try:
            return self._model.plan(size)
        except ValueError as error:
            raise ModelError(f"{self._model.name} cannot be shown this picture: {error}") from error
