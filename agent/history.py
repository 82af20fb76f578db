"""The past as the model is shown it. How many screenshots stay is decided here, nowhere else."""

from dataclasses import replace

from ..actions.dialects import Turn

_MOST = 200
"""Rounds that are kept at most; with what is told of them they fill some 20,000 tokens, and more
fit into no model's context. Then the older half goes."""


class History:
    """Past rounds of one goal, oldest first.

    Screenshots are dropped in blocks: nothing changes in what the model already read until one too
    many is held, then the oldest go at once until half of them are left. Between two drops the
    prompt only grows, so a session's cache of its beginning survives. A dropped picture never takes
    its reply with it. Of a goal that goes on for hundreds of rounds the oldest are left out.

    Args:
        pictures: Most screenshots that the model was trained to see at once, the current one
            included; None: any number, of which up to eight are shown.
    """

    def __init__(self, pictures: int | None = None) -> None:
        past = (8 if pictures is None else pictures) - 1
        if past < 0:
            raise ValueError(f"a model sees at least one picture, not {pictures}")
        self._keep = (past + 1) // 2
        self._block = past + 1 - self._keep
        self._turns: list[Turn] = []
        self._dropped = 0
        self._left_out = 0

    def add(self, turn: Turn) -> None:
        """Append a round."""
        self._turns.append(turn)
        if len(self._turns) - self._dropped >= self._keep + self._block:
            first, self._dropped = self._dropped, self._dropped + self._block
            newest = len(self._turns) - 1
            for index in range(max(first - 1, 0), self._dropped):
                # What a tool has just returned is yet to be seen; it goes with the next round.
                shown = self._turns[index].shown if index == newest else ()
                self._turns[index] = replace(self._turns[index], image=None, shown=shown)
        if len(self._turns) >= _MOST:
            gone = _MOST // 2
            del self._turns[:gone]
            self._dropped = max(0, self._dropped - gone)
            self._left_out += gone

    def amend(self, told: str) -> bool:
        """Add to what is told of the last round, which was in no prompt yet; False if none was."""
        if not self._turns:
            return False
        last = self._turns[-1]
        outcome = f"{last.outcome}\n{told}".strip()
        self._turns[-1] = replace(last, outcome=outcome, plain=False)
        return True

    def forget(self) -> None:
        """Begin anew: what was tried is in no prompt any more."""
        self._turns.clear()
        self._dropped = self._left_out = 0

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The rounds that are kept, oldest first."""
        return tuple(self._turns)

    @property
    def left_out(self) -> int:
        """How many rounds before them are left out."""
        return self._left_out
