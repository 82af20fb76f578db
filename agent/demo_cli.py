"""``eyehand demo``: the network that comes with eyehand, at work on practice phones."""

import asyncio
import contextlib
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..envs.episode import Episode
from ..envs.errors import BackendMissing, DeviceNotFound
from . import console
from .errors import BadUsage
from .exits import DONE, run_command
from .model_cli import AsJson, DialectOption
from .opening import POCKET, ModelOptions, open_model
from .say_cli import require_dialect

if TYPE_CHECKING:
    from ..envs.practice.window import PhoneWindow
    from .pocket.demo import Played, Prepared

DEMO_EXIT_CODES = """Exit codes: 0 it ran, and says what was solved; 2 bad usage, or the folder
holds something else; 4 the model cannot be loaded, or failed; 130 interrupted: nothing is left."""

_RESULTS = "demo.json"
_FRAME_S = 1 / 30
_PAUSE_S = 0.7
"""How long the end of a task stays in the window."""
_MOST_TOKENS = 128
"""Of a reply: an action and a text."""

Show = Callable[["Prepared"], None]


@dataclass(frozen=True, slots=True)
class DemoAsked:
    """What is played, and where it is shown.

    Attributes:
        out: Folder for what comes of it.
        tasks: ``NAME,...``; None: as `pocket.demo` has it.
        seed: Of the first phone.
        model: Who decides.
        dialect: How it is spoken to; None: as it was trained.
        window: Whether to open one where there is a display.
    """

    out: Path
    tasks: str | None
    seed: int
    model: str
    dialect: str | None
    window: bool


