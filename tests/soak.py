"""Very many steps in one process: does anything grow?

    .venv/bin/python tests/soak.py --steps 10000

A finger wanders about a practice phone, recorded, from goal to goal, with no end but the limit of
steps. Every so often memory, open files and threads are counted; at the end the journal is read
and replayed. The tests run a few hundred steps; docs/CHAOS.md has the figures of the whole.
"""

import argparse
import asyncio
import gc
import os
import random
import resource
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eyehand.actions import Frame, Point
from eyehand.actions import schema as a
from eyehand.actions.dialects import NativeDialect
from eyehand.actions.schema import Action
from eyehand.agent import Agent, Limits, Task, TaskStep, replay
from eyehand.agent.events import Hooks, Stepped
from eyehand.envs import Episode, PracticeEnv, StopReason
from eyehand.envs.practice.phone import Phone
from eyehand.envs.practice.view import UiNode
from eyehand.model import Message, Reply, ScriptedModel, Size

PAGE_KB = resource.getpagesize() / 1024
GOAL_STEPS = 200
"""A goal is reached after so many: what a model is told of one goal only grows."""
WARM = 0.3
"""The part of a soak in which caches fill; what grows there does not count."""


@dataclass(frozen=True)
class Sample:
    """What a process held after so many steps.

    Attributes:
        steps: Since the beginning.
        memory_kb: Resident.
        files: Open file handles.
        threads: Alive.
        seconds: Since the sample before, for each step.
    """

    steps: int
    memory_kb: float
    files: int
    threads: int
    seconds: float


class Wanderer(ScriptedModel):
    """Touches what can be touched, types, scrolls and goes back, by a seed.

    Args:
        env: Whose phone.
        seed: Of the way.
    """

    def __init__(self, env: PracticeEnv, seed: int = 0) -> None:
        super().__init__([], name="wanderer")
        self._env, self._rng = env, random.Random(seed)
        self._dialect = NativeDialect()
        self._replies_given = 0

    async def reply(
        self,
        messages: Sequence[Message],
        *,
        grammar: str | None = None,
        stops: Sequence[str] = (),
        temperature: float | None = None,
    ) -> Reply:
        self._replies_given += 1
        if self._replies_given % GOAL_STEPS == 0:
            return Reply('{"action": "done"}')
        size = self._env.phone.size
        frame = Frame("phone", size, size).planned(size)
        return Reply(self._dialect.render(self._choose(self._env.phone), frame, "Onwards."))

    def _choose(self, phone: Phone) -> Action:
        rng = self._rng
        if not phone.awake or phone.locked:
            return a.Key(keys="power") if not phone.awake else _up(phone)
        if phone.field is not None and rng.random() < 0.3:
            return a.Type(text=rng.choice(("Grüße", "two words", "12", "дом")), clear=True)
        if rng.random() < 0.15:
            return rng.choice((a.Back(), a.Home(), _up(phone), a.AppSwitch()))
        nodes = [node for node in phone.tree().walk() if node.clickable and _inside(node, phone)]
        if not nodes:
            return a.Home()
        left, top, right, bottom = rng.choice(nodes).box
        width, height = phone.size
        x, y = min((left + right) / 2, width - 1), min((top + bottom) / 2, height - 1)
        return a.Click(point=Point(max(0, x), max(0, y)))


def _up(phone: Phone) -> Action:
    width, height = phone.size
    return a.Swipe(start=Point(width / 2, height * 0.8), end=Point(width / 2, height * 0.3))


def _inside(node: UiNode, phone: Phone) -> bool:
    left, top, right, bottom = node.box
    width, height = phone.size
    return 0 <= (left + right) / 2 < width and 0 <= (top + bottom) / 2 < height


