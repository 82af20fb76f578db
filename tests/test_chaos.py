"""A seeded sample of runs in which everything goes wrong; docs/CHAOS.md has the thousand."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from android_rig import running_server
from chaos_host import Host, Zygote, warm
from chaos_judge import after_attempt, after_run
from chaos_plan import KINDS, Fault, Plan, plan_of
from chaos_run import Report, chaos
from chaos_table import BEGINS, ENDS, PAGE, made
from practice_server import AdbServer
from soak import soak

from eyehand.model import Size

HERE = (430, 578, 65, 702, 777, 864, 878, 890, 971, 995)
"""Chosen so that everything which can strike a phone in this process does."""
ADB = (236, 363, 863)


@pytest.fixture(scope="module")
def server() -> Iterator[AdbServer]:
    with running_server() as running:
        yield running


@pytest.fixture(scope="module")
def zygote(server: AdbServer) -> Iterator[Zygote]:
    with warm(server) as zygote:
        yield zygote


@pytest.mark.parametrize("seed", HERE)
async def test_nothing_is_done_twice_lost_or_claimed_whatever_goes_wrong(
    seed: int, zygote: Zygote, tmp_path: Path
) -> None:
    report = await chaos(seed, tmp_path / "run", zygote, None)
    assert not report.wrong, report


@pytest.mark.parametrize("seed", ADB)
async def test_nor_behind_adb(seed: int, zygote: Zygote, server: AdbServer, tmp_path: Path) -> None:
    report = await chaos(seed, tmp_path / "run", zygote, server)
    assert not report.wrong, report


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("input sent twice", "too much arrived"),
        ("input made up", "delivered, it says"),
        ("step lost", "durable and is lost"),
        ("believed without looking", "says that it is done"),
    ],
)
async def test_a_fault_of_ours_would_be_found(
    kind: str, found: str, zygote: Zygote, tmp_path: Path
) -> None:
    faults = [Fault(kind, 2, 0.5)]
    if kind == "believed without looking":
        faults.append(Fault("false done", 1, 0.5))
    host = Host(Plan(0, False, "add_contact", 3, [faults]), tmp_path, zygote)
    async with host.serving(None):
        attempt = await host.attempt(0, tmp_path / "episode", resume=False)
        wrong = await asyncio.to_thread(after_attempt, attempt)
        wrong += await after_run(host)
    assert any(found in words for words in wrong), (wrong, attempt)


def test_the_same_seed_is_the_same_run() -> None:
    assert plan_of(17) == plan_of(17) != plan_of(18)
    kinds = {kind for seed in range(1000) for kind in plan_of(seed).kinds}
    assert kinds == set(KINDS)
    assert sum(plan_of(seed).adb for seed in range(1000)) == 300


def test_the_table_in_the_docs_is_whole_and_says_of_no_violation() -> None:
    table = PAGE.read_text(encoding="utf-8").partition(BEGINS)[2].partition(ENDS)[0]
    assert "| runs | 1,000 |" in table
    assert "| **violations** | **0** |" in table
    rows = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("|")]
    assert set(KINDS) <= set(rows)
    form = made([Report(0, False, "add_contact", ended=["done"])])
    assert [line[:9] for line in form.splitlines() if line.startswith("| **")] == ["| **viola"]


async def test_nothing_grows_in_a_process_that_goes_on_and_on(tmp_path: Path) -> None:
    """A sample; docs/CHAOS.md has the figures of 10,000 steps."""
    done = await soak(300, tmp_path / "episode", every=20, size=Size(360, 800), again=False)
    assert done.files[0] == done.files[1]
    assert done.threads[1] - done.threads[0] <= 1
    kept_kb = done.samples[-1].memory_kb - done.samples[0].memory_kb
    assert kept_kb < 80 * 1024  # a picture kept at each step would be 250 MB
