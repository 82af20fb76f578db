"""One-step episodes of MiniWoB++ a second, beside Farama's own gymnasium environment.

An episode: begin, first picture, one click, what came of it. The click is in the middle of the
first thing that can be clicked, right or wrong. Both run the same pages in the same Chromium, in
turns, a few episodes at a time, so that a busy machine is as busy for either.

Farama's environment starts the same page again for each episode. So does ours with ``fresh=False``;
by default it loads it anew, which costs more and leaves no traces of the episode before.
"""

import argparse
import asyncio
import os
import shutil
import statistics
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import numpy as np
from common import machine

from eyehand.actions import schema as a
from eyehand.actions.geometry import Point
from eyehand.agent.suites.base import Trial
from eyehand.agent.suites.miniwob.stage import MiniWobStage
from eyehand.agent.suites.miniwob.suite import MiniWob

TASKS = {
    "click-test": "#area button",
    "click-button": "#area button",
    "focus-text": "#area input",
    "click-link": "#area span.alink",
    "click-tab": "#area li a",
}
"""What is clicked in each."""

ROUND = 5
"""Episodes in a turn."""


class Farama:
    """Farama's environment of one task. Blocks."""

    def __init__(self, task: str) -> None:
        os.environ["MINIWOB_CHROME_BINARY"] = shutil.which("chromium") or ""
        os.environ["MINIWOB_CHROMEDRIVER"] = shutil.which("chromedriver") or ""
        import gymnasium
        import miniwob  # type: ignore[import-untyped]
        from miniwob.action import (  # type: ignore[import-untyped]
            ActionSpaceConfig,
            ActionTypes,
        )

        gymnasium.register_envs(miniwob)
        config = ActionSpaceConfig(action_types=[ActionTypes.CLICK_COORDS])
        self.env: Any = gymnasium.make(f"miniwob/{task}-v1", action_space_config=config)

    def episode(self, seed: int, place: tuple[int, int]) -> float:
        """Run one; give how many seconds it took."""
        began = time.perf_counter()
        self.env.reset(seed=seed)
        action = {"action_type": 0, "coords": np.array(place, dtype=np.float32)}
        self.env.step(action)
        return time.perf_counter() - began


async def episode(stage: MiniWobStage, trial: Trial, place: tuple[int, int]) -> float:
    """Run one of ours; give how many seconds it took."""
    began = time.perf_counter()
    env, _ = await stage.begin(trial)
    seen = await env.reset()
    await env.perform(a.Click(point=Point(*place)), seen)
    await stage.judged()
    await env.close()
    return time.perf_counter() - began


async def places(stage: MiniWobStage, task: str, seeds: range) -> list[tuple[int, int]]:
    """Find out where to click, before anything is measured."""
    found = []
    for seed in seeds:
        env, _ = await stage.begin(Trial(task, seed))
        await env.reset()
        x, y = (await env.page.all(TASKS[task]))[0].centre
        found.append((int(x), int(y)))
    return found


async def in_turns(count: int) -> dict[str, dict[str, list[float]]]:
    """Seconds of each episode, by task and by who ran it."""
    took: dict[str, dict[str, list[float]]] = {}
    async with AsyncExitStack() as stack:
        fresh = await stack.enter_async_context(MiniWob().stage())
        again = await stack.enter_async_context(MiniWob(fresh=False).stage())
        for task in TASKS:
            where = await places(again, task, range(count))
            farama = await asyncio.to_thread(Farama, task)
            try:
                # The first is never like others.
                await asyncio.to_thread(farama.episode, 0, where[0])
                await episode(fresh, Trial(task, 0), where[0])
                of: dict[str, list[float]] = {"farama": [], "restarted": [], "loaded anew": []}
                for first in range(0, count, ROUND):
                    seeds = range(first, min(first + ROUND, count))
                    for seed in seeds:
                        of["farama"].append(
                            await asyncio.to_thread(farama.episode, seed, where[seed])
                        )
                    for seed in seeds:
                        of["restarted"].append(await episode(again, Trial(task, seed), where[seed]))
                    for seed in seeds:
                        of["loaded anew"].append(
                            await episode(fresh, Trial(task, seed), where[seed])
                        )
                took[task] = of
            finally:
                await asyncio.to_thread(farama.env.close)
    return took


async def side_by_side(jobs: int, count: int, *, fresh: bool) -> float:
    """Episodes a second of so many stages at a time."""
    suite = MiniWob(fresh=fresh)
    async with AsyncExitStack() as stack:
        stages = [await stack.enter_async_context(suite.stage()) for _ in range(jobs)]
        where = await places(stages[0], "click-test", range(count))
        for stage in stages:
            await episode(stage, Trial("click-test", 0), where[0])

        async def work(stage: MiniWobStage, share: range) -> None:
            for seed in share:
                await episode(stage, Trial("click-test", seed), where[seed])

        began = time.perf_counter()
        shares = [range(number, count, jobs) for number in range(jobs)]
        await asyncio.gather(*map(work, stages, shares))
        return count / (time.perf_counter() - began)


def rate(took: list[float]) -> float:
    """Episodes a second, by the median."""
    return 1 / statistics.median(took)


def show(took: dict[str, dict[str, list[float]]]) -> None:
    """Print the table."""
    names = ("farama", "restarted", "loaded anew")
    print(f"| task | {' | '.join(names)} | restarted : farama | loaded anew : farama |")
    print("|---|--:|--:|--:|--:|--:|")
    everything: dict[str, list[float]] = {name: [] for name in names}
    total: Callable[[str], float] = lambda name: rate(everything[name])  # noqa: E731
    for task, of in took.items():
        for name in names:
            everything[name] += of[name]
        rates = [rate(of[name]) for name in names]
        shown = " | ".join(f"{one:.1f}" for one in rates)
        print(f"| {task} | {shown} | {rates[1] / rates[0]:.1f} | {rates[2] / rates[0]:.1f} |")
    rates = [total(name) for name in names]
    shown = " | ".join(f"{one:.1f}" for one in rates)
    print(f"| all | {shown} | {rates[1] / rates[0]:.1f} | {rates[2] / rates[0]:.1f} |")


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--episodes", type=int, default=40, help="of each task")
    parser.add_argument("--jobs", type=int, nargs="*", default=[1, 2])
    asked = parser.parse_args()
    print(machine())
    show(await in_turns(asked.episodes))
    for jobs in asked.jobs:
        for fresh in (False, True):
            found = await side_by_side(jobs, 2 * asked.episodes, fresh=fresh)
            how = "loaded anew" if fresh else "restarted"
            print(f"{jobs} at a time, {how}: {found:.1f} episodes a second")


if __name__ == "__main__":
    asyncio.run(main())
