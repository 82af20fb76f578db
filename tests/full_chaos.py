"""Let everything go wrong in very many runs, and count what came of it.

The tests run a small seeded sample of this. The whole sweep, whose table is in docs/CHAOS.md:

    .venv/bin/python tests/full_chaos.py --runs 1000 --jobs 2

A sweep that was interrupted goes on where it was. One run alone, with all that it leaves:

    .venv/bin/python tests/full_chaos.py --seed 17 --keep DIR
"""

import argparse
import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

from chaos_host import warm
from chaos_plan import plan_of
from chaos_run import Report, chaos
from chaos_table import read, write
from practice_server import adb_server


async def sweep(seeds: Iterable[int], folder: Path, *, keep: bool = False) -> list[Report]:
    """Do runs one after the other.

    Args:
        seeds: Which.
        folder: For a folder of each run.
        keep: Whether the folder of a run in which nothing was wrong stays.
    """
    seeds = list(seeds)
    reports = []
    async with AsyncExitStack() as stack:
        server = None
        if any(plan_of(seed).adb for seed in seeds):
            server = await stack.enter_async_context(adb_server())
        zygote = stack.enter_context(warm(server))
        for seed in seeds:
            own = folder / f"seed-{seed}"
            report = await chaos(seed, own, zygote, server)
            print(report, flush=True)
            for words in report.wrong:
                print(f"  VIOLATION: {words}", flush=True)
            if not (keep or report.wrong):
                await asyncio.to_thread(shutil.rmtree, own)
            with (folder / f"reports-{seeds[0]}.jsonl").open("a", encoding="utf-8") as file:
                file.write(report.line() + "\n")
            reports.append(report)
    return reports


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="eyehand-chaos-") as name:
        yield Path(name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, nargs="*", help="only these runs")
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    parser.add_argument("--keep", type=Path, help="folder for what the runs leave")
    parser.add_argument("--here", action="store_true", help="no runs behind adb")
    arguments = parser.parse_args()
    if arguments.seed:
        with _folder(arguments.keep) as folder:
            reports = asyncio.run(sweep(arguments.seed, folder, keep=arguments.keep is not None))
        raise SystemExit(any(report.wrong for report in reports))
    results = arguments.keep or Path(tempfile.gettempdir()) / "eyehand-chaos"
    results.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    known = {report.seed for report in read(results)}
    wanted = [
        seed
        for seed in range(arguments.first, arguments.first + arguments.runs)
        if seed not in known and not (arguments.here and plan_of(seed).adb)
    ]
    print(f"{len(wanted)} runs, {len(known)} done already; in {results}", flush=True)
    jobs = []
    for job in range(arguments.jobs):
        mine = list(map(str, wanted[job :: arguments.jobs]))
        if mine:
            own = results / f"job-{time.time_ns()}-{job}"
            words = [sys.executable, __file__, "--keep", str(own), "--seed", *mine]
            jobs.append(subprocess.Popen(words))
    try:
        for running in jobs:
            running.wait()
    finally:
        for running in jobs:
            running.terminate()
    reports = read(results)
    print(write(reports, time.monotonic() - began))
    raise SystemExit(any(report.wrong for report in reports))


if __name__ == "__main__":
    main()
