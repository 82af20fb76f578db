"""``eyehand policy``: look at policies, check them, and try them before they are needed."""

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ..actions.errors import ActionSchemaError
from ..actions.schema import parse_action
from ..envs.episode import Episode
from ..envs.records import Step
from ..model.size import Size
from .asking import plain
from .errors import BadUsage
from .exits import DONE, NOT_DONE, run_command
from .guard import SHOWN_AT
from .guard_facts import Facts, has_target
from .guard_labels import Target
from .guard_rules import Judged, Rates, judge_fully
from .model_cli import AsJson
from .policy import DAYS, RULED, SHIPPED, Policy, PolicyError, Verb, load_policy, shipped_text

policies = typer.Typer(
    help="Look at policies, check and try them.", no_args_is_help=True, rich_markup_mode=None
)
_EXITS = "Exit codes: 0 done; 1 it is not as expected; 2 bad usage or input file; 130 interrupted."
_UNKNOWN = Target(False, why="it was not recorded")
Named = Annotated[str, typer.Argument(metavar="POLICY", help="A policy's name or file.")]


@policies.command("list", epilog=_EXITS)
def list_policies(as_json: AsJson = False) -> None:
    """List the policies that come along."""

    async def work() -> int:
        for name in SHIPPED:
            policy = load_policy(name)
            if as_json:
                _json(name=name, about=policy.about, rules=len(policy.rules))
            else:
                _line(policy.about, f"{name:<10} {len(policy.rules):>3} rules  ")
        return DONE

    run_command(work(), as_json)


@policies.command(epilog=_EXITS)
def show(
    policy: Annotated[str, typer.Argument(metavar="POLICY", help="A policy's name or file.")],
    as_json: AsJson = False,
) -> None:
    """Show a policy as it is written; with --json, as it is understood.

    \b
    Example:
      eyehand policy show careful > mine.yaml
    """  # noqa: D301

    async def work() -> int:
        read = load_policy(policy)
        if as_json:
            _json(**read.model_dump(mode="json", by_alias=True, exclude_defaults=True))
            return DONE
        written = _written(policy)
        typer.echo(written, nl=not written.endswith("\n"))
        return DONE

    run_command(work(), as_json)


@policies.command(epilog=_EXITS)
def check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A policy's file, or a name.")],
    as_json: AsJson = False,
) -> None:
    """Say whether a policy can be used; if not, everything that is wrong, each with its line."""

    async def work() -> int:
        try:
            policy = load_policy(file)
        except PolicyError as error:
            if as_json:
                for line, message in error.complaints:
                    _json(type="complaint", file=file, line=line, message=message)
            raise
        if as_json:
            _json(type="policy", file=file, name=policy.name, rules=len(policy.rules))
        else:
            _line(f"{file}: {policy.name}, {len(policy.rules)} rules, {policy.default} otherwise")
        return DONE

    run_command(work(), as_json)


