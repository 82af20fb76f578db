"""The past as the model is shown it. How many screenshots stay is decided here, nowhere else."""

from dataclasses import replace

from ..actions.dialects import Turn


class History:
    """Past rounds of one goal, oldest first.

    Screenshots are dropped in blocks: nothing changes in what the model already read until
    ``keep_images + drop_block`` are held, then the oldest go at once until ``keep_images`` are
    left. Between two drops the prompt only grows, so a session's cache of its beginning survives.
    A dropped picture never takes its reply with it.

    Args:
        keep_images: How many past screenshots stay at least.
        drop_block: How many go at once.
    """

    def __init__(self, *, keep_images: int = 4, drop_block: int = 4) -> None:
        if keep_images < 0 or drop_block < 1:
            raise ValueError("keep_images is at least 0 and drop_block at least 1")
        self._keep = keep_images
        self._block = drop_block
        self._turns: list[Turn] = []
        self._dropped = 0

    def add(self, turn: Turn) -> None:
        """Append a round."""
        self._turns.append(turn)
        if len(self._turns) - self._dropped >= self._keep + self._block:
            first, self._dropped = self._dropped, self._dropped + self._block
            for index in range(first, self._dropped):
                self._turns[index] = replace(self._turns[index], image=None)

    @property
    def turns(self) -> tuple[Turn, ...]:
        """All rounds, oldest first."""
        return tuple(self._turns)
