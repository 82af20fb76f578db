"""What tests of secrets share: looking for one in every byte and every picture."""

import base64
import pickle
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from eyehand.actions import parse_action
from eyehand.envs import Observation, Outcome
from eyehand.envs.masking_shapes import Area, differing, tight
from eyehand.model import Pixels

SECRET = "hunter2 Zq"


def spellings(value: str) -> list[bytes]:
    """How a value may lie in a file."""
    found = [
        value.encode(),
        value.encode("utf-16-le"),
        value.encode("utf-16-be"),
        value[::-1].encode(),
    ]
    found += [value.encode().hex().encode(), value.encode().hex().upper().encode()]
    for shift in range(3 if len(value) >= 8 else 0):
        packed = base64.b64encode(b"\0" * shift + value.encode())
        found.append(packed[(0, 2, 3)[shift] : -4])
    return found


def require_none(value: str, things: Iterable[tuple[str, bytes]]) -> None:
    """See that a value is nowhere."""
    for name, body in things:
        for spelling in spellings(value):
            assert spelling not in body, f"{name} holds {spelling!r}"


def bytes_of(folder: Path) -> list[tuple[str, bytes]]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    assert files
    return [(path.name, path.read_bytes()) for path in files]


def pictures_of(folder: Path) -> list[Pixels]:
    return [np.asarray(Image.open(path).convert("RGB")) for path in sorted(folder.rglob("*.png"))]


def pickled(*things: Any) -> bytes:
    return pickle.dumps(things)


class Drawn:
    """The glyphs of a text, as a control that hides nothing has drawn them."""

    def __init__(self, before: Pixels, after: Pixels, area: Area) -> None:
        inside = tight(
            differing(area.of(before), area.of(after)), Area(0, 0, area.width, area.height)
        )
        self.pixels = inside.of(area.of(after))
        # Thirds, so that a part of it is found, too.
        cut = np.array_split(np.arange(self.pixels.shape[1]), 3)
        self.parts = [self.pixels[:, columns[0] : columns[-1] + 1] for columns in cut]
        assert all(part.std() > 1 for part in self.parts)

    def times(self, pictures: Sequence[Pixels]) -> int:
        """In how many pictures any third of it is."""
        return sum(any(holds(picture, part) for part in self.parts) for picture in pictures)


def holds(picture: Pixels, part: Pixels) -> bool:
    """Whether a piece is in a picture, to the pixel."""
    height, width = part.shape[:2]
    rows = picture.tobytes()
    row = part[height // 2].tobytes()
    stride = picture.shape[1] * 3
    start = -1
    while (start := rows.find(row, start + 1)) >= 0:
        y, x = divmod(start, stride)
        if x % 3:
            continue
        top, left = y - height // 2, x // 3
        if top < 0 or left + width > picture.shape[1]:
            continue
        if np.array_equal(picture[top : top + height, left : left + width], part):
            return True
    return False


class Desk:
    """An env that is worked by names instead of points; remembers what was done."""

    def __init__(self, env: Any, seen: Observation) -> None:
        self.env, self.seen = env, seen
        self.done: list[dict[str, Any]] = []
        self.frames = [seen.pixels]

    async def do(self, **action: Any) -> Outcome:
        self.done.append(action)
        outcome: Outcome = await self.env.perform(parse_action(action), self.seen)
        assert outcome.after is not None
        self.seen = outcome.after
        self.frames.append(self.seen.pixels)
        return outcome

    async def tap(self, name: str) -> Outcome:
        shown = [s for s in await self.env.shown() if name in (s.text, s.label, s.id)]
        left, top, right, bottom = shown[-1].box
        return await self.do(action="click", point=[(left + right) / 2, (top + bottom) / 2])
