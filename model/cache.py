"""Keys and values of the tokens a network has read."""

from torch import Tensor

_STEP = 256
"""Capacity grows to a multiple of this, in tokens."""


class KVCache:
    """Keys and values, a pair of buffers a layer.

    Buffers grow by half, one layer at a time, so that growing never holds two whole caches.

    Args:
        layers: How many.
        capacity: Room to begin with, in tokens.
    """

    def __init__(self, layers: int, capacity: int = 0) -> None:
        self._keys: list[Tensor | None] = [None] * layers
        self._values: list[Tensor | None] = [None] * layers
        self._capacity = capacity
        self.length = 0
        """Tokens held. `append` writes after them; the network counts it up after a pass."""

    def append(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Add a layer's new tokens and give all of them.

        Args:
            layer: Which.
            keys: ``[B, kv_heads, T, head_width]``.
            values: Alike.

        Returns:
            Views of ``[B, kv_heads, length + T, head_width]``.
        """
        end = self.length + keys.shape[2]
        all_keys = self._keys[layer] = self._room(self._keys[layer], keys, end)
        all_values = self._values[layer] = self._room(self._values[layer], values, end)
        all_keys[:, :, self.length : end] = keys
        all_values[:, :, self.length : end] = values
        return all_keys[:, :, :end], all_values[:, :, :end]

    def _room(self, held: Tensor | None, new: Tensor, end: int) -> Tensor:
        if held is not None and held.shape[2] >= end:
            return held
        wanted = end if held is None else max(end, held.shape[2] * 3 // 2)
        capacity = -(-max(wanted, self._capacity) // _STEP) * _STEP
        grown = new.new_empty((*new.shape[:2], capacity, new.shape[3]))
        if held is not None:
            grown[:, :, : self.length] = held[:, :, : self.length]
        return grown

    def truncate(self, length: int) -> None:
        """Forget the tokens after the first ``length``."""
        if not 0 <= length <= self.length:
            raise ValueError(f"the cache holds {self.length} tokens; it cannot be cut to {length}")
        self.length = length
