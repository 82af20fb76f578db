"""A real env with no device: a sheet of paper that shows a dot where it was clicked.

Deterministic and quick, for tests of the loop, the journal and the replay.
"""

import asyncio
import itertools
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from eyehand.actions import Click, Frame, Point, Size, Type
from eyehand.envs import (
    ActionFailed,
    ActionNotSupported,
    CaptureFailed,
    Delivery,
    Effect,
    EnvClosed,
    Observation,
    Outcome,
)
from eyehand.envs.errors import ScreenChanged
from eyehand.envs.freshness import Freshness, Now


class PaperEnv:
    live = True
    action_space = frozenset({"click", "type", "wait", "screenshot"})

    def __init__(self, *, dies_after: int | None = None) -> None:
        size = Size(320, 240)
        self.frame = Frame("paper", size, size)
        self.sheet = np.full((size.height, size.width, 3), 255, np.uint8)
        self.clicks: list[tuple[int, int]] = []
        self.typed = ""
        self.looks = itertools.count(1)
        self.dies_after = dies_after
        self.asked = 0
        self.open: bool | None = None
        self.fresh = Freshness()

    @property
    def name(self) -> str:
        return "paper"

    def describe(self) -> dict[str, Any]:
        return {"kind": "paper", "size": str(self.frame.physical)}

    async def reset(self) -> Observation:
        if self.open is False:
            raise EnvClosed("the paper is put away")
        self.open = True
        return self._see()

    async def observe(self) -> Observation:
        if not self.open:
            raise EnvClosed("the paper is not out")
        if self.dies_after is not None and next(self.looks) > self.dies_after:
            raise CaptureFailed("the paper burned")
        return self._see()

    async def perform(self, action: Any, seen: Observation) -> Outcome:
        if not self.open:
            raise EnvClosed("the paper is not out")
        if action.action not in self.action_space:
            raise ActionNotSupported(f"paper cannot {action.action}")
        for _, point in action.points():
            self.frame.to_pointer(point)
        if not seen.frame.same_screen(self.frame):
            raise ScreenChanged("the screen changed its size; nothing was done: look again")
        self.fresh.require(action, seen, Now(self.sheet, (3, 64)))
        before = self.sheet.copy()
        if isinstance(action, Click):
            x, y = self.frame.to_pointer(action.point or Point(0, 0))
            self.clicks.append((x, y))
            self.sheet[y, x] = 255 - self.sheet[y, x]
        elif isinstance(action, Type):
            if "forbidden" in action.text:
                raise ActionFailed("the pencil broke", delivered=True)
            self.typed += action.text
            self.sheet[0, len(self.typed) % self.sheet.shape[1]] = 0
        elif action.action == "wait":
            await asyncio.sleep(action.seconds)
        changed = not np.array_equal(before, self.sheet)
        effect = Effect.CHANGED if changed else Effect.UNCHANGED
        return Outcome(Delivery.DELIVERED, effect, self._see(), settle_s=0.001)

    async def probe(self, name: str, arguments: Mapping[str, Any], read: Any) -> Any:
        if not self.open:
            raise EnvClosed("the paper is not out")
        self.asked += 1
        return await read()

    async def close(self) -> None:
        self.open = False

    def _see(self) -> Observation:
        return Observation(
            self.sheet.copy(), self.frame, time=time.time(), extras={"window": "Paper"}
        )
