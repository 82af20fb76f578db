"""What a suite's results say on a terminal. 80 columns do."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..asking import plain
from ..metrics.summary import Figure
from .beside import Beside, setting_words
from .scores import SuiteScored

_MOST_EXCLUDED = 3


def show_suite(
    screen: Console, scored: SuiteScored, results: str, beside: Beside | None = None
) -> None:
    """Print everything.

    Args:
        screen: Where.
        scored: The figures.
        results: Where the results are.
        beside: The run beside others; what each of its tasks came to stands there then.
    """
    header = scored.header
    _line(screen, f"{header.suite} · {header.player['name']} · {header.dialect}", "bold")
    _line(
        screen,
        f"{len(header.tasks):,} tasks, {header.episodes:,} trials each from seed {header.seed}",
    )
    _line(screen, _settings(header.settings), "dim")
    for line in _excluded(header.excluded):
        _line(screen, line, "dim")
    if not scored.complete:
        words = f"not complete: {scored.trials:,} of {scored.count:,} trials were run"
        _line(screen, words, "bold red")
    if not scored.trials:
        return
    screen.print()
    screen.print(_tasks(scored) if beside is None else _tasks_of_all(beside))
    screen.print()
    if beside is not None:
        for line in _show_players(screen, beside):
            _line(screen, line, "dim")
        screen.print()
    screen.print(_figures(scored))
    if partly := [one for one in scored.subsets if one.figure is None]:
        listed = ", ".join(f"{p.subset.name} ({p.run} of {len(p.subset.tasks)})" for p in partly)
        _line(screen, f"subsets of which not all was run: {listed}", "dim")
    screen.print()
    stops = ", ".join(f"{plain(name)} {count:,}" for name, count in scored.stops.items())
    _line(screen, f"runs ended as: {stops}")
    reward = f", mean reward {scored.reward:.3f} over tasks" if _rewards_tell(scored) else ""
    _line(screen, f"mean steps {scored.mean_steps:.1f} over trials{reward}")
    if scored.median_step_s is not None:
        _line(screen, f"median step {_seconds(scored.median_step_s)} s, screenshot to reply")
    if scored.failed:
        screen.print(_failures(scored))
    screen.print()
    _line(screen, f"results: {results}", copied=True)
    _line(screen, f"the same again: {header.command}", copied=True)


def _settings(settings: dict[str, Any]) -> str:
    return ", ".join(setting_words(name, value) for name, value in settings.items())


def _rewards_tell(scored: SuiteScored) -> bool:
    """Whether rewards say anything that successes do not."""
    return any(
        score.reward is not None and score.reward != score.success.value
        for score in scored.tasks.values()
    )


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def _excluded(excluded: dict[str, str]) -> list[str]:
    """Say what was not run: a line a reason."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in excluded.items():
        by_reason.setdefault(reason, []).append(name)
    lines = []
    for reason, names in by_reason.items():
        more = f" and {len(names) - _MOST_EXCLUDED:,} more" if len(names) > _MOST_EXCLUDED else ""
        lines.append(f"not run: {', '.join(names[:_MOST_EXCLUDED])}{more}: {reason}")
    return lines


def _line(screen: Console, text: str, style: str = "", *, copied: bool = False) -> None:
    """Print a line as wide as the terminal; what people copy stays one line."""
    said = Text(plain(text), style=style)
    screen.print(said, soft_wrap=True) if copied else screen.print(Padding(said, 0, expand=False))


def _percent(figure: Figure) -> tuple[str, str]:
    share = f"{figure.value:.1%}".rstrip("%")
    return share, f"{100 * figure.low:.1f} to {100 * figure.high:.1f}"


def _columns(title: str, first: str, *others: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first, overflow="fold", max_width=32)
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _tasks(scored: SuiteScored) -> Table:
    # More columns are wider than a terminal.
    tell = _rewards_tell(scored)
    last = "reward" if tell else "s/step"
    table = _columns(
        "success by task, in percent", "task", "value", "95 % interval", "over", "steps", last
    )
    for name, score in scored.tasks.items():
        reward = "" if score.reward is None else f"{score.reward:.2f}"
        more = reward if tell else _seconds(score.median_step_s)
        cells = [*_percent(score.success), f"{score.trials:,}", f"{score.mean_steps:.1f}", more]
        table.add_row(Text(plain(name)), *cells)
    return table


def _tasks_of_all(beside: Beside) -> Table:
    table = Table(title="success by task, in percent", title_justify="left")
    table.add_column("task", overflow="fold", max_width=32)
    for name in beside.names:
        table.add_column(Text(plain(name)), justify="right", overflow="fold")
    for task in beside.tasks:
        scores = [run.tasks.get(task) for run in beside.runs]
        cells = ["" if score is None else _percent(score.success)[0] for score in scores]
        table.add_row(Text(plain(task)), *cells)
    return table


def _show_players(screen: Console, beside: Beside) -> Iterator[str]:
    """Print a row a run; give what there is to say of each."""
    title = f"mean over the {len(beside.common):,} tasks that all have, in percent"
    table = _columns(title, "player", "value", "95 % interval", "trials", "steps", "s/step")
    for number, (run, name) in enumerate(zip(beside.runs, beside.names, strict=True)):
        figure = beside.figure(number)
        if figure is not None:
            trials = sum(run.tasks[task].trials for task in beside.common)
            steps, step_s = beside.mean_steps(number), _seconds(beside.step_s(number))
            cells = [*_percent(figure), f"{trials:,}", f"{steps:.1f}", step_s]
            table.add_row(Text(plain(name)), *cells)
    if beside.common:
        screen.print(table)
    else:
        yield "no task has results in all of them yet"
    for run, name in zip(beside.runs, beside.names, strict=True):
        header = run.header
        part = "" if run.complete else f"not complete ({run.trials:,} of {run.count:,} trials), "
        seeds = f"{header.episodes:,} trials each from seed {header.seed}"
        yield f"{name}: {part}{header.dialect}, {seeds}, {_settings(header.settings)}"


def _figures(scored: SuiteScored) -> Table:
    table = _columns("success, in percent", "figure", "value", "95 % interval", "over")
    found: Sequence[tuple[Figure | None, str]] = (
        (scored.over_tasks, "tasks"),
        (scored.over_trials, "trials"),
    )
    for figure, kind in found:
        if figure is not None:
            table.add_row(figure.name, *_percent(figure), f"{figure.count:,} {kind}")
    for one in scored.subsets:
        if one.figure is not None:
            name = Text(plain(one.subset.name))
            table.add_row(name, *_percent(one.figure), f"{one.figure.count:,} tasks")
    return table


def _failures(scored: SuiteScored) -> Table:
    title = f"{scored.lost:,} trials lost"
    if len(scored.failed) < scored.lost:
        title += f"; {len(scored.failed)} of them (--failures N shows more)"
    table = Table(title=title, title_justify="left", show_lines=True)
    table.add_column("trial", overflow="fold", max_width=28)
    table.add_column("asked", overflow="fold", ratio=1)
    table.add_column("why it was lost", overflow="fold", ratio=1)
    for one in scored.failed:
        why = f"{one.stop.replace('_', ' ')} after {one.steps} steps"
        why += f": {plain(one.why)}" if one.why else ""
        trial = Text(plain(f"{one.task}.{one.seed}"))
        if one.episode is not None:
            trial.append("\nrecorded", style="dim")
        table.add_row(trial, Text(plain(one.goal)), Text(why, style="red"))
    return table
