"""Let the oracle solve tasks through a real adb server, as `AndroidEnv` sees and touches a phone.

The tests run a few families. All of them, which docs/COUNTS.md reports:

    .venv/bin/python tests/adb_oracles.py --seeds 3
"""

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from practice_server import AdbServer, adb_server, practice_phone

from eyehand.actions import Answer, Done
from eyehand.envs import AndroidEnv, EnvError
from eyehand.envs.practice.phone import Phone
from eyehand.envs.practice.tasks import FAMILIES, PracticeTask, Unfit, make_task
from eyehand.envs.practice.tasks.oracle import MOST_STEPS, next_action
from eyehand.envs.practice.tasks.steps import Lost


@asynccontextmanager
async def phone_with_task(
    family: str, seed: int, server: AdbServer
) -> AsyncIterator[tuple[AndroidEnv, Phone, PracticeTask]]:
    """Serve a phone that is set up for a task, and connect to it.

    Raises:
        Unfit: The phone has nothing for the family.
    """
    phone = Phone(seed)
    task = make_task(family, phone, seed)
    async with practice_phone(phone, server=server, adb_keyboard=True) as practice:
        env = AndroidEnv(practice.serial, server=("127.0.0.1", server.port))
        try:
            yield env, phone, task
        finally:
            await env.close()


async def solve(family: str, seed: int, server: AdbServer) -> str | None:
    """Solve one task; gives what went wrong, empty where nothing did, None where none fits."""
    try:
        async with phone_with_task(family, seed, server) as (env, phone, task):
            seen = await env.reset()
            said: list[str] = []
            for _ in range(MOST_STEPS):
                action = next_action(task, phone, said).action
                if isinstance(action, Done):
                    return "" if task.passed(phone, said, action.status) else "the check says no"
                if isinstance(action, Answer):
                    said.append(action.text)
                    continue
                outcome = await env.perform(action, seen)
                seen = outcome.after or await env.observe()
            return f"it took more than {MOST_STEPS} steps"
    except Unfit:
        return None
    except (EnvError, Lost) as error:
        return f"{type(error).__name__}: {error}"


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("families", nargs="*", default=sorted(FAMILIES))
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    began, solved, failed = time.monotonic(), 0, 0
    async with adb_server() as server:
        for family in arguments.families:
            seed = found = 0
            while found < arguments.seeds and seed < 50:
                wrong = await solve(family, seed, server)
                found += wrong is not None
                solved += wrong == ""
                if wrong:
                    failed += 1
                    print(f"{family}, seed {seed}: {wrong}", flush=True)
                seed += 1
            print(f"{family}: {found} tried", file=sys.stderr, flush=True)
    print(f"{len(arguments.families)} families, {solved} solved, {failed} not")
    print(f"{time.monotonic() - began:.0f} s")
    raise SystemExit(bool(failed))


if __name__ == "__main__":
    asyncio.run(main())
