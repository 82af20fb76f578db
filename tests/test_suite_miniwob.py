"""A suite in real browsers, two at a time, from the command to recordings that replay."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import typer
from suite_rig import results_of
from typer.testing import CliRunner

from eyehand.agent import eval_cli
from eyehand.agent.replaying import replay
from eyehand.agent.suites.known import open_suite, oracle_of
from eyehand.agent.suites.miniwob.suite import MiniWob
from eyehand.agent.suites.plan import Plan
from eyehand.agent.suites.results_file import SuiteFile
from eyehand.agent.suites.running import SuiteRun
from eyehand.envs.episode import Episode
from eyehand.envs.records import StopReason

app = typer.Typer()
app.command("eval")(eval_cli.evaluate)
app.command()(eval_cli.rescore)

TASKS = "enter-text,focus-text"


def test_the_oracle_wins_in_two_browsers_and_its_recordings_replay(tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    words = ["eval", "miniwob", "--tasks", TASKS, "--episodes", "1", "--model", "oracle"]
    words += ["--dialect", "computer_use", "--image-tokens", "64", "--scale", "2"]
    words += ["--out", str(out), "--keep", "all", "--json"]
    ended = CliRunner().invoke(app, words)
    assert ended.exit_code == 0, ended.output
    made = json.loads(ended.stdout)
    assert (made["trials"], made["failures"], made["stops"]) == (2, [], {"done": 2})
    assert made["settings"]["time_limit"] == "off"
    assert made["subsets"]
    for one in results_of(out).values():
        assert one.ended
        assert one.raw_reward == 1
        assert one.episode is not None
        episode = Episode.load(tmp_path / one.episode)
        assert episode.steps[0].seen.frame.physical.width == 320
        assert episode.steps[0].seen.frame.image is not None
        assert "tool_call" in (episode.steps[0].reply or "")


async def test_a_browser_that_is_killed_costs_one_trial(tmp_path: Path) -> None:
    suite, oracle = open_suite("miniwob"), oracle_of("miniwob")
    plan = Plan(("focus-text",), "native", episodes=2, keep="all", episodes_in=tmp_path / "e")

    class Killing:
        name, fingerprint, plays = oracle.name, oracle.fingerprint, oracle.plays

        def model(self, env, task, trial, dialect):  # type: ignore[no-untyped-def]
            if trial.seed == 0:
                asks = env._asks
                perform = env.perform

                async def killed(action, seen):  # type: ignore[no-untyped-def]
                    await asks._page.context.browser.close()
                    return await perform(action, seen)

                env.perform = killed
            return oracle.model(env, task, trial, dialect)

    run = SuiteRun(suite, Killing(), replace(plan, jobs=1))
    with SuiteFile(tmp_path / "r") as file:
        file.begin(run.header())
        await run.run(file)
        await run.closed()
    found = results_of(tmp_path / "r")
    assert found["focus-text.0"].stop is StopReason.ENV_LOST
    assert found["focus-text.1"].success
    done = await replay(tmp_path / "e" / "focus-text.1")
    assert done.complete
    assert done.stop is StopReason.DONE


def test_results_say_which_browser_there_was(tmp_path: Path) -> None:
    told = open_suite("miniwob").settings["chromium"]
    assert told in subprocess.run(["chromium", "--version"], capture_output=True, text=True).stdout
    assert MiniWob(executable=tmp_path).settings["chromium"] is None
