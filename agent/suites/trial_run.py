"""One trial of a suite: an agent's run on a stage, and what is written down of it."""

import contextlib
import shutil
import time
from pathlib import Path

from ...envs.base import Env
from ...envs.episode import Episode
from ...envs.errors import (
    BackendMissing,
    EnvError,
    EpisodeExists,
    EpisodeUnwritable,
    StoppedByUser,
)
from ...envs.records import StopReason
from ...model.base import Model
from ...model.errors import ContextTooLong, ModelError, ScriptExhausted
from ..errors import BadUsage
from ..events import Hooks
from ..loop import Agent
from ..task import Task
from ..threads import to_disk
from .base import Judged, Player, Stage, Suite, Trial
from .keeping import OPEN_S, bounded
from .plan import Plan
from .results import Result
from .speaking import Speaker

FATAL = (BackendMissing, EpisodeExists, EpisodeUnwritable, StoppedByUser)
"""Errors that no other trial would be spared."""

_OF_THE_TRIAL = (ContextTooLong, ScriptExhausted)
_OF_A_REPLY = ("prompt_s", "vision_s", "prefill_s", "decode_s")
"""What of a checkpoint's figures is its own time."""


class TrialRun:
    """One trial, played by an agent and judged by its stage.

    Args:
        suite: Whose.
        player: Who plays.
        plan: How.
        trial: Which.

    Attributes:
        folder: Where it is recorded; None: nowhere.
        broken: What broke the stage; None: it can be used for another trial.
    """

    def __init__(self, suite: Suite, player: Player, plan: Plan, trial: Trial) -> None:
        self._suite, self._player, self._plan, self._trial = suite, player, plan, trial
        folder = plan.episodes_in if plan.keep != "none" else None
        self.folder = None if folder is None else folder / str(trial)
        self.broken: EnvError | None = None
        self._agent: Agent | None = None
        self._goal = ""
        self._began = time.monotonic()

    async def run(self, stage: Stage) -> Result:
        """Run it on a stage.

        Raises:
            EnvError: The stage broke before the trial began.
            ModelError: No reply can be given, here or in any other trial.
            BadUsage: There is no such trial.
        """
        if self.folder is not None:
            await to_disk(remove, self.folder)  # half of one, from before a kill
        self._began = time.monotonic()
        try:
            env, task = await bounded(stage.begin(self._trial), OPEN_S, f"setting up {self._trial}")
        except ValueError as error:
            raise BadUsage(f"{self._suite.name} has no trial {self._trial}: {error}") from error
        task = task.model_copy(update={"limits": self._plan.limits})
        self._goal = next((step.goal for step in task.steps if step.goal), task.name)
        model = self._player.model(env, task, self._trial, self._plan.dialect)
        stop, detail = await self._played(env, task, model)
        judged = Judged(False)
        if self.broken is None:
            try:
                judged = await bounded(stage.judged(), OPEN_S, f"judging {self._trial}")
            except EnvError as error:
                self.broken, stop, detail = error, StopReason.ENV_LOST, str(error)
        if isinstance(model, Speaker) and model.trouble:
            detail = model.trouble
        return self.result(stop, detail, judged)

    async def _played(self, env: Env, task: Task, model: Model) -> tuple[StopReason, str]:
        """Let the agent play; say how it ended."""
        self._agent = agent = Agent(
            env,
            model,
            dialect=self._plan.dialect,
            constrain=self._plan.constrain,
            record=self.folder,
            hooks=[model] if isinstance(model, Hooks) else [],
        )
        try:
            episode = await agent.run(task)
        except FATAL:
            raise
        except EnvError as error:
            self.broken = error
            return StopReason.ENV_LOST, str(error)
        except _OF_THE_TRIAL as error:
            return StopReason.MODEL_FAILED, str(error)
        end = episode.end
        if end is None:
            raise RuntimeError("the run has no end")
        if end.stop is StopReason.STOPPED_BY_USER:
            raise StoppedByUser(end.detail)
        return end.stop, end.detail

    def result(self, stop: StopReason, detail: str, judged: Judged | None = None) -> Result:
        """Give its line."""
        episode = None if self._agent is None else self._agent.episode
        made = judged or Judged(False)
        return Result(
            task=self._trial.task,
            seed=self._trial.seed,
            goal=self._goal,
            success=made.success,
            reward=made.reward,
            raw_reward=made.raw_reward,
            ended=made.ended,
            reason=made.reason,
            steps=0 if episode is None else sum(one.source == "model" for one in episode.steps),
            stop=stop,
            detail=detail,
            episode=None if self.folder is None else f"{self.folder.parent.name}/{self._trial}",
            seconds=self._seconds(episode),
            step_seconds=() if episode is None else _step_seconds(episode),
        )

    def _seconds(self, episode: Episode | None) -> dict[str, float]:
        steps = [] if episode is None else list(episode.steps)
        spent = {"all": time.monotonic() - self._began}
        for name in ("think", "act"):
            spent[name] = sum(step.seconds.get(name, 0.0) for step in steps)
        return {name: round(value, 4) for name, value in spent.items()}

    async def closed(self) -> None:
        """Wait until a run that was cancelled has given everything back."""
        if self._agent is not None:
            with contextlib.suppress(EnvError, ModelError):  # it is being ended anyway
                await self._agent.closed()


def _step_seconds(episode: Episode) -> tuple[float, ...]:
    found = []
    for step in episode.steps:
        if (think_s := step.seconds.get("think")) is not None:  # one a reply
            own = [step.stats[name] for name in _OF_A_REPLY if name in step.stats]
            found.append(round(sum(own) if own else think_s, 4))
    return tuple(found)


def remove(folder: Path) -> None:
    """Remove a recording.

    Raises:
        EpisodeUnwritable: It cannot be removed.
    """
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise EpisodeUnwritable(f"cannot remove {folder}: {error.strerror or error}") from error
