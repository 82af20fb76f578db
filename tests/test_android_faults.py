"""Every row of the table of faults, made to happen, behind a real adb server."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from android_rig import env_of, running_server
from fault_table import FAULTS, Fault, Got, document
from practice_server import ADBS, AdbServer, Practice, practice_phone
from practice_stand_in import StandIn

from eyehand.actions import parse_action
from eyehand.envs.adb_link import Bounds
from eyehand.envs.base import Delivery
from eyehand.envs.errors import ActionFailed, CaptureFailed, DeviceLost, EnvError

BOUNDS = Bounds(connect_s=3, query_s=0.6, capture_s=0.8, input_s=0.8, reconnect_s=1.5, attempts=2)
BACK = Bounds(connect_s=3, query_s=2, capture_s=2, input_s=2, reconnect_s=6, attempts=3)
"""For what does come back: adb and the machine may be slow."""
LIMIT_S = 12.0
TAP = {"action": "click", "point": [100, 200]}
SLOW_TAP = {"action": "long_press", "point": [100, 200], "seconds": 0.8}
TRANSIENT = {
    "cable pulled and plugged in",
    "cable pulled in mid-screenshot",
    "adb server killed",
    "slow link",
}


@pytest.fixture(scope="module")
def server() -> Iterator[AdbServer]:
    with running_server() as running:
        yield running


@pytest.fixture(autouse=True)
def same_key(monkeypatch: pytest.MonkeyPatch, server: AdbServer) -> None:
    """A server that the env has to start takes the same program and key."""
    monkeypatch.setenv("HOME", str(server.home))
    monkeypatch.setenv("ADBUTILS_ADB_PATH", ADBS["debian"])
    monkeypatch.setenv("ADB_MDNS", "0")


def strike(fault: Fault, practice: Practice) -> None:
    """Set the trap; what has to happen while the action runs is ``strike_later``."""
    faults, phone = practice.device.faults, practice.phone
    match fault.name, fault.when:
        case "cable pulled and plugged in", "before":
            practice.device.drop()
        case "cable pulled and plugged in", when:
            faults.at(when, "input", "drop")
        case "cable pulled for good", "before":
            faults.offline = True
            practice.device.drop()
        case (("cable pulled for good" | "phone silent"), ("during" | "after") as when):
            faults.at(when, "input", "offline")
        case "phone silent", "before":
            faults.offline = True
        case "permission withdrawn", "before":
            faults.unauthorised = True
            practice.device.drop()
        case "permission withdrawn", when:
            faults.unauthorised = True
            faults.at(when, "input", "drop")
        case "cable pulled in mid-screenshot", "before":
            faults.drop_after = 500
        case "adb server killed", "after":
            faults.at("after", "input", "hang")
        case "shell hangs once", when:
            faults.at(when, "input", "hang")
        case "every shell hangs", "before":
            faults.hang_shell = True
        case "every shell hangs", "after":
            faults.at("after", "input", "hang")
        case "slow link", _:
            faults.delay_s = 0.03
        case "screenshots cut short", _:
            faults.truncate = 300
        case "screenshots empty", _:
            faults.screencap_empty = True
        case "screen off", "before":
            phone.screen_off()
        case "input forbidden", _:
            faults.refuse_input = True


async def strike_later(fault: Fault, practice: Practice) -> None:
    """Strike at the moment that the row names."""
    kinds = {"during": "down", "after": "up"}
    kind = kinds.get(fault.when)
    await until(lambda: any(event[0] == kind for event in practice.phone.events), 10)
    match fault.name:
        case "adb server killed":
            await practice.server.run("kill-server")
        case "every shell hangs":
            practice.device.faults.hang_shell = True
        case "cable pulled in mid-screenshot":
            practice.device.faults.drop_after = 500
        case "screen off":
            practice.phone.screen_off()


LATER = {"adb server killed", "every shell hangs", "cable pulled in mid-screenshot", "screen off"}


@pytest.mark.parametrize("fault", FAULTS, ids=str)
async def test_a_fault_repeats_no_input_and_claims_no_success(
    fault: Fault, server: AdbServer
) -> None:
    phone = StandIn()
    bounds = BACK if fault.name in TRANSIENT else BOUNDS
    async with practice_phone(phone, server=server) as practice:
        env = env_of(practice, bounds=bounds)
        try:
            seen = await env.reset()
            phone.events.clear()
            if fault.name == "adb server killed" and fault.when == "before":
                await server.run("kill-server")
            strike(fault, practice)
            later = None
            if fault.name in LATER and fault.when != "before":
                later = asyncio.create_task(strike_later(fault, practice))
            slow = fault.name == "adb server killed" and fault.when == "during"
            start = time.monotonic()
            got: Got
            told = ""
            try:
                outcome = await env.perform(parse_action(SLOW_TAP if slow else TAP), seen)
                got = {Delivery.DELIVERED: "delivered", Delivery.UNKNOWN: "unknown"}[  # type: ignore[assignment]
                    outcome.delivery
                ]
                told = outcome.detail
                if got == "unknown":
                    assert outcome.after is not None, outcome
            except EnvError as error:
                got = named(error)
                told = str(error)
            assert got == "delivered" or practice.serial in told
            took = time.monotonic() - start
            if later is not None:
                later.cancel()
                await asyncio.gather(later, return_exceptions=True)
            # What was begun goes on on the phone, and is waited for before it is counted.
            await until(lambda: touches(phone)[1] >= fault.taps, 1.5)
            downs, ups = touches(phone)
            print(f"{fault}: {got}, {downs} down {ups} up, {took:.1f} s")
            # What no fault may ever bring about:
            assert downs <= 1, "an input was repeated"
            assert downs == 1 or got != "delivered", "a success that was none"
            assert downs == 0 or got not in ("failed", "lost", "no picture"), "a false 'nothing'"
            # Where the phone's own program hangs with the finger down, nobody can lift it.
            stuck = (fault.name, fault.when) == ("shell hangs once", "during")
            assert ups == downs or stuck, "a finger was left down"
            assert took < LIMIT_S
            # What this one brings about:
            assert (got, downs) == (fault.got, fault.taps)
        finally:
            await env.close()
            practice.device.faults.offline = practice.device.faults.hang_shell = False


async def until(happened: Callable[[], bool], within_s: float) -> None:
    """Wait until something has happened, or no longer."""
    for _ in range(round(within_s / 0.01)):
        if happened():
            return
        await asyncio.sleep(0.01)


def named(error: EnvError) -> Got:
    match error:
        case ActionFailed():
            assert not error.delivered, error
            return "failed"
        case DeviceLost():
            return "lost" if error.delivered == "nothing" else "lost, unknown"
        case CaptureFailed():
            return "no picture"
    raise AssertionError(error) from error


def touches(phone: StandIn) -> tuple[int, int]:
    kinds = [event[0] for event in phone.events]
    return kinds.count("down"), kinds.count("up") + kinds.count("cancel")


def test_the_table_in_the_docs_is_this_one() -> None:
    path = Path(__file__).parent.parent / "docs" / "FAULTS.md"
    assert path.read_text(encoding="utf-8") == document(), (
        "write it anew: .venv/bin/python tests/fault_table.py > docs/FAULTS.md"
    )