def demo(
    out: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Folder for all that comes of it; an older one goes."),
    ] = Path("eyehand-demo"),
    tasks: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...",
            help="Families of practice tasks, or note_down, which has a tool. Default: six.",
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            min=0,
            max=2_000_000_000,
            help="Of the first phone. The pocket model was trained on none below 1000000.",
        ),
    ] = 0,
    model: Annotated[
        str,
        typer.Option(help="pocket, a checkpoint's folder, its name on the hub, or script:FILE."),
    ] = POCKET,
    dialect: DialectOption = None,
    window: Annotated[
        bool,
        typer.Option(
            "--window/--no-window",
            help="Show the phones in a window, where there is a display and no --json.",
        ),
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Let the network that comes with eyehand work practice phones, and look at it.

    Each task is on a phone of its own, 280x616, and is judged by that phone's data. DIR/report.html
    has every step, DIR/picture.png one run, DIR/episodes the recordings, DIR/demo.json the results.

    \b
    Examples:
      eyehand demo
      eyehand demo --seed 40 --tasks switch_setting,note_down --out shown
      eyehand demo --no-window --json
      eyehand demo --model runs/pocket/checkpoint --dialect pocket
    """  # noqa: D301
    asked = DemoAsked(out, tasks, seed, model, dialect, window and not as_json)
    run_command(_demo(asked, as_json), as_json)


async def _demo(asked: DemoAsked, as_json: bool) -> int:
    from .pocket.demo import play, set_up, tasks_named

    began = time.monotonic()
    names = tasks_named(asked.tasks)
    require_dialect(asked.dialect)
    scripted = asked.model.startswith("script:")
    options = ModelOptions() if scripted else ModelOptions(max_tokens=_MOST_TOKENS)
    places: list[Prepared] = []
    for name in names:
        seed = places[-1].phone.state.seed + 1 if places else asked.seed
        places.append(await asyncio.to_thread(set_up, name, seed))
    played: list[Played] = []
    async with contextlib.AsyncExitStack() as stack:
        folder = stack.enter_context(_in_place_of(asked.out))
        episodes = folder / "episodes"
        episodes.mkdir()
        show = await stack.enter_async_context(_window(places[0], wanted=asked.window))
        mind = await stack.enter_async_context(open_model(asked.model, options, quiet=as_json))
        if mind is None:
            raise BadUsage("give --model")
        for number, place in enumerate(places, start=1):
            show(place)
            title = f"{number} of {len(places)}: {place.task.goal}"
            view = console.display(as_json=as_json, said=True)
            at = episodes / f"{number}-{place.name}"
            played.append(await play(place, mind, asked.dialect, at, view, title=title))
            await asyncio.sleep(_PAUSE_S if asked.window else 0)
        await _reported(folder, played)
        facts = _facts(asked, played, {"name": mind.name, "fingerprint": mind.fingerprint})
        facts["seconds"] = round(time.monotonic() - began, 1)
        text = json.dumps(facts, ensure_ascii=False, indent=1)
        (folder / _RESULTS).write_text(f"{text}\n", encoding="utf-8")
    _tell(facts, as_json=as_json)
    return DONE


def _facts(asked: DemoAsked, played: "list[Played]", model: dict[str, Any]) -> dict[str, Any]:
    """Sum it up, with paths as they are once it is all in place."""
    times = [each for one in played for each in one.step_ms]
    return {
        "type": "demo",
        "solved": sum(one.solved for one in played),
        "of": len(played),
        "model": model,
        "median_step_ms": round(median(times), 1) if times else None,
        "tasks": [asdict(one) for one in played],
        "report": str(asked.out / "report.html"),
        "picture": str(asked.out / "picture.png"),
    }


def _tell(facts: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(facts, ensure_ascii=False), flush=True)
        return
    for one in facts["tasks"]:
        came = "solved" if one["solved"] else "not solved"
        print(f"{came:<10}  {one['name']:<16}  {one['goal']}")
    print(f"{facts['solved']} of {facts['of']} solved in {facts['seconds']} s")
    print(f"  model: {facts['model']['name']}, fingerprint {facts['model']['fingerprint']}")
    if facts["median_step_ms"] is not None:
        print(f"  a step: {facts['median_step_ms']:.0f} ms from screenshot to action, the median")
    print(f"  report: {facts['report']}")
    print(f"  picture: {facts['picture']}", flush=True)


async def _reported(folder: Path, played: "list[Played]") -> None:
    """Write the page of all runs, and the picture of the longest that was solved, if any was."""
    from .report.build import write_report
    from .report.strip import write_strip

    recordings = [folder / "episodes" / one.episode for one in played]
    best = max(range(len(played)), key=lambda at: (played[at].solved, played[at].steps))
    over = threading.Event()

    def tell(what: str, done: int, of: int) -> None:
        if over.is_set():
            raise InterruptedError("interrupted")

    def draw() -> None:
        shown = range(played[best].steps)  # without the check
        episode = Episode.load(recordings[best])
        write_strip(episode, folder / "picture.png", steps=shown, progressed=tell)

    work = [
        asyncio.ensure_future(write_report(recordings, folder / "report.html", progressed=tell)),
        asyncio.ensure_future(asyncio.to_thread(draw)),
    ]
    try:
        await asyncio.gather(*map(asyncio.shield, work))
    finally:
        over.set()
        # Nothing is written any more when the folder goes.
        await asyncio.gather(*work, return_exceptions=True)


@contextmanager
def _in_place_of(out: Path) -> Iterator[Path]:
    """Give a new folder that takes another one's place when all went well, and else is gone.

    Raises:
        BadUsage: The place holds something else, or cannot be written to.
    """
    out = Path(os.path.abspath(out))
    ours = (out / _RESULTS).is_file()
    if out.exists() and not ours and not (out.is_dir() and not any(out.iterdir())):
        raise BadUsage(f"{out} is no empty folder, and no demo's: give another --out")
    try:
        work = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise BadUsage(f"cannot write to {out.parent}: {error.strerror}") from error
    new, old = work / "new", work / "old"
    try:
        new.mkdir()
        yield new
        try:
            if out.exists():
                out.rename(old)
            new.rename(out)
        except OSError as error:
            if old.exists():
                old.rename(out)
            raise BadUsage(f"cannot write {out}: {error.strerror}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


@asynccontextmanager
async def _window(first: "Prepared", *, wanted: bool) -> AsyncIterator[Show]:
    """Give what shows a phone in a window while it is worked; without a display it does nothing."""
    window = _opened(first) if wanted else None
    shown = first

    def show(place: "Prepared") -> None:
        nonlocal shown
        shown = place

    async def keep_showing(window: "PhoneWindow") -> None:
        there = True
        while there:  # the person may close it
            there = window.show(shown.phone, shown.task.goal)
            await asyncio.sleep(_FRAME_S)

    if window is None:
        yield show
        return
    task = asyncio.create_task(keep_showing(window))
    try:
        yield show
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        window.destroy()


def _opened(place: "Prepared") -> "PhoneWindow | None":
    from ..envs.practice.window import PhoneWindow

    try:
        return PhoneWindow(place.phone, place.task.goal, watch=True)
    except (BackendMissing, DeviceNotFound) as error:
        print(f"eyehand: {error}; the report shows the phones", file=sys.stderr)
        return None
