"""Suites: whatever breaks, is killed or cancelled, no trial is lost, repeated or taken for won."""

import asyncio
import random
import re
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from suite_rig import QUICK, Asked, Fragile, lines_of, results_of

from eyehand.agent.errors import BadUsage
from eyehand.agent.line_file import LinesBroken, ResultsDiffer
from eyehand.agent.places import PracticeSpec
from eyehand.agent.replaying import replay
from eyehand.agent.suites.base import Player, Suite
from eyehand.agent.suites.known import subsets_of
from eyehand.agent.suites.plan import Plan
from eyehand.agent.suites.players import ModelPlayer, RandomPlayer, ScriptPlayer
from eyehand.agent.suites.practice import _BESIDE, Practice, practice_oracle
from eyehand.agent.suites.results_file import SuiteFile, read_suite_results
from eyehand.agent.suites.running import BROKEN, SuiteRun
from eyehand.agent.suites.scores import score_suite
from eyehand.envs.episode import Episode
from eyehand.envs.errors import EnvError
from eyehand.envs.records import StopReason
from eyehand.model.errors import ModelError
from eyehand.model.scripted import ScriptedModel
from eyehand.model.size import Size

TESTS = Path(__file__).parent
PLAN = Plan(tasks=QUICK, dialect="native", episodes=2, jobs=2)
ONCE = replace(PLAN, episodes=1)


async def ran(path: Path, suite: Suite, player: Player, plan: Plan) -> SuiteRun:
    run = SuiteRun(suite, player, plan)
    with SuiteFile(path) as file:
        file.begin(run.header())
        try:
            await run.run(file)
        finally:
            await run.closed()
    return run


def kept(path: Path, plan: Plan, keep: Any = "all") -> Plan:
    return replace(plan, keep=keep, episodes_in=path.with_suffix(""))


async def test_the_oracle_wins_and_several_at_a_time_give_what_one_gives(tmp_path: Path) -> None:
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    await ran(one, Practice(), practice_oracle(), replace(PLAN, jobs=1))
    await ran(two, Practice(), practice_oracle(), kept(two, replace(PLAN, jobs=3)))
    found, others = results_of(one), results_of(two)
    assert len(found) == PLAN.count
    assert {name: o.model_copy(update={"episode": None}) for name, o in others.items()} == found
    assert all(o.success and o.ended and o.reward == 1 for o in found.values())
    # One that cannot be done is won by saying so.
    assert {o.stop for o in found.values() if o.task == "alarm_missing"} == {StopReason.GAVE_UP}
    # Tasks take turns: what is run first says something of all of them.
    assert [line["task"] for line in lines_of(one)[1:4]] == list(QUICK)
    for name, other in others.items():
        assert other.episode is not None
        done = await replay(tmp_path / other.episode)
        assert done.complete, name
        assert done.stop == other.stop


async def test_only_the_recordings_that_are_wanted_stay(tmp_path: Path) -> None:
    player = RandomPlayer(1)
    for keep, left in (("failures", ONCE.count), ("successes", 0)):
        path = tmp_path / f"{keep}.jsonl"
        await ran(path, Practice(), player, kept(path, replace(ONCE, replies=2), keep))
        folder = path.with_suffix("")
        there = sorted(p.name for p in folder.iterdir()) if folder.exists() else []
        assert len(there) == left
        named = [o.episode for o in results_of(path).values() if o.episode is not None]
        assert sorted(named) == [f"{folder.name}/{name}" for name in there]


async def test_a_trial_has_as_many_replies_as_it_may_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    await ran(path, Practice(), RandomPlayer(1), replace(ONCE, replies=3))
    for one in results_of(path).values():
        assert (one.steps, one.stop, one.success) == (3, StopReason.STEP_LIMIT, False)
        assert one.detail == "3 replies were given"


