"""Asking a person at a real terminal, and ``eyehand policy``."""

import asyncio
import io
import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import pytest
from guard_rig import yes
from paper_env import PaperEnv
from typer.testing import CliRunner, Result

from eyehand.actions import Click, Point
from eyehand.agent import Agent
from eyehand.agent.asking import Terminal
from eyehand.agent.guard import Doing, Guard, Leave
from eyehand.agent.guard_cli import policies
from eyehand.agent.policy import load_policy
from eyehand.model import ScriptedModel

NOTE = Path(__file__).parent / "data" / "episodes" / "note"


@pytest.fixture
def tty() -> Iterator[tuple[int, TextIO]]:
    """A terminal: the end that types, and the end that reads."""
    typing, reading = os.openpty()
    source = open(reading, encoding="utf-8")  # noqa: SIM115
    yield typing, source
    source.close()
    os.close(typing)


async def leave(**more: Any) -> Leave:
    env = PaperEnv()
    doing = Doing(Click(point=Point(1, 2)), "model", await env.reset(), "dot", **more)
    return Leave("May I: click (1, 2)? (it dots)", doing, "dots", 30)


class Said(io.StringIO):
    """Keeps what was said, and tells when a question is complete."""

    def __init__(self, until: str) -> None:
        super().__init__()
        self.until = until
        self.asked = asyncio.Event()

    def write(self, text: str) -> int:
        if self.until in text:
            self.asked.set()
        return super().write(text)


@pytest.mark.parametrize(
    ("line", "allowed"),
    [("y", True), ("YES", True), ("", False), ("n", False), ("yep", False), ("no yes", False)],
)
async def test_only_yes_is_yes(tty: tuple[int, TextIO], line: str, allowed: bool) -> None:
    typing, source = tty
    out = Said("y/N")
    asking = asyncio.create_task(Terminal(source, out).approve(await leave()))
    await asyncio.wait_for(out.asked.wait(), 10)
    os.write(typing, f"{line}\n".encode())
    assert await asyncio.wait_for(asking, 10) is allowed
    assert "rule: dots" in out.getvalue()


async def test_a_yes_typed_before_the_question_is_no_answer_to_it(
    tty: tuple[int, TextIO],
) -> None:
    typing, source = tty
    os.write(typing, b"y\ny\n")
    out = Said("y/N")
    asking = asyncio.create_task(Terminal(source, out).approve(await leave()))
    await asyncio.wait_for(out.asked.wait(), 10)
    os.write(typing, b"n\n")
    assert await asyncio.wait_for(asking, 10) is False


async def test_asked_twice_each_line_answers_its_question(tty: tuple[int, TextIO]) -> None:
    typing, source = tty
    terminal = Terminal(source, io.StringIO())
    os.write(typing, "blue\nKöln\n".encode())  # both at once, as pasted
    assert await asyncio.wait_for(terminal.ask("Which colour?"), 10) == "blue"
    assert await asyncio.wait_for(terminal.ask("Which town?"), 10) == "Köln"


async def test_an_input_that_has_ended_is_no_yes(tty: tuple[int, TextIO]) -> None:
    typing, source = tty
    out = Said("y/N")
    asking = asyncio.create_task(Terminal(source, out).approve(await leave()))
    await asyncio.wait_for(out.asked.wait(), 10)
    os.write(typing, b"\x04")
    assert await asyncio.wait_for(asking, 10) is False
    reading, writing = os.pipe()
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        assert "input has ended" in await Terminal(pipe, io.StringIO()).ask("Who?")


async def test_cancelled_at_the_terminal_it_returns_at_once_and_no_thread_stays(
    tty: tuple[int, TextIO],
) -> None:
    _, source = tty
    threads = set(threading.enumerate())
    out = Said("y/N")
    asking = asyncio.create_task(Terminal(source, out).approve(await leave()))
    await asyncio.wait_for(out.asked.wait(), 10)
    began = time.monotonic()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert time.monotonic() - began < 0.5  # promised are 0.1; a busy machine may take longer
    assert set(threading.enumerate()) <= threads
    assert not asyncio.get_running_loop().remove_reader(source.fileno())


async def test_nothing_that_a_model_or_a_screen_says_commands_the_terminal(
    tty: tuple[int, TextIO],
) -> None:
    typing, source = tty
    out = Said("y/N")
    wanted = await leave(thought="fine\x1b[2J\u202e\nMay I: look? (harmless)")
    asking = asyncio.create_task(Terminal(source, out).approve(wanted))
    await asyncio.wait_for(out.asked.wait(), 10)
    os.write(typing, b"\n")
    await asyncio.wait_for(asking, 10)
    said = out.getvalue()
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert sum(line.startswith("May I") for line in said.splitlines()) == 1


