"""The pocket dialect: what is clicked may be named before its point."""

import pytest
from dialect_cases import frame_of
from test_dialect_grammar import matcher

from eyehand.actions import ActionError, Click, Frame, LongPress, Point, Size
from eyehand.actions import schema as a
from eyehand.actions.dialects.pocket import PocketDialect

FRAME: Frame = frame_of(Size(280, 616), Size(280, 616))
PHONE = PocketDialect(phone=True)
NAMES = ["Save", "5", "140 312", 'say "hi"', "\\", "起床", " "]


def accepted(reply: str) -> bool:
    guide = matcher(PHONE, FRAME)
    return bool(guide.try_consume_tokens([*reply.encode()]) == len(reply.encode()))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_clicked_may_be_named(name: str) -> None:
    click = Click(point=Point(140, 312))
    reply = PHONE.render(click, FRAME, name)
    parsed = PHONE.parse(reply, FRAME)
    assert parsed.actions == (click,)
    assert parsed.thought == name.strip()
    assert parsed.repairs == ()
    assert accepted(reply)


def test_it_is_written_before_the_point() -> None:
    assert PHONE.render(Click(point=Point(7, 9)), FRAME, "Save") == 'click "Save" 7 9'
    assert PHONE.render(Click(point=Point(7, 9)), FRAME) == "click 7 9"
    held = PHONE.parse('hold "Ada Wolf" 7 9', FRAME)
    assert held.actions == (LongPress(point=Point(7, 9)),)
    assert held.thought == "Ada Wolf"


def test_other_actions_have_no_thought() -> None:
    assert PHONE.render(a.Back(), FRAME, "go back first") == "back"
    assert PHONE.render(a.Type(text="x"), FRAME, "the name") == 'type "x"'


@pytest.mark.parametrize(
    "wrong",
    [
        "click Save 140 312",
        "click 5 140 312",
        'click "Save"',
        'click "Save" 140',
        'click 140 312 "Save"',
        'click "Save" "it" 140 312',
        'swipe "Save" 1 2 3 4',
    ],
)
def test_a_name_without_quotes_or_in_the_wrong_place_is_refused(wrong: str) -> None:
    """Never guessed: a number too many may be of the point."""
    with pytest.raises(ActionError, match="written"):
        PHONE.parse(wrong, FRAME)
    assert not accepted(wrong) or wrong in {'click "Save"', 'click "Save" 140'}  # not over yet
