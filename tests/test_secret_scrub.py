"""What is said comes without secrets: texts, data, errors, in the ways that programs write them."""

import base64
import html
import json
import traceback
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eyehand.agent.secret_scrub import Scrubber
from eyehand.agent.secret_store import Secrets
from eyehand.envs import ActionFailed
from eyehand.envs.errors import DeviceLost, EpisodeBroken

VALUE = "p&ss 'wörd'/9\\"
SCRUB = Scrubber(Secrets({"bank": VALUE, "cvv": "123", "pin": "2580", "longer": "25801"}))


@pytest.mark.parametrize(
    "form",
    [
        VALUE,
        VALUE.upper(),
        json.dumps(VALUE),
        repr(VALUE),
        html.escape(VALUE),
        quote(VALUE),
        quote(VALUE, safe=""),
        base64.b64encode(VALUE.encode()).decode(),
        base64.b64encode(b"user:" + VALUE.encode()).decode(),
        base64.urlsafe_b64encode(b"u:" + VALUE.encode()).decode(),
        VALUE.encode().hex(),
        VALUE.encode("utf-16-le").hex(),
        VALUE.replace(" ", "%s"),
    ],
)
def test_a_secret_is_found_as_programs_write_it(form: str) -> None:
    said = SCRUB.text(f"before {form} after")
    assert "{{secret:bank}}" in said
    assert said.startswith("before ")
    assert said.endswith(" after")
    assert not SCRUB.holds(said.replace("{{secret:bank}}", ""))


def test_of_two_secrets_that_begin_alike_the_longer_is_named() -> None:
    assert SCRUB.text("25801 and 2580") == "{{secret:longer}} and {{secret:pin}}"


def test_a_short_secret_is_taken_out_as_a_word_and_not_out_of_others() -> None:
    assert SCRUB.text("cvv 123, order 91234") == "cvv {{secret:cvv}}, order 91234"


def test_data_keeps_its_shape_and_its_numbers() -> None:
    data = {"a": [VALUE, 2580, None, True, ("x", VALUE)], VALUE: {"b": 1.5}}
    ref = "{{secret:bank}}"
    assert SCRUB.data(data) == {"a": [ref, 2580, None, True, ("x", ref)], ref: {"b": 1.5}}


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_text_around_hides_a_secret(before: str, after: str) -> None:
    assert VALUE not in SCRUB.text(before + VALUE + after)


def test_what_a_field_made_of_a_secret_is_taken_out_of_what_typing_it_says() -> None:
    said = SCRUB.said(
        "the field now holds 'Pwr9'. nothing has a way to type U+00F6 (ö): 'ö'", ["bank"]
    )
    assert said == "the field now holds '…'. nothing has a way to type U+… (…): '…'"
    assert SCRUB.said("the phone's field doesn't take it", ["bank"]).count("…") == 0
    assert SCRUB.said("typed ss 'WÖR, it said", ["bank"]) == "typed …, it said"


def raised(error: BaseException, cause: BaseException | None = None) -> Any:
    try:
        raise error from cause
    except BaseException as caught:
        return caught


def shown(error: BaseException) -> str:
    made = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join(made.format()) + repr(vars(error))


def test_an_error_without_a_secret_stays_the_same_object() -> None:
    error = raised(ActionFailed("no such thing"), KeyError("x"))
    assert SCRUB.error(error) is error


def test_an_error_keeps_its_class_and_facts_and_loses_the_secret_along_its_whole_chain() -> None:
    error = raised(
        DeviceLost(f"lost at {VALUE}", delivered="nothing"),
        raised(ValueError(VALUE), raised(OSError(2, f"no {VALUE}"))),
    )
    made = SCRUB.error(error)
    assert isinstance(made, DeviceLost)
    assert made.delivered == "nothing"
    assert str(made) == "lost at {{secret:bank}}"
    assert VALUE not in shown(made)
    assert made.__context__ is None
    assert "{{secret:bank}}" in str(made.__cause__)


def test_an_error_that_cannot_be_made_again_is_told_by_another() -> None:
    class Odd(Exception):
        def __str__(self) -> str:
            return f"always {VALUE}"

    made = SCRUB.error(raised(Odd()))
    assert str(made) == "Odd: always {{secret:bank}}"
    error = EpisodeBroken(VALUE, path=__import__("pathlib").Path("x"))
    assert isinstance(SCRUB.error(raised(error)), EpisodeBroken)


def test_an_error_of_typing_shows_no_local_of_the_typing() -> None:
    def types(text: str) -> None:
        raise ActionFailed("the display is gone", delivered=True)

    with pytest.raises(ActionFailed) as caught:
        types(VALUE)
    assert VALUE in shown(caught.value)
    made = SCRUB.error(caught.value, ["bank"])
    assert VALUE not in shown(made)
    assert isinstance(made, ActionFailed)
    assert made.delivered
    assert made.__traceback__ is None
