"""What a model did on its own, kept as what it said: enough to go the same way again."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ...envs.practice.phone import Phone
from ...model.size import Size
from .lessons import Lesson, lesson_on


@dataclass(frozen=True, slots=True)
class Rollout:
    """One episode of a model on a practice phone.

    Attributes:
        family: Of the task.
        seed: Of phone and task.
        size: Of the phone, upright.
        theme: Its look.
        dark: Whether it began light on dark.
        scale: Its font size.
        said: The model's replies.
        passed: Whether the task was solved.
    """

    family: str
    seed: int
    size: tuple[int, int]
    theme: str
    dark: bool
    scale: str
    said: tuple[str, ...]
    passed: bool = False

    def having(self, said: tuple[str, ...], *, passed: bool) -> "Rollout":
        """Give the same phone with what was said on it."""
        return replace(self, said=said, passed=passed)

    def phone(self) -> Phone:
        """Switch the phone on anew."""
        phone = Phone(self.seed, size=Size(*self.size), theme=self.theme, dark=self.dark)
        phone.put("system", "font_scale", self.scale)
        return phone

    def lesson(self) -> Lesson:
        """Give what it did as a lesson: at each step the oracle says what was right.

        Raises:
            ValueError: The phone has nothing for the family.
        """
        lesson = lesson_on(self.phone(), self.family, said=self.said)
        if lesson is None:
            raise ValueError(f"the phone of seed {self.seed} has nothing for {self.family}")
        return lesson


def rollouts_in(folder: Path, step: int) -> Path:
    """Give the file of what was done after so many steps of training."""
    return folder / f"{step:08d}.jsonl"


def write_rollouts(path: Path, rollouts: Sequence[Rollout]) -> None:
    """Write rollouts to a file, a line of JSON each; one that is there is replaced, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in rollouts)
    part = path.with_suffix(".part")
    part.write_text("".join(lines), encoding="utf-8")
    part.replace(path)


def read_rollouts(path: Path) -> tuple[Rollout, ...]:
    """Read a file of rollouts.

    Raises:
        ValueError: A line is none; says which.
    """
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            data = json.loads(line)
            data["size"], data["said"] = tuple(data["size"]), tuple(data["said"])
            found.append(Rollout(**data))
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{path}:{number} is no rollout: {error}") from error
    return tuple(found)