async def test_random_play_is_the_same_for_a_seed_and_another_for_another(tmp_path: Path) -> None:
    said: list[list[str | None]] = []
    for number, seed in enumerate((5, 5, 6)):
        path = tmp_path / f"{number}.jsonl"
        plan = kept(path, replace(ONCE, tasks=QUICK[:1], replies=3))
        await ran(path, Practice(), RandomPlayer(seed), plan)
        episode = Episode.load(next(path.with_suffix("").iterdir()))
        said.append([step.reply for step in episode.steps if step.reply is not None])
    assert len(said[0]) == 3
    assert said[0] == said[1] != said[2]


async def test_random_play_on_phones_does_all_that_a_finger_does_and_ends(tmp_path: Path) -> None:
    player = RandomPlayer(2, phone=True)
    found: dict[str, list[str]] = {}
    for dialect, episodes in (("pocket", 12), ("autoglm", 4)):
        path = tmp_path / f"{dialect}.jsonl"
        plan = replace(PLAN, tasks=QUICK[:1], dialect=dialect, episodes=episodes)
        await ran(path, Practice(), player, kept(path, plan))
        folders = path.with_suffix("").iterdir()
        steps = [step for folder in folders for step in Episode.load(folder).steps]
        found[dialect] = [step.action.action for step in steps if step.action is not None]
        # What a family has no words for is no reason to give up.
        assert not [one for one in results_of(path).values() if "cannot say" in one.detail]
    counts = Counter(found["pocket"])
    assert set(counts) == {"click", "scroll", "back", "home", "done"}
    assert counts["click"] > len(found["pocket"]) / 2
    # One that cannot be done is won by saying so: chance does, now and then.
    assert {one.success for one in results_of(tmp_path / "pocket.jsonl").values()} == {True, False}
    assert player.fingerprint != RandomPlayer(2).fingerprint


async def test_a_step_takes_what_the_model_takes_and_not_the_wait_for_its_turn(
    tmp_path: Path,
) -> None:
    class Measured(ScriptedModel):
        async def reply(self, *messages: Any, **options: Any) -> Any:
            said = await super().reply(*messages, **options)
            stats = {"prompt_s": 0.25, "vision_s": 0.5, "prefill_s": 1.0, "decode_s": 2.0}
            return replace(said, stats={**stats, "mask_s": 9.0, "forwards": 9})

    said = ['{"action": "back"}', '{"action": "done"}']
    for model, times in ((Measured(said), {3.75}), (ScriptedModel(said), None)):
        path = tmp_path / f"{type(model).__name__}.jsonl"
        await ran(path, Practice(), Asked(model), replace(ONCE, tasks=QUICK[1:2], jobs=1))
        (result,) = read_suite_results(path)[1]
        assert len(result.step_seconds) == result.steps == 2
        assert times is None or set(result.step_seconds) == times
        assert score_suite(path, subsets_of).median_step_s == median(result.step_seconds)


