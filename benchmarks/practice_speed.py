"""Steps a second on the practice phone in this process, beside the same phone through adb.

A step: from one observation through an action to the next. Once with somebody who wanders about on
one phone, and once with the oracle, which gets a new phone for every task: whatever it reads is
drawn for the first time, and hardly any of its steps changes nothing. Its thinking is left out.
"""

import argparse
import asyncio
import random
import statistics
import time

from common import machine
from phones import served

from eyehand.actions import parse_action
from eyehand.envs import AndroidEnv, PracticeEnv
from eyehand.envs.practice.tasks import FAMILIES
from eyehand.envs.practice.tasks.oracle import next_action


async def in_process(count: int) -> list[float]:
    """Seconds of each of ``count`` steps, over all families."""
    took: list[float] = []
    seed = 0
    while len(took) < count:
        for family in sorted(FAMILIES):
            try:
                env = PracticeEnv(seed, family)
            except ValueError:  # this phone has nothing for it
                continue
            seen, said = await env.reset(), list[str]()
            assert env.task is not None
            for _ in range(60):
                action = next_action(env.task, env.phone, said).action
                if action.action == "done":
                    break
                if action.action == "answer":
                    said.append(action.text)
                    continue
                began = time.perf_counter()
                outcome = await env.perform(action, seen)
                took.append(time.perf_counter() - began)
                assert outcome.after is not None
                seen = outcome.after
        seed += 1
    return took[:count]


async def wander(count: int) -> list[float]:
    """Seconds of each of ``count`` steps of somebody who taps anywhere on one phone."""
    env, rng = PracticeEnv(3), random.Random(1)
    seen, took = await env.reset(), list[float]()
    names = ("Notes", "Shop", "Messages", "Settings", "Contacts", "Clock")
    while len(took) < count:
        point = [rng.randrange(540), rng.randrange(40, 1200)]
        action = rng.choices(
            (
                {"action": "click", "point": point},
                {"action": "scroll", "direction": rng.choice(("up", "down"))},
                {"action": "back"},
                {"action": "open_app", "name": rng.choice(names)},
                {"action": "home"},
            ),
            (70, 10, 10, 5, 5),
        )[0]
        began = time.perf_counter()
        outcome = await env.perform(parse_action(action), seen)
        took.append(time.perf_counter() - began)
        assert outcome.after is not None
        seen = outcome.after
    return took


async def through_adb(count: int) -> list[float]:
    """Seconds of each of ``count`` taps that open and close an app, settling included."""
    took: list[float] = []
    async with served("--seed", "3") as (serial, server):
        env = AndroidEnv(serial, server=server)
        seen = await env.reset()
        try:
            for number in range(count):
                action = (
                    {"action": "home"} if number % 2 else {"action": "click", "point": [80, 366]}
                )
                began = time.perf_counter()
                outcome = await env.perform(parse_action(action), seen)
                took.append(time.perf_counter() - began)
                assert outcome.after is not None
                seen = outcome.after
        finally:
            await env.close()
    return took


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--adb-steps", type=int, default=40)
    arguments = parser.parse_args()
    one = await wander(arguments.steps)
    inside = await in_process(arguments.steps)
    outside = await through_adb(arguments.adb_steps)
    print(f"{machine()}\n")
    print("| where | steps | a second | a step, median | p95 |")
    print("|---|---|---|---|---|")
    for name, took in (
        ("one phone, wandering", one),
        ("a new phone a task, the oracle", inside),
        ("through adb, settling included", outside),
    ):
        middle, late = statistics.median(took), statistics.quantiles(took, n=20)[-1]
        rate = len(took) / sum(took)
        print(
            f"| {name} | {len(took)} | {rate:.0f} | {1e3 * middle:.2f} ms | {1e3 * late:.2f} ms |"
        )


if __name__ == "__main__":
    asyncio.run(main())
