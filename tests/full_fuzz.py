"""Damage replies of every dialect and read them, very many times, and count.

The tests run a small seeded sample of this. The whole sweep, which docs/COUNTS.md reports:

    .venv/bin/python tests/full_fuzz.py 1000000
"""

import argparse
import json
import random
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from dialect_cases import KINDS, MARKS, frame_of, made, mutated, samples

from eyehand.actions import ActionError, Frame, Size
from eyehand.actions.dialects import Dialect

REPLIES = Path(__file__).parent / "data/dialects/model-outputs/outputs.json"
FRAMES = [
    frame_of(Size(1080, 2400), Size(1092, 2408)),
    frame_of(Size(1920, 1080), Size(1932, 1092)),
    frame_of(Size(360, 640), Size(364, 644)),
]


@dataclass
class Tally:
    """What a sweep found."""

    replies: int = 0
    understood: int = 0
    repaired: int = 0
    refused: int = 0
    slowest_s: float = 0.0
    repairs: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)


def written(dialect: Dialect) -> list[str]:
    """Give replies to damage: what the dialect writes, and what models were seen to write."""
    replies = [item["raw"] for item in json.loads(REPLIES.read_text())["items"]]
    for action in samples(FRAMES[0]):
        try:
            replies.append(dialect.render(action, FRAMES[0], "I see it."))
        except ActionError:
            continue
    return replies


def noise(draw: random.Random) -> str:
    """Give marks of all families and any characters, in any order."""
    pieces = []
    for _ in range(draw.randrange(1, 30)):
        kind = draw.random()
        if kind < 0.6:
            pieces.append(draw.choice(MARKS))
        elif kind < 0.9:
            pieces.append(str(draw.randrange(3000)))
        else:
            pieces.append(chr(draw.randrange(0x20, 0x3000)))
    return "".join(pieces)


def read(dialect: Dialect, reply: str, frame: Frame, tally: Tally) -> None:
    """Read a reply: it must be actions on the screen, or an error of one line."""
    tally.replies += 1
    began = time.perf_counter()
    try:
        parsed = dialect.parse(reply, frame)
    except ActionError as error:
        tally.refused += 1
        if not str(error) or "\n" in str(error):
            tally.violations.append(f"{dialect.name}: {reply!r}: says {str(error)!r}")
    except Exception:
        tally.violations.append(f"{dialect.name}: {reply!r}: {traceback.format_exc()}")
    else:
        tally.understood += 1
        tally.repaired += bool(parsed.repairs)
        tally.repairs.update(repair.name for repair in parsed.repairs)
        try:
            for action in parsed.actions:
                for _, point in action.points():
                    frame.require_inside(point)
        except ActionError as error:
            tally.violations.append(f"{dialect.name}: {reply!r}: {error}")
        if not parsed.actions:
            tally.violations.append(f"{dialect.name}: {reply!r}: no action")
    tally.slowest_s = max(tally.slowest_s, time.perf_counter() - began)


def sweep(count: int, seed: int, *, only: str = "") -> Tally:
    """Read so many damaged replies, shared among the dialects."""
    draw, tally = random.Random(seed), Tally()
    kinds = [(name, place) for name, place in KINDS if only in ("", name)]
    for name, place in kinds:
        dialect = made(name, place)
        replies = written(dialect)
        for number in range(count // len(kinds)):
            reply = noise(draw) if number % 10 == 0 else mutated(draw.choice(replies), draw)
            read(dialect, reply, draw.choice(FRAMES), tally)
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dialect", default="", help="only this one")
    given = parser.parse_args()
    began = time.monotonic()
    tally = sweep(given.count, given.seed, only=given.dialect)
    for line in tally.violations[:20]:
        print(line)
    print(f"dialects and places  {len(KINDS)}")
    print(f"replies              {tally.replies:,}")
    print(f"understood           {tally.understood:,} ({tally.repaired:,} with repairs)")
    print(f"refused              {tally.refused:,}")
    print(f"slowest              {tally.slowest_s * 1000:.1f} ms")
    print(f"violations           {len(tally.violations):,}")
    print(f"time                 {time.monotonic() - began:.0f} s")
    for name, number in tally.repairs.most_common():
        print(f"  {name:<28} {number:,}")
    raise SystemExit(bool(tally.violations))


if __name__ == "__main__":
    main()