async def test_phones_look_as_they_are_asked_to_and_the_results_say_how(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    looks = PracticeSpec(size="280x616", theme="sand", dark=False, font_scale=1.15, wordless=True)
    plan = kept(path, replace(ONCE, tasks=("close_app",)))
    await ran(path, Practice(looks), practice_oracle(), plan)
    header, (result,) = read_suite_results(path)
    assert header.settings == {
        "size": "280x616", "theme": "sand", "dark": False, "font_scale": 1.15, "wordless": True,
        "max_steps": 30, "trial_seconds": 600.0,
    }  # fmt: skip
    assert result.success
    assert result.episode is not None
    episode = Episode.load(tmp_path / result.episode)
    said = episode.header.env
    assert said["size"] == "280x616"
    assert (said["theme"], said["dark"], said["font_scale"], said["wordless"]) == (
        "sand", False, 1.15, True,
    )  # fmt: skip
    assert episode.steps[0].seen.frame.physical == Size(280, 616)
    for other, differs in (
        ({"size": "308x672"}, r"settings\.size is '280x616' there, and now it is '308x672'"),
        ({"wordless": False}, r"settings\.wordless is True there"),
    ):
        suite = Practice(looks.model_copy(update=other))
        with pytest.raises(ResultsDiffer, match=differs):
            await ran(path, suite, practice_oracle(), plan)


def test_what_is_beside_the_phone_is_no_part_of_what_was_run() -> None:
    program = "import sys, eyehand.agent.suites.practice; print(*sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    imported = {name.split(".")[3] for name in said.stdout.split() if name.count(".") > 2}
    assert "phone" in imported
    assert not imported & {Path(name).stem for name in _BESIDE}


async def test_a_stage_that_breaks_costs_its_trial_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    suite = Fragile(during=["close_app.0"])
    await ran(path, suite, practice_oracle(), kept(path, replace(ONCE, jobs=1)))
    found = results_of(path)
    broken = found.pop("close_app.0")
    assert (broken.stop, broken.success) == (StopReason.ENV_LOST, False)
    assert broken.detail == "the browser was killed"
    assert broken.episode is not None
    assert Episode.load(tmp_path / broken.episode).stop is StopReason.ENV_LOST
    assert all(one.success for one in found.values())
    assert len(found) == ONCE.count - 1
    assert (suite.opened, suite.open) == (2, 0)


async def test_a_trial_that_could_not_begin_is_tried_once_more(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    suite = Fragile(before={"close_app.0": 1, "tell_alarm.0": 9}, opening=2)
    await ran(path, suite, practice_oracle(), replace(ONCE, jobs=1))
    found = results_of(path)
    assert found["close_app.0"].success
    never = found["tell_alarm.0"]
    assert (never.stop, never.steps, never.success) == (StopReason.ENV_LOST, 0, False)
    assert suite.begun.count("tell_alarm.0") == 2
    assert sum(one.success for one in found.values()) == ONCE.count - 1


async def test_stages_that_break_one_after_the_other_end_it_with_a_clear_error(
    tmp_path: Path,
) -> None:
    path = tmp_path / "r.jsonl"
    suite = Fragile(during=[f"{task}.{seed}" for task in QUICK for seed in range(20)])
    most = BROKEN + PLAN.jobs - 1  # the other job's may break in the same moment
    said = f"[{BROKEN}-{most}] stages of practice broke in a row, .* killed"
    with pytest.raises(EnvError, match=said):
        await ran(path, suite, practice_oracle(), PLAN)
    assert BROKEN - 2 <= len(results_of(path)) < BROKEN
    assert suite.open == 0


async def test_a_stage_that_cannot_be_opened_at_all_ends_it_at_once(tmp_path: Path) -> None:
    suite = Fragile(opening=9)
    suite.opened = 1
    with pytest.raises(EnvError, match="it does not open"):
        await ran(tmp_path / "r.jsonl", suite, practice_oracle(), PLAN)
    assert suite.opening >= 9 - PLAN.jobs


async def test_cancelling_returns_at_once_and_leaves_no_stage_open(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    suite = Fragile()
    suite.hang = PLAN.jobs
    run = SuiteRun(suite, practice_oracle(), kept(path, PLAN))
    with SuiteFile(path) as file:
        file.begin(run.header())
        job = asyncio.ensure_future(run.run(file))
        async with asyncio.timeout(20):
            await suite.hanging.wait()
        began = time.monotonic()
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job
        assert time.monotonic() - began < 0.5  # promised are 0.1; a busy machine may take longer
        await run.closed()
    assert suite.open == 0
    assert not results_of(path)
    await ran(path, suite, practice_oracle(), kept(path, PLAN))
    assert len(results_of(path)) == PLAN.count
    for folder in path.with_suffix("").iterdir():  # the halves from before are gone
        assert Episode.load(folder).stop in (StopReason.DONE, StopReason.GAVE_UP)


async def test_a_model_that_fails_ends_it_but_a_script_at_its_end_only_its_trial(
    tmp_path: Path,
) -> None:
    class Failing(ScriptedModel):
        async def reply(self, *messages: Any, **options: Any) -> Any:
            raise ModelError("the weights are NaN")

    path = tmp_path / "r.jsonl"
    suite = Fragile()
    with pytest.raises(ModelError, match="NaN"):
        await ran(path, suite, ModelPlayer(Failing([])), PLAN)
    assert not results_of(path)
    assert suite.open == 0
    script = tmp_path / "script.jsonl"
    script.write_text('{"action": "back"}\n')
    other = tmp_path / "s.jsonl"
    await ran(other, Practice(), ScriptPlayer(script), ONCE)
    assert {one.stop for one in results_of(other).values()} == {StopReason.MODEL_FAILED}
    assert {one.steps for one in results_of(other).values()} == {1}  # each from the beginning


async def test_what_has_been_run_is_not_run_again_and_another_run_is_refused(
    tmp_path: Path,
) -> None:
    path = tmp_path / "r.jsonl"
    suite = Fragile()
    await ran(path, suite, practice_oracle(), ONCE)
    before = path.read_bytes()
    await ran(path, suite, practice_oracle(), replace(ONCE, jobs=1, command="other"))
    assert path.read_bytes() == before
    assert suite.opened == ONCE.jobs
    with pytest.raises(ResultsDiffer, match="episodes is 1 there, and now it is 3"):
        await ran(path, suite, practice_oracle(), replace(ONCE, episodes=3))
    with pytest.raises(ResultsDiffer, match=r"settings\.max_steps is 30 there"):
        await ran(path, suite, practice_oracle(), replace(ONCE, replies=31))
    assert path.read_bytes() == before


async def test_damage_of_a_file_is_found(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    await ran(path, Practice(), RandomPlayer(1), replace(ONCE, replies=1))
    lines = path.read_bytes().splitlines(keepends=True)
    other_seed = re.sub(rb'"seed":\d+', b'"seed":9999', lines[1])
    other_task = re.sub(rb'"task":"\w+"', b'"task":"unknown"', lines[1])
    for wrong, said in (
        ([*lines, lines[1]], "stands there before"),
        ([*lines, other_seed], "more than the 1 trials"),
        ([lines[0], other_task], "names no task unknown"),
        ([lines[1]], "is no file of suite"),
        ([], "is empty"),
    ):
        bad = tmp_path / "bad.jsonl"
        bad.write_bytes(b"".join(wrong))
        with pytest.raises(LinesBroken, match=said):
            list(read_suite_results(bad)[1])
    bad.write_bytes(b"".join(lines)[:-9])  # half a line is no damage
    assert len(list(read_suite_results(bad)[1])) == len(lines) - 2
    with SuiteFile(bad) as file:
        assert len(file.done) == len(lines) - 2


async def test_a_task_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadUsage, match="there is no task 'no_such'"):
        await ran(
            tmp_path / "r", Practice(), Asked(ScriptedModel([])), replace(PLAN, tasks=("no_such",))
        )
    with pytest.raises(ValueError, match="at least one task"):
        replace(PLAN, tasks=())
    with pytest.raises(ValueError, match="need a folder"):
        replace(PLAN, keep="all")


def test_killed_at_any_moment_it_goes_on_with_nothing_lost_or_repeated(tmp_path: Path) -> None:
    path, draw = tmp_path / "r.jsonl", random.Random(3)
    folder, halves = path.with_suffix(""), 0
    done: set[str] = set()
    with subprocess.Popen(
        [sys.executable, str(TESTS / "suite_victim.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as keeper:
        assert keeper.stdin is not None
        assert keeper.stdout is not None

        def run_until(durable: int) -> int:
            print(path, durable, file=keeper.stdin)
            return int(keeper.stdout.readline()) if keeper.stdout else 1

        for _ in range(2):
            assert run_until(draw.randint(20, 36)) == -9
            done = {f"{line['task']}.{line['seed']}" for line in lines_of(path)[1:]}
            there = {one.name for one in folder.iterdir()} if folder.exists() else set()
            assert done <= there
            halves += len(there - done)
        assert 0 < len(done) < PLAN.count
        assert run_until(0) == 0
        keeper.stdin.close()
    assert halves
    found = results_of(path)
    assert len(found) == len(lines_of(path)) - 1 == PLAN.count
    assert all(one.success for one in found.values())
    assert {one.name for one in folder.iterdir()} == set(found)
    assert None not in {Episode.load(folder / name).stop for name in found}
