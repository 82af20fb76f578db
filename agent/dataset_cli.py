"""Evaluations of datasets on the command line: what ``eyehand eval`` does with recorded steps."""

import asyncio
import contextlib
import json
import shlex
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console

from .errors import BadUsage
from .eval_prompts import Past
from .exits import DONE
from .opening import ModelOptions, open_model
from .say_cli import require_dialect

if TYPE_CHECKING:
    from ..model.base import Model
    from .datasets.base import Dataset
    from .eval_scores import Scored
    from .eval_voices import Voice
    from .metrics.base import Evaluator

OF_DATASETS = "Datasets"
"""Heading of the options that only datasets have."""

# As `metrics.base.Rules`, which cannot be had without all evaluators: --help would load them.
Rules = Literal["intended", "published"]

RulesOption = Annotated[
    Rules,
    typer.Option(
        help="What the authors describe, or what their code does, its bugs included.",
        rich_help_panel=OF_DATASETS,
    ),
]
EvaluatorOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Who scores. Default: the dataset's own.",
        rich_help_panel=OF_DATASETS,
    ),
]
CompareOption = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="Other results: of the same data, to say what changed; of the same suite, to stand "
        "beside it, and may be given again.",
    ),
]
FailuresOption = Annotated[int, typer.Option(min=0, help="How many failures are listed.")]


