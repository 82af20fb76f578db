"""Attention, behind two functions: over packed segments, and causal over a cache.

The packed form may be causal too, with key and value heads shared by groups: so a trainer reads
many conversations in one pass.

On CUDA the packed form is one kernel launch whatever the number of segments: flash-attn's where it
is installed, else torch's own. On the CPU no such kernel exists; there, segments of equal length
that lie side by side are one batch of ``scaled_dot_product_attention``, so that the number of
calls depends on how many lengths there are (four for a picture cut into windows) and not on how
many windows.
"""

import importlib
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, groupby
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from .linear import is_slow


@dataclass(frozen=True, slots=True)
class Segments:
    """Stretches of a packed sequence that attend within themselves.

    Attributes:
        runs: (how many, how long) of stretches of equal length, in order.
    """

    runs: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, lengths: Sequence[int]) -> "Segments":
        """Group equal neighbours."""
        return cls(tuple((len(list(same)), length) for length, same in groupby(lengths)))

    @property
    def longest(self) -> int:
        """Length of the longest."""
        return max(length for _, length in self.runs)

    def bounds(self, device: torch.device) -> Tensor:
        """Give where they begin, and the end: int32 ``[segments + 1]``."""
        lengths = [length for count, length in self.runs for _ in range(count)]
        return torch.tensor([0, *accumulate(lengths)], dtype=torch.int32, device=device)


def attend_segments(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    segments: Segments,
    bounds: Tensor | None = None,
    *,
    causal: bool = False,
) -> Tensor:
    """Attend within each segment.

    Args:
        q: ``[N, heads, head_width]``.
        k: Keys, ``[N, kv_heads, head_width]``; each head serves ``heads / kv_heads`` of q.
        v: Values, as k.
        segments: Their lengths add up to N.
        bounds: ``segments.bounds`` on the device; only CUDA needs it.
        causal: Whether a token sees only itself and what stands before it in its segment.

    Returns:
        ``[N, heads, head_width]``, in the dtype of v: under autocast q and k may come wider, since
        the rotation is in float32, and the kernels want all of them alike.
    """
    q, k = q.to(v.dtype), k.to(v.dtype)
    if is_slow(q):
        return attend_segments(q.float(), k.float(), v.float(), segments, causal=causal).to(q.dtype)
    if q.is_cuda and (kernel := _packed_kernel(q.dtype)) is not None and bounds is not None:
        return kernel(q, k, v, bounds, segments.longest, causal)
    shared = q.shape[1] != k.shape[1]
    held = q.requires_grad and q.dtype == torch.bfloat16 and not q.is_cuda
    if held and causal and len(segments.runs) > 1 and segments.longest <= _SHORT:
        return _padded(q, k, v, segments)
    pieces, start = [], 0
    for count, length in segments.runs:
        end = start + count * length
        one, two, three = (
            x[start:end].view(count, length, *x.shape[1:]).transpose(1, 2) for x in (q, k, v)
        )
        if held and length <= _SHORT:
            out = _written_out(one, two, three, causal)
        else:
            out = F.scaled_dot_product_attention(
                one, two, three, is_causal=causal, enable_gqa=shared
            )
        pieces.append(out.transpose(1, 2).flatten(0, 1))
        start = end
    return pieces[0] if len(pieces) == 1 else torch.cat(pieces)


_SHORT = 1024
"""Tokens of a segment whose scores may be held for the way back: 2 MB a head."""


_ALIKE = 32
"""Segments whose lengths are the same in these units are one batch."""