class Meter(Hooks):
    """Counts what the process holds, every so many steps.

    Args:
        every: Steps.
        show: Whether each sample is printed.
    """

    def __init__(self, every: int, *, show: bool) -> None:
        self.every, self._show = every, show
        self.samples: list[Sample] = []
        self._then = time.monotonic()

    async def on_step(self, event: Stepped) -> None:
        done = event.step.index + 1
        if done % self.every:
            return
        gc.collect()
        now = time.monotonic()
        pages = int(Path("/proc/self/statm").read_text().split()[1])  # noqa: ASYNC240 - no disk
        files = len(os.listdir("/proc/self/fd"))
        each_s = (now - self._then) / self.every
        self._then = now
        sample = Sample(done, pages * PAGE_KB, files, threading.active_count(), each_s)
        self.samples.append(sample)
        if self._show:
            print(
                f"{done:7} steps  {sample.memory_kb / 1024:7.1f} MiB  {files:3} files  "
                f"{sample.threads:2} threads  {1000 * each_s:6.1f} ms a step",
                flush=True,
            )


@dataclass(frozen=True)
class Soaked:
    """What came of it.

    Attributes:
        samples: In order.
        slope_kb: Memory that 1,000 steps add, after the warm-up.
        files: Fewest and most open files after the warm-up.
        threads: Fewest and most threads after the warm-up.
        replayed: Steps that were replayed; None where that was not asked for.
    """

    samples: tuple[Sample, ...]
    slope_kb: float
    files: tuple[int, int]
    threads: tuple[int, int]
    replayed: int | None


async def soak(
    steps: int,
    folder: Path,
    *,
    every: int = 100,
    size: Size = Size(540, 1200),  # noqa: B008 - a tuple
    show: bool = False,
    again: bool = True,
) -> Soaked:
    """Wander.

    Args:
        steps: How many.
        folder: For the recording.
        every: Steps between two samples.
        size: Of the phone.
        show: Whether to print samples as they come.
        again: Whether to replay the recording.

    Raises:
        RuntimeError: It ended otherwise than by its limit, or the journal is not whole.
    """
    env = PracticeEnv(seed=5, size=size)
    meter = Meter(every, show=show)
    limits = Limits(steps=steps, seconds=1e6, errors=1000, stuck=False)
    agent = Agent(env, Wanderer(env), dialect="native", record=folder, hooks=[meter])
    goals = tuple(TaskStep(goal=f"Look around, {n}") for n in range(steps // GOAL_STEPS + 1))
    episode = await agent.run(Task(name="soak", steps=goals, limits=limits))
    if episode.stop is not StopReason.STEP_LIMIT:
        raise RuntimeError(f"it ended {episode.stop}: {episode.end}")
    read = await asyncio.to_thread(Episode.load, folder)
    if read.steps != episode.steps or read.end != episode.end:
        raise RuntimeError("the journal holds other steps than were made")
    replayed = (await replay(read)).steps if again else None
    warm = [sample for sample in meter.samples if sample.steps > WARM * steps]
    slope = np.polyfit([one.steps for one in warm], [one.memory_kb for one in warm], 1)[0]
    files, threads = [one.files for one in warm], [one.threads for one in warm]
    return Soaked(
        tuple(meter.samples),
        float(slope) * 1000,
        (min(files), max(files)),
        (min(threads), max(threads)),
        replayed,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--no-replay", action="store_true")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="eyehand-soak-"))
    try:
        began = time.monotonic()
        done = asyncio.run(
            soak(arguments.steps, folder / "episode", show=True, again=not arguments.no_replay)
        )
        disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    finally:
        shutil.rmtree(folder)
    first, last = done.samples[0], done.samples[-1]
    print(f"memory: {done.slope_kb:.0f} kB for 1,000 steps after the warm-up; in all from")
    print(f"  {first.memory_kb / 1024:.0f} to {last.memory_kb / 1024:.0f} MiB")
    print(f"files: {done.files[0]} to {done.files[1]}; threads: {done.threads[0]} to", end=" ")
    print(f"{done.threads[1]}; a step: {1000 * first.seconds:.0f} ms, then", end=" ")
    print(f"{1000 * last.seconds:.0f} ms; on disk {disk / 2**20:.0f} MiB")
    print(f"journal whole, {done.replayed} steps replayed; {time.monotonic() - began:.0f} s")
    sys.exit(done.files[0] != done.files[1])


if __name__ == "__main__":
    main()
