"""Results files of real samples with made-up replies: no model was asked or measured."""

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from eyehand.actions import Action, Back, Click, Done, LongPress, OpenApp, Swipe, Type, Wait
from eyehand.actions.geometry import Point
from eyehand.agent.datasets import Sample, open_dataset
from eyehand.agent.line_file import to_line
from eyehand.agent.metrics import EVALUATORS
from eyehand.agent.results import Header, Result
from eyehand.model import Size, pixel_hash

DATA = Path(__file__).parent / "data"
CONTROL = DATA / "dialects" / "androidcontrol-std" / "episodes.jsonl"
NOT_MEASURED = "simulated replies (no model)"
PHONE = Size(1080, 2400)


def aitz_folder(root: Path) -> Path:
    """Lay the episode that is here out as AITZ is published; give the folder."""
    there = DATA / "good-episodes" / "aitz"
    name = next(there.glob("*.json")).stem
    folder = root / "google_apps" / name
    folder.mkdir(parents=True)
    for file in there.iterdir():
        shutil.copy(file, folder / file.name)
    return root


def write_results(
    path: Path,
    dataset: str,
    files: Path,
    *,
    seed: int = 1,
    skill: float = 0.7,
    copies: int = 1,
    **other: Any,
) -> int:
    """Write results on a dataset's samples; give how many.

    Args:
        path: The results file.
        dataset: Its name.
        files: Its files. Where there are pictures, they are hashed.
        seed: Other replies for another one.
        skill: About the share of right replies.
        copies: So many times all samples, under names of their own.
        other: Fields of the header.
    """
    opened = open_dataset(dataset, files)
    evaluator = EVALUATORS[opened.evaluator]
    chance = random.Random(seed)
    fields: dict[str, Any] = {
        "started": "2026-11-21T14:02:11+01:00",
        "dataset": dataset,
        "path": str(files),
        "dataset_hash": opened.hash(),
        "count": len(opened) * copies,
        "evaluator": opened.evaluator,
        "model": {"name": NOT_MEASURED, "fingerprint": "none"},
        "dialect": "qwen2.5-vl-mobile",
        "settings": {"history": "actions", "dtype": "bfloat16"},
        "versions": {"eyehand": "0.1.0", "numpy": "2.3"},
        "command": f"(no command: simulated replies to {dataset})",
    }
    with path.open("wb") as file:
        file.write(to_line(Header(**fields | other)))
        for number, (copy, sample) in enumerate(_samples(dataset, files, copies)):
            pixels = None
            if sample.picture is not None and dataset != "androidcontrol-high":
                pixels = sample.picture()
            size = PHONE if pixels is None else Size(pixels.shape[1], pixels.shape[0])
            said = simulated(chance, sample.answer[0], size, skill - 0.02 * sample.index)
            actions = said.get("actions", ())
            made = evaluator.prediction(actions, (), size, sample.truth) if actions else None
            if said["reply"] == "":
                said["reply"] = _reply(sample, made)
            result = Result(
                number=number,
                id=copy + sample.id,
                episode=copy + sample.episode,
                index=sample.index,
                goal=sample.goal,
                tags={"goal": "long" if len(sample.goal) > 110 else "short"},
                picture=None if pixels is None else pixel_hash(pixels),
                size=size,
                answer=sample.answer,
                prediction=None if made is None else dict(made),
                truth=sample.truth,
                seconds={"read": 0.012, "think": 1.4},
                stats={"prompt_tokens": 3120, "new_tokens": 48},
                **said,
            )
            file.write(to_line(result))
    return int(fields["count"])


def _samples(dataset: str, files: Path, copies: int) -> Iterator[tuple[str, Sample]]:
    for copy in range(copies):
        for sample in open_dataset(dataset, files).samples():
            yield f"{copy}-" if copy else "", sample


def _reply(sample: Sample, made: Any) -> str:
    thought = sample.truth.get("step_instruction", "I go on.")
    call = json.dumps({"name": "mobile_use", "arguments": made}, ensure_ascii=False)
    return f"Thought: {thought}\n<tool_call>\n{call}\n</tool_call>"


def simulated(chance: random.Random, answer: Action, size: Size, skill: float) -> dict[str, Any]:
    """Make up what a model of some skill might have said. ``reply`` is "" where it can be read."""
    luck = chance.random()
    if luck < 0.03:
        return {"reply": "I will tap the", "finished": False, "error": "cut off after 16 tokens"}
    if luck < 0.06:
        text = '<tool_call>\n{"name": "mobile_use", "arguments": {"action": "clck"}}\n</tool_call>'
        return {"reply": text, "error": "unknown action 'clck'; it is one of click, type"}
    if luck < 0.075:
        return {"reply": "Sorry, I cannot see it.", "error": "no action in the reply"}
    if luck < 0.08:
        return {"reply": None, "error": "the model failed: out of memory"}
    return {"reply": "", "actions": (_action(chance, answer, size, skill),)}


def _action(chance: random.Random, answer: Action, size: Size, skill: float) -> Action:
    if chance.random() > skill + (1 - skill) * 0.45:  # of another type
        anywhere = Point(chance.randint(0, size.width), chance.randint(0, size.height))
        others: tuple[Action, ...] = (
            Click(point=anywhere),
            Wait(),
            Back(),
            Done(),
            Click(point=anywhere),
        )
        return chance.choice([other for other in others if type(other) is not type(answer)])
    right = chance.random() < skill + 0.1
    if isinstance(answer, Click | LongPress):
        assert answer.point is not None
        spread = 0.012 if right else chance.choice((0.06, 0.2))
        shift = 0.0 if right else 0.03
        x = answer.point.x + size.width * chance.gauss(shift, spread)
        y = answer.point.y + size.height * chance.gauss(0.0, spread)
        point = Point(round(min(size.width - 1, max(0, x))), round(min(size.height - 1, max(0, y))))
        return answer.model_copy(update={"point": point})
    if isinstance(answer, Swipe) and not right:
        return Swipe(start=answer.end, end=answer.start)
    if isinstance(answer, Type) and not right:
        return Type(text=answer.text[: len(answer.text) // 2] + "…")
    if isinstance(answer, OpenApp) and not right:
        return OpenApp(name="Chrome")
    return answer
