"""What the command line shows: a live table, plain lines, or JSON lines."""

import json
import sys
import unicodedata
from collections.abc import Iterable
from typing import Any, Protocol, TextIO

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from ..envs.base import Delivery, Effect
from ..envs.episode import Episode
from ..envs.records import Step, StopReason
from .doctor import Finding

LIVE_ROWS = 12


class Display(Protocol):
    """Who is shown a run."""

    def begin(self, title: str) -> None:
        """Show what is about to run."""
        ...

    def step(self, step: Step) -> None:
        """Show a finished step."""
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

    def step(self, step: Step) -> None:
        """Write the step as its line on disk holds it."""
        self._write({"type": "step", **step.model_dump(mode="json", exclude={"kind"})})

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

    def begin(self, title: str) -> None:
        """Name the run."""
        self._write(title)

    def step(self, step: Step) -> None:
        """Write one line."""
        number, who, what, came, took = row(step)
        self._write(f"{number:>4}  {who:<5}  {what}  ->  {came}  ({took})")

    def end(self, stop: StopReason | None, detail: str, facts: dict[str, Any]) -> None:
        """Write the result and every fact."""
        self._write(summary(stop, detail))
        for name, value in facts.items():
            self._write(f"  {name}: {_plain(str(value))}")

    def close(self) -> None:
        """Do nothing."""

    def _write(self, text: str) -> None:
        self._out.write(text + "\n")
        self._out.flush()


class LiveTable:
    """A table that grows in place, for terminals."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._steps: list[Step] = []
        self._title = ""
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def begin(self, title: str) -> None:
        """Open the table."""
        self._title = title
        self._live.start()

    def step(self, step: Step) -> None:
        """Add a row."""
        self._steps.append(step)
        shown = self._steps[-LIVE_ROWS:]
        self._live.update(table(shown, title=self._title), refresh=True)

    def end(self, stop: StopReason | None, detail: str, facts: dict[str, Any]) -> None:
        """Leave the whole table and the result on the screen."""
        self.close()
        if self._steps:
            self._console.print(table(self._steps, title=self._title))
        colour = "green" if stop is StopReason.DONE else "red"
        self._console.print(f"[bold {colour}]{escape(summary(stop, detail))}[/]")
        for name, value in facts.items():
            self._console.print(f"  {escape(name)}: {escape(_plain(str(value)))}", highlight=False)

    def close(self) -> None:
        """Close the live part."""
        self._live.stop()


def display(*, as_json: bool) -> Display:
    """Choose how to show a run: JSON if asked, a live table on a terminal, else plain lines."""
    if as_json:
        return JsonLines(sys.stdout)
    console = Console()
    return LiveTable(console) if console.is_terminal else Lines(sys.stdout)


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


def table(steps: Iterable[Step], *, title: str) -> Table:
    """Lay steps out for a terminal."""
    grid = Table(title=escape(title), title_justify="left", expand=False)
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
