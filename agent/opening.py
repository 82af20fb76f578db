"""What a command line names, opened: task, env, tools, model."""

import asyncio
import atexit
import contextlib
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from ..actions.errors import NoTools
from ..actions.tool_files import load_tools
from ..actions.tools import Tool
from ..envs.base import Env
from ..envs.replay import ReplayEnv
from ..model.base import MODEL_THREAD, Model
from ..model.errors import BadCheckpoint, ModelError
from ..model.scripted import ScriptedModel
from .checks import CHECKS
from .errors import BadUsage
from .places import AndroidSpec, BrowserSpec, DesktopSpec, PracticeSpec, place_named
from .secret_sources import parse_source, parse_sources, read_secrets
from .secret_store import Secrets
from .task import Condition, Task, TaskStep
from .taskfile import SCRATCH, load_task

if TYPE_CHECKING:
    from ..model.qwen_vl import QwenVL

POCKET = "pocket"
"""How the checkpoint that comes with eyehand is named wherever a model is."""
_POCKET_FOLDER = Path(__file__).parent / "pocket" / "eyehand-pocket"

Dtype = Literal["float32", "bfloat16", "float16"]
Precision = Literal["int8", "int4"]  # named anew: importing the model's needs torch
_END_S = 60.0
"""How long Python's own end waits for a load that was given up: importing torch alone takes many
seconds on a busy machine."""

Progressed = Callable[[int, int], None]
"""Told (bytes read, bytes in all)."""


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """How a checkpoint is loaded; None: as it suits checkpoint and machine.

    Attributes:
        device: Such as ``cpu`` or ``cuda:0``.
        dtype: What it computes in.
        quantize: Pack the language model's layers to so many bits while loading.
        image_tokens: Most tokens that a screenshot becomes.
        max_tokens: Longest reply in tokens.
    """

    device: str | None = None
    dtype: Dtype | None = None
    quantize: Precision | None = None
    image_tokens: int | None = None
    max_tokens: int = 1024


@dataclass(frozen=True, slots=True)
class Spoken:
    """How a model is spoken to.

    Attributes:
        dialect: Its name; None: as the model was trained.
        constrain: See `Agent`.
        allow: Sensitive tools that it may call.
    """

    dialect: str | None = None
    constrain: bool = True
    allow: frozenset[str] = frozenset()


def open_task(text: str, variables: Sequence[str], scratch: str, env: str | None = None) -> Task:
    """Read a task file, take a goal in words, or ``practice:FAMILY``.

    Args:
        text: Which of them.
        variables: ``NAME=VALUE``, for a task file.
        scratch: An empty folder.
        env: What ``--env`` says, for the seed of a practice phone.

    Raises:
        BadUsage: It is neither, or the variables are not for it.
        TaskError: The file is no task.
    """
    values: dict[str, str] = {}
    for pair in variables:
        name, separator, value = pair.partition("=")
        if not separator:
            raise BadUsage(f"--set takes NAME=VALUE, not {pair!r}")
        values[name.strip()] = value
    if text.startswith("practice:"):
        if values:
            raise BadUsage("--set is for task files; a practice task makes up its own words")
        return practice_task(text.removeprefix("practice:"), _spec_of(env))
    path = Path(text)
    if path.suffix in (".yaml", ".yml") or _is_file(path):
        return load_task(path, {SCRATCH: scratch, **values})
    if values:
        raise BadUsage("--set is for task files; this is a goal in words")
    if not text.strip():
        raise BadUsage("the task is empty: give a task file or a goal in words")
    return Task.goal(text)


def _spec_of(env: str | None) -> PracticeSpec:
    try:
        place = place_named(env or "practice")
    except ValueError as error:
        raise BadUsage(f"--env: {_first(error)}") from error
    if not isinstance(place, PracticeSpec):
        raise BadUsage(f"a practice task is for practice phones: --env practice:SEED, not {env!r}")
    return place


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a goal may be longer than any file name
        return False


