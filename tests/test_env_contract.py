"""The contract of envs, held by those that need no device."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import env_contract as contract
import pytest
from paper_env import PaperEnv

from eyehand.agent import Agent, Task, TaskStep
from eyehand.envs import Env, ReplayEnv

Make = Callable[[], Env]


@pytest.fixture(params=["paper", "replay"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    if request.param == "paper":
        return PaperEnv
    task = Task(steps=(TaskStep.of({"click": [5, 6]}), TaskStep.of({"type": "a"})))
    asyncio.run(Agent(PaperEnv(), record=tmp_path / "e").run(task))
    return lambda: ReplayEnv(tmp_path / "e")


@pytest.mark.parametrize(
    "clause",
    [
        contract.observing_gives_a_picture_whose_sizes_agree,
        contract.nothing_works_before_reset,
        contract.nothing_works_after_close_and_closing_twice_is_harmless,
        contract.closing_before_reset_is_harmless,
        contract.what_is_not_in_the_action_space_is_refused,
        contract.a_point_far_outside_is_refused,
    ],
    ids=lambda clause: str(clause.__name__),
)
def test_the_contract_is_kept(make: Make, clause: Callable[[Make], object]) -> None:
    asyncio.run(clause(make))  # type: ignore[arg-type]


def test_paper_that_somebody_else_drew_on_is_not_touched() -> None:
    def draw(env: Env) -> None:
        assert isinstance(env, PaperEnv)
        env.sheet[95:105, 95:105] = 255 - env.sheet[95:105, 95:105]

    asyncio.run(contract.what_changed_since_it_was_seen_is_not_touched(PaperEnv, draw, (100, 100)))
