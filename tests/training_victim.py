"""A training run in a process of its own, to be killed or interrupted in the middle."""

import sys
from pathlib import Path

import training_rig

from eyehand.model.training.recipe import Pace


def main(checkpoint: str, folder: str, workers: str = "0") -> None:
    training_rig.trainer(
        Path(checkpoint),
        Path(folder),
        training_rig.Changing(training_rig.LONG),
        recipe=training_rig.AVERAGED,
        # Every second step or so, so that the log is ahead of the state.
        pace=Pace(save_every_s=0.05, workers=int(workers)),
    ).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
