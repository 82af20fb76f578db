"""What eyehand adds to a step at 1080p, beside the loop that people write by hand.

Three programs work the same real window on the same private display, in one process:

- plain: ``mss`` grab, ``pyautogui`` click, ``time.sleep(1)``, grab again (no record at all)
- eyehand without a record: capture, click, wait for stillness
- eyehand with a record: the same, every intent and step fsynced, every picture stored

    python benchmarks/step_overhead.py [--steps 40]
"""

import argparse
import asyncio
import contextlib
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from common import machine

from eyehand.agent import Agent, Task, TaskStep
from eyehand.envs import DesktopEnv, VirtualDisplay
from eyehand.model import Size

WINDOW = """
import tkinter as tk
root = tk.Tk(); root.geometry("600x400+200+200"); root.title("target")
label = tk.Label(root, text="0", font=("TkDefaultFont", 40)); label.pack(expand=True, fill="both")
count = 0
def hit(event):
    global count
    count += 1
    label.config(text=str(count))
label.bind("<Button-1>", hit)
root.mainloop()
"""


def plain(display: str, steps: int) -> list[float]:
    """The loop that people write: look, click, sleep a second, look."""
    import mss
    import pyautogui

    # pyautogui works the display it was imported on; the env has bound it to ours by now.
    times = []
    with mss.MSS(display=display) as screen:
        monitor = screen.monitors[1]
        for _ in range(steps):
            began = time.perf_counter()
            screen.grab(monitor)
            pyautogui.click(400, 400, _pause=False)
            time.sleep(1)
            screen.grab(monitor)
            times.append(time.perf_counter() - began)
    return times


async def ours(display: str, steps: int, record: Path | None) -> tuple[list[float], list[float]]:
    """The same clicks through eyehand: seconds of each step, and of its settling."""
    task = Task(name="clicks", steps=(TaskStep.of({"click": [400, 400]}),) * steps)
    agent = Agent(DesktopEnv(display), record=record)
    times, settles = [], []
    last = time.perf_counter()
    async with contextlib.aclosing(agent.steps(task)) as running:
        async for step in running:
            now = time.perf_counter()
            times.append(now - last)
            settles.append(step.result.settle_s if step.result else 0.0)
            last = now
    return times[1:], settles[1:]  # the first includes connecting


async def main(steps: int) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        async with VirtualDisplay(Size(1920, 1080)) as screen:
            await screen.launch([sys.executable, "-c", WINDOW])
            await screen.wait_window(title="target")
            bare, bare_settle = await ours(screen.display, steps, None)
            kept, kept_settle = await ours(screen.display, steps, folder / "episode")
            slept = await asyncio.to_thread(plain, screen.display, steps)
        size = sum(path.stat().st_size for path in (folder / "episode").rglob("*.*"))
    finally:
        shutil.rmtree(folder)

    def ms(values: list[float]) -> str:
        return f"{statistics.median(values) * 1000:.0f} ms"

    print(machine())
    print(f"steps: {steps}, 1920x1080, every click changes the window; medians")
    print("| loop | a step | of it settling | overhead besides settling |")
    print("|---|---|---|---|")
    print(f"| mss + pyautogui + time.sleep(1) | {ms(slept)} | 1000 ms asleep | - |")
    for name, times, settles in (
        ("eyehand", bare, bare_settle),
        ("eyehand, recorded", kept, kept_settle),
    ):
        rest = [a - b for a, b in zip(times, settles, strict=True)]
        print(f"| {name} | {ms(times)} | {ms(settles)} | {ms(rest)} |")
    ratio = statistics.median(slept) / statistics.median(kept)
    print(f"recorded eyehand takes 1/{ratio:.1f} of the sleeping loop's time a step")
    print(f"the recording: {size / 1e6:.2f} MB for {steps} steps")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=40)
    asyncio.run(main(parser.parse_args().steps))
