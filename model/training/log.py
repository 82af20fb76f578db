"""What a run says of itself: a row a step in ``log.csv``, figures, curves, TensorBoard."""

import csv
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """A step, as ``log.csv`` has it.

    Attributes:
        step: From 1.
        samples: That were learnt from.
        tokens: Read, those of pictures among them.
        loss: Mean cross entropy of the learnt tokens, in nats; 0, as the shares below, where a step
            has nothing to say and only learns what is drawn.
        dense_loss: Mean binary cross entropy of what is drawn; None without.
        token_accuracy: Share of the learnt tokens that scored best.
        exact_replies: Share of the samples with something to say of which every learnt token did.
        grad_norm: Length of the gradient before clipping.
        learning_rate: Of the step.
        seconds: That it took, waiting for its batch included; without measuring.
        skipped: 1 where the gradient was not finite, so that nothing was learnt; else 0.
        held_loss: As ``loss``, of what was held out; None where it was not measured.
        held_accuracy: As ``token_accuracy``.
        held_exact: As ``exact_replies``.
        pointing_loss: Mean cross entropy of what is pointed at; None where nothing is.
        pointed: Share of it that scored best; likewise.
        aiming_loss: Mean cross entropy of where a head looks; None where nothing was to be looked
            at.
    """

    step: int
    samples: int
    tokens: int
    loss: float
    dense_loss: float | None
    token_accuracy: float
    exact_replies: float
    grad_norm: float
    learning_rate: float
    seconds: float
    skipped: int = 0
    held_loss: float | None = None
    held_accuracy: float | None = None
    held_exact: float | None = None
    pointing_loss: float | None = None
    pointed: float | None = None
    aiming_loss: float | None = None


COLUMNS = [field.name for field in fields(Row)]


def _shown(value: float | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.9g}"  # all digits of a float32


class Log:
    """Writes ``log.csv`` and ``figures.csv``, and TensorBoard's files where they are wanted.

    Args:
        folder: The run's.
        step: Steps done: rows after them, of a run that was killed, are taken away.
        tensorboard: Whether TensorBoard's files are written, too.

    Raises:
        ImportError: TensorBoard is wanted and not installed.
    """

    def __init__(self, folder: Path, step: int, *, tensorboard: bool = False) -> None:
        self._board = _board(folder, step) if tensorboard else None
        self._rows = _from(folder / "log.csv", COLUMNS, step)
        self._figures_at = folder / "figures.csv", step
        # Begun when there is something to write.
        self._figures = self._figures_file() if self._figures_at[0].exists() else None

    def row(self, row: Row) -> None:
        """Write a step."""
        values = {name: getattr(row, name) for name in COLUMNS}
        csv.writer(self._rows, lineterminator="\n").writerow(map(_shown, values.values()))
        self._rows.flush()
        if self._board is not None:
            for name, value in values.items():
                if name != "step" and value is not None:
                    self._board.add_scalar(name, value, row.step)

    def figures(self, step: int, figures: Mapping[str, float]) -> None:
        """Write what a watcher found."""
        self._figures = self._figures or self._figures_file()
        for name, value in figures.items():
            csv.writer(self._figures, lineterminator="\n").writerow([step, name, _shown(value)])
            if self._board is not None:
                self._board.add_scalar(name, value, step)
        self._figures.flush()

    def _figures_file(self) -> Any:
        path, step = self._figures_at
        return _from(path, ["step", "figure", "value"], step)

    def sync(self) -> None:
        """Bring it onto the disk."""
        for file in filter(None, (self._rows, self._figures)):
            os.fsync(file.fileno())

    def close(self) -> None:
        """Close the files; closing twice is harmless."""
        for file in filter(None, (self._rows, self._figures)):
            file.close()
        if self._board is not None:
            self._board.close()


def _board(folder: Path, step: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as missing:
        raise ImportError(
            f"{missing.msg}: TensorBoard's files need its package: pip install tensorboard"
        ) from missing
    writer: Any = SummaryWriter
    return writer(str(folder / "tensorboard"), purge_step=step + 1)


def _from(path: Path, columns: list[str], step: int) -> Any:
    """Open a file to go on after a step, or begin it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = [row for row in rows(path) if int(row["step"]) <= step]
    temporary = path.with_name(f"{path.name}.part")
    with temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([row[name] for name in columns] for row in kept)
    temporary.replace(path)
    return path.open("a", encoding="utf-8", newline="")


def rows(path: Path) -> Iterator[dict[str, str]]:
    """Give the rows of a log by column, without half a row at the end that a crash left."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8", newline="") as file:
        text = file.read()
    whole = text[: text.rfind("\n") + 1]
    yield from csv.DictReader(whole.splitlines())


def curves(folder: Path) -> Path:
    """Draw ``curves.png`` from ``log.csv``: loss, and what share is told right.

    Returns:
        Where it is.

    Raises:
        ImportError: matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as missing:
        raise ImportError(
            f'{missing.msg}: the curves need the extra: pip install "eyehand[train]"'
        ) from missing
    logged = [*rows(folder / "log.csv")]
    figure = Figure(figsize=(9, 6), layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True)
    for axes, names in (
        (above, ("loss", "dense_loss", "pointing_loss", "aiming_loss", "held_loss")),
        (below, ("token_accuracy", "exact_replies", "pointed", "held_accuracy", "held_exact")),
    ):
        for name in names:
            points = [
                (int(row["step"]), float(row[name]))
                for row in logged
                if row[name] and math.isfinite(float(row[name]))
            ]
            if points:
                steps, values = zip(*points, strict=True)
                held = name.startswith("held")
                # Every step of a long run is a blur: the line is a mean of a hundredth of it.
                axes.plot(
                    steps,
                    values if held else _smooth(values, max(1, len(values) // 100)),
                    label=name.replace("_", " "),
                    linewidth=1,
                    marker="." if held else None,
                )
        if axes.lines:
            axes.legend()
        axes.grid(alpha=0.3)
    above.set_ylabel("nats a token")
    if any(float(row["loss"]) > 0 for row in logged):
        above.set_yscale("log")
    below.set_ylabel("share")
    below.set_ylim(0, 1)
    below.set_xlabel("step")
    path = folder / "curves.png"
    temporary = folder / "curves.part.png"
    figure.savefig(temporary, dpi=120)
    temporary.replace(path)
    return path


def _smooth(values: tuple[float, ...], width: int) -> list[float]:
    """Give each value's mean with those before it."""
    total, out = 0.0, []
    for number, value in enumerate(values):
        total += value
        if number >= width:
            total -= values[number - width]
        out.append(total / min(number + 1, width))
    return out
