"""A run on the command line: shown while it goes on, summed up at its end."""

import contextlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

from ..envs.episode import Episode
from ..envs.records import Step
from .console import Display
from .exits import code_of
from .loop import Agent


async def show_run(
    agent: Agent,
    title: str,
    steps: AsyncGenerator[Step],
    view: Display,
    folder: Path | None,
) -> int:
    """Show a run to its end, and give its exit code.

    Args:
        agent: Whose.
        title: What it is about.
        steps: Of ``agent.steps``.
        view: Where it is shown; closed at the end.
        folder: Where it is recorded; None: nowhere.
    """
    view.begin(title)
    try:
        async with aclosing(steps):
            async for step in steps:
                view.step(step, agent.spent)
    except BaseException:
        with contextlib.suppress(Exception):  # what ends the run is told, not what followed
            await agent.closed()
        raise
    finally:
        episode = agent.episode
        if episode is not None and episode.end is not None:
            end = episode.end
            facts: dict[str, Any] = {"steps": end.steps, "seconds": round(end.seconds, 2)}
            if agent.spent is not None:  # as it is now: the last step may have been long ago
                facts["budget"] = str(agent.spent)
            if counted := tokens(episode):
                facts["tokens"] = counted
            if episode.answers:
                facts["answers"] = episode.answers
            if folder is not None:
                facts["episode"] = str(folder)
            view.end(end.stop, end.detail, facts)
        view.close()
    return code_of(agent.episode.stop if agent.episode else None)


def tokens(episode: Episode) -> dict[str, int]:
    """Add up tokens: read anew, read before, chosen, forced; empty where nothing is counted."""
    names = {
        "read": "prefilled_tokens",
        "reused": "reused_tokens",
        "written": "decoded_tokens",
        "forced": "forced_tokens",
    }
    counted = [step.stats for step in episode.steps if "decoded_tokens" in step.stats]
    return {
        word: int(sum(stats.get(name, 0) for stats in counted))
        for word, name in names.items()
        if counted
    }
