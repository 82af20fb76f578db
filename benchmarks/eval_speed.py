"""How quickly recorded results are scored again, and what memory 100,000 of them take.

The results are those of a baseline on screens with as many elements as AITZ has, one core. The peer
is `json.loads` of the same lines, which no scorer can do without.

    taskset -c 0 python benchmarks/eval_speed.py [--results 1000] [--many 100000]
"""

import argparse
import json
import random
import resource
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from common import machine

from eyehand.actions import Click, Point, Size
from eyehand.agent.eval_scores import score_file
from eyehand.agent.line_file import to_line
from eyehand.agent.metrics import evaluator_named
from eyehand.agent.results import Header, Result

SIZE = Size(1080, 2400)
STEPS = 8
ELEMENTS = 40


def aitz_step(draw: random.Random, episode: int, index: int) -> dict[str, Any]:
    """Make a step with AITZ's fields: a tap in one of its elements."""
    boxes = [
        [draw.randint(0, 2300), draw.randint(0, 980), draw.randint(20, 100), draw.randint(20, 100)]
        for _ in range(ELEMENTS)
    ]
    top, left, height, width = draw.choice(boxes)
    place = [(top + height / 2) / SIZE.height, (left + width / 2) / SIZE.width]
    return {
        "episode_id": str(episode),
        "episode_length": STEPS,
        "step_id": index,
        "instruction": "Open the settings and turn the volume down",
        "ui_positions": json.dumps(boxes),
        "ui_text": json.dumps(["text"] * ELEMENTS),
        "ui_types": json.dumps(["ICON"] * ELEMENTS),
        "result_action_type": 4,
        "result_action_text": "",
        "result_touch_yx": json.dumps(place),
        "result_lift_yx": json.dumps(place),
        "coat_action_desc": "click on the icon",
        "coat_action_think": "The goal is to turn the volume down, so the icon must be clicked.",
        "image_path": f"general/{episode}/{episode}_{index}.png",
    }


def write(path: Path, count: int, name: str, *, small: bool = False) -> None:
    """Write a results file; half of its clicks are in the right place."""
    draw = random.Random(1)
    evaluator = evaluator_named(name)
    header = Header(
        started="2026-11-22T00:00:00+00:00",
        dataset="aitz",
        path="aitz",
        dataset_hash="0" * 64,
        count=count,
        evaluator=name,
        model={"name": "benchmark", "fingerprint": "0" * 32},
        dialect="mobile_use",
        settings={},
        versions={},
        command="eyehand eval aitz aitz --model benchmark",
    )
    shared = aitz_step(draw, 0, 0)
    with path.open("wb") as file:
        file.write(to_line(header))
        for number in range(count):
            episode, index = divmod(number, STEPS)
            truth = shared if small else aitz_step(draw, episode, index)
            y, x = json.loads(truth["result_touch_yx"])
            away = 0 if number % 2 else 0.4
            click = Click(point=Point(x * SIZE.width, abs(y - away) * SIZE.height))
            prediction = evaluator.prediction([click], (), SIZE, truth)
            result = Result(
                number=number,
                id=f"{episode}/{index}",
                episode=str(episode),
                index=index,
                goal=truth["instruction"],
                tags={"subset": "general", "action": "click"},
                size=SIZE,
                reply='{"name": "mobile_use", "arguments": {"action": "click"}}',
                actions=(click,),
                answer=(click,),
                prediction=None if prediction is None else dict(prediction),
                truth=truth,
            )
            file.write(to_line(result))


def main(results: int, many: int) -> None:
    folder = Path(tempfile.mkdtemp())
    rows = []
    try:
        for name in ("aitz-qwen25", "aitz"):
            path = folder / f"{name}.jsonl"
            write(path, results, name)
            began = time.perf_counter()
            for line in path.open("rb"):
                json.loads(line)
            parsed = time.perf_counter() - began
            for rules in ("intended", "published"):
                began, busy = time.perf_counter(), time.process_time()
                scored = score_file(path, None, rules, evaluator_named)
                scored.summary()
                took, busy = time.perf_counter() - began, time.process_time() - busy
                if len(scored.rows) != results:
                    raise RuntimeError("not all was scored")
                what = f"{results:,} results by {name}, {rules} rules"
                rows.append((what, f"{took:.2f} s ({busy:.2f} s of the core)"))
            rows.append((f"json.loads of the same {results:,} lines (the peer)", f"{parsed:.3f} s"))
            rows.append(("a line", f"{path.stat().st_size / results / 1e3:.1f} kB"))
        path = folder / "many.jsonl"
        write(path, many, "aitz-qwen25", small=True)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.perf_counter()
        scored = score_file(path, None, "intended", evaluator_named)
        scored.summary()
        took = time.perf_counter() - began
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        size = path.stat().st_size / 1e6
        rows.append((f"{many:,} results ({size:.0f} MB)", f"{took:.1f} s"))
        rows.append((f"memory that the verdicts of {many:,} take", f"{grown / 1e3:.0f} MB"))
    finally:
        shutil.rmtree(folder)
    print(machine())
    print("| what | figure |")
    print("|---|---|")
    for name, figure in rows:
        print(f"| {name} | {figure} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=int, default=1000)
    parser.add_argument("--many", type=int, default=100_000)
    arguments = parser.parse_args()
    main(arguments.results, arguments.many)
