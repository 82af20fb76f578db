"""Runs that get on are left in peace: recordings of others, and oracles on practice phones.

Here is a sample of the oracles; `tests/full_stuck.py` runs them all (docs/COUNTS.md).
"""

import json
import random
from itertools import chain

import pytest
from full_stuck import Tally, sweep
from good_episodes import DATA, Good, aitz, androidcontrol, midscene, openadapt

from eyehand.agent.stuck import Watch
from eyehand.agent.stuck_text import degenerate
from eyehand.envs.practice.tasks import FAMILIES
from eyehand.envs.records import Trouble

SAMPLE = 15


def watched(episode: Good) -> list[Trouble | None]:
    watch = Watch()
    return [watch.note(seen.step, seen.before, seen.after) for seen in episode]


@pytest.mark.parametrize("name", ["android-booking", "web-github", "multi-model"])
def test_recorded_runs_of_midscene_raise_no_alarm(name: str) -> None:
    episode = midscene(name)
    assert len(episode) >= 3
    assert set(watched(episode)) == {None}


def test_a_recorded_workflow_in_a_browser_raises_no_alarm() -> None:
    """It scrolls four times, and types a name and a password into fields that look alike."""
    episode = openadapt()
    assert len(episode) == 18
    assert set(watched(episode)) == {None}


def test_a_recorded_episode_of_a_phone_raises_no_alarm() -> None:
    assert set(watched(aitz())) == {None}


def test_what_people_did_on_phones_raises_no_alarm() -> None:
    """Sixty episodes: up to seven swipes, five taps on one place, three times back."""
    episodes = list(androidcontrol())
    assert len(episodes) == 60
    assert sum(map(len, episodes)) > 300
    assert set(chain.from_iterable(map(watched, episodes))) == {None}


def test_a_good_recording_played_over_and_over_is_noticed() -> None:
    """So the recordings above are not quiet because nothing of them is looked at."""
    for episode in (midscene("multi-model")[:-1], openadapt()[:3]):
        watch, found = Watch(), list[Trouble | None]()
        for turn in range(6):
            for at, seen in enumerate(episode):
                step = seen.step.model_copy(update={"index": turn * len(episode) + at})
                found.append(watch.note(step, seen.before, seen.after))
        assert any(found)


def test_replies_that_models_were_seen_to_give_are_not_called_endless() -> None:
    items = json.loads((DATA / "dialects/model-outputs/outputs.json").read_text())["items"]
    assert len(items) > 20
    assert [item["raw"] for item in items if degenerate(item["raw"])] == []


async def test_oracles_are_left_in_peace_but_told_where_they_wait_five_times() -> None:
    """One family has them wait up to a minute for a message: it looks like waiting for nothing."""
    draw = random.Random(20261121)
    tally = Tally()
    for family in draw.sample(sorted(FAMILIES), SAMPLE):
        tally.add(await sweep(family, [draw.randrange(100_000)]))
    assert tally.unsolved == []
    assert tally.episodes >= SAMPLE - 2
    assert {name.split()[0] for name in tally.alarmed} <= {"await_message"}, tally.words
    assert set(tally.alarms) <= {"repeat, tell"}
