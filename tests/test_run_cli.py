"""What somebody at a terminal sees of a run: a table that fits, and what a key did."""

import asyncio
import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from eyehand.agent import console
from eyehand.agent.attending import attending
from eyehand.agent.control import Control
from eyehand.agent.events import InTrouble
from eyehand.envs.episode import Episode
from eyehand.envs.records import Step, Trouble

NOTE = Path(__file__).parent / "data" / "episodes" / "note"
UP = "\x1b[1A"


def steps(came: str) -> list[Step]:
    """Steps of which much came."""
    first = Episode.load(NOTE).steps[0]
    return [first.model_copy(update={"index": n, "error": f"number {n}, {came}"}) for n in range(9)]


def a_terminal(width: int, height: int) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=width, height=height)


def drawn(screen: Console) -> str:
    """Take what was drawn since, without colours."""
    out = screen.file
    assert isinstance(out, io.StringIO)
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize("size", [(80, 24), (120, 30), (60, 16)])
def test_on_a_small_terminal_the_table_fits_and_shows_the_last_step(size: tuple[int, int]) -> None:
    screen = a_terminal(*size)
    view = console.LiveTable(screen, "p pause, s stop")
    view.begin("a run")
    for step in steps("and what else there is to say of it, in many words that go on " * 3):
        drawn(screen)
        view.step(step)
    text = drawn(screen)
    shown = text[text.rindex("\x1b[2K") + 4 :].splitlines()
    assert len(shown) < size[1]
    assert "number 8, and" in "\n".join(shown)  # in one line, not a letter in each
    assert shown[-1].strip() == "p pause, s stop"
    view.close()


def test_a_question_leaves_what_stood_above_the_table() -> None:
    screen = a_terminal(100, 30)
    view = console.LiveTable(screen)
    view.begin("a run")
    for step in steps("short"):
        view.step(step)
    with view.aside():
        drawn(screen)
    assert UP not in drawn(screen)  # what would wipe the question, and as much above it
    view.close()


def test_what_is_said_before_the_first_step_stays() -> None:
    screen = a_terminal(100, 30)
    view = console.LiveTable(screen)
    view.say("ctrl+alt+p does nothing here")
    assert "ctrl+alt+p does nothing here" in drawn(screen)
    view.close()
    assert UP not in drawn(screen)


async def test_a_key_is_answered_at_once_and_trouble_says_what_is_done_about_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    view = console.display(as_json=False)
    async with attending(view, None, unattended=True, trace=False) as there:
        control: Control = there.control
        with control.attached():
            control.pause()
            await asyncio.sleep(0)
            assert "it pauses when what is under way is finished" in capsys.readouterr().out
            control.give_back()
            await asyncio.sleep(0)
            assert "goes on" in capsys.readouterr().out
        trouble = Trouble(kind="repeat", grade="change", words="The same again.")
        for hook in there.hooks:
            await hook.on_trouble(InTrouble(3, trouble))
    assert "the model begins anew: The same again." in capsys.readouterr().out
