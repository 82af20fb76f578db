"""What an oracle says: the next step, or that it is lost."""

from ....actions import schema as a


class Next(Exception):
    """What to do next.

    Attributes:
        action: With points in pixels of the screen.
        why: In a few words, for demonstrations.
    """

    def __init__(self, action: a.Action, why: str) -> None:
        super().__init__(f"{action}: {why}")
        self.action, self.why = action, why


class Lost(Exception):
    """The oracle does not find its way: a bug of a family or an app."""
