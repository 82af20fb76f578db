"""``eyehand model``: models on the command line, and the options that runs with one share."""

from contextlib import aclosing
from typing import Annotated

import typer

from ..model.size import Size
from . import console
from .errors import BadUsage
from .exits import DONE, NOT_DONE, run_command
from .opening import Dtype, ModelOptions, Precision

models = typer.Typer(help="Look at models.", no_args_is_help=True, rich_markup_mode=None)
AsJson = Annotated[bool, typer.Option("--json", help="JSON lines on standard output, for scripts.")]
Device = Annotated[
    str | None, typer.Option(help="cpu, cuda or cuda:NUMBER. Default: the first GPU, else the CPU.")
]
DtypeOption = Annotated[
    Dtype | None,
    typer.Option(help="What the model computes in. Default: as saved, where that is quick."),
]
Quantize = Annotated[
    Precision | None,
    typer.Option(help="Pack the language model's layers to 8 or 4 bits while loading."),
]
ImageTokens = Annotated[
    int | None,
    typer.Option(
        min=4,
        help="Most tokens that a screenshot becomes: fewer are quicker, and show less. Clicking "
        "works best with 1024 to 2048. Default: as the checkpoint allows.",
    ),
]

DialectOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="How the model is spoken to; `eyehand dialects` lists them. Default: as it was "
        "trained.",
    ),
]
Constrain = Annotated[
    bool,
    typer.Option(
        "--constrain/--no-constrain",
        help="Whether a checkpoint can say nothing but valid actions. Default: so it is.",
    ),
]
Allow = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="A sensitive tool that may be called; repeatable."),
]
MaxTokens = Annotated[int, typer.Option(min=1, help="Longest reply in tokens.")]
Variables = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Set a variable of the task; repeatable."),
]


@models.command(
    epilog="Exit codes: 0 nothing failed; 1 something failed; 2 it is no checkpoint; "
    "4 it cannot be loaded; 130 interrupted."
)
def check(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="pocket, a folder, or OWNER/NAME.")],
    screen: Annotated[
        str | None,
        typer.Option(metavar="WxH", help="Screen to work. Default: yours, or 1920x1080."),
    ] = None,
    device: Device = None,
    dtype: DtypeOption = None,
    quantize: Quantize = None,
    image_tokens: ImageTokens = None,
    as_json: AsJson = False,
) -> None:
    """Load a checkpoint and say whether it is whole, whether it sees, and what a step will take.

    A trained one is also asked for colours, and to click at known places of this screen.

    \b
    Examples:
      eyehand model check pocket
      eyehand model check checkpoints/Qwen2.5-VL-3B-Instruct
      eyehand model check Qwen/Qwen2-VL-2B-Instruct --quantize int8 --screen 1080x2400
    """  # noqa: D301
    options = ModelOptions(device, dtype, quantize, image_tokens)
    run_command(_check(model, screen, options, as_json), as_json)


async def _check(model: str, screen: str | None, options: ModelOptions, as_json: bool) -> int:
    from .model_check import ASSUMED, check_checkpoint, this_screen

    if screen is None:
        size = await this_screen() or ASSUMED
    else:
        sides = [int(side) for side in screen.split("x") if side.isdecimal()]
        if len(sides) != 2 or not all(0 < side < 100_000 for side in sides):
            raise BadUsage(f"--screen is WIDTHxHEIGHT in pixels, as in 1920x1080, not {screen!r}")
        size = Size(*sides)
    failed = False
    async with aclosing(check_checkpoint(model, options, size, quiet=as_json)) as findings:
        async for finding in findings:
            console.finding(finding, as_json=as_json)
            failed = failed or finding.grade == "fail"
    return NOT_DONE if failed else DONE
