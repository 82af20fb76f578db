"""Task files: what they may hold, and the line of what they may not."""

from pathlib import Path

import pytest

from eyehand.actions import CallTool, Click, Key, Point, Scroll, Type
from eyehand.agent import (
    Agent,
    AndroidSpec,
    DesktopSpec,
    PracticeSpec,
    Task,
    TaskError,
    TaskStep,
    load_task,
    replay,
)
from eyehand.envs import PracticeEnv

GOOD = """\
name: all
env: {desktop: {virtual: 1280x800, start: [[xterm, -e, "{{program}}"]]}}
limits: {steps: 9, seconds: 5, errors: 1}
variables:
  program: cat
  year: 2026
steps:
  - goal: "Do {{program}}"
  - click: [1, 2]
    target: [0, 0, 5, 5]
  - click: {point: [3, 4], button: right, count: 2}
  - type: "{{year}} {{ year }}"
  - type: 2026
  - key: Ctrl+S
  - scroll: down
  - wait: 2
  - wait_for: {window: {title_contains: x}}
    timeout_s: 3
  - check: {file: {path: a, equals: b}}
"""


def load(tmp_path: Path, text: str, **variables: str) -> Task:
    path = tmp_path / "t.yaml"
    path.write_text(text, encoding="utf-8")
    return load_task(path, variables)


def test_every_kind_of_step_is_read(tmp_path: Path) -> None:
    task = load(tmp_path, GOOD, program="cat -n")
    assert isinstance(task.env, DesktopSpec)
    assert task.env.start == (("xterm", "-e", "cat -n"),)
    assert task.limits.errors == 1
    assert task.folder == tmp_path
    actions = [step.action for step in task.steps if step.action]
    assert actions[:6] == [
        Click(point=Point(1, 2)),
        Click(point=Point(3, 4), button="right", count=2),
        Type(text="2026 2026"),
        Type(text="2026"),
        Key(keys="ctrl+s"),
        Scroll(direction="down"),
    ]
    assert task.steps[0].goal == "Do cat -n"
    assert task.steps[1].target == (0, 0, 5, 5)
    assert Task.model_validate(task.model_dump(mode="json")).steps == task.steps


