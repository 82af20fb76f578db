"""``eyehand eval`` on suites: tasks that are run live, rather than recorded ones."""

import asyncio
import contextlib
import json
import shlex
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from ..actions.dialects import dialect_of
from .errors import BadUsage
from .exits import DONE
from .opening import ModelOptions, open_model
from .places import PracticeSpec
from .say_cli import require_dialect
from .suite_options import NO_LIMIT, OWN_LIMIT

if TYPE_CHECKING:
    from .suites.base import Player
    from .suites.known import Place
    from .suites.plan import Keep, Plan
    from .suites.scores import SuiteScored


@dataclass(frozen=True, slots=True)
class SuiteAsked:
    """What of a suite is run, and how; ``Plan`` says more.

    Attributes:
        suite: Its name.
        model: Who plays, as on the command line.
        out: Where the results are kept; None: nowhere.
        tasks: ``NAME,...``; None: all.
        episodes: Trials a task.
        seed: Of the first.
        jobs: How many stages at a time.
        max_steps: Most replies in a trial.
        trial_seconds: Longest that one may take.
        keep: Which recordings stay; None: failures, where there is a folder for them.
        place: Where it runs; None: as the suite has it.
        dialect: How the model is spoken to; None: as it was trained.
        constrain: See ``Agent``.
        options: How a checkpoint is loaded.
        command: What to type to get the same; empty: ``eyehand eval`` with all of this.
    """

    suite: str
    model: str | None
    out: Path | None = None
    tasks: str | None = None
    episodes: int = 10
    seed: int = 0
    jobs: int = 2
    max_steps: int = 30
    trial_seconds: float = 600.0
    keep: "Keep | None" = None
    place: "Place | PracticeSpec | None" = None
    dialect: str | None = None
    constrain: bool = True
    options: ModelOptions = field(default_factory=ModelOptions)
    command: str = ""


async def evaluate_suite(
    asked: SuiteAsked, *, failures: int, as_json: bool, compare: Sequence[Path] = ()
) -> int:
    """Run a suite and print how it went.

    Args:
        asked: What.
        failures: How many of the lost trials are listed.
        as_json: Print one JSON object.
        compare: Results of others to show it beside.

    Raises:
        BadUsage: What is asked makes no sense, or the file is of something else.
        EnvError, ModelError: It cannot go on; what was run is kept.
    """
    from .pocket.held_out import FIRST_SEED
    from .suites.known import PHONES

    if asked.suite in PHONES and asked.seed + asked.episodes > FIRST_SEED:
        _say(
            f"phones of seeds from {FIRST_SEED:,} on are trained on by `eyehand practice train`: "
            "what it trained has seen them; take lower ones to see what it can do elsewhere"
        )
    with contextlib.ExitStack() as stack:
        if asked.out is None:
            if asked.keep not in (None, "none"):
                raise BadUsage(f"--keep {asked.keep} needs --out FILE: recordings lie beside it")
            scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="eyehand-"))
            target = Path(scratch) / "results.jsonl"
        else:
            target = asked.out
        await run_suite(asked, target, quiet=as_json, compare=compare)
        kept = asked.out is not None
        await report_suite(target, failures=failures, as_json=as_json, kept=kept, compare=compare)
    return DONE


async def run_suite(
    asked: SuiteAsked, target: Path, *, quiet: bool, compare: Sequence[Path] = ()
) -> "Plan":
    """Run what has no result yet.

    Args:
        asked: What.
        target: Where the results go.
        quiet: Show no progress.
        compare: Results that it is to be compared with; those that cannot be are refused now.
    """
    from .eval_ahead import aside
    from .eval_progress import progress
    from .suites.beside import require_same_suite
    from .suites.choosing import choose_tasks, meant_tasks
    from .suites.known import open_suite
    from .suites.plan import Plan
    from .suites.results_file import SuiteFile, read_suite_results
    from .suites.running import SuiteRun
    from .threads import to_disk

    if asked.model is None:
        raise BadUsage("give --model: a checkpoint, script:FILE, random:SEED, or oracle")
    require_dialect(asked.dialect)
    async with contextlib.AsyncExitStack() as stack:
        file = await aside(lambda: SuiteFile(target))  # before anything is loaded or started
        stack.callback(file.close)
        suite = await aside(lambda: open_suite(asked.suite, asked.place))
        meant_tasks(suite, asked.tasks)  # a wrong name is told now, not after a checkpoint's load
        player, dialect, settings = await stack.enter_async_context(_player(asked, quiet=quiet))
        chosen, excluded = choose_tasks(suite, player, asked.tasks)
        keep: Keep = asked.keep or ("none" if asked.out is None else "failures")
        plan = Plan(
            tasks=chosen,
            dialect=dialect,
            excluded=excluded,
            episodes=asked.episodes,
            seed=asked.seed,
            jobs=asked.jobs,
            replies=asked.max_steps,
            seconds=asked.trial_seconds,
            constrain=asked.constrain,
            keep=keep,
            episodes_in=episodes_folder(target) if keep != "none" else None,
            settings=settings,
            command=asked.command or shlex.join(_words(asked, settings)),
        )
        run = SuiteRun(suite, player, plan)
        header = await aside(run.header)
        for other in compare:
            theirs, _ = await aside(partial(read_suite_results, other))
            require_same_suite(target, header, other, theirs)
        await to_disk(file.begin, header)
        try:
            with progress(
                suite.name, len(file.done), plan.count, quiet=quiet, figure="success"
            ) as advance:
                await run.run(file, lambda result: advance(result.success))
        except BaseException as error:
            if asked.out is not None and isinstance(error, asyncio.CancelledError | Exception):
                _say(
                    f"{len(file.done):,} of {plan.count:,} trials are in {asked.out}; the same "
                    "command goes on from there"
                )
            raise
        finally:
            await run.closed()
    return plan