async def open_secrets(task: Task, given: Sequence[str]) -> Secrets | None:
    """Read the secrets that a task and the command line name; None where there are none.

    Args:
        task: Its ``secrets`` say where they are kept.
        given: ``NAME=SOURCE``; they come before those of the task.

    Raises:
        BadUsage: One cannot be read; shows no value.
    """
    sources = {name: parse_source(text, name) for name, text in task.secrets.items()}
    sources.update(parse_sources(given))
    return await read_secrets(sources) if sources else None


def shared_display(env: Env, task: Task) -> str | None:
    """Give the X display that a run shares with a person; None where it has its own, or none."""
    private = isinstance(task.env, DesktopSpec) and task.env.virtual is not None
    facts = env.describe()
    if private or not env.live or facts.get("kind") != "desktop":
        return None
    return facts.get("display") or os.environ.get("DISPLAY")


@asynccontextmanager
async def open_env(choice: str | None, task: Task) -> AsyncIterator[Env]:
    """Open the env that the command line or the task names.

    Raises:
        BadUsage: There is none of that name.
        EnvError: It cannot be used.
    """
    if choice is not None and choice.startswith("replay:"):
        yield ReplayEnv(Path(choice.removeprefix("replay:")))
        return
    try:
        place = task.env or DesktopSpec()
        if choice is not None:
            place = place_named(choice, task.env)
    except ValueError as error:
        raise BadUsage(f"--env: {_first(error)}; or replay:DIR") from error
    if isinstance(place, PracticeSpec):
        yield _practice(place)
    elif isinstance(place, AndroidSpec):
        from ..envs.android import AndroidEnv  # says that it needs the extra "android"

        yield AndroidEnv(**place.model_dump())
    elif isinstance(place, BrowserSpec):
        from ..envs.browser import BrowserEnv  # its reset says if the extra "browser" is missing

        yield BrowserEnv(place.options(task.folder))
    else:
        from .desktop import open_desktop  # needs the extra "desktop"

        async with open_desktop(place, task.folder) as env:
            yield env