def test_the_same_from_python(tmp_path: Path) -> None:
    made = Task(name="t", steps=(TaskStep.of({"click": [1, 2]}), TaskStep.of({"key": "enter"})))
    read = load(tmp_path, "name: t\nsteps:\n- click: [1, 2]\n- key: enter\n")
    assert read.steps == made.steps


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", None, "is empty"),
        ("# nothing\n", None, "is empty"),
        ("- a\n", None, "a task is a mapping"),
        ("steps: [", 1, "not valid YAML"),
        ("name: x\nsteps:\n  - click: [1, 2\n", 4, "not valid YAML"),
        ("name: x\n", None, "a task needs `steps:`"),
        ("name: x\nsteps: []\n", 2, "a task needs `steps:`"),
        ("name: x\nstep:\n  - wait: 1\n", 2, "unknown field 'step'"),
        ("steps:\n  - clik: [1, 2]\n", 2, "unknown step 'clik'"),
        ("secrets:\n  pin: hunter2\nsteps:\n  - wait: 1\n", 2, "pin"),
        ("secrets:\n  a b: env:PIN\nsteps:\n  - wait: 1\n", 2, "no name for a secret"),
        ("secrets: [pin]\nsteps:\n  - wait: 1\n", 1, "a mapping of names to sources"),
        ("steps:\n  - wait: 1\n  - click: [1]\n", 3, "point.1"),
        ("steps:\n  - click: {point: [1, 2], buton: left}\n", 2, "unknown field 'buton'"),
        ("steps:\n  - key: ctrl+foo\n", 2, "unknown key 'foo'"),
        ("steps:\n  - wait: 1000\n", 2, "less than or equal to 60"),
        ("steps:\n  - wait: 1\n    click: [1, 2]\n", 2, "this one has wait, click"),
        ("steps:\n  - name: nothing\n", 2, "this one has none"),
        ("steps:\n  - just words\n", 2, "a step is a mapping"),
        ("steps:\n  - done:\n", 2, "done is for models"),
        ("steps:\n  - check: {fil: {path: x}}\n", 2, "unknown check 'fil'"),
        ("steps:\n  - check: {file: {pth: x}}\n", 2, "unknown argument 'pth'"),
        ("steps:\n  - check: {file: {}}\n", 2, "argument 'path' is missing"),
        ("steps:\n  - check: file\n", 2, "check takes one condition"),
        ("steps:\n  - drag: [1, 2]\n", 2, "drag takes its fields as a mapping: start, end"),
        ('steps:\n  - type: "{{who}}"\n', 2, "unknown variable {{who}}"),
        ("variables: {a: [1]}\nsteps:\n  - wait: 1\n", 1, "must be a text or a number"),
        ("variables: 3\nsteps:\n  - wait: 1\n", 1, "variables is a mapping"),
        ("limits:\n  steps: 0\nsteps:\n  - wait: 1\n", 2, "greater than or equal to 1"),
        ("limits: {stepz: 1}\nsteps:\n  - wait: 1\n", 1, "stepz: unknown field"),
        ("env: phone\nsteps:\n  - wait: 1\n", 1, "there are desktop, android"),
        ("env:\n  desktop:\n    virtual: big\nsteps:\n  - wait: 1\n", 3, "virtual"),
        (
            "env:\n  desktop: {virtual: 800x600, display: ':0'}\nsteps:\n  - wait: 1\n",
            2,
            "display or virtual, not both",
        ),
        ("steps:\n  - 1: x\n", 2, "a name is a text here"),
        ("steps:\n  - on: x\n", 2, "unknown step 'on'"),
        ("steps: &a [*a]\n", 1, "this part holds itself"),
        ("steps:\n  - click: [1, 2]\n    click: [3, 4]\n", 3, "'click' is given twice"),
        ("steps:\n  - wait: 1\nname: a\nname: b\n", 4, "'name' is given twice"),
        ("steps:\n  - click: [1, 2]\n    timeout_s: 3\n", 2, "timeout_s belongs to wait_for"),
        ("steps:\n  - wait: 1\n    target: [0, 0, 5, 5]\n", 2, "this step has no point"),
        ("steps:\n  - click: [1, 2]\n    target: [.nan, 0, 1, 1]\n", 3, "valid number"),
        ("steps:\n  - click: {action: hold_key, keys: a}\n", 2, "it takes no field `action`"),
        ("steps:\n  - check: {window: {}}\n", 2, "give one of title and title_contains"),
        ("steps:\n  - check: {command: {run: []}}\n", 2, "at least 1 item"),
        ('steps:\n  - check: {command: {run: ["a\\0b"]}}\n', 2, "NUL character"),
        ("steps:\n  - check: {command: {run: [a], timeout_s: 0}}\n", 2, "greater than 0"),
        (
            "steps:\n  - check: {file: {path: a, equals: b, contains: c}}\n",
            2,
            "give one of equals, contains and same_as",
        ),
        ("steps:\n  - check: {file: {path: a, exists: false, equals: b}}\n", 2, "must not exist"),
        (
            "env: {desktop: {monitor: 0}}\nsteps:\n  - wait: 1\n",
            1,
            "a number from 1, or all, not 0",
        ),
        ("env: {desktop: {region: [0, 0, 0, 0]}}\nsteps:\n  - wait: 1\n", 1, "must have a size"),
        ("env: {desktop: {window: ''}}\nsteps:\n  - wait: 1\n", 1, "it cannot be empty"),
        (
            "env: {desktop: {window: a, region: [0, 0, 1, 1]}}\nsteps:\n  - wait: 1\n",
            1,
            "region or window, not both",
        ),
        ("env: {desktop: {start: [[]]}}\nsteps:\n  - wait: 1\n", 1, "at least 1 item"),
        ("steps:\n  - type: !!int abc\n", 2, "the tag tag:yaml.org,2002:int cannot be used"),
        ("steps:\n  - type: !!float .nan\n", 2, "cannot be used here"),
        ("steps:\n  - type: !!bool maybe\n", 2, "cannot be used here"),
        ("steps:\n  - type: !!timestamp 2026-99-99\n", 2, "cannot be used here"),
        ("steps:\n  - type: !!binary aGk=\n", 2, "cannot be used here"),
        (f"steps:\n  - goal: {'[' * 200}{']' * 200}\n", 2, "nested deeper than 100"),
        (f"steps: {'[' * 3000}{']' * 3000}\n", None, "nested too deeply"),
        ('steps:\n  - check: {file: {path: "a\\ud800"}}\n', 2, "half a surrogate pair"),
        ('variables:\n  a: "\\ud800"\nsteps:\n  - wait: 1\n', 2, "half a surrogate pair"),
        ('env: {desktop: {start: [["a\\0b"]]}}\nsteps:\n  - wait: 1\n', 1, "NUL character"),
        ("steps:\n  - click: [1, 2]\n    target: [nan, 0, inf, 1]\n", 3, "finite number"),
        ("limits:\n  seconds: inf\nsteps:\n  - wait: 1\n", 2, "finite number"),
        ("d: 2026-99-99\nsteps:\n  - wait: 1\n", 1, "unknown field 'd'"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    tmp_path: Path, text: str, line: int | None, message: str
) -> None:
    with pytest.raises(TaskError) as caught:
        load(tmp_path, text)
    assert message in str(caught.value)
    assert caught.value.line == line
    assert str(tmp_path / "t.yaml") in str(caught.value)


