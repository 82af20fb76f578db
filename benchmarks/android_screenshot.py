"""A screenshot of a 1080x2400 phone through the real adb server, beside adbutils' own.

The phone is a practice phone in a process of its own, which keeps its encoded picture: what is
measured is the way from there to RGB pixels here. A real phone adds its own encoding.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import time
from collections.abc import Callable

import adbutils
import numpy as np
from common import machine
from phones import served

from eyehand.envs.adb_link import Bounds, Link
from eyehand.envs.adb_server import Server
from eyehand.envs.android_screen import Screencap, read_png
from eyehand.envs.worker import Stop


def timed(work: Callable[[], object], count: int) -> list[float]:
    """Milliseconds of each run, after two that do not count."""
    took = []
    for number in range(count + 2):
        began = time.perf_counter()
        work()
        if number >= 2:
            took.append(1e3 * (time.perf_counter() - began))
    return took


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=40)
    count = parser.parse_args().count
    async with served("--seed", "3", "--size", "1080x2400") as (serial, server):
        rows = await asyncio.to_thread(measure, serial, server, count)
    print(f"{machine()}, adbutils {adbutils.__version__}\n")
    print("| way | p50 | p95 | adbutils' p50 / it |")
    print("|---|---|---|---|")
    peer = statistics.median(rows["adbutils: screenshot() to an array"])
    for name, took in rows.items():
        middle, late = statistics.median(took), statistics.quantiles(took, n=20)[-1]
        print(f"| {name} | {middle:.1f} ms | {late:.1f} ms | {peer / middle:.2f} |")


def measure(serial: str, server: tuple[str, int], count: int) -> dict[str, list[float]]:
    """Take pictures in every way."""
    stop = Stop()
    link = Link(Server(server), serial, Bounds())
    link.connect(stop)
    ways = {way: Screencap(link, way=way) for way in ("png", "raw")}
    device = adbutils.AdbClient(*server).device(serial)
    env = {**os.environ, "ANDROID_ADB_SERVER_PORT": str(server[1])}
    command = ["adb", "-s", serial, "exec-out", "screencap", "-p"]

    def program() -> object:
        return read_png(
            subprocess.run(command, capture_output=True, env=env, check=True).stdout
        ).rgb()

    return {
        "adbutils: screenshot() to an array": timed(lambda: np.asarray(device.screenshot()), count),
        "adb exec-out as a program, PNG": timed(program, count),
        "eyehand, PNG": timed(lambda: ways["png"].shot(stop).rgb(), count),
        "eyehand, PNG, bytes alone": timed(lambda: ways["png"].shot(stop), count),
        "eyehand, raw": timed(lambda: ways["raw"].shot(stop).rgb(), count),
        "eyehand, raw, bytes alone": timed(lambda: ways["raw"].shot(stop), count),
    }


if __name__ == "__main__":
    asyncio.run(main())
