"""A sample as the network reads it: tokens, where they stand, pictures, and what is learnt."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..chat import Image, Marked, Message, Text
from ..errors import ContextTooLong
from ..image import frame_tensor
from ..prompt import Emitted, Layout, Prompt, Visual
from ..rope import Grid, positions_of
from ..size import Size
from .aims import about, repeated
from .sample import Sample


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A picture or video, not yet cut into patches.

    Attributes:
        frames: uint8 ``[T, H, W, 3]``; a picture is one frame.
        resized: The size that the network sees.
        grid: Its patches.
        drawn: Labels of what stands in each of its merged tokens, by the token's number; None:
            it is not known.
        pointed: The number of the token that is meant, or how many there are, where what is meant
            is not among them; None: it is not known.
    """

    frames: Tensor
    resized: Size
    grid: Grid
    drawn: dict[int, Sequence[str]] | None
    pointed: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """A sample, up to the last token that is learnt: what follows it teaches nothing.

    Attributes:
        ids: int64 ``[T]``; none where the pictures alone are learnt from.
        learnt: bool ``[T]``: which tokens are to be said.
        positions: int64 ``[3, T]``, on the axes of M-RoPE.
        pictures: In the order of their tokens.
        aims: int64 ``[A, 2]``: a place from which a token of a reply is to be told, and that at
            which to look: the picture's token that it is about, or the same word before.
        weight: How much it counts.
    """

    ids: Tensor
    learnt: Tensor
    positions: Tensor
    pictures: tuple[Shown, ...]
    aims: Tensor
    weight: float

    @property
    def length(self) -> int:
        """How many tokens the language model reads."""
        return len(self.ids)

    def seen(self, merge: int) -> int:
        """Give how many tokens its pictures become."""
        return sum(one.grid.patches for one in self.pictures) // merge**2


def encode(sample: Sample, layout: Layout, context: int | None = None) -> Encoded:
    """Lay out a sample.

    Each text of an assistant's message is encoded by itself, as a session would have emitted it:
    never together with the words that open its turn. Control tokens in a `Marked` one are tokens,
    as they are where a session says them.

    Args:
        sample: What is learnt.
        layout: Of the checkpoint.
        context: Positions that it was made for; None: any number.

    Raises:
        ValueError: Nothing is to be learnt, or something that the assistant does not say; or
            what is drawn names pictures or tokens that are not there.
        ContextTooLong: It is longer than the checkpoint was made for.
    """
    prompt = prompt_of(sample, layout)
    if not sample.learn and sample.drawn:
        nothing = torch.zeros(0, dtype=torch.int64)
        seen = _shown(sample, prompt, prompt.visuals)
        aims = nothing.view(0, 2)
        return Encoded(nothing, nothing.bool(), nothing.expand(3, 0), seen, aims, sample.weight)
    learnt = _learnt(sample, prompt)
    length = max(learnt) + 1
    visuals = [visual for visual in prompt.visuals if visual.start < length]
    positions, _ = positions_of(
        Prompt(prompt.ids[:length], visuals).spans(), layout.processor.merge
    )
    if context is not None and int(positions.max()) >= context:
        raise ContextTooLong(
            f"a sample reaches position {int(positions.max())}, and the checkpoint was made for "
            f"{context}: show fewer or smaller pictures"
        )
    mask = torch.zeros(length, dtype=torch.bool)
    mask[learnt] = True
    shown = _shown(sample, prompt, visuals)
    ids = torch.tensor(prompt.ids[:length])
    aims = torch.tensor(
        [*about(sample, prompt, layout), *repeated(sample, prompt, layout)], dtype=torch.int64
    )
    return Encoded(ids, mask, positions, shown, aims.view(-1, 2), sample.weight)


def _shown(sample: Sample, prompt: Prompt, visuals: Sequence[Visual]) -> tuple[Shown, ...]:
    """Give pictures with what is drawn on them."""
    for of, named in (("drawn", sample.drawn), ("pointed", sample.pointed)):
        if unknown := sorted(set(named) - set(range(len(prompt.visuals)))):
            raise ValueError(
                f"{of} names picture {unknown[0]}, and the sample shows {len(prompt.visuals)}"
            )
    shown = []
    for number, visual in enumerate(visuals):
        drawn = sample.drawn.get(number)
        if drawn and not all(0 <= token < visual.tokens for token in drawn):
            raise ValueError(
                f"drawn names tokens outside 0 to {visual.tokens - 1} of picture {number}"
            )
        pointed = sample.pointed.get(number)
        if number in sample.pointed and pointed is None:
            pointed = visual.tokens
        elif pointed is not None and not 0 <= pointed < visual.tokens:
            raise ValueError(
                f"pointed names token {pointed} of picture {number}, which has {visual.tokens}"
            )
        kept = None if drawn is None else dict(drawn)
        shown.append(Shown(pictures_of(visual), visual.part.resized, visual.grid, kept, pointed))
    return tuple(shown)


def lengths(sample: Sample, layout: Layout) -> tuple[int, int]:
    """Give how many tokens of a sample are read, and how many learnt; no pixel is looked at.

    Raises:
        ValueError: See `encode`.
    """
    learnt = _learnt(sample, prompt_of(sample, layout))
    return max(learnt) + 1, len(learnt)


def pictures_of(visual: Visual) -> Tensor:
    """Give a picture or a video as it is: uint8 ``[T, H, W, 3]``, on the CPU."""
    cpu = torch.device("cpu")
    if isinstance(visual.part, Image):
        return frame_tensor(visual.part.pixels, cpu)
    return torch.cat([frame_tensor(frame, cpu) for frame in visual.part.pixels])


def prompt_of(sample: Sample, layout: Layout) -> Prompt:
    """Lay out a sample's messages, the token that ends the last turn included."""
    messages = list(sample.messages)
    said = {
        (number, place, part.text): Emitted(_said(part, layout))
        for number, message in enumerate(messages)
        if message.role == "assistant"
        for place, part in enumerate(message.parts)
        if isinstance(part, Text | Marked)
    }
    prompt = layout.prompt(messages, said)
    if messages[-1].role == "assistant":
        prompt.ids.append(layout.tokenizer.im_end)
    return prompt


def _said(part: Text | Marked, layout: Layout) -> list[int]:
    tokenizer = layout.tokenizer
    if isinstance(part, Text):
        return tokenizer.letters(part.text)
    ids: list[int] = []
    for piece in tokenizer.marked(part.text):
        ids += [piece] if isinstance(piece, int) else tokenizer.letters(piece)
    return ids


def _learnt(sample: Sample, prompt: Prompt) -> list[int]:
    """Give the places of the tokens that are to be said: texts, and what ends their turns."""
    if not sample.learn:
        raise ValueError(
            "a sample has nothing to learn: name an assistant's message in `learn`, or say what is "
            "drawn"
        )
    places: list[int] = []
    for number in sample.learn:
        message = _message(sample.messages, number)
        if message.role != "assistant":
            raise ValueError(f"message {number} is the {message.role}'s: only replies are learnt")
        stretches = [stands for said, stands in prompt.replies if said == number]
        if not stretches or not isinstance(message.parts[-1], Text | Marked):
            raise ValueError(f"message {number} does not end in a text: there is no reply to learn")
        for stands in stretches:
            places += stands
        places.append(stretches[-1].stop)  # <|im_end|>, or the reply was never over
    return places


def _message(messages: Sequence[Message], number: int) -> Message:
    if not 0 <= number < len(messages):
        raise ValueError(f"there is no message {number}: the sample has {len(messages)}")
    return messages[number]
