"""``eyehand practice``: the practice phone on the command line."""

import asyncio
import json
import signal
import sys
import time
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer
from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table

from ..envs.errors import BackendMissing
from .errors import BadUsage
from .exits import DONE, EXIT_CODES, NOT_DONE, run_command
from .phone_options import (
    Dark,
    Density,
    FontScale,
    SizeOption,
    ThemeOption,
    Wordless,
    phone_looking,
)
from .pocket.command import TRAIN_EXIT_CODES, train

practice = typer.Typer(
    help="A phone to practise on: drawn in memory, served to adb, or in a window.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
practice.command(epilog=TRAIN_EXIT_CODES)(train)

Seed = Annotated[int, typer.Option(min=0, help="What is on the phone, and how it looks.")]
TaskOption = Annotated[
    str | None, typer.Option(metavar="FAMILY", help="Set the phone up for a task of this family.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON lines on standard output, for scripts.")]


def _env(**looks: Any) -> Any:
    from ..envs.practice.env import PracticeEnv  # draws: pictures and fonts are loaded

    spec = phone_looking(**looks)
    try:
        return PracticeEnv(**spec.arguments())
    except ValueError as error:
        raise BadUsage(str(error)) from error


@practice.command(epilog=EXIT_CODES)
def tasks(as_json: AsJson = False) -> None:
    """List the families of tasks, each with a goal as it may read.

    \b
    Examples:
      eyehand practice tasks
      eyehand practice tasks --json
    """  # noqa: D301
    run_command(_tasks(as_json), as_json)


async def _tasks(as_json: bool) -> int:
    from ..envs.practice.tasks import FAMILIES

    table = Table("family", "kind", "a goal", box=None)
    for name in sorted(FAMILIES):
        kind = FAMILIES[name]
        word = "cannot be done" if not kind.feasible else "question" if kind.asks else "to do"
        goal = next((g for seed in range(20) if (g := _goal(name, seed))), "")
        if as_json:
            line = {"family": name, "apps": kind.apps, "kind": word, "goal": goal}
            print(json.dumps(line, ensure_ascii=False))
        else:
            table.add_row(name, word, goal)
    if not as_json:
        Console(width=None if sys.stdout.isatty() else 160).print(table, markup=False)
    return DONE


def _goal(family: str, seed: int) -> str:
    from ..envs.practice.phone import Phone
    from ..envs.practice.tasks import Unfit, make_task

    try:
        return make_task(family, Phone(seed), seed).goal
    except Unfit:
        return ""


@practice.command(epilog=EXIT_CODES)
def show(
    seed: Seed = 0,
    task: TaskOption = None,
    size: SizeOption = None,
    density: Density = None,
    theme: ThemeOption = None,
    dark: Dark = None,
    font_scale: FontScale = 1.0,
    wordless: Wordless = False,
    png: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Write a picture, and open no window.")
    ] = None,
    app: Annotated[str | None, typer.Option(help="Open this app first, by its name.")] = None,
) -> None:
    """Show a practice phone in a window, to be worked with mouse and keyboard.

    A click taps, a drag is a finger, the wheel scrolls; Escape is back, F2 home, F3 recent apps.

    \b
    Examples:
      eyehand practice show --seed 3
      eyehand practice show --task add_contact --seed 7
      eyehand practice show --app Settings --dark --png settings.png
    """  # noqa: D301
    looks = {
        "seed": seed, "task": task, "size": size, "density": density, "theme": theme, "dark": dark,
        "font_scale": font_scale, "wordless": wordless,
    }  # fmt: skip
    run_command(_show(looks, png, app), as_json=False)


async def _show(looks: dict[str, Any], png: Path | None, app: str | None) -> int:
    from ..actions.schema import OpenApp
    from ..envs.errors import ActionFailed
    from ..envs.practice.window import PhoneWindow

    env = _env(**looks)
    seen = await env.reset()
    if app is not None:
        try:
            await env.perform(OpenApp(name=app), seen)
        except ActionFailed as error:
            raise BadUsage(str(error)) from error
    if png is not None:
        try:
            Image.fromarray(env.phone.pixels()).save(png)
        except (OSError, ValueError) as error:
            raise BadUsage(f"cannot save the picture {png}: {error}") from error
        return DONE
    window = PhoneWindow(
        env.phone, env.task.goal if env.task else f"Practice phone {looks['seed']}"
    )
    # Tk's loop sees no Ctrl-C by itself: its next tick does.
    signal.signal(signal.SIGINT, lambda *_: window.close())
    window.run()
    return DONE


