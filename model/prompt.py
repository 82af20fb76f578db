"""Messages to token ids: ChatML, as the checkpoints' own templates write it.

A template is text with control tokens between; only this file puts control tokens. What lies
between two of them is joined first and encoded as one text, because where text is cut changes how
it is encoded.

Source: the chat templates of the published Qwen2-VL and Qwen2.5-VL (they agree).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .chat import Image, Message, Text, Video
from .image import Processor
from .rope import Grid, Span
from .tokenizer import Tokenizer

DEFAULT_SYSTEM = "You are a helpful assistant."

Said = Mapping[tuple[int, str], Sequence[int]]
"""Ids of replies as they were emitted, by the number of the message and its text."""


@dataclass(frozen=True, slots=True)
class Visual:
    """A picture or video in a prompt.

    Attributes:
        start: Place of its first token.
        tokens: How many it becomes.
        grid: Its patches.
        interval: Temporal positions from one grid step to the next.
        key: Names the pixels that the network sees: content, size, limits and all.
        part: What it is.
    """

    start: int
    tokens: int
    grid: Grid
    interval: float
    key: str
    part: Image | Video


@dataclass(slots=True)
class Prompt:
    """Token ids with their pictures."""

    ids: list[int] = field(default_factory=list)
    visuals: list[Visual] = field(default_factory=list)

    def spans(self) -> list[Span]:
        """Give it as runs of text and of pictures, for their positions."""
        spans, place = [], 0
        for visual in self.visuals:
            spans.append(Span(visual.start - place))
            spans.append(Span(visual.tokens, visual.grid, visual.interval))
            place = visual.start + visual.tokens
        spans.append(Span(len(self.ids) - place))
        return spans

    def common(self, other: "Prompt") -> int:
        """Count the tokens that both begin with; never ends inside a picture."""
        length = min(len(self.ids), len(other.ids))
        if self.ids[:length] != other.ids[:length]:
            pairs = zip(self.ids, other.ids, strict=False)
            length = next(n for n, (one, two) in enumerate(pairs) if one != two)
        for one in self.visuals:
            if one.start >= length:
                break
            two = next((v for v in other.visuals if v.start == one.start), None)
            same = two is not None and (one.key, one.grid) == (two.key, two.grid)
            if not same or one.start + one.tokens > length:
                return one.start
        return length


@dataclass(frozen=True, slots=True)
class Layout:
    """Writes prompts for one checkpoint.

    Attributes:
        tokenizer: Its vocabulary.
        processor: How it wants pictures.
        image_token: What stands for a picture's tokens.
        video_token: What stands for a video's.
        vision_start: Before each.
        vision_end: After each.
        tokens_per_second: Of video; None: one temporal position a grid step.
    """

    tokenizer: Tokenizer
    processor: Processor
    image_token: int
    video_token: int
    vision_start: int
    vision_end: int
    tokens_per_second: float | None = None

    def prompt(self, messages: Sequence[Message], said: Said | None = None) -> Prompt:
        """Lay out a conversation up to where the assistant speaks next.

        Args:
            messages: Oldest first. Without a system turn the template's own comes first.
            said: Ids of replies that this session emitted: they are used as they are, because
                encoding their text anew may give others.

        Raises:
            ValueError: A message cannot stand here: system after the first, or none at all.
        """
        if not messages:
            raise ValueError("a prompt needs at least one message")
        made = Prompt()
        text = ""

        def put() -> None:
            nonlocal text
            if text:
                made.ids += self.tokenizer.encode(text)
            text = ""

        if messages[0].role != "system":
            messages = [Message.of("system", DEFAULT_SYSTEM), *messages]
            shift = 1
        else:
            shift = 0
        for number, message in enumerate(messages):
            if message.role == "system" and number:
                raise ValueError(
                    f"message {number - shift} is a system turn: only the first can be"
                )
            put()
            made.ids.append(self.tokenizer.im_start)
            text = f"{message.role}\n"
            emitted = (said or {}).get((number - shift, message.text))
            if message.role == "assistant" and emitted is not None:
                put()
                made.ids += emitted
            else:
                for part in message.parts:
                    if isinstance(part, Text):
                        text += part.text
                        continue
                    put()
                    self._see(made, part)
            put()
            made.ids.append(self.tokenizer.im_end)
            text = "\n"
        put()
        made.ids.append(self.tokenizer.im_start)
        text = "assistant\n"
        put()
        return made

    def _see(self, made: Prompt, part: Image | Video) -> None:
        frames = part.pixels.shape[0] if isinstance(part, Video) else 1
        grid = self.processor.grid(part.resized, frames)
        tokens = grid.patches // self.processor.merge**2
        interval = 1.0
        if isinstance(part, Video) and self.tokens_per_second is not None:
            step_s = self.processor.frames / part.fps
            interval = self.tokens_per_second * step_s
        made.ids.append(self.vision_start)
        key = f"{type(part).__name__} {part.hash} {part.resized} {interval}"
        made.visuals.append(Visual(len(made.ids), tokens, grid, interval, key, part))
        pad = self.video_token if isinstance(part, Video) else self.image_token
        made.ids += [pad] * tokens
        made.ids.append(self.vision_end)
