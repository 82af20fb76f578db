"""Killed with SIGKILL in every place, on a phone behind a real adb server: done once, or not."""

import asyncio
import dataclasses
import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from practice_server import practice_phone
from practice_stand_in import StandIn
from resume_victim import TAPS, At, Fate, point

from eyehand.agent import replay
from eyehand.envs import Delivery, Episode, StopReason


class Sheet(StandIn):
    """Shows a mark for every touch, so that each screen is another."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.down = asyncio.Event()

    def touch(self, kind: str, x: float, y: float) -> None:
        super().touch(kind, x, y)
        if len(self.touched) == 1:
            self.down.set()

    def pixels(self) -> NDArray[np.uint8]:
        picture = super().pixels().copy()
        for number, (x, _) in enumerate(self.touched):
            left = 20 + 40 * number
            picture[900:930, left : left + 30] = (250, round(x) % 250, 0)
        return picture

    @property
    def touched(self) -> list[tuple[float, float]]:
        return [(event[1], event[2]) for event in self.events if event[0] == "down"]


async def test_killed_in_every_place_the_phone_is_never_touched_twice(tmp_path: Path) -> None:
    folder = tmp_path / "e"
    phone = Sheet()
    # Where each victim dies, and how often what it was at has arrived by then.
    deaths: list[tuple[At, int]] = [("intent", 0), ("input", 1), ("after", 1), ("line", 1)]
    deaths.append(("frame", 1))
    keeper = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).parent / "resume_victim.py"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    if keeper.stdin is None or keeper.stdout is None:
        raise RuntimeError("no pipes")
    async with asyncio.timeout(60), practice_phone(phone) as practice:
        fate = Fate(str(folder), practice.serial, practice.server.port)
        for index, (at, _) in enumerate([*deaths, ("", 1)]):
            fate = dataclasses.replace(fate, resume=index > 0, at=at, index=index)
            keeper.stdin.write(json.dumps(dataclasses.asdict(fate)).encode() + b"\n")
            victim = int(await keeper.stdout.readline())
            if at == "input":
                await phone.down.wait()
                os.kill(victim, signal.SIGKILL)
            ended = (await keeper.stdout.readline()).strip()
            assert ended == (b"dead" if at else b"done")
            if at:
                read = Episode.load(folder)
                assert read.stop is None
                assert len(read.steps) == index
                assert read.pending is not None
                assert read.pending.index == index
        keeper.stdin.close()
        assert await keeper.wait() == 0
    touched = Counter(round(x) for x, _ in phone.touched)
    arrived = [times for _, times in deaths] + [1] * (TAPS - len(deaths))
    assert [touched[point(index)[0]] for index in range(TAPS)] == arrived
    read = Episode.load(folder)
    assert read.stop is StopReason.DONE
    assert len(read.resumptions) == len(deaths)
    assert not list((folder / "frames").glob("*.part"))
    delivered = [step.result.delivery for step in read.steps if step.result is not None]
    assert delivered == [Delivery.UNKNOWN] * len(deaths) + [Delivery.DELIVERED]
    for step, times in zip(read.steps, arrived, strict=False):
        if step.result is not None and step.result.delivery is Delivery.UNKNOWN:
            assert step.result.effect == ("changed" if times else "unchanged")
    assert (await replay(folder)).complete
