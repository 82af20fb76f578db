"""Every oracle of MiniWoB++ over 20 seeds, the whole way: an agent, its dialect, a real browser.

The tests play some of them once, without the harness. All of them:

    .venv/bin/python tests/full_oracles.py
    .venv/bin/python tests/full_oracles.py --via desktop --episodes 3
    .venv/bin/python tests/full_oracles.py --tasks 'enter-*,use-*' --seed 100

Ends with 1 where a task is solved in fewer than 98 of 100 trials.
"""

import argparse
import asyncio
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from eyehand.agent.suites.choosing import choose_tasks
from eyehand.agent.suites.miniwob.oracles import NO_ORACLE
from eyehand.agent.suites.miniwob.playing import miniwob_oracle
from eyehand.agent.suites.miniwob.suite import MiniWob
from eyehand.agent.suites.plan import Plan
from eyehand.agent.suites.results import Result
from eyehand.agent.suites.results_file import SuiteFile
from eyehand.agent.suites.running import SuiteRun

ENOUGH = 0.98
REPLIES = 60


async def results(options: argparse.Namespace) -> dict[str, list[Result]]:
    """Play; tell each task as its last trial ends."""
    suite, player = MiniWob(via=options.via, scale=options.scale), miniwob_oracle()
    tasks, _ = choose_tasks(suite, player, options.tasks)
    plan = Plan(
        tasks, "native", episodes=options.episodes, seed=options.seed, jobs=options.jobs,
        replies=REPLIES,
    )  # fmt: skip
    run, played = SuiteRun(suite, player, plan), defaultdict[str, list[Result]](list)

    def tell(result: Result) -> None:
        played[result.task].append(result)
        if len(played[result.task]) == options.episodes:
            print(line(result.task, played[result.task]), flush=True)

    with tempfile.TemporaryDirectory() as folder, SuiteFile(Path(folder, "results.jsonl")) as file:
        file.begin(run.header())
        try:
            await run.run(file, tell)
        finally:
            await run.closed()
    return played


def line(task: str, played: list[Result]) -> str:
    """Say how often a task was solved, in how many steps, and where it was not."""
    solved = [result for result in played if result.success]
    steps = sum(result.steps for result in played) / len(played)
    lost = [
        f"{result.seed}: {result.detail or result.reason or result.raw_reward}"[:100]
        for result in played
        if not result.success
    ]
    return f"{task:32} {len(solved):3}/{len(played)} {steps:5.1f} steps  {'; '.join(lost)}".rstrip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--via", choices=("browser", "desktop"), default="browser")
    parser.add_argument("--tasks")
    parser.add_argument("--episodes", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1)
    options = parser.parse_args()
    began = time.monotonic()
    played = asyncio.run(results(options))
    solved = sum(result.success for one in played.values() for result in one)
    count = sum(map(len, played.values()))
    print(f"{solved} of {count} trials of {len(played)} tasks in {time.monotonic() - began:.0f} s")
    if options.tasks is None:
        print("none for:", *(f"  {task}: {why}" for task, why in NO_ORACLE.items()), sep="\n")
    poor = [
        task
        for task, one in played.items()
        if sum(result.success for result in one) < ENOUGH * len(one)
    ]
    if poor:
        raise SystemExit(f"solved in fewer than {ENOUGH:.0%}: {', '.join(sorted(poor))}")


if __name__ == "__main__":
    main()
