"""Hold the bound in Frame's docstring against very many frames, and count.

The tests run a small seeded sample of this. The whole sweep, which docs/COUNTS.md reports:

    .venv/bin/python tests/full_counts.py 2000000
"""

import argparse
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction

from eyehand.actions import Frame, Point, Space
from eyehand.actions.geometry import Rotation, whole
from eyehand.model import Size, smart_resize

ROTATIONS: tuple[Rotation, ...] = (0, 90, 180, 270)
SCALES = (1, 1.25, 1.5, 2, 3, 4)
SIDES = (320, 640, 720, 768, 1000, 1080, 1280, 1366, 1440, 1600, 1920, 2160, 2400, 2560, 3840, 7680)
# Factor and limits: Qwen2-VL's and Qwen2.5-VL's own, their README's cap, Qwen3-VL's, and a script.
PLANS = ((28, 3136, 12_845_056), (28, 3136, 1_003_520), (32, 65_536, 16_777_216), None)
SLACK = 1e-6  # the result is whole and the bound a float


@dataclass(frozen=True)
class Case:
    """One pointer unit on one frame, said in one space."""

    frame: Frame
    space: Space
    unit: tuple[int, int]


@dataclass
class Tally:
    """What a sweep found."""

    cases: int = 0
    exact: int = 0
    quantum_at_most_one: int = 0
    worst: float = 0
    by_space: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)


def make_frame(
    physical: Size, scale: float, rotation: Rotation, origin: tuple[int, int] = (0, 0)
) -> Frame:
    """Give the frame of a screen whose pointer units are ``scale`` pixels long."""
    width, height = (max(1, round(side / scale)) for side in physical)
    logical = Size(height, width) if rotation in (90, 270) else Size(width, height)
    return Frame(":0", physical, logical, origin, rotation)


def draw(rng: random.Random) -> Case:
    """Draw a case: common and odd sizes, all rotations and spaces, often an edge."""

    def side() -> int:
        return rng.choice(SIDES) if rng.random() < 0.5 else rng.randint(320, 7680)

    physical = Size(side(), side())
    scale = rng.choice(SCALES) if rng.random() < 0.7 else rng.uniform(1, 4)
    origin = (rng.randint(-8000, 8000), rng.randint(-8000, 8000)) if rng.random() < 0.3 else (0, 0)
    frame = make_frame(physical, scale, rng.choice(ROTATIONS), origin)
    plan = rng.choice(PLANS)
    image = physical
    if plan is not None:
        factor, low, high = plan
        image = smart_resize(physical, factor=factor, min_pixels=low, max_pixels=high)

    def unit(start: int, count: int) -> int:
        return start + (
            rng.choice((0, 1, count - 2, count - 1)) if rng.random() < 0.2 else rng.randrange(count)
        )

    where = unit(origin[0], frame.logical.width), unit(origin[1], frame.logical.height)
    return Case(frame.planned(image), rng.choice(tuple(Space)), where)


def say(point: Point, space: Space) -> Point:
    """Write a point as a model of that space would: whole numbers, or three decimals."""
    if space is not Space.REL1:
        return Point(*whole(point))
    return Point(*(number / 1000 for number in whole(Point(point.x * 1000, point.y * 1000))))


def quanta(frame: Frame, space: Space) -> tuple[Fraction, Fraction]:
    """Give one unit of what the model writes, in pointer units, along the pointer's x and y."""
    assert frame.image is not None
    full = {Space.IMAGE: None, Space.REL1: 1000}.get(space, space.full)
    along_x, along_y = frame.image if full is None else (full, full)
    if frame.rotation in (90, 270):
        along_x, along_y = along_y, along_x
    return Fraction(frame.logical.width, along_x), Fraction(frame.logical.height, along_y)


def check(case: Case, tally: Tally) -> None:
    """Send the unit to the model's space and back, and judge where it lands."""
    frame, space = case.frame, case.space
    said = say(frame.to_model(frame.from_pointer(*case.unit), space), space)
    point, clamp = frame.from_model(said.x, said.y, space)
    landed = frame.to_pointer(point)
    tally.cases += 1
    tally.by_space[space] += 1
    tally.exact += landed == case.unit
    problems = ["clamped"] if clamp else []
    sizes = zip(landed, case.unit, frame.origin, frame.logical, quanta(frame, space), strict=True)
    for there, here, start, count, quantum in sizes:
        error = abs(there - here)
        tally.worst = max(tally.worst, error / (0.5 + 0.5 * float(quantum)))
        tally.quantum_at_most_one += quantum <= 1
        if error > 0.5 + 0.5 * quantum + SLACK:
            problems.append(f"off by {error} with a quantum of {float(quantum):.4g}")
        if quantum <= 1 and error:
            problems.append(f"off by {error} though the quantum is {float(quantum):.4g}")
        if not start <= there < start + count:
            problems.append(f"left the screen: {there}")
    if problems:
        tally.violations.append(f"{case}: said {said}, landed {landed}: {'; '.join(problems)}")


def sweep(count: int, seed: int) -> Tally:
    """Check ``count`` cases; the same seed draws the same ones."""
    rng = random.Random(seed)
    tally = Tally()
    for _ in range(count):
        check(draw(rng), tally)
    return tally


def main() -> None:
    """Run the sweep and print what docs/COUNTS.md holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=2_000_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    started = time.perf_counter()
    tally = sweep(arguments.count, arguments.seed)
    print(f"cases                        {tally.cases:>12,}")
    for space in Space:
        print(f"  in {space.value:<26}{tally.by_space[space]:>10,}")
    print(f"came back to the same unit   {tally.exact:>12,}")
    print(f"axes with a quantum <= 1     {tally.quantum_at_most_one:>12,}")
    print(f"largest error / its bound    {tally.worst:>12.4f}")
    print(f"violations                   {len(tally.violations):>12,}")
    for violation in tally.violations[:20]:
        print(f"  {violation}")
    print(f"seconds                      {time.perf_counter() - started:>12.0f}")
    raise SystemExit(bool(tally.violations))


if __name__ == "__main__":
    main()
