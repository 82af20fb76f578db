"""Messages to token ids: ChatML, as the checkpoints' own templates write it.

A template is text with control tokens between; only this file puts control tokens. What lies
between two of them is joined first and encoded as one text, because where text is cut changes how
it is encoded.

Source: the chat templates of the published Qwen2-VL and Qwen2.5-VL (they agree).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .chat import Image, Marked, Message, Video
from .chatml import DEFAULT_SYSTEM
from .config import Config
from .image import Processor
from .rope import Grid, Span
from .tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class Emitted:
    """A reply as it was emitted.

    Attributes:
        ids: Its tokens.
        rest: What of its last token belongs to it, where the token goes on beyond its end.
    """

    ids: Sequence[int]
    rest: str = ""


Said = Mapping[tuple[int, int, str], Emitted]
"""Replies of a session, by the number of the message, that of the part in it, and the text."""


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
    """Token ids with their pictures.

    Attributes:
        ids: The tokens.
        visuals: Pictures and videos, in order.
        replies: What was given as emitted: the number of its message, and where its tokens stand.
    """

    ids: list[int] = field(default_factory=list)
    visuals: list[Visual] = field(default_factory=list)
    replies: list[tuple[int, range]] = field(default_factory=list)

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

    @classmethod
    def of(cls, config: Config, tokenizer: Tokenizer, processor: Processor) -> "Layout":
        """Give the layout of a checkpoint's parts."""
        return cls(
            tokenizer,
            processor,
            config.image_token,
            config.video_token,
            config.vision_start,
            config.vision_end,
            config.vision.tokens_per_second,
        )

    @classmethod
    def read(cls, folder: Path, config: Config, image_tokens: int | None = None) -> "Layout":
        """Read tokenizer and processor of a checkpoint; its weights are left alone.

        Args:
            folder: Where its files lie.
            config: What it is.
            image_tokens: Most tokens that a picture becomes; None: as the checkpoint says.

        Raises:
            BadCheckpoint: They are missing or damaged.
            ValueError: No picture is that small.
        """
        tokenizer = Tokenizer.load(folder)
        tokenizer.check(config)
        processor = Processor.read(folder, config.vision)
        if image_tokens is not None:
            processor = processor.at_most(image_tokens)
        return cls.of(config, tokenizer, processor)

    def prompt(self, messages: Sequence[Message], said: Said | None = None) -> Prompt:
        """Lay out a conversation up to where the assistant speaks next.

        Args:
            messages: Oldest first. Without a system turn the template's own comes first. An
                assistant turn at the end stays open.
            said: Replies that this session emitted: a part that is one keeps its ids, because
                encoding its text anew may give others.

        Raises:
            ValueError: A message cannot stand here: system after the first, or none at all.
        """
        if not messages:
            raise ValueError("a prompt needs at least one message")
        shift = 0
        if messages[0].role != "system":
            messages, shift = [Message.of("system", DEFAULT_SYSTEM), *messages], 1
        writer = _Writer(self.tokenizer)
        for number, message in enumerate(messages):
            if message.role == "system" and number:
                raise ValueError(
                    f"message {number - shift} is a system turn: only the first can be"
                )
            writer.ids([self.tokenizer.im_start])
            writer.text(message.role + message.head)
            for place, part in enumerate(message.parts):
                if isinstance(part, Image | Video):
                    self._see(writer, part)
                elif emitted := _emitted(said, message, number - shift, place, part.text):
                    writer.ids(emitted.ids)
                    end = len(writer.made.ids)
                    stands = range(end - len(emitted.ids), end)
                    writer.made.replies.append((number - shift, stands))
                    writer.text(emitted.rest)
                elif isinstance(part, Marked):
                    writer.cut(self.tokenizer.marked(part.text))
                elif message.role == "system":
                    writer.cut(self.tokenizer.worded(part.text))
                else:
                    writer.text(part.text)
            if message.role == "assistant" and number == len(messages) - 1:
                break
            writer.ids([self.tokenizer.im_end])
            writer.text("\n")
        else:
            writer.ids([self.tokenizer.im_start])
            writer.text("assistant\n")
        writer.ids([])
        return writer.made

    def _see(self, writer: "_Writer", part: Image | Video) -> None:
        frames = part.pixels.shape[0] if isinstance(part, Video) else 1
        grid = self.processor.grid(part.resized, frames)
        tokens = grid.patches // self.processor.merge**2
        interval = 1.0
        if isinstance(part, Video) and self.tokens_per_second is not None:
            step_s = self.processor.frames / part.fps
            interval = self.tokens_per_second * step_s
        writer.ids([self.vision_start])
        key = f"{type(part).__name__} {part.hash} {part.resized} {interval}"
        start = len(writer.made.ids)
        writer.made.visuals.append(Visual(start, tokens, grid, interval, key, part))
        pad = self.video_token if isinstance(part, Video) else self.image_token
        writer.ids([pad] * tokens)
        writer.ids([self.vision_end])


def place_of(messages: Sequence[Message]) -> tuple[int, int]:
    """Give where a reply will stand: the number of its message, and that of its part."""
    if messages and messages[-1].role == "assistant":
        return len(messages) - 1, len(messages[-1].parts)
    return len(messages), 0


def _emitted(
    said: Said | None, message: Message, number: int, place: int, text: str
) -> Emitted | None:
    if said is None or message.role != "assistant":
        return None
    return said.get((number, place, text))


class _Writer:
    """Collects a prompt. Text waits for the next token, so that it is encoded in one piece."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._text = ""
        self.made = Prompt()

    def text(self, text: str) -> None:
        self._text += text

    def cut(self, pieces: Iterable[str | int]) -> None:
        """Put text that was cut at the tokens in it."""
        for piece in pieces:
            if isinstance(piece, str):
                self.text(piece)
            else:
                self.ids([piece])

    def ids(self, ids: Sequence[int]) -> None:
        """Put tokens after the text that waits."""
        if self._text:
            self.made.ids += self._tokenizer.letters(self._text)
            self._text = ""
        self.made.ids += ids
