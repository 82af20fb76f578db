"""Secrets by name: where they are kept, and that nothing else says what they are."""

from collections.abc import Mapping


class Secrets:
    """What ``{{secret:name}}`` stands for.

    Args:
        values: By name.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    @property
    def names(self) -> frozenset[str]:
        """Which there are."""
        return frozenset(self._values)
