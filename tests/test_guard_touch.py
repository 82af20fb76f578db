"""A tap by another name is judged as the tap that it is."""

import pytest
from paper_env import PaperEnv

from eyehand.actions import (
    Action,
    Click,
    Drag,
    HoldKey,
    Key,
    LongPress,
    Point,
    Scroll,
    Size,
    Swipe,
    Type,
)
from eyehand.agent.guard import Doing, Guard
from eyehand.agent.guard_facts import Facts
from eyehand.agent.guard_labels import Target
from eyehand.agent.guard_touch import taps
from eyehand.agent.policy import read_policy
from eyehand.envs import PracticeEnv
from eyehand.envs.base import Shown

SIZE = Size(1080, 2400)
SEND = Target(True, (("Send",),))
AT = Point(500, 900)
AT_PAPER = Point(20, 20)


def facts(action: Action, target: Target | None = None) -> Facts:
    return Facts(action, "model", SIZE, {}, 0.0, target=target)


def kinds(action: Action, target: Target | None = None) -> list[str]:
    return [one.action.action for one in taps(facts(action, target))]


@pytest.mark.parametrize(
    "action",
    [
        Swipe(start=AT, end=AT),
        Swipe(start=AT, end=Point(501, 900), seconds=0.05),
        Swipe(start=AT, end=Point(500, 940), seconds=0.05),
        Drag(start=AT, end=Point(520, 880), seconds=0.1),
        Drag(end=AT, seconds=0.1),
        Scroll(point=AT, dy=0.01),
        Scroll(dx=0.001, unit="screens"),
    ],
    ids=str,
)
def test_a_movement_that_goes_nowhere_is_a_tap(action: Action) -> None:
    assert kinds(action) == ["click"]


def test_one_that_stays_down_is_a_long_press_too() -> None:
    assert kinds(Drag(start=AT, end=AT, seconds=0.8)) == ["click", "long_press"]


@pytest.mark.parametrize(
    "action",
    [
        Swipe(start=AT, end=Point(500, 300)),
        Scroll(point=AT, direction="down", amount=3),
        Scroll(point=AT, direction="down", amount=1),
        Click(point=AT),
        LongPress(point=AT),
        Key(keys="enter"),
        Key(keys="a"),
    ],
    ids=str,
)
def test_what_goes_somewhere_and_a_tap_itself_are_judged_once(action: Action) -> None:
    assert kinds(action) == []


def test_a_swipe_that_stays_on_one_button_is_a_tap_and_one_over_a_list_is_none() -> None:
    wide = Swipe(start=Point(100, 900), end=Point(900, 900), seconds=0.2)
    assert kinds(wide, Target(True, (("Pay now",), ("Pay now",)))) == ["click"]
    assert kinds(wide, Target(True, (("Ada",), ("Greta",)))) == []
    assert kinds(wide, Target(True, ((), ()))) == []
    assert kinds(wide, Target(False)) == []
    (tap,) = taps(facts(wide, Target(True, (("Pay now",), ("Pay now",)))))
    assert tap.target is not None
    assert (tap.points, tap.target.names) == ([Point(100, 900)], (("Pay now",),))


@pytest.mark.parametrize("action", [Key(keys="enter"), Key(keys="space"), HoldKey(keys="enter")])
def test_a_key_that_presses_what_has_the_focus_is_a_tap_of_it(action: Action) -> None:
    assert kinds(action, SEND) == ["click"]
    assert kinds(action, Target(False)) == []
    assert kinds(Key(keys="shift+enter"), SEND) == []


POLICY = """
default: allow
unattended: allow
rules:
  - name: pins
    verdict: refuse
    when: {action: click, target: "^Pin$"}
  - name: holds
    verdict: refuse
    when: {action: long_press}
"""


async def decided(
    action: Action, env: PracticeEnv | PaperEnv, policy: str = POLICY
) -> tuple[bool, str]:
    if isinstance(env, PaperEnv):
        await env.reset()
    guard = Guard(read_policy(policy))
    doing = Doing(action, "model", await env.observe(), "look")

    async def nobody(words: str) -> None:
        raise AssertionError(words)

    decision, _ = await guard.decide(doing, env, nobody)
    return decision.allowed, decision.rule


async def test_the_stricter_of_two_readings_decides() -> None:
    env = PracticeEnv(seed=3)
    await env.reset()
    env.phone.open_app("notes")
    env.phone.push("notes", "note", {"id": 1})
    env.phone.advance(2)
    pin = next(node for node in env.phone.tree().walk() if node.label == "Pin")
    middle = Point((pin.box.left + pin.box.right) / 2, (pin.box.top + pin.box.bottom) / 2)
    low = Point(middle.x, middle.y + 500)
    assert await decided(Click(point=middle), env) == (False, "pins")
    assert await decided(Swipe(start=middle, end=middle), env) == (False, "pins")
    assert await decided(Scroll(point=middle, dy=0.01), env) == (False, "pins")
    assert await decided(Swipe(start=low, end=low, seconds=1.0), env) == (False, "holds")
    assert await decided(Swipe(start=low, end=middle), env) == (True, "default")
    await env.close()


class Focused(PaperEnv):
    """Paper with one thing on it, which has the keyboard."""

    action_space = PaperEnv.action_space | {"key"}

    def __init__(self, text: str = "Delete account") -> None:
        super().__init__()
        self.text, self.told = text, 0

    async def shown(self) -> tuple[Shown, ...]:
        self.told += 1
        return (Shown(self.text, "", "", (0, 0, 200, 90), None, True, True),)


DELETE = """
default: allow
unattended: allow
rules:
  - name: deletes
    verdict: refuse
    when: {action: click, target: delete}
"""


@pytest.mark.parametrize(
    ("action", "allowed", "asked"),
    [
        (Click(point=AT_PAPER), False, 1),
        (Key(keys="enter"), False, 1),
        (HoldKey(keys="space"), False, 1),
        (Type(text="\n"), False, 1),
        (Type(text="yes", submit=True), False, 1),
        (Type(text="yes"), True, 0),
        (Key(keys="tab"), True, 0),
    ],
    ids=str,
)
async def test_what_presses_the_focus_is_asked_what_it_presses(
    action: Action, allowed: bool, asked: int
) -> None:
    env = Focused()
    assert await decided(action, env, DELETE) == (allowed, "default" if allowed else "deletes")
    assert env.told == asked


@pytest.mark.parametrize("filler", [130, 5000])
async def test_a_long_label_does_not_hide_what_a_rule_looks_for(filler: int) -> None:
    env = Focused(f"{'x ' * (filler // 2)} Delete account")
    assert await decided(Click(point=AT_PAPER), env, DELETE) == (False, "deletes")
