"""Going on under a guard, with secrets, and by command."""

import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from paper_env import PaperEnv
from PIL import Image
from typer.testing import CliRunner

from eyehand.actions import Context, tool
from eyehand.agent import Agent, PracticeSpec, Task, TaskStep, replay
from eyehand.agent.control import Control
from eyehand.agent.errors import ResumeRefused
from eyehand.agent.guard import Guard, Leave
from eyehand.agent.policy import read_policy
from eyehand.agent.resume_cli import place_of, resume
from eyehand.agent.resuming import ResumedAgent
from eyehand.agent.secret_store import Secrets
from eyehand.envs import Episode, Journal, Observation, Outcome, PracticeEnv, StopReason
from eyehand.model import ScriptedModel

POINTS: list[Any] = [{"action": "click", "point": [n, 9]} for n in (3, 60)]
TAPS = Task(name="taps", steps=tuple(TaskStep.of({"click": [10 * n, 100]}) for n in range(1, 9)))


def keep(folder: Path, lines: int) -> Episode:
    """Leave so many lines of a recording, as a crash would."""
    path = folder / "steps.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:lines]))
    return Episode.load(folder)


# A guard and secrets ------------------------------------------------------------------------------


async def test_leave_that_was_given_is_not_asked_for_again(tmp_path: Path) -> None:
    asked: list[str] = []

    async def approve(leave: Leave) -> bool:
        asked.append(leave.words)
        return True

    guard = Guard(read_policy("default: ask"), approve)
    await Agent(PaperEnv(), guard=guard, record=tmp_path / "e").run(TAPS)
    assert len(asked) == 8
    asked.clear()
    before = keep(tmp_path / "e", 5)  # the third was begun
    assert before.pending is not None
    assert before.pending.probes
    env = PaperEnv()
    for n in (1, 2, 3):
        env.sheet[100, 10 * n] = 0

    async def arrived(question: str) -> str:
        return "yes"

    made = await ResumedAgent(tmp_path / "e", env, approve=approve, ask=arrived).run()
    assert made.stop is StopReason.DONE
    assert len(asked) == 5
    assert made.steps[2].decision == made.steps[1].decision
    assert made.steps[7].decision is not None
    assert made.steps[7].decision.by == "person"
    assert (await replay(tmp_path / "e")).complete


async def test_secrets_are_those_that_the_run_had(tmp_path: Path) -> None:
    task = Task(steps=(TaskStep.of({"type": "{{secret:pin}}"}), *TAPS.steps))
    env = PaperEnv()
    await Agent(env, secrets=Secrets({"pin": "blue horse"}), record=tmp_path / "e").run(task)
    assert env.typed == "blue horse"
    keep(tmp_path / "e", 2)
    with pytest.raises(ResumeRefused, match="the run had the secrets pin"):
        ResumedAgent(tmp_path / "e", PaperEnv())
    other = PaperEnv()
    made = await ResumedAgent(tmp_path / "e", other, secrets=Secrets({"pin": "blue horse"})).run()
    assert made.stop is StopReason.DONE
    assert other.typed == ""
    left = b"".join(path.read_bytes() for path in (tmp_path / "e").rglob("*") if path.is_file())
    assert b"blue horse" not in left


@tool
def tell(context: Context) -> str:
    """Tell something.

    Args:
        context: Of the run.
    """
    context.log("it is blue horse")
    return "told"


async def test_what_a_tool_logs_after_a_resumption_holds_no_secret(tmp_path: Path) -> None:
    replies = [
        *POINTS,
        {"action": "call_tool", "name": "tell", "arguments": {}},
        {"action": "done"},
    ]
    secrets = Secrets({"pin": "blue horse"})
    given: dict[str, Any] = {"tools": [tell], "secrets": secrets}
    await Agent(PaperEnv(), ScriptedModel(replies), record=tmp_path / "e", **given).run("x")
    keep(tmp_path / "e", 4)
    made = await ResumedAgent(tmp_path / "e", PaperEnv(), ScriptedModel(replies), **given).run()
    assert made.steps[2].log == ("it is {{secret:pin}}",)
    assert b"blue horse" not in (tmp_path / "e" / "steps.jsonl").read_bytes()


async def test_what_follows_an_action_in_doubt_is_decided_anew(tmp_path: Path) -> None:
    both = json.dumps([POINTS[0], {"action": "type", "text": "ab"}])
    replies: list[Any] = [both, {"action": "done"}]
    await Agent(PaperEnv(), ScriptedModel(replies), record=tmp_path / "e").run("x")
    assert keep(tmp_path / "e", 1).pending is not None
    env = PaperEnv()
    made = await ResumedAgent(tmp_path / "e", env, ScriptedModel(replies)).run()
    assert [step.action.action for step in made.steps if step.action] == ["click", "done"]
    assert (env.clicks, env.typed) == ([], "")
    assert (await replay(tmp_path / "e")).complete