@dataclass(frozen=True, slots=True)
class Shown:
    """How verdicts are made and shown."""

    rules: Rules
    evaluator: str | None
    compare: Path | None
    failures: int
    as_json: bool


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which samples are asked, and how."""

    limit: int | None
    sample: int | None
    seed: int
    split: str | None
    history: Past
    jobs: int
    dialect: str | None
    constrain: bool


async def rescore_dataset(file: Path, shown: Shown) -> None:
    """Score a results file again, and print what came of it.

    Raises:
        BadUsage: It cannot be read, or nobody is called so who is to score.
    """
    who = None if shown.evaluator is None else _evaluator(shown.evaluator)
    await _report(file, who, shown, kept=True, notes={})


async def evaluate_dataset(
    name: str,
    path: Path,
    model: str | None,
    replies: Path | None,
    out: Path | None,
    chosen: Chosen,
    options: ModelOptions,
    shown: Shown,
) -> int:
    """Put a dataset's samples to who answers, and print what came of it.

    Args:
        name: Of the dataset.
        path: Where its files are.
        model: Who answers; None where ``replies`` do.
        replies: A file with replies made elsewhere.
        out: Where results are kept, and gone on with; None: they are not.
        chosen: Which samples, and how.
        options: How a checkpoint is opened.
        shown: How verdicts are made and shown.

    Returns:
        The exit code.

    Raises:
        BadUsage: The arguments contradict each other, or files are not what they must be.
        ModelError: The model failed; what was asked is kept.
    """
    from .eval_ahead import aside
    from .eval_progress import progress
    from .eval_scores import require_same_data, verdict_of
    from .eval_voices import Replies
    from .evaluating import Evaluation, Repeated
    from .metrics.base import LeftOut
    from .results import Result
    from .results_file import ResultsFile, read_results
    from .threads import to_disk

    require_dialect(chosen.dialect)
    if chosen.limit is not None and chosen.sample is not None:
        raise BadUsage("give --limit (the first ones) or --sample (drawn ones), not both")
    if (model is None) == (replies is None):
        raise BadUsage("give --model, or --replies FILE with replies made elsewhere")
    async with contextlib.AsyncExitStack() as stack:
        older = shown.compare  # told now, not after hours
        then = None if older is None else (await aside(lambda: read_results(older)))[0]
        if out is None:
            scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="eyehand-"))
            target = Path(scratch) / "results.jsonl"
        else:
            target = out
        file = await aside(lambda: ResultsFile(target))  # before anything is loaded or asked
        stack.callback(file.close)
        data = await aside(lambda: _dataset(name, path, chosen.split))
        who = _evaluator(shown.evaluator or data.evaluator)
        voice, settings = await _open(stack, model, replies, options, quiet=shown.as_json)
        words = _words(name, path, model, replies, chosen, settings, who.name, data.evaluator)
        plan = _plan(path, chosen, settings, shlex.join(words))
        evaluation = Evaluation(data, who, voice, plan)
        header = await evaluation.header()
        if shown.compare is not None and then is not None:
            require_same_data(header, shown.compare, then)
        await to_disk(file.begin, header)
        if file.count and not voice.remembers:
            _, before = read_results(target)
            voice.skip(result.reply for result in before if result.reply is not None)
        unlike: list[str] = []
        try:
            with progress(data.name, file.count, header.count, quiet=shown.as_json) as advance:

                def tell(news: Result | Repeated) -> None:
                    if isinstance(news, Result):
                        try:
                            verdict = verdict_of(news, who, shown.rules, adapt=False)
                        except LeftOut:
                            advance(None)
                        else:
                            advance(verdict.exact_match)
                    elif not news.same:
                        unlike.append(news.id)

                await evaluation.run(file, tell)
        except BaseException as error:
            if out is not None and isinstance(error, asyncio.CancelledError | Exception):
                _say(
                    f"{file.count:,} of {header.count:,} samples are in {out}; the same command "
                    "goes on from there"
                )
            raise
        file.close()
        notes: dict[str, Any] = {"unlike_before": unlike} if unlike else {}
        if isinstance(voice, Replies) and not (chosen.limit or chosen.sample):
            notes["unused_replies"] = sorted(voice.ids)
        await _report(target, who, shown, kept=out is not None, notes=notes)
    return DONE


def _dataset(name: str, path: Path, split: str | None) -> "Dataset":
    """Open a dataset. Blocks.

    Raises:
        BadUsage: There is none of that name, or the files are not it.
    """
    from .datasets import open_dataset
    from .datasets.base import DatasetError

    try:
        return open_dataset(name, path, split=split)
    except DatasetError as error:
        raise BadUsage(str(error)) from error


def _evaluator(name: str) -> "Evaluator":
    """Give an evaluator.

    Raises:
        BadUsage: There is none of that name.
    """
    from .metrics import evaluator_named

    try:
        return evaluator_named(name)
    except ValueError as error:
        raise BadUsage(str(error)) from error


async def _open(
    stack: contextlib.AsyncExitStack,
    model: str | None,
    replies: Path | None,
    options: ModelOptions,
    *,
    quiet: bool,
) -> tuple["Voice", dict[str, Any]]:
    """Open who answers; give with it what of its settings changes an answer."""
    from .eval_voices import ModelVoice, Replies, baseline

    plain = ModelOptions(image_tokens=options.image_tokens, max_tokens=options.max_tokens)
    if replies is not None:
        if options != plain:
            raise BadUsage("replies made elsewhere have no device, dtype or quantization")
        tokens = options.image_tokens
        return Replies(replies, tokens), {"image_tokens": tokens}
    if (made := baseline(model or "")) is not None:
        if options != ModelOptions():
            raise BadUsage("a baseline has no device, dtype or size: these are for checkpoints")
        return made, {}
    mind = await stack.enter_async_context(open_model(model, options, quiet=quiet))
    if mind is None:
        raise BadUsage("give --model a checkpoint")
    return ModelVoice(mind), settings_of(mind, options)


def settings_of(model: "Model", options: ModelOptions) -> dict[str, Any]:
    """Give what of a model's settings changes an answer.

    Args:
        model: As it was opened.
        options: With which.
    """
    if model.family == "script":
        return {}
    from ..model.qwen_vl import QwenVL  # it is loaded already

    if not isinstance(model, QwenVL):
        raise TypeError(f"{type(model).__name__} is no checkpoint")
    return {
        # Arithmetic differs between kinds of devices, and near ties an answer with it.
        "device": model.device.type,
        "dtype": str(model.dtype).removeprefix("torch."),
        "quantize": options.quantize,
        "image_tokens": options.image_tokens,
        "max_tokens": options.max_tokens,
    }


def _plan(path: Path, chosen: Chosen, settings: dict[str, Any], command: str) -> Any:
    from .evaluating import Plan

    return Plan(
        path=str(path),
        dialect=chosen.dialect,
        past=chosen.history,
        constrain=chosen.constrain,
        limit=chosen.limit,
        sample=chosen.sample,
        seed=chosen.seed,
        jobs=chosen.jobs,
        settings={"split": chosen.split, **settings},
        command=command,
    )


def _words(
    name: str,
    path: Path,
    model: str | None,
    replies: Path | None,
    chosen: Chosen,
    settings: dict[str, Any],
    evaluator: str,
    usual: str,
) -> Sequence[str]:
    """Give the command that asks the same again, in words."""
    options = {
        "model": model,
        "replies": replies,
        "limit": chosen.limit,
        "sample": chosen.sample,
        "seed": None if chosen.sample is None else chosen.seed,
        "split": chosen.split,
        "history": None if chosen.history == "actions" else chosen.history,
        "evaluator": None if evaluator == usual else evaluator,
        "dialect": chosen.dialect,
        **settings,
    }
    words = ["eyehand", "eval", name, str(path)]
    for option, value in options.items():
        if value is not None:
            words += [f"--{option.replace('_', '-')}", str(value)]
    return words if chosen.constrain else [*words, "--no-constrain"]


async def _report(
    file: Path, who: "Evaluator | None", shown: Shown, *, kept: bool, notes: dict[str, Any]
) -> None:
    """Score a results file and print what came of it."""
    from .eval_ahead import aside
    from .eval_scores import compare, score_file, to_json
    from .eval_tables import again, show

    unused = set(notes.pop("unused_replies", ()))

    def work() -> tuple["Scored", Any, Any]:
        scored = score_file(
            file,
            who,
            shown.rules,
            _evaluator,
            failures=shown.failures,
            on_result=lambda result: unused.discard(result.id),
        )
        other = None if shown.compare is None else compare(scored, shown.compare, _evaluator)
        return scored, scored.summary(), other

    scored, summary, compared = await aside(work)
    if unused:
        some = ", ".join(sorted(unused)[:3])
        _say(f"{len(unused):,} replies are to no sample of the dataset, such as {some}")
    if unlike := notes.get("unlike_before"):
        _say(
            f"{len(unlike):,} samples asked again were answered otherwise than before the "
            f"interruption, such as {unlike[0]}: this machine or its settings differ"
        )
    if shown.as_json:
        data = to_json(scored, summary, compared) | {"reproduce": again(scored), **notes}
        data["results"] = str(file) if kept else None
        print(json.dumps(data, ensure_ascii=False, allow_nan=False), flush=True)
        return
    screen = Console(width=None if sys.stdout.isatty() else 100, highlight=False)
    where = str(file) if kept else "not kept; --out FILE keeps them"
    show(screen, scored, summary, compared, where)


def _say(words: str) -> None:
    """Tell people something beside the result."""
    print(f"eyehand: {words}", file=sys.stderr, flush=True)