def _first(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        item = error.errors(include_url=False)[0]
        return f"{'.'.join(map(str, item['loc']))}: {item['msg'].removeprefix('Value error, ')}"
    return str(error)


def _practice(spec: PracticeSpec) -> Env:
    from ..envs.practice.env import PracticeEnv  # draws: pictures and fonts are loaded

    try:
        return PracticeEnv(**spec.arguments())
    except ValueError as error:
        raise BadUsage(f"practice phone: {error}") from error


def practice_task(family: str, spec: PracticeSpec) -> Task:
    """Give the task of a practice phone as one that an agent can run.

    Args:
        family: Of practice tasks.
        spec: Which phone; it is set up for the task.

    Raises:
        BadUsage: There is no such family, or the phone has nothing for it.
    """
    from ..envs.practice.env import PracticeEnv

    place = spec.model_copy(update={"task": family})
    try:
        made = PracticeEnv(**place.arguments()).task
    except ValueError as error:
        raise BadUsage(f"practice phone: {error}") from error
    if made is None:
        raise BadUsage(
            "give a family, as in practice:add_contact; `eyehand practice tasks` lists them"
        )
    check = Condition(name="practice_task")
    return Task(
        name=f"practice:{family}",
        env=place,
        steps=(TaskStep(goal=made.goal), TaskStep(check=check)),
    )


def open_tools(path: Path | None) -> list[Tool]:
    """Run a file of the user's with tools and conditions.

    Raises:
        ToolError: It cannot be run, or holds neither.
    """
    if path is None:
        return []
    before = set(CHECKS)
    try:
        return load_tools(path)
    except NoTools:
        if set(CHECKS) != before:  # a file of conditions alone is as good
            return []
        raise


@asynccontextmanager
async def open_model(
    choice: str | None, options: ModelOptions, *, quiet: bool = False
) -> AsyncIterator[Model | None]:
    """Open a script, or load a checkpoint while a bar on standard error shows how far it is.

    Args:
        choice: ``pocket``, ``script:FILE``, a folder, or a name on the hub; None: no model.
        options: How a checkpoint is loaded.
        quiet: Show no bar.

    Raises:
        BadUsage: It is none of them, or the options do not suit it.
        ModelError: It cannot be loaded.
    """
    kind, _, rest = (choice or "").partition(":")
    if choice is None:
        yield None
    elif kind == "script":
        if not rest:
            raise BadUsage("script: needs a file, as in script:replies.yaml")
        if options != ModelOptions():
            raise BadUsage("a script has no device, dtype or size: these are for checkpoints")
        try:
            script = ScriptedModel.from_file(rest)
        except ModelError as error:
            raise BadUsage(str(error)) from error
        yield script
    else:
        async with load_checkpoint(choice, options, quiet=quiet) as model:
            yield model


def checkpoint_named(name: str) -> str:
    """Give the folder of a checkpoint, or its name on the hub.

    Args:
        name: As on the command line; `POCKET` is the one that comes with eyehand.

    Raises:
        BadUsage: That one is missing here.
    """
    if name != POCKET:
        return name
    if not (_POCKET_FOLDER / "config.json").is_file():
        raise BadUsage(
            f"the pocket model is missing here: its files belong into {_POCKET_FOLDER}. Install "
            "eyehand anew, or give another checkpoint's folder (./pocket for one of that name)"
        )
    return str(_POCKET_FOLDER)


@asynccontextmanager
async def load_checkpoint(
    name: str, options: ModelOptions, *, quiet: bool = False
) -> AsyncIterator["QwenVL"]:
    """Load a checkpoint; see `open_model`.

    A cancelled caller returns at once, or when the library that it is at lets other threads run
    again. Some do not while they work, measured on two cores with a vocabulary of 151,000 tokens:
    llguidance for 0.8 to 1.4 s while it indexes that, tokenizers for 0.2 to 0.6 s while it reads
    it, torch for 0.2 to 0.5 s while it is imported.
    """
    name = checkpoint_named(name)
    loaded: Future[QwenVL] = Future()
    loaded.set_running_or_notify_cancel()  # a waiter that is cancelled does not cancel it
    stop = threading.Event()

    with _bar(Path(name).name, quiet=quiet) as tell:

        def check() -> None:
            if stop.is_set():
                raise _Abandoned

        def progress(done: int, total: int) -> None:
            check()
            tell(done, total)

        def load() -> None:
            try:
                loaded.set_result(_load(name, options, progress, check))
            except BaseException as error:
                loaded.set_exception(error)

        # Not a thread of the event loop's pool: that one waits for its work when the loop ends,
        # and a download cannot be stopped half-way. Its name tells `run_command` of it.
        thread = threading.Thread(target=load, name=f"{MODEL_THREAD}-load", daemon=True)
        thread.start()
        # Where Python ends by itself it must not in the middle of torch: that aborts the process.
        atexit.register(thread.join, _END_S)
        try:
            model = await asyncio.wrap_future(loaded)
        except asyncio.CancelledError:
            stop.set()
            raise
        atexit.unregister(thread.join)
    try:
        yield model
    finally:
        model.close()


class _Abandoned(Exception):
    """Nobody waits for the checkpoint any more."""


def _load(
    name: str, options: ModelOptions, progress: Progressed, check: Callable[[], None]
) -> "QwenVL":
    if "/" not in name and not Path(name).exists():  # before torch is imported, for two seconds
        raise BadUsage(
            f"unknown model {name!r}: give {POCKET}, script:FILE, a checkpoint's folder, or "
            "OWNER/NAME of the hub"
        )
    try:
        from ..model.qwen_vl import QwenVL  # says which extra is missing
    except ImportError as error:
        raise ModelError(str(error)) from error
    check()  # what follows holds up every other thread, even if nobody waits for it
    try:
        model = QwenVL.load(
            name,
            device=options.device,
            dtype=options.dtype,
            quantize=options.quantize,
            image_tokens=options.image_tokens,
            max_tokens=options.max_tokens,
            progress=progress,
        )
        with contextlib.suppress(ImportError):  # said where a grammar is asked for
            model.grammars.prepare()
    except (BadCheckpoint, ValueError) as error:
        raise BadUsage(str(error)) from error
    return model


@contextlib.contextmanager
def _bar(title: str, *, quiet: bool) -> Iterator[Progressed]:
    console = Console(stderr=True)
    shown = console.is_terminal and not quiet
    with Progress(
        TextColumn("loading {task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not shown,
    ) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
