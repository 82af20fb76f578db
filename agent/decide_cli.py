"""``eyehand replay --decide``: a model decides each recorded frame anew."""

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from .bars import counting
from .errors import BadUsage
from .exits import DONE, NOT_DONE
from .opening import ModelOptions, open_model
from .say_cli import require_dialect
from .threads import to_disk

if TYPE_CHECKING:
    from ..envs.episode import Episode
    from ..model.base import Model
    from .deciding import Decided
    from .decisions import DecisionFile, Decisions, Header

Decide = Annotated[
    bool,
    typer.Option("--decide", help="Let --model decide each frame anew; nothing is performed."),
]
DecideModel = Annotated[
    str | None,
    typer.Option(
        help="Who decides: pocket, a checkpoint's folder, its name on the hub, or script:FILE."
    ),
]
DecideDialect = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="How it is spoken to. Default: as the recorded one was."),
]
DecideConstrain = Annotated[
    bool | None,
    typer.Option(
        "--constrain/--no-constrain",
        help="Whether it can say nothing but valid actions. Default: as it was recorded.",
    ),
]
Within = Annotated[
    float | None,
    typer.Option(
        metavar="PX",
        min=0,
        help="How far a point may be off where no target box is recorded. Default: 14 % of the "
        "diagonal.",
    ),
]
Against = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Show what changed against this earlier --out.")
]
Out = Annotated[
    Path | None,
    typer.Option(metavar="FILE.jsonl", help="Write the decisions; one that is there is gone on "
                 "with."),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class DecideOptions:
    """How recordings are decided anew; see `decide`.

    Attributes:
        model: As on the command line.
        loading: How a checkpoint is loaded.
        dialect: Its name; None: as recorded.
        constrain: None: as recorded.
        within_px: How far a point may be off.
        out: File that the decisions go to.
        against: File of an earlier run.
    """

    model: str
    loading: ModelOptions
    dialect: str | None = None
    constrain: bool | None = None
    within_px: float | None = None
    out: Path | None = None
    against: Path | None = None


async def decide_recorded(
    folders: Sequence[Path], options: DecideOptions, *, as_json: bool = False
) -> int:
    """Decide recordings anew and show how that agrees; give the exit code.

    Raises:
        BadUsage, EpisodeBroken: What was given cannot be used.
        ReplayDiverged: The loop does something else today than was recorded.
        ModelError: The model cannot be loaded, or gives no reply.
    """
    from ..envs.episode import Episode
    from .decisions import DecisionFile, Decisions

    require_dialect(options.dialect)
    earlier = None
    if options.against is not None:
        earlier = await asyncio.to_thread(Decisions.read, options.against)
    episodes = [await asyncio.to_thread(Episode.load, folder) for folder in folders]
    _require_once(episodes)
    async with open_model(options.model, options.loading, quiet=as_json) as model:
        if model is None:
            raise BadUsage("--decide needs --model CHECKPOINT")
        file = None
        if options.out is not None:
            header = _header(episodes, model, options)
            file = await asyncio.to_thread(DecisionFile, options.out, header)
        try:
            made = await _all(episodes, model, options, file, as_json)
        finally:
            if file is not None:
                file.close()
    return _end(made, earlier, options, as_json)


async def _all(
    episodes: "Sequence[Episode]",
    model: "Model",
    options: DecideOptions,
    file: "DecisionFile | None",
    as_json: bool,
) -> "list[Decided]":
    from .decide_report import DecidedTable
    from .deciding import decide

    before = {} if file is None else file.made
    skip: Callable[[list[str]], None] | None = getattr(model, "skip", None)
    if skip is not None:  # a script goes on behind what it said before
        skip([row.reply for one in episodes for row in before.get(one.header.id, ())])
    everything: list[Decided] = []
    for number, episode in enumerate(episodes, start=1):
        if not as_json:
            _hint(episode, model, options.dialect)
        made = list(before.get(episode.header.id, ()))
        for row in made:
            _show_line(row, as_json)
        rows = decide(
            episode,
            model,
            dialect=options.dialect,
            constrain=options.constrain,
            within_px=options.within_px,
            skip=len(made),
        )
        name = "deciding" if len(episodes) == 1 else f"deciding {number} of {len(episodes)}"
        with counting(name, _asked(episode), done=len(made), quiet=as_json) as advance:
            async with aclosing(rows) as new:
                async for row in new:
                    if file is not None:
                        await to_disk(file.add, row)
                    made.append(row)
                    _show_line(row, as_json)
                    advance(1)
        if not as_json:
            title = f"{episode.folder}: {len(made)} decisions of {model.name}"
            _screen().print(DecidedTable(made, title))
        everything += made
    return everything


def _end(
    made: "Sequence[Decided]", earlier: "Decisions | None", options: DecideOptions, as_json: bool
) -> int:
    from .decide_report import ChangedTable, changes, figures, lines

    counts = figures(made, options.within_px)
    facts: dict[str, Any] = {"counts": counts}
    changed, compared = changes([] if earlier is None else earlier.made, made)
    if earlier is not None:
        facts["against"] = {
            "model": earlier.header.model,
            "compared": compared,
            "changed": [row.to_json() for row in changed],
        }
    if as_json:
        print(json.dumps({"type": "end", **facts}, ensure_ascii=False), flush=True)
    else:
        screen = _screen()
        if earlier is not None:
            name = earlier.header.model["name"]
            screen.print(f"against {name}: {len(changed)} of {compared} decisions changed",
                         markup=False)  # fmt: skip
            if changed:
                screen.print(ChangedTable(changed, f"changed against {options.against}"))
        for line in lines(counts, options.within_px):
            screen.print(line, markup=False, highlight=False)
        if not made:
            screen.print("no decision was recorded", markup=False)
    return DONE if made and all(row.agreement.whole for row in made) else NOT_DONE


def _screen() -> Console:
    return Console(width=None if sys.stdout.isatty() else 120)


def _show_line(row: "Decided", as_json: bool) -> None:
    if as_json:
        data = {"type": "decided", **row.model_dump(mode="json", exclude={"kind"})}
        print(json.dumps(data, ensure_ascii=False, allow_nan=False), flush=True)


def _asked(episode: "Episode") -> int:
    return sum(step.source == "model" and step.reply is not None for step in episode.steps)


def _hint(episode: "Episode", model: "Model", dialect: str | None) -> None:
    """Say where a model is spoken to in another way than it was trained."""
    from ..actions.dialects import dialect_of
    from .contexts import allowed_actions

    spoken = dialect or episode.header.dialect
    trained = dialect_of(model, allowed_actions(episode))
    if model.family != "script" and spoken.partition("@")[0] != trained:
        words = f"spoken to in {spoken}; it was trained in {trained}: --dialect {trained}"
        screen = Console(stderr=True, soft_wrap=True, highlight=False)
        screen.print(f"eyehand: {model.name} is {words}", markup=False)


def _require_once(episodes: "Sequence[Episode]") -> None:
    seen: dict[str, Path | None] = {}
    for episode in episodes:
        if episode.header.id in seen:
            first = seen[episode.header.id]
            raise BadUsage(f"{episode.folder} is the same episode as {first}: give it once")
        seen[episode.header.id] = episode.folder


def _header(episodes: "Sequence[Episode]", model: "Model", options: DecideOptions) -> "Header":
    from .decisions import Asked, Header, versions

    return Header(
        started=datetime.now(UTC).astimezone().isoformat(timespec="seconds"),
        episodes=tuple(map(Asked.of, episodes)),
        model={"name": model.name, "fingerprint": model.fingerprint},
        dialect=options.dialect,
        settings={
            "constrain": options.constrain,
            "within_px": options.within_px,
            **asdict(options.loading),
            # What they came to: the default is another one on another machine.
            **{
                name: str(getattr(model, name))
                for name in ("device", "dtype")
                if hasattr(model, name)
            },
        },
        versions=versions(),
    )
