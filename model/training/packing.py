"""Samples to passes: put one after another, as many as fit, none seeing another.

A step is cut into passes of so many tokens; what a step learns does not depend on the cut.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import torch
from torch import Tensor

from ..attention import Segments
from ..image import Processor
from ..rope import Grid
from ..size import Size
from .encode import Encoded, Shown


@dataclass(frozen=True, slots=True, eq=False)
class Alike:
    """Pictures of one size, side by side.

    Attributes:
        frames: uint8 ``[P, T, H, W, 3]``.
        resized: The size that the network sees.
        grid: The patches of each.
    """

    frames: Tensor
    resized: Size
    grid: Grid

    def patches(self, processor: Processor) -> Tensor:
        """Resize and cut all at once, as `Processor.patches` does one by one."""
        count, steps = len(self.frames), self.grid.time * processor.frames
        if count == 1:
            return processor.patches(self.frames[0], self.resized)
        if missing := steps - self.frames.shape[1]:
            last = self.frames[:, -1:].expand(-1, missing, -1, -1, -1)
            return processor.patches(
                torch.cat((self.frames, last), dim=1).flatten(0, 1), self.resized
            )
        return processor.patches(self.frames.flatten(0, 1), self.resized)


@dataclass(frozen=True, slots=True, eq=False)
class Pass:
    """What the network reads at once: N tokens of several samples.

    Attributes:
        ids: int64 ``[N]``.
        positions: int64 ``[3, N]``; each sample's own.
        segments: The samples' lengths, longest first.
        places: int64 ``[L]``: tokens from whose hidden state a learnt one is to be told.
        targets: int64 ``[L]``: what is to be told.
        owners: int64 ``[L]``: the number of the sample, within the pass.
        weights: float64 ``[L]``: how much each counts.
        pictures: Equal sizes side by side.
        order: int64 ``[tokens]``: for each picture token in the order of ``ids``, then for those of
            pictures that are only looked at, its number in the order of ``pictures``. None where
            there are none.
        placed: How many of them stand in ``ids``: the first.
        drawn_rows: int64 ``[M]``: those of them, in that order, of which it is known what stands
            there.
        drawn_hits: int64 ``[2, hits]``: row of ``drawn_rows``, and label.
        pointed: int64 ``[P, 3]``, of ``order``: where a picture begins, how many tokens it has, and
            which of them is meant; that number again: none of them.
        aims: int64 ``[A, 3]``: a token from which one of a reply is to be told, the first of
            its sample, and that at which to look meanwhile.
        lies: int64 ``[placed, 2]``: row and column of each token that stands in ``ids``.
        samples: How many have something to say: ``owners`` are below it.
    """

    ids: Tensor
    positions: Tensor
    segments: Segments
    places: Tensor
    targets: Tensor
    owners: Tensor
    weights: Tensor
    pictures: tuple[Alike, ...]
    order: Tensor | None
    placed: int
    drawn_rows: Tensor
    drawn_hits: Tensor
    pointed: Tensor
    lies: Tensor
    aims: Tensor
    samples: int

    def to(self, device: torch.device) -> "Pass":
        """Give it on a device."""
        moved: dict[str, Any] = {
            name: getattr(self, name).to(device, non_blocking=True)
            for name in (
                "ids", "positions", "places", "targets", "owners", "weights", "drawn_rows",
                "drawn_hits", "pointed", "lies", "aims",
            )
        }  # fmt: skip
        pictures = tuple(replace(p, frames=p.frames.to(device)) for p in self.pictures)
        order = None if self.order is None else self.order.to(device)
        return replace(self, **moved, pictures=pictures, order=order)


@dataclass(frozen=True, slots=True, eq=False)
class StepBatch:
    """What an optimiser step learns from.

    Attributes:
        passes: One or more.
        weight: Of all its learnt tokens together.
        drawn: Picture tokens of which it is known what stands there.
        placed: Picture tokens that the language model reads.
        pointed: Pictures of which a token is meant.
        aimed: Tokens from which one is told that is to be looked up elsewhere.
        samples: How many.
        said: Of them, those that have something to say.
        tokens: Read by the network, pictures' among them.
        learnt: Tokens that are learnt.
    """

    passes: tuple[Pass, ...]
    weight: float
    drawn: int
    placed: int
    pointed: int
    aimed: int
    samples: int
    said: int
    tokens: int
    learnt: int


def pack(
    samples: Sequence[Encoded], max_tokens: int, *, merge: int, labels: Sequence[str] = ()
) -> StepBatch:
    """Cut a step into passes.

    Samples of equal length end up side by side, because what attends in one batch must be equally
    long.

    Args:
        samples: Of the step.
        max_tokens: Most of a pass.
        merge: Patches to a side of a merged token.
        labels: Of the dense loss.

    Raises:
        ValueError: There are none, or one is longer than a pass may be.
    """
    if not samples:
        raise ValueError("a step has no samples")
    ordered = sorted(samples, key=lambda sample: -sample.length)
    if ordered[0].length > max_tokens:
        raise ValueError(
            f"a sample has {ordered[0].length} tokens, and a pass may have {max_tokens}: allow "
            "more (--max-tokens), or show smaller pictures (--image-tokens)"
        )
    groups: list[list[Encoded]] = [[]]
    held = 0
    for sample in ordered:
        size = sample.length or sample.seen(merge)
        if held + size > max_tokens and groups[-1]:
            groups.append([])
            held = 0
        groups[-1].append(sample)
        held += size
    numbers = {name: number for number, name in enumerate(labels)}
    passes = tuple(_joined(group, merge, numbers) for group in groups)
    weight = sum(float(one.weights.sum()) for one in passes)
    said = sum(one.samples for one in passes)
    drawn = sum(len(one.drawn_rows) for one in passes)
    if said and not weight > 0:
        raise ValueError("a step has no weight: the samples' weights are 0")
    if not said and not drawn:
        raise ValueError("a step has nothing to learn: nothing is said, and there are no labels")
    return StepBatch(
        passes,
        weight,
        drawn,
        sum(one.placed for one in passes),
        sum(len(one.pointed) for one in passes),
        sum(len(one.aims) for one in passes),
        len(samples),
        said,
        sum(sample.length or sample.seen(merge) for sample in samples),
        sum(len(one.targets) for one in passes),
    )


def _joined(samples: Sequence[Encoded], merge: int, numbers: dict[str, int]) -> Pass:
    places, targets, owners, weights, aims = [], [], [], [], []
    start = 0
    saying = [sample for sample in samples if sample.length]  # the longest come first
    for number, sample in enumerate(saying):
        said = sample.learnt.nonzero().flatten()
        places.append(said - 1 + start)
        targets.append(sample.ids[said])
        owners.append(torch.full_like(said, number))
        weights.append(torch.full(said.shape, sample.weight, dtype=torch.float64))
        begins = torch.full((len(sample.aims),), start)
        aims.append(torch.stack([sample.aims[:, 0] + start, begins, sample.aims[:, 1] + start], 1))
        start += sample.length
    nothing = torch.zeros(0, dtype=torch.int64)
    shown = [picture for sample in samples for picture in sample.pictures]
    pictures, order = _side_by_side(shown, merge)
    rows, hits = _drawn(shown, merge, numbers)
    return Pass(
        torch.cat([sample.ids for sample in samples]),
        torch.cat([sample.positions for sample in samples], dim=1),
        Segments.of([sample.length for sample in saying]),
        torch.cat([nothing, *places]),
        torch.cat([nothing, *targets]),
        torch.cat([nothing, *owners]),
        torch.cat([nothing.double(), *weights]),
        pictures,
        order,
        sum(sample.seen(merge) for sample in saying),
        rows,
        hits,
        *_pointed([picture for sample in saying for picture in sample.pictures], merge),
        torch.cat([nothing.view(0, 3), *aims]),
        len(saying),
    )


def _side_by_side(shown: Sequence[Shown], merge: int) -> tuple[tuple[Alike, ...], Tensor | None]:
    """Sort pictures by size; give them, and for each token the place that it got."""
    if not shown:
        return (), None

    def kind(number: int) -> tuple[Grid, Size, tuple[int, ...]]:
        one = shown[number]
        return one.grid, one.resized, tuple(one.frames.shape)

    alike, begins, place = [], [0] * len(shown), 0
    for (grid, resized, _), same in groupby(sorted(range(len(shown)), key=kind), key=kind):
        numbers = [*same]
        alike.append(Alike(torch.stack([shown[n].frames for n in numbers]), resized, grid))
        for number in numbers:
            begins[number] = place
            place += grid.patches // merge**2
    order = [
        torch.arange(begin, begin + one.grid.patches // merge**2)
        for begin, one in zip(begins, shown, strict=True)
    ]
    return tuple(alike), torch.cat(order)


def _drawn(shown: Sequence[Shown], merge: int, numbers: dict[str, int]) -> tuple[Tensor, Tensor]:
    """Give the tokens of which it is known what stands there, and what does."""
    rows: list[int] = []
    hits: list[tuple[int, int]] = []
    start = 0
    for one in shown:
        tokens = one.grid.patches // merge**2
        if one.drawn is not None and numbers:
            hits += [
                (len(rows) + token, numbers[name])
                for token, names in sorted(one.drawn.items())
                for name in sorted(set(names))
                if name in numbers
            ]
            rows += range(start, start + tokens)
        start += tokens
    places = torch.tensor(hits, dtype=torch.int64).view(-1, 2).T
    return torch.tensor(rows, dtype=torch.int64), places


def _pointed(shown: Sequence[Shown], merge: int) -> tuple[Tensor, Tensor]:
    """Give which tokens are meant, and where each lies."""
    pointed: list[tuple[int, int, int]] = []
    lies = [torch.zeros(0, 2, dtype=torch.int64)]
    start = 0
    for one in shown:
        time, high, wide = one.grid.time, one.grid.height // merge, one.grid.width // merge
        tokens = time * high * wide
        if one.pointed is not None:
            pointed.append((start, tokens, one.pointed))
        lies.append(torch.cartesian_prod(torch.arange(high), torch.arange(wide)).repeat(time, 1))
        start += tokens
    return torch.tensor(pointed, dtype=torch.int64).view(-1, 3), torch.cat(lies)