def test_a_variable_that_the_file_lacks_cannot_be_set(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="there is no variable 'b' to set; there are: a"):
        load(tmp_path, "variables: {a: 1}\nsteps:\n  - wait: 1\n", b="2")


def test_a_value_is_not_searched_for_variables_again(tmp_path: Path) -> None:
    text = "variables: {a: '{{b}}', b: secret}\nsteps:\n  - type: '{{a}}'\n"
    assert load(tmp_path, text).steps[0].action == Type(text="{{b}}")


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="cannot be read: No such file"):
        load_task(tmp_path / "none.yaml")
    (tmp_path / "t.yaml").write_bytes(b"steps: \xff")
    with pytest.raises(TaskError, match="is not UTF-8"):
        load_task(tmp_path / "t.yaml")


@pytest.mark.parametrize(
    "text", ["0123", "12:30", "yes", "1_000", "1.10", "0x1F", "2026-01-01", "true", "5", "-3", ".5"]
)
def test_what_stands_in_the_file_is_what_is_typed(tmp_path: Path, text: str) -> None:
    body = f"variables: {{v: {text}}}\nsteps:\n  - type: {text}\n  - type: '{{{{v}}}}'\n"
    assert [step.action for step in load(tmp_path, body).steps] == [Type(text=text)] * 2


def test_a_laugh_of_a_billion_parts_is_refused(tmp_path: Path) -> None:
    lines = ["steps: &a0 [{wait: 1}]"]
    lines += [f"x{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(TaskError, match="comes to more than 100000 parts"):
        load(tmp_path, "\n".join(lines))


def test_a_value_that_is_no_text_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="the value of a is not UTF-8 text"):
        load(tmp_path, "variables: {a: b}\nsteps:\n  - type: '{{a}}'\n", a="\udcff")


def test_a_number_stands_for_a_text_wherever_one_is_wanted(tmp_path: Path) -> None:
    body = """\
name: 1.10
env: {desktop: {start: [[true, 1.10, 5]]}}
steps:
  - type: {text: 1.10}
  - check: {file: {path: 5, equals: 1.10}}
  - check: {command: {run: [true, 1.10], prints: 5}}
  - check: {window: {title: 2026}}
"""
    task = load(tmp_path, body)
    assert task.name == "1.10"
    assert isinstance(task.env, DesktopSpec)
    assert task.env.start == (("true", "1.10", "5"),)
    assert task.steps[0].action == Type(text="1.10")
    assert [step.check.arguments for step in task.steps if step.check] == [
        {"path": "5", "equals": "1.10"},
        {"run": ["true", "1.10"], "prints": "5"},
        {"title": "2026"},
    ]
    # A recording that said 1.1 here would be replayed as another text.
    assert Task.model_validate(task.model_dump(mode="json")).steps == task.steps


