"""Families that find one thing on a screen."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import frames, points

from eyehand.actions import (
    ActionError,
    Click,
    Done,
    Frame,
    Point,
    PointOutsideImage,
    Size,
    Space,
    Type,
    Wait,
)
from eyehand.actions.dialects import grounding_json as by_json
from eyehand.actions.dialects import grounding_text as by_text
from eyehand.actions.dialects.base import Turn
from eyehand.actions.dialects.grounding import GroundingDialect
from eyehand.model import Image

DATA = Path(__file__).parent / "data/dialects"
GOLDEN = {
    item["id"]: item
    for item in json.loads((DATA / "model-outputs/outputs.json").read_text("utf-8"))["items"]
}
FAMILIES: list[GroundingDialect] = [
    by_text.UGroundDialect(),
    by_text.Gta1Dialect(),
    by_text.GelatoDialect(),
    by_text.UiVenusGroundDialect(),
    by_text.UiVenus15GroundDialect(),
    by_text.ShowUiGroundDialect(),
    by_text.SeeClickDialect(),
    by_text.UiTarsGroundDialect(),
    by_text.Qwen2VLGroundingDialect(),
    by_text.OsAtlasBaseDialect(),
    by_json.Qwen25VLGroundingDialect(),
    by_json.Qwen3VLGroundingDialect(),
    by_json.InfiGuiG1Dialect(),
    by_json.MaiUiGroundDialect(),
    by_json.UiInsDialect(),
    by_json.Holo15GroundDialect(),
]
NAMED = {dialect.name: dialect for dialect in FAMILIES}
THOUSAND = Frame(":0", Size(1000, 1000), Size(1000, 1000)).planned(Size(1000, 1000))
NOW = Image(np.zeros((4, 4, 3), np.uint8), Size(1092, 2408), "now")
EACH = pytest.mark.parametrize("dialect", FAMILIES, ids=lambda dialect: dialect.name)


def frame_of(width: int, height: int) -> Frame:
    size = Size(width, height)
    return Frame(":0", size, size).planned(size)


def said(dialect: GroundingDialect, goal: str) -> list[tuple[str, str]]:
    return [
        (m.role, "".join("<image>" if isinstance(p, Image) else p.text for p in m.parts))  # type: ignore[union-attr]
        for m in dialect.messages(goal, [], NOW)
    ]


@pytest.mark.parametrize(
    ("item", "name", "repairs"),
    [
        ("d04", "qwen2-vl-grounding", []),
        ("d04", "os-atlas-base", []),
        ("d05", "qwen2-vl-grounding", ["no box tokens"]),
        ("d10", "qwen2.5-vl-grounding", []),
        ("d40", "uground", []),
        ("d49", "qwen3-vl-grounding", ["missing comma"]),
        ("d50", "qwen2.5-vl-grounding", []),
    ],
)
def test_what_was_seen_is_found(item: str, name: str, repairs: list[str]) -> None:
    golden = GOLDEN[item]
    size = golden.get("image_size") or golden.get("model_image_size") or [1000, 1000]
    frame = frame_of(*size)
    parsed = NAMED[name].parse(golden["raw"], frame)
    (expected,) = golden["expect"]
    box = expected.get("box") or expected["at"] * 2
    (found,) = parsed.found
    for got, share, side in zip((*found.start, *found.end), box, size * 2, strict=True):
        assert got / side == pytest.approx(share, abs=1e-6)
    if golden["dialect"] != "qwen2-vl-grounding" or not repairs:
        assert found.label == expected.get("label", "")
    assert parsed.actions == (Click(point=found.centre), Done())
    assert [repair.name for repair in parsed.repairs] == repairs


def test_the_recorded_box_of_os_atlas_is_where_its_readme_draws_it() -> None:
    (case,) = json.loads((DATA / "os-atlas/expected.json").read_text("utf-8"))
    dialect = NAMED["os-atlas-base"]
    (found,) = dialect.parse(case["raw_output"], frame_of(*case["image_size"])).found
    assert [*found.start, *found.end] == pytest.approx(case["expected_box_px"])
    assert said(dialect, "switch language of current page") == [
        ("user", f"<image>{case['prompt']}")
    ]


@EACH
@given(frame=frames(), data=st.data())
def test_what_it_writes_is_found_again(
    dialect: GroundingDialect, frame: Frame, data: st.DataObject
) -> None:
    point = data.draw(points(frame.physical))
    for thought in ("", "It is <b> there [1, 2]."):
        parsed = dialect.parse(dialect.render(Click(point=point), frame, thought), frame)
        assert parsed.repairs == ()
        assert parsed.clamps == ()
        click, done = parsed.actions
        assert done == Done()
        assert isinstance(click, Click)
        assert click.point is not None
        half = 0.00005 if dialect.space is Space.REL1 else 0.5
        for got, put in zip(
            frame.to_model(click.point, dialect.space),
            frame.to_model(point, dialect.space),
            strict=True,
        ):
            assert abs(got - put) <= half + 1e-6
        assert parsed.thought in ("", thought)


@EACH
def test_it_can_only_click_once(dialect: GroundingDialect) -> None:
    for action in (Click(), Click(point=Point(1, 1), count=2), Type(text="a"), Wait(), Done()):
        with pytest.raises(ActionError, match="has no words for"):
            dialect.render(action, THOUSAND)


@EACH
def test_the_past_is_not_told(dialect: GroundingDialect) -> None:
    past = [Turn(NOW, "(1,2)", "it was clicked", shown=(NOW,))]
    alone = dialect.messages("the bell", [], NOW)
    assert dialect.messages("the bell", past, NOW) == alone
    pictures = [part for m in alone for part in m.parts if isinstance(part, Image)]
    assert pictures == [NOW]
    assert dialect.pictures == 1


@EACH
def test_braces_in_a_goal_are_only_text(dialect: GroundingDialect) -> None:
    whole = "".join(text for _, text in said(dialect, "the {width} of {goal} {}"))
    assert "the {width} of {goal} {}" in whole


@EACH
@pytest.mark.parametrize(
    "reply", ["", "There is none.", "(1)", "[1, 2, 3]", "{", "[", "<|box_start|>(1,2", "(a,b)"]
)
def test_what_names_no_place_is_an_error(dialect: GroundingDialect, reply: str) -> None:
    with pytest.raises(ActionError) as caught:
        dialect.parse(reply, THOUSAND)
    assert "\n" not in str(caught.value)


@EACH
def test_a_place_off_the_picture_is_an_error(dialect: GroundingDialect) -> None:
    form = dialect.form.replace("{x}", "1080").replace("{y}", "1920")
    with pytest.raises(PointOutsideImage):
        dialect.parse(form, THOUSAND)


@EACH
def test_endless_places_are_an_error(dialect: GroundingDialect) -> None:
    one = dialect.form.replace("{x}", "0").replace("{y}", "0")
    for lead in ("", "["):
        if dialect.__class__.__module__ == by_json.__name__:
            one = '{"point_2d": [0, 0]}'
        with pytest.raises(ActionError, match="more than 200 places"):
            dialect.parse(lead + f"{one},\n" * 300, THOUSAND)


@pytest.mark.parametrize(
    ("name", "reply", "point", "repair"),
    [
        ("gta1", "955, 46", (955, 46), "no brackets"),
        ("gta1", "[955,46]", (955, 46), None),
        ("gta1", "The bell is at (955, 46).", (955, 46), "text round a place"),
        ("gta1", "(10,20),(30,40)", (20, 30), "box for a point"),
        ("ui-tars-ground", "<|box_start|>(955,46)<|box_end|>", (955, 46), "text round a place"),
        ("ui-venus-ground", "[10,20],[30,40]", (20, 30), None),
        ("ui-venus-1.5-ground", "[10, 20, 30, 40]", (20, 30), "box for a point"),
        ("showui-ground", "[0.73, 0.21]", (730, 210), None),
        ("qwen2-vl-grounding", "<|box_start|>(10,20)<|box_end|>", (10, 20), None),
        ("qwen2-vl-grounding", "<|box_start|>(30,40),(10,20)<|box_end|>", (20, 30), None),
        ("qwen2.5-vl-grounding", '{"point_2d": [10, 20], "label": "a"}', (10, 20), None),
        ("qwen2.5-vl-grounding", "[10, 20, 30, 40]", (20, 30), "no object"),
        ("qwen2.5-vl-grounding", '{"bbox_2d": [[10, 20], [30, 40]]}', (20, 30), "doubled brackets"),
        ("qwen2.5-vl-grounding", '{" bbox ": [10, 20, 30, 40]}', (20, 30), "blanks in a name"),
        ("qwen2.5-vl-grounding", '[{"point_2d": [1, 2]}]\nThere.', (1, 2), "text after the JSON"),
        ("qwen2.5-vl-grounding", '{"bbox": [10 20,30 40]}', (20, 30), "missing comma"),
        (
            "qwen2.5-vl-grounding",
            '{"bbox_2d": [10, 20, 30, 40]}\n{"bbox_2d": [1, 2, 3, 4]}',
            (20, 30),
            "objects without a list",
        ),
        ("holo1.5-ground", "Click(352, 348)", (352, 348), "call for an object"),
        ("holo1.5-ground", '{"x": 352, "y": 348}', (352, 348), None),
        (
            "infigui-g1",
            '<think>(1,2) or {"point_2d": [1, 2]}</think>\n[{"point_2d": [3, 4]}]',
            (3, 4),
            None,
        ),
        (
            "mai-ui-ground",
            '<grounding_think>It is there.</grounding_think>\n<answer>\n{"coordinate": [999,0]}\n'
            "</answer>",
            (1000, 0),
            None,
        ),
    ],
)
def test_a_form_that_is_seen_is_read(
    name: str, reply: str, point: tuple[float, float], repair: str | None
) -> None:
    parsed = NAMED[name].parse(reply, THOUSAND)
    assert parsed.actions == (Click(point=Point(*point)), Done())
    assert [r.name for r in parsed.repairs] == ([repair] if repair else [])


@pytest.mark.parametrize(
    ("name", "reply"),
    [
        ("gta1", "(1,2) or (3,4)"),
        ("gta1", "(1,2),(3,4),(5,6)"),
        ("infigui-g1", '<think>[{"point_2d": [3, 4]}]'),
        ("holo1.5-ground", '{"action": "click_absolute", "x": 12, "y": 3'),
        ("qwen2.5-vl-grounding", '{"bbox_2d": [1, 2, 3'),
        ("qwen2.5-vl-grounding", '{"bbox_2d": [652, "233; 713 251;"]}'),
        ("qwen2.5-vl-grounding", '{"bbox_2d": [1, 2, 3]}'),
        ("qwen2.5-vl-grounding", '{"label": "bell"}'),
        ("qwen2.5-vl-grounding", '["bell"]'),
        ("qwen2.5-vl-grounding", '<points x1="1">bell</points>'),
        ("qwen2-vl-grounding", "<|box_start|>1,2,3,4<|box_end|>"),
        ("qwen2-vl-grounding", "It is at (1,2),(3,4), I think."),
    ],
)
def test_what_has_no_one_reading_is_an_error(name: str, reply: str) -> None:
    with pytest.raises(ActionError):
        NAMED[name].parse(reply, THOUSAND)


def test_of_a_list_that_is_cut_off_the_whole_objects_count() -> None:
    whole = '```json\n[\n\t{"bbox_2d": [1, 2, 3, 4], "label": "a [}"},\n\t'
    for rest in ("", "{", '{"bbox_2d": [5, 6', '{"bbox_2d": [5, 6, 7, 8], "label": "b'):
        parsed = NAMED["qwen2.5-vl-grounding"].parse(whole + rest, THOUSAND)
        assert [found.label for found in parsed.found] == ["a [}"]
        assert "unclosed bracket" in [repair.name for repair in parsed.repairs]


def test_several_are_found_in_their_order() -> None:
    boxes = (
        "<|object_ref_start|>bell<|object_ref_end|><|box_start|>(1,2),(3,4)<|box_end|>"
        "<|box_start|>(5,6),(7,8)<|box_end|><|object_ref_start|>door<|object_ref_end|>"
        "<|box_start|>(9,10),(11,12)<|box_end|>"
    )
    found = NAMED["qwen2-vl-grounding"].parse(boxes, THOUSAND).found
    assert [(f.label, f.centre) for f in found] == [
        ("bell", (2, 3)), ("bell", (6, 7)), ("door", (10, 11)),
    ]  # fmt: skip
    cut = NAMED["qwen2-vl-grounding"].parse(boxes[:-13], THOUSAND)
    assert len(cut.found) == 2
    assert [repair.name for repair in cut.repairs] == ["box cut off"]
    several = '[{"point_2d": [10, 20]}, {"point_2d": [30, 40]}]'
    assert [f.centre.x for f in NAMED["infigui-g1"].parse(several, THOUSAND).found] == [10, 30]


def test_points_in_xml_are_read() -> None:
    reply = '<points x1="10" y1="20" x2="30" y2="40" alt="pins">pins</points>'
    found = NAMED["qwen2.5-vl-grounding"].parse(reply, THOUSAND).found
    assert [(f.label, f.centre) for f in found] == [("pins", (10, 20)), ("pins", (30, 40))]


@pytest.mark.parametrize(
    ("name", "reply"),
    [
        ("ui-venus-1.5-ground", "[-1,-1]"),
        ("ui-venus-ground", "[-1,-1,-1,-1]"),
        ("qwen2.5-vl-grounding", "```json\n[]\n```"),
        ("qwen3-vl-grounding", '{"bbox": [], "errors": ["there is no bell"]}'),
        ("infigui-g1", "<think>There is none.</think>\n[]"),
    ],
)
def test_what_is_not_there_is_infeasible(name: str, reply: str) -> None:
    parsed = NAMED[name].parse(reply, THOUSAND)
    (done,) = parsed.actions
    assert isinstance(done, Done)
    assert done.status == "infeasible"
    assert parsed.found == ()


def test_a_checkpoint_may_write_other_units() -> None:
    frame = Frame(":0", Size(1920, 1080), Size(1920, 1080)).planned(Size(1932, 1092))
    dialect = by_text.UiTarsGroundDialect()
    dialect.space = Space.IMAGE
    (click, _) = dialect.parse("(197,525)", frame).actions
    assert isinstance(click, Click)
    assert click.point is not None
    assert (int(click.point.x), int(click.point.y)) == (195, 519)
    assert NAMED["ui-tars-ground"].space is Space.REL1000


def test_the_prompts_are_those_that_were_published() -> None:
    goal = "the bell."
    assert said(NAMED["uground"], goal) == [
        (
            "user",
            "<image>Your task is to help the user identify the precise coordinates (x, y) of a "
            "specific area/element/object on the screen based on a description.\n\n- Your response "
            "should aim to point to the center or a representative point within the described "
            "area/element/object as accurately as possible.\n- If the description is unclear or "
            "ambiguous, infer the most relevant area or element based on its likely context or "
            "purpose.\n- Your answer should be a single string (x, y) corresponding to the point "
            "of the interest.\n\nDescription: the bell.\n\nAnswer:",
        )
    ]
    locator = (
        "You are an expert UI element locator. Given a GUI image and a user's element "
        "description, provide the coordinates of the specified element as a single (x,y) point. "
        "%sFor elements with area, return the center point.\n\n"
        "Output the coordinate pair exactly:\n(x,y)"
    )
    size = "The image resolution is height 2408 and width 1092. "
    assert said(NAMED["gta1"], goal) == [
        ("system", locator % size),
        ("user", "<image>the bell."),
    ]
    assert said(NAMED["gelato"], goal) == [("user", f"{locator % ''}\n\n<image>\nthe bell.")]
    for name, text in {
        "ui-venus-ground": "<image>Outline the position corresponding to the instruction: the "
        "bell.. The output should be only [x1,y1,x2,y2].",
        "ui-venus-1.5-ground": "<image>Output the center point of the position corresponding to "
        "the following instruction: \nthe bell. \n\nThe output should just be the coordinates of a "
        "point, in the format [x,y]. Additionally, if the task is infeasible (e.g., the task is "
        "not related to the image), the output should be [-1,-1].",
        "showui-ground": "Based on the screenshot of the page, I give a text description and you "
        "give its corresponding location. The coordinate represents a clickable location [x, y] "
        "for an element, which is a relative coordinate on the screenshot, scaled from 0 to 1."
        "<image>the bell.",
        "ui-tars-ground": "Output only the coordinate of one point in your response. What element "
        "matches the following task: the bell.<image>",
        "qwen2-vl-grounding": "<image>Output the bounding box in the image corresponding to the "
        'instruction "the bell." with grounding.',
        "seeclick": "<image>In this UI screenshot, what is the position of the element "
        'corresponding to the command "the bell." (with point)?',
    }.items():
        assert said(NAMED[name], goal) == [("user", text)]
    system, user = said(NAMED["infigui-g1"], goal)
    assert system[1].endswith("MUST BE enclosed within <think> </think> tags.")
    assert user[1] == (
        '<image>The screen\'s resolution is 1092x2408.\nLocate the UI element(s) for "the bell.", '
        'output the coordinates using JSON format: [{"point_2d": [x, y]}, ...]'
    )
    system, user = said(NAMED["mai-ui-ground"], goal)
    assert system[1].startswith("You are a GUI grounding agent. \n## Task\nGiven")
    assert user == ("user", "the bell.\n<image>")


def test_the_schema_in_holos_prompt_is_the_one_that_pydantic_prints() -> None:
    ((_, text),) = said(NAMED["holo1.5-ground"], "the bell")
    schema: Any = {
        "description": "Click at absolute coordinates.",
        "properties": {
            "action": {
                "const": "click_absolute",
                "default": "click_absolute",
                "title": "Action",
                "type": "string",
            },
            **{
                axis: {
                    "description": f"The {axis} coordinate, number of pixels from the {edge} edge.",
                    "title": axis.upper(),
                    "type": "integer",
                }
                for axis, edge in (("x", "left"), ("y", "top"))
            },
        },
        "required": ["x", "y"],
        "title": "ClickAbsoluteAction",
        "type": "object",
    }
    assert text == (
        "<image>Localize an element on the GUI image according to the provided target and output a "
        f"click position.\n * You must output a valid JSON following the format: {schema}\n "
        "Your target is:\nthe bell"
    )
