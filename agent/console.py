"""What the command line shows: a live table, plain lines, or JSON lines."""

import contextlib
import json
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TextIO

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ..envs.base import Delivery, Effect
from ..envs.episode import Episode
from ..envs.records import Step, StopReason
from ..envs.steps import Steps
from .doctor import Finding
from .run import Spent

LIVE_ROWS = 12
LIVE_LINES = 3
"""How many lines of a terminal a cell may take while the table is live."""
_BESIDE = 32
"""Columns of a terminal that the borders, the number, who decided and the time take."""


class Display(Protocol):
    """Who is shown a run."""

    def begin(self, title: str) -> None:
        """Show what is about to run."""
        ...

    def step(self, step: Step, spent: Spent | None = None) -> None:
        """Show a finished step, and how much of the budget is used."""
        ...

    def say(self, words: str) -> None:
        """Show what is no step: that a person holds the run, that one is asked."""
        ...

    def aside(self) -> contextlib.AbstractContextManager[None]:
        """Leave the terminal to a question for a while."""
        ...

    def end(self, stop: StopReason | None, detail: str, facts: dict[str, Any]) -> None:
        """Show how it ended. A fact ``solved`` says whether that was well, else ``stop`` does."""
        ...

    def close(self) -> None:
        """Leave the terminal as it was. Closing twice is harmless."""
        ...


class JsonLines:
    """One JSON object a line, for scripts: ``type`` is ``step``, ``note``, ``end`` or ``error``."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def begin(self, title: str) -> None:
        """Say nothing: steps speak for themselves."""

    def step(self, step: Step, spent: Spent | None = None) -> None:
        """Write the step as its line on disk holds it."""
        data = {"type": "step", **step.model_dump(mode="json", exclude={"kind"})}
        if spent is not None:
            data["spent"] = {"seconds": round(spent.seconds, 2), "tokens": spent.tokens}
        self._write(data)

    def say(self, words: str) -> None:
        """Write it as a line of its own."""
        self._write({"type": "note", "text": words})

    def aside(self) -> contextlib.AbstractContextManager[None]:
        """Do nothing: questions are asked on standard error."""
        return contextlib.nullcontext()

    def end(self, stop: StopReason | None, detail: str, facts: dict[str, Any]) -> None:
        """Write the result."""
        self._write({"type": "end", "stop": stop, "detail": detail, **facts})

    def close(self) -> None:
        """Do nothing."""

    def _write(self, data: dict[str, Any]) -> None:
        self._out.write(json.dumps(data, ensure_ascii=False, allow_nan=False) + "\n")
        self._out.flush()


class Lines:
    """A line a step, for logs and pipes.

    Args:
        out: Where they are written.
        said: See `row`.
    """

    def __init__(self, out: TextIO, *, said: bool = False) -> None:
        self._out = out
        self._said = said

    def begin(self, title: str) -> None:
        """Name the run."""
        self._write(title)

    def step(self, step: Step, spent: Spent | None = None) -> None:
        """Write one line."""
        number, who, what, came, took = row(step, said=self._said)
        self._write(f"{number:>4}  {who:<6}  {what}  ->  {came}  ({took})")

    def say(self, words: str) -> None:
        """Write one line."""
        self._write(f"      {_plain(words)}")

    def aside(self) -> contextlib.AbstractContextManager[None]:
        """Do nothing: what was written stays."""
        return contextlib.nullcontext()

    def end(self, stop: StopReason | None, detail: str, facts: dict[str, Any]) -> None:
        """Write the result and every fact."""
        self._write(summary(stop, detail))
        for name, value in facts.items():
            self._write(f"  {name}: {_fact(value)}")

    def close(self) -> None:
        """Do nothing."""

    def _write(self, text: str) -> None:
        self._out.write(text + "\n")
        self._out.flush()


class LiveTable:
    """A table that grows in place, for terminals.

    Args:
        console: The terminal.
        keys: Which keys do something.
        said: See `row`.
    """

    def __init__(self, console: Console, keys: str = "", *, said: bool = False) -> None:
        self._console = console
        self._keys = keys
        self._said = said
        self._steps = Steps()
        self._title = ""
        self._below = ""
        self._held = ""
        self._begun = False
        self._live = self._new()

    def _new(self) -> Live:
        return Live(console=self._console, auto_refresh=False, transient=True)

    def begin(self, title: str) -> None:
        """Open the table."""
        self._title = title
        self._begun = True
        self._live.start()
        self._show()

    def step(self, step: Step, spent: Spent | None = None) -> None:
        """Add a row."""
        self._steps.append(step)
        self._below = "" if spent is None else str(spent)
        self._held = ""
        self._show()

    def say(self, words: str) -> None:
        """Show it below the table until the next step; before there is one, for good."""
        if not self._begun:
            self._console.print(_plain(words), markup=False, highlight=False)
            return
        self._held = words
        self._show()

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Close the live part until the question is answered."""
        self._live.stop()
        try:
            yield
        finally:
            # A new one: the old one would wipe as many lines as it had, and the question with them.
            self._live = self._new()
            self._live.start()
            self._show()

    def _show(self) -> None:
        below = "\n".join(filter(None, (_plain(self._held), self._below, self._keys)))
        rows = LIVE_ROWS
        while True:  # the newest ones that there is room for
            shown = StepTable(self._steps[-rows:], self._title, below, LIVE_LINES, self._said)
            if rows == 1 or len(self._console.render_lines(shown)) < self._console.height:
                break
            rows -= 1
        self._live.update(shown, refresh=True)

    def end(self, stop: StopReason | None, detail: str, facts: dict[str, Any]) -> None:
        """Leave the whole table and the result on the screen."""
        self.close()
        if self._steps:
            self._console.print(StepTable(self._steps, self._title, said=self._said))
        colour = "green" if facts.get("solved", stop is StopReason.DONE) else "red"
        self._console.print(f"[bold {colour}]{escape(summary(stop, detail))}[/]")
        for name, value in facts.items():
            self._console.print(f"  {escape(name)}: {escape(_fact(value))}", highlight=False)

    def close(self) -> None:
        """Close the live part."""
        self._live.stop()


