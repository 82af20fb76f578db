"""Task files: what they may hold, and the line of what they may not."""

from pathlib import Path

import pytest

from eyehand.actions import Click, Key, Point, Scroll, Type
from eyehand.agent import Task, TaskError, TaskStep, load_task

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
    assert task.env is not None
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
        ("env: phone\nsteps:\n  - wait: 1\n", 1, "env is `desktop`"),
        ("env:\n  desktop:\n    virtual: big\nsteps:\n  - wait: 1\n", 3, "virtual"),
        (
            "env:\n  desktop: {virtual: 800x600, display: ':0'}\nsteps:\n  - wait: 1\n",
            2,
            "display or virtual, not both",
        ),
        ("d: 2026-99-99\nsteps:\n  - wait: 1\n", None, "not valid YAML"),
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
