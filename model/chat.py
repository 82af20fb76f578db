"""ChatML turns as plain values: what a model is shown, before any tokenizer or tensor."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from .size import Size

Role = Literal["system", "user", "assistant"]
Pixels = npt.NDArray[np.uint8]


def pixel_hash(pixels: Pixels) -> str:
    """Name a picture by its content: 32 hex digits over its size and its bytes.

    Args:
        pixels: ``uint8[H, W, 3]``, RGB.

    Two pictures of different size never share a name although their bytes may agree. The first
    128 bits of SHA-256: on CPUs with SHA instructions it is the fastest digest that comes with
    Python (4 ms for a 1080p frame, BLAKE2b 8 ms).
    """
    digest = hashlib.sha256()
    digest.update(b"%d %d\n" % (pixels.shape[1], pixels.shape[0]))
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Text:
    """A stretch of plain text. Tokens of any kind that it spells are text, never control.

    In a system turn, where only a dialect and the descriptions of tools speak, tokens that are not
    special, such as ``<tool_call>``, are tokens.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Marked:
    """Text in which control tokens may stand, such as ``<|box_start|>`` or ``<tool_call>``.

    For a dialect's own words and for what a model said; never for what a user, a screen or a tool
    says. Tokens that open and close turns and pictures are text here, too.
    """

    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """A picture and the size the network will see it at.

    Attributes:
        pixels: ``uint8[H, W, 3]``, RGB, at sensor resolution.
        resized: The size chosen by the model's ``plan``; the same object the click's way
            back is computed with.
        hash: Content hash of ``pixels`` as ``pixel_hash`` gives it.
    """

    pixels: Pixels = field(repr=False)
    resized: Size
    hash: str


@dataclass(frozen=True, slots=True, eq=False)
class Video:
    """Frames in order, and how often they were taken.

    Attributes:
        pixels: ``uint8[T, H, W, 3]``, RGB.
        resized: The size that the network will see each frame at.
        fps: Frames a second of those given here, after any were left out.
        hash: Content hash of ``pixels`` as ``to_video`` gives it.
    """

    pixels: Pixels = field(repr=False)
    resized: Size
    fps: float
    hash: str

    def __post_init__(self) -> None:
        """Check it.

        Raises:
            ValueError: There are no frames, or ``fps`` is no positive number.
        """
        if not len(self.pixels):
            raise ValueError("a video needs at least one frame")
        if not 0 < self.fps < float("inf"):
            raise ValueError(f"fps must be a positive number, not {self.fps}")


Part = Text | Marked | Image | Video


@dataclass(frozen=True, slots=True)
class Message:
    """One turn: who speaks, and text and pictures in order.

    An assistant turn that ends a conversation is open: the reply goes on where it stops.

    Attributes:
        role: Who speaks.
        parts: What is said and shown.
        head: What stands between the role and the parts: a line feed, but for families that name
            a recipient there.
    """

    role: Role
    parts: tuple[Part, ...]
    head: str = "\n"

    @classmethod
    def of(cls, role: Role, *parts: str | Part) -> "Message":
        """Build a turn; bare strings become ``Text``."""
        return cls(role, tuple(Text(part) if isinstance(part, str) else part for part in parts))

    @property
    def text(self) -> str:
        """All text of the turn, joined without separators; pictures are left out."""
        return "".join(part.text for part in self.parts if isinstance(part, Text | Marked))


def prompt_hash(messages: Sequence[Message]) -> str:
    """Name a whole prompt by its content: 32 hex digits.

    Replay compares it, so that one changed byte of a prompt, or one changed pixel of a picture
    in it, is found at the turn where it happens.
    """
    digest = hashlib.sha256()

    def add(tag: bytes, body: bytes) -> None:
        digest.update(b"%s %d\n" % (tag, len(body)))
        digest.update(body)

    for message in messages:
        add(b"turn", message.role.encode())
        if message.head != "\n":
            add(b"head", message.head.encode("utf-8", "surrogatepass"))
        for part in message.parts:
            if isinstance(part, Text):
                add(b"text", part.text.encode("utf-8", "surrogatepass"))
            elif isinstance(part, Marked):
                add(b"marked", part.text.encode("utf-8", "surrogatepass"))
            elif isinstance(part, Image):
                add(b"image", f"{part.hash} {part.resized}".encode())
            else:
                add(b"video", f"{part.hash} {part.resized} {float(part.fps)}".encode())
    return digest.hexdigest()[:32]
