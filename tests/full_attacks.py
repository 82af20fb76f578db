"""Try every attack of tests/attacks under every policy, in the words of several families; count.

The tests run a small seeded sample of this. The whole sweep, which docs/COUNTS.md reports:

    .venv/bin/python tests/full_attacks.py
"""

import argparse
import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

from attack_run import MODES, attempt
from attack_stage import attacks

DIALECTS = ("native", "mobile_use", "qwen3-mobile", "ui-tars-1.5", "autoglm")


@dataclass
class Tally:
    """What a sweep found."""

    runs: int = 0
    steps: int = 0
    refused: int = 0
    unsaid: int = 0
    harmless: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    rules: Counter[str] = field(default_factory=Counter)


async def sweep(only: str, dialects: tuple[str, ...]) -> Tally:
    """Try everything."""
    tally = Tally()
    items = [one for one in attacks() if only in one.id]
    for attack in items:
        tried = await attempt(attack, "nobody guards")
        if not set(attack.never) - {"secret"} <= tried.stage.harms():
            tally.harmless.append(attack.id)
        for dialect in dialects:
            for mode in MODES:
                tried = await attempt(attack, mode, dialect=dialect)
                tally.runs += 1
                tally.steps += len(tried.steps)
                tally.refused += len(tried.refused)
                tally.unsaid += len(tried.model.unsaid)
                tally.violations += [f"{dialect}: {fault}" for fault in tried.faults()]
                tally.rules.update(s.decision.rule for s in tried.refused if s.decision)
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="part of the names of attacks")
    parser.add_argument("--dialect", action="append", help="by default several")
    given = parser.parse_args()
    began = time.monotonic()
    dialects = tuple(given.dialect or DIALECTS)
    tally = asyncio.run(sweep(given.only, dialects))
    for line in [*tally.harmless, *tally.violations][:40]:
        print(line)
    print(f"attacks              {len([a for a in attacks() if given.only in a.id])}")
    print(f"families, ways       {len(dialects)}, {len(MODES)}")
    print(f"runs                 {tally.runs:,}")
    print(f"steps                {tally.steps:,}")
    print(f"refused              {tally.refused:,}")
    print(f"no words for it      {tally.unsaid:,}")
    print(f"harmless unguarded   {len(tally.harmless):,}")
    print(f"violations           {len(tally.violations):,}")
    print(f"time                 {time.monotonic() - began:.0f} s")
    for name, number in tally.rules.most_common():
        print(f"  {name:<28} {number:,}")
    raise SystemExit(bool(tally.violations or tally.harmless))


if __name__ == "__main__":
    main()
