import contextlib
import datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from practice_finger import Finger

from eyehand.envs.practice.apps.arithmetic import BadSum, calculate, shown
from eyehand.envs.practice.apps.calculator import LYING, UPRIGHT, written
from eyehand.envs.practice.apps.clock_data import CITIES, city_time, next_ring, shown_span

_SIGNS = "0123456789.+−×÷%()"


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("0.1+0.2", "0.3"),
        ("2+3×4", "14"),
        ("(2+3)×4", "20"),
        ("−3+5", "2"),
        ("2×−3", "−6"),
        ("200+10%", "200.1"),
        ("50%%", "0.005"),
        ("1÷3×3", "1"),
        ("2÷3", "0.666666666667"),
        ("10−4−3", "3"),
        ("64÷4÷2", "8"),
        ("(1+(2×3", "7"),
        ("1.50+1.50", "3"),
        ("999999999999×999999999999", "9.99999999998E23"),
        ("1÷80000000000", "1.25E−11"),
    ],
)
def test_sum_is_worked_out_as_at_school(text: str, result: str) -> None:
    assert shown(calculate(text)) == result


@pytest.mark.parametrize(
    ("text", "why"),
    [("1÷0", "divide by zero"), ("0÷0", "divide by zero"), ("5+", "Not finished"), ("3)", "Bad")],
)
def test_sum_without_result_says_why(text: str, why: str) -> None:
    with pytest.raises(BadSum, match=why):
        calculate(text)


@given(st.text(_SIGNS, max_size=40))
def test_any_keys_give_a_number_or_a_reason(text: str) -> None:
    with contextlib.suppress(BadSum):
        assert shown(calculate(text))


@given(st.text(_SIGNS, max_size=30))
def test_what_the_keypad_writes_is_never_nonsense(keys: str) -> None:
    text = ""
    for key in keys:
        text = written(text, key)
    with contextlib.suppress(BadSum):
        calculate(text)
        return
    # What has no result yet is unfinished, or divides by zero: no sign is in a wrong place.
    with pytest.raises(BadSum, match=r"Not finished|divide by zero"):
        calculate(text)


@given(st.integers(-999, 999), st.integers(-99, 99), st.integers(1, 9), st.sampled_from("+−×"))
def test_sums_agree_with_fractions(a: int, b: int, c: int, sign: str) -> None:
    text = f"({a}){sign}({b})÷{c}".replace("-", "−")
    part = Fraction(b, c)
    exact = {"+": a + part, "−": a - part, "×": Fraction(a * b, c)}[sign]
    assert abs(Fraction(calculate(text)) - exact) < Fraction(1, 10**40)


def test_keys_are_the_same_however_the_phone_lies() -> None:
    assert sorted(UPRIGHT) == sorted(LYING)


def _type(finger: Finger, keys: str) -> None:
    finger.tap(*(f"key_{key}" for key in keys))


def test_result_is_shown_kept_and_gone_on_with() -> None:
    finger = Finger("calculator")
    _type(finger, "12.5×4=")
    assert "50" in finger.texts()
    _type(finger, "+1=")
    assert finger.data["history"][-1] == {"text": "50+1", "result": "51"}
    _type(finger, "7")
    assert "7" in finger.texts()
    assert "51" not in finger.texts()


def test_division_by_zero_is_told_and_not_kept() -> None:
    finger = Finger("calculator")
    before = list(finger.data["history"])
    _type(finger, "8÷0=")
    assert "Can't divide by zero" in finger.texts()
    assert finger.data["history"] == before
    _type(finger, "+9=")
    assert finger.data["history"] == before


def test_result_can_be_copied_and_taken_up_again_from_the_history() -> None:
    finger = Finger("calculator")
    _type(finger, "3−8=")
    finger.tap("More options", "Copy result")
    assert finger.phone.clipboard == "-5"
    finger.tap("History", "= −5")
    _type(finger, "+1=")
    assert finger.data["history"][-1]["result"] == "−4"


def test_history_is_cleared_after_asking() -> None:
    finger = Finger("calculator")
    finger.tap("History", "Clear history", "Cancel")
    assert finger.data["history"]
    finger.tap("Clear history", "Clear")
    assert finger.data["history"] == []
    assert "Nothing was calculated yet" in finger.texts()


def test_alarm_is_saved_with_time_days_and_label() -> None:
    finger = Finger("clock")
    id = finger.data["next"]
    hour = (finger.phone.clock.hour + 1) % 24
    finger.tap("Add alarm", "time", "Hours up", "+10 min", "OK", "day_0", "day_4", "day_2", "day_2")
    finger.write("label", "Πρωί 🎂")
    finger.tap("Save alarm")
    assert finger.data["alarms"][-1] == {
        "id": id,
        "hour": (hour + 1) % 24,
        "minute": 10,
        "label": "Πρωί 🎂",
        "days": [0, 4],
        "on": True,
    }


