"""``eyehand say``: what a model is shown, and what its reply means."""

import asyncio
import contextlib
import json
import sys
import threading
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from PIL import Image as Pictures
from PIL import UnidentifiedImageError
from rich.console import Console
from rich.table import Table

from ..actions.dialects import GROUNDING, TABLE, dialect_named, dialect_of, says
from ..actions.geometry import Frame
from ..actions.schema import ACTIONS, BROWSER, PHONE
from ..envs.marks import marked
from ..model.chat import Image, Pixels, pixel_hash
from ..model.size import Size, smart_resize
from .errors import BadUsage
from .exits import DONE, NOT_DONE, run_command
from .model_cli import AsJson, ImageTokens
from .opening import checkpoint_named, open_tools
from .saying import Saying, recorded, saying

if TYPE_CHECKING:
    from ..model.prompt import Layout

_PATCH_PX = 28
_ON_DESKTOP = frozenset(ACTIONS) - BROWSER - PHONE


def say(
    goal: Annotated[
        str | None, typer.Argument(metavar="GOAL", help="What the model is asked to do.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="The screenshot, a picture file.")] = None,
    episode: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Instead of both: a recorded episode.")
    ] = None,
    step: Annotated[int, typer.Option(help="Which step of the episode, from 0.")] = 0,
    dialect: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="How the model is spoken to. Default: as it was trained."
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="pocket, a checkpoint's folder or its name on the hub, for the dialect, exact "
            "sizes and tokens. Its weights are not read."
        ),
    ] = None,
    phone: Annotated[bool, typer.Option("--phone", help="The screen is a phone's.")] = False,
    tools: Annotated[
        Path | None,
        typer.Option(help="Python file with @tool functions, or an episode's @check conditions."),
    ] = None,
    image_tokens: ImageTokens = None,
    reply: Annotated[
        str | None, typer.Option(help="What the model said; - reads standard input.")
    ] = None,
    mark: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Draw the points on the screenshot.")
    ] = None,
    grammar: Annotated[
        bool, typer.Option("--grammar", help="Show what the reply is constrained to, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the exact prompt that a dialect makes, and read a reply to it.

    Exits with 1 where the reply cannot become an action.

    \b
    Examples:
      eyehand say "Save the file" --picture shot.png --dialect computer_use
      eyehand say "Open Wi-Fi" --picture phone.png --phone --model checkpoints/UI-TARS-1.5-7B
      eyehand say "Save" --picture shot.png --dialect ui-tars --mark points.png \\
          --reply "Action: click(start_box='(100,200)')"
      eyehand say --episode runs/save --step 3 --mark step3.png
    """  # noqa: D301
    run_command(
        _say(goal, picture, episode, step, dialect, model, phone, tools, image_tokens, reply, mark,
             grammar, as_json),
        as_json,
    )  # fmt: skip


def dialects(as_json: AsJson = False) -> None:
    """List the dialects: how each family of models is spoken to.

    NAME@UNITS is one for a checkpoint that writes its points in other units, such as
    ui-tars-1.5@rel1000.
    """
    rows = [("native", "image", "scripts and people"), *_rows()]
    if as_json:
        for name, space, models in rows:
            can = sorted(says(dialect_named(name, frozenset(ACTIONS) - BROWSER)))
            print(json.dumps({"name": name, "space": space, "models": models, "says": can}))
        return
    table = Table(box=None, pad_edge=False)
    for title in ("name", "points in", "models"):
        table.add_column(title, no_wrap=title == "name")
    for name, space, models in rows:
        table.add_row(name, space, f"{models} (only finds)" if name in GROUNDING else models)
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def _rows() -> Iterator[tuple[str, str, str]]:
    for name, entry in TABLE.items():
        yield name, dialect_named(name, _ON_DESKTOP).space, entry.models


def require_dialect(name: str | None) -> None:
    """Check that there is a dialect of a name; None is none asked for.

    Raises:
        BadUsage: There is not.
    """
    if name is not None:
        try:
            dialect_named(name, _ON_DESKTOP)
        except ValueError as error:
            raise BadUsage(str(error)) from error


async def _say(
    goal: str | None,
    picture: Path | None,
    episode: Path | None,
    step: int,
    dialect: str | None,
    model: str | None,
    phone: bool,
    tools: Path | None,
    image_tokens: int | None,
    reply: str | None,
    mark: Path | None,
    grammar: bool,
    as_json: bool,
) -> int:
    model = None if model is None else checkpoint_named(model)
    family, layout = ("", None) if model is None else _layout(model, image_tokens)
    if episode is not None:
        if phone or any(given is not None for given in (goal, picture, dialect, reply)):
            raise BadUsage("an episode has goal, picture, screen, dialect and reply of its own")
        open_tools(tools)
        said = await recorded(episode, step, layout)
    else:
        if not goal or picture is None:
            raise BadUsage("give a goal and --picture FILE, or --episode DIR")
        if mark is not None and reply is None:
            raise BadUsage("--mark draws the points of a reply: give --reply, or --episode DIR")
        actions = frozenset(ACTIONS) - BROWSER if phone else _ON_DESKTOP
        if dialect is None:
            if layout is None or model is None:
                raise BadUsage("give --dialect NAME, or --model CHECKPOINT to have it chosen")
            dialect = dialect_of(_Checkpoint(model, family), actions)
        pixels = _read(picture)
        size = Size(pixels.shape[1], pixels.shape[0])
        resized = _plan(size, layout, image_tokens)
        specs = [
            {"name": t.name, "description": t.description, "parameters": t.parameters}
            for t in open_tools(tools)
        ]
        try:
            spoken = dialect_named(dialect, actions, specs)
        except ValueError as error:
            raise BadUsage(str(error)) from error
        image = Image(pixels, resized, pixel_hash(pixels))
        said = saying(
            spoken,
            spoken.messages(goal, [], image),
            Frame("picture", size, size).planned(resized),
            pixels,
            reply=await _standard_input() if reply == "-" else reply,
            layout=layout,
        )
    if mark is not None:
        try:
            marked(said.pixels, said.marks()).save(mark)
        except (OSError, ValueError) as error:
            raise BadUsage(f"cannot save the picture {mark}: {error}") from error
    if as_json:
        print(json.dumps(said.to_json(), ensure_ascii=False))
    else:
        _show(said, mark, grammar=grammar)
    return NOT_DONE if said.error else DONE


class _Checkpoint:
    """What of a checkpoint says how it is spoken to."""

    def __init__(self, name: str, family: str) -> None:
        self.name, self.family = name, family


async def _standard_input() -> str:
    """Read it to its end, without keeping Ctrl-C waiting.

    Raises:
        BadUsage: It cannot be read.
    """
    loop = asyncio.get_running_loop()
    text: asyncio.Future[str] = loop.create_future()

    def done(got: bytes, error: OSError | None = None) -> None:
        if text.cancelled():
            return
        if error is None:
            text.set_result(got.decode("utf-8", "replace"))
        else:
            text.set_exception(BadUsage(f"cannot read standard input: {error}"))

    def read() -> None:
        try:  # the descriptor: a thread that is left must not hold a lock of sys.stdin
            with open(0, "rb", buffering=0, closefd=False) as stdin:
                answer: tuple[bytes, OSError | None] = (stdin.readall() or b"", None)
        except OSError as error:
            answer = (b"", error)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(done, *answer)

    threading.Thread(target=read, name="eyehand-reply", daemon=True).start()
    return await text


def _layout(model: str, image_tokens: int | None) -> tuple[str, "Layout"]:
    """Read what a checkpoint is, and how it is shown a conversation."""
    from ..model.config import read_config
    from ..model.errors import BadCheckpoint
    from ..model.files import find

    try:
        from ..model.prompt import Layout  # needs torch

        folder = find(model)
        config = read_config(folder)
        return config.family, Layout.read(folder, config, image_tokens)
    except ImportError as error:
        raise BadUsage(f'{error.msg}: install the extra: pip install "eyehand[model]"') from error
    except (BadCheckpoint, ValueError) as error:
        raise BadUsage(str(error)) from error


def _plan(size: Size, layout: "Layout | None", image_tokens: int | None) -> Size:
    try:
        if layout is not None:
            return layout.processor.plan(size)
        most = {} if image_tokens is None else {"max_pixels": image_tokens * _PATCH_PX**2}
        return smart_resize(size, **most)
    except ValueError as error:
        raise BadUsage(f"the picture cannot be shown to a model: {error}") from error


def _read(path: Path) -> Pixels:
    try:
        with Pictures.open(path) as picture:
            return np.asarray(picture.convert("RGB"))
    except (OSError, UnidentifiedImageError, Pictures.DecompressionBombError) as error:
        raise BadUsage(f"cannot read the picture {path}: {error}") from error


def _print(text: str = "") -> None:
    """Print without what a terminal would obey: a reply may hold anything."""
    safe = "".join(
        "\ufffd" if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" else c for c in text
    )
    print(safe)


def _show(said: Saying, mark: Path | None, *, grammar: bool) -> None:
    _print(said.prompt)
    _print()
    tokens = "" if said.tokens is None else f", {said.tokens:,} tokens"
    _print(f"dialect: {said.dialect}{tokens}")
    for number, picture in enumerate(said.pictures, start=1):
        count = "" if picture.tokens is None else f", {picture.tokens:,} tokens"
        _print(f"picture {number}: {picture.size}, seen at {picture.seen}{count}")
    if said.stops:
        _print(f"stops: {', '.join(said.stops)}")
    if grammar:
        _print(f"grammar:\n{said.grammar or '(none)'}")
    if said.reply is None:
        return
    if said.error:
        _print(f"not an action: {said.error}")
    if said.parsed is not None:
        if said.parsed.thought:
            _print(f"thought: {said.parsed.thought}")
        for repair in said.parsed.repairs:
            _print(f"repaired: {repair}")
        for action in said.parsed.actions:
            _print(f"action: {action}")
        for row in said.points:
            clamped = "" if row.said is None else f" (said: {row.said})"
            _print(
                f"  {row.field}: picture {row.image}{clamped}, screenshot {row.physical}, "
                f"pointer {row.pointer}"
            )
    if mark is not None:
        _print(f"drawn: {mark}")
