"""``eyehand eval`` and ``eyehand rescore``: how well a model decides, on record and live.

What is recorded is a dataset (``dataset_cli``), what is live a suite (``suite_cli``).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from .dataset_cli import (
    OF_DATASETS,
    Chosen,
    CompareOption,
    EvaluatorOption,
    FailuresOption,
    RulesOption,
    Shown,
    evaluate_dataset,
    rescore_dataset,
)
from .errors import BadUsage
from .eval_prompts import Past
from .exits import DONE, run_command
from .model_cli import (
    AsJson,
    Constrain,
    Device,
    DialectOption,
    DtypeOption,
    ImageTokens,
    MaxTokens,
    Quantize,
)
from .opening import ModelOptions
from .phone_options import (
    Dark,
    Density,
    FontScale,
    SizeOption,
    ThemeOption,
    Wordless,
    phone_looking,
)
from .places import PracticeSpec
from .suite_cli import SuiteAsked, evaluate_suite, report_suite
from .suite_options import (
    NO_LIMIT,
    OF_SUITES,
    EpisodesOption,
    Kept,
    MaxStepsOption,
    ScaleOption,
    TasksOption,
    TimeLimitOption,
    TrialSecondsOption,
    ViaOption,
)
from .suite_options import time_limit as limit_of

T = TypeVar("T")

EVAL_EXIT_CODES = """Exit codes: 0 every sample or trial was asked and scored, whatever the score;
2 bad usage, a damaged dataset or results file, or results of another evaluation; 3 browser, display
or device lost; 4 model failed; 130 interrupted. After 3, 4 and 130 the same command with the same
--out goes on."""

_FOR_DATASETS = (
    "path", "replies", "limit", "sample", "split", "history", "evaluator", "rules",
)  # fmt: skip
_FOR_SUITES = ("tasks", "episodes", "max_steps", "trial_seconds", "keep")
_FOR_MINIWOB = ("via", "scale", "time_limit")
_FOR_PRACTICE = ("size", "density", "theme", "dark", "font_scale", "wordless")


def evaluate(
    ctx: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT",
            help="A dataset (aitz, screenspot, ...: see docs/EVALUATION.md), or a suite that is "
            "run live: miniwob or practice (docs/SUITES.md).",
        ),
    ],
    path: Annotated[
        Path | None,
        typer.Argument(metavar="PATH", help="Where a dataset's files are, as they are published."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="pocket, a checkpoint's folder, its name on the hub, script:FILE; or a baseline: "
            "random:SEED; with a dataset also answer (says what is right) and centre (clicks the "
            "middle); with a suite also oracle (knows the way)."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.jsonl",
            help="Keep the results. Where it is there already, the evaluation goes on.",
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Of the draw; with a suite, of each task's first trial.")
    ] = 0,
    jobs: Annotated[
        int,
        typer.Option(
            min=1,
            max=64,
            help="How many samples are read ahead, in threads; with a suite, how many trials are "
            "run at a time, each in a browser or on a phone of its own.",
        ),
    ] = 2,
    failures: FailuresOption = 10,
    as_json: AsJson = False,
    replies: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.jsonl",
            help='Instead of --model: replies made elsewhere, {"id": ..., "reply": ...} a line.',
            rich_help_panel=OF_DATASETS,
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="Only the first so many.", rich_help_panel=OF_DATASETS),
    ] = None,
    sample: Annotated[
        int | None, typer.Option(min=1, help="Only so many, drawn.", rich_help_panel=OF_DATASETS)
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(help="Default: the one that is reported.", rich_help_panel=OF_DATASETS),
    ] = None,
    history: Annotated[
        Past,
        typer.Option(
            help="What is told of earlier steps: nothing, what was done, or the screenshots too.",
            rich_help_panel=OF_DATASETS,
        ),
    ] = "actions",
    evaluator: EvaluatorOption = None,
    rules: RulesOption = "intended",
    compare: CompareOption = None,
    tasks: TasksOption = None,
    episodes: EpisodesOption = 10,
    max_steps: MaxStepsOption = 30,
    trial_seconds: TrialSecondsOption = 600.0,
    keep: Annotated[
        Kept | None,
        typer.Option(
            help="Which recordings stay, in a folder beside --out. Default: failures.",
            rich_help_panel=OF_SUITES,
        ),
    ] = None,
    via: ViaOption = "browser",
    scale: ScaleOption = 1.0,
    time_limit: TimeLimitOption = NO_LIMIT,
    size: SizeOption = None,
    density: Density = None,
    theme: ThemeOption = None,
    dark: Dark = None,
    font_scale: FontScale = 1.0,
    wordless: Wordless = False,
    dialect: DialectOption = None,
    constrain: Constrain = True,
    device: Device = None,
    dtype: DtypeOption = None,
    quantize: Quantize = None,
    image_tokens: ImageTokens = None,
    max_tokens: MaxTokens = 1024,
) -> None:
    """Put recorded steps of a public dataset to a model, or let it work a suite's tasks live.

    \b
    Examples:
      eyehand eval aitz data/aitz --model checkpoints/Qwen2.5-VL-3B-Instruct --out aitz.jsonl
      eyehand eval screenspot-v2 data/screenspot_v2 --model answer
      eyehand eval aitz data/aitz --replies theirs.jsonl --dialect mobile_use
      eyehand eval miniwob --model checkpoints/Qwen2.5-VL-3B-Instruct --out miniwob.jsonl
      eyehand eval miniwob --tasks 'click-*,@pix2act-58' --episodes 5 --model random:1 --jobs 4
      eyehand eval practice --model oracle --out practice.jsonl
      eyehand eval practice --model CHECKPOINT --size 280x616 --wordless --out blind.jsonl
    """  # noqa: D301
    from .suites.known import SUITES, Place

    options = ModelOptions(device, dtype, quantize, image_tokens, max_tokens)
    given = _given(ctx)
    if what in SUITES:
        _refuse(given, _FOR_DATASETS, f"datasets, and {what} is a suite that is run live")
        place: Place | PracticeSpec
        if what == "miniwob":
            _refuse(given, _FOR_PRACTICE, "practice")
            place = Place(via, scale, _told(lambda: limit_of(time_limit)))
        else:
            _refuse(given, _FOR_MINIWOB, "miniwob")
            place = _told(
                lambda: phone_looking(
                    size=size, density=density, theme=theme, dark=dark, font_scale=font_scale,
                    wordless=wordless,
                )
            )  # fmt: skip
        asked = SuiteAsked(
            what, model, out, tasks, episodes, seed, jobs, max_steps, trial_seconds, keep, place,
            dialect, constrain, options,
        )  # fmt: skip
        work = evaluate_suite(asked, failures=failures, as_json=as_json, compare=compare or ())
        run_command(work, as_json)
    suites = f"suites ({', '.join(SUITES)}), and {what} is none"
    _refuse(given, (*_FOR_SUITES, *_FOR_MINIWOB, *_FOR_PRACTICE), suites)
    if path is None:
        raise typer.BadParameter(
            f"{what} is no suite ({', '.join(SUITES)}), and a dataset needs PATH: the folder with "
            "its files, as they are published"
        )
    chosen = Chosen(limit, sample, seed, split, history, jobs, dialect, constrain)
    shown = Shown(rules, evaluator, _told(lambda: _one(compare)), failures, as_json)
    run_command(evaluate_dataset(what, path, model, replies, out, chosen, options, shown), as_json)


def rescore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="Results of an evaluation.")],
    evaluator: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Who scores. Default: the one it was made for."),
    ] = None,
    rules: RulesOption = "intended",
    compare: CompareOption = None,
    failures: FailuresOption = 10,
    as_json: AsJson = False,
) -> None:
    """Score the results of an evaluation again; no model is asked, and nothing else is read.

    \b
    Examples:
      eyehand rescore aitz.jsonl --rules published
      eyehand rescore aitz.jsonl --evaluator aitz --json
      eyehand rescore new.jsonl --compare old.jsonl
      eyehand rescore miniwob.jsonl --failures 50
      eyehand rescore model.jsonl --compare oracle.jsonl --compare random.jsonl
    """  # noqa: D301
    given = _given(ctx)
    shown = Shown(rules, evaluator, None, failures, as_json)
    run_command(_rescore(file, shown, given, compare or []), as_json)


def _given(ctx: typer.Context) -> frozenset[str]:
    """Give the names of the parameters that were typed."""
    # By name: newer typers have a click of their own, with an enum of its own.
    sources = {name: ctx.get_parameter_source(name) for name in ctx.params}
    return frozenset(n for n, one in sources.items() if one and one.name == "COMMANDLINE")


def _refuse(given: frozenset[str], names: Sequence[str], whose: str) -> None:
    """Refuse what was typed and belongs to something else.

    Raises:
        BadParameter: There is such a thing.
    """
    for name in names:
        if name in given:
            word = "PATH" if name == "path" else f"--{name.replace('_', '-')}"
            raise typer.BadParameter(f"{word} is for {whose}")


def _told(make: Callable[[], T]) -> T:
    """Make something of what was typed; say it as the command line does where it makes no sense."""
    try:
        return make()
    except BadUsage as error:
        raise typer.BadParameter(str(error)) from error


def _one(compare: Sequence[Path] | None) -> Path | None:
    """Give the one file that a dataset's results are compared with.

    Raises:
        BadUsage: There are several.
    """
    if compare is not None and len(compare) > 1:
        raise BadUsage("--compare is given once for a dataset; several are for suites")
    return compare[0] if compare else None


async def _rescore(file: Path, shown: Shown, given: frozenset[str], compare: Sequence[Path]) -> int:
    from .suites.results_file import is_suite_file

    if is_suite_file(file):
        if wrong := [name for name in _FOR_DATASETS if name in given]:
            raise BadUsage(
                f"--{wrong[0]} is for datasets, and {file} holds the results of a suite, which "
                "judged them itself"
            )
        await report_suite(
            file, failures=shown.failures, as_json=shown.as_json, kept=True, compare=compare
        )
        return DONE
    await rescore_dataset(file, replace(shown, compare=_one(compare)))
    return DONE