@practice.command(epilog=EXIT_CODES)
def serve(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="On this machine alone. 0: one that is free.")
    ] = 6555,
    seed: Seed = 0,
    task: TaskOption = None,
    size: SizeOption = None,
    density: Density = None,
    theme: ThemeOption = None,
    dark: Dark = None,
    font_scale: FontScale = 1.0,
    wordless: Wordless = False,
    adb_keyboard: Annotated[
        bool, typer.Option("--adb-keyboard", help="Have ADBKeyboard installed.")
    ] = False,
    fault: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Let something go wrong; repeatable."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Serve a practice phone to adb, until Ctrl-C.

    \b
    Examples:
      eyehand practice serve --seed 3
      adb connect 127.0.0.1:6555
      adb -s 127.0.0.1:6555 shell input text hello
      eyehand run examples/contact.yaml --env android:127.0.0.1:6555
    """  # noqa: D301
    looks = {
        "seed": seed, "task": task, "size": size, "density": density, "theme": theme, "dark": dark,
        "font_scale": font_scale, "wordless": wordless,
    }  # fmt: skip
    run_command(_serve(looks, port, adb_keyboard, fault or [], as_json), as_json)


async def _serve(
    looks: dict[str, Any], port: int, adb_keyboard: bool, wanted: list[str], as_json: bool
) -> int:
    from ..envs.practice.adb.device import PracticeDevice

    env = _env(**looks)
    await env.reset()
    device = PracticeDevice(
        env.phone,
        serial=f"practice{looks['seed']}",
        faults=_faults(wanted, env.phone),
        port=port,
        adb_keyboard=adb_keyboard,
    )
    try:
        try:
            port = await device.start()
        except OSError as error:
            raise BackendMissing(
                f"port {port} cannot be had ({error.strerror}): --port 0 takes a free one"
            ) from error
        address = f"127.0.0.1:{port}"
        if as_json:
            print(json.dumps({"type": "serving", "address": address}), flush=True)
        else:
            print(f"A practice phone is at {address}, for you alone: adb connect {address}")
            if env.task is not None:
                print(f"Its task: {env.task.goal}")
            print("Ctrl-C ends it.", flush=True)
        await asyncio.Event().wait()
    finally:
        await device.close()
    return DONE


def _faults(wanted: list[str], phone: Any) -> Any:
    from ..envs.practice.adb.faults import Faults

    faults = Faults()
    kinds = {
        one.name: type(getattr(faults, one.name))
        for one in fields(faults)
        if one.name != "accidents"  # these are for tests: they need a stage
    }
    for pair in wanted:
        name, _, value = pair.partition("=")
        name = name.replace("-", "_")
        if name not in (*kinds, "rotate", "secure"):
            known = ", ".join(sorted([*kinds, "rotate", "secure"]))
            raise BadUsage(f"there is no fault {name!r}; there are {known}")
        try:
            if name == "rotate":
                phone.rotate(int(value))
            elif name == "secure":
                phone.secure = _value(bool, value)
            else:
                setattr(faults, name, _value(kinds[name], value))
        except ValueError as error:
            raise BadUsage(f"--fault {pair}: {error}") from error
    return faults


def _value(kind: type, text: str) -> Any:
    if kind is bool:
        if text not in ("", "yes", "no"):
            raise ValueError("it is yes or no")
        return text != "no"
    if kind is str:
        return text
    return int(text) if text.isdecimal() else float(text)


@practice.command(
    epilog="Exit codes: 0 every task was solved; 1 some were not; 2 there is no such family; "
    "130 interrupted."
)
def check(
    families: Annotated[
        list[str] | None, typer.Argument(metavar="[FAMILY]...", help="Default: all of them.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many phones each is tried on.")] = 5,
    first: Annotated[int, typer.Option(min=0, help="The first phone's seed.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Let the oracle solve every family of tasks, and check the outcome by the phone's own data.

    \b
    Examples:
      eyehand practice check
      eyehand practice check add_contact --seeds 200
    """  # noqa: D301
    run_command(_check(families or [], seeds, first, as_json), as_json)


async def _check(families: list[str], seeds: int, first: int, as_json: bool) -> int:
    from ..envs.practice.tasks import FAMILIES
    from ..envs.practice.tasks.oracle import solve

    if unknown := [name for name in families if name not in FAMILIES]:
        raise BadUsage(f"there is no task {unknown[0]!r}: `eyehand practice tasks` lists them")
    names = families or sorted(FAMILIES)
    table = Table("family", "solved", "of", "no such phone", "steps, mean", "most", box=None)
    shown = Console(stderr=True)
    began, total, failed = time.monotonic(), 0, 0
    for name in track(
        names, "oracles", console=shown, disable=as_json or not shown.is_terminal, transient=True
    ):
        runs = [await solve(name, seed) for seed in range(first, first + seeds)]
        fit = [run for run in runs if run is not None]
        wrong = [run for run in fit if not run.passed]
        counts = [run.steps for run in fit] or [0]
        total += sum(counts)
        failed += len(wrong)
        line = {
            "family": name,
            "solved": len(fit) - len(wrong),
            "of": len(fit),
            "unfit": len(runs) - len(fit),
            "mean_steps": round(sum(counts) / len(counts), 2),
            "most_steps": max(counts),
            "failed_seeds": {run.seed: run.why for run in wrong},
        }
        if as_json:
            print(json.dumps(line, ensure_ascii=False), flush=True)
        else:
            table.add_row(*(str(value) for value in [*line.values()][:6]))
            for run in wrong:
                shown.print(f"{name}, seed {run.seed}: {run.why}", markup=False)
    if not as_json:
        Console(width=None if sys.stdout.isatty() else 120).print(table)
        seconds = time.monotonic() - began
        print(f"{len(names)} families, {total} steps in {seconds:.1f} s, {failed} not solved")
    return NOT_DONE if failed else DONE
