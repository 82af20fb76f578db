"""What must hold of a run, whatever went wrong in it, checked against what the phone itself saw."""

from pathlib import Path

from chaos_host import Attempt, Host, keyboard
from chaos_phone import arrived, too_many

from eyehand.agent import replay
from eyehand.envs import Delivery, Episode, EpisodeBroken, StopReason

NEVER = (StopReason.CRASHED, StopReason.DIVERGED)


def after_attempt(attempt: Attempt) -> list[str]:
    """Say what is wrong right after a process ended: nothing durable may be lost by then."""
    wrong = [attempt.wrong] if attempt.wrong else []
    wrong += [f"left the thread {name} behind" for name in attempt.left]
    try:
        episode = Episode.load(attempt.folder)
    except EpisodeBroken as error:
        if (attempt.folder / "episode.json").exists():
            return [*wrong, f"the episode cannot be read: {error}"]
        return wrong + ["steps were lost with the episode"] * bool(attempt.steps)
    for index, line in attempt.steps.items():
        if index >= len(episode.steps):
            wrong.append(f"step {index} was durable and is lost")
        elif episode.steps[index].model_dump_json(exclude_defaults=True) != line:
            wrong.append(f"step {index} was durable and is another now")
    if attempt.killed or attempt.wrong:
        return wrong
    if attempt.stop in NEVER:
        wrong.append(f"ended {attempt.stop}: {_last_line(attempt.error)}")
    if attempt.stop is None:
        wrong.append(f"ended with no reason: {_last_line(attempt.error) or 'and no error'}")
    if attempt.stop == StopReason.UNRECORDED or attempt.idle:
        return wrong
    if episode.stop is not None and episode.stop != attempt.stop:
        wrong.append(f"says {attempt.stop}, and its episode {episode.stop}")
    if episode.stop is None and attempt.stop is not None:
        wrong.append(f"ended {attempt.stop}, and its episode does not say so")
    return wrong


async def after_run(host: Host) -> list[str]:
    """Say what is wrong with a whole run."""
    last = host.attempts[-1]
    wrong = [f"an input that no intent explains: {kind}" for kind in host.ledger.stray]
    wrong += [f"too much arrived: {words}" for words in map(too_many, host.ledger.begun) if words]
    if last.stop == StopReason.DONE:
        answers = Episode.load(last.folder).answers
        if not host.task.passed(host.phone, answers, "success"):
            wrong.append("says that it is done, and it is not")
    wrong += await _left_on_phone(host)
    try:
        episode = Episode.load(last.folder)
    except EpisodeBroken:
        if host.ledger.begun:
            wrong.append("there is no episode, and the phone was touched")
        return wrong
    return wrong + _steps(host, episode) + _replies(host, episode) + await _replayed(last.folder)


def _steps(host: Host, episode: Episode) -> list[str]:
    """Whether each step says of its input what the phone says of it."""
    wrong = []
    folder = host.attempts[-1].folder
    begun = {one.index: one for one in host.ledger.begun} if folder.exists() else {}
    if len(begun) != len(host.ledger.begun):
        indices = [one.index for one in host.ledger.begun]
        twice = sorted({index for index in indices if indices.count(index) > 1})
        wrong.append(f"begun twice: step {', '.join(map(str, twice))}")
    for step in episode.steps:
        delivery = None if step.result is None else step.result.delivery
        intent = begun.get(step.index)
        inputs = dict(intent.inputs) if intent is not None else {}
        if delivery is Delivery.DELIVERED and (intent is None or not arrived(intent)):
            wrong.append(f"step {step.index}, {step}: delivered, it says; arrived: {inputs}")
        if delivery in (None, Delivery.REFUSED) and inputs:
            wrong.append(f"step {step.index}, {step}: {delivery}, it says; arrived: {inputs}")
    return wrong


def _replies(host: Host, episode: Episode) -> list[str]:
    """Whether each thing that the model said was acted upon once at most."""
    said = [step.reply for step in episode.steps if step.source == "model" and step.reply]
    if episode.pending is not None and episode.pending.reply:
        said.append(episode.pending.reply)
    wrong = []
    issued = iter(host.mind.issued)
    for reply in said:
        if reply not in issued:
            short = reply.replace("\n", " ")[:60]
            wrong.append(f"acted upon again, or out of turn, or on what nobody said: {short!r}")
    return wrong


async def _left_on_phone(host: Host) -> list[str]:
    """Whether a borrowed keyboard was given back by a run that could still reach the phone."""
    last = host.attempts[-1]
    if host.practice is None or last.killed or last.stop == StopReason.ENV_LOST:
        return []
    now = await keyboard(host.practice)
    return [] if now == host.keyboard else [f"the keyboard is {now} now, and was {host.keyboard}"]


async def _replayed(folder: Path) -> list[str]:
    """Whether the episode replays, exactly, as far as it goes."""
    steps = len(Episode.load(folder).steps)
    try:
        replayed = await replay(folder)
    except Exception as error:
        return [f"it does not replay: {type(error).__name__}: {error}"[:300]]
    return [] if replayed.steps == steps else [f"{replayed.steps} of {steps} steps replay"]


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2][:200]
