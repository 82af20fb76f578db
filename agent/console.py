"""What the command line shows: a live table, plain lines, or JSON lines."""

import contextlib
import json
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any, Protocol, TextIO

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from ..envs.base import Delivery, Effect
from ..envs.episode import Episode
from ..envs.records import Step, StopReason
from .doctor import Finding
from .run import Spent

LIVE_ROWS = 12


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
        """Show how it ended."""
        ...

    def close(self) -> None:
        """Leave the terminal as it was. Closing twice is harmless."""
        ...


class JsonLines:
    """One JSON object a line, for scripts: ``type`` is ``step``, ``end`` or ``error``."""

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
    """A line a step, for logs and pipes."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._spent: Spent | None = None

    def begin(self, title: str) -> None:
        """Name the run."""
        self._write(title)

    def step(self, step: Step, spent: Spent | None = None) -> None:
        """Write one line."""
        self._spent = spent or self._spent
        number, who, what, came, took = row(step)
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
        if self._spent is not None:
            self._write(f"  {self._spent}")
        for name, value in facts.items():
            self._write(f"  {name}: {_plain(str(value))}")

    def close(self) -> None:
        """Do nothing."""

    def _write(self, text: str) -> None:
        self._out.write(text + "\n")
        self._out.flush()


class LiveTable:
    """A table that grows in place, for terminals."""

    def __init__(self, console: Console, keys: str = "") -> None:
        self._console = console
        self._keys = keys
        self._steps: list[Step] = []
        self._title = ""
        self._below = ""
        self._held = ""
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def begin(self, title: str) -> None:
        """Open the table."""
        self._title = title
        self._live.start()

    def step(self, step: Step, spent: Spent | None = None) -> None:
        """Add a row."""
        self._steps.append(step)
        self._below = "" if spent is None else str(spent)
        self._held = ""
        self._show()

    def say(self, words: str) -> None:
        """Show it below the table until the next step."""
        self._held = words
        self._show()

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Close the live part until the question is answered."""
        self._live.stop()
        try:
            yield
        finally:
            self._live.start()
            self._show()

    def _show(self) -> None:
        below = " · ".join(filter(None, (self._below, _plain(self._held), self._keys)))
        shown = table(self._steps[-LIVE_ROWS:], title=self._title, below=below)
        self._live.update(shown, refresh=True)

    def end(self, stop: StopReason | None, detail: str, facts: dict[str, Any]) -> None:
        """Leave the whole table and the result on the screen."""
        self.close()
        if self._steps:
            self._console.print(table(self._steps, title=self._title, below=self._below))
        colour = "green" if stop is StopReason.DONE else "red"
        self._console.print(f"[bold {colour}]{escape(summary(stop, detail))}[/]")
        for name, value in facts.items():
            self._console.print(f"  {escape(name)}: {escape(_plain(str(value)))}", highlight=False)

    def close(self) -> None:
        """Close the live part."""
        self._live.stop()


def display(*, as_json: bool, keys: str = "") -> Display:
    """Choose how to show a run: JSON if asked, a live table on a terminal, else plain lines.

    Args:
        as_json: Whether JSON is asked for.
        keys: Which keys do something, shown below a live table.
    """
    if as_json:
        return JsonLines(sys.stdout)
    console = Console()
    return LiveTable(console, keys) if console.is_terminal else Lines(sys.stdout)


def finding(found: Finding, *, as_json: bool) -> None:
    """Show one thing that was looked at."""
    if as_json:
        print(json.dumps(found.to_json(), ensure_ascii=False), flush=True)
        return
    screen = Console(highlight=False, soft_wrap=True)
    colour = {"pass": "green", "warn": "yellow", "fail": "red"}[found.grade]
    screen.print(f"[{colour}]{found.grade}[/]  {found.name:<12}", end="")
    screen.print(found.text, markup=False)
    if found.advice:
        screen.print(f"      {'':<12}-> {found.advice}", markup=False)


def table(steps: Iterable[Step], *, title: str, below: str = "") -> Table:
    """Lay steps out for a terminal."""
    grid = Table(
        title=escape(title),
        title_justify="left",
        caption=escape(below) or None,
        caption_justify="left",
        expand=False,
    )
    grid.add_column("#", justify="right")
    grid.add_column("who")
    grid.add_column("what", overflow="ellipsis", max_width=60, no_wrap=True)
    grid.add_column("came of it", overflow="fold", max_width=60)
    grid.add_column("took", justify="right")
    for step in steps:
        colour = "red" if step.error else "green" if _moved(step) else ""
        number, who, what, came, took = (escape(cell) for cell in row(step))
        grid.add_row(number, who, what, f"[{colour}]{came}[/]" if colour else came, took)
    return grid


def row(step: Step) -> tuple[str, str, str, str, str]:
    """Give a step's cells: number, who decided, what was done, what came of it, how long."""
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
        if step.result.settle_s:
            came += f", still after {step.result.settle_s:.2f} s"
    else:
        came = step.told
    if step.trouble is not None:
        came += f" [{step.trouble.kind.replace('_', ' ')}: {step.trouble.grade}]"
    if step.decision is not None and step.decision.by == "person" and step.decision.allowed:
        came = f"allowed by you; {came}"
    took = f"{sum(step.seconds.values()):.2f} s"
    cells = [str(step.index), step.source, str(step), came, took]
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


def episode_table(episode: Episode) -> Table:
    """Lay a whole episode out for a terminal."""
    header = episode.header
    title = f"{header.task.get('name', 'task')} · {header.env.get('name')} · {header.started}"
    return table(episode.steps, title=title)


def _moved(step: Step) -> bool:
    return step.result is not None and step.result.effect is Effect.CHANGED