@policies.command("test", epilog=_EXITS)
def try_policy(
    policy: Named,
    episode: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="A recorded episode: judge its steps.")
    ] = None,
    action: Annotated[str | None, typer.Option(metavar="JSON", help="One action.")] = None,
    source: Annotated[str, typer.Option(help="model or task.")] = "model",
    app: Annotated[str | None, typer.Option(help="The app in front.")] = None,
    window: Annotated[str | None, typer.Option(help="Title of the window in front.")] = None,
    host: Annotated[str | None, typer.Option(help="Of the page in front.")] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(help="A name of what lies there, repeatable; none: it is not known."),
    ] = None,
    near: Annotated[list[str] | None, typer.Option(help="What stands close; repeatable.")] = None,
    switch: Annotated[bool, typer.Option("--switch", help="It can be on or off.")] = False,
    says: Annotated[str, typer.Option(help="What the model says beside it.")] = "",
    goal: Annotated[str, typer.Option(help="What the user wants.")] = "",
    at: Annotated[str | None, typer.Option(metavar="'DAY HH:MM'", help="Default: now.")] = None,
    size: Annotated[str, typer.Option(metavar="WxH", help="Of the screen.")] = "1080x2400",
    unattended: Annotated[bool, typer.Option("--unattended", help="Nobody is there.")] = False,
    expect: Annotated[
        str | None, typer.Option(help="allow, ask or refuse; exits with 1 if it is another.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what a policy makes of an action, or of every step of a recorded episode.

    Of an episode, what was allowed when it was recorded counts as done; what lay under a point is
    known only where it was recorded with a policy that looked.

    \b
    Examples:
      eyehand policy test careful --action '{"action": "click", "point": [5, 5]}' --label Send
      eyehand policy test mine.yaml --expect refuse --action '{"action": "type", "text": "rm -r /"}'
      eyehand policy test mine.yaml runs/order
    """  # noqa: D301

    async def work() -> int:
        if (episode is None) == (action is None):
            raise BadUsage("give an episode's folder or --action, one of the two")
        if expect not in (None, "allow", "ask", "refuse"):
            raise BadUsage(f"--expect is allow, ask or refuse, not {expect!r}")
        rules = load_policy(policy)
        if episode is not None:
            return _judge_all(rules, Episode.load(episode), expect, not unattended, as_json)
        if source not in ("model", "task"):
            raise BadUsage(f"--source is model or task, not {source!r}")
        extras = {"app": app, "window": window, "host": host}
        target = None
        if label is not None or near is not None or switch:
            target = Target(True, (tuple(label or ()),), tuple(near or ()), switch)
        facts = Facts(
            _action(action or ""),
            source,
            _size(size),
            {name: value for name, value in extras.items() if value is not None},
            _moment(at),
            goal,
            says,
        )
        judged = _judged(rules, facts, target, Rates(), not unattended, 0)
        _tell(None, facts, judged, as_json)
        return NOT_DONE if expect is not None and judged.verdict != expect else DONE

    run_command(work(), as_json)


def _judge_all(
    policy: Policy, episode: Episode, expect: str | None, attended: bool, as_json: bool
) -> int:
    """Judge every step of an episode, in order."""
    offset = datetime.fromisoformat(episode.header.started).utcoffset() or timedelta()
    rates = Rates()
    counts: dict[Verb, int] = {"allow": 0, "ask": 0, "refuse": 0}
    for step, facts in _steps(episode):
        target = next((_target(p.value) for p in step.probes if p.name == SHOWN_AT), None)
        judged = _judged(policy, facts, target, rates, attended, int(offset.total_seconds()))
        if step.decision is None or step.decision.allowed:
            rates.count(judged.counted, facts.time)
        counts[judged.verdict] += 1
        _tell(step, facts, judged, as_json)
    if as_json:
        _json(type="end", **counts)
    else:
        _line(", ".join(f"{verdict} {count}" for verdict, count in counts.items()))
    other = sum(count for verdict, count in counts.items() if verdict != expect)
    return NOT_DONE if expect is not None and other else DONE


def _steps(episode: Episode) -> Iterator[tuple[Step, Facts]]:
    header = episode.header.task
    goals = header.get("steps", [])
    for step in episode.steps:
        if step.action is None or step.source == "person" or step.action.action not in RULED:
            continue
        part = goals[step.part] if step.part < len(goals) else {}
        goal = part.get("goal") or str(header.get("name", ""))
        view = step.seen
        yield (
            step,
            Facts(
                step.action,
                step.source,
                view.frame.physical,
                view.extras,
                view.time,
                goal,
                step.thought,
            ),
        )


def _judged(
    policy: Policy,
    facts: Facts,
    target: Target | None,
    rates: Rates,
    attended: bool,
    offset_s: int,
) -> Judged:
    facts.target = target or (_UNKNOWN if has_target(facts.action) else None)
    judged = judge_fully(policy, facts, rates, attended=attended, offset_s=offset_s)
    if judged is None:
        raise RuntimeError("a policy was not decided though the target is known")
    return judged


def _tell(step: Step | None, facts: Facts, judged: Judged, as_json: bool) -> None:
    known = facts.target is not None and facts.target.known
    names = [list(row) for row in facts.target.names] if known and facts.target else None
    if as_json:
        _json(
            type="judged",
            **({} if step is None else {"index": step.index}),
            action=facts.action.to_json(),
            verdict=judged.verdict,
            rule=judged.rule,
            why=judged.why,
            target=names,
        )
        return
    before = "" if step is None else f"{step.index:>4}  "
    unsure = "" if known or not facts.has_target else " [what is there is not known]"
    why = f" ({judged.why})" if judged.why else ""
    before += f"{judged.verdict:<6}  "
    _line(f"{facts.action} by rule {judged.rule!r}{why}{unsure}", before)


def _written(policy: str) -> str:
    return shipped_text(policy) if policy in SHIPPED else Path(policy).read_text("utf-8")


def _target(value: Any) -> Target | None:
    try:
        return Target.of_json(value)
    except ValueError:
        return None


def _action(text: str) -> Any:
    try:
        action = parse_action(json.loads(text))
    except json.JSONDecodeError as error:
        raise BadUsage(f"--action is no JSON: {error}") from error
    except ActionSchemaError as error:
        raise BadUsage(f"--action: {error}") from error
    if action.action not in RULED:
        raise BadUsage(f"{action.action} is said to the user, and always passes")
    return action


def _size(text: str) -> Size:
    found = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", text)
    if found is None:
        raise BadUsage(f"--size is WIDTHxHEIGHT in pixels, not {text!r}")
    return Size(int(found[1]), int(found[2]))


def _moment(text: str | None) -> float:
    """Give a moment that reads so in UTC; the clock is taken for the local one."""
    if text is None:
        here = datetime.now().astimezone().utcoffset() or timedelta()
        return time.time() + here.total_seconds()
    found = re.fullmatch(r"(?:([a-z]{3}) )?([01]\d|2[0-3]):([0-5]\d)", text)
    if found is None or (found[1] is not None and found[1] not in DAYS):
        raise BadUsage(f"--at is such as 'mon 09:30', not {text!r}")
    monday = datetime(2026, 1, 5, int(found[2]), int(found[3]), tzinfo=UTC)
    return (monday + timedelta(days=DAYS.index(found[1] or "mon"))).timestamp()


def _json(**data: Any) -> None:
    typer.echo(json.dumps(data, ensure_ascii=False))


def _line(text: str, before: str = "") -> None:
    """Print a text of anybody's in one line, after columns of our own."""
    Console(highlight=False, soft_wrap=True).print(before + plain(text), markup=False)