def episodes_folder(results: Path) -> Path:
    """Give the folder for the recordings of a results file."""
    return results.with_name(f"{results.stem}-episodes")


@asynccontextmanager
async def _player(
    asked: SuiteAsked, *, quiet: bool
) -> AsyncIterator[tuple["Player", str, dict[str, Any]]]:
    """Open who plays; with it the dialect that it speaks, and what of its settings matters."""
    from .suites.known import PHONES, oracle_of
    from .suites.players import ModelPlayer, baseline_named

    tokens, choice = asked.options.image_tokens, asked.model or ""
    plain = ModelOptions(image_tokens=tokens)
    if choice == "oracle":
        made: Player | None = oracle_of(asked.suite, tokens)
    else:
        made = baseline_named(choice, tokens, phone=asked.suite in PHONES)
    if made is not None:
        if asked.options != plain:
            raise BadUsage(f"{made.name} has no device, dtype or length: these are for checkpoints")
        native = dialect_of(_Untrained(made.name), ())
        yield made, asked.dialect or native, {"image_tokens": tokens}
        return
    from .dataset_cli import settings_of

    async with open_model(choice, asked.options, quiet=quiet) as mind:
        if mind is None:
            raise BadUsage("give --model a checkpoint")
        back = ("back",) if asked.suite in PHONES else ()
        settings = {**settings_of(mind, asked.options), "constrain": asked.constrain}
        yield ModelPlayer(mind), asked.dialect or dialect_of(mind, back), settings


@dataclass(frozen=True, slots=True)
class _Untrained:
    """Of a player that was not trained, what says how it speaks."""

    name: str
    family: str = "script"


def _words(asked: SuiteAsked, settings: dict[str, Any]) -> list[str]:
    """Give the command that runs the same again, in words."""
    place = asked.place
    options: dict[str, Any] = {
        "model": asked.model,
        "tasks": asked.tasks,
        "episodes": asked.episodes,
        "seed": asked.seed,
        "max_steps": asked.max_steps,
        "trial_seconds": f"{asked.trial_seconds:g}",
        "dialect": asked.dialect,
        **{name: value for name, value in settings.items() if name != "constrain"},
    }
    if isinstance(place, PracticeSpec):
        looks = place.model_dump(exclude_defaults=True)
        if looks.get("dark") is False:
            looks["light"] = not looks.pop("dark")
        options |= looks
    elif place is not None:
        limit_s = place.time_limit_s
        limit = NO_LIMIT if limit_s is None else f"{limit_s:g}" if limit_s != OWN_LIMIT else limit_s
        options |= {"via": place.via, "scale": f"{place.scale:g}", "time_limit": limit}
    words = ["eyehand", "eval", asked.suite]
    for option, value in options.items():
        if value is not None:
            words.append(f"--{option.replace('_', '-')}")
            words += [] if value is True else [str(value)]
    return words if asked.constrain else [*words, "--no-constrain"]


async def report_suite(
    target: Path, *, failures: int, as_json: bool, kept: bool, compare: Sequence[Path] = ()
) -> "SuiteScored":
    """Score a results file and print what came of it.

    Args:
        target: The file.
        failures: How many of the lost trials are listed.
        as_json: Print one JSON object.
        kept: Whether the file stays.
        compare: Results of others of the same suite, to stand beside it.

    Raises:
        BadUsage: A file cannot be read, or is of something else.
    """
    from .eval_ahead import aside
    from .suites.beside import Beside, require_same_suite
    from .suites.known import subsets_of
    from .suites.scores import score_suite, suite_json
    from .suites.tables import show_suite

    scored = await aside(lambda: score_suite(target, subsets_of, failures=failures))
    others = [await aside(partial(score_suite, one, subsets_of, failures=0)) for one in compare]
    for other in others:
        require_same_suite(target, scored.header, other.path, other.header)
    beside = Beside.of([*others, scored]) if others else None
    if as_json:
        data = suite_json(scored) | {"results": str(target) if kept else None}
        if beside is not None:
            data["compared"] = beside.plain()
        print(json.dumps(data, ensure_ascii=False, allow_nan=False), flush=True)
    else:
        screen = Console(width=None if sys.stdout.isatty() else 100, highlight=False)
        where = str(target) if kept else "not kept; --out FILE keeps them"
        show_suite(screen, scored, where, beside)
    return scored


def _say(words: str) -> None:
    """Tell people something beside the result."""
    print(f"eyehand: {words}", file=sys.stderr, flush=True)
