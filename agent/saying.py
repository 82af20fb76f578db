"""What a dialect makes of a goal and a screenshot, and of a reply: for "why did it click there"."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from ..actions.dialects import Dialect, Found, Parsed, dialect_named
from ..actions.errors import ActionError, ActionParseError
from ..actions.geometry import Frame, Point
from ..actions.schema import TALK
from ..envs.episode import Episode
from ..envs.errors import ReplayDiverged
from ..envs.marks import BLUE, GREEN, Mark
from ..envs.records import Located
from ..model.chat import Image, Message, Pixels
from ..model.chatml import chatml
from .acting import locate
from .errors import BadUsage
from .replaying import replay

if TYPE_CHECKING:
    from ..model.prompt import Layout

_AROUND = 60
_LONGEST_LABEL = 60


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture of a prompt.

    Attributes:
        size: In pixels of the screenshot.
        seen: In pixels of the picture that the network sees.
        tokens: That it becomes; None where the checkpoint is not known.
    """

    size: str
    seen: str
    tokens: int | None


@dataclass(slots=True)
class Saying:
    """A prompt, and perhaps a reply to it.

    Attributes:
        dialect: Its name.
        prompt: As the checkpoint's template spells it.
        pictures: In order.
        tokens: Of the whole prompt; None where the checkpoint is not known.
        stops: What ends a reply besides the end of the turn.
        grammar: What the reply is constrained to; None: nothing.
        pixels: The screenshot.
        reply: Verbatim; None where there is none.
        parsed: What it means; None where it means nothing.
        points: Those of the actions, in all spaces.
        error: Why it means nothing.
    """

    dialect: str
    prompt: str
    pictures: list[Shown]
    tokens: int | None
    stops: tuple[str, ...]
    grammar: str | None
    pixels: Pixels = field(repr=False)
    reply: str | None = None
    parsed: Parsed | None = None
    points: tuple[Located, ...] = ()
    error: str = ""

    def marks(self) -> list[Mark]:
        """Give what is to be drawn on the screenshot."""
        if self.parsed is None:
            return []
        drawn = [
            Mark(_named(found), _corners(found), GREEN, box=True) for found in self.parsed.found
        ]
        for action in self.parsed.actions:
            drawn.append(Mark(action.action, dict(action.points()), BLUE))
        return drawn

    def to_json(self) -> dict[str, Any]:
        """Give plain data."""
        data: dict[str, Any] = {
            "dialect": self.dialect,
            "prompt": self.prompt,
            "pictures": [
                {"size": p.size, "seen": p.seen, "tokens": p.tokens} for p in self.pictures
            ],
            "tokens": self.tokens,
            "stops": list(self.stops),
            "grammar": self.grammar,
        }
        if self.reply is not None:
            data |= {"reply": self.reply, "error": self.error or None}
        if self.parsed is not None:
            data |= {
                "thought": self.parsed.thought,
                "actions": [action.to_json() for action in self.parsed.actions],
                "found": [found._asdict() for found in self.parsed.found],
                "repairs": [repair._asdict() for repair in self.parsed.repairs],
                "points": [row.model_dump(mode="json") for row in self.points],
            }
        return data


def _named(found: Found) -> str:
    label = shorten(found.label, _LONGEST_LABEL, placeholder="…")
    return f"found {label!r}" if label else "found"


def _corners(found: Found) -> dict[str, Point]:
    if found.start == found.end:
        return {"point": found.start}
    return {"start": found.start, "end": found.end}


def saying(
    dialect: Dialect,
    messages: Sequence[Message],
    frame: Frame,
    pixels: Pixels,
    *,
    reply: str | None = None,
    layout: "Layout | None" = None,
) -> Saying:
    """Spell out a prompt and read a reply to it.

    Args:
        dialect: How the model is spoken to.
        messages: The prompt.
        frame: Of the last picture, planned.
        pixels: That picture.
        reply: What was said to it.
        layout: Of the checkpoint, to count tokens.
    """
    laid = None if layout is None else layout.prompt(messages)
    counts: list[int | None] = [] if laid is None else [visual.tokens for visual in laid.visuals]
    images = [p for message in messages for p in message.parts if isinstance(p, Image)]
    said = Saying(
        dialect=dialect.name,
        prompt=chatml(messages),
        pictures=[
            Shown(f"{image.pixels.shape[1]}x{image.pixels.shape[0]}", str(image.resized), count)
            for image, count in zip(images, counts or [None] * len(images), strict=True)
        ],
        tokens=None if laid is None else len(laid.ids),
        stops=dialect.stops,
        grammar=dialect.grammar(frame),
        pixels=pixels,
        reply=reply,
    )
    if reply is None:
        return said
    try:
        said.parsed = parsed = dialect.parse(reply, frame)
        said.points = tuple(
            row for action in parsed.actions for row in locate(action, frame, parsed.clamps)
        )
    except ActionError as error:
        said.error = "\n".join([str(error), *_pointed(error)])
    return said


def _pointed(error: ActionError) -> Iterator[str]:
    """Show where in the reply it went wrong."""
    if not isinstance(error, ActionParseError) or not error.text:
        return
    at = min(error.position, len(error.text))
    before = error.text[max(0, at - _AROUND) : at].replace("\n", "⏎")
    after = error.text[at : at + _AROUND].replace("\n", "⏎")
    yield f"{before}{after}"
    yield f"{' ' * len(before)}^ character {at}"


async def recorded(folder: Path, index: int, layout: "Layout | None" = None) -> Saying:
    """Spell out the prompt of a recorded step, and read the reply that was given.

    Args:
        folder: The recording.
        index: The number of the step; of a reply with several actions, any of theirs.
        layout: Of the checkpoint, to count tokens.

    Raises:
        EpisodeBroken: The recording is damaged.
        BadUsage: There is no such step, or no model was asked there.
        ReplayDiverged: The prompt of that step cannot be made again.
    """
    episode = Episode.load(folder)
    if not episode.steps:
        raise BadUsage(f"{folder} has no steps: it ended before the first")
    if not 0 <= index < len(episode.steps):
        raise BadUsage(f"{folder} has steps 0 to {len(episode.steps) - 1}, and no step {index}")
    asked = [step for step in episode.steps[: index + 1] if step.reply is not None]
    if not asked or episode.steps[index].source != "model":
        person = episode.steps[index].source == "person"
        who = "was a person's" if person else "was named by the task"
        raise BadUsage(f"step {index} of {folder} {who}: no model was asked")
    prompts: list[Sequence[Message]] = []
    try:
        await replay(folder, on_prompt=lambda messages: prompts.append(messages))
    except ReplayDiverged:
        if len(prompts) < len(asked):
            raise
    step, header = asked[-1], episode.header
    actions = set(header.env["action_space"]) | (TALK if header.tools else TALK - {"call_tool"})
    said = saying(
        dialect_named(header.dialect, actions, header.tools),
        prompts[len(asked) - 1],
        step.seen.frame,
        episode.pixels(step.seen.picture),
        reply=step.reply if step.finished else None,
        layout=layout,
    )
    if not step.finished:  # what it says so far was not read either
        said.reply, said.error = step.reply, step.error or "it was cut off"
    return said