def _padded(q: Tensor, k: Tensor, v: Tensor, segments: Segments) -> Tensor:
    """Attend causally within segments of many lengths, neighbours of nearly equal ones at once.

    What pads one stands behind all its tokens, which therefore see nothing of it. Each length is
    else a product of its own, made anew: 48 segments of 36 to 130 tokens took 150 to 197 ms there
    and back on two cores, one length at a time, and 44 to 63 so.
    """
    lengths = [length for count, length in segments.runs for _ in range(count)]
    parts = [torch.split(x, lengths) for x in (q, k, v)]
    pieces, start = [], 0
    for _, alike in groupby(lengths, lambda length: -(-length // _ALIKE)):
        end = start + len(own := [*alike])
        one, two, three = (
            pad_sequence([*part[start:end]], batch_first=True).transpose(1, 2) for part in parts
        )
        out = _written_out(one, two, three, causal=True).transpose(1, 2)
        pieces += [row[:length] for row, length in zip(out, own, strict=True)]
        start = end
    return torch.cat(pieces)


def _written_out(q: Tensor, k: Tensor, v: Tensor, causal: bool) -> Tensor:
    """Attend by two products and a softmax, ``[B, heads, T, head_width]``.

    On a CPU, there and back in bfloat16: torch 2.13's kernel takes 81 ms for 96 windows of 64
    tokens and four heads on one core, this 15; for eight causal segments of 430 tokens 109 and 55.
    In float32 the kernel is the quicker.
    """
    if group := q.shape[1] // k.shape[1] - 1:
        k, v = (x.repeat_interleave(group + 1, dim=1) for x in (k, v))
    scores = torch.matmul(q * q.shape[-1] ** -0.5, k.transpose(-1, -2))
    if causal:
        length = q.shape[2]
        scores = scores + q.new_full((length, length), float("-inf")).triu(1)
    return torch.matmul(scores.softmax(-1), v)


Packed = Callable[[Tensor, Tensor, Tensor, Tensor, int, bool], Tensor]


@cache
def _packed_kernel(dtype: torch.dtype) -> Packed | None:
    """Find a CUDA kernel for packed sequences; None where there is none for this dtype."""
    if dtype not in (torch.float16, torch.bfloat16):
        return None
    try:
        flash: Any = importlib.import_module("flash_attn").flash_attn_varlen_func
    except ImportError:
        pass
    else:

        def with_flash(
            q: Tensor, k: Tensor, v: Tensor, bounds: Tensor, longest: int, causal: bool
        ) -> Tensor:
            out: Any = flash(q, k, v, bounds, bounds, longest, longest, causal=causal)
            return out  # type: ignore[no-any-return]

        return with_flash
    try:
        from torch.nn.attention.varlen import varlen_attn
    except ImportError:
        return None

    # What newer versions call a window, torch 2.10 calls is_causal.
    named = inspect.signature(varlen_attn).parameters

    def with_torch(
        q: Tensor, k: Tensor, v: Tensor, bounds: Tensor, longest: int, causal: bool
    ) -> Tensor:
        more: dict[str, Any] = {}
        if causal:
            more |= {"window_size": (-1, 0)} if "window_size" in named else {"is_causal": True}
        if q.shape[1] != k.shape[1]:
            if "enable_gqa" in named:
                more["enable_gqa"] = True
            else:
                k, v = (x.repeat_interleave(q.shape[1] // x.shape[1], dim=1) for x in (k, v))
        out: Any = varlen_attn(q, k, v, bounds, bounds, longest, longest, **more)
        return out  # type: ignore[no-any-return]

    return with_torch


def attend_causal(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """Attend from new tokens to all held so far; the last of both stand at the same place.

    Args:
        q: ``[B, heads, T, head_width]``.
        k: ``[B, kv_heads, S, head_width]``, S >= T.
        v: As k.
        mask: bool ``[B, 1, T, S]``, True where a token may look; None for the causal rule alone.

    Returns:
        ``[B, heads, T, head_width]``.
    """
    batch, heads, new, width = q.shape
    if new > 1 and is_slow(q):
        return attend_causal(q.float(), k.float(), v.float(), mask).to(q.dtype)
    kv_heads, held = k.shape[1], k.shape[2]
    if mask is None and new == held and new > 1:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=heads != kv_heads)
    # The query heads of a group become rows of one matrix, so that keys and values are read once:
    # at one new token in bf16 on a CPU 0.5 ms instead of 6.3 with repeated heads (3,000 held).
    group = heads // kv_heads
    if mask is None and new > 1:
        mask = causal_mask(new, held, q.device)
    if mask is not None:
        mask = mask.repeat(1, 1, group, 1)
    folded = q.reshape(batch, kv_heads, group * new, width)
    out = F.scaled_dot_product_attention(folded, k, v, attn_mask=mask)
    return out.view(batch, heads, new, width)


def causal_mask(new: int, held: int, device: torch.device) -> Tensor:
    """Give which of ``held`` tokens each of the last ``new`` may look at: bool [1, 1, T, S]."""
    rows = torch.arange(held - new, held, device=device)[:, None]
    return (torch.arange(held, device=device) <= rows)[None, None]
