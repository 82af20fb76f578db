"""One task file and the oracle's tasks, in this process and through a real adb server alike."""

from pathlib import Path

import pytest
from adb_oracles import solve
from practice_server import adb_server, practice_phone

from eyehand.agent import Agent, load_task
from eyehand.envs import AndroidEnv, PracticeEnv, StopReason
from eyehand.envs.practice.phone import Phone

EXAMPLE = Path(__file__).parents[1] / "examples" / "contact.yaml"


async def test_the_same_task_file_does_the_same_on_a_practice_phone_and_through_adb() -> None:
    here, there, task = Phone(3), Phone(3), load_task(EXAMPLE)
    episode = await Agent(PracticeEnv(phone=here)).run(task)
    assert episode.stop is StopReason.DONE, episode.end
    async with practice_phone(there, adb_keyboard=True) as practice:
        env = AndroidEnv(practice.serial, server=("127.0.0.1", practice.server.port))
        episode = await Agent(env).run(task)
    assert episode.stop is StopReason.DONE, episode.end
    assert there.state.data == here.state.data != Phone(3).state.data
    assert here.data("contacts")["people"][-1]["name"] == task.variables["name"]


@pytest.mark.parametrize("family", ["send_number_of_contact", "set_up_display", "create_note"])
async def test_the_oracle_solves_a_task_through_adb(family: str) -> None:
    """A sample; docs/COUNTS.md has all families."""
    async with adb_server() as server:
        seed, wrong = 0, None
        while wrong is None:
            wrong = await solve(family, seed, server)
            seed += 1
        assert wrong == ""