def display(*, as_json: bool, keys: str = "", said: bool = False) -> Display:
    """Choose how to show a run: JSON if asked, a live table on a terminal, else plain lines.

    Args:
        as_json: Whether JSON is asked for.
        keys: Which keys do something, shown below a live table.
        said: See `row`; JSON has all of it anyway.
    """
    if as_json:
        return JsonLines(sys.stdout)
    console = Console()
    if console.is_terminal:
        return LiveTable(console, keys, said=said)
    return Lines(sys.stdout, said=said)


def finding(found: Finding, *, as_json: bool) -> None:
    """Show one thing that was looked at."""
    if as_json:
        print(json.dumps(found.to_json(), ensure_ascii=False), flush=True)
        return
    screen = Console(highlight=False, soft_wrap=True)
    colour = {"pass": "green", "warn": "yellow", "fail": "red"}[found.grade]
    screen.print(f"[{colour}]{found.grade}[/]  {found.name:<11} ", end="")
    screen.print(found.text, markup=False)
    if found.advice:
        screen.print(f"      {'':<12}-> {found.advice}", markup=False)


@dataclass(frozen=True, slots=True)
class StepTable:
    """Steps, laid out for the terminal that they are printed on, however narrow it is.

    Attributes:
        steps: A row each.
        title: Above it.
        below: Below it.
        lines: How many lines a cell may take; None: as many as it needs.
        said: See `row`.
    """

    steps: Sequence[Step]
    title: str
    below: str = ""
    lines: int | None = None
    said: bool = False

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Give the table: what was done is cut where it is long, what came of it is folded."""
        room = max(20, options.max_width - _BESIDE)
        done = min(60, room * 2 // 5)
        came_of_it = min(60, room - done)
        grid = Table(
            title=escape(self.title),
            title_justify="left",
            caption=escape(self.below) or None,
            caption_justify="left",
            expand=False,
        )
        grid.add_column("#", justify="right", no_wrap=True)
        grid.add_column("who", no_wrap=True)
        grid.add_column(
            "it said" if self.said else "what", overflow="ellipsis", max_width=done, no_wrap=True
        )
        grid.add_column("came of it", overflow="fold", max_width=came_of_it)
        grid.add_column("took", justify="right", no_wrap=True)
        for step in self.steps:
            colour = "red" if step.error else "green" if _moved(step) else ""
            number, who, what, came, took = row(step, said=self.said)
            if self.lines is not None:
                folded = Text(came).wrap(console, came_of_it)
                if len(folded) > self.lines:
                    kept = " ".join(line.plain.rstrip() for line in folded[: self.lines])
                    came = kept[: came_of_it * self.lines - 1] + "…"
            number, who, what, came, took = map(escape, (number, who, what, came, took))
            grid.add_row(number, who, what, f"[{colour}]{came}[/]" if colour else came, took)
        yield grid


def row(step: Step, *, said: bool = False) -> tuple[str, str, str, str, str]:
    """Give a step's cells: number, who decided, what was done, what came of it, how long.

    Args:
        step: Which.
        said: Whether a model's own words stand for what was done, and times are in milliseconds.
    """
    if step.error is not None:
        came = step.error
    elif step.handover is not None:
        came = step.handover.words
    elif step.check is not None:
        came = f"holds: {step.check.detail}"
    elif step.result is not None:
        words = [] if step.result.delivery is Delivery.DELIVERED else [step.result.delivery.value]
        words += [] if step.result.effect is Effect.UNKNOWN else [step.result.effect.value]
        words += [] if step.result.settled else ["still moving"]
        came = ", ".join(words) or step.result.delivery.value
        if step.result.settled and step.result.settle_s:
            came += f", still after {step.result.settle_s:.2f} s"
    else:
        came = step.told
    if step.trouble is not None:
        came += f" [{step.trouble.kind.replace('_', ' ')}: {step.trouble.grade}]"
    if step.decision is not None and step.decision.by == "person" and step.decision.allowed:
        came = f"allowed by you; {came}"
    seconds = sum(step.seconds.values())
    took = f"{1000 * seconds:.0f} ms" if said else f"{seconds:.2f} s"
    what = step.reply if said and step.reply else str(step)
    cells = [str(step.index), step.source, what, came, took]
    number, who, what, came, took = map(_plain, cells)
    return number, who, what, came, took


def _plain(text: str) -> str:
    """Give text that came from a screen or a tool without what a terminal would obey."""
    folded = " ".join(text.split())
    return "".join("\ufffd" if unicodedata.category(c) == "Cc" else c for c in folded)


def summary(stop: StopReason | None, detail: str) -> str:
    """Say in a line how a run ended."""
    text = "cut off: the recording has no end" if stop is None else stop.value.replace("_", " ")
    return f"{text}: {_plain(detail)}" if detail else text


def _fact(value: Any) -> str:
    """Say a fact about a run."""
    return ("no", "yes")[value] if isinstance(value, bool) else _plain(str(value))


def episode_table(episode: Episode) -> StepTable:
    """Lay a whole episode out for a terminal."""
    header = episode.header
    title = f"{header.task.get('name', 'task')} · {header.env.get('name')} · {header.started}"
    return StepTable(episode.steps, title)


def _moved(step: Step) -> bool:
    return step.result is not None and step.result.effect is Effect.CHANGED