# eyehand policy ----------------------------------------------------------------------------------


def policy(*words: str) -> Result:
    return CliRunner().invoke(policies, [*words])


def test_the_policies_are_listed_and_shown_as_they_can_be_used(tmp_path: Path) -> None:
    listed = policy("list", "--json")
    names = [json.loads(line)["name"] for line in listed.output.splitlines()]
    assert names == ["read-only", "careful", "trusted"]
    mine = tmp_path / "mine.yaml"
    mine.write_text(policy("show", "careful").output, encoding="utf-8")
    assert load_policy(mine) == load_policy("careful")
    assert policy("check", str(mine)).exit_code == 0
    assert json.loads(policy("show", str(mine), "--json").output)["name"] == "careful"


def test_check_says_every_line_that_is_wrong(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("defalt: ask\nrules:\n  - name: a\n    verdict: perhaps\n")
    done = policy("check", str(bad), "--json")
    assert done.exit_code == 2
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["line"] for line in lines if line["type"] == "complaint"] == [1, 4]


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        (["--label", "Send"], "ask"),
        (["--label", "発信"], "ask"),
        (["--label", "Löschen"], "ask"),
        (["--label", "Open"], "allow"),
        (["--label", "OK", "--near", "Delete 3 files?"], "ask"),
        (["--label", "OK", "--near", "New folder"], "allow"),
        (["--app", "com.android.settings", "--label", "Wi-Fi", "--switch"], "ask"),
        (["--app", "com.android.settings", "--label", "About phone"], "allow"),
        (["--app", "org.bank.app", "--label", "Accounts"], "ask"),
        (["--app", "org.any.app"], "ask"),  # a phone that does not say what is there
        (["--window", "Editor"], "allow"),
        (["--window", "Checkout - Shop"], "ask"),
        (["--window", "Editor", "--says", "Now I click the Delete button"], "ask"),
        (["--source", "task", "--label", "Send"], "allow"),
        (["--label", "Send", "--unattended"], "ask"),
    ],
)
def test_an_action_is_tried_before_it_is_needed(words: list[str], verdict: str) -> None:
    action = '{"action": "click", "point": [5, 5]}'
    done = policy("test", "careful", "--action", action, "--expect", verdict, "--json", *words)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["verdict"] == verdict


def test_an_episode_is_judged_by_another_policy() -> None:
    done = policy("test", "read-only", str(NOTE), "--json")
    assert done.exit_code == 0, done.output
    *steps, end = map(json.loads, done.stdout.splitlines())
    assert [step["verdict"] for step in steps] == ["refuse"] * 3
    assert end == {"type": "end", "allow": 0, "ask": 0, "refuse": 3}
    assert policy("test", "read-only", str(NOTE), "--expect", "allow").exit_code == 1


async def test_what_an_episode_was_decided_by_is_what_test_says_of_it(tmp_path: Path) -> None:
    rules = tmp_path / "p.yaml"
    rules.write_text(
        "default: allow\nrules:\n  - name: few\n    verdict: refuse\n"
        "    when: {action: click, rate: {at_most: 1, seconds: 600}}\n"
    )
    clicks = [{"action": "click", "point": [n, n]} for n in (10, 50)]
    model = ScriptedModel([*clicks, {"action": "done"}])
    guard = Guard(load_policy(rules), yes)
    await Agent(PaperEnv(), model, guard=guard, record=tmp_path / "e").run("dot")
    done = await asyncio.to_thread(policy, "test", str(rules), str(tmp_path / "e"), "--json")
    said = [json.loads(line).get("verdict") for line in done.stdout.splitlines()]
    assert said == ["allow", "refuse", None]


@pytest.mark.parametrize(
    "words",
    [
        ["test", "careful"],
        ["test", "careful", "--action", "{"],
        ["test", "careful", "--action", '{"action": "clik"}'],
        ["test", "careful", "--action", '{"action": "done"}'],
        ["test", "careful", "--action", '{"action": "back"}', "--at", "noon"],
        ["test", "careful", "--action", '{"action": "back"}', "--size", "big"],
        ["test", "careful", "--action", '{"action": "back"}', "--expect", "maybe"],
        ["test", "careful", "--action", '{"action": "back"}', "--source", "me"],
        ["test", "nonsense", "--action", '{"action": "back"}'],
        ["show", "nonsense"],
    ],
)
def test_bad_words_are_answered_with_what_is_wrong(words: list[str]) -> None:
    done = policy(*words)
    assert done.exit_code == 2
    assert "eyehand: " in done.output
