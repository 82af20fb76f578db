"""Recordings of runs that got on, as steps; tests/data/good-episodes says where they are from."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from eyehand.actions import Action, Frame, Size, parse_action
from eyehand.envs import Delivery, Effect, Observation, Step, View
from eyehand.envs.records import Result

DATA = Path(__file__).parent / "data"
GOOD = DATA / "good-episodes"


@dataclass(frozen=True)
class Seen:
    """A step, and the screens before and after it."""

    step: Step
    before: Observation
    after: Observation | None


Good = list[Seen]


@lru_cache(maxsize=64)
def screen(path: Path) -> Observation:
    """Read a screenshot."""
    return observation(np.asarray(Image.open(path).convert("RGB")))


def observation(pixels: Any) -> Observation:
    """Give a screen of these pixels."""
    height, width = pixels.shape[:2]
    size = Size(width, height)
    return Observation(pixels, Frame("recorded", size, size), time=0.0)


def seen(
    index: int, data: dict[str, Any], before: Observation, after: Observation, thought: str = ""
) -> Seen:
    """Make the record of an action of which nobody judged what it changed."""
    action: Action = parse_action(data)
    talk = action.action in ("done", "answer")
    result = Result(delivery=Delivery.DELIVERED, effect=Effect.UNKNOWN)
    step = Step(
        index=index,
        part=0,
        source="model",
        seen=View.of(before),
        reply=json.dumps(data),
        thought=thought,
        action=action,
        result=None if talk else result,
        after=None if talk else View.of(after),
    )
    return Seen(step, before, None if talk else after)


def midscene(name: str) -> Good:
    """Read one of the three runs of midscene."""
    folder = GOOD / "midscene" / name
    rows = [json.loads(line) for line in (folder / "steps.jsonl").read_text().splitlines()]
    made: Good = []
    thought = ""
    for at, row in enumerate(rows):
        before = screen(folder / row["image"]) if row["type"] != "Insight" else None
        if before is None:
            continue
        if row["type"] == "Planning":
            thought = row.get("raw", thought)
            if '"sleep"' not in thought or row["sub_type"] != "Plan":
                continue
            later = next(r["image"] for r in rows[at + 1 :] if r["image"] != row["image"])
            data: dict[str, Any] = {"action": "wait", "seconds": 2}
            made.append(seen(len(made), data, before, screen(folder / later), thought))
            continue
        if row["type"] not in ("Action", "Action Space"):
            continue
        after = screen(folder / row.get("image_after", row["image"]))
        wide = before.frame.physical.width / row.get("image_size", [before.frame.physical.width])[0]
        for data in _midscene(row["executed"], wide):
            made.append(seen(len(made), data, before, after, thought))
    return made


def _midscene(executed: dict[str, Any], scale: float) -> list[dict[str, Any]]:
    param = executed["param"]
    if executed["action"] == "Launch":
        return [{"action": "open_app", "name": "com.booking"}]
    if executed["action"] in ("Print_Assert_Result", "Finished"):
        return [{"action": "done"}]
    x, y = param["locate"]["center_px"]
    click = {"action": "click", "point": [x * scale, y * scale]}
    if executed["action"] == "Tap":
        return [click]
    assert executed["action"] == "Input", executed
    return [{"action": "type", "text": param["value"], "clear": True}]


def openadapt() -> Good:
    """Read the recorded workflow in a browser."""
    folder = GOOD / "openadapt-flow"
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    made = []
    for event in events:
        at = event["i"]
        after = folder / f"{at:04}_after.webp"
        if not after.exists():
            after = folder / f"{at + 1:04}_before.webp"
        before = screen(folder / f"{at:04}_before.webp")
        match event["kind"]:
            case "click":
                data: dict[str, Any] = {"action": "click", "point": [event["x"], event["y"]]}
            case "type":
                data = {"action": "type", "text": event["text"]}
            case "key":
                data = {"action": "key", "keys": event["key"]}
            case _:
                data = {"action": "scroll", "dx": event["dx"] / 100, "dy": event["dy"] / 100}
        made.append(seen(at, data, before, screen(after)))
    return made


def aitz() -> Good:
    """Read the episode of Android in the Zoo; the screen after its last tap is the last one."""
    folder = GOOD / "aitz"
    (path,) = folder.glob("*.json")
    steps = json.loads(path.read_text())
    pictures = [screen(folder / f"{path.stem}_{step['step_id']}.png") for step in steps]
    made = []
    for at, step in enumerate(steps):
        before, after = pictures[at], pictures[min(at + 1, len(pictures) - 1)]
        size = before.frame.physical

        def point(name: str, step: Any = step, size: Size = size) -> list[float]:
            y, x = json.loads(step[name])
            return [x * size.width, y * size.height]

        start, end = point("result_touch_yx"), point("result_lift_yx")
        match step["result_action_type"]:
            case 4 if abs(start[0] - end[0]) + abs(start[1] - end[1]) > 0.04 * size.width:
                data: dict[str, Any] = {"action": "swipe", "start": start, "end": end}
            case 4:
                data = {"action": "click", "point": start}
            case 6:
                data = {"action": "home"}
            case _:
                data = {"action": "done"}
        made.append(seen(at, data, before, after, step["coat_action_think"]))
    return made


def androidcontrol() -> Iterator[Good]:
    """Give the episodes of AndroidControl, of which there are actions alone.

    Each action is taken to lead to another screen, and waiting to the same; drawn at a quarter.
    """
    path = DATA / "dialects/androidcontrol-std/episodes.jsonl"
    for line in path.read_text().splitlines():
        episode = json.loads(line)
        made: Good = []
        number = 0
        for step in episode["steps"]:
            data = _androidcontrol(step["action_content"])
            before = _numbered(number)
            number += data["action"] != "wait"
            after = _numbered(number)
            made.append(seen(len(made), data, before, after, step["step_instruction"]))
        yield made


def _numbered(number: int) -> Observation:
    pixels = np.full((640, 400, 3), 240, np.uint8)
    for bit in range(10):
        if number >> bit & 1:
            pixels[200:260, 20 + 36 * bit : 50 + 36 * bit] = 30
    return observation(pixels)


def _androidcontrol(said: dict[str, Any]) -> dict[str, Any]:
    def point(name: str) -> list[float]:
        x, y = said[name]
        return [x / 4, y / 4]

    match said["action"]:
        case "click":
            return {"action": "click", "point": point("coordinate")}
        case "long_press":
            return {"action": "long_press", "point": point("coordinate")}
        case "swipe":
            return {
                "action": "swipe",
                "start": point("coordinate"),
                "end": point("coordinate2"),
            }
        case "type":
            return {"action": "type", "text": said["text"]}
        case "open":
            return {"action": "open_app", "name": said["text"]}
        case "wait":
            return {"action": "wait", "seconds": said["time"]}
        case _:
            assert said["action"] == "system_button", said
            return {"action": said["button"].lower()}
