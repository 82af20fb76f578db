"""What checks of several families have in common."""

from typing import Any

from ..phone import Phone
from .base import PracticeTask


def only(phone: Phone, task: PracticeTask, app: str, *changed: str) -> bool:
    """Whether nothing of an app's data differs from when the task began, but these keys."""
    now, before = phone.data(app), task.before[app]
    return all(now[key] == before[key] for key in before if key not in changed)


def by_id(records: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Give records by their ids."""
    return {record["id"]: record for record in records}