def test_changed_alarm_is_left_only_after_asking_and_unchanged_one_at_once() -> None:
    finger = Finger("clock")
    before = [dict(alarm) for alarm in finger.data["alarms"]]
    finger.tap("alarm_1")
    finger.back()
    assert finger.phone.current[1] == ".MainActivity"
    finger.tap("alarm_1", "day_3")
    finger.back()
    assert "Discard changes?" in finger.texts()
    finger.tap("Cancel")
    finger.back()
    finger.tap("Discard")
    assert finger.data["alarms"] == before
    assert finger.phone.current[1] == ".MainActivity"


def test_alarm_that_rings_once_rings_and_is_then_off() -> None:
    finger = Finger("clock")
    finger.tap("Add alarm", "Save alarm")
    alarm = finger.data["alarms"][-1]
    finger.wait(3601)
    assert finger.phone.state.notifications[0]["title"].startswith("Alarm ")
    assert not alarm["on"]


def test_alarm_switched_off_meanwhile_does_not_ring() -> None:
    finger = Finger("clock")
    finger.tap("Add alarm", "Save alarm")
    alarm = finger.data["alarms"][-1]
    for _ in range(3):
        finger.tap(f"switch_{alarm['id']}")
    finger.wait(3601)
    assert finger.phone.state.notifications == []


def test_alarm_rings_on_the_next_of_its_days() -> None:
    friday = datetime.datetime(2026, 3, 13, 8, 0)
    alarm = {"hour": 7, "minute": 0, "days": [4]}
    assert next_ring(alarm, friday) == datetime.datetime(2026, 3, 20, 7, 0)
    assert next_ring({**alarm, "days": []}, friday) == datetime.datetime(2026, 3, 14, 7, 0)
    assert next_ring({**alarm, "hour": 9}, friday) == datetime.datetime(2026, 3, 13, 9, 0)


def test_alarm_is_deleted_after_asking() -> None:
    finger = Finger("clock")
    finger.tap("alarm_2", "Delete", "Delete")
    assert 2 not in {alarm["id"] for alarm in finger.data["alarms"]}


def test_timer_counts_in_the_phones_time_and_says_when_it_is_done() -> None:
    finger = Finger("clock")
    finger.tap("Timer", "key_1", "key_3", "key_0", "Start")
    finger.wait(60)
    left = finger.data["timer"]["ends"] - finger.phone.now
    assert shown_span(left) in finger.texts()
    finger.tap("Pause")
    finger.wait(500)
    assert finger.phone.state.notifications == []
    finger.tap("Resume")
    finger.wait(35)
    assert [note["title"] for note in finger.phone.state.notifications] == ["Timer"]
    assert finger.data["timer"]["state"] == "set"


def test_timer_that_was_reset_does_not_ring_in_the_next_one() -> None:
    finger = Finger("clock")
    finger.tap("Timer", "key_1", "key_00", "Start", "Reset", "key_5", "key_00", "Start")
    finger.wait(120)
    assert finger.phone.state.notifications == []
    assert finger.data["timer"]["total"] == 300


def test_stopwatch_keeps_its_laps_and_its_time_while_paused() -> None:
    finger = Finger("clock")
    finger.tap("Stopwatch", "Start", "Lap", "Lap", "Pause")
    kept = finger.data["stopwatch"]["kept"]
    finger.wait(50)
    assert (len(finger.data["stopwatch"]["laps"]), finger.data["stopwatch"]["kept"]) == (2, kept)
    finger.tap("Reset")
    assert finger.data["stopwatch"]["laps"] == []


def test_city_is_found_added_and_removed() -> None:
    finger = Finger("clock")
    city = next(name for name in CITIES if name not in [*finger.data["cities"], "Lima"])
    finger.tap("World", "Add city")
    finger.write("query", city[:4].upper())
    finger.tap(f"city_{city}")
    assert finger.data["cities"][-1] == city
    there = city_time(finger.data, city, finger.phone.clock)
    assert there.strftime("%H:%M") in finger.texts()
    finger.tap(f"Remove {city}", "Cancel", f"Remove {city}", "Remove")
    assert city not in finger.data["cities"]


def test_city_already_there_cannot_be_added_twice() -> None:
    finger = Finger("clock")
    city = finger.data["cities"][0]
    finger.tap("World", "Add city", f"city_{city}")
    assert finger.data["cities"].count(city) == 1


def test_shown_number_loses_no_digit_that_it_has_room_for() -> None:
    assert shown(Decimal("1234567.25")) == "1234567.25"
    assert shown(Decimal("-0.00")) == "0"
