"""AndroidEnv held to the contract of envs, on practice phones behind a real adb server.

Typing is in ``test_android_typing.py``, what goes wrong in ``test_android_faults.py``.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, get_args

import env_contract as contract
import numpy as np
import pytest
from android_rig import QUICK, Hand, env_of, hand, running_server
from full_text import walk, write_note
from practice_server import ADBS, AdbServer, free_port, practice_phone
from practice_stand_in import StandIn

from eyehand.actions import parse_action
from eyehand.agent.doctor import Finding, examine
from eyehand.envs.adb_link import Bounds
from eyehand.envs.android import AndroidEnv
from eyehand.envs.android_screen import Screencap, Way
from eyehand.envs.base import Delivery, Effect, Env
from eyehand.envs.errors import (
    ActionFailed,
    BackendMissing,
    CaptureFailed,
    DeviceNotFound,
    EnvError,
)
from eyehand.envs.practice.phone import Phone
from eyehand.model.size import Size

SHORT = Bounds(connect_s=1.0, query_s=2, capture_s=2, input_s=2, reconnect_s=2, attempts=2)
Make = Callable[..., AndroidEnv]


@pytest.fixture(scope="module")
def server() -> Iterator[AdbServer]:
    with running_server() as running:
        yield running


@pytest.fixture(scope="module", params=ADBS)
def contract_server(request: pytest.FixtureRequest) -> Iterator[AdbServer]:
    with running_server(ADBS[request.param]) as running:
        yield running


@pytest.mark.parametrize(
    "clause",
    [
        contract.observing_gives_a_picture_whose_sizes_agree,
        contract.nothing_works_before_reset,
        contract.nothing_works_after_close_and_closing_twice_is_harmless,
        contract.closing_before_reset_is_harmless,
        contract.what_is_not_in_the_action_space_is_refused,
        contract.a_point_far_outside_is_refused,
    ],
    ids=lambda clause: str(clause.__name__),
)
async def test_the_contract_is_kept(
    clause: Callable[[Callable[[], Env]], Any], contract_server: AdbServer
) -> None:
    async with practice_phone(Phone(1), server=contract_server) as practice:
        await clause(lambda: env_of(practice))


async def test_a_cancelled_call_returns_at_once_and_leaves_no_finger_down(
    server: AdbServer,
) -> None:
    phone = StandIn()
    longs: list[dict[str, object]] = [
        {"action": "drag", "start": [100, 100], "end": [400, 500], "seconds": 3},
        {"action": "swipe", "start": [100, 100], "end": [400, 500], "seconds": 3},
        {"action": "long_press", "point": [300, 300], "seconds": 3},
        {"action": "scroll", "direction": "down", "amount": 5, "unit": "screens"},
        {"action": "wait", "seconds": 3},
    ]

    def held() -> list[int]:
        kinds = [event[0] for event in phone.events]
        return [1] * (kinds.count("down") - kinds.count("up") - kinds.count("cancel"))

    async with practice_phone(phone, server=server) as practice:
        await contract.a_cancelled_call_returns_at_once(lambda: env_of(practice), longs, held)
        kinds = [event[0] for event in phone.events]
        assert kinds.count("cancel") == 4, "a touch that is given up must not count as one"


async def test_cancelling_takes_no_longer_than_promised(server: AdbServer) -> None:
    async with practice_phone(StandIn(), server=server) as practice, hand(practice) as user:
        press = parse_action({"action": "long_press", "point": [9, 9], "seconds": 3})
        call = asyncio.ensure_future(user.env.perform(press, user.seen))
        await asyncio.sleep(0.3)
        start = time.monotonic()
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        assert time.monotonic() - start < 0.5  # promised are 0.1; a busy machine may take longer


async def test_gestures_arrive_as_they_were_meant(server: AdbServer) -> None:
    phone = StandIn()
    async with practice_phone(phone, server=server) as practice, hand(practice) as user:

        async def events(action: str, **fields: Any) -> list[tuple[Any, ...]]:
            phone.events.clear()
            outcome = await user.do(action, **fields)
            assert outcome.delivery is Delivery.DELIVERED
            return list(phone.events)

        tap = [("down", 40, 50), ("up", 40, 50)]
        assert await events("click", point=[40.6, 50.9]) == tap
        assert await events("click", point=[40, 50], count=3) == tap * 3
        start = time.monotonic()
        assert await events("long_press", point=[40, 50], seconds=0.6) == tap
        assert time.monotonic() - start >= 0.6
        for action, seconds in (("drag", 0.3), ("swipe", 0.3), ("swipe", 0.7)):
            way = await events(action, start=[40, 50], end=[400, 900], seconds=seconds)
            assert way[0] == ("down", 40, 50)
            assert way[-2:] == [("move", 400, 900), ("up", 400, 900)]
            assert [event[0] for event in way[1:-1]] == ["move"] * (len(way) - 2)
            ys = [event[2] for event in way]
            assert ys == sorted(ys)
        down = await events("scroll", direction="down")
        assert down[0][2] > down[-1][2], "the finger goes up for the view to go down"
        assert await events("key", keys="enter", count=2) == [("key", 66, frozenset(), False)] * 2
        assert await events("key", keys="ctrl+a") == [("key", 29, frozenset({113}), False)]
        for action, code in (("back", 4), ("home", 3), ("app_switch", 187)):
            assert await events(action) == [("key", code, frozenset(), False)]


async def test_the_effect_is_judged_from_pictures(server: AdbServer) -> None:
    phone = StandIn()
    async with practice_phone(phone, server=server) as practice, hand(practice) as user:
        assert (await user.do("click", point=[5, 5])).effect is Effect.UNCHANGED
        before = phone.touch

        def touch(kind: str, x: float, y: float) -> None:
            before(kind, x, y)
            phone.__dict__["colour"] = (200, 40, 40)

        phone.touch = touch  # type: ignore[method-assign]
        assert (await user.do("click", point=[5, 5])).effect is Effect.CHANGED
        assert tuple(user.seen.pixels[0, 0]) == (200, 40, 40)


async def test_two_phones_at_once_with_a_hundred_actions_and_none_astray(
    server: AdbServer,
) -> None:
    phones = [StandIn(), StandIn(natural=Size(720, 1600))]
    async with (
        practice_phone(phones[0], server=server) as one,
        practice_phone(phones[1], server=server) as two,
        hand(one) as left,
        hand(two) as right,
    ):

        async def work(user: Hand, first: int) -> None:
            for n in range(first, 100, 2):
                await user.do("click", point=[n, 300 + n])

        await asyncio.gather(work(left, 0), work(right, 1))
    for first, phone in enumerate(phones):
        taps = [event for event in phone.events if event[0] == "up"]
        assert taps == [("up", n, 300 + n) for n in range(first, 100, 2)]


async def test_a_phone_that_is_turned_is_noticed_and_hit_where_it_was_meant(
    server: AdbServer,
) -> None:
    phone = StandIn()
    async with practice_phone(phone, server=server) as practice, hand(practice) as user:
        phone.rotate(1)
        with pytest.raises(ActionFailed, match="turned") as caught:
            await user.do("click", point=[100, 1000])
        assert not caught.value.delivered
        assert not phone.events
        user.seen = await user.env.observe()
        assert user.seen.frame.physical == user.seen.frame.logical == Size(1200, 540)
        await user.do("click", point=[1000, 100])
        assert phone.events == [("down", 1000, 100), ("up", 1000, 100)]


async def test_another_size_of_the_screen_is_followed(server: AdbServer) -> None:
    phone = StandIn()
    async with practice_phone(phone, server=server) as practice, hand(practice) as user:
        phone.resize(Size(360, 800))
        user.seen = await user.env.observe()
        assert user.seen.frame.physical == Size(360, 800)
        await user.do("click", point=[359, 799])
        assert phone.events[-1] == ("up", 359, 799)


async def test_a_picture_that_forbids_pictures_is_said_to_be_black(server: AdbServer) -> None:
    phone = StandIn()
    async with practice_phone(phone, server=server) as practice, hand(practice) as user:
        assert "black" not in user.seen.extras
        phone.secure = True
        seen = await user.env.observe()
        assert seen.extras["black"] is True
        assert seen.extras["secure"] is True
        assert not seen.pixels.any()


async def test_a_phone_that_sleeps_is_woken_and_unlocked_at_first(server: AdbServer) -> None:
    phone = Phone(1)
    phone.screen_off()
    async with practice_phone(phone, server=server) as practice:
        async with hand(practice, wake=False) as user:
            assert user.seen.extras["awake"] is False
            assert user.seen.extras["black"] is True
            assert not phone.awake
        async with hand(practice) as user:
            assert user.seen.extras["awake"] is True
            assert user.seen.extras["locked"] is False
            assert user.seen.pixels.any()
            assert user.env.describe()["notes"]


async def test_an_observation_tells_what_the_phone_is_doing(server: AdbServer) -> None:
    phone = Phone(1)
    async with practice_phone(phone, server=server) as practice, hand(practice) as user:
        assert user.seen.extras["app"] == "org.eyehand.launcher/.HomeActivity"
        outcome = await user.do("open_app", name="notes")
        assert outcome.detail == "started Notes (org.eyehand.notes)"
        assert outcome.effect is Effect.CHANGED
        assert user.seen.extras["app"] == "org.eyehand.notes/.MainActivity"
        assert user.seen.extras["keyboard"] is False
        write_note(phone)
        assert (await user.env.observe()).extras["keyboard"] is True


async def test_an_app_that_is_not_there_is_refused_with_near_names(server: AdbServer) -> None:
    async with practice_phone(Phone(1), server=server) as practice, hand(practice) as user:
        with pytest.raises(ActionFailed, match="did you mean Messages") as caught:
            await user.do("open_app", name="my messages app")
        assert not caught.value.delivered


async def test_scrolling_moves_the_view_by_what_was_asked_and_no_farther(
    server: AdbServer,
) -> None:
    phone = Phone(1)
    phone.launch("org.eyehand.notes")
    phone.advance(1)

    def tops() -> dict[str, int]:
        return {n.text: n.box[1] for n in walk(phone.tree()) if n.role == "text" and n.text}

    async with practice_phone(phone, server=server) as practice, hand(practice) as user:
        before = tops()
        await user.do("scroll", direction="down", amount=2)
        await asyncio.sleep(0.5)  # a list that was thrown would go on
        moved = {before[name] - top for name, top in tops().items() if name in before} - {0}
        wanted = 2 * 64 * phone.density / 160
        assert moved
        assert all(abs(distance - wanted) <= 24 for distance in moved), (moved, wanted)
        await user.do("scroll", direction="up", amount=2)
        back = {before[name] - top for name, top in tops().items() if name in before}
        assert all(abs(distance) <= 24 for distance in back)


async def test_a_display_that_is_not_there_is_named(server: AdbServer) -> None:
    async with practice_phone(StandIn(), server=server) as practice:
        env = env_of(practice, display=3)
        with pytest.raises(DeviceNotFound, match=r"no display 3; there are 0"):
            await env.reset()
        await env.close()


async def test_a_failed_capture_is_an_error_and_never_a_black_picture(server: AdbServer) -> None:
    async with practice_phone(StandIn(), server=server) as practice, hand(practice) as user:
        practice.device.faults.screencap_empty = True
        with pytest.raises(CaptureFailed, match="nothing came"):
            await user.env.observe()
        practice.device.faults.screencap_empty = False
        assert (await user.env.observe()).pixels.any()


async def test_what_foldables_print_before_a_picture_is_passed_over(server: AdbServer) -> None:
    async with practice_phone(StandIn(), server=server) as practice:
        practice.device.faults.foldable_warning = True
        async with hand(practice) as user:
            assert tuple(user.seen.pixels[0, 0]) == (30, 120, 200)


async def test_without_a_serial_the_only_phone_is_taken_and_never_one_of_two(
    server: AdbServer,
) -> None:
    async with practice_phone(StandIn(), server=server) as one:
        alone = AndroidEnv(None, server=("127.0.0.1", server.port), settle=QUICK)
        assert (await alone.reset()).frame.display == one.serial
        assert alone.name == f"android:{one.serial}"
        await alone.close()
        async with practice_phone(StandIn(), server=server) as two:
            env = AndroidEnv(None, server=("127.0.0.1", server.port))
            with pytest.raises(DeviceNotFound) as caught:
                await env.reset()
            assert one.serial in str(caught.value)
            assert two.serial in str(caught.value)
            await env.close()


async def refused(server: AdbServer, serial: str | None) -> EnvError:
    env = AndroidEnv(serial, server=("127.0.0.1", server.port), bounds=SHORT)
    with pytest.raises(EnvError) as caught:
        await env.reset()
    await env.close()
    return caught.value


async def test_a_phone_that_is_not_there_is_named_with_those_that_are(server: AdbServer) -> None:
    assert "plug it in" in str(await refused(server, None))
    async with practice_phone(StandIn(), server=server) as one:
        error = await refused(server, "R58M1")
        assert isinstance(error, DeviceNotFound)
        assert "no phone R58M1" in str(error)
        assert one.serial in str(error)
        assert "adb pair" in str(await refused(server, f"127.0.0.1:{free_port()}"))


async def test_a_phone_that_lets_nobody_in_says_what_to_do(server: AdbServer) -> None:
    async with practice_phone(StandIn(), server=server) as one:
        one.device.faults.unauthorised = True
        one.device.drop()
        async with asyncio.timeout(20):  # for a moment the server knows no such phone
            while "unauthorized" not in (await server.run("devices")).text:
                await server.run("connect", one.serial)
                await asyncio.sleep(0.05)
        error = await refused(server, one.serial)
        assert isinstance(error, DeviceNotFound)
        assert f"{one.serial} is unauthorized" in str(error)
        assert "allow this computer" in str(error)
        one.device.faults.unauthorised = False


async def test_a_phone_is_connected_to_by_its_address(server: AdbServer) -> None:
    async with practice_phone(StandIn(), server=server) as one:
        await server.run("disconnect", one.serial)
        async with hand(one) as user:
            assert user.seen.pixels.any()


async def test_a_server_is_started_where_none_runs_and_left_running(
    server: AdbServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(server.home))
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(server.port))
    async with practice_phone(StandIn(), server=server) as one:
        await server.run("kill-server")
        env = AndroidEnv(one.serial, settle=QUICK)  # the port of the environment
        assert (await env.reset()).pixels.any()
        await env.close()
        assert one.serial in (await server.run("devices")).text


async def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "adbutils", None)
    env = AndroidEnv("x")
    with pytest.raises(BackendMissing, match=r'pip install "eyehand\[android\]"'):
        await env.reset()
    await env.close()


async def test_a_port_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", "many")
    env = AndroidEnv("x")
    with pytest.raises(BackendMissing, match="'many'"):
        await env.reset()
    await env.close()


def test_arguments_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="serial"):
        AndroidEnv("a b")
    with pytest.raises(ValueError, match="display"):
        AndroidEnv("a", display=-1)


async def test_a_record_says_how_the_phone_is_seen_and_typed_on(server: AdbServer) -> None:
    async with practice_phone(StandIn(), server=server) as practice, hand(practice) as user:
        facts = user.env.describe()
        assert facts["serial"] == practice.serial
        assert facts["capture"] in ("png", "raw")
        assert facts["png_ms"] > 0
        assert facts["raw_ms"] > 0


async def test_packed_and_raw_pictures_show_the_same(server: AdbServer) -> None:
    async with practice_phone(Phone(3), server=server) as practice:
        pictures = []
        for way in get_args(Way):
            source = lambda link, way=way: Screencap(link, way=way)  # noqa: E731
            async with hand(practice, source=source) as user:
                pictures.append(user.seen.pixels)
        assert np.array_equal(pictures[0], pictures[1])


async def test_the_doctor_lists_phones_and_says_what_to_do(
    server: AdbServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def phones() -> dict[str, Finding]:
        return {f.name: f for f in await examine() if f.name.startswith("phone")}

    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(free_port()))
    none = (await phones())["phones"]
    assert "no adb server runs" in none.text
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(server.port))
    assert "adb pair HOST:PORT" in (await phones())["phones"].advice
    async with practice_phone(StandIn(), server=server) as one:
        found = (await phones())[f"phone {one.serial}"]
        assert (found.grade, found.text) == ("pass", "Practice Phone, device")
        one.device.faults.unauthorised = True
        one.device.drop()
        for _ in range(100):
            if "unauthorized" in (await server.run("devices")).text:
                break
            await asyncio.sleep(0.05)
        found = (await phones())[f"phone {one.serial}"]
        assert found.grade == "warn"
        assert "allow this computer" in found.advice
        one.device.faults.unauthorised = False
