"""Keys on a real terminal: what they do, and that the terminal is put back on every way out."""

import asyncio
import os
import pty
import signal
from collections.abc import Iterator

import pytest
from screens import until
from terminal_rig import Terminal

from eyehand.agent.control import Control
from eyehand.agent.terminal_keys import PROMPT, keys_for


@pytest.fixture(scope="module")
def session_terminal() -> Iterator[Terminal]:
    opened = Terminal()
    yield opened
    opened.close()


@pytest.fixture
def term(session_terminal: Terminal) -> Terminal:
    assert session_terminal.whole_lines
    return session_terminal


def test_keys_work_the_run_and_nothing_else_does(term: Terminal) -> None:
    with term.job("run"):
        assert not term.whole_lines
        term.types("p")
        assert term.line() == "paused ''"
        # An arrow, F1, Alt with s, and what was pasted: none of them is a key.
        for noise in ("\x1b[A", "\x1bOP", "\x1bs", "stop it, quick", "x", "\x04"):
            term.types(noise)
            assert term.silent()
        term.types("P")
        assert term.line() == "running ''"
        term.types("t")
        assert term.line() == "taken ''"
        term.types("n")
        until(lambda: term.whole_lines)
        term.types("the lft\x7f\x7f\x7fleft one, grün\n")
        assert term.line() == "running 'the left one, grün'"
        until(lambda: not term.whole_lines)
        term.types("n")
        assert term.line().startswith("paused")
        until(lambda: term.whole_lines)
        term.types("\n")  # nothing to say: it goes on
        assert term.line().startswith("running")
        until(lambda: not term.whole_lines)
        term.types("qqqq")  # somebody is in a hurry
        assert term.line().startswith("stopped")
        assert term.line() == "ended 0"
        assert term.whole_lines
        shown = term.shown
        assert shown.count(PROMPT) == 2
        assert "grün" in shown
        assert "q" not in shown.replace("quick", "")


@pytest.mark.parametrize(
    ("how", "typed", "kill", "said"),
    [
        ("raise", "", 0, ["raised ZeroDivisionError", "ended 1"]),
        ("exit", "", 0, ["ended 3"]),
        ("run", "s", 0, ["stopped ''", "ended 0"]),
        ("run", "\x03", 0, ["raised KeyboardInterrupt", "ended 1"]),
        ("interrupted", "\x03", 0, ["raised KeyboardInterrupt", "ended 1"]),
        ("run", "", signal.SIGTERM, [f"ended {-signal.SIGTERM}"]),
        ("run", "", signal.SIGHUP, [f"ended {-signal.SIGHUP}"]),
        ("run", "n", signal.SIGTERM, ["paused ''", f"ended {-signal.SIGTERM}"]),
    ],
)
def test_the_terminal_is_put_back(
    term: Terminal, how: str, typed: str, kill: int, said: list[str]
) -> None:
    with term.job(how):
        term.types(typed)
        if typed == "n":
            until(lambda: term.whole_lines)
        if kill:
            os.killpg(term.front, kill)
        found = [term.line()]
        while not found[-1].startswith("ended"):
            found.append(term.line())
    assert [line for line in found if not line.startswith("running")] == said
    assert term.whole_lines


def test_ctrl_z_puts_it_back_and_fetched_back_the_keys_work_again(term: Terminal) -> None:
    with term.job("run"):
        for state in ("paused", "running"):
            until(lambda: not term.whole_lines)
            term.types("\x1a")
            assert term.line() == "stopped"
            assert term.whole_lines
            term.order("front")
            until(lambda: not term.whole_lines)
            term.types("p")
            assert term.line() == f"{state} ''"
        term.types("\x1a")
        assert term.line() == "stopped"
        term.order("back")
        term.types("s\n")  # for another program
        assert not term._lines.qsize()
        assert term.whole_lines
        until(lambda: term.unread == 2)
        os.killpg(term.jobs[-1], signal.SIGTERM)
        assert term.line() == f"ended {-signal.SIGTERM}"
        assert term.whole_lines


def test_in_the_background_the_terminal_is_left_alone(term: Terminal) -> None:
    with term.job("background"):
        assert term.whole_lines
        term.types("s\n")
        os.killpg(term.jobs[-1], signal.SIGTERM)
        assert term.line() == f"ended {-signal.SIGTERM}"
        assert term.whole_lines


def test_a_question_gets_a_whole_line_and_no_key(term: Terminal) -> None:
    with term.job("question"):
        assert term.line() == "asking"
        assert term.whole_lines
        term.types("yes, stop\nsss")
        assert term.line() == "answer 'yes, stop\\n'"
        assert term.line() == "asked"
        until(lambda: not term.whole_lines)
        assert term.silent()
        term.types("p")
        assert term.line() == "paused ''"


async def test_without_a_terminal_nothing_is_done() -> None:
    read, write = os.pipe()
    control = Control()
    with keys_for(control, fd=read) as keys:
        os.write(write, b"s")
        await asyncio.sleep(0)
        assert not keys.active
        with keys.suspended():
            pass
    assert control.state == "running"
    assert os.read(read, 9) == b"s"
    os.close(read)
    os.close(write)


async def test_the_signals_are_given_back() -> None:
    master, slave = pty.openpty()
    numbers = (signal.SIGTSTP, signal.SIGTERM, signal.SIGCONT)
    before = [signal.getsignal(number) for number in numbers]
    try:
        with keys_for(Control(), fd=slave):
            assert [signal.getsignal(number) for number in numbers] != before
        assert [signal.getsignal(number) for number in numbers] == before
    finally:
        os.close(master)
        os.close(slave)
