"""Fifty replies that models of all families were seen to write, or are documented to write."""

import json
from pathlib import Path
from typing import Any

import pytest
from dialect_cases import PLACES

from eyehand.actions import (
    Action,
    ActionError,
    Answer,
    AskUser,
    Back,
    Click,
    Done,
    Drag,
    Frame,
    Home,
    Key,
    Point,
    Scroll,
    Size,
    Swipe,
    Type,
    Wait,
)
from eyehand.actions.dialects import Dialect, dialect_named
from eyehand.actions.dialects.base import Found
from eyehand.model import smart_resize

FILE = Path(__file__).parent / "data/dialects/model-outputs/outputs.json"
ITEMS: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))["items"]
SPACES = {"rel1": "rel1", "rel1000": "rel1000", "abs_model_px": "image"}
OURS = {
    "qwen2-vl-agent": ("qwen2-vl", "phone"),
    "qwen2-vl-grounding": ("qwen2-vl-grounding", "desktop"),
    "qwen2.5-vl-mobile_use": ("mobile_use", "phone"),
    "qwen2.5-vl-json": ("qwen2.5-vl-grounding", "phone"),
    "qwen3-vl-mobile_use": ("qwen3-mobile", "phone"),
    "qwen3-vl-computer_use": ("qwen3-computer", "desktop"),
    "qwen3.5-xml": ("qwen3.5-computer", "desktop"),
    "ui-tars": ("ui-tars", "desktop"),
    "ui-tars-1.5": ("ui-tars-1.5", "desktop"),
    "ui-tars-2": ("ui-tars-2", "desktop"),
    "showui": ("showui", "desktop"),
    "os-atlas": ("os-atlas", "phone"),
    "aguvis": ("aguvis", "desktop"),
    "uground": ("uground", "desktop"),
    "autoglm": ("autoglm", "phone"),
    "mai-ui": ("mai-ui", "phone"),
    "ui-venus-1.5": ("ui-venus-1.5", "phone"),
    "agentcpm-gui": ("agentcpm", "phone"),
    "anthropic-computer": ("anthropic-computer", "desktop"),
    "midscene-json": ("qwen2.5-vl-grounding", "desktop"),
}


def opened(item: dict[str, Any]) -> tuple[Dialect, Frame]:
    """Give the dialect and frame of an item, in the units that it says."""
    name, place = OURS[item["dialect"]]
    dialect = dialect_named(name, PLACES[place])
    space = SPACES.get(item["space"], dialect.space)
    if space != dialect.space:
        dialect = dialect_named(f"{name}@{space}", PLACES[place])
    screen = Size(*item.get("image_size", item.get("model_image_size", (1000, 1000))))
    seen = item.get("model_image_size")
    if seen is None:
        seen = screen if item["space"] == "abs_model_px" else smart_resize(screen)
    return dialect, Frame("screen", screen, screen).planned(Size(*seen))


def meant(expected: dict[str, Any], size: Size) -> list[Action]:
    """Give the actions for what an item says in neutral words."""

    def at(key: str) -> Point:
        x, y = expected[key]
        return Point(x * size.width, y * size.height)

    place: list[Action] = [Click(point=at("at"))] if "at" in expected else []
    match expected["type"]:
        case "click" | "point":
            return place
        case "box":
            left, top, right, bottom = expected["box"]
            middle = Point((left + right) / 2 * size.width, (top + bottom) / 2 * size.height)
            return [Click(point=middle)]
        case "swipe":
            return [Swipe(start=at("from"), end=at("to"))]
        case "drag":
            return [Drag(start=at("from"), end=at("to"))]
        case "scroll":
            amount = {"amount": expected["amount"]} if "amount" in expected else {}
            return [Scroll(direction=expected["direction"], point=at("at"), **amount)]
        case "type":
            typed = Type(text=expected["text"], submit=expected.get("submit", False))
            return [*place, typed]
        case "key":
            return [Key(keys="+".join(expected["keys"]))]
        case "system":
            return [Home() if expected["button"] == "home" else Back()]
        case "wait":
            return [Wait(seconds=expected["seconds"])] if "seconds" in expected else [Wait()]
        case "ask_user":
            return [AskUser(question=expected["text"])]
        case "finish":
            said: list[Action] = [Answer(text=expected["text"])] if expected.get("text") else []
            return [*said, Done()]
    raise ValueError(expected["type"])


def same(one: Action, other: Action, size: Size) -> bool:
    """Whether two actions are the same but for what six digits of a fraction leave out."""
    mine, theirs = dict(one.points()), dict(other.points())
    if mine.keys() != theirs.keys():
        return False
    slack = 1e-4 * max(size)
    near = all(
        abs(point.x - theirs[name].x) < slack and abs(point.y - theirs[name].y) < slack
        for name, point in mine.items()
    )
    if isinstance(one, Wait) and isinstance(other, Wait) and other == Wait():
        return True  # how long is the family's own
    return near and one.model_copy(update=theirs) == other


@pytest.mark.parametrize("item", ITEMS, ids=[item["id"] for item in ITEMS])
def test_a_reply_of_a_model_means_what_it_meant(item: dict[str, Any]) -> None:
    dialect, frame = opened(item)
    if item["class"] == "reject":
        with pytest.raises(ActionError):
            dialect.parse(item["raw"], frame)
        return
    parsed = dialect.parse(item["raw"], frame)
    assert bool(parsed.repairs) == (item["class"] == "repair"), parsed.repairs
    wanted = [action for one in item["expect"] for action in meant(one, frame.physical)]
    found = list(parsed.actions)
    if parsed.found:  # it clicks once, and is done
        assert found.pop() == Done()
        labels = [one["label"] for one in item["expect"] if "label" in one]
        assert [seen.label for seen in parsed.found][: len(labels)] == labels
        assert all(isinstance(seen, Found) for seen in parsed.found)
    assert len(found) == len(wanted), found
    for one, other in zip(found, wanted, strict=True):
        assert same(one, other, frame.physical), (one, other)
