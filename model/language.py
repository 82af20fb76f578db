"""The language model: embeddings in, hidden states out, with a cache of what was read.

Query, key and value projections are one matrix here, and so are the two gates of the MLP: fewer
and larger products. The loader joins them (``weights.py``). Otherwise names are the checkpoints'.

Sources: Yang et al. 2024 (arXiv 2407.10671); precisions and orders as in transformers 5.23.0.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .attention import Segments, attend_causal, attend_segments
from .cache import KVCache
from .config import TextConfig
from .linear import Linear
from .norm import RMSNorm
from .rope import Rotation, frequencies, rotate, text_rotation


class Packing(NamedTuple):
    """Several sequences that were put one after another, and do not see each other.

    Attributes:
        segments: Their lengths.
        bounds: `Segments.bounds` on the device; None on the CPU, which does without.
    """

    segments: Segments
    bounds: Tensor | None


class Attention(nn.Module):
    """Causal attention; key and value heads are shared by groups of query heads."""

    def __init__(self, config: TextConfig, layer: int) -> None:
        super().__init__()
        self.layer = layer
        self.heads, self.kv_heads = config.heads, config.kv_heads
        self.width = config.head_width
        both = config.heads + 2 * config.kv_heads
        self.qkv_proj = Linear(config.width, both * config.head_width)
        self.o_proj = Linear(config.heads * config.head_width, config.width, bias=False)

    def forward(
        self,
        x: Tensor,
        rotation: Rotation,
        cache: KVCache | None,
        mask: Tensor | None,
        packed_by: Packing | None = None,
    ) -> Tensor:
        """``[B, T, width]`` to the same."""
        batch, new, _ = x.shape
        packed = self.qkv_proj(x).view(batch, new, -1, self.width).transpose(1, 2)
        q, k, v = packed.split((self.heads, self.kv_heads, self.kv_heads), dim=1)
        q, k = rotate(q, rotation), rotate(k, rotation)
        if cache is not None:
            k, v = cache.append(self.layer, k, v)
        if packed_by is not None:
            q, k, v = (t[0].transpose(0, 1) for t in (q, k, v))  # [T, heads, width]
            out = attend_segments(q, k, v, packed_by.segments, packed_by.bounds, causal=True)
            return self.o_proj(out.reshape(batch, new, -1))  # type: ignore[no-any-return]
        out = attend_causal(q, k, v, mask)
        return self.o_proj(out.transpose(1, 2).reshape(batch, new, -1))  # type: ignore[no-any-return]


class MLP(nn.Module):
    """Gated MLP without biases."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.gate_up_proj = Linear(config.width, 2 * config.intermediate, bias=False)
        self.down_proj = Linear(config.intermediate, config.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """``[B, T, width]`` to the same."""
        gate, up = self.gate_up_proj(x).chunk(2, dim=-1)
        return self.down_proj(F.silu(gate) * up)  # type: ignore[no-any-return]


class Layer(nn.Module):
    """Attention and MLP, each behind a norm and added."""

    def __init__(self, config: TextConfig, layer: int) -> None:
        super().__init__()
        self.self_attn = Attention(config, layer)
        self.mlp = MLP(config)
        self.input_layernorm = RMSNorm(config.width, config.eps)
        self.post_attention_layernorm = RMSNorm(config.width, config.eps)

    def forward(
        self,
        x: Tensor,
        rotation: Rotation,
        cache: KVCache | None,
        mask: Tensor | None,
        packed_by: Packing | None = None,
    ) -> Tensor:
        """``[B, T, width]`` to the same."""
        x = x + self.self_attn(self.input_layernorm(x), rotation, cache, mask, packed_by)
        return x + self.mlp(self.post_attention_layernorm(x))  # type: ignore[no-any-return]


class LanguageModel(nn.Module):
    """Embeddings in, hidden states out."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocabulary, config.width)
        self.layers = nn.ModuleList(Layer(config, n) for n in range(config.layers))
        self.norm = RMSNorm(config.width, config.eps)
        self.inverse: Tensor | None = None

    def forward(
        self,
        x: Tensor,
        positions: Tensor,
        cache: KVCache | None = None,
        mask: Tensor | None = None,
        check: Callable[[], None] | None = None,
        segments: Segments | None = None,
    ) -> Tensor:
        """Read tokens.

        Args:
            x: Embeddings, ``[B, T, width]``.
            positions: int64 ``[3, B, T]``, as `rope.positions_of` gives them.
            cache: Of the tokens before; the new ones are added to it.
            mask: bool ``[B, 1, T, S]``, True where a token may look; None for one unpadded
                sequence.
            check: Called before each layer; what it raises ends the pass, and the cache holds
                what it held before.
            segments: Of several sequences put one after another, with B = 1 and neither cache nor
                mask: each sees itself alone, and its positions are its own.

        Returns:
            ``[B, T, width]``, normalised: what the head reads.
        """
        if segments is not None and (len(x) != 1 or cache is not None or mask is not None):
            raise ValueError("segments are of one row, without a cache and without a mask")
        if self.inverse is None or self.inverse.device != x.device:
            # Kept: it must serve a training pass even where a session was the first to ask.
            with torch.inference_mode(False):
                self.inverse = frequencies(self.config).to(x.device)  # no weight: never loaded
        turned = text_rotation(self.config, self.inverse, positions)
        rotation = Rotation(turned.cos.to(x.dtype), turned.sin.to(x.dtype))
        packed_by = None
        if segments is not None:
            packed_by = Packing(segments, segments.bounds(x.device) if x.is_cuda else None)
        for layer in self.layers:
            if check is not None:
                check()
            x = layer(x, rotation, cache, mask, packed_by)
        if cache is not None:
            cache.length += x.shape[1]
        return self.norm(x)  # type: ignore[no-any-return]
