"""Results kept to be used again, up to a weight rather than a number: texts differ in length."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """What a function gave, those values used last.

    Args:
        make: Gives the value for a key.
        weigh: Gives a value's weight, for example in bytes.
        limit: Weight of everything kept; the value used last stays, whatever its weight.
    """

    def __init__(self, make: Callable[[K], V], weigh: Callable[[V], int], limit: int) -> None:
        self._make, self._weigh, self._limit = make, weigh, limit
        self._values: OrderedDict[K, V] = OrderedDict()
        self._weight = 0

    def __getitem__(self, key: K) -> V:
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
            return value
        value = self._values[key] = self._make(key)
        self._weight += self._weigh(value)
        while self._weight > self._limit and len(self._values) > 1:
            _, old = self._values.popitem(last=False)
            self._weight -= self._weigh(old)
        return value