async def test_who_has_the_run_before_it_is_resumed_is_heard(tmp_path: Path) -> None:
    replies = [*POINTS, {"action": "done"}]
    await Agent(PaperEnv(), ScriptedModel(replies), record=tmp_path / "e").run("x")
    keep(tmp_path / "e", 2)
    control = Control()
    control.take_over()
    agent = ResumedAgent(tmp_path / "e", PaperEnv(), ScriptedModel(replies), control=control)
    control.give_back("not that one")
    made = await agent.run()
    handover = made.steps[1].handover
    assert handover is not None
    assert handover.note == "not that one"
    assert (await replay(tmp_path / "e")).complete


class Lettered(PaperEnv):
    """Shows what is typed, as bars."""

    async def perform(self, action: Any, seen: Observation) -> Outcome:
        if action.action == "type":
            self.sheet[50:64, 100:160:4] = 0
        return await super().perform(action, seen)


@pytest.mark.parametrize("lines", [1, 2, 4])
async def test_a_secret_that_was_typed_before_stays_covered(tmp_path: Path, lines: int) -> None:
    typing = TaskStep.of({"type": "{{secret:pin}}"})
    task = Task(steps=(typing, *TAPS.steps[:3]))
    secrets, env = Secrets({"pin": "2580"}), Lettered()
    await Agent(env, secrets=secrets, record=tmp_path / "e").run(task)
    keep(tmp_path / "e", lines)
    now = Lettered()
    now.sheet[50:64, 100:160:4] = 0

    async def arrived(question: str) -> str:
        return "yes"

    agent = ResumedAgent(tmp_path / "e", now, secrets=secrets, ask=arrived)
    assert (await agent.run()).stop is StopReason.DONE
    shown = 0
    for path in (tmp_path / "e" / "frames").iterdir():
        pixels = np.asarray(Image.open(path).convert("RGB"))
        shown += not pixels[50:64, 100:160:4].any()
    assert shown == 0
    assert (await replay(tmp_path / "e")).complete


# The command --------------------------------------------------------------------------------------


app = typer.Typer()
app.command()(resume)


def command(*words: object) -> tuple[int, list[dict[str, Any]]]:
    done = CliRunner().invoke(app, [*map(str, words), "--json"])
    return done.exit_code, [json.loads(x) for x in done.stdout.splitlines() if x.startswith("{")]


async def made(folder: Path) -> tuple[Path, Path]:
    """A run on a practice phone, cut off after its first step, and its script."""
    replies = [{"action": "open_app", "name": "Notes"}, {"action": "back"}, {"action": "done"}]
    script = folder / "script.json"
    script.write_text(json.dumps(replies), encoding="utf-8")
    env = PracticeEnv(seed=7, theme="slate", dark=True)
    model = ScriptedModel.from_file(script)
    await Agent(env, model, record=folder / "e").run(Task.goal("look around"))
    keep(folder / "e", 2)
    return folder / "e", script


def test_the_command_goes_on_where_the_run_was(tmp_path: Path) -> None:
    folder, script = asyncio.run(made(tmp_path))
    episode = Episode.load(folder)
    place = place_of(episode, Task.goal("x"))
    assert place == PracticeSpec(seed=7, theme="slate", dark=True, size="540x1200")
    code, lines = command(folder)
    assert (code, lines[-1]["message"]) == (
        2,
        "the run had script:script.json: add --model with it",
    )
    other = tmp_path / "other.json"
    other.write_text("[{action: done}]", encoding="utf-8")
    code, lines = command(folder, "--model", f"script:{other}")
    assert code == 2
    assert "is not the model that began this run" in lines[-1]["message"]
    journal, _ = Journal.resume(folder)
    code, lines = command(folder, "--model", f"script:{script}")
    assert code == 2
    assert "a run that is alive writes to this recording" in lines[-1]["message"]
    journal.close()
    code, lines = command(folder, "--model", f"script:{script}")
    assert code == 0, lines
    assert [line["type"] for line in lines] == ["step", "step", "end"]
    assert [line["index"] for line in lines[:2]] == [1, 2]
    assert lines[-1]["steps"] == 3
    code, lines = command(folder, "--model", f"script:{script}")
    assert code == 2
    assert "cannot be gone on with: it is done" in lines[-1]["message"]


async def test_a_place_that_has_no_name_is_asked_for(tmp_path: Path) -> None:
    await Agent(PaperEnv(), record=tmp_path / "e").run(TAPS)
    with pytest.raises(ResumeRefused, match="say where to go on with --env"):
        place_of(keep(tmp_path / "e", 2), TAPS)