def test_a_number_too_long_for_python_is_a_text(tmp_path: Path) -> None:
    digits = "1" * 5000
    assert load(tmp_path, f"steps:\n  - type: {digits}\n").steps[0].action == Type(text=digits)


def test_numbers_stay_numbers_for_tools(tmp_path: Path) -> None:
    text = "steps:\n  - call_tool: {name: t, arguments: {a: 5, b: .5, c: '5', d: true}}\n"
    action = load(tmp_path, text).steps[0].action
    assert isinstance(action, CallTool)
    assert action.arguments == {"a": 5, "b": 0.5, "c": "5", "d": True}


def test_a_name_without_a_value_is_not_none(tmp_path: Path) -> None:
    assert load(tmp_path, "name:\nsteps:\n  - wait: 1\n").name == "t"


def test_a_goal_of_a_broken_terminal_is_refused_in_words() -> None:
    with pytest.raises(TaskError, match="the goal is not UTF-8 text"):
        Task.goal("\udcff")


@pytest.mark.parametrize(
    ("written", "spec"),
    [
        ("practice", PracticeSpec()),
        ('"practice:3"', PracticeSpec(seed=3)),
        (
            '"practice:3,size=280x616,dark=true,font_scale=1.15"',
            PracticeSpec(seed=3, size="280x616", dark=True, font_scale=1.15),
        ),
        (
            "{practice: {seed: 3, size: 720x1600, dark: true}}",
            PracticeSpec(seed=3, size="720x1600", dark=True),
        ),
        ("android", AndroidSpec()),
        ('"android:192.168.1.20:5555"', AndroidSpec(serial="192.168.1.20:5555")),
        ("{android: {serial: 0123}}", AndroidSpec(serial="0123")),
        ("desktop", DesktopSpec()),
    ],
)
def test_places_are_read_in_either_form(tmp_path: Path, written: str, spec: object) -> None:
    task = load(tmp_path, f"env: {written}\nsteps:\n  - wait: 1\n")
    assert task.env == spec
    assert Task.model_validate(task.model_dump(mode="json")).env == spec


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('"practice:x"', "seed"),
        ('"practice:3,size"', "NAME=VALUE, such as size=280x616, not 'size'"),
        ('"practice:3,sede=1"', "unknown field"),
        ('"practice:3,size=10x10"', "540x1200"),
        ('"desktop:1"', "practice:SEED"),
        ("{practice: {size: big}}", "540x1200"),
        ("{practice: {sede: 1}}", "unknown field"),
        ("{android: {serial: a b}}", "one word"),
        ("{android: {text: telepathy}}", "auto"),
    ],
)
def test_a_place_that_is_none_is_told_with_what_there_is(
    tmp_path: Path, written: str, said: str
) -> None:
    with pytest.raises(TaskError, match=said):
        load(tmp_path, f"env: {written}\nsteps:\n  - wait: 1\n")


def test_where_secrets_are_kept_is_read_and_their_references_stay(tmp_path: Path) -> None:
    body = "secrets: {pin: 'env:BANK_PIN'}\nsteps:\n  - type: '{{secret:pin}}'\n"
    task = load(tmp_path, body)
    assert task.secrets == {"pin": "env:BANK_PIN"}
    assert task.steps[0].action == Type(text="{{secret:pin}}")


async def test_a_reference_to_a_secret_that_is_not_there_is_never_typed(tmp_path: Path) -> None:
    env = PracticeEnv(seed=3)
    steps = [{"open_app": "Notes"}, {"type": "{{secret:pin}}"}]
    task = Task(steps=tuple(TaskStep.of(step) for step in steps))
    episode = await Agent(env, record=tmp_path / "e").run(task)
    assert "no secret 'pin'" in (episode.steps[-1].error or "")
    assert episode.steps[-1].after is None
    replayed = await replay(tmp_path / "e")
    assert replayed.complete
