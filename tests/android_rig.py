"""What tests of AndroidEnv share: an adb server for a whole file, and a hand on one phone."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from practice_server import ADBS, AdbServer, Practice, wheel_adb

from eyehand.actions import parse_action
from eyehand.envs.android import AndroidEnv
from eyehand.envs.base import Observation, Outcome
from eyehand.envs.settle import SettlePolicy

QUICK = SettlePolicy(response_s=0.0, quiet_s=0.0, limit_s=1.0)


@contextmanager
def running_server(adb: str = ADBS["debian"]) -> Iterator[AdbServer]:
    """A private adb server for a whole file of tests: starting one takes half a second."""
    server = AdbServer(adb or wheel_adb())

    def run(word: str) -> None:
        subprocess.run([server.adb, word], env=server.env, capture_output=True, check=True)

    run("start-server")
    try:
        yield server
    finally:
        run("kill-server")
        for path in sorted(server.home.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        server.home.rmdir()


def env_of(practice: Practice, **options: Any) -> AndroidEnv:
    options.setdefault("settle", QUICK)
    return AndroidEnv(practice.serial, server=("127.0.0.1", practice.server.port), **options)


class Hand:
    """An env, and the last that it saw."""

    def __init__(self, env: AndroidEnv, seen: Observation) -> None:
        self.env, self.seen = env, seen

    async def do(self, action: str, **fields: Any) -> Outcome:
        outcome = await self.env.perform(parse_action({"action": action, **fields}), self.seen)
        assert outcome.after is not None, outcome
        self.seen = outcome.after
        return outcome


@asynccontextmanager
async def hand(practice: Practice, **options: Any) -> AsyncIterator[Hand]:
    """A hand on a phone, for a while."""
    env = env_of(practice, **options)
    try:
        yield Hand(env, await env.reset())
    finally:
        await env.close()
