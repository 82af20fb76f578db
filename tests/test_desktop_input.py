"""The desktop env on a real X server, judged by what a real window says it got."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
from screens import Screen
from sheet import Sheet

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
    Wait,
)
from eyehand.envs import (
    DeviceNotFound,
    Observation,
    StoppedByUser,
)
from eyehand.envs.desktop import DesktopEnv
from eyehand.envs.settle import SettlePolicy

# The window of events never changes its looks: nothing is gained by waiting for it.
QUICK = SettlePolicy(response_s=0.02, quiet_s=0.02)
MIDDLE = (640, 400)


@pytest.fixture
async def env(screen: Screen) -> AsyncIterator[DesktopEnv]:
    env = DesktopEnv(screen.name, settle=QUICK)
    yield env
    await env.close()


async def do(env: DesktopEnv, *actions: Action) -> Observation:
    seen = await env.reset()
    for action in actions:
        await env.perform(action, seen)
    return seen


async def test_two_hundred_clicks_land_on_exactly_their_pixels(
    env: DesktopEnv, sheet: Sheet
) -> None:
    chance = random.Random(20261121)
    corners = {(0, 0), (1279, 0), (0, 799), (1279, 799)}
    points = [(chance.randrange(1280), chance.randrange(800)) for _ in range(200)]
    assert not corners & set(points)
    await do(env, *(Click(point=Point(x + chance.random(), y + 0.5)) for x, y in points))
    got = sheet.events("Button", "ButtonRelease")
    assert [(e["x"], e["y"]) for e in got] == [p for p in points for _ in range(2)]


async def test_clicks_in_a_region_land_where_the_region_is(screen: Screen, sheet: Sheet) -> None:
    env = DesktopEnv(screen.name, region=(101, 203, 333, 222), settle=QUICK)
    seen = await env.reset()
    assert seen.frame.physical == Size(333, 222)
    assert seen.frame.origin == (101, 203)
    points = [(0, 0), (332, 221), (17, 5)]
    for x, y in points:
        await env.perform(Click(point=Point(x, y)), seen)
    await env.close()
    got = [(e["x"], e["y"]) for e in sheet.events("Button")]
    assert got == [(101 + x, 203 + y) for x, y in points]


async def test_a_second_monitor_at_an_offset_is_seen_and_hit() -> None:
    """RandR 1.5 monitors, which ``xrandr --setmonitor`` makes on Xvfb, and which mss reads.

    Xvfb with ``-screen 1 ... +xinerama`` was tried, too: RandR goes on to name one monitor only.
    """
    with Screen(manager=False) as screen:
        screen.run("xrandr", "--setmonitor", "left", "640/160x800/200+0+0", "screen")
        screen.run("xrandr", "--setmonitor", "right", "640/160x700/200+640+100", "none")
        with Sheet(screen, "=1280x800+0+0") as window:
            env = DesktopEnv(screen.name, monitor=2, settle=QUICK)
            seen = await env.reset()
            assert seen.frame.physical == Size(640, 700)
            assert seen.frame.origin == (640, 100)
            await env.perform(Click(point=Point(10, 20)), seen)
            assert [(e["x"], e["y"]) for e in window.events("Button")] == [(650, 120)]
            await env.close()
            env = DesktopEnv(screen.name, monitor="all", settle=QUICK)
            assert (await env.reset()).frame.physical == Size(1280, 800)
            await env.close()
            env = DesktopEnv(screen.name, monitor=3)
            with pytest.raises(DeviceNotFound, match="it has 2"):
                await env.reset()
            await env.close()


async def test_buttons_and_counts_arrive_as_meant(env: DesktopEnv, sheet: Sheet) -> None:
    at = Point(300, 300)
    await do(env, Click(point=at, button="right"), Click(point=at, button="middle"))
    assert [e["button"] for e in sheet.events("Button")] == [3, 2]
    await env.perform(Click(point=at, count=3), await env.observe())
    got = [e["kind"] for e in sheet.events("Button", "Double-Button-1", "Triple-Button-1")]
    assert got.count("Double-Button-1") == 1
    assert got.count("Triple-Button-1") == 1


def turned(sheet: Sheet) -> list[tuple[int, int]]:
    return [(e["button"], e["state"] & 1) for e in sheet.events("Button")]


async def test_scrolling_turns_the_wheel_the_way_the_view_moves(
    env: DesktopEnv, sheet: Sheet
) -> None:
    at = Point(300, 300)
    # Tk tells buttons 6 and 7 as 4 and 5 with Shift.
    ways = {"up": (4, 0), "down": (5, 0), "left": (4, 1), "right": (5, 1)}
    seen = await env.reset()
    for direction, button in ways.items():
        await env.perform(Scroll(point=at, direction=direction, amount=2), seen)  # type: ignore[arg-type]
        assert turned(sheet) == [button] * 2
    await env.perform(Scroll(dy=0.2), seen)
    assert turned(sheet) == [ways["down"]]
    await env.perform(Scroll(dx=-1, dy=0.5, unit="screens"), seen)
    assert turned(sheet) == [ways["down"]] * 5 + [ways["left"]] * 16


@pytest.mark.parametrize("kind", [Drag, Swipe])
async def test_a_drag_moves_with_the_button_down(
    env: DesktopEnv, sheet: Sheet, kind: type[Drag] | type[Swipe]
) -> None:
    await do(env, kind(start=Point(100, 100), end=Point(300, 200), seconds=0.2))
    got = sheet.events("Button", "ButtonRelease", "Motion")
    pressed = [e["kind"] for e in got].index("Button")
    assert (got[pressed]["x"], got[pressed]["y"]) == (100, 100)
    assert (got[-1]["kind"], got[-1]["x"], got[-1]["y"]) == ("ButtonRelease", 300, 200)
    between = got[pressed + 1 : -1]
    assert len(between) > 5
    assert all(e["state"] & 0x100 for e in between)  # the left button is down
    assert got[-1]["at"] - got[pressed]["at"] > 0.15


async def test_a_long_press_holds_without_moving(env: DesktopEnv, sheet: Sheet) -> None:
    await do(env, LongPress(point=Point(100, 100), seconds=0.3))
    press, release = sheet.events("Button", "ButtonRelease")
    assert release["at"] - press["at"] > 0.25


@pytest.mark.parametrize(
    ("chord", "keysyms"),
    [
        ("ctrl+shift+s", ["Control_L", "Shift_L", "S"]),
        ("ctrl+<", ["Control_L", "less"]),
        ("ctrl+plus", ["Control_L", "Shift_L", "plus"]),
        ("ctrl+é", ["Control_L", "eacute"]),
        ("page_down", ["Next"]),
        ("f5", ["F5"]),
        ("volume_mute", ["XF86AudioMute"]),
        ("num_5", ["KP_5"]),
    ],
)
async def test_a_chord_presses_in_order_and_releases_in_reverse(
    env: DesktopEnv, sheet: Sheet, screen: Screen, chord: str, keysyms: list[str]
) -> None:
    before = screen.keymap()
    await do(env, Key(keys=chord))
    got = sheet.events("Key", "KeyRelease")
    assert [e["key"] for e in got if e["kind"] == "Key"] == keysyms
    released = [e["key"] for e in got if e["kind"] == "KeyRelease"]
    assert [name.lower() for name in released] == [name.lower() for name in reversed(keysyms)]
    assert screen.keymap() == before


async def test_a_key_is_held_for_its_time(env: DesktopEnv, sheet: Sheet) -> None:
    await do(env, HoldKey(keys="shift", seconds=0.3))
    press, release = sheet.events("Key", "KeyRelease")
    assert release["at"] - press["at"] > 0.25


async def test_the_user_stops_it_by_pulling_the_pointer_into_a_corner(
    env: DesktopEnv, sheet: Sheet, screen: Screen
) -> None:
    seen = await env.reset()
    screen.put_pointer(1279, 799)
    with pytest.raises(StoppedByUser):
        await env.perform(Click(point=Point(100, 100)), seen)
    assert sheet.events("Button") == []
    screen.put_pointer(*MIDDLE)
    await env.perform(Click(point=Point(100, 100)), seen)
    assert len(sheet.events("Button")) == 1


@pytest.mark.parametrize(
    "action",
    [
        HoldKey(keys="shift", seconds=20),
        LongPress(point=Point(500, 500), seconds=10),
        Drag(start=Point(300, 300), end=Point(900, 600), seconds=10),
        Wait(seconds=20),
    ],
    ids=lambda action: action.tag(),
)
async def test_the_user_stops_a_long_action_in_the_middle(
    env: DesktopEnv, sheet: Sheet, screen: Screen, action: Action
) -> None:
    seen = await env.reset()
    task = asyncio.create_task(env.perform(action, seen))
    await asyncio.sleep(0.3)
    for _ in range(200):  # a drag of ours may move it away between two looks
        screen.put_pointer(0, 0)
        if task.done():
            break
        await asyncio.sleep(0.005)
    with pytest.raises(StoppedByUser):
        await asyncio.wait_for(task, 5)
    assert screen.keys_down() == []
    assert screen.buttons_down() == []


async def test_our_own_click_in_a_corner_does_not_stop_the_next_action(
    env: DesktopEnv, sheet: Sheet
) -> None:
    at = Point(0, 0)
    await do(env, Click(point=at), Key(keys="shift"), Click(), Click(point=Point(5, 5)))
    assert len(sheet.events("Button")) == 3


async def test_two_displays_in_one_process_keep_apart(screen: Screen, sheet: Sheet) -> None:
    with (
        Screen("640x480", manager=False) as other,
        Sheet(other, "=640x480+0+0") as small,
    ):
        envs = [DesktopEnv(s.name, settle=QUICK) for s in (screen, other)]
        seen = [await env.reset() for env in envs]
        assert [s.frame.physical.width for s in seen] == [1280, 640]
        for n in range(1, 15):
            clicks = [
                env.perform(Click(point=Point(place + n, place + n)), view)
                for env, view, place in zip(envs, seen, (300, 100), strict=True)
            ]
            await asyncio.gather(*clicks)
        assert [e["x"] for e in small.events("Button")] == list(range(101, 115))
        assert [e["x"] for e in sheet.events("Button")] == list(range(301, 315))
        for env in envs:
            await env.close()
