"""Policies: what is read from a file, and that what is wrong with one is said, with its line."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from strategies import texts

from eyehand.agent.guard import Guard
from eyehand.agent.patterns import LONGEST, fold, found
from eyehand.agent.policy import SHIPPED, Policy, PolicyError, load_policy, read_policy

RULE = "rules:\n  - name: a\n    verdict: {verdict}\n    when:\n      {condition}\n"


def rule(condition: str, verdict: str = "ask") -> str:
    return RULE.format(verdict=verdict, condition=condition)


def complaint(text: str) -> str:
    with pytest.raises(PolicyError) as caught:
        read_policy(text, "p.yaml")
    return str(caught.value)


@pytest.mark.parametrize("name", SHIPPED)
def test_each_policy_that_comes_along_is_read_and_survives_the_record(name: str) -> None:
    policy = load_policy(name)
    assert policy.name == name
    assert policy.about
    again = Guard.of_record(Guard(policy).recorded())
    assert again.policy == policy
    assert again.recorded() == Guard(policy).recorded()


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("defalt: ask\n", 1, "unknown field"),
        ("name: x\ndefault: maybe\n", 2, "'allow', 'ask' or 'refuse'"),
        ("ask_timeout_s: 0\n", 1, "greater than or equal to 1"),
        ("rules:\n  - verdict: ask\n", 2, "name"),
        ("rules:\n  - name: a\n    verdict: forbid\n", 3, "verdict"),
        ("rules:\n  - name: a\n    verdict: ask\n    wen: {}\n", 4, "unknown field"),
        (rule("target: '(a'"), 5, "is no regular expression: unclosed group"),
        (rule("target: '(?=a)b'"), 5, "look-ahead"),
        (rule("target: ''"), 5, "an empty one would fit everything"),
        (rule(r"target: '(a)\1'"), 5, "backreferences are not supported"),
        (rule("target: '(?:[ab]{0,200}c?){0,100}z'"), 5, "would be slow"),
        (rule("target: '\\w{900}{900}'"), 5, "would be slow"),
        (rule("action: clik"), 5, "there is no action 'clik'"),
        (rule("action: [click, answer]"), 5, "always passes"),
        (rule("keys: ctrl+nokey"), 5, "nokey"),
        (rule('time: {from: "25:00"}'), 5, "not '25:00'"),
        (rule('time: {from: "7:00"}'), 5, "HH:MM"),
        (rule('time: {from: "08:00", to: "08:00"}'), 5, "no time at all"),
        (rule("time: {days: monday}"), 5, "a day is one of"),
        (rule("time: {days: [mon-fri, sat-xyz]}"), 5, "a day is one of"),
        (rule("region: [0, 0, 2, 1]"), 5, "from 0 to 1"),
        (rule("region: [0.5, 0, 0.5, 1]"), 5, "has a size"),
        (rule("region: [0, 0, .5]"), 5, "region"),
        (rule("rate: {at_most: 0, seconds: 1}"), 5, "at_most"),
        (rule("says: pay", "allow"), 5, "only make a policy stricter"),
        (rule("goal: pay", "allow"), 5, "only make a policy stricter"),
        (
            "rules:\n  - name: a\n    verdict: ask\n    unless:\n      says: ok\n",
            5,
            "only make a policy stricter",
        ),
        (rule("action: click") + "  - name: a\n    verdict: ask\n", 6, "a rule 'a' before"),
        ("rules:\n  - {name: default, verdict: ask}\n", 2, "called default"),
        ("rules:\n  - {name: a, verdict: ask}\n  - {name: b, verdict: ask}\n", 2, "never reached"),
        ("default: ask\nunattended: allow\n", 2, "holds back"),
        (rule("action: click") + "    unknown_target: ask\n", 6, "needs target, near or switch"),
        ("rules:\n  - name: a\n    verdict: ask\n    when: {}\n", 4, "no condition"),
        ("name: a\nname: b\n", 2, "given twice"),
        ("name: [\n", 2, "not valid YAML"),
        ("- a\n", None, "a policy is a mapping"),
    ],
)
def test_what_is_wrong_with_a_policy_is_said_with_its_line(
    text: str, line: int | None, words: str
) -> None:
    said = complaint(text)
    assert said.startswith("p.yaml: " if line is None else f"p.yaml:{line}: "), said
    assert words in said


def test_every_mistake_is_named_at_once_in_the_order_of_the_file() -> None:
    said = complaint(
        "rules:\n  - name: a\n    verdict: no\n    when: {action: clik, keys: huh}\nx: 1\n"
    )
    assert [part.split(":")[1] for part in said.splitlines()] == ["3", "4", "4", "5"]


def test_a_policy_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="read-only, careful, trusted, or a file"):
        load_policy("carefull")
    with pytest.raises(PolicyError, match="cannot be read"):
        load_policy(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"name: \xff\n")
    with pytest.raises(PolicyError, match="not UTF-8"):
        load_policy(tmp_path / "latin.yaml")


def test_a_number_in_a_policy_is_the_text_that_stands_there() -> None:
    policy = read_policy(rule("text: 1.10"))
    assert policy.rules[0].when is not None
    assert policy.rules[0].when.text == ("1.10",)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"policy": {}, "attended": 1, "utc_offset_s": 0},
        {"policy": {}, "attended": True, "utc_offset_s": 0.5},
        {"policy": {"defalt": "ask"}, "attended": True, "utc_offset_s": 0},
        {"policy": None, "attended": True, "utc_offset_s": 0},
    ],
)
def test_a_damaged_record_of_a_policy_is_no_policy(data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Guard.of_record(data)


# Texts -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pattern", [r"(a+)+$", r"(?:a|aa)+$", r"(.*a){12}$", r"(x+x+)+y", r"a.*b.*c"]
)
def test_no_pattern_and_no_text_hangs_a_run(pattern: str) -> None:
    policy = read_policy(rule(f"text: '{pattern}'"))
    assert policy.rules[0].when is not None
    patterns = policy.rules[0].when.text or ()
    began = time.process_time()
    for text in ("a" * LONGEST + "!", "ab" * (LONGEST // 2), "x" * LONGEST):
        found(patterns, text, too_long=True)
    assert time.process_time() - began < 1.0  # an engine that goes back takes longer than the sun


def test_letters_that_nobody_sees_hide_no_word() -> None:
    for text in ("S\u200bend", "Ｓｅｎｄ", "se\u00adnd", "\u2066send\u2069", "SEND"):
        assert found(["^send$"], text, too_long=False), text
    assert found(["löschen"], "Lo\u0308schen", too_long=False)


@given(texts)
def test_folding_twice_is_folding_once(text: str) -> None:
    once = fold(text)
    assert fold(once) == once


def test_a_text_too_long_to_look_through_is_what_is_stricter() -> None:
    assert found(["no such"], "a" * (LONGEST + 1), too_long=True)
    assert not found(["a"], "a" * (LONGEST + 1), too_long=False)
    assert found(["a"], "a" * LONGEST, too_long=False)


def test_a_policy_made_in_python_is_held_to_the_same() -> None:
    with pytest.raises(ValueError, match="only make a policy stricter"):
        Policy.model_validate(
            {"rules": [{"name": "a", "verdict": "allow", "when": {"says": "all is well"}}]}
        )
