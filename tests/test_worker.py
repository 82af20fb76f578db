"""The thread that an env's blocking calls run in."""

import subprocess
import sys

HURRIED = """
import asyncio, time
from eyehand.envs.worker import Worker

async def main():
    worker = Worker("w")
    def work(stop):
        while not stop.is_set: time.sleep(0.01)
        time.sleep(0.5)   # a program that takes its time to answer
        print("given back", flush=True)
    task = asyncio.create_task(worker.run("work", 60, work))
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    worker.shut()

asyncio.run(main())
"""


def test_python_does_not_end_before_what_was_borrowed_is_given_back() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HURRIED], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout == "given back\n"
