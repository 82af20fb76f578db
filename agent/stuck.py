"""Noticing that a run gets nowhere, and what is done about it, step by step harder."""

from ..envs.base import Observation
from ..envs.records import Step, Trouble


class Watch:
    """Watches the steps that a model decided on.

    What it says follows from the steps and pictures alone, so a replay says the same.
    """

    def note(self, step: Step, seen: Observation, after: Observation | None) -> Trouble | None:
        """Take note of a step before it is recorded, and say whether the run gets nowhere.

        Args:
            step: What was decided and what came of it; ``told`` holds no trouble yet.
            seen: The screen before it.
            after: The settled screen after it, where there was an action on it.
        """
        return None
